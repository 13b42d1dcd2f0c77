import { seededFaults } from '#sim/faults.ts';
import type { Fault, FaultPlan } from '#sim/faults.ts';
import { between, pick } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import type { AmazonSim } from '#sim/amazon/amazon.ts';
import type { Losses } from '#sim/shopify/deliveries.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';
import type { DiskError, Trouble } from '#tests/chaos/generation.ts';
import type { Spell } from '#tests/chaos/seller.ts';

/** What goes wrong in a run, drawn from its seed: how much of each kind, and when it ends. */
export interface Weather extends Trouble {
  readonly freshbooks: FaultPlan;
  readonly shopify: FaultPlan;
  readonly amazon: FaultPlan;
  /** Amazon itself fails, or is well again. */
  befall(spell: Spell, amazon: AmazonSim): void;
  count(kind: string, times?: number): void;
  /** It is calm until then. */
  begin(): void;
  /** From now on nothing goes wrong any more. */
  clear(): void;
  /** What went wrong so far, by kind. */
  readonly counts: Map<string, number>;
}

/** Chances a call, from a quiet day to a bad one. */
const INTENSITIES = [0, 0.01, 0.04, 0.15] as const;
/** Port calls between two crashes, on average; none on some days. */
const CRASH_EVERY = [Infinity, 2_000, 600, 200] as const;
const CRASHES_MAX = 40;
const DISK_ERRORS = [0, 0, 0.002, 0.02] as const;
/**
 * Full, busy, read-only, I/O: https://sqlite.org/rescode.html. A commit that finds the database busy has not happened, and the
 * transaction goes on: https://sqlite.org/lang_transaction.html.
 */
const BUSY = 5;
const ERRCODES = [13, BUSY, 8, 10] as const;
/** With this and a call that arrives late, `UNKNOWN_WAIT_SECONDS` is still long enough. */
const SKEW_MAX_MS = 20_000;
/** A jump of the clock, once in so many looks at it. */
const JUMP_PPM = 300;

/**
 * A clock that is ahead from the beginning of the trouble and is set right in its midst, in a share of the runs. It only goes back
 * while anything is under way, for a step ahead would end waits too soon that keep things from being made twice.
 */
const AHEAD_SHARE = 0.3;
const AHEAD_STREAM = 0xc10c;
const AHEAD_MIN_MS = 60_000;
const AHEAD_MAX_MS = 180 * 60_000;
/** Looks at the clock until then: a few minutes of a busy hour, or most of it. */
const AHEAD_LOOKS = [300, 10_000] as const;

/** Webhooks that never come, in a share of the runs. */
const LOSSES_SHARE = 0.5;
const LOSSES_STREAM = 0x1057;
const LOSSES_PPM = [30_000, 300_000, 1_000_000] as const;

/** An error envelope with status 200, as some gateways of both vendors have sent. */
const ERRORS_200 = {
  freshbooks:
    '{"response":{"errors":[{"errno":1,"field":null,"message":"Internal error","object":null,"value":null}]}}',
  shopify:
    '{"errors":[{"message":"Internal error. Looks like something went wrong on our end.","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}',
  amazon:
    '{"errors":[{"code":"InternalFailure","message":"We encountered an internal error. Please try again."}]}',
} as const;

interface Ahead {
  readonly ms: number;
  /** Looks at the clock until it is set right. */
  readonly looks: number;
}

/** By how much the clock of this run is ahead, and for how long; nothing where it is not. */
export function aheadOf(seed: number): Ahead | undefined {
  const random = drawnFor(seed, AHEAD_STREAM, AHEAD_SHARE);
  return random === undefined
    ? undefined
    : { ms: between(random, AHEAD_MIN_MS, AHEAD_MAX_MS), looks: between(random, ...AHEAD_LOOKS) };
}

interface Sources {
  /** Amazon's part comes from a source of its own; without a seller it is calm there. */
  readonly ofSeller?: Random | undefined;
  readonly ahead?: Ahead | undefined;
}

export function weatherOf(random: Random, { ofSeller = () => 0, ahead }: Sources = {}): Weather {
  const state = { isClear: true, crashes: 0, skewMs: 0, looksAhead: ahead?.looks ?? 0 };
  const counts = new Map<string, number>();
  const count = (kind: string, times = 1): void => {
    if (times > 0) {
      counts.set(kind, (counts.get(kind) ?? 0) + times);
    }
  };
  const crashEvery = pick(random, CRASH_EVERY);
  const diskRate = pick(random, DISK_ERRORS);
  const isJumpy = random() < 0.3;
  const plans = {
    freshbooks: seededFaults({ random, chances: chancesOf(random, 'freshbooks') }),
    shopify: seededFaults({ random, chances: chancesOf(random, 'shopify') }),
    amazon: seededFaults({ random: ofSeller, chances: chancesOf(ofSeller, 'amazon') }),
  };
  const planned = (plan: FaultPlan, where = ''): FaultPlan => ({
    injected: plan.injected,
    pick(call) {
      const fault = state.isClear ? undefined : plan.pick(call);
      if (fault !== undefined) {
        count(where + (fault.kind === 'status' ? `status ${fault.status}` : fault.kind));
      }
      return fault;
    },
  });
  return {
    counts,
    freshbooks: planned(plans.freshbooks),
    shopify: planned(plans.shopify),
    amazon: planned(plans.amazon, 'Amazon: '),
    count,
    befall({ what }, amazon) {
      if (what === 'tokens end') {
        amazon.login.expireAll();
      } else {
        amazon.setMood(what);
      }
      if (what !== 'well') {
        count(`Amazon: ${what}`);
      }
    },
    begin() {
      state.isClear = false;
    },
    clear() {
      state.isClear = true;
      state.skewMs = 0;
      state.looksAhead = 0;
    },
    crashes() {
      const isDue = !state.isClear && state.crashes < CRASHES_MAX && random() * crashEvery < 1;
      if (isDue) {
        state.crashes += 1;
        count('crash');
      }
      return isDue;
    },
    diskError(): DiskError | undefined {
      if (state.isClear || random() >= diskRate) {
        return undefined;
      }
      count('disk error');
      const errcode = pick(random, ERRCODES);
      const isAfter = random() < 0.3;
      return { errcode, isAfter: isAfter && errcode !== BUSY };
    },
    aheadMs() {
      if (ahead === undefined || state.isClear || state.looksAhead === 0) {
        return 0;
      }
      state.looksAhead -= 1;
      if (state.looksAhead === 0) {
        count('clock set back');
      }
      return ahead.ms;
    },
    skewMs() {
      if (isJumpy && !state.isClear && random() * 1_000_000 < JUMP_PPM) {
        state.skewMs = between(random, -SKEW_MAX_MS, SKEW_MAX_MS);
        count('clock jump');
      }
      return state.skewMs;
    },
  };
}

/** Of a deletion nothing else tells, so no run loses that: docs/backup.md leaves it to a person. */
export function lossesOf(seed: number): Losses | undefined {
  const random = drawnFor(seed, LOSSES_STREAM, LOSSES_SHARE);
  return random === undefined ? undefined : { ppm: pick(random, LOSSES_PPM), except: ['ORDERS_DELETE'] };
}

function chancesOf(
  random: Random,
  vendor: keyof typeof ERRORS_200,
): { readonly fault: Fault; readonly probability: number }[] {
  const faults: Fault[] = [
    { kind: 'drop-before' },
    { kind: 'commit-then-drop' },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 503, retryAfterSeconds: 7 },
    { kind: 'status', status: 429, retryAfterSeconds: 11 },
    { kind: 'slow', delayMs: between(random, 500, 45_000) },
    { kind: 'truncated' },
    { kind: 'error-200', body: ERRORS_200[vendor] },
    { kind: 'hang', effect: 'none' },
    { kind: 'hang', effect: 'committed' },
  ];
  const intensity = pick(random, INTENSITIES);
  return faults.map((fault) => ({ fault, probability: random() < 0.5 ? 0 : intensity * random() }));
}

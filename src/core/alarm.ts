import type { AlarmKind } from './alarm-catalogue.ts';
import type { FailureCode } from './failure.ts';
import type { ConnectionId, OrderKey } from './ids.ts';
import { HOUR, MINUTE, after } from './time.ts';
import type { Instant } from './time.ts';

/**
 * What a person is told of without asking. A *condition* is what holds now, computed from the store; an *alarm* is what is
 * kept of it, and by what each channel was told of it:
 *
 *   watched → raised   once the condition has held for its patience
 *   watched → (gone)   when it ended before
 *   raised  → over     when it ended
 *   over    → raised   when it comes back at once, before anybody was told that it was over
 *   over    → watched  when it comes back later, as if it were new
 *
 * A channel is told that an alarm is raised, again after a while, and that it is over if it had been told of it at all.
 * Everything here is decided from these rows and the time alone, so a restart repeats nothing and loses nothing.
 */

/** Something that holds now and that a person may have to be told. No contact data, no secret, no address. */
export interface Condition {
  /** The same for as long as it is the same thing. */
  readonly key: string;
  readonly kind: AlarmKind;
  /** The failure behind it, when there is one. */
  readonly code?: FailureCode;
  readonly connection?: ConnectionId;
  readonly order?: OrderKey;
  /** What it is about: an order's name, a connection, how many wait. */
  readonly subject: string;
  /** The cause. */
  readonly sentence: string;
  /** What to do. */
  readonly remedy: string;
  /** Since when, as far as it is known. */
  readonly sinceAt: Instant;
  /** How long it must hold before it is raised. */
  readonly patienceMs: number;
}

export interface Alarm extends Omit<Condition, 'patienceMs'> {
  /** When it was first seen in this life; its patience counts from here. */
  readonly seenAt: Instant;
  readonly raisedAt?: Instant;
  readonly overAt?: Instant;
  readonly tellings: readonly Telling[];
}

/** What one channel was told of an alarm, the last time each. */
export interface Telling {
  readonly channel: string;
  readonly toldAt: Instant;
  readonly overToldAt?: Instant;
}

export interface AlarmChanges {
  readonly put: readonly Alarm[];
  /** Keys of what was only watched and ended. */
  readonly dropped: readonly string[];
}

/** What changes in the alarms that are kept, now that these conditions hold. `isCut` names kinds not all of which were read. */
export function alarmChanges(
  known: readonly Alarm[],
  conditions: readonly Condition[],
  { now, isCut }: { readonly now: Instant; readonly isCut: (kind: AlarmKind) => boolean },
): AlarmChanges {
  const byKey = new Map(known.map((alarm) => [alarm.key, alarm]));
  const holding = new Set(conditions.map(({ key }) => key));
  const ended = known.filter(
    ({ key, kind, overAt }) => overAt === undefined && !holding.has(key) && !isCut(kind),
  );
  return {
    put: [
      ...conditions.flatMap((condition) => {
        const before = byKey.get(condition.key);
        const alarm = seen(before, condition, now);
        return alarm === before ? [] : [alarm];
      }),
      ...ended.filter(({ raisedAt }) => raisedAt !== undefined).map((alarm) => ({ ...alarm, overAt: now })),
    ],
    dropped: ended.filter(({ raisedAt }) => raisedAt === undefined).map(({ key }) => key),
  };
}

/** What comes back sooner than this never really ended: longer than a message waits for more, shorter than an hour's work. */
const SAME_LIFE_MS = 15 * MINUTE;

function seen(before: Alarm | undefined, condition: Condition, now: Instant): Alarm {
  if (before === undefined) {
    return begun(condition, { now, tellings: [] });
  }
  if (before.overAt !== undefined) {
    const { overAt, ...rest } = before;
    const wasToldOver = before.tellings.some(
      ({ overToldAt }) => overToldAt !== undefined && overToldAt >= overAt,
    );
    return wasToldOver || after(overAt, SAME_LIFE_MS) <= now
      ? begun(condition, { now, tellings: before.tellings })
      : rest;
  }
  if (before.raisedAt === undefined && now >= after(before.seenAt, condition.patienceMs)) {
    return { ...withWords(before, condition), raisedAt: now };
  }
  return before;
}

function begun(
  { patienceMs, ...condition }: Condition,
  { now, tellings }: { now: Instant; tellings: readonly Telling[] },
): Alarm {
  return { ...condition, seenAt: now, tellings, ...(patienceMs > 0 ? {} : { raisedAt: now }) };
}

/** The alarm in the words of now: how many wait changes while it holds. */
export function withWords(alarm: Alarm, { subject, sentence, remedy, code }: Condition): Alarm {
  return { ...alarm, subject, sentence, remedy, ...(code === undefined ? {} : { code }) };
}

// ── Who is told what, and when ──────────────────────────────────────────────────────────────────────────────────────

export interface TellingTerms {
  readonly channel: string;
  readonly now: Instant;
  /** How long what is new waits for more, so that one message tells of all. */
  readonly groupMs: number;
  /** How soon what is still so is told again; 0 never. */
  readonly repeatMs: number;
}

/** What one message tells. */
export interface Tidings {
  readonly raised: readonly Alarm[];
  readonly again: readonly Alarm[];
  readonly over: readonly Alarm[];
}

/**
 * A cause that was told of a moment ago (an outage that holds one order after the other, a limit that is crossed back and
 * forth) is told of again no sooner than this, with all that came meanwhile.
 */
const SAME_CAUSE_GAP_MS = 10 * MINUTE;
/** Anybody can send forged messages between the shop's own ones, and shall not make a message every few minutes of it. */
const REFUSED_GAP_MS = HOUR;
/** What is told again is told in one message with what would be due soon after it: about one such message a window. */
const REPEAT_TOGETHER_SHARE = 0.5;

/** What this channel is to be told now, or nothing. */
export function tidingsFor(alarms: readonly Alarm[], terms: TellingTerms): Tidings | undefined {
  const { now, channel, groupMs, repeatMs } = terms;
  // A channel is not told through itself that it fails: when it hears of it, it works.
  const own = alarms.filter(({ key }) => key !== channelKey(channel));
  const last = lastTold(own, channel);
  const isPaced = (alarm: Alarm, told: ReadonlyMap<string, Instant>): boolean => {
    const at = told.get(causeOf(alarm));
    const gapMs = alarm.kind === 'refused' ? REFUSED_GAP_MS : SAME_CAUSE_GAP_MS;
    return at === undefined || after(at, gapMs) <= now;
  };
  const raised = own.filter((alarm) => isUntold(alarm, channel));
  const over = own.filter((alarm) => isOverUntold(alarm, channel));
  const told = own.filter((alarm) => isRaised(alarm) && !isUntold(alarm, channel));
  const toldBefore = (ms: number): readonly Alarm[] =>
    told.filter((alarm) => after(tellingOf(alarm, channel)?.toldAt ?? now, ms) <= now);
  const isRepeating = repeatMs > 0 && toldBefore(repeatMs).length > 0;
  const isDue =
    isRepeating ||
    raised.some((alarm) => isAged(alarm.raisedAt, groupMs, now) && isPaced(alarm, last.raised)) ||
    over.some((alarm) => isAged(alarm.overAt, groupMs, now) && isPaced(alarm, last.over));
  if (!isDue) {
    return undefined;
  }
  return { raised, again: isRepeating ? toldBefore(repeatMs * REPEAT_TOGETHER_SHARE) : [], over };
}

/** One cause is one paragraph of a message. */
export function causeOf({ kind, code, connection }: Pick<Alarm, 'kind' | 'code' | 'connection'>): string {
  return [kind, code ?? '', connection ?? ''].join('|');
}

export function channelKey(channel: string): string {
  return `channel:${channel}`;
}

/** Whether it holds and has held long enough. */
export function isRaised({ raisedAt, overAt }: Alarm): boolean {
  return raisedAt !== undefined && overAt === undefined;
}

function tellingOf({ tellings }: Alarm, channel: string): Telling | undefined {
  return tellings.find((telling) => telling.channel === channel);
}

/** Told in this life: what was told before the alarm was raised anew was about an earlier one. */
function wasTold(alarm: Alarm, channel: string): boolean {
  const told = tellingOf(alarm, channel)?.toldAt;
  return told !== undefined && alarm.raisedAt !== undefined && told >= alarm.raisedAt;
}

function isUntold(alarm: Alarm, channel: string): boolean {
  return isRaised(alarm) && !wasTold(alarm, channel);
}

function isOverUntold(alarm: Alarm, channel: string): boolean {
  const { overAt } = alarm;
  const toldOver = tellingOf(alarm, channel)?.overToldAt;
  return overAt !== undefined && wasTold(alarm, channel) && (toldOver === undefined || toldOver < overAt);
}

function isAged(from: Instant | undefined, ms: number, now: Instant): boolean {
  return from !== undefined && after(from, ms) <= now;
}

interface LastTold {
  readonly raised: ReadonlyMap<string, Instant>;
  readonly over: ReadonlyMap<string, Instant>;
}

function lastTold(alarms: readonly Alarm[], channel: string): LastTold {
  const raised = new Map<string, Instant>();
  const over = new Map<string, Instant>();
  const keep = (map: Map<string, Instant>, cause: string, at: Instant | undefined): void => {
    const known = map.get(cause);
    if (at !== undefined && (known === undefined || known < at)) {
      map.set(cause, at);
    }
  };
  for (const alarm of alarms) {
    const telling = tellingOf(alarm, channel);
    keep(raised, causeOf(alarm), telling?.toldAt);
    keep(over, causeOf(alarm), telling?.overToldAt);
  }
  return { raised, over };
}

// ── A channel's own state ───────────────────────────────────────────────────────────────────────────────────────────

/** How a channel fares, kept so that the next start and other processes know. */
export interface ChannelState {
  readonly sentAt?: Instant;
  /** Present while it fails. */
  readonly failing?: {
    readonly since: Instant;
    readonly lastAt: Instant;
    readonly attempts: number;
    /** Not tried again before. */
    readonly retryAt: Instant;
    readonly code: FailureCode;
    /** Names the channel and what it answered; no address, no secret. */
    readonly problem: string;
  };
}

const RETRY_WAITS_MS = [MINUTE / 2, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE];
const RETRY_WAIT_MAX_MS = 15 * MINUTE;
/** A channel that asks for more patience than this is tried again all the same. */
const RETRY_ASKED_MAX_MS = HOUR;

/** The state after one more failure: tried again later each time, and as long as there is something to tell. */
export function failedOnce(
  before: ChannelState,
  { code, problem, retryAt, now }: { code: FailureCode; problem: string; retryAt?: Instant; now: Instant },
): ChannelState {
  const attempts = (before.failing?.attempts ?? 0) + 1;
  const own = after(now, RETRY_WAITS_MS[attempts - 1] ?? RETRY_WAIT_MAX_MS);
  const asked = Math.min(retryAt ?? own, after(now, RETRY_ASKED_MAX_MS));
  return {
    ...before,
    failing: {
      since: before.failing?.since ?? now,
      lastAt: now,
      attempts,
      retryAt: asked > own ? after(now, asked - now) : own,
      code,
      problem,
    },
  };
}

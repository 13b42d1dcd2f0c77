import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { fromJson, toJson } from '#core/json.ts';
import { nextProbeAt } from '#core/lifecycle.ts';
import { isDown, isOutage, suspicionAfter } from '#core/outage.ts';
import type { Suspicion } from '#core/outage.ts';
import type { OrderKey } from '#core/ids.ts';
import { HOUR, MINUTE, SECOND, after, showInstant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Machine } from './machine.ts';
import { clearedSetting } from './ports.ts';
import type { Books, Outage, Pause, Writer } from './ports.ts';

/**
 * Whether an account may be called. One pause stands at a time, the graver over the lesser:
 *
 *   refused  → access was refused: until a person acts
 *   down     → order after order fails as in an outage: until one gets through. At the pace of the retry schedule one order
 *              tries, the others wait for the account and are due again once it is over
 *   limited  → it asked for patience: until the moment that it named
 */

/** How soon an account that a person must mend is looked at again. */
export const REFUSED_RECHECK_MS = MINUTE;
/** Who waits for an outage to end is woken by its end; should that be missed, this is how late it is found out. */
const DOWN_RECHECK_MS = HOUR;
/** An order that comes new says more than one that failed before: it may be those that are at fault, and not the account. */
const NEW_TRIES_WITHIN_MS = 30 * SECOND;
/** A rate limit that names no end. The vendor's window is a minute. */
const RATE_LIMIT_WAIT_MS = MINUTE;

export type Admission =
  /** A probe is the one order that tries an account that is down. */
  | { readonly state: 'open'; readonly isProbe: boolean }
  | {
      readonly state: 'shut';
      readonly until: Instant;
      readonly reason: string;
      readonly code?: FailureCode;
      readonly waitsFor?: string;
    };

/** Asks before an order's run; where the account is down and its time has come, this run is the one that tries. */
export async function admit(machine: Machine, account: string): Promise<Admission> {
  const { clock, store } = machine;
  const pause = await store.read.pause(account);
  const isProbeDue = pause?.outage !== undefined && pause.until !== undefined && pause.until <= clock.now();
  return isProbeDue
    ? store.transact(async (tx) => {
        const current = await tx.pause(account);
        const admission = admissionBy(current, clock.now());
        if (current?.outage === undefined || admission.state === 'shut') {
          return admission;
        }
        // As if it had failed already: so a crash in it neither tries at once nor leaves the account without an end.
        const { outage } = current;
        await tx.setPause(probed(machine, current, { ...outage, probes: outage.probes + 1 }));
        return { state: 'open', isProbe: true };
      })
    : admissionBy(pause, clock.now());
}

function admissionBy(pause: Pause | undefined, now: Instant): Admission {
  if (pause === undefined || (pause.until !== undefined && pause.until <= now)) {
    return { state: 'open', isProbe: false };
  }
  if (pause.outage !== undefined) {
    return { state: 'shut', ...waitingFor(pause, now) };
  }
  const { until = after(now, REFUSED_RECHECK_MS), reason, code } = pause;
  return { state: 'shut', until, reason, ...(code === undefined ? {} : { code }) };
}

/** How an order waits for an account that is down. */
export function waitingFor(
  { account, code, outage }: Pause,
  now: Instant,
): { readonly until: Instant; readonly reason: string; readonly waitsFor: string } {
  const since = outage === undefined ? '' : ` since ${showInstant(outage.since)}`;
  const why = code === undefined ? '' : ` (${code})`;
  return {
    until: after(now, DOWN_RECHECK_MS),
    reason: `Account "${account}" is down${since}${why}; the order waits for it and is booked when it is over`,
    waitsFor: account,
  };
}

function probed(machine: Machine, pause: Omit<Pause, 'until' | 'outage'>, outage: Outage): Pause {
  const until = nextProbeAt(outage.probes, { now: machine.clock.now(), random: machine.random() });
  return { ...pause, until, outage };
}

async function triedInVain(
  tx: Writer,
  machine: Machine,
  {
    told,
    outage,
    failure,
  }: {
    readonly told: Omit<Pause, 'until' | 'outage'>;
    readonly outage: Outage;
    readonly failure: Failure;
  },
): Promise<Pause> {
  const pause = probed(machine, told, outage);
  if (failure.retryAt !== undefined) {
    await keepNamed(tx, told.account, failure.retryAt);
  }
  return pause.until === undefined ? pause : { ...pause, until: notBefore(failure, pause.until) };
}

/** When an account that asked for patience may be called again. */
export function limitEndsAt({ retryAt }: Failure, now: Instant): Instant {
  return retryAt ?? after(now, RATE_LIMIT_WAIT_MS);
}

/** A moment of our schedule, or the later one that an account which is down has named. */
export function notBefore({ retryAt }: Failure, at: Instant): Instant {
  return retryAt !== undefined && retryAt > at ? retryAt : at;
}

/** What a run has learnt of the account of its books. */
export interface AccountNews {
  /** Absent where the order's connection is not configured any more. */
  readonly account: string | undefined;
  /** Which clearing of it was the last when the run began. */
  readonly cleared: string | undefined;
  readonly isProbe: boolean;
  /** The books answered something that can be used, at least once. */
  readonly isAnswered: boolean;
  /** What the run broke off with. */
  readonly failure?: Failure;
}

/** Books that tell when they answer: with what was asked for, or with a refusal, which is no sign of an outage either. */
export function heard(books: Books, answered: () => void): Books {
  const listen = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      const value = await answer;
      answered();
      return value;
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.remedy === 'review') {
        answered();
      }
      throw thrown;
    }
  };
  return {
    connection: books.connection,
    fits: (document) => books.fits(document),
    find: (task) => listen(books.find(task)),
    apply: (task) => listen(books.apply(task)),
    fillClient: (clientId, buyer) => listen(books.fillClient(clientId, buyer)),
    spareAt: () => books.spareAt(),
  };
}

interface Run {
  readonly order: OrderKey;
  /** No attempt at it has failed. */
  readonly isNew: boolean;
  readonly news: AccountNews;
}

/** Keeps what a run has learnt; answers with the pause as it stands from now on. */
export async function noteRun(
  tx: Writer,
  machine: Machine,
  { order, isNew, news }: Run,
): Promise<Pause | undefined> {
  const { account } = news;
  if (account === undefined) {
    return undefined;
  }
  const standing = await tx.pause(account);
  const next = await pauseAfter(tx, machine, { order, isNew, news, account, standing });
  if (next === undefined && standing?.outage !== undefined) {
    await tx.clearPause(account);
    tx.afterCommit(() => machine.emit({ name: 'account up', level: 'info', fields: { account } }));
  } else if (next !== undefined && next !== standing) {
    await tx.setPause(next);
    if (next.outage !== undefined && standing?.outage === undefined) {
      const fields = { account, reason: next.reason };
      tx.afterCommit(() => machine.emit({ name: 'account down', level: 'warn', fields }));
    }
  }
  return next;
}

interface Noting extends Run {
  readonly account: string;
  readonly standing: Pause | undefined;
}

/** The pause from now on: the same object where nothing changed, nothing where an outage is over. */
async function pauseAfter(tx: Writer, machine: Machine, noting: Noting): Promise<Pause | undefined> {
  const { news, account, standing } = noting;
  const { failure } = news;
  if (failure?.remedy === 'reauthorize') {
    if ((await tx.setting(clearedSetting(account))) !== news.cleared) {
      // It was asked with the access of before: a person has acted meanwhile, and the next run tells.
      return standing;
    }
    return { account, reason: failure.message, code: failure.code };
  }
  if (failure?.code === 'request-rate-limited') {
    const until = limitEndsAt(failure, machine.clock.now());
    const isGraver =
      standing !== undefined && (standing.until === undefined || standing.outage !== undefined);
    if (isGraver) {
      if (!news.isProbe || standing.outage === undefined) {
        return standing;
      }
      await keepNamed(tx, account, until);
      return { ...standing, until };
    }
    return { account, reason: failure.message, code: failure.code, until };
  }
  if (failure !== undefined && isOutage(failure.code)) {
    return afterOutageFailure(tx, machine, { ...noting, failure });
  }
  if (!news.isAnswered) {
    return standing?.outage === undefined
      ? standing
      : untried(standing, standing.outage, {
          noting,
          now: machine.clock.now(),
          named: await namedIn(tx, account),
        });
  }
  if ((await tx.setting(suspicionSetting(account))) !== undefined) {
    await tx.dropSetting(suspicionSetting(account));
  }
  return standing?.outage === undefined ? standing : undefined;
}

/** Of a run that called nothing while the account is down. */
function untried(
  pause: Pause,
  outage: Outage,
  {
    noting: { isNew, news },
    now,
    named,
  }: { readonly noting: Noting; readonly now: Instant; readonly named: Instant | undefined },
): Pause {
  if (news.isProbe) {
    // Nothing is known of the account: another one tries at once, and this one does not count.
    return { ...pause, until: now, outage: { ...outage, probes: Math.max(0, outage.probes - 1) } };
  }
  const earliest = after(now, NEW_TRIES_WITHIN_MS);
  const soon = named !== undefined && named > earliest ? named : earliest;
  return isNew && pause.until !== undefined && pause.until > soon ? { ...pause, until: soon } : pause;
}

async function afterOutageFailure(
  tx: Writer,
  machine: Machine,
  { order, news, account, standing, failure }: Noting & { readonly failure: Failure },
): Promise<Pause | undefined> {
  const told = { account, reason: failure.message, code: failure.code };
  if (standing?.outage !== undefined) {
    const { outage } = standing;
    return news.isProbe ? await triedInVain(tx, machine, { told, outage, failure }) : standing;
  }
  const setting = suspicionSetting(account);
  const stored = await tx.setting(setting);
  const before = stored === undefined ? undefined : fromJson<Suspicion>(stored);
  const suspicion = suspicionAfter(before, { order, now: machine.clock.now() });
  // Where access is refused nothing but a person helps, and what is under way still fails.
  if (!isDown(suspicion) || (standing !== undefined && standing.until === undefined)) {
    await tx.putSetting(setting, toJson(suspicion));
    return standing;
  }
  await tx.dropSetting(setting);
  const outage = { since: suspicion.since, probes: 0 };
  return triedInVain(tx, machine, { told, outage, failure });
}

/** A person says: try the account again. One order does where it is down, and all may where it was refused or limited. */
export async function tryNow(tx: Writer, account: string, now: Instant): Promise<void> {
  const pause = await tx.pause(account);
  await (pause?.outage === undefined ? tx.clearPause(account) : tx.setPause({ ...pause, until: now }));
}

/** Until when an account that is down has asked to be left alone: so that no order that comes new has it called sooner. */
async function keepNamed(tx: Writer, account: string, until: Instant): Promise<void> {
  await tx.putSetting(namedSetting(account), toJson({ until }));
}

/** Nothing when it never did; one that has passed says nothing. */
async function namedIn(tx: Writer, account: string): Promise<Instant | undefined> {
  const stored = await tx.setting(namedSetting(account));
  return stored === undefined ? undefined : fromJson<{ readonly until: Instant }>(stored).until;
}

/** The setting that holds the moment that an account named when it was tried last in vain. */
function namedSetting(account: string): string {
  return `outage-named:${account}`;
}

/** The setting that holds which orders have failed as in an outage since one got through. */
function suspicionSetting(account: string): string {
  return `outage-suspected:${account}`;
}

import { DAY, MINUTE, SECOND, after } from './time.ts';
import type { Instant } from './time.ts';
import { invariant } from './invariant.ts';

/**
 * An order's states (docs/state-machine.md):
 *
 *   due      → someone should work on it now
 *   working  → one worker holds its lease
 *   waiting  → until an instant: a retry, a pause of the account, the look after an unknown outcome
 *   held     → every step that could be done is done and a person must decide the rest
 *   skipped  → nothing to book, with the reason
 *   settled  → the books hold what the order says
 *
 * A new delivery makes any of them due again.
 */
export type OrderState = 'due' | 'working' | 'waiting' | 'held' | 'skipped' | 'settled';

export const ORDER_STATES: readonly OrderState[] = [
  'due',
  'working',
  'waiting',
  'held',
  'skipped',
  'settled',
];

const TRANSITIONS: Readonly<Record<OrderState, readonly OrderState[]>> = {
  due: ['due', 'working'],
  // `due` again: a soft stop, a crash, or a delivery that came meanwhile.
  working: ['due', 'waiting', 'held', 'skipped', 'settled'],
  waiting: ['due', 'working'],
  held: ['due', 'working'],
  skipped: ['due', 'working'],
  settled: ['due', 'working'],
};

/** Asserts that the table above allows the change. */
export function transition(from: OrderState, to: OrderState): OrderState {
  invariant(TRANSITIONS[from].includes(to), `an order goes from ${from} to ${to}`);
  return to;
}

/** A delivery's states: `accepted` until the worker has read it; `held` when it cannot be read and a person must look. */
export type DeliveryState = 'accepted' | 'sorted' | 'ignored' | 'held';

/** 155 s is shorter than any outage, so a quarter of an hour between tries follows, for a day (docs/bookkeeping.md). */
const FIRST_WAITS_MS = [5, 10, 20, 40, 80].map((seconds) => seconds * SECOND);
const LATER_WAIT_MS = 15 * MINUTE;
const GIVE_UP_AFTER_MS = DAY;
/** Spread, so that orders which failed together do not return together. A tenth keeps the schedule recognisable. */
const JITTER = 0.1;
/** The tries of such a day, however they are spread: a day on which nothing was tried is no day of trying. */
const DAY_OF_TRIES = FIRST_WAITS_MS.length + Math.floor(GIVE_UP_AFTER_MS / (LATER_WAIT_MS * (1 + JITTER)));

/**
 * When to try again after the given number of failed attempts (1 = the first failed), or nothing when it is time to give up.
 * `random` is in [0, 1) and only lengthens the wait.
 */
export function nextAttemptAt(
  attempts: number,
  { now, firstFailedAt, random }: { now: Instant; firstFailedAt: Instant; random: number },
): Instant | undefined {
  const isTried = attempts >= DAY_OF_TRIES && now - firstFailedAt >= GIVE_UP_AFTER_MS;
  return isTried ? undefined : after(now, waitMs(attempts, random));
}

/** When one order tries an account that is down, after so many have tried in vain. It is tried for as long as it is down. */
export function nextProbeAt(
  probes: number,
  { now, random }: { readonly now: Instant; readonly random: number },
): Instant {
  return after(now, waitMs(probes + 1, random));
}

function waitMs(attempts: number, random: number): number {
  const wait = FIRST_WAITS_MS[attempts - 1] ?? LATER_WAIT_MS;
  return Math.round(wait * (1 + JITTER * random));
}

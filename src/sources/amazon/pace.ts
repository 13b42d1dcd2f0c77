import { Failure } from '#core/failure.ts';
import { MINUTE, SECOND, after, instant, setBackMs } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';

/**
 * Amazon's limits, kept ahead of time: a bucket of tokens for each operation (docs/vendors/amazon.md 4.2). Who finds it
 * empty is told when to come again and waits in the database, not here, each at a moment of its own: a thousand orders that
 * came at once are asked for one after the other, and none of them is asked for in vain. A clock that is set back lengthens no
 * wait: every moment is as much earlier.
 */
export interface Pace {
  /**
   * Takes one call of each of these operations, or none. `who` keeps its place in the line while it is away. Throws
   * `request-rate-limited` with the moment when its turn comes.
   */
  take(operations: readonly Operation[], who: string): void;
  /**
   * For who can wait: when to come, so that who cannot finds calls; nothing when there are enough for both now. Who is sent away gets
   * a moment of his own.
   */
  spareAt(operations: readonly Operation[]): Instant | undefined;
  /** Gives back what was taken and not used. */
  giveBack(operation: Operation): void;
  /** Amazon refused for pace all the same: nothing goes out for a while, longer each time. Answers with the moment. */
  refused(operation: Operation): Instant;
  /** Amazon took a call: the next refusal is a first one again. */
  accepted(operation: Operation): void;
}

/** Calls arrive later than they are taken, one more than the other, and Amazon counts when they arrive. */
const IN_HAND = 1;

const NOTIFICATIONS = { everyMs: SECOND, burst: 5 - IN_HAND };

/** Calls a second, and how many at once after a rest (docs/vendors/amazon.md 2.1, 4.2, 5, 6). */
export const OPERATIONS = {
  getOrder: { everyMs: 2 * SECOND, burst: 30 - IN_HAND },
  // 0.0056 a second.
  searchOrders: { everyMs: 178_572, burst: 20 - IN_HAND },
  listTransactions: { everyMs: 2 * SECOND, burst: 10 - IN_HAND },
  createDestination: NOTIFICATIONS,
  getDestinations: NOTIFICATIONS,
  getDestination: NOTIFICATIONS,
  deleteDestination: NOTIFICATIONS,
  createSubscription: NOTIFICATIONS,
  getSubscription: NOTIFICATIONS,
  getSubscriptions: NOTIFICATIONS,
  getSubscriptionById: NOTIFICATIONS,
  deleteSubscriptionById: NOTIFICATIONS,
  sendTestNotification: NOTIFICATIONS,
} as const satisfies Record<string, { readonly everyMs: number; readonly burst: number }>;

export type Operation = keyof typeof OPERATIONS;

interface Bucket {
  /** Milliseconds, of which `everyMs` buy one call. Whole, so that no turn is missed by what fractions lose. */
  creditMs: number;
  /** Up to when `creditMs` is counted. */
  countedAt: Instant;
  blockedUntil: Instant;
  /** Refusals in a row. */
  refusals: number;
}

/** Of a burst, kept for what cannot wait. */
const URGENT_SHARE = 0.5;
/** A minute is the most that the vendor's page advises to wait. */
const BLOCK_MAX_MS = MINUTE;

interface Kept {
  readonly buckets: Map<Operation, Bucket>;
  readonly lines: Map<Operation, Line>;
  /** When the next of those that can wait may come. */
  readonly spare: { nextAt: Instant };
}

export function createPace(clock: Clock): Pace {
  const kept: Kept = { buckets: new Map(), lines: new Map(), spare: { nextAt: instant(0) } };
  const { buckets, spare } = kept;
  const look = following(clock, kept);
  const bucketOf = (operation: Operation): Bucket => {
    const bucket = filled(buckets.get(operation), { operation, now: look() });
    buckets.set(operation, bucket);
    return bucket;
  };
  return {
    take(operations, who) {
      const now = look();
      const line = lineBefore(kept, operations);
      const { ahead, isMyTurn } = line.place(who, now);
      const needed = isMyTurn ? 1 : 1 + ahead;
      const wanted = operations.map((operation) => ({
        bucket: bucketOf(operation),
        everyMs: OPERATIONS[operation].everyMs,
      }));
      if (
        wanted.every(
          ({ bucket, everyMs }) => bucket.creditMs >= needed * everyMs && bucket.blockedUntil <= now,
        )
      ) {
        line.leave(who);
        wanted.forEach(({ bucket, everyMs }) => {
          bucket.creditMs -= everyMs;
        });
        return;
      }
      const everyMs = Math.max(...wanted.map((one) => one.everyMs));
      const free = wanted.map((one) => freeAt(one.bucket, one.everyMs));
      throw new Failure('request-rate-limited', {
        detail: `The calls that Amazon allows for ${operations.join(' and ')} are used up`,
        retryAt: line.queue(who, { now, everyMs, notBefore: instant(Math.max(now + 1, ...free)) }),
      });
    },
    spareAt(operations) {
      const now = look();
      // Who waits in the line came before, and cannot wait.
      const from = Math.max(
        ...operations.map((operation) => spareFrom(operation, bucketOf(operation))),
        lineBefore(kept, operations).end(now),
      );
      if (from <= now) {
        return undefined;
      }
      const at = instant(Math.max(from, spare.nextAt));
      spare.nextAt = after(at, Math.max(...operations.map((operation) => OPERATIONS[operation].everyMs)));
      return at;
    },
    giveBack(operation) {
      const bucket = bucketOf(operation);
      bucket.creditMs = Math.min(fullOf(operation), bucket.creditMs + OPERATIONS[operation].everyMs);
    },
    refused(operation) {
      const bucket = bucketOf(operation);
      bucket.refusals += 1;
      bucket.creditMs = 0;
      const waitMs = Math.min(BLOCK_MAX_MS, OPERATIONS[operation].everyMs * 2 ** (bucket.refusals - 1));
      bucket.blockedUntil = after(look(), waitMs);
      return bucket.blockedUntil;
    },
    accepted(operation) {
      bucketOf(operation).refusals = 0;
    },
  };
}

function lineBefore({ lines }: Kept, operations: readonly Operation[]): Line {
  const scarcest = operations.reduce((a, b) => (OPERATIONS[b].burst < OPERATIONS[a].burst ? b : a));
  const line = lines.get(scarcest) ?? createLine();
  lines.set(scarcest, line);
  return line;
}

/** Looks at the clock: where it was set back, what is kept by it is moved back first. */
function following(clock: Clock, { buckets, lines, spare }: Kept): () => Instant {
  let seenAt = clock.now();
  return () => {
    const now = clock.now();
    const backMs = setBackMs(seenAt, now);
    seenAt = now;
    if (backMs > 0) {
      spare.nextAt = after(spare.nextAt, -backMs);
      lines.forEach((line) => line.moveBack(backMs));
      buckets.forEach((bucket) => {
        bucket.countedAt = after(bucket.countedAt, -backMs);
        bucket.blockedUntil = after(bucket.blockedUntil, -backMs);
      });
    }
    return now;
  };
}

/** As it stands now. */
function filled(
  known: Bucket | undefined,
  { operation, now }: { readonly operation: Operation; readonly now: Instant },
): Bucket {
  const fullMs = fullOf(operation);
  // Not blocked until now: who asks has looked at the clock before, and would be sent away for a tick.
  const bucket = known ?? { creditMs: fullMs, countedAt: now, blockedUntil: instant(0), refusals: 0 };
  bucket.creditMs = Math.min(fullMs, bucket.creditMs + now - bucket.countedAt);
  bucket.countedAt = now;
  return bucket;
}

/** When one call is left beside those that are kept for what cannot wait. */
function spareFrom(operation: Operation, { creditMs, countedAt, blockedUntil }: Bucket): Instant {
  const { everyMs, burst } = OPERATIONS[operation];
  const wantedMs = (Math.ceil(burst * URGENT_SHARE) + 1) * everyMs;
  return instant(Math.max(blockedUntil, countedAt + Math.max(0, wantedMs - creditMs)));
}

function fullOf(operation: Operation): number {
  const { burst, everyMs } = OPERATIONS[operation];
  return burst * everyMs;
}

function freeAt({ creditMs, countedAt, blockedUntil }: Bucket, everyMs: number): Instant {
  return instant(Math.max(blockedUntil, countedAt + Math.max(0, everyMs - creditMs)));
}

/** Who does not come within this time after his turn has lost it: his order may have been settled otherwise. */
const TURN_KEPT_MS = MINUTE;
/** Places in the line: who comes when it is full is told the moment after it, without a place. A restart forgets them all. */
const LINE_MAX = 20_000;

interface Line {
  /** Whether the turn of this one has come, and how many others have a turn that came and was not taken yet. */
  place(who: string, now: Instant): { readonly ahead: number; readonly isMyTurn: boolean };
  leave(who: string): void;
  /** When the last one's turn comes; not later than now where nobody waits. */
  end(now: Instant): Instant;
  /** The turn of one who has to wait: the one that is still to come, or a new one at the end. */
  queue(
    who: string,
    terms: { readonly now: Instant; readonly everyMs: number; readonly notBefore: Instant },
  ): Instant;
  /** The clock was set back by so much. */
  moveBack(ms: number): void;
}

/** Turns in the order in which they come: one line before the scarcest of the calls that are wanted. */
function createLine(): Line {
  const turns = new Map<string, Instant>();
  let last: Instant | undefined;
  return {
    place(who, now) {
      let ahead = 0;
      for (const [other, turn] of turns) {
        if (after(turn, TURN_KEPT_MS) < now) {
          turns.delete(other);
        } else if (turn > now) {
          break;
        } else if (other !== who) {
          ahead += 1;
        }
      }
      const turn = turns.get(who);
      return { ahead, isMyTurn: turn !== undefined && turn <= now };
    },
    leave: (who) => void turns.delete(who),
    end: (now) => (turns.size === 0 || last === undefined ? now : last),
    queue(who, { now, everyMs, notBefore }) {
      const known = turns.get(who);
      if (known !== undefined && known > now) {
        return known;
      }
      turns.delete(who);
      const end = turns.size === 0 || last === undefined ? now : last + everyMs;
      last = instant(Math.max(end, notBefore));
      if (turns.size < LINE_MAX) {
        turns.set(who, last);
      }
      return last;
    },
    moveBack(ms) {
      for (const [who, turn] of turns) {
        turns.set(who, after(turn, -ms));
      }
      last = last === undefined ? undefined : after(last, -ms);
    },
  };
}

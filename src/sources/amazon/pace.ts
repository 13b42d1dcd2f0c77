import { Failure } from '#core/failure.ts';
import { MINUTE, SECOND, after, instant } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';

/**
 * Amazon's limits, kept ahead of time: a bucket of tokens for each operation (docs/vendors/amazon.md 4.2). Who finds it
 * empty is told when to come again and waits in the database, not here, each at a moment of its own: a thousand orders that
 * came at once are asked for one after the other, and none of them is asked for in vain.
 */
export interface Pace {
  /**
   * Takes one call of each of these operations, or none. `who` keeps its place in the line while it is away. Throws
   * `request-rate-limited` with the moment when its turn comes.
   */
  take(operations: readonly Operation[], who: string): void;
  /** Gives back what was taken and not used. */
  giveBack(operation: Operation): void;
  /** Amazon refused for pace all the same: nothing goes out for a while, longer each time. Answers with the moment. */
  refused(operation: Operation): Instant;
  /** Amazon took a call: the next refusal is a first one again. */
  accepted(operation: Operation): void;
}

const NOTIFICATIONS = { everyMs: SECOND, burst: 5 };

/** Calls a second, and how many at once after a rest (docs/vendors/amazon.md 2.1, 4.2, 5, 6). */
export const OPERATIONS = {
  getOrder: { everyMs: 2 * SECOND, burst: 30 },
  // 0.0056 a second.
  searchOrders: { everyMs: 178_572, burst: 20 },
  listTransactions: { everyMs: 2 * SECOND, burst: 10 },
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
  tokens: number;
  /** Up to when `tokens` are counted. */
  countedAt: Instant;
  blockedUntil: Instant;
  /** Refusals in a row. */
  refusals: number;
}

/** Who does not come within this time after his turn has lost it: his order may have been settled otherwise. */
const TURN_KEPT_MS = MINUTE;
/** A minute is the most that the vendor's page advises to wait. */
const BLOCK_MAX_MS = MINUTE;
/** Places in the line: who comes when it is full is told the moment after it, without a place. A restart forgets them all. */
const LINE_MAX = 20_000;

export function createPace(clock: Clock): Pace {
  const buckets = new Map<Operation, Bucket>();
  /** Whose turn comes when, in the order of turns. */
  const line = new Map<string, Instant>();
  let lastTurn = clock.now();

  const bucketOf = (operation: Operation): Bucket => {
    const now = clock.now();
    const { burst, everyMs } = OPERATIONS[operation];
    const bucket = buckets.get(operation) ?? {
      tokens: burst,
      countedAt: now,
      blockedUntil: now,
      refusals: 0,
    };
    const grown = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.countedAt) / everyMs);
    bucket.tokens = grown;
    bucket.countedAt = now;
    buckets.set(operation, bucket);
    return bucket;
  };

  /** Turns that have come and were not taken yet: what they will take is spoken for. */
  const waitingBefore = (who: string, now: Instant): number => {
    let count = 0;
    for (const [other, turn] of line) {
      if (after(turn, TURN_KEPT_MS) < now) {
        line.delete(other);
      } else if (turn > now) {
        break;
      } else if (other !== who) {
        count += 1;
      }
    }
    return count;
  };

  const turnFor = (operations: readonly Operation[], who: string): Instant => {
    const now = clock.now();
    const everyMs = Math.max(...operations.map((operation) => OPERATIONS[operation].everyMs));
    const free = operations.map((operation) => {
      const { tokens, blockedUntil } = bucketOf(operation);
      const lacking = Math.max(0, 1 - tokens) * OPERATIONS[operation].everyMs;
      return Math.max(blockedUntil, after(now, Math.ceil(lacking)));
    });
    const turn = instant(Math.max(line.size === 0 ? now : lastTurn + everyMs, ...free, now + 1));
    lastTurn = turn;
    if (line.size < LINE_MAX) {
      line.set(who, turn);
    }
    return turn;
  };

  return {
    take(operations, who) {
      const now = clock.now();
      const ahead = waitingBefore(who, now);
      const turn = line.get(who);
      const isMyTurn = turn !== undefined && turn <= now;
      const needed = isMyTurn ? 1 : 1 + ahead;
      const taken = operations.map(bucketOf);
      if (taken.every(({ tokens, blockedUntil }) => tokens >= needed && blockedUntil <= now)) {
        line.delete(who);
        for (const bucket of taken) {
          bucket.tokens -= 1;
        }
        return;
      }
      if (isMyTurn) {
        line.delete(who);
      }
      const retryAt = line.get(who) ?? turnFor(operations, who);
      throw new Failure('request-rate-limited', {
        detail: `The calls that Amazon allows for ${operations.join(' and ')} are used up`,
        retryAt,
      });
    },
    giveBack(operation) {
      const bucket = bucketOf(operation);
      bucket.tokens = Math.min(OPERATIONS[operation].burst, bucket.tokens + 1);
    },
    refused(operation) {
      const bucket = bucketOf(operation);
      bucket.refusals += 1;
      bucket.tokens = 0;
      const waitMs = Math.min(BLOCK_MAX_MS, OPERATIONS[operation].everyMs * 2 ** (bucket.refusals - 1));
      bucket.blockedUntil = after(clock.now(), waitMs);
      return bucket.blockedUntil;
    },
    accepted(operation) {
      bucketOf(operation).refusals = 0;
    },
  };
}

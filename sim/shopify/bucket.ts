import type { Clock } from '#sim/world/random.ts';

interface ThrottleStatus {
  readonly maximumAvailable: number;
  readonly currentlyAvailable: number;
  readonly restoreRate: number;
}

/** The leaky bucket of query points (vendors/shopify.md 5, Limits). */
export interface Bucket {
  /** Reserves what a query may cost; false when there is not that much. */
  reserve(points: number): boolean;
  /** Gives back what was reserved but not used. */
  giveBack(points: number): void;
  status(): ThrottleStatus;
}

/** Standard plan: 2000 points, 100 more every second. */
export const STANDARD_BUCKET = { maximumAvailable: 2_000, restoreRate: 100 } as const;

export function createBucket(clock: Clock, size: { maximumAvailable: number; restoreRate: number }): Bucket {
  let available: number = size.maximumAvailable;
  let seenAt = clock.now();
  const refill = (): void => {
    const now = clock.now();
    available = Math.min(
      size.maximumAvailable,
      available + (Math.max(0, now - seenAt) / 1_000) * size.restoreRate,
    );
    seenAt = now;
  };
  return {
    reserve: (points) => {
      refill();
      if (available < points) return false;
      available -= points;
      return true;
    },
    giveBack: (points) => {
      available = Math.min(size.maximumAvailable, available + points);
    },
    status: () => {
      refill();
      return { ...size, currentlyAvailable: Math.floor(available) };
    },
  };
}

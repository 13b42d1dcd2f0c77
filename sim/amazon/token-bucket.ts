import type { Clock } from '#sim/world/random.ts';

/** Requests a second, and how many may come at once after a pause (vendors/amazon.md 4.2). */
export interface Plan {
  readonly rate: number;
  readonly burst: number;
}

/** One bucket for each operation of each caller. */
export interface TokenBuckets {
  /** Takes one request out; false when there is none left. */
  take(key: string, plan: Plan): boolean;
}

export function createTokenBuckets(clock: Clock): TokenBuckets {
  const levels = new Map<string, { tokens: number; seenAt: number }>();
  return {
    take: (key, { rate, burst }) => {
      const now = clock.now();
      const known = levels.get(key) ?? { tokens: burst, seenAt: now };
      const refilled = known.tokens + (Math.max(0, now - known.seenAt) / 1_000) * rate;
      const tokens = Math.min(burst, refilled);
      const isGiven = tokens >= 1;
      levels.set(key, { tokens: isGiven ? tokens - 1 : tokens, seenAt: now });
      return isGiven;
    },
  };
}

import { setImmediate } from 'node:timers/promises';
import { after, instant } from '#core/time.ts';
import type { Clock, Instant, StopSignal } from '#core/time.ts';

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /** How many sleep now: a test waits for this, never for time. */
  readonly sleeping: () => number;
  /** Moves on, waking every sleeper at his own moment and in order, and lets what he does run before the next wakes. */
  advance(ms: number): Promise<void>;
  /** Shows an earlier time. Who sleeps wakes after as long as he meant to, as timers do. */
  setBack(ms: number): void;
}

interface Sleeper {
  until: Instant;
  readonly wake: () => void;
}

/** Turns of the event loop given to what was woken; promises chained deeper than this wait for the next turn. */
const TURNS_AFTER_WAKING = 3;

export function testClock(startMs: number = Date.UTC(2026, 10, 20, 10)): TestClock {
  let now = instant(startMs);
  const sleepers = new Set<Sleeper>();
  const earliest = (): Sleeper | undefined =>
    [...sleepers].reduce<Sleeper | undefined>(
      (first, sleeper) => (first === undefined || sleeper.until < first.until ? sleeper : first),
      undefined,
    );
  return {
    now: () => now,
    sleeping: () => sleepers.size,
    sleep(until, signal?: StopSignal) {
      return new Promise((resolve) => {
        if (until <= now || signal?.aborted === true) {
          resolve();
          return;
        }
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { until, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      });
    },
    setBack(ms) {
      now = after(now, -ms);
      sleepers.forEach((sleeper) => {
        sleeper.until = after(sleeper.until, -ms);
      });
    },
    async advance(ms) {
      const target = after(now, ms);
      await turns();
      for (let next = earliest(); next !== undefined && next.until <= target; next = earliest()) {
        now = next.until;
        next.wake();
        await turns();
      }
      now = target;
    },
  };
}

/** A clock on which every wait ends at the next turn of the event loop: for code that asks again until it is served. */
export function hurriedClock(startMs: number = Date.UTC(2026, 10, 20, 10)): Clock {
  let now = instant(startMs);
  return {
    now: () => now,
    async sleep(until) {
      await setImmediate();
      now = instant(Math.max(now, until));
    },
  };
}

/** Lets everything that can run now run: no time passes. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS_AFTER_WAKING; turn += 1) {
    await setImmediate();
  }
}

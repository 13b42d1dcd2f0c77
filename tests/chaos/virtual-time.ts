import { setImmediate } from 'node:timers/promises';
import { instant } from '#core/time.ts';
import type { Clock, Instant, StopSignal } from '#core/time.ts';

/**
 * Time that moves only when nothing else can: everything that is ready runs first, then the clock jumps to the next sleeper.
 * So a run of hours takes as long as its work, and takes the same turns every time.
 */
export interface VirtualTime extends Clock {
  /** Something happened: a port was called. While this goes on, time stands still. */
  touch(): void;
  /** Runs until the condition holds. Throws when nothing sleeps any more, or at the end of the patience. */
  runUntil(what: string, isDone: () => boolean, patienceMs: number): Promise<void>;
  /** Runs what happens within so many milliseconds. */
  pass(ms: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Ticks run once no promise is left that could go on, and cost a tenth of a turn of the event loop. */
function everyPromise(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

export function virtualTime(startMs: number): VirtualTime {
  let now = startMs;
  let touches = 0;
  const sleepers = new Set<Sleeper>();
  const earliest = (): Sleeper | undefined => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (first === undefined || sleeper.until < first.until) {
        first = sleeper;
      }
    }
    return first;
  };
  /** Every promise that can go on has, and after a turn of the event loop, for what streams put off, no port was called again. */
  const settle = async (): Promise<void> => {
    let before: number;
    do {
      await everyPromise();
      before = touches;
      await setImmediate();
      await everyPromise();
    } while (touches !== before);
  };
  const time: VirtualTime = {
    now: () => instant(now),
    touch() {
      touches += 1;
    },
    sleep(until: Instant, signal?: StopSignal) {
      touches += 1;
      return new Promise((resolve) => {
        if (until <= now || signal?.aborted === true) {
          resolve();
          return;
        }
        const wake = (): void => {
          touches += 1;
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { until, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      });
    },
    async runUntil(what, isDone, patienceMs) {
      const deadline = now + patienceMs;
      for (;;) {
        await settle();
        if (isDone()) {
          return;
        }
        const next = earliest();
        if (next === undefined || next.until > deadline) {
          throw new Error(
            next === undefined
              ? `Nothing sleeps and nothing moves before ${what}`
              : `After ${patienceMs / 60_000} minutes not yet: ${what}`,
          );
        }
        now = Math.max(now, next.until);
        next.wake();
      }
    },
    async pass(ms) {
      const until = instant(now + ms);
      void time.sleep(until);
      await time.runUntil('time passes', () => now >= until, ms);
    },
  };
  return time;
}

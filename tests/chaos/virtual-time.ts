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

/**
 * Turns of the event loop without any call of a port before time moves. Promises and streams of one process need one turn; a
 * second shows that the first woke nothing.
 */
const QUIET_TURNS = 2;

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
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
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      const before = touches;
      await setImmediate();
      if (touches !== before) {
        quiet = -1;
      }
    }
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

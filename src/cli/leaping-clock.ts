import { after } from '#core/time.ts';
import type { Clock, Instant, StopSignal } from '#core/time.ts';

/** A clock that goes on by itself and can leap ahead over days: who sleeps until a moment that is passed then wakes at once. */
export interface LeapingClock extends Clock {
  leap(ms: number): void;
}

export function leapingClock(base: Clock): LeapingClock {
  let ahead = 0;
  const sleepers = new Set<() => void>();
  const now = (): Instant => after(base.now(), ahead);
  return {
    now,
    async sleep(until, signal?: StopSignal) {
      const isOver = (): boolean => now() >= until || signal?.aborted === true;
      while (!isOver()) {
        const awake = new AbortController();
        const wake = (): void => awake.abort();
        sleepers.add(wake);
        signal?.addEventListener('abort', wake);
        await base.sleep(after(until, -ahead), awake.signal);
        sleepers.delete(wake);
        signal?.removeEventListener('abort', wake);
      }
    },
    leap(ms) {
      ahead += ms;
      sleepers.forEach((wake) => wake());
    },
  };
}

import { instant } from '#core/time.ts';
import { between } from '#sim/world/random.ts';
import { drawnFor, isLeaping } from '#tests/chaos/drawn.ts';
import type { VirtualTime } from '#tests/chaos/virtual-time.ts';

/** The time in which things happen in a run, counted from its beginning: it stands still while weeks pass. */
export interface SellingTime {
  begin(): void;
  /** Milliseconds since it began. */
  passed(): number;
  /** Resolves when so many have passed, or at the moment `due`, of the clock, where that is earlier: also while weeks pass. */
  reach(ms: number, due?: number): Promise<void>;
  /** Resolves after so many milliseconds of the clock. */
  leap(ms: number): Promise<void>;
}

export function sellingTime(time: VirtualTime): SellingTime {
  let began = 0;
  let weeks: { readonly since: number; readonly over: Promise<void> } | undefined;
  const passed = (): number => (weeks?.since ?? time.now()) - began;
  return {
    begin() {
      began = time.now();
    },
    passed,
    async reach(ms, due = Infinity) {
      while (passed() < ms && time.now() < due) {
        if (weeks === undefined) {
          await time.sleep(instant(Math.min(began + ms, due)));
        } else {
          const { over } = weeks;
          await (due === Infinity ? over : Promise.race([over, time.sleep(instant(due))]));
        }
      }
    },
    async leap(ms) {
      weeks = { since: time.now(), over: time.sleep(instant(time.now() + ms)) };
      await weeks.over;
      began += time.now() - weeks.since;
      weeks = undefined;
    },
  };
}

/**
 * In a share of the runs weeks pass in the midst of everything, with the machine off: what becomes of an order after them is of a
 * later month than its invoice, and what was lost in them nobody tells.
 */
export interface Leap {
  /** Milliseconds from the beginning. */
  readonly at: number;
  readonly ms: number;
}

const SHARE = 0.4;
const STREAM = 0x1ea9;
const DAY_MS = 86_400_000;
const DAYS_MAX = 45;

export function leapOf(seed: number, withinMs: number): Leap | undefined {
  const random = isLeaping(seed) ? drawnFor(seed, STREAM, SHARE) : undefined;
  return random === undefined
    ? undefined
    : { at: between(random, 0, withinMs), ms: between(random, DAY_MS, DAYS_MAX * DAY_MS) };
}

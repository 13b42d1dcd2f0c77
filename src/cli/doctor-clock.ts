import { MINUTE } from '#core/time.ts';
import type { Check } from './doctor-check.ts';
import { showDuration } from './time-text.ts';

/** By so much may it differ: answers take seconds to come, and clocks that are set by the network agree far better. */
const APART_MAX_MS = 2 * MINUTE;

/** None where nobody answered. `aheadMs`: how far this machine's clock is ahead of what each answer says the time is. */
export function clockChecks(aheadMs: readonly number[]): Check[] {
  // An answer that somebody on the way had kept is older than it should be; not all of them are.
  const [nearest] = aheadMs.toSorted((a, b) => Math.abs(a) - Math.abs(b));
  return nearest === undefined ? [] : [{ name: 'Clock', run: () => findingOf(nearest) }];
}

function findingOf(aheadMs: number): ReturnType<Check['run']> {
  if (Math.abs(aheadMs) <= APART_MAX_MS) {
    return { state: 'ok', text: 'This machine’s clock agrees with those who were asked' };
  }
  const apart = `${showDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
  return {
    state: 'problem',
    text: `This machine’s clock is ${apart} those who were asked`,
    whatToDo:
      'Set it right before the first counterfoil serve, best by the network (NTP): by a wrong one signed messages and calls are refused, days come out wrong, and what changed before the first look at a shop may be passed over',
  };
}

import { CLOSED_THROUGH, FIRST_OPEN_DAY, firstOpenDay, isClosed, lastClosedDay } from './period.ts';
import type { Fact } from './failure.ts';
import type { PlannedHold, Terms } from './plan-terms.ts';
import type { LocalDate } from './time.ts';

/** What becomes of something that is of a day on which nothing may be written any more (docs/bookkeeping.md, "Closed days"). */

export type Dated =
  | { readonly state: 'open'; readonly day: LocalDate; readonly remark: string }
  /** In the books already, by a person's word: nothing is booked of it, and nothing asked. */
  | { readonly state: 'booked' }
  | { readonly state: 'closed'; readonly hold: PlannedHold };

export const BOOKED_BY_HAND = 'In the books already, as you said';

interface Asking {
  readonly step: string;
  readonly what: string;
  /** It came to an order that was booked, under a day that is not its own: nobody's word about days is about it. */
  readonly isLater?: boolean;
}

/** The day to book it on: its own, or by a person's choice the first open one. */
export function openDay(day: LocalDate, terms: Terms, { step, what, isLater = false }: Asking): Dated {
  const { rules, choices } = terms;
  if (!isLater && isBookedBy(day, terms)) {
    return { state: 'booked' };
  }
  if (!isClosed(day, rules)) {
    return { state: 'open', day, remark: '' };
  }
  const open = firstOpenDay(rules, day);
  if (choices.period === 'open-day') {
    return { state: 'open', day: open, remark: `Really of ${day}, which was closed in the books` };
  }
  return {
    state: 'closed',
    hold: {
      step,
      code: 'period-closed',
      detail: `${what} is of ${day}, and the books are closed then`,
      facts: [
        { name: 'Day', value: day },
        { name: FIRST_OPEN_DAY, value: open },
        ...(isLater ? [] : [closedThrough(day, terms)]),
      ],
    },
  };
}

/**
 * A person has said that what is of this day is in the books. It was closed then, and what he put there himself would stand
 * twice if the day were opened again; of days that were closed since he has said nothing.
 */
export function isBookedBy(day: LocalDate, { choices: { bookedThrough } }: Pick<Terms, 'choices'>): boolean {
  return bookedThrough !== undefined && day <= bookedThrough;
}

/** What stands on such a day stays as it is. */
export function isSettledDay(day: LocalDate, terms: Pick<Terms, 'rules' | 'choices'>): boolean {
  return isClosed(day, terms.rules) || isBookedBy(day, terms);
}

/** Of a question that only the day's opening answers, or that a person did it in the books. */
export function closedThrough(day: LocalDate, { rules }: Pick<Terms, 'rules'>): Fact {
  return { name: CLOSED_THROUGH, value: lastClosedDay(rules, day) };
}

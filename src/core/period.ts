import type { Rules } from './rules.ts';
import { addDays, monthOf, parseLocalDate } from './time.ts';
import type { LocalDate } from './time.ts';

/** Which days of the books may still be written on. */
export type Period = Pick<Rules, 'booksStart' | 'closedThrough'>;

/** Names a day, in what a question shows, that keeps an invoice from following its order: once it is open, it may be tried again. */
export const CLOSED_DAY = 'Closed day';

/** What a question about a closed day shows, by which its answer is about the days that were closed when it was given. */
export const FIRST_OPEN_DAY = 'First open day';
export const CLOSED_THROUGH = 'Closed through';

/** No shop of today is older, and a slip of the finger into another century would hold every order. */
export const PERIOD_DAY_MIN = '2000-01-01';
export const PERIOD_DAY_MAX = '2099-12-31';

/** A day on which books may begin or end, as a person writes it; nothing when it is none. */
export function periodDay(text: string): LocalDate | undefined {
  try {
    const day = parseLocalDate(text.trim());
    return day < PERIOD_DAY_MIN || day > PERIOD_DAY_MAX ? undefined : day;
  } catch {
    return undefined;
  }
}

/** Before the books begin, or on or before the day through which they are closed. */
export function isClosed(day: LocalDate, { booksStart, closedThrough }: Period): boolean {
  return (
    (booksStart !== undefined && day < booksStart) || (closedThrough !== undefined && day <= closedThrough)
  );
}

/** The first day on which anything may be written. Only asked for where some day is closed. */
export function firstOpenDay({ booksStart, closedThrough }: Period, otherwise: LocalDate): LocalDate {
  const next = closedThrough === undefined ? undefined : addDays(closedThrough, 1);
  const days = [booksStart, next].filter((day) => day !== undefined).sort();
  return days.at(-1) ?? otherwise;
}

/** The last day on which nothing may be written. Only asked for where some day is closed. */
export function lastClosedDay(period: Period, otherwise: LocalDate): LocalDate {
  return addDays(firstOpenDay(period, otherwise), -1);
}

export function isSameMonth(days: readonly LocalDate[]): boolean {
  return new Set(days.map(monthOf)).size <= 1;
}

import type { Rules } from './rules.ts';
import { DAY, after, instant, localDate, monthOf, parseZone } from './time.ts';
import type { LocalDate } from './time.ts';

/** Which days of the books may still be written on. */
export type Period = Pick<Rules, 'booksStart' | 'closedThrough'>;

const UTC = parseZone('Z');

/** Before the books begin, or on or before the day through which they are closed. */
export function isClosed(day: LocalDate, { booksStart, closedThrough }: Period): boolean {
  return (
    (booksStart !== undefined && day < booksStart) || (closedThrough !== undefined && day <= closedThrough)
  );
}

/** The first day on which anything may be written. Only asked for where some day is closed. */
export function firstOpenDay({ booksStart, closedThrough }: Period, otherwise: LocalDate): LocalDate {
  const next = closedThrough === undefined ? undefined : dayAfter(closedThrough);
  const days = [booksStart, next].filter((day) => day !== undefined).sort();
  return days.at(-1) ?? otherwise;
}

export function isSameMonth(days: readonly LocalDate[]): boolean {
  return new Set(days.map(monthOf)).size <= 1;
}

function dayAfter(day: LocalDate): LocalDate {
  return localDate(after(instant(Date.parse(`${day}T00:00:00Z`)), DAY), UTC);
}

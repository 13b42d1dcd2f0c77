// Times as FreshBooks writes them (docs/vendors/freshbooks.md sections 0.12 and 6): accounting date-times in US/Eastern
// with daylight saving, signup_date in UTC, the auth family in RFC 3339, date-only fields in the business's own zone.

const EASTERN = 'America/New_York';
const DAY_MS = 86_400_000;

/** `2026-06-29 12:52:44` as an accounting field shows it. */
export function easternTime(at: number): string {
  return wallTime(at, EASTERN);
}

/** `2026-06-29 16:52:44`, for client.signup_date. */
export function utcTime(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** `2026-06-29T16:52:44Z`, for the auth and events families. */
export function rfcTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** The Eastern day of an instant: what `updated_min` is compared with. */
export function easternDay(at: number): string {
  return dayIn(at, EASTERN);
}

/** The calendar date in a time zone. */
export function dayIn(at: number, timeZone: string): string {
  return wallTime(at, timeZone).slice(0, 10);
}

/** The date so many days later. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** Whether a text is a date that exists. */
export function isDate(value: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const at = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallTime(at: number, timeZone: string): string {
  return formatFor(timeZone).format(at);
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const twoDigits = '2-digit';
  // Swedes write a moment as FreshBooks does: 2026-06-29 12:52:44.
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: twoDigits,
    day: twoDigits,
    hour: twoDigits,
    minute: twoDigits,
    second: twoDigits,
  });
  formats.set(timeZone, format);
  return format;
}

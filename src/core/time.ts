import { invariant } from './invariant.ts';

/** A moment: milliseconds since 1970-01-01T00:00Z. */
export type Instant = number & { readonly __brand: 'Instant' };

/** A calendar date `YYYY-MM-DD`, without a zone: the books' unit of time. */
export type LocalDate = string & { readonly __brand: 'LocalDate' };

/** A calendar month `YYYY-MM`. */
export type Month = string & { readonly __brand: 'Month' };

/** An IANA name ("Europe/Berlin"), a fixed offset ("-05:00", "Z"), or several of these as timestamps told them (`zoneOfStamps`). */
export type Zone = string & { readonly __brand: 'Zone' };

/** What core needs of an AbortSignal, which it cannot see: its project knows neither Node nor the DOM. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The current moment and waiting, handed in: nothing in the program reads a timer by itself. */
export interface Clock {
  now(): Instant;
  /** Resolves at the moment, or early when the signal aborts; never rejects. */
  sleep(until: Instant, signal?: StopSignal): Promise<void>;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Beyond this a moment has no text: the range of ECMAScript's dates, 100 million days on either side of 1970. */
const INSTANT_MAX = 100_000_000 * DAY;

export function instant(ms: number): Instant {
  const isDated = Number.isSafeInteger(ms) && Math.abs(ms) <= INSTANT_MAX;
  invariant(isDated, `instant ${ms} is a whole number of milliseconds that a calendar has`);
  return ms as Instant; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

export function after(moment: Instant, ms: number): Instant {
  return instant(moment + ms);
}

/** How far the clock was set back since it showed `before`; 0 where it went on, however far. */
export function setBackMs(before: Instant, now: Instant): number {
  return Math.max(0, before - now);
}

const TIMESTAMP = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/**
 * Years of timestamps. What lies beyond is no moment of a shop but a null date of another system or a slip, and might have no
 * date of four digits in another zone.
 */
const YEAR_MIN = '1900';
const YEAR_MAX = '2999';

/**
 * Reads an RFC 3339 timestamp with its offset, which is kept: Shopify writes the shop's own offset, and that decides the
 * date of an invoice. Throws a SyntaxError that quotes the text; a timestamp without an offset is refused.
 */
export function parseTimestamp(text: string): Stamp {
  const match = TIMESTAMP.exec(text);
  const ms = Date.parse(text);
  const day = match?.[1] ?? '';
  if (
    match === null ||
    Number.isNaN(ms) ||
    !isCalendarDay(day) ||
    day < YEAR_MIN ||
    day.slice(0, 4) > YEAR_MAX
  ) {
    throw new SyntaxError(`Cannot parse timestamp "${text}"`);
  }
  const offset = (match[2] ?? 'Z').replace(/^(.\d\d):?(\d\d)$/, '$1:$2');
  return { at: instant(ms), offset: parseZone(offset) };
}

/** Checks a zone's name; throws a SyntaxError that says what is allowed. */
export function parseZone(text: string): Zone {
  if (offsetMinutes(text) === undefined) {
    try {
      Intl.DateTimeFormat('en-US', { timeZone: text });
    } catch (cause) {
      throw new SyntaxError(
        `Unknown time zone "${text}": use a name such as Europe/Berlin or an offset such as -05:00`,
        { cause },
      );
    }
  }
  return text as Zone; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

/** A timestamp as written, with its offset. */
export interface Stamp {
  readonly at: Instant;
  readonly offset: Zone;
}

/** No zone changes its offset by more when its summer begins or ends. */
const SEASON_MINUTES_MAX = 60;
const SINCE = ' since ';
const NEXT = '; ';

/**
 * The zone in which these timestamps were written, of which only its offsets are known: that of `first`, and from each stamp on
 * that shows another its own, as after the change to summer time. A stamp in UTC, or hours off, was written elsewhere.
 */
export function zoneOfStamps(first: Stamp, others: readonly Stamp[]): Zone {
  const base = offsetMinutes(first.offset) ?? 0;
  const own = others.filter(
    ({ offset }) =>
      offset !== 'Z' && Math.abs((offsetMinutes(offset) ?? Infinity) - base) <= SEASON_MINUTES_MAX,
  );
  let [zone, last]: [string, Zone] = [first.offset, first.offset];
  for (const { at, offset } of own.toSorted((a, b) => a.at - b.at)) {
    if (at > first.at && offset !== last) {
      zone += `${NEXT}${offset}${SINCE}${showInstant(at)}`;
      last = offset;
    }
  }
  return zone as Zone; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

/** The one name or offset that a zone has at a moment. */
export function zoneAt(zone: Zone, moment: Instant): Zone {
  if (!zone.includes(NEXT)) {
    return zone;
  }
  const [first = zone, ...later] = zone.split(NEXT);
  const found = later
    .map((part) => part.split(SINCE))
    .findLast(([, since = '']) => Date.parse(since) <= moment);
  return (found?.[0] ?? first) as Zone; // oxlint-disable-line typescript/no-unsafe-type-assertion -- a part of one
}

/** The calendar date that a moment has in a zone. */
export function localDate(moment: Instant, zone: Zone): LocalDate {
  const then = zoneAt(zone, moment);
  const offset = offsetMinutes(then);
  if (offset !== undefined) {
    return parseLocalDate(new Date(moment + offset * MINUTE).toISOString().slice(0, 10));
  }
  return parseLocalDate(dateFormat(then).format(new Date(moment)));
}

export function parseLocalDate(text: string): LocalDate {
  if (!/^[1-9]\d{3}-\d\d-\d\d$/.test(text) || !isCalendarDay(text)) {
    throw new SyntaxError(`Cannot parse date "${text}": write YYYY-MM-DD`);
  }
  return text as LocalDate; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

export function parseMonth(text: string): Month {
  if (!/^[1-9]\d{3}-(?:0[1-9]|1[0-2])$/.test(text)) {
    throw new SyntaxError(`Cannot parse month "${text}": write YYYY-MM`);
  }
  return text as Month; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

export function monthOf(day: LocalDate): Month {
  return parseMonth(day.slice(0, 7));
}

/** The day so many days later. */
export function addDays(day: LocalDate, count: number): LocalDate {
  return parseLocalDate(new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY).toISOString().slice(0, 10));
}

export function laterOf(a: LocalDate, b: LocalDate): LocalDate {
  return a > b ? a : b;
}

/** Moments between which a day lies in every zone there is: the first zones are 14 hours ahead of UTC, the last 12 behind. */
export function dayEverywhere(day: LocalDate): { readonly from: Instant; readonly until: Instant } {
  const midnight = instant(Date.parse(`${day}T00:00:00Z`));
  return { from: after(midnight, -14 * HOUR), until: after(midnight, DAY + 12 * HOUR) };
}

/** A moment at which it is that day in the zone. */
export function momentOf(day: LocalDate, zone: Zone): Instant {
  const { from } = dayEverywhere(day);
  const hours = Array.from({ length: HOURS_EVERYWHERE }, (_, count) => after(from, count * HOUR));
  return hours.find((moment) => localDate(moment, zone) === day) ?? from;
}

/** From the first zone's beginning of a day to the last zone's. */
const HOURS_EVERYWHERE = 27;

/** Whether the calendar has the day: `Date.parse` reads 30 February as 2 March. */
function isCalendarDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** The moment as text in UTC with its zone written: "2026-11-20T10:00:00.000Z". */
export function showInstant(moment: Instant): string {
  return new Date(moment).toISOString();
}

const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs a hundred times its use, so one a zone is kept. */
function dateFormat(zone: Zone): Intl.DateTimeFormat {
  const known = dateFormats.get(zone);
  if (known !== undefined) {
    return known;
  }
  // The Swedish locale writes dates as ISO 8601 does.
  const made = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
  dateFormats.set(zone, made);
  return made;
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'UTC') {
    return 0;
  }
  const match = /^([+-])([01]\d|2[0-3]):([0-5]\d)$/.exec(zone);
  if (match === null) {
    return undefined;
  }
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

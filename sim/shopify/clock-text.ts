/** `2026-11-20T09:30:00-05:00`: REST and webhooks write instants in the shop's zone. */
export function zonedText(at: number, timeZone: string): string {
  const offset = offsetText(at, timeZone);
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? [];
  const eastMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return `${new Date(at + eastMs).toISOString().slice(0, 19)}${offset}`;
}

/** `2026-11-20T14:30:00Z`: GraphQL's DateTime. */
export function utcText(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Clocks are put forward and back at whole quarters of an hour. */
const QUARTER_MS = 15 * 60_000;
const OFFSETS_MAX = 10_000;
const OFFSETS = new Map<string, string>();

/** To ask a formatter for every instant of every body would be most of what writing a body takes. */
function offsetText(at: number, timeZone: string): string {
  const quarter = `${timeZone} ${Math.floor(at / QUARTER_MS)}`;
  const known = OFFSETS.get(quarter);
  if (known !== undefined) return known;
  const part = formatter(timeZone)
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName');
  const offset = part?.value.replace('GMT', '') || '+00:00';
  if (OFFSETS.size >= OFFSETS_MAX) OFFSETS.clear();
  OFFSETS.set(quarter, offset);
  return offset;
}

const FORMATTERS = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs more than a hundred uses of one. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATTERS.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  FORMATTERS.set(timeZone, made);
  return made;
}

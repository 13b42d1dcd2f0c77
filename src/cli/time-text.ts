import { localDate, zoneAt } from '#core/time.ts';
import type { Instant, Zone } from '#core/time.ts';

/** Moments as a person reads them: the shop's own wall clock, whose zone the heading names. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** "2026-11-20 10:00:00.120" */
export function showTime(at: Instant, zone: Zone): string {
  const then = zoneAt(zone, at);
  const known = formats.get(then) ?? timeFormat(then);
  formats.set(then, known);
  return `${localDate(at, zone)} ${known.format(new Date(at)).replace(',', '.')}`;
}

function timeFormat(zone: Zone): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone === 'Z' ? 'UTC' : zone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
}

/** How long ago or how long something took: "44 ms", "3.2 s", "5 min", "3 h", "2 days". What lies ahead, as by a wrong clock, is now. */
export function showDuration(ms: number): string {
  if (ms < 1000) {
    return `${Math.max(0, ms)} ms`;
  }
  const seconds = ms / 1000;
  if (seconds < 90) {
    return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  }
  const minutes = seconds / 60;
  if (minutes < 90) {
    return `${Math.round(minutes)} min`;
  }
  return minutes / 60 < 48 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 60 / 24)} days`;
}

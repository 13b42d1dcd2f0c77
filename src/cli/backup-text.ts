import type { backUpDatabase } from '#app.ts';
import { parseZone } from '#core/time.ts';
import type { CommandContext } from './context.ts';
import { timeZoneOf } from './rules-input.ts';
import { showTime } from './time-text.ts';

/** What a backup holds, as a person reads it. */

type Contents = Awaited<ReturnType<typeof backUpDatabase>>['contents'];

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;
const STEP = 1000;
/** Below this a digit after the point tells something. */
const PLACES_BELOW = 100;

/** "812 bytes", "12.3 MB" */
export function showBytes(bytes: number): string {
  let [unit, size] = [0, bytes];
  while (size >= STEP && unit < UNITS.length - 1) {
    size /= STEP;
    unit += 1;
  }
  const shown = unit === 0 || size >= PLACES_BELOW ? Math.round(size) : Math.round(size * 10) / 10;
  return `${shown} ${UNITS[unit] ?? ''}`;
}

export function contentFacts(
  context: CommandContext,
  { version, rows, newestAt }: Contents,
): { readonly name: string; readonly value: string }[] {
  const zone = timeZoneOf(context) ?? parseZone('Z');
  const held = Object.entries(rows).filter(([, count]) => count > 0);
  return [
    { name: 'Schema version', value: String(version) },
    { name: 'Rows', value: held.map(([table, count]) => `${table} ${count}`).join(', ') },
    {
      name: 'Newest message',
      value:
        newestAt === undefined ? 'none yet' : `${showTime(newestAt, zone)} ${zone === 'Z' ? 'UTC' : zone}`,
    },
  ];
}

import { sql } from 'kysely';
import type { RawBuilder, Transaction } from 'kysely';
import type { Instant } from '#core/time.ts';
import { SWEPT_FROM_SETTING } from '#pipeline/ports.ts';
import type { Writer } from '#pipeline/ports.ts';
import type { Tables } from './tables.ts';

/** What is waited for, and since when something is so. What has happened, in the ledger and in the logs, is not among it. */
const MOMENTS: readonly { readonly table: keyof Tables; readonly columns: readonly string[] }[] = [
  { table: 'orders', columns: ['due_at', 'first_failed_at', 'limited_since', 'reread_since'] },
  { table: 'pauses', columns: ['until', 'since'] },
  { table: 'alarms', columns: ['since_at', 'seen_at', 'raised_at', 'over_at'] },
  { table: 'alarm_tellings', columns: ['told_at', 'over_told_at'] },
  { table: 'sessions', columns: ['opened_at', 'seen_at', 'ends_at'] },
];
/** A call whose outcome is not known is looked for so long after it was made. */
const CALLED: RawBuilder<unknown> = sql`state = 'pending'`;

/** Follows a clock that was set back. */
export function setBackWriter(tx: Transaction<Tables>): Pick<Writer, 'moveBack'> {
  const moveBack = async (
    table: string,
    column: string,
    { now, ms, also = sql`true` }: { now: Instant; ms: number; also?: RawBuilder<unknown> },
  ): Promise<void> => {
    const moment = sql.ref(column);
    await sql`update ${sql.table(table)} set ${moment} = ${moment} - ${ms} where ${moment} > ${now} and ${also}`.execute(
      tx,
    );
  };
  return {
    async moveBack({ now, ms, leaseMs }) {
      for (const { table, columns } of MOMENTS) {
        for (const column of columns) {
          await moveBack(table, column, { now, ms });
        }
      }
      await moveBack('entries', 'called_at', { now, ms, also: CALLED });
      // Not moved: one that was taken a moment ago, by the clock of now, is in force.
      const latest = now + leaseMs;
      await tx.updateTable('leases').set({ until: latest }).where('until', '>', BigInt(latest)).execute();
      for (const { key, value } of await tx.selectFrom('settings').selectAll().execute()) {
        const moved = movedBack({ key, value }, { now, ms });
        if (moved !== value) {
          await tx.updateTable('settings').set({ value: moved }).where('key', '=', key).execute();
        }
      }
    },
  };
}

/**
 * In a setting with several fields each number that is later than now is a moment: how a channel fails, since when a source cannot be
 * asked. One that is a number alone stays, because how far a source was asked goes by its own clock; but not from when on it is asked.
 */
function movedBack(
  { key, value }: { readonly key: string; readonly value: string },
  { now, ms }: { readonly now: Instant; readonly ms: number },
): string {
  if (key.startsWith(SWEPT_FROM_SETTING)) {
    return Number(value) > now ? String(Number(value) - ms) : value;
  }
  return value.startsWith('{')
    ? JSON.stringify(JSON.parse(value), (_key, field: unknown) =>
        typeof field === 'number' && field > now ? field - ms : field,
      )
    : value;
}

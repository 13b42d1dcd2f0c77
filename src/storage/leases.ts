import type { Transaction } from 'kysely';
import type { Lease, Writer } from '#pipeline/ports.ts';
import { QUERIES } from './queries.ts';
import type { Tables } from './tables.ts';

/** Who works on what, for how long; a fence tells a holder that came too late. */
export function leaseWriter(
  tx: Transaction<Tables>,
): Pick<Writer, 'takeLease' | 'keepLease' | 'releaseLease' | 'voidOrderLeases'> {
  return {
    async takeLease(key, { holder, now, until }) {
      const [standing] = (await QUERIES.lease(tx, { key })).rows;
      if (standing !== undefined && standing.until > BigInt(now)) {
        return undefined;
      }
      // The row outlives its holder, so that a fence never repeats.
      const fence = (standing?.fence ?? 0n) + 1n;
      await QUERIES.takeLease(tx, { key, holder, fence, until });
      return { key, holder, fence };
    },
    async keepLease(lease: Lease, until) {
      const { key, fence } = lease;
      const { numAffectedRows } = await QUERIES.keepLease(tx, { key, fence, until });
      return numAffectedRows === 1n;
    },
    async releaseLease(lease: Lease) {
      const { key, fence } = lease;
      await QUERIES.releaseLease(tx, { key, fence });
    },
    async voidOrderLeases(now) {
      await tx.updateTable('leases').set({ until: 0 }).where('key', 'like', 'order:%').execute();
      const freed = await tx
        .updateTable('orders')
        .set({ state: 'due', due_at: now })
        .where('state', '=', 'working')
        .executeTakeFirst();
      return Number(freed.numUpdatedRows);
    },
  };
}

import type { Transaction } from 'kysely';
import type { Lease, Writer } from '#pipeline/ports.ts';
import type { Tables } from './tables.ts';

/** Who works on what, for how long; a fence tells a holder that came too late. */
export function leaseWriter(
  tx: Transaction<Tables>,
): Pick<Writer, 'takeLease' | 'keepLease' | 'releaseLease' | 'voidOrderLeases'> {
  return {
    async takeLease(key, { holder, now, until }) {
      const standing = await tx.selectFrom('leases').selectAll().where('key', '=', key).executeTakeFirst();
      if (standing !== undefined && standing.until > BigInt(now)) {
        return undefined;
      }
      // The row outlives its holder, so that a fence never repeats.
      const fence = (standing?.fence ?? 0n) + 1n;
      const row = { key, holder, fence, until };
      await tx
        .insertInto('leases')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
        .execute();
      return { key, holder, fence };
    },
    async keepLease(lease: Lease, until) {
      const kept = await tx
        .updateTable('leases')
        .set({ until })
        .where('key', '=', lease.key)
        .where('fence', '=', lease.fence)
        // Zero: released, or voided by the server that came after. One that only ran out may be kept.
        .where('until', '>', 0n)
        .executeTakeFirst();
      return kept.numUpdatedRows === 1n;
    },
    async releaseLease(lease: Lease) {
      await tx
        .updateTable('leases')
        .set({ until: 0 })
        .where('key', '=', lease.key)
        .where('fence', '=', lease.fence)
        .execute();
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

import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Clock } from '#core/time.ts';
import { clearedSetting } from '#pipeline/ports.ts';
import type { Writer } from '#pipeline/ports.ts';
import type { Tables } from './tables.ts';

/** Accounts that must not be called, and the orders that wait for them. */
export function pauseWriter(
  tx: Transaction<Tables>,
  clock: Clock,
): Pick<Writer, 'setPause' | 'clearPause' | 'appointWaiting'> {
  const waitingFor = (account: string) =>
    tx.updateTable('orders').where('waits_for', '=', account).where('state', '=', 'waiting');
  return {
    async setPause({ account, until = null, reason, code = null, outage }) {
      const since = outage?.since ?? null;
      const row = { account, until, reason, code, since, probes: outage?.probes ?? null };
      await tx
        .insertInto('pauses')
        .values(row)
        .onConflict((conflict) => conflict.column('account').doUpdateSet(row))
        .execute();
    },
    async clearPause(account) {
      await tx.deleteFrom('pauses').where('account', '=', account).execute();
      const value = randomUUID();
      await tx
        .insertInto('settings')
        .values({ key: clearedSetting(account), value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
      await waitingFor(account).set({ due_at: clock.now() }).execute();
    },
    async appointWaiting(account, { at, otherwiseAt }) {
      await waitingFor(account).set({ due_at: otherwiseAt }).where('due_at', '=', BigInt(at)).execute();
      const first = tx
        .selectFrom('orders')
        .select('key')
        .where('waits_for', '=', account)
        .where('state', '=', 'waiting')
        .orderBy('attempts')
        .orderBy('priority')
        .orderBy('created_at')
        .limit(1);
      await waitingFor(account).set({ due_at: at }).where('key', 'in', first).execute();
    },
  };
}

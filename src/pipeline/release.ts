import { transition } from '#core/lifecycle.ts';
import type { OrderKey } from '#core/ids.ts';
import type { Instant } from '#core/time.ts';
import type { Store } from './ports.ts';

/**
 * A person says: try again. The order is planned anew with what is known today, and what was refused may be sent again; the
 * stored bytes of a refused request never are. Nothing when there is no such order.
 */
export async function releaseOrder(
  store: Store,
  key: OrderKey,
  { now, account }: { now: Instant; account: string },
): Promise<{ readonly closedHolds: number } | undefined> {
  return store.transact(async (tx) => {
    const record = await tx.order(key);
    if (record === undefined) {
      return undefined;
    }
    const open = await tx.holds({ order: key, isOpen: true });
    for (const hold of open) {
      await tx.closeHold(hold.id, { at: now, because: 'Released by hand' });
    }
    await tx.clearPause(account);
    const { firstFailedAt: _first, ...rest } = record;
    const state = record.state === 'working' ? record.state : transition(record.state, 'due');
    await tx.putOrder({ ...rest, state, attempts: 0, dueAt: now, updatedAt: now });
    return { closedHolds: open.length };
  });
}

/** A person says: read the message again, perhaps by a newer version of this program. */
export async function releaseDelivery(store: Store, id: string, now: Instant): Promise<boolean> {
  return store.transact(async (tx) => {
    if ((await tx.delivery(id))?.state !== 'held') {
      return false;
    }
    for (const hold of await tx.holds({ delivery: id, isOpen: true })) {
      await tx.closeHold(hold.id, { at: now, because: 'Released by hand' });
    }
    await tx.settleDelivery(id, { state: 'accepted' });
    return true;
  });
}

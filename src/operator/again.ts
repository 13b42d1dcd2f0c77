import type { Clock } from '#core/time.ts';
import type { OrderRecord, Store } from '#pipeline/ports.ts';
import { releaseOrder } from '#pipeline/release.ts';

/** A person says: try this order again. Whoever serves the database does the work. */

export interface Released {
  readonly what: string;
  readonly isDone: boolean;
  readonly text: string;
}

/**
 * Has an order planned anew, as far as no decision keeps it from being. `actor`: who says so, when it is not who opened the
 * store; `isOfMany`: behind live orders.
 */
export async function again(
  { store, clock }: { readonly store: Store; readonly clock: Pick<Clock, 'now'> },
  { key, name, state, decisions }: OrderRecord,
  {
    account,
    actor,
    isOfMany = false,
  }: { readonly account: string; readonly actor?: string; readonly isOfMany?: boolean },
): Promise<Released> {
  const now = clock.now();
  const released = await releaseOrder(store, key, {
    now,
    account,
    isOfMany,
    ...(actor === undefined ? {} : { actor }),
  });
  if (released === undefined) {
    return { what: key, isDone: false, text: `Order ${name} is not stored any more` };
  }
  return { what: key, isDone: true, text: releasedText({ name, state, decisions }, released.closedHolds) };
}

/** What was decided about an order outlives a try again. */
function releasedText(
  { name, state, decisions }: Pick<OrderRecord, 'name' | 'state' | 'decisions'>,
  closedHolds: number,
): string {
  const closed = closedHolds === 1 ? '1 open question is closed' : `${closedHolds} open questions are closed`;
  if (decisions.following === 'stopped') {
    return `Order ${name} stays as it is: you decided keep, so FreshBooks is not changed for it any more; ${closed}`;
  }
  const rest =
    decisions.bookedThrough === undefined
      ? ''
      : `, but for what lies on days through ${decisions.bookedThrough}: you decided already-booked`;
  return `Order ${name} was ${state} and is planned anew${rest}: ${closed}; what is already in FreshBooks stays and is not made twice`;
}

import * as money from '#core/money.ts';
import { isFacilitated } from './charges.ts';
import type { OrderPayload } from './payload.ts';
import { doubtOf } from './refunds.ts';
import type { Refunded } from './refunds.ts';
import { amountOf, amountsIn, isRefund, isShipment, itemsAmong } from './transactions.ts';
import type { Amounts, Event } from './transactions.ts';

/**
 * Asked where Amazon's ledger withholds tax on goods of which the order does not say that Amazon remits it: then the tax in the
 * order's prices is not the seller's, though nothing else tells. Tax that goes back says the same.
 */
export function withheldUnsaid(
  order: OrderPayload,
  events: readonly Event[],
  currency: string,
): Refunded | undefined {
  for (const event of events.filter((one) => isShipment(one) || isRefund(one))) {
    const found = unsaidIn(order, event, currency);
    if (found !== undefined) {
      const withheld = money.absolute(amountOf(found, 'withheld', currency));
      const why = `Amazon’s ledger withholds ${money.show(withheld)} of tax, and the order does not say that Amazon remits it, so it would be booked as yours`;
      return { refunds: [], doubt: { ...doubtOf(event, why, found), code: 'order-tax-withheld' } };
    }
  }
  return undefined;
}

function unsaidIn(
  { orderItems }: OrderPayload,
  { transaction }: Event,
  currency: string,
): Amounts | undefined {
  const { items, breakdowns } = transaction;
  const parts = items.map((item) => ({
    amounts: amountsIn(item.breakdowns, currency),
    goods: itemsAmong(orderItems, item),
  }));
  // Beside all items where Amazon tells it only there.
  const all = items.some((item) => item.breakdowns.length > 0)
    ? parts
    : [{ amounts: amountsIn(breakdowns, currency), goods: [] }];
  return all.find(
    ({ amounts, goods }) =>
      !money.isZero(amountOf(amounts, 'withheld', currency)) &&
      !(goods.length > 0 ? goods : orderItems).some(isFacilitated),
  )?.amounts;
}

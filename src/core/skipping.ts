import * as money from './money.ts';
import { channelTaxOf } from './order.ts';
import type { Order } from './order.ts';
import type { Rules } from './rules.ts';

/** Which orders are not booked, and why: the sentences stand beside the order until a delivery or a person changes them. */

/** Why an order is not looked at yet, or at all, whatever its figures say. */
export function asideReason(order: Order, rules: Rules): string | undefined {
  const tag = order.tags.find((tag) => rules.skipTags.some((skipped) => isSameName(tag, skipped)));
  if (tag !== undefined) {
    return `Tagged "${tag}", which the rules skip`;
  }
  if (rules.skipSources.some((skipped) => isSameName(order.sourceName, skipped))) {
    return `Placed in "${order.sourceName}", which the rules skip`;
  }
  const pending = order.pendingBecause ?? order.waitsBecause;
  if (pending !== undefined) {
    return `Waits to be booked: ${pending}`;
  }
  return order.isFulfilled || order.cancelledAt !== undefined ? undefined : unfulfilledReason(order, rules);
}

function unfulfilledReason({ isPartlyFulfilled }: Order, { bookWhen }: Rules): string | undefined {
  if (bookWhen === 'partly_fulfilled' && isPartlyFulfilled !== true) {
    return 'Waits to be booked until a part of it is fulfilled';
  }
  return bookWhen === 'fulfilled' ? 'Waits to be booked until it is fulfilled' : undefined;
}

/** Why an order is not booked as it stands, or not yet. */
export function skipReason(order: Order, rules: Rules): string | undefined {
  if (order.isTest && rules.skipTestOrders) {
    return 'Test order of the shop';
  }
  const isUnpaid = order.cash.state === 'known' && money.isZero(order.cash.received);
  if (order.cancelledAt !== undefined && isUnpaid) {
    return 'Cancelled before it was booked and before anything was paid';
  }
  // Less than nothing where a drawer had rounded the cash down and the sale was then edited to 0.00: no invoice holds that.
  const isFree = money.compare(order.total, money.zero(order.currency)) <= 0 && order.doubt === undefined;
  if (isFree && rules.skipZeroTotals) {
    return 'Nothing was charged: a 0.00 invoice would turn overdue';
  }
  if (isChannelsAlone(order) && rules.skipZeroTotals) {
    return 'Nothing was charged but tax that the channel remits: a 0.00 invoice would turn overdue';
  }
  return rules.bookWhen === 'paid' ? unpaidReason(order) : undefined;
}

/** Of goods for nothing the buyer may still pay the tax. */
function isChannelsAlone(order: Order): boolean {
  return (
    !money.isZero(order.total) && money.equal(order.total, channelTaxOf(order)) && order.doubt === undefined
  );
}

/** By the rule to book once it is paid. Nothing where the cash is not known: then the shop or a person is asked. */
function unpaidReason({ cash, total, currentTotal }: Order): string | undefined {
  if (cash.state !== 'known') {
    return undefined;
  }
  // Lowered by an edit before it was paid, the order is paid by less than was first charged, but never by nothing.
  const owed = money.minimum(total, currentTotal);
  const isPaid =
    money.compare(cash.received, owed) >= 0 && (!money.isZero(cash.received) || money.isZero(total));
  return isPaid
    ? undefined
    : `Waits to be booked until it is paid: ${money.show(cash.received)} of ${money.show(total)} received`;
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

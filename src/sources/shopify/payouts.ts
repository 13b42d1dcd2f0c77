import { add, allocate, isZero, minimum, subtract, zero } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Payout } from '#core/order.ts';
import { amountsOf } from './amounts.ts';
import type { Amounts } from './amounts.ts';
import { amountOf, gatewaysOf, isPayout, isReceipt, movedAt } from './cash.ts';
import type { OrderPayload, RefundPayload } from './payload.ts';
import { UnreadableReturn } from './returns.ts';
import type { RefundContext } from './returns.ts';

/** The money of refunds: what went back the way that it came, and what became credit at the shop. */

/** Throws where money went back and is not shown in the order's currency: without it a refund would look like an edit. */
export function readPayouts(refund: RefundPayload, context: RefundContext): Payout[] {
  const done = refund.transactions.filter((each) => isPayout(each, context.order));
  if (done.some((each) => amountOf(each, context.sale.amounts) === undefined)) {
    throw new UnreadableReturn(`The money of refund ${refund.id} is not shown in the order’s currency`);
  }
  return payoutsOf(refund, context);
}

/** Only transactions that succeeded are money; those that can be read on this side. */
export function payoutsOf(refund: RefundPayload, context: RefundContext): Payout[] {
  const { order, sale } = context;
  const refills = refillsOf(context);
  return refund.transactions
    .filter((transaction) => isPayout(transaction, order))
    .flatMap((transaction) => {
      const amount = amountOf(transaction, sale.amounts);
      if (amount === undefined) {
        return [];
      }
      const { gateway } = transaction;
      const refill = refills.get(transaction.id) ?? amount;
      const payout = {
        at: (transaction.processed_at ?? transaction.created_at ?? refund.created_at)?.at ?? sale.placedAt,
        gateway: gateway === '' ? 'unknown' : gateway,
        transactionId: transaction.id,
      };
      return [
        { ...payout, amount: refill, to: 'money' as const },
        { ...payout, amount: subtract(amount, refill), to: 'store-credit' as const },
      ].filter((part) => !isZero(part.amount));
    });
}

const STORE_CREDIT = /gift.?card|store.?credit/i;

/**
 * How much of each payout onto a gift card or credit refills what that has paid, by the transaction's id: that is money back the way
 * it came, and what goes beyond is new credit. A message that does not show who paid how much tells only whether it took part.
 */
function refillsOf({ order, sale }: RefundContext): ReadonlyMap<string, Money> {
  const amounts = exactOf(order, sale.amounts);
  const left = receivedBy(order, amounts);
  const refills = new Map<string, Money>();
  const payouts = order.refunds
    .flatMap(({ transactions }) => transactions)
    .filter((each) => isPayout(each, order) && STORE_CREDIT.test(each.gateway))
    .toSorted((a, b) => movedAt(a) - movedAt(b));
  for (const payout of payouts) {
    const amount = amountOf(payout, amounts);
    if (amount === undefined) {
      continue;
    }
    const open = left?.get(payout.gateway) ?? zero(amounts.currency);
    const isUntold = left === undefined && gatewaysOf(order).includes(payout.gateway);
    const refill = isUntold ? amount : minimum(open, amount);
    left?.set(payout.gateway, subtract(open, refill));
    const own = amountOf(payout, sale.amounts);
    const isCredit = !isUntold && isZero(open);
    // So little that it is nothing on the buyer's side is all of it one or the other.
    const [part] =
      own === undefined
        ? []
        : isZero(amount)
          ? [isCredit ? zero(own.currency) : own]
          : allocate(own, [refill.minor, amount.minor - refill.minor]);
    if (part !== undefined) {
      refills.set(payout.id, part);
    }
  }
  return refills;
}

/** What was paid and what goes back are of one rate on the buyer's side alone; the chosen side where that is not shown. */
function exactOf(order: OrderPayload, chosen: Amounts): Amounts {
  const buyers = amountsOf(order, 'presentment');
  const all = [...(order.transactions ?? []), ...order.refunds.flatMap(({ transactions }) => transactions)];
  return all.every((each) => amountOf(each, buyers) !== undefined) ? buyers : chosen;
}

/** What each gateway has received; nothing where the message shows no transactions. */
function receivedBy(order: OrderPayload, amounts: Amounts): Map<string, Money> | undefined {
  if (order.transactions === undefined || order.transactions === null) {
    return undefined;
  }
  const received = new Map<string, Money>();
  for (const transaction of order.transactions) {
    const { gateway } = transaction;
    const amount = amountOf(transaction, amounts);
    if (isReceipt(transaction, order) && amount !== undefined) {
      received.set(gateway, add(received.get(gateway) ?? zero(amounts.currency), amount));
    }
  }
  return received;
}

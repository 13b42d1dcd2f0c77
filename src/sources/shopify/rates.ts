import { add, equal, isNegative, isZero, subtract, sum } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { worthOf } from '#core/sale.ts';
import { counts } from './cash.ts';
import type { OrderPayload, RefundPayload, TransactionPayload } from './payload.ts';
import { CASH_ROUNDING } from './lines.ts';
import { differenceOf, readingsOf } from './refunds.ts';
import { UnreadableReturn, returnsOf } from './returns.ts';
import type { Reading, RefundContext } from './returns.ts';

/**
 * An order in another currency than the shop's. What the buyer pays and gets back is exact in his currency; into the shop's, Shopify
 * converts each transaction by the rate of its moment, and so otherwise than the order (docs/vendors/shopify.md 4.2). The books hold
 * the order's own figures: what the payout makes of it is no matter of the order (bookkeeping, "currency").
 */
export interface BothSides {
  readonly shop: RefundContext;
  readonly buyer: RefundContext;
}

/**
 * The order with transactions whose shop side adds up as the buyer's does: the last receipt of what was paid whole makes it up, and so
 * does the last payout of a refund. All else stays as Shopify shows it.
 */
export function atOrderRates(order: OrderPayload, sides: BothSides): OrderPayload {
  // Cash that a till rounds is of the shop's own currency.
  const isCash = sides.shop.lines.some(({ key }) => key === CASH_ROUNDING);
  if (order.transactions === undefined || order.transactions === null || isCash) {
    return order;
  }
  const made = new Map<string, Money>([
    ...wholeReceipts(order, order.transactions, sides),
    ...order.refunds.flatMap((refund, index) => wholePayouts(refund, index, sides)),
  ]);
  const told = (transaction: TransactionPayload): TransactionPayload => {
    const shop = made.get(transaction.id);
    return shop === undefined
      ? transaction
      : { ...transaction, amount_set: { ...transaction.amount_set, shop_money: shop } };
  };
  return {
    ...order,
    transactions: order.transactions.map(told),
    refunds: order.refunds.map((refund) => ({ ...refund, transactions: refund.transactions.map(told) })),
  };
}

type Made = readonly [id: string, shop: Money];

function wholeReceipts(
  order: OrderPayload,
  transactions: readonly TransactionPayload[],
  { shop, buyer }: BothSides,
): readonly Made[] {
  const receipts = transactions
    .filter((each) => counts(each, order) && (each.kind === 'sale' || each.kind === 'capture'))
    .toSorted((a, b) => timeOf(a) - timeOf(b));
  return asWhole(receipts, { of: buyer.sale.total, is: shop.sale.total });
}

/** What the refund gave back by the order's figures, where the buyer's side of it adds up by a reading that leaves no doubt. */
function wholePayouts(refund: RefundPayload, index: number, { shop, buyer }: BothSides): readonly Made[] {
  const payouts = refund.transactions.filter((each) => each.kind === 'refund' && counts(each, buyer.order));
  const wholes = readingsOf(buyer.order).flatMap((reading) => {
    const [of, is] = [buyer, shop].map((side) => givenBack(refund, index, { reading, side }));
    return of === undefined || is === undefined ? [] : asWhole(payouts, { of, is });
  });
  const [first, ...others] = wholes;
  return first !== undefined && others.every(([, amount]) => equal(amount, first[1])) ? [first] : [];
}

function givenBack(
  refund: RefundPayload,
  index: number,
  { reading, side }: { readonly reading: Reading; readonly side: RefundContext },
): Money | undefined {
  try {
    const returns = returnsOf(reading, side)[index] ?? [];
    const basis = { currency: side.sale.amounts.currency, pricesIncludeTax: side.order.taxes_included };
    return subtract(worthOf({ returns }, basis), differenceOf(refund, side));
  } catch (thrown) {
    if (thrown instanceof UnreadableReturn) {
      return undefined;
    }
    throw thrown;
  }
}

/** The last of those that come to `of` on the buyer's side, so that they come to `is` on the shop's. */
function asWhole(
  parts: readonly TransactionPayload[],
  { of, is }: { readonly of: Money; readonly is: Money },
): readonly Made[] {
  const shop = parts.flatMap(({ amount_set: set }) => set?.shop_money ?? []);
  const buyer = parts.flatMap(({ amount_set: set }) => set?.presentment_money ?? []);
  const [last, own] = [parts.at(-1), shop.at(-1)];
  const isShown = shop.length === parts.length && buyer.length === parts.length;
  const isOf = (amounts: readonly Money[], { currency }: Money): boolean =>
    amounts.every((amount) => amount.currency === currency);
  if (last === undefined || own === undefined || !isShown || !isOf(shop, is) || !isOf(buyer, of)) {
    return [];
  }
  const rest = add(own, subtract(is, sum(shop, is.currency)));
  const isRight = equal(sum(buyer, of.currency), of) && !isNegative(rest) && !isZero(rest);
  return isRight ? [[last.id, rest]] : [];
}

function timeOf({ processed_at: processed, created_at: created }: TransactionPayload): number {
  return (processed ?? created)?.at ?? 0;
}

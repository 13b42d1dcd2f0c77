import { add, compare, equal, isZero, subtract, sum, zero } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { worthOf } from '#core/sale.ts';
import { isPayout, isReceipt, movedAt } from './cash.ts';
import { CASH_ROUNDING } from './lines.ts';
import type { OrderPayload, RefundPayload, TransactionPayload } from './payload.ts';
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
 * The order with transactions whose shop side adds up as the buyer's does, where he paid it whole: a receipt makes it up, and so does the
 * last payout of each refund. All else stays as Shopify shows it.
 */
export function atOrderRates(order: OrderPayload, sides: BothSides): OrderPayload {
  const listed = listedIn(order, sides);
  if (listed === undefined) {
    return order;
  }
  const { shop, buyer } = sides;
  const paid = sumOf(listed.receipts, 'presentment_money', buyer.sale.total.currency);
  const isWhole = paid !== undefined && equal(paid, buyer.sale.total);
  // What an edit took off before anything was paid is no part of what is paid whole.
  const isRest =
    paid !== undefined &&
    listed.payouts.length === 0 &&
    buyer.currentTotal !== undefined &&
    equal(paid, buyer.currentTotal);
  const whole = isWhole ? shop.sale.total : isRest ? shop.currentTotal : undefined;
  if (paid === undefined || whole === undefined) {
    return order;
  }
  const made = new Map<string, Money>([
    ...asWhole(listed.receipts, { of: paid, is: whole }),
    ...(isWhole ? order.refunds.flatMap((refund, index) => wholePayouts(refund, index, sides)) : []),
  ]);
  const told = (transaction: TransactionPayload): TransactionPayload => {
    const amount = made.get(transaction.id);
    return amount === undefined
      ? transaction
      : { ...transaction, amount_set: { ...transaction.amount_set, shop_money: amount } };
  };
  return {
    ...order,
    transactions: order.transactions?.map(told),
    refunds: order.refunds.map((refund) => ({ ...refund, transactions: refund.transactions.map(told) })),
  };
}

/**
 * By how much the account with the buyer is open on the shop's side alone: on his side what came in less what went back is what the
 * order is worth now. Nothing where it is even, or open on both.
 */
export function openByRates(order: OrderPayload, sides: BothSides): Money | undefined {
  const listed = listedIn(order, sides);
  const [shop, buyer] = [
    openOn(listed, sides.shop, 'shop_money'),
    openOn(listed, sides.buyer, 'presentment_money'),
  ];
  return shop === undefined || buyer === undefined || isZero(shop) || !isZero(buyer) ? undefined : shop;
}

interface Listed {
  readonly receipts: readonly TransactionPayload[];
  readonly payouts: readonly TransactionPayload[];
}

/** Nothing where they are not shown, or a till has rounded them: cash is of the shop's own currency. */
function listedIn(order: OrderPayload, { shop }: BothSides): Listed | undefined {
  const { transactions } = order;
  if (
    transactions === undefined ||
    transactions === null ||
    shop.lines.some(({ key }) => key === CASH_ROUNDING)
  ) {
    return undefined;
  }
  return {
    receipts: transactions
      .filter((each) => isReceipt(each, order))
      .toSorted((a, b) => movedAt(a) - movedAt(b)),
    payouts: order.refunds.flatMap(({ transactions: own }) => own.filter((each) => isPayout(each, order))),
  };
}

type Side = 'shop_money' | 'presentment_money';

function openOn(
  listed: Listed | undefined,
  { sale, currentTotal }: RefundContext,
  side: Side,
): Money | undefined {
  const { currency } = sale.amounts;
  const [received, back] = [listed?.receipts, listed?.payouts].map((some) =>
    some === undefined ? undefined : sumOf(some, side, currency),
  );
  return received === undefined || back === undefined || currentTotal === undefined
    ? undefined
    : subtract(subtract(received, back), currentTotal);
}

/** Nothing where one is not shown in that currency. */
function sumOf(parts: readonly TransactionPayload[], side: Side, currency: string): Money | undefined {
  const amounts = parts.flatMap(({ amount_set: set }) => set?.[side] ?? []);
  const isShown = amounts.length === parts.length && amounts.every((amount) => amount.currency === currency);
  return isShown ? sum(amounts, currency) : undefined;
}

type Made = readonly [id: string, shop: Money];

/** What the refund gave back by the order's figures, where the buyer's side of it adds up by a reading that leaves no doubt. */
function wholePayouts(refund: RefundPayload, index: number, { shop, buyer }: BothSides): readonly Made[] {
  const payouts = refund.transactions.filter((each) => isPayout(each, buyer.order));
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

/** One of those that come to `of` on the buyer's side, with what makes them come to `is` on the shop's. */
function asWhole(
  parts: readonly TransactionPayload[],
  { of, is }: { readonly of: Money; readonly is: Money },
): readonly Made[] {
  const [shop, buyer] = [
    sumOf(parts, 'shop_money', is.currency),
    sumOf(parts, 'presentment_money', of.currency),
  ];
  if (shop === undefined || buyer === undefined || !equal(buyer, of)) {
    return [];
  }
  const missing = subtract(is, shop);
  const made = parts.flatMap(({ id, amount_set: set }): Made[] =>
    set?.shop_money === undefined || set.shop_money === null ? [] : [[id, add(set.shop_money, missing)]],
  );
  // The last, so that what came before stays as it was booked; where it is less than what is too much, the largest.
  const largest = made.toSorted(([, a], [, b]) => compare(b, a));
  return [...made.slice(-1), ...largest]
    .filter(([, rest]) => compare(rest, zero(is.currency)) > 0)
    .slice(0, 1);
}

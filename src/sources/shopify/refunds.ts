import type { Fact } from '#core/failure.ts';
import { toJson } from '#core/json.ts';
import { add, compare, equal, isNegative, isZero, negate, show, subtract, sum, zero } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf } from '#core/order.ts';
import type { Doubt, Refund, Return } from '#core/order.ts';
import { paidBack, worthOf } from '#core/sale.ts';
import { cashOf, counts, isPayout, roundingOf } from './cash.ts';
import { CASH_ROUNDING } from './lines.ts';
import type { OrderPayload, RefundPayload } from './payload.ts';
import { payoutsOf, readPayouts } from './payouts.ts';
import { UnreadableReturn, returnsOf } from './returns.ts';
import type { Reading, RefundContext } from './returns.ts';

/**
 * Refunds, edits that removed, and cancellations (docs/vendors/shopify.md 4.3, 4.4). What some of their fields mean is not
 * documented, so every reading is tried, and only one that fulfils the identities is taken:
 *
 *   paid back = worth of what was returned − differences       for each entry with money
 *   total now = total − worth of all that was returned         for the order
 */
export interface RefundsRead {
  readonly refunds: readonly Refund[];
  readonly doubt?: Doubt;
}

export function refundsOf(context: RefundContext): RefundsRead {
  const { order } = context;
  if (order.refunds.length === 0) {
    return { refunds: [] };
  }
  try {
    if (!isRoundingShown(context)) {
      return doubtful(context, 'were rounded at the till, and their transactions do not show it');
    }
    const read = readingsOf(order).map((reading) => readBy(reading, context));
    const plain = distinct(read.filter((refunds) => isRight(refunds, context)));
    const all = plain.length > 0 ? plain : distinct(read.flatMap((refunds) => asExchanges(refunds, context)));
    const narrow = all.length > 1 ? all.filter((refunds) => fitsLines(refunds, context)) : all;
    const [only, ...others] = narrow;
    return only !== undefined && others.length === 0 && !isPaidApart(only, context)
      ? { refunds: only }
      : doubtful(context, all.length === 0 ? 'do not add up' : 'can be read in more than one way');
  } catch (thrown) {
    if (thrown instanceof UnreadableReturn) {
      return { refunds: bare(context), doubt: { ask: askedOf(context), why: thrown.message, facts: [] } };
    }
    throw thrown;
  }
}

function distinct(read: readonly (readonly Refund[])[]): (readonly Refund[])[] {
  return [...new Map(read.map((refunds) => [toJson(refunds), refunds])).values()];
}

/**
 * Of an exchange for less only the rest goes back, and no difference tells what was kept for the goods that were sent instead
 * (docs/vendors/shopify.md 4.3); and money for what an edit took off before may come without any. So it was where just that makes
 * the account even by the order's own total: what came in less what went back is what the order is worth now.
 */
function asExchanges(refunds: readonly Refund[], context: RefundContext): (readonly Refund[])[] {
  const { order, sale, currentTotal } = context;
  const basis = basisOf(context);
  const cash = cashOf(order, sale);
  if (cash.state !== 'known' || currentTotal === undefined) {
    return [];
  }
  const netted = refunds.map((refund): Refund => {
    const kept = subtract(worthOf(refund, basis), paidBack(refund, basis.currency));
    const isNet = refund.payouts.length > 0 && isZero(refund.difference);
    return isNet ? { ...refund, difference: kept } : refund;
  });
  const back = sum(
    refunds.map((refund) => paidBack(refund, basis.currency)),
    basis.currency,
  );
  const rounded = order.refunds.map((refund) => roundedOf(refund, context));
  const worth = subtract(add(currentTotal, sale.rounding), sum(rounded, basis.currency));
  const isEven = equal(subtract(cash.received, back), worth);
  return isEven && isRight(netted, context) ? [netted] : [];
}

/**
 * Goods without any money, whose difference neutralises them as if money were under way, beside money that went back for
 * nothing: it may have been for them, and then they went back, or for something else, and then they did not.
 */
function isPaidApart(refunds: readonly Refund[], context: RefundContext): boolean {
  const basis = basisOf(context);
  const isNeutral = ({ id, returns, difference }: Refund): boolean =>
    returns.length > 0 &&
    !isZero(difference) &&
    equal(difference, worthOf({ returns }, basis)) &&
    context.order.refunds.some((refund) => refund.id === id && refund.transactions.length === 0);
  return refunds.some(isNeutral) && refunds.some(({ difference }) => isNegative(difference));
}

/** All that the fields could mean. Where tax is zero or on top, several say the same, which is no doubt. */
export function readingsOf(order: OrderPayload): Reading[] {
  const goods = order.taxes_included ? (['gross', 'net'] as const) : (['net'] as const);
  const readings: Reading[] = [];
  for (const goodsAre of goods) {
    for (const shippingIs of ['net', 'gross'] as const) {
      for (const extrasTaxes of ['stay', 'go back'] as const) {
        for (const rounding of ['apart', 'among the differences'] as const) {
          readings.push({ goodsAre, shippingIs, extrasTaxes, rounding });
        }
      }
    }
  }
  return readings;
}

function readBy(reading: Reading, context: RefundContext): Refund[] {
  const { order, sale } = context;
  const all = returnsOf(reading, context);
  return order.refunds
    .map((refund, index): Refund => {
      return {
        id: refund.id,
        at: (refund.processed_at ?? refund.created_at)?.at ?? sale.placedAt,
        returns: [
          ...(all[index] ?? []),
          ...(reading.rounding === 'apart' ? roundingBack(roundedOf(refund, context)) : []),
        ],
        difference: differenceOf(refund, context),
        payouts: readPayouts(refund, context),
        ...moneyState(refund, context),
      };
    })
    .sort((a, b) => a.at - b.at);
}

/** Of an edit it was never to go back; of a refund it may be under way, or have failed. */
function moneyState(
  { transactions }: RefundPayload,
  { order }: RefundContext,
): Pick<Refund, 'isPending' | 'isUnpaid'> {
  const own = transactions.filter(({ kind }) => kind === 'refund');
  const isUnpaid = own.length > 0 && !own.some((transaction) => counts(transaction, order));
  return {
    isPending: own.some(({ status }) => status === 'pending'),
    ...(isUnpaid ? { isUnpaid } : {}),
  };
}

/** On the line of what tills rounded: less that goes back (negative) is more that is kept. */
function roundingBack(rounded: Money): Return[] {
  return isZero(rounded) ? [] : [{ line: CASH_ROUNDING, quantity: 0, amount: rounded, taxes: [] }];
}

/** What tills put on what they gave back, or took off it (negative). */
function roundedOf({ transactions }: RefundPayload, { order, sale: { amounts } }: RefundContext): Money {
  const done = transactions.filter((each) => isPayout(each, order));
  return sum(
    done.map((each) => roundingOf(each, amounts)),
    amounts.currency,
  );
}

/** What the order says was rounded of all that went back is what its refunds show. */
function isRoundingShown(context: RefundContext): boolean {
  const { order, sale } = context;
  const total = sale.amounts.orZero({
    set: order.total_cash_rounding_refund_adjustment_set,
    path: 'total_cash_rounding_refund_adjustment',
  });
  const rounded = order.refunds.map((refund) => roundedOf(refund, context));
  return equal(sum(rounded, total.currency), total);
}

/** Refunded shipping may stand among the adjustments; it is a return and no difference. */
export function differenceOf(refund: RefundPayload, { sale: { amounts } }: RefundContext): Money {
  const real = refund.order_adjustments.filter(({ kind }) => kind !== 'shipping_refund');
  return sum(
    real.map(({ amount, amount_set: set, tax_amount: tax, tax_amount_set: taxSet }) =>
      add(
        needed(amounts.read({ set, plain: amount, path: 'order_adjustments.amount' }), refund),
        amounts.orZero({ set: taxSet, plain: tax, path: 'order_adjustments.tax_amount' }),
      ),
    ),
    amounts.currency,
  );
}

function needed(amount: Money | undefined, refund: RefundPayload): Money {
  if (amount === undefined) {
    throw new UnreadableReturn(`Refund ${refund.id} is not shown in the order’s currency`);
  }
  return amount;
}

function isRight(refunds: readonly Refund[], context: RefundContext): boolean {
  const basis = basisOf(context);
  const { currentTotal, sale } = context;
  // The totals of the order know nothing of tills.
  const goods = refunds.flatMap(({ returns }) => returns).filter(({ line }) => line !== CASH_ROUNDING);
  const worth = worthOf({ returns: goods }, basis);
  const left = subtract(sale.total, worth);
  const amounts = refunds.map((refund) => refund.difference).filter(isNegative);
  // Whether an amount that went back without lines lowers the total is not documented: both are seen through.
  const nows = [left, add(left, sum(amounts, basis.currency))];
  const isNow = currentTotal === undefined || nows.some((now) => equal(now, currentTotal));
  return (
    isNow &&
    refunds.every((refund) => {
      const back = paidBack(refund, basis.currency);
      const isRemoval = isZero(refund.difference) && isZero(back);
      return isRemoval || equal(back, subtract(worthOf(refund, basis), refund.difference));
    })
  );
}

/** Of several readings: no line gave back more than was charged for it, and one of which every unit went, all of that. */
function fitsLines(refunds: readonly Refund[], { lines, sale }: RefundContext): boolean {
  const returns = refunds.flatMap((refund) => refund.returns);
  return lines.every((line) => {
    if (line.key === CASH_ROUNDING) {
      return true;
    }
    const own = returns.filter((part) => part.line === line.key);
    const back = sum(
      own.map((part) => part.amount),
      sale.amounts.currency,
    );
    const charged = subtract(grossOf(line), discountOf(line));
    const units = own.reduce((count, part) => count + part.quantity, 0);
    return units === line.quantity ? equal(back, charged) : compare(back, charged) <= 0;
  });
}

function basisOf({ order, sale }: RefundContext): { currency: string; pricesIncludeTax: boolean } {
  return { currency: sale.amounts.currency, pricesIncludeTax: order.taxes_included };
}

function doubtful(context: RefundContext, problem: string): RefundsRead {
  const [reading] = readingsOf(context.order);
  const refunds = reading === undefined ? [] : readBy(reading, context);
  const basis = basisOf(context);
  const facts = refunds.flatMap((refund): Fact[] => [
    { name: `Refund ${refund.id}: returned`, value: show(worthOf(refund, basis)) },
    { name: `Refund ${refund.id}: differences`, value: show(negate(refund.difference)) },
    { name: `Refund ${refund.id}: paid back`, value: show(paidBack(refund, basis.currency)) },
  ]);
  const now = context.currentTotal === undefined ? 'not shown' : show(context.currentTotal);
  return {
    refunds: bare(context),
    doubt: {
      ask: askedOf(context),
      why: `Its refunds ${problem}`,
      facts: [
        { name: 'Total', value: show(context.sale.total) },
        { name: 'Total as it is now', value: now },
        ...facts,
      ],
    },
  };
}

/** Our own reading shows all that there is, and would show the same again; a message may leave out what went back. */
function askedOf({ order: { transactions } }: RefundContext): 'shop' | 'person' {
  return transactions === undefined || transactions === null ? 'shop' : 'person';
}

/** What is certain of them: the money. */
function bare(context: RefundContext): Refund[] {
  const none = zero(context.sale.amounts.currency);
  return context.order.refunds.map((refund) => ({
    id: refund.id,
    at: (refund.processed_at ?? refund.created_at)?.at ?? context.sale.placedAt,
    returns: [],
    difference: none,
    payouts: payoutsOf(refund, context),
    ...moneyState(refund, context),
  }));
}

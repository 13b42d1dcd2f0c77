import * as money from './money.ts';
import type { Money } from './money.ts';
import { channelTaxOf, discountOf, grossOf, totalByLines } from './order.ts';
import type { Discount, Order, OrderLine, Payout, Refund, Return } from './order.ts';

/** What is left of an order: its lines without what went back, and what its refunds are worth. */

/** Stands on what a refund took off a line whose units stay. */
const PART_REFUNDED = 'Refund';

/** What was returned, as it was charged: with tax, whether prices include it or not. */
export function worthOf(
  { returns }: Pick<Refund, 'returns'>,
  order: Pick<Order, 'currency' | 'pricesIncludeTax'>,
): Money {
  const amounts = returns.map((part) => part.amount);
  const taxes = order.pricesIncludeTax ? [] : returns.flatMap((part) => part.taxes);
  return money.sum([...amounts, ...taxes], order.currency);
}

export function paidBack({ payouts }: Refund, currency: string): Money {
  return money.sum(
    payouts.map((payout) => payout.amount),
    currency,
  );
}

/** When the last of its money went. */
export function paidAt({ payouts, at }: Refund): Refund['at'] {
  return (
    payouts.reduce<Refund['at'] | undefined>(
      (last, payout) => (last === undefined || payout.at > last ? payout.at : last),
      undefined,
    ) ?? at
  );
}

/**
 * Whether a refund changes anything: one of which some money is still under way, or none succeeded, counts as if it were not
 * there; so it is booked whole, with all of its tax, or not. Without money, only units that left the order count, unless a
 * difference neutralises them.
 */
export function isEffective(refund: Refund, order: Pick<Order, 'currency' | 'pricesIncludeTax'>): boolean {
  const { payouts, returns, isPending, isUnpaid } = refund;
  if (isPending) {
    return false;
  }
  const difference = wholeDifference(refund);
  return (
    refund.isExchange === true ||
    payouts.length > 0 ||
    (returns.length > 0 &&
      isUnpaid !== true &&
      (money.isZero(difference) || !money.equal(difference, worthOf(refund, order))))
  );
}

/** Units left the order without any money, by an edit or because nobody had paid. */
export function isRemoval({ payouts, returns, difference }: Refund): boolean {
  return payouts.length === 0 && returns.length > 0 && money.isZero(difference);
}

/** As the channel tells it. */
export function wholeDifference({ difference, settled }: Refund): Money {
  return settled === undefined ? difference : money.add(difference, settled);
}

/**
 * What a refund takes off what the order is worth to the merchant: the money that went back, without what only settled the
 * account, and without tax that the channel remits, which is the channel's.
 */
export function merchantPart(refund: Refund, order: Order): Money {
  const returned = returnedLines(order, refund);
  const tax = channelTaxOf({ lines: returned, currency: order.currency });
  const settled = refund.settled ?? money.zero(order.currency);
  return money.subtract(money.add(paidBack(refund, order.currency), settled), tax);
}

/** Of what a refund keeps of its lines' worth, what only takes back what earlier ones had given beyond theirs. */
export function takenBack(id: string, order: Order): Money {
  const zero = money.zero(order.currency);
  let given = zero;
  for (const refund of order.refunds.filter((other) => isEffective(other, order))) {
    const back = money.minimum(given, money.atLeastZero(refund.difference));
    if (refund.id === id) {
      return back;
    }
    given = money.subtract(money.subtract(given, back), money.minimum(zero, refund.difference));
  }
  return zero;
}

/** The merchant's own money that stayed: without what these refunds paid back, and without the channel's taxes. */
export function keptOf(order: Order, received: Money, refunds: readonly Refund[]): Money {
  const back = money.sum(
    refunds.map((refund) => paidBack(refund, order.currency)),
    order.currency,
  );
  const left = money.subtract(received, back);
  const remitted = channelTaxOf({ lines: linesWithout(order, refunds), currency: order.currency });
  return money.subtract(left, money.minimum(remitted, money.atLeastZero(left)));
}

/** Nothing is owed any more: cancelled, voided or run out, and no money was kept. */
export function isGone(order: Order): boolean {
  return (order.cancelledAt !== undefined || order.isVoided) && isPaidBack(order);
}

/** It is told what was received, and none of it stayed with the shop. */
export function isPaidBack({ cash, refunds, currency }: Order): boolean {
  const back = refunds.map((refund) => paidBack(refund, currency));
  return cash.state === 'known' && money.equal(cash.received, money.sum(back, currency));
}

/**
 * What the order is worth to the merchant now: its lines without what went back, with what refunds kept or gave beyond them,
 * and without the tax that the channel remits. Of an order whose account is struck (`balanced`).
 */
export function worthNow(order: Order): Money {
  const effective = order.refunds.filter((refund) => isEffective(refund, order));
  const lines = linesWithout(order, effective);
  const differences = effective.map((refund) => refund.difference);
  const left = money.sum([totalByLines({ ...order, lines }), ...differences], order.currency);
  return money.subtract(left, channelTaxOf({ lines, currency: order.currency }));
}

/** Where all of it went, or that it went both ways. */
export function destinationOf({ payouts }: Refund): Payout['to'] | 'both' | 'nowhere' {
  const [first, ...others] = payouts.map((payout) => payout.to);
  if (first === undefined) {
    return 'nowhere';
  }
  return others.every((to) => to === first) ? first : 'both';
}

/** The lines as charged, without what these refunds took off them. */
export function linesWithout(order: Order, refunds: readonly Refund[]): readonly OrderLine[] {
  const returns = new Map<string, Return[]>();
  for (const part of refunds.flatMap((refund) => refund.returns)) {
    returns.set(part.line, [...(returns.get(part.line) ?? []), part]);
  }
  return returns.size === 0
    ? order.lines
    : order.lines.map((line) => (returns.get(line.key) ?? []).reduce(lessened, line));
}

/** What one refund took back, as lines of its own. */
export function returnedLines(order: Order, refund: Refund): readonly OrderLine[] {
  return refund.returns.flatMap((part) => {
    const line = order.lines.find((candidate) => candidate.key === part.line);
    return line === undefined ? [] : [returnedLine(line, part)];
  });
}

function returnedLine(line: OrderLine, part: Return): OrderLine {
  // A part of an amount is one piece; whole units keep their price.
  const base =
    part.quantity === 0
      ? { ...line, quantity: 1, unitPrice: part.amount, discounts: [] }
      : { ...line, quantity: part.quantity };
  const off = money.subtract(grossOf(base), part.amount);
  return {
    ...base,
    discounts: money.isZero(off) ? [] : shared(line.discounts, off),
    taxes: line.taxes.map((tax, index) => ({ ...tax, amount: part.taxes[index] ?? zeroOf(line) })),
  };
}

/** The line without what one return takes off it. */
export function lessened(line: OrderLine, part: Return): OrderLine {
  const units = money.multiply(line.unitPrice, part.quantity);
  const left = money.subtract(discountOf(line), money.subtract(units, part.amount));
  return {
    ...line,
    quantity: line.quantity - part.quantity,
    discounts: money.isZero(left) ? [] : shared(line.discounts, left),
    taxes: line.taxes.map((tax, index) => ({
      ...tax,
      amount: money.subtract(tax.amount, part.taxes[index] ?? zeroOf(line)),
    })),
  };
}

/** A changed sum of discounts over those that there were, in their proportion. */
function shared(discounts: readonly Discount[], whole: Money): Discount[] {
  const weights = discounts.map((discount) => discount.amount.minor);
  const isSplit = weights.some((weight) => weight > 0n) && weights.every((weight) => weight >= 0n);
  if (!isSplit) {
    return [{ label: discounts[0]?.label ?? PART_REFUNDED, amount: whole }];
  }
  const parts = money.allocate(whole, weights);
  return discounts
    .map(({ label }, index) => ({ label, amount: parts[index] ?? money.zero(whole.currency) }))
    .filter((discount) => !money.isZero(discount.amount));
}

function zeroOf(line: OrderLine): Money {
  return money.zero(line.unitPrice.currency);
}

/** Nothing is left on it: no unit, no discount, no tax. */
export function isSpent(line: OrderLine): boolean {
  return (
    line.quantity === 0 &&
    money.isZero(discountOf(line)) &&
    line.taxes.every((tax) => money.isZero(tax.amount))
  );
}

import { bagOf, isZero, minus, plus, sumOf, times, ZERO } from './money.ts';
import type { Bag } from './money.ts';
import type { Line, Refund, ShippingLine, TaxLine, Transaction, WorldOrder } from './order.ts';

type FinancialStatus =
  | 'authorized'
  | 'expired'
  | 'paid'
  | 'partially_paid'
  | 'partially_refunded'
  | 'pending'
  | 'refunded'
  | 'voided';

/** Every figure that Shopify shows about an order and that follows from its parts (vendors/shopify.md 4.1, 4.3). */
export interface Figures {
  readonly lines: Bag;
  readonly subtotal: Bag;
  readonly discounts: Bag;
  readonly shipping: Bag;
  readonly tax: Bag;
  readonly taxes: readonly TaxLine[];
  readonly duties: Bag;
  readonly fees: Bag;
  readonly total: Bag;
  readonly current: {
    readonly subtotal: Bag;
    readonly discounts: Bag;
    readonly shipping: Bag;
    readonly tax: Bag;
    readonly duties: Bag;
    readonly fees: Bag;
    readonly total: Bag;
    readonly taxes: readonly TaxLine[];
  };
  readonly received: Bag;
  readonly refunded: Bag;
  readonly outstanding: Bag;
  readonly capturable: Bag;
  readonly status: FinancialStatus;
}

export function figuresOf(order: WorldOrder): Figures {
  const sold = soldFigures(order);
  const current = currentFigures(order, sold);
  const money = moneyOf(order);
  const unpaid = order.refunds.filter((refund) => isUnpaid(order, refund));
  const due = plus(current.total, sumOf(unpaid.map(besideOf)));
  const open = openOf(order, sold, money);
  // Orders that are only authorized show 0.00 outstanding in public samples 02 and 11-13, and as a shop showed it: what is authorized
  // is not outstanding, whatever else was received.
  const isWaiting = !order.isAuthorizationExpired && money.capturable.shop > 0n;
  return {
    ...sold,
    current,
    received: money.received,
    refunded: money.refunded,
    capturable: money.capturable,
    outstanding: isWaiting ? minus(open, money.capturable) : open,
    status: statusOf(order, money, due),
  };
}

/** The lines of such a refund are neutralised by its adjustments until money moves. */
function isUnpaid(order: WorldOrder, { transactionIds }: Refund): boolean {
  const own = order.transactions.filter(({ id }) => transactionIds.includes(id));
  return own.length > 0 && !own.some(({ status }) => status === 'success');
}

function besideOf({ adjustments }: Refund): Bag {
  return sumOf(adjustments.map((entry) => entry.amount));
}

/**
 * What the buyer owes once refunds gave and kept what they did. What one pays beyond its lines settles first what he had paid too
 * much then, what it keeps first what he owed; and what one gave or kept, or all of them, settles where just that makes the account
 * even (how the shop itself counts is not verifiable offline).
 */
function openOf(order: WorldOrder, sold: Sold, money: Money): Bag {
  return bagOf((side) => {
    const parts: bigint[] = [];
    let owed = sold.total[side] - money.received[side];
    for (const refund of order.refunds.filter((each) => !isUnpaid(order, each))) {
      const difference = besideOf(refund)[side];
      const settled =
        refund.transactionIds.length === 0 && difference === 0n
          ? currentFigures({ ...order, refunds: [refund] }, sold).total[side] - sold.total[side]
          : within(-difference, -owed);
      if (refund.transactionIds.length > 0 || difference !== 0n) parts.push(-difference - settled);
      owed += settled;
    }
    const rest = parts.filter((part) => part < 0n === owed > 0n).reduce((total, part) => total + part, 0n);
    return rest === -owed || parts.includes(-owed) ? 0n : owed;
  });
}

/** As much of an amount as another of the same sign holds. */
function within(amount: bigint, limit: bigint): bigint {
  if (amount > 0n) return limit <= 0n ? 0n : amount < limit ? amount : limit;
  return limit >= 0n ? 0n : amount > limit ? amount : limit;
}

type Sold = Pick<
  Figures,
  'lines' | 'subtotal' | 'discounts' | 'shipping' | 'tax' | 'taxes' | 'duties' | 'fees' | 'total'
>;

function soldFigures(order: WorldOrder): Sold {
  const goods = order.lines.filter((line) => line.kind !== 'tip');
  const lines = sumOf(goods.map((line) => times(line.price, line.quantity)));
  const lineDiscounts = sumOf(goods.map(discountOf));
  // Shipping that an edit removed went back by a refund entry, as removed goods do (shopify.dev changelog of 2024-07-18).
  const shipping = sumOf(order.shipping.map((line) => line.price));
  const shippingDiscounts = sumOf(order.shipping.map(discountOf));
  const taxes = groupTaxes([...order.lines, ...order.shipping].flatMap((line) => line.taxes));
  const tax = sumOf(taxes.map((line) => line.amount));
  const duties = sumOf(order.lines.flatMap((line) => line.duties.map((duty) => duty.amount)));
  const fees = sumOf(order.fees.map((fee) => fee.amount));
  const subtotal = minus(lines, lineDiscounts);
  const total = sumOf([
    subtotal,
    minus(shipping, shippingDiscounts),
    order.taxesIncluded ? ZERO : tax,
    order.tip,
    duties,
    fees,
  ]);
  return {
    lines,
    subtotal,
    discounts: plus(lineDiscounts, shippingDiscounts),
    shipping,
    tax,
    taxes,
    duties,
    fees,
    total,
  };
}

function currentFigures(order: WorldOrder, sold: Sold): Figures['current'] {
  const lines = order.refunds.flatMap((refund) => refund.lines);
  const shipping = order.refunds.flatMap((refund) => refund.shipping);
  const goods = sumOf(lines.filter((line) => !isTip(order, line.lineId)).map((line) => line.subtotal));
  const tips = sumOf(lines.filter((line) => isTip(order, line.lineId)).map((line) => line.subtotal));
  const duties = sumOf(order.refunds.map((refund) => refund.duties));
  const fees = sumOf(order.refunds.map((refund) => refund.fees));
  const shippingAmount = sumOf(shipping.map((line) => line.amount));
  const tax = sumOf([...lines, ...shipping].map((line) => line.tax));
  const shippingNow = minus(
    sumOf(order.shipping.map((line) => minus(line.price, discountOf(line)))),
    shippingAmount,
  );
  return {
    subtotal: minus(sold.subtotal, goods),
    discounts: minus(sold.discounts, sumOf(lines.map((line) => line.discount))),
    shipping: shippingNow,
    tax: minus(sold.tax, tax),
    duties: minus(sold.duties, duties),
    fees: minus(sold.fees, fees),
    total: minus(
      sold.total,
      sumOf([goods, tips, shippingAmount, order.taxesIncluded ? ZERO : tax, duties, fees]),
    ),
    taxes: groupTaxes([
      ...[...order.lines, ...order.shipping].flatMap((line) => line.taxes),
      ...order.refunds.flatMap((refund) => negatedTaxes(order, refund)),
    ]),
  };
}

function isTip(order: WorldOrder, lineId: bigint): boolean {
  return order.lines.some((line) => line.id === lineId && line.kind === 'tip');
}

function negatedTaxes(order: WorldOrder, refund: Refund): TaxLine[] {
  const fromLines = refund.lines.flatMap((entry) => {
    const line = order.lines.find((candidate) => candidate.id === entry.lineId);
    return (line?.taxes ?? []).map((tax, index) => negated(tax, entry.taxes[index]));
  });
  const fromShipping = refund.shipping.flatMap((entry) => {
    const line = order.shipping.find((candidate) => candidate.id === entry.shippingLineId);
    return (line?.taxes ?? []).map((tax, index) => negated(tax, entry.taxes[index]));
  });
  return [...fromLines, ...fromShipping];
}

function negated(tax: TaxLine, amount: Bag | undefined): TaxLine {
  return { ...tax, amount: minus(ZERO, amount ?? ZERO) };
}

/** Order-level tax lines: one per title, rate and who remits it, in order of first appearance. */
function groupTaxes(taxes: readonly TaxLine[]): TaxLine[] {
  const groups = new Map<string, TaxLine>();
  for (const tax of taxes) {
    const key = `${tax.title}\n${tax.ratePpm}\n${tax.channelLiable}`;
    const known = groups.get(key);
    groups.set(key, known === undefined ? tax : { ...known, amount: plus(known.amount, tax.amount) });
  }
  return [...groups.values()];
}

export function discountOf(line: Line | ShippingLine): Bag {
  return sumOf(line.allocations.map((allocation) => allocation.amount));
}

export function refundedQuantity(order: WorldOrder, lineId: bigint): number {
  return order.refunds
    .flatMap((refund) => refund.lines)
    .filter((line) => line.lineId === lineId)
    .reduce((sum, line) => sum + line.quantity, 0);
}

export function currentQuantity(order: WorldOrder, line: Line): number {
  return line.quantity - refundedQuantity(order, line.id);
}

interface Money {
  readonly received: Bag;
  readonly refunded: Bag;
  readonly capturable: Bag;
}

function moneyOf(order: WorldOrder): Money {
  const done = order.transactions.filter((entry) => entry.status === 'success');
  const receipts = done.filter((entry) => entry.kind === 'sale' || entry.kind === 'capture');
  const received = sumOf(receipts.map((entry) => entry.amount));
  return {
    received,
    refunded: sumOf(done.filter((entry) => entry.kind === 'refund').map((entry) => entry.amount)),
    capturable: sumOf(
      done.filter((entry) => entry.kind === 'authorization').map((entry) => openPart(entry, done)),
    ),
  };
}

/** What tills put on payments of these kinds that came about, or took off them. */
export function roundedOf(order: WorldOrder, kinds: readonly Transaction['kind'][]): Bag {
  const done = order.transactions.filter(({ kind, status }) => status === 'success' && kinds.includes(kind));
  return sumOf(done.map((entry) => entry.rounding));
}

/** What is left to capture of an authorization; nothing once it was voided. */
export function openPart(authorization: Transaction, done: readonly Transaction[]): Bag {
  const children = done.filter((entry) => entry.parentId === authorization.id && entry.status === 'success');
  if (children.some((entry) => entry.kind === 'void')) return ZERO;
  const captured = sumOf(children.filter((entry) => entry.kind === 'capture').map((entry) => entry.amount));
  return minus(authorization.amount, captured);
}

function statusOf(order: WorldOrder, money: Money, due: Bag): FinancialStatus {
  if (money.refunded.shop > 0n) {
    return money.refunded.shop >= money.received.shop ? 'refunded' : 'partially_refunded';
  }
  if (order.statedStatus !== null) return order.statedStatus;
  if (money.received.shop > 0n) return money.received.shop >= due.shop ? 'paid' : 'partially_paid';
  const hasVoid = order.transactions.some((entry) => entry.kind === 'void' && entry.status === 'success');
  if (hasVoid || (order.cancelled !== null && money.capturable.shop === 0n && !isZero(order.originalTotal))) {
    return 'voided';
  }
  if (money.capturable.shop > 0n) return order.isAuthorizationExpired ? 'expired' : 'authorized';
  return isZero(soldFigures(order).total) ? 'paid' : 'pending';
}

/** The part of an amount that `quantity` further units carry when `before` of `whole` went already; the last takes the rest. */
export function unitShare(amount: Bag, units: { before: number; quantity: number; whole: number }): Bag {
  const upTo = (count: number): Bag =>
    bagOf((side) => (amount[side] * BigInt(count) * 2n + BigInt(units.whole)) / (BigInt(units.whole) * 2n));
  return minus(upTo(units.before + units.quantity), upTo(units.before));
}

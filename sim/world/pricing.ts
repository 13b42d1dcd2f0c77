import { bagOf, handOut, minus, scaleHalfUp, splitByWeight, sumOf, times, ZERO } from './money.ts';
import type { Bag, Side } from './money.ts';
import type { Allocation, Discount, Line, ShippingLine, TaxLine } from './order.ts';

export interface TaxRule {
  readonly title: string;
  readonly ratePpm: bigint;
  readonly channelLiable?: boolean;
}

/** A line that has a price but no discounts and taxes yet. */
export interface UnpricedLine extends Omit<Line, 'allocations' | 'taxes'> {
  readonly rules: readonly TaxRule[];
}

export interface UnpricedShipping extends Omit<ShippingLine, 'allocations' | 'taxes'> {
  readonly rules: readonly TaxRule[];
}

/** A discount and the lines it is for: their indexes, or every line that may be discounted. */
export interface Deal {
  readonly discount: Discount;
  readonly lines: readonly number[] | 'all';
}

export interface Basket {
  readonly taxesIncluded: boolean;
  readonly lines: readonly UnpricedLine[];
  readonly shipping: readonly UnpricedShipping[];
  readonly deals: readonly Deal[];
}

export interface PricedBasket {
  readonly lines: readonly Line[];
  readonly shipping: readonly ShippingLine[];
  readonly discounts: readonly Discount[];
}

const PPM = 1_000_000n;

/** Hands discounts and taxes out over the lines of a basket the way Shopify does, on both currency sides. */
export function priceBasket(basket: Basket): PricedBasket {
  const lineAllocations = basket.lines.map((): Allocation[] => []);
  const shippingAllocations = basket.shipping.map((): Allocation[] => []);
  for (const [index, deal] of basket.deals.entries()) {
    const forLines = deal.discount.target === 'line_item';
    const rows = forLines
      ? basket.lines.map((line, at) => ({
          open: minus(times(line.price, line.quantity), allocated(lineAllocations[at])),
          quantity: line.quantity,
          isEligible: isEligible(line, at, deal),
        }))
      : basket.shipping.map((line, at) => ({
          open: minus(line.price, allocated(shippingAllocations[at])),
          quantity: 1,
          isEligible: true,
        }));
    const amounts = discountAmounts(deal.discount, rows);
    for (const [at, row] of rows.entries()) {
      if (!row.isEligible || row.open.shop === 0n) continue;
      const target = forLines ? lineAllocations[at] : shippingAllocations[at];
      target?.push({ discount: index, amount: amounts[at] ?? ZERO });
    }
  }
  return {
    discounts: basket.deals.map((deal) => deal.discount),
    lines: taxLines(basket, lineAllocations),
    shipping: basket.shipping.map(({ rules, ...line }, at) => {
      const allocations = shippingAllocations[at] ?? [];
      const base = minus(line.price, allocated(allocations));
      return { ...line, allocations, taxes: standaloneTaxes(base, rules, basket.taxesIncluded) };
    }),
  };
}

/** Codes and order discounts pass gift cards and tips by. */
function isEligible(line: UnpricedLine, index: number, deal: Deal): boolean {
  if (line.kind === 'gift_card' || line.kind === 'tip') return false;
  return deal.lines === 'all' || deal.lines.includes(index);
}

function allocated(allocations: readonly Allocation[] | undefined): Bag {
  return sumOf((allocations ?? []).map((allocation) => allocation.amount));
}

interface DiscountRow {
  readonly open: Bag;
  readonly quantity: number;
  readonly isEligible: boolean;
}

function discountAmounts(discount: Discount, rows: readonly DiscountRow[]): Bag[] {
  const perSide = {
    shop: sideAmounts(discount, rows, 'shop'),
    presentment: sideAmounts(discount, rows, 'presentment'),
  };
  return rows.map((_, index) => bagOf((side) => perSide[side][index] ?? 0n));
}

/** Across: the total is rounded once and split by what is left of each line, remainder from the first. Each: line by line. */
function sideAmounts(discount: Discount, rows: readonly DiscountRow[], side: Side): bigint[] {
  const open = rows.map((row) => (row.isEligible ? row.open[side] : 0n));
  const { value } = discount;
  if (discount.allocation !== 'across') {
    return open.map((left, index) => {
      if (value.kind === 'percentage') return scaleHalfUp(left, value.hundredths, 10_000n);
      const wanted = value.amount[side] * BigInt(rows[index]?.quantity ?? 1);
      return wanted < left ? wanted : left;
    });
  }
  const whole = open.reduce((sum, left) => sum + left, 0n);
  const wanted =
    value.kind === 'percentage' ? scaleHalfUp(whole, value.hundredths, 10_000n) : value.amount[side];
  return splitByWeight(wanted < whole ? wanted : whole, open);
}

function taxLines(basket: Basket, allocations: readonly (readonly Allocation[])[]): Line[] {
  const taxes = orderTaxes(
    basket.lines.map((line, at) => ({
      base: minus(times(line.price, line.quantity), allocated(allocations[at])),
      quantity: line.quantity,
      rules: line.rules,
    })),
    basket.taxesIncluded,
  );
  return basket.lines.map((line, at) => ({
    ...withoutRules(line),
    allocations: allocations[at] ?? [],
    taxes: taxes[at] ?? [],
  }));
}

function withoutRules(line: UnpricedLine): Omit<Line, 'allocations' | 'taxes'> {
  const { rules: _rules, ...rest } = line;
  return rest;
}

export interface TaxedRow {
  /** Price times quantity less all discounts. */
  readonly base: Bag;
  readonly quantity: number;
  readonly rules: readonly TaxRule[];
}

/** The tax lines of every line of an order, tax by tax over all lines that carry it. */
export function orderTaxes(lines: readonly TaxedRow[], taxesIncluded: boolean): TaxLine[][] {
  const taxes = lines.map((): TaxLine[] => []);
  for (const rule of distinctRules(lines)) {
    const rows = lines.flatMap((line, at) =>
      has(line.rules, rule) ? [{ ...line, at, whole: divisor(line.rules, taxesIncluded) }] : [],
    );
    const perSide = {
      shop: taxAmounts(rule, rows, 'shop'),
      presentment: taxAmounts(rule, rows, 'presentment'),
    };
    for (const [position, row] of rows.entries()) {
      taxes[row.at]?.push(
        taxLine(
          rule,
          bagOf((side) => perSide[side][position] ?? 0n),
        ),
      );
    }
  }
  return taxes;
}

/** What a tax is a part of: the net (1) where tax comes on top, the gross (1 + all rates of the line) where it is inside. */
function divisor(rules: readonly TaxRule[], taxesIncluded: boolean): bigint {
  return taxesIncluded ? rules.reduce((sum, rule) => sum + rule.ratePpm, PPM) : PPM;
}

export interface TaxRow {
  readonly base: Bag;
  readonly quantity: number;
  /** Millionths that `base` stands for: 1 000 000 for a net base, more for one that contains tax. */
  readonly whole: bigint;
}

/**
 * One tax over the lines of an order. The total is rounded half up, every line gets the floor of *one unit's* tax times
 * its quantity, and the units left over are handed out one at a time, going round from the first taxed line. The public
 * order 1073459963 (129.99 × 1 and 19.99 × 2 at 6 % and 2.5 %: 7.81 + 2.39 and 3.26 + 0.99, vendors/shopify.md 4.2)
 * comes out only when the floor is taken per unit and the rest goes round more than once.
 */
export function taxAmounts(rule: TaxRule, rows: readonly TaxRow[], side: Side): bigint[] {
  let [numerator, denominator] = [0n, 1n];
  for (const row of rows) {
    numerator = numerator * row.whole + row.base[side] * rule.ratePpm * denominator;
    denominator *= row.whole;
  }
  const total = scaleHalfUp(1n, numerator, denominator);
  const parts = rows.map((row) => {
    const quantity = BigInt(row.quantity);
    return ((row.base[side] * rule.ratePpm) / (row.whole * quantity)) * quantity;
  });
  const left = total - parts.reduce((sum, part) => sum + part, 0n);
  if (left > 0n)
    handOut(
      left,
      parts,
      rows.map((row) => row.base[side] > 0n),
    );
  return parts;
}

/** Taxes of one base by itself: shipping, and lines that an edit adds. */
export function standaloneTaxes(base: Bag, rules: readonly TaxRule[], taxesIncluded: boolean): TaxLine[] {
  const whole = divisor(rules, taxesIncluded);
  return rules.map((rule) =>
    taxLine(
      rule,
      bagOf((side) => scaleHalfUp(base[side], rule.ratePpm, whole)),
    ),
  );
}

function taxLine(rule: TaxRule, amount: Bag): TaxLine {
  return { title: rule.title, ratePpm: rule.ratePpm, channelLiable: rule.channelLiable ?? false, amount };
}

function has(rules: readonly TaxRule[], wanted: TaxRule): boolean {
  return rules.some((rule) => isSame(rule, wanted));
}

function isSame(left: TaxRule, right: TaxRule): boolean {
  return (
    left.title === right.title &&
    left.ratePpm === right.ratePpm &&
    (left.channelLiable ?? false) === (right.channelLiable ?? false)
  );
}

function distinctRules(lines: readonly TaxedRow[]): TaxRule[] {
  const found: TaxRule[] = [];
  for (const rule of lines.flatMap((line) => line.rules)) {
    if (!has(found, rule)) found.push(rule);
  }
  return found;
}

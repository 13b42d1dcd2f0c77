import { add, compare, equal, isNegative, isZero, subtract, sum, zero } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { grossOf, totalByLines } from '#core/order.ts';
import type { Discount, OrderLine, Tax } from '#core/order.ts';
import { amountsOf } from './amounts.ts';
import type { Amounts, CurrencySide } from './amounts.ts';
import { malformed } from '#sources/fields.ts';
import { roundingOf } from './cash.ts';
import type { AllocationPayload, LinePayload, OrderPayload, ShippingPayload, TaxPayload } from './payload.ts';

/**
 * What was charged, line by line (docs/vendors/shopify.md 4.1, 4.2). Discounts come only from allocations and taxes only as
 * charged: nothing is computed, spread or evened out, so that an order that does not add up shows it in its sum.
 */
export function linesOf(order: OrderPayload, amounts: Amounts, isRemovedCounted = false): OrderLine[] {
  const goods = order.line_items.map((line, index) => ({ line, path: `line_items.${index}` }));
  const tips = goods.filter(({ line }) => isMarkedTip(line));
  const lines = [
    ...goods
      .filter(({ line }) => !isMarkedTip(line))
      .map(({ line, path }) => itemLine(line, path, { order, amounts })),
    ...order.shipping_lines.flatMap((line, index) =>
      line.is_removed && !isRemovedCounted ? [] : [shippingLine(line, index, { order, amounts })],
    ),
    ...tipLines(
      order,
      amounts,
      tips.map(({ line, path }) => grossOf(itemLine(line, path, { order, amounts }))),
    ),
    ...dutyLines(order, amounts),
    ...roundingLines(order, amounts),
  ];
  const all = [...lines, ...feeLines(order, amounts, lines)];
  assertKeysDiffer(order, all);
  return all;
}

/** What cash drawers add to or take from the total that is paid; the order itself is never rounded. */
export function cashRoundingOf(order: OrderPayload, amounts: Amounts): Money {
  return amounts.orZero({
    set: order.total_cash_rounding_payment_adjustment_set,
    path: 'total_cash_rounding_payment_adjustment',
  });
}

/**
 * GraphQL lists tips among the lines without any mark, and whether REST always marks them is not known. When the sum is wrong with
 * such lines and right without them, they are the tip that stands in the order as `tip` already.
 */
export function withoutUnmarkedTip(
  lines: readonly OrderLine[],
  { order, total }: { order: OrderPayload; total: Money },
): readonly OrderLine[] {
  const tip = lines.find((line) => line.key === 'tip');
  const sumOf = (some: readonly OrderLine[]): Money =>
    totalByLines({ lines: some, currency: total.currency, pricesIncludeTax: order.taxes_included });
  if (tip === undefined || equal(sumOf(lines), total)) {
    return lines;
  }
  const unshipped = order.line_items.filter((body) => !body.requires_shipping && body.sku === '');
  const candidates = lines.filter(
    ({ key, taxes }) =>
      unshipped.some((body) => key === `item:${body.id}`) && taxes.every(({ amount }) => isZero(amount)),
  );
  // A service may cost as much: the tip is called so where the shop speaks English, and comes last.
  const alike = candidates.filter((line) => equal(grossOf(line), tip.unitPrice));
  const one = alike.findLast(({ title }) => /^tip$/i.test(title.trim())) ?? alike.at(-1);
  // A tip left twice is two lines.
  const all = equal(sumOf(candidates), tip.unitPrice) ? candidates : [];
  const unmarked = one === undefined ? all : [one];
  const others = lines.filter((line) => !unmarked.includes(line));
  return equal(sumOf(others), total) ? others : lines;
}

/** Webhooks show the tip in the shop's currency, and in the buyer's only where the tip's line is marked: else it must be read. */
export function isTipHidden(order: OrderPayload, side: CurrencySide): boolean {
  const { hasOneCurrency } = amountsOf(order, side);
  const hasTip = /[1-9]/.test(order.total_tip_received ?? '');
  const isShown = isGiven(order.total_tip_received_set) || order.line_items.some(isMarkedTip);
  return side === 'presentment' && !hasOneCurrency && hasTip && !isShown;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

interface Context {
  readonly order: OrderPayload;
  readonly amounts: Amounts;
}

function isMarkedTip(line: LinePayload): boolean {
  return line.tip_payment_gateway !== '' || line.tip_payment_method !== '';
}

function itemLine(line: LinePayload, path: string, { order, amounts }: Context): OrderLine {
  const title = line.title === '' ? line.name : line.title;
  return {
    key: `item:${line.id}`,
    kind: line.gift_card ? 'gift-card' : 'item',
    title: title === '' ? 'Item without a title' : title,
    ...(line.variant_title === '' ? {} : { variant: line.variant_title }),
    ...(line.sku === '' ? {} : { sku: line.sku }),
    quantity: line.quantity,
    unitPrice: amounts.need({ set: line.price_set, plain: line.price, path: `${path}.price` }),
    discounts: discountsOf(line.discount_allocations, path, { order, amounts }),
    taxes: taxesOf(line.tax_lines, path, amounts),
  };
}

function shippingLine(line: ShippingPayload, index: number, { order, amounts }: Context): OrderLine {
  const path = `shipping_lines.${index}`;
  return {
    // Old bodies, as some public samples are, show shipping lines without an id.
    key: `shipping:${line.id ?? `line-${index + 1}`}`,
    kind: 'shipping',
    title: line.title === '' ? 'Shipping' : line.title,
    quantity: 1,
    unitPrice: amounts.need({ set: line.price_set, plain: line.price, path: `${path}.price` }),
    discounts: discountsOf(line.discount_allocations, path, { order, amounts }),
    taxes: taxesOf(line.tax_lines, path, amounts),
  };
}

/** The tip once, from the order's own field; bodies that lack it, or lack its currency, show it only in the tip's line. */
function tipLines(order: OrderPayload, amounts: Amounts, tips: readonly Money[]): OrderLine[] {
  const received = amounts.read({
    set: order.total_tip_received_set,
    plain: order.total_tip_received,
    path: 'total_tip_received',
  });
  return plainLine(received ?? sum(tips, amounts.currency), { key: 'tip', kind: 'tip', title: 'Tip' });
}

/** Duties that prices include are no lines of their own, but the taxes on them are charged within the price. */
function dutyLines(order: OrderPayload, amounts: Amounts): OrderLine[] {
  const lines = order.line_items.flatMap((line, index) =>
    line.duties.map((duty, position): OrderLine => {
      const path = `line_items.${index}.duties.${position}`;
      return {
        key: `duty:${duty.id ?? `${line.id}-${position + 1}`}`,
        kind: 'duty',
        title: 'Duties',
        quantity: 1,
        unitPrice: order.duties_included ? zero(amounts.currency) : amounts.need({ set: duty, path }),
        discounts: [],
        taxes: taxesOf(duty.tax_lines, path, amounts),
      };
    }),
  );
  if (lines.length > 0 || order.duties_included) {
    return lines.filter((line) => !isZero(line.unitPrice) || line.taxes.length > 0);
  }
  const total = amounts.orZero({ set: order.original_total_duties_set, path: 'original_total_duties' });
  return plainLine(total, { key: 'duty:total', kind: 'duty', title: 'Duties' });
}

/** It stands also where nothing but refunds was rounded, which takes off it; each of them, whatever they come to together. */
function roundingLines(order: OrderPayload, amounts: Amounts): OrderLine[] {
  const rounding = cashRoundingOf(order, amounts);
  const ofRefunds = amounts.orZero({
    set: order.total_cash_rounding_refund_adjustment_set,
    path: 'total_cash_rounding_refund_adjustment',
  });
  const each = order.refunds.flatMap(({ transactions }) =>
    transactions.map((transaction) => roundingOf(transaction, amounts)),
  );
  return [rounding, ofRefunds, ...each].every(isZero)
    ? []
    : [{ ...ROUNDING_LINE, quantity: 1, unitPrice: rounding, discounts: [], taxes: [] }];
}

/** Charged by the till, not by the order: a line of its own, so that invoice and cash agree. */
export const CASH_ROUNDING = 'cash-rounding';
const ROUNDING_LINE = { key: CASH_ROUNDING, kind: 'fee', title: 'Cash rounding' } as const;

/**
 * REST shows only the total of the additional fees; what the order's own taxes hold beyond those of all other lines is
 * theirs (docs/vendors/shopify.md 4.2).
 */
function feeLines(order: OrderPayload, amounts: Amounts, others: readonly OrderLine[]): OrderLine[] {
  const total = amounts.orZero({
    set: order.original_total_additional_fees_set,
    path: 'original_total_additional_fees',
  });
  const [line] = plainLine(total, { key: 'fee', kind: 'fee', title: 'Additional fees' });
  return line === undefined ? [] : [{ ...line, taxes: remainingTaxes(order, amounts, others) }];
}

function remainingTaxes(order: OrderPayload, amounts: Amounts, others: readonly OrderLine[]): Tax[] {
  const rest = new Map<string, Tax>();
  const count = (tax: Tax, combine: (a: Money, b: Money) => Money): void => {
    const key = `${tax.name}@${tax.ratePpm}@${tax.remittedBy}`;
    const known = rest.get(key)?.amount ?? zero(amounts.currency);
    rest.set(key, { ...tax, amount: combine(known, tax.amount) });
  };
  for (const tax of taxesOf(order.tax_lines, '', amounts)) {
    count(tax, add);
  }
  for (const tax of others.flatMap((line) => line.taxes)) {
    count(tax, subtract);
  }
  const taxes = [...rest.values()];
  return taxes.some((tax) => isNegative(tax.amount)) ? [] : taxes.filter((tax) => !isZero(tax.amount));
}

function plainLine(amount: Money, named: Pick<OrderLine, 'key' | 'kind' | 'title'>): OrderLine[] {
  return compare(amount, zero(amount.currency)) === 0
    ? []
    : [{ ...named, quantity: 1, unitPrice: amount, discounts: [], taxes: [] }];
}

function discountsOf(
  allocations: readonly AllocationPayload[],
  path: string,
  { order, amounts }: Context,
): Discount[] {
  return allocations
    .map((allocation, index) => ({
      label: labelOf(order, allocation.discount_application_index),
      amount: amounts.need({
        set: allocation.amount_set,
        plain: allocation.amount,
        path: `${path}.discount_allocations.${index}.amount`,
      }),
    }))
    .filter((discount) => !isZero(discount.amount));
}

/** The code, else what the merchant called it, else what kind of discount it is. */
function labelOf(order: OrderPayload, index: number | undefined): string {
  const application = index === undefined ? undefined : order.discount_applications[index];
  const names = [application?.code, application?.title, application?.description];
  const type = application?.type ?? '';
  return names.find((name) => name !== undefined && name !== '') ?? (type === '' ? 'Discount' : type);
}

function taxesOf(taxes: readonly TaxPayload[], path: string, amounts: Amounts): Tax[] {
  const prefix = path === '' ? '' : `${path}.`;
  return taxes.map((tax, index) => ({
    name: tax.title === '' ? 'Tax' : tax.title,
    ratePpm: tax.rate,
    amount: amounts.need({ set: tax.price_set, plain: tax.price, path: `${prefix}tax_lines.${index}.price` }),
    remittedBy: tax.channel_liable ? 'channel' : 'merchant',
  }));
}

/** A line that stands twice would be charged twice. */
function assertKeysDiffer(order: OrderPayload, lines: readonly OrderLine[]): void {
  const seen = new Set<string>();
  for (const { key } of lines) {
    if (seen.has(key)) {
      throw malformed(order.id, 'line_items', `"${key}" stands twice`);
    }
    seen.add(key);
  }
}

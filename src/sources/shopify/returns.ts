import { add, allocate, atLeastZero, equal, isZero, subtract, sum, zero } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf } from '#core/order.ts';
import type { OrderLine, Return } from '#core/order.ts';
import type { Sale } from './cash.ts';
import type { OrderPayload, RefundPayload } from './payload.ts';

/** What each refund took off which line, by one reading of its fields. */

/** What the fields of a body are taken to mean (docs/vendors/shopify.md 10). */
export interface Reading {
  /** Subtotals of refunded units where prices include tax. */
  readonly goodsAre: 'gross' | 'net';
  readonly shippingIs: 'gross' | 'net';
  /** Taxes on duties and fees that went back: only the shop's own ledger shows them. */
  readonly extrasTaxes: 'stay' | 'go back';
  /** Whether what the till rounded of a refund stands beside its differences or is one of them. */
  readonly rounding: 'apart' | 'among the differences';
}

/** The order that the refunds are of, as far as it is read. */
export interface RefundContext {
  readonly order: OrderPayload;
  readonly sale: Sale;
  readonly lines: readonly OrderLine[];
  /** As the body shows it; old ones do not. Of its meanings, the one that the returns prove is taken. */
  readonly currentTotal: Money | undefined;
}

/** A body does not show enough of what went back. */
export class UnreadableReturn extends Error {}

/** What is left of a line while refund after refund is taken off it. */
interface Left {
  readonly line: OrderLine;
  quantity: number;
  amount: Money;
  taxes: Money[];
  /** Units that went before, of those that there ever were. */
  gone: number;
}

export function returnsOf(reading: Reading, context: RefundContext): Return[][] {
  const left = new Map(
    context.lines.map((line): [string, Left] => [
      line.key,
      {
        line,
        quantity: line.quantity,
        amount: subtract(grossOf(line), discountOf(line)),
        taxes: line.taxes.map((tax) => tax.amount),
        gone: 0,
      },
    ]),
  );
  return context.order.refunds.map((refund) => [
    ...goodsBack(refund, { reading, context, left }),
    ...shippingBack(refund, { reading, context, left }),
    ...extrasBack(refund, { reading, context, left }),
  ]);
}

interface Taking {
  readonly reading: Reading;
  readonly context: RefundContext;
  readonly left: ReadonlyMap<string, Left>;
}

function goodsBack(refund: RefundPayload, { reading, context, left }: Taking): Return[] {
  const { amounts } = context.sale;
  return refund.refund_line_items.flatMap((item, index) => {
    const path = `refunds.${refund.id}.refund_line_items.${index}`;
    const subtotal = amounts.read({ set: item.subtotal_set, plain: item.subtotal, path: `${path}.subtotal` });
    const tax = amounts.read({ set: item.total_tax_set, plain: item.total_tax, path: `${path}.total_tax` });
    // A tip stands in a line of its own, whatever the shop lists it as.
    const from = left.get(`item:${item.line_item_id}`) ?? left.get('tip');
    if (subtotal === undefined || tax === undefined || from === undefined) {
      throw new UnreadableReturn(`Refund ${refund.id} does not show all that went back`);
    }
    const amount = isIncluded(context) && reading.goodsAre === 'net' ? add(subtotal, tax) : subtotal;
    const units = from.line.key === 'tip' ? 1 : item.quantity;
    return nothingIn({ amount, tax }) && item.quantity === 0
      ? []
      : [take(from, { amount, tax, quantity: Math.min(units, from.quantity) })];
  });
}

function shippingBack(refund: RefundPayload, { reading, context, left }: Taking): Return[] {
  const { amounts } = context.sale;
  const legacy = refund.order_adjustments.filter(({ kind }) => kind === 'shipping_refund');
  // Both are shown at once for the same money by some versions: it went back once.
  const needed = (amount: Money | undefined): Money => {
    if (amount === undefined) {
      throw new UnreadableReturn(`Refund ${refund.id} does not show its shipping in the order’s currency`);
    }
    return amount;
  };
  const none = zero(amounts.currency);
  const path = 'order_adjustments';
  const shown =
    refund.refund_shipping_lines.length > 0
      ? refund.refund_shipping_lines.map((part) => ({
          id: part.shipping_line_id,
          base: needed(
            amounts.read({ set: part.subtotal_amount_set, path: 'refund_shipping_lines.subtotal' }),
          ),
          tax: amounts.orZero({ set: part.tax_amount_set, path: 'refund_shipping_lines.tax' }),
        }))
      : [
          // One may take back another: only together do they say what went back.
          legacy.reduce<{ id: undefined; base: Money; tax: Money }>(
            (
              { id, base, tax },
              { amount_set: set, amount, tax_amount_set: taxSet, tax_amount: plainTax },
            ) => ({
              id,
              base: subtract(base, needed(amounts.read({ set, plain: amount, path }))),
              tax: subtract(tax, amounts.orZero({ set: taxSet, plain: plainTax, path })),
            }),
            { id: undefined, base: none, tax: none },
          ),
        ];
  return shown.flatMap(({ id, base, tax }) => {
    const net = reading.shippingIs === 'gross' ? subtract(base, tax) : base;
    const amount = isIncluded(context) ? add(net, tax) : net;
    return nothingIn({ amount, tax }) ? [] : fromShipping({ id, amount, tax }, left);
  });
}

/** The line that is named, else all shipping by what is left of it. */
function fromShipping(
  { id, amount, tax }: { readonly id: string | undefined; readonly amount: Money; readonly tax: Money },
  left: ReadonlyMap<string, Left>,
): Return[] {
  const named = id === undefined ? undefined : left.get(`shipping:${id}`);
  if (named !== undefined) {
    return [takeWhole(named, { amount, tax })];
  }
  return spread(
    { amount, tax },
    [...left.values()].filter(({ line }) => line.kind === 'shipping'),
  );
}

function extrasBack(refund: RefundPayload, { reading, context, left }: Taking): Return[] {
  const { amounts } = context.sale;
  const duties = sum(
    [refund.total_duties_set, ...refund.duty_returns].map((set) =>
      amounts.orZero({ set, path: 'total_duties' }),
    ),
    amounts.currency,
  );
  const fees = add(
    amounts.orZero({ set: refund.total_additional_fees_set, path: 'total_additional_fees' }),
    feesSold(refund, context),
  );
  const back = (amount: Money, isRight: (line: OrderLine) => boolean): Return[] => {
    const from = [...left.values()].filter(({ line }) => isRight(line));
    const whole = sum(
      from.map((each) => each.amount),
      amounts.currency,
    );
    const taxes = sum(
      from.flatMap((each) => each.taxes),
      amounts.currency,
    );
    const isWhole = equal(whole, amount) && reading.extrasTaxes === 'go back';
    return isZero(amount) ? [] : spread({ amount, tax: isWhole ? taxes : zero(amounts.currency) }, from);
  };
  return [...back(duties, (line) => line.kind === 'duty'), ...back(fees, (line) => line.key === 'fee')];
}

interface Taken {
  readonly amount: Money;
  readonly tax: Money;
}

/** In the ledger what went back is negative, and with its tax. */
function feesSold(refund: RefundPayload, context: RefundContext): Money {
  const { amounts } = context.sale;
  const none = zero(amounts.currency);
  return sum(
    refund.fee_sales.map(({ total_set: set, tax_set: taxSet }) => {
      const total = amounts.orZero({ set, path: 'fee_sales.total' });
      const tax = isIncluded(context) ? none : amounts.orZero({ set: taxSet, path: 'fee_sales.tax' });
      return subtract(none, subtract(total, tax));
    }),
    amounts.currency,
  );
}

/** An amount over several lines by what is left of each. */
function spread({ amount, tax }: Taken, from: readonly Left[]): Return[] {
  const weights = from.map((each) => atLeastZero(each.amount).minor);
  if (weights.every((weight) => weight === 0n)) {
    throw new UnreadableReturn('A refund is of shipping, duties or fees that the order does not show');
  }
  const parts = allocate(amount, weights);
  const taxes = allocate(tax, weights);
  return from.flatMap((each, index) => {
    const none = zero(amount.currency);
    const part = { amount: parts[index] ?? none, tax: taxes[index] ?? none };
    return nothingIn(part) ? [] : [takeWhole(each, part)];
  });
}

/** One piece: gone when all that was left of it went back. */
function takeWhole(from: Left, taken: Taken): Return {
  return take(from, { ...taken, quantity: equal(from.amount, taken.amount) ? from.quantity : 0 });
}

function take(from: Left, { amount, tax, quantity }: Taken & { readonly quantity: number }): Return {
  const taxes = taxesOf(from, tax, quantity);
  from.gone += quantity;
  from.quantity -= quantity;
  from.amount = subtract(from.amount, amount);
  from.taxes = from.taxes.map((left, index) => subtract(left, taxes[index] ?? zero(tax.currency)));
  return { line: from.line.key, quantity, amount, taxes };
}

/** Only their sum is shown: by units as shops round them where that fits, else by what was charged of each. */
function taxesOf({ line, gone, taxes: left }: Left, tax: Money, quantity: number): Money[] {
  const none = zero(tax.currency);
  const total = sum(left, tax.currency);
  if (equal(total, tax)) {
    return [...left];
  }
  const whole = line.quantity;
  const upTo = (amount: Money, units: number): Money =>
    whole === 0 ? none : (allocate(amount, [BigInt(units), BigInt(whole - units)])[0] ?? none);
  const byUnits = line.taxes.map(({ amount }) =>
    subtract(upTo(amount, Math.min(gone + quantity, whole)), upTo(amount, gone)),
  );
  if (equal(sum(byUnits, tax.currency), tax)) {
    return byUnits;
  }
  const weights = line.taxes.map(({ amount }) => atLeastZero(amount).minor);
  if (weights.some((weight) => weight > 0n)) {
    return allocate(tax, weights);
  }
  if (isZero(tax)) {
    return line.taxes.map(() => none);
  }
  throw new UnreadableReturn(`Tax went back on line ${line.key}, which bears none`);
}

function isIncluded({ order }: RefundContext): boolean {
  return order.taxes_included;
}

function nothingIn({ amount, tax }: Taken): boolean {
  return isZero(amount) && isZero(tax);
}

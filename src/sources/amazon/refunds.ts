import type { Fact } from '#core/failure.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf, taxOf } from '#core/order.ts';
import type { Doubt, OrderLine, Refund, Return } from '#core/order.ts';
import { worthOf } from '#core/sale.ts';
import type { OrderPayload, TransactionPayload } from './payload.ts';
import type { Place, Priced } from './proceeds.ts';
import { amountOf, amountsIn, buyersPart, goodsOf, isRefund } from './transactions.ts';
import type { AmountClass, Amounts, Event } from './transactions.ts';

/**
 * Refunds as Amazon's ledger tells them: what went back for which item, tax among it. Of an amount that is not understood
 * nothing is booked: a person looks.
 */
export interface Refunded {
  readonly refunds: readonly Refund[];
  readonly doubt?: Doubt;
}

interface Sale {
  readonly order: OrderPayload;
  readonly priced: Priced;
  /** How payments of the order are named. */
  readonly gateway: string;
}

export function refundsOf(sale: Sale, events: readonly Event[]): Refunded {
  const left = new Map(sale.priced.lines.map((line) => [line.key, whole(line)]));
  const refunds: Refund[] = [];
  for (const event of events) {
    const read = isRefund(event) ? readRefund(sale, event, left) : readOther(sale, event);
    if ('ask' in read) {
      return { refunds: [], doubt: read };
    }
    refunds.push(...read.refunds);
  }
  return { refunds };
}

/** What is left of a line: its amount after discounts and its tax, as prices show them. */
interface Left {
  readonly line: OrderLine;
  amount: Money;
  tax: Money;
  isTouched: boolean;
}

function whole(line: OrderLine): Left {
  return {
    line,
    amount: money.subtract(grossOf(line), discountOf(line)),
    tax: taxOf(line),
    isTouched: false,
  };
}

/** Whatever else happened to an order moves no money of the buyer's, or a person must know. */
function readOther({ priced: { currency } }: Sale, event: Event): { readonly refunds: [] } | Doubt {
  const { transactionType: type, breakdowns, totalAmount } = event.transaction;
  if (type.toLowerCase() === 'shipment') {
    return { refunds: [] };
  }
  const amounts = amountsIn(breakdowns, currency);
  return money.isZero(buyersPart(amounts, currency))
    ? { refunds: [] }
    : doubtOf(
        event,
        `Amazon tells of a transaction "${type}" with the buyer, of ${money.show(totalAmount)}, which is no refund that this program knows`,
        amounts,
      );
}

function readRefund(
  sale: Sale,
  event: Event,
  left: Map<string, Left>,
): { readonly refunds: readonly Refund[] } | Doubt {
  const { currency } = sale.priced;
  const { items, breakdowns, totalAmount } = event.transaction;
  const parts = items.map((item) => ({ item, amounts: amountsIn(item.breakdowns, currency) }));
  const wholes = parts.length > 0 ? parts.map(({ amounts }) => amounts) : [amountsIn(breakdowns, currency)];
  const merged = mergedOf(wholes, currency);
  const sum = money.sum([...merged.values()], currency);
  if (totalAmount.currency !== currency || !money.equal(sum, totalAmount)) {
    return doubtOf(
      event,
      `The amounts of refund ${event.id} sum to ${money.show(sum)}, and Amazon says ${money.show(totalAmount)}`,
      merged,
    );
  }
  if (merged.has('unknown')) {
    return doubtOf(event, `Refund ${event.id} holds amounts that this program does not know`, merged);
  }
  const paid = money.negate(buyersPart(merged, currency));
  if (money.isZero(paid)) {
    return { refunds: [] };
  }
  if (money.isNegative(paid)) {
    return doubtOf(event, `By refund ${event.id} the buyer paid ${money.show(money.negate(paid))}`, merged);
  }
  const returns: Return[] = [];
  for (const { item, amounts } of parts) {
    const orderItemId = itemOf(sale.order, goodsOf(item));
    if (orderItemId === undefined) {
      return doubtOf(
        event,
        `Refund ${event.id} is for goods that are not told or stand twice in the order`,
        amounts,
      );
    }
    returns.push(...returnsOf(sale.priced, { orderItemId, amounts, left }));
  }
  if (parts.length === 0 && !money.isZero(amountOf(merged, 'tax', currency))) {
    return doubtOf(event, `Refund ${event.id} holds tax, and Amazon does not tell of which goods`, merged);
  }
  const joined = joinedByLine(returns);
  return {
    refunds: [
      {
        id: event.id,
        at: event.at,
        returns: joined,
        difference: money.subtract(worthOf({ returns: joined }, sale.priced), paid),
        payouts: [
          { amount: paid, at: event.at, gateway: sale.gateway, to: 'money', transactionId: event.id },
        ],
        isPending: false,
      },
    ],
  };
}

function mergedOf(all: readonly Amounts[], currency: string): Amounts {
  const merged = new Map<AmountClass, Money>();
  for (const [amountClass, amount] of all.flatMap((amounts) => [...amounts])) {
    merged.set(amountClass, money.add(merged.get(amountClass) ?? money.zero(currency), amount));
  }
  return merged;
}

/** The only item of the order with this SKU, else with this ASIN; of an order with one item that one. */
function itemOf(
  { orderItems }: OrderPayload,
  { asin, sku }: { readonly asin: string; readonly sku: string },
): string | undefined {
  const found = [
    sku === '' ? [] : orderItems.filter(({ product }) => product.sellerSku === sku),
    asin === '' ? [] : orderItems.filter(({ product }) => product.asin === asin),
    asin === '' && sku === '' ? orderItems : [],
  ].find(({ length }) => length === 1);
  return found?.[0]?.orderItemId;
}

interface Returning {
  readonly orderItemId: string;
  readonly amounts: Amounts;
  readonly left: Map<string, Left>;
}

const RETURNED: readonly (readonly [Place, readonly AmountClass[]])[] = [
  ['ITEM', ['goods', 'discount']],
  ['SHIPPING', ['shipping']],
  ['GIFT_WRAP', ['gift-wrap']],
];

/** What one item of a refund takes off the order's lines. What a line does not hold is paid back beyond it. */
function returnsOf(
  { currency, keyOf, pricesIncludeTax }: Priced,
  { orderItemId, amounts, left }: Returning,
): Return[] {
  const touched = RETURNED.flatMap(([place, classes]) => {
    const amount = money.negate(
      money.sum(
        classes.map((amountClass) => amountOf(amounts, amountClass, currency)),
        currency,
      ),
    );
    const key = keyOf(orderItemId, place);
    const of = key === undefined ? undefined : left.get(key);
    return of === undefined || money.isZero(amount) ? [] : [{ of, amount }];
  });
  const tax = money.negate(amountOf(amounts, 'tax', currency));
  const taxes = sharesOf(tax, touched);
  return touched.flatMap(({ of, amount }, index) => {
    const share = taxes[index] ?? money.zero(currency);
    const isTaxed = of.line.taxes.length > 0;
    // Where the order shows no tax or has it within its prices, what went back as tax is a part of the price.
    const isInPrice = !isTaxed || pricesIncludeTax;
    const price = isInPrice ? money.add(amount, share) : amount;
    return takeOff(of, price, isTaxed ? share : money.zero(currency));
  });
}

/** Tax of a refund over the lines it touches, by the tax that was charged on what went back of them. */
function sharesOf(tax: Money, touched: readonly { readonly of: Left; readonly amount: Money }[]): Money[] {
  const charged = touched.map(({ of, amount }) => {
    const base = money.subtract(grossOf(of.line), discountOf(of.line));
    return money.isZero(base) || money.isNegative(amount)
      ? 0n
      : (money.absolute(amount).minor * taxOf(of.line).minor * money.PPM) / base.minor;
  });
  if (touched.length === 0 || money.isZero(tax)) {
    return [];
  }
  const weights = charged.some((weight) => weight > 0n)
    ? charged
    : touched.map((_, index) => (index === 0 ? 1n : 0n));
  return money.allocate(tax, weights);
}

function takeOff(of: Left, wanted: Money, wantedTax: Money): Return[] {
  const amount = money.minimum(money.atLeastZero(wanted), of.amount);
  const tax = money.minimum(money.atLeastZero(wantedTax), of.tax);
  const isWhole = !of.isTouched && money.equal(amount, of.amount) && money.equal(tax, of.tax);
  const quantity = isWhole ? of.line.quantity : 0;
  of.amount = money.subtract(of.amount, amount);
  of.tax = money.subtract(of.tax, tax);
  of.isTouched = true;
  return money.isZero(amount) && money.isZero(tax)
    ? []
    : [{ line: of.line.key, quantity, amount, taxes: of.line.taxes.length === 0 ? [] : [tax] }];
}

/** Several items of one refund may touch the one line of all shipping. */
function joinedByLine(returns: readonly Return[]): Return[] {
  const joined = new Map<string, Return>();
  for (const part of returns) {
    const known = joined.get(part.line);
    joined.set(
      part.line,
      known === undefined
        ? part
        : {
            line: part.line,
            quantity: 0,
            amount: money.add(known.amount, part.amount),
            taxes: known.taxes.map((tax, index) =>
              money.add(tax, part.taxes[index] ?? money.zero(tax.currency)),
            ),
          },
    );
  }
  return [...joined.values()];
}

function doubtOf({ transaction }: Event, why: string, amounts: Amounts): Doubt {
  return { ask: 'person', why, facts: [...factsOf(transaction), ...factsOfAmounts(amounts)] };
}

function factsOf({ transactionType, transactionId, totalAmount }: TransactionPayload): Fact[] {
  return [
    { name: 'Transaction', value: `${transactionType} ${transactionId}` },
    { name: 'Its total', value: money.show(totalAmount) },
  ];
}

const CLASS_NAMES: Readonly<Record<AmountClass, string>> = {
  goods: 'Goods',
  shipping: 'Shipping',
  'gift-wrap': 'Gift wrap',
  discount: 'Discounts',
  tax: 'Tax',
  withheld: 'Tax withheld by Amazon',
  fee: 'Fees of Amazon',
  unknown: 'Not understood',
};

function factsOfAmounts(amounts: Amounts): Fact[] {
  return [...amounts].map(([amountClass, amount]) => ({
    name: CLASS_NAMES[amountClass],
    value: money.show(amount),
  }));
}

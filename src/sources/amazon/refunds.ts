import type { Fact } from '#core/failure.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf, taxOf } from '#core/order.ts';
import type { Doubt, OrderLine, Refund, Return } from '#core/order.ts';
import { worthOf } from '#core/sale.ts';
import type { Place } from './charges.ts';
import type { OrderPayload, TransactionPayload } from './payload.ts';
import type { Priced, Standing } from './proceeds.ts';
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
  const { transactionType: type, breakdowns, items, totalAmount } = event.transaction;
  if (type.toLowerCase() === 'shipment') {
    return { refunds: [] };
  }
  // What stands at the items stands in the whole as well, unless Amazon leaves one of them out.
  const [whole, atItems] = [breakdowns, items.flatMap((item) => item.breakdowns)].map((tree) =>
    amountsIn(tree, currency),
  );
  const moved = [whole, atItems].find(
    (amounts) => amounts !== undefined && !money.isZero(buyersPart(amounts, currency)),
  );
  return moved === undefined
    ? { refunds: [] }
    : doubtOf(
        event,
        `Amazon tells of a transaction "${type}" with the buyer, of ${money.show(totalAmount)}, which is no refund that this program knows`,
        moved,
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

interface Touched {
  readonly of: Left;
  readonly charged: Standing;
  /** What went back of it, without tax. */
  readonly amount: Money;
}

/** What one item of a refund takes off the order's lines. What a line does not hold is paid back beyond it. */
function returnsOf({ currency, chargedFor, pricesIncludeTax }: Priced, returning: Returning): Return[] {
  const { orderItemId, amounts, left } = returning;
  const back = (amountClass: AmountClass): Money => money.negate(amountOf(amounts, amountClass, currency));
  const wanted = placed(back, chargedFor(orderItemId, 'SHIPPING')?.net);
  const tax = back('tax');
  const isTaxAlone = !money.isZero(tax) && wanted.every(([, amount]) => money.isZero(amount));
  const touched = wanted.flatMap(([place, amount]): Touched[] => {
    const charged = chargedFor(orderItemId, place);
    const of = charged === undefined ? undefined : left.get(charged.key);
    const isTouched = !money.isZero(amount) || (isTaxAlone && place === 'ITEM');
    return charged === undefined || of === undefined || !isTouched ? [] : [{ of, charged, amount }];
  });
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

/**
 * What went back by places. Amazon tells promotions in one sum: what shipping goes beyond what was paid for it was taken off
 * it, so as much of them belongs to it, and the rest to the goods.
 */
function placed(
  back: (amountClass: AmountClass) => Money,
  paidShipping: Money | undefined,
): readonly (readonly [Place, Money])[] {
  const [goods, shipping, discount] = [back('goods'), back('shipping'), back('discount')];
  const beyond = paidShipping === undefined ? discount : money.subtract(shipping, paidShipping);
  const free = money.minimum(money.atLeastZero(beyond), money.atLeastZero(money.negate(discount)));
  return [
    ['ITEM', money.sum([goods, discount, free], goods.currency)],
    ['SHIPPING', money.subtract(shipping, free)],
    ['GIFT_WRAP', back('gift-wrap')],
    ['COD_FEE', back('cod')],
  ];
}

/** Tax of a refund over the lines it touches, by the tax that was charged on what went back of them. */
function sharesOf(tax: Money, touched: readonly Touched[]): Money[] {
  if (touched.length === 0 || money.isZero(tax)) {
    return [];
  }
  const shares = touched.map(({ charged, amount }) =>
    money.isZero(charged.net) || money.isNegative(amount) || charged.tax.minor < 0n
      ? 0n
      : (amount.minor * charged.tax.minor * money.PPM) / money.absolute(charged.net).minor,
  );
  const weights = shares.some((weight) => weight > 0n)
    ? shares
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
  cod: 'Cash on delivery',
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

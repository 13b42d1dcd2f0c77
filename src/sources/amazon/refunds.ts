import type { Fact } from '#core/failure.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Doubt, Refund, Return } from '#core/order.ts';
import { worthOf } from '#core/sale.ts';
import type { OrderPayload, TransactionItemPayload, TransactionPayload } from './payload.ts';
import type { Priced } from './proceeds.ts';
import { returnsOf, whole } from './returned.ts';
import type { Left } from './returned.ts';
import {
  amountOf,
  amountsIn,
  buyersPart,
  identifier,
  isRefund,
  isShipment,
  itemsAmong,
} from './transactions.ts';
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

interface Reading {
  readonly left: ReadonlyMap<string, Left>;
  readonly isTaxTold: boolean;
}

export function refundsOf(sale: Sale, events: readonly Event[]): Refunded {
  const left = new Map(sale.priced.lines.map((line) => [line.key, whole(line)]));
  const reading: Reading = { left, isTaxTold: isTaxTold(sale, events) };
  const refunds: Refund[] = [];
  for (const event of events) {
    const read = isRefund(event) ? readRefund(sale, event, reading) : readOther(sale, event);
    if ('ask' in read) {
      return { refunds: [], doubt: read };
    }
    refunds.push(...read.refunds);
  }
  return { refunds };
}

/** Whether Amazon's ledger tells what it gives back of the tax that it remits, of an order that holds no other. */
function isTaxTold({ priced: { lines, currency } }: Sale, events: readonly Event[]): boolean {
  const isChannels = lines.every(({ taxes }) => taxes.every(({ remittedBy }) => remittedBy === 'channel'));
  const isTold = ({ transaction: { items } }: Event): boolean =>
    items.some((item) => !money.isZero(amountOf(amountsIn(item.breakdowns, currency), 'tax', currency)));
  return isChannels && events.some((event) => isRefund(event) && isTold(event));
}

/** Whatever else happened to an order moves no money of the buyer's, or a person must know. */
function readOther({ priced: { currency } }: Sale, event: Event): { readonly refunds: [] } | Doubt {
  const { transactionType: type, breakdowns, items, totalAmount } = event.transaction;
  if (isShipment(event)) {
    return { refunds: [] };
  }
  // What stands at the items stands in the whole as well, unless Amazon leaves one of them out.
  const [whole, atItems] = [breakdowns, items.flatMap((item) => item.breakdowns)].map((tree) =>
    amountsIn(tree, currency),
  );
  const moved = [whole, atItems].find((amounts) => amounts !== undefined && isWithBuyer(amounts, currency));
  return moved === undefined
    ? { refunds: [] }
    : doubtOf(
        event,
        `Amazon tells of a transaction "${type}" with the buyer, of ${money.show(totalAmount)}, which is no refund that this program knows`,
        moved,
      );
}

/** Tax that Amazon takes or gives back later and keeps or bears itself, of which nothing is the seller's, is no part of it. */
function isWithBuyer(amounts: Amounts, currency: string): boolean {
  const moved = buyersPart(amounts, currency);
  const tax = amountOf(amounts, 'tax', currency);
  const isAmazons =
    money.equal(moved, tax) &&
    money.isZero(money.add(tax, amountOf(amounts, 'withheld', currency))) &&
    !amounts.has('unknown');
  return !money.isZero(moved) && !isAmazons;
}

function readRefund(
  sale: Sale,
  event: Event,
  { left, isTaxTold }: Reading,
): { readonly refunds: readonly Refund[] } | Doubt {
  const { currency } = sale.priced;
  const { items, breakdowns } = event.transaction;
  const parts = items.map((item) => ({ item, amounts: amountsIn(item.breakdowns, currency) }));
  const wholes = parts.length > 0 ? parts.map(({ amounts }) => amounts) : [amountsIn(breakdowns, currency)];
  const merged = mergedOf(wholes, currency);
  const unclear = unclearRefund(event, merged, currency);
  if (unclear !== undefined) {
    return unclear;
  }
  const paid = money.negate(buyersPart(merged, currency));
  if (money.isZero(paid)) {
    return { refunds: [] };
  }
  if (money.isNegative(paid)) {
    return doubtOf(event, `By refund ${event.id} the buyer paid ${money.show(money.negate(paid))}`, merged);
  }
  const returns: Return[] = [];
  let untold = money.zero(currency);
  for (const { item, amounts } of parts) {
    const orderItemId = itemOf(sale, item, { amounts, left });
    if (orderItemId === undefined) {
      return doubtOf(
        event,
        `Refund ${event.id} is for goods that are not told, or that the order does not hold`,
        amounts,
      );
    }
    const returned = returnsOf(sale.priced, { orderItemId, amounts, left, isTaxTold });
    returns.push(...returned.returns);
    untold = money.add(untold, returned.untold);
  }
  if (parts.length === 0 && !money.isZero(amountOf(merged, 'tax', currency))) {
    return doubtOf(event, `Refund ${event.id} holds tax, and Amazon does not tell of which goods`, merged);
  }
  const joined = joinedByLine(returns);
  const payout = money.add(paid, untold);
  return {
    refunds: [
      {
        id: event.id,
        at: event.at,
        returns: joined,
        difference: money.subtract(worthOf({ returns: joined }, sale.priced), payout),
        payouts: [
          { amount: payout, at: event.at, gateway: sale.gateway, to: 'money', transactionId: event.id },
        ],
        isPending: false,
      },
    ],
  };
}

/** Why nothing of a refund can be booked, whatever goods it is of. */
function unclearRefund(event: Event, amounts: Amounts, currency: string): Doubt | undefined {
  const { totalAmount } = event.transaction;
  const sum = money.sum([...amounts.values()], currency);
  if (totalAmount.currency !== currency || !money.equal(sum, totalAmount)) {
    return doubtOf(
      event,
      `The amounts of refund ${event.id} sum to ${money.show(sum)}, and Amazon says ${money.show(totalAmount)}`,
      amounts,
    );
  }
  if (event.id === '') {
    return doubtOf(
      event,
      'Amazon tells of a refund without any id, by which it could be booked once',
      amounts,
    );
  }
  if (event.isShared === true) {
    const refundId = identifier(event.transaction, 'REFUND_ID') ?? '';
    return doubtOf(
      event,
      `Amazon tells of more than one transaction by refund ${refundId}, and not whether they are the same one: see in Seller Central what went back, book it in FreshBooks, then decide keep`,
      amounts,
    );
  }
  return amounts.has('unknown')
    ? doubtOf(event, `Refund ${event.id} holds amounts that this program does not know`, amounts)
    : undefined;
}

function mergedOf(all: readonly Amounts[], currency: string): Amounts {
  const merged = new Map<AmountClass, Money>();
  for (const [amountClass, amount] of all.flatMap((amounts) => [...amounts])) {
    merged.set(amountClass, money.add(merged.get(amountClass) ?? money.zero(currency), amount));
  }
  return merged;
}

/**
 * The item of the order that a refund is of. Where the same goods stand twice, the first that still holds as much.
 */
function itemOf(
  { order: { orderItems }, priced }: Sale,
  part: TransactionItemPayload,
  { amounts, left }: { readonly amounts: Amounts; readonly left: ReadonlyMap<string, Left> },
): string | undefined {
  const among = itemsAmong(orderItems, part);
  const { currency } = priced;
  const wanted = money.negate(
    money.add(amountOf(amounts, 'goods', currency), amountOf(amounts, 'discount', currency)),
  );
  const enough = among.find(({ orderItemId }) => {
    const open = left.get(priced.chargedFor(orderItemId, 'ITEM')?.key ?? '')?.amount;
    return open !== undefined && money.compare(open, wanted) >= 0;
  });
  return (enough ?? among[0])?.orderItemId;
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

export function doubtOf({ transaction }: Event, why: string, amounts: Amounts): Doubt {
  return { ask: 'person', why, facts: [...factsOf(transaction), ...factsOfAmounts(amounts)] };
}

function factsOf({ transactionType, transactionId, totalAmount }: TransactionPayload): Fact[] {
  return [
    { name: 'Transaction', value: `${transactionType} ${transactionId ?? 'without an id'}` },
    { name: 'Its total', value: money.show(totalAmount) },
  ];
}

const CLASS_NAMES: Readonly<Record<AmountClass, string>> = {
  goods: 'Goods',
  shipping: 'Shipping',
  'gift-wrap': 'Gift wrap',
  cod: 'Cash on delivery',
  other: 'Other charges',
  discount: 'Discounts',
  tax: 'Tax',
  withheld: 'Tax withheld by Amazon',
  levy: 'Kept for your own taxes',
  fee: 'Fees of Amazon',
  unknown: 'Not understood',
};

function factsOfAmounts(amounts: Amounts): Fact[] {
  return [...amounts].map(([amountClass, amount]) => ({
    name: CLASS_NAMES[amountClass],
    value: money.show(amount),
  }));
}

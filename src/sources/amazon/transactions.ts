import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Instant } from '#core/time.ts';
import type { AmountPayload, ItemPayload, TransactionItemPayload, TransactionPayload } from './payload.ts';

/**
 * What Amazon's ledger tells of an order (docs/vendors/amazon.md 6): when it was shipped, and what went back to the buyer. Its
 * fees, reserves and reimbursements are between Amazon and the seller and no part of the order.
 */

/** What an amount of a transaction is. `unknown` is nothing that could be passed over: then a person looks. */
export type AmountClass =
  | 'goods'
  | 'shipping'
  | 'gift-wrap'
  | 'cod'
  /** What is charged beside all else. */
  | 'other'
  | 'discount'
  | 'tax'
  /** Of the buyer's tax, what Amazon keeps to pay it to the state itself. */
  | 'withheld'
  /** What Amazon keeps on account of the seller's own taxes (India's TCS and TDS): nothing of it is the buyer's. */
  | 'levy'
  | 'fee'
  | 'unknown';

/**
 * What Amazon charges the seller, or gives him back of it, by names that say so alone: labels that it sells (`PostageBilling` and
 * `PostageRefund`, "the amount paid by a seller for shipping labels"), its points, and fees that come back.
 */
const SELLERS_CHARGES =
  /^(return)?postage(billing|refund)|^points(granted|reclaimed)$|^(advertising|fulfillment)feerefund$|^servicefee(correction|reversal)$/;

/** By the letters of a name, whatever spelling: "Product Charges", "ProductCharges". The first that fits decides. */
const CLASSES: readonly (readonly [RegExp, AmountClass])[] = [
  [/^taxwithholding|collectedatsource|^tcs|^tds|tds$/, 'levy'],
  [/withheld|withholding|facilitator|^lowvaluegoodstax./, 'withheld'],
  // Without what it was withheld on nobody can say whether it is the charge or the withholding of it.
  [/^lowvaluegoodstax$/, 'unknown'],
  [/^othercharges?$/, 'other'],
  [/^cod(item|order|shipping)?(charges?|fees?)$/, 'cod'],
  // A chargeback of shipping is Amazon's fee for its own labels, and a commission on a refund is no refund. A fee for restocking
  // is the buyer's.
  [SELLERS_CHARGES, 'fee'],
  [
    /^(shipping|shippingservice|giftwrap|cod)chargeback|^shippinghb$|commission|^(?!restocking).*fees?$|^fees?|fba|reserve|reimburse/,
    'fee',
  ],
  [/^(our)?(price)?(product|item|shipping|giftwrap)?(charges?)?tax(es)?$|tax$|^tax/, 'tax'],
  // What a promotion saves of a tax lessens the tax: ShippingTaxDiscount, OurPriceTaxDiscount.
  [/tax(discount|promotion|rebate)/, 'tax'],
  [/promotion|discount|rebate|coupon/, 'discount'],
  [/^shipping/, 'shipping'],
  [/^giftwrap/, 'gift-wrap'],
  // What is kept of a return for restocking lessens what goes back of the goods, and what goes back out of goodwill adds to it.
  [
    /^(product)?charges?$|^princip(al|le)$|^item(price|charges?)?$|^ourprice(principal)?$|^(goodwill|restockingdeduction)principal$/,
    'goods',
  ],
];

/** Groups that only hold others. */
const GROUPS = /^(sales|refunds?|expenses|total|other)$/;
/**
 * Groups of what lies between seller and buyer; of the whole of a transaction Amazon puts among the sales whatever the seller gets,
 * the fees too that come back to him with a refund, and among the expenses what he pays (docs/vendors/amazon.md 6).
 */
const SALES = /^(refunded)?sales$/;
/** Groups that hold fees, each by its own name. */
const FEE_GROUPS = /^(amazon|selling|seller|service|other)?fees$/;
/** Of these the name says whose fees they are, wherever they stand. */
const SELLERS_FEES = /^(amazon|fba|selling|seller)fees$/;

export function lettersOf(type: string): string {
  return type.toLowerCase().replace(/[^a-z]/g, '');
}

export function classOf(letters: string): AmountClass | 'group' {
  return GROUPS.test(letters) ? 'group' : (CLASSES.find(([words]) => words.test(letters))?.[1] ?? 'unknown');
}

export function isSalesGroup(letters: string): boolean {
  return SALES.test(letters);
}

export function isFeeGroup(letters: string): boolean {
  return FEE_GROUPS.test(letters);
}

/** Whether these fees are the seller's to pay, also where they stand among the sales. */
export function isSellersFees(letters: string): boolean {
  return SELLERS_FEES.test(letters) || SELLERS_CHARGES.test(letters);
}

export type Amounts = ReadonlyMap<AmountClass, Money>;

/**
 * A tree of amounts by class. A node whose name is known counts with its own amount; of the others, and of rebates, the parts count
 * where they sum to it.
 */
export function amountsIn(tree: readonly AmountPayload[], currency: string): Amounts {
  const sums = new Map<AmountClass, Money>();
  const put = (amountClass: AmountClass, amount: Money): void => {
    sums.set(amountClass, money.add(sums.get(amountClass) ?? money.zero(currency), amount));
  };
  const walk = ({ type, amount, parts }: AmountPayload, isAmongSales: boolean): void => {
    if (amount.currency !== currency) {
      // No amount of another currency can be added to anything.
      put('unknown', money.money(1n, currency));
      return;
    }
    const letters = lettersOf(type);
    const named = classOf(letters);
    // Another fee there is the buyer's, whatever Amazon calls it.
    const amountClass = isAmongSales && named === 'fee' && !isSellersFees(letters) ? 'unknown' : named;
    const isSplit =
      parts.length > 0 &&
      parts.every((part) => part.amount.currency === currency) &&
      money.equal(
        money.sum(
          parts.map((part) => part.amount),
          currency,
        ),
        amount,
      );
    const isKnown = amountClass !== 'group' && amountClass !== 'unknown';
    if (isKnown && !(isSplit && amountClass === 'discount' && areRebates(parts))) {
      put(amountClass, amount);
      return;
    }
    if (isSplit) {
      parts.forEach((part) => {
        walk(part, isAmongSales || isSalesGroup(letters));
      });
    } else if (parts.length > 0 || !money.isZero(amount)) {
      // A group that Amazon names and leaves empty moves nothing.
      put('unknown', amount);
    }
  };
  tree.forEach((node) => {
    walk(node, false);
  });
  return sums;
}

/** Rebates of prices and of taxes, and Amazon's points: what all of them are is told by each alone. */
function areRebates(parts: readonly AmountPayload[]): boolean {
  return parts.every(({ type }) => ['discount', 'tax', 'fee'].includes(classOf(lettersOf(type))));
}

export function amountOf(amounts: Amounts, amountClass: AmountClass, currency: string): Money {
  return amounts.get(amountClass) ?? money.zero(currency);
}

/** What reached the buyer, or came from him: without what lies between Amazon and the seller. */
export function buyersPart(amounts: Amounts, currency: string): Money {
  const classes: readonly AmountClass[] = [
    'goods',
    'shipping',
    'gift-wrap',
    'cod',
    'other',
    'discount',
    'tax',
  ];
  return money.sum(
    classes.map((amountClass) => amountOf(amounts, amountClass, currency)),
    currency,
  );
}

/** Types by which money goes back to the buyer (docs/vendors/amazon.md 6). */
const REFUND_TYPES = new Set(['refund', 'guaranteeclaim', 'atozguaranteeclaim', 'chargeback']);

/**
 * One for each event: a transaction that was deferred and released is told twice in some accounts, under two ids of which one
 * names the other, or which only bear one refund's id, and is one (docs/vendors/amazon.md 6). The one that stands last counts.
 */
export function eventsOf(transactions: readonly TransactionPayload[]): readonly Event[] {
  const deferredAs = new Map(
    transactions.flatMap((transaction) => {
      const released = identifier(transaction, 'RELEASE_TRANSACTION_ID');
      const own = ownIdOf(transaction);
      return released === undefined || own === undefined ? [] : [[kindKey(transaction, released), own]];
    }),
  );
  const told = new Map<string, Told>();
  for (const [index, transaction] of transactions.entries()) {
    const own = ownIdOf(transaction) ?? '';
    const id =
      identifier(transaction, 'DEFERRED_TRANSACTION_ID') ?? deferredAs.get(kindKey(transaction, own)) ?? own;
    // Of two without any id nobody can say that they are one, nor of two that only bear one refund's.
    const isNameless = id === '' || (transaction.transactionId === undefined && isOfRefund(transaction));
    const key = kindKey(transaction, isNameless ? `, number ${index}` : id);
    const known = told.get(key);
    // Deferring moves no money and changes no day.
    const at = known === undefined ? transaction.postedDate.at : earlier(known.at, transaction.postedDate.at);
    const states = [...(known?.states ?? []), lettersOf(transaction.transactionStatus)];
    told.set(key, { id, at, transaction, states });
  }
  return joinedByOwnId([...told.values()]).toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

/** An event with the states in which it was told. */
interface Told extends Event {
  readonly states: readonly string[];
}

/**
 * What bears the id of one refund or shipment is one event where it is told in several states and is the same otherwise. Of
 * other refunds nobody can say whether they are one or more.
 */
function joinedByOwnId(all: readonly Told[]): readonly Told[] {
  const groups = Map.groupBy(all, (told) => {
    const { transaction } = told;
    const refund = isRefund(told) ? identifier(transaction, 'REFUND_ID') : undefined;
    const shipment = isShipment(told) ? identifier(transaction, 'SHIPMENT_ID') : undefined;
    return refund !== undefined ? `refund ${refund}` : shipment !== undefined ? `shipment ${shipment}` : told;
  });
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group.toSorted((a, b) => rankOf(a) - rankOf(b));
    const last = others.at(-1);
    if (first === undefined || last === undefined) {
      return group;
    }
    if (areOne(group)) {
      // It keeps the name by which it was known before it was released.
      return [{ ...last, id: first.id, at: group.map(({ at }) => at).reduce(earlier) }];
    }
    return isRefund(first) ? group.map((told) => ({ ...told, isShared: true })) : group;
  });
}

/** In the order in which a transaction goes through them. */
const STATES: readonly string[] = ['deferred', 'deferredreleased', 'released'];

function rankOf({ states }: Told): number {
  return STATES.indexOf(states.at(-1) ?? '');
}

/** Whether these are one event in several states: of one kind, of the same goods and amount, and each state told once. */
function areOne(group: readonly Told[]): boolean {
  const states = group.flatMap((told) => told.states);
  const faces = group.map(({ transaction: { transactionType, totalAmount, items } }) =>
    JSON.stringify([
      lettersOf(transactionType),
      money.show(totalAmount),
      items.map((item) => [goodsOf(item).asin, goodsOf(item).sku].join(' ')).sort(),
    ]),
  );
  return (
    states.every((state) => STATES.includes(state)) &&
    new Set(states).size === states.length &&
    new Set(faces).size === 1
  );
}

function ownIdOf(transaction: TransactionPayload): string | undefined {
  return (
    transaction.transactionId ??
    identifier(transaction, 'REFUND_ID') ??
    identifier(transaction, 'SHIPMENT_ID')
  );
}

/** With its kind: what names a transaction of another kind belongs to it and is not it. */
function kindKey({ transactionType }: TransactionPayload, id: string): string {
  return `${lettersOf(transactionType)} ${id}`;
}

export interface Event {
  /** Empty where Amazon tells none. */
  readonly id: string;
  readonly at: Instant;
  readonly transaction: TransactionPayload;
  /** Whether another one bears the same refund's id, and nothing tells whether both are one. */
  readonly isShared?: true;
}

function earlier(a: Instant, b: Instant): Instant {
  return a <= b ? a : b;
}

export function isRefund({ transaction }: Event): boolean {
  return isOfRefund(transaction);
}

function isOfRefund({ transactionType }: TransactionPayload): boolean {
  return REFUND_TYPES.has(lettersOf(transactionType));
}

export function isShipment({ transaction }: Event): boolean {
  return lettersOf(transaction.transactionType) === 'shipment';
}

/** When Amazon took the order as shipped and the buyer's money with it; of several shipments the last. */
export function shippedAt(events: readonly Event[]): Shipped | undefined {
  return events.findLast(isShipment);
}

export type Shipped = Pick<Event, 'at' | 'id'>;

/** Whether the ledger shows as many pieces shipped as the order says; where either does not say how many, what it shows is all. */
export function showsAllShipped(orderItems: readonly ItemPayload[], events: readonly Event[]): boolean {
  const fulfilled = orderItems.filter(isCharged).map(({ fulfillment }) => fulfillment?.quantityFulfilled);
  const shipped = events
    .filter(isShipment)
    .flatMap(({ transaction }) => transaction.items)
    .map(({ contexts }) => contexts.find((one) => one.quantityShipped !== undefined)?.quantityShipped);
  const [told, seen] = [fulfilled, shipped].map(sumOf);
  return told === undefined || seen === undefined || seen >= told;
}

/** Of what costs nothing the ledger may show nothing. */
function isCharged({ proceeds }: ItemPayload): boolean {
  return proceeds?.breakdowns.some(({ subtotal }) => !money.isZero(subtotal)) ?? false;
}

/** Nothing where one of them is not told, or none is. */
function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  return counts.length === 0
    ? undefined
    : counts.reduce((sum, count) => (sum === undefined || count === undefined ? undefined : sum + count));
}

export function identifier({ relatedIdentifiers }: TransactionPayload, name: string): string | undefined {
  const found = relatedIdentifiers.find((one) => one.relatedIdentifierName === name);
  return found === undefined || found.relatedIdentifierValue === ''
    ? undefined
    : found.relatedIdentifierValue;
}

/** The goods that an item of a transaction is about, as far as it says so. */
function goodsOf({ contexts, relatedIdentifiers, description }: TransactionItemPayload): {
  readonly ids: readonly string[];
  readonly asin: string;
  readonly sku: string;
  readonly title: string;
} {
  return {
    ids: relatedIdentifiers.map(({ itemRelatedIdentifierValue: value }) => value).filter(Boolean),
    asin: contexts.find(({ asin }) => asin !== '')?.asin ?? '',
    sku: contexts.find(({ sku }) => sku !== '')?.sku ?? '',
    title: description,
  };
}

/** The items of an order that a part of a transaction is of, by whatever Amazon tells: its id, SKU, ASIN or title. */
export function itemsAmong(
  orderItems: readonly ItemPayload[],
  part: TransactionItemPayload,
): readonly ItemPayload[] {
  const { ids, asin, sku, title } = goodsOf(part);
  return (
    [
      orderItems.filter(({ orderItemId }) => ids.includes(orderItemId)),
      sku === '' ? [] : orderItems.filter(({ product }) => product.sellerSku === sku),
      asin === '' ? [] : orderItems.filter(({ product }) => product.asin === asin),
      title === '' ? [] : orderItems.filter(({ product }) => product.title === title),
      // The only one there is, where nothing is told.
      orderItems.length === 1 && sku === '' && asin === '' ? orderItems : [],
    ].find(({ length }) => length > 0) ?? []
  );
}

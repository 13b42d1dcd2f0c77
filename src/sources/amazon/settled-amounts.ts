import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { SettledKind } from '#core/settlement.ts';
import { ORDER_ID } from './payload.ts';
import type { AmountPayload, TransactionPayload } from './payload.ts';
import { isBooked, storeOf } from './stores.ts';
import type { Stores } from './stores.ts';
import {
  classOf,
  identifier,
  isFeeGroup,
  isRefund,
  isSalesGroup,
  isSellersFees,
  isShipment,
  lettersOf,
} from './transactions.ts';
import type { Event } from './transactions.ts';

/**
 * What the amounts of a settlement are (docs/vendors/amazon.md 6). They are summed by their place in Amazon's tree, which is stored
 * as Amazon words it, and only then told apart: so it can be seen afterwards what each was taken for.
 */

/** A sum of all amounts of one place. */
export interface PlacedAmount {
  /** From the root of the tree: "Expenses", "AmazonFees", "Commission". */
  readonly path: readonly string[];
  /** Of what belongs to an order: only there anything is the buyer's. */
  readonly isOfOrder: boolean;
  readonly amount: Money;
}

/** Of a transaction whose tree does not come to its total, the rest. */
const UNTOLD = 'Not broken down';
/** Not paid out yet, though it names the payout. */
const DEFERRED = 'Deferred';

/** Of a refund that may be the same as another one. */
const SHARED = 'One refund or two';
/** Of an order's adjustment, among sales and without a name that is known: nothing says that it stands with the order. */
const BESIDE_SALE = 'Beside its sale';
/** Of a store that is not booked, whose name follows. */
const ELSEWHERE = 'Of another store';
/** Where some of its stores are not booked, of a transaction that tells none. */
const STORELESS = 'Of no store';

export function placedAmounts(events: readonly Event[], stores: Stores): readonly PlacedAmount[] {
  const above = placeOfStores(events, stores);
  const all = events.flatMap((event) =>
    placedIn(event).map((one) => ({ ...one, path: [...above(event.transaction), ...one.path] })),
  );
  const sums = new Map<string, PlacedAmount>();
  for (const placed of all) {
    const key = JSON.stringify([placed.path, placed.isOfOrder, placed.amount.currency]);
    const known = sums.get(key);
    sums.set(
      key,
      known === undefined ? placed : { ...known, amount: money.add(known.amount, placed.amount) },
    );
  }
  return [...sums.values()];
}

/** Where all stores that are known of a payout are booked, what tells no store is of theirs too. */
function placeOfStores(
  events: readonly Event[],
  stores: Stores,
): (transaction: TransactionPayload) => readonly string[] {
  const all = events.flatMap(({ transaction }) => storeOf(transaction) ?? []);
  if (all.every((store) => isBooked(store, stores))) {
    return () => [];
  }
  return (transaction) => {
    const store = storeOf(transaction);
    return store === undefined ? [STORELESS] : isBooked(store, stores) ? [] : [ELSEWHERE, store.channelName];
  };
}

export function isDeferred({ transactionStatus }: TransactionPayload): boolean {
  return lettersOf(transactionStatus) === 'deferred';
}

function placedIn(event: Event): readonly PlacedAmount[] {
  const { transaction, isShared } = event;
  const { totalAmount, breakdowns, items, transactionType, description } = transaction;
  const isOfOrder = isOfBuyersOrder(transaction);
  const isOfSale = isShipment(event) || isRefund(event);
  const at = (path: readonly string[], amount: Money): PlacedAmount => ({
    path: isOfOrder && !isOfSale && isNamelessSale(path) ? [BESIDE_SALE, ...path] : path,
    isOfOrder,
    amount,
  });
  if (isDeferred(transaction)) {
    return [at([DEFERRED], totalAmount)];
  }
  if (isShared === true) {
    return [at([SHARED, transactionType], totalAmount)];
  }
  const tree = breakdowns.length > 0 ? breakdowns : items.flatMap((item) => item.breakdowns);
  if (tree.length === 0) {
    // Nothing but its own name says what it is: a fee for a service, a payout.
    return [at([transactionType, description].filter(Boolean), totalAmount)];
  }
  const leaves = tree.flatMap((node) => leavesOf(node, []));
  const told = money.sum(
    leaves.filter(({ amount }) => amount.currency === totalAmount.currency).map(({ amount }) => amount),
    totalAmount.currency,
  );
  const untold = money.subtract(totalAmount, told);
  return [
    ...leaves.map(({ path, amount }) => at(path, amount)),
    ...(money.isZero(untold) ? [] : [at([UNTOLD, transactionType], untold)]),
  ];
}

/** Of a removal and of a shipment to Amazon's stores Amazon names an order too, which is no buyer's. */
function isOfBuyersOrder(transaction: TransactionPayload): boolean {
  const id = identifier(transaction, 'ORDER_ID') ?? '';
  return ORDER_ID.test(id) && !lettersOf(transaction.transactionType).startsWith('removal');
}

function isNamelessSale(path: readonly string[]): boolean {
  return path.some((type) => isSalesGroup(lettersOf(type))) && !path.some(isNamed);
}

function isNamed(type: string): boolean {
  const letters = lettersOf(type);
  return !['group', 'unknown'].includes(classOf(letters)) || TIP.test(letters);
}

/** As far down as the parts come to the whole. */
function leavesOf(
  { type, amount, parts }: AmountPayload,
  above: readonly string[],
): readonly Pick<PlacedAmount, 'path' | 'amount'>[] {
  const path = [...above, type];
  const isSplit =
    parts.length > 0 &&
    parts.every((part) => part.amount.currency === amount.currency) &&
    money.equal(
      money.sum(
        parts.map((part) => part.amount),
        amount.currency,
      ),
      amount,
    );
  return isSplit ? parts.flatMap((part) => leavesOf(part, path)) : [{ path, amount }];
}

/** What is between Amazon and the seller and yet no fee, by words of v0 and of the settlement reports. The first that fits decides. */
const BESIDE_FEES: readonly (readonly [RegExp, SettledKind])[] = [
  [/reimburse|warehouse(?:lost|damage)|missingfrominbound|clawback|compensat/, 'reimbursement'],
  [/reserve/, 'reserve'],
  [/transfer|disburse|payout|^debt/, 'transfer'],
];
/** Of services that Amazon names without the word, beside all orders; of an order such a word is not known. */
const SERVICES =
  /subscription|storage|advertis|productads|sponsoredproducts|disposal|removal|inboundtransport/;
/** What Amazon pays for goods that it liquidates. */
const LIQUIDATED = /^(recommerce)?liquidations?(proceeds|revenue)?$/;
const TIP = /^(delivery)?tips?$/;

interface Kind {
  readonly what: SettledKind;
  readonly name: string;
}

/** What an amount is by its place. What is not known is never passed over. */
export function kindOf({ path, isOfOrder }: Omit<PlacedAmount, 'amount'>): Kind {
  const [first, second = ''] = path;
  if (first === ELSEWHERE || first === STORELESS) {
    return kindBeside({ path: path.slice(first === ELSEWHERE ? 2 : 1), isOfOrder }, first, second);
  }
  if (first === BESIDE_SALE) {
    const kind = kindOf({ path: path.slice(1), isOfOrder });
    return kind.what === 'buyers' ? { what: 'unknown', name: path.join(', ') } : kind;
  }
  const letters = path.map(lettersOf);
  const own = path.at(-1) ?? '';
  if (first === UNTOLD || first === DEFERRED || first === SHARED) {
    return { what: 'unknown', name: path.join(', ') };
  }
  const isBuyers = isOfOrder && !letters.some((each) => LIQUIDATED.test(each));
  const ofBuyer: SettledKind = isBuyers ? 'buyers' : 'unknown';
  const classes = letters.map((each) => classOf(each));
  if (classes.includes('withheld') || classes.includes('levy')) {
    return { what: 'withheld', name: own };
  }
  const beside = BESIDE_FEES.find(([words]) => letters.some((each) => words.test(each)));
  if (beside !== undefined) {
    return { what: beside[1], name: own };
  }
  if (letters.some(isSalesGroup) && !letters.some(isSellersFees)) {
    // Of no order it is income of another kind, such as Amazon's price for liquidated stock.
    return { what: ofBuyer, name: isBuyers ? own : path.join(', ') };
  }
  const fee = classes.indexOf('fee');
  if (fee !== -1) {
    const isGroup = isFeeGroup(letters[fee] ?? '');
    return { what: 'fee', name: (isGroup ? path[fee + 1] : undefined) ?? path[fee] ?? own };
  }
  const service = isOfOrder ? undefined : path.find((_, index) => SERVICES.test(letters[index] ?? ''));
  if (service !== undefined) {
    return { what: 'fee', name: service };
  }
  return path.some(isNamed) ? { what: ofBuyer, name: own } : { what: 'unknown', name: path.join(', ') };
}

/** Beside the stores that are booked: what moves the seller's own money is of none, and whose a fee is must be told. */
function kindBeside(place: Omit<PlacedAmount, 'amount'>, beside: string, store: string): Kind {
  const kind = kindOf(place);
  if (kind.what === 'transfer' || kind.what === 'reserve') {
    return kind;
  }
  if (beside === ELSEWHERE) {
    return { what: 'elsewhere', name: store };
  }
  return kind.what === 'fee' ? { what: 'unknown', name: `${STORELESS}, ${kind.name}` } : kind;
}

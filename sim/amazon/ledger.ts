import type { Random } from '#sim/world/random.ts';
import { feesBack, feesOn, leviesOn } from './fees.ts';
import type { Fee } from './fees.ts';
import type { Marketplace } from './marketplaces.ts';
import type { AmazonItem, AmazonOrder, Moved, Parts } from './order.ts';
import { minusParts, NO_PARTS, worthOf } from './pricing.ts';
import { digits, priceIn } from './place.ts';
import type { AmazonMoment } from './place.ts';

/** What Finances lists: money that moved on the seller's balance, in the marketplace's minor units; what he loses is negative. */
export interface Transaction {
  readonly id: string;
  readonly type: 'Shipment' | 'Refund' | 'DeliveryTip' | 'ServiceFee' | 'Adjustment' | 'Transfer';
  readonly description: string;
  readonly marketplace: Marketplace;
  readonly order: Pick<AmazonOrder, 'id' | 'fulfilledBy'> | null;
  /** SHIPMENT_ID or REFUND_ID and the like, with its value. */
  readonly own: Identifier | null;
  /** The transaction by which it was released, or that it releases. */
  readonly also: Identifier | null;
  readonly postedAt: number;
  readonly status: 'DEFERRED' | 'RELEASED' | 'DEFERRED_RELEASED';
  readonly deferral: { readonly reason: 'B2B' | 'DD7'; readonly maturesAt: number } | null;
  /** The payout it is part of, once there is one. */
  readonly group: { readonly id: string; readonly settlementId: string } | null;
  readonly items: readonly TransactionItem[];
  /** Beside all items: a tip, a service's fee, a payout. */
  readonly beside: readonly Fee[];
}

interface Identifier {
  readonly name: string;
  readonly value: string;
}

export interface TransactionItem {
  readonly item: AmazonItem;
  readonly quantity: number;
  readonly parts: Parts;
  readonly fees: readonly Fee[];
  /** Kept on account of the seller's own taxes, or given back. */
  readonly levies: readonly Fee[];
}

export interface Ledger {
  /** Oldest first. */
  transactions(): readonly Transaction[];
  /** What an event of an order brought to the balance. */
  follow(before: AmazonOrder | null, after: AmazonOrder, moment: AmazonMoment): void;
  /** Amazon gives free what has come of age. */
  release(now: number): void;
  /** Pays everything out that is free: one group for each currency. */
  settle(moment: AmazonMoment): void;
  /** A fee of Amazon's for no order, labels that it sells, or money it gives back for lost goods. */
  post(entry: BalanceEntry, moment: AmazonMoment): void;
}

export interface BalanceEntry {
  readonly type: 'ServiceFee' | 'Adjustment';
  readonly marketplace: Marketplace;
  /** `Subscription`, `StorageFee`; of an adjustment `WAREHOUSE_LOST`, `PostageBilling_Postage`, … */
  readonly name: string;
  /** US cents; a fee is negative. */
  readonly cents: bigint;
  /** The payout that it still comes to, by the id of its group; absent for the next one. */
  readonly groupId?: string;
}

const DAY_MS = 86_400_000;
/** Invoiced business orders are paid a month later, other own shipments a week after delivery (vendors/amazon.md 6). */
const DEFERRED_MS = { B2B: 30 * DAY_MS, DD7: 9 * DAY_MS } as const;

type Tell = (transaction: Transaction) => void;

export function createLedger(tell: Tell): Ledger {
  const entries: Transaction[] = [];
  const add = (entry: Transaction): void => {
    entries.push(entry);
    tell(entry);
  };
  return {
    transactions: () => entries,
    follow: (before, after, moment) => {
      for (const entry of newOf(before, after, moment)) add(entry);
    },
    release: (now) => {
      for (const [index, entry] of entries.entries()) {
        if (entry.status !== 'DEFERRED' || (entry.deferral?.maturesAt ?? now) > now) continue;
        // The same transaction in another status, not another one.
        const released: Transaction = { ...entry, status: 'DEFERRED_RELEASED' };
        entries[index] = released;
        tell(released);
      }
    },
    settle: (moment) => settle(entries, add, moment),
    post: (entry, { now, random }) => {
      const { type, marketplace, name, cents, groupId } = entry;
      const beside = [{ name, amount: priceIn(marketplace, cents) }];
      const group =
        entries.find((known) => groupId !== undefined && known.group?.id === groupId)?.group ?? null;
      add({ ...blank(type, marketplace, { now, random }), description: name, beside, group });
    },
  };
}

function blank(
  type: Transaction['type'],
  marketplace: Marketplace,
  { now, random }: AmazonMoment,
): Transaction {
  return {
    id: transactionId(random),
    type,
    description: type,
    marketplace,
    order: null,
    own: null,
    also: null,
    postedAt: now,
    status: 'RELEASED',
    deferral: null,
    group: null,
    items: [],
    beside: [],
  };
}

function newOf(before: AmazonOrder | null, after: AmazonOrder, moment: AmazonMoment): Transaction[] {
  const { marketplace } = after;
  const shipments = after.shipments.slice(before?.shipments.length ?? 0).map((shipment): Transaction => {
    const isLast = after.status === 'SHIPPED';
    return {
      ...blank('Shipment', marketplace, moment),
      description: 'Order Payment',
      order: after,
      own: { name: 'SHIPMENT_ID', value: shipment.id },
      ...deferralOf(after, moment.now),
      items: shipment.lines.map((line) => transactionItem(after, line, 'charged')),
      beside: isLast ? tipOf(after.tip?.amount ?? 0n) : [],
    };
  });
  const refunds = after.refunds.slice(before?.refunds.length ?? 0).map((refund): Transaction => ({
    ...blank('Refund', marketplace, moment),
    description: 'Refund Order',
    order: after,
    own: { name: 'REFUND_ID', value: refund.id },
    items: refund.lines.map((line) => transactionItem(after, line, 'paid back')),
  }));
  const tip = after.tip?.amount ?? 0n;
  const wasShipped = before?.status === 'SHIPPED';
  // Known before the last shipment it comes with it; else, or when the rest was cancelled, by itself.
  const more = wasShipped ? tip - (before.tip?.amount ?? 0n) : shipments.length === 0 ? tip : 0n;
  const tips =
    after.status === 'SHIPPED' && more !== 0n
      ? [{ ...blank('DeliveryTip', marketplace, moment), order: after, beside: tipOf(more) }]
      : [];
  return [...shipments, ...refunds, ...tips];
}

function tipOf(amount: bigint): readonly Fee[] {
  return amount === 0n ? [] : [{ name: 'Tip', amount }];
}

function deferralOf(order: AmazonOrder, now: number): Pick<Transaction, 'status' | 'deferral'> {
  const reason = order.programs.includes('AMAZON_BUSINESS')
    ? 'B2B'
    : order.fulfilledBy === 'MERCHANT'
      ? 'DD7'
      : null;
  if (reason === null) return { status: 'RELEASED', deferral: null };
  return { status: 'DEFERRED', deferral: { reason, maturesAt: now + DEFERRED_MS[reason] } };
}

function transactionItem(order: AmazonOrder, line: Moved, way: 'charged' | 'paid back'): TransactionItem {
  const item = order.items.find(({ id }) => id === line.itemId);
  if (item === undefined) throw new Error(`Order ${order.id} has no item ${line.itemId}`);
  const { quantity } = line;
  const levies = leviesOn(order, line);
  if (way === 'charged') return { item, quantity, parts: line.parts, fees: feesOn(order, line), levies };
  return {
    item,
    quantity,
    parts: minusParts(NO_PARTS, line.parts),
    fees: feesBack(order, line),
    levies: levies.map(({ name, amount }) => ({ name, amount: -amount })),
  };
}

/** Of an item's parts, what comes to the seller: the tax that Amazon remits never does. */
function ownWorth({ item, parts }: TransactionItem): bigint {
  const { net, tax } = worthOf(parts);
  return item.collection === 'facilitator' ? net : net + tax;
}

/** What the balance changed by. */
export function totalOf(transaction: Transaction): bigint {
  const fees = [
    ...transaction.items.flatMap((entry) => [...entry.fees, ...entry.levies]),
    ...transaction.beside,
  ];
  const items = transaction.items.reduce((sum, entry) => sum + ownWorth(entry), 0n);
  return fees.reduce((sum, { amount }) => sum + amount, items);
}

function settle(entries: Transaction[], add: Tell, moment: AmazonMoment): void {
  const free = entries.filter((entry) => entry.status !== 'DEFERRED' && entry.group === null);
  const groups = Map.groupBy(free, ({ marketplace }) => `${marketplace.region} ${marketplace.currency}`);
  for (const members of groups.values()) {
    const group = { id: transactionId(moment.random), settlementId: digits(moment.random, 11) };
    for (const member of members) entries[entries.indexOf(member)] = { ...member, group };
    const [first] = members;
    const total = members.reduce((sum, member) => sum + totalOf(member), 0n);
    if (first === undefined || total === 0n) continue;
    add({
      ...blank('Transfer', first.marketplace, moment),
      own: { name: 'DISBURSEMENT_ID', value: digits(moment.random, 12) },
      group,
      beside: [{ name: 'Transfer', amount: -total }],
    });
  }
}

const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function transactionId(random: Random): string {
  return Array.from({ length: 43 }, () => ID_LETTERS[Math.floor(random() * ID_LETTERS.length)]).join('');
}

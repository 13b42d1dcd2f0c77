import type { Fact, FailureCode } from './failure.ts';
import type { ConnectionId, OrderKey } from './ids.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Instant, Zone } from './time.ts';

/**
 * The canonical order: what a source says was charged, in one currency, exact to the minor unit. Every source normalizes
 * into this and `plan` reads nothing else. It carries no contact data (see Buyer), so it can be kept for ever.
 */
export interface Order {
  /** Told apart by it from a settlement, which has one. */
  readonly kind?: never;
  readonly key: OrderKey;
  readonly connection: ConnectionId;
  readonly source: 'shopify' | 'amazon';
  /** The shop as a person knows it: its domain. */
  readonly shop: string;
  /** One of several stores that the connection sells in, each with a shared client of its own; absent where there is one. */
  readonly channel?: string;
  readonly vendorId: string;
  /** As the shop prints it ("#1001"). */
  readonly name: string;
  /** For number templates ("1001"). */
  readonly number: string;
  /** When the sale happened: decides the invoice's date. */
  readonly placedAt: Instant;
  /** By what that is told, where it is only near to it. */
  readonly datedBy?: string;
  readonly updatedAt: Instant;
  /** The shop's own offset, as written in its timestamps. A rule may name a better zone. */
  readonly zone: Zone;
  readonly currency: string;
  readonly pricesIncludeTax: boolean;
  /** Prices hold a tax that the source does not tell, which this party owes; by rule it is computed (`withUntoldTax`). */
  readonly untoldTax?: Tax['remittedBy'];
  readonly isTest: boolean;
  /** Everything on it has been sent or handed over. */
  readonly isFulfilled: boolean;
  /** Something on it has. */
  readonly isPartlyFulfilled?: boolean;
  /** As the shop labels it, in its own spelling. */
  readonly tags: readonly string[];
  /** Where it was placed, in the source's words ("web", "pos", the id of an app); empty when it is not told. */
  readonly sourceName: string;
  /** Where it is delivered or billed to, as an ISO code ("DE"); absent when it is not told. */
  readonly country?: string;
  readonly cancelledAt?: Instant;
  readonly cancelReason?: string;
  /** Why its amounts do not count yet: then nothing is booked, whatever they are. */
  readonly pendingBecause?: string;
  /** Why it is not booked yet, as far as it is not booked: its amounts count. */
  readonly waitsBecause?: string;
  /** No message tells when it waits no longer or its doubt is over, so it is read anew when a person says retry. */
  readonly isReadByRetry?: true;
  /** The shop's claim is gone: what was authorized was voided or ran out, and nothing was received. */
  readonly isVoided: boolean;
  /** As charged, removed and refunded units included. */
  readonly lines: readonly OrderLine[];
  /** Of lines that came or grew while we were following it, when they had not yet; oldest first. */
  readonly additions?: readonly Addition[];
  /** What the source says was charged; must be the sum of the lines. */
  readonly total: Money;
  /** What the source says the order is worth after edits, returns and refunds. */
  readonly currentTotal: Money;
  readonly cash: Cash;
  /** Entries by which goods, money or both went back, oldest first. */
  readonly refunds: readonly Refund[];
  /** Why the refunds cannot be relied on as shown: nothing in the books is changed on them. */
  readonly doubt?: Doubt;
  readonly buyer: { readonly customerId?: string; readonly hasEmail: boolean };
  /** The number of a company's own purchase order. */
  readonly buyerReference?: string;
}

export interface OrderLine {
  /** Stable within the order: "item:123", "shipping:9", "tip", "duty:4", "fee". */
  readonly key: string;
  readonly kind: 'item' | 'gift-card' | 'shipping' | 'tip' | 'duty' | 'fee';
  readonly title: string;
  readonly variant?: string;
  readonly sku?: string;
  readonly quantity: number;
  /** As the shop shows it: with tax where prices include tax. */
  readonly unitPrice: Money;
  /** Allocations to this line, never percentages. */
  readonly discounts: readonly Discount[];
  readonly taxes: readonly Tax[];
}

/** A line, by its key, that the order did not hold yet when it was of this moment, or of which it held less. */
export interface Addition {
  readonly line: string;
  readonly after: Instant;
  /** The line as it was then; absent where it was not there. */
  readonly was?: OrderLine;
}

export interface Discount {
  /** A code, or the title the shop gave it. */
  readonly label: string;
  readonly amount: Money;
}

export interface Tax {
  readonly name: string;
  /** Millionths: 9.975 % = 99750. Describes; the amount decides. */
  readonly ratePpm: number;
  /** As charged on this line. */
  readonly amount: Money;
  /** Who owes it to the state: the merchant, or the channel that collected it. */
  readonly remittedBy: 'merchant' | 'channel';
}

/**
 * Money received, as a running total. `reread`: the body does not tell, the source must be asked. `unclear`: it tells two
 * things that exclude each other, and a person must look.
 */
export type Cash =
  | { readonly state: 'known'; readonly received: Money; readonly tenders: readonly Tender[] }
  | { readonly state: 'reread'; readonly why: string }
  | { readonly state: 'unclear'; readonly why: string };

/** One successful sale or capture; or all of them in one when the body does not list them. */
export interface Tender {
  readonly gateway: string;
  readonly amount: Money;
  readonly at: Instant;
  /** The source's id of the transaction, when it is known. */
  readonly transactionId?: string;
}

/** The shop can end it by being asked for the order again, or a person must look. */
export interface Doubt {
  readonly ask: 'shop' | 'person';
  /** What it is about, when it is not the refunds. */
  readonly code?: FailureCode;
  readonly why: string;
  readonly facts: readonly Fact[];
}

/**
 * One entry by which something went back: units, shipping or an amount, with money or without. Its identity, which a source
 * checks: what was paid back = the worth of what was returned − `difference`.
 */
export interface Refund {
  readonly id: string;
  readonly at: Instant;
  /** What left the order. */
  readonly returns: readonly Return[];
  /** Positive: kept of the returns' worth (also while or because a payout does not succeed). Negative: paid back beyond it. */
  readonly difference: Money;
  /**
   * What of the difference only settles the account, and so is neither given nor kept: paid back of what the buyer had paid too
   * much (negative), or kept for what was added (positive). Told by `balanced`; absent before.
   */
  readonly settled?: Money;
  /** Successful ones only. Empty when units left the order without any money: an edit, or an order that nobody paid. */
  readonly payouts: readonly Payout[];
  /** More may be paid out: until that succeeds or fails nothing of it is booked. */
  readonly isPending: boolean;
  /** Money was to go back, and nothing of it has. */
  readonly isUnpaid?: true;
  /** Id of the edit of which it is a part, for the invoice that holds these units. Told by `withGrowth`; absent before. */
  readonly edit?: string;
  /** No money moved, because what went back paid for what was added. Told by `withExchanges`; absent before. */
  readonly isExchange?: true;
}

export interface Return {
  /** Key of the order line. */
  readonly line: string;
  /** Units; 0 where a part of a line's amount went back and the line stays. */
  readonly quantity: number;
  /** After discounts; with tax where prices include tax. */
  readonly amount: Money;
  /** One for each of the line's taxes, in their order. */
  readonly taxes: readonly Money[];
}

export interface Payout {
  readonly amount: Money;
  readonly at: Instant;
  readonly gateway: string;
  /** Back the way it came, or into a credit that the buyer may spend later. */
  readonly to: 'money' | 'store-credit';
  readonly transactionId?: string;
}

/** Contact data of the person who bought. Lives only as long as a delivery's body; never in a snapshot, an intent or a log. */
export interface Buyer {
  readonly customerId?: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly company: string;
  /** Empty when the source gives none. */
  readonly email: string;
  readonly phone: string;
  readonly address: Address;
}

/** For what is said of nobody in particular. */
export const NOBODY: Buyer = {
  firstName: '',
  lastName: '',
  company: '',
  email: '',
  phone: '',
  address: { street: '', street2: '', city: '', province: '', postalCode: '', country: '' },
};

export interface Address {
  readonly street: string;
  readonly street2: string;
  readonly city: string;
  readonly province: string;
  readonly postalCode: string;
  /** By name ("Canada"), as FreshBooks writes it. */
  readonly country: string;
}

export function grossOf(line: OrderLine): Money {
  return money.multiply(line.unitPrice, line.quantity);
}

export function discountOf(line: OrderLine): Money {
  return sumOf(line.discounts, line);
}

export function taxOf(line: OrderLine): Money {
  return sumOf(line.taxes, line);
}

/** After discounts; with tax where prices include tax. */
export function paidFor(line: OrderLine): Money {
  return money.subtract(grossOf(line), discountOf(line));
}

/** The line without any tax, after discounts: exact, because tax is taken as charged and never computed. */
export function netOf(line: OrderLine, pricesIncludeTax: boolean): Money {
  const paid = paidFor(line);
  return pricesIncludeTax ? money.subtract(paid, taxOf(line)) : paid;
}

/** The charged total by the lines: their nets and taxes. The source's own total must equal it. */
export function totalByLines(order: Pick<Order, 'lines' | 'currency' | 'pricesIncludeTax'>): Money {
  return money.sum(
    order.lines.map((line) => money.add(netOf(line, order.pricesIncludeTax), taxOf(line))),
    order.currency,
  );
}

/** Tax that the channel collected and owes by itself: no part of the merchant's invoice (bookkeeping, "tax the channel remits"). */
export function channelTaxOf(order: Pick<Order, 'lines' | 'currency'>): Money {
  const taxes = order.lines.flatMap((line) => line.taxes.filter((tax) => tax.remittedBy === 'channel'));
  return money.sum(
    taxes.map((tax) => tax.amount),
    order.currency,
  );
}

function sumOf(parts: readonly { readonly amount: Money }[], line: OrderLine): Money {
  return money.sum(
    parts.map((part) => part.amount),
    line.unitPrice.currency,
  );
}

import type { LineKind, PaymentMethod } from './document.ts';
import type { LocalDate, Zone } from './time.ts';

/**
 * A merchant's booking rules for one route (source to books), as data. An order is planned for ever by the version it was
 * first booked with, until a person applies a newer one to it, so this is stored whole and never reinterpreted. As a person
 * writes them: docs/rules.md.
 */
export interface Rules {
  /** An order that is not paid or fulfilled yet waits for the message that says so. */
  readonly bookWhen: 'created' | 'paid' | 'partly_fulfilled' | 'fulfilled';
  /** The side of the order's money that is booked: read when an order is normalized, so all orders of a route share it. */
  readonly currency: 'shop' | 'presentment';
  /** Templates know the names of TEMPLATE_NAMES. */
  readonly invoiceNumber: string;
  /** Used instead once FreshBooks has refused the other for its length: at most 10 characters when filled in. */
  readonly invoiceNumberCompact: string;
  readonly poNumber: string;
  readonly dueOffsetDays: number;
  /** `sent`: marked sent and paid. `draft`: left for a person's review, in no report until then. */
  readonly endState: 'sent' | 'draft';
  readonly terms: string;
  /** Overrides the offset in the source's timestamps. */
  readonly timeZone?: Zone;
  readonly skipTestOrders: boolean;
  readonly skipZeroTotals: boolean;
  /** An order with any of these tags is not booked; compared without regard to case, as shops do. */
  readonly skipTags: readonly string[];
  /** An order placed in any of these places is not booked. */
  readonly skipSources: readonly string[];
  /** `per_customer`: the buyer's own, where there is an e-mail address. `one_per_channel`: the shared one for all. */
  readonly client: 'per_customer' | 'one_per_channel';
  /** The shared client, one for each shop. */
  readonly channelClientName: string;
  /** At most this many minor units of rounding on one invoice, whatever its number of taxes. */
  readonly roundingMinorMax: number;
  /** The shop's title of a tax → its name in the books. Others keep their title; those of one name are one tax. */
  readonly taxNames: Readonly<Record<string, string>>;
  /** A gateway, in lower case → how a payment by it is entered. Others are known by the words in their names. */
  readonly paymentMethods: Readonly<Record<string, PaymentMethod>>;
  /**
   * Country of the order (ISO code), or "default" → how taxes stand: as percentages, or as untaxed lines with the charged
   * amounts, which the books count as sales.
   */
  readonly taxLines: Readonly<Record<string, TaxLines>>;
  /** `lines`: negative lines of their own. `net_prices`: within the prices of what they lower, whose lines name them. */
  readonly discounts: 'lines' | 'net_prices';
  /** Tax that the channel remits: not on the invoice, or as two untaxed lines that cancel. */
  readonly channelTax: 'left_out' | 'two_lines';
  /**
   * Country of the order, or "default" → the rate in percent ("20", "5.5") of a tax that prices hold and the source does not tell,
   * or "none". Orders of other countries are held.
   */
  readonly untoldTax: Readonly<Record<string, string>>;
  /** `adjust`: the invoice and payment are lowered where they still may be, else an expense. `expense`: always one. */
  readonly refunds: 'adjust' | 'expense';
  /** Tax in an amount that was paid back without lines: none, or as in what is left of the order. */
  readonly amountRefundTax: 'none' | 'as_sold';
  /** What a channel keeps of its payouts: left to a person, or one expense for each settlement. */
  readonly channelFees: 'none' | 'per_settlement';
  /** Names of lines by their kind; others are named as the shop does. */
  readonly lineNames: Readonly<Partial<Record<LineKind, string>>>;
  /** An ISO 639 code: of the books' own words on an invoice. */
  readonly language: string;
  /** The first day that is booked. Of the route as it is now, whatever an order was booked by (see `inForce`). */
  readonly booksStart?: LocalDate;
  /** Nothing on or before it is created, changed, paid or deleted. Of the route as it is now. */
  readonly closedThrough?: LocalDate;
  /** Name of the expense category for refunds; without it they are held. Of the route as it is now. */
  readonly refundCategory?: string;
  /** Name of the expense category for a channel's fees; without it they are held. Of the route as it is now. */
  readonly feeCategory?: string;
}

export type TaxLines = 'percentages' | 'own_lines';

/** Rules under the name by which orders remember them. */
export interface VersionedRules {
  readonly version: string;
  readonly rules: Rules;
}

/** What templates of numbers and terms may name; `documentOf` gives each its value. */
export const TEMPLATE_NAMES = ['order_number', 'order_id', 'order_name', 'shop'] as const;

/** Docs: docs/rules.md and docs/bookkeeping.md. What is added here later must default to what was done before it. */
export const DEFAULT_RULES = {
  bookWhen: 'created',
  currency: 'shop',
  invoiceNumber: 'SHOPIFY-{order_number}',
  invoiceNumberCompact: 'SH{order_number}',
  poNumber: 'SHOPIFY-ORDER-{order_id}',
  dueOffsetDays: 15,
  endState: 'sent',
  terms: 'Record of order {order_name} at {shop}. Not a request for payment.',
  skipTestOrders: true,
  skipZeroTotals: true,
  skipTags: [],
  skipSources: [],
  client: 'per_customer',
  channelClientName: 'Online customers - {shop}',
  roundingMinorMax: 10,
  taxNames: {},
  paymentMethods: {},
  taxLines: {},
  discounts: 'lines',
  channelTax: 'left_out',
  untoldTax: {},
  refunds: 'adjust',
  amountRefundTax: 'none',
  channelFees: 'none',
  lineNames: {},
  language: 'en',
} as const satisfies Rules;

/** Of an Amazon seller's orders: no price holds before they are shipped, and buyers are nearly anonymous (docs/bookkeeping.md). */
const AMAZON_RULES: Rules = {
  ...DEFAULT_RULES,
  bookWhen: 'fulfilled',
  invoiceNumber: 'AMAZON-{order_id}',
  invoiceNumberCompact: 'AZ{counter}',
  poNumber: 'AMAZON-ORDER-{order_id}',
  client: 'one_per_channel',
  channelClientName: '{shop} customers',
  skipTags: ['REPLACEMENT', 'INVOICE_BY_AMAZON'],
  skipSources: ['NON_AMAZON'],
};

/** What a source's orders are booked by while a person has said nothing else. */
export function defaultRulesOf(source: 'shopify' | 'amazon'): Rules {
  return source === 'amazon' ? AMAZON_RULES : DEFAULT_RULES;
}

/** Fills a template; names it does not know are left as written. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    // Own names only: "{constructor}" is no template's field.
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}

/** The default rules, with the configured zone of dates if there is one. */
export function rulesWith(timeZone: Zone | undefined): Rules {
  return { ...DEFAULT_RULES, ...(timeZone === undefined ? {} : { timeZone }) };
}

/** Rules as they were stored: what did not exist then is as it was done then. */
export function completed(stored: Partial<Rules>): Rules {
  return { ...DEFAULT_RULES, ...stored };
}

/**
 * The rules that an order is planned by: those it was first booked by, but the days that are closed and the categories of
 * refunds and fees are the account's as they are now.
 */
export function inForce(own: Rules, current: Rules): Rules {
  const {
    booksStart: _start,
    closedThrough: _closed,
    refundCategory: _refunds,
    feeCategory: _fees,
    ...kept
  } = own;
  const { booksStart, closedThrough, refundCategory, feeCategory } = current;
  return {
    ...kept,
    ...(booksStart === undefined ? {} : { booksStart }),
    ...(closedThrough === undefined ? {} : { closedThrough }),
    ...(refundCategory === undefined ? {} : { refundCategory }),
    ...(feeCategory === undefined ? {} : { feeCategory }),
  };
}

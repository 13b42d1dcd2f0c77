import type { Zone } from './time.ts';

/**
 * A merchant's booking rules for one route (source to books), as data. An order is planned for ever by the version it was
 * first booked with, so this is stored whole and never reinterpreted. Defaults: docs/bookkeeping.md.
 */
export interface Rules {
  /** Templates know {order_number}, {order_id} and {order_name}. */
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
  /** The client of orders without an e-mail address, one for each shop. */
  readonly channelClientName: string;
  /** At most this many minor units of rounding on one invoice, whatever its number of taxes. */
  readonly roundingMinorMax: number;
}

export const DEFAULT_RULES = {
  invoiceNumber: 'SHOPIFY-{order_number}',
  invoiceNumberCompact: 'SH{order_number}',
  poNumber: 'SHOPIFY-ORDER-{order_id}',
  dueOffsetDays: 15,
  endState: 'sent',
  terms: 'Record of order {order_name} at {shop}. Not a request for payment.',
  skipTestOrders: true,
  skipZeroTotals: true,
  channelClientName: 'Online customers - {shop}',
  roundingMinorMax: 10,
} as const satisfies Rules;

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

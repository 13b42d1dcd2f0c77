import type { AmazonSwitches } from './switches.ts';

/** The datasets that `includedData` asks for (vendors/amazon.md 5). PAYMENT and FULFILLMENT_ORDERS are known and empty here. */
export const DATASETS = [
  'BUYER',
  'RECIPIENT',
  'PROCEEDS',
  'EXPENSE',
  'PROMOTION',
  'CANCELLATION',
  'FULFILLMENT',
  'PACKAGES',
  'TAX',
  'PAYMENT',
  'FULFILLMENT_ORDERS',
] as const;
export type Dataset = (typeof DATASETS)[number];

/** What the app's role lets through (1.3): nothing personal, what shipping needs, or what tax invoices need. */
export type Role = 'no personal data' | 'shipping' | 'tax invoicing';

export interface OrderView {
  readonly included: ReadonlySet<Dataset>;
  readonly switches: AmazonSwitches;
  readonly role: Role;
}

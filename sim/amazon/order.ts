import type { Marketplace } from './marketplaces.ts';

/** The seller's order as Amazon knows it: the one struct from which every answer, notification and transaction is written. */
export interface AmazonOrder {
  /** `113-1234567-1234567`. */
  readonly id: string;
  readonly marketplace: Marketplace;
  readonly channel: 'AMAZON' | 'NON_AMAZON';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly status: FulfillmentStatus;
  readonly fulfilledBy: 'AMAZON' | 'MERCHANT';
  /** AMAZON_BUSINESS, PRIME, INVOICE_BY_AMAZON, … */
  readonly programs: readonly string[];
  readonly associated: readonly Association[];
  readonly buyer: AmazonBuyer;
  readonly items: readonly AmazonItem[];
  /** Of the whole order and beside its items (vendors/amazon.md 5.1, caveat 6); minor units. */
  readonly tip: { readonly amount: bigint; readonly status: 'PENDING' | 'FINALIZED' } | null;
  readonly shipments: readonly Shipment[];
  readonly refunds: readonly AmazonRefund[];
  readonly cancelledAt: number | null;
  readonly cancelRequestedAt: number | null;
}

export type FulfillmentStatus =
  | 'PENDING_AVAILABILITY'
  | 'PENDING'
  | 'UNSHIPPED'
  | 'PARTIALLY_SHIPPED'
  | 'SHIPPED'
  | 'CANCELLED'
  | 'UNFULFILLABLE';

export interface Association {
  readonly orderId: string;
  readonly type: 'REPLACEMENT_ORIGINAL_ID' | 'EXCHANGE_ORIGINAL_ID';
}

export interface AmazonBuyer {
  readonly name: string;
  /** The relay address: another one for each order. */
  readonly email: string;
  readonly company: string | null;
  readonly purchaseOrder: string | null;
}

export interface AmazonItem {
  readonly id: string;
  readonly asin: string;
  readonly sku: string;
  readonly title: string;
  /** As placed; units that were cancelled count here still. */
  readonly ordered: number;
  readonly cancelled: number;
  readonly shipped: number;
  readonly terms: Terms;
  readonly collection: 'facilitator' | 'seller';
  readonly scheme: 'IOSS' | 'UOSS' | null;
  /** Points that the seller grants the buyer (Japan): his expense, not a price. */
  readonly points: number;
  readonly promotionIds: readonly string[];
  readonly cancelRequest: string | null;
  readonly cancelledBy: Canceller | null;
}

export type Canceller = 'BUYER' | 'MERCHANT' | 'AMAZON';

/** What was agreed for all units as placed: minor units as the marketplace shows prices, with tax or without. */
export interface Terms {
  readonly unit: bigint;
  readonly shipping: bigint;
  readonly giftWrap: bigint;
  readonly cod: bigint;
  readonly other: bigint;
  readonly itemDiscount: bigint;
  readonly shippingDiscount: bigint;
  readonly ratePpm: bigint;
  /** `untold`: the price holds a tax of which Amazon reports nothing. */
  readonly tax: 'reported' | 'untold';
}

export interface Shipment {
  readonly id: string;
  readonly at: number;
  readonly lines: readonly Moved[];
}

/** Money that Amazon took from the seller's balance for the buyer; the order itself never shows it. */
export interface AmazonRefund {
  readonly id: string;
  readonly at: number;
  readonly lines: readonly Moved[];
}

export interface Moved {
  readonly itemId: string;
  /** Units; 0 where only an amount went. */
  readonly quantity: number;
  readonly parts: Parts;
}

export const CHARGES = ['item', 'shipping', 'giftWrap', 'cod', 'other'] as const;
export type Charge = (typeof CHARGES)[number];

/** Without tax, and the tax on it. */
export interface Taxed {
  readonly net: bigint;
  readonly tax: bigint;
}

/** What some units cost: charges, and the discounts on two of them, both positive. */
export interface Parts {
  readonly charges: Readonly<Record<Charge, Taxed>>;
  readonly discounts: Readonly<Record<Discounted, Taxed>>;
}

export const DISCOUNTED = ['item', 'shipping'] as const;
export type Discounted = (typeof DISCOUNTED)[number];

/** One thing that happened, with the order as it stood right after it. */
export interface OrderEvent {
  readonly order: AmazonOrder;
  readonly kind:
    | 'created'
    /** Its fulfilment status changed. */
    | 'status'
    /** The buyer asked for it to be cancelled. */
    | 'buyer request'
    | 'tip'
    /** Something that no notification tells: a price, a tax, a tracking number. */
    | 'silent'
    /** Only Finances show it. */
    | 'money';
}

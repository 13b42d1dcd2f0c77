import type { Bag } from './money.ts';

/** The simulated shop's own order: the one struct from which webhook bodies and GraphQL answers are both written. */
export interface WorldOrder {
  readonly id: bigint;
  /** REST `order_number`, GraphQL `number`: 1001, 1002, … REST's own `number` is this less 1000. */
  readonly orderNumber: number;
  readonly name: string;
  readonly createdAt: number;
  readonly processedAt: number;
  readonly updatedAt: number;
  readonly cancelled: { readonly at: number; readonly reason: CancelReason } | null;
  readonly closedAt: number | null;
  readonly currency: string;
  readonly presentmentCurrency: string;
  readonly taxesIncluded: boolean;
  readonly taxExempt: boolean;
  readonly isTest: boolean;
  readonly isConfirmed: boolean;
  readonly isEdited: boolean;
  readonly sourceName: string;
  readonly customer: Customer | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly billingAddress: Address | null;
  readonly shippingAddress: Address | null;
  readonly note: string | null;
  readonly tags: readonly string[];
  readonly poNumber: string | null;
  /** The app of the merchant of record, where that is another company. */
  readonly merchantOfRecordAppId: bigint | null;
  readonly discounts: readonly Discount[];
  readonly lines: readonly Line[];
  readonly shipping: readonly ShippingLine[];
  readonly tip: Bag;
  readonly fees: readonly AdditionalFee[];
  readonly transactions: readonly Transaction[];
  readonly refunds: readonly Refund[];
  /** What the order was worth when it was placed; edits and address changes do not move it. */
  readonly originalTotal: Bag;
  /**
   * `paid` on orders that another system wrote with that word and without any transaction: public samples 05, 06 and 32
   * are "paid" with money outstanding (vendors/shopify.md 4.2, Status). Null = derived from the transactions.
   */
  readonly statedStatus: 'paid' | null;
  readonly isAuthorizationExpired: boolean;
  readonly paymentTerms: PaymentTerms | null;
  readonly fulfillment: 'unfulfilled' | 'partial' | 'fulfilled';
}

export type CancelReason = 'customer' | 'inventory' | 'fraud' | 'declined' | 'other' | 'staff';

export interface PaymentTerms {
  readonly id: bigint;
  readonly dueInDays: number;
  readonly issuedAt: number;
}

export interface Customer {
  readonly id: bigint;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly taxExempt: boolean;
  readonly createdAt: number;
  readonly defaultAddress: Address | null;
}

export interface Address {
  readonly id: bigint;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly company: string | null;
  readonly address1: string | null;
  readonly address2: string | null;
  readonly city: string | null;
  readonly province: string | null;
  readonly provinceCode: string | null;
  readonly country: string;
  readonly countryCode: string;
  readonly zip: string | null;
  readonly phone: string | null;
}

export interface Discount {
  readonly type: 'discount_code' | 'manual' | 'automatic' | 'script';
  readonly target: 'line_item' | 'shipping_line';
  readonly allocation: 'across' | 'each' | 'one';
  readonly selection: 'all' | 'entitled' | 'explicit';
  /** The code, or the title the merchant gave. */
  readonly label: string;
  /** Hundredths of a percent, or a fixed amount on both sides. */
  readonly value:
    | { readonly kind: 'percentage'; readonly hundredths: bigint }
    | { readonly kind: 'fixed'; readonly amount: Bag };
}

export interface Allocation {
  /** Index into the order's discounts. */
  readonly discount: number;
  readonly amount: Bag;
}

export interface TaxLine {
  readonly title: string;
  /** Millionths: 99 750 is 9.975 %. */
  readonly ratePpm: bigint;
  readonly channelLiable: boolean;
  readonly amount: Bag;
}

/** Which of a country's rates a thing is sold at; `exempt` things carry no tax line at all. */
export type TaxClass = 'standard' | 'reduced' | 'exempt';

type LineKind = 'product' | 'custom' | 'gift_card' | 'tip';

export interface Line {
  readonly id: bigint;
  readonly kind: LineKind;
  readonly productId: bigint | null;
  readonly variantId: bigint | null;
  readonly title: string;
  readonly variantTitle: string | null;
  readonly sku: string | null;
  readonly vendor: string | null;
  readonly price: Bag;
  /** Units ever on the order; refunded and removed ones included (vendors/shopify.md 4.3). */
  readonly quantity: number;
  readonly taxClass: TaxClass;
  readonly requiresShipping: boolean;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
  readonly allocations: readonly Allocation[];
  readonly taxes: readonly TaxLine[];
  readonly duties: readonly Duty[];
  /** Edits that put more units on it, oldest first, each with the line as it was. */
  readonly raises?: readonly { readonly id: bigint; readonly was: Line }[];
}

export interface Duty {
  readonly id: bigint;
  readonly harmonizedSystemCode: string;
  readonly countryCodeOfOrigin: string;
  readonly amount: Bag;
}

export interface AdditionalFee {
  readonly id: bigint;
  readonly name: string;
  readonly amount: Bag;
}

export interface ShippingLine {
  readonly id: bigint;
  readonly title: string;
  readonly code: string;
  readonly source: string;
  readonly price: Bag;
  readonly isRemoved: boolean;
  readonly allocations: readonly Allocation[];
  readonly taxes: readonly TaxLine[];
}

type TransactionKind = 'sale' | 'authorization' | 'capture' | 'void' | 'refund';
export type TransactionStatus = 'success' | 'pending' | 'failure';

export interface Transaction {
  readonly id: bigint;
  readonly kind: TransactionKind;
  readonly status: TransactionStatus;
  readonly gateway: string;
  readonly amount: Bag;
  readonly parentId: bigint | null;
  readonly at: number;
  readonly isTest: boolean;
  /** What a till put on the amount, or took off it: it is shown beside it, never in it (vendors/shopify.md 4.2); 0 elsewhere. */
  readonly rounding: Bag;
}

export type RestockType = 'no_restock' | 'cancel' | 'return';

export interface Refund {
  readonly id: bigint;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly note: string | null;
  /** `removal` = units taken off by an edit or a cancellation: an entry without any transaction (4.3). */
  readonly kind: 'refund' | 'removal';
  readonly lines: readonly RefundLine[];
  readonly shipping: readonly RefundShipping[];
  readonly duties: Bag;
  readonly fees: Bag;
  readonly adjustments: readonly Adjustment[];
  readonly transactionIds: readonly bigint[];
}

export interface RefundLine {
  readonly id: bigint;
  readonly lineId: bigint;
  readonly quantity: number;
  readonly restock: RestockType;
  /** After discounts; with tax where the order's prices contain it. */
  readonly subtotal: Bag;
  readonly tax: Bag;
  /** Of the line's discount allocations and taxes, the part that these units carried. */
  readonly discount: Bag;
  readonly taxes: readonly Bag[];
}

export interface RefundShipping {
  readonly id: bigint;
  readonly shippingLineId: bigint;
  /** As charged after discounts: with tax where the order's prices contain it. Bodies may show it net by a switch. */
  readonly amount: Bag;
  readonly tax: Bag;
  readonly taxes: readonly Bag[];
}

/** Negative = more went back than the lines say, positive = less (vendors/shopify.md 4.4). */
export interface Adjustment {
  readonly id: bigint;
  readonly reason: 'refund_discrepancy' | 'pending_refund_discrepancy';
  readonly amount: Bag;
}

/** One thing that happened to an order, with the order as it stood right after it. */
export type Change =
  | { readonly kind: 'created'; readonly order: WorldOrder }
  | { readonly kind: 'updated'; readonly order: WorldOrder }
  | { readonly kind: 'paid'; readonly order: WorldOrder }
  | { readonly kind: 'cancelled'; readonly order: WorldOrder }
  | { readonly kind: 'fulfilled'; readonly order: WorldOrder }
  | { readonly kind: 'edited'; readonly order: WorldOrder; readonly edit: Edit }
  | { readonly kind: 'refunded'; readonly order: WorldOrder; readonly refund: Refund }
  | { readonly kind: 'transaction'; readonly order: WorldOrder; readonly transaction: Transaction }
  | { readonly kind: 'deleted'; readonly order: WorldOrder };

export interface Edit {
  readonly id: bigint;
  readonly at: number;
  readonly added: readonly { readonly lineId: bigint; readonly delta: number }[];
  readonly removed: readonly { readonly lineId: bigint; readonly delta: number }[];
}

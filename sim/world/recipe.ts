import type { DestinationCode } from './catalog.ts';

/** An order to be placed, in the words of a person. Amounts are US cents; the world converts them. */
export interface Recipe {
  readonly items: readonly Item[];
  readonly to?: DestinationCode;
  readonly customer?: CustomerChoice;
  readonly deals?: readonly DealRecipe[];
  readonly shipping?: readonly { readonly title: string; readonly cents: bigint }[];
  readonly tipCents?: bigint;
  readonly dutyCents?: bigint;
  readonly feeCents?: bigint;
  readonly payment?: PaymentRecipe;
  /** What the buyer pays in, when it is not the shop's currency. */
  readonly presentmentCurrency?: string;
  readonly taxesIncluded?: boolean;
  readonly taxExempt?: boolean;
  /** The taxes are remitted by the channel, not by the merchant (vendors/shopify.md 4.2). */
  readonly isChannelLiable?: boolean;
  /** Another company is the seller before the law, and remits the taxes and duties (Shopify Managed Markets). */
  readonly isSoldForMerchant?: boolean;
  readonly isTest?: boolean;
  readonly isUnconfirmed?: boolean;
  readonly sourceName?: string;
  readonly note?: string;
  /** Net terms: the order is to be paid this many days later. */
  readonly dueInDays?: number;
  /** Placed this many days before the clock's now. */
  readonly daysAgo?: number;
}

export type Item =
  | { readonly kind: 'product'; readonly index: number; readonly quantity: number }
  | { readonly kind: 'custom'; readonly title: string; readonly cents: bigint; readonly quantity: number }
  | { readonly kind: 'gift card'; readonly cents: bigint; readonly quantity: number };

export type CustomerChoice =
  | { readonly kind: 'new'; readonly person?: number }
  /** The one who ordered last; a new one where nobody did yet. */
  | { readonly kind: 'repeat' }
  /** No customer object; with an e-mail address or, at the till, without. */
  | { readonly kind: 'guest'; readonly email: string | null };

export interface DealRecipe {
  readonly type: 'discount_code' | 'manual' | 'automatic';
  readonly label: string;
  readonly on: 'order' | 'shipping' | { readonly line: number };
  /** 1 000 = 10 %. */
  readonly hundredths?: bigint;
  readonly cents?: bigint;
}

export type PaymentRecipe =
  | { readonly kind: 'paid'; readonly gateway: string }
  | { readonly kind: 'authorized'; readonly gateway: string }
  | { readonly kind: 'pending'; readonly gateway: string }
  /** Nothing was paid and nothing is under way: a draft order sent out as an invoice, net terms. */
  | { readonly kind: 'open' }
  | { readonly kind: 'part'; readonly gateway: string; readonly percent: number }
  | { readonly kind: 'gift card and card'; readonly giftPercent: number }
  /** Cash at the till, rounded to five minor units. */
  | { readonly kind: 'rounded cash' }
  /** The word "paid" without any transaction, as other systems import orders. */
  | { readonly kind: 'stated paid' };

import type { Association } from './order.ts';

/** An order to be placed, in the words of a person. Amounts are US cents; the marketplace's price level converts them. */
export interface AmazonRecipe {
  /** A country of the table; US when left out. */
  readonly in?: string;
  readonly items: readonly AmazonItemRecipe[];
  readonly fulfilledBy?: 'AMAZON' | 'MERCHANT';
  /** How it begins; UNSHIPPED when left out. */
  readonly status?: 'PENDING_AVAILABILITY' | 'PENDING' | 'UNSHIPPED';
  readonly channel?: 'AMAZON' | 'NON_AMAZON';
  readonly programs?: readonly string[];
  readonly company?: string;
  readonly purchaseOrder?: string;
  readonly tipCents?: bigint;
  /** Amazon reports no tax though the price holds one (vendors/amazon.md 4.1): marketplaces with inclusive prices. */
  readonly isTaxUntold?: boolean;
  /** The order it replaces or is exchanged for. */
  readonly instead?: Association;
  readonly daysAgo?: number;
}

export interface AmazonItemRecipe {
  /** Place in the catalog of the world. */
  readonly product: number;
  readonly quantity?: number;
  /** In place of the catalog's price, for one unit. */
  readonly cents?: bigint;
  readonly shippingCents?: bigint;
  readonly giftWrapCents?: bigint;
  readonly codCents?: bigint;
  readonly otherCents?: bigint;
  /** Off the goods, in hundredths of a percent: 1 000 = 10 %. */
  readonly discount?: bigint;
  /** Off the shipping, likewise. */
  readonly shippingDiscount?: bigint;
  /** Millionths; the marketplace's usual tax when left out. */
  readonly ratePpm?: bigint;
  /** Who remits the tax; Amazon in the US and by a scheme, the seller elsewhere, when left out. */
  readonly collection?: 'facilitator' | 'seller';
  readonly scheme?: 'IOSS' | 'UOSS';
  readonly points?: number;
}

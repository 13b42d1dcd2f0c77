/**
 * What nobody could verify without a live shop (marked [U] or [I] in vendors/shopify.md, list in its section 10). Each
 * switch is one doubt: the first value named is what the simulator does unless told otherwise, the others are what a real
 * shop may do as well. Suites run the product under all of them.
 */
export interface Switches {
  /**
   * How a tip shows in REST bodies: always in `total_tip_received`, and as a line item outside or inside
   * `total_line_items_price`, or not as a line item at all (4.2 Tips; 10.1).
   */
  readonly tip: 'line outside total' | 'line inside total' | 'no line';
  /** `refund_line_items[].subtotal` of tax-inclusive orders: with tax, as Business Central reads it, or without (10.2). */
  readonly refundLineSubtotal: 'gross' | 'net';
  /** `refund_shipping_lines[].subtotal` of tax-inclusive orders: net with tax beside it, or gross (4.4; 10.3). */
  readonly refundShippingSubtotal: 'net' | 'gross';
  /**
   * Where a REST body tells of refunded shipping: the list of API versions since 2024-10, the order adjustment of older
   * ones, or both for the same money, as in Shopify's own samples (4.4).
   */
  readonly refundedShipping: 'refund_shipping_lines' | 'order_adjustments' | 'both';
  /** Whether `current_total_price` falls by a refund that names no lines (4.3: it does not [I]). */
  readonly amountOnlyRefundLowersCurrentTotal: boolean;
  /** Whether `total_price` rises by lines that an edit added (10.5: yes [I]). `false` keeps what the order began with. */
  readonly editRaisesTotalPrice: boolean;
  /** An order body's buyer: as it is, or without the keys of protected customer data (1; public sample 32 has no `email`). */
  readonly protectedData: 'granted' | 'denied';
  /** When a subscription made through the API vanishes: "after 8 consecutive failures" beside "8 retries" reads both ways (2). */
  readonly subscriptionRemoval: 'after eighth retry' | 'after eighth failure' | 'never';
  /** Which version webhook bodies name: the one of the URL that made the subscription, or the app's own (2; 10.7). */
  readonly webhookVersion: 'request' | 'app setting';
  /** Seconds until the list of orders shows a change: an index that is late by minutes was seen (5 [I]). */
  readonly searchLagSeconds: number;
  /** Whether `orders/create` is followed by `orders/updated` for the same state; several were seen (3). */
  readonly updatedAfterCreate: boolean;
}

export const DEFAULT_SWITCHES: Switches = {
  tip: 'line outside total',
  refundLineSubtotal: 'gross',
  refundShippingSubtotal: 'net',
  refundedShipping: 'refund_shipping_lines',
  amountOnlyRefundLowersCurrentTotal: false,
  editRaisesTotalPrice: true,
  protectedData: 'granted',
  subscriptionRemoval: 'after eighth retry',
  webhookVersion: 'request',
  searchLagSeconds: 0,
  updatedAfterCreate: true,
};

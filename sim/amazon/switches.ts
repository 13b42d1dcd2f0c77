/**
 * What nobody could verify without a live seller account (marked [?], [I] or [S] in vendors/amazon.md). Each switch is one
 * doubt: the first value named is what the simulator does unless told otherwise, the others are what Amazon may do as well.
 */
export interface AmazonSwitches {
  /** The sign of DISCOUNT and of TAX/DISCOUNT (5.1, caveat 3; 10.1). */
  readonly discountSign: 'positive' | 'negative';
  /**
   * TAX/DISCOUNT against the TAX subtotal (10.1): beside it, so that the total is less by it (v0's formula, 4.1); taken off
   * it; or only said, the other details being net of it already.
   */
  readonly discountTax: 'beside' | 'taken off' | 'only said';
  /** Breakdowns of the whole order; all six sandbox orders have none (5.1, caveat 5). */
  readonly orderBreakdowns: 'present' | 'absent';
  /** Categories that come to nothing (5.1, caveat 4). */
  readonly zeroBreakdowns: 'omitted' | 'listed';
  /** Whether a pending order shows prices (5.1, caveat 7). */
  readonly pendingProceeds: 'absent' | 'present';
  /** `quantityOrdered` of units that were cancelled (10.7). */
  readonly cancelledQuantity: 'kept' | 'zero';
  /** What a cancelled order's proceeds show (4, Canceled; 10.7). */
  readonly cancelledProceeds: 'absent' | 'zero' | 'as placed';
  /**
   * Statuses outside the model (2.3, 5): with `sometimes` an order that waits to ship is INVOICE_UNCONFIRMED, and the
   * notification of one that is not available yet says UpComing.
   */
  readonly unknownStatus: 'never' | 'sometimes';
  /** Whether a new order is told by ORDER_CHANGE (2.3; 10.5). */
  readonly creation: 'told' | 'not told';
  /** Whether ORDER_CHANGE keeps to the `marketplaceIds` of its filter (2.1; 10.3). */
  readonly marketplaceFilter: 'ignored' | 'honoured';
  /** The words of `salesChannel.channelName`: the model's, or the marketplace's name as one published sample has it. */
  readonly channelName: 'AMAZON' | 'marketplace name';
  /** How Finances show the tax that Amazon withholds; no name was found (6; 10.6). */
  readonly withheldTax: 'left out' | 'v0 names' | 'one name';
  /**
   * How the order says that Amazon remits the tax of a one stop shop: by `taxCollections` beside the scheme, as Amazon's sandbox
   * has it, by the scheme alone, or not at all, so that only Finances tell it (5, 9).
   */
  readonly deemedReseller: 'told twice' | 'by its scheme' | 'not told';
  /** `breakdowns`, `contexts` and `transactionStatus` null, as once recorded, though the model has lists and text (6). */
  readonly financesNulls: 'values' | 'nulls';
  /** Names and shape of the tree: as recorded, or as the model's example has it, spaced and once wrapped (6). */
  readonly financesShape: 'recorded' | 'model example';
  /**
   * The groups of the whole of a transaction: what the buyer pays and what the seller pays, or what the seller gets and what he pays,
   * without details, as a refund and payouts were seen (6).
   */
  readonly financesGroups: 'by kind' | 'by sign';
  /** What a promotion saves of taxes: taken off the tax, or told among the rebates as sellers saw it (6). */
  readonly rebates: 'without tax' | 'with tax';
  /**
   * What becomes of a deferred transaction when it is released: only its status changes; or another one follows, as sellers
   * saw it, and each names the other, or both bear nothing but the id of their refund or shipment (6).
   */
  readonly release: 'same transaction' | 'another by name' | 'another';
  /** "Might not include orders from the last 48 hours" (6). */
  readonly financesLag: 'none' | 'last 48 hours';
  /** Whether a fee of no order says of which store it is; nobody has seen all of them (6). */
  readonly serviceStore: 'told' | 'not told';
  /** Whether a payout stands among the transactions that it pays out; the page names no type for it (6). */
  readonly payouts: 'listed' | 'not listed';
  /** "Can return empty pages" (6). */
  readonly emptyPages: 'none' | 'between';
  /** `x-amzn-RateLimit-Limit` on answers that are no 429: "sometimes", not to be depended on (4.2). */
  readonly rateHeader: 'present' | 'absent';
}

export const DEFAULT_AMAZON_SWITCHES: AmazonSwitches = {
  discountSign: 'positive',
  discountTax: 'beside',
  orderBreakdowns: 'present',
  zeroBreakdowns: 'omitted',
  pendingProceeds: 'absent',
  cancelledQuantity: 'kept',
  cancelledProceeds: 'absent',
  unknownStatus: 'never',
  creation: 'told',
  marketplaceFilter: 'ignored',
  channelName: 'AMAZON',
  withheldTax: 'left out',
  deemedReseller: 'told twice',
  financesNulls: 'values',
  financesShape: 'recorded',
  financesGroups: 'by kind',
  rebates: 'without tax',
  release: 'same transaction',
  financesLag: 'none',
  serviceStore: 'told',
  payouts: 'listed',
  emptyPages: 'none',
  rateHeader: 'present',
};

import { decimal, exponentOf, minus, ZERO } from '#sim/world/money.ts';
import type { Bag } from '#sim/world/money.ts';
import type {
  Adjustment,
  Refund,
  RefundLine,
  RefundShipping,
  Transaction,
  WorldOrder,
} from '#sim/world/order.ts';
import { lineBody, moneySet } from './line-body.ts';
import type { BodyContext, JsonObject } from './line-body.ts';
import { zonedText } from './clock-text.ts';
import type { Json } from './json.ts';
import type { Switches } from './switches.ts';

/** A refund as it stands inside an order and as the body of `refunds/create` (vendors/shopify.md 4.4). */
export function refundBody(order: WorldOrder, refund: Refund, context: BodyContext): JsonObject {
  const { shop, switches } = context;
  const transactions = order.transactions.filter((entry) => refund.transactionIds.includes(entry.id));
  return {
    id: refund.id,
    admin_graphql_api_id: `gid://shopify/Refund/${refund.id}`,
    created_at: zonedText(refund.createdAt, shop.timeZone),
    note: refund.note,
    order_id: order.id,
    processed_at: zonedText(refund.createdAt, shop.timeZone),
    restock: refund.lines.some((line) => line.restock !== 'no_restock'),
    total_additional_fees_set: moneySet(refund.fees, order),
    total_duties_set: moneySet(refund.duties, order),
    user_id: null,
    order_adjustments: adjustments(order, refund, switches),
    transactions: transactions.map((entry) => transactionBody(entry, order, context)),
    refund_line_items: refund.lines
      .filter((line) => isShown(order, line, switches))
      .map((line) => refundLineBody(order, line, switches)),
    refund_shipping_lines:
      switches.refundedShipping === 'order_adjustments'
        ? []
        : refund.shipping.map((entry) => refundShippingBody(order, entry, switches)),
    duties: [],
    additional_fees: [],
  };
}

/** Where tips are no lines at all, their refund cannot be one either. */
function isShown(order: WorldOrder, entry: RefundLine, switches: Switches): boolean {
  const line = order.lines.find((candidate) => candidate.id === entry.lineId);
  return line?.kind !== 'tip' || switches.tip !== 'no line';
}

function adjustments(order: WorldOrder, refund: Refund, switches: Switches): Json {
  const differences = refund.adjustments.map((entry) => adjustmentBody(order, refund, entry));
  if (switches.refundedShipping === 'refund_shipping_lines') return differences;
  const legacy = refund.shipping.map((entry) => ({
    id: entry.id + 1n,
    amount: decimal(-net(order, entry).shop, order.currency),
    amount_set: moneySet(minus(ZERO, net(order, entry)), order),
    kind: 'shipping_refund',
    order_id: order.id,
    reason: 'Shipping refund',
    refund_id: refund.id,
    tax_amount: decimal(-entry.tax.shop, order.currency),
    tax_amount_set: moneySet(minus(ZERO, entry.tax), order),
  }));
  return [...legacy, ...differences];
}

function adjustmentBody(order: WorldOrder, refund: Refund, entry: Adjustment): JsonObject {
  return {
    id: entry.id,
    amount: decimal(entry.amount.shop, order.currency),
    amount_set: moneySet(entry.amount, order),
    kind: 'refund_discrepancy',
    order_id: order.id,
    reason:
      entry.reason === 'pending_refund_discrepancy' ? 'Pending refund discrepancy' : 'Refund discrepancy',
    refund_id: refund.id,
    tax_amount: decimal(0n, order.currency),
    tax_amount_set: moneySet(ZERO, order),
  };
}

/** Shipping without its tax: what the list of newer versions shows by default. */
function net(order: WorldOrder, entry: RefundShipping): Bag {
  return order.taxesIncluded ? minus(entry.amount, entry.tax) : entry.amount;
}

export function refundShippingSubtotal(order: WorldOrder, entry: RefundShipping, switches: Switches): Bag {
  return switches.refundShippingSubtotal === 'gross' ? entry.amount : net(order, entry);
}

export function refundLineSubtotal(order: WorldOrder, entry: RefundLine, switches: Switches): Bag {
  const isNet = order.taxesIncluded && switches.refundLineSubtotal === 'net';
  return isNet ? minus(entry.subtotal, entry.tax) : entry.subtotal;
}

function refundLineBody(order: WorldOrder, entry: RefundLine, switches: Switches): JsonObject {
  const line = order.lines.find((candidate) => candidate.id === entry.lineId);
  const subtotal = refundLineSubtotal(order, entry, switches);
  return {
    id: entry.id,
    line_item_id: entry.lineId,
    location_id: null,
    quantity: entry.quantity,
    restock_type: entry.restock,
    subtotal: amountNumber(subtotal.shop, order.currency),
    subtotal_set: moneySet(subtotal, order),
    total_tax: amountNumber(entry.tax.shop, order.currency),
    total_tax_set: moneySet(entry.tax, order),
    line_item: line === undefined ? null : lineBody(line, order),
  };
}

/** Refund lines alone show amounts as JSON numbers (vendors/shopify.md 4); the sets beside them are exact. */
function amountNumber(minor: bigint, currency: string): number {
  return Number(minor) / 10 ** exponentOf(currency);
}

function refundShippingBody(order: WorldOrder, entry: RefundShipping, switches: Switches): JsonObject {
  const subtotal = refundShippingSubtotal(order, entry, switches);
  return {
    id: entry.id,
    shipping_line_id: entry.shippingLineId,
    subtotal_amount_set: moneySet(subtotal, order),
    tax_amount_set: moneySet(entry.tax, order),
  };
}

/** A transaction's amount is in the buyer's currency, alone among plain fields (vendors/shopify.md 4). */
export function transactionBody(entry: Transaction, order: WorldOrder, { shop }: BodyContext): JsonObject {
  const at = zonedText(entry.at, shop.timeZone);
  return {
    id: entry.id,
    admin_graphql_api_id: `gid://shopify/OrderTransaction/${entry.id}`,
    amount: decimal(entry.amount.presentment, order.presentmentCurrency),
    authorization: null,
    created_at: at,
    currency: order.presentmentCurrency,
    device_id: null,
    error_code: entry.status === 'failure' ? 'processing_error' : null,
    gateway: entry.gateway,
    kind: entry.kind,
    location_id: null,
    message: null,
    order_id: order.id,
    parent_id: entry.parentId,
    payment_id: `${order.name}.${entry.id % 97n}`,
    processed_at: at,
    receipt: {},
    source_name: order.sourceName,
    status: entry.status,
    test: entry.isTest,
    user_id: null,
  };
}

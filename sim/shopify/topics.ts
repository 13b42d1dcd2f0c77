import type { Change, WorldOrder } from '#sim/world/order.ts';
import { orderBody } from './body.ts';
import { zonedText } from './clock-text.ts';
import type { BodyContext, JsonObject } from './line-body.ts';
import { refundBody, transactionBody } from './refund-body.ts';

/** A webhook's topic and body, before anybody subscribed to it. */
export interface Told {
  readonly topic: string;
  readonly body: JsonObject;
}

/**
 * Topics as GraphQL names them and as the `X-Shopify-Topic` header does. Only those that tell of orders, and those that a
 * bookkeeping app may subscribe to; the schema knows many more.
 */
export const TOPICS: Readonly<Record<string, string>> = {
  APP_SCOPES_UPDATE: 'app/scopes_update',
  APP_UNINSTALLED: 'app/uninstalled',
  BULK_OPERATIONS_FINISH: 'bulk_operations/finish',
  CUSTOMERS_CREATE: 'customers/create',
  CUSTOMERS_UPDATE: 'customers/update',
  DISPUTES_CREATE: 'disputes/create',
  DISPUTES_UPDATE: 'disputes/update',
  DRAFT_ORDERS_CREATE: 'draft_orders/create',
  FULFILLMENTS_CREATE: 'fulfillments/create',
  ORDERS_CANCELLED: 'orders/cancelled',
  ORDERS_CREATE: 'orders/create',
  ORDERS_DELETE: 'orders/delete',
  ORDERS_EDITED: 'orders/edited',
  ORDERS_FULFILLED: 'orders/fulfilled',
  ORDERS_PAID: 'orders/paid',
  ORDERS_PARTIALLY_FULFILLED: 'orders/partially_fulfilled',
  ORDERS_UPDATED: 'orders/updated',
  ORDER_TRANSACTIONS_CREATE: 'order_transactions/create',
  PAYMENT_SCHEDULES_DUE: 'payment_schedules/due',
  PRODUCTS_UPDATE: 'products/update',
  REFUNDS_CREATE: 'refunds/create',
  RETURNS_APPROVE: 'returns/approve',
  RETURNS_CLOSE: 'returns/close',
  RETURNS_PROCESS: 'returns/process',
  RETURNS_REQUEST: 'returns/request',
  SHOP_UPDATE: 'shop/update',
  TENDER_TRANSACTIONS_CREATE: 'tender_transactions/create',
};

/** What Shopify sends of one change (vendors/shopify.md 3): only some bodies are orders. */
export function toldBy(change: Change, context: BodyContext): Told {
  const { order } = change;
  switch (change.kind) {
    case 'created':
      return { topic: 'ORDERS_CREATE', body: orderBody(order, context) };
    case 'updated':
      return { topic: 'ORDERS_UPDATED', body: orderBody(order, context) };
    case 'paid':
      return { topic: 'ORDERS_PAID', body: orderBody(order, context) };
    case 'cancelled':
      return { topic: 'ORDERS_CANCELLED', body: orderBody(order, context) };
    case 'fulfilled':
      return { topic: 'ORDERS_FULFILLED', body: orderBody(order, context) };
    case 'edited':
      return { topic: 'ORDERS_EDITED', body: editBody(order, change.edit, context) };
    case 'refunded':
      return { topic: 'REFUNDS_CREATE', body: refundBody(order, change.refund, context) };
    case 'transaction':
      return {
        topic: 'ORDER_TRANSACTIONS_CREATE',
        body: transactionBody(change.transaction, order, context),
      };
    case 'deleted':
      return { topic: 'ORDERS_DELETE', body: { id: order.id } };
  }
}

type Edit = Extract<Change, { kind: 'edited' }>['edit'];

function editBody(order: WorldOrder, edit: Edit, { shop }: BodyContext): JsonObject {
  const rows = (entries: Edit['added']): JsonObject[] =>
    entries.map(({ lineId, delta }) => ({ id: lineId, delta }));
  return {
    order_edit: {
      id: edit.id,
      app_id: null,
      created_at: zonedText(edit.at, shop.timeZone),
      notify_customer: false,
      order_id: order.id,
      staff_note: '',
      user_id: null,
      line_items: { additions: rows(edit.added), removals: rows(edit.removed) },
      discounts: { line_item: { additions: [], removals: [] } },
      shipping_lines: { additions: [], removals: [] },
    },
  };
}

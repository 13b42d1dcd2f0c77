import { connectionId } from '#core/ids.ts';
import { parseLossless } from '#core/json.ts';
import type { Lossless } from '#core/json.ts';
import type { Order } from '#core/order.ts';
import { normalize } from '#sources/amazon/normalize.ts';
import { parseReadOrder } from '#sources/amazon/payload.ts';
import type { ReadOrder } from '#sources/amazon/payload.ts';
import type { Snapshot } from '#pipeline/source.ts';

/** Orders and transactions as Amazon writes them. Defaults stand here; a test names only what it is about. */

export const AMAZON = connectionId('amazon');
export const ORDER_ID = '111-2093847-6650917';

export const STORES = {
  US: { id: 'ATVPDKIKX0DER', currency: 'USD' },
  CA: { id: 'A2EUQ1WTGCTBG2', currency: 'CAD' },
  GB: { id: 'A1F83G8C2ARO7P', currency: 'GBP' },
  DE: { id: 'A1PA6795UKMFR9', currency: 'EUR' },
  FR: { id: 'A13V1IB3VIYZZH', currency: 'EUR' },
  JP: { id: 'A1VC38T7YXB528', currency: 'JPY' },
  IN: { id: 'A21TJRUUN4KGV', currency: 'INR' },
  AU: { id: 'A39IBJ37TRP1C6', currency: 'AUD' },
} as const;

export type Store = keyof typeof STORES;

type Json = Readonly<Record<string, unknown>>;

/** A subtotal, with its details by subtype where it has any. */
export type Shown = string | readonly [subtotal: string, details: Readonly<Record<string, string>>];

export interface ItemParts {
  readonly id?: string;
  readonly quantity?: number;
  /** How much of it was shipped; left out where Amazon does not say. */
  readonly fulfilled?: number;
  readonly sku?: string;
  readonly asin?: string;
  readonly title?: string;
  readonly currency?: string;
  /** The item's own total; left out where it is not given. */
  readonly total?: string;
  readonly isFacilitated?: boolean;
}

/** An item by its breakdowns: `itemJson({ ITEM: '10.00', TAX: ['1.00', { ITEM: '1.00' }] })`. */
export function itemJson(shown: Readonly<Record<string, Shown>>, parts: ItemParts = {}): Json {
  const currencyCode = parts.currency ?? 'USD';
  const amountOf = (amount: string): Json => ({ amount, currencyCode });
  return {
    orderItemId: parts.id ?? '1',
    quantityOrdered: parts.quantity ?? 1,
    ...(parts.fulfilled === undefined ? {} : { fulfillment: { quantityFulfilled: parts.fulfilled } }),
    product: {
      asin: parts.asin ?? 'B0SOCK0001',
      title: parts.title ?? 'Wool socks',
      sellerSku: parts.sku ?? 'SOCK',
    },
    proceeds: {
      ...(parts.total === undefined ? {} : { proceedsTotal: amountOf(parts.total) }),
      breakdowns: Object.entries(shown).map(([type, value]) => {
        const [subtotal, details] = typeof value === 'string' ? [value, {}] : value;
        return {
          type,
          subtotal: amountOf(subtotal),
          detailedBreakdowns: Object.entries(details).map(([subtype, detail]) => ({
            subtype,
            value: amountOf(detail),
          })),
        };
      }),
    },
    ...(parts.isFacilitated === true
      ? { tax: { taxCollections: [{ model: 'MARKETPLACE_FACILITATOR', responsibleParty: 'Amazon' }] } }
      : {}),
  };
}

export interface OrderParts {
  readonly store?: Store;
  readonly status?: string;
  /** Of the order; left out, it shows no amounts of its own. */
  readonly total?: string;
  readonly currency?: string;
  /** Breakdowns of the order, by type. */
  readonly breakdowns?: Readonly<Record<string, string>>;
  /** Instead of all that the others say. */
  readonly fields?: Json;
}

/** A shipped order with these items. */
export function orderJson(items: readonly Json[], parts: OrderParts = {}): Json {
  const store = STORES[parts.store ?? 'US'];
  const currencyCode = parts.currency ?? store.currency;
  const breakdowns = Object.entries(parts.breakdowns ?? {}).map(([type, amount]) => ({
    type,
    subtotal: { amount, currencyCode },
  }));
  return {
    orderId: ORDER_ID,
    createdTime: '2026-11-18T10:00:00Z',
    lastUpdatedTime: '2026-11-20T10:00:00Z',
    salesChannel: { channelName: 'AMAZON', marketplaceId: store.id },
    fulfillment: { fulfillmentStatus: parts.status ?? 'SHIPPED', fulfilledBy: 'AMAZON' },
    orderItems: items,
    ...(parts.total === undefined
      ? {}
      : {
          proceeds: {
            grandTotal: { amount: parts.total, currencyCode },
            ...(breakdowns.length === 0 ? {} : { breakdowns }),
          },
        }),
    ...parts.fields,
  };
}

/** Amounts by their types; where one is a tree, it holds its parts beside its sum. */
export type Tree = { readonly [type: string]: string | readonly [sum: string, parts: Tree] };

export interface TransactionParts {
  readonly id?: string;
  readonly currency?: string;
  readonly at?: string;
  readonly status?: string | null;
  readonly identifiers?: Readonly<Record<string, string>>;
  /** Beside all items. */
  readonly whole?: Tree;
}

/** Of one item: what it is, and what moved for it. */
export interface MovedParts {
  readonly sku?: string;
  readonly asin?: string;
  readonly amounts: Tree;
}

/** A transaction with what moved for each item; what the buyer gets is negative. */
export function transactionJson(
  [type, total]: readonly [type: string, total: string],
  items: readonly MovedParts[],
  parts: TransactionParts = {},
): Json {
  const currencyCode = parts.currency ?? 'USD';
  const { identifiers = { ORDER_ID } } = parts;
  return {
    transactionType: type,
    transactionId: parts.id ?? 'refund-1',
    transactionStatus: parts.status === undefined ? 'RELEASED' : parts.status,
    postedDate: parts.at ?? '2026-11-25T12:00:00Z',
    totalAmount: { currencyAmount: total, currencyCode },
    relatedIdentifiers: Object.entries(identifiers).map(([name, value]) => ({
      relatedIdentifierName: name,
      relatedIdentifierValue: value,
    })),
    breakdowns: treeJson(parts.whole ?? {}, currencyCode),
    items: items.map(({ sku = '', asin = '', amounts }) => ({
      contexts: [{ contextType: 'ProductContext', asin, sku, quantityShipped: 1 }],
      breakdowns: treeJson(amounts, currencyCode),
    })),
  };
}

function treeJson(tree: Tree, currencyCode: string): readonly Json[] {
  return Object.entries(tree).map(([breakdownType, node]) => {
    const [sum, parts] = typeof node === 'string' ? [node, {}] : node;
    return {
      breakdownType,
      breakdownAmount: { currencyAmount: sum, currencyCode },
      breakdowns: treeJson(parts, currencyCode),
    };
  });
}

/** As it is stored: every number its digits. */
export function lossless(value: unknown): Lossless {
  return parseLossless(JSON.stringify(value));
}

export function readOf(order: Json, transactions?: readonly Json[]): ReadOrder {
  return parseReadOrder(lossless({ order, ...(transactions === undefined ? {} : { transactions }) }));
}

export function snapshotOf(order: Json, transactions?: readonly Json[]): Snapshot {
  return normalize(readOf(order, transactions), { connection: AMAZON });
}

export function normalized(order: Json, transactions?: readonly Json[]): Order {
  return snapshotOf(order, transactions).order;
}

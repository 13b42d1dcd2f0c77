import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Swept } from '#pipeline/source.ts';
import type { CurrencySide } from './amounts.ts';
import type { ShopifyApi } from './api.ts';
import { FIRST_MS, OVERLAP_MS, changesOf, placedIn } from './changes.ts';
import { readOrder } from './read.ts';
import { sortMessage } from './sort.ts';
import { refusalUnread, verify } from './webhook.ts';

export interface ShopifyOptions {
  readonly connection: ConnectionId;
  /** `example.myshopify.com`. */
  readonly shopDomain: string;
  /** Any of them may sign webhooks; none means that every webhook is refused. */
  readonly secrets: readonly string[];
  /** By default the shop's currency. */
  readonly currencySide?: CurrencySide;
  /** Absent without credentials: then only what arrives is known. */
  readonly api?: ShopifyApi;
}

const READ_NEEDS = 'SHOPIFY_API_KEY and SHOPIFY_API_SECRET (or SHOPIFY_ACCESS_TOKEN)';

/** A Shopify shop as a source of orders: webhooks that arrive, and orders that are asked for. */
export function createShopifySource(options: ShopifyOptions): Swept {
  const { connection, shopDomain, secrets, currencySide = 'shop', api } = options;
  return {
    connection,
    canRead: api !== undefined,
    readNeeds: READ_NEEDS,
    overlapMs: OVERLAP_MS,
    firstMs: FIRST_MS,
    refusalUnread: (headers) => {
      const why = refusalUnread({ headers }, { connection, shopDomain, secrets });
      return why === undefined ? undefined : { why };
    },
    verify: async (incoming) => verify(incoming, { connection, shopDomain, secrets }),
    sort: (message) => sortMessage(message, { connection, shopDomain, currencySide }),
    changed: async (page) => (api === undefined ? { changes: [] } : await changesOf(api, connection, page)),
    placed: async (days) => (api === undefined ? { changes: [] } : await placedIn(api, connection, days)),
    // Its points come back faster than the books take orders.
    spareAt: () => undefined,
    async read(order) {
      if (api === undefined) {
        throw new Failure('order-needs-reread', {
          detail: `${shopDomain} cannot be asked for order ${order}: set ${READ_NEEDS}`,
        });
      }
      return await readOrder(api, order);
    },
  };
}

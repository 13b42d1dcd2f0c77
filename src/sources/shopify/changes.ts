import { Failure } from '#core/failure.ts';
import { orderKey } from '#core/ids.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { fieldOf, isTrue, listOf, textOf } from '#core/json-fields.ts';
import type { Lossless } from '#core/json.ts';
import { HOUR, parseTimestamp, showInstant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { FOUND_TOPIC } from '#pipeline/source.ts';
import type { Change, Changes } from '#pipeline/source.ts';
import type { ShopifyApi } from './api.ts';
import { latestIn, parseId } from './payload.ts';

/**
 * What changed in a shop, by its list of orders in the order of their last change. Shopify promises no webhook, gives one up after
 * four hours and deletes a subscription that failed all along (docs/vendors/shopify.md 2).
 */

/** The list is late by minutes at most (docs/vendors/shopify.md 5, inferred), and clocks differ. */
export const OVERLAP_MS = HOUR;
/** What was there before the program may stand in the books already. */
export const FIRST_MS = 0;

const DOING = 'Asking which orders changed';
const ORDER_ID = /^gid:\/\/shopify\/Order\/(\d{1,20})$/;

/** A page. `token` says where to go on. Throws a Failure. */
export async function changesOf(
  api: ShopifyApi,
  connection: ConnectionId,
  { since, token }: { readonly since: Instant; readonly token?: string },
): Promise<Changes> {
  // Without quotes the colons would end the moment, and every order of the shop would be listed.
  const query = `updated_at:>='${showInstant(since)}'`;
  const variables = { query, after: token ?? null };
  const data = await api.ask({ document: 'orders-changed', variables, doing: DOING });
  if (!Array.isArray(fieldOf(fieldOf(data, 'orders'), 'nodes'))) {
    throw unreadable('the answer lists no orders');
  }
  const changes = listOf(data, 'orders.nodes').map((node) => changeOf(connection, node));
  if (!isTrue(data, 'orders.pageInfo.hasNextPage')) {
    return { changes };
  }
  const next = textOf(data, 'orders.pageInfo.endCursor');
  if (next === '' || next === token) {
    throw unreadable('it says that there are more, and not where');
  }
  return { changes, next };
}

/** An order that cannot be told is one that would be passed over for ever, so nothing of the page counts. */
function changeOf(connection: ConnectionId, node: Lossless): Change {
  const [, id] = ORDER_ID.exec(textOf(node, 'id')) ?? [];
  const updatedAt = textOf(node, 'updatedAt');
  if (id === undefined) {
    throw unreadable('an order in it has no id');
  }
  return {
    order: orderKey(connection, id),
    at: momentOf(updatedAt),
    message: {
      externalId: `found:${id}:${updatedAt}`,
      topic: FOUND_TOPIC,
      headers: {},
      body: new TextEncoder().encode(JSON.stringify({ id, updated_at: updatedAt })),
    },
  };
}

function momentOf(stamp: string): Instant {
  try {
    return parseTimestamp(stamp).at;
  } catch {
    throw unreadable('an order in it does not say when it changed');
  }
}

/** What was stored of a change: the order, and when it changed. Throws a Failure `delivery-malformed`. */
export function foundIn(
  body: Lossless,
  connection: ConnectionId,
): { readonly order: OrderKey; readonly at?: Instant } {
  const at = latestIn(body, ['updated_at']);
  return { order: orderKey(connection, parseId(body, 'id')), ...(at === undefined ? {} : { at }) };
}

function unreadable(problem: string): Failure {
  return new Failure('request-answer-unreadable', { detail: `${DOING}: ${problem}` });
}

import { Failure } from '#core/failure.ts';
import { orderKey, splitOrderKey } from '#core/ids.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { fieldOf, isTrue, listOf, textOf } from '#core/json-fields.ts';
import type { Lossless } from '#core/json.ts';
import { HOUR, dayEverywhere, localDate, parseTimestamp, parseZone, showInstant } from '#core/time.ts';
import { equal, parse, sum } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { isSettlement } from '#core/settlement.ts';
import type { Instant, Zone } from '#core/time.ts';
import { FOUND_TOPIC } from '#pipeline/source.ts';
import type { Change, Changes, PlacedOn } from '#pipeline/source.ts';
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

const CHANGED = 'Asking which orders changed';
const PLACED = 'Asking which orders were placed';
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
  const data = await api.ask({ document: 'orders-changed', variables, doing: CHANGED });
  const listed = ordersIn(data, CHANGED);
  return pageOf(data, {
    changes: listed.map((node) => toldApart(changeOf(connection, node, CHANGED), node)),
    token,
    doing: CHANGED,
  });
}

/** A page of the orders whose invoices are of these days. Throws a Failure. */
export async function placedIn(
  api: ShopifyApi,
  connection: ConnectionId,
  { since, until, zone, token }: PlacedOn,
): Promise<Changes> {
  const [{ from }, { until: end }] = [dayEverywhere(since), dayEverywhere(until)];
  const query = `processed_at:>='${showInstant(from)}' processed_at:<'${showInstant(end)}'`;
  const variables = { query, after: token ?? null };
  const data = await api.ask({ document: 'orders-placed', variables, doing: PLACED });
  const days = zone ?? zoneIn(data);
  const changes = ordersIn(data, PLACED)
    .filter((node) => {
      const day = localDate(momentOf(textOf(node, 'processedAt'), PLACED), days);
      return day >= since && day <= until;
    })
    .map((node) => changeOf(connection, node, PLACED));
  return pageOf(data, { changes, token, doing: PLACED });
}

function ordersIn(data: Lossless, doing: string): readonly Lossless[] {
  if (!Array.isArray(fieldOf(fieldOf(data, 'orders'), 'nodes'))) {
    throw unreadable(doing, 'the answer lists no orders');
  }
  return listOf(data, 'orders.nodes');
}

function pageOf(
  data: Lossless,
  {
    changes,
    token,
    doing,
  }: { readonly changes: readonly Change[]; readonly token: string | undefined; readonly doing: string },
): Changes {
  if (!isTrue(data, 'orders.pageInfo.hasNextPage')) {
    return { changes };
  }
  const next = textOf(data, 'orders.pageInfo.endCursor');
  if (next === '' || next === token) {
    throw unreadable(doing, 'it says that there are more, and not where');
  }
  return { changes, next };
}

function zoneIn(data: Lossless): Zone {
  try {
    return parseZone(textOf(data, 'shop.ianaTimezone'));
  } catch {
    throw unreadable(PLACED, 'the shop does not say in which time zone it is');
  }
}

/** An order that cannot be told is one that would be passed over for ever, so nothing of the page counts. */
function changeOf(connection: ConnectionId, node: Lossless, doing: string): Change {
  const [, id] = ORDER_ID.exec(textOf(node, 'id')) ?? [];
  const updatedAt = textOf(node, 'updatedAt');
  if (id === undefined) {
    throw unreadable(doing, 'an order in it has no id');
  }
  return {
    order: orderKey(connection, id),
    at: momentOf(updatedAt, doing),
    message: {
      externalId: `found:${id}:${updatedAt}`,
      topic: FOUND_TOPIC,
      headers: {},
      body: new TextEncoder().encode(JSON.stringify({ id, updated_at: updatedAt })),
    },
  };
}

/**
 * Shopify's stamps have whole seconds, in which an order may change twice: then what is stored names no moment, or it would be taken
 * for shown. What is asked for in vain is asked for once.
 */
function toldApart(change: Change, node: Lossless): Change {
  const { vendorId: id } = splitOrderKey(change.order);
  return {
    ...change,
    within: {
      isShownBy: (known) => isSettlement(known) || isShown(node, known),
      message: {
        ...change.message,
        externalId: `${change.message.externalId}:again`,
        body: new TextEncoder().encode(JSON.stringify({ id })),
      },
    },
  };
}

/** By what moves when an order changes in what is booked of it; what the list does not show is no difference. */
function isShown(node: Lossless, { currency, currentTotal, cash, refunds, ...known }: Order): boolean {
  const equals = (path: string, amount: Money | undefined): boolean => {
    const sides = ['shopMoney', 'presentmentMoney'].map((side) => fieldOf(node, `${path}.${side}`));
    const shown = sides.find((side) => textOf(side, 'currencyCode') === currency);
    return shown === undefined || amount === undefined || isAmount(textOf(shown, 'amount'), amount);
  };
  const paidBack = sum(
    refunds.flatMap(({ payouts }) => payouts.map(({ amount }) => amount)),
    currency,
  );
  const isCancelled = textOf(node, 'cancelledAt') !== '';
  const isFulfilled = textOf(node, 'displayFulfillmentStatus') === 'FULFILLED';
  return (
    equals('currentTotalPriceSet', currentTotal) &&
    equals('totalReceivedSet', cash.state === 'known' ? cash.received : undefined) &&
    equals('totalRefundedSet', paidBack) &&
    isCancelled === (known.cancelledAt !== undefined) &&
    isFulfilled === known.isFulfilled
  );
}

function isAmount(text: string, amount: Money): boolean {
  try {
    return equal(parse(text, amount.currency), amount);
  } catch {
    return false;
  }
}

function momentOf(stamp: string, doing: string): Instant {
  try {
    return parseTimestamp(stamp).at;
  } catch {
    throw unreadable(doing, 'an order in it does not say when it was');
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

function unreadable(doing: string, problem: string): Failure {
  return new Failure('request-answer-unreadable', { detail: `${doing}: ${problem}` });
}

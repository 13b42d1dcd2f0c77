import { createHash } from 'node:crypto';
import { Failure } from '#core/failure.ts';
import { orderKey, settlementKey } from '#core/ids.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { fieldOf, listOf, textOf } from '#core/json-fields.ts';
import type { Lossless } from '#core/json.ts';
import { marketplaceById } from '#core/marketplaces.ts';
import {
  DAY,
  HOUR,
  MINUTE,
  after,
  dayEverywhere,
  instant,
  localDate,
  parseTimestamp,
  parseZone,
  showInstant,
} from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { FOUND_TOPIC } from '#pipeline/source.ts';
import type { Change, ChangedSince, Changes, PlacedOn } from '#pipeline/source.ts';
import type { SellingPartnerApi } from './api.ts';
import { ORDER_ID } from './payload.ts';
import { FINANCES_WITHHELD, transactionsIn } from './read.ts';
import { groupsIn, isPayout } from './settlement.ts';

/**
 * What changed, by Amazon's two lists: orders by the time of their last change, and transactions of its ledger, which alone tell
 * of refunds (docs/vendors/amazon.md 2.3, 6). Messages may be lost, and a transaction shows only minutes after it is told of.
 */
export interface ChangesTerms {
  readonly api: SellingPartnerApi;
  readonly clock: Pick<Clock, 'now'>;
  readonly connection: ConnectionId;
  readonly marketplaces: readonly { readonly id: string }[];
  readonly remark: (sentence: string) => void;
}

/** Amazon may keep transactions of the last two days back, and clocks differ. */
export const OVERLAP_MS = 49 * HOUR;
/**
 * Of the list of orders it says nothing of the kind. A page of it comes every three minutes: what is late by days there would be
 * waited for at every round, and the ledger after it.
 */
const ORDERS_OVERLAP_MS = 3 * HOUR;
export const FIRST_MS = DAY;
/** Transactions are named by some forty characters and a status; what is longer goes by its hash. */
const NAME_MAX = 100;
/** Of a timestamp, the day. */
const DAY_LENGTH = 10;
/** Whose turn at the pace it is. */
const WHO = 'sweep';
const UTC = parseZone('Z');
/** `createdBefore` must lie two minutes back (docs/vendors/amazon.md 2.3), and clocks differ. */
const SETTLING_MS = 3 * MINUTE;

/** A page: first those of orders, then those of the ledger. `token` says where to go on. Throws a Failure. */
export async function changesOf(
  terms: ChangesTerms,
  { since, newest, token }: ChangedSince,
): Promise<Changes> {
  const [list, rest] = token === undefined ? ['orders', ''] : splitToken(token);
  if (list === 'orders') {
    const ordersSince = instant(Math.max(since, newest - ORDERS_OVERLAP_MS));
    const page = await ordersPage(terms, ordersSince, rest);
    return { ...page, next: page.next === undefined ? 'ledger ' : `orders ${page.next}` };
  }
  const page = await ledgerPage(terms, since, rest);
  return { changes: page.changes, ...(page.next === undefined ? {} : { next: `ledger ${page.next}` }) };
}

function splitToken(token: string): readonly [string, string] {
  const at = token.indexOf(' ');
  return [token.slice(0, at), token.slice(at + 1)];
}

interface Page {
  readonly changes: readonly Change[];
  readonly next?: string;
}

async function ordersPage(
  { api, connection, marketplaces }: ChangesTerms,
  since: Instant,
  token: string,
): Promise<Page> {
  const answer = await search(
    { api, marketplaces },
    { lastUpdatedAfter: showInstant(since), ...(token === '' ? {} : { paginationToken: token }) },
    'Asking which orders changed',
  );
  const changes = listOf(answer, 'orders').flatMap((order) => shownOrder(connection, order));
  return paged(changes, textOf(answer, 'pagination.nextToken'));
}

async function search(
  { api, marketplaces }: Pick<ChangesTerms, 'api' | 'marketplaces'>,
  filters: Readonly<Record<string, string>>,
  doing: string,
): Promise<Lossless> {
  api.pace.take(['searchOrders'], WHO);
  const query = new URLSearchParams({
    ...filters,
    marketplaceIds: marketplaces.map(({ id }) => id).join(','),
    maxResultsPerPage: '100',
  });
  const path = `/orders/2026-01-01/orders?${query.toString()}`;
  const answer = await api.call({ operation: 'searchOrders', method: 'GET', path, doing });
  if (!Array.isArray(fieldOf(answer, 'orders'))) {
    throw new Failure('request-answer-unreadable', { detail: `${doing}: the answer lists no orders` });
  }
  return answer;
}

function shownOrder(connection: ConnectionId, order: Lossless): Change[] {
  const [id, stamp] = [textOf(order, 'orderId'), textOf(order, 'lastUpdatedTime')];
  return ORDER_ID.test(id) ? [changeOf(connection, { id, name: stamp, at: momentOf(stamp) })] : [];
}

/**
 * A page of the orders that were placed on these days, each by its store's zone. When they are shipped is not told here, and their
 * invoices bear that day. Throws a Failure.
 */
export async function placedIn(
  terms: ChangesTerms,
  { since, until, zone, token }: PlacedOn,
): Promise<Changes> {
  const latest = after(terms.clock.now(), -SETTLING_MS);
  const [{ from }, { until: end }] = [dayEverywhere(since), dayEverywhere(until)];
  if (from >= latest) {
    return { changes: [] };
  }
  const filters =
    token === undefined
      ? { createdAfter: showInstant(from), createdBefore: showInstant(instant(Math.min(end, latest))) }
      : { createdAfter: showInstant(from), paginationToken: token };
  const answer = await search(terms, filters, 'Asking which orders were placed');
  const changes = listOf(answer, 'orders').flatMap((order) => {
    const placedAt = momentOf(textOf(order, 'createdTime'));
    const store = marketplaceById(textOf(order, 'salesChannel.marketplaceId'));
    const day = placedAt === undefined ? undefined : localDate(placedAt, zone ?? store?.timeZone ?? UTC);
    // One that does not say when it was placed is rather looked at than passed over.
    return day === undefined || (day >= since && day <= until) ? shownOrder(terms.connection, order) : [];
  });
  return paged(changes, textOf(answer, 'pagination.nextToken'));
}

async function ledgerPage(
  { api, connection, remark }: ChangesTerms,
  since: Instant,
  token: string,
): Promise<Page> {
  api.pace.take(['listTransactions'], WHO);
  const query = new URLSearchParams({
    postedAfter: showInstant(since),
    ...(token === '' ? {} : { nextToken: token }),
  });
  let answer: Lossless;
  try {
    answer = await api.call({
      operation: 'listTransactions',
      method: 'GET',
      path: `/finances/2024-06-19/transactions?${query.toString()}`,
      doing: 'Asking what its ledger holds',
    });
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'scope-missing') {
      remark(FINANCES_WITHHELD);
      return { changes: [] };
    }
    throw thrown;
  }
  const changes = transactionsIn(answer, 'Asking what its ledger holds').flatMap((transaction) => {
    const id = orderIn(transaction);
    const [name, status] = [textOf(transaction, 'transactionId'), textOf(transaction, 'transactionStatus')];
    return [
      ...(id === undefined || name === ''
        ? []
        : [changeOf(connection, { id, name: `${name} ${status}`, at: undefined })]),
      ...settlementsIn({ connection, remark }, transaction),
    ];
  });
  return paged(changes, textOf(answer, 'payload.nextToken'));
}

/**
 * A settlement is told of once for each day that moves it, and once more for its payout, from which on it is sooner over: what it
 * holds is read then, so that each of its thousand transactions need not be a message of its own.
 */
function settlementsIn(
  { connection, remark }: Pick<ChangesTerms, 'connection' | 'remark'>,
  transaction: Lossless,
): Change[] {
  const day = textOf(transaction, 'postedDate').slice(0, DAY_LENGTH);
  const found = isPayout(textOf(transaction, 'transactionType')) ? `${day} payout` : day;
  return groupsIn(transaction).flatMap((groupId) => {
    const key = settlementKey(connection, groupId);
    if (key === undefined) {
      remark(
        'Amazon names a settlement by an id that this program does not take, so its fees are not booked',
      );
      return [];
    }
    const body = new TextEncoder().encode(JSON.stringify({ settlement: groupId, found }));
    const message = {
      externalId: `found:settlement:${groupId}:${found}`,
      topic: FOUND_TOPIC,
      headers: {},
      body,
    };
    return [{ order: key, message }];
  });
}

function paged(changes: readonly Change[], next: string): Page {
  return { changes, ...(next === '' ? {} : { next }) };
}

function orderIn(transaction: Lossless): string | undefined {
  return listOf(transaction, 'relatedIdentifiers')
    .filter((identifier) => textOf(identifier, 'relatedIdentifierName') === 'ORDER_ID')
    .map((identifier) => textOf(identifier, 'relatedIdentifierValue'))
    .find((value) => ORDER_ID.test(value));
}

function momentOf(stamp: string): Instant | undefined {
  try {
    return parseTimestamp(stamp).at;
  } catch {
    return undefined;
  }
}

/** As a message that is stored: it names the order, and when it changed where its own time tells. */
function changeOf(
  connection: ConnectionId,
  { id, name: told, at }: { readonly id: string; readonly name: string; readonly at: Instant | undefined },
): Change {
  const name = told.length > NAME_MAX ? createHash('sha256').update(told).digest('hex') : told;
  const moment = at === undefined ? {} : { at };
  const body = new TextEncoder().encode(
    JSON.stringify({ orderId: id, found: name, ...(at === undefined ? {} : { at: showInstant(at) }) }),
  );
  return {
    order: orderKey(connection, id),
    ...moment,
    message: { externalId: `found:${id}:${name}`, topic: FOUND_TOPIC, headers: {}, body },
  };
}

/** What was stored of a change: the order or settlement, and when it changed where that is told. */
export function foundIn(
  body: Lossless,
  connection: ConnectionId,
): { readonly order: OrderKey; readonly at?: Instant } {
  const at = momentOf(textOf(body, 'at'));
  const id = fieldOf(body, 'orderId');
  const groupId = textOf(body, 'settlement');
  const key =
    typeof id === 'string' && ORDER_ID.test(id)
      ? orderKey(connection, id)
      : settlementKey(connection, groupId);
  if (key === undefined) {
    throw new Failure('delivery-malformed', { detail: 'What was found names no order' });
  }
  return { order: key, ...(at === undefined ? {} : { at }) };
}

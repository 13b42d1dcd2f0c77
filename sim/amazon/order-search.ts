import type { AmazonOrder } from './order.ts';
import { listIn } from './operation.ts';
import type { Call } from './operation.ts';
import { invalidInput } from './refusal.ts';
import { timeText } from './wire-text.ts';

/** One page, and what goes beside it. */
export interface Page {
  readonly orders: readonly AmazonOrder[];
  readonly nextToken: string | null;
  readonly before: { readonly lastUpdatedBefore?: string; readonly createdBefore?: string };
}

type Search = (call: Call) => Page | Response;

/** The filters of a search, frozen with its first page. */
interface Filters {
  readonly by: 'createdAt' | 'updatedAt';
  readonly after: number;
  readonly before: number;
  readonly statuses: readonly string[];
  readonly marketplaces: readonly string[];
  readonly fulfilledBy: readonly string[];
  readonly size: number;
}

interface Place extends Filters {
  /** The last one that was shown. */
  readonly at: number;
  readonly id: string;
  readonly expiresAt: number;
}

const PAGE_SIZE_MAX = 100;
/** `…Before` lies at least two minutes back, also when it is left out. */
const SETTLING_MS = 120_000;
const TOKEN_LIFETIME_MS = 86_400_000;

/**
 * searchOrders: by the time of creation or of the last change, oldest first. A token goes on after the last order shown, so
 * one that changes meanwhile leaves the window and is found by the next search, not by this one.
 */
export function createOrderSearch(): Search {
  const places = new Map<string, Place>();
  return (call) => {
    const token = call.query.get('paginationToken');
    const now = call.clock.now();
    if (token !== null) {
      const place = places.get(token);
      if (place === undefined || now >= place.expiresAt) return invalidInput('Invalid paginationToken');
      return pageFrom(place, call, places);
    }
    const filters = filtersIn(call);
    if (filters instanceof Response) return filters;
    return pageFrom({ ...filters, at: -Infinity, id: '', expiresAt: now + TOKEN_LIFETIME_MS }, call, places);
  };
}

function filtersIn({ query, clock }: Call): Filters | Response {
  const [created, updated] = [query.get('createdAfter'), query.get('lastUpdatedAfter')];
  if ((created === null) === (updated === null)) {
    return invalidInput('Exactly one of createdAfter and lastUpdatedAfter is required');
  }
  const [own, other] =
    created === null ? ['lastUpdatedBefore', 'createdBefore'] : ['createdBefore', 'lastUpdatedBefore'];
  if (query.has(other)) return invalidInput(`${other} does not go with the other filters`);
  const after = Date.parse(created ?? updated ?? '');
  const latest = clock.now() - SETTLING_MS;
  const text = query.get(own);
  const before = text === null ? latest : Date.parse(text);
  const size = Number(query.get('maxResultsPerPage') ?? PAGE_SIZE_MAX);
  if (Number.isNaN(after) || Number.isNaN(before)) return invalidInput();
  if (before > latest) return invalidInput(`${own} must be at least two minutes before the request`);
  if (text !== null && before < after) return invalidInput(`${own} must not be before its beginning`);
  if (!Number.isInteger(size) || size < 1 || size > PAGE_SIZE_MAX) return invalidInput();
  return {
    by: created === null ? 'updatedAt' : 'createdAt',
    after,
    before,
    statuses: listIn(query, 'fulfillmentStatuses'),
    marketplaces: listIn(query, 'marketplaceIds'),
    fulfilledBy: listIn(query, 'fulfilledBy'),
    size,
  };
}

function pageFrom(place: Place, call: Call, places: Map<string, Place>): Page {
  const { by, size } = place;
  const compare = (left: AmazonOrder, right: AmazonOrder): number =>
    left[by] - right[by] || (left.id < right.id ? -1 : 1);
  const found = call.world
    .orders()
    .filter((order) => isWanted(order, place, call))
    .filter((order) => order[by] > place.at || (order[by] === place.at && order.id > place.id))
    .sort(compare);
  const orders = found.slice(0, size);
  const last = orders.at(-1);
  let nextToken: string | null = null;
  if (last !== undefined && found.length > size) {
    nextToken = btoa(`page ${places.size + 1}`);
    places.set(nextToken, { ...place, at: last[by], id: last.id });
  }
  const until = timeText(place.before);
  return {
    orders,
    nextToken,
    before: by === 'updatedAt' ? { lastUpdatedBefore: until } : { createdBefore: until },
  };
}

/** A region's host knows the orders of its own marketplaces. */
export function isIn(order: AmazonOrder, { region }: Pick<Call, 'region'>): boolean {
  return region === null || order.marketplace.region === region;
}

function isWanted(order: AmazonOrder, filters: Filters, call: Call): boolean {
  const has = (wanted: readonly string[], value: string): boolean =>
    wanted.length === 0 || wanted.includes(value);
  return (
    isIn(order, call) &&
    order[filters.by] >= filters.after &&
    order[filters.by] <= filters.before &&
    has(filters.statuses, order.status) &&
    has(filters.marketplaces, order.marketplace.id) &&
    has(filters.fulfilledBy, order.fulfilledBy)
  );
}

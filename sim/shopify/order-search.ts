import type { WorldOrder } from '#sim/world/order.ts';
import { toJson } from './json.ts';
import { cutRows, GraphProblem } from './graph-type.ts';
import type { Arguments, Page } from './graph-type.ts';

/** The rows of `orders(query, sortKey, reverse, first, after)`. */
export function ordersPage(orders: readonly WorldOrder[], args: Arguments): Page<WorldOrder> {
  const key = sortKeyOf(args);
  const found = orders.filter((order) =>
    matches(order, typeof args['query'] === 'string' ? args['query'] : ''),
  );
  const sorted = [...found].sort((left, right) => key(left) - key(right) || (left.id < right.id ? -1 : 1));
  if (args['reverse'] === true) sorted.reverse();
  const rows = sorted.map((item) => ({
    item,
    cursor: Buffer.from(`{"last_id":${item.id},"last_value":${key(item)}}`).toString('base64'),
  }));
  return cutRows(resumable(rows, args), args);
}

/**
 * A cursor names a place in the order of values, not a row: when the row it was made from has moved on (its `updated_at`
 * grew between two pages), the next page starts behind that place all the same.
 */
function resumable(rows: Page<WorldOrder>['rows'], args: Arguments): Page<WorldOrder>['rows'] {
  const after = args['after'];
  if (typeof after !== 'string' || rows.some((row) => row.cursor === after)) return rows;
  const match = /^\{"last_id":(\d+),"last_value":(\d+)\}$/.exec(Buffer.from(after, 'base64').toString());
  if (match === null) return rows;
  const value = Number(match[2]);
  const key = sortKeyOf(args);
  const position = rows.findIndex((row) =>
    args['reverse'] === true ? key(row.item) <= value : key(row.item) >= value,
  );
  const [first] = rows;
  const place = position === -1 ? rows.length : position;
  if (first === undefined) return [];
  return [...rows.slice(0, place), { item: first.item, cursor: after }, ...rows.slice(place)];
}

/** PROCESSED_AT unless told otherwise (vendors/shopify.md 5). */
function sortKeyOf(args: Arguments): (order: WorldOrder) => number {
  switch (args['sortKey'] ?? 'PROCESSED_AT') {
    case 'PROCESSED_AT':
      return (order) => order.processedAt;
    case 'UPDATED_AT':
      return (order) => order.updatedAt;
    case 'CREATED_AT':
      return (order) => order.createdAt;
    case 'ID':
      return (order) => Number(order.id);
    case 'ORDER_NUMBER':
      return (order) => order.orderNumber;
    default:
      throw new GraphProblem('INVALID_VARIABLE', `Unknown sort key ${toJson(args['sortKey'] ?? null)}`);
  }
}

const TERM =
  /(?<field>\w+):(?<operator>>=|<=|>|<)?(?:'(?<single>[^']*)'|"(?<double>[^"]*)"|(?<bare>[^\s]+))/g;

/**
 * The search language as far as bookkeeping needs it: terms joined by spaces or AND. A timestamp without quotes is no valid
 * term (its own colons end it) and, like every field that is not known here, filters nothing.
 */
function matches(order: WorldOrder, query: string): boolean {
  for (const { groups } of query.matchAll(TERM)) {
    const value = groups?.['single'] ?? groups?.['double'] ?? groups?.['bare'] ?? '';
    const isQuoted = groups?.['bare'] === undefined;
    if (
      !holds(order, { field: groups?.['field'] ?? '', operator: groups?.['operator'] ?? '', value, isQuoted })
    )
      return false;
  }
  return true;
}

interface Term {
  readonly field: string;
  readonly operator: string;
  readonly value: string;
  readonly isQuoted: boolean;
}

function holds(order: WorldOrder, term: Term): boolean {
  switch (term.field) {
    case 'updated_at':
      return compared(order.updatedAt, term);
    case 'created_at':
      return compared(order.createdAt, term);
    case 'processed_at':
      return compared(order.processedAt, term);
    case 'name':
      return order.name === term.value || order.name === `#${term.value}`;
    case 'test':
      return String(order.isTest) === term.value;
    case 'id':
      return term.operator === '' ? `${order.id}` === term.value : order.id >= BigInt(term.value);
    default:
      return true;
  }
}

function compared(at: number, { operator, value, isQuoted }: Term): boolean {
  const bound = Date.parse(value);
  if (Number.isNaN(bound) || (!isQuoted && value.includes(':'))) return true;
  switch (operator) {
    case '>=':
      return at >= bound;
    case '>':
      return at > bound;
    case '<=':
      return at <= bound;
    case '<':
      return at < bound;
    default:
      return at === bound;
  }
}

// What every resource of the accounting family has in common: how it is called, and how its lists are filtered,
// sorted and cut into pages (docs/vendors/freshbooks.md section 6).

import { easternDay } from './calendar.ts';
import type { Fields } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { refused, required } from './refusal.ts';
import type { Account, State, VisState } from './state.ts';
import type { Switches } from './switches.ts';

/** One authorised call on an account's books. */
export interface Call {
  readonly state: State;
  readonly account: Account;
  readonly query: URLSearchParams;
  /** The parsed body; empty for GET and DELETE. */
  readonly body: JsonObject;
}

/** A resource answers what stands inside `response.result`, or throws a Refusal. */
export interface Resource {
  /** The object of the scope, as in `user:invoices:read`. */
  readonly scope: string;
  list(call: Call): JsonObject;
  get?(call: Call, id: number): JsonObject;
  create?(call: Call): JsonObject;
  update?(call: Call, id: number): JsonObject;
  /** A real DELETE; most resources are deleted by PUT vis_state 1 instead. */
  remove?(call: Call, id: number): void;
}

/** Whether a row fits the values of one `search[...]` key; more than one only for keys that end in `[]`. */
export type Filter<Row> = (row: Row, values: readonly string[]) => boolean;

export interface Listing<Row> {
  /** The plural under which the rows are answered. */
  readonly key: string;
  readonly rows: Iterable<Row>;
  readonly id: (row: Row) => number;
  readonly visState: (row: Row) => VisState;
  /** By the name inside `search[...]`. Names not listed here are ignored without a word, as at the real API. */
  readonly filters: Readonly<Record<string, Filter<Row>>>;
  /** By the name before `_asc` or `_desc`; others are ignored. */
  readonly sorts: Readonly<Record<string, (row: Row) => string>>;
  readonly render: (row: Row) => JsonObject;
}

const PER_PAGE_DEFAULT = 15;
const PER_PAGE_MAX = 100;

/** The fields under the body's key. A missing key reads as an object without fields, so that the first required field
 * is what the error names: that is how a plural `credit_notes` fails live. */
export function bodyFields(call: Call, key: string): Fields {
  const values = call.body[key];
  return { object: key, values: isObject(values) ? values : {}, switches: call.state.switches };
}

/** The value, or errno 1001 for the field. */
export function need<Value>(value: Value | null | undefined, fields: Fields, field: string): Value {
  if (value === undefined || value === null) throw required(fields.object, field);
  return value;
}

export function visStateField(value: number | undefined): VisState | undefined {
  return value === 0 || value === 1 || value === 2 ? value : undefined;
}

export function includes(call: Call, name: string): boolean {
  return call.query.getAll('include[]').includes(name);
}

/** One page of a list. */
export function listPage<Row>(call: Call, listing: Listing<Row>): JsonObject {
  const search = searchTerms(call.query);
  const rows = [...listing.rows].filter((row) =>
    isListed(listing.visState(row), search.get('vis_state'), call.state.switches),
  );
  const found = rows.filter((row) =>
    [...search].every(([name, values]) =>
      Object.hasOwn(listing.filters, name) ? (listing.filters[name]?.(row, values) ?? true) : true,
    ),
  );
  sortRows(found, call, listing);
  const perPage = Math.min(
    PER_PAGE_MAX,
    pageNumber(call, { name: 'per_page', standard: PER_PAGE_DEFAULT, errno: 1013 }),
  );
  const page = pageNumber(call, { name: 'page', standard: 1, errno: 1014 });
  const shown = found.slice((page - 1) * perPage, page * perPage);
  const pages = Math.ceil(found.length / perPage);
  return { [listing.key]: shown.map(listing.render), page, pages, per_page: perPage, total: found.length };
}

/** `name_min` and `name_max` on a day or other text that sorts. `updated` days are Eastern (page section 6). */
export function rangeFilters<Row>(
  name: string,
  read: (row: Row) => string,
  switches: Switches,
): Record<string, Filter<Row>> {
  return {
    [`${name}_min`]: (row, [value = '']) => read(row) >= value,
    [`${name}_max`]: (row, [value = '']) =>
      switches.rangeMax === 'inclusive' ? read(row) <= value : read(row) < value,
  };
}

export function updatedFilters<Row extends { readonly updatedAt: number }>(
  switches: Switches,
): Record<string, Filter<Row>> {
  return rangeFilters('updated', (row) => easternDay(row.updatedAt), switches);
}

/** `name` for one id and `names[]` for several. */
export function idFilters<Row>(name: string, read: (row: Row) => number): Record<string, Filter<Row>> {
  const isAmong: Filter<Row> = (row, values) => values.includes(String(read(row)));
  return { [name]: isAmong, [`${name}s`]: isAmong };
}

/** `search[a]=x`, `search[b][]=x` and `search[b[]]=x`, by the bare name. Everything else in the query is no search. */
function searchTerms(query: URLSearchParams): Map<string, string[]> {
  const terms = new Map<string, string[]>();
  for (const [key, value] of query) {
    const name = /^search\[([a-z0-9_]+)(?:\]|\]\[\]|\[\]\])$/i.exec(key)?.[1];
    if (name === undefined) continue;
    terms.set(name, [...(terms.get(name) ?? []), value]);
  }
  return terms;
}

function isListed(visState: VisState, asked: readonly string[] | undefined, switches: Switches): boolean {
  if (asked !== undefined) return asked.includes(String(visState));
  switch (visState) {
    case 0:
      return true;
    case 1:
      return false;
    case 2:
      return switches.archivedInLists;
  }
}

function sortRows<Row>(rows: Row[], call: Call, listing: Listing<Row>): void {
  const direction = call.state.switches.listOrder === 'id-ascending' ? 1 : -1;
  rows.sort((left, right) => direction * (listing.id(left) - listing.id(right)));
  const [, name = '', order] = /^(.+)_(asc|desc)$/.exec(call.query.get('sort') ?? '') ?? [];
  const read = Object.hasOwn(listing.sorts, name) ? listing.sorts[name] : undefined;
  if (read === undefined) return;
  const sign = order === 'asc' ? 1 : -1;
  rows.sort((left, right) => sign * compareText(read(left), read(right)));
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** A page number: 0 counts as the standard, what is no whole number is an error (page section 6). */
function pageNumber(
  call: Call,
  asked: { readonly name: string; readonly standard: number; readonly errno: number },
): number {
  const value = call.query.get(asked.name);
  if (value === null) return asked.standard;
  if (!/^\d{1,9}$/.test(value)) {
    throw refused(400, { errno: asked.errno, message: `Invalid ${asked.name}.`, field: asked.name, value });
  }
  return Number(value) === 0 ? asked.standard : Number(value);
}

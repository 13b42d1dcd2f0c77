import type { Answer } from '#net/request.ts';
import { expectDone } from './api.ts';
import type { Api } from './api.ts';
import type { JsonObject } from './json.ts';
import { PER_PAGE } from './payload.ts';
import type { Page } from './payload.ts';

/**
 * FreshBooks ignores search keys it does not know and answers the whole list (docs/vendors/freshbooks.md, section 0): a
 * filter only makes a list shorter, and every row is looked at.
 */
export interface Listing<Row> {
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly read: (result: JsonObject, answer: Answer) => Page<Row>;
  readonly doing: string;
  /** What a look-up may cost when the filter is not honoured. */
  readonly pagesMax: number;
}

/**
 * Shows row after row, each once, until `visit` says that it has what it wanted. A page of nothing but rows that were shown is the same
 * page again, after which there is nothing to hope for.
 */
export async function scan<Row extends { readonly id: string }>(
  api: Pick<Api, 'get'>,
  listing: Listing<Row>,
  visit: (row: Row) => 'stop' | 'go-on',
): Promise<'stopped' | 'complete' | 'too-many'> {
  const shown = new Set<string>();
  for (let number = 1; number <= listing.pagesMax; number += 1) {
    const page = await pageOf(api, listing, number);
    const isRepeated = page.rows.length > 0 && page.rows.every(({ id }) => shown.has(id));
    for (const row of page.rows) {
      if (!shown.has(row.id) && visit(row) === 'stop') {
        return 'stopped';
      }
      shown.add(row.id);
    }
    if (page.isLast) {
      return 'complete';
    }
    if (isRepeated) {
      break;
    }
  }
  return 'too-many';
}

export async function pageOf<Row>(
  api: Pick<Api, 'get'>,
  listing: Listing<Row>,
  number: number,
): Promise<Page<Row>> {
  const { result, answer } = expectDone(
    await api.get(listing.path, {
      query: [...listing.query, ['page', String(number)], ['per_page', String(PER_PAGE)]],
      doing: listing.doing,
    }),
  );
  return listing.read(result, answer);
}

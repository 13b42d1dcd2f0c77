import type { Answer } from '#net/request.ts';
import { expectDone } from './api.ts';
import type { Api, JsonBody, Reply, Writing } from './api.ts';
import type { JsonObject } from './json.ts';
import { inBasicPlane } from './mapping.ts';
import { PER_PAGE } from './payload.ts';
import type { Page } from './payload.ts';
import { isRepertoire } from './refusal.ts';

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

/**
 * Writes, and once more without characters beyond U+FFFF when FreshBooks refuses them (errno 1036: nothing was done). The
 * remark tells the operator, since a name is then not as the shop wrote it. An account that has refused them is spared the
 * attempt, and the order the time.
 */
export async function writeAnyScript(
  api: Api,
  { method, path }: { readonly method: 'post' | 'put'; readonly path: string },
  writing: Writing,
): Promise<{ readonly reply: Reply; readonly remarks: readonly string[] }> {
  if (!api.found.isBasicPlaneOnly) {
    const reply = await api[method](path, writing);
    if (reply.outcome === 'done' || !isRepertoire(reply.refusal)) {
      return { reply, remarks: [] };
    }
    api.found.isBasicPlaneOnly = true;
  }
  const body: JsonBody = inBasicPlane(writing.body);
  const isChanged = JSON.stringify(body) !== JSON.stringify(writing.body);
  return {
    reply: await api[method](path, { ...writing, body }),
    remarks: isChanged
      ? ['FreshBooks does not take emoji and other rare characters here, so they were left out']
      : [],
  };
}

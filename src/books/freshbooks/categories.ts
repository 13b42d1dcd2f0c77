import { unreadable } from '#net/request.ts';
import type { Answer } from '#net/request.ts';
import type { Api } from './api.ts';
import { isObject, listIn, textIn } from './json.ts';
import type { JsonObject } from './json.ts';
import { scan } from './listing.ts';
import { NUMERIC_ID, PER_PAGE } from './payload.ts';
import type { Page } from './payload.ts';

/** What expenses may be booked under (docs/vendors/freshbooks.md, section 5). */
export interface ExpenseCategory {
  readonly id: string;
  readonly name: string;
  /** Id of the one that it is part of; empty for none. */
  readonly parentId: string;
}

/** An account begins with tens; a person made the rest. */
const PAGES_MAX = 20;

/** All that stand, by name. */
export async function readExpenseCategories(api: Pick<Api, 'get'>): Promise<readonly ExpenseCategory[]> {
  const found = new Map<string, ExpenseCategory>();
  await scan(
    api,
    {
      path: 'expenses/categories',
      query: [],
      read: categoriesIn,
      doing: 'Listing the expense categories',
      pagesMax: PAGES_MAX,
    },
    (category) => {
      found.set(category.id, category);
      return 'go-on';
    },
  );
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function categoriesIn(result: JsonObject, answer: Answer): Page<ExpenseCategory> {
  if (!Array.isArray(result['categories'])) {
    throw unreadable(answer, 'has no list "categories"');
  }
  const listed = listIn(result, 'categories').filter(isObject);
  const rows = listed.filter(isStanding).map((row) => ({
    id: textIn(row, 'id') || textIn(row, 'categoryid'),
    name: textIn(row, 'category').trim(),
    parentId: textIn(row, 'parentid'),
  }));
  const [page, pages] = [Number(textIn(result, 'page')), Number(textIn(result, 'pages'))];
  const isCounted = Number.isSafeInteger(page) && page > 0 && Number.isSafeInteger(pages);
  return {
    rows: rows.filter(({ id, name }) => NUMERIC_ID.test(id) && name !== ''),
    isLast: listed.length === 0 || (isCounted ? page >= pages : listed.length < PER_PAGE),
  };
}

/** Deleted and archived ones are listed beside the others. */
function isStanding(row: JsonObject): boolean {
  return ['', '0'].includes(textIn(row, 'vis_state'));
}

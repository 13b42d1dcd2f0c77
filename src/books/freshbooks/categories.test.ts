import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { parseLossless } from '#core/json.ts';
import { openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import { createApi } from './api.ts';
import type { Api } from './api.ts';
import { readExpenseCategories } from './categories.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';

test('the expense categories of an account are listed by name, with what they are part of', async () => {
  const world = await openFreshBooks();
  const categories = await readExpenseCategories(createApi(world.options));
  const names = categories.map(({ name }) => name);
  assert.deepEqual(
    names,
    names.toSorted((a, b) => a.localeCompare(b, 'en')),
  );
  const fees = categories.find(({ name }) => name === 'Bank Fees');
  assert.equal(categories.find(({ id }) => id === fees?.parentId)?.name, 'Operating Expenses');
  await world.close();
});

test('all pages are read, without what is deleted, archived or has no name or no number for an id', async () => {
  const row = (id: number, name: string | null, visState = 0): object => ({
    id,
    category: name,
    parentid: null,
    vis_state: visState,
  });
  const api = answering([
    {
      categories: [row(1, ' Travel '), row(2, 'Gone', 1), { ...row(6, 'Odd'), id: '1e400' }],
      page: 1,
      pages: 2,
    },
    { categories: [row(3, 'Old', 2), row(4, ''), row(5, 'Airfare')], page: 2, pages: 2 },
  ]);
  assert.deepEqual(await readExpenseCategories(api), [
    { id: '5', name: 'Airfare', parentId: '' },
    { id: '1', name: 'Travel', parentId: '' },
  ]);
});

test('an answer without the list is one that cannot be read, not an empty one', async () => {
  await assert.rejects(
    readExpenseCategories(answering([{ page: 1, pages: 1 }])),
    (thrown) => thrown instanceof Failure && thrown.code === 'request-answer-unreadable',
  );
});

function parsed(text: string): JsonObject {
  const result = parseLossless(text);
  assert.ok(isObject(result));
  return result;
}

/** Answers these results, page after page. */
function answering(pages: readonly object[]): Pick<Api, 'get'> {
  return {
    get: async (_path, { query = [] }) => {
      const number = Number(new Map(query).get('page'));
      const text = JSON.stringify(pages[number - 1]);
      return {
        outcome: 'done',
        result: parsed(text),
        answer: {
          status: 200,
          headers: new Headers(),
          text,
          effectIfUnreadable: 'none',
          doing: 'listing',
          requestSha256: '',
          answerSha256: '',
        },
      };
    },
  };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench } from './caller.ts';

async function many(count: number, switches: object = {}) {
  const desk = bench({ switches: { rateLimitAccountingPost: 1000, ...switches } });
  for (let index = 0; index < count; index += 1) await desk.client({ email: `${index}@example.com` });
  return { ...desk, page: async (query: string) => (await desk.get(`users/clients?${query}`)).result };
}

test('pages are fifteen by default and silently capped at a hundred', async () => {
  const { page } = await many(120);
  const first = await page('');
  assert.deepEqual(
    [first.clients.length, first.page, first.pages, first.per_page, first.total],
    [15, 1, 8, 15, 120],
  );
  const capped = await page('per_page=2000');
  assert.deepEqual([capped.clients.length, capped.per_page, capped.pages], [100, 100, 2]);
  assert.equal((await page('per_page=100&page=2')).clients.length, 20);
});

test('page 0 is page 1, past the end is empty, nothing at all has zero pages', async () => {
  const { page } = await many(3);
  assert.deepEqual([(await page('page=0')).page, (await page('page=0')).clients.length], [1, 3]);
  const past = await page('page=9');
  assert.deepEqual([past.clients, past.page, past.total], [[], 9, 3]);
  assert.equal((await (await many(0)).page('')).pages, 0);
});

test('a page that is no number is errno 1014, a page size 1013', async () => {
  const { get } = bench();
  assert.equal((await get('users/clients?page=two')).error.errno, 1014);
  assert.equal((await get('users/clients?per_page=-1')).error.errno, 1013);
});

test('the order without a sort is a switch', async () => {
  const ascending = (await (await many(3)).page('')).clients.map((client: { id: number }) => client.id);
  const descending = (await (await many(3, { listOrder: 'id-descending' })).page('')).clients.map(
    (client: { id: number }) => client.id,
  );
  assert.deepEqual(descending, ascending.toReversed());
});

test('updated_min compares Eastern days; updated_max is exclusive unless switched', async () => {
  const desk = bench();
  desk.clock.at = Date.parse('2026-06-30T02:00:00Z');
  const late = bench({ clock: desk.clock });
  await late.client();
  const total = async (query: string) => (await late.get(`users/clients?${query}`)).result.total;
  assert.equal(await total('search[updated_min]=2026-06-29'), 1);
  assert.equal(await total('search[updated_min]=2026-06-30'), 0, 'it is still the 29th in New York');
  assert.equal(await total('search[updated_max]=2026-06-29'), 0);
  const inclusive = bench({ clock: desk.clock, switches: { rangeMax: 'inclusive' } });
  await inclusive.client();
  assert.equal((await inclusive.get('users/clients?search[updated_max]=2026-06-29')).result.total, 1);
});

test('ids are searched one or several at a time', async () => {
  const desk = await many(3);
  const ids = desk.sim.account().clients.map((client) => client.id);
  assert.equal((await desk.page(`search[userid]=${ids[0]}`)).total, 1);
  assert.equal((await desk.page(`search[userids][]=${ids[0]}&search[userids][]=${ids[2]}`)).total, 2);
});

test('archived rows are hidden from lists unless switched', async () => {
  for (const [archivedInLists, expected] of [
    [false, 0],
    [true, 1],
  ] as const) {
    const desk = bench({ switches: { archivedInLists } });
    await desk.client({ vis_state: 2 });
    assert.equal((await desk.get('users/clients')).result.total, expected);
  }
});

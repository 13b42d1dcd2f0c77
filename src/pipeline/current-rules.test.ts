import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionId } from '#core/ids.ts';
import { DEFAULT_RULES, completed } from '#core/rules.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { record, rules } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';
import { currentRules, keepRules, putCurrentRules } from './current-rules.ts';

const SHOP = connectionId('shopify');
const open = async () =>
  (
    await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock: testClock(),
      seal: createSeal('key'),
    })
  ).store;

test('while nothing was imported the others hold, and then what was imported last', async () => {
  const store = await open();
  const otherwise = rules({ dueOffsetDays: 1 });
  assert.deepEqual((await currentRules(store.read, SHOP, otherwise)).rules, otherwise);
  for (const dueOffsetDays of [2, 3]) {
    const imported = rules({ dueOffsetDays });
    const version = await store.transact((tx) => putCurrentRules(tx, SHOP, { rules: imported, otherwise }));
    assert.deepEqual(await currentRules(store.read, SHOP, otherwise), { version, rules: imported });
  }
  await store.close();
});

test('one set of rules has one version, however it was put together', async () => {
  const store = await open();
  const { bookWhen, ...rest } = rules();
  const [first, second, third] = await store.transact(async (tx) => [
    await keepRules(tx, rules()),
    await keepRules(tx, { ...rest, bookWhen }),
    await keepRules(tx, rules({ dueOffsetDays: 16 })),
  ]);
  assert.equal(first, second);
  assert.notEqual(first, third);
  await store.close();
});

test('the currency side cannot change under stored orders, and anything else can', async () => {
  const store = await open();
  const put = (parts: Parameters<typeof rules>[0]): Promise<string> =>
    store.transact((tx) => putCurrentRules(tx, SHOP, { rules: rules(parts), otherwise: DEFAULT_RULES }));
  await put({ currency: 'presentment' });
  await put({ currency: 'shop' });
  await store.transact((tx) => tx.putOrder(record()));
  await put({ dueOffsetDays: 5 });
  await assert.rejects(put({ currency: 'presentment' }), /is "shop" for the orders in this database/);
  assert.equal((await currentRules(store.read, SHOP, DEFAULT_RULES)).rules.dueOffsetDays, 5);
  await store.close();
});

test('rules that were stored before a rule existed have its default', () => {
  const { skipTags: _new, ...old } = rules({ dueOffsetDays: 3 });
  assert.deepEqual(completed(old), rules({ dueOffsetDays: 3 }));
});

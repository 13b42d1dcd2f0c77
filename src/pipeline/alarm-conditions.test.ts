import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderKey } from '#core/ids.ts';
import { SHOP, hold } from '#tests/build.ts';
import { openWorld } from '#tests/one-order.ts';
import { conditionsNow } from './alarm-conditions.ts';

test('more questions than a person answers one by one are counted, and a new cause among them is told of', async () => {
  const { store, clock } = await openWorld();
  const look = async () => {
    const terms = { now: clock.now(), queueMs: 0, connections: [], channels: [] };
    return conditionsNow(store.read, terms);
  };
  await store.transact(async (tx) => {
    for (let id = 1; id <= 5000; id += 1) {
      await tx.openHold(hold({ order: orderKey(SHOP, String(id)), code: 'books-refused' }));
    }
  });
  const named = await look();
  assert.deepEqual([named.conditions.length, named.isCut('held')], [5000, false]);
  assert.deepEqual(new Set(named.conditions.map(({ kind }) => kind)), new Set(['held']));

  await store.transact(async (tx) => {
    await tx.openHold(hold({ order: orderKey(SHOP, '5001'), code: 'order-overpaid' }));
    const { order: _order, ...rest } = hold({ delivery: '7', code: 'delivery-not-json' });
    await tx.openHold({ ...rest, step: 'delivery' });
  });
  const counted = await look();
  assert.deepEqual(
    counted.conditions.map(({ kind, key, subject }) => [kind, key, subject]),
    [
      ['questions', 'questions:orders:books-refused', '5000 orders'],
      ['questions', 'questions:messages:delivery-not-json', '1 message'],
      ['questions', 'questions:orders:order-overpaid', '1 order'],
    ],
  );
  assert.deepEqual(
    [counted.isCut('held'), counted.isCut('message'), counted.isCut('questions')],
    [true, true, false],
  );
  await store.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decisions } from '#core/plan-terms.ts';
import { parseLocalDate } from '#core/time.ts';
import { record } from '#tests/build.ts';
import { openWorld } from '#tests/one-order.ts';
import { again } from './again.ts';

/** What a person is told who says that an order is to be tried again. */
async function told(decisions: Decisions): Promise<string> {
  const { store, clock } = await openWorld();
  const held = record({ state: 'held', decisions });
  await store.transact((tx) => tx.putOrder(held));
  const { text, isDone } = await again({ store, clock }, held, { account: 'freshbooks' });
  assert.ok(isDone);
  await store.close();
  return text;
}

test('an order that was tried again is planned anew', async () => {
  assert.match(
    await told({}),
    /^Order #1001 was held and is planned anew: 0 open questions are closed; what is/,
  );
});

test('an order that was left to a person stays so, and is not said to be planned anew', async () => {
  const text = await told({ following: 'stopped' });
  assert.match(
    text,
    /^Order #1001 stays as it is: you decided keep, so FreshBooks is not changed for it any more/,
  );
  assert.doesNotMatch(text, /planned anew/);
});

test('of an order whose closed days are booked already the rest alone is planned anew', async () => {
  assert.match(
    await told({ bookedThrough: parseLocalDate('2026-09-30') }),
    /is planned anew, but for what lies on days through 2026-09-30: you decided already-booked: 0 open/,
  );
});

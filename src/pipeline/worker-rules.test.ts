import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { MINUTE, after } from '#core/time.ts';
import { ORDER, SHOP, order, received, rules, tender } from '#tests/build.ts';
import { openWorld, usd } from '#tests/one-order.ts';
import type { Books, Store } from './ports.ts';
import { sortDelivery } from './sorter.ts';

/** By which rules an order is booked when others are imported meanwhile. */

test('rules that are changed meanwhile hold for the next order, and never for one that is booked', async () => {
  const { store, tasks, current, machine, accept, work } = await openWorld();
  await sortDelivery(machine, await accept('a', order({ cash: received(tender(usd('0'))) })));
  await work(machine);
  const later = { version: 'rules-2', rules: rules({ endState: 'draft', dueOffsetDays: 99 }) };
  await store.transact((tx) => tx.putRules(later.version, later.rules));
  current.now = later;
  const now = order();
  await sortDelivery(machine, await accept('b', { ...now, updatedAt: after(now.updatedAt, MINUTE) }));
  await work(machine);
  assert.deepEqual(
    tasks.map((task) => task.kind),
    ['client', 'invoice', 'sent', 'payment'],
  );
  assert.equal((await store.read.order(ORDER))?.rulesVersion, 'rules-1');
  await store.close();
});

test('an order that waits to be booked is skipped with the reason, and booked by a later delivery', async () => {
  const { store, tasks, current, machine, accept, work } = await openWorld();
  current.now = { version: 'rules-2', rules: rules({ bookWhen: 'fulfilled' }) };
  await store.transact((tx) => tx.putRules(current.now.version, current.now.rules));
  await sortDelivery(machine, await accept('a', order()));
  await work(machine);
  const waiting = await store.read.order(ORDER);
  assert.deepEqual(
    [waiting?.state, waiting?.reason, tasks.length],
    ['skipped', 'Waits to be booked until it is fulfilled', 0],
  );
  // Of the same second, with the same figures: only the goods were sent.
  await sortDelivery(machine, await accept('b', order({ isFulfilled: true })));
  await work(machine);
  const booked = await store.read.order(ORDER);
  assert.deepEqual([booked?.state, booked?.rulesVersion, tasks.length], ['settled', 'rules-2', 4]);
  await store.close();
});

const LATER = { version: 'rules-2', rules: rules({ dueOffsetDays: 99 }) };

/** By which rules each entry was made, and how the invoice is due. */
async function madeBy({ read }: Store): Promise<readonly [string[], number | undefined]> {
  const entries = await read.entriesOf(ORDER);
  const invoice = entries.find(({ kind }) => kind === 'invoice');
  return [
    entries.map(({ kind, rulesVersion }) => `${kind} ${rulesVersion}`),
    invoice?.intent.kind === 'invoice' ? invoice.intent.document.dueOffsetDays : undefined,
  ];
}

test('an order whose first call is found to have been made goes on by the rules of that call, and says so', async () => {
  const { clock, store, current, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  let isMade = false;
  const books: Books = {
    ...route.books,
    async find(task) {
      return task.kind === 'client' && isMade
        ? { state: 'standing', receipt: { externalId: 'client-1', isFound: true } }
        : route.books.find(task);
    },
    async apply(task) {
      if (task.kind === 'client') {
        isMade = true;
        throw new Failure('request-unanswered', { detail: 'Creating the client', effect: 'unknown' });
      }
      return route.books.apply(task);
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  await sortDelivery(on, await accept('a', order()));
  await work(on);
  await store.transact((tx) => tx.putRules(LATER.version, LATER.rules));
  current.now = LATER;
  await clock.advance(2 * MINUTE);
  await work(on);
  assert.deepEqual(await madeBy(store), [
    ['client rules-1', 'invoice rules-1', 'sent rules-1', 'payment rules-1'],
    rules().dueOffsetDays,
  ]);
  assert.equal((await store.read.order(ORDER))?.rulesVersion, 'rules-1');
  await store.close();
});

test('an order of which nothing was made yet is booked by the new rules, also where a call was tried by the old ones', async () => {
  const { clock, store, current, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  let isDown = true;
  const books: Books = {
    ...route.books,
    async apply(task) {
      if (isDown) {
        throw new Failure('request-server-error', { detail: 'Creating the client', effect: 'none' });
      }
      return route.books.apply(task);
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  await sortDelivery(on, await accept('a', order()));
  await work(on);
  assert.deepEqual(await madeBy(store), [['client rules-1'], undefined], 'it was tried');
  await store.transact((tx) => tx.putRules(LATER.version, LATER.rules));
  current.now = LATER;
  isDown = false;
  await clock.advance(2 * MINUTE);
  await work(on);
  assert.deepEqual(await madeBy(store), [
    ['client rules-2', 'invoice rules-2', 'sent rules-2', 'payment rules-2'],
    99,
  ]);
  assert.equal((await store.read.order(ORDER))?.rulesVersion, 'rules-2');
  await store.close();
});

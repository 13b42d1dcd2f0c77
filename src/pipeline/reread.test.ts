import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { MINUTE, SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { ORDER, SHOP, line, order, rules } from '#tests/build.ts';
import { openWorld } from '#tests/one-order.ts';
import { orderOf } from '#core/settlement.ts';
import { eraseOrder } from './redaction.ts';
import { releaseOrder } from './release.ts';
import type { Route } from './machine.ts';
import { READ_TOPIC } from './source.ts';
import type { Books, Store } from './ports.ts';
import { sortDelivery } from './sorter.ts';

/** When the source is asked for an order, and what its answer ends. */

test('an order that waits to be booked is asked for again when the shop did not answer', async () => {
  let isDown = true;
  const { clock, store, current, machine, accept, work } = await openWorld({
    answer() {
      if (isDown) {
        throw new Failure('request-server-error', { detail: 'Reading the order', effect: 'none' });
      }
      return order({ isFulfilled: true, updatedAt: after(order().updatedAt, MINUTE) });
    },
  });
  current.now = { version: 'rules-2', rules: rules({ bookWhen: 'fulfilled' }) };
  await store.transact((tx) => tx.putRules(current.now.version, current.now.rules));
  await sortDelivery(machine, await accept('a', order()));
  await work(machine);
  await sortDelivery(machine, await accept('touch', order(), 'touch'));
  await work(machine);
  assert.equal((await store.read.order(ORDER))?.state, 'waiting');
  isDown = false;
  await clock.advance(MINUTE);
  await work(machine);
  await work(machine);
  assert.equal((await store.read.order(ORDER))?.state, 'settled');
  await store.close();
});

test('an order whose amounts are missing is asked for again when a person says retry', async () => {
  let reads = 0;
  const later = after(order().updatedAt, MINUTE);
  let isTold = false;
  const { clock, store, machine, accept, work } = await openWorld({
    answer() {
      reads += 1;
      const told = { updatedAt: after(later, reads * SECOND) };
      return isTold ? order(told) : order({ ...told, pendingBecause: 'No amounts are shown' });
    },
  });
  await sortDelivery(machine, await accept('a', order()));
  await work(machine);
  await sortDelivery(machine, await accept('touch', order(), 'touch'));
  await work(machine);
  for (let runs = 0; runs < 3; runs += 1) {
    await work(machine);
  }
  const held = await store.read.holds({ order: ORDER, isOpen: true });
  assert.deepEqual([held.map(({ code }) => code), reads], [['order-amounts-missing'], 1], 'asked once');

  isTold = true;
  await releaseOrder(store, ORDER, { now: clock.now(), account: 'freshbooks' });
  await work(machine);
  await work(machine);
  const record = await store.read.order(ORDER);
  assert.deepEqual([record?.state, reads], ['settled', 2]);
  await store.close();
});

const WITHHELD = { ask: 'person', code: 'order-tax-withheld', why: 'Tax is withheld', facts: [] } as const;

for (const [what, shown, rests] of [
  [
    'of a store that is not booked',
    { waitsBecause: 'it is of another store', isReadByRetry: true },
    'skipped',
  ],
  [
    'of which a person was asked what its channel alone can tell',
    { doubt: WITHHELD, isReadByRetry: true },
    'held',
  ],
] as const) {
  test(`an order ${what} is asked for again when a person says retry`, async () => {
    const before = order(shown);
    const answer = order({ updatedAt: after(before.updatedAt, SECOND) });
    const { clock, store, machine, accept, work } = await openWorld({ answer: () => answer });
    await sortDelivery(machine, await accept('a', before));
    await work(machine);
    assert.equal((await store.read.order(ORDER))?.state, rests);
    await releaseOrder(store, ORDER, { now: clock.now(), account: 'freshbooks' });
    await work(machine);
    await work(machine);
    assert.equal((await store.read.order(ORDER))?.state, 'settled');
    await store.close();
  });
}

test('an order whose messages tell when it waits no longer is not asked for by retry', async () => {
  let reads = 0;
  const { clock, store, machine, accept, work } = await openWorld({
    answer() {
      reads += 1;
      return order();
    },
  });
  await sortDelivery(machine, await accept('a', order({ waitsBecause: 'nothing is paid' })));
  await work(machine);
  await releaseOrder(store, ORDER, { now: clock.now(), account: 'freshbooks' });
  await work(machine);
  assert.deepEqual([(await store.read.order(ORDER))?.state, reads], ['skipped', 0]);
  await store.close();
});

test('a message that is sorted while the shop is asked is not lost', async () => {
  const asked = order();
  const newer = order({
    updatedAt: after(asked.updatedAt, 5 * MINUTE),
    lines: [line({ quantity: 2 })],
  });
  const { store, machine, accept, work } = await openWorld({ answer: () => asked });
  await sortDelivery(machine, await accept('touch', asked, 'touch'));
  const newerId = await accept('newer', newer);
  let isArmed = false;
  const interleaved: Store = {
    ...store,
    read: {
      ...store.read,
      async order(key) {
        const record = await store.read.order(key);
        if (isArmed && record?.snapshot !== undefined) {
          isArmed = false;
          await sortDelivery(machine, newerId);
        }
        return record;
      },
    },
  };
  isArmed = true;
  await work({ ...machine, store: interleaved });
  const record = await store.read.order(ORDER);
  assert.equal(record?.stamp, newer.updatedAt);
  assert.equal(record?.newestDelivery, newerId);
  await store.close();
});

test('what names an order while the shop is asked for it has the shop asked again', async () => {
  const then = order();
  // As on Amazon, where a refund moves no time of the order.
  const now = order({ lines: [line({ quantity: 2 })] });
  let reads = 0;
  const { store, machine, accept, work } = await openWorld({
    async answer() {
      reads += 1;
      if (reads === 1) {
        await sortDelivery(machine, await accept('during', then, 'touch'));
      }
      return reads === 1 ? then : now;
    },
  });
  await sortDelivery(machine, await accept('before', then, 'touch'));
  await work(machine);
  await work(machine);
  const record = await store.read.order(ORDER);
  assert.deepEqual([reads, orderOf(record?.snapshot)?.lines[0]?.quantity, record?.reread], [2, 2, undefined]);
  await store.close();
});

test('an order that is held and named while its shop is asked is not said to lack access to the shop', async () => {
  let reads = 0;
  const { store, machine, accept, work } = await openWorld({
    async answer() {
      reads += 1;
      if (reads === 1) {
        await sortDelivery(machine, await accept('during', order(), 'touch'));
      }
      return order();
    },
  });
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const refusing: Books = {
    ...route.books,
    apply: () => Promise.reject(new Failure('books-refused', { detail: 'Not this one' })),
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books: refusing }]]) };
  const codes = async (): Promise<readonly string[]> =>
    (await store.read.holds({ order: ORDER, isOpen: true })).map(({ code }) => code);
  await sortDelivery(machine, await accept('before', order(), 'touch'));
  await work(on);
  assert.deepEqual(await codes(), ['books-refused']);
  await work(on);
  assert.deepEqual([reads, await codes()], [2, ['books-refused']]);
  await store.close();
});

test('an answer of the shop that a dead process left unsorted does not end what was asked since', async () => {
  const then = order();
  const now = order({ lines: [line({ quantity: 2 })] });
  const { store, machine, accept, work } = await openWorld({ answer: () => now });
  const left = await accept('left', then, READ_TOPIC);
  await sortDelivery(machine, await accept('since', then, 'touch'));
  await sortDelivery(machine, left);
  await work(machine);
  const record = await store.read.order(ORDER);
  assert.deepEqual([orderOf(record?.snapshot)?.lines[0]?.quantity, record?.reread], [2, undefined]);
  await store.close();
});

test('an answer of the shop that cannot be read is one question of its order, and ends when it can', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  let isReadable = false;
  const sort: Route['source']['sort'] = (message) => {
    if (message.topic === READ_TOPIC && !isReadable) {
      throw new Failure('delivery-malformed', { detail: 'line_items[0].quantity is "many"' });
    }
    return route.source.sort(message);
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, source: { ...route.source, sort } }]]) };
  const questions = async () =>
    (await store.read.openQuestions(10)).first.map(({ code, order: of }) => [code, of?.key]);
  await sortDelivery(on, await accept('a', order(), 'touch'));
  for (let quarter = 0; quarter < 8; quarter += 1) {
    await work(on);
    await clock.advance(15 * MINUTE);
  }
  assert.deepEqual(await questions(), [['delivery-malformed', ORDER]]);
  const [asked] = await store.read.holds({ order: ORDER, isOpen: true });
  assert.equal((await store.read.deliveries({ state: 'held', limit: 10 })).length, 0);
  const [answer, ...earlier] = await store.read.deliveries({ state: 'ignored', limit: 10 });
  assert.deepEqual([answer?.order, answer?.reason], [ORDER, 'line_items[0].quantity is "many"']);
  assert.equal(earlier.length, 5, 'it was tried again for some minutes');
  assert.match(
    asked?.detail ?? '',
    new RegExp(`order 5001 cannot be read: .* delivery:${answer?.id} tells why`),
  );
  const sources = new Map([[SHOP, { ...route.source, sort }]]);
  await eraseOrder({ store, clock, sources, account: route.books.connection }, ORDER);
  assert.equal((await store.read.delivery(answer?.id ?? ''))?.reason, 'Its content was redacted');
  isReadable = true;
  await releaseOrder(store, ORDER, { now: clock.now(), account: 'freshbooks' });
  await work(on);
  await work(on);
  assert.deepEqual(await questions(), []);
  assert.equal((await store.read.order(ORDER))?.state, 'settled');
  assert.ok(tasks.length > 0);
  await store.close();
});

test('an order that is booked is asked for again when the shop allows it, and not a quarter of an hour later', async () => {
  let limitedUntil: Instant | undefined;
  const { store, machine, clock, accept, work } = await openWorld({
    answer() {
      if (limitedUntil !== undefined) {
        throw new Failure('request-rate-limited', { detail: 'Not now', retryAt: limitedUntil });
      }
      return order();
    },
  });
  await sortDelivery(machine, await accept('first', order()));
  await work(machine);
  assert.equal((await store.read.order(ORDER))?.state, 'settled');
  await sortDelivery(machine, await accept('touch', order(), 'touch'));
  limitedUntil = after(clock.now(), 30 * SECOND);
  await work(machine);
  const record = await store.read.order(ORDER);
  assert.deepEqual([record?.state, record?.dueAt, record?.reason], ['waiting', limitedUntil, 'Not now']);
  await store.close();
});

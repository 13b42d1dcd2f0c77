import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { orderKey } from '#core/ids.ts';
import type { Order } from '#core/order.ts';
import { MINUTE, instant } from '#core/time.ts';
import { zero } from '#core/money.ts';
import { ORDER, SHOP, order, received } from '#tests/build.ts';
import { openWorld } from '#tests/one-order.ts';
import { releaseOrder } from './release.ts';
import { sortDelivery } from './sorter.ts';
import { FOUND_TOPIC } from './source.ts';
import { run } from './worker.ts';

/** In the order in which they are worked on. */
async function dueOrders({
  store,
  clock,
}: Awaited<ReturnType<typeof openWorld>>): Promise<readonly string[]> {
  return (await store.read.dueKeys(clock.now(), 10)).filter((key) => key.startsWith('order:'));
}

const OTHER = orderKey(SHOP, '2');

void describe('an order that no message told and that was found', () => {
  void test('is worked on after those of which messages come', async () => {
    const world = await openWorld();
    await sortDelivery(world.machine, await world.accept('found-1', order(), FOUND_TOPIC));
    await world.clock.advance(MINUTE);
    await sortDelivery(world.machine, await world.accept('live-2', order({ key: OTHER, name: '#2' })));
    assert.deepEqual(await dueOrders(world), [`order:${OTHER}`, `order:${ORDER}`]);
    await world.store.close();
  });

  void test('is worked on with them once a message of it comes', async () => {
    const world = await openWorld();
    await sortDelivery(world.machine, await world.accept('found-1', order(), FOUND_TOPIC));
    await sortDelivery(world.machine, await world.accept('live-1', order()));
    await world.clock.advance(MINUTE);
    await sortDelivery(world.machine, await world.accept('live-2', order({ key: OTHER, name: '#2' })));
    assert.deepEqual(await dueOrders(world), [`order:${ORDER}`, `order:${OTHER}`]);
    await world.store.close();
  });

  void test('keeps its place when it is due for a message already', async () => {
    const world = await openWorld();
    await sortDelivery(world.machine, await world.accept('live-1', order()));
    await sortDelivery(world.machine, await world.accept('found-1', order(), FOUND_TOPIC));
    await world.clock.advance(MINUTE);
    await sortDelivery(world.machine, await world.accept('live-2', order({ key: OTHER, name: '#2' })));
    assert.deepEqual((await dueOrders(world)).toSorted(), [`order:${ORDER}`, `order:${OTHER}`].toSorted());
    assert.equal((await world.store.read.order(ORDER))?.priority, 0);
    await world.store.close();
  });

  void test('loses the place that a message gave it once it is at rest', async () => {
    const world = await openWorld();
    await sortDelivery(world.machine, await world.accept('live-1', order()));
    await world.work(world.machine);
    assert.equal((await world.store.read.order(ORDER))?.dueAt, undefined);
    const later = order({ updatedAt: instant(order().updatedAt + MINUTE) });
    await sortDelivery(world.machine, await world.accept('found-1', later, FOUND_TOPIC));
    await sortDelivery(world.machine, await world.accept('live-2', order({ key: OTHER, name: '#2' })));
    assert.deepEqual(await dueOrders(world), [`order:${OTHER}`, `order:${ORDER}`]);
    await world.store.close();
  });
});

void test('an order that a person asks for is worked on with them, and many that he asks for at once after them', async () => {
  const world = await openWorld();
  const { store, clock, machine } = world;
  await sortDelivery(machine, await world.accept('found-1', order(), FOUND_TOPIC));
  const priority = async () => (await store.read.order(ORDER))?.priority;
  assert.equal(await priority(), 10);
  const moment = { now: clock.now(), account: 'freshbooks' };
  await releaseOrder(store, ORDER, moment);
  assert.equal(await priority(), 0);
  await releaseOrder(store, ORDER, { ...moment, isOfMany: true });
  assert.equal(await priority(), 10);
  await sortDelivery(machine, await world.accept('live-2', order({ key: OTHER, name: '#2' })));
  assert.deepEqual(await dueOrders(world), [`order:${OTHER}`, `order:${ORDER}`]);
  await store.close();
});

void describe('a deletion', () => {
  const isDeleted = async ({ store }: Awaited<ReturnType<typeof openWorld>>) =>
    (await store.read.order(ORDER))?.isDeleted;

  void test('of a shop that cannot be asked ends with a state that is clearly from after it', async () => {
    const world = await openWorld({ canRead: false });
    const { machine, clock, accept, store } = world;
    const shown = (minutes: number) => order({ updatedAt: instant(clock.now() + minutes * MINUTE) });
    await sortDelivery(machine, await accept('a', shown(-60)));
    await sortDelivery(machine, await accept('b', shown(0), 'deleted'));
    for (const [minutes, expected] of [
      [-1, true],
      [5, true],
      [11, false],
    ] as const) {
      await sortDelivery(machine, await accept(`c${minutes}`, shown(minutes)));
      assert.equal(await isDeleted(world), expected, `${minutes} minutes after it`);
    }
    await sortDelivery(machine, await accept('d', shown(0), 'deleted'));
    assert.equal(await isDeleted(world), false, 'the state from after it came first');
    await store.close();
  });

  void test('that was blanked is not forgotten by it', async () => {
    const world = await openWorld({ canRead: false });
    const { machine, clock, accept, store } = world;
    const id = await accept('a', order(), 'deleted');
    await sortDelivery(machine, id);
    await store.transact((tx) => tx.redactDelivery(id, clock.now()));
    await sortDelivery(machine, await accept('b', order({ updatedAt: instant(clock.now() + MINUTE) })));
    assert.equal(await isDeleted(world), true);
    await store.close();
  });

  void test('is believed only once the shop has answered', async () => {
    const answers: (() => Promise<Order>)[] = [
      () => Promise.reject(new Failure('request-unreachable', { detail: 'Nobody is there' })),
      () => Promise.reject(new Failure('request-not-found', { detail: 'It is gone' })),
    ];
    const late = order({ updatedAt: instant(order().updatedAt + MINUTE) });
    const world = await openWorld({ answer: () => answers.shift()?.() ?? late });
    const { machine, clock, accept, store, work } = world;
    await sortDelivery(machine, await accept('a', order()));
    await sortDelivery(machine, await accept('b', order(), 'deleted'));
    const states: unknown[] = [];
    for (let count = 0; count < 2; count += 1) {
      await work(machine);
      const { state, reread } = (await store.read.order(ORDER)) ?? {};
      states.push([state, reread?.isBlocking]);
      await clock.advance(MINUTE);
    }
    assert.deepEqual(states, [
      ['waiting', true],
      ['skipped', undefined],
    ]);
    await sortDelivery(machine, await accept('c', late));
    await work(machine);
    await work(machine);
    assert.equal(await isDeleted(world), false, 'the shop shows it');
    assert.equal((await store.read.order(ORDER))?.state, 'settled');
    await store.close();
  });
});

void test('an order that was deleted and redacted asks nobody about its client, which nobody can look for any more', async () => {
  const world = await openWorld({
    answer: () => Promise.reject(new Failure('request-not-found', { detail: 'It is gone' })),
  });
  const { machine, clock, accept, store, work } = world;
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const apply = () =>
    Promise.reject(new Failure('request-unreachable', { detail: 'Lost', effect: 'unknown' }));
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books: { ...route.books, apply } }]]) };
  const told = await accept('a', order());
  await sortDelivery(on, told);
  await work(on);
  assert.deepEqual(
    (await store.read.entriesOf(ORDER)).map(({ kind, state }) => [kind, state]),
    [['client', 'pending']],
  );
  await store.transact((tx) => tx.redactDelivery(told, clock.now()));
  await sortDelivery(on, await accept('b', order(), 'deleted'));
  for (let count = 0; count < 3; count += 1) {
    await work(on);
    await clock.advance(5 * MINUTE);
  }
  assert.equal((await store.read.order(ORDER))?.state, 'skipped');
  assert.deepEqual(await store.read.holds({ order: ORDER, isOpen: true }), []);
  assert.deepEqual(
    (await store.read.entriesOf(ORDER)).map(({ state }) => state),
    ['voided'],
  );
  await store.close();
});

void test('a message over which this program stumbles is held by itself, and is not sorted again and again', async () => {
  const { store, machine, accept } = await openWorld({ canRead: false });
  await sortDelivery(machine, await accept('a', order()));
  const euros = order({ currency: 'EUR', total: zero('EUR'), cash: received() });
  const id = await accept('b', euros);
  await run(machine, `delivery:${id}`, new AbortController().signal);
  assert.equal((await store.read.delivery(id))?.state, 'held');
  const [asked] = await store.read.holds({ delivery: id, isOpen: true });
  assert.equal(asked?.code, 'unexpected');
  assert.match(asked?.detail ?? '', /one currency/);
  assert.deepEqual(
    (await store.read.dueKeys(machine.clock.now(), 10)).filter((key) => key.startsWith('delivery:')),
    [],
  );
  await store.close();
});

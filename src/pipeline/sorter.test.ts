import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { orderKey } from '#core/ids.ts';
import { MINUTE, instant } from '#core/time.ts';
import { ORDER, SHOP, order } from '#tests/build.ts';
import { openWorld } from '#tests/one-order.ts';
import { releaseOrder } from './release.ts';
import { sortDelivery } from './sorter.ts';
import { FOUND_TOPIC } from './source.ts';

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

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE, after } from '#core/time.ts';
import type { WakeKey } from '#pipeline/ports.ts';
import { createEmbeddedQueue } from '#queue/embedded.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { ORDER, message, record } from '#tests/build.ts';
import { testClock, turns } from '#tests/clock.ts';
import { queueContract } from '#tests/contract/queue.ts';

const POLL_MS = 250;

queueContract({
  name: 'embedded',
  make: (parts) => createEmbeddedQueue({ ...parts, pollMs: POLL_MS }),
});

async function openWorld() {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const failures: unknown[] = [];
  const queue = createEmbeddedQueue({
    read: store.read,
    clock,
    places: 4,
    pollMs: POLL_MS,
    onPollFailure: (thrown) => failures.push(thrown),
  });
  const ran: WakeKey[] = [];
  return {
    clock,
    store,
    queue,
    ran,
    close: async () => {
      await queue.stop();
      await store.close();
      assert.deepEqual(failures, []);
    },
  };
}

void describe('the embedded queue on a store', () => {
  void test('wakes after the commit and not before, and never for what was rolled back', async () => {
    const { clock, store, queue, ran, close } = await openWorld();
    queue.start(async (key) => {
      const id = key.slice('delivery:'.length);
      // What it was woken for is durable, or it finds nothing.
      ran.push((await store.read.delivery(id)) === undefined ? `delivery:missing ${id}` : key);
      await store.transact((tx) => tx.settleDelivery(id, { state: 'ignored' }));
    });
    await turns();
    const { id } = await store.transact(async (tx) => {
      const accepted = await tx.acceptDelivery(message(), clock.now());
      tx.afterCommit(() => queue.wake(`delivery:${accepted.id}`));
      await turns();
      assert.deepEqual(ran, [], 'not within the transaction');
      return accepted;
    });
    await assert.rejects(
      store.transact(async (tx) => {
        const accepted = await tx.acceptDelivery(message({ externalId: 'b' }), clock.now());
        tx.afterCommit(() => queue.wake(`delivery:${accepted.id}`));
        throw new Error('No');
      }),
    );
    await turns();
    assert.deepEqual(ran, [`delivery:${id}`]);
    await close();
  });

  void test('finds by itself what another process made due, and an order at its moment', async () => {
    const { clock, store, queue, ran, close } = await openWorld();
    const key = `order:${ORDER}` as const;
    queue.start(async (key) => {
      ran.push(key);
      const { dueAt: _due, ...settled } = record({ state: 'settled' });
      await store.transact((tx) => tx.putOrder(settled));
    });
    await turns();
    await store.transact((tx) =>
      tx.putOrder(record({ state: 'waiting', dueAt: after(clock.now(), MINUTE) })),
    );
    await clock.advance(MINUTE - POLL_MS);
    assert.deepEqual(ran, []);
    await clock.advance(2 * POLL_MS);
    assert.deepEqual(ran, [key]);
    await clock.advance(MINUTE);
    assert.deepEqual(ran, [key]);
    await close();
  });

  void test('leaves alone an order that another holder has leased', async () => {
    const { clock, store, queue, ran, close } = await openWorld();
    await store.transact(async (tx) => {
      await tx.putOrder(record({ state: 'working', dueAt: clock.now() }));
      await tx.takeLease(`order:${ORDER}`, {
        holder: 'other',
        now: clock.now(),
        until: after(clock.now(), MINUTE),
      });
    });
    queue.start(async (key) => {
      ran.push(key);
      await store.transact((tx) =>
        tx.putOrder(record({ state: 'settled', dueAt: after(clock.now(), MINUTE) })),
      );
    });
    await clock.advance(MINUTE - 1);
    assert.deepEqual(ran, []);
    await clock.advance(2 * POLL_MS);
    assert.deepEqual(ran, [`order:${ORDER}`]);
    await close();
  });
});

import assert from 'node:assert/strict';
import { orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { HOUR, MINUTE, SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { OrderRecord, Store } from '#pipeline/ports.ts';
import { SHOP, at, record } from '#tests/build.ts';

/** What every `Store` promises of accounts that must not be called, and of the orders that wait for them. */

const NOW = at('2026-11-20T10:00:00Z');
const later = (ms: number): Instant => after(NOW, ms);
const keyOf = (id: number): OrderKey => orderKey(SHOP, String(id));
type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

const waiting = (id: number, parts: Partial<OrderRecord> = {}): OrderRecord =>
  record({ key: keyOf(id), state: 'waiting', dueAt: later(HOUR), waitsFor: 'freshbooks', ...parts });

const put = (store: Store, ...records: readonly OrderRecord[]): Promise<void> =>
  store.transact(async (tx) => {
    for (const one of records) {
      await tx.putOrder(one);
    }
  });

async function dueNow(store: Store, now: Instant = NOW): Promise<readonly string[]> {
  return (await store.read.dueKeys(now, 100)).map((key) => key.slice(`order:${SHOP}/`.length)).toSorted();
}

export function pauses(promise: Promises): void {
  promise('an account is paused until a moment or a person, and freed', async (store) => {
    const pause = () => store.read.pause('freshbooks');
    assert.equal(await pause(), undefined);
    const until = { account: 'freshbooks', until: later(MINUTE), reason: 'Too many' };
    await store.transact((tx) => tx.setPause(until));
    assert.deepEqual(await pause(), until);
    const open = { account: 'freshbooks', reason: 'Connect again' };
    await store.transact((tx) => tx.setPause(open));
    assert.deepEqual(await pause(), open);
    assert.equal(await store.read.pause('other'), undefined);
    await store.transact((tx) => tx.clearPause('freshbooks'));
    await store.transact((tx) => tx.clearPause('freshbooks'));
    assert.equal(await pause(), undefined);
  });

  promise('an account that is down is kept with since when, and how often it was tried', async (store) => {
    const down = {
      account: 'freshbooks',
      until: later(SECOND),
      reason: 'Answered 503',
      code: 'request-server-error' as const,
      outage: { since: later(-MINUTE), probes: 3 },
    };
    await store.transact((tx) => tx.setPause(down));
    assert.deepEqual(await store.read.pause('freshbooks'), down);
    assert.deepEqual(await store.read.pauses(), [down]);
    const { outage: _outage, ...limited } = down;
    await store.transact((tx) => tx.setPause(limited));
    assert.deepEqual(await store.read.pause('freshbooks'), limited);
  });

  promise(
    'of orders that wait for an account one is appointed: that failed least, and the most urgent',
    async (store) => {
      await put(
        store,
        waiting(1, { attempts: 2 }),
        waiting(2, { attempts: 1, priority: 1 }),
        waiting(3, { attempts: 1, createdAt: later(2) }),
        waiting(4, { attempts: 1, createdAt: later(1) }),
        waiting(5, { waitsFor: 'other' }),
        waiting(6, { state: 'working' }),
      );
      await put(store, record({ key: keyOf(7), state: 'waiting', dueAt: later(HOUR) }));
      const appoint = () =>
        store.transact((tx) =>
          tx.appointWaiting('freshbooks', { at: later(MINUTE), otherwiseAt: later(2 * HOUR) }),
        );
      // Without a lease, what is being worked on is looked at as well.
      assert.deepEqual(await dueNow(store, later(MINUTE)), ['6']);
      await appoint();
      assert.deepEqual(await dueNow(store, later(MINUTE)), ['4', '6']);
      await put(store, waiting(8));
      await appoint();
      await appoint();
      assert.deepEqual(await dueNow(store, later(MINUTE)), ['6', '8']);
      assert.equal((await store.read.order(keyOf(4)))?.dueAt, later(2 * HOUR));
      assert.equal(
        (await store.read.order(keyOf(4)))?.waitsFor,
        'freshbooks',
        'it waits until it is taken up',
      );
    },
  );

  promise('when an account is freed all that wait for it are due, and nothing else', async (store) => {
    await put(store, waiting(1, { attempts: 2 }), waiting(2), waiting(3, { waitsFor: 'other' }));
    await put(store, record({ key: keyOf(4), state: 'waiting', dueAt: later(HOUR) }));
    await store.transact((tx) => tx.clearPause('freshbooks'));
    assert.deepEqual(await dueNow(store, later(SECOND)), ['1', '2']);
  });

  promise('an order that waits for an account is not among those that fail by themselves', async (store) => {
    const failed = { attempts: 1, firstFailedAt: later(-HOUR) };
    await put(store, waiting(1, failed));
    const { waitsFor: _account, ...alone } = waiting(2, failed);
    await put(store, alone);
    const failing = await store.read.failingOrders({ failedBefore: NOW, limit: 10 });
    assert.deepEqual([failing.first.map(({ key }) => key), failing.count], [[keyOf(2)], 1]);
  });
}

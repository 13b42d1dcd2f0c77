import assert from 'node:assert/strict';
import { connectionId, orderKey, settlementKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import * as money from '#core/money.ts';
import type { Settlement } from '#core/settlement.ts';
import { HOUR, MINUTE, after, parseZone } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { OrderRecord, Store } from '#pipeline/ports.ts';
import { ORDER, SHOP, at, message, order, record } from '#tests/build.ts';

/** The part of the store's contract that is about orders and when they are due. */

type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

const NOW = at('2026-11-20T10:00:00Z');
const later = (ms: number): Instant => after(NOW, ms);
const keyOf = (id: string): OrderKey => orderKey(SHOP, id);

export function orders(promise: Promises): void {
  const put = (store: Store, ...records: OrderRecord[]) =>
    store.transact(async (tx) => {
      for (const one of records) {
        await tx.putOrder(one);
      }
    });
  const numbered = (id: string, parts: Partial<OrderRecord> = {}) =>
    record({ key: keyOf(id), name: `#${id}`, ...parts });

  promise('a settlement is kept among the orders, under a key that no order has', async (store) => {
    const key = settlementKey(SHOP, 'a_B-1=') ?? assert.fail();
    const snapshot: Settlement = {
      kind: 'settlement',
      key,
      connection: SHOP,
      source: 'amazon',
      shop: 'Amazon',
      vendorId: 'a_B-1=',
      name: 'settlement 111',
      number: '111',
      placedAt: NOW,
      updatedAt: NOW,
      zone: parseZone('Z'),
      currency: 'EUR',
      amounts: [{ what: 'fee', name: 'Commission', amount: money.parse('-1.50', 'EUR') }],
      transactionCount: 1,
    };
    const settlement = record({ key, name: snapshot.name, snapshot });
    await put(store, settlement);
    assert.deepEqual(await store.read.order(key), settlement);
    assert.deepEqual(await store.read.orders({ search: '111', limit: 9 }), [settlement]);
  });

  promise('every field of an order comes back, and what is taken away is gone', async (store) => {
    const full = record({
      state: 'waiting',
      dueAt: NOW,
      attempts: 3,
      firstFailedAt: NOW,
      failedCode: 'request-server-error',
      priority: 5,
      newestDelivery: '12',
      stamp: NOW,
      snapshot: order(),
      rulesVersion: 'rules-1',
      numberVariant: 2,
      reread: { why: 'A touch', since: NOW, at: later(5), isBlocking: true },
      isDeleted: true,
      reason: 'Because',
      waitsFor: 'freshbooks',
      limitedSince: later(3),
      updatedAt: later(7),
    });
    await put(store, full);
    assert.deepEqual(await store.read.order(ORDER), full);
    const { dueAt: _due, ...bare } = record({ state: 'settled' });
    await put(store, bare);
    assert.deepEqual(await store.read.order(ORDER), bare);
    await put(store, record({ reread: { why: 'A touch', since: NOW, isBlocking: false } }));
    assert.deepEqual((await store.read.order(ORDER))?.reread, {
      why: 'A touch',
      since: NOW,
      isBlocking: false,
    });
  });

  promise('orders are listed newest first, by state and up to a limit', async (store) => {
    await put(
      store,
      numbered('1', { createdAt: later(1) }),
      numbered('3', { createdAt: later(3), state: 'held' }),
      numbered('2', { createdAt: later(2) }),
    );
    const names = async (filter: Parameters<Store['read']['orders']>[0]) =>
      (await store.read.orders(filter)).map((one) => one.name);
    assert.deepEqual(await names({ limit: 10 }), ['#3', '#2', '#1']);
    assert.deepEqual(await names({ limit: 2 }), ['#3', '#2']);
    assert.deepEqual(await names({ state: 'due', limit: 10 }), ['#2', '#1']);
    assert.deepEqual(await names({ state: 'held', search: '1', limit: 10 }), []);
    assert.deepEqual(await store.read.orderCounts(), { due: 2, held: 1 });
  });

  promise('orders are read page by page, also those of one moment, back to a moment', async (store) => {
    const moments = { '1': 1, '2': 2, '3': 3, '4': 3, '5': 3, '6': 4 };
    await put(
      store,
      ...Object.entries(moments).map(([id, ms]) => numbered(id, { createdAt: later(ms), state: 'held' })),
    );
    const seen: string[] = [];
    let last: OrderRecord | undefined;
    do {
      const page = await store.read.orders({
        state: 'held',
        receivedSince: later(2),
        limit: 2,
        ...(last === undefined ? {} : { after: last }),
      });
      seen.push(...page.map((one) => one.name));
      last = page.at(-1);
    } while (last !== undefined);
    assert.deepEqual(seen, ['#6', '#5', '#4', '#3', '#2']);
  });

  promise('orders are found by a part of their name, their whole id or their key', async (store) => {
    await put(
      store,
      record({ key: keyOf('5001'), name: '#1001' }),
      record({ key: keyOf('5002'), name: '#1002-B' }),
      record({ key: orderKey(connectionId('shopify-2'), '5001'), name: 'EU-7' }),
    );
    const found = async (search: string) =>
      (await store.read.orders({ search, limit: 10 })).map((one) => one.name).sort();
    assert.deepEqual(await found('100'), ['#1001', '#1002-B']);
    assert.deepEqual(await found('#1002'), ['#1002-B']);
    assert.deepEqual(await found('-b'), ['#1002-B']);
    assert.deepEqual(await found('5001'), ['#1001', 'EU-7']);
    assert.deepEqual(await found('shopify/5001'), ['#1001']);
    assert.deepEqual(await found('500'), [], 'a part of an id finds nothing');
    assert.deepEqual(await found('nothing'), []);
  });

  promise('a search is text: signs that mean something to a database mean themselves', async (store) => {
    await put(
      store,
      record({ key: keyOf('1'), name: 'plain' }),
      record({ key: keyOf('2'), name: '100%' }),
      record({ key: keyOf('3'), name: 'A_B' }),
      record({ key: keyOf('4'), name: 'C\\D' }),
      record({ key: keyOf('5'), name: "it's" }),
    );
    const found = async (search: string) =>
      (await store.read.orders({ search, limit: 10 })).map((one) => one.name);
    assert.deepEqual(await found('%'), ['100%']);
    assert.deepEqual(await found('_'), ['A_B']);
    assert.deepEqual(await found('\\'), ['C\\D']);
    assert.deepEqual(await found("'"), ["it's"]);
    assert.deepEqual(await found('p%n'), []);
  });

  promise('an order that is not there is nothing, and no orders have no counts', async (store) => {
    assert.equal(await store.read.order(ORDER), undefined);
    assert.deepEqual(await store.read.orderCounts(), {});
    assert.deepEqual(await store.read.orders({ limit: 10 }), []);
  });
}

export function due(promise: Promises): void {
  const add = (store: Store, id: string, parts: Partial<OrderRecord>) => {
    const { dueAt: _default, ...base } = record({ key: keyOf(id), name: `#${id}` });
    return store.transact((tx) => tx.putOrder({ ...base, ...parts }));
  };

  promise('accepted deliveries come first, oldest first, and settled ones not at all', async (store) => {
    await add(store, '1', { dueAt: NOW });
    const accepted = await store.transact(async (tx) => {
      const three = [];
      for (const externalId of ['a', 'b', 'c']) {
        three.push((await tx.acceptDelivery(message({ externalId }), NOW)).id);
      }
      return three;
    });
    const [a = '', b = '', c = ''] = accepted;
    await store.transact((tx) => tx.settleDelivery(b, { state: 'sorted', order: ORDER }));
    assert.deepEqual(await store.read.dueKeys(NOW, 10), [
      `delivery:${a}`,
      `delivery:${c}`,
      'order:shopify/1',
    ]);
  });

  promise('orders are due at their moment, whatever their state, the most urgent first', async (store) => {
    await add(store, '1', { state: 'due', dueAt: later(-1) });
    await add(store, '2', { state: 'waiting', dueAt: NOW });
    await add(store, '3', { state: 'held', dueAt: later(-2) });
    await add(store, '4', { state: 'waiting', dueAt: later(1) });
    await add(store, '5', { state: 'settled' });
    await add(store, '6', { state: 'due', dueAt: later(-9), priority: 10 });
    const keys = (await store.read.dueKeys(NOW, 10)).map((key) => key.slice('order:shopify/'.length));
    assert.deepEqual(keys, ['3', '1', '2', '6']);
    assert.equal((await store.read.dueKeys(later(1), 10)).length, 5);
  });

  promise('an order with a live lease is not due, one whose lease ran out is', async (store) => {
    await add(store, '1', { state: 'working', dueAt: NOW });
    await add(store, '11', { dueAt: NOW });
    const terms = { holder: 'a', now: NOW, until: later(MINUTE) };
    const lease = await store.transact((tx) => tx.takeLease('order:shopify/1', terms));
    assert(lease !== undefined);
    const keys = (now: Instant) => store.read.dueKeys(now, 10);
    assert.deepEqual(await keys(NOW), ['order:shopify/11']);
    assert.deepEqual(await keys(later(MINUTE)), ['order:shopify/1', 'order:shopify/11']);
    await store.transact((tx) => tx.releaseLease(lease));
    assert.deepEqual(await keys(NOW), ['order:shopify/1', 'order:shopify/11']);
  });

  promise('an order that is worked on by nobody is due, though it has no moment', async (store) => {
    await add(store, '1', { state: 'working' });
    assert.deepEqual(await store.read.dueKeys(NOW, 10), ['order:shopify/1']);
  });

  promise('a lease on something else of the same name keeps no order from being due', async (store) => {
    await add(store, '1', { dueAt: NOW });
    await store.transact((tx) => tx.takeLease('shopify/1', { holder: 'a', now: NOW, until: later(HOUR) }));
    assert.deepEqual(await store.read.dueKeys(NOW, 10), ['order:shopify/1']);
  });

  promise('a limit brings the most urgent', async (store) => {
    for (const [id, ms] of [
      ['1', -3],
      ['2', -1],
      ['3', -2],
    ] as const) {
      await add(store, id, { dueAt: later(ms) });
    }
    assert.deepEqual(await store.read.dueKeys(NOW, 2), ['order:shopify/1', 'order:shopify/3']);
    assert.deepEqual(await store.read.dueKeys(NOW, 1), ['order:shopify/1']);
  });

  promise('many deliveries do not hide what is due', async (store) => {
    await add(store, '1', { dueAt: NOW });
    await store.transact(async (tx) => {
      for (const externalId of ['a', 'b', 'c']) {
        await tx.acceptDelivery(message({ externalId }), NOW);
      }
    });
    const keys = await store.read.dueKeys(NOW, 2);
    assert.ok(keys.includes(`order:${keyOf('1')}`));
    assert.equal(keys.filter((key) => key.startsWith('delivery:')).length, 2);
  });
}

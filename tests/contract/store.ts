import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId, orderKey, referenceOf, settlementKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import type { Entry } from '#core/ledger.ts';
import type { OrderState } from '#core/lifecycle.ts';
import * as money from '#core/money.ts';
import { plan } from '#core/plan.ts';
import type { Settlement } from '#core/settlement.ts';
import { fold } from '#core/ledger.ts';
import { HOUR, MINUTE, SECOND, after, parseZone } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Lease, OrderRecord, Store, Writer } from '#pipeline/ports.ts';
import {
  ORDER,
  SHOP,
  at,
  clientStep,
  entry,
  hold,
  message,
  order,
  record,
  rules,
  terms,
} from '#tests/build.ts';
import { auditLog, redaction } from '#tests/contract/store-care.ts';
import { alarms, watching } from '#tests/contract/store-alarms.ts';
import { sessions } from '#tests/contract/store-sessions.ts';
import { clocks } from '#tests/contract/store-clock.ts';
import { pauses } from '#tests/contract/store-pauses.ts';

/** What every implementation of the port `Store` promises. */
export interface StoreHarness {
  readonly name: string;
  /** An empty store. */
  readonly open: () => Promise<{ readonly store: Store; readonly close: () => Promise<void> }>;
}

const NOW = at('2026-11-20T10:00:00Z');
const later = (ms: number): Instant => after(NOW, ms);
const keyOf = (id: string): OrderKey => orderKey(SHOP, id);
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map((row) => row.id);

export function storeContract(harness: StoreHarness): void {
  const promise = (name: string, body: (store: Store) => Promise<void>): void => {
    void test(name, async () => {
      const { store, close } = await harness.open();
      try {
        await body(store);
      } finally {
        await close();
      }
    });
  };
  void describe(`store contract: ${harness.name}`, () => {
    void describe('transactions', () => transactions(promise));
    void describe('deliveries', () => deliveries(promise));
    void describe('orders', () => orders(promise));
    void describe('what is due', () => due(promise));
    void describe('entries', () => entries(promise));
    void describe('holds', () => holds(promise));
    void describe('leases', () => leases(promise));
    void describe('facts', () => facts(promise));
    void describe('pauses', () => pauses(promise));
    void describe('a clock that is set back', () => clocks(promise));
    void describe('contact data', () => redaction(promise));
    void describe('the audit log', () => auditLog(promise));
    void describe('what the watch for alarms looks at', () => watching(promise));
    void describe('alarms', () => alarms(promise));
    void describe('sessions', () => sessions(promise));
  });
}

type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

function transactions(promise: Promises): void {
  promise(
    'a transaction that fails leaves nothing, and what was to follow it does not run',
    async (store) => {
      const ran: string[] = [];
      await assert.rejects(
        store.transact(async (tx) => {
          await tx.acceptDelivery(message(), NOW);
          await tx.putOrder(record());
          await tx.putSetting('a', '1');
          tx.afterCommit(() => ran.push('after'));
          throw new Error('No');
        }),
        /^Error: No$/,
      );
      assert.deepEqual(await store.read.dueKeys(later(HOUR), 10), []);
      assert.equal(await store.read.order(ORDER), undefined);
      assert.equal(await store.read.setting('a'), undefined);
      assert.deepEqual(ran, []);
    },
  );

  promise('what follows a transaction runs once it is durable, in order, and not before', async (store) => {
    const seen: Promise<string | undefined>[] = [];
    const ran: number[] = [];
    const result = await store.transact(async (tx) => {
      tx.afterCommit(() => {
        ran.push(1);
        seen.push(store.read.setting('a'));
      });
      tx.afterCommit(() => ran.push(2));
      await tx.putSetting('a', '1');
      assert.deepEqual(ran, []);
      return 'result';
    });
    assert.equal(result, 'result');
    assert.deepEqual(ran, [1, 2]);
    assert.deepEqual(await Promise.all(seen), ['1']);
  });

  promise('a transaction that met a busy database is done again whole, and followed once', async (store) => {
    let tries = 0;
    let followed = 0;
    await store.transact(async (tx) => {
      tries += 1;
      tx.afterCommit(() => (followed += 1));
      assert.equal(await tx.setting('a'), undefined, 'what the first try wrote is gone');
      await tx.putSetting('a', '1');
      if (tries === 1) {
        throw new Failure('database-busy', { detail: 'Cannot write the database: database is locked' });
      }
    });
    assert.deepEqual([tries, followed, await store.read.setting('a')], [2, 1, '1']);
  });

  promise('a transaction reads what it wrote', async (store) => {
    await store.transact(async (tx) => {
      const { id } = await tx.acceptDelivery(message(), NOW);
      assert.equal((await tx.delivery(id))?.externalId, 'delivery-1');
      await tx.putSetting('a', '1');
      assert.equal(await tx.setting('a'), '1');
    });
  });

  promise('transactions at the same time run one after the other', async (store) => {
    const increment = async (tx: Writer): Promise<void> =>
      tx.putSetting('count', String(Number((await tx.setting('count')) ?? '0') + 1));
    await Promise.all(Array.from({ length: 30 }, () => store.transact(increment)));
    assert.equal(await store.read.setting('count'), '30');
  });

  promise('one that fails does not disturb the next', async (store) => {
    const failing = store.transact(async (tx) => {
      await tx.putSetting('a', 'wrong');
      throw new Error('No');
    });
    const next = store.transact((tx) => tx.putSetting('b', 'right'));
    await assert.rejects(failing);
    await next;
    assert.deepEqual([await store.read.setting('a'), await store.read.setting('b')], [undefined, 'right']);
  });
}

function deliveries(promise: Promises): void {
  const accept = (store: Store, parts: Parameters<typeof message>[0] = {}, when = NOW) =>
    store.transact((tx) => tx.acceptDelivery(message(parts), when));

  promise('a message is kept as it came', async (store) => {
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const headers = { 'x-shopify-topic': 'orders/create', minor: 'abc', 'x-id': '12' };
    const { id, isNew } = await accept(store, { body, headers });
    assert.equal(isNew, true);
    const kept = await store.read.delivery(id);
    assert(kept !== undefined);
    const { body: bytes, bodySha256, ...rest } = kept;
    assert.deepEqual(Buffer.from(bytes), Buffer.from(body));
    assert.equal(bodySha256, '40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880');
    assert.deepEqual(rest, {
      id,
      connection: SHOP,
      externalId: 'delivery-1',
      topic: 'orders/create',
      headers,
      receivedAt: NOW,
      state: 'accepted',
    });
  });

  promise('an empty message is kept too', async (store) => {
    const { id } = await accept(store, { body: new Uint8Array() });
    assert.equal((await store.read.delivery(id))?.body.length, 0);
  });

  promise('the same message again is the same delivery, for ever', async (store) => {
    const first = await accept(store);
    await store.transact((tx) => tx.settleDelivery(first.id, { state: 'sorted', order: ORDER }));
    const again = await accept(store, {}, later(365 * 24 * HOUR));
    assert.deepEqual(again, { id: first.id, isNew: false });
    assert.equal((await store.read.delivery(first.id))?.state, 'sorted');
  });

  promise('the same id with another body is kept beside the first, once', async (store) => {
    const other = { body: new TextEncoder().encode('{"id":6}') };
    const first = await accept(store);
    const beside = await accept(store, other);
    assert.equal(beside.isNew, true);
    assert.notEqual(beside.id, first.id);
    assert.deepEqual(await accept(store, other), { id: beside.id, isNew: false });
    assert.deepEqual(await accept(store), { id: first.id, isNew: false });
    const third = await accept(store, { body: new Uint8Array() });
    assert.equal(third.isNew, true);
    assert.equal((await store.read.deliveries({ state: 'accepted', limit: 10 })).length, 3);
  });

  promise('the same id and body under another topic is kept beside the first, once', async (store) => {
    const first = await accept(store);
    const beside = await accept(store, { topic: 'orders/paid' });
    assert.deepEqual([beside.isNew, beside.id === first.id], [true, false]);
    assert.deepEqual(await accept(store, { topic: 'orders/paid' }), { id: beside.id, isNew: false });
    assert.deepEqual(await accept(store), { id: first.id, isNew: false });
  });

  promise('the same id of another connection is another message', async (store) => {
    const first = await accept(store);
    const other = await accept(store, { connection: connectionId('shopify-2') });
    assert.deepEqual([other.isNew, other.id === first.id], [true, false]);
  });

  promise('of one message that arrives twenty times at once, one is new', async (store) => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => accept(store)));
    assert.equal(outcomes.filter((outcome) => outcome.isNew).length, 1);
    assert.equal(new Set(ids(outcomes)).size, 1);
  });

  promise('a delivery is settled with its order and reason, and can be accepted again', async (store) => {
    const { id } = await accept(store);
    await store.transact((tx) => tx.settleDelivery(id, { state: 'held', order: ORDER, reason: 'Odd' }));
    const held = await store.read.delivery(id);
    assert.deepEqual([held?.state, held?.order, held?.reason], ['held', ORDER, 'Odd']);
    await store.transact((tx) => tx.settleDelivery(id, { state: 'accepted' }));
    const accepted = await store.read.delivery(id);
    assert.deepEqual(
      [accepted?.state, accepted?.order, accepted?.reason],
      ['accepted', undefined, undefined],
    );
  });

  promise('deliveries are listed by state, newest first, and by order, oldest first', async (store) => {
    const all: string[] = [];
    for (const externalId of ['a', 'b', 'c']) {
      all.push((await accept(store, { externalId })).id);
    }
    const [a = '', b = '', c = ''] = all;
    await store.transact(async (tx) => {
      await tx.settleDelivery(c, { state: 'sorted', order: ORDER });
      await tx.settleDelivery(a, { state: 'sorted', order: ORDER });
    });
    assert.deepEqual(ids(await store.read.deliveries({ state: 'sorted', limit: 10 })), [c, a]);
    assert.deepEqual(ids(await store.read.deliveries({ state: 'sorted', limit: 1 })), [c]);
    assert.deepEqual(ids(await store.read.deliveries({ state: 'accepted', limit: 10 })), [b]);
    assert.deepEqual(ids(await store.read.deliveriesOf(ORDER)), [a, c]);
    assert.deepEqual(await store.read.deliveriesOf(keyOf('6')), []);
  });

  promise('a delivery that is not there is nothing', async (store) => {
    assert.equal(await store.read.delivery('4711'), undefined);
  });
}

function orders(promise: Promises): void {
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

function due(promise: Promises): void {
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

function entries(promise: Promises): void {
  const add = (store: Store, { id: _id, ...rest }: Entry) => store.transact((tx) => tx.addEntry(rest));
  const planned = plan(order(), fold([]), terms());
  const steps = planned.outcome === 'work' ? planned.steps : [];

  promise('every kind of entry comes back as it was, in the order of intent', async (store) => {
    const written: Entry[] = [];
    for (const step of steps) {
      const one = entry(step, { receipt: { ...entry(step).receipt, externalId: 'x', remarks: ['Told'] } });
      written.push({ ...one, id: await add(store, one) });
    }
    assert.deepEqual(
      written.map((one) => one.kind),
      ['client', 'invoice', 'sent', 'payment'],
    );
    assert.deepEqual(await store.read.entriesOf(ORDER), written);
    assert.deepEqual(await store.read.entriesOf(keyOf('6')), []);
  });

  promise('an entry goes from pending to posted and keeps its place', async (store) => {
    const { receipt, settledAt, ...intended } = entry(clientStep(), {
      state: 'pending',
      calledAt: NOW,
      looks: 1,
    });
    const id = await add(store, intended);
    await add(store, entry(clientStep({ slot: 2 }), {}));
    assert.deepEqual((await store.read.entriesOf(ORDER))[0], { ...intended, id });
    const { calledAt: _over, ...rest } = intended;
    assert(receipt !== undefined && settledAt !== undefined);
    const done: Entry = { ...rest, id, state: 'posted', receipt, settledAt, looks: 0 };
    await store.transact((tx) => tx.putEntry(done));
    assert.deepEqual((await store.read.entriesOf(ORDER))[0], done);
  });

  for (const [first, second] of [
    ['pending', 'pending'],
    ['pending', 'posted'],
    ['posted', 'pending'],
    ['posted', 'posted'],
  ] as const) {
    promise(
      `a ${second} entry beside a ${first} one of the same order, kind and slot fails`,
      async (store) => {
        await add(store, entry(clientStep(), { state: first }));
        await assert.rejects(add(store, entry(clientStep(), { state: second })));
        assert.equal((await store.read.entriesOf(ORDER)).length, 1);
      },
    );
  }

  promise('not even in another account does a second one stand', async (store) => {
    await add(store, entry(clientStep()));
    await assert.rejects(add(store, entry(clientStep(), { account: 'other' })));
  });

  promise('a second live entry undoes the whole transaction that tried it', async (store) => {
    await add(store, entry(clientStep()));
    const { id: _id, ...again } = entry(clientStep());
    await assert.rejects(
      store.transact(async (tx) => {
        await tx.putSetting('a', '1');
        await tx.addEntry(again);
      }),
    );
    assert.equal(await store.read.setting('a'), undefined);
  });

  promise(
    'after one is voided another may stand, and the voided one cannot come back beside it',
    async (store) => {
      const voided = entry(clientStep(), { state: 'voided' });
      const firstId = await add(store, entry(clientStep()));
      await store.transact((tx) => tx.putEntry({ ...voided, id: firstId }));
      await add(store, entry(clientStep()));
      await add(store, voided);
      assert.deepEqual(
        (await store.read.entriesOf(ORDER)).map((one) => one.state),
        ['voided', 'posted', 'voided'],
      );
      await assert.rejects(store.transact((tx) => tx.putEntry({ ...entry(clientStep()), id: firstId })));
    },
  );

  promise('other slots, kinds and orders stand beside it', async (store) => {
    await add(store, entry(clientStep()));
    await add(store, entry(clientStep({ slot: 2 })));
    const [, invoice] = steps;
    assert(invoice !== undefined);
    await add(store, entry(invoice));
    const other = plan(order({ key: keyOf('6') }), fold([]), terms());
    const [step] = other.outcome === 'work' ? other.steps : [];
    assert(step !== undefined);
    await add(store, entry(step, { order: keyOf('6') }));
    assert.equal((await store.read.entriesOf(ORDER)).length, 3);
  });

  promise('all orders come page by page, each with its entries that are not voided', async (store) => {
    const keys = ['10', '9', '8', '7'].map(keyOf);
    await store.transact(async (tx) => {
      for (const [index, key] of keys.entries()) {
        await tx.putOrder(record({ key, name: `#${index}`, createdAt: later(index) }));
      }
    });
    const of = (key: OrderKey, slot: number, parts: Partial<Entry> = {}): Entry =>
      entry(clientStep({ slot, reference: referenceOf(key, 'client', slot) }), {
        order: key,
        slot,
        reference: referenceOf(key, 'client', slot),
        ...parts,
      });
    // Written by turns, so that the pages cannot come in the order of writing.
    await add(store, of(keyOf('9'), 2));
    await add(store, of(keyOf('10'), 1));
    await add(store, of(keyOf('9'), 1, { state: 'pending' }));
    await add(store, of(keyOf('9'), 3, { state: 'voided' }));
    const page = async (limit: number, after?: OrderKey) =>
      (await store.read.ledgers({ limit, ...(after === undefined ? {} : { after }) })).map(
        ({ record, entries }) => [record.key, entries.map(({ slot, state }) => `${slot} ${state}`)],
      );
    const all = [
      [keyOf('10'), ['1 posted']],
      [keyOf('7'), []],
      [keyOf('8'), []],
      [keyOf('9'), ['2 posted', '1 pending']],
    ];
    assert.deepEqual(await page(10), all);
    assert.deepEqual(await page(3), all.slice(0, 3));
    assert.deepEqual(await page(3, keyOf('8')), all.slice(3));
    assert.deepEqual(await page(3, keyOf('9')), []);
    assert.deepEqual(
      (await store.read.ledgers({ limit: 1 }))[0]?.record,
      await store.read.order(keyOf('10')),
    );
  });

  promise('a reference stands once in an account, whichever order it claims to be of', async (store) => {
    await add(store, entry(clientStep()));
    await assert.rejects(add(store, entry(clientStep(), { order: keyOf('6') })));
  });
}

function holds(promise: Promises): void {
  const open = (store: Store, parts: Parameters<typeof hold>[0] = {}) =>
    store.transact((tx) => tx.openHold(hold(parts)));

  promise('a hold comes back as it was', async (store) => {
    const refused = { intentSha256: 'ab12', exchange: { request: 'POST /a\n{}', answer: '422\n' } };
    await open(store, refused);
    const [stored, ...more] = await store.read.holds({ order: ORDER, isOpen: true });
    assert(stored !== undefined);
    const { id, ...rest } = stored;
    assert.ok(id.length > 0 && more.length === 0);
    assert.deepEqual(rest, hold(refused));
  });

  promise('one that is asked again keeps its age and takes the new words', async (store) => {
    const exchange = { request: 'PUT', answer: '400' };
    await open(store, { openedAt: NOW, intentSha256: 'ab12', exchange });
    await open(store, { openedAt: later(HOUR), code: 'books-refused', detail: 'New', facts: [] });
    const [stored, ...more] = await store.read.holds({ order: ORDER });
    assert.deepEqual(
      [
        stored?.openedAt,
        stored?.code,
        stored?.detail,
        stored?.facts,
        stored?.intentSha256,
        stored?.exchange,
        more,
      ],
      [NOW, 'books-refused', 'New', [], undefined, undefined, []],
    );
  });

  promise('each step of each order has its own', async (store) => {
    await open(store);
    await open(store, { step: 'payment' });
    await open(store, { order: keyOf('6') });
    assert.equal((await store.read.holds({ order: ORDER, isOpen: true })).length, 2);
    assert.equal((await store.read.holds({ order: keyOf('6') })).length, 1);
    assert.equal((await store.read.holds({})).length, 3);
  });

  promise('a closed one stays for the record, and the same question opens anew', async (store) => {
    await open(store, { openedAt: NOW });
    const [first] = await store.read.holds({ order: ORDER });
    assert(first !== undefined);
    const close = (because: string, ms: number) =>
      store.transact((tx) => tx.closeHold(first.id, { at: later(ms), because }));
    await close('The cause is gone', 1);
    await close('Again', 2);
    await open(store, { openedAt: later(3) });
    const [closed, again] = await store.read.holds({ order: ORDER });
    assert.deepEqual([closed?.closedAt, closed?.closedBecause], [later(1), 'The cause is gone']);
    assert.deepEqual([again?.openedAt, again?.closedAt], [later(3), undefined]);
    assert.deepEqual(ids(await store.read.holds({ isOpen: true })), [again?.id]);
    assert.deepEqual(ids(await store.read.holds({ isOpen: false })), [closed?.id]);
  });

  promise('a hold of a delivery, and one of a connection alone, are each asked once', async (store) => {
    const { order: _order, ...free } = hold({
      step: 'delivery',
      code: 'delivery-malformed',
      connection: SHOP,
    });
    for (const round of [1, 2]) {
      await store.transact(async (tx) => {
        await tx.openHold({ ...free, delivery: '7', detail: `delivery ${round}` });
        await tx.openHold({ ...free, delivery: '8', detail: `other ${round}` });
        await tx.openHold({ ...free, detail: `connection ${round}` });
        await tx.openHold({ ...free, connection: connectionId('shopify-2'), detail: `second ${round}` });
      });
    }
    const details = (await store.read.holds({ isOpen: true })).map((one) => one.detail);
    assert.deepEqual(details, ['delivery 2', 'other 2', 'connection 2', 'second 2']);
    const [of7, ...more] = await store.read.holds({ delivery: '7' });
    assert.deepEqual([of7?.delivery, of7?.connection, of7?.order, more], ['7', SHOP, undefined, []]);
  });
}

function leases(promise: Promises): void {
  const take = (store: Store, key: string, holder: string, now: Instant = NOW) =>
    store.transact((tx) => tx.takeLease(key, { holder, now, until: after(now, MINUTE) }));
  const keep = (store: Store, lease: Lease | undefined, until: Instant) => {
    assert(lease !== undefined);
    return store.transact((tx) => tx.keepLease(lease, until));
  };
  const release = (store: Store, lease: Lease | undefined) => {
    assert(lease !== undefined);
    return store.transact((tx) => tx.releaseLease(lease));
  };

  promise('a lease has one holder until it ends, and the fence grows with each', async (store) => {
    const first = await take(store, 'order:a', 'one');
    assert.deepEqual(first, { key: 'order:a', holder: 'one', fence: 1n });
    assert.equal(await take(store, 'order:a', 'two', later(MINUTE - 1)), undefined);
    const second = await take(store, 'order:a', 'two', later(MINUTE));
    assert.deepEqual([second?.holder, second?.fence], ['two', 2n]);
    assert.equal((await take(store, 'order:b', 'two'))?.fence, 1n);
  });

  promise('of twenty who want it at once one gets it', async (store) => {
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, index) => take(store, 'order:a', String(index))),
    );
    assert.equal(taken.filter((lease) => lease !== undefined).length, 1);
  });

  promise('it is kept as long as it is prolonged', async (store) => {
    const lease = await take(store, 'order:a', 'one');
    assert.equal(await keep(store, lease, later(HOUR)), true);
    assert.equal(await take(store, 'order:a', 'two', later(HOUR - 1)), undefined);
    assert.notEqual(await take(store, 'order:a', 'two', later(HOUR)), undefined);
  });

  promise('a holder that was followed cannot keep or release it', async (store) => {
    const first = await take(store, 'order:a', 'one');
    const second = await take(store, 'order:a', 'two', later(MINUTE));
    assert.equal(await keep(store, first, later(HOUR)), false);
    await release(store, first);
    assert.equal(await take(store, 'order:a', 'three', later(MINUTE + 1)), undefined);
    assert.equal(await keep(store, second, later(HOUR)), true);
  });

  promise('a holder that overslept and was not followed still has it', async (store) => {
    const first = await take(store, 'order:a', 'one');
    assert.equal(await keep(store, first, later(2 * HOUR)), true);
    assert.equal(await take(store, 'order:a', 'two', later(HOUR)), undefined);
  });

  promise(
    'what is released is free at once, cannot be kept, and its fence does not repeat',
    async (store) => {
      const first = await take(store, 'order:a', 'one');
      await release(store, first);
      assert.equal(await keep(store, first, later(HOUR)), false);
      assert.equal((await take(store, 'order:a', 'two'))?.fence, 2n);
    },
  );

  promise('a server that starts frees the orders of the dead and nothing else', async (store) => {
    const dead = await take(store, 'order:shopify/1', 'dead');
    await take(store, 'client:freshbooks:a', 'dead');
    await take(store, 'token:freshbooks', 'dead');
    const { dueAt: _due, ...base } = record({ key: keyOf('1'), state: 'working' });
    const states: OrderState[] = ['due', 'waiting', 'held', 'skipped', 'settled'];
    await store.transact(async (tx) => {
      await tx.putOrder(base);
      for (const [index, state] of states.entries()) {
        await tx.putOrder({ ...base, key: keyOf(String(index + 2)), state });
      }
    });
    const freed = await store.transact((tx) => tx.voidOrderLeases(later(SECOND)));
    assert.equal(freed, 1);
    const order = await store.read.order(keyOf('1'));
    assert.deepEqual([order?.state, order?.dueAt], ['due', later(SECOND)]);
    assert.deepEqual(await store.read.orderCounts(), { due: 2, waiting: 1, held: 1, skipped: 1, settled: 1 });
    assert.equal(await keep(store, dead, later(HOUR)), false);
    assert.equal((await take(store, 'order:shopify/1', 'alive'))?.fence, 2n);
    assert.equal(await take(store, 'client:freshbooks:a', 'alive'), undefined);
    assert.equal(await take(store, 'token:freshbooks', 'alive'), undefined);
  });
}

function facts(promise: Promises): void {
  promise('settings and secrets are written, overwritten and read', async (store) => {
    const { read } = store;
    assert.deepEqual([await read.setting('a'), await read.secret('a')], [undefined, undefined]);
    await store.transact(async (tx) => {
      await tx.putSetting('a', 'one');
      await tx.putSecret('a', 'hush');
      await tx.putSecret('b', '');
      assert.equal(await tx.secret('a'), 'hush');
    });
    assert.deepEqual([await read.setting('a'), await read.secret('a')], ['one', 'hush']);
    assert.equal(await read.secret('b'), '');
    await store.transact(async (tx) => {
      await tx.putSetting('a', 'two');
      await tx.putSecret('a', 'hush 2 – ünï');
    });
    assert.deepEqual([await read.setting('a'), await read.secret('a')], ['two', 'hush 2 – ünï']);
    await store.transact(async (tx) => {
      await tx.dropSetting('a');
      await tx.dropSetting('never put');
    });
    assert.equal(await read.setting('a'), undefined);
  });

  promise('a notice is told once for its key', async (store) => {
    const tell = (key: string, sentence: string, ms: number) =>
      store.transact((tx) => tx.tell({ key, sentence, order: ORDER, at: later(ms) }));
    assert.equal(await tell('limit', 'First', 1), true);
    assert.equal(await tell('limit', 'Second', 2), false);
    assert.equal(await tell('number', 'Third', 3), true);
    assert.equal(await store.transact((tx) => tx.tell({ key: 'x', sentence: 'Fourth', at: NOW })), true);
    assert.deepEqual(await store.read.notices(), [
      { key: 'number', sentence: 'Third', order: ORDER, at: later(3) },
      { key: 'limit', sentence: 'First', order: ORDER, at: later(1) },
      { key: 'x', sentence: 'Fourth', at: NOW },
    ]);
  });

  promise('a version of rules is written once and never changed', async (store) => {
    const first = rules({ dueOffsetDays: 7 });
    await store.transact((tx) => tx.putRules('v1', first));
    await store.transact((tx) => tx.putRules('v1', rules({ dueOffsetDays: 30 })));
    await store.transact((tx) => tx.putRules('v2', rules({ endState: 'draft' })));
    assert.deepEqual(await store.read.rules('v1'), first);
    assert.equal((await store.read.rules('v2'))?.endState, 'draft');
    assert.equal(await store.read.rules('v3'), undefined);
  });

  promise('a customer of a source is one client of an account, until it is mapped anew', async (store) => {
    const key = { account: 'freshbooks', source: SHOP, customerId: '77' };
    assert.equal(await store.read.clientMapping(key), undefined);
    const mapping = { ...key, externalId: '9', filledFields: ['firstName', 'city'] };
    const others = [
      { ...mapping, customerId: '78', externalId: '10' },
      { ...mapping, source: connectionId('shopify-2'), externalId: '11' },
      { ...mapping, account: 'other', externalId: '12' },
    ];
    await store.transact(async (tx) => {
      for (const one of [mapping, ...others]) {
        await tx.mapClient(one);
      }
    });
    assert.deepEqual(await store.read.clientMapping(key), mapping);
    const moved = { ...mapping, externalId: '13', filledFields: [] };
    await store.transact((tx) => tx.mapClient(moved));
    assert.deepEqual(await store.read.clientMapping(key), moved);
    for (const one of others) {
      assert.deepEqual(await store.read.clientMapping(one), one);
    }
  });
}

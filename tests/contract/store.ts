import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import type { OrderState } from '#core/lifecycle.ts';
import { HOUR, MINUTE, SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Lease, Store, Writer } from '#pipeline/ports.ts';
import { ORDER, SHOP, at, message, record, rules } from '#tests/build.ts';
import { auditLog, redaction } from '#tests/contract/store-care.ts';
import { alarms, watching } from '#tests/contract/store-alarms.ts';
import { sessions } from '#tests/contract/store-sessions.ts';
import { clocks } from '#tests/contract/store-clock.ts';
import { pauses } from '#tests/contract/store-pauses.ts';
import { entries, holds } from '#tests/contract/store-ledger.ts';
import { due, orders } from '#tests/contract/store-orders.ts';

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

import { createRecentBuyers } from './recent-buyers.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Order } from '#core/order.ts';
import { NOBODY } from '#core/order.ts';
import { DAY, HOUR, MINUTE, SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { SHOP, message, order, rules } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';
import type { Machine, Route } from './machine.ts';
import type { Books, OrderRecord, PipelineEvent, Store, Task } from './ports.ts';
import type { Source } from './source.ts';
import { admit } from './account-pause.ts';
import { startClockWatch } from './clock-watch.ts';
import { releaseOrder } from './release.ts';
import { sortDelivery } from './sorter.ts';
import { run } from './worker.ts';

/** Accounts that go down and come back, with a store that is real, a moved clock, and books that are lists. */

const OTHER_SHOP = connectionId('shopify-2');
const keyOf = (id: number, shop: ConnectionId = SHOP): OrderKey => orderKey(shop, String(id));

/** One account of the books: what it was called for, and how it fails now. */
interface Account {
  readonly books: Books;
  /** Each call about an order's invoice; a run on an order that is not booked begins with one. */
  readonly calls: { readonly order: OrderKey; readonly at: Instant }[];
  readonly fails: { with: ((task: Task) => Failure | undefined) | undefined };
}

const failure = (
  code: FailureCode,
  parts: { effect?: 'none' | 'unknown'; retryAt?: Instant } = {},
): Failure => new Failure(code, { detail: 'Looking for the invoice: answered 503', ...parts });
const down = (): Failure => failure('request-server-error');

interface World {
  readonly store: Store;
  readonly clock: ReturnType<typeof testClock>;
  readonly account: Account;
  readonly other: Account;
  readonly events: PipelineEvent[];
  place(id: number, shop?: ConnectionId): Promise<void>;
  /** Works on whatever is due, within this time. */
  pass(ms: number): Promise<void>;
  record(id: number, shop?: ConnectionId): Promise<OrderRecord>;
  states(...ids: readonly number[]): Promise<readonly string[]>;
  readonly machine: Machine;
}

function accountOf(name: string, now: () => Instant): Account {
  const calls: Account['calls'] = [];
  const fails: Account['fails'] = { with: undefined };
  const ask = (task: Task): void => {
    const order = orderOf(task);
    if (order !== undefined) {
      calls.push({ order, at: now() });
    }
    const broken = fails.with?.(task);
    if (broken !== undefined) {
      throw broken;
    }
  };
  const books: Books = {
    connection: connectionId(name),
    async find(task) {
      ask(task);
      return { state: 'absent' };
    },
    async apply(task) {
      ask(task);
      const externalId = `${task.kind}-${calls.length}`;
      if (task.kind === 'invoice') {
        const { total } = task.step.document;
        return { externalId, amount: total, outstanding: total };
      }
      return task.kind === 'payment' ? { externalId, amount: task.step.amount } : { externalId };
    },
    fits: () => true,
    spareAt: async () => undefined,
    fillClient: async () => undefined,
  };
  return { books, calls, fails };
}

/** Whose invoice it is, by its number; other tasks name no order. */
function orderOf(task: Task): OrderKey | undefined {
  const number = task.kind === 'invoice' ? task.step.document.number : '';
  const id = /(\d+)$/.exec(number)?.[1];
  return id === undefined ? undefined : orderKey(SHOP, id);
}

function sourceOf(connection: ConnectionId): Source {
  return {
    connection,
    spareAt: () => undefined,
    canRead: false,
    readNeeds: '',
    refusalUnread: () => ({ why: 'not asked here' }),
    verify: async () => ({ proof: 'refused', why: 'not asked here' }),
    sort: ({ body }) => ({
      kind: 'order',
      snapshot: { order: fromJson<Order>(new TextDecoder().decode(body)), buyer: NOBODY },
    }),
    read: () => Promise.reject(new Error('never asked')),
  };
}

async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const [account, other] = [
    accountOf('freshbooks', () => clock.now()),
    accountOf('freshbooks-2', () => clock.now()),
  ];
  const current = { version: 'rules-1', rules: rules() };
  await store.transact((tx) => tx.putRules(current.version, current.rules));
  const routeTo = (shop: ConnectionId, { books }: Account): [ConnectionId, Route] => [
    shop,
    { source: sourceOf(shop), books, rules: async () => current },
  ];
  const events: PipelineEvent[] = [];
  const machine: Machine = {
    store,
    queue: { wake: () => undefined },
    clock,
    random: () => 0,
    emit: (event) => events.push(event),
    routes: new Map([routeTo(SHOP, account), routeTo(OTHER_SHOP, other)]),
    buyers: createRecentBuyers(),
    holder: 'one',
    unknownWaitMs: SECOND,
  };
  const { signal } = new AbortController();
  const world: World = {
    store,
    clock,
    account,
    other,
    events,
    async place(id, shop = SHOP) {
      const shown = order({
        key: keyOf(id, shop),
        connection: shop,
        vendorId: String(id),
        name: `#${id}`,
        number: String(id),
        placedAt: clock.now(),
        updatedAt: clock.now(),
        // A guest: no two orders wait for one client.
        buyer: { hasEmail: false },
      });
      const body = new TextEncoder().encode(toJson(shown));
      const { id: delivery } = await store.transact((tx) =>
        tx.acceptDelivery(message({ connection: shop, externalId: `d-${id}`, body }), clock.now()),
      );
      await sortDelivery(machine, delivery);
    },
    async pass(ms) {
      const end = after(clock.now(), ms);
      for (;;) {
        const due = await store.read.dueKeys(clock.now(), 200);
        for (const key of due) {
          await run(machine, key, signal);
        }
        if (due.length === 0) {
          const all = await store.read.orders({ limit: 1000 });
          const moments = all.flatMap(({ dueAt }) => dueAt ?? []);
          const next = Math.min(...moments, end);
          if (next >= end) {
            break;
          }
          await clock.advance(next - clock.now());
        }
      }
      await clock.advance(end - clock.now());
    },
    async record(id, shop = SHOP) {
      const found = await store.read.order(keyOf(id, shop));
      assert.ok(found !== undefined, `order ${id} is stored`);
      return found;
    },
    states: (...ids) => Promise.all(ids.map(async (id) => (await world.record(id)).state)),
    machine,
  };
  await body(world);
  await store.close();
}

const ids = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const isOf = (task: Task, poison: readonly number[]): boolean =>
  poison.some((id) => orderOf(task) === keyOf(id));

/** An outage that so many orders have met. */
async function downWith(world: World, count: number): Promise<void> {
  world.account.fails.with = down;
  for (const id of ids(count)) {
    await world.place(id);
  }
  await world.pass(SECOND);
}

void describe('an outage of the account', () => {
  void test('is seen after three orders; the others wait for it without being tried', () =>
    inWorld(async (world) => {
      const { account, clock, store, events } = world;
      await downWith(world, 6);
      assert.deepEqual(
        account.calls.map(({ order: key }) => key),
        ids(3).map((id) => keyOf(id)),
      );
      const pause = await store.read.pause('freshbooks');
      assert.deepEqual(
        [pause?.code, pause?.outage],
        ['request-server-error', { since: after(clock.now(), -SECOND), probes: 0 }],
      );
      const six = await world.record(6);
      assert.deepEqual(
        [six.state, six.waitsFor, six.attempts, six.firstFailedAt],
        ['waiting', 'freshbooks', 0, undefined],
      );
      assert.equal(
        six.reason,
        'Account "freshbooks" is down since 2026-11-20T10:00:00.000Z (request-server-error); the order waits for it and is booked when it is over',
      );
      assert.deepEqual(
        events.filter(({ name }) => name.startsWith('account')).map(({ name }) => name),
        ['account down'],
      );
    }));

  void test('is tried by one order at a time, at the pace of the retry schedule, each time by another', () =>
    inWorld(async (world) => {
      const { account, clock } = world;
      const start = clock.now();
      await downWith(world, 6);
      await world.pass(HOUR);
      const probes = account.calls.slice(3);
      const at = probes.map(({ at: moment }) => (moment - start) / SECOND);
      // Each wait begins when the one before has failed: 5, 15, 35, 75, 155 seconds, then each quarter of an hour.
      assert.deepEqual(at, [5, 15, 35, 75, 155, 1055, 1955, 2855]);
      const tried = probes.map(({ order: key }) => Number(key.split('/')[1]));
      assert.deepEqual(tried.slice(1, 4), [4, 5, 6], 'those that were not tried yet come first');
      assert.equal(new Set(tried).size, 6, 'each has its turn');
    }));

  void test('is tried within half a minute for an order that is new, however many come', () =>
    inWorld(async (world) => {
      const { account, clock } = world;
      await downWith(world, 3);
      await world.pass(HOUR);
      const from = clock.now();
      account.calls.length = 0;
      for (const id of [101, 102, 103, 104, 105, 106]) {
        await world.place(id);
        await world.pass(10 * SECOND);
      }
      await world.pass(13 * MINUTE);
      const tried = account.calls.map(({ order: key, at: moment }) => [
        Number(key.split('/')[1]),
        (moment - from) / SECOND,
      ]);
      assert.deepEqual(tried, [
        [101, 30],
        [102, 60],
      ]);
    }));

  void test('ends when an order gets through: then all are booked at once', () =>
    inWorld(async (world) => {
      const { account, store, events } = world;
      await downWith(world, 40);
      await world.pass(20 * MINUTE);
      account.fails.with = undefined;
      await world.pass(15 * MINUTE);
      assert.deepEqual(new Set(await world.states(...ids(40))), new Set(['settled']));
      const ended = account.calls.slice(-40).map(({ at: moment }) => moment);
      assert.equal(new Set(ended).size, 1, 'nobody waits for a time of his own');
      assert.equal(await store.read.pause('freshbooks'), undefined);
      const record = await world.record(40);
      assert.deepEqual([record.waitsFor, record.reason, record.attempts], [undefined, undefined, 0]);
      assert.deepEqual(
        events.filter(({ name }) => name.startsWith('account')).map(({ name }) => name),
        ['account down', 'account up'],
      );
    }));

  void test('ends as soon for an order that comes after some of which nothing is to be done', () =>
    inWorld(async (world) => {
      const { account, store, clock } = world;
      for (const id of ids(8)) {
        await world.place(id);
      }
      await world.pass(MINUTE);
      account.fails.with = down;
      for (const id of [101, 102, 103]) {
        await world.place(id);
      }
      await world.pass(SECOND);
      for (const id of ids(8)) {
        const { newestDelivery = '' } = await world.record(id);
        const { body } = (await store.read.delivery(newestDelivery)) ?? assert.fail();
        const again = message({ connection: SHOP, externalId: `again-${id}`, body });
        const stored = await store.transact((tx) => tx.acceptDelivery(again, clock.now()));
        await sortDelivery(world.machine, stored.id);
      }
      await world.pass(20 * SECOND);
      account.fails.with = undefined;
      await world.place(200);
      // The pace of the schedule after two failures, and not a quarter of an hour for each of the eight.
      await world.pass(MINUTE);
      assert.equal((await world.record(200)).state, 'settled');
    }));

  void test('that lasts longer than a day holds no order', () =>
    inWorld(async (world) => {
      await downWith(world, 12);
      await world.pass(40 * HOUR);
      assert.deepEqual(new Set(await world.states(...ids(12))), new Set(['waiting']));
      world.account.fails.with = undefined;
      await world.pass(15 * MINUTE);
      assert.deepEqual(new Set(await world.states(...ids(12))), new Set(['settled']));
    }));

  void test('does not touch another account', () =>
    inWorld(async (world) => {
      await downWith(world, 3);
      await world.place(9, OTHER_SHOP);
      await world.pass(SECOND);
      assert.equal((await world.record(9, OTHER_SHOP)).state, 'settled');
      assert.notEqual(await world.store.read.pause('freshbooks'), undefined);
      assert.equal(await world.store.read.pause('freshbooks-2'), undefined);
    }));

  void test('in which reads succeed and writes fail is one too', () =>
    inWorld(async (world) => {
      world.account.fails.with = (task) => (task.kind === 'client' ? undefined : down());
      for (const id of ids(3)) {
        await world.place(id);
      }
      await world.pass(SECOND);
      assert.notEqual((await world.store.read.pause('freshbooks'))?.outage, undefined);
    }));

  void test('goes on after a crash in the very try: the next order tries in its time', () =>
    inWorld(async (world) => {
      const { account, clock, machine } = world;
      await downWith(world, 5);
      await clock.advance(4 * SECOND);
      assert.deepEqual(await admit(machine, 'freshbooks'), { state: 'open', isProbe: true });
      // Nothing comes of it: the process is killed, and another one reads what stands.
      assert.equal((await admit(machine, 'freshbooks')).state, 'shut');
      account.fails.with = undefined;
      await world.pass(11 * SECOND);
      assert.deepEqual(
        await world.states(...ids(5)),
        ids(5).map(() => 'settled'),
      );
    }));

  void test('is tried at once when a person says retry', () =>
    inWorld(async (world) => {
      const { account, store, clock } = world;
      await downWith(world, 8);
      await world.pass(10 * MINUTE);
      const before = account.calls.length;
      await releaseOrder(store, keyOf(3), { now: clock.now(), account: 'freshbooks' });
      await world.pass(SECOND);
      assert.deepEqual(
        account.calls.slice(before).map(({ order: key }) => key),
        [keyOf(3)],
      );
      account.fails.with = undefined;
      await releaseOrder(store, keyOf(3), { now: clock.now(), account: 'freshbooks' });
      await world.pass(SECOND);
      assert.deepEqual(new Set(await world.states(...ids(8))), new Set(['settled']));
    }));

  void test('that turns into patience that is asked for is tried when it was told, and not before', () =>
    inWorld(async (world) => {
      const { account, clock, store } = world;
      await downWith(world, 5);
      const retryAt = after(clock.now(), 50 * SECOND);
      account.fails.with = () => failure('request-rate-limited', { retryAt });
      await world.pass(10 * SECOND);
      const pause = await store.read.pause('freshbooks');
      assert.deepEqual([pause?.until, pause?.outage?.since], [retryAt, after(clock.now(), -11 * SECOND)]);
      assert.equal(account.calls.length, 4);
      account.fails.with = undefined;
      await world.pass(MINUTE);
      assert.deepEqual(new Set(await world.states(...ids(5))), new Set(['settled']));
    }));

  void test('at whose end access is refused waits for a person, and all go on when he has acted', () =>
    inWorld(async (world) => {
      const { account, store } = world;
      await downWith(world, 5);
      account.fails.with = () => failure('token-refused');
      await world.pass(MINUTE);
      const pause = await store.read.pause('freshbooks');
      assert.deepEqual([pause?.code, pause?.until, pause?.outage], ['token-refused', undefined, undefined]);
      account.fails.with = undefined;
      await store.transact((tx) => tx.clearPause('freshbooks'));
      await world.pass(MINUTE);
      assert.deepEqual(new Set(await world.states(...ids(5))), new Set(['settled']));
    }));
});

void describe('an account that says for how long it is down', () => {
  test('is not called before that, by one order alone or by the one that tries', () =>
    inWorld(async (world) => {
      const { account, clock } = world;
      account.fails.with = () =>
        failure('request-server-error', { retryAt: after(clock.now(), 10 * MINUTE) });
      await world.place(1);
      await world.pass(9 * MINUTE);
      assert.equal(account.calls.length, 1);
      await world.place(2);
      await world.place(3);
      await world.pass(MINUTE + SECOND);
      assert.equal(account.calls.length, 3);
      await world.pass(8 * MINUTE);
      assert.equal(account.calls.length, 3);
      account.fails.with = undefined;
      await world.pass(MINUTE);
      assert.deepEqual(await world.states(1, 2, 3), ['settled', 'settled', 'settled']);
    }));

  test('is not called sooner by an order that comes new', () =>
    inWorld(async (world) => {
      const { account, clock } = world;
      account.fails.with = () =>
        failure('request-server-error', { retryAt: after(clock.now(), 10 * MINUTE) });
      for (const id of [1, 2, 3]) {
        await world.place(id);
      }
      await world.pass(SECOND);
      assert.equal(account.calls.length, 3);
      for (const id of [4, 5, 6]) {
        await world.place(id);
        await world.pass(3 * MINUTE);
      }
      assert.equal(account.calls.length, 3);
      account.fails.with = undefined;
      await world.pass(2 * MINUTE);
      assert.deepEqual(await world.states(1, 4, 5, 6), ['settled', 'settled', 'settled', 'settled']);
    }));

  test('is called by the schedule where it says less', () =>
    inWorld(async (world) => {
      const { account, clock } = world;
      account.fails.with = () => failure('request-server-error', { retryAt: after(clock.now(), SECOND) });
      await world.place(1);
      await world.pass(4 * SECOND);
      assert.equal(account.calls.length, 1);
    }));
});

void describe('an account whose access is refused', () => {
  for (const code of ['token-refused', 'books-not-writable'] as const) {
    void test(`goes on after a new consent, though a call of before is refused after it: ${code}`, () =>
      inWorld(async (world) => {
        const { account, store } = world;
        account.fails.with = () => failure(code);
        await world.place(1);
        await world.pass(SECOND);
        assert.equal((await store.read.pause('freshbooks'))?.code, code);
        await store.transact((tx) => tx.clearPause('freshbooks'));
        // While the call is under way a person connects.
        account.fails.with = () => {
          void store.transact((tx) => tx.clearPause('freshbooks'));
          account.fails.with = undefined;
          return failure(code);
        };
        await world.pass(2 * MINUTE);
        assert.equal(await store.read.pause('freshbooks'), undefined);
        assert.deepEqual(await world.states(1), ['settled']);
      }));
  }
});

void describe('an order that fails alone', () => {
  void test('pauses nothing, delays nobody, and is held after a day of trying', () =>
    inWorld(async (world) => {
      const { account, store } = world;
      account.fails.with = (task) => (isOf(task, [1]) ? down() : undefined);
      await world.place(1);
      for (const id of ids(96).slice(1)) {
        await world.place(id);
        await world.pass(15 * MINUTE);
        assert.equal((await world.record(id)).state, 'settled');
        assert.equal(await store.read.pause('freshbooks'), undefined);
      }
      assert.equal((await world.record(1)).state, 'waiting');
      await world.pass(HOUR);
      assert.equal((await world.record(1)).state, 'held');
      const [question] = await store.read.holds({ order: keyOf(1), isOpen: true });
      assert.equal(question?.code, 'retries-exhausted');
    }));

  void test('and two more that do the same look like an outage, which the next good order ends', () =>
    inWorld(async (world) => {
      const { account, store } = world;
      account.fails.with = (task) => (isOf(task, [1, 2, 3]) ? down() : undefined);
      for (const id of ids(3)) {
        await world.place(id);
      }
      await world.pass(HOUR);
      assert.notEqual((await store.read.pause('freshbooks'))?.outage, undefined);
      for (const id of ids(60).slice(3)) {
        await world.place(id);
        await world.pass(31 * SECOND);
        assert.equal((await world.record(id)).state, 'settled', `order ${id} is booked`);
        await world.pass(HOUR);
      }
      assert.deepEqual(await world.states(1, 2, 3), ['held', 'held', 'held'], 'they come to an end');
      assert.equal(await store.read.pause('freshbooks'), undefined);
    }));
});

void describe('an outage that began while the clock was a month ahead', () => {
  void test('is over as soon as any other once the clock is right, for the orders of before and for new ones', () =>
    inWorld(async (world) => {
      const { account, clock, store } = world;
      await downWith(world, 6);
      await world.pass(HOUR);
      const watch = startClockWatch({ store, clock, emit: () => undefined, leaseMs: 5 * MINUTE });
      await clock.advance(SECOND);
      clock.setBack(30 * DAY);
      await clock.advance(5 * SECOND);
      account.fails.with = undefined;
      await world.place(7);
      const { outage } = (await store.read.pause('freshbooks')) ?? assert.fail('it is down');
      assert.ok(outage !== undefined && outage.since < clock.now(), 'and its alarm is raised when it is old');
      await world.pass(17 * MINUTE);
      assert.deepEqual([...new Set(await world.states(...ids(7)))], ['settled']);
      assert.equal(await store.read.pause('freshbooks'), undefined);
      await watch.stop();
    }));
});

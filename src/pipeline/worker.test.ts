import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import * as money from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { MINUTE, SECOND, after } from '#core/time.ts';
import { ORDER, SHOP, line, order, received, record, tender } from '#tests/build.ts';
import { booksOf, openWorld, usd } from '#tests/one-order.ts';
import { orderKey } from '#core/ids.ts';
import { compactSetting } from './machine.ts';
import type { Route } from './machine.ts';
import type { Books, Store } from './ports.ts';
import { sortDelivery } from './sorter.ts';
import { run } from './worker.ts';

/** One run on one order. */

test('an order is booked in one run, and a second run does nothing', async () => {
  const { store, tasks, machine, accept, work } = await openWorld();
  await sortDelivery(machine, await accept('a', order()));
  await work(machine);
  assert.equal((await store.read.order(ORDER))?.state, 'settled');
  await sortDelivery(machine, await accept('b', order()));
  await work(machine);
  assert.deepEqual(
    tasks.map((task) => task.kind),
    ['client', 'invoice', 'sent', 'payment'],
  );
  await store.close();
});

test('of two orders of a new customer at once one makes his client, and the other takes it', async () => {
  const { clock, store, tasks, machine, accept } = await openWorld();
  const other = orderKey(SHOP, '4242');
  const bothRun = (): Promise<unknown> =>
    Promise.all([ORDER, other].map((key) => run(machine, `order:${key}`, new AbortController().signal)));
  await sortDelivery(machine, await accept('a', order()));
  await sortDelivery(machine, await accept('b', order({ key: other })));
  await bothRun();
  const records = await store.read.orders({ limit: 2 });
  assert.deepEqual(records.map(({ state }) => state).toSorted(), ['settled', 'waiting']);
  await clock.advance(MINUTE);
  await bothRun();
  assert.deepEqual(
    (await store.read.orders({ limit: 2 })).map(({ state }) => state),
    ['settled', 'settled'],
  );
  assert.equal(tasks.filter(({ kind }) => kind === 'client').length, 1);
  await store.close();
});

/** A store whose transaction number `failing` (from now) does its work, rolls it back and says that it was busy. */
function busyOnce(store: Store, isNext: () => boolean): Store {
  return {
    ...store,
    async transact(work) {
      if (!isNext()) {
        return store.transact(work);
      }
      throw new Failure('database-busy', { detail: 'Cannot begin a transaction: database is locked' });
    },
  };
}

test('an order whose look for a new customer took longer than its right to make him makes none beside another’s', async () => {
  const { clock, store, tasks, machine, accept } = await openWorld();
  const other = orderKey(SHOP, '4242');
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const looking = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const slow: Books = {
    ...route.books,
    async find(task) {
      if (task.kind === 'client') {
        looking.resolve();
        await answered.promise;
      }
      return route.books.find(task);
    },
  };
  const hurried = { ...machine, unknownWaitMs: 5 * SECOND };
  const on = { ...hurried, routes: new Map([[SHOP, { ...route, books: slow }]]) };
  await sortDelivery(machine, await accept('a', order()));
  await sortDelivery(machine, await accept('b', order({ key: other })));
  const first = run(on, `order:${ORDER}`, new AbortController().signal);
  await looking.promise;
  await clock.advance(6 * SECOND);
  await run(hurried, `order:${other}`, new AbortController().signal);
  answered.resolve();
  await first;
  await clock.advance(MINUTE);
  await run(machine, `order:${ORDER}`, new AbortController().signal);
  assert.equal(tasks.filter(({ kind }) => kind === 'client').length, 1);
  const records = await store.read.orders({ limit: 2 });
  assert.deepEqual(
    records.map(({ state }) => state),
    ['settled', 'settled'],
  );
  await store.close();
});

test('a payment that was made and could not be written down is looked for, not made again', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld();
  await sortDelivery(machine, await accept('a', order()));
  let isBroken = true;
  // The first transaction after the payment was made is the one that writes it down.
  const isNext = (): boolean => isBroken && tasks.at(-1)?.kind === 'payment' && !(isBroken = false);
  await work({ ...machine, store: busyOnce(store, isNext) });
  const entry = (await store.read.entriesOf(ORDER)).find((one) => one.kind === 'payment');
  assert.equal(entry?.state, 'pending');
  assert.notEqual(entry?.calledAt, undefined, 'its outcome is unknown to the ledger');
  await clock.advance(MINUTE / 2);
  // As often as it is looked for before it would be made again.
  for (let looks = 0; looks < 3; looks += 1) {
    await store.transact(async (tx) =>
      tx.putOrder({ ...((await tx.order(ORDER)) ?? record()), state: 'due', dueAt: clock.now() }),
    );
    await work(machine);
  }
  assert.equal(tasks.filter((task) => task.kind === 'payment').length, 1);
  await store.close();
});

test('a change that was not found is waited for, because arriving late it would undo a later one', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  // The first change is under way for longer than anybody waits for its answer.
  let isLate = true;
  const slow: Books = {
    ...route.books,
    async apply(task) {
      if (task.kind === 'lines' && isLate) {
        isLate = false;
        throw new Failure('request-unanswered', { detail: 'Changing the invoice', effect: 'unknown' });
      }
      return route.books.apply(task);
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books: slow }]]) };
  const changes = (): number => tasks.filter(({ kind }) => kind === 'lines').length;
  const unpaid = { cash: received(tender(usd('0'))) };
  const shownAfter = (minutes: number, quantity: number): Order =>
    order({ ...unpaid, updatedAt: after(order().updatedAt, minutes * MINUTE), lines: [line({ quantity })] });
  await sortDelivery(on, await accept('a', order(unpaid)));
  await work(on);
  await sortDelivery(on, await accept('b', shownAfter(1, 2)));
  await work(on);
  assert.equal(isLate, false, 'the first change was called');

  await clock.advance(MINUTE / 6);
  await sortDelivery(on, await accept('c', shownAfter(2, 3)));
  await work(on);
  assert.equal(changes(), 0, 'no later change is sent while the first may still arrive');
  assert.match((await store.read.order(ORDER))?.reason ?? '', /was not found yet in the books$/);

  await clock.advance(2 * MINUTE);
  await work(on);
  assert.equal(changes(), 1);
  assert.equal((await store.read.order(ORDER))?.state, 'settled');
  await store.close();
});

test('an invoice that was not found is not sent again before it can have arrived', async () => {
  const { clock, store, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  let calls = 0;
  const books: Books = {
    ...route.books,
    async apply(task) {
      if (task.kind === 'invoice') {
        calls += 1;
        if (calls === 1) {
          throw new Failure('request-unanswered', { detail: 'Creating the invoice', effect: 'unknown' });
        }
      }
      return route.books.apply(task);
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  await sortDelivery(on, await accept('a', order()));
  await work(on);
  await clock.advance(30 * SECOND);
  await work(on);
  assert.equal(calls, 1, 'a second one that is refused would hide that the first one came');
  for (let looks = 0; looks < 3; looks += 1) {
    await clock.advance(2 * MINUTE);
    await work(on);
  }
  assert.deepEqual([(await store.read.order(ORDER))?.state, calls], ['settled', 2]);
  await store.close();
});

test('what was certainly not made is not left open when another step is refused', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const books: Books = {
    ...route.books,
    async apply(task) {
      if (task.kind === 'payment') {
        throw new Failure('request-unanswered', { detail: 'Paying', effect: 'unknown' });
      }
      if (task.kind === 'lines') {
        throw new Failure('books-refused', { detail: 'Changing the invoice', effect: 'none' });
      }
      return route.books.apply(task);
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  await sortDelivery(on, await accept('a', order()));
  await work(on);
  const { updatedAt } = order();
  const changed = order({ updatedAt: after(updatedAt, MINUTE), lines: [line({ quantity: 2 })] });
  await sortDelivery(on, await accept('b', changed));
  for (let looks = 0; looks < 3; looks += 1) {
    await clock.advance(2 * MINUTE);
    await work(on);
  }
  const entries = await store.read.entriesOf(ORDER);
  assert.deepEqual(
    [(await store.read.order(ORDER))?.state, entries.filter(({ state }) => state === 'pending')],
    ['held', []],
  );
  assert.equal(tasks.length, 3, 'client, invoice and sent alone were made');
  await store.close();
});

test('what was refused while the shop cannot be asked is a question, and not sent again', async () => {
  const { clock, store, machine, accept, work } = await openWorld({
    answer() {
      throw new Failure('request-server-error', { detail: 'Reading the order', effect: 'none' });
    },
  });
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  let refusals = 0;
  const books: Books = {
    ...route.books,
    async apply(task) {
      if (task.kind === 'lines') {
        refusals += 1;
        throw new Failure('books-refused', { detail: 'Changing the invoice', effect: 'none' });
      }
      return route.books.apply(task);
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  await sortDelivery(on, await accept('a', order()));
  await work(on);
  const { updatedAt } = order();
  const changed = order({ updatedAt: after(updatedAt, MINUTE), lines: [line({ quantity: 2 })] });
  await sortDelivery(on, await accept('b', changed));
  await sortDelivery(on, await accept('touch', order(), 'touch'));
  for (let runs = 0; runs < 3; runs += 1) {
    await work(on);
    await clock.advance(20 * MINUTE);
  }
  const holds = await store.read.holds({ order: ORDER, isOpen: true });
  assert.deepEqual(
    holds.map(({ step, code, detail }) => [step, code, detail]),
    [['lines-1', 'books-refused', 'Changing the invoice']],
  );
  assert.equal(refusals, 1);
  const record = await store.read.order(ORDER);
  assert.deepEqual(
    [record?.state, record?.reason],
    ['waiting', 'Reading the order'],
    'the shop is asked again',
  );
  await store.close();
});

test('an order refused for the length of its number gets a short one, though another one was refused meanwhile', async () => {
  const { store, tasks, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const books: Books = {
    ...route.books,
    async apply(task) {
      if (task.kind === 'invoice' && task.step.document.number.length > 10) {
        await store.transact((tx) => tx.putSetting(compactSetting('freshbooks'), 'yes'));
        throw new Failure('books-number-too-long', { detail: 'Creating the invoice', effect: 'none' });
      }
      return route.books.apply(task);
    },
  };
  await sortDelivery(machine, await accept('a', order()));
  await work({ ...machine, routes: new Map([[SHOP, { ...route, books }]]) });
  const record = await store.read.order(ORDER);
  assert.deepEqual([record?.state, record?.reason], ['settled', undefined]);
  assert.equal(tasks.filter(({ kind }) => kind === 'invoice').length, 1);
  await store.close();
});

test('each payment is told what the one before it left outstanding', async () => {
  const { store, tasks, machine, accept, work } = await openWorld();
  const cash = received(tender(usd('3'), { gateway: 'gift_card' }), tender(usd('7')));
  await sortDelivery(machine, await accept('a', order({ cash })));
  await work(machine);
  const told = tasks.flatMap((task) =>
    task.kind === 'payment' && task.outstanding !== undefined ? [money.show(task.outstanding)] : [],
  );
  assert.deepEqual(told, ['10.00 USD', '7.00 USD']);
  await store.close();
});

test('a payment that the books took less of is not made again on what was outstanding before it', async () => {
  const { store, tasks, machine, accept, work } = await openWorld();
  const books = booksOf(tasks);
  const capping: Books = {
    ...books,
    async apply(task) {
      const receipt = await books.apply(task);
      if (task.kind !== 'payment') {
        return receipt;
      }
      if (task.outstanding === undefined) {
        throw new Failure('order-overpaid', { detail: 'More than it has outstanding' });
      }
      // Somebody paid it a moment ago: what is too much becomes a credit.
      return { externalId: receipt.externalId, amount: usd('0') };
    },
  };
  const route = machine.routes.get(SHOP) ?? assert.fail();
  const routes = new Map([[SHOP, { ...route, books: capping }]]);
  await sortDelivery(machine, await accept('a', order()));
  await work({ ...machine, routes });
  const known = tasks.filter((task) => task.kind === 'payment' && task.outstanding !== undefined);
  assert.equal(known.length, 1);
  const [hold] = await store.read.holds({ order: ORDER, isOpen: true });
  assert.equal(hold?.code, 'order-overpaid');
  await store.close();
});

test('what an invoice has outstanding is read anew where it was read some seconds ago', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld();
  const books = booksOf(tasks);
  const slow: Books = {
    ...books,
    async apply(task) {
      const receipt = await books.apply(task);
      await clock.advance(task.kind === 'sent' ? 10 * SECOND : 0);
      return task.kind === 'invoice' || task.kind === 'payment'
        ? receipt
        : { externalId: receipt.externalId };
    },
  };
  const route = machine.routes.get(SHOP) ?? assert.fail();
  const routes = new Map([[SHOP, { ...route, books: slow }]]);
  await sortDelivery(machine, await accept('a', order()));
  await work({ ...machine, routes });
  const [payment] = tasks.filter((task) => task.kind === 'payment');
  assert.deepEqual(payment?.outstanding, undefined);
  await store.close();
});

test('a label that changes within one second makes no order ambiguous', async () => {
  const { store, machine, accept, work } = await openWorld();
  await sortDelivery(machine, await accept('a', order()));
  await sortDelivery(machine, await accept('b', order({ tags: ['new'] })));
  await work(machine);
  assert.equal((await store.read.order(ORDER))?.state, 'settled');
  await store.close();
});

/** Books of which every question fails. */
function failingBooks(code: FailureCode): Pick<Route, 'books'> {
  const fail = (): never => {
    throw new Failure(code, { detail: 'Looking for the client' });
  };
  return { books: { ...booksOf([]), find: async () => fail(), apply: async () => fail() } };
}

test('an order that fails and is tried again keeps what it failed with until it is booked', async () => {
  const { clock, store, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const down = { ...route, ...failingBooks('request-unreachable') };
  await sortDelivery(machine, await accept('a', order()));
  await work({ ...machine, routes: new Map([[SHOP, down]]) });
  const failed = await store.read.order(ORDER);
  assert.deepEqual(
    [failed?.state, failed?.firstFailedAt, failed?.failedCode],
    ['waiting', clock.now(), 'request-unreachable'],
  );
  await clock.advance(MINUTE);
  await work(machine);
  const booked = await store.read.order(ORDER);
  assert.deepEqual(
    [booked?.state, booked?.firstFailedAt, booked?.failedCode],
    ['settled', undefined, undefined],
  );
  await store.close();
});

test('an account whose access is refused is paused with the code of the refusal', async () => {
  const { store, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const refusing = { ...route, ...failingBooks('token-refused') };
  await sortDelivery(machine, await accept('a', order()));
  await work({ ...machine, routes: new Map([[SHOP, refusing]]) });
  assert.equal((await store.read.pause('freshbooks'))?.code, 'token-refused');
  await store.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { Order } from '#core/order.ts';
import type { Bookable, Settlement } from '#core/settlement.ts';
import { DAY, MINUTE, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { ORDER, SHOP, line, order, received, refund, returned, rules, tender } from '#tests/build.ts';
import { openWorld, usd } from '#tests/one-order.ts';
import { mayStandAlready } from './machine.ts';
import { RESTORED_SETTING } from './ports.ts';
import type { Books, Standing } from './ports.ts';
import { decideOrder } from './release.ts';
import { sortDelivery } from './sorter.ts';

/** What a database that was put back to an earlier state does not know of an order. */

const GONE = order({
  cancelledAt: order().placedAt,
  currentTotal: usd('0'),
  cash: received(tender(usd('0'))),
});

/** The outcome of an order of which nothing is left, in a restored database, with what FreshBooks says of its invoice. */
async function outcomeOf(...standings: readonly Standing[]): Promise<readonly unknown[]> {
  const { clock, store, tasks, machine, accept, work } = await openWorld({ canRead: false });
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const numbers: string[] = [];
  const books: Books = {
    ...route.books,
    find: async (task) => {
      if (task.kind !== 'invoice') {
        return route.books.find(task);
      }
      const { number } = task.step.document;
      numbers.push(number);
      assert.deepEqual(task.anyBut, []);
      return standings[numbers.length - 1] ?? { state: 'absent' };
    },
  };
  await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(after(clock.now(), DAY))));
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  await sortDelivery(on, await accept('a', GONE));
  await work(on);
  const record = await store.read.order(ORDER);
  const holds = await store.read.holds({ order: ORDER, isOpen: true });
  await store.close();
  assert.equal(tasks.length, 0, 'nothing is written');
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => `SHOPIFY-1001${index === 0 ? '' : `-${index + 1}`}`),
  );
  return [record?.state, ...holds.map(({ code }) => code)];
}

test('an order of which nothing is left is a question where its invoice stands, forgotten', async () => {
  const receipt = { externalId: '1', amount: usd('44') };
  assert.deepEqual(await outcomeOf({ state: 'standing', receipt }), ['held', 'books-invoice-unclear']);
  const facts = [{ name: 'Total', value: '44.00 USD' }];
  const unlike = { state: 'unclear', code: 'books-invoice-unclear', detail: 'It differs', facts } as const;
  assert.deepEqual(await outcomeOf(unlike), ['held', 'books-invoice-unclear']);
  assert.deepEqual(await outcomeOf({ state: 'absent' }), ['skipped']);
  assert.deepEqual(await outcomeOf({ state: 'foreign', detail: 'It is another’s' }), ['skipped']);
});

test('an order of which nothing is left is a question also where its first invoices were taken away, or are another’s', async () => {
  const taken = {
    state: 'unclear',
    code: 'books-invoice-deleted',
    detail: 'It was deleted',
    facts: [],
  } as const;
  const other = { state: 'foreign', detail: 'It is another’s' } as const;
  const standing = { state: 'standing', receipt: { externalId: '1', amount: usd('44') } } as const;
  assert.deepEqual(await outcomeOf(taken, standing), ['held', 'books-invoice-unclear']);
  assert.deepEqual(await outcomeOf(taken, other, taken, standing), ['held', 'books-invoice-unclear']);
  assert.deepEqual(await outcomeOf(taken, taken), ['skipped']);
  assert.deepEqual(
    await outcomeOf(taken, { state: 'absent' }, standing),
    ['skipped'],
    'no number is left out',
  );
});

test('an order of which nothing is left is a question where an expense of its refund stands, forgotten, without an invoice', async () => {
  const paidBack = {
    ...GONE,
    cash: received(tender(usd('44'))),
    refunds: [refund(usd('44'), { returns: [returned('item:1', 2, usd('40'), [usd('4')])] })],
  };
  for (const isStanding of [true, false]) {
    const { clock, store, tasks, machine, accept, work } = await openWorld({ canRead: false });
    const [route] = machine.routes.values();
    assert.ok(route !== undefined);
    const looked: string[] = [];
    const books: Books = {
      ...route.books,
      find: async (task) => {
        looked.push(task.step.reference);
        return task.kind === 'expense' && isStanding
          ? { state: 'standing', receipt: { externalId: '7', amount: usd('44') } }
          : { state: 'absent' };
      },
    };
    await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(after(clock.now(), DAY))));
    const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
    await sortDelivery(on, await accept('a', paidBack));
    await work(on);
    const holds = await store.read.holds({ order: ORDER, isOpen: true });
    assert.deepEqual(
      [(await store.read.order(ORDER))?.state, ...holds.map(({ code }) => code)],
      isStanding ? ['held', 'books-expense-unclear'] : ['skipped'],
    );
    assert.deepEqual(looked, [`${ORDER}/invoice-1`, `${ORDER}/expense-1`]);
    assert.equal(tasks.length, 0, 'nothing is written');
    await store.close();
  }
});

test('an order whose invoices were all taken away before the backup is a question where another stands, and is looked at once', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld({ canRead: false });
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const unpaid = order({ cash: received(tender(usd('0'))) });
  const told = async (name: string, shown: typeof unpaid, on = machine): Promise<void> => {
    await sortDelivery(on, await accept(name, shown));
    await work(on);
  };
  await told('a', unpaid);
  await told('b', { ...GONE, updatedAt: after(unpaid.updatedAt, 1_000) });
  assert.equal(tasks.at(-1)?.kind, 'void');
  const made = tasks.length;
  await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(after(clock.now(), DAY))));
  const numbers: string[] = [];
  const seen: { standing: Standing } = {
    standing: { state: 'standing', receipt: { externalId: '1', amount: usd('44') } },
  };
  const find: Books['find'] = async (task) => {
    assert.ok(task.kind === 'invoice');
    numbers.push(task.step.document.number);
    return seen.standing;
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books: { ...route.books, find } }]]) };
  const stateOf = async () => (await store.read.order(ORDER))?.state;
  await told('c', { ...GONE, updatedAt: after(unpaid.updatedAt, 2_000) }, on);
  assert.equal(await stateOf(), 'held');
  // As after somebody took it away.
  seen.standing = { state: 'absent' };
  for (const seconds of [3, 4]) {
    await told(`d${seconds}`, { ...GONE, updatedAt: after(unpaid.updatedAt, seconds * 1_000) }, on);
    assert.equal(await stateOf(), 'settled');
  }
  assert.deepEqual(numbers, ['SHOPIFY-1001-2', 'SHOPIFY-1001-2'], 'once it is known, it is not looked for');
  assert.equal(tasks.length, made, 'nothing is written');
  await store.close();
});

test('before a payment is lowered the invoice is looked at that is changed after it', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld({ canRead: false });
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const sold = order({ lines: [line({ quantity: 2, unitPrice: usd('20'), taxes: [] })] });
  await sortDelivery(machine, await accept('a', sold));
  await work(machine);
  const made = tasks.length;
  await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(after(clock.now(), DAY))));
  const edited = {
    state: 'unclear',
    code: 'books-invoice-edited',
    detail: 'It was changed',
    facts: [],
  } as const;
  const books: Books = {
    ...route.books,
    find: async (task) => (task.kind === 'lines' || task.kind === 'void' ? edited : { state: 'absent' }),
    apply: async (task) => {
      assert.ok(task.kind === 'lines' || task.kind === 'void', `no ${task.kind} is written`);
      throw new Failure('books-invoice-edited', { detail: 'It was changed', effect: 'none' });
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  const back = refund(usd('20'), { returns: [returned('item:1', 1, usd('20'), [])], difference: usd('0') });
  const updatedAt = after(sold.updatedAt, 1_000);
  await sortDelivery(on, await accept('b', { ...sold, updatedAt, refunds: [back], currentTotal: usd('20') }));
  await work(on);
  const holds = await store.read.holds({ order: ORDER, isOpen: true });
  assert.ok(holds.some(({ code }) => code === 'books-invoice-edited'));
  assert.equal(tasks.length, made);
  await store.close();
});

/** Booked, with a category for its refunds, before the database was restored. */
async function bookedBefore(sold: Order) {
  const world = await openWorld({ canRead: false });
  const { clock, store, tasks, machine, accept, work, current } = world;
  current.now = { version: 'rules-2', rules: rules({ refundCategory: 'Supplies' }) };
  await store.transact((tx) => tx.putRules(current.now.version, current.now.rules));
  await sortDelivery(machine, await accept('a', sold));
  await work(machine);
  await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(after(clock.now(), DAY))));
  const finding = (find: Books['find']): typeof machine => {
    const [route] = machine.routes.values();
    assert.ok(route !== undefined);
    return { ...machine, routes: new Map([[SHOP, { ...route, books: { ...route.books, find } }]]) };
  };
  return { store, tasks, accept, work, finding, made: tasks.length };
}

test('before a payment is lowered the refunds are looked for that the plan wants beside it', async () => {
  const both = [
    line({ key: 'item:1', unitPrice: usd('54.36'), taxes: [] }),
    line({ key: 'item:2', unitPrice: usd('12.28'), taxes: [] }),
  ];
  const sold = order({
    lines: both,
    total: usd('66.64'),
    currentTotal: usd('66.64'),
    cash: received(tender(usd('66.64'))),
    isFulfilled: true,
  });
  const { store, tasks, accept, work, finding, made } = await bookedBefore(sold);
  const find: Books['find'] = async (task) =>
    task.kind === 'expense'
      ? { state: 'standing', receipt: { externalId: 'expense', amount: usd('55.00') } }
      : { state: 'absent' };
  const on = finding(find);
  const later = after(sold.placedAt, 60 * DAY);
  // The first is taken off the invoice, of whose month it is; the other stands beside it, and with another amount than it should.
  const refunds = [
    refund(usd('2.00'), { id: '901', at: after(sold.placedAt, DAY) }),
    refund(usd('54.64'), { id: '902', at: later }),
  ];
  await sortDelivery(on, await accept('b', { ...sold, updatedAt: later, refunds }));
  await work(on);
  const holds = await store.read.holds({ order: ORDER, isOpen: true });
  assert.deepEqual(
    holds.map(({ code }) => code),
    ['books-total-differs', 'order-overpaid', 'books-expense-unclear'],
  );
  assert.equal(tasks.length, made, 'nothing is written');
  await store.close();
});

test('before payments and lines are changed each refund beside them is looked for once, through all expenses of half a year', async () => {
  const sold = order({
    lines: [line({ quantity: 4, unitPrice: usd('20'), taxes: [] })],
    total: usd('80'),
    currentTotal: usd('80'),
    cash: received(tender(usd('80'))),
    isFulfilled: true,
  });
  const { store, tasks, accept, work, finding, made } = await bookedBefore(sold);
  const looked: number[] = [];
  const find: Books['find'] = async (task) => {
    if (task.kind === 'expense' && tasks.slice(made).every(({ kind }) => kind !== 'lines')) {
      looked.push(task.step.slot);
    }
    return { state: 'absent' };
  };
  const on = finding(find);
  const later = after(sold.placedAt, 60 * DAY);
  const refunds = [
    refund(usd('20'), {
      id: '901',
      at: after(sold.placedAt, MINUTE),
      returns: [returned('item:1', 1, usd('20'))],
      difference: usd('0'),
    }),
    refund(usd('10'), { id: '902', at: later }),
    refund(usd('5'), { id: '903', at: later }),
  ];
  await sortDelivery(on, await accept('b', { ...sold, updatedAt: later, refunds, currentTotal: usd('60') }));
  await work(on);
  const kinds = tasks.slice(made).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['payment-change', 'lines', 'expense', 'expense']);
  assert.deepEqual(looked, [1, 2]);
  await store.close();
});

test('an order of which nothing is to be done is a question where the books have changed since the backup, and is looked at once', async () => {
  const { clock, store, tasks, machine, accept, work } = await openWorld({ canRead: false });
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  const told = async (name: string, shown: ReturnType<typeof order>, on = machine): Promise<void> => {
    await sortDelivery(on, await accept(name, shown));
    await work(on);
  };
  const sold = order({});
  await told('a', sold);
  const made = tasks.length;
  await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(after(clock.now(), DAY))));
  const edited = { code: 'books-invoice-edited', detail: 'It was changed', facts: [] } as const;
  const seen = { isEdited: true, looks: 0 };
  const books: Books = {
    ...route.books,
    find: async ({ kind }) => {
      seen.looks += 1;
      return kind === 'lines' && seen.isEdited ? { state: 'unclear', ...edited } : { state: 'absent' };
    },
    apply: async ({ kind }) => {
      assert.equal(kind, 'lines');
      throw new Failure(edited.code, { ...edited, effect: 'none' });
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  const again = async (seconds: number): Promise<readonly unknown[]> => {
    await told(`again ${seconds}`, { ...sold, updatedAt: after(sold.updatedAt, seconds * 1_000) }, on);
    const open = await store.read.holds({ order: ORDER, isOpen: true });
    return [(await store.read.order(ORDER))?.state, ...open.map(({ code }) => code)];
  };
  assert.deepEqual(await again(1), ['held', 'books-invoice-edited']);
  seen.isEdited = false;
  assert.deepEqual(await again(2), ['settled']);
  const { looks } = seen;
  assert.deepEqual(await again(3), ['settled']);
  assert.equal(seen.looks, looks, 'once it is known, it is not looked at');
  assert.equal(tasks.length, made, 'nothing is written');
  await store.close();
});

test('an order that was deleted before a restored database knew it is a question, until a person keeps it', async () => {
  for (const isRestored of [true, false]) {
    const { clock, store, machine, accept, work } = await openWorld({
      answer: () => Promise.reject(new Failure('request-not-found', { detail: 'It is gone' })),
    });
    if (isRestored) {
      await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(clock.now())));
    }
    const ended = async (): Promise<readonly unknown[]> => {
      await work(machine);
      const open = await store.read.holds({ order: ORDER, isOpen: true });
      return [(await store.read.order(ORDER))?.state, ...open.map(({ code }) => code)];
    };
    await sortDelivery(machine, await accept('a', order(), 'deleted'));
    assert.deepEqual(await ended(), isRestored ? ['held', 'order-deleted'] : ['skipped']);
    if (isRestored) {
      await decideOrder(store, ORDER, { decision: 'keep', now: clock.now() });
      assert.deepEqual(await ended(), ['skipped']);
    }
    await store.close();
  }
});

test('a message of before the restore has the shop asked first, once, and nothing is booked as it tells', async () => {
  const told = (minutes: number) => order({ updatedAt: after(order().updatedAt, minutes * MINUTE) });
  const known: number[] = [];
  const world = await openWorld({
    answer: () => {
      known.push(world.tasks.length);
      return told(30);
    },
  });
  const { store, tasks, machine, accept, work } = world;
  await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(told(60).updatedAt)));
  const tell = async (minutes: number): Promise<Instant | undefined> => {
    await sortDelivery(machine, await accept(`of ${minutes}`, told(minutes)));
    await work(machine);
    await work(machine);
    return (await store.read.order(ORDER))?.stamp;
  };
  assert.equal(await tell(10), told(30).updatedAt);
  assert.ok(tasks.length > 0, 'it is booked');
  for (const older of [15, 20]) {
    assert.equal(await tell(older), told(30).updatedAt);
  }
  assert.deepEqual(known, [0], 'it was asked once, before anything was written');
  assert.equal(await tell(90), told(90).updatedAt);
  assert.equal(known.length, 1, 'what is told of after the restore is believed');
  await store.close();
});

test('a message of before the restore waits for a shop that cannot be asked now, and one of after it does not', async () => {
  const told = (minutes: number) => order({ updatedAt: after(order().updatedAt, minutes * MINUTE) });
  let isDown = true;
  const { clock, store, tasks, machine, accept, work } = await openWorld({
    answer: () => {
      if (isDown) {
        throw new Failure('request-server-error', { detail: 'Answered 502' });
      }
      return told(30);
    },
  });
  await store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(told(60).updatedAt)));
  const record = () => store.read.order(ORDER);
  await sortDelivery(machine, await accept('of before', told(10)));
  await work(machine);
  assert.deepEqual([tasks.length, (await record())?.state], [0, 'waiting']);
  isDown = false;
  await clock.advance(MINUTE);
  await work(machine);
  assert.ok(tasks.length > 0, 'it is booked as the shop shows it');
  assert.equal((await record())?.stamp, told(30).updatedAt);
  isDown = true;
  const made = tasks.length;
  await sortDelivery(machine, await accept('of before it too', told(40)));
  await work(machine);
  assert.deepEqual([tasks.length, (await record())?.state], [made, 'waiting']);
  const later = { ...told(90), isFulfilled: true };
  await sortDelivery(machine, await accept('of after it', later));
  await work(machine);
  assert.deepEqual([(await record())?.stamp, (await record())?.state], [later.updatedAt, 'settled']);
  await store.close();
});

test('a settlement may stand already also where its last transaction came after the restore, and an order does not', () => {
  const restoredAt = order().placedAt;
  const later = { placedAt: after(restoredAt, 3 * DAY) };
  const may = (shown: Bookable): boolean => mayStandAlready({ restoredAt }, { order: shown });
  assert.equal(may(order()), true);
  assert.equal(may(order(later)), false);
  const { lines: _lines, ...rest } = order(later);
  const grown = { ...rest, kind: 'settlement', amounts: [], transactionCount: 1 } as unknown as Settlement; // oxlint-disable-line typescript/no-unsafe-type-assertion -- only its kind and its day count
  assert.equal(may(grown), true);
  assert.equal(mayStandAlready({}, { order: grown }), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Step } from '#core/document.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import * as money from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { plan } from '#core/plan.ts';
import { fold } from '#core/ledger.ts';
import type { Entry } from '#core/ledger.ts';
import { DAY, MINUTE, SECOND, after, parseLocalDate, parseZone } from '#core/time.ts';
import { orderOf } from '#core/settlement.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { SHOP, at, entry, hold, line, order, record, rules, tax, terms } from '#tests/build.ts';
import { hurriedClock } from '#tests/clock.ts';
import { intentSha256, stepName } from './ledger-writer.ts';
import { lockedSetting } from './machine.ts';
import { foresee } from './outlook.ts';
import type { Foresight, Looking } from './outlook.ts';
import type { OrderRecord } from './ports.ts';

/** What would become of stored orders: by the real store, with records as the worker leaves them. */

const BOOKS = { connection: connectionId('freshbooks'), fits: () => true };
const NOON = at('2026-11-10T12:00:00-05:00');
const usd = (text: string) => money.parse(text, 'USD');

async function openWorld() {
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock: hurriedClock(), seal: createSeal('key') });
  const put = (...records: readonly OrderRecord[]): Promise<void> =>
    store.transact(async (tx) => {
      for (const one of records) {
        await tx.putOrder(one);
      }
    });
  /** As settled by these rules: every step that they plan stands. */
  const book = (one: OrderRecord, by = rules()): Promise<void> =>
    store.transact(async (tx) => {
      await tx.putRules('rules-1', by);
      await tx.putOrder({ ...one, rulesVersion: 'rules-1' });
      for (const step of stepsOf(one)) {
        await tx.addEntry(entry(step, { order: one.key }));
      }
    });
  const look = (parts: Partial<Looking> = {}): Promise<Foresight> =>
    foresee(store.read, {
      source: SHOP,
      books: BOOKS,
      rules: rules(),
      since: parseLocalDate('2026-11-01'),
      limit: 1000,
      ...parts,
    });
  return { store, put, book, look };
}

function keyOf(id: number): OrderKey {
  return orderKey(SHOP, String(id));
}

/** At rest, and shown by a message. */
function resting(id: number, parts: Partial<OrderRecord> = {}, shown: Partial<Order> = {}): OrderRecord {
  const { dueAt: _rests, ...rest } = record({
    key: keyOf(id),
    name: `#${id}`,
    state: 'settled',
    snapshot: order({ key: keyOf(id), name: `#${id}`, number: String(id), ...shown }),
    ...parts,
  });
  return parts.dueAt === undefined ? rest : { ...rest, dueAt: parts.dueAt };
}

function stepsOf({ snapshot }: OrderRecord): readonly Step[] {
  assert.ok(snapshot !== undefined);
  const planned = plan(snapshot, fold([]), terms());
  assert.ok(planned.outcome === 'work');
  return planned.steps;
}

const statesOf = ({ orders }: Foresight): Record<string, string> =>
  Object.fromEntries(orders.map(({ name, outlook }) => [name, outlook.state]));

const TAXED = { lines: [line({ taxes: [tax('5', usd('0.50'), { name: 'GST' })] })] };

test('an order is meant from the day on that its invoice would bear, in the zone of the rules or else of the shop', async () => {
  const { put, look } = await openWorld();
  const placedAt = at('2026-11-10T23:30:00-05:00');
  await put(resting(1, { state: 'skipped', createdAt: placedAt }, { placedAt }));
  const countBy = async (since: string, zone?: string): Promise<number> => {
    const by = zone === undefined ? rules() : rules({ timeZone: parseZone(zone) });
    return (await look({ since: parseLocalDate(since), rules: by })).lookedAtCount;
  };
  assert.equal(await countBy('2026-11-10'), 1);
  assert.equal(await countBy('2026-11-11'), 0);
  assert.equal(await countBy('2026-11-11', 'Europe/Berlin'), 1);
});

test('an order that was stored long after it was placed is meant by the day on which it was placed', async () => {
  const { put, look } = await openWorld();
  await put(resting(1, { state: 'skipped', createdAt: after(NOON, 300 * DAY) }));
  const counts = await Promise.all(
    ['2026-11-10', '2026-11-11'].map(async (since) => look({ since: parseLocalDate(since) })),
  );
  assert.deepEqual(
    counts.map(({ lookedAtCount }) => lookedAtCount),
    [1, 0],
  );
});

test('more orders than a page are looked at, the newest up to the limit, and it is told when there are more', async () => {
  const { put, look } = await openWorld();
  const ids = Array.from({ length: 230 }, (_none, index) => 1001 + index);
  await put(...ids.map((id) => resting(id, { state: 'skipped', createdAt: after(NOON, id * SECOND) })));
  const all = await look();
  assert.deepEqual([all.lookedAtCount, all.orders.length, all.isCutOff], [230, 230, false]);
  const exact = await look({ limit: 230 });
  assert.deepEqual([exact.lookedAtCount, exact.isCutOff], [230, false]);
  const some = await look({ limit: 130 });
  assert.deepEqual([some.lookedAtCount, some.isCutOff], [130, true]);
  assert.deepEqual([some.orders[0]?.name, some.orders.at(-1)?.name], ['#1230', '#1101']);
});

test('orders of another source are not meant', async () => {
  const { put, look } = await openWorld();
  const connection = connectionId('shopify-2');
  await put(resting(1, { key: orderKey(connection, '1'), connection, state: 'skipped' }));
  assert.equal((await look()).lookedAtCount, 0);
});

test('an order is planned as if it followed the rules that are asked about, whatever it was booked by', async () => {
  const { book, look } = await openWorld();
  await book(resting(1, {}, TAXED));
  assert.deepEqual(statesOf(await look()), {});
  const [changed] = (await look({ rules: rules({ taxNames: { GST: 'GST/TPS' } }) })).orders;
  assert.ok(changed?.outlook.state === 'changed');
  assert.deepEqual(
    changed.outlook.steps.map(({ step, differences }) => [step.kind, differences.map(({ name }) => name)]),
    [['lines', ['item:1', 'Taxes']]],
  );
  assert.deepEqual([changed.outlook.asked, changed.outlook.differences], [[], []]);
});

test('invoices that are made or changed are summed up in each currency', async () => {
  const { put, book, look } = await openWorld();
  const yen = (id: number): OrderRecord =>
    resting(id, { state: 'skipped' }, { lines: [line({ unitPrice: money.parse('500', 'JPY') })] });
  await put(resting(1, { state: 'skipped' }), yen(2));
  await book(yen(3));
  const differences = (await look()).orders.flatMap(({ outlook }) =>
    outlook.state === 'changed' ? outlook.differences : [],
  );
  assert.deepEqual(differences.map(money.show).toSorted(), ['10.00 USD', '500 JPY']);
});

test('an order that is not at rest is under way, and is not planned', async () => {
  const { store, put, book, look } = await openWorld();
  const soon = after(NOON, MINUTE);
  await put(
    resting(1, { state: 'due', dueAt: soon, reason: 'Of the state before' }),
    resting(2, { state: 'working' }),
    resting(3, { state: 'waiting', dueAt: soon, reason: 'The books ask for patience' }),
    resting(4, { state: 'held', dueAt: soon }),
  );
  await book(resting(5));
  const pending: Entry = entry(stepsOf(resting(5))[0] ?? assert.fail(), { order: keyOf(5), slot: 2 });
  await store.transact((tx) =>
    tx.addEntry({ ...pending, reference: referenceAt(pending), state: 'pending' }),
  );
  const foresight = await look({ rules: rules({ channelTax: 'two_lines', refunds: 'expense' }) });
  const whys = foresight.orders.map(({ name, outlook }) => [name, 'why' in outlook ? outlook.why : '']);
  assert.deepEqual(new Set(foresight.orders.map(({ outlook }) => outlook.state)), new Set(['under-way']));
  assert.deepEqual(Object.fromEntries(whys), {
    '#1': 'It waits to be worked on',
    '#2': 'It is being worked on',
    '#3': 'The books ask for patience',
    '#4': 'It waits to be worked on',
    '#5': 'It is not settled whether client-1 stands in the books',
  });
});

function referenceAt({ reference }: Entry): Entry['reference'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- another one of the same form
  return `${reference}-again` as Entry['reference'];
}

test('a step that was refused and waits for an answer is not foreseen again', async () => {
  const { store, book, look } = await openWorld();
  await book(resting(1, { state: 'held' }, TAXED));
  const by = rules({ taxNames: { GST: 'GST/TPS' } });
  const [before] = (await look({ rules: by })).orders;
  assert.ok(before?.outlook.state === 'changed');
  const [foreseen] = before.outlook.steps;
  assert.ok(foreseen !== undefined);
  const { step } = foreseen;
  await store.transact((tx) =>
    tx.openHold(
      hold({
        order: keyOf(1),
        step: stepName(step),
        code: 'books-invoice-edited',
        intentSha256: intentSha256(step),
      }),
    ),
  );
  const [now] = (await look({ rules: by })).orders;
  assert.deepEqual(now?.outlook, {
    state: 'under-way',
    why: 'lines-1 waits for your answer (books-invoice-edited)',
  });
});

test('a question that is asked already is nothing new, another one is', async () => {
  const { store, put, look } = await openWorld();
  const closed = rules({ closedThrough: parseLocalDate('2026-11-30') });
  await put(resting(1, { state: 'skipped' }), resting(2, { state: 'held' }), resting(3, { state: 'held' }));
  const ask = (id: number, code: 'period-closed' | 'order-sums-differ'): Promise<void> =>
    store.transact((tx) => tx.openHold(hold({ order: keyOf(id), step: 'invoice-1', code })));
  await ask(2, 'period-closed');
  await ask(3, 'order-sums-differ');
  const foresight = await look({ rules: closed });
  assert.deepEqual(statesOf(foresight), { '#3': 'held', '#1': 'held' });
  const keeps = foresight.orders.map(({ outlook }) => outlook.state === 'held' && outlook.keepsRules);
  assert.deepEqual(keeps, [false, false], 'nothing of them is booked yet');
});

test('days that the books refused as locked are closed here too', async () => {
  const { store, put, look } = await openWorld();
  await put(resting(1, { state: 'skipped' }));
  await store.transact((tx) => tx.putSetting(lockedSetting('freshbooks'), '2026-11-30'));
  assert.deepEqual(statesOf(await look()), { '#1': 'held' });
});

test('a booked order that new rules would only ask about keeps its own', async () => {
  const { book, look } = await openWorld();
  await book(resting(1, {}, TAXED));
  const by = rules({ taxNames: { GST: 'GST/TPS' }, closedThrough: parseLocalDate('2026-11-30') });
  const [only] = (await look({ rules: by })).orders;
  assert.ok(only?.outlook.state === 'held');
  assert.deepEqual(
    only.outlook.asked.map(({ code }) => code),
    ['order-changed'],
  );
  assert.equal(only.outlook.keepsRules, true);
});

test('a question whose cause is gone is named, one about the order’s messages is not', async () => {
  const { store, book, look } = await openWorld();
  await book(resting(1, { state: 'held' }));
  await book(resting(2, { state: 'held', isDeleted: true }));
  await store.transact(async (tx) => {
    await tx.openHold(hold({ order: keyOf(1), step: 'retries', code: 'retries-exhausted' }));
    await tx.openHold(hold({ order: keyOf(2), step: 'deletion', code: 'order-deleted' }));
  });
  assert.deepEqual(statesOf(await look()), { '#1': 'released' });
});

test('an order is skipped for a reason, and the reason that it was skipped for is nothing new', async () => {
  const { put, look } = await openWorld();
  const reason = 'Tagged "vip", which the rules skip';
  await put(
    resting(1, { state: 'skipped', reason }, { tags: ['vip'] }),
    resting(2, { state: 'skipped', reason: 'Test order of the shop' }, { tags: ['vip'] }),
  );
  const foresight = await look({ rules: rules({ skipTags: ['vip'] }) });
  assert.deepEqual(
    foresight.orders.map(({ name, outlook }) => [name, outlook]),
    [['#2', { state: 'skipped', reason }]],
  );
});

test('an order that was deleted before it was booked is not booked', async () => {
  const { put, look } = await openWorld();
  await put(resting(1, { state: 'skipped', isDeleted: true }));
  assert.deepEqual(statesOf(await look()), {});
});

test('an order that no message has shown, or only ambiguously, cannot be planned', async () => {
  const { put, look } = await openWorld();
  const { snapshot: _none, ...unseen } = resting(1, { state: 'held' });
  const reread = { why: 'Two messages differ', since: NOON, isBlocking: true };
  await put(unseen, resting(2, { state: 'held', reread }));
  assert.deepEqual(
    (await look()).orders.map(({ placedOn, outlook }) => [placedOn, outlook]),
    [
      ['2026-11-10', { state: 'unplanned', why: 'Two messages differ' }],
      [undefined, { state: 'unplanned', why: 'No message has shown the order yet' }],
    ],
  );
});

test('an order whose plan fails is told, and the others are planned', async () => {
  const { put, look } = await openWorld();
  const mixed = [line(), line({ key: 'item:2', unitPrice: money.parse('1.00', 'CAD') })];
  const broken = resting(1, { state: 'skipped' });
  const shown = orderOf(broken.snapshot);
  assert.ok(shown !== undefined);
  await put({ ...broken, snapshot: { ...shown, lines: mixed } }, resting(2, { state: 'skipped' }));
  const foresight = await look();
  assert.deepEqual(statesOf(foresight), { '#2': 'changed', '#1': 'unplanned' });
  const failed = foresight.orders.find(({ outlook }) => outlook.state === 'unplanned')?.outlook;
  assert.match(failed?.state === 'unplanned' ? failed.why : '', /Cannot plan order #1: .*one currency/);
});

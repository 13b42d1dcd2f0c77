import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRESHBOOKS, SHOPIFY } from '#connections.ts';
import type { Rules } from '#core/rules.ts';
import { HOUR, after, localDate, parseLocalDate } from '#core/time.ts';
import { currentRules } from '#pipeline/current-rules.ts';
import { foresee } from '#pipeline/outlook.ts';
import type { Foresight } from '#pipeline/outlook.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import { decideOrder } from '#pipeline/release.ts';
import { replan } from '#pipeline/replan.ts';
import type { Reached } from '#pipeline/replan.ts';
import { rules } from '#tests/build.ts';
import { REFUND_CATEGORY, atCounter } from '#tests/cases/counter.ts';
import { KETTLE, PAPERS, card, of } from '#tests/cases/goods.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed, Stage } from '#tests/stage.ts';
import { standingOf } from '#sim/standing.ts';

/** New rules for orders that are booked already: looked at, applied, and followed by the books of the simulated account. */

const LONG_AGO = parseLocalDate('2020-01-01');

async function onStage(first: Partial<Rules>, act: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage();
  try {
    await importRules(stage, first);
    await act(stage);
  } finally {
    await stage.close();
  }
}

async function importRules({ app }: Stage, parts: Partial<Rules>): Promise<string> {
  const [version] = await app.importRules([{ from: SHOPIFY, to: FRESHBOOKS, rules: rules(parts) }]);
  return version ?? assert.fail();
}

/** By the current rules, and so that nothing may be said to FreshBooks. */
async function look({ app, sandbox }: Stage): Promise<Foresight> {
  const { calls } = sandbox.freshbooks;
  const before = calls.length;
  const { rules } = await currentRules(app.store.read, SHOPIFY, app.defaultsOf(SHOPIFY));
  const looking = { source: SHOPIFY, books: app.books, rules, since: LONG_AGO, limit: 100 };
  const foresight = await foresee(app.store.read, looking);
  assert.equal(calls.length, before, 'looking calls nobody');
  return foresight;
}

/** Says to the service's database that orders follow the rules by which they were looked at. */
async function apply({ app }: Stage, foresight: Foresight, version: string): Promise<Reached> {
  const now = app.clock.now();
  return replan(app.store, foresight, {
    source: SHOPIFY,
    books: app.books,
    otherwise: app.defaultsOf(SHOPIFY),
    version,
    now,
  });
}

const statesOf = ({ orders }: Foresight): Record<string, string> =>
  Object.fromEntries(orders.map(({ name, outlook }) => [name, outlook.state]));
const namesOf = (orders: readonly { readonly name: string }[]): string[] => orders.map(({ name }) => name);
const taxesOf = (stage: Stage, order: Placed): string[] => [
  ...new Set(
    stage.invoices(order).flatMap(({ lines }) => lines.flatMap(({ taxes }) => taxes.map(({ name }) => name))),
  ),
];
const holdsOf = async ({ app }: Stage, { key }: OrderRecord, isOpen: boolean): Promise<string[]> =>
  (await app.store.read.holds({ order: key, isOpen })).map(
    ({ code, closedBecause }) => `${code}${closedBecause === undefined ? '' : `: ${closedBecause}`}`,
  );

test('new rules are shown first with nothing changed, then applied, and then nothing is to be done', () =>
  onStage({ refunds: 'expense' }, async (stage) => {
    const { world } = stage.sandbox;
    const [taxed, refunded, other] = [
      world.scenario('paid, Quebec'),
      world.scenario('refunded, one unit of three'),
      world.scenario('paid, tax exempt buyer'),
    ];
    assert.equal((await stage.book(taxed)).state, 'settled');
    const asked = await stage.book(refunded);
    const live = await stage.book(other);
    assert.deepEqual(await holdsOf(stage, asked, true), ['refund-category-missing']);
    const version = await importRules(stage, { refunds: 'adjust', taxNames: { GST: 'GST/TPS' } });
    const foresight = await look(stage);
    assert.deepEqual(statesOf(foresight), { [taxed.name]: 'changed', [refunded.name]: 'changed' });
    assert.deepEqual(namesOf(foresight.unchanged), [other.name]);
    assert.deepEqual(taxesOf(stage, taxed), ['GST', 'QST']);
    assert.deepEqual([standingOf(stage.sandbox, refunded).net, asked.state], [7278n, 'held']);

    const reached = await apply(stage, foresight, version);
    assert.deepEqual(
      [namesOf(reached.replanned), reached.followingCount, reached.changed],
      [[refunded.name, taxed.name], 1, []],
    );
    const [now, then] = [await stage.atRest(taxed), await stage.atRest(refunded)];
    assert.deepEqual([now.state, then.state], ['settled', 'settled']);
    assert.deepEqual(taxesOf(stage, taxed), ['GST/TPS', 'QST']);
    const { net, paid } = standingOf(stage.sandbox, refunded);
    assert.deepEqual([net, paid], [5089n, 5089n]);
    assert.equal(stage.invoices(taxed)[0]?.amount, '121.15', 'the total stays');
    assert.deepEqual(await holdsOf(stage, then, false), ['refund-category-missing: Planned by new rules']);
    assert.deepEqual([now.rulesVersion, then.rulesVersion], [version, version]);
    assert.ok(now.priority > live.priority && then.priority > live.priority, 'live orders went first');
    const entries = await stage.app.store.read.entriesOf(now.key);
    assert.deepEqual([entries[0]?.rulesVersion === version, entries.at(-1)?.rulesVersion], [false, version]);

    const second = await look(stage);
    assert.deepEqual([statesOf(second), second.unchanged.length], [{}, 3]);
    const again = await apply(stage, second, version);
    assert.deepEqual([again.replanned, again.followingCount, again.changed], [[], 0, []]);
  }));

test('what a later message brings is planned by the applied rules, also where nothing was to do', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, two lines, code discount');
    const before = await stage.book(order);
    const version = await importRules(stage, { refunds: 'expense', refundCategory: 'Other Expenses' });
    assert.equal((await apply(stage, await look(stage), version)).followingCount, 1);
    assert.notEqual(before.rulesVersion, version);
    const request = { lines: [{ line: 1, quantity: 1 }], restock: 'return' } as const;
    stage.sandbox.world.act(order.id, { kind: 'refund', request });
    assert.equal((await stage.book(order, 'orders/updated')).state, 'settled');
    const { invoiced, spent } = standingOf(stage.sandbox, order);
    assert.ok(spent > 0n, 'by the old rules it would be off the invoice');
    assert.equal(invoiced, 10_394n);
  }));

test('an order that changed since it was looked at is left out, and the others are done', () =>
  onStage({}, async (stage) => {
    const { world } = stage.sandbox;
    const [still, moved] = [world.scenario('paid, Quebec'), world.scenario('paid, Quebec')];
    const before = await stage.book(moved);
    await stage.book(still);
    const version = await importRules(stage, { taxNames: { GST: 'GST/TPS' } });
    const foresight = await look(stage);
    world.act(moved.id, { kind: 'note', note: 'Please ring twice' });
    await stage.book(moved, 'orders/updated');
    const reached = await apply(stage, foresight, version);
    assert.deepEqual([namesOf(reached.replanned), namesOf(reached.changed)], [[still.name], [moved.name]]);
    await stage.atRest(still);
    const after = await stage.atRest(moved);
    assert.deepEqual(
      [taxesOf(stage, still), taxesOf(stage, moved)],
      [
        ['GST/TPS', 'QST'],
        ['GST', 'QST'],
      ],
    );
    assert.equal(after.rulesVersion, before.rulesVersion);
    const next = await look(stage);
    assert.deepEqual(statesOf(next), { [moved.name]: 'changed' });
    assert.deepEqual(namesOf((await apply(stage, next, version)).replanned), [moved.name]);
    await stage.atRest(moved);
    assert.deepEqual(taxesOf(stage, moved), ['GST/TPS', 'QST']);
  }));

test('orders that were looked at by rules which are not the current ones any more are left out', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, Quebec');
    const before = await stage.book(order);
    const version = await importRules(stage, { taxNames: { GST: 'GST/TPS' } });
    const foresight = await look(stage);
    await importRules(stage, { taxNames: { GST: 'Federal' } });
    const reached = await apply(stage, foresight, version);
    assert.deepEqual([reached.replanned, namesOf(reached.changed)], [[], [order.name]]);
    assert.equal((await stage.atRest(order)).rulesVersion, before.rulesVersion);
  }));

test('an order that is being worked on, or waits to be, is not touched', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, Quebec');
    const resting = await stage.book(order);
    const version = await importRules(stage, { taxNames: { GST: 'GST/TPS' } });
    const foresight = await look(stage);
    const { store, clock } = stage.app;
    const dueAt = after(clock.now(), HOUR);
    const waiting = { ...resting, state: 'waiting', dueAt, reason: 'FreshBooks is down' } as const;
    await store.transact((tx) => tx.putOrder(waiting));
    assert.deepEqual(namesOf((await apply(stage, foresight, version)).changed), [order.name]);
    const now = await look(stage);
    assert.deepEqual(statesOf(now), { [order.name]: 'under-way' });
    assert.deepEqual((await apply(stage, now, version)).replanned, []);
    assert.deepEqual(await store.read.order(resting.key), waiting);
  }));

test('a linked invoice, and an order that a person stopped following, are left alone and counted', () =>
  onStage({ refunds: 'expense' }, async (stage) => {
    const { world, shopify, freshbooks } = stage.sandbox;
    const linked = world.scenario('paid, one line');
    const body = JSON.parse(shopify.webhooks.body(linked.id));
    const hand = freshbooks.byHand();
    hand.addInvoice({
      customerid: hand.addClient({ fname: 'Jane', email: body.email }),
      create_date: body.processed_at.slice(0, 10),
      invoice_number: `SHOPIFY-${linked.name.slice(1)}`,
      po_number: `SHOPIFY-ORDER-${linked.id}`,
      lines: [{ name: 'All of it', qty: 1, unit_cost: { amount: body.total_price, code: 'USD' } }],
    });
    await stage.book(linked);
    const kept = world.scenario('refunded, one unit of three');
    const asked = await stage.book(kept);
    const { store, clock } = stage.app;
    await decideOrder(store, asked.key, { decision: 'keep', now: clock.now() });
    await stage.atRest(kept);
    const version = await importRules(stage, { refunds: 'adjust', channelTax: 'two_lines' });
    const foresight = await look(stage);
    assert.deepEqual([foresight.orders, foresight.unchanged, foresight.leftCount], [[], [], 2]);
    const before = [await stage.atRest(linked), await stage.atRest(kept)];
    const reached = await apply(stage, foresight, version);
    assert.deepEqual([reached.replanned, reached.followingCount], [[], 0]);
    assert.deepEqual([await stage.atRest(linked), await stage.atRest(kept)], before);
  }));

test('an order on closed days would only be asked about, so it keeps its rules', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, Quebec');
    const before = await stage.book(order);
    const { placedAt, zone } = before.snapshot ?? assert.fail();
    const today = localDate(placedAt, zone);
    const version = await importRules(stage, { taxNames: { GST: 'GST/TPS' }, closedThrough: today });
    const foresight = await look(stage);
    assert.deepEqual(statesOf(foresight), { [order.name]: 'held' });
    assert.deepEqual((await apply(stage, foresight, version)).replanned, []);
    assert.deepEqual(await stage.atRest(order), before);
    assert.deepEqual(statesOf(await look(stage)), { [order.name]: 'held' });
  }));

for (const [when, moment, stands] of [
  ['in its month', '2026-09-20T15:00:00Z', { invoiced: 2117n, spent: 0n, paid: 2117n }],
  ['a month later', '2026-10-05T15:00:00Z', { invoiced: 10_721n, spent: 8604n, paid: 10_721n }],
] as const) {
  test(`an order that is marked as sent is followed as such by rules that leave drafts: refunded ${when}`, () =>
    atCounter({}, async ({ stage, sell, change, goTo, standing, agrees }) => {
      const order = await sell(card([of(KETTLE), of(PAPERS, 3)], { to: 'US-NY' }));
      const version = await importRules(stage, { endState: 'draft', refundCategory: REFUND_CATEGORY });
      assert.equal((await apply(stage, await look(stage), version)).followingCount, 1);
      goTo(moment);
      const request = { lines: [{ line: 0, quantity: 1 }], restock: 'return' } as const;
      await change(order, { kind: 'refund', request });
      await agrees(order);
      const { invoiced, spent, paid } = standing(order);
      assert.deepEqual({ invoiced, spent, paid }, stands);
    }));
}

test('an order of which one invoice cannot be written anew keeps its rules for all of them', () =>
  atCounter({}, async ({ stage, sell, change, goTo, agrees }) => {
    const order = await sell(card([of(KETTLE)], { to: 'CA-QC' }));
    goTo('2026-10-05T15:00:00Z');
    await change(order, { kind: 'edit', edit: { kind: 'add', item: of(PAPERS, 2) } });
    assert.deepEqual(
      stage.invoices(order).map(({ createdOn }) => createdOn),
      ['2026-09-15', '2026-10-05'],
    );
    const version = await importRules(stage, { taxNames: { GST: 'GST/TPS' } });
    const foresight = await look(stage);
    assert.deepEqual(statesOf(foresight), { [order.name]: 'held' });
    assert.deepEqual((await apply(stage, foresight, version)).replanned, []);
    await change(order, { kind: 'pay', gateway: 'manual' });
    await agrees(order);
    assert.deepEqual(taxesOf(stage, order), ['GST', 'QST']);
  }));

test('an order that was skipped is booked once the rules do not skip it any more', () =>
  onStage({ bookWhen: 'fulfilled' }, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    assert.equal((await stage.book(order)).state, 'skipped');
    const version = await importRules(stage, {});
    const foresight = await look(stage);
    assert.deepEqual(statesOf(foresight), { [order.name]: 'changed' });
    assert.equal(stage.invoices(order).length, 0);
    await apply(stage, foresight, version);
    const booked = await stage.atRest(order);
    assert.deepEqual([booked.state, booked.rulesVersion], ['settled', version]);
    assert.deepEqual(
      stage.invoices(order).map(({ status }) => status),
      [4],
    );
  }));

test('an invoice that a person changed in FreshBooks is not written over by new rules', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, Quebec');
    await stage.book(order);
    const [invoice] = stage.invoices(order);
    assert.ok(invoice !== undefined);
    const lines = [{ name: 'As agreed', qty: 1, unit_cost: { amount: invoice.amount, code: 'USD' } }];
    stage.sandbox.freshbooks.byHand().editInvoice(invoice.id, { lines });
    const version = await importRules(stage, { taxNames: { GST: 'GST/TPS' } });
    await apply(stage, await look(stage), version);
    const held = await stage.atRest(order);
    assert.deepEqual([held.state, await holdsOf(stage, held, true)], ['held', ['books-invoice-edited']]);
    assert.deepEqual(
      stage.invoices(order).flatMap(({ lines }) => lines.map(({ name }) => name)),
      ['As agreed'],
    );
    const next = await look(stage);
    assert.deepEqual(statesOf(next), { [order.name]: 'under-way' }, 'it waits for the answer');
    await decideOrder(stage.app.store, held.key, { decision: 'accept', now: stage.app.clock.now() });
    await stage.atRest(order);
    await importRules(stage, { taxNames: { GST: 'Federal' } });
    assert.deepEqual([statesOf(await look(stage)), (await look(stage)).leftCount], [{}, 1]);
  }));

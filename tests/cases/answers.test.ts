import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fold } from '#core/ledger.ts';
import { proofOf } from '#core/proof.ts';
import { orderOf } from '#core/settlement.ts';
import { expectedBooks } from '#sim/check.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { parseLocalDate } from '#core/time.ts';
import { decideOrder, putAside, releaseOrder } from '#pipeline/release.ts';
import type { Decided, Decision } from '#pipeline/release.ts';
import { atCounter, restoredAfter } from '#tests/cases/counter.ts';
import type { Counter } from '#tests/cases/counter.ts';
import { BREAD, KETTLE, PAPERS, card, of } from '#tests/cases/goods.ts';
import type { Placed } from '#tests/stage.ts';
import { until } from '#tests/until.ts';

/** Questions and what each answer does (docs/bookkeeping.md, "Questions and answers"). */

const TWO = card([of(KETTLE), of(PAPERS, 3)], { to: 'US-NY' });
const ONE_BACK = {
  kind: 'refund',
  request: { lines: [{ line: 0, quantity: 1 }], restock: 'return' },
} as const;

async function answer({ stage }: Counter, order: Placed, decision: Decision): Promise<Decided> {
  const { key } = await stage.atRest(order);
  const { store, clock } = stage.app;
  const decided = await decideOrder(store, key, { decision, now: clock.now() });
  await stage.atRest(order);
  return decided;
}

/** Sold, its invoice edited by hand, and then a unit goes back: the edit is asked about. */
async function edited(counter: Counter): Promise<Placed> {
  const order = await counter.sell(TWO);
  const [invoice] = counter.stage.invoices(order);
  assert.ok(invoice !== undefined);
  counter.stage.sandbox.freshbooks.byHand().editInvoice(invoice.id, { create_date: '2026-09-14' });
  await counter.change(order, ONE_BACK);
  assert.deepEqual([...new Set(await counter.questions(order))], ['books-invoice-edited']);
  return order;
}

/** By a new file of rules, for all orders at once. */
async function closedThrough({ stage }: Counter, day: string): Promise<void> {
  const [route] = await stage.app.routeRules();
  assert.ok(route !== undefined);
  await stage.app.importRules([{ ...route, rules: { ...route.rules, closedThrough: parseLocalDate(day) } }]);
}

void describe('questions and answers', () => {
  void test('what was edited by hand is written over by "restore"', () =>
    atCounter({}, async (counter) => {
      const order = await edited(counter);
      const decided = await answer(counter, order, 'restore');
      assert.equal(decided.outcome, 'decided');
      await counter.agrees(order);
      assert.equal(counter.stage.invoices(order)[0]?.createdOn, '2026-09-15');
    }));

  void test('what was edited by hand is taken as right by "accept", and later changes go from there', () =>
    atCounter({}, async (counter) => {
      const order = await edited(counter);
      await answer(counter, order, 'accept');
      assert.deepEqual(await counter.questions(order), []);
      assert.equal(counter.stage.invoices(order)[0]?.createdOn, '2026-09-14');
    }));

  void test('what was taken as right is taken once, whatever is told of the order later', () =>
    atCounter({}, async (counter) => {
      const { stage } = counter;
      const order = await counter.sell({ ...TWO, payment: { kind: 'open' } });
      const [invoice] = stage.invoices(order);
      assert.ok(invoice !== undefined);
      const { outstanding, currency: code, createdOn: date } = invoice;
      const amount = { amount: outstanding, code };
      stage.sandbox.freshbooks.byHand().addPayment({ invoiceid: invoice.id, amount, date, type: 'Check' });
      await counter.change(order, {
        kind: 'edit',
        edit: { kind: 'remove', line: 1, quantity: 1 },
      });
      assert.deepEqual([...new Set(await counter.questions(order))], ['books-invoice-edited']);
      await answer(counter, order, 'accept');
      await counter.change(order, { kind: 'pay', gateway: 'manual' });
      const { key } = await stage.atRest(order);
      const before = await stage.app.store.read.entriesOf(key);
      await counter.change(order, { kind: 'note', note: 'Ring twice' });
      await counter.change(order, { kind: 'note', note: 'Ring once' });
      assert.deepEqual(await stage.app.store.read.entriesOf(key), before);
    }));

  for (const [decision, isRestored] of [
    ['restore', false],
    ['accept', false],
    ['restore', true],
    ['accept', true],
  ] as const) {
    const since = isRestored ? ', in a database restored from before it' : '';
    void test(`an invoice made larger by hand is asked about before it is paid: ${decision}${since}`, () =>
      atCounter({}, async (counter) => {
        const { stage } = counter;
        const order = await counter.sell({ ...TWO, payment: { kind: 'open' } });
        const [invoice] = stage.invoices(order);
        assert.ok(invoice !== undefined);
        const edit = (): void =>
          stage.sandbox.freshbooks.byHand().editInvoice(invoice.id, {
            lines: [{ type: 0, name: 'By hand', qty: '1', unit_cost: { amount: '200.00' } }],
          });
        await (isRestored ? restoredAfter(stage, edit) : edit());
        await counter.change(order, { kind: 'pay', gateway: 'manual' });
        assert.deepEqual([...new Set(await counter.questions(order))], ['books-invoice-edited']);
        assert.equal(counter.standing(order).paid, 0n);
        await answer(counter, order, decision);
        if (decision === 'restore') {
          await counter.agrees(order);
          return;
        }
        const { invoiced, paid } = counter.standing(order);
        const { received } = expectedBooks(stage.sandbox.world.order(order.id) ?? order);
        assert.deepEqual([invoiced, paid], [20_000n, received]);
        const { key, snapshot } = await stage.atRest(order);
        const booked = fold(await stage.app.store.read.entriesOf(key));
        const { difference } = proofOf(orderOf(snapshot) ?? assert.fail(), booked);
        assert.equal(difference?.minor, invoiced - paid, 'the difference is shown');
      }));
  }

  for (const [decision, invoiced] of [
    ['accept', 15_000n],
    ['restore', 1412n],
  ] as const) {
    void test(`lines that were taken as right are not written over by the next change unasked: ${decision}`, () =>
      atCounter({}, async (counter) => {
        const { stage } = counter;
        const order = await counter.sell(TWO);
        const lines = [{ type: 0, name: 'By hand', qty: '1', unit_cost: { amount: '150.00' } }];
        const hand = stage.sandbox.freshbooks.byHand();
        stage.invoices(order).forEach(({ id }) => hand.editInvoice(id, { lines }));
        await counter.change(order, ONE_BACK);
        await answer(counter, order, 'accept');
        const request = { lines: [{ line: 1, quantity: 1 }], restock: 'return' } as const;
        await counter.change(order, { kind: 'refund', request });
        assert.deepEqual(await counter.questions(order), ['books-invoice-edited']);
        assert.equal(counter.standing(order).invoiced, 15_000n);
        await answer(counter, order, decision);
        assert.deepEqual([await counter.questions(order), counter.standing(order).invoiced], [[], invoiced]);
        await counter.change(order, { kind: 'note', note: 'Ring twice' });
        assert.deepEqual([await counter.questions(order), counter.standing(order).invoiced], [[], invoiced]);
      }));
  }

  for (const [decision, invoiced] of [
    ['restore', 0n],
    ['keep', 10_000n],
  ] as const) {
    void test(`lines that were taken as right are not deleted unasked with an order that is cancelled: ${decision}`, () =>
      atCounter({}, async (counter) => {
        const { stage } = counter;
        const order = await counter.sell({ ...TWO, payment: { kind: 'open' } });
        const lines = [{ type: 0, name: 'By hand', qty: '1', unit_cost: { amount: '100.00' } }];
        const hand = stage.sandbox.freshbooks.byHand();
        stage.invoices(order).forEach(({ id }) => hand.editInvoice(id, { lines }));
        await counter.change(order, { kind: 'edit', edit: { kind: 'remove', line: 1, quantity: 1 } });
        await answer(counter, order, 'accept');
        assert.deepEqual([await counter.questions(order), counter.standing(order).invoiced], [[], 10_000n]);
        await counter.change(order, { kind: 'cancel', request: { reason: 'customer', money: 'keep' } });
        assert.deepEqual(await counter.questions(order), ['books-invoice-edited']);
        assert.equal(counter.standing(order).invoiced, 10_000n);
        await answer(counter, order, decision);
        assert.deepEqual([await counter.questions(order), counter.standing(order).invoiced], [[], invoiced]);
      }));
  }

  for (const [decision, byHand, stands] of [
    ['accept', '107.21', { invoiced: 10_721n, spent: 8604n, paid: 10_721n }],
    ['restore', '21.17', { invoiced: 10_721n, spent: 8604n, paid: 10_721n }],
    ['keep', '21.17', { invoiced: 2117n, spent: 0n, paid: 2117n }],
  ] as const) {
    void test(`an invoice changed by hand is asked about before a refund stands beside it: ${decision}`, () =>
      atCounter({}, async (counter) => {
        const { stage } = counter;
        const order = await counter.sell(TWO);
        const hand = stage.sandbox.freshbooks.byHand();
        const amount = { amount: byHand, code: 'USD' };
        stage.payments(order).forEach(({ id }) => hand.editPayment(id, { amount }));
        const lines = [{ type: 0, name: 'By hand', qty: '1', unit_cost: amount }];
        stage.invoices(order).forEach(({ id }) => hand.editInvoice(id, { lines }));
        counter.goTo('2026-10-05T15:00:00Z');
        await counter.change(order, ONE_BACK);
        assert.deepEqual(await counter.questions(order), ['books-invoice-edited']);
        assert.equal(counter.standing(order).spent, 0n);
        await answer(counter, order, decision);
        if (decision === 'restore') {
          assert.deepEqual(await counter.questions(order), ['books-payment-edited']);
          await answer(counter, order, decision);
        }
        const { invoiced, spent, paid } = counter.standing(order);
        assert.deepEqual([await counter.questions(order), { invoiced, spent, paid }], [[], stands]);
      }));
  }

  void test('what a person may have added to the invoice himself is no invoice of its own unasked', () =>
    atCounter({}, async (counter) => {
      const { stage } = counter;
      const order = await counter.sell(card([of(KETTLE)]));
      const hand = stage.sandbox.freshbooks.byHand();
      const lines = [
        { type: 0, name: 'Kettle and bread', qty: '1', unit_cost: { amount: '92.26', code: 'USD' } },
      ];
      stage.invoices(order).forEach(({ id }) => hand.editInvoice(id, { lines }));
      counter.goTo('2026-10-05T15:00:00Z');
      await counter.change(order, { kind: 'edit', edit: { kind: 'add', item: of(BREAD) } });
      assert.deepEqual(await counter.questions(order), ['books-invoice-edited']);
      assert.equal(stage.invoices(order).length, 1);
      await answer(counter, order, 'keep');
      assert.equal(counter.standing(order).net, 9226n);
    }));

  void test('a refund stands beside no invoice that was deleted by hand', () =>
    atCounter({}, async (counter) => {
      const { stage } = counter;
      const order = await counter.sell(TWO);
      const hand = stage.sandbox.freshbooks.byHand();
      stage.payments(order).forEach(({ id }) => hand.deletePayment(id));
      stage.invoices(order).forEach(({ id }) => hand.deleteInvoice(id));
      counter.goTo('2026-10-05T15:00:00Z');
      await counter.change(order, ONE_BACK);
      assert.deepEqual(await counter.questions(order), ['books-invoice-deleted']);
      await answer(counter, order, 'keep');
      assert.deepEqual([await counter.questions(order), counter.standing(order).net], [[], 0n]);
    }));

  void test('what was taken as right is not deleted without another answer, and the question says which', () =>
    atCounter({}, async (counter) => {
      const order = await edited(counter);
      await answer(counter, order, 'accept');
      await counter.change(order, { kind: 'cancel', request: { reason: 'customer', money: 'refund' } });
      const { key } = await counter.stage.atRest(order);
      const [hold] = await counter.stage.app.store.read.holds({ order: key, isOpen: true });
      assert.match(hold?.detail ?? '', /is to be deleted: restore has that done, keep leaves it$/);
      assert.equal(counter.stage.invoices(order)[0]?.visState, 0);
      await answer(counter, order, 'restore');
      assert.deepEqual(await counter.questions(order), []);
      assert.equal(counter.stage.invoices(order)[0]?.visState, 1);
    }));

  void test('an order that is kept as it stands is followed no more', () =>
    atCounter({}, async (counter) => {
      const order = await edited(counter);
      const before = counter.stage.invoices(order);
      await answer(counter, order, 'keep');
      assert.deepEqual(await counter.questions(order), []);
      await counter.change(order, { kind: 'cancel', request: { reason: 'customer', money: 'refund' } });
      assert.deepEqual(counter.stage.invoices(order), before);
      assert.equal((await counter.stage.atRest(order)).state, 'skipped');
    }));

  void test('a part payment that somebody recorded already is asked about, and made once that is deleted', () =>
    atCounter({}, async ({ stage, sell, change, questions }) => {
      const order = await sell({ ...TWO, payment: { kind: 'open' } });
      const [invoice] = stage.invoices(order);
      assert.ok(invoice !== undefined);
      const half = (Math.floor(Number(invoice.amount) * 50) / 100).toFixed(2);
      const standing = (): ReturnType<typeof stage.payments> =>
        stage.payments(order).filter(({ visState }) => visState === 0);
      const byHand = stage.sandbox.freshbooks.byHand();
      const id = byHand.addPayment({
        invoiceid: invoice.id,
        amount: { amount: half, code: invoice.currency },
        date: invoice.createdOn,
        type: 'Cash',
      });
      await change(order, { kind: 'pay', gateway: 'manual', percent: 50 });
      assert.deepEqual(await questions(order), ['books-payment-unclear']);
      assert.deepEqual(
        standing().map((payment) => payment.id),
        [id],
      );
      byHand.deletePayment(id);
      const { store, clock, books } = stage.app;
      const { key } = await stage.atRest(order);
      await releaseOrder(store, key, { now: clock.now(), account: books.connection });
      await stage.atRest(order);
      assert.deepEqual(await questions(order), []);
      assert.deepEqual(
        standing().map(({ amount }) => amount),
        [half],
      );
    }));

  void test('"keep" ends the question about a payment that was perhaps made, too', () => {
    const faults = scriptedFaults();
    return atCounter({ stage: { faults } }, async ({ stage, sell, questions }) => {
      const [like] = stage.payments(await sell(TWO));
      assert.ok(like !== undefined);
      faults.add({ method: 'POST', path: '/payments/payments', fault: { kind: 'drop-before' } });
      const order = stage.sandbox.world.place(TWO);
      const booked = stage.book(order);
      await until('the payment does not arrive', async () => faults.injected.length === 1);
      stage.sandbox.freshbooks.byHand().addPayment({
        invoiceid: stage.invoices(order)[0]?.id ?? 0,
        amount: { amount: like.amount, code: like.currency },
        date: like.date,
        type: like.type,
      });
      const { key } = await booked;
      assert.deepEqual(await questions(order), ['books-payment-unclear']);
      const { store, clock } = stage.app;
      await decideOrder(store, key, { decision: 'keep', now: clock.now() });
      const { state, reason } = await stage.atRest(order);
      assert.deepEqual([state, await questions(order)], ['skipped', []], reason);
      assert.equal(stage.payments(order).length, 1);
    });
  });

  void test('an answer is about one edit: the next is asked about again', () =>
    atCounter({}, async (counter) => {
      const order = await edited(counter);
      const [invoice] = counter.stage.invoices(order);
      counter.stage.sandbox.freshbooks.byHand().editInvoice(invoice?.id ?? 0, { create_date: '2026-09-13' });
      await answer(counter, order, 'restore');
      assert.deepEqual([...new Set(await counter.questions(order))], ['books-invoice-edited']);
      assert.equal(counter.stage.invoices(order)[0]?.createdOn, '2026-09-13');
    }));

  void test('an answer to what is not asked changes nothing', () =>
    atCounter({}, async (counter) => {
      const order = await edited(counter);
      const decided = await answer(counter, order, 'open-day');
      assert.deepEqual(decided.outcome, 'not-asked');
      assert.deepEqual([...new Set(await counter.questions(order))], ['books-invoice-edited']);
    }));

  void test('an order of a closed day is booked on the first open one, or left out as booked already', () =>
    atCounter({ rules: { closedThrough: parseLocalDate('2026-09-30') } }, async (counter) => {
      const first = await counter.sell(TWO);
      assert.deepEqual(await counter.questions(first), ['period-closed']);
      assert.deepEqual(counter.standing(first).numbers, []);
      await answer(counter, first, 'open-day');
      await counter.agrees(first);
      const [invoice] = counter.stage.invoices(first);
      assert.equal(invoice?.createdOn, '2026-10-01');
      assert.match(invoice?.texts['notes'] ?? '', /Really of 2026-09-15, which was closed in the books/);
      const second = await counter.sell(TWO);
      await answer(counter, second, 'already-booked');
      assert.deepEqual(counter.standing(second).numbers, []);
      assert.equal((await counter.stage.atRest(second)).state, 'skipped');
    }));

  void test('what is added to an order that is booked already by a person’s word is asked about', () =>
    atCounter({ rules: { closedThrough: parseLocalDate('2026-09-30') } }, async (counter) => {
      const order = await counter.sell(TWO);
      await answer(counter, order, 'already-booked');
      await counter.change(order, { kind: 'note', note: 'Ring twice' });
      assert.equal((await counter.stage.atRest(order)).state, 'skipped');
      counter.goTo('2026-10-10T15:00:00Z');
      await counter.change(order, { kind: 'edit', edit: { kind: 'add', item: of(PAPERS, 2) } });
      assert.deepEqual(await counter.questions(order), ['order-changed']);
      assert.deepEqual(counter.standing(order).numbers, []);
      await answer(counter, order, 'keep');
      assert.deepEqual(await counter.questions(order), []);
    }));

  void test('a refund of a closed day is left out as booked already, and the rest is followed', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      const [route] = await counter.stage.app.routeRules();
      assert.ok(route !== undefined);
      const closedThrough = parseLocalDate('2026-09-30');
      await counter.stage.app.importRules([{ ...route, rules: { ...route.rules, closedThrough } }]);
      const before = counter.standing(order);
      await counter.change(order, ONE_BACK);
      assert.deepEqual(await counter.questions(order), ['period-closed']);
      await answer(counter, order, 'already-booked');
      assert.deepEqual(await counter.questions(order), []);
      assert.deepEqual(counter.standing(order), before);
    }));

  void test('what is in the books by a person’s word stands once, also when its day is opened again', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      await closedThrough(counter, '2026-09-30');
      await counter.change(order, ONE_BACK);
      await answer(counter, order, 'already-booked');
      const before = counter.standing(order);
      await closedThrough(counter, '2026-08-31');
      await counter.change(order, { kind: 'note', note: 'Ring twice' });
      assert.deepEqual([counter.standing(order), await counter.questions(order)], [before, []]);
    }));

  void test('what comes later is booked beside what stands on days that a person has answered for, also once they are open', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      await closedThrough(counter, '2026-09-20');
      await counter.change(order, ONE_BACK);
      await answer(counter, order, 'already-booked');
      await closedThrough(counter, '2026-08-31');
      counter.goTo('2026-09-25T15:00:00Z');
      const request = { lines: [{ line: 1, quantity: 1 }], restock: 'return' } as const;
      await counter.change(order, { kind: 'refund', request });
      const { invoiced, spent, paid } = counter.standing(order);
      assert.deepEqual({ invoiced, spent, paid }, { invoiced: 10_721n, spent: 705n, paid: 10_721n });
      assert.deepEqual(await counter.questions(order), []);
      await counter.change(order, { kind: 'edit', edit: { kind: 'remove', line: 1, quantity: 1 } });
      assert.deepEqual(await counter.questions(order), ['order-reduced']);
    }));

  void test('what was said of closed days is not said of days that are closed later', () =>
    atCounter({}, async (counter) => {
      const { stage } = counter;
      const order = await counter.sell(TWO);
      await closedThrough(counter, '2026-09-30');
      await counter.change(order, ONE_BACK);
      await answer(counter, order, 'already-booked');
      const before = counter.standing(order);
      counter.goTo('2026-10-10T15:00:00Z');
      const request = { lines: [{ line: 1, quantity: 1 }], restock: 'return' } as const;
      stage.sandbox.world.act(order.id, { kind: 'refund', request });
      await closedThrough(counter, '2026-10-31');
      await counter.change(order, { kind: 'note', note: 'Ring twice' });
      assert.deepEqual(await counter.questions(order), ['period-closed']);
      await answer(counter, order, 'open-day');
      const { spent } = counter.standing(order);
      assert.deepEqual(await counter.questions(order), []);
      const [expense, ...others] = stage.sandbox.freshbooks.account().expenses;
      assert.deepEqual([expense?.date, others], ['2026-11-01', []], 'of the second refund alone');
      assert.equal(counter.standing(order).net, before.net - spent);
    }));

  for (const [decision, expected] of [
    ['already-booked', ['2026-10-02 60.56']],
    ['open-day', ['2026-10-02 60.56', '2026-10-01 25.95']],
  ] as const) {
    void test(`money of a closed day waits beside money of an open one: ${decision}`, () =>
      atCounter({}, async (counter) => {
        const { stage } = counter;
        const order = await counter.sell(card([of(KETTLE)], { payment: { kind: 'open' } }));
        counter.goTo('2026-09-29T15:00:00Z');
        stage.sandbox.world.act(order.id, { kind: 'pay', gateway: 'manual', percent: 30 });
        counter.goTo('2026-10-02T15:00:00Z');
        stage.sandbox.world.act(order.id, { kind: 'pay', gateway: 'shopify_payments' });
        await closedThrough(counter, '2026-09-30');
        const paid = (): string[] => stage.payments(order).map(({ date, amount }) => `${date} ${amount}`);
        await counter.change(order, { kind: 'note', note: 'Ring twice' });
        assert.deepEqual([await counter.questions(order), paid()], [['period-closed'], ['2026-10-02 60.56']]);
        await answer(counter, order, decision);
        await counter.change(order, { kind: 'note', note: 'Ring once' });
        assert.deepEqual([await counter.questions(order), paid()], [[], expected]);
      }));
  }

  void test('an order whose invoice was taken away is no order that a person booked himself', () =>
    atCounter({}, async (counter) => {
      const { stage } = counter;
      const order = await counter.sell(TWO);
      await counter.change(order, { kind: 'refund', request: { lines: 'all', restock: 'return' } });
      assert.equal(counter.standing(order).net, 0n);
      stage.sandbox.world.act(order.id, { kind: 'edit', edit: { kind: 'add', item: of(BREAD) } });
      await closedThrough(counter, '2026-09-30');
      await counter.change(order, { kind: 'note', note: 'Ring twice' });
      assert.deepEqual(await counter.questions(order), ['period-closed']);
      assert.equal((await answer(counter, order, 'already-booked')).outcome, 'not-asked');
      await answer(counter, order, 'open-day');
      await counter.agrees(order);
    }));

  void test('an order that is in the books by a person’s word is asked about when money of it goes back later', () =>
    atCounter({ rules: { closedThrough: parseLocalDate('2026-09-30') } }, async (counter) => {
      const order = await counter.sell(TWO);
      await counter.change(order, ONE_BACK);
      await answer(counter, order, 'already-booked');
      assert.equal((await counter.stage.atRest(order)).reason, 'In the books already, as you said');
      counter.goTo('2026-10-10T15:00:00Z');
      await counter.change(order, { kind: 'note', note: 'Ring twice' });
      assert.deepEqual(await counter.questions(order), [], 'what was of closed days was answered');
      const request = { lines: [{ line: 1, quantity: 1 }], restock: 'return' } as const;
      await counter.change(order, { kind: 'refund', request });
      assert.deepEqual(await counter.questions(order), ['order-refunded']);
      const { reason } = await counter.stage.atRest(order);
      assert.match(reason ?? '', /^Order #\d+ was 21\.17 USD and is 14\.12 USD now$/);
      await answer(counter, order, 'keep');
      assert.deepEqual([await counter.questions(order), counter.standing(order).numbers], [[], []]);
    }));

  void test('a draft of a closed day that a person sent himself is paid when money comes later', () =>
    atCounter({}, async (counter) => {
      const { stage } = counter;
      const hand = stage.sandbox.freshbooks.byHand();
      hand.setLockDate('2026-09-20');
      const order = await counter.sell(card([of(KETTLE)], { payment: { kind: 'open' } }));
      assert.deepEqual(await counter.questions(order), ['period-closed']);
      assert.equal((await answer(counter, order, 'open-day')).outcome, 'not-asked', 'it stands on its day');
      hand.setLockDate(null);
      hand.editInvoice(stage.invoices(order)[0]?.id ?? 0, { action_mark_as_sent: true });
      hand.setLockDate('2026-09-20');
      await answer(counter, order, 'already-booked');
      assert.deepEqual(await counter.questions(order), []);
      counter.goTo('2026-10-02T15:00:00Z');
      await counter.change(order, { kind: 'pay', gateway: 'manual' });
      await counter.agrees(order);
      assert.deepEqual(
        stage.payments(order).map(({ date }) => date),
        ['2026-10-02'],
      );
    }));

  void test('what was added on a day that is closed is put on the first open one, or kept as it is', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      counter.goTo('2026-09-29T15:00:00Z');
      await closedThrough(counter, '2026-09-30');
      await counter.change(order, { kind: 'edit', edit: { kind: 'add', item: of(BREAD) } });
      assert.deepEqual(await counter.questions(order), ['period-closed']);
      assert.equal((await answer(counter, order, 'already-booked')).outcome, 'not-asked');
      await answer(counter, order, 'open-day');
      await counter.agrees(order);
      assert.deepEqual(
        counter.stage.invoices(order).map(({ createdOn }) => createdOn),
        ['2026-09-15', '2026-10-01'],
      );
    }));

  void test('a day that FreshBooks has locked is taken as closed, until rules are imported again', () =>
    atCounter({}, async (counter) => {
      const hand = counter.stage.sandbox.freshbooks.byHand();
      hand.setLockDate('2026-09-20');
      const first = await counter.sell(TWO);
      assert.deepEqual(await counter.questions(first), ['period-closed'], 'its draft is left one');
      const second = await counter.sell(TWO);
      assert.deepEqual(await counter.questions(second), ['period-closed'], 'asked before anything is sent');
      assert.deepEqual(counter.standing(second).numbers, []);
      const [route] = await counter.stage.app.routeRules();
      assert.ok(route !== undefined);
      const closedThrough = parseLocalDate('2026-09-20');
      await counter.stage.app.importRules([{ ...route, rules: { ...route.rules, closedThrough } }]);
      await answer(counter, second, 'open-day');
      await counter.agrees(second);
      assert.equal(counter.stage.invoices(second)[0]?.createdOn, '2026-09-21');
      hand.setLockDate(null);
      await counter.stage.app.importRules([route]);
      const third = await counter.sell(TWO);
      await counter.agrees(third);
      assert.equal(counter.stage.invoices(third)[0]?.createdOn, '2026-09-15');
    }));

  void test('a message that is no order waits until a person says that it was seen to', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      const { store, clock } = counter.stage.app;
      const dispute = JSON.stringify({ id: 1, order_id: Number(order.id), type: 'inquiry', status: 'lost' });
      await counter.stage.tell({ topic: 'disputes/update', body: dispute, order });
      const [held] = await store.read.deliveries({ state: 'held', limit: 10 });
      assert.ok(held !== undefined);
      assert.match(held.reason ?? '', /^An inquiry of an unknown amount on order \d+ is "lost"/);
      assert.equal(await putAside(store, held.id, clock.now()), true);
      assert.deepEqual(await store.read.deliveries({ state: 'held', limit: 10 }), []);
      assert.equal(await putAside(store, held.id, clock.now()), false);
    }));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectedBooks } from '#sim/check.ts';
import { atCounter, restoredAfter } from '#tests/cases/counter.ts';
import type { Counter } from '#tests/cases/counter.ts';
import { KETTLE, PAPERS, POST, SHIRT, card, of } from '#tests/cases/goods.ts';
import type { Placed } from '#tests/stage.ts';

/** Cases 14 to 28 and 40 of docs/bookkeeping.md: what becomes of an order. */

const TWO = card([of(KETTLE), of(PAPERS, 3)], { to: 'US-NY', shipping: POST });
const NEXT_MONTH = '2026-10-05T15:00:00Z';

const ALL = {
  kind: 'refund',
  request: { lines: 'all', shipping: true, extras: true, restock: 'return' },
} as const;

/** Payments that stand, as day and amount. */
function paymentsOf({ stage }: Counter, order: Placed): string[] {
  return stage
    .payments(order)
    .filter(({ visState }) => visState === 0)
    .map(({ date, amount }) => `${date} ${amount}`);
}

function amount(minor: bigint): string {
  const digits = minor.toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

void describe('cases of life', () => {
  void test('case 14: a full refund within the month takes invoice and payment away and leaves no credit', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      await counter.change(order, ALL);
      const { now } = await counter.agrees(order);
      assert.equal(now.worth, 0n);
      assert.deepEqual(counter.standing(order).numbers, []);
      assert.deepEqual(counter.stage.sandbox.freshbooks.account().creditNotes, []);
    }));

  void test('case 15: a refund of one line takes its net and its taxes off, at the rates they had', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(KETTLE), of(PAPERS, 3), of(SHIRT)], { to: 'US-NY' }));
      const before = counter.stage.invoices(order)[0]?.lines[0]?.taxes;
      await counter.change(order, {
        kind: 'refund',
        request: { lines: [{ line: 2, quantity: 1 }], restock: 'return' },
      });
      const { now } = await counter.agrees(order);
      const [invoice] = counter.stage.invoices(order);
      assert.deepEqual(
        invoice?.lines.filter(({ name }) => name !== 'Rounding').map(({ name }) => name.slice(0, 7)),
        ['Pour-ov', 'Filter '],
      );
      assert.deepEqual(invoice?.lines[0]?.taxes, before);
      assert.equal(invoice?.amount, amount(now.worth));
    }));

  void test('case 16: a refund in a later month is an expense of its day, and the invoice stays as it was', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      const before = counter.stage.invoices(order);
      counter.goTo(NEXT_MONTH);
      await counter.change(order, {
        kind: 'refund',
        request: { lines: [{ line: 0, quantity: 1 }], restock: 'return' },
      });
      const { refunded } = await counter.agrees(order);
      assert.deepEqual(counter.stage.invoices(order), before);
      const [expense] = counter.stage.sandbox.freshbooks.account().expenses;
      assert.deepEqual(
        [expense?.date, expense?.amount, expense?.vendor],
        ['2026-10-05', amount(refunded), before[0]?.number],
      );
      assert.ok(expense?.taxes.some((tax) => tax.amount !== null && tax.amount !== '0.00'));
    }));

  void test('case 17: a refund of shipping alone takes the shipping line off', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      await counter.change(order, { kind: 'refund', request: { shipping: true } });
      await counter.agrees(order);
      const names = counter.stage.invoices(order)[0]?.lines.map(({ name }) => name) ?? [];
      assert.ok(!names.some((name) => name.includes('Standard')), names.join(', '));
    }));

  void test('case 18: an amount paid back without lines is a line of its own without tax', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      await counter.change(order, {
        kind: 'refund',
        request: { amount: { shop: 500n, presentment: 500n } },
      });
      await counter.agrees(order);
      const line = counter.stage.invoices(order)[0]?.lines.find(({ name }) => name.startsWith('Refund'));
      assert.deepEqual([line?.amount, line?.taxes], ['-5.00', []]);
    }));

  void test('case 19: more paid back than is left of the order is asked about, and nothing is booked of it', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(KETTLE), of(PAPERS)]));
      await counter.change(order, { kind: 'edit', edit: { kind: 'remove', line: 0, quantity: 1 } });
      const standing = counter.standing(order);
      assert.deepEqual(await counter.questions(order), ['order-overpaid']);
      await counter.change(order, {
        kind: 'refund',
        request: { amount: { shop: 12_500n, presentment: 12_500n } },
      });
      assert.deepEqual(await counter.questions(order), ['order-worth-negative']);
      assert.deepEqual(counter.standing(order), standing);
    }));

  void test('case 19: money that only pays for what an edit took off closes the question, and the sale stays', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(KETTLE), of(PAPERS)]));
      const edited = await counter.change(order, {
        kind: 'edit',
        edit: { kind: 'remove', line: 0, quantity: 1 },
      });
      const standing = counter.standing(order);
      assert.deepEqual(await counter.questions(order), ['order-overpaid']);
      const back = -expectedBooks(edited).owed;
      await counter.change(order, { kind: 'refund', request: { amount: { shop: back, presentment: back } } });
      assert.deepEqual(await counter.questions(order), []);
      assert.deepEqual(counter.standing(order), standing);
      await counter.agrees(order);
    }));

  void test('case 20: a pending refund changes nothing until it succeeds, and nothing at all when it fails', () =>
    atCounter({}, async (counter) => {
      const pending = {
        kind: 'refund',
        request: { lines: 'all', shipping: true, status: 'pending' },
      } as const;
      for (const status of ['failure', 'success'] as const) {
        const order = await counter.sell(TWO);
        const before = counter.standing(order);
        await counter.change(order, pending);
        assert.deepEqual(counter.standing(order), before);
        await counter.change(order, { kind: 'settle', status });
        const { now } = await counter.agrees(order);
        assert.equal(now.worth, status === 'failure' ? before.net : 0n);
      }
    }));

  void test('case 21: a refund to store credit is a credit note of the buyer, and the cash stays', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      const before = counter.standing(order);
      await counter.change(order, {
        kind: 'refund',
        request: { lines: [{ line: 0, quantity: 1 }], restock: 'return', to: 'shopify_store_credit' },
      });
      const { now } = await counter.agrees(order);
      const { paid, invoiced, credited } = counter.standing(order);
      assert.deepEqual([paid, invoiced, credited], [before.paid, before.invoiced, now.storeCredit]);
      const [credit] = counter.stage.sandbox.freshbooks.account().creditNotes;
      assert.equal(credit?.clientId, counter.stage.invoices(order)[0]?.clientId);
    }));

  void test('case 22: an exchange within the month rewrites the lines and pays the difference alone', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(SHIRT)], { to: 'US-NY' }));
      const [first] = paymentsOf(counter, order);
      await counter.change(
        order,
        { kind: 'edit', edit: { kind: 'remove', line: 0, quantity: 1 } },
        { kind: 'edit', edit: { kind: 'add', item: of(SHIRT + 1) } },
        { kind: 'pay', gateway: 'shopify_payments' },
      );
      await counter.agrees(order);
      const payments = paymentsOf(counter, order);
      assert.equal(payments.length, 2);
      assert.equal(payments[0], first);
    }));

  for (const [how, edits] of [
    ['added first', ['add', 'remove']],
    ['taken off first', ['remove', 'add']],
  ] as const) {
    void test(`case 22: a later month’s even exchange, ${how}, is an expense and an invoice that it paid`, () =>
      atCounter({}, async (counter) => {
        const order = await counter.sell(card([of(KETTLE)]));
        const { invoiced } = counter.standing(order);
        counter.goTo('2026-10-05T15:00:00Z');
        for (const kind of edits) {
          await counter.change(order, {
            kind: 'edit',
            edit: kind === 'add' ? { kind, item: of(KETTLE) } : { kind, line: 0, quantity: 1 },
          });
        }
        await counter.agrees(order);
        const now = counter.standing(order);
        assert.deepEqual([now.invoiced, now.spent, now.paid], [2n * invoiced, invoiced, 2n * invoiced]);
        // What went out in exchange comes back for money: the first exchange stays what it was.
        await counter.change(order, {
          kind: 'refund',
          request: { lines: [{ line: 1, quantity: 1 }], restock: 'return' },
        });
        const { now: gone } = await counter.agrees(order);
        assert.equal(gone.worth, 0n);
      }));
  }

  void test('case 23: cancelled before anything was paid, its invoice is deleted', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell({
        ...TWO,
        payment: { kind: 'authorized', gateway: 'shopify_payments' },
      });
      assert.equal(counter.standing(order).numbers.length, 1);
      await counter.change(order, { kind: 'cancel', request: { reason: 'customer', money: 'refund' } });
      await counter.agrees(order);
      assert.deepEqual(counter.standing(order).numbers, []);
    }));

  void test('case 24: cancelled after payment and refunded, nothing of it stands', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      await counter.change(order, { kind: 'cancel', request: { reason: 'inventory', money: 'refund' } });
      await counter.agrees(order);
      assert.deepEqual(counter.standing(order).numbers, []);
      assert.equal(counter.standing(order).paid, 0n);
    }));

  void test('case 25: what is added after payment goes on the invoice within its month, else on one of its own', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(KETTLE)], { to: 'US-NY' }));
      const add = { kind: 'edit', edit: { kind: 'add', item: of(PAPERS, 2) } } as const;
      await counter.change(order, add);
      await counter.agrees(order);
      assert.equal(counter.standing(order).numbers.length, 1);
      counter.goTo(NEXT_MONTH);
      const later = await counter.change(order, { kind: 'pay', gateway: 'manual' }, add);
      await counter.agrees(later);
      const [first = '', second] = counter.standing(order).numbers;
      assert.equal(second, `${first}-2`);
      const added = counter.stage.invoices(order).find(({ number }) => number === second);
      assert.deepEqual([added?.createdOn, added?.paid], ['2026-10-05', '0.00']);
    }));

  void test('more units of a line go on the invoice within its month, else on one of their own', () =>
    atCounter({}, async (counter) => {
      const { stage } = counter;
      const order = await counter.sell(TWO);
      const raise = { kind: 'edit', edit: { kind: 'raise', line: 1, quantity: 2 } } as const;
      await counter.change(order, raise, { kind: 'pay', gateway: 'manual' });
      await counter.agrees(order);
      assert.equal(counter.standing(order).numbers.length, 1);
      counter.goTo(NEXT_MONTH);
      await counter.change(order, raise);
      await counter.agrees(order);
      const [first = '', second] = counter.standing(order).numbers;
      assert.equal(second, `${first}-2`);
      await counter.change(order, { kind: 'pay', gateway: 'manual' });
      await counter.agrees(order);
      assert.deepEqual(
        paymentsOf(counter, order).map((payment) => payment.slice(0, 10)),
        ['2026-09-15', '2026-09-15', '2026-10-05'],
      );
      const added = stage.invoices(order).find(({ number }) => number === second);
      assert.deepEqual([added?.createdOn, added?.outstanding], ['2026-10-05', '0.00']);
    }));

  void test('more units of a line are found where they stand, in a database restored from before they came', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      counter.goTo(NEXT_MONTH);
      await restoredAfter(counter.stage, async () => {
        await counter.change(order, { kind: 'edit', edit: { kind: 'raise', line: 1, quantity: 2 } });
        await counter.agrees(order);
      });
      await counter.change(order, { kind: 'pay', gateway: 'manual' });
      await counter.agrees(order);
      assert.equal(counter.standing(order).numbers.length, 2);
    }));

  void test('case 26: what is removed before payment comes off the invoice', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell({ ...TWO, payment: { kind: 'open' } });
      await counter.change(order, { kind: 'edit', edit: { kind: 'remove', line: 1, quantity: 2 } });
      const { current } = await counter.agrees(order);
      assert.equal(counter.standing(order).invoiced, current.total);
    }));

  void test('case 27: paid in parts later, each instalment is a payment of its own day', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell({ ...TWO, payment: { kind: 'open' } });
      assert.deepEqual(paymentsOf(counter, order), []);
      counter.goTo('2026-09-20T15:00:00Z');
      await counter.change(order, { kind: 'pay', gateway: 'Cash on Delivery (COD)', percent: 40 });
      await counter.agrees(order);
      counter.goTo('2026-10-02T15:00:00Z');
      await counter.change(order, { kind: 'pay', gateway: 'Bank Deposit' });
      await counter.agrees(order);
      assert.deepEqual(
        paymentsOf(counter, order).map((payment) => payment.slice(0, 10)),
        ['2026-09-20', '2026-10-02'],
      );
    }));

  void test('case 28: an authorization is no money, and each capture is a payment', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell({
        ...TWO,
        payment: { kind: 'authorized', gateway: 'shopify_payments' },
      });
      assert.deepEqual(paymentsOf(counter, order), []);
      await counter.agrees(order);
      await counter.change(order, { kind: 'capture', percent: 60 });
      await counter.agrees(order);
      await counter.change(order, { kind: 'capture' });
      const { received } = await counter.agrees(order);
      assert.equal(paymentsOf(counter, order).length, 2);
      assert.equal(counter.standing(order).paid, received);
    }));

  void test('case 40: a chargeback is shown to a person, who says when it was seen to', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(TWO);
      const before = counter.standing(order);
      const dispute = {
        id: 598_735_659,
        order_id: Number(order.id),
        type: 'chargeback',
        amount: '93.41',
        currency: 'USD',
        reason: 'fraudulent',
        status: 'needs_response',
      };
      await counter.stage.tell({ topic: 'disputes/create', body: JSON.stringify(dispute), order });
      const [held] = await counter.stage.app.store.read.deliveries({ state: 'held', limit: 10 });
      assert.match(
        held?.reason ?? '',
        new RegExp(
          `^A chargeback of 93\\.41 USD on order ${order.id} is "needs_response", reason "fraudulent"$`,
        ),
      );
      assert.deepEqual(counter.standing(order), before);
    }));
});

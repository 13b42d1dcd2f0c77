import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { entry, received, rules, terms } from '#tests/build.ts';
import { orders } from '#tests/draw.ts';
import { law } from '#tests/law.ts';
import type { PaymentStep, Step } from './document.ts';
import { fold, paidOf } from './ledger.ts';
import type { Entry } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { channelTaxOf } from './order.ts';
import type { Order } from './order.ts';
import { FIRST_NAMING, differencesOf, documentAsSold } from './invoice-document.ts';
import { plan } from './plan.ts';

const BOOK_ALL = rules({ skipZeroTotals: false });

function stepsFor(order: Order, entries: readonly Entry[]): readonly Step[] {
  const planned = plan(order, fold(entries), terms({ rules: BOOK_ALL }));
  assert(planned.outcome === 'work', 'the order is booked');
  return planned.steps;
}

/** The ledger after the books have confirmed these steps to the cent. */
function postAll(entries: readonly Entry[], steps: readonly Step[]): readonly Entry[] {
  return [...entries, ...steps.map((step, index) => entry(step, { id: String(entries.length + index + 1) }))];
}

function documentIn(order: Order) {
  return documentAsSold(order, BOOK_ALL, FIRST_NAMING);
}

/** What the merchant is owed of what was received: no more than the invoice, and not the channel's tax. */
function payable(order: Order): Money {
  assert(order.cash.state === 'known');
  const kept = money.minimum(channelTaxOf(order), order.cash.received);
  return money.minimum(money.subtract(order.cash.received, kept), documentIn(order).total);
}

function amountsOf(steps: readonly Step[]): Money[] {
  return steps.filter((step): step is PaymentStep => step.kind === 'payment').map((step) => step.amount);
}

law(
  'the lines and taxes of every document sum to its total, and with the channel’s tax to the order’s',
  fc.property(orders, (order) => {
    const { lines, taxes, total } = documentIn(order);
    const parts = [...lines.map((line) => line.net), ...taxes.map((tax) => tax.amount)];
    assert.deepEqual(money.sum(parts, order.currency), total);
    assert.deepEqual(money.add(total, channelTaxOf(order)), order.total);
  }),
  500,
);

law(
  'every line of a document is its quantity times its unit price, and no key stands twice',
  fc.property(orders, (order) => {
    const { lines } = documentIn(order);
    for (const line of lines) {
      assert.deepEqual(money.multiply(line.unitPrice, line.quantity), line.net);
    }
    assert.equal(new Set(lines.map((line) => line.key)).size, lines.length);
  }),
);

law(
  'after all that was planned is posted, nothing is planned',
  fc.property(orders, (order) => {
    const steps = stepsFor(order, []);
    assert.deepEqual(stepsFor(order, postAll([], steps)), []);
  }),
  500,
);

law(
  'posted one by one, with a new plan after each, the steps are the same and come to an end',
  fc.property(orders, (order) => {
    const all = stepsFor(order, []);
    let entries: readonly Entry[] = [];
    for (const expected of all) {
      const [next] = stepsFor(order, entries);
      assert.deepEqual(next, expected);
      entries = postAll(entries, [expected]);
    }
    assert.deepEqual(stepsFor(order, entries), []);
  }),
);

law(
  'payments are what was received, capped by the invoice, and each is more than nothing',
  fc.property(orders, (order) => {
    const amounts = amountsOf(stepsFor(order, []));
    assert.deepEqual(money.sum(amounts, order.currency), payable(order));
    assert.ok(amounts.every((amount) => amount.minor > 0n));
  }),
  500,
);

law(
  'money that comes tender by tender is paid once, whatever stood before',
  fc.property(orders, (order) => {
    assert(order.cash.state === 'known');
    let entries: readonly Entry[] = [];
    for (let count = 1; count <= order.cash.tenders.length; count += 1) {
      const sofar: Order = { ...order, cash: received(...order.cash.tenders.slice(0, count)) };
      entries = postAll(entries, stepsFor(sofar, entries));
      assert.deepEqual(paidOf(fold(entries), order.currency), payable(sofar));
    }
    const slots = fold(entries).payments.map((payment) => payment.slot);
    assert.deepEqual(
      slots,
      slots.map((_slot, index) => index + 1),
    );
  }),
);

law(
  'how tenders are listed and split changes no sum and pays nothing twice',
  fc.property(orders, (order) => {
    assert(order.cash.state === 'known');
    const { tenders } = order.cash;
    const [first] = tenders;
    assert(first !== undefined);
    const reversed = { ...order, cash: received(...tenders.toReversed()) };
    const inOne = { ...order, cash: received({ ...first, amount: order.cash.received }) };
    for (const one of [order, reversed, inOne]) {
      const entries = postAll([], stepsFor(one, []));
      for (const other of [order, reversed, inOne]) {
        assert.deepEqual(stepsFor(other, entries), []);
      }
    }
  }),
);

law(
  'less money than stands as payments takes nothing back by itself',
  fc.property(orders, fc.integer({ min: 0, max: 99 }), (order, percent) => {
    assert(order.cash.state === 'known');
    // With tax of the channel's among it, how much of the money is the merchant's depends on how much there is.
    fc.pre(money.isZero(channelTaxOf(order)));
    const entries = postAll([], stepsFor(order, []));
    const [first] = order.cash.tenders;
    assert(first !== undefined);
    const less = money.money((order.cash.received.minor * BigInt(percent)) / 100n, order.currency);
    assert.deepEqual(stepsFor({ ...order, cash: received({ ...first, amount: less }) }, entries), []);
  }),
);

law(
  'a document does not differ from itself, nor from one whose lines and taxes are listed otherwise',
  fc.property(orders, (order) => {
    const document = documentIn(order);
    assert.deepEqual(differencesOf(document, document), []);
    const lines = order.lines.map((line) => ({ ...line, taxes: line.taxes.toReversed() })).toReversed();
    assert.deepEqual(differencesOf(document, documentIn({ ...order, lines })), []);
  }),
);

law(
  'one more of anything that costs money is a difference',
  fc.property(orders, (order) => {
    const index = order.lines.findIndex((line) => line.unitPrice.minor > 0n);
    const lines = order.lines.map((line, at) =>
      at === index ? { ...line, quantity: line.quantity + 1 } : line,
    );
    const [line] = order.lines.slice(index);
    assert(line !== undefined);
    const more = { ...order, lines, total: money.add(order.total, line.unitPrice) };
    assert.notDeepEqual(differencesOf(documentIn(order), documentIn(more)), []);
  }),
);

law(
  'an order that is off by one minor unit is held whole',
  fc.property(orders, fc.constantFrom(1n, -1n), (order, off) => {
    const total = money.add(order.total, money.money(off, order.currency));
    const planned = plan({ ...order, total }, fold([]), terms({ rules: BOOK_ALL }));
    assert(planned.outcome === 'work');
    assert.deepEqual(planned.steps, []);
    assert.deepEqual(
      planned.holds.map((hold) => hold.code),
      ['order-sums-differ'],
    );
  }),
);

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, order, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, proven, withRefunds, work } from '#tests/planned.ts';
import { CATEGORY, CUP, DECEMBER, SOLD, usd } from '#tests/two-cups.ts';
import type { Entry } from './ledger.ts';
import { fold } from './ledger.ts';
import * as money from './money.ts';
import type { Addition, Order, OrderLine } from './order.ts';

/** More units of a line after its invoice: two cups of 20.00 with 10 % tax were paid in November. */

const JANUARY = at('2027-01-05T10:00:00-05:00');
const LATER = at('2026-12-20T10:00:00-05:00');
const own = { rules: CATEGORY };
const PAID = tender(usd('44'));

const cups = (quantity: number, parts: Partial<OrderLine> = {}): OrderLine => ({
  ...CUP,
  quantity,
  taxes: [tax('10', usd(String(quantity * 2)))],
  ...parts,
});

/** What stood before, each with the moment of it. */
const were = (...states: readonly (readonly [OrderLine, Order['updatedAt']])[]): readonly Addition[] =>
  states.map(([was, after]) => ({ line: CUP.key, after, was }));

const grown = (units: OrderLine, parts: Partial<Order> = {}): Order =>
  order({
    lines: [units],
    additions: were([CUP, SOLD.updatedAt]),
    cash: received(PAID),
    updatedAt: DECEMBER,
    ...parts,
  });

const linesOf = (entries: readonly Entry[]): string[] =>
  fold(entries).invoices.map(({ document }) =>
    document.lines.map(({ quantity, name, net }) => `${quantity} ${name} ${money.format(net)}`).join(', '),
  );

describe('more units of a line', () => {
  test('in the month of its invoice stand on that', () => {
    const more = grown(cups(5), { updatedAt: SOLD.updatedAt });
    const now = book(more, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 110.00, paid 44.00');
    proven(more, now);
  });

  test('in a later month stand on an invoice of their own, which is paid by what comes for them', () => {
    const more = grown(cups(5));
    const now = book(more, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 66.00, paid 44.00');
    assert.deepEqual(linesOf(now), ['2 Maple cup 40.00', '3 Maple cup 60.00']);
    assert.deepEqual(holds(work(more, now)), []);
    proven(more, now);
    const settled = { ...more, cash: received(PAID, tender(usd('66'), { at: DECEMBER })) };
    const then = book(settled, now);
    assert.equal(books(then), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 66.00, paid 44.00, paid 66.00');
    assert.deepEqual(holds(work(settled, then)), []);
    proven(settled, then);
  });

  test('are those beyond what the month of the invoice had left on it', () => {
    const within = grown(cups(3), { updatedAt: SOLD.updatedAt });
    const before = book(within, book(SOLD));
    const additions = were([CUP, SOLD.updatedAt], [cups(3), SOLD.updatedAt]);
    const now = book(grown(cups(4), { additions }), before);
    assert.equal(books(now), 'SHOPIFY-1001 66.00, SHOPIFY-1001-2 22.00, paid 44.00');
  });

  test('that come once more stand with the others while those may change, else for themselves', () => {
    const paidTwice = received(PAID, tender(usd('22'), { at: DECEMBER }));
    const one = grown(cups(3), { cash: paidTwice });
    const before = book(one, book(SOLD));
    const additions = were([CUP, SOLD.updatedAt], [cups(3), DECEMBER]);
    const again = { additions, cash: paidTwice };
    const within = book(grown(cups(4), { ...again, updatedAt: LATER }), before);
    assert.equal(books(within), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 44.00, paid 44.00, paid 22.00');
    const later = grown(cups(4), { ...again, updatedAt: JANUARY });
    const now = book(later, before);
    assert.equal(
      books(now),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 22.00, SHOPIFY-1001-3 22.00, paid 44.00, paid 22.00',
    );
    assert.deepEqual(holds(work(later, now)), []);
    proven(later, now);
  });

  test('have the discount and the tax that came with them', () => {
    const rebate = (text: string) => [{ label: 'CUPS', amount: usd(text) }];
    const sold = order({ lines: [cups(2, { discounts: rebate('4'), taxes: [tax('10', usd('3.60'))] })] });
    const before = book(sold);
    const more = order({
      lines: [cups(5, { discounts: rebate('10'), taxes: [tax('10', usd('9.00'))] })],
      additions: sold.lines.map((was) => ({ line: CUP.key, after: sold.updatedAt, was })),
      cash: sold.cash,
      updatedAt: DECEMBER,
    });
    const now = book(more, before);
    assert.equal(books(now), 'SHOPIFY-1001 39.60, SHOPIFY-1001-2 59.40, paid 39.60');
    proven(more, now);
  });

  for (const [what, units] of [
    ['at another price', { unitPrice: usd('30'), taxes: [tax('10', usd('15'))] }],
    ['with another tax', { taxes: [tax('12', usd('12'))] }],
    ['with less tax than there was', { taxes: [tax('10', usd('3'))] }],
    [
      'less a discount that there was',
      { taxes: [tax('10', usd('10')), tax('0', usd('0'), { name: 'City' })] },
    ],
  ] as const) {
    test(`${what} are a person’s to book`, () => {
      const found = work(grown(cups(5, units)), book(SOLD));
      assert.deepEqual([found.steps, holds(found)], [[], ['order-changed']]);
    });
  }

  test('are a person’s too where his version of the invoice stands', () => {
    const accepted = book(SOLD).map((entry) =>
      entry.kind === 'invoice' && entry.receipt !== undefined
        ? { ...entry, receipt: { ...entry.receipt, isAccepted: true } }
        : entry,
    );
    assert.deepEqual(work(grown(cups(5)), accepted).steps, []);
  });
});

describe('of a line with more units on an invoice of their own, what goes back', () => {
  const back = (quantity: number, id = '1') => ({
    id,
    at: LATER,
    returns: [returned(CUP.key, quantity, usd(String(20 * quantity)), [usd(String(2 * quantity))])],
    difference: usd('0'),
  });
  const removed = (quantity: number): Order => {
    const { payouts: _none, ...removal } = refund(usd('0'), back(quantity));
    return { ...withRefunds(grown(cups(5)), { ...removal, payouts: [] }), updatedAt: LATER };
  };
  const before = book(grown(cups(5)), book(SOLD));

  test('by an edit is of those that came last', () => {
    const one = removed(1);
    const now = book(one, before);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 44.00, paid 44.00');
    assert.deepEqual(holds(work(one, now)), []);
    proven(one, now);
  });

  test('takes their invoice away with the last of them', () => {
    const all = removed(3);
    const now = book(all, before);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00');
    assert.deepEqual(holds(work(all, now)), []);
    proven(all, now);
  });

  test('and is more than they were, is of the others for the rest', () => {
    const found = work(removed(4), book(removed(4), before));
    assert.deepEqual(holds(found), ['order-reduced']);
  });

  test('of both at once, and is paid back as far as it was paid, is an expense of just that', () => {
    const four = removed(4);
    const lowered = book(four, before);
    const money = refund(usd('22'), { id: '2', at: LATER });
    const back = { ...withRefunds(four, ...four.refunds, money), updatedAt: LATER };
    const now = book(back, lowered, own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00, expense 22.00');
    const [expense] = fold(now).beside;
    assert.equal(expense?.step.kind === 'expense' && expense.step.taxes[0]?.amount.minor, 200n);
    assert.deepEqual(holds(work(back, now, own)), []);
    proven(back, now);
  });

  test('as money is an expense with its tax, and both invoices stay', () => {
    const cash = received(PAID, tender(usd('66'), { at: DECEMBER }));
    const settled = grown(cups(5), { cash });
    const paid = book(settled, before);
    const one = {
      ...withRefunds(settled, refund(usd('22'), { ...back(1), at: JANUARY })),
      updatedAt: JANUARY,
    };
    const now = book(one, paid, own);
    assert.equal(
      books(now),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 66.00, paid 44.00, paid 66.00, expense 22.00',
    );
    const [expense] = fold(now).beside;
    assert.deepEqual(
      expense?.step.kind === 'expense' && expense.step.taxes.map(({ amount }) => money.format(amount)),
      ['2.00'],
    );
    assert.deepEqual(holds(work(one, now, own)), []);
    proven(one, now);
    const rest = refund(usd('88'), { ...back(4, '2'), at: JANUARY });
    const all = { ...withRefunds(one, ...one.refunds, rest), updatedAt: JANUARY };
    const then = book(all, now, own);
    assert.equal(
      books(then),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 66.00, paid 44.00, paid 66.00, expense 22.00, expense 88.00',
    );
    assert.deepEqual(holds(work(all, then, own)), []);
    proven(all, then);
  });

  test('that went back before they came, was of the others', () => {
    const early = refund(usd('22'), { ...back(1), at: SOLD.updatedAt });
    const sold = withRefunds(SOLD, early);
    const lowered = book(sold, book(SOLD));
    assert.equal(books(lowered), 'SHOPIFY-1001 22.00, paid 22.00');
    const more = { ...withRefunds(grown(cups(5)), early), updatedAt: DECEMBER };
    const now = book(more, lowered);
    assert.equal(books(now), 'SHOPIFY-1001 22.00, SHOPIFY-1001-2 66.00, paid 22.00');
    assert.deepEqual(holds(work(more, now)), []);
    proven(more, now);
  });
});

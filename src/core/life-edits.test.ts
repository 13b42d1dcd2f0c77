import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, paid, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, post, proven, withRefunds, work } from '#tests/planned.ts';
import { CATEGORY, CUP, DECEMBER, SOLD, usd } from '#tests/two-cups.ts';
import { fold } from './ledger.ts';
import type { Entry } from './ledger.ts';
import * as money from './money.ts';
import type { Order, Refund } from './order.ts';
import { parseLocalDate } from './time.ts';

/** What becomes of a booked order that is edited, and of the money that goes back for it. */

describe('an edit', () => {
  const PEN = line({ key: 'item:2', title: 'Pen', unitPrice: usd('3'), taxes: [tax('10', usd('0.30'))] });
  const added = (cash: Order['cash'], parts: Partial<Order> = {}): Order =>
    order({ lines: [CUP, PEN], cash, ...parts });

  test('that adds before payment changes the invoice', () => {
    const unpaid = order({ lines: [CUP], cash: paid(usd('0')) });
    const now = book(added(paid(usd('0'))), book(unpaid));
    assert.equal(books(now), 'SHOPIFY-1001 47.30');
  });

  test('that adds after payment in the same month changes the invoice, and the rest is paid', () => {
    const entries = book(SOLD);
    assert.equal(books(book(added(paid(usd('44'))), entries)), 'SHOPIFY-1001 47.30, paid 44.00');
    const settled = added(paid(usd('44'), usd('3.30')));
    assert.equal(books(book(settled, entries)), 'SHOPIFY-1001 47.30, paid 44.00, paid 3.30');
  });

  test('that adds after payment in a later month makes another invoice of its day', () => {
    const shown = added(received(tender(usd('44')), tender(usd('3.30'), { at: DECEMBER })), {
      updatedAt: DECEMBER,
    });
    const now = book(shown, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 3.30, paid 44.00, paid 3.30');
    const second = fold(now).invoices[1]?.document;
    assert.deepEqual([second?.issuedOn, second?.poNumber], ['2026-12-02', 'SHOPIFY-ORDER-5001']);
    proven(shown, now);
  });

  test('of a later month changes an unpaid invoice of a month that is open, and none of a closed day', () => {
    const closed = { rules: { closedThrough: parseLocalDate('2026-11-30') } };
    const entries = book(order({ lines: [CUP], cash: paid(usd('0')) }));
    const grown = added(paid(usd('0')), { updatedAt: DECEMBER });
    assert.equal(books(book(grown, entries)), 'SHOPIFY-1001 47.30');
    assert.equal(books(book(grown, entries, closed)), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 3.30');
    const gone = order({ lines: [CUP], cash: paid(usd('0')), updatedAt: DECEMBER, cancelledAt: DECEMBER });
    assert.equal(books(book(gone, entries)), '');
    const found = work(gone, entries, closed);
    assert.equal(found.steps.length, 0);
    assert.deepEqual(holds(found), ['order-reduced']);
  });

  test('that removes a unit before payment changes the invoice', () => {
    const unpaid = order({ lines: [CUP], cash: paid(usd('0')) });
    const gone = refund(usd('0'), {
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('0'),
    });
    assert.equal(books(book(withRefunds(unpaid, gone), book(unpaid))), 'SHOPIFY-1001 22.00');
  });

  test('that removes a unit after payment leaves the buyer’s money as a question', () => {
    const gone = refund(usd('0'), {
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('0'),
    });
    const shown = withRefunds(SOLD, gone);
    const now = book(shown, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 22.00, paid 22.00');
    assert.deepEqual(holds(work(shown, now)), ['order-overpaid']);
    assert.equal(books(book(shown)), books(now), 'as if it had been booked only now');
  });

  test('that removes a unit while it is not known what was received leaves the invoice above its payments', () => {
    const gone = refund(usd('0'), {
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('0'),
    });
    const unknown = { ...withRefunds(SOLD, gone), cash: { state: 'reread', why: 'not told' } } as const;
    const found = work(unknown, book(SOLD));
    assert.deepEqual([found.steps, found.reread], [[], 'not told']);
  });

  test('that removes everything after payment, before it was booked, asks about the money', () => {
    const gone = refund(usd('0'), {
      returns: [returned('item:1', 2, usd('40'), [usd('4')])],
      difference: usd('0'),
    });
    const found = work(withRefunds(SOLD, gone), []);
    assert.deepEqual([found.steps, holds(found)], [[], ['order-overpaid']]);
  });

  test('that reduces a paid order in a later month changes nothing and asks', () => {
    const gone = refund(usd('0'), {
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('0'),
    });
    const shown = { ...withRefunds(SOLD, gone), updatedAt: DECEMBER };
    const found = work(shown, book(SOLD));
    assert.deepEqual([found.steps, holds(found)], [[], ['order-reduced']]);
  });

  test('that takes off in a later month what cost nothing asks where its tax was not nothing', () => {
    const gift = line({
      key: 'item:2',
      quantity: 2,
      unitPrice: usd('0.01'),
      discounts: [{ label: 'Gift', amount: usd('0.02') }],
      taxes: [tax('10', usd('0.02'))],
    });
    const within = order({ lines: [CUP, gift], pricesIncludeTax: true });
    const without = (amount: string): Order => ({
      ...withRefunds(
        within,
        refund(usd('0'), {
          returns: [returned('item:2', 1, usd('0'), [usd(amount)])],
          difference: usd('0'),
        }),
      ),
      currentTotal: within.currentTotal,
      updatedAt: DECEMBER,
    });
    const taxed = work(without('0.01'), book(within));
    assert.deepEqual([taxed.steps, holds(taxed)], [[], ['order-changed']]);
    assert.deepEqual(
      taxed.holds[0]?.facts.filter(({ name }) => name === 'Taxes').map(({ value }) => value),
      ['Tax 100000 4.02 USD → Tax 100000 4.01 USD'],
    );
    assert.deepEqual(holds(work(without('0'), book(within))), []);
  });

  test('that takes off in a later month all that had a tax of nothing asks nothing', () => {
    const none = usd('0');
    const free = line({ key: 'item:2', unitPrice: none, taxes: [tax('5', none, { name: 'City' })] });
    const within = order({ lines: [CUP, free] });
    const gone = refund(none, { returns: [returned('item:2', 1, none, [none])], difference: none });
    const without = { ...withRefunds(within, gone), updatedAt: DECEMBER };
    const found = work(without, book(within));
    assert.deepEqual([found.steps, holds(found)], [[], []]);
  });

  test('that moves the tax before payment changes the invoice', () => {
    const unpaid = order({ lines: [CUP], cash: paid(usd('0')) });
    const moved = order({ lines: [{ ...CUP, taxes: [tax('5', usd('2'))] }], cash: paid(usd('0')) });
    assert.equal(books(book(moved, book(unpaid))), 'SHOPIFY-1001 42.00');
  });
});

describe('money of a later day', () => {
  const NOVEMBER_CLOSED = { ...CATEGORY, closedThrough: parseLocalDate('2026-11-30') };
  const PLATE = line({ key: 'item:4', title: 'Plate', unitPrice: usd('20') });
  const rest = tender(usd('20'), { at: DECEMBER });
  const daysOf = (entries: readonly Entry[]): readonly string[] =>
    fold(entries).payments.map(({ amount, paidOn }) => `${money.format(amount)} ${paidOn}`);

  test('is of its own day beside tax of the channel’s that came with the money before', () => {
    const taxed = line({
      quantity: 2,
      unitPrice: usd('20'),
      taxes: [tax('10', usd('4'), { remittedBy: 'channel' })],
    });
    const whole = order({ lines: [taxed] });
    const grown = order({
      lines: [taxed, PLATE],
      cash: received(tender(usd('44')), rest),
      updatedAt: DECEMBER,
    });
    for (const rules of [CATEGORY, NOVEMBER_CLOSED]) {
      const now = book(grown, book(whole), { rules });
      assert.deepEqual(daysOf(now), ['40.00 2026-11-10', '20.00 2026-12-02']);
      assert.deepEqual(holds(work(grown, now, { rules })), []);
      proven(grown, now);
    }
    const part = order({ lines: [taxed], cash: received(tender(usd('24'))) });
    const paidUp = order({ lines: [taxed], cash: received(tender(usd('24')), rest), updatedAt: DECEMBER });
    const then = book(paidUp, book(part), { rules: NOVEMBER_CLOSED });
    assert.deepEqual(daysOf(then), ['20.00 2026-11-10', '20.00 2026-12-02']);
    assert.deepEqual(holds(work(paidUp, then, { rules: NOVEMBER_CLOSED })), []);
  });

  test('is of its own day after what had been paid twice, or for what an edit took off, has gone back', () => {
    const JANUARY = at('2027-01-05T10:00:00-05:00');
    const last = tender(usd('20'), { at: JANUARY });
    const twice = order({ lines: [CUP], cash: paid(usd('44'), usd('44')) });
    const removal = refund(usd('0'), {
      id: '1',
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('0'),
    });
    const back = (amount: string): Refund => refund(usd(amount), { id: '2', at: DECEMBER });
    const lives = [
      { sold: twice, refunds: [], amount: '44', first: '44.00' },
      { sold: SOLD, refunds: [removal], amount: '22', first: '22.00' },
    ];
    for (const { sold, refunds, amount, first } of lives) {
      const before = withRefunds(sold, ...refunds);
      const { tenders } = sold.cash.state === 'known' ? sold.cash : assert.fail();
      const grown = order({
        lines: [CUP, PLATE],
        additions: [{ line: PLATE.key, after: DECEMBER }],
        cash: received(...tenders, last),
      });
      const shown = { ...withRefunds(grown, ...refunds, back(amount)), updatedAt: JANUARY };
      const booked = post(work(before, post(work(sold, []).steps)).steps, post(work(sold, []).steps));
      const now = book(shown, booked, { rules: NOVEMBER_CLOSED });
      assert.deepEqual(daysOf(now), [`${first} 2026-11-10`, '20.00 2027-01-05']);
      assert.deepEqual(holds(work(shown, now, { rules: NOVEMBER_CLOSED })), []);
      proven(shown, now);
    }
  });
});

describe('what an edit took off and a refund pays back', () => {
  const PEN = line({ key: 'item:2', title: 'Pen', unitPrice: usd('10'), taxes: [tax('10', usd('1'))] });
  const BOOK = line({ key: 'item:3', title: 'Book', unitPrice: usd('10'), taxes: [tax('5', usd('0.50'))] });
  const WHOLE = order({ lines: [CUP, PEN, BOOK] });
  const NOVEMBER = at('2026-11-12T09:00:00-05:00');
  const none = usd('0');
  const removal = (id: string, moment = DECEMBER, [key, amount] = ['item:2', '1']): Refund =>
    refund(none, {
      id,
      at: moment,
      returns: [returned(key ?? '', 1, usd('10'), [usd(amount ?? '')])],
      difference: none,
    });
  const ofBook = (id: string): Refund => removal(id, DECEMBER, ['item:3', '0.50']);
  const back = (amount: string, id: string, moment = DECEMBER): Refund =>
    refund(usd(amount), { id, at: moment });
  const shown = (sold: Order, ...refunds: readonly Refund[]): Order => ({
    ...withRefunds(sold, ...refunds),
    updatedAt: refunds.at(-1)?.at ?? sold.updatedAt,
  });
  const own = { rules: CATEGORY };
  const taxesBeside = (entries: readonly Entry[]) =>
    fold(entries).beside.map(({ step }) =>
      (step.kind === 'expense' ? step : step.document).taxes.map(({ amount }) => money.format(amount)),
    );

  test('is taken off once where both are told at once, and as if they had been told one by one', () => {
    const rules = { rules: { ...CATEGORY, refunds: 'expense' } as const };
    const both = shown(WHOLE, removal('1', NOVEMBER), back('11', '2', NOVEMBER));
    const now = book(both, book(WHOLE, [], rules), rules);
    assert.equal(books(now), 'SHOPIFY-1001 54.50, paid 54.50');
    proven(both, now);
    const first = book(shown(WHOLE, removal('1', NOVEMBER)), book(WHOLE, [], rules), rules);
    assert.equal(books(book(both, first, rules)), books(now));
  });

  test('is taken off once where it had been added in the same month to an order of an earlier one', () => {
    const cash = received(tender(usd('44')), tender(usd('11'), { at: DECEMBER }));
    const grown = order({ lines: [CUP, PEN], updatedAt: DECEMBER, cash });
    const before = book(grown, book(SOLD), own);
    assert.equal(books(before), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 11.00, paid 44.00, paid 11.00');
    const both = shown(grown, removal('1'), back('11', '2'));
    const now = book(both, before, own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00');
    proven(both, now);
  });

  test('is once beside the invoice, also where its day is opened again', () => {
    const closed = { rules: { ...CATEGORY, closedThrough: parseLocalDate('2026-11-11') } };
    const both = shown(WHOLE, removal('1', NOVEMBER), back('11', '2', NOVEMBER));
    const now = book(both, book(WHOLE), closed);
    assert.equal(books(now), 'SHOPIFY-1001 65.50, paid 65.50, expense 11.00');
    assert.deepEqual(work(both, now, own).steps, []);
    proven(both, now);
  });

  test('goes back with its own tax, also where there are several, in any order', () => {
    const [pen, book1] = [removal('1'), ofBook('3')];
    const one = [pen, back('11', '2'), book1, back('10.50', '4')];
    const orders = [
      one,
      [pen, book1, back('11', '2'), back('10.50', '4')],
      [back('11', '2'), pen, ...one.slice(2)],
    ];
    for (const refunds of orders) {
      const all = shown(WHOLE, ...refunds);
      const now = book(all, book(WHOLE), own);
      assert.equal(books(now), 'SHOPIFY-1001 65.50, paid 65.50, expense 11.00, expense 10.50');
      assert.deepEqual(taxesBeside(now), [['1.00'], ['0.50']]);
      proven(all, now);
    }
    const stepwise = one.reduce<readonly Entry[]>((before, _, index) => {
      const { steps } = work(shown(WHOLE, ...one.slice(0, index + 1)), before, own);
      return post(steps, before);
    }, book(WHOLE));
    assert.deepEqual(taxesBeside(stepwise), [['1.00'], ['0.50']]);
  });

  test('goes back with its tax beside what was paid twice', () => {
    const twice = order({ lines: WHOLE.lines, cash: paid(usd('65.50'), usd('10')) });
    const all = shown(twice, removal('1'), back('21', '2'));
    const now = book(all, post(work(twice, []).steps), own);
    assert.equal(books(now), 'SHOPIFY-1001 65.50, paid 65.50, expense 11.00');
    assert.deepEqual(taxesBeside(now), [['1.00']]);
  });

  test('is asked about where another amount went back, and no payment of the earlier month is lowered', () => {
    const entries = book(WHOLE);
    const some = work(shown(WHOLE, removal('1'), back('5', '2')), entries, own);
    assert.deepEqual([some.steps, holds(some)], [[], ['refund-unbooked', 'order-reduced']]);
    const lowered = order({
      lines: [CUP, PEN, { ...BOOK, taxes: [tax('5', none)] }],
      cash: paid(usd('65.50')),
      updatedAt: DECEMBER,
    });
    const all = work(shown(lowered, back('0.50', '2')), entries, own);
    assert.deepEqual([all.steps, holds(all)], [[], ['refund-unbooked']]);
  });

  test('is asked about without the tax that the channel remits, which no invoice holds', () => {
    const pen = line({
      key: 'item:2',
      title: 'Pen',
      unitPrice: usd('10'),
      taxes: [tax('10', usd('1'), { remittedBy: 'channel' })],
    });
    const sold = order({ lines: [CUP, pen], cash: paid(usd('55')) });
    const less = refund(none, {
      id: '0',
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: none,
    });
    const unpaid = order({ lines: [CUP, pen], cash: paid(none) });
    const lowered = book(shown(sold, less), book(shown(unpaid, less), book(unpaid)));
    assert.equal(books(lowered), 'SHOPIFY-1001 32.00, paid 32.00');
    const asked = work(shown(sold, less, removal('1'), back('22', '2')), lowered, own);
    assert.deepEqual(holds(asked), ['order-overpaid', 'refund-unbooked']);
  });

  test('is asked about refund by refund where several come to it, and no more of it than the invoices hold', () => {
    const pen = line({
      key: 'item:2',
      title: 'Pen',
      unitPrice: usd('10'),
      taxes: [tax('10', usd('1'), { remittedBy: 'channel' })],
    });
    const sold = order({ lines: [CUP, pen], cash: paid(usd('55')) });
    const asked = work(shown(sold, removal('1'), back('6', '2'), back('5', '3')), book(sold), own);
    assert.deepEqual([asked.steps, holds(asked)], [[], ['refund-unbooked', 'refund-unbooked']]);
  });

  test('into store credit stays on the invoice and is a credit note, in the same month and told one by one as well', () => {
    const [payout] = refund(usd('11'), { at: NOVEMBER }).payouts;
    assert(payout !== undefined);
    const credit = (amount: string): Refund =>
      refund(usd(amount), {
        id: '2',
        at: NOVEMBER,
        payouts: [{ ...payout, amount: usd(amount), gateway: 'shopify_store_credit', to: 'store-credit' }],
      });
    const both = shown(WHOLE, removal('1', NOVEMBER), credit('11'));
    const now = book(both, book(WHOLE));
    assert.equal(books(now), 'SHOPIFY-1001 65.50, paid 65.50, credit-note 11.00');
    assert.deepEqual(taxesBeside(now), [['1.00']]);
    proven(both, now);
    assert.equal(books(book(both)), books(now), 'as if it had been booked only now');
    const first = book(shown(WHOLE, removal('1', NOVEMBER)), book(WHOLE));
    assert.equal(books(first), 'SHOPIFY-1001 54.50, paid 54.50');
    const then = book(both, first);
    assert.equal(books(then), 'SHOPIFY-1001 65.50, paid 54.50, paid 11.00, credit-note 11.00');
    proven(both, then);
    const some = work(shown(WHOLE, removal('1', NOVEMBER), credit('5')), book(WHOLE));
    assert.deepEqual([some.steps, holds(some)], [[], ['refund-unbooked', 'order-reduced']]);
    const late = work({ ...both, updatedAt: DECEMBER }, first);
    assert.deepEqual([late.steps, holds(late)], [[], ['refund-unbooked']]);
  });
});

describe('money that went back in the month for what an edit had taken off in it', () => {
  const own = { rules: CATEGORY };
  const NOVEMBER = at('2026-11-14T10:00:00-05:00');
  const removal = refund(usd('0'), {
    id: '1',
    at: at('2026-11-12T10:00:00-05:00'),
    returns: [returned('item:1', 1, usd('20'), [usd('2')])],
    difference: usd('0'),
    payouts: [],
  });
  const lowered = book({ ...withRefunds(SOLD, removal), updatedAt: NOVEMBER }, book(SOLD), own);
  const plate = line({ key: 'item:2', title: 'Plate', unitPrice: usd('20') });
  const later = (after: Order['updatedAt'], lines: Order['lines'], ...refunds: Order['refunds']): Order => ({
    ...withRefunds(order({ lines, cash: SOLD.cash, additions: [{ line: plate.key, after }] }), ...refunds),
    updatedAt: DECEMBER,
  });

  test('does not open its invoice to what changes in a later one', () => {
    const back = refund(usd('22'), { id: '2', at: NOVEMBER });
    const before = book({ ...withRefunds(SOLD, removal, back), updatedAt: NOVEMBER }, lowered, own);
    assert.equal(books(before), 'SHOPIFY-1001 22.00, paid 22.00');
    const added = later(NOVEMBER, [CUP, plate], removal, back);
    assert.equal(books(book(added, before, own)), 'SHOPIFY-1001 22.00, SHOPIFY-1001-2 20.00, paid 22.00');
    const other = { ...removal, id: '3', at: DECEMBER };
    const reduced = work(later(NOVEMBER, [CUP], removal, back, other), before, own);
    assert.deepEqual([reduced.steps, holds(reduced)], [[], ['order-reduced']]);
  });

  test('to store credit is on no invoice that was made since', () => {
    const credit = refund(usd('22'), {
      id: '2',
      at: DECEMBER,
      payouts: [{ amount: usd('22'), at: DECEMBER, gateway: 'shopify_store_credit', to: 'store-credit' }],
    });
    const before = book(later(DECEMBER, [CUP], removal, credit), lowered, own);
    const added = {
      ...later(DECEMBER, [CUP, plate], removal, credit),
      updatedAt: at('2026-12-07T10:00:00-05:00'),
    };
    let entries = before;
    for (let steps = 0; steps < 10; steps += 1) {
      // One at a time, each planned anew, as they are booked.
      entries = post(work(added, entries, own).steps.slice(0, 1), entries);
    }
    assert.deepEqual(work(added, entries, own).steps, []);
    assert.equal(books(entries), 'SHOPIFY-1001 22.00, SHOPIFY-1001-2 20.00, paid 22.00');
    assert.deepEqual(holds(work(added, entries, own)), ['refund-unbooked']);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, paid, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, post, proven, withRefunds, work } from '#tests/planned.ts';
import type { Parts } from '#tests/planned.ts';
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

  test('that moves the tax before payment changes the invoice', () => {
    const unpaid = order({ lines: [CUP], cash: paid(usd('0')) });
    const moved = order({ lines: [{ ...CUP, taxes: [tax('5', usd('2'))] }], cash: paid(usd('0')) });
    assert.equal(books(book(moved, book(unpaid))), 'SHOPIFY-1001 42.00');
  });
});

describe('tax that the channel remits, of what is added in a later month,', () => {
  const lamp = line({
    key: 'item:4',
    title: 'Lamp',
    unitPrice: usd('20'),
    taxes: [tax('12', usd('2.40'), { remittedBy: 'channel' })],
  });
  const grown = (...tenders: readonly ReturnType<typeof tender>[]): Order =>
    order({ lines: [CUP, lamp], cash: received(...tenders), updatedAt: DECEMBER });
  const own = { rules: CATEGORY };

  test('takes nothing off what was paid before, and is left out of what is paid for it', () => {
    const unpaid = grown(tender(usd('44')));
    const now = book(unpaid, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00');
    assert.deepEqual(holds(work(unpaid, now)), []);
    const settled = grown(tender(usd('44')), tender(usd('22.40'), { at: DECEMBER }));
    const then = book(settled, now);
    assert.equal(books(then), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00, paid 20.00');
    proven(settled, then);
  });

  test('is left out of the first money that comes for it', () => {
    const part = grown(tender(usd('44')), tender(usd('10'), { at: DECEMBER }));
    assert.equal(
      books(book(part, book(SOLD))),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00, paid 7.60',
    );
  });

  test('as more of a line, takes nothing off what was paid before either', () => {
    const two = {
      ...lamp,
      quantity: 2,
      taxes: [tax('12', usd('4.80'), { remittedBy: 'channel' })],
    };
    const one = order({ lines: [lamp] });
    const more = order({
      lines: [two],
      additions: [{ line: lamp.key, after: one.updatedAt, was: lamp }],
      cash: one.cash,
      updatedAt: DECEMBER,
    });
    const found = work(more, book(one));
    assert.deepEqual([found.steps, holds(found)], [[], ['order-changed']]);
    const within = book({ ...more, updatedAt: one.updatedAt }, book(one));
    assert.equal(books(within), 'SHOPIFY-1001 40.00, paid 20.00');
    const cash = received(tender(usd('22.40')), tender(usd('22.40'), { at: DECEMBER }));
    const days = fold(book({ ...more, cash, updatedAt: one.updatedAt }, within)).payments;
    assert.deepEqual(
      days.map(({ amount, paidOn }) => [money.format(amount), paidOn]),
      [
        ['20.00', '2026-11-10'],
        ['20.00', '2026-12-02'],
      ],
    );
  });

  test('keeps no money that went back of what was bought before', () => {
    const back = refund(usd('22'), {
      at: DECEMBER,
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('0'),
    });
    const unpaid = { ...withRefunds(grown(tender(usd('44'))), back), updatedAt: DECEMBER };
    const now = book(unpaid, book(SOLD), own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00, expense 22.00');
    assert.deepEqual(holds(work(unpaid, now, own)), []);
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

describe('what is added and not paid, after money went back', () => {
  const own = { rules: CATEGORY };
  const JANUARY = at('2027-01-05T10:00:00-05:00');
  const BACK = at('2026-11-12T10:00:00-05:00');
  const NOVEMBER = at('2026-11-13T10:00:00-05:00');
  const LATER = at('2026-11-14T10:00:00-05:00');
  const PLATE = line({ key: 'item:4', title: 'Plate', unitPrice: usd('20') });
  const withPlate = ({ lines }: Order, ...tenders: readonly ReturnType<typeof tender>[]): Order =>
    order({
      lines: [...lines, PLATE],
      additions: [{ line: PLATE.key, after: DECEMBER }],
      cash: received(...tenders),
      updatedAt: JANUARY,
    });
  const within = (shown: Order, updatedAt: Order['updatedAt']): Order => ({
    ...shown,
    additions: [{ line: PLATE.key, after: BACK }],
    updatedAt,
  });
  const late = (sold: Order, ...refunds: readonly Refund[]): Order => ({
    ...withRefunds(sold, ...refunds),
    updatedAt: sold.updatedAt,
  });

  test('that an edit had taken off before, leaves that settled and pays nothing by it', () => {
    const none = usd('0');
    const removal = refund(none, {
      id: '1',
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: none,
    });
    const back = refund(usd('22'), { id: '2', at: DECEMBER });
    const lowered = book(late(SOLD, removal), book(SOLD));
    const before = book({ ...late(SOLD, removal, back), updatedAt: DECEMBER }, lowered, own);
    assert.equal(books(before), 'SHOPIFY-1001 22.00, paid 22.00');
    const unpaid = late(withPlate(SOLD, tender(usd('44'))), removal, back);
    const now = book(unpaid, before, own);
    assert.equal(books(now), 'SHOPIFY-1001 22.00, SHOPIFY-1001-2 20.00, paid 22.00');
    assert.deepEqual(holds(work(unpaid, now, own)), []);
    proven(unpaid, now);
    const cash = [tender(usd('44')), tender(usd('20'), { at: JANUARY })];
    const settled = late(withPlate(SOLD, ...cash), removal, back);
    const then = book(settled, now, own);
    assert.equal(books(then), 'SHOPIFY-1001 22.00, SHOPIFY-1001-2 20.00, paid 22.00, paid 20.00');
    assert.deepEqual(holds(work(settled, then, own)), []);
    proven(settled, then);
  });

  test('that had been more than that, is no more than it was', () => {
    const none = usd('0');
    const taken = [returned('item:1', 1, usd('20'), [usd('2')])];
    const removal = refund(none, { id: '1', returns: taken, difference: none });
    const back = refund(usd('30'), { id: '2', at: DECEMBER });
    const lowered = book(late(SOLD, removal), book(SOLD));
    const before = book({ ...late(SOLD, removal, back), updatedAt: DECEMBER }, lowered, own);
    assert.equal(books(before), 'SHOPIFY-1001 22.00, paid 22.00, expense 8.00');
    const unpaid = late(withPlate(SOLD, tender(usd('44'))), removal, back);
    const now = book(unpaid, before, own);
    assert.equal(books(now), 'SHOPIFY-1001 22.00, SHOPIFY-1001-2 20.00, paid 22.00, expense 8.00');
  });

  test('that had been paid twice, too', () => {
    const twice = order({ lines: [CUP], cash: paid(usd('44'), usd('44')) });
    const back = refund(usd('44'), { id: '2', at: DECEMBER });
    const before = post(work(twice, []).steps);
    const unpaid = late(withPlate(twice, tender(usd('44')), tender(usd('44'))), back);
    assert.equal(books(book(unpaid, before, own)), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00');
  });

  test('of an order that was not paid whole, leaves what was kept of its refund to what is owed', () => {
    const parts = [tender(usd('10')), tender(usd('5'), { at: at('2026-12-20T10:00:00-05:00') })];
    const sold = order({ lines: [CUP], cash: received(tender(usd('10'))) });
    const whole = refund(usd('10'), {
      at: DECEMBER,
      returns: [returned('item:1', 2, usd('40'), [usd('4')])],
      difference: usd('34'),
    });
    const grown = late(withPlate(sold, ...parts), whole);
    const now = book(grown, book(sold), own);
    assert.equal(
      books(now),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 10.00, paid 5.00, paid 29.00, paid 5.00, expense 44.00',
    );
    proven(grown, now);
  });

  test('leaves it settled too where a restored database has found the invoice of it, and not seen what was between', () => {
    const twice = order({ lines: [CUP], cash: paid(usd('44'), usd('44')) });
    const back = refund(usd('44'), { id: '2', at: DECEMBER });
    const before = post(work(twice, []).steps);
    const seen = late(withPlate(twice, tender(usd('44')), tender(usd('44'))), back);
    const { additions: _seen, ...unseen } = seen;
    for (const shown of [unseen, { ...unseen, additions: [{ line: PLATE.key, after: seen.placedAt }] }]) {
      const [added] = work(shown, before, own).steps.filter(({ kind }) => kind === 'invoice');
      assert(added !== undefined);
      const found = post([added], before, { isFound: true });
      const now = book(shown, found, own);
      assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00');
      assert.deepEqual(holds(work(shown, now, own)), []);
      proven(shown, now);
    }
  });

  test('leaves it settled within the month too, whatever the rule of refunds', () => {
    const twice = order({ lines: [CUP], cash: paid(usd('44'), usd('44')) });
    const back = refund(usd('44'), { id: '2', at: BACK });
    const before = post(work(twice, []).steps);
    const both = [tender(usd('44')), tender(usd('44'))];
    const grown = within(late(withPlate(twice, ...both), back), NOVEMBER);
    const rest = tender(usd('20'), { at: LATER });
    const whole = within(late(withPlate(twice, ...both, rest), back), LATER);
    const ways: readonly Parts[] = [
      own,
      { rules: { ...CATEGORY, refunds: 'expense' } },
      { ...own, negativeLines: 'refused' },
    ];
    for (const parts of ways) {
      const now = book(grown, before, parts);
      assert.equal(books(now), 'SHOPIFY-1001 64.00, paid 44.00');
      assert.deepEqual(holds(work(grown, now, parts)), []);
      proven(grown, now);
      const then = book(whole, now, parts);
      assert.equal(books(then), 'SHOPIFY-1001 64.00, paid 44.00, paid 20.00');
      assert.deepEqual(holds(work(whole, then, parts)), []);
      proven(whole, then);
    }
  });

  test('and goes back only after it, is given: what had been too much pays for it', () => {
    const twice = order({ lines: [CUP], cash: paid(usd('44'), usd('20')) });
    const both = [tender(usd('44')), tender(usd('20'))];
    const grown = within(withPlate(twice, ...both), NOVEMBER);
    const now = book(grown, post(work(twice, []).steps), own);
    assert.equal(books(now), 'SHOPIFY-1001 64.00, paid 44.00, paid 20.00');
    const given = within(withRefunds(grown, refund(usd('20'), { id: '2', at: LATER })), LATER);
    const then = book(given, now, own);
    assert.equal(books(then), 'SHOPIFY-1001 44.00, paid 44.00');
    proven(given, then);
  });

  test('by and by, leaves what went back before each of it', () => {
    const parts: Parts = { rules: { ...CATEGORY, refunds: 'expense' } };
    const BOWL = line({ key: 'item:5', title: 'Bowl', unitPrice: usd('10') });
    const both = [tender(usd('44')), tender(usd('44'))];
    const twice = order({ lines: [CUP], cash: received(...both) });
    const first = { line: PLATE.key, after: twice.updatedAt };
    const grown = { ...withPlate(twice, ...both), additions: [first], updatedAt: BACK };
    const sold = post(work(twice, [], parts).steps);
    const before = post(work(grown, sold, parts).steps, sold);
    const again = (...tenders: readonly ReturnType<typeof tender>[]): Order => ({
      ...late(
        order({ lines: [CUP, PLATE, BOWL], cash: received(...tenders), updatedAt: LATER }),
        refund(usd('24'), { id: '2', at: BACK }),
      ),
      additions: [first, { line: BOWL.key, after: NOVEMBER }],
    });
    const now = book(again(...both), before, parts);
    assert.equal(books(now), 'SHOPIFY-1001 74.00, paid 44.00, paid 20.00');
    const whole = again(...both, tender(usd('10'), { at: LATER }));
    const then = book(whole, now, parts);
    assert.equal(books(then), 'SHOPIFY-1001 74.00, paid 44.00, paid 20.00, paid 10.00');
    assert.deepEqual(holds(work(whole, then, parts)), []);
    proven(whole, then);
  });

  test('leaves it settled where it had been paid again before', () => {
    const back = refund(usd('10'), { id: '2', at: BACK });
    const tenders = [tender(usd('44')), tender(usd('30'), { at: LATER })];
    const BOWL = line({ key: 'item:5', title: 'Bowl', unitPrice: usd('10') });
    const given = book({ ...late(SOLD, back), updatedAt: BACK }, book(SOLD), own);
    assert.equal(books(given), 'SHOPIFY-1001 34.00, paid 34.00');
    const again = within(late(withPlate(SOLD, ...tenders), back), LATER);
    const evened = book(again, given, own);
    assert.equal(books(evened), 'SHOPIFY-1001 64.00, paid 34.00, paid 30.00');
    const grown = {
      ...late(order({ lines: [CUP, PLATE, BOWL], cash: received(...tenders), updatedAt: DECEMBER }), back),
      additions: [...(again.additions ?? []), { line: BOWL.key, after: LATER }],
    };
    const now = book(grown, evened, own);
    assert.equal(books(now), 'SHOPIFY-1001 64.00, SHOPIFY-1001-2 10.00, paid 34.00, paid 30.00');
    proven(grown, now);
  });

  test('as more of a line, leaves it settled too', () => {
    const tenders = [tender(usd('44')), tender(usd('22'))];
    const back = refund(usd('22'), { id: '2', at: BACK });
    const parts: Parts = { rules: { ...CATEGORY, refunds: 'expense' } };
    const more = { ...CUP, quantity: 3, taxes: [tax('10', usd('6'))] };
    const grown = {
      ...late(order({ lines: [more], cash: received(...tenders), updatedAt: NOVEMBER }), back),
      additions: [{ line: CUP.key, after: BACK, was: CUP }],
    };
    const before = post(work(order({ lines: [CUP], cash: received(...tenders) }), [], parts).steps);
    assert.equal(books(book(grown, before, parts)), 'SHOPIFY-1001 66.00, paid 44.00');
  });

  test('and taken off again, leaves a concession of the same amount what it was', () => {
    const given = refund(usd('20'), { id: '1', at: BACK });
    const off = refund(usd('0'), {
      id: '2',
      at: LATER,
      returns: [returned(PLATE.key, 1, usd('20'))],
      difference: usd('0'),
    });
    const ways: readonly (readonly [Parts, string])[] = [
      [own, 'SHOPIFY-1001 24.00, paid 24.00'],
      [{ rules: { ...CATEGORY, refunds: 'expense' } }, 'SHOPIFY-1001 44.00, paid 44.00, expense 20.00'],
    ];
    for (const [parts, stands] of ways) {
      const before = book({ ...late(SOLD, given), updatedAt: BACK }, book(SOLD, [], parts), parts);
      const grown = within(late(withPlate(SOLD, tender(usd('44'))), given), NOVEMBER);
      const taken = within(late(grown, given, off), LATER);
      const then = book(taken, book(grown, before, parts), parts);
      assert.equal(books(then), stands);
      assert.deepEqual(holds(work(taken, then, parts)), []);
      proven(taken, then);
    }
  });

  test('as a concession, leaves the concession what it was', () => {
    const given = refund(usd('5'), { at: DECEMBER });
    const unpaid = late(withPlate(SOLD, tender(usd('44'))), given);
    const now = book(unpaid, book(SOLD), own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00, expense 5.00');
    assert.deepEqual(holds(work(unpaid, now, own)), []);
  });
});

test('a tax the channel remits, of what was added and is not paid, takes nothing off money that went back', () => {
  const rules = { rules: CATEGORY };
  const taxes = [tax('10', usd('4'), { remittedBy: 'channel' })];
  const taxed = line({ quantity: 2, unitPrice: usd('20'), taxes });
  const sold = order({ lines: [taxed] });
  const back = refund(usd('44'), {
    at: DECEMBER,
    difference: usd('0'),
    returns: [returned('item:1', 2, usd('40'), [usd('4')])],
  });
  const after = withRefunds(sold, back);
  const refunded = book(after, book(sold), rules);
  assert.equal(books(refunded), 'SHOPIFY-1001 40.00, paid 40.00, expense 40.00');
  const added = line({ ...taxed, key: 'item:2' });
  const total = usd('88');
  const grown = { ...after, lines: [taxed, added], total, currentTotal: usd('44'), updatedAt: DECEMBER };
  const now = book(grown, refunded, rules);
  assert.equal(books(now), 'SHOPIFY-1001 40.00, SHOPIFY-1001-2 40.00, paid 40.00, expense 40.00');
  proven(grown, now);
});

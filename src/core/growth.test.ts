import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, proven, withRefunds, work } from '#tests/planned.ts';
import { CATEGORY, CUP, DECEMBER, SOLD, usd } from '#tests/two-cups.ts';
import { withAdditions } from './account.ts';
import type { Entry } from './ledger.ts';
import { fold } from './ledger.ts';
import * as money from './money.ts';
import type { Addition, Order, OrderLine, Refund } from './order.ts';

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

/** By an edit, without money. */
const takenOff = (id: string, quantity: number, moment: Order['updatedAt']): Refund => ({
  ...refund(usd('0'), {
    id,
    at: moment,
    returns: [returned(CUP.key, quantity, usd(String(20 * quantity)), [usd(String(2 * quantity))])],
    difference: usd('0'),
  }),
  payouts: [],
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
  const removed = (quantity: number): Order => ({
    ...withRefunds(grown(cups(5)), takenOff('1', quantity, LATER)),
    updatedAt: LATER,
  });
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

describe('more units of a line that come after others were taken off', () => {
  const FEBRUARY = at('2027-02-12T10:00:00-05:00');
  const TOLD = at('2027-01-12T10:00:00-05:00');

  test('are not those that were, and those keep what went back of them', () => {
    const before = book(grown(cups(5)), book(SOLD));
    const four = takenOff('7', 4, LATER);
    const lowered = book({ ...withRefunds(grown(cups(5)), four), updatedAt: LATER }, before, own);
    const again = grown(cups(8), {
      additions: were([CUP, SOLD.updatedAt], [cups(5), LATER]),
      updatedAt: JANUARY,
    });
    const money = refund(usd('22'), { id: '8', at: LATER });
    const told = { ...withRefunds(again, four, money), updatedAt: JANUARY };
    const stands = 'SHOPIFY-1001 44.00, SHOPIFY-1001-3 66.00, paid 44.00, expense 22.00';
    const atOnce = book(told, lowered, own);
    assert.equal(books(atOnce), stands);
    assert.deepEqual(holds(work(told, atOnce, own)), []);
    proven(told, atOnce);
    const first = book({ ...withRefunds(grown(cups(5)), four, money), updatedAt: LATER }, lowered, own);
    assert.equal(books(book(told, first, own)), stands);
  });

  test('rewrite no invoice and lower no payment of the months before', () => {
    const cash = received(PAID, tender(usd('66'), { at: DECEMBER }));
    const december = book(grown(cups(5), { cash }), book(SOLD));
    const additions = were([CUP, SOLD.updatedAt], [cups(5), DECEMBER]);
    const nine = grown(cups(9), { additions, cash, updatedAt: JANUARY });
    const eight = takenOff('7', 8, TOLD);
    const lowered = book({ ...withRefunds(nine, eight), updatedAt: TOLD }, book(nine, december), own);
    const twelve = grown(cups(12), {
      additions: [...additions, ...were([cups(9), TOLD])],
      cash,
    });
    const money = refund(usd('88'), { id: '8', at: TOLD });
    const told = { ...withRefunds(twelve, eight, money), updatedAt: FEBRUARY };
    const now = book(told, lowered, own);
    assert.equal(
      books(now),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 66.00, SHOPIFY-1001-4 66.00, paid 44.00, paid 66.00, expense 88.00',
    );
    assert.deepEqual(holds(work(told, now, own)), []);
    proven(told, now);
  });
});

describe('of a line on two invoices', () => {
  const paid = received(PAID, tender(usd('66'), { at: DECEMBER }));
  const before = book(grown(cups(5), { cash: paid }), book(SOLD));
  const four = takenOff('7', 4, LATER);

  test('what an edit took off both, and is paid back in the month of the second, is an expense of the first alone', () => {
    const removed = { ...withRefunds(grown(cups(5), { cash: paid }), four), updatedAt: LATER };
    const lowered = book(removed, before, own);
    assert.equal(books(lowered), 'SHOPIFY-1001 44.00, paid 44.00');
    const money = refund(usd('88'), { id: '8', at: LATER });
    const back = { ...withRefunds(removed, four, money), updatedAt: LATER };
    for (const stood of [lowered, before]) {
      const now = book(back, stood, own);
      assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00, expense 22.00');
      assert.deepEqual(holds(work(back, now, own)), []);
      proven(back, now);
    }
  });

  test('what an edit took off both stands on them for store credit, as its money stays', () => {
    const removed = { ...withRefunds(grown(cups(5), { cash: paid }), four), updatedAt: LATER };
    const lowered = book(removed, before, own);
    const credit = refund(usd('88'), {
      id: '8',
      at: LATER,
      payouts: [{ amount: usd('88'), at: LATER, gateway: 'shopify_store_credit', to: 'store-credit' }],
    });
    const back = { ...withRefunds(removed, four, credit), updatedAt: LATER };
    const now = book(back, lowered, own);
    assert.equal(
      books(now),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-3 66.00, paid 44.00, paid 66.00, credit-note 88.00',
    );
    assert.deepEqual(holds(work(back, now, own)), []);
  });

  test('both stay as they are while its price or tax is another one, and that is asked', () => {
    const dearer = { unitPrice: usd('30'), taxes: [tax('10', usd('15'))] };
    for (const units of [cups(5, dearer), cups(5, { taxes: [tax('12', usd('12'))] })]) {
      const found = work(grown(units, { cash: paid, updatedAt: LATER }), before, own);
      assert.deepEqual([found.steps, holds(found)], [[], ['order-changed']]);
    }
  });

  for (const [what, taken, left] of [
    ['less', '5.99', 'order-changed'],
    ['more', '6.01', 'order-reduced'],
  ] as const) {
    test(`what the shop takes back ${what} of tax than the last units had is a cent of the first`, () => {
      const unpaid = book(grown(cups(5)), book(SOLD));
      const three = {
        ...four,
        returns: [returned(CUP.key, 3, usd('60'), [usd(taken)])],
      };
      const shown = { ...withRefunds(grown(cups(5)), three), updatedAt: LATER };
      const now = book(shown, unpaid, own);
      assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00');
      assert.deepEqual(holds(work(shown, now, own)), [left]);
    });
  }

  test('whose later units were cheaper, nothing below nothing is left on theirs', () => {
    const rebate = [{ label: 'MORE', amount: usd('30') }];
    const more = grown({ ...cups(5), discounts: rebate, taxes: [tax('10', usd('7'))] });
    const stood = book(more, book(SOLD));
    assert.equal(books(stood), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 33.00, paid 44.00');
    const three = { ...four, returns: [returned(CUP.key, 3, usd('42'), [usd('4.20')])] };
    const shown = { ...withRefunds(more, three), updatedAt: LATER };
    const now = book(shown, stood, own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00');
    assert.deepEqual(holds(work(shown, now, own)), ['order-reduced']);
  });

  test('and of another one, an edit that took units off both is told apart by the line', () => {
    const mug = (quantity: number): OrderLine =>
      line({ key: 'item:2', title: 'Mug', quantity, unitPrice: usd('10') });
    const plain = (quantity: number): OrderLine => ({ ...CUP, quantity, taxes: [] });
    const sold = order({ lines: [plain(2), mug(2)] });
    const since = SOLD.updatedAt;
    const cash = received(tender(usd('60')), tender(usd('30'), { at: DECEMBER }));
    const additions = [
      { line: CUP.key, after: since, was: plain(2) },
      { line: 'item:2', after: since, was: mug(2) },
    ];
    const one = order({ lines: [plain(3), mug(3)], additions, cash, updatedAt: DECEMBER });
    const stood = book(one, book(sold));
    const both: Refund = {
      ...refund(usd('0'), {
        id: '77',
        at: JANUARY,
        returns: [returned(CUP.key, 2, usd('40'), []), returned('item:2', 2, usd('20'), [])],
        difference: usd('0'),
      }),
      payouts: [],
    };
    const lamp = line({ key: 'item:4', title: 'Lamp', unitPrice: usd('60') });
    const exchanged = {
      ...withRefunds(order({ lines: [...one.lines, lamp], additions, cash }), both),
      updatedAt: JANUARY,
    };
    const now = book(exchanged, stood, own);
    assert.deepEqual(holds(work(exchanged, now, own)), []);
    proven(exchanged, now);
    assert.deepEqual(
      fold(now).beside.map(({ refund: id, amount }) => `${id} ${money.format(amount)}`),
      ['77 30.00', '77+item:2+1 10.00', '77+item:1+1 20.00'],
    );
  });
});

describe('more units of a line, told otherwise,', () => {
  test('are the same with its taxes in another order', () => {
    const [state, city] = [tax('10', usd('4')), tax('2', usd('0.80'), { name: 'City' })];
    const was = { ...CUP, taxes: [state, city] };
    const sold = order({ lines: [was] });
    const now = cups(5, {
      taxes: [
        { ...city, amount: usd('2') },
        { ...state, amount: usd('10') },
      ],
    });
    const additions = [{ line: CUP.key, after: sold.updatedAt, was }];
    const more = order({ lines: [now], additions, cash: sold.cash, updatedAt: DECEMBER });
    assert.equal(books(book(more, book(sold))), 'SHOPIFY-1001 44.80, SHOPIFY-1001-2 67.20, paid 44.80');
  });

  test('have the tax that the rules take out of prices', () => {
    const parts = { rules: { ...CATEGORY, untoldTax: { default: '20' } } };
    const untold = { untoldTax: 'merchant', pricesIncludeTax: true } as const;
    const plain = (quantity: number): OrderLine => ({ ...CUP, quantity, taxes: [] });
    const sold = order({ ...untold, lines: [plain(2)] });
    const additions = [{ line: CUP.key, after: sold.updatedAt, was: plain(2) }];
    const more = order({
      ...untold,
      lines: [plain(5)],
      additions,
      cash: sold.cash,
      updatedAt: DECEMBER,
    });
    const now = book(more, book(sold, [], parts), parts);
    assert.equal(books(now), 'SHOPIFY-1001 40.00, SHOPIFY-1001-2 60.00, paid 40.00');
  });

  test('for nothing are not asked about', () => {
    const gift = (quantity: number): OrderLine =>
      line({ key: 'item:2', title: 'Gift', quantity, unitPrice: usd('0') });
    const sold = order({ lines: [CUP, gift(1)] });
    const shown = order({ lines: [CUP, gift(3)], cash: sold.cash, updatedAt: DECEMBER });
    const found = work(withAdditions(shown, sold), book(sold));
    assert.deepEqual([found.steps, holds(found)], [[], []]);
  });

  test('of a line whose tax had changed before, lower no payment while that is asked', () => {
    const cheaper = { taxes: [tax('8', usd('3'))] };
    const moved = { ...order({ lines: [cups(2, cheaper)], cash: received(PAID) }), updatedAt: DECEMBER };
    const back = refund(usd('5'), { id: '8', at: LATER, difference: usd('-5') });
    const part = { ...withRefunds(moved, back), updatedAt: LATER };
    const stood = book(part, book(SOLD), own);
    assert.equal(books(stood), 'SHOPIFY-1001 44.00, paid 44.00, expense 4.00');
    const units = cups(3, { taxes: [tax('8', usd('4.50'))] });
    const additions = [{ line: CUP.key, after: LATER, was: cups(2, cheaper) }];
    const more = grown(units, { additions, updatedAt: JANUARY });
    const found = work({ ...withRefunds(more, back), updatedAt: JANUARY }, stood, own);
    assert.deepEqual([found.steps, holds(found)], [[], ['order-changed']]);
  });

  test('under a discount of more than they cost are a person’s', () => {
    const units = cups(5, { discounts: [{ label: 'ALL', amount: usd('80') }], taxes: [tax('10', usd('2'))] });
    const found = work(grown(units), book(SOLD));
    assert.deepEqual([found.steps, holds(found)], [[], ['order-reduced']]);
  });
});

describe('of what was taken off a line and what came to it at once', () => {
  const NOVEMBER = at('2026-11-14T10:00:00-05:00');

  test('nothing is booked where its invoice holds what is left', () => {
    const removal = takenOff('1', 1, NOVEMBER);
    const shown = grown(cups(3), { additions: were([CUP, NOVEMBER]) });
    const within = { ...withRefunds(shown, removal), updatedAt: NOVEMBER };
    const before = book(within, book(SOLD));
    assert.equal(books(before), 'SHOPIFY-1001 44.00, paid 44.00');
    const later = { ...within, updatedAt: DECEMBER };
    const found = work(later, before, own);
    assert.deepEqual([found.steps, holds(found)], [[], []]);
  });

  test('no invoice is divided anew once it is paid', () => {
    const one = order({ lines: [cups(1)] });
    const december = ['05', '07', '09', '11'].map((day) => at(`2026-12-${day}T10:00:00-05:00`));
    const [first = DECEMBER, second = DECEMBER, third = DECEMBER, last = DECEMBER] = december;
    const removal = takenOff('1', 5, third);
    const states = (count: number): readonly Addition[] =>
      were([cups(1), one.updatedAt], [cups(2), first], [cups(6), third]).slice(0, count);
    const shown = (quantity: number, count: number, updatedAt: Order['updatedAt']): Order =>
      grown(cups(quantity), { additions: states(count), cash: one.cash, updatedAt });
    const lives = [
      shown(2, 1, first),
      shown(6, 2, second),
      { ...withRefunds(shown(6, 2, third), removal), updatedAt: third },
      { ...withRefunds(shown(7, 3, last), removal), updatedAt: last },
    ];
    const before = lives.reduce((entries, state) => book(state, entries, own), book(one));
    assert.equal(books(before), 'SHOPIFY-1001 22.00, SHOPIFY-1001-3 22.00, paid 22.00');
    const cash = received(tender(usd('22')), tender(usd('22'), { at: JANUARY }));
    const settled = { ...withRefunds(shown(7, 3, JANUARY), removal), cash, updatedAt: JANUARY };
    const now = book(settled, before, own);
    assert.equal(books(now), 'SHOPIFY-1001 22.00, SHOPIFY-1001-3 22.00, paid 22.00, paid 22.00');
    proven(settled, now);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, paid, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, post, proven, withRefunds, work } from '#tests/planned.ts';
import type { Parts } from '#tests/planned.ts';
import { CATEGORY, CUP, DECEMBER, SOLD, usd } from '#tests/two-cups.ts';
import { fold } from './ledger.ts';
import * as money from './money.ts';
import type { Order, OrderLine, Refund } from './order.ts';

/** What is added to a booked order, and what that leaves of the money and the tax before it. */

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
    proven(unpaid, now);
    const settled = grown(tender(usd('44')), tender(usd('22.40'), { at: DECEMBER }));
    const then = book(settled, now);
    assert.equal(books(then), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00, paid 20.00');
    proven(settled, then);
  });

  test('is left out of the first money that comes for it', () => {
    const part = grown(tender(usd('44')), tender(usd('10'), { at: DECEMBER }));
    const now = book(part, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00, paid 7.60');
    proven(part, now);
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
    const later = book(more, book(one));
    assert.equal(books(later), 'SHOPIFY-1001 20.00, SHOPIFY-1001-2 20.00, paid 20.00');
    proven(more, later);
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

  test('as more of a line of which all is taken back, leaves nothing paid', () => {
    const lamps = (quantity: number): OrderLine => ({
      ...lamp,
      quantity,
      taxes: [tax('12', usd((2.4 * quantity).toFixed(2)), { remittedBy: 'channel' })],
    });
    const mug = line({ key: 'item:5', title: 'Mug', unitPrice: usd('20') });
    const sold = order({ lines: [mug, lamps(2)], cash: received(tender(usd('10'))) });
    const more = order({
      lines: [mug, lamps(3)],
      additions: [{ line: lamp.key, after: sold.updatedAt, was: lamps(2) }],
      cash: sold.cash,
    });
    const back = refund(usd('10'), {
      returns: [returned(lamp.key, 3, usd('60'), [usd('7.20')])],
      difference: usd('57.20'),
    });
    const shown = { ...withRefunds(more, back), updatedAt: back.at };
    const now = book(shown, book(more, book(sold)));
    assert.equal(fold(now).payments.length, 0);
    proven(shown, now);
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

describe('what was kept of a refund before something is added', () => {
  const own = { rules: CATEGORY };
  const JANUARY = at('2027-01-05T10:00:00-05:00');
  const FEBRUARY = at('2027-02-05T10:00:00-05:00');
  const PEN = line({ key: 'item:2', title: 'Pen', unitPrice: usd('5'), taxes: [tax('10', usd('0.50'))] });
  const BOOK = line({ key: 'item:3', title: 'Book', unitPrice: usd('7') });
  const withFee = (lines: Order['lines'], ...tenders: readonly ReturnType<typeof tender>[]): Order => {
    const back = refund(usd('17'), {
      at: DECEMBER,
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('5'),
    });
    const additions = [
      { line: PEN.key, after: DECEMBER },
      { line: BOOK.key, after: JANUARY },
    ].filter((addition) => lines.some(({ key }) => key === addition.line));
    const sold = order({ lines, cash: received(tender(usd('44')), ...tenders), additions });
    return { ...withRefunds(sold, back), updatedAt: JANUARY };
  };
  const before = book(withFee([CUP]), book(SOLD), own);

  test('stays kept while that is not paid, and when it is paid whole', () => {
    assert.equal(books(before), 'SHOPIFY-1001 44.00, paid 44.00, expense 17.00');
    const unpaid = withFee([CUP, PEN]);
    const now = book(unpaid, before, own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 5.50, paid 44.00, expense 17.00');
    assert.deepEqual(holds(work(unpaid, now, own)), []);
    proven(unpaid, now);
    const whole = withFee([CUP, PEN], tender(usd('5.50'), { at: JANUARY }));
    const then = book(whole, now, own);
    assert.equal(
      books(then),
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 5.50, paid 44.00, paid 5.50, expense 17.00',
    );
    assert.deepEqual(holds(work(whole, then, own)), []);
    proven(whole, then);
  });

  test('stays kept too where it is more than that', () => {
    const lesser = { ...PEN, unitPrice: usd('2'), taxes: [tax('10', usd('0.20'))] };
    const unpaid = withFee([CUP, lesser]);
    const now = book(unpaid, before, own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 2.20, paid 44.00, expense 17.00');
    assert.deepEqual(holds(work(unpaid, now, own)), []);
    proven(unpaid, now);
  });

  test('pays for that where no more than the rest comes for it, and has once and for all', () => {
    const unpaid = book(withFee([CUP, PEN]), before, own);
    const rest = tender(usd('0.50'), { at: JANUARY });
    const even = withFee([CUP, PEN], rest);
    const now = book(even, unpaid, own);
    const paidFor =
      'SHOPIFY-1001 44.00, SHOPIFY-1001-2 5.50, paid 44.00, paid 0.50, paid 5.00, expense 17.00, expense 5.00';
    assert.equal(books(now), paidFor);
    assert.deepEqual(holds(work(even, now, own)), []);
    proven(even, now);
    const more = { ...withFee([CUP, PEN, BOOK], rest), updatedAt: FEBRUARY };
    const then = book(more, now, own);
    assert.equal(books(then), paidFor.replace('5.50, paid', '5.50, SHOPIFY-1001-3 7.00, paid'));
    assert.deepEqual(holds(work(more, then, own)), []);
    proven(more, then);
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

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, paid, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, planned, proven, withRefunds, work } from '#tests/planned.ts';
import { fold } from './ledger.ts';
import * as money from './money.ts';
import type { Order, Refund } from './order.ts';
import { proofOf } from './proof.ts';

/**
 * Money that settles the account of an order is no concession and nothing that was kept: what was paid twice and came back, what
 * an edit took off and was paid back later, what an exchange kept for the goods that were sent instead. Two cups of 50.00 with
 * 8 % tax, 108.00 paid by card.
 */

const usd = (text: string) => money.parse(text, 'USD');
const CUP = line({ quantity: 2, unitPrice: usd('50'), taxes: [tax('8', usd('8'))] });
const SOLD = order({ lines: [CUP], cash: paid(usd('108')) });
const CATEGORY = { rules: { refundCategory: 'Refunds' } } as const;
const NOVEMBER = at('2026-11-20T10:00:00-05:00');
const DECEMBER = at('2026-12-05T10:00:00-05:00');
const ONE = returned('item:1', 1, usd('50'), [usd('4')]);
const BOTH = returned('item:1', 2, usd('100'), [usd('8')]);

/** Units that an edit or a cancellation took off, without money. */
function removal(parts: Partial<Refund> = {}): Refund {
  return refund(usd('0'), { id: '900', returns: [ONE], difference: usd('0'), ...parts });
}

/** Money of an amount, without lines. */
function amount(text: string, moment: Refund['at'] = NOVEMBER): Refund {
  return refund(usd(text), { at: moment });
}

function seen(shown: Order, moment: Refund['at']): Order {
  return { ...shown, updatedAt: moment };
}

describe('money that was paid twice', () => {
  const twice = { ...SOLD, cash: received(tender(usd('108')), tender(usd('108'), { transactionId: '2' })) };

  test('is asked about, and no question is left once it went back', () => {
    const before = book(twice);
    assert.deepEqual(holds(planned(twice, before)), ['order-overpaid']);
    for (const moment of [NOVEMBER, DECEMBER]) {
      const back = seen(withRefunds(twice, amount('108', moment)), moment);
      for (const standing of [before, []]) {
        const now = book(back, standing, CATEGORY);
        assert.equal(books(now), 'SHOPIFY-1001 108.00, paid 108.00');
        assert.deepEqual(holds(planned(back, now, CATEGORY)), []);
        proven(back, now);
      }
    }
  });

  test('and of which a part went back is still asked about, and the sale stays', () => {
    const before = book(twice);
    const back = withRefunds(twice, amount('50'));
    const now = book(back, before);
    assert.equal(books(now), 'SHOPIFY-1001 108.00, paid 108.00');
    assert.deepEqual(holds(planned(back, now)), ['order-overpaid']);
  });

  test('and of which more went back is a concession only by the rest', () => {
    const back = withRefunds(twice, amount('118'));
    const now = book(back, book(twice));
    assert.equal(books(now), 'SHOPIFY-1001 98.00, paid 98.00');
    proven(back, now);
    const late = seen(withRefunds(twice, amount('118', DECEMBER)), DECEMBER);
    const expense = book(late, book(twice), CATEGORY);
    assert.equal(books(expense), 'SHOPIFY-1001 108.00, paid 108.00, expense 10.00');
    proven(late, expense);
  });
});

describe('money that went back before the edit that it is for, and stands as an expense', () => {
  const EXPENSE = { rules: { ...CATEGORY.rules, refunds: 'expense' } } as const;
  const FIRST = at('2026-11-12T09:00:00-05:00');
  const untaxed = order({
    lines: [line({ quantity: 2, unitPrice: usd('50') })],
    cash: paid(usd('100')),
  });
  const half = returned('item:1', 1, usd('50'));
  const whole = returned('item:1', 2, usd('100'));

  test('stays, and what was taken off is not taken off the invoice as well', () => {
    for (const [back, taken, stands] of [
      ['50', half, 'SHOPIFY-1001 100.00, paid 100.00, expense 50.00'],
      ['100', whole, 'SHOPIFY-1001 100.00, paid 100.00, expense 100.00'],
    ] as const) {
      const given = withRefunds(untaxed, amount(back, FIRST));
      const before = book(given, book(untaxed, [], EXPENSE), EXPENSE);
      assert.equal(books(before), stands);
      const taking = { ...removal({ returns: [taken], at: NOVEMBER }), id: '905' };
      const edited = seen(withRefunds(untaxed, amount(back, FIRST), taking), NOVEMBER);
      const gone = { ...edited, cancelledAt: NOVEMBER };
      for (const shown of back === '100' ? [edited, gone] : [edited]) {
        const now = book(shown, before, EXPENSE);
        assert.equal(books(now), stands);
        assert.deepEqual(holds(planned(shown, now, EXPENSE)), []);
        proven(shown, now);
      }
    }
  });

  test('is asked about where the expense does not bear the tax of what was taken off', () => {
    const given = withRefunds(SOLD, amount('54', FIRST));
    const before = book(given, book(SOLD, [], EXPENSE), EXPENSE);
    const taking = { ...removal({ returns: [ONE], at: NOVEMBER }), id: '905' };
    const edited = seen(withRefunds(SOLD, amount('54', FIRST), taking), NOVEMBER);
    const now = work(edited, before, EXPENSE);
    assert.deepEqual([now.steps, holds(now)], [[], ['refund-unbooked']]);
    assert.deepEqual(now.holds[0]?.facts, [
      { name: 'Tax of what went back', value: '4.00 USD' },
      { name: 'Tax of it in the books', value: '0.00 USD' },
    ]);
    proven(edited, before);
  });

  test('and is for what was taken off before, is not for the like of it that is taken off later', () => {
    const poster = line({ key: 'item:2', unitPrice: usd('54') });
    const sold = order({ lines: [CUP, poster], cash: paid(usd('162')) });
    const early = { ...removal({ at: DECEMBER }), id: '901' };
    const back = { ...amount('54', DECEMBER), id: '902' };
    const taken = [returned('item:2', 1, usd('54'))];
    const late = { ...removal({ at: DECEMBER, returns: taken }), id: '903' };
    const before = book(seen(withRefunds(sold, early, back), DECEMBER), book(sold), CATEGORY);
    assert.equal(books(before), 'SHOPIFY-1001 162.00, paid 162.00, expense 54.00');
    const two = seen(withRefunds(sold, early, back, late), DECEMBER);
    assert.deepEqual(holds(planned(two, before, CATEGORY)), ['order-reduced']);
  });
});

describe('money that comes after a refund', () => {
  const given = refund(usd('5'), { at: at('2026-11-12T09:00:00-05:00') });
  const again = tender(usd('108'), { transactionId: '2', at: NOVEMBER });
  const ways = [CATEGORY, { rules: { ...CATEGORY.rules, refunds: 'expense' } }] as const;

  test('and was too much is not what had been given, whichever way the refund is booked', () => {
    const twice = { ...SOLD, cash: received(tender(usd('108')), again) };
    const back = { ...amount('108', DECEMBER), id: '902' };
    for (const [parts, stands] of [
      [ways[0], 'SHOPIFY-1001 103.00, paid 103.00'],
      [ways[1], 'SHOPIFY-1001 108.00, paid 108.00, expense 5.00'],
    ] as const) {
      const before = book(withRefunds(SOLD, given), book(SOLD), parts);
      assert.equal(books(before), stands);
      const paidAgain = seen(withRefunds(twice, given), NOVEMBER);
      const between = book(paidAgain, before, parts);
      assert.equal(books(between), stands);
      assert.deepEqual(holds(planned(paidAgain, between, parts)), ['order-overpaid']);
      const evened = seen(withRefunds(twice, given, back), DECEMBER);
      const now = book(evened, between, parts);
      assert.equal(books(now), stands);
      assert.deepEqual(holds(planned(evened, now, parts)), []);
      proven(evened, now);
    }
  });

  test('and is no more than had gone back is that, come again, whatever is given after it', () => {
    const back = { ...amount('108', at('2026-11-12T09:00:00-05:00')), id: '900' };
    const later = { ...amount('5', DECEMBER), id: '903' };
    const once = book(withRefunds(SOLD, back), book(SOLD), CATEGORY);
    assert.equal(books(once), '');
    for (const [came, stands] of [
      ['108', 'SHOPIFY-1001-2 108.00, paid 108.00, expense 5.00'],
      ['100', 'SHOPIFY-1001-2 100.00, paid 100.00, expense 5.00'],
    ] as const) {
      const more = { ...again, amount: usd(came) };
      const twice = { ...SOLD, cash: received(tender(usd('108')), more) };
      const between = book(seen(withRefunds(twice, back), NOVEMBER), once, CATEGORY);
      const given = seen(withRefunds(twice, back, later), DECEMBER);
      const now = book(given, between, CATEGORY);
      assert.equal(books(now), stands);
      assert.deepEqual(holds(planned(given, now, CATEGORY)), []);
      proven(given, now);
    }
  });

  test('and is what stands as given in the books already, is asked about as that, and not as lines that changed', () => {
    const even = seen(
      withRefunds({ ...SOLD, cash: received(tender(usd('108')), { ...again, amount: usd('5') }) }, given),
      DECEMBER,
    );
    const before = book(withRefunds(SOLD, given), book(SOLD), ways[1]);
    const { holds: asked } = work(even, before, ways[1]);
    const changed = asked.find(({ code }) => code === 'order-changed');
    assert.equal(
      changed?.detail,
      'What stands for order #1001 is 5.00 USD less than it is worth by its account with the buyer, and its invoice cannot be changed any more',
    );
  });

  test('and makes the account even, pays again what had gone back', () => {
    const part = { ...SOLD, cash: paid(usd('50')) };
    const rest = tender(usd('63'), { transactionId: '2', at: NOVEMBER });
    const before = book(withRefunds(part, given), book(part), CATEGORY);
    assert.equal(books(before), 'SHOPIFY-1001 103.00, paid 45.00');
    const whole = seen(withRefunds({ ...SOLD, cash: received(tender(usd('50')), rest) }, given), NOVEMBER);
    const now = book(whole, before, CATEGORY);
    assert.equal(books(now), 'SHOPIFY-1001 108.00, paid 45.00, paid 63.00');
    proven(whole, now);
  });
});

describe('money for what an edit took off', () => {
  test('in the month of the sale lowers nothing a second time', () => {
    const edited = seen(withRefunds(SOLD, removal()), NOVEMBER);
    const between = book(edited, book(SOLD));
    assert.equal(books(between), 'SHOPIFY-1001 54.00, paid 54.00');
    assert.deepEqual(holds(planned(edited, between)), ['order-overpaid']);
    for (const moment of [NOVEMBER, DECEMBER]) {
      const back = seen(withRefunds(SOLD, removal(), amount('54', moment)), moment);
      const now = book(back, between, CATEGORY);
      assert.equal(books(now), 'SHOPIFY-1001 54.00, paid 54.00');
      assert.deepEqual(holds(planned(back, now, CATEGORY)), []);
      proven(back, now);
    }
  });

  test('in a later month is an expense with the tax of what was taken off', () => {
    const edited = seen(withRefunds(SOLD, removal({ at: DECEMBER })), DECEMBER);
    const between = book(edited, book(SOLD), CATEGORY);
    assert.deepEqual(holds(planned(edited, between, CATEGORY)), ['order-reduced']);
    const back = seen(withRefunds(SOLD, removal({ at: DECEMBER }), amount('54', DECEMBER)), DECEMBER);
    const now = book(back, between, CATEGORY);
    assert.equal(books(now), 'SHOPIFY-1001 108.00, paid 108.00, expense 54.00');
    const [step] = work(back, between, CATEGORY).steps;
    assert(step?.kind === 'expense');
    assert.deepEqual(
      step.taxes.map((each) => each.amount),
      [usd('4')],
    );
    assert.deepEqual(holds(planned(back, now, CATEGORY)), []);
    proven(back, now);
  });

  test('first seen after both is an invoice of what is left', () => {
    const back = seen(withRefunds(SOLD, removal({ at: DECEMBER }), amount('54', DECEMBER)), DECEMBER);
    const now = book(back, [], CATEGORY);
    assert.equal(books(now), 'SHOPIFY-1001 54.00, paid 54.00');
    assert.deepEqual(holds(planned(back, now, CATEGORY)), []);
    proven(back, now);
  });

  test('is not what was given before it, unless that makes the account even', () => {
    const given = refund(usd('5'), { at: at('2026-11-12T09:00:00-05:00') });
    const before = book(withRefunds(SOLD, given), book(SOLD));
    const edited = seen(withRefunds(SOLD, given, removal({ at: NOVEMBER })), NOVEMBER);
    const between = book(edited, before);
    assert.equal(books(between), 'SHOPIFY-1001 49.00, paid 49.00');
    assert.deepEqual(holds(planned(edited, between)), ['order-overpaid']);
    for (const [paidBack, worth] of [
      ['54', '49.00'],
      ['49', '54.00'],
    ] as const) {
      const back = withRefunds(
        SOLD,
        given,
        removal({ at: NOVEMBER }),
        refund(usd(paidBack), { id: '902', at: after(NOVEMBER) }),
      );
      const now = book(seen(back, after(NOVEMBER)), between);
      assert.equal(books(now).split(',', 1)[0], `SHOPIFY-1001 ${worth}`);
      assert.equal(holds(planned(back, now)).includes('order-overpaid'), false);
      assert.equal(proofOf(back, fold(now)).difference?.minor, 0n);
    }
  });

  test('that came before the edit leaves no second reduction', () => {
    const first = amount('54', at('2026-11-12T09:00:00-05:00'));
    const given = book(withRefunds(SOLD, first), book(SOLD));
    assert.equal(books(given), 'SHOPIFY-1001 54.00, paid 54.00');
    const edited = seen(withRefunds(SOLD, first, removal({ at: NOVEMBER })), NOVEMBER);
    const now = book(edited, given);
    assert.equal(books(now), 'SHOPIFY-1001 54.00, paid 54.00');
    assert.deepEqual(
      fold(now).invoices[0]?.document.taxes.map((each) => each.amount),
      [usd('4')],
    );
    proven(edited, now);
  });

  test('that stands as an expense already stays so when the edit is told later', () => {
    const given = seen(withRefunds(SOLD, amount('54', DECEMBER)), DECEMBER);
    const before = book(given, book(SOLD), CATEGORY);
    const edited = seen(
      withRefunds(SOLD, amount('54', DECEMBER), removal({ at: after(DECEMBER) })),
      after(DECEMBER),
    );
    const now = book(edited, before, CATEGORY);
    assert.equal(books(now), 'SHOPIFY-1001 108.00, paid 108.00, expense 54.00');
    proven(edited, now);
  });

  test('of a discount added later, and of tax that an address took away, is no second discount', () => {
    for (const [total, back] of [
      ['97.20', '10.80'],
      ['100.00', '8.00'],
    ] as const) {
      const less = order({
        lines: [
          total === '100.00'
            ? { ...CUP, taxes: [] }
            : {
                ...CUP,
                discounts: [{ label: 'SORRY', amount: usd('10') }],
                taxes: [tax('8', usd('7.20'))],
              },
        ],
        cash: paid(usd('108')),
      });
      const shown = withRefunds(less, amount(back));
      const now = book(shown, book(SOLD));
      assert.equal(books(now), `SHOPIFY-1001 ${total}, paid ${total}`);
      assert.deepEqual(holds(planned(shown, now)), []);
      proven(shown, now);
    }
  });
});

describe('an order that was cancelled with its money kept', () => {
  const cancelled = {
    ...SOLD,
    cancelledAt: NOVEMBER,
    updatedAt: NOVEMBER,
  };

  test('is off the books, and stays so when the money goes back a month later', () => {
    const without = withRefunds(cancelled, removal({ returns: [BOTH] }));
    const before = book(without, book(SOLD));
    assert.equal(books(before), '');
    assert.deepEqual(holds(planned(without, before)), ['order-overpaid']);
    const back = seen(
      withRefunds(cancelled, removal({ returns: [BOTH] }), amount('108', DECEMBER)),
      DECEMBER,
    );
    const now = book(back, before, CATEGORY);
    assert.equal(books(now), '');
    assert.deepEqual(holds(planned(back, now, CATEGORY)), []);
    proven(back, now);
  });
});

describe('an exchange', () => {
  /** One cup came back for 54.00 and a plate of 21.60 was sent: 32.40 went back. */
  const PLATE = line({ key: 'item:2', title: 'Plate', unitPrice: usd('20'), taxes: [tax('8', usd('1.60'))] });
  const exchanged = (moment: Refund['at']): Order =>
    seen(
      withRefunds(
        order({ lines: [CUP, PLATE], cash: paid(usd('108')) }),
        refund(usd('32.40'), { at: moment, returns: [ONE], difference: usd('21.60') }),
      ),
      moment,
    );

  test('in the month of the sale leaves what the buyer has now, and nothing kept', () => {
    const shown = exchanged(NOVEMBER);
    for (const before of [book(SOLD), []]) {
      const now = book(shown, before);
      assert.equal(books(now), 'SHOPIFY-1001 75.60, paid 75.60');
      assert.deepEqual(holds(planned(shown, now)), []);
      proven(shown, now);
    }
  });

  test('in a later month is an expense of what came back and an invoice that it paid', () => {
    const shown = exchanged(DECEMBER);
    const now = book(shown, book(SOLD), CATEGORY);
    assert.equal(
      books(now),
      'SHOPIFY-1001 108.00, SHOPIFY-1001-2 21.60, paid 108.00, paid 21.60, expense 54.00',
    );
    assert.deepEqual(holds(planned(shown, now, CATEGORY)), []);
    proven(shown, now);
  });
});

describe('an exchange for which no money goes back', () => {
  const cup = (key: string, price: string): Order['lines'][number] =>
    line({ key, title: 'Cup', unitPrice: usd(price), taxes: [] });
  const A = cup('item:1', '100');
  const BACK = { line: 'item:1', quantity: 1, amount: usd('100'), taxes: [] };
  const before = order({ lines: [A], cash: paid(usd('100')) });
  const exchanged = (other: string, more: string): Order =>
    seen(
      withRefunds(
        order({
          lines: [A, cup('item:2', other)],
          cash: received(
            tender(usd('100')),
            ...(more === '0' ? [] : [tender(usd(more), { at: DECEMBER, transactionId: '2' })]),
          ),
        }),
        removal({ at: DECEMBER, returns: [BACK] }),
      ),
      DECEMBER,
    );

  test('in a later month is an expense of what came back, which pays what was sent, with what was paid for it', () => {
    for (const [other, more, stands] of [
      ['100', '0', 'SHOPIFY-1001-2 100.00, paid 100.00, paid 100.00, expense 100.00'],
      ['150', '50', 'SHOPIFY-1001-2 150.00, paid 100.00, paid 50.00, paid 100.00, expense 100.00'],
    ] as const) {
      const shown = exchanged(other, more);
      const now = book(shown, book(before), CATEGORY);
      assert.equal(books(now), `SHOPIFY-1001 100.00, ${stands}`);
      assert.deepEqual(work(shown, now, CATEGORY).steps, []);
      assert.deepEqual(holds(planned(shown, now, CATEGORY)), []);
      proven(shown, now);
    }
  });

  test('is asked about where more or less is owed for what was sent', () => {
    for (const other of ['80', '120']) {
      const now = book(exchanged(other, '0'), book(before), CATEGORY);
      assert.doesNotMatch(books(now), /expense/);
      assert.deepEqual(holds(planned(exchanged(other, '0'), now, CATEGORY)), ['order-reduced']);
    }
  });

  test('is none where the money for what was taken off went back before, and what was added was paid', () => {
    const back = refund(usd('100'), { at: DECEMBER, difference: usd('-100') });
    const given = seen(withRefunds(before, back), DECEMBER);
    const stands = book(given, book(before), CATEGORY);
    assert.equal(books(stands), 'SHOPIFY-1001 100.00, paid 100.00, expense 100.00');
    const later = after(DECEMBER);
    const both = order({
      lines: [A, cup('item:2', '120')],
      cash: received(tender(usd('100')), tender(usd('120'), { at: later, transactionId: '2' })),
    });
    const shown = seen(withRefunds(both, back, removal({ at: later, returns: [BACK] })), later);
    const now = book(shown, stands, CATEGORY);
    assert.equal(
      books(now),
      'SHOPIFY-1001 100.00, SHOPIFY-1001-2 120.00, paid 100.00, paid 120.00, expense 100.00',
    );
    assert.deepEqual(holds(planned(shown, now, CATEGORY)), []);
  });

  test('is of the day on which the last of what it paid for was added', () => {
    const JANUARY = at('2027-01-08T10:00:00-05:00');
    const card = received(tender(usd('100')), tender(usd('30'), { at: DECEMBER, transactionId: '2' }));
    const added = seen(order({ lines: [A, cup('item:2', '30')], cash: card }), DECEMBER);
    const back = removal({ at: after(DECEMBER), returns: [BACK] });
    const taken = seen(withRefunds(added, back), after(DECEMBER));
    const whole = order({ lines: [...added.lines, cup('item:3', '100')], cash: card });
    const shown = seen(withRefunds(whole, back), JANUARY);
    const now = book(taken, book(added, book(before)), CATEGORY);
    const expenses = work(shown, now, CATEGORY).steps.flatMap((step) =>
      step.kind === 'expense' ? [step.spentOn] : [],
    );
    assert.deepEqual(expenses, ['2027-01-08']);
  });

  test('may have been of more units of a line, on the invoice of that', () => {
    const bowl = cup('item:2', '100');
    const sold = order({ lines: [A, bowl], cash: paid(usd('200')) });
    const two = order({
      lines: [{ ...A, quantity: 2 }, bowl],
      cash: sold.cash,
      additions: [{ line: A.key, after: sold.updatedAt, was: A }],
    });
    const stood = book(two, book(sold), CATEGORY);
    assert.equal(books(stood), 'SHOPIFY-1001 300.00, paid 200.00');
    const back = removal({ at: DECEMBER, returns: [{ ...BACK, line: bowl.key }] });
    const shown = { ...withRefunds(two, back), updatedAt: DECEMBER };
    const now = book(shown, stood, CATEGORY);
    assert.equal(books(now), 'SHOPIFY-1001 300.00, paid 200.00, paid 100.00, expense 100.00');
    assert.deepEqual(holds(planned(shown, now, CATEGORY)), []);
    proven(shown, now);
  });

  test('stays what it was when more is added to the order', () => {
    const now = book(exchanged('100', '0'), book(before), CATEGORY);
    const shown = exchanged('100', '0');
    const bigger = order({ lines: [...shown.lines, cup('item:3', '30')], cash: shown.cash });
    const more = seen(withRefunds(bigger, ...shown.refunds), after(DECEMBER));
    const then = book(more, now, CATEGORY);
    assert.equal(
      books(then),
      'SHOPIFY-1001 100.00, SHOPIFY-1001-2 130.00, paid 100.00, paid 100.00, expense 100.00',
    );
    assert.deepEqual(holds(planned(more, then, CATEGORY)), []);
  });
});

describe('more that went back than the order was worth', () => {
  test('in a later month is asked about, and the books stay as they were', () => {
    const shown = seen(
      withRefunds(SOLD, refund(usd('120'), { at: DECEMBER, returns: [BOTH], difference: usd('-12') })),
      DECEMBER,
    );
    const before = book(SOLD);
    const now = book(shown, before, CATEGORY);
    assert.equal(books(now), 'SHOPIFY-1001 108.00, paid 108.00');
    assert.deepEqual(holds(planned(shown, now, CATEGORY)), ['order-worth-negative']);
  });
});

describe('money that was to go back and did not', () => {
  test('wholly yet, waits for the rest of it', () => {
    const before = book(SOLD);
    const [part] = refund(usd('30')).payouts;
    assert(part !== undefined);
    const waiting = withRefunds(
      SOLD,
      refund(usd('30'), { returns: [BOTH], difference: usd('78'), isPending: true }),
    );
    assert.deepEqual(work(waiting, before), { outcome: 'work', steps: [], holds: [] });
    const rest = { ...part, amount: usd('78'), at: DECEMBER };
    const whole = seen(
      withRefunds(SOLD, refund(usd('30'), { returns: [BOTH], difference: usd('0'), payouts: [part, rest] })),
      DECEMBER,
    );
    const now = book(whole, before, CATEGORY);
    assert.equal(books(now), 'SHOPIFY-1001 108.00, paid 108.00, expense 108.00');
    const [step] = work(whole, before, CATEGORY).steps;
    assert.equal(step?.kind === 'expense' && step.spentOn, '2026-12-05');
    proven(whole, now);
  });

  test('changes nothing, whether or not a difference says so', () => {
    const before = book(SOLD);
    for (const difference of ['0', '54']) {
      const shown = withRefunds(
        SOLD,
        refund(usd('0'), { returns: [ONE], difference: usd(difference), isUnpaid: true }),
      );
      assert.deepEqual(work(shown, before), { outcome: 'work', steps: [], holds: [] });
    }
  });
});

function after(moment: Refund['at']): Refund['at'] {
  return at(new Date(moment + 3_600_000).toISOString());
}

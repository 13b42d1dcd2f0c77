import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, paid, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, kinds, planned, post, proven, withRefunds, work } from '#tests/planned.ts';
import type { Parts } from '#tests/planned.ts';
import { fold } from './ledger.ts';
import type { Entry } from './ledger.ts';
import * as money from './money.ts';
import type { Order, Refund } from './order.ts';
import { gatewaysIn } from './payment-method.ts';
import { CLOSED_DAY } from './period.ts';
import { parseLocalDate } from './time.ts';

/** What becomes of a booked order, in figures that an accountant can follow: two cups of 20.00 with 10 % tax, 44.00 paid by card. */

const usd = (text: string) => money.parse(text, 'USD');
const CUP = line({ quantity: 2, unitPrice: usd('20'), taxes: [tax('10', usd('4'))] });
const SOLD = order({ lines: [CUP] });
const CATEGORY = { refundCategory: 'Refunds' } as const;
const DECEMBER = at('2026-12-02T10:00:00-05:00');

/** One cup came back, and its 22.00 were paid back. */
function oneCup(parts: Partial<Refund> = {}): Refund {
  return refund(usd('22'), {
    returns: [returned('item:1', 1, usd('20'), [usd('2')])],
    difference: usd('0'),
    ...parts,
  });
}

describe('a refund in the month of the sale', () => {
  test('of one unit of two lowers the payment first, then the invoice', () => {
    const entries = book(SOLD);
    const after = withRefunds(SOLD, oneCup());
    assert.deepEqual(kinds(work(after, entries)), ['payment-change', 'lines']);
    const now = book(after, entries);
    assert.equal(books(now), 'SHOPIFY-1001 22.00, paid 22.00');
    proven(after, now);
    const { document } = fold(now).invoices[0] ?? assert.fail();
    assert.deepEqual(
      [
        document.lines.map(({ quantity, net }) => [quantity, net]),
        document.taxes.map(({ amount }) => amount),
      ],
      [[[1, usd('20')]], [usd('2')]],
    );
  });

  test('of all of it takes payment and invoice away', () => {
    const entries = book(SOLD);
    const after = withRefunds(
      SOLD,
      refund(usd('44'), {
        returns: [returned('item:1', 2, usd('40'), [usd('4')])],
        difference: usd('0'),
      }),
    );
    assert.deepEqual(kinds(work(after, entries)), ['payment-change', 'void']);
    const now = book(after, entries);
    assert.equal(books(now), '');
    proven(after, now);
  });

  test('of an amount without lines is a line of its own without tax', () => {
    const now = book(withRefunds(SOLD, refund(usd('5'))), book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 39.00, paid 39.00');
    const { document } = fold(now).invoices[0] ?? assert.fail();
    assert.deepEqual(document.lines.at(-1), {
      key: 'refund:901',
      kind: 'refund',
      name: 'Refund',
      description: '',
      quantity: 1,
      unitPrice: usd('-5'),
      net: usd('-5'),
      taxes: [],
    });
  });

  test('of an amount carries tax as it was sold when the rules say so', () => {
    const own = { rules: { amountRefundTax: 'as_sold' } as const };
    const now = book(withRefunds(SOLD, refund(usd('5.50'))), book(SOLD, [], own), own);
    assert.equal(books(now), 'SHOPIFY-1001 38.50, paid 38.50');
    const { document } = fold(now).invoices[0] ?? assert.fail();
    assert.deepEqual([document.lines.at(-1)?.net, document.taxes[0]?.amount], [usd('-5.00'), usd('3.50')]);
  });

  test('that kept a part shows what was kept', () => {
    const kept = withRefunds(SOLD, oneCup({ difference: usd('2'), payouts: refund(usd('20')).payouts }));
    const now = book(kept, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 24.00, paid 24.00');
    proven(kept, now);
  });

  test('that is pending changes nothing until it succeeds, nor when it fails', () => {
    const waiting = withRefunds(SOLD, oneCup({ difference: usd('22'), payouts: [], isPending: true }));
    const failed = withRefunds(SOLD, oneCup({ difference: usd('22'), payouts: [] }));
    const entries = book(SOLD);
    for (const shown of [waiting, failed]) {
      assert.deepEqual(work(shown, entries), { outcome: 'work', steps: [], holds: [] });
    }
    assert.equal(books(book(withRefunds(SOLD, oneCup()), entries)), 'SHOPIFY-1001 22.00, paid 22.00');
  });

  test('takes the money off the payment by which it came', () => {
    const cash = received(
      tender(usd('30'), { gateway: 'gift_card' }),
      tender(usd('14'), { gateway: 'shopify_payments', at: at('2026-11-10T12:01:00-05:00') }),
    );
    const sold = order({ lines: [CUP], cash });
    const payouts = [{ ...refund(usd('22')).payouts[0], gateway: 'gift_card' }];
    const back = oneCup({ payouts: payouts as Refund['payouts'] });
    const now = book(withRefunds(sold, back), book(sold));
    assert.equal(books(now), 'SHOPIFY-1001 22.00, paid 8.00, paid 14.00');
  });

  test('before the order was booked makes the invoice of what is left', () => {
    const after = withRefunds(SOLD, oneCup());
    assert.equal(books(book(after)), 'SHOPIFY-1001 22.00, paid 22.00');
  });

  test('of all of it before it was booked makes nothing', () => {
    const whole = refund(usd('44'), {
      returns: [returned('item:1', 2, usd('40'), [usd('4')])],
      difference: usd('0'),
    });
    assert.match(kinds(planned(withRefunds(SOLD, whole), []))[0] ?? '', /^Nothing is left of it/);
  });

  test('waits while it is not known what was received', () => {
    const entries = book(SOLD);
    const shown = { ...withRefunds(SOLD, oneCup()), cash: { state: 'reread', why: 'Not told' } as const };
    assert.deepEqual(work(shown, entries), { outcome: 'work', steps: [], holds: [], reread: 'Not told' });
  });

  test('that the books cannot bring to its total stands beside the invoice', () => {
    const entries = book(SOLD);
    const own = { rules: CATEGORY, fits: () => false };
    const now = book(withRefunds(SOLD, oneCup()), entries, own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00, expense 22.00');
  });
});

test('money that comes after a refund is paid on its own day, because what had gone back was none of it', () => {
  const lowered = book(withRefunds(SOLD, oneCup()), book(SOLD));
  const plate = line({ key: 'item:4', title: 'Plate', unitPrice: usd('20') });
  for (const gateway of ['shopify_payments', 'paypal']) {
    const cash = received(tender(usd('44')), tender(usd('20'), { at: DECEMBER, gateway }));
    const grown = withRefunds(order({ lines: [CUP, plate], cash }), oneCup());
    const now = book({ ...grown, updatedAt: DECEMBER }, lowered);
    assert.deepEqual(
      fold(now).payments.map(({ amount, paidOn, invoice }) => [amount, paidOn, invoice]),
      [
        [usd('22'), '2026-11-10', 1],
        [usd('20'), '2026-12-02', 2],
      ],
    );
  }
});

describe('a refund in a later month', () => {
  const late = withRefunds(
    SOLD,
    oneCup({ at: DECEMBER, payouts: refund(usd('22'), { at: DECEMBER }).payouts }),
  );

  test('is an expense of its day with the tax that went back, and the invoice stays', () => {
    const entries = book(SOLD);
    const { steps } = work(late, entries, { rules: CATEGORY });
    assert.deepEqual(steps, [
      {
        kind: 'expense',
        slot: 1,
        reference: 'shopify/5001/expense-1',
        refund: '901',
        amount: usd('22'),
        taxes: [{ name: 'Tax', ratePpm: 100_000, amount: usd('2') }],
        spentOn: parseLocalDate('2026-12-02'),
        category: 'Refunds',
        invoiceNumber: 'SHOPIFY-1001',
        note: 'Refund 901 of order #1001',
      },
    ]);
    const now = book(late, entries, { rules: CATEGORY });
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00, expense 22.00');
    proven(late, now);
  });

  test('is held with one question while no category is chosen, and nothing else changes', () => {
    const found = work(late, book(SOLD));
    assert.deepEqual([found.steps, holds(found)], [[], ['refund-category-missing']]);
  });

  test('stays an expense whatever is decided of later ones', () => {
    const entries = book(late, book(SOLD), { rules: CATEGORY });
    const [first] = late.refunds;
    assert(first !== undefined);
    const more = withRefunds(SOLD, first, oneCup({ id: '902' }));
    assert.equal(
      books(book(more, entries, { rules: CATEGORY })),
      'paid 22.00, expense 22.00'.replace('paid 22.00', 'SHOPIFY-1001 22.00, paid 22.00'),
    );
  });

  test('is an expense in the same month too when the rules say so', () => {
    const own = { rules: { ...CATEGORY, refunds: 'expense' } as const };
    const now = book(withRefunds(SOLD, oneCup()), book(SOLD, [], own), own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00, expense 22.00');
  });
});

describe('an amount that carried tax, and is kept of a refund of all the rest', () => {
  const own = { rules: { ...CATEGORY, amountRefundTax: 'as_sold' } as const };
  const amount = (moment = DECEMBER, to: 'money' | 'store-credit' = 'money'): Refund => {
    const given = refund(usd('5.50'), { at: moment });
    return { ...given, payouts: given.payouts.map((payout) => ({ ...payout, to })) };
  };
  const rest = (to: 'money' | 'store-credit' = 'money'): Refund => ({
    ...amount(DECEMBER, to),
    id: '902',
    returns: [returned('item:1', 2, usd('40'), [usd('4')])],
    difference: usd('5.50'),
    payouts: amount(DECEMBER, to).payouts.map((payout) => ({ ...payout, amount: usd('38.50') })),
  });
  const taxes = (entries: readonly Entry[]): bigint => {
    const { invoices, beside } = fold(entries);
    const back = beside.map(({ step }) => (step.kind === 'expense' ? step : step.document).taxes);
    const sum = (all: readonly { readonly amount: money.Money }[]): bigint =>
      all.reduce((total, each) => total + each.amount.minor, 0n);
    return sum(invoices.flatMap(({ document }) => document.taxes)) - sum(back.flat());
  };

  test('leaves no tax, and takes none back that was not charged', () => {
    for (const refunds of [
      [amount(), rest()],
      [amount(at('2026-11-12T09:00:00-05:00')), rest()],
      [amount(DECEMBER, 'store-credit'), rest('store-credit')],
    ]) {
      const [first] = refunds;
      assert(first !== undefined);
      const given = book(withRefunds(SOLD, first), book(SOLD, [], own), own);
      const now = book({ ...withRefunds(SOLD, ...refunds), updatedAt: DECEMBER }, given, own);
      assert.equal(taxes(now), 0n);
      proven(withRefunds(SOLD, ...refunds), now);
    }
  });
});

describe('a refund into store credit', () => {
  const credit = oneCup({
    payouts: [
      {
        amount: usd('22'),
        at: at('2026-11-12T09:00:00-05:00'),
        gateway: 'shopify_store_credit',
        to: 'store-credit',
      },
    ],
  });

  test('is a credit note of its lines, and the cash stays', () => {
    const after = withRefunds(SOLD, credit);
    const now = book(after, book(SOLD));
    assert.equal(books(now), 'SHOPIFY-1001 44.00, paid 44.00, credit-note 22.00');
    proven(after, now);
  });

  test('of an amount carries tax as it was sold when the rules say so, and so does an expense', () => {
    const own = { rules: { ...CATEGORY, amountRefundTax: 'as_sold' } as const };
    const [payout] = credit.payouts;
    assert(payout !== undefined);
    const besides = [
      refund(usd('5.50'), { payouts: [{ ...payout, amount: usd('5.50') }] }),
      refund(usd('5.50'), { at: DECEMBER }),
    ].map((amount) => fold(book(withRefunds(SOLD, amount), book(SOLD, [], own), own)).beside);
    const taxes = besides.flat().map(({ step }) => (step.kind === 'expense' ? step : step.document).taxes);
    assert.deepEqual(
      taxes.map((each) => each.map(({ amount }) => amount)),
      [[usd('0.50')], [usd('0.50')]],
    );
  });

  test('of nothing makes no credit note and asks nothing, on the shared client neither', () => {
    const free = line({ key: 'item:2', unitPrice: usd('0') });
    const guest = order({ lines: [CUP, free], buyer: { hasEmail: false } });
    const nothing = {
      ...credit,
      returns: [returned('item:2', 1, usd('0'))],
      payouts: credit.payouts.map((payout) => ({ ...payout, amount: usd('0') })),
    };
    const found = work(withRefunds(guest, nothing), book(guest));
    assert.deepEqual([found.steps, holds(found)], [[], []]);
  });

  test('of less than the channel’s tax on what came back is held, as no credit note is below nothing', () => {
    const taxed = line({
      key: 'item:1',
      quantity: 2,
      unitPrice: usd('22'),
      taxes: [{ name: 'Sales tax', ratePpm: 0, amount: usd('8'), remittedBy: 'channel' }],
    });
    const sold = order({ lines: [taxed] });
    const little = {
      ...credit,
      returns: [{ line: 'item:1', quantity: 1, amount: usd('22'), taxes: [usd('4')] }],
      difference: usd('23'),
      payouts: credit.payouts.map((payout) => ({ ...payout, amount: usd('3') })),
    };
    const found = work(withRefunds(sold, little), book(sold));
    assert.deepEqual([found.steps, holds(found)], [[], ['order-refunds-unclear']]);
  });

  test('of an invoice that was found, without its client, is made for the client that is looked for first', () => {
    const after = withRefunds(SOLD, credit);
    const found = book(SOLD).filter(({ kind }) => kind !== 'client');
    assert.deepEqual(
      work(after, found).steps.map(({ kind }) => kind),
      ['client', 'credit-note'],
    );
    proven(after, book(after, found));
  });

  test('is held on the shared client', () => {
    const guest = order({ lines: [CUP], buyer: { hasEmail: false } });
    const found = work(withRefunds(guest, credit), book(guest));
    assert.deepEqual([found.steps, holds(found)], [[], ['refund-credit-shared']]);
  });

  test('that went back as money too is held', () => {
    const both = oneCup({ payouts: [...credit.payouts, ...refund(usd('1')).payouts] });
    const shown = { ...withRefunds(SOLD, { ...both, difference: usd('-1') }) };
    const found = work(shown, book(SOLD));
    assert.deepEqual([found.steps, holds(found)], [[], ['refund-both-ways']]);
  });
});

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

describe('an invoice that the rules leave a draft', () => {
  const draft = { rules: { ...CATEGORY, endState: 'draft' } } as const;

  test('is lowered by a refund, in a later month too', () => {
    const late = withRefunds(SOLD, oneCup({ payouts: refund(usd('22'), { at: DECEMBER }).payouts }));
    assert.equal(books(book(late, book(SOLD, [], draft), draft)), 'SHOPIFY-1001 22.00');
  });

  test('has a refund asked about that would stand beside it, because nothing does', () => {
    const asked = (own: Parts, ...payouts: Partial<Refund['payouts'][number]>[]) => {
      const [payout] = oneCup().payouts;
      assert(payout !== undefined);
      const back = payouts.length === 0 ? oneCup() : oneCup({ payouts: [{ ...payout, ...payouts[0] }] });
      const found = work(withRefunds(SOLD, back), book(SOLD, [], draft), own);
      assert.deepEqual(found.steps, []);
      return found.holds.map(({ step, code }) => `${step}: ${code}`);
    };
    const question = ['refund-901: refund-unbooked'];
    assert.deepEqual(asked({ rules: { ...draft.rules, refunds: 'expense' } }), question);
    assert.deepEqual(asked(draft, { to: 'store-credit' }), question);
    assert.deepEqual(
      asked({ rules: { ...draft.rules, closedThrough: parseLocalDate('2026-11-10') } }),
      question,
    );
  });
});

describe('what is added and not paid, after money went back', () => {
  const own = { rules: CATEGORY };
  const JANUARY = at('2027-01-05T10:00:00-05:00');
  const PLATE = line({ key: 'item:4', title: 'Plate', unitPrice: usd('20') });
  const withPlate = ({ lines }: Order, ...tenders: readonly ReturnType<typeof tender>[]): Order =>
    order({ lines: [...lines, PLATE], cash: received(...tenders), updatedAt: JANUARY });
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
    assert.deepEqual(holds(work(unpaid, now, own)), ['refund-unbooked']);
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

  test('as a concession, leaves the concession what it was', () => {
    const given = refund(usd('5'), { at: DECEMBER });
    const unpaid = late(withPlate(SOLD, tender(usd('44'))), given);
    const now = book(unpaid, book(SOLD), own);
    assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 44.00, expense 5.00');
    assert.deepEqual(holds(work(unpaid, now, own)), []);
  });
});

describe('an order that comes to nothing', () => {
  const unpaid = order({ lines: [CUP], cash: paid(usd('0')) });

  test('cancelled before payment loses its invoice', () => {
    const shown = { ...unpaid, cancelledAt: at('2026-11-11T12:00:00-05:00') };
    assert.equal(books(book(shown, book(unpaid))), '');
  });

  test('voided or run out loses its invoice, and gets a new one when it is paid after all', () => {
    const voided = { ...unpaid, isVoided: true };
    const now = book(voided, book(unpaid));
    assert.equal(books(now), '');
    assert.equal(books(book(SOLD, now)), 'SHOPIFY-1001-2 44.00, paid 44.00');
  });

  test('cancelled after payment keeps its figures until the money went back', () => {
    const shown = { ...SOLD, cancelledAt: at('2026-11-11T12:00:00-05:00') };
    assert.equal(books(book(shown, book(SOLD))), 'SHOPIFY-1001 44.00, paid 44.00');
  });
});

describe('closed days', () => {
  const CLOSED = { rules: { closedThrough: parseLocalDate('2026-11-30') } };

  test('take no invoice: a person chooses the first open day, or that it is in the books', () => {
    const found = work(SOLD, [], CLOSED);
    assert.deepEqual([found.steps, holds(found)], [[], ['period-closed']]);
    const moved = work(SOLD, [], { ...CLOSED, choices: { period: 'open-day' } });
    const [, invoice, , payment] = moved.steps;
    assert(invoice?.kind === 'invoice' && payment?.kind === 'payment');
    assert.deepEqual([invoice.document.issuedOn, payment.paidOn], ['2026-12-01', '2026-12-01']);
    assert.match(invoice.document.notes, /Really of 2026-11-10/);
    assert.match(payment.note, /Really of 2026-11-10/);
    assert.deepEqual(gatewaysIn(payment.note), ['shopify_payments']);
    const known = planned(SOLD, [], { ...CLOSED, choices: { bookedThrough: parseLocalDate('2026-11-30') } });
    assert.equal(known.outcome, 'skip');
  });

  test('before the books begin are closed as well', () => {
    const begin = { rules: { booksStart: parseLocalDate('2026-11-11') } };
    assert.deepEqual(holds(planned(SOLD, [], begin)), ['period-closed']);
    assert.deepEqual(holds(planned(SOLD, [], { rules: { booksStart: parseLocalDate('2026-11-10') } })), []);
  });

  test('keep invoice and payment as they are: a refund after them is an expense', () => {
    const closed = { rules: { ...CLOSED.rules, ...CATEGORY } };
    const late = withRefunds(SOLD, oneCup({ payouts: refund(usd('22'), { at: DECEMBER }).payouts }));
    assert.equal(books(book(late, book(SOLD), closed)), 'SHOPIFY-1001 44.00, paid 44.00, expense 22.00');
  });

  test('keep a draft: it would count in a month that is closed', () => {
    const draft = book(SOLD).filter(({ kind }) => kind === 'client' || kind === 'invoice');
    assert.deepEqual(kinds(work(SOLD, draft)), ['sent', 'payment']);
    const found = work(SOLD, draft, CLOSED);
    assert.deepEqual([found.steps, holds(found)], [[], ['period-closed']]);
    assert.equal(found.holds[0]?.step, 'sent-1');
    const known = work(SOLD, draft, { ...CLOSED, choices: { bookedThrough: parseLocalDate('2026-11-30') } });
    assert.deepEqual([known.steps, known.holds], [[], []]);
    const later = { ...SOLD, cash: received(tender(usd('44'), { at: DECEMBER })) };
    assert.deepEqual(kinds(work(later, draft, CLOSED)), [], 'nor is it paid, which would send it');
  });

  test('keep a payment, also where the channel remits more tax of what was added than was received', () => {
    const sample = order({ lines: [line({ unitPrice: usd('1') })], cash: received(tender(usd('1'))) });
    const course = line({
      key: 'item:2',
      unitPrice: usd('20'),
      taxes: [tax('10', usd('2'), { remittedBy: 'channel' })],
    });
    const grown = order({ lines: [...sample.lines, course], cash: sample.cash });
    assert.deepEqual(kinds(work(grown, book(sample))), ['payment-change', 'lines']);
    const found = work(grown, book(sample), CLOSED);
    assert.deepEqual([found.steps, holds(found)], [[], ['period-closed', 'period-closed']]);
    assert.deepEqual(
      found.holds.map(({ step }) => step),
      ['invoice-2', 'payment'],
    );
    const known = work(grown, book(sample), {
      ...CLOSED,
      choices: { bookedThrough: parseLocalDate('2026-11-30') },
    });
    assert.deepEqual(
      known.steps.filter(({ kind }) => kind === 'payment-change'),
      [],
    );
  });

  test('that keep an invoice from following its order are named by the question', () => {
    const gone = refund(usd('0'), {
      returns: [returned('item:1', 1, usd('20'), [usd('2')])],
      difference: usd('0'),
    });
    const closedDays = (by: Parts, shown: Partial<Order> = {}) => {
      const found = work({ ...withRefunds(SOLD, gone), ...shown }, book(SOLD), by);
      assert.deepEqual(holds(found), ['order-reduced']);
      return found.holds.flatMap(({ facts }) => facts.filter(({ name }) => name === CLOSED_DAY));
    };
    assert.deepEqual(closedDays(CLOSED), [
      { name: CLOSED_DAY, value: '2026-11-10, of invoice SHOPIFY-1001' },
    ]);
    assert.deepEqual(closedDays({}, { updatedAt: DECEMBER }), []);
  });
});

describe('what a person decides', () => {
  test('to stop following leaves the books alone for ever', () => {
    const found = planned(withRefunds(SOLD, oneCup()), book(SOLD), { choices: { following: 'stopped' } });
    assert.deepEqual(kinds(found), ['Left to you: the books are not changed for this order any more']);
  });

  test('to take an edited invoice as right ends the question, whatever its total', () => {
    const after = withRefunds(SOLD, oneCup());
    const entries = book(SOLD);
    const [lowered, lines] = work(after, entries).steps;
    assert(lowered !== undefined && lines !== undefined);
    const accepted = [
      ...post([lowered], entries),
      ...post([lines], [], { amount: usd('23'), isAccepted: true }),
    ];
    assert.deepEqual(work(after, accepted).steps, []);
  });
});

test('money that is told to be less without any refund is a question, and no payment is lowered', () => {
  const found = work(order({ lines: [CUP], cash: paid(usd('40')) }), book(SOLD));
  assert.deepEqual([found.steps, holds(found)], [[], ['order-cash-unclear']]);
});

test('a tax the channel remits goes back by the channel: the merchant gives the rest', () => {
  const taxed = line({
    quantity: 2,
    unitPrice: usd('20'),
    taxes: [tax('10', usd('4'), { remittedBy: 'channel' })],
  });
  const sold = order({ lines: [taxed] });
  const entries = book(sold);
  assert.equal(books(entries), 'SHOPIFY-1001 40.00, paid 40.00');
  const after = withRefunds(sold, oneCup());
  const now = book(after, entries);
  assert.equal(books(now), 'SHOPIFY-1001 20.00, paid 20.00');
  proven(after, now);
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

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, paid, received, refund, returned, tax, tender } from '#tests/build.ts';
import { book, books, holds, kinds, planned, post, proven, withRefunds, work } from '#tests/planned.ts';
import type { Parts } from '#tests/planned.ts';
import { CATEGORY, CUP, DECEMBER, SOLD, oneCup, usd } from '#tests/two-cups.ts';
import { fold } from './ledger.ts';
import type { Entry } from './ledger.ts';
import type { Money } from './money.ts';
import type { Order, Refund } from './order.ts';
import { gatewaysIn } from './payment-method.ts';
import { CLOSED_DAY } from './period.ts';
import { parseLocalDate } from './time.ts';

/** What becomes of a booked order: refunds, drafts, closed days, and what a person decides. */

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

  /** A pen beside the cups, which an edit takes off again. */
  const pen = line({ key: 'item:2', title: 'Pen', unitPrice: usd('3'), taxes: [tax('10', usd('0.30'))] });
  const withPen = order({ lines: [CUP, pen], cash: paid(usd('47.30')) });
  const penOff = refund(usd('0'), {
    id: '900',
    returns: [returned('item:2', 1, usd('3'), [usd('0.30')])],
    difference: usd('0'),
  });

  test('of more than an edit took off stands as it was booked while it is not known what was received', () => {
    const own = { rules: { ...CATEGORY, refunds: 'expense' } } as const;
    const shown = withRefunds(withPen, penOff, refund(usd('10')));
    const entries = book(shown, book(withRefunds(withPen, penOff), book(withPen), own), own);
    assert.equal(books(entries), 'SHOPIFY-1001 44.00, paid 44.00, expense 6.70');
    const untold = { ...shown, cash: { state: 'reread', why: 'Not told' } as const };
    assert.deepEqual(work(untold, entries, own).steps, []);
  });

  test('of all of it makes no other invoice of a message that does not tell what was received', () => {
    const whole = refund(usd('44'), {
      returns: [returned('item:1', 2, usd('40'), [usd('4')])],
      difference: usd('0'),
    });
    const gone = withRefunds(SOLD, whole);
    const entries = book(gone, book(SOLD));
    assert.equal(books(entries), '');
    const untold = { ...gone, cash: { state: 'reread', why: 'Not told' } as const };
    assert.deepEqual(work(untold, entries).steps, []);
  });

  test('to store credit, of more than an edit took off, waits while it is not known what was received', () => {
    const credit = refund(usd('10'));
    const asCredit = {
      ...credit,
      payouts: credit.payouts.map((each) => ({ ...each, to: 'store-credit' as const })),
    };
    const shown = withRefunds(withPen, penOff, asCredit);
    const entries = book(withPen);
    const now = book(shown, entries);
    assert.equal(books(now), 'SHOPIFY-1001 47.30, paid 47.30, credit-note 10.00');
    const untold = { ...shown, cash: { state: 'reread', why: 'Not told' } as const };
    assert.equal(books(book(shown, book(untold, entries))), books(now));
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
    const sum = (all: readonly { readonly amount: Money }[]): bigint =>
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

test('a refund that stands beside the invoice and that the shop does not show any more is asked about', () => {
  const rules = { rules: { ...CATEGORY, refunds: 'expense' } } as const;
  const refunded = book(withRefunds(SOLD, oneCup()), book(SOLD, [], rules), rules);
  const found = work(SOLD, refunded, rules);
  assert.deepEqual([found.steps, holds(found)], [[], ['order-refunds-unclear']]);
  assert.equal(
    found.holds[0]?.detail,
    'Refund 901 of order #1001 stands in the books, and the shop does not show it any more',
  );
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

  test('keep the invoice for money that came on them: what comes later pays what was added', () => {
    const unpaid = book(order({ lines: [CUP], cash: paid(usd('0')) }));
    const tenders = [tender(usd('44')), tender(usd('20'), { at: DECEMBER })];
    const plate = line({ key: 'item:4', title: 'Plate', unitPrice: usd('20') });
    const grown = order({ lines: [CUP, plate], cash: received(...tenders), updatedAt: DECEMBER });
    for (const choices of [{}, { bookedThrough: parseLocalDate('2026-11-30') }]) {
      const now = book(grown, unpaid, { ...CLOSED, choices });
      assert.equal(books(now), 'SHOPIFY-1001 44.00, SHOPIFY-1001-2 20.00, paid 20.00');
      assert.deepEqual(
        fold(now).payments.map(({ invoice }) => invoice),
        [2],
      );
    }
  });

  test('keep a payment of which the channel comes to remit a part, and ask about it', () => {
    const taxed = order({
      lines: [{ ...CUP, taxes: [...CUP.taxes, tax('5', usd('2'), { remittedBy: 'channel' })] }],
      cash: SOLD.cash,
    });
    assert.equal(books(book(taxed, book(SOLD))), 'SHOPIFY-1001 44.00, paid 42.00');
    const found = work(taxed, book(SOLD), CLOSED);
    assert.deepEqual([found.steps, holds(found)], [[], ['period-closed']]);
    assert.equal(found.holds[0]?.step, 'payment');
  });

  test('keep a payment, also where the channel remits more tax of what was added than was received', () => {
    const sample = order({ lines: [line({ unitPrice: usd('1') })], cash: received(tender(usd('1'))) });
    const course = line({
      key: 'item:2',
      unitPrice: usd('20'),
      taxes: [tax('10', usd('2'), { remittedBy: 'channel' })],
    });
    const grown = order({ lines: [...sample.lines, course], cash: sample.cash });
    assert.deepEqual(kinds(work(grown, book(sample))), ['lines']);
    const found = work(grown, book(sample), CLOSED);
    assert.deepEqual([found.steps, holds(found)], [[], ['period-closed']]);
    assert.equal(found.holds[0]?.step, 'invoice-2');
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

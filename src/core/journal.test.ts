import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  at,
  line,
  order,
  paid,
  received,
  refund,
  returned,
  rules,
  tax,
  tender,
  terms,
} from '#tests/build.ts';
import { worksheetOf } from './journal.ts';
import type { Balanced, Sheet, Worksheet } from './journal.ts';
import { rowsOf } from './journal-rows.ts';
import type { OrderBooks, TaxFigures } from './journal-rows.ts';
import { NOTHING_BOOKED, asIfPosted } from './ledger.ts';
import type { Booked } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Order, Refund, Tax } from './order.ts';
import { plan } from './plan.ts';
import type { Rules } from './rules.ts';
import { parseMonth } from './time.ts';

/** Months of a small shop, in figures that an accountant can follow. Orders are of November 10 unless told otherwise. */

const usd = (text: string) => money.parse(text, 'USD');
const NOVEMBER = parseMonth('2026-11');
const DECEMBER = parseMonth('2026-12');
const IN_DECEMBER = at('2026-12-02T10:00:00-05:00');
const CARD = line({ key: 'item:9', kind: 'gift-card', title: 'Gift card', unitPrice: usd('50') });
const CUP = line({ unitPrice: usd('20') });

/** Taxes come out as they were charged, unless a test is about that. */
const AS_CHARGED = (): TaxFigures => ({ taxes: [], unnamed: usd('0'), rounding: usd('0') });

/** What the books hold once all that the plan wants is posted. */
function bookedOf(shown: Order, before: Booked = NOTHING_BOOKED, own: Partial<Rules> = {}): Booked {
  const found = plan(shown, before, terms({ rules: rules({ refundCategory: 'Refunds', ...own }) }));
  assert(found.outcome === 'work', 'there is something to book');
  assert.deepEqual(found.holds, []);
  return asIfPosted(before, found.steps);
}

function sold(shown: Order, own: Partial<Rules> = {}): OrderBooks {
  return { name: shown.name, booked: bookedOf(shown, NOTHING_BOOKED, own), order: shown };
}

/** The order as it is after these refunds, booked before and after them. */
function refunded(shown: Order, refunds: readonly Refund[], own: Partial<Rules> = {}): OrderBooks {
  const worth = refunds.flatMap(({ returns }) =>
    returns.flatMap(({ amount, taxes }) => (shown.pricesIncludeTax ? [amount] : [amount, ...taxes])),
  );
  const currentTotal = money.subtract(shown.total, money.sum(worth, shown.currency));
  const after = { ...shown, refunds, currentTotal };
  const booked = bookedOf(after, bookedOf(shown, NOTHING_BOOKED, own), own);
  return { name: shown.name, booked, order: after };
}

function worksheet(
  books: readonly OrderBooks[],
  month = NOVEMBER,
  taxFigures: () => TaxFigures | undefined = AS_CHARGED,
): Worksheet {
  return worksheetOf(
    month,
    books.flatMap((each) => rowsOf(each, { month, taxFigures })),
  );
}

function sheet(...asked: Parameters<typeof worksheet>): Sheet {
  const { sheets } = worksheet(...asked);
  assert.equal(sheets.length, 1);
  return sheets[0] ?? assert.fail();
}

/** "#1001 50.00 → 75.00" */
function balances(rows: readonly Balanced[]): string[] {
  return rows.map(
    ({ order, amount, balance }) => `${order} ${money.format(amount)} → ${money.format(balance)}`,
  );
}

function entries({ entries }: Sheet): string[] {
  return entries.map(
    ({ debit, credit, amount, what }) => `${debit} to ${credit} ${money.format(amount)}: ${what}`,
  );
}

function giftCards({ giftCards: { opening, rows, closing } }: Sheet): string[] {
  return [
    money.format(opening),
    ...rows.map(({ event, amount }) => `${event} ${money.format(amount)}`),
    money.format(closing),
  ];
}

describe('gift cards', () => {
  const october = order({
    name: '#998',
    lines: [{ ...CARD, unitPrice: usd('25') }],
    placedAt: at('2026-10-31T23:00:00-04:00'),
  });
  const seller = order({ name: '#1001', lines: [CARD, CUP] });
  const user = order({
    name: '#1002',
    lines: [line({ unitPrice: usd('45') })],
    placedAt: at('2026-11-20T12:00:00-05:00'),
    cash: received(
      tender(usd('30'), { gateway: 'gift_card', at: at('2026-11-20T12:00:00-05:00') }),
      tender(usd('15'), { at: at('2026-11-20T12:00:00-05:00') }),
    ),
  });

  test('sold are a liability, used reduce it, and the balance runs from the months before', () => {
    const shown = sheet([user, seller, october].map((each) => sold(each)));
    assert.equal(money.format(shown.giftCards.opening), '25.00');
    assert.deepEqual(balances(shown.giftCards.rows), ['#1001 50.00 → 75.00', '#1002 -30.00 → 45.00']);
    assert.equal(money.format(shown.giftCards.closing), '45.00');
    assert.deepEqual(entries(shown), [
      'Sales to Gift cards (liability) 50.00: Gift cards sold',
      'Gift cards (liability) to Petty Cash 30.00: Gift cards used',
    ]);
    assert.deepEqual(shown.giftCards.rows[0], {
      on: '2026-11-10',
      order: '#1001',
      invoice: 'SHOPIFY-1001',
      amount: usd('50'),
      event: 'sold',
      balance: usd('75'),
    });
  });

  test('a month closes with what the next opens with', () => {
    const books = [user, seller, october].map((each) => sold(each));
    const { opening } = sheet(books, DECEMBER).giftCards;
    assert.deepEqual([opening, sheet(books).giftCards.closing], [usd('45'), usd('45')]);
  });

  test('a payment by card and gift card together is counted once the shop has told the parts', () => {
    const together = { ...user, cash: received(tender(usd('45'), { gateway: 'gift_card + stripe' })) };
    const booked = bookedOf(together);
    const untold = sheet([{ name: '#1002', booked, order: together }]);
    assert.deepEqual(giftCards(untold), ['0.00', '0.00']);
    assert.deepEqual(
      untold.giftCards.untold.map(({ order, amount }) => [order, amount]),
      [['#1002', usd('45')]],
    );
    const later = sheet([{ name: '#1002', booked, order: together }], DECEMBER);
    assert.deepEqual([later.giftCards.untold, later.giftCards.untoldBeforeCount], [[], 1]);
    const told = sheet([{ name: '#1002', booked, order: user }]);
    assert.deepEqual(giftCards(told), ['0.00', 'used -30.00', '-30.00']);
    assert.deepEqual(told.giftCards.untold, []);
  });

  test('one that was returned in the month of its sale never stood', () => {
    const back = refund(usd('50'), { returns: [returned('item:9', 1, usd('50'))], difference: usd('0') });
    assert.deepEqual(worksheet([refunded(order({ lines: [CARD] }), [back])]).sheets, []);
    assert.deepEqual(giftCards(sheet([refunded(seller, [back])])), ['0.00', '0.00']);
  });

  test('one that was returned later leaves the liability on the day of its refund', () => {
    const back = refund(usd('50'), {
      at: IN_DECEMBER,
      returns: [returned('item:9', 1, usd('50'))],
      difference: usd('0'),
    });
    const books = [refunded(seller, [back])];
    assert.deepEqual(giftCards(sheet(books)), ['0.00', 'sold 50.00', '50.00']);
    const december = sheet(books, DECEMBER);
    assert.deepEqual(giftCards(december), ['50.00', 'returned -50.00', '0.00']);
    assert.deepEqual(entries(december), [
      'Gift cards (liability) to Sales 50.00: Gift cards returned',
      'Sales to Expenses: Refunds 50.00: Refunds as expenses',
    ]);
  });

  test('one whose refund was paid out in two parts leaves once, and both parts are expenses', () => {
    const returns = [returned('item:9', 1, usd('50'))];
    const part = refund(usd('20'), { at: IN_DECEMBER, returns, difference: usd('30') });
    const { booked } = refunded(seller, [part]);
    const payouts = [...part.payouts, ...refund(usd('30'), { at: IN_DECEMBER }).payouts];
    const whole = {
      ...seller,
      refunds: [{ ...part, payouts, difference: usd('0') }],
      currentTotal: usd('20'),
    };
    const books = { name: '#1001', booked: bookedOf(whole, booked), order: whole };
    const december = sheet([books], DECEMBER);
    assert.deepEqual(giftCards(december), ['50.00', 'returned -50.00', '0.00']);
    assert.deepEqual(
      december.refunds.expenses.rows.map(({ amount }) => amount),
      [usd('20'), usd('30')],
    );
  });

  test('a refund that went back onto one is owed to its holder, whatever it stands as', () => {
    const cup = order({
      lines: [CUP],
      cash: received(tender(usd('20'), { gateway: 'gift_card' })),
    });
    const payout = { amount: usd('20'), at: IN_DECEMBER, gateway: 'gift_card' };
    const back = (to: 'money' | 'store-credit'): Refund =>
      refund(usd('20'), {
        at: IN_DECEMBER,
        returns: [returned('item:1', 1, usd('20'))],
        difference: usd('0'),
        payouts: [{ ...payout, to }],
      });
    const expense = sheet([refunded(cup, [back('money')])], DECEMBER);
    assert.deepEqual(giftCards(expense), ['-20.00', 'refilled-by-expense 20.00', '0.00']);
    assert.deepEqual(entries(expense), [
      'Petty Cash to Gift cards (liability) 20.00: Refunds onto gift cards',
      'Sales to Expenses: Refunds 20.00: Refunds as expenses',
    ]);
    const credit = sheet([refunded(cup, [back('store-credit')])], DECEMBER);
    assert.deepEqual(giftCards(credit), ['-20.00', 'refilled-by-credit-note 20.00', '0.00']);
    assert.deepEqual(entries(credit), [
      'Client credits to Gift cards (liability) 20.00: Refunds onto gift cards',
    ]);
  });

  test('a discount is taken off where it can only be theirs, and else remarked', () => {
    const discounts = [{ label: 'TEN', amount: usd('5') }];
    const alone = sheet([
      sold(
        order({
          lines: [
            { ...CARD, discounts },
            { ...CUP, taxes: [GST('1')] },
          ],
        }),
      ),
    ]);
    assert.deepEqual(giftCards(alone), ['0.00', 'sold 50.00', 'discounted -5.00', '45.00']);
    const shared = sheet([sold(order({ lines: [{ ...CARD, discounts }, CUP] }))]);
    assert.deepEqual(giftCards(shared), ['0.00', 'sold 50.00', '50.00']);
    assert.deepEqual(
      shared.remarks.map(({ why, amount }) => [why, amount]),
      [['discount-shared', usd('-5')]],
    );
  });
});

const GST = (amount: string): Tax => tax('5', usd(amount), { name: 'GST' });
const QST = (amount: string): Tax => tax('9.975', usd(amount), { name: 'QST' });

describe('what is in sales and belongs elsewhere', () => {
  const extras = [
    line({ key: 'tip', kind: 'tip', title: 'Tip', unitPrice: usd('2.50') }),
    line({ key: 'duty:1', kind: 'duty', title: 'Duties', unitPrice: usd('4.80'), taxes: [GST('0.24')] }),
    line({ key: 'fee', kind: 'fee', title: 'Additional fees', unitPrice: usd('1.25') }),
    line({ key: 'cash-rounding', kind: 'fee', title: 'Cash rounding', unitPrice: usd('-0.02') }),
  ];
  const first = order({ name: '#9', lines: [CUP, ...extras] });
  const second = order({ name: '#10', lines: [CUP, ...extras] });

  test('tips, duties, fees and cash rounding are told apart, each with its balance, without tax', () => {
    const shown = sheet([sold(second), sold(first)]);
    assert.deepEqual(
      shown.moved.map(({ account, rows }) => [account, ...balances(rows)]),
      [
        ['tips', '#9 2.50 → 2.50', '#10 2.50 → 5.00'],
        ['duties', '#9 4.80 → 4.80', '#10 4.80 → 9.60'],
        ['fees', '#9 1.25 → 1.25', '#10 1.25 → 2.50'],
        ['cash-rounding', '#9 -0.02 → -0.02', '#10 -0.02 → -0.04'],
      ],
    );
    assert.deepEqual(entries(shown), [
      'Sales to Tips 5.00: Tips',
      'Sales to Duties 9.60: Duties',
      'Sales to Additional fees 2.50: Additional fees',
      'Cash rounding to Sales 0.04: Cash rounding',
    ]);
  });

  test('a duty refunded later goes back on the day of its refund, out of the expense', () => {
    const back = refund(usd('25.04'), {
      at: IN_DECEMBER,
      returns: [returned('item:1', 1, usd('20')), returned('duty:1', 1, usd('4.80'), [usd('0.24')])],
      difference: usd('0'),
    });
    const shown = sheet([refunded(first, [back])], DECEMBER);
    assert.deepEqual(
      shown.moved.map(({ account, rows }) => [account, ...balances(rows)]),
      [['duties', '#9 -4.80 → -4.80']],
    );
    assert.deepEqual(entries(shown), [
      'Duties to Sales 4.80: Duties',
      'Sales to Expenses: Refunds 24.80: Refunds as expenses',
      'Sales tax: GST 5 % to Tax on expenses: GST 5 % 0.24: Tax within refunds',
    ]);
  });

  test('a delivery fee that the shop tells as a tax goes back out of the expense too, as the line that it was', () => {
    const FEE = tax('0', usd('0.28'), { name: 'Retail Delivery Fee' });
    const shipping = line({
      key: 'shipping:1',
      kind: 'shipping',
      unitPrice: usd('5'),
      taxes: [GST('0.25'), FEE],
    });
    const back = refund(usd('5.53'), {
      at: IN_DECEMBER,
      returns: [returned('shipping:1', 1, usd('5'), [usd('0.25'), usd('0.28')])],
      difference: usd('0'),
    });
    const books = [refunded(order({ lines: [CUP, shipping] }), [back])];
    assert.deepEqual(entries(sheet(books)), ['Sales to Sales tax: Retail Delivery Fee 0.28: Taxes as lines']);
    assert.deepEqual(entries(sheet(books, DECEMBER)), [
      'Sales tax: Retail Delivery Fee to Sales 0.28: Taxes as lines',
      'Sales to Expenses: Refunds 5.28: Refunds as expenses',
      'Sales tax: GST 5 % to Tax on expenses: GST 5 % 0.25: Tax within refunds',
    ]);
  });

  test('of prices with tax within, what was returned is moved without it', () => {
    const shown = order({
      pricesIncludeTax: true,
      lines: [line({ key: 'duty:1', kind: 'duty', unitPrice: usd('10.50'), taxes: [GST('0.50')] })],
    });
    const back = refund(usd('10.50'), {
      at: IN_DECEMBER,
      returns: [returned('duty:1', 1, usd('10.50'), [usd('0.50')])],
      difference: usd('0'),
    });
    const december = sheet([refunded(shown, [back])], DECEMBER);
    assert.deepEqual(
      december.moved.map(({ total }) => total),
      [usd('-10')],
    );
  });

  test('the two lines that show the channel’s tax cancel and are no fees', () => {
    const channel = tax('8', usd('1.60'), { remittedBy: 'channel' });
    const shown = order({ lines: [{ ...CUP, taxes: [channel] }] });
    assert.deepEqual(sheet([sold(shown, { channelTax: 'two_lines' })]).moved, []);
  });

  test('taxes that stand as lines of their own are told by name and rate', () => {
    const own = { taxLines: { default: 'own_lines' } } as const;
    const shop = (name: string) => order({ name, lines: [{ ...CUP, taxes: [GST('1'), QST('2')] }] });
    const shown = sheet([sold(shop('#1'), own), sold(shop('#2'), own)]);
    assert.deepEqual(
      shown.taxLines.map(({ tax, rows }) => [tax, ...balances(rows)]),
      [
        [{ name: 'GST', ratePpm: 50_000 }, '#1 1.00 → 1.00', '#2 1.00 → 2.00'],
        [{ name: 'QST', ratePpm: 99_750 }, '#1 2.00 → 2.00', '#2 2.00 → 4.00'],
      ],
    );
    assert.deepEqual(entries(shown), [
      'Sales to Sales tax: GST 5 % 2.00: Taxes as lines',
      'Sales to Sales tax: QST 9.975 % 4.00: Taxes as lines',
    ]);
    const percentages = sheet([sold(shop('#1'))]);
    assert.deepEqual(percentages.taxLines, []);
  });
});

describe('refunds', () => {
  const cup = order({ lines: [{ ...CUP, quantity: 2, taxes: [GST('2')] }] });
  const one = (parts: Partial<Refund> = {}): Refund =>
    refund(usd('21'), {
      returns: [returned('item:1', 1, usd('20'), [usd('1')])],
      difference: usd('0'),
      ...parts,
    });

  test('an amount without lines is listed as off sales already, without tax', () => {
    const { refunds, entries } = sheet([refunded(cup, [refund(usd('5'))])]);
    assert.deepEqual(refunds.lines, {
      rows: [{ on: '2026-11-10', order: '#1001', invoice: 'SHOPIFY-1001', amount: usd('-5') }],
      total: usd('-5'),
    });
    assert.deepEqual(entries, []);
  });

  test('one whose amount carries tax is no line without tax', () => {
    const { refunds } = sheet([refunded(cup, [refund(usd('5.25'))], { amountRefundTax: 'as_sold' })]);
    assert.deepEqual(refunds.lines.rows, []);
  });

  test('an expense is of the day on which money went back, with the tax in it', () => {
    const books = [refunded(cup, [one({ at: IN_DECEMBER })])];
    assert.deepEqual(sheet(books).refunds.expenses.rows, []);
    const december = sheet(books, DECEMBER);
    assert.deepEqual(december.refunds.expenses, {
      rows: [
        {
          on: '2026-12-02',
          order: '#1001',
          invoice: 'SHOPIFY-1001',
          amount: usd('21'),
          category: 'Refunds',
          taxes: [{ name: 'GST', ratePpm: 50_000, amount: usd('1') }],
          taxTotal: usd('1'),
        },
      ],
      total: usd('21'),
      taxes: [{ name: 'GST', ratePpm: 50_000, amount: usd('1') }],
      taxTotal: usd('1'),
    });
    assert.deepEqual(entries(december), [
      'Sales to Expenses: Refunds 20.00: Refunds as expenses',
      'Sales tax: GST 5 % to Tax on expenses: GST 5 % 1.00: Tax within refunds',
    ]);
  });

  test('store credit is a credit note, which takes it off sales by itself', () => {
    const payouts = one({ at: IN_DECEMBER }).payouts.map((payout) => ({
      ...payout,
      gateway: 'shopify_store_credit',
      to: 'store-credit' as const,
    }));
    const december = sheet([refunded(cup, [one({ at: IN_DECEMBER, payouts })])], DECEMBER);
    assert.deepEqual(
      december.refunds.creditNotes.rows.map(({ on, amount }) => [on, amount]),
      [['2026-12-02', usd('21')]],
    );
    assert.deepEqual(december.entries, []);
  });

  test('a refund of which the order is not known any more is moved as a whole', () => {
    const { order: _gone, ...books } = refunded(cup, [one({ at: IN_DECEMBER })]);
    assert.deepEqual(entries(sheet([books], DECEMBER)), [
      'Sales to Expenses: Refunds 20.00: Refunds as expenses',
      'Sales tax: GST 5 % to Tax on expenses: GST 5 % 1.00: Tax within refunds',
    ]);
  });
});

describe('what became of an invoice', () => {
  const tip = line({ key: 'tip', kind: 'tip', unitPrice: usd('3') });

  test('one that was taken away brings nothing', () => {
    const unpaid = order({ lines: [CUP, tip], cash: paid(usd('0')) });
    const gone = { ...unpaid, cancelledAt: at('2026-11-11T12:00:00-05:00') };
    const books = { name: '#1001', booked: bookedOf(gone, bookedOf(unpaid)), order: gone };
    assert.deepEqual(worksheet([books]).sheets, []);
  });

  test('one whose lines were replaced counts as it was last written, on its own date', () => {
    const more = order({ lines: [CUP, { ...tip, unitPrice: usd('4') }] });
    const before = bookedOf(order({ lines: [CUP, tip] }));
    const after = { ...more, updatedAt: at('2026-11-12T12:00:00-05:00') };
    const { moved } = sheet([{ name: '#1001', booked: bookedOf(after, before), order: after }]);
    assert.deepEqual(
      moved.map(({ rows }) => rows.map(({ on, amount }) => [on, amount])),
      [[['2026-11-10', usd('4')]]],
    );
  });

  test('a draft counts and is remarked', () => {
    const { moved, remarks } = sheet([sold(order({ lines: [CUP, tip] }), { endState: 'draft' })]);
    assert.equal(moved.length, 1);
    assert.deepEqual(
      remarks.map(({ why }) => why),
      ['draft'],
    );
  });

  const changed = (parts: Partial<Booked['invoices'][number]>): OrderBooks => {
    const { booked, ...rest } = sold(order({ lines: [CUP, tip] }));
    return { ...rest, booked: { ...booked, invoices: booked.invoices.map((one) => ({ ...one, ...parts })) } };
  };

  test('of one that somebody else made the lines are not known', () => {
    const { moved, remarks } = sheet([changed({ isAdopted: true })]);
    assert.deepEqual([moved, remarks.map(({ why }) => why)], [[], ['adopted']]);
  });

  test('one that a person edited and called right counts as the shop has it, without its taxes', () => {
    const figures = { taxes: [], unnamed: usd('0'), rounding: usd('0.01') };
    const { moved, remarks, rounding } = sheet([changed({ isAccepted: true })], NOVEMBER, () => figures);
    assert.deepEqual([moved.length, remarks.map(({ why }) => why), rounding.rows], [1, ['accepted'], []]);
  });
});

describe('taxes and rounding', () => {
  const books = (count: number): OrderBooks[] =>
    Array.from({ length: count }, (_, index) => sold(order({ name: `#${index + 1}`, lines: [CUP] })));
  const figures = (computed: string, charged: string, rounding: string) => (): TaxFigures => ({
    taxes: [{ name: 'GST', ratePpm: 50_000, computed: usd(computed), charged: usd(charged) }],
    unnamed: usd('0'),
    rounding: usd(rounding),
  });

  test('are summed by tax, and what FreshBooks computes too little is owed beyond it', () => {
    const shown = sheet(books(3), NOVEMBER, figures('1.00', '1.01', '0.01'));
    assert.deepEqual(shown.taxes, [
      {
        tax: { name: 'GST', ratePpm: 50_000 },
        computed: usd('3.00'),
        charged: usd('3.03'),
        difference: usd('-0.03'),
      },
    ]);
    assert.deepEqual(balances(shown.rounding.rows), ['#1 0.01 → 0.01', '#2 0.01 → 0.02', '#3 0.01 → 0.03']);
    assert.deepEqual(entries(shown), ['Sales to Sales tax: GST 5 % 0.03: Rounding of taxes']);
  });

  test('a month of rounding above 100 minor units is an alarm, in either direction', () => {
    const alarm = (cents: string, count: number): boolean =>
      sheet(books(count), NOVEMBER, figures('1.00', '1.00', cents)).rounding.isAlarm;
    assert.deepEqual([alarm('0.10', 10), alarm('-0.10', 10)], [false, false]);
    assert.deepEqual([alarm('0.10', 11), alarm('-0.10', 11)], [true, true]);
  });

  test('roundings up and down even out', () => {
    let index = 0;
    const up = figures('1.00', '1.10', '0.10');
    const down = figures('1.10', '1.00', '-0.10');
    const shown = sheet(books(40), NOVEMBER, () => ((index += 1) % 2 === 0 ? up() : down()));
    assert.deepEqual([shown.rounding.total, shown.rounding.isAlarm], [usd('0'), false]);
    assert.deepEqual(shown.entries, []);
  });

  test('what is not told of which tax stands last and by itself', () => {
    const untold = (): TaxFigures => ({ ...figures('1.00', '1.00', '-0.01')(), unnamed: usd('0.01') });
    const shown = sheet(books(1), NOVEMBER, untold);
    assert.deepEqual(
      shown.taxes.map(({ tax, difference }) => [tax?.name, difference]),
      [
        ['GST', usd('0')],
        [undefined, usd('0.01')],
      ],
    );
    assert.deepEqual(entries(shown), ['Sales tax, not told which to Sales 0.01: Rounding of taxes']);
  });

  test('a credit note takes its taxes and rounding off', () => {
    const cup = order({ lines: [CUP] });
    const back = refund(usd('20'), {
      returns: [returned('item:1', 1, usd('20'))],
      difference: usd('0'),
      payouts: [{ amount: usd('20'), at: IN_DECEMBER, gateway: 'shopify_store_credit', to: 'store-credit' }],
    });
    const december = sheet([refunded(cup, [back])], DECEMBER, figures('1.00', '1.01', '0.01'));
    assert.deepEqual(
      [december.taxes.map(({ difference }) => difference), december.rounding.total],
      [[usd('0.01')], usd('-0.01')],
    );
  });

  test('those of a document that cannot be laid out any more are remarked', () => {
    const { remarks } = sheet(books(1), NOVEMBER, () => undefined);
    assert.deepEqual(
      remarks.map(({ why }) => why),
      ['taxes-untold'],
    );
  });
});

test('payments are summed by gateway, as they are entered, on the days on which money came', () => {
  const first = order({ name: '#1', cash: received(tender(usd('4')), tender(usd('6'))) });
  const second = order({
    name: '#2',
    cash: received(tender(usd('7'), { gateway: 'paypal' }), tender(usd('3'), { at: IN_DECEMBER })),
  });
  const shown = (month = NOVEMBER): unknown[] =>
    sheet([sold(first), sold(second)], month).payments.map(({ gateway, method, count, total }) => [
      gateway,
      method,
      count,
      money.format(total),
    ]);
  assert.deepEqual(shown(), [
    ['paypal', 'paypal', 1, '7.00'],
    ['shopify_payments', 'card', 2, '10.00'],
  ]);
  assert.deepEqual(shown(DECEMBER), [['shopify_payments', 'card', 1, '3.00']]);
});

test('currencies have a sheet each', () => {
  const cad = (text: string): Money => money.parse(text, 'CAD');
  const tip = (amount: Money) => line({ key: 'tip', kind: 'tip', unitPrice: amount });
  const books = [sold(order({ lines: [tip(usd('1'))] })), sold(order({ lines: [tip(cad('2'))] }))];
  const figures = (): TaxFigures => ({ taxes: [], unnamed: cad('0'), rounding: cad('0') });
  assert.deepEqual(
    worksheet(books, NOVEMBER, figures).sheets.map(({ currency, moved }) => [
      currency,
      moved.map(({ total }) => total),
    ]),
    [
      ['CAD', [cad('2')]],
      ['USD', [usd('1')]],
    ],
  );
});

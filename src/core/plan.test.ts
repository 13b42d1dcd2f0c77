import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ORDER,
  at,
  entry,
  line,
  order,
  paid,
  received,
  refund,
  rules,
  tax,
  tender,
  terms,
} from '#tests/build.ts';
import { connectionId, orderKey } from './ids.ts';
import type { DocumentLine, InvoiceDocument, PaymentStep, Step } from './document.ts';
import { fold } from './ledger.ts';
import type { Entry, Receipt } from './ledger.ts';
import { referenceOf } from './ids.ts';
import * as money from './money.ts';
import type { Order } from './order.ts';
import { FIRST_NAMING, differencesOf, documentAsSold } from './invoice-document.ts';
import type { Naming } from './invoice-document.ts';
import { plan } from './plan.ts';
import type { Plan } from './plan-terms.ts';
import type { Rules } from './rules.ts';
import { localDate, parseZone } from './time.ts';

/** Worked examples: every figure was computed by hand, and an accountant can follow it. */

const usd = (text: string) => money.parse(text, 'USD');
const eur = (text: string) => money.parse(text, 'EUR');

type Work = Extract<Plan, { outcome: 'work' }>;

function work(
  order: Order,
  { entries = [], ...parts }: { entries?: readonly Entry[]; rules?: Rules; naming?: Naming } = {},
): Work {
  const planned = plan(order, fold(entries), terms(parts));
  assert(planned.outcome === 'work', 'there is something to book');
  return planned;
}

function documentIn(planned: Work): InvoiceDocument {
  const step = planned.steps.find((step) => step.kind === 'invoice');
  assert(step?.kind === 'invoice', 'an invoice is planned');
  return step.document;
}

/** The invoice as it reads on paper. */
function paper(document: InvoiceDocument): string[] {
  const written = ({ quantity, unitPrice, net, name, description, taxes }: DocumentLine): string => {
    const applied = taxes.map((tax) => `${tax.name} ${tax.ratePpm / 10_000} %`).join(' + ');
    assert.deepEqual(money.multiply(unitPrice, quantity), net, 'quantity times unit price is the net');
    return [
      `${quantity} x ${money.format(unitPrice)}`,
      name,
      ...(description === '' ? [] : [description]),
      applied === '' ? 'no tax' : applied,
    ].join(' | ');
  };
  return [
    ...document.lines.map(written),
    ...document.taxes.map((tax) => `${tax.name} ${tax.ratePpm / 10_000} % = ${money.format(tax.amount)}`),
    `Total ${money.show(document.total)}`,
  ];
}

function invoiceOf(order: Order): string[] {
  return paper(documentIn(work(order)));
}

function payments(planned: Work): string[] {
  return planned.steps
    .filter((step): step is PaymentStep => step.kind === 'payment')
    .map(
      ({ slot, amount, paidOn, method, note }) =>
        `${slot}: ${money.show(amount)} on ${paidOn} by ${method} (${note})`,
    );
}

function kinds(planned: Work): string[] {
  return planned.steps.map((step) => step.kind);
}

function holds(planned: Work): string[] {
  return planned.holds.map((hold) => `${hold.step}: ${hold.code}`);
}

/** Every step as it stands once the books have confirmed it. */
function posted(steps: readonly Step[], receipt: Partial<Receipt> = {}): Entry[] {
  return steps.map((step, index) => {
    const made = entry(step, { id: String(index + 1) });
    return step.kind === 'invoice'
      ? { ...made, receipt: { externalId: 'invoice-1', ...made.receipt, ...receipt } }
      : made;
  });
}

describe('the invoice', () => {
  test('prices without tax: a code of 5.01 over two lines leaves the odd cent on the first', () => {
    // 10.00 - 2.51 = 7.49, 10 % = 0.75; 10.00 - 2.50 = 7.50, 10 % = 0.75; 14.99 + 1.50 = 16.49
    const sold = order({
      lines: [
        line({
          sku: 'CUP',
          discounts: [{ label: 'SAVE', amount: usd('2.51') }],
          taxes: [tax('10', usd('0.75'))],
        }),
        line({
          key: 'item:2',
          title: 'Plate',
          discounts: [{ label: 'SAVE', amount: usd('2.50') }],
          taxes: [tax('10', usd('0.75'))],
        }),
      ],
      total: usd('16.49'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 10.00 | Maple cup (CUP) | Tax 10 %',
      '1 x 10.00 | Plate | Tax 10 %',
      '1 x -5.01 | Discount: SAVE | Tax 10 %',
      'Tax 10 % = 1.50',
      'Total 16.49 USD',
    ]);
  });

  test('VAT of 20 % within the prices: 10 x 23.90 less 25 %', () => {
    // 239.00 - 59.75 = 179.25, of which 179.25 x 20 / 120 = 29.88 is VAT: net 149.37.
    // The discount without VAT is 59.75 / 1.2 = 49.79, so the goods are 149.37 + 49.79 = 199.16, which ten do not divide.
    const sold = order({
      pricesIncludeTax: true,
      lines: [
        line({
          quantity: 10,
          unitPrice: eur('23.90'),
          discounts: [{ label: 'Sale', amount: eur('59.75') }],
          taxes: [tax('20', eur('29.88'), { name: 'VAT' })],
        }),
      ],
      total: eur('179.25'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 199.16 | Maple cup | 10 x 23.90 including tax | VAT 20 %',
      '1 x -49.79 | Discount: Sale | VAT 20 %',
      'VAT 20 % = 29.88',
      'Total 179.25 EUR',
    ]);
  });

  test('VAT within the prices where the net divides: the unit price stands', () => {
    // 3 x 12.00 = 36.00, of which 6.00 is VAT: 30.00 = 3 x 10.00
    const sold = order({
      pricesIncludeTax: true,
      lines: [
        line({
          variant: 'Blue',
          quantity: 3,
          unitPrice: eur('12.00'),
          taxes: [tax('20', eur('6.00'), { name: 'VAT' })],
        }),
      ],
    });
    assert.deepEqual(invoiceOf(sold), [
      '3 x 10.00 | Maple cup | Blue | VAT 20 %',
      'VAT 20 % = 6.00',
      'Total 36.00 EUR',
    ]);
  });

  test('taxed and exempt goods: a code over both is one negative line for each', () => {
    // 100.00 - 10.00 = 90.00, 8 % = 7.20; 50.00 - 5.00 = 45.00 exempt; 135.00 + 7.20 = 142.20
    const sold = order({
      lines: [
        line({
          unitPrice: usd('100'),
          discounts: [{ label: 'TEN', amount: usd('10') }],
          taxes: [tax('8', usd('7.20'))],
        }),
        line({
          key: 'item:2',
          title: 'Book',
          unitPrice: usd('50'),
          discounts: [{ label: 'TEN', amount: usd('5') }],
        }),
      ],
      total: usd('142.20'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 100.00 | Maple cup | Tax 8 %',
      '1 x 50.00 | Book | no tax',
      '1 x -10.00 | Discount: TEN | Tax 8 %',
      '1 x -5.00 | Discount: TEN | no tax',
      'Tax 8 % = 7.20',
      'Total 142.20 USD',
    ]);
  });

  test('four jurisdictions in the United States', () => {
    const sold = order({
      lines: [
        line({
          unitPrice: usd('100'),
          taxes: [
            tax('6.25', usd('6.25'), { name: 'Illinois State Tax' }),
            tax('1.75', usd('1.75'), { name: 'Cook County Tax' }),
            tax('1.25', usd('1.25'), { name: 'Chicago City Tax' }),
            tax('1', usd('1.00'), { name: 'RTA Tax' }),
          ],
        }),
      ],
      total: usd('110.25'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 100.00 | Maple cup | Illinois State Tax 6.25 % + Cook County Tax 1.75 % + Chicago City Tax 1.25 % + RTA Tax 1 %',
      'Illinois State Tax 6.25 % = 6.25',
      'Cook County Tax 1.75 % = 1.75',
      'Chicago City Tax 1.25 % = 1.25',
      'RTA Tax 1 % = 1.00',
      'Total 110.25 USD',
    ]);
  });

  test('shipping is taxed after its own discount', () => {
    // Goods 10.00 + 0.80; shipping 9.00 - 4.00 = 5.00 + 0.40; 16.20
    const sold = order({
      lines: [
        line({ taxes: [tax('8', usd('0.80'))] }),
        line({
          key: 'shipping:9',
          kind: 'shipping',
          title: 'Parcel',
          unitPrice: usd('9'),
          discounts: [{ label: 'SHIP4', amount: usd('4') }],
          taxes: [tax('8', usd('0.40'))],
        }),
      ],
      total: usd('16.20'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 10.00 | Maple cup | Tax 8 %',
      '1 x 9.00 | Parcel | Tax 8 %',
      '1 x -4.00 | Discount: SHIP4 | Tax 8 %',
      'Tax 8 % = 1.20',
      'Total 16.20 USD',
    ]);
  });

  test('tip, gift card sold, duty and fee are own lines without tax', () => {
    const extra = (kind: 'gift-card' | 'tip' | 'duty' | 'fee', price: string) =>
      line({ key: kind, kind, title: `A ${kind}`, unitPrice: usd(price) });
    const document = documentIn(
      work(
        order({
          lines: [
            line({ taxes: [tax('8', usd('0.80'))] }),
            extra('gift-card', '50'),
            extra('tip', '3'),
            extra('duty', '2.5'),
            extra('fee', '0.25'),
          ],
          total: usd('66.55'),
        }),
      ),
    );
    assert.deepEqual(paper(document).slice(1), [
      '1 x 50.00 | A gift-card | no tax',
      '1 x 3.00 | A tip | no tax',
      '1 x 2.50 | A duty | no tax',
      '1 x 0.25 | A fee | no tax',
      'Tax 8 % = 0.80',
      'Total 66.55 USD',
    ]);
    assert.deepEqual(
      document.lines.map((line) => line.kind),
      ['item', 'gift-card', 'tip', 'duty', 'fee'],
    );
  });

  test('yen have no decimals', () => {
    const yen = (text: string) => money.parse(text, 'JPY');
    const sold = order({
      lines: [line({ quantity: 3, unitPrice: yen('500'), taxes: [tax('10', yen('150'))] })],
      total: yen('1650'),
    });
    assert.deepEqual(invoiceOf(sold), ['3 x 500 | Maple cup | Tax 10 %', 'Tax 10 % = 150', 'Total 1650 JPY']);
    assert.deepEqual(payments(work(sold)), ['1: 1650 JPY on 2026-11-10 by card (shopify_payments)']);
  });

  test('Kuwaiti dinars have three decimals', () => {
    const kwd = (text: string) => money.parse(text, 'KWD');
    const sold = order({
      lines: [
        line({
          quantity: 3,
          unitPrice: kwd('1.125'),
          discounts: [{ label: 'ODD', amount: kwd('0.001') }],
          taxes: [tax('5', kwd('0.169'))],
        }),
      ],
      total: kwd('3.543'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '3 x 1.125 | Maple cup | Tax 5 %',
      '1 x -0.001 | Discount: ODD | Tax 5 %',
      'Tax 5 % = 0.169',
      'Total 3.543 KWD',
    ]);
  });

  test('a whole discount leaves the line and takes it off again', () => {
    const sold = order({
      lines: [
        line({ discounts: [{ label: 'GIFT', amount: usd('10') }] }),
        line({ key: 'item:2', title: 'Plate', unitPrice: usd('1') }),
      ],
      total: usd('1'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 10.00 | Maple cup | no tax',
      '1 x 1.00 | Plate | no tax',
      '1 x -10.00 | Discount: GIFT | no tax',
      'Total 1.00 USD',
    ]);
  });

  test('a discount of nothing is no line', () => {
    const sold = order({ lines: [line({ discounts: [{ label: 'NIL', amount: usd('0') }] })] });
    assert.deepEqual(invoiceOf(sold), ['1 x 10.00 | Maple cup | no tax', 'Total 10.00 USD']);
  });

  test('two codes are two lines', () => {
    const sold = order({
      lines: [
        line({
          discounts: [
            { label: 'A', amount: usd('1') },
            { label: 'B', amount: usd('2') },
          ],
        }),
        line({ key: 'item:2', title: 'Plate', discounts: [{ label: 'A', amount: usd('3') }] }),
      ],
      total: usd('14'),
    });
    assert.deepEqual(invoiceOf(sold).slice(2, 4), [
      '1 x -4.00 | Discount: A | no tax',
      '1 x -2.00 | Discount: B | no tax',
    ]);
  });

  test('a removed line of no quantity and no money is not shown', () => {
    const sold = order({
      lines: [line(), line({ key: 'item:2', quantity: 0, unitPrice: usd('7') })],
      total: usd('10'),
    });
    assert.deepEqual(invoiceOf(sold), ['1 x 10.00 | Maple cup | no tax', 'Total 10.00 USD']);
  });

  test('money on a line of no quantity is booked all the same', () => {
    const sold = order({
      lines: [
        line(),
        line({
          key: 'item:2',
          title: 'Gone',
          quantity: 0,
          unitPrice: usd('7'),
          discounts: [{ label: 'X', amount: usd('1') }],
          taxes: [tax('8', usd('0.50'))],
        }),
      ],
      total: usd('9.50'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 10.00 | Maple cup | no tax',
      '1 x 0.00 | Gone | 0 x 7.00 | Tax 8 %',
      '1 x -1.00 | Discount: X | Tax 8 %',
      'Tax 8 % = 0.50',
      'Total 9.50 USD',
    ]);
  });
});

describe('tax that the channel remits', () => {
  const remitted = { name: 'Marketplace tax', remittedBy: 'channel' } as const;

  test('is left out of the invoice and out of the payment', () => {
    // 100.00 + 8.00 that the channel keeps: the invoice and what reaches the shop are 100.00.
    const sold = order({
      lines: [line({ unitPrice: usd('100'), taxes: [tax('8', usd('8'), remitted)] })],
      total: usd('108'),
    });
    const planned = work(sold);
    assert.deepEqual(paper(documentIn(planned)), ['1 x 100.00 | Maple cup | no tax', 'Total 100.00 USD']);
    assert.deepEqual(payments(planned), ['1: 100.00 USD on 2026-11-10 by card (shopify_payments)']);
    assert.deepEqual(planned.holds, []);
  });

  test('within the prices it is taken out of them', () => {
    // 120.00, of which 20.00 is the channel's: 100.00
    const sold = order({
      pricesIncludeTax: true,
      lines: [line({ unitPrice: eur('120'), taxes: [tax('20', eur('20'), remitted)] })],
      total: eur('120'),
    });
    assert.deepEqual(invoiceOf(sold), ['1 x 100.00 | Maple cup | no tax', 'Total 100.00 EUR']);
  });

  test('beside a tax of the merchant’s only the latter stands', () => {
    const sold = order({
      lines: [line({ unitPrice: usd('100'), taxes: [tax('8', usd('8'), remitted), tax('1', usd('1'))] })],
      total: usd('109'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 100.00 | Maple cup | Tax 1 %',
      'Tax 1 % = 1.00',
      'Total 101.00 USD',
    ]);
  });

  test('comes out of the last money: a part that covers only the tax pays nothing', () => {
    const sold = (cash: Order['cash']) =>
      order({
        lines: [line({ unitPrice: usd('100'), taxes: [tax('8', usd('8'), remitted)] })],
        total: usd('108'),
        cash,
      });
    assert.deepEqual(payments(work(sold(paid(usd('8'))))), []);
    assert.deepEqual(payments(work(sold(paid(usd('58'))))), [
      '1: 50.00 USD on 2026-11-10 by card (shopify_payments)',
    ]);
  });
});

describe('numbers, dates and texts', () => {
  test('the defaults of an order', () => {
    const planned = work(order());
    assert.deepEqual(kinds(planned), ['client', 'invoice', 'sent', 'payment']);
    const { number, poNumber, issuedOn, dueOffsetDays, notes, terms, currency } = documentIn(planned);
    assert.deepEqual(
      { number, poNumber, issuedOn, dueOffsetDays, notes, terms, currency },
      {
        number: 'SHOPIFY-1001',
        poNumber: 'SHOPIFY-ORDER-5001',
        issuedOn: '2026-11-10',
        dueOffsetDays: 15,
        notes: 'Shopify order #1001 (id 5001)',
        terms: 'Record of order #1001 at acme.myshopify.com. Not a request for payment.',
        currency: 'USD',
      },
    );
    assert.deepEqual(
      planned.steps.map((step) => step.reference),
      ['client-1', 'invoice-1', 'sent-1', 'payment-1'].map((step) => `shopify/5001/${step}`),
    );
  });

  test('a number that is taken gets a suffix, a number that is too long the short template', () => {
    const number = (naming: Naming) => documentIn(work(order(), { naming })).number;
    assert.equal(number({ variant: 2, isCompact: false }), 'SHOPIFY-1001-2');
    assert.equal(number({ variant: 1, isCompact: true }), 'SH1001');
    assert.equal(number({ variant: 3, isCompact: true }), 'SH1001-3');
  });

  test('dates are the shop’s own, not UTC’s, unless a rule names a zone', () => {
    const late = order({
      placedAt: at('2026-11-30T23:30:00-05:00'),
      zone: parseZone('-05:00'),
      cash: received(tender(usd('10'), { at: at('2026-12-01T00:10:00-05:00') })),
    });
    const days = (planned: Work) =>
      planned.steps.flatMap((step) =>
        step.kind === 'invoice'
          ? [step.document.issuedOn]
          : step.kind === 'sent'
            ? [step.fulfilledOn]
            : step.kind === 'payment'
              ? [step.paidOn]
              : [],
      );
    assert.deepEqual(days(work(late)), ['2026-11-30', '2026-11-30', '2026-12-01']);
    const berlin = rules({ timeZone: parseZone('Europe/Berlin') });
    assert.deepEqual(days(work(late, { rules: berlin })), ['2026-12-01', '2026-12-01', '2026-12-01']);
  });

  test('a buyer with an e-mail address is a client, others share the shop’s', () => {
    const client = (sold: Order) => {
      const step = work(sold).steps[0];
      assert(step?.kind === 'client');
      return {
        policy: step.policy,
        customerId: step.customerId,
        name: step.channelName,
        currency: step.currency,
      };
    };
    const name = 'Online customers - acme.myshopify.com';
    assert.deepEqual(client(order()), { policy: 'customer', customerId: '77', name, currency: 'USD' });
    assert.deepEqual(client(order({ buyer: { hasEmail: false } })), {
      policy: 'channel',
      customerId: undefined,
      name,
      currency: 'USD',
    });
  });

  test('no document holds contact data', () => {
    const text = JSON.stringify(work(order()).steps, (_key, field: unknown) =>
      typeof field === 'bigint' ? String(field) : field,
    );
    assert.doesNotMatch(text, /@|hasEmail|firstName/);
  });
});

describe('rounding that the books may add', () => {
  const limit = (taxes: number, parts: Partial<Rules> = {}) => {
    const lines = Array.from({ length: taxes }, (_, index) =>
      line({ key: `item:${index}`, taxes: [tax('8', usd('0.80'))] }),
    );
    return documentIn(work(order({ lines: [line({ key: 'first' }), ...lines] }), { rules: rules(parts) }))
      .roundingLimit.minor;
  };
  test('is half a minor unit for each tax amount that the shop or the books round, rounded up, ten at most', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 19, 20, 21, 50].map((taxes) => limit(taxes)),
      [0n, 1n, 2n, 2n, 10n, 10n, 10n, 10n],
    );
  });
  test('is never more than the rule', () => {
    assert.equal(limit(7, { roundingMinorMax: 3 }), 3n);
    assert.equal(limit(7, { roundingMinorMax: 0 }), 0n);
  });
});

describe('the money', () => {
  const hundred = (cash: Order['cash']) => order({ lines: [line({ unitPrice: usd('100') })], cash });

  test('gift card 30 and card 70 are two payments', () => {
    const sold = hundred(
      received(
        tender(usd('30'), { gateway: 'gift_card', transactionId: '1', at: at('2026-11-10T12:00:00-05:00') }),
        tender(usd('70'), { transactionId: '2', at: at('2026-11-11T12:00:00-05:00') }),
      ),
    );
    assert.deepEqual(payments(work(sold)), [
      '1: 30.00 USD on 2026-11-10 by other (gift_card, transaction 1)',
      '2: 70.00 USD on 2026-11-11 by card (shopify_payments, transaction 2)',
    ]);
  });

  test('tenders are taken oldest first, however they are listed', () => {
    const later = tender(usd('70'), { gateway: 'paypal', at: at('2026-11-12T12:00:00-05:00') });
    const sooner = tender(usd('50'), { gateway: 'manual', at: at('2026-11-11T12:00:00-05:00') });
    assert.deepEqual(payments(work(hundred(received(later, sooner)))), [
      '1: 50.00 USD on 2026-11-11 by cash (manual)',
      '2: 50.00 USD on 2026-11-12 by paypal (paypal)',
    ]);
  });

  test('a part leaves the rest open', () => {
    const planned = work(hundred(paid(usd('40'))));
    assert.deepEqual(payments(planned), ['1: 40.00 USD on 2026-11-10 by card (shopify_payments)']);
    assert.deepEqual(planned.holds, []);
  });

  test('the second part is the second payment', () => {
    const entries = posted(work(hundred(paid(usd('40')))).steps);
    const next = work(hundred(paid(usd('40'), usd('60'))), { entries });
    assert.deepEqual(kinds(next), ['payment']);
    assert.deepEqual(payments(next), ['2: 60.00 USD on 2026-11-10 by card (shopify_payments)']);
  });

  test('money whose tenders are learnt later is not paid again', () => {
    const entries = posted(work(hundred(paid(usd('100')))).steps);
    const learnt = hundred(
      received(tender(usd('30'), { gateway: 'gift_card' }), tender(usd('70'), { transactionId: '2' })),
    );
    assert.deepEqual(work(learnt, { entries }).steps, []);
  });

  test('an authorisation is no money: the invoice is sent and stays open', () => {
    const planned = work(hundred(paid(usd('0'))));
    assert.deepEqual(kinds(planned), ['client', 'invoice', 'sent']);
    assert.deepEqual(planned.holds, []);
  });

  test('more than the total pays the total and shows the excess', () => {
    const planned = work(hundred(paid(usd('120'))));
    assert.deepEqual(payments(planned), ['1: 100.00 USD on 2026-11-10 by card (shopify_payments)']);
    assert.deepEqual(holds(planned), ['payment: order-overpaid']);
    assert.deepEqual(planned.holds[0]?.facts, [
      { name: 'Received and not paid back', value: '120.00 USD' },
      { name: 'Booked as paid', value: '100.00 USD' },
      { name: 'Excess', value: '20.00 USD' },
    ]);
    const after = work(hundred(paid(usd('120'))), { entries: posted(planned.steps) });
    assert.deepEqual(after.steps, []);
    assert.deepEqual(holds(after), ['payment: order-overpaid']);
  });

  test('cash that is unclear is not booked, and the invoice stands', () => {
    const planned = work(hundred({ state: 'unclear', why: 'paid and 5.00 outstanding' }));
    assert.deepEqual(kinds(planned), ['client', 'invoice', 'sent']);
    assert.deepEqual(holds(planned), ['payment: order-cash-unclear']);
    assert.equal(planned.holds[0]?.detail, 'Order #1001: paid and 5.00 outstanding');
  });

  test('cash that must be asked for is neither booked nor a question to a person', () => {
    const planned = work(hundred({ state: 'reread', why: 'status "odd"' }));
    assert.deepEqual(kinds(planned), ['client', 'invoice', 'sent']);
    assert.deepEqual([planned.holds, planned.reread], [[], 'status "odd"']);
  });

  for (const [gateway, method] of [
    ['shopify_payments', 'card'],
    ['stripe', 'card'],
    ['bogus', 'card'],
    ['paypal', 'paypal'],
    ['PayPal Express Checkout', 'paypal'],
    ['manual', 'cash'],
    ['Cash on Delivery (COD)', 'cash'],
    ['Bank Deposit', 'bank'],
    ['gift_card', 'other'],
    ['shopify_store_credit', 'other'],
    ['Klarna', 'other'],
    ['', 'other'],
  ] as const) {
    test(`gateway "${gateway}" is a payment by ${method}`, () => {
      const step = work(hundred(received(tender(usd('100'), { gateway })))).steps.at(-1);
      assert.equal(step?.kind === 'payment' && step.method, method);
    });
  }
});

describe('what is not booked', () => {
  const reason = (sold: Order, parts: Partial<Rules> = {}) => {
    const planned = plan(sold, fold([]), terms({ rules: rules(parts) }));
    return planned.outcome === 'skip' ? planned.reason : planned.outcome;
  };
  const free = order({
    lines: [line({ discounts: [{ label: 'FREE', amount: usd('10') }] })],
    total: usd('0'),
  });

  test('a test order is skipped, unless the rules book it', () => {
    assert.equal(reason(order({ isTest: true })), 'Test order of the shop');
    assert.equal(reason(order({ isTest: true }), { skipTestOrders: false }), 'work');
  });
  test('an order of nothing is skipped, unless the rules book it', () => {
    assert.equal(reason(free), 'Nothing was charged: a 0.00 invoice would turn overdue');
    assert.equal(reason(free, { skipZeroTotals: false }), 'work');
    assert.deepEqual(payments(work(free, { rules: rules({ skipZeroTotals: false }) })), []);
  });
  test('an order edited to nothing after its cash was rounded down is skipped, not booked below zero', () => {
    const [sold] = free.lines;
    assert.ok(sold !== undefined);
    const rounding = line({
      key: 'cash-rounding',
      kind: 'fee',
      title: 'Cash rounding',
      unitPrice: usd('-0.02'),
    });
    const edited = order({ lines: [sold, rounding] });
    assert.equal(edited.total.minor, -2n);
    assert.equal(reason(edited), 'Nothing was charged: a 0.00 invoice would turn overdue');
  });
  test('an order cancelled before anything was paid is skipped', () => {
    const cancelled = order({ cancelledAt: at('2026-11-10T13:00:00-05:00'), cash: paid(usd('0')) });
    assert.equal(reason(cancelled), 'Cancelled before it was booked and before anything was paid');
  });
  test('an order whose sums differ is held whole, with the sum shown', () => {
    const planned = work(
      order({
        lines: [
          line({ discounts: [{ label: 'A', amount: usd('1') }], taxes: [tax('8', usd('0.72'))] }),
          line({ key: 'item:2', quantity: 2, unitPrice: usd('5') }),
        ],
        total: usd('19.73'),
      }),
    );
    assert.deepEqual(planned.steps, []);
    assert.deepEqual(holds(planned), ['invoice-1: order-sums-differ']);
    assert.deepEqual(planned.holds[0]?.facts, [
      { name: 'Lines before discounts', value: '20.00 USD' },
      { name: 'Discounts of the lines', value: '1.00 USD' },
      { name: 'Taxes', value: '0.72 USD' },
      { name: 'Sum of the lines', value: '19.72 USD' },
      { name: 'Total of the order', value: '19.73 USD' },
      { name: 'Difference', value: '0.01 USD' },
    ]);
  });
});

describe('what happens after the sale is booked', () => {
  const sold = order();
  const entries = posted(work(sold).steps);

  test('nothing new plans nothing', () => {
    assert.deepEqual(work(sold, { entries }), { outcome: 'work', steps: [], holds: [] });
  });

  test('a refund of no money and no goods is no question', () => {
    const refunds = [refund(usd('0'))];
    assert.deepEqual(work(order({ refunds }), { entries }), { outcome: 'work', steps: [], holds: [] });
  });

  test('new texts change nothing', () => {
    const renamed = order({
      lines: [line({ title: 'Another name', sku: 'NEW', variant: 'Red' })],
      name: '#1001-A',
    });
    assert.deepEqual(work(renamed, { entries }), { outcome: 'work', steps: [], holds: [] });
  });

  test('an order that became a test order stays booked', () => {
    assert.deepEqual(work(order({ isTest: true }), { entries }).steps, []);
  });
});

describe('what the books made of it', () => {
  const sold = order();
  const [client, invoice] = work(sold).steps;
  assert(client !== undefined && invoice !== undefined);

  test('an invoice of another total stays a draft and is not paid', () => {
    const planned = work(sold, { entries: posted([client, invoice], { amount: usd('9.99') }) });
    assert.deepEqual(planned.steps, []);
    assert.deepEqual(planned.holds, [
      {
        step: 'sent-1',
        code: 'books-total-differs',
        detail: 'Invoice SHOPIFY-1001 should be 10.00 USD and the books made it 9.99 USD',
        facts: [
          { name: 'Charged', value: '10.00 USD' },
          { name: 'Total in the books', value: '9.99 USD' },
          { name: 'Difference', value: '-0.01 USD' },
        ],
      },
    ]);
  });

  describe('a total that rounding explains', () => {
    const taxed = order({
      lines: [line({ taxes: [tax('7', usd('0.70'))] })],
      total: usd('10.70'),
      currentTotal: usd('10.70'),
    });
    const opening = work(taxed).steps;
    const [, invoiceStep] = opening;
    const draft = opening.filter((step) => step.kind === 'client' || step.kind === 'invoice');
    const corrected = (amount: string): Entry[] => {
      const entries = posted(draft, { amount: usd('10.69') });
      const [correction] = work(taxed, { entries }).steps;
      assert(correction !== undefined);
      const made = entry(correction, { id: '9' });
      return [...entries, { ...made, receipt: { externalId: 'invoice-1', amount: usd(amount) } }];
    };

    test('gets its rounding line corrected before it is sent or paid', () => {
      assert(invoiceStep?.kind === 'invoice');
      const planned = work(taxed, { entries: posted(draft, { amount: usd('10.69') }) });
      assert.deepEqual(planned.steps, [
        {
          kind: 'lines',
          slot: 1,
          reference: referenceOf(ORDER, 'lines', 1),
          invoice: 1,
          document: invoiceStep.document,
          from: usd('10.69'),
          correction: usd('0.01'),
        },
      ]);
      assert.deepEqual(planned.holds, []);
    });

    test('is sent and paid once it is equal', () => {
      const planned = work(taxed, { entries: corrected('10.70') });
      assert.deepEqual(holds(planned), []);
      assert.equal(planned.steps[0]?.kind, 'sent');
    });

    test('is held when one correction did not do, and never corrected twice', () => {
      const planned = work(taxed, { entries: corrected('10.71') });
      assert.deepEqual([planned.steps, holds(planned)], [[], ['sent-1: books-total-differs']]);
    });

    test('is not corrected once its day was closed: a person is asked', () => {
      const entries = posted(draft, { amount: usd('10.69') });
      const planned = work(taxed, {
        entries,
        rules: rules({ closedThrough: localDate(taxed.placedAt, taxed.zone) }),
      });
      assert.deepEqual(
        [planned.steps, holds(planned)],
        [[], ['sent-1: books-total-differs', 'sent-1: period-closed']],
      );
    });

    test('is held when it is further off than rounding', () => {
      const planned = work(taxed, { entries: posted(draft, { amount: usd('10.68') }) });
      assert.deepEqual([planned.steps, holds(planned)], [[], ['sent-1: books-total-differs']]);
    });
  });

  test('an invoice of another currency stays a draft', () => {
    const entries = posted([client, invoice], { amount: eur('10') });
    assert.deepEqual(holds(work(sold, { entries })), ['sent-1: books-total-differs']);
  });

  test('an invoice that would remind the buyer stays a draft', () => {
    const planned = work(sold, {
      entries: posted([client, invoice], { remindsBuyer: 'a reminder after 3 days' }),
    });
    assert.deepEqual(planned.steps, []);
    assert.deepEqual(holds(planned), ['sent-1: books-reminders-on']);
  });

  test('an invoice that a person made is linked and never touched', () => {
    const entries = posted([client, invoice], { isAdopted: true });
    assert.deepEqual(work(sold, { entries }), { outcome: 'work', steps: [], holds: [] });
    const refunds = [refund(usd('4'))];
    assert.deepEqual(holds(work(order({ refunds }), { entries })), ['refund: order-refunded']);
  });

  test('after a crash only what is missing is planned', () => {
    const all = work(sold).steps;
    for (let done = 0; done <= all.length; done += 1) {
      const left = work(sold, { entries: posted(all.slice(0, done)) }).steps;
      assert.deepEqual(left, all.slice(done), `after ${done} steps`);
    }
  });

  test('with the end state "draft" the invoice is all', () => {
    const planned = work(sold, { rules: rules({ endState: 'draft' }) });
    assert.deepEqual(kinds(planned), ['client', 'invoice']);
    assert.deepEqual(
      work(sold, { rules: rules({ endState: 'draft' }), entries: posted(planned.steps) }).steps,
      [],
    );
  });
});

describe('differences between documents', () => {
  const of = (sold: Order) => documentAsSold(sold, rules(), FIRST_NAMING);
  const taxed = (...taxes: ReturnType<typeof tax>[]) =>
    order({
      lines: [
        line({ taxes, discounts: [{ label: 'A', amount: usd('1') }] }),
        line({ key: 'item:2', taxes: taxes.toReversed() }),
      ],
    });
  const state = tax('5', usd('0.50'), { name: 'State' });
  const city = tax('1', usd('0.10'), { name: 'City' });

  test('the order in which lines and taxes are listed is no difference', () => {
    const before = taxed(state, city);
    const after = { ...taxed(city, state), lines: taxed(city, state).lines.toReversed() };
    assert.deepEqual(differencesOf(of(before), of(after)), []);
  });

  test('another kind of line is a difference', () => {
    const before = order({ lines: [line({ key: 'x', kind: 'item' })] });
    const after = order({ lines: [line({ key: 'x', kind: 'gift-card' })] });
    assert.equal(differencesOf(of(before), of(after)).length, 1);
  });

  test('other orders and numbers with the same figures are no difference', () => {
    const other = order({
      key: orderKey(connectionId('shopify'), '5002'),
      number: '1002',
      shop: 'b.example',
    });
    assert.deepEqual(differencesOf(of(order()), of(other)), []);
  });

  test('a line that came, one that went and a tax that moved are each named', () => {
    const before = order({ lines: [line({ taxes: [state] }), line({ key: 'item:2' })] });
    const after = order({ lines: [line(), line({ key: 'item:3', taxes: [state] })] });
    assert.deepEqual(differencesOf(of(before), of(after)), [
      { name: 'item:1', value: '1 x 10.00 USD with State 50000 → 1 x 10.00 USD' },
      { name: 'item:2', value: '1 x 10.00 USD → none' },
      { name: 'item:3', value: 'none → 1 x 10.00 USD with State 50000' },
    ]);
  });
});

describe('rules', () => {
  test('name a tax otherwise, on every line and in the sum', () => {
    const sold = order({
      lines: [
        line({ taxes: [tax('10', usd('1.00'), { name: 'State Tax' })], discounts: [] }),
        line({ key: 'item:2', taxes: [tax('5', usd('0.50'), { name: 'constructor' })] }),
      ],
      total: usd('21.50'),
    });
    const planned = work(sold, { rules: rules({ taxNames: { 'State Tax': 'Sales tax' } }) });
    assert.deepEqual(paper(documentIn(planned)), [
      '1 x 10.00 | Maple cup | Sales tax 10 %',
      '1 x 10.00 | Maple cup | constructor 5 %',
      'Sales tax 10 % = 1.00',
      'constructor 5 % = 0.50',
      'Total 21.50 USD',
    ]);
    const again = documentAsSold(sold, rules({ taxNames: { 'State Tax': 'Sales tax' } }), FIRST_NAMING);
    assert.deepEqual(differencesOf(documentIn(planned), again), []);
  });

  test('make one tax of those that they give one name, and leave what the channel remits out of it', () => {
    const state = tax('4', usd('0.40'), { name: 'State' });
    const county = tax('4.5', usd('0.45'), { name: 'County' });
    const remitted = tax('1', usd('0.10'), { name: 'City', remittedBy: 'channel' });
    const sold = order({
      lines: [
        line({ taxes: [state, tax('0.375', usd('0.04'), { name: 'Metro' }), county, remitted] }),
        line({ key: 'item:2', taxes: [state] }),
      ],
    });
    const taxNames = { State: 'NY tax', County: 'NY tax', City: 'NY tax' };
    const document = documentIn(work(sold, { rules: rules({ taxNames }) }));
    assert.deepEqual(paper(document), [
      '1 x 10.00 | Maple cup | NY tax 8.5 % + Metro 0.375 %',
      '1 x 10.00 | Maple cup | NY tax 4 %',
      'NY tax 8.5 % = 0.85',
      'Metro 0.375 % = 0.04',
      'NY tax 4 % = 0.40',
      'Total 21.29 USD',
    ]);
    // Four amounts that the shop rounded, and three that the books will.
    assert.equal(document.roundingLimit.minor, 4n);
    const { steps } = work(sold, { rules: rules({ taxNames }) });
    assert.deepEqual(work(sold, { rules: rules({ taxNames }), entries: posted(steps) }).steps, []);
  });

  test('put every order on the shared client', () => {
    const policy = (sold: Order, parts: Partial<Rules>): string => {
      const step = work(sold, { rules: rules(parts) }).steps.find((step) => step.kind === 'client');
      return step?.kind === 'client' ? step.policy : '';
    };
    assert.equal(policy(order(), {}), 'customer');
    assert.equal(policy(order(), { client: 'one_per_channel' }), 'channel');
    assert.equal(policy(order({ buyer: { hasEmail: false } }), {}), 'channel');
  });

  test('enter a gateway as they say', () => {
    const planned = work(order(), { rules: rules({ paymentMethods: { shopify_payments: 'bank' } }) });
    assert.match(payments(planned)[0] ?? '', /by bank/);
  });
});

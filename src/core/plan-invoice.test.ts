import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order, paid, received, rules, tax, tender } from '#tests/build.ts';
import { connectionId, orderKey } from './ids.ts';
import * as money from './money.ts';
import type { Order } from './order.ts';
import { FIRST_NAMING, differencesOf, documentAsSold } from './invoice-document.ts';
import type { Naming } from './invoice-document.ts';
import type { Rules } from './rules.ts';
import { parseZone } from './time.ts';
import { usd, eur, work, documentIn, paper, invoiceOf, payments, kinds } from '#tests/on-paper.ts';
import type { Work } from '#tests/on-paper.ts';

/** Worked examples of invoices: every figure was computed by hand, and an accountant can follow it. */

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

  test('discounts within the prices: a price that still divides stands, another line is one piece, and both name what was taken off', () => {
    // 3 x 10.00 - 3.00 = 27.00 = 3 x 9.00, 10 % = 2.70; 3 x 9.90 - 1.00 - 0.70 = 28.00 exempt; 55.00 + 2.70 = 57.70
    const sold = order({
      lines: [
        line({
          quantity: 3,
          discounts: [{ label: 'SAVE', amount: usd('3.00') }],
          taxes: [tax('10', usd('2.70'))],
        }),
        line({
          key: 'item:2',
          title: 'Book',
          variant: 'Bound',
          quantity: 3,
          unitPrice: usd('9.90'),
          discounts: [
            { label: 'SAVE', amount: usd('1.00') },
            { label: 'Friend', amount: usd('0.70') },
            { label: 'Nothing', amount: usd('0.00') },
          ],
        }),
        line({ key: 'item:3', title: 'Card', unitPrice: usd('1.00') }),
      ],
      total: usd('58.70'),
    });
    assert.deepEqual(invoiceOf(sold, rules({ discounts: 'net_prices' })), [
      '3 x 9.00 | Maple cup | 3 x 10.00, less 3.00 (SAVE) | Tax 10 %',
      '1 x 28.00 | Book | Bound, 3 x 9.90, less 1.00 (SAVE), less 0.70 (Friend) | no tax',
      '1 x 1.00 | Card | no tax',
      'Tax 10 % = 2.70',
      'Total 58.70 USD',
    ]);
  });

  test('discounts within prices that hold VAT: its net is what the books tax', () => {
    // 239.00 - 59.75 = 179.25, of which 29.88 is VAT: net 149.37, which ten do not divide.
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
    assert.deepEqual(invoiceOf(sold, rules({ discounts: 'net_prices' })), [
      '1 x 149.37 | Maple cup | 10 x 23.90 including tax, less 59.75 (Sale) | VAT 20 %',
      'VAT 20 % = 29.88',
      'Total 179.25 EUR',
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

  test('the delivery fee of a state stands among the taxes without a rate: it is a line, beside the taxes of its line', () => {
    // 100.00, 2.9 % = 2.90; shipping 5.00, 2.9 % = 0.15 (0.145), and 0.28 for the delivery
    const sold = order({
      lines: [
        line({ unitPrice: usd('100'), taxes: [tax('2.9', usd('2.90'), { name: 'Colorado State Tax' })] }),
        line({
          key: 'shipping:1',
          kind: 'shipping',
          title: 'Standard',
          unitPrice: usd('5'),
          taxes: [
            tax('2.9', usd('0.15'), { name: 'Colorado State Tax' }),
            tax('0', usd('0.28'), { name: 'Colorado Retail Delivery Fee' }),
          ],
        }),
      ],
      total: usd('108.33'),
    });
    const lines = [
      '1 x 100.00 | Maple cup | Colorado State Tax 2.9 %',
      '1 x 5.00 | Standard | Colorado State Tax 2.9 %',
    ];
    assert.deepEqual(invoiceOf(sold), [
      ...lines,
      '1 x 0.28 | Colorado Retail Delivery Fee | no tax',
      'Colorado State Tax 2.9 % = 3.05',
      'Total 108.33 USD',
    ]);
    const named = rules({ taxNames: { 'Colorado Retail Delivery Fee': 'CO RDF' } });
    assert.ok(invoiceOf(sold, named).includes('1 x 0.28 | CO RDF | no tax'));
  });

  test('a tax without a rate that is called no fee stays a tax, which no books compute', () => {
    const sold = order({
      lines: [line({ taxes: [tax('0', usd('0.28'), { name: 'State Tax' })] })],
      total: usd('10.28'),
    });
    assert.deepEqual(invoiceOf(sold), [
      '1 x 10.00 | Maple cup | State Tax 0 %',
      'State Tax 0 % = 0.28',
      'Total 10.28 USD',
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

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
import { fold } from './ledger.ts';
import type { Entry } from './ledger.ts';
import { referenceOf } from './ids.ts';
import type { Order } from './order.ts';
import { FIRST_NAMING, differencesOf, documentAsSold } from './invoice-document.ts';
import { plan } from './plan.ts';
import type { Rules } from './rules.ts';
import { localDate } from './time.ts';
import { usd, eur, work, documentIn, paper, payments, kinds, holds, posted } from '#tests/on-paper.ts';

/** Worked examples: every figure was computed by hand, and an accountant can follow it. The invoice itself is in plan-invoice.test.ts. */

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
  test('an order of which only tax that the channel remits was charged is skipped, and says so', () => {
    const ofChannel = tax('0', usd('0.83'), { remittedBy: 'channel' });
    const taxed = order({
      lines: [line({ discounts: [{ label: 'FREE', amount: usd('10') }], taxes: [ofChannel] })],
    });
    assert.equal(taxed.total.minor, 83n);
    for (const channelTax of ['left_out', 'two_lines'] as const) {
      assert.equal(
        reason(taxed, { channelTax }),
        'Nothing was charged but tax that the channel remits: a 0.00 invoice would turn overdue',
      );
    }
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

    test('is not corrected once a person has said that it is in the books, also when its day is opened again', () => {
      const bookedThrough = localDate(taxed.placedAt, taxed.zone);
      const planned = plan(
        taxed,
        fold(posted(draft, { amount: usd('10.69') })),
        terms({ choices: { bookedThrough } }),
      );
      assert(planned.outcome === 'work');
      assert.deepEqual(planned.steps, []);
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

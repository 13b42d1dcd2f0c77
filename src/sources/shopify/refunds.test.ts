import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as money from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { bodyOf, snapshotOf } from '#tests/contract/shopify-bodies.ts';
import type { Body, OrderSpec } from '#tests/contract/shopify-bodies.ts';

/** What went back, read by hand-made bodies: every amount was computed on paper. */

interface Went {
  readonly lines?: readonly {
    readonly line: number;
    readonly quantity: number;
    readonly subtotal: string;
    readonly tax: string;
    /** What the set shows, where one is. */
    readonly set?: string;
  }[];
  readonly shipping?: { readonly subtotal: string; readonly tax: string };
  readonly adjustments?: readonly Body[];
  readonly transactions?: readonly Body[];
}

function refundBody({ lines = [], shipping, adjustments = [], transactions = [] }: Went): Body {
  const set = (amount: string): Body => ({ shop_money: { amount, currency_code: 'EUR' } });
  return {
    id: 901,
    created_at: '2026-11-22T10:00:00-05:00',
    processed_at: '2026-11-22T10:00:00-05:00',
    refund_line_items: lines.map(({ line, quantity, subtotal, tax, set: inSet }, index) => ({
      ...(inSet === undefined ? {} : { subtotal_set: set(inSet) }),
      id: 5000 + index,
      line_item_id: 1000 + line,
      quantity,
      subtotal,
      total_tax: tax,
    })),
    order_adjustments: adjustments,
    refund_shipping_lines:
      shipping === undefined
        ? []
        : [
            {
              id: 6000,
              shipping_line_id: 2000,
              subtotal_amount_set: set(shipping.subtotal),
              tax_amount_set: set(shipping.tax),
            },
          ],
    transactions: transactions.map((transaction, index) => ({
      id: 8000 + index,
      kind: 'refund',
      status: 'success',
      gateway: 'shopify_payments',
      currency: 'EUR',
      test: false,
      processed_at: '2026-11-22T10:00:00-05:00',
      ...transaction,
    })),
  };
}

function orderWith(spec: OrderSpec, went: Went | readonly Went[], as: Body): Order {
  const refunds = [went].flat().map((each, index) => ({ ...refundBody(each), id: 901 + index }));
  const body = bodyOf({
    currency: 'EUR',
    ...spec,
    as: { refunds, current_total_price_set: null, ...as },
  });
  return snapshotOf(body).order;
}

const GOODS: OrderSpec = { lines: [{ price: 1000, quantity: 2, taxes: [{ rate: 0.2, amount: 400 }] }] };

void describe('refunds', () => {
  void test('whose money did not go are unpaid, with a difference or without; an edit is not', () => {
    const lines = [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }];
    const transactions = ['pending', 'failure', 'error'].map((status) => [{ amount: '12.00', status }]);
    for (const [own, adjustments] of [
      ...transactions.map((each) => [each, []] as const),
      ...transactions.map((each) => [each, [{ amount: '12.00', tax_amount: '0.00' }]] as const),
      [[], []] as const,
    ]) {
      const { refunds, doubt } = orderWith(
        GOODS,
        { lines, transactions: own, adjustments },
        { current_total_price: '12.00' },
      );
      assert.equal(doubt, undefined);
      const state = [refunds[0]?.isUnpaid, refunds[0]?.payouts.length];
      assert.deepEqual(state, [own.length > 0 ? true : undefined, 0]);
    }
  });

  void test('are read by their sets, whatever noise a float left beside them', () => {
    const went = (subtotal: string) => ({
      lines: [{ line: 0, quantity: 1, subtotal, tax: '2.00', set: '10.00' }],
      transactions: [{ amount: '12.00' }],
    });
    const as = { current_total_price: '12.00', financial_status: 'partially_refunded' };
    for (const noise of ['10', '10.000000000000002', '9.999999999999998']) {
      const [refund] = orderWith(GOODS, went(noise), as).refunds;
      assert.equal(money.format(refund?.returns[0]?.amount ?? assert.fail()), '10.00');
    }
    for (const other of ['10.01', '10.005', '9.99']) {
      assert.throws(() => orderWith(GOODS, went(other), as), /subtotal/);
    }
  });

  void test('of goods without money, neutralised, beside money without goods are asked about', () => {
    const goods = {
      lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
      adjustments: [{ amount: '12.00', tax_amount: '0.00' }],
    };
    const amount = {
      adjustments: [{ amount: '-12.00', tax_amount: '0.00' }],
      transactions: [{ amount: '12.00' }],
    };
    const { doubt } = orderWith(GOODS, [goods, amount], { current_total_price: '12.00', transactions: [] });
    assert.match(doubt?.why ?? '', /more than one way/);
    assert.equal(doubt?.ask, 'person');
  });

  void test('of what the order does not show are asked of the shop once, whose own answer a person looks at', () => {
    const untaxed: OrderSpec = { lines: [{ price: 1000, quantity: 2 }] };
    const taxed = {
      lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
      transactions: [{ amount: '12.00' }],
    };
    for (const [as, ask] of [
      [{}, 'shop'],
      [{ transactions: [] }, 'person'],
    ] as const) {
      const { doubt } = orderWith(untaxed, taxed, { current_total_price: '8.00', ...as });
      assert.match(doubt?.why ?? '', /bears none/);
      assert.equal(doubt?.ask, ask);
    }
  });

  void test('of one unit of two give back its price and its part of the tax', () => {
    const { refunds, doubt, currentTotal } = orderWith(
      GOODS,
      {
        lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
        transactions: [{ amount: '12.00' }],
      },
      { current_total_price: '12.00', financial_status: 'partially_refunded' },
    );
    assert.equal(doubt, undefined);
    assert.equal(money.format(currentTotal), '12.00');
    const [refund] = refunds;
    const [part] = refund?.returns ?? [];
    assert.deepEqual(
      [part?.line, part?.quantity, money.format(part?.amount ?? currentTotal), part?.taxes.map(money.format)],
      ['item:1000', 1, '10.00', ['2.00']],
    );
    assert.deepEqual(
      refund?.payouts.map(({ amount, to }) => [money.format(amount), to]),
      [['12.00', 'money']],
    );
  });

  void test('with tax within are read gross or net, as the totals prove', () => {
    for (const subtotal of ['12.00', '10.00']) {
      const { doubt, refunds } = orderWith(
        { taxesIncluded: true, lines: [{ price: 1200, quantity: 2, taxes: [{ rate: 0.2, amount: 400 }] }] },
        { lines: [{ line: 0, quantity: 1, subtotal, tax: '2.00' }], transactions: [{ amount: '12.00' }] },
        { current_total_price: '12.00', financial_status: 'partially_refunded' },
      );
      assert.equal(doubt, undefined, subtotal);
      assert.deepEqual(
        refunds[0]?.returns.map(({ amount }) => money.format(amount)),
        ['12.00'],
      );
    }
  });

  void test('that two readings explain alike are read as their lines were charged', () => {
    // Goods gross and shipping net, or goods net and shipping gross: both sum to 17.00, and only one is what a line cost.
    const { doubt, refunds } = orderWith(
      {
        taxesIncluded: true,
        lines: [{ price: 1200, taxes: [{ rate: 0.2, amount: 200 }] }],
        shipping: [{ price: 500, taxes: [{ rate: 0.66, amount: 200 }] }],
      },
      {
        lines: [{ line: 0, quantity: 1, subtotal: '12.00', tax: '2.00' }],
        shipping: { subtotal: '3.00', tax: '2.00' },
        transactions: [{ amount: '17.00' }],
      },
      { current_total_price: '0.00', financial_status: 'refunded' },
    );
    assert.equal(doubt, undefined);
    assert.deepEqual(
      refunds[0]?.returns.map(({ amount }) => money.format(amount)),
      ['12.00', '5.00'],
    );
  });

  void test('of an amount alone have a difference and no lines', () => {
    const { doubt, refunds, currentTotal } = orderWith(
      GOODS,
      {
        adjustments: [{ id: 1, kind: 'refund_discrepancy', amount: '-5.00', tax_amount: '0.00' }],
        transactions: [{ amount: '5.00' }],
      },
      { current_total_price: '24.00', financial_status: 'partially_refunded' },
    );
    assert.equal(doubt, undefined);
    assert.equal(money.format(currentTotal), '24.00');
    assert.deepEqual(
      [refunds[0]?.returns, money.format(refunds[0]?.difference ?? currentTotal)],
      [[], '-5.00'],
    );
  });

  void test('to a gift card are store credit, and a gift card that paid is refilled as money', () => {
    const went: Went = {
      lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
      transactions: [{ amount: '12.00', gateway: 'gift_card' }],
    };
    const as = { current_total_price: '12.00', financial_status: 'partially_refunded' };
    const toOf = (gateways: readonly string[]): string | undefined =>
      orderWith(GOODS, went, { ...as, payment_gateway_names: gateways }).refunds[0]?.payouts[0]?.to;
    assert.equal(toOf(['shopify_payments']), 'store-credit');
    assert.equal(toOf(['gift_card', 'shopify_payments']), 'money');
  });

  void test('without lines and without a difference pay for what an edit took off, where that makes the account even', () => {
    const swapped: OrderSpec = { lines: [{ price: 27_900 }, { price: 19_900 }] };
    const paidBack = (amount: string) =>
      orderWith(
        swapped,
        [
          { lines: [{ line: 0, quantity: 1, subtotal: '279.00', tax: '0.00' }] },
          { transactions: [{ amount }] },
        ],
        {
          current_total_price: '199.00',
          financial_status: 'partially_refunded',
          transactions: [
            { id: 1, kind: 'sale', status: 'success', gateway: 'paypal', currency: 'EUR', amount: '279.00' },
            { id: 8000, kind: 'refund', status: 'success', gateway: 'paypal', currency: 'EUR', amount },
          ],
        },
      );
    const { doubt, refunds } = paidBack('80.00');
    assert.equal(doubt, undefined);
    assert.deepEqual(
      refunds.map(({ difference }) => money.format(difference)),
      ['0.00', '-80.00'],
    );
    assert.match(paidBack('79.00').doubt?.why ?? '', /do not add up/);
  });

  void test('of shipping that old messages tell in several adjustments come to their sum', () => {
    const spec: OrderSpec = { lines: [{ price: 1650 }], shipping: [{ price: 395 }] };
    const { doubt, refunds } = orderWith(
      spec,
      {
        lines: [{ line: 0, quantity: 1, subtotal: '16.50', tax: '0.00' }],
        adjustments: ['-3.95', '3.95', '-3.95'].map((amount) => ({
          kind: 'shipping_refund',
          amount,
          tax_amount: '0.00',
        })),
        transactions: [{ amount: '20.45' }],
      },
      { current_total_price: '0.00', financial_status: 'refunded' },
    );
    assert.equal(doubt, undefined);
    const back = refunds.flatMap(({ returns }) =>
      returns.map(({ line, amount }) => [line, money.format(amount)]),
    );
    assert.deepEqual(back, [
      ['item:1000', '16.50'],
      ['shipping:2000', '3.95'],
    ]);
  });

  void test('of an exchange for less keep what the goods sent instead cost, where that makes the account even', () => {
    const spec: OrderSpec = { lines: [{ price: 5000 }, { price: 3000 }] };
    const sale = { id: 1, kind: 'sale', status: 'success', currency: 'EUR', test: false, amount: '50.00' };
    const exchanged = (amount: string) =>
      orderWith(
        spec,
        {
          lines: [{ line: 0, quantity: 1, subtotal: '50.00', tax: '0.00' }],
          transactions: [{ amount }],
        },
        { current_total_price: '30.00', financial_status: 'partially_refunded', transactions: [sale] },
      );
    const even = exchanged('20.00');
    assert.equal(even.doubt, undefined);
    assert.deepEqual(
      even.refunds.map(({ difference }) => money.format(difference)),
      ['30.00'],
    );
    assert.match(exchanged('19.00').doubt?.why ?? '', /do not add up/);
  });

  void test('onto a credit that paid a part are money up to that part, and new credit beyond it', () => {
    const went: Went = {
      lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
      transactions: [{ amount: '12.00', gateway: 'shopify_store_credit' }],
    };
    const sale = { kind: 'sale', status: 'success', currency: 'EUR', test: false };
    const wentTo = (...receipts: readonly Body[]): string[] => {
      const transactions = receipts.map((receipt, index) => ({ id: 10 + index, ...sale, ...receipt }));
      const as = { current_total_price: '12.00', financial_status: 'partially_refunded', transactions };
      const [refund] = orderWith(GOODS, went, as).refunds;
      return (refund?.payouts ?? []).map(({ amount, to }) => `${money.format(amount)} ${to}`);
    };
    const card = { gateway: 'shopify_payments' };
    const credit = { gateway: 'shopify_store_credit' };
    assert.deepEqual(wentTo({ ...credit, amount: '5.00' }, { ...card, amount: '19.00' }), [
      '5.00 money',
      '7.00 store-credit',
    ]);
    assert.deepEqual(wentTo({ ...credit, amount: '24.00' }), ['12.00 money']);
    assert.deepEqual(wentTo({ ...card, amount: '24.00' }), ['12.00 store-credit']);
    // It took no part: its payment failed.
    const failed = { ...credit, amount: '5.00', status: 'failure' };
    assert.deepEqual(wentTo(failed, { ...card, amount: '24.00' }), ['12.00 store-credit']);
  });

  void test('in cash give back what the till rounded, each of them, and what it kept of it is kept', () => {
    const set = (amount: string): Body => ({ shop_money: { amount, currency_code: 'EUR' } });
    const went = (parts: Partial<Went>, ...roundings: readonly string[]): Went => ({
      lines: [{ line: 0, quantity: 1, subtotal: '10.02', tax: '0.00' }],
      transactions: roundings.map((rounding) => ({
        amount: '10.02',
        gateway: 'cash',
        amount_rounding_set: set(rounding),
      })),
      ...parts,
    });
    const spec: OrderSpec = { currency: 'EUR', lines: [{ price: 1002, quantity: 2 }] };
    const shown = (refund: Went, total: string): readonly string[] => {
      const { refunds, doubt } = orderWith(spec, refund, {
        current_total_price: '10.02',
        financial_status: 'partially_refunded',
        total_cash_rounding_refund_adjustment_set: set(total),
        transactions: [],
      });
      return [
        ...refunds.flatMap(({ payouts }) => payouts.map(({ amount }) => money.format(amount))),
        ...refunds.flatMap(({ returns }) =>
          returns.filter(({ line }) => line === 'cash-rounding').map(({ amount }) => money.format(amount)),
        ),
        ...refunds.map(({ difference }) => money.format(difference)),
        ...(doubt === undefined ? [] : [`${doubt.ask}: ${doubt.why}`]),
      ];
    };
    assert.deepEqual(shown(went({}, '-0.02'), '-0.02'), ['10.00', '-0.02', '0.00']);
    // Or the refund tells the difference itself.
    const told = went(
      { adjustments: [{ id: 1, kind: 'refund_discrepancy', amount: '0.02', tax_amount: '0.00' }] },
      '-0.02',
    );
    assert.deepEqual(shown(told, '-0.02'), ['10.00', '0.02']);
    assert.deepEqual(shown(went({}, '0.00'), '-0.02'), [
      '10.02',
      '0.00',
      'person: Its refunds were rounded at the till, and their transactions do not show it',
    ]);
  });

  void test('in cash whose roundings come to nothing together have each its own', () => {
    const set = (amount: string): Body => ({ shop_money: { amount, currency_code: 'EUR' } });
    const went = (line: number, subtotal: string, rounding: string): Went => ({
      lines: [{ line, quantity: 1, subtotal, tax: '0.00' }],
      transactions: [{ amount: subtotal, gateway: 'cash', amount_rounding_set: set(rounding) }],
    });
    const { lines, refunds, doubt } = orderWith(
      { currency: 'EUR', lines: [{ price: 1001 }, { price: 1004 }] },
      [went(0, '10.01', '-0.01'), went(1, '10.04', '0.01')],
      { current_total_price: '0.00', financial_status: 'refunded', transactions: [] },
    );
    assert.equal(doubt, undefined);
    const keys = new Set(lines.map(({ key }) => key));
    assert.ok(refunds.flatMap(({ returns }) => returns).every(({ line }) => keys.has(line)));
    assert.deepEqual(
      refunds.flatMap(({ payouts }) => payouts.map(({ amount }) => money.format(amount))),
      ['10.00', '10.05'],
    );
  });

  void test('in cash that are shown in another currency alone, and not what the till rounded: the shop is asked', () => {
    const { doubt } = orderWith(
      GOODS,
      {
        lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
        transactions: [{ amount: '13.20', currency: 'USD', gateway: 'cash' }],
      },
      {
        current_total_price: '12.00',
        financial_status: 'partially_refunded',
        total_cash_rounding_refund_adjustment_set: { shop_money: { amount: '0.01', currency_code: 'EUR' } },
      },
    );
    assert.equal(doubt?.ask, 'shop');
  });

  void test('that are pending pay nothing back yet', () => {
    const { refunds } = orderWith(
      GOODS,
      {
        lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
        adjustments: [{ id: 1, kind: 'pending_refund_discrepancy', amount: '12.00', tax_amount: '0.00' }],
        transactions: [{ amount: '12.00', status: 'pending' }],
      },
      { current_total_price: '12.00' },
    );
    assert.deepEqual([refunds[0]?.payouts, refunds[0]?.isPending], [[], true]);
  });

  void test('whose money is shown in another currency alone are no edits: the shop is asked', () => {
    const { doubt, refunds } = orderWith(
      GOODS,
      {
        lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
        transactions: [{ amount: '13.20', currency: 'USD' }],
      },
      { current_total_price: '12.00', financial_status: 'partially_refunded' },
    );
    assert.equal(doubt?.ask, 'shop');
    assert.match(doubt.why, /not shown in the order’s currency/);
    assert.deepEqual(refunds[0]?.payouts, []);
  });

  void test('that do not add up are a doubt that shows the figures, and only their money is certain', () => {
    const { doubt, refunds } = orderWith(
      GOODS,
      {
        lines: [{ line: 0, quantity: 1, subtotal: '10.00', tax: '2.00' }],
        transactions: [{ amount: '11.00' }],
      },
      { current_total_price: '12.00', financial_status: 'partially_refunded' },
    );
    assert.equal(doubt?.ask, 'shop');
    assert.match(doubt.why, /do not add up/);
    assert.deepEqual(
      doubt.facts.map(({ value }) => value),
      ['24.00 EUR', '12.00 EUR', '12.00 EUR', '0.00 EUR', '11.00 EUR'],
    );
    assert.deepEqual(refunds[0]?.returns, []);
    assert.deepEqual(
      refunds[0]?.payouts.map(({ amount }) => money.format(amount)),
      ['11.00'],
    );
  });
});

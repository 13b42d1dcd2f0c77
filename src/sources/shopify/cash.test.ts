import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { format, show } from '#core/money.ts';
import type { Cash } from '#core/order.ts';
import { PLAIN, bodyOf, snapshotOf } from '#tests/contract/shopify-bodies.ts';
import type { Body, OrderSpec } from '#tests/contract/shopify-bodies.ts';

/** "known 10.00: shopify_payments 10.00", or the state with its reason. */
function shown(cash: Cash): string {
  if (cash.state !== 'known') {
    return `${cash.state}: ${cash.why}`;
  }
  const tenders = cash.tenders.map(
    ({ gateway, amount, transactionId }) =>
      `${gateway} ${format(amount)}${transactionId === undefined ? '' : ` #${transactionId}`}`,
  );
  return [`known ${show(cash.received)}`, ...tenders].join(', ');
}

function cashOf(changes: Body, spec: OrderSpec = PLAIN): string {
  return shown(snapshotOf({ ...bodyOf(spec), ...changes }).order.cash);
}

describe('cash from a body without transactions', () => {
  test('nothing is received while money is only promised or given up', () => {
    for (const status of ['authorized', 'pending', 'voided', 'expired']) {
      assert.equal(cashOf({ financial_status: status, total_outstanding: '0.00' }), 'known 0.00 USD', status);
    }
  });

  test('paid with nothing outstanding is paid in full, on the order’s day', () => {
    for (const outstanding of ['0.00', null, undefined]) {
      assert.equal(cashOf({ total_outstanding: outstanding }), 'known 10.00 USD, shopify_payments 10.00');
    }
    const { cash, placedAt } = snapshotOf(bodyOf()).order;
    assert(cash.state === 'known');
    assert.equal(cash.tenders[0]?.at, placedAt);
  });

  test('paid with money outstanding is for a person', () => {
    assert.equal(
      cashOf({ total_outstanding: '3.00' }),
      'unclear: Shopify calls it paid and shows 3.00 USD outstanding',
    );
  });

  test('partially paid is asked for: what is outstanding leaves out what is only authorized', () => {
    for (const total_outstanding of ['7.50', '0.00', null]) {
      assert.match(cashOf({ financial_status: 'partially_paid', total_outstanding }), /^reread: /);
    }
  });

  test('voided is asked for where a part of the total was received', () => {
    for (const financial_status of ['voided', 'expired', 'pending']) {
      assert.match(cashOf({ financial_status, total_outstanding: '7.50' }), /^reread: /);
      assert.equal(cashOf({ financial_status, total_outstanding: '10.00' }), 'known 0.00 USD');
      assert.equal(cashOf({ financial_status, total_outstanding: '0.00' }), 'known 0.00 USD');
    }
  });

  test('every other status is asked for', () => {
    for (const status of ['refunded', 'partially_refunded', 'something_new', '', null, undefined]) {
      assert.match(cashOf({ financial_status: status }), /^reread: /, String(status));
    }
  });

  test('a total that fell does not tell what was received', () => {
    // Units removed before payment: 10.00 was charged at first and 8.00 was paid.
    const lowered = {
      current_total_price: '8.00',
      current_total_price_set: null,
    };
    assert.match(cashOf(lowered), /^reread: The total went from 10\.00 USD to 8\.00 USD/);
    assert.match(
      cashOf({ ...lowered, financial_status: 'partially_paid', total_outstanding: '1.00' }),
      /^reread: /,
    );
    assert.match(cashOf({ total_outstanding: '-2.00' }), /^reread: /);
  });

  test('money outstanding in the shop’s currency is unclear on the buyer’s side too', () => {
    const foreign: OrderSpec = { presentment: 'JPY', decimals: [2, 0], lines: [{ price: [1000, 1530] }] };
    const { cash } = snapshotOf({ ...bodyOf(foreign), total_outstanding: '0.50' }, 'presentment').order;
    assert.equal(shown(cash), 'unclear: Shopify calls it paid and shows 0.50 USD outstanding');
  });

  test('gateways are named, all of them when there are several', () => {
    const cash = (names: unknown, gateway?: string) => cashOf({ payment_gateway_names: names, gateway });
    assert.equal(cash(['paypal']), 'known 10.00 USD, paypal 10.00');
    assert.equal(
      cash(['gift_card', 'shopify_payments']),
      'known 10.00 USD, gift_card + shopify_payments 10.00',
    );
    assert.equal(cash(['']), 'known 10.00 USD, unknown 10.00');
    assert.equal(cash([], 'manual'), 'known 10.00 USD, manual 10.00');
  });

  test('partial and several payments in another currency are asked for', () => {
    const foreign: OrderSpec = { presentment: 'EUR', lines: [{ price: [1000, 923] }] };
    assert.equal(cashOf({}, foreign), 'known 10.00 USD, shopify_payments 10.00');
    assert.match(cashOf({ payment_gateway_names: ['gift_card', 'paypal'] }, foreign), /^reread: /);
    assert.match(
      cashOf({ financial_status: 'partially_paid', total_outstanding: '5.00' }, foreign),
      /^reread: /,
    );
  });
});

describe('cash from transactions', () => {
  const sale = {
    id: 1,
    kind: 'sale',
    status: 'success',
    gateway: 'paypal',
    amount: '10.00',
    currency: 'USD',
    processed_at: '2026-11-21T10:00:00-05:00',
  };

  test('only successful sales and captures are money', () => {
    const transactions = [
      { ...sale, id: 1, kind: 'authorization' },
      { ...sale, id: 2, kind: 'capture', amount: '6.00' },
      { ...sale, id: 3, kind: 'capture', amount: '4.00', status: 'failure' },
      { ...sale, id: 4, amount: '3.00', status: 'pending' },
      { ...sale, id: 5, kind: 'void' },
      { ...sale, id: 6, kind: 'refund', amount: '1.00' },
    ];
    assert.equal(
      cashOf({ transactions, financial_status: 'partially_paid' }),
      'known 6.00 USD, paypal 6.00 #2',
    );
  });

  test('tenders stand oldest first, each with its own day', () => {
    const transactions = [
      { ...sale, id: 2, amount: '4.00', processed_at: '2026-11-22T10:00:00-05:00' },
      { ...sale, id: 1, amount: '6.00', gateway: 'gift_card' },
    ];
    assert.equal(cashOf({ transactions }), 'known 10.00 USD, gift_card 6.00 #1, paypal 4.00 #2');
  });

  test('a body with an empty list received nothing', () => {
    assert.equal(cashOf({ transactions: [], financial_status: 'pending' }), 'known 0.00 USD');
  });

  test('test transactions count in test orders alone', () => {
    const transactions = [{ ...sale, test: true }];
    assert.equal(cashOf({ transactions, test: true }), 'known 10.00 USD, paypal 10.00 #1');
    assert.equal(cashOf({ transactions, financial_status: 'pending' }), 'known 0.00 USD');
  });

  test('an amount in the buyer’s currency is taken from its set, or asked for', () => {
    const foreign: OrderSpec = { presentment: 'EUR', lines: [{ price: [1000, 923] }] };
    const inEuro = { ...sale, amount: '9.23', currency: 'EUR' };
    const both = {
      shop_money: { amount: '10.00', currency_code: 'USD' },
      presentment_money: { amount: '9.23', currency_code: 'EUR' },
    };
    assert.equal(cashOf({ transactions: [inEuro] }, foreign), 'reread: Transaction 1 is not shown in USD');
    assert.equal(
      cashOf({ transactions: [{ ...inEuro, amount_set: both }] }, foreign),
      'known 10.00 USD, paypal 10.00 #1',
    );
    const { order } = snapshotOf({ ...bodyOf(foreign), transactions: [inEuro] }, 'presentment');
    assert.equal(shown(order.cash), 'known 9.23 EUR, paypal 9.23 #1');
  });

  test('the shop’s word paid with money outstanding stays unclear', () => {
    assert.match(cashOf({ transactions: [], total_outstanding: '10.00' }), /^unclear: /);
  });

  test('what the till rounded stands beside the amount of a transaction, and is received', () => {
    const spec: OrderSpec = { lines: [{ price: 1003 }], rounding: 2 };
    const set = (amount: string): Body => ({ shop_money: { amount, currency_code: 'USD' } });
    const cash = (amount: string, rounding: string, more: Body = {}) => {
      const receipt = { ...sale, amount, amount_rounding_set: set(rounding), gateway: 'cash' };
      return cashOf({ transactions: [receipt], ...more }, spec);
    };
    assert.equal(cash('10.03', '0.02'), 'known 10.05 USD, cash 10.05 #1');
    assert.equal(
      cash('5.00', '0.02', { financial_status: 'partially_paid' }),
      'known 5.02 USD, cash 5.02 #1',
    );
    assert.equal(
      cash('10.05', '0.00'),
      'unclear: Shopify shows cash rounding of 0.02 USD, and 0.00 USD in its transactions',
    );
  });

  test('change that was given back is not kept', () => {
    const transactions = [
      { ...sale, amount: '20.00', gateway: 'cash' },
      { ...sale, id: 2, kind: 'change', amount: '10.00', gateway: 'cash' },
    ];
    assert.equal(cashOf({ transactions }), 'known 10.00 USD, cash 10.00 #1');
    // Or the receipt is told without it.
    const without = transactions.map((each) => ({ ...each, amount: '10.00' }));
    assert.equal(cashOf({ transactions: without }), 'known 10.00 USD, cash 10.00 #1');
  });

  test('what is called paid and shows other money is for a person; without any, the word counts', () => {
    const part = [{ ...sale, amount: '6.00' }];
    assert.equal(
      cashOf({ transactions: part }),
      'unclear: Shopify calls it paid, and its transactions come to 6.00 USD of 10.00 USD',
    );
    assert.match(cashOf({ transactions: [{ ...sale, amount: '16.00' }] }), /^unclear: /);
    assert.equal(cashOf({ transactions: [] }), 'known 10.00 USD, shopify_payments 10.00');
    const lowered = { transactions: [], current_total_price: '0.00', current_total_price_set: null };
    assert.equal(cashOf(lowered), 'known 0.00 USD', 'the shop has nothing more to say');
    assert.equal(
      cashOf({ transactions: part, financial_status: 'partially_paid' }),
      'known 6.00 USD, paypal 6.00 #1',
    );
  });
});

describe('refunds', () => {
  const payout = {
    id: 9,
    kind: 'refund',
    status: 'success',
    gateway: 'bogus',
    amount: '4.00',
    currency: 'USD',
  };
  const refund = {
    id: 77,
    created_at: '2026-11-22T10:00:00-05:00',
    processed_at: '2026-11-22T10:00:01-05:00',
  };
  const refundsOf = (transactions: readonly Body[]) =>
    snapshotOf({
      ...bodyOf(),
      financial_status: 'partially_refunded',
      refunds: [{ ...refund, transactions }],
    }).order.refunds.map(({ id, at, payouts, isPending }) => ({
      id,
      at,
      paid: payouts.map(({ amount }) => show(amount)),
      isPending,
    }));

  test('they are what went back, on their own day', () => {
    assert.deepEqual(refundsOf([payout, { ...payout, id: 10, amount: '1.00', status: 'failure' }]), [
      { id: '77', at: Date.parse('2026-11-22T15:00:01Z'), paid: ['4.00 USD'], isPending: false },
    ]);
  });

  test('a pending one is no money yet', () => {
    const [pending] = refundsOf([{ ...payout, status: 'pending' }]);
    assert.deepEqual([pending?.paid, pending?.isPending], [[], true]);
  });

  test('one that is shown only in the buyer’s currency is asked for', () => {
    const foreign: OrderSpec = { presentment: 'EUR', lines: [{ price: [1000, 923] }] };
    const transactions = [{ ...payout, amount: '3.69', currency: 'EUR' }];
    const body = { ...bodyOf(foreign), refunds: [{ ...refund, transactions }] };
    const { order } = snapshotOf(body);
    assert.equal(shown(order.cash), 'reread: Refund transaction 9 is not shown in USD');
    const [paid] = snapshotOf(body, 'presentment').order.refunds[0]?.payouts ?? [];
    assert.equal(show(paid?.amount ?? order.total), '3.69 EUR');
  });

  test('removed units are a refund of nothing', () => {
    assert.deepEqual(refundsOf([])[0]?.paid, []);
  });
});

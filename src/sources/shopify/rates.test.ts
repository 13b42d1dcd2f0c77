import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bodyOf, snapshotOf } from '#tests/contract/shopify-bodies.ts';
import type { Body } from '#tests/contract/shopify-bodies.ts';
import { books, holds, planned, post } from '#tests/planned.ts';

/**
 * Shopify converts a transaction into the shop's currency by the rate of its moment, and so otherwise than the order was. Figures as a
 * shop showed them: a total of 13.50 CAD and 9.00 USD, paid with 12.77 CAD and 9.00 USD, of which 7.10 CAD and 5.00 USD went back.
 */

const SOLD = '2026-11-20T23:30:00-05:00';
const BACK = '2026-11-24T10:00:00-05:00';

type Json = Record<string, unknown>;

const fx = (shop: string, buyer: string): Json => ({
  shop_money: { amount: shop, currency_code: 'CAD' },
  presentment_money: { amount: buyer, currency_code: 'USD' },
});
const ORDER = bodyOf({
  currency: 'CAD',
  presentment: 'USD',
  lines: [{ price: [1200, 800], taxes: [{ title: 'Line tax', rate: 0.125, amount: [150, 100] }] }],
});

function moved(id: number, kind: string, [shop, buyer]: readonly [string, string], at = SOLD): Json {
  const set = fx(shop, buyer);
  return {
    id,
    kind,
    status: 'success',
    gateway: 'paypal',
    test: false,
    amount_set: set,
    processed_at: at,
    created_at: at,
  };
}

function paidBy(...receipts: (readonly [string, string])[]): Body {
  const transactions = receipts.map((amounts, index) => moved(index + 1, 'sale', amounts));
  return { ...ORDER, transactions };
}

function refunded(entry: Json, now: readonly [string, string], payout: Json): Body {
  return {
    ...ORDER,
    updated_at: BACK,
    financial_status: 'partially_refunded',
    current_total_price: now[0],
    current_total_price_set: fx(...now),
    refunds: [
      {
        id: 901,
        created_at: BACK,
        processed_at: BACK,
        refund_line_items: [],
        refund_shipping_lines: [],
        order_adjustments: [],
        transactions: [payout],
        ...entry,
      },
    ],
    transactions: [moved(1, 'sale', ['12.77', '9.00']), payout],
  };
}

function see(body: Body): readonly [string, readonly string[]] {
  const found = planned(snapshotOf(body).order, []);
  assert.ok(found.outcome === 'work');
  return [books(post(found.steps)), holds(found)];
}

describe('an order in another currency than the shop’s', () => {
  test('that the buyer paid whole is paid whole, whatever the rate of that moment', () => {
    assert.deepEqual(see(paidBy(['12.77', '9.00'])), ['SHOPIFY-1001 13.50, paid 13.50', []]);
    assert.deepEqual(see(paidBy(['13.51', '9.00'])), ['SHOPIFY-1001 13.50, paid 13.50', []]);
    const parts = see(paidBy(['7.10', '5.00'], ['5.67', '4.00']));
    assert.deepEqual(parts, ['SHOPIFY-1001 13.50, paid 7.10, paid 6.40', []]);
  });

  test('that he paid in part is paid by that', () => {
    const body = {
      ...paidBy(['7.10', '5.00']),
      financial_status: 'partially_paid',
      total_outstanding: '6.40',
    };
    assert.deepEqual(see(body), ['SHOPIFY-1001 13.50, paid 7.10', []]);
  });

  test('gives back what the goods cost', () => {
    const line = {
      line_item_id: 1000,
      quantity: 1,
      subtotal_set: fx('12.00', '8.00'),
      total_tax_set: fx('1.50', '1.00'),
    };
    const body = refunded(
      { refund_line_items: [line] },
      ['0.00', '0.00'],
      moved(2, 'refund', ['12.78', '9.00'], BACK),
    );
    const found = planned(snapshotOf(body).order, []);
    assert.equal(found.outcome, 'skip', 'nothing is left of it');
  });

  test('gives back an amount of its own by the rate that the refund names', () => {
    const adjustment = {
      kind: 'refund_discrepancy',
      amount_set: fx('-7.10', '-5.00'),
      tax_amount_set: fx('0.00', '0.00'),
    };
    const payout = moved(2, 'refund', ['7.10', '5.00'], BACK);
    const body = refunded({ order_adjustments: [adjustment] }, ['13.50', '9.00'], payout);
    assert.deepEqual(see(body), ['SHOPIFY-1001 6.40, paid 6.40', []]);
    const other = { ...adjustment, amount_set: fx('-7.50', '-5.00') };
    assert.deepEqual(see(refunded({ order_adjustments: [other] }, ['13.50', '9.00'], payout)), [
      'SHOPIFY-1001 6.00, paid 6.00',
      [],
    ]);
  });

  test('gives a gift card back what it paid and no new credit, whatever the rates', () => {
    const line = {
      line_item_id: 1000,
      quantity: 1,
      subtotal_set: fx('12.00', '8.00'),
      total_tax_set: fx('1.50', '1.00'),
    };
    const gateway = 'gift_card';
    const payout = { ...moved(2, 'refund', ['13.60', '9.00'], BACK), gateway };
    const body = refunded({ refund_line_items: [line] }, ['0.00', '0.00'], payout);
    const receipt = { ...moved(1, 'sale', ['12.77', '9.00']), gateway };
    const { refunds } = snapshotOf({ ...body, transactions: [receipt, payout] }).order;
    assert.deepEqual(
      refunds.flatMap(({ payouts }) => payouts.map(({ to, amount }) => [to, amount.minor])),
      [['money', 1350n]],
    );
  });

  test('of which a part was taken off before he paid the rest whole is paid whole', () => {
    const body = bodyOf({
      currency: 'CAD',
      presentment: 'USD',
      lines: [{ price: [900, 600] }, { price: [450, 300] }],
    });
    const removed = {
      line_item_id: 1001,
      quantity: 1,
      subtotal_set: fx('4.50', '3.00'),
      total_tax_set: fx('0.00', '0.00'),
    };
    const entry = {
      id: 901,
      created_at: SOLD,
      processed_at: SOLD,
      refund_line_items: [removed],
      refund_shipping_lines: [],
      order_adjustments: [],
      transactions: [],
    };
    for (const captured of ['8.51', '9.44']) {
      const shown = {
        ...body,
        current_total_price: '9.00',
        current_total_price_set: fx('9.00', '6.00'),
        refunds: [entry],
        transactions: [moved(1, 'authorization', ['13.50', '9.00']), moved(2, 'capture', [captured, '6.00'])],
      };
      assert.deepEqual(see(shown), ['SHOPIFY-1001 9.00, paid 9.00', []]);
    }
  });

  test('whose last receipt is less than what is missing has it made up by the largest', () => {
    assert.deepEqual(see(paidBy(['14.00', '8.90'], ['0.20', '0.10'])), [
      'SHOPIFY-1001 13.50, paid 13.30, paid 0.20',
      [],
    ]);
  });

  test('that owes nothing in his currency has nothing outstanding', () => {
    const body = {
      ...paidBy(['12.77', '9.00']),
      total_outstanding: '0.73',
      total_outstanding_set: fx('0.73', '0.00'),
    };
    assert.deepEqual(see(body), ['SHOPIFY-1001 13.50, paid 13.50', []]);
  });

  test('is asked about where his account is even and the shop’s is not', () => {
    const line = {
      line_item_id: 1000,
      quantity: 1,
      subtotal_set: fx('12.00', '8.00'),
      total_tax_set: fx('1.50', '1.00'),
    };
    const kept = {
      kind: 'refund_discrepancy',
      amount_set: fx('6.00', '4.00'),
      tax_amount_set: fx('0.00', '0.00'),
    };
    const payout = moved(2, 'refund', ['7.60', '5.00'], BACK);
    const part = {
      ...refunded({ refund_line_items: [line], order_adjustments: [kept] }, ['0.00', '0.00'], payout),
      transactions: [moved(1, 'sale', ['7.70', '5.00']), payout],
    };
    assert.deepEqual(see(part)[1], ['order-refunds-unclear']);
    const adjustment = {
      kind: 'refund_discrepancy',
      amount_set: fx('-13.40', '-9.00'),
      tax_amount_set: fx('0.00', '0.00'),
    };
    const second = moved(3, 'refund', ['13.40', '9.00'], BACK);
    const twice = {
      ...refunded({ order_adjustments: [adjustment] }, ['13.50', '9.00'], second),
      transactions: [moved(1, 'sale', ['12.77', '9.00']), moved(2, 'sale', ['12.80', '9.00']), second],
    };
    assert.deepEqual(see(twice), ['SHOPIFY-1001 13.50', ['order-cash-unclear']]);
  });

  test('is asked about where the buyer’s own figures do not add up either', () => {
    assert.deepEqual(see(paidBy(['12.77', '8.99'])), ['SHOPIFY-1001 13.50', ['order-cash-unclear']]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rules } from '#tests/build.ts';
import { gatewaysIn, isGiftCard, methodOf, noteOf } from './payment-method.ts';

const RULED = rules({ paymentMethods: { klarna: 'bank', stripe: 'bank', paypal: 'other' } });

test('a gateway that the rules name is entered as they say, in whatever case', () => {
  assert.equal(methodOf('Klarna', rules()), 'other');
  assert.equal(methodOf('Klarna', RULED), 'bank');
  assert.equal(methodOf('paypal', RULED), 'other');
});

test('a gateway that the rules do not name is known by its words', () => {
  assert.equal(methodOf('shopify_payments', RULED), 'card');
  assert.equal(methodOf('constructor', RULED), 'other');
  for (const [gateway, method] of [
    ['Bank Deposit', 'bank'],
    ['Banküberweisung', 'bank'],
    ['bank_transfer', 'bank'],
    ['Cash on Delivery (COD)', 'cash'],
    ['cash', 'cash'],
    ['manual', 'cash'],
    ['Bank of America Merchant', 'other'],
    ['Cashfree Payments', 'other'],
    ['shop_cash', 'other'],
    ['Razorpay Secure (UPI, Cards, Wallets, NetBanking)', 'card'],
  ] as const) {
    assert.equal(methodOf(gateway, rules()), method, gateway);
  }
});

test('several gateways in one payment follow the rules only where those agree on all', () => {
  assert.equal(methodOf('klarna + stripe', RULED), 'bank');
  assert.equal(methodOf('klarna + paypal', RULED), 'paypal');
  assert.equal(methodOf('gift_card + stripe', RULED), 'other');
});

test('the note of a payment tells its gateways, whatever stands behind them', () => {
  const remark = 'Really of 2026-11-10, which was closed in the books';
  for (const [gateway, transactionId, said] of [
    ['shopify_payments', '9001', ''],
    ['shopify_payments', undefined, ''],
    ['Cash on Delivery (COD)', '9001', remark],
    ['Dr. Pay Inc. Toronto', undefined, remark],
  ] as const) {
    const tender = { gateway, ...(transactionId === undefined ? {} : { transactionId }) };
    assert.deepEqual(gatewaysIn(noteOf(tender, said)), [gateway]);
  }
  assert.deepEqual(gatewaysIn('gift_card + shopify_payments, transaction 9'), [
    'gift_card',
    'shopify_payments',
  ]);
});

test('a gift card is known by its name in whatever spelling, and store credit is none', () => {
  assert.deepEqual(['gift_card', 'Gift Card', 'giftcard', 'shopify_store_credit'].map(isGiftCard), [
    true,
    true,
    true,
    false,
  ]);
});

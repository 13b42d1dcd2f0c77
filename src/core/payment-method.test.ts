import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rules } from '#tests/build.ts';
import { methodOf } from './payment-method.ts';

const RULED = rules({ paymentMethods: { klarna: 'bank', stripe: 'bank', paypal: 'other' } });

test('a gateway that the rules name is entered as they say, in whatever case', () => {
  assert.equal(methodOf('Klarna', rules()), 'other');
  assert.equal(methodOf('Klarna', RULED), 'bank');
  assert.equal(methodOf('paypal', RULED), 'other');
});

test('a gateway that the rules do not name is known by its words', () => {
  assert.equal(methodOf('shopify_payments', RULED), 'card');
  assert.equal(methodOf('constructor', RULED), 'other');
});

test('several gateways in one payment follow the rules only where those agree on all', () => {
  assert.equal(methodOf('klarna + stripe', RULED), 'bank');
  assert.equal(methodOf('klarna + paypal', RULED), 'paypal');
  assert.equal(methodOf('gift_card + stripe', RULED), 'other');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RULES, fill, rulesWith } from './rules.ts';
import { parseZone } from './time.ts';

test('templates are filled, each name as often as it stands', () => {
  assert.equal(fill('SHOPIFY-{order_number}', { order_number: '1001' }), 'SHOPIFY-1001');
  assert.equal(fill('{a}{a}-{b}', { a: '1', b: '2' }), '11-2');
  assert.equal(fill('plain', { a: '1' }), 'plain');
  assert.equal(fill('', {}), '');
});

test('names that are not known are left as written', () => {
  assert.equal(fill('{nothing} {a}', { a: '1' }), '{nothing} 1');
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.equal(fill(`{${name}}`, { a: '1' }), `{${name}}`);
  }
  assert.equal(fill('{ a } {a-b} {}', { a: '1' }), '{ a } {a-b} {}');
});

test('a value is text: what stands in it is neither filled nor a pattern', () => {
  assert.equal(fill('{a}', { a: '{b} $& $1 $$', b: 'x' }), '{b} $& $1 $$');
});

test('an empty value fills', () => {
  assert.equal(fill('<{a}>', { a: '' }), '<>');
});

test('a configured zone is part of the rules, and none is no field of them', () => {
  assert.equal(rulesWith(parseZone('Europe/Berlin')).timeZone, 'Europe/Berlin');
  assert.deepEqual(rulesWith(undefined), DEFAULT_RULES);
});

test('the compact number of a seven-digit order fits into ten characters', () => {
  assert.ok(fill(DEFAULT_RULES.invoiceNumberCompact, { order_number: '1000001' }).length <= 10);
});

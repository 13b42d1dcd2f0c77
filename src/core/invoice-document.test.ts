import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNumbered } from './invoice-document.ts';
import { DEFAULT_RULES } from './rules.ts';

const LONG = { isCompact: false };
const COMPACT = { isCompact: true };

test('a number is of the form of the rules or not, whatever stands in it', () => {
  const cases: readonly (readonly [number: string, isLong: boolean, isCompact: boolean])[] = [
    ['SHOPIFY-1001', true, false],
    ['SHOPIFY-1001-2', true, false],
    ['SH1001', false, true],
    ['SH1001-2', false, true],
    ['SHIRTS-7', false, false],
    ['SHOPIFY-', false, false],
    ['SHOPIFY-old', false, false],
    ['XSHOPIFY-1001', false, false],
    ['0000001', false, false],
    ['AMAZON-113-0000000-0000001', false, false],
    ['', false, false],
  ];
  for (const [number, isLong, isCompact] of cases) {
    assert.equal(isNumbered(number, DEFAULT_RULES, LONG), isLong, number);
    assert.equal(isNumbered(number, DEFAULT_RULES, COMPACT), isCompact, number);
  }
  const amazon = { ...DEFAULT_RULES, invoiceNumber: 'AMAZON-{order_id}' };
  assert.equal(isNumbered('AMAZON-113-0000000-0000001', amazon, LONG), true);
});

test('signs of a template are themselves, and one that is a field alone is the form of nothing', () => {
  const rules = { ...DEFAULT_RULES, invoiceNumber: 'A.(B)-{order_name}' };
  assert.equal(isNumbered('A.(B)-#7', rules, LONG), true);
  assert.equal(isNumbered('AxB-7', rules, LONG), false);
  const bare = { ...DEFAULT_RULES, invoiceNumber: '{order_name}' };
  assert.equal(isNumbered('1001', bare, LONG), false);
});

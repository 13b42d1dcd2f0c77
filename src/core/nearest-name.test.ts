import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from './nearest-name.ts';

const KEYS = [
  'book_when',
  'invoice_number',
  'invoice_number_compact',
  'refund_category',
  'skip.tags',
  'time_zone',
];

test('a slip of a few letters is seen through', () => {
  assert.equal(nearestName('invoce_number', KEYS), 'invoice_number');
  assert.equal(nearestName('refunds_category', KEYS), 'refund_category');
  assert.equal(nearestName('bookwhen', KEYS), 'book_when');
  assert.equal(nearestName('payed', ['created', 'paid', 'fulfilled']), 'paid');
});

test('capitals, hyphens, dots and blanks are no difference', () => {
  for (const name of ['Refund Category', 'refund-category', 'REFUND_CATEGORY', ' refund.category ']) {
    assert.equal(nearestName(name, KEYS), 'refund_category');
  }
});

test('one word of a longer name tells which is meant, if it is in no other', () => {
  assert.equal(nearestName('category', KEYS), 'refund_category');
  assert.equal(nearestName('zone', KEYS), 'time_zone');
  assert.equal(nearestName('tags', KEYS), 'skip.tags');
  assert.equal(nearestName('number', KEYS), undefined);
});

test('what is like none has no nearest name', () => {
  for (const name of ['', 'wallpaper', 'x', 'é'.repeat(5000)]) {
    assert.equal(nearestName(name, KEYS), undefined);
  }
  assert.equal(nearestName('invoice_number', []), undefined);
  assert.equal(nearestName('xx', ['en', 'fr']), undefined);
});

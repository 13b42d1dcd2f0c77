import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionId, orderKey, referenceOf, settlementIn, settlementKey, splitOrderKey } from './ids.ts';
import type { OrderKey } from './ids.ts';

const shopify = connectionId('shopify');

test('an order key is split into what it was made of', () => {
  for (const id of ['5001', '9007199254740993', '112-1234567-1234567']) {
    const key = orderKey(shopify, id);
    assert.equal(key, `shopify/${id}`);
    assert.deepEqual(splitOrderKey(key), { connection: 'shopify', vendorId: id });
  }
});

test('orders of two connections never share a key', () => {
  assert.notEqual(orderKey(connectionId('a'), 'b-1'), orderKey(connectionId('a-b'), '1'));
});

for (const text of [
  '',
  'Shopify',
  'my shop',
  '-shop',
  'shop/2',
  'shop.com',
  'a'.repeat(41),
  'shop\n',
  'shöp',
]) {
  test(`"${text.replace('\n', '\\n')}" is no connection name`, () => {
    assert.throws(() => connectionId(text), SyntaxError);
  });
}

for (const id of ['', '1/2', '1 2', '../1', '1%', '1\n', 'ä', '1'.repeat(65)]) {
  test(`"${id.slice(0, 10).replace('\n', '\\n')}" of ${id.length} characters is no order id`, () => {
    assert.throws(() => orderKey(shopify, id), SyntaxError);
  });
}

test('an id that is refused is quoted only in part', () => {
  assert.throws(
    () => orderKey(shopify, '!'.repeat(5000)),
    (thrown: Error) => thrown.message.length < 150,
  );
});

test('a text without a slash is no order key', () => {
  assert.throws(() => splitOrderKey('shopify5001' as OrderKey), SyntaxError);
});

test('a settlement has a key of the same connection that no order can have', () => {
  const key = settlementKey(shopify, 'aB_1-=') ?? assert.fail();
  assert.equal(key, 'shopify/settlement:aB_1-=');
  assert.deepEqual(splitOrderKey(key).connection, shopify);
  assert.equal(settlementIn(key), 'aB_1-=');
  assert.equal(settlementIn(orderKey(shopify, '5001')), undefined);
  assert.throws(() => orderKey(shopify, 'settlement:1'), SyntaxError);
  for (const id of ['', 'a b', 'a/b', 'x'.repeat(101)]) {
    assert.equal(settlementKey(shopify, id), undefined, id);
  }
});

test('a reference names order, kind and slot, and is the same each time', () => {
  const key = orderKey(shopify, '5001');
  assert.equal(referenceOf(key, 'payment', 2), 'shopify/5001/payment-2');
  assert.equal(referenceOf(key, 'payment', 2), referenceOf(key, 'payment', 2));
  const references = ['client', 'invoice', 'sent', 'payment'].flatMap((kind) =>
    [1, 2, 12].map((slot) => referenceOf(key, kind, slot)),
  );
  assert.equal(new Set(references).size, references.length);
});

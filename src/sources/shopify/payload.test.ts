import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLossless } from '#core/json.ts';
import { Failure } from '#core/failure.ts';
import { parseOrder } from './payload.ts';
import { bodyOf, withField } from '#tests/contract/shopify-bodies.ts';
import type { Body } from '#tests/contract/shopify-bodies.ts';

function parsed(body: Body): ReturnType<typeof parseOrder> {
  return parseOrder(parseLossless(JSON.stringify(body)));
}

function refusalOf(body: Body): string {
  try {
    parsed(body);
  } catch (thrown) {
    assert(thrown instanceof Failure && thrown.code === 'delivery-malformed', String(thrown));
    return thrown.message;
  }
  assert.fail('the body was accepted');
}

const FULL = bodyOf({
  lines: [
    { price: 1000, quantity: 2, discounts: [[0, 100]], taxes: [{ amount: 50 }], duties: [{ amount: 30 }] },
  ],
  shipping: [{ price: 500, taxes: [{ amount: 25 }] }],
  applications: [{ type: 'manual', title: 'Kind' }],
});

test('ids beyond 2^53 survive, as numbers and as text', () => {
  const text = JSON.stringify(FULL).replace('820982911946154,', '820982911946154508,');
  assert.equal(parseOrder(parseLossless(text)).id, '820982911946154508');
  assert.equal(parsed({ ...FULL, id: '820982911946154509' }).id, '820982911946154509');
});

test('a wrong field is named by its path and quoted', () => {
  const cases: readonly (readonly [path: string, value: unknown, said: string])[] = [
    ['line_items.0.quantity', 'abc', '"abc" is not a whole number'],
    ['line_items.0.quantity', 1.5, '"1.5" is not a whole number'],
    ['line_items.0.quantity', -1, '"-1" is negative'],
    ['line_items.0.quantity', '1e3', '"1e3" is not a whole number'],
    ['line_items.0.quantity', undefined, 'is missing'],
    ['line_items.0.id', null, 'is missing'],
    ['line_items.0.id', 'gid://shopify/LineItem/1', '"gid://shopify/LineItem/1" is not an id'],
    ['line_items.0.price_set.shop_money', 'abc', 'is not an object'],
    ['line_items.0.tax_lines.0.rate', 'abc', '"abc" is not a rate'],
    ['line_items.0.tax_lines.0.rate', 25, '"25" is not a rate'],
    ['line_items.0.tax_lines', 'none', 'is not a list'],
    ['line_items.0.gift_card', 'yes', '"yes" is neither true nor false'],
    ['shipping_lines.0', 7, 'is not an object'],
    ['line_items', undefined, 'is missing'],
    ['line_items', {}, 'is not a list'],
    ['currency', 'XXX', '"XXX" is not a known currency'],
    ['currency', 'jane@example.com', '"…" is not a known currency'],
    ['currency', undefined, 'is missing'],
    ['total_price', 'a lot', '"a lot" is not an amount'],
    ['total_price', '1,50', '"1,50" is not an amount'],
    ['total_price', [1], 'a list is not an amount'],
    ['updated_at', 'yesterday', 'Cannot parse timestamp "yesterday"'],
    ['updated_at', '2026-11-20T23:30:05', 'Cannot parse timestamp "2026-11-20T23:30:05"'],
    ['updated_at', undefined, 'is missing'],
    ['processed_at', 7, 'Cannot parse timestamp "7"'],
  ];
  for (const [path, value, said] of cases) {
    assert.equal(refusalOf(withField(FULL, path, value)), `Order 820982911946154: ${path}: ${said}`);
  }
});

test('an amount with more decimals than its currency has is refused', () => {
  const body = withField(FULL, 'line_items.0.price_set.shop_money.amount', '10.005');
  assert.equal(
    refusalOf(body),
    'Order 820982911946154: line_items.0.price_set.shop_money.amount: Amount "10.005" has more decimals than USD has',
  );
});

test('a body without an id says so', () => {
  assert.equal(refusalOf(withField(FULL, 'id', undefined)), 'Order without an id: id: is missing');
  assert.equal(refusalOf({}), 'Order without an id: id: is missing');
  assert.throws(() => parseOrder([]), { message: 'Order without an id: is not an object' });
  assert.throws(() => parseOrder('text'), { message: 'Order without an id: is not an object' });
});

test('a long wrong value is quoted in part, and contact data never', () => {
  assert.equal(refusalOf(withField(FULL, 'total_price', 'x'.repeat(5000))).length < 120, true);
  const said = refusalOf(withField(FULL, 'billing_address.first_name', ['Jane Doe']));
  assert.equal(said, 'Order 820982911946154: billing_address.first_name: is not text');
});

test('what is optional may be absent or null', () => {
  for (const key of Object.keys(FULL)) {
    const isNeeded = ['id', 'line_items', 'currency', 'updated_at'].includes(key);
    for (const value of [undefined, null]) {
      const body = { ...FULL, [key]: value };
      if (isNeeded) {
        assert.match(refusalOf(body), / is missing$/);
      } else {
        assert.equal(parsed(body).id, '820982911946154', key);
      }
    }
  }
});

test('rates become millionths without floats', () => {
  const rates: readonly (readonly [written: string, ppm: number])[] = [
    ['0.05', 50_000],
    ['0.0725', 72_500],
    ['0.09975', 99_750],
    ['0', 0],
    ['0.0', 0],
    ['1', 1_000_000],
    ['0.07250000000000001', 72_500],
    ['0.0887500001', 88_750],
    ['0.0000005', 1],
    ['0.00000049', 0],
    ['5.0e-05', 50],
    ['5e-7', 1],
    ['4e-7', 0],
    ['5e-8', 0],
    ['1.5E+0', 1_500_000],
  ];
  for (const [written, ppm] of rates) {
    const body = withField(FULL, 'line_items.0.tax_lines.0.rate', written);
    assert.equal(parsed(body).line_items[0]?.tax_lines[0]?.rate, ppm, written);
  }
});

test('a rate that is no number passes only where no tax was charged', () => {
  const wrong = withField(FULL, 'line_items.0.tax_lines.0', {
    title: 'Tax',
    rate: '0.0n_____',
    price: '0.00',
  });
  assert.equal(parsed(wrong).line_items[0]?.tax_lines[0]?.rate, 0);
});

test('a body with more lines than an invoice should have is refused', () => {
  const [line] = FULL['line_items'] as readonly Body[];
  const many = Array.from({ length: 1001 }, (_, index) => ({ ...line, id: index + 1 }));
  assert.equal(
    refusalOf({ ...FULL, line_items: many }),
    'Order 820982911946154: line_items: has more than 1000 lines',
  );
  assert.equal(parsed({ ...FULL, line_items: many.slice(1) }).line_items.length, 1000);
});

test('long texts are cut, because they are kept', () => {
  const body = withField(FULL, 'line_items.0.title', 'é'.repeat(2000));
  assert.equal(parsed(body).line_items[0]?.title.length, 500);
});

test('characters that databases refuse do not get in', () => {
  const body = withField(FULL, 'line_items.0.title', 'Tea\u0000 \ud83c cup\n');
  assert.equal(parsed(body).line_items[0]?.title, 'Tea  \ufffd cup');
});

test('keys that JSON gives a meaning in JavaScript do nothing', () => {
  const text = JSON.stringify(FULL).replace('{', '{"__proto__":{"test":true},"constructor":1,');
  assert.equal(parseOrder(parseLossless(text)).test, false);
});

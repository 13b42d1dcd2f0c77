import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '#core/failure.ts';
import { totalByLines } from '#core/order.ts';
import { SHOP, bodyOf } from '#tests/contract/shopify-bodies.ts';
import { sortMessage } from './sort.ts';

/** A body with every part that one may have. */
const FULL = {
  ...bodyOf({
    presentment: 'JPY',
    decimals: [2, 0],
    lines: [
      {
        price: [1000, 1530],
        quantity: 2,
        discounts: [[0, [100, 153]]],
        taxes: [{ amount: [50, 77] }],
        duties: [{ amount: [30, 46], taxes: [{ amount: [2, 3] }] }],
      },
    ],
    shipping: [{ price: [500, 765], taxes: [{ amount: [25, 38] }] }],
    applications: [{ type: 'manual', title: 'Kind' }],
    tip: 100,
    fee: { amount: [70, 107], taxes: [{ amount: [4, 6] }] },
    rounding: [2, 0],
  }),
  transactions: [
    { id: 1, kind: 'sale', status: 'success', gateway: 'cash', amount: '29.49', currency: 'USD' },
    { id: 2, kind: 'change', status: 'success', gateway: 'cash', amount: '1.00', currency: 'USD' },
  ],
  refunds: [
    {
      id: 9,
      created_at: '2026-11-22T10:00:00-05:00',
      transactions: [{ id: 3, kind: 'refund', status: 'success', amount: '1.00', currency: 'USD' }],
    },
  ],
};

/** The path of every value in it, lists and objects too. */
const PATHS = pathsIn(FULL);

const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    '',
    '-1',
    '-0.01',
    '1e5',
    '0.001',
    '999999999999999999',
    '9'.repeat(40),
    'XXX',
    'EUR',
    'KWD',
  ),
  fc.constantFrom('2026-13-45T00:00:00Z', '2026-11-20T00:00:00+99:99', '0000-01-01T00:00:00Z'),
);

test('whatever stands in a field, it is an order or a refusal that says why', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...PATHS), anything), { minLength: 1, maxLength: 3 }),
      fc.constantFrom('shop', 'presentment'),
      (changes, currencySide) => {
        const body: unknown = JSON.parse(JSON.stringify(FULL));
        for (const [path, value] of changes) {
          setAt(body, path, value);
        }
        const bytes = new TextEncoder().encode(JSON.stringify(body));
        try {
          const found = sortMessage({ topic: 'orders/create', body: bytes }, { ...SHOP, currencySide });
          if (found.kind === 'order') {
            totalByLines(found.snapshot.order);
          }
        } catch (thrown) {
          assert(thrown instanceof Failure && thrown.code === 'delivery-malformed', String(thrown));
          assert.match(thrown.message, /^Order .+: .+/);
          assert(thrown.message.length < 300, thrown.message);
        }
      },
    ),
    { numRuns: 1500 },
  );
});

function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) {
    return [path];
  }
  const inner = Object.entries(value).flatMap(([key, each]) => pathsIn(each, [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

function setAt(body: unknown, path: readonly string[], value: unknown): void {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((inner, key) => (isObject(inner) ? Reflect.get(inner, key) : undefined), body);
  if (isObject(parent)) {
    Reflect.set(parent, path.at(-1) ?? '', value);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

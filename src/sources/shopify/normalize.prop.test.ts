import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { equal, show, subtract } from '#core/money.ts';
import { Failure } from '#core/failure.ts';
import { totalByLines } from '#core/order.ts';
import type { Order } from '#core/order.ts';
import { bodyOf, snapshotOf } from '#tests/contract/shopify-bodies.ts';
import type { Body, Both, LineSpec, OrderSpec, TaxSpec } from '#tests/contract/shopify-bodies.ts';

/** Random orders whose totals the fixture sums up itself, on both currency sides. */
const CURRENCIES = [
  ['USD', 2],
  ['EUR', 2],
  ['JPY', 0],
  ['KWD', 3],
] as const;

const both = (max: number): fc.Arbitrary<Both> => fc.tuple(fc.nat(max), fc.nat(max));

const tax: fc.Arbitrary<TaxSpec> = fc.record({
  title: fc.constantFrom('State', 'County', 'Channel'),
  rate: fc.constantFrom(0, 0.05, 0.0725, 0.09975),
  amount: both(5_000),
  isChannelLiable: fc.boolean(),
});

const line: fc.Arbitrary<LineSpec> = fc.record({
  price: both(1_000_000),
  quantity: fc.integer({ min: 0, max: 9 }),
  discounts: fc.array(fc.tuple(fc.nat(2), both(900)), { maxLength: 3 }),
  taxes: fc.array(tax, { maxLength: 4 }),
  duties: fc.array(fc.record({ amount: both(800), taxes: fc.array(tax, { maxLength: 1 }) }), {
    maxLength: 2,
  }),
});

const shippingLine: fc.Arbitrary<LineSpec> = fc.record({
  price: both(5_000),
  discounts: fc.array(fc.tuple(fc.nat(2), both(900)), { maxLength: 1 }),
  taxes: fc.array(tax, { maxLength: 2 }),
});

const spec: fc.Arbitrary<OrderSpec> = fc
  .tuple(fc.constantFrom(...CURRENCIES), fc.constantFrom(...CURRENCIES))
  .chain(([shop, presentment]) =>
    fc.record({
      currency: fc.constant(shop[0]),
      presentment: fc.constant(presentment[0]),
      decimals: fc.constant([shop[1], presentment[1]] as const),
      taxesIncluded: fc.boolean(),
      dutiesIncluded: fc.boolean(),
      lines: fc.array(line, { minLength: 1, maxLength: 6 }),
      shipping: fc.array(shippingLine, { maxLength: 2 }),
      applications: fc.constant([{ type: 'discount_code', code: 'A' }, { type: 'manual', title: 'B' }, {}]),
      fee: fc.option(
        fc.record({
          amount: fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 900 })),
          taxes: fc.array(tax, { maxLength: 1 }),
        }),
        {
          nil: undefined,
        },
      ),
      rounding: fc.integer({ min: -2, max: 2 }),
    }),
  )
  .chain((order) => {
    const { fee, ...rest } = order;
    // Webhooks show the tip in the shop's currency alone (docs/vendors/shopify.md 11).
    const tip =
      rest.currency === rest.presentment ? fc.nat(900).map((amount): Both => amount) : fc.constant(0);
    return tip.map((amount) => ({ ...rest, tip: amount, ...(fee === undefined ? {} : { fee }) }));
  });

const side = fc.constantFrom('shop', 'presentment');

test('every order that adds up is normalized to lines that add up', () => {
  fc.assert(
    fc.property(spec, side, (order, currencySide) => {
      const snapshot = snapshotOf(bodyOf(order), currencySide);
      assertAddsUp(snapshot.order);
    }),
    { numRuns: 300 },
  );
});

test('one minor unit more in one field breaks the sum by what it counts', () => {
  fc.assert(
    fc.property(spec, side, fc.nat(), (order, currencySide, choice) => {
      const body = bodyOf(order);
      const places = amountPlaces({ ...order, currencySide });
      const place = places[choice % places.length];
      assert(place !== undefined);
      const broken = readOrRefused(raised(body, place.path), currencySide);
      // Refused outright where Shopify writes the amount a second time and the two differ.
      const difference = broken === undefined ? undefined : subtract(broken.total, totalByLines(broken));
      assert.notEqual(difference?.minor, 0n, `${place.path.join('.')} of ${JSON.stringify(body)}`);
    }),
    { numRuns: 300 },
  );
});

test('the same body gives the same order', () => {
  fc.assert(
    fc.property(spec, (order) => {
      assert.deepEqual(snapshotOf(bodyOf(order)), snapshotOf(bodyOf(order)));
    }),
    { numRuns: 50 },
  );
});

function readOrRefused(
  body: Parameters<typeof snapshotOf>[0],
  side: 'shop' | 'presentment',
): Order | undefined {
  try {
    return snapshotOf(body, side).order;
  } catch (thrown) {
    assert(thrown instanceof Failure && thrown.code === 'delivery-malformed', String(thrown));
    return undefined;
  }
}

function assertAddsUp(order: Order): void {
  const byLines = totalByLines(order);
  assert(equal(byLines, order.total), `${show(byLines)} by lines, ${show(order.total)} by the order`);
}

interface Place {
  readonly path: readonly string[];
}

/** Where a changed amount must change the sum: taxes within prices and duties within prices count nothing. */
function amountPlaces(order: OrderSpec & { readonly currencySide: 'shop' | 'presentment' }): Place[] {
  const money = order.currencySide === 'shop' ? 'shop_money' : 'presentment_money';
  const found: Place[] = [{ path: ['total_price_set', money, 'amount'] }];
  const lines = order.lines ?? [];
  for (const [index, each] of lines.entries()) {
    const at = ['line_items', String(index)];
    if ((each.quantity ?? 1) > 0) {
      found.push({ path: [...at, 'price_set', money, 'amount'] });
    }
    found.push(
      ...(each.discounts ?? []).map((_, place) => ({
        path: [...at, 'discount_allocations', String(place), 'amount_set', money, 'amount'],
      })),
      // Order taxes name what fees carry: a line's tax may only move between the two then.
      ...(order.taxesIncluded === true || order.fee !== undefined ? [] : (each.taxes ?? [])).map(
        (_, place) => ({
          path: [...at, 'tax_lines', String(place), 'price_set', money, 'amount'],
        }),
      ),
      ...(order.dutiesIncluded === true ? [] : (each.duties ?? [])).map((_, place) => ({
        path: [...at, 'duties', String(place), money, 'amount'],
      })),
    );
  }
  found.push(
    ...(order.shipping ?? []).map((_, index) => ({
      path: ['shipping_lines', String(index), 'price_set', money, 'amount'],
    })),
  );
  return found;
}

/** The body with the amount at this path one minor unit larger. */
function raised(body: Body, path: readonly string[]): Body {
  const copy: unknown = JSON.parse(JSON.stringify(body));
  const parent = path.slice(0, -1).reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), copy);
  const text: unknown = Reflect.get(Object(parent), 'amount');
  assert(typeof text === 'string');
  const decimals = text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
  const minor = BigInt(text.replace('.', '')) + 1n;
  const digits = String(minor).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  Reflect.set(
    Object(parent),
    'amount',
    decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`,
  );
  return Object(copy) as Body;
}

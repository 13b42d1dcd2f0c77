import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedBooks } from './check.ts';
import { orderBody } from './shopify/body.ts';
import { DEFAULT_SWITCHES } from './shopify/switches.ts';
import type { Switches } from './shopify/switches.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';
import type { WorldOrder } from './world/order.ts';
import { taxAmounts } from './world/pricing.ts';
import { SCENARIO_NAMES } from './world/scenarios.ts';
import { exponentOf, splitByWeight } from './world/money.ts';
import { figuresOf } from './world/totals.ts';

/** A body as any reader sees it, taken apart by the tests' own words. */
type Any = Record<string, unknown>;

const SHOPS = [
  { currency: 'USD', taxesIncluded: false, timeZone: 'America/New_York' },
  { currency: 'EUR', taxesIncluded: true, timeZone: 'Europe/Berlin' },
  { currency: 'JPY', taxesIncluded: true, timeZone: 'Asia/Tokyo', presentmentCurrencies: ['JPY', 'USD'] },
  { currency: 'KWD', taxesIncluded: false, timeZone: 'Asia/Kuwait', presentmentCurrencies: ['KWD', 'EUR'] },
  { currency: 'CAD', taxesIncluded: false, timeZone: 'America/Toronto' },
];

/** Some seconds of one core. */
const SEED_COUNT = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 2_000 : 400;
const EVENT_COUNT = 4;

function clockAt(start: number): { now(): number; advance(ms: number): void } {
  let now = start;
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

const START = Date.UTC(2026, 10, 20, 14, 30);

function randomWorld(seed: number): { world: World; order: WorldOrder } {
  const clock = clockAt(START);
  const shop = SHOPS[seed % SHOPS.length];
  assert.ok(shop !== undefined);
  const world = createWorld({ seed, clock, shop, ids: seed % 2 === 0 ? 'ordinary' : 'beyond 2^53' });
  const placed = world.placeRandom();
  for (let step = 0; step < seed % (EVENT_COUNT + 1); step += 1) {
    clock.advance(60_000);
    world.actRandom(placed.id);
  }
  const order = world.order(placed.id);
  assert.ok(order !== undefined);
  return { world, order };
}

test(`every identity of vendors/shopify.md 4.1 and 4.3 holds on both sides of ${SEED_COUNT} random lives`, () => {
  for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
    const { world, order } = randomWorld(seed);
    withSeed(seed, () => {
      const body = bodyOf(world, order);
      for (const side of ['shop_money', 'presentment_money'] as const) assertIdentities(body, side);
    });
  }
});

test(`money of refunds adds up (vendors/shopify.md 4.4) under every doubt, over ${SEED_COUNT} random lives`, () => {
  const doubts: Partial<Switches>[] = [
    {},
    { refundedShipping: 'order_adjustments' },
    { tip: 'line inside total' },
    { refundLineSubtotal: 'net', refundShippingSubtotal: 'gross' },
  ];
  let refundCount = 0;
  for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
    const { world, order } = randomWorld(seed);
    const switches = { ...DEFAULT_SWITCHES, ...doubts[seed % doubts.length] };
    withSeed(seed, () => {
      const body = bodyOf(world, order, switches);
      for (const refund of list(body, 'refunds')) {
        // Units that leave without money (an edit, the cancelling of an unpaid order) have nothing to add up to.
        const isMoney = list(refund, 'order_adjustments').some(
          (entry) => entry['kind'] === 'refund_discrepancy',
        );
        if (list(refund, 'transactions').length === 0 && !isMoney) continue;
        refundCount += 1;
        assertRefund(refund, body, switches);
      }
    });
  }
  assert.ok(refundCount > 200, `only ${refundCount} refunds with money were made`);
});

test('the oracle and the body, computed by different means, agree on every figure', () => {
  for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
    const { world, order } = randomWorld(seed);
    withSeed(seed, () => {
      const body = bodyOf(world, order);
      for (const [side, key] of [
        ['shop', 'shop_money'],
        ['presentment', 'presentment_money'],
      ] as const) {
        const books = expectedBooks(order, side);
        assert.equal(books.sold.total, set(body, 'total_price_set', key));
        assert.equal(books.current.total, set(body, 'current_total_price_set', key));
        assert.equal(
          books.sold.taxes.reduce((sum, tax) => sum + tax.amount, 0n),
          set(body, 'total_tax_set', key),
        );
        assert.equal(
          books.current.taxes.reduce((sum, tax) => sum + tax.amount, 0n),
          set(body, 'current_total_tax_set', key),
        );
        assert.equal(books.sold.goods, set(body, 'subtotal_price_set', key));
        assert.equal(books.current.goods, set(body, 'current_subtotal_price_set', key));
        assert.equal(books.current.shipping, set(body, 'current_shipping_price_set', key));
      }
      const hasOpenAuthorization = figuresOf(order).capturable.shop > 0n && !order.isAuthorizationExpired;
      if (!hasOpenAuthorization) assert.equal(expectedBooks(order).owed, plain(body, 'total_outstanding'));
    });
  }
});

test('every scenario plays in every shop and a life never goes back in time', () => {
  for (const [seed, shop] of SHOPS.entries()) {
    const clock = clockAt(START);
    const world = createWorld({ seed, clock, shop });
    for (const name of SCENARIO_NAMES) {
      const order = world.scenario(name);
      for (const side of ['shop_money', 'presentment_money'] as const) {
        assertIdentities(bodyOf(world, order), side);
      }
      clock.advance(1_000);
    }
    const seen = new Map<bigint, number>();
    for (const { order } of world.changes()) {
      assert.ok((seen.get(order.id) ?? 0) <= order.updatedAt);
      seen.set(order.id, order.updatedAt);
    }
  }
});

test('each event makes updated_at later even when the clock stands still, and not with whole seconds', () => {
  for (const [updatedAt, laterBy] of [
    ['always later', 1_000],
    ['whole seconds', 0],
  ] as const) {
    const world = createWorld({ seed: 5, clock: { now: () => START }, updatedAt });
    const order = world.scenario('unpaid, net terms');
    const after = world.act(order.id, { kind: 'note', note: 'call first' });
    assert.equal(after.updatedAt - order.updatedAt, laterBy);
  }
});

test('the same seed makes the same shop', () => {
  const bodies = [1, 2].map(() => {
    const world = createWorld({ seed: 77, clock: { now: () => START } });
    const order = world.placeRandom();
    world.actRandom(order.id);
    return world.orders().map((entry) => bodyOf(world, entry));
  });
  assert.deepEqual(bodies[0], bodies[1]);
});

test('tax comes out as on the public order 1073459963, two units going to the first line', () => {
  const rows = [
    { base: both(12_999n), quantity: 1, whole: 1_000_000n },
    { base: both(3_998n), quantity: 2, whole: 1_000_000n },
  ];
  assert.deepEqual(taxAmounts({ title: 'State tax', ratePpm: 60_000n }, rows, 'shop'), [781n, 239n]);
  assert.deepEqual(taxAmounts({ title: 'County tax', ratePpm: 25_000n }, rows, 'shop'), [326n, 99n]);
});

test('tax inside a price comes out as on public orders: 8.20 of 90.16 at 10 %, 64.81 of 875 at 8 %, 104.29 of 2190 at 5 %', () => {
  for (const [gross, ratePpm, tax] of [
    [9_016n, 100_000n, 820n],
    [87_500n, 80_000n, 6_481n],
    [219_000n, 50_000n, 10_429n],
  ] as const) {
    const rows = [{ base: both(gross), quantity: 1, whole: 1_000_000n + ratePpm }];
    assert.deepEqual(taxAmounts({ title: 'VAT', ratePpm }, rows, 'shop'), [tax]);
  }
});

test('ten over three equal lines is 3.34, 3.33, 3.33', () => {
  assert.deepEqual(splitByWeight(1_000n, [19_900n, 19_900n, 19_900n]), [334n, 333n, 333n]);
});

test('statuses follow the money', () => {
  const world = createWorld({ seed: 3, clock: { now: () => START } });
  const statusOf = (name: (typeof SCENARIO_NAMES)[number]): unknown =>
    bodyOf(world, world.scenario(name))['financial_status'];
  assert.equal(statusOf('paid, one line'), 'paid');
  assert.equal(statusOf('unpaid, bank transfer'), 'pending');
  assert.equal(statusOf('partly paid'), 'partially_paid');
  assert.equal(statusOf('authorized only'), 'authorized');
  assert.equal(statusOf('authorized, expired'), 'expired');
  assert.equal(statusOf('cancelled before payment'), 'voided');
  assert.equal(statusOf('cancelled after payment, refunded'), 'refunded');
  assert.equal(statusOf('refunded, one unit of three'), 'partially_refunded');
  assert.equal(statusOf('refund pending'), 'paid');
  assert.equal(statusOf('refund pending, then paid out'), 'refunded');
  assert.equal(statusOf('free order'), 'paid');
  assert.equal(statusOf('edited, line added after payment'), 'partially_paid');
});

test('a cancelled order is worth nothing any more, whatever it held', () => {
  for (const payment of [{ kind: 'paid', gateway: 'paypal' }, { kind: 'open' }] as const) {
    const world = createWorld({ seed: 9, clock: { now: () => START } });
    const order = world.place({
      items: [{ kind: 'product', index: 0, quantity: 3 }],
      to: 'CA-QC',
      tipCents: 150n,
      dutyCents: 99n,
      feeCents: 51n,
      shipping: [{ title: 'Post', cents: 690n }],
      payment,
    });
    const after = world.act(order.id, { kind: 'cancel', request: { reason: 'customer', money: 'refund' } });
    const body = bodyOf(world, after);
    assert.equal(body['current_total_price'], '0.00');
    assert.equal(body['current_total_tax'], '0.00');
    assert.equal(body['total_outstanding'], '0.00');
  }
});

function assertIdentities(body: Any, side: Side): void {
  const lines = list(body, 'line_items').filter((line) => !('tip_payment_gateway' in line));
  const shipping = list(body, 'shipping_lines');
  const gross = sum(lines.map((line) => set(line, 'price_set', side) * BigInt(Number(line['quantity']))));
  const allocations = (rows: Any[]): bigint =>
    sum(
      rows.flatMap((row) => list(row, 'discount_allocations')).map((entry) => set(entry, 'amount_set', side)),
    );
  const shippingPrice = sum(shipping.map((line) => set(line, 'price_set', side)));
  const taxes = (rows: Any[]): bigint =>
    sum(rows.flatMap((row) => list(row, 'tax_lines')).map((entry) => set(entry, 'price_set', side)));
  const duties = sum(lines.flatMap((line) => list(line, 'duties')).map((duty) => amount(duty[side] as Any)));
  const tax = taxes([...lines, ...shipping]);
  const tip = sum(
    list(body, 'line_items')
      .filter((line) => 'tip_payment_gateway' in line)
      .map((line) => set(line, 'price_set', side)),
  );
  assert.equal(set(body, 'total_line_items_price_set', side), gross);
  assert.equal(set(body, 'total_discounts_set', side), allocations(lines) + allocations(shipping));
  assert.equal(set(body, 'subtotal_price_set', side), gross - allocations(lines));
  assert.equal(set(body, 'total_shipping_price_set', side), shippingPrice);
  assert.equal(set(body, 'total_tax_set', side), tax);
  assert.equal(set(body, 'total_tax_set', side), taxes([body]));
  const fees =
    body['original_total_additional_fees_set'] === null
      ? 0n
      : set(body, 'original_total_additional_fees_set', side);
  assert.equal(
    set(body, 'total_price_set', side),
    gross -
      allocations(lines) +
      shippingPrice -
      allocations(shipping) +
      (body['taxes_included'] === true ? 0n : tax) +
      tip +
      duties +
      fees,
  );
  if (side === 'shop_money') assert.equal(plain(body, 'total_tip_received'), tip);
  for (const line of shipping) {
    assert.equal(set(line, 'discounted_price_set', side), set(line, 'price_set', side) - allocations([line]));
  }
  for (const line of lines)
    assert.ok(allocations([line]) <= set(line, 'price_set', side) * BigInt(Number(line['quantity'])));
}

function assertRefund(refund: Any, body: Any, switches: Switches): void {
  const side = 'presentment_money';
  const isIncluded = body['taxes_included'] === true;
  const sumSets = (key: string, field: string): bigint =>
    sum(list(refund, key).map((entry) => set(entry, field, side)));
  const lines = sumSets('refund_line_items', 'subtotal_set');
  const lineTax = sumSets('refund_line_items', 'total_tax_set');
  const isLineNet = isIncluded && switches.refundLineSubtotal === 'net';
  const shipping = sumSets('refund_shipping_lines', 'subtotal_amount_set');
  const shippingTax = sumSets('refund_shipping_lines', 'tax_amount_set');
  const isShippingNet = !isIncluded || switches.refundShippingSubtotal === 'net';
  const adjustments =
    sumSets('order_adjustments', 'amount_set') + sumSets('order_adjustments', 'tax_amount_set');
  const extras = set(refund, 'total_duties_set', side) + set(refund, 'total_additional_fees_set', side);
  const paid = sum(
    list(refund, 'transactions')
      .filter((entry) => entry['status'] === 'success')
      .map((entry) => minor(String(entry['amount']), String(entry['currency']))),
  );
  assert.equal(
    paid,
    lines +
      (!isIncluded || isLineNet ? lineTax : 0n) +
      shipping +
      (isShippingNet ? shippingTax : 0n) -
      adjustments +
      extras,
  );
}

type Side = 'shop_money' | 'presentment_money';

function bodyOf(world: World, order: WorldOrder, switches = DEFAULT_SWITCHES): Any {
  return orderBody(order, { shop: world.shop, switches });
}

function list(body: Any, key: string): Any[] {
  return (body[key] ?? []) as Any[];
}

function set(body: Any, key: string, side: Side): bigint {
  return amount((body[key] as Any)[side] as Any);
}

function plain(body: Any, key: string): bigint {
  return minor(String(body[key]), String(body['currency']));
}

function amount(money: Any): bigint {
  return minor(String(money['amount']), String(money['currency_code']));
}

function minor(text: string, currency: string): bigint {
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  assert.equal(fraction.length, exponentOf(currency), `"${text}" has not the digits of ${currency}`);
  return BigInt(`${whole}${fraction}`) * (text.startsWith('-') ? -1n : 1n);
}

function both(minor: bigint): { shop: bigint; presentment: bigint } {
  return { shop: minor, presentment: minor };
}

function sum(amounts: bigint[]): bigint {
  return amounts.reduce((total, entry) => total + entry, 0n);
}

function withSeed(seed: number, body: () => void): void {
  try {
    body();
  } catch (error) {
    throw new Error(`Failed with seed ${seed}`, { cause: error });
  }
}

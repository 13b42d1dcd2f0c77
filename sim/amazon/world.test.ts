import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalOf } from './ledger.ts';
import { leftOf } from './life.ts';
import { MARKETPLACES } from './marketplaces.ts';
import type { AmazonOrder, Parts } from './order.ts';
import { minusParts, NO_PARTS, partsAt, partsOf, worthOf } from './pricing.ts';
import { proceedsOf } from './proceeds.ts';
import { AMAZON_SCENARIOS } from './scenarios.ts';
import { DEFAULT_AMAZON_SWITCHES } from './switches.ts';
import type { AmazonSwitches } from './switches.ts';
import { createAmazonWorld } from './world.ts';
import type { AmazonWorld } from './world.ts';

const START = Date.UTC(2026, 10, 20, 14, 30);
/** Some seconds of one core. */
const SEED_COUNT = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 2_000 : 400;
const EVENTS_MAX = 8;

function lived(seed: number): { world: AmazonWorld; order: AmazonOrder } {
  let now = START;
  const world = createAmazonWorld({ seed, clock: { now: () => now } });
  const placed = world.placeRandom();
  for (let step = 0; step < seed % (EVENTS_MAX + 1); step += 1) {
    now += 3_600_000;
    world.actRandom(placed.id);
  }
  return { world, order: world.order(placed.id) ?? assert.fail() };
}

function eachLife(check: (life: { world: AmazonWorld; order: AmazonOrder }) => void): void {
  for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
    try {
      check(lived(seed));
    } catch (error) {
      throw new Error(`Seed ${seed}`, { cause: error });
    }
  }
}

const sumOf = (list: readonly Parts[]): Parts =>
  list.reduce((sum, parts) => minusParts(sum, minusParts(NO_PARTS, parts)), NO_PARTS);

test(`shipments add up to what is not cancelled, refunds never exceed them, over ${SEED_COUNT} random lives`, () => {
  const seen = new Set<string>();
  eachLife(({ order }) => {
    seen.add(order.status);
    for (const [index, item] of order.items.entries()) {
      const lines = order.shipments
        .flatMap((shipment) => shipment.lines)
        .filter(({ itemId }) => itemId === item.id);
      const shipped = sumOf(lines.map(({ parts }) => parts));
      assert.deepEqual(shipped, partsAt(item, order.marketplace.prices, item.shipped));
      if (order.status === 'SHIPPED') assert.deepEqual(shipped, partsOf(order, item));
      const left = worthOf(leftOf(order)[index]?.parts ?? assert.fail());
      assert.ok(left.net >= 0n && left.tax >= 0n, `${item.sku} has ${left.net} and ${left.tax} left`);
    }
  });
  assert.equal(seen.size, 7, `only ${[...seen].join(', ')} came up`);
});

interface Shown {
  readonly proceedsTotal: { readonly amount: string };
  readonly breakdowns: readonly {
    readonly type: string;
    readonly subtotal: { readonly amount: string };
    readonly detailedBreakdowns?: readonly {
      readonly subtype: string;
      readonly value: { readonly amount: string };
    }[];
  }[];
}

const minor = (text: string): bigint => BigInt(text.replace('.', ''));

/** A reader's own sum of an item's breakdowns, who knows which switches stand. */
function addedUp({ breakdowns }: Shown, { discountTax }: AmazonSwitches): bigint {
  let sum = 0n;
  for (const { type, subtotal, detailedBreakdowns } of breakdowns) {
    const amount = minor(subtotal.amount);
    const size = amount < 0n ? -amount : amount;
    sum += type === 'DISCOUNT' ? -size : amount;
    const off = detailedBreakdowns?.find(({ subtype }) => type === 'TAX' && subtype === 'DISCOUNT');
    const tax = off === undefined ? 0n : minor(off.value.amount);
    if (discountTax === 'beside') sum -= tax < 0n ? -tax : tax;
  }
  return sum;
}

test(`under every doubt the breakdowns of an item add up to its total, over ${SEED_COUNT} random lives`, () => {
  const doubts: Partial<AmazonSwitches>[] = [
    {},
    { discountTax: 'taken off', discountSign: 'negative' },
    { discountTax: 'only said', zeroBreakdowns: 'listed' },
    { discountSign: 'negative', pendingProceeds: 'present', cancelledProceeds: 'as placed' },
  ];
  let count = 0;
  eachLife(({ order }) => {
    for (const doubt of doubts) {
      const switches = { ...DEFAULT_AMAZON_SWITCHES, ...doubt };
      const proceeds: unknown = JSON.parse(JSON.stringify(proceedsOf(order, switches)));
      if (proceeds === null) continue;
      const { order: whole, items } = proceeds as {
        order: { grandTotal: { amount: string } };
        items: Shown[];
      };
      const totals = items.map((item) => {
        assert.equal(addedUp(item, switches), minor(item.proceedsTotal.amount));
        return minor(item.proceedsTotal.amount);
      });
      const tip = order.status === 'CANCELLED' ? 0n : (order.tip?.amount ?? 0n);
      assert.equal(
        totals.reduce((sum, total) => sum + total, tip),
        minor(whole.grandTotal.amount),
      );
      count += 1;
    }
  });
  assert.ok(count > SEED_COUNT);
});

test('a seller has the same orders twice from one seed, and others from another', () => {
  const ids = (seed: number): unknown =>
    JSON.stringify(lived(seed).order, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
  assert.equal(ids(41), ids(41));
  assert.notEqual(ids(41), ids(42));
});

test('every scenario lives through, and every marketplace sells', () => {
  const world = createAmazonWorld({ seed: 1, clock: { now: () => START } });
  const names = Object.keys(AMAZON_SCENARIOS) as (keyof typeof AMAZON_SCENARIOS)[];
  const statuses = new Set(names.map((name) => world.scenario(name).status));
  assert.deepEqual(
    statuses,
    new Set(['SHIPPED', 'PARTIALLY_SHIPPED', 'PENDING', 'CANCELLED', 'UNFULFILLABLE']),
  );
  for (const { country, currency } of MARKETPLACES) {
    assert.equal(world.place({ in: country, items: [{ product: 0 }] }).marketplace.currency, currency);
  }
});

test('a refund and a touch: one leaves the time of the order alone, the other moves nothing else', () => {
  const world = createAmazonWorld({ seed: 1, clock: { now: () => START } });
  const shipped = world.scenario('US, Amazon remits the tax');
  const refunded = world.act(shipped.id, { kind: 'refund', request: { of: 'everything' } });
  assert.equal(refunded.updatedAt, shipped.updatedAt);
  const touched = world.act(shipped.id, { kind: 'touch' });
  assert.deepEqual({ ...touched, updatedAt: 0 }, { ...refunded, updatedAt: 0 });
  assert.ok(touched.updatedAt > refunded.updatedAt);
});

test('what cannot happen is refused: shipping twice, pricing what is shipped, refunding more than there is', () => {
  const world = createAmazonWorld({ seed: 1, clock: { now: () => START } });
  const { id } = world.scenario('refunded in full');
  assert.throws(() => world.act(id, { kind: 'ship' }), /cannot ship/);
  assert.throws(() => world.act(id, { kind: 'reprice', item: 0, percent: 50 }), /has shipped/);
  assert.throws(() => world.act(id, { kind: 'refund', request: { of: 'everything' } }), /is left to refund/);
});

test('the balance: what is paid out is what came in, to the cent', () => {
  let now = START;
  const world = createAmazonWorld({ seed: 5, clock: { now: () => now } });
  for (let count = 0; count < 60; count += 1) {
    const { id } = world.placeRandom();
    for (let step = 0; step < 5; step += 1) world.actRandom(id);
  }
  const [us] = MARKETPLACES;
  world.post({ type: 'ServiceFee', marketplace: us ?? assert.fail(), name: 'Subscription', cents: -3_999n });
  world.post({ type: 'Adjustment', marketplace: us ?? assert.fail(), name: 'WAREHOUSE_LOST', cents: 1_250n });
  const deferred = world.transactions().filter(({ status }) => status === 'DEFERRED');
  assert.ok(deferred.length > 0);
  world.settle();
  assert.ok(
    world
      .transactions()
      .filter(({ group }) => group === null)
      .every(({ status }) => status === 'DEFERRED'),
  );
  now += 40 * 86_400_000;
  world.release();
  world.settle();
  const entries = world.transactions();
  assert.equal(
    entries.reduce((sum, entry) => sum + totalOf(entry), 0n),
    0n,
  );
  assert.ok(entries.every(({ group }) => group !== null));
  const released = entries.filter(({ id }) => deferred.some((entry) => entry.id === id));
  assert.deepEqual(new Set(released.map(({ status }) => status)), new Set(['DEFERRED_RELEASED']));
});

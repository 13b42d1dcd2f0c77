import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AMAZON, SHOPIFY } from '#connections.ts';
import { createAmazon, DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import { expectedAmazonBooks } from '#sim/amazon/check.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';
import { createFreshBooks } from '#sim/freshbooks/freshbooks.ts';
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { standingOf } from '#sim/standing.ts';
import { createWorld } from '#sim/world.ts';
import { seededRandom } from '#sim/world/random.ts';
import { during } from '#tests/chaos/arena.ts';
import { virtualTime } from '#tests/chaos/virtual-time.ts';
import { openTimedApp } from '#tests/timed-app.ts';

const ALL = process.env['COUNTERFOIL_TEST_ALL'] === '1';
const ORDERS = ALL ? 1_000 : 60;
/** The shop's orders come meanwhile, one in each of these. */
const SHOP_EVERY_MS = 20_000;
/** A new order of the shop takes seven calls of a tenth of a second, and waits for no turn of Amazon's. */
const SHOP_PATIENCE_MS = 5_000;
const LATENCY_MS = 100;
/** Readings an order. */
const AGAIN_MAX = 1.02;
const PATIENCE_MS = 6 * 3_600_000;

test(`a burst of ${ORDERS} of Amazon’s messages drains at Amazon’s pace, each order once, and the shop’s orders pass it`, async () => {
  const time = virtualTime(Date.UTC(2026, 10, 20, 9));
  const freshbooks = createFreshBooks({ clock: time, random: seededRandom(1) });
  const shop = createWorld({ seed: 1, clock: time });
  const world = createAmazonWorld({ seed: 1, clock: time });
  const amazon = createAmazon({ world, clock: time, random: seededRandom(2) });
  /** Orders of which a payment was posted: to look through the account each time would take longer than the rest. */
  const paid = new Set<string>();
  const app = await openTimedApp({
    time,
    freshbooks,
    settings: {
      SHOPIFY_SHOP_DOMAIN: shop.shop.domain,
      SHOPIFY_WEBHOOK_SECRET: 'secret',
      AMAZON_SELLER_ID: world.sellerId,
      SP_API_REGION: 'na',
      SP_API_CLIENT_ID: DEFAULT_AMAZON_APP.clientId,
      SP_API_CLIENT_SECRET: DEFAULT_AMAZON_APP.clientSecret,
      SP_API_REFRESH_TOKEN: amazon.login.refreshToken('na'),
      SP_API_URL: 'http://amazon.sim',
      LWA_URL: 'http://amazon.sim',
    },
    hosts: { 'amazon.sim': (request) => amazon.handle(request) },
    latencyMs: LATENCY_MS,
    hear({ name, fields }) {
      if (name === 'payment posted') {
        paid.add(String(fields['order']));
      }
    },
  });
  const pipeline = await app.openPipeline();
  const accept = (connection: typeof AMAZON, topic: string, text: string, externalId: string) =>
    pipeline.inbox.accept({
      connection,
      externalId,
      topic,
      headers: {},
      body: new TextEncoder().encode(text),
    });
  try {
    for (let number = 0; number < ORDERS; number += 1) {
      const { id } = world.place({ items: [{ product: number % 3, quantity: 1 }] });
      world.act(id, { kind: 'ship' });
      await accept(AMAZON, 'ORDER_CHANGE', amazon.notifications.body(id), `burst-${number}`);
    }
    const began = time.now();
    pipeline.start();
    const booked = (): number => world.orders().filter(({ id }) => paid.has(`amazon/${id}`)).length;
    let slowest = 0;
    for (let round = 0; booked() < ORDERS; round += 1) {
      assert.ok(round < PATIENCE_MS / SHOP_EVERY_MS, `${booked()} of ${ORDERS} are booked`);
      const order = shop.place({
        items: [{ kind: 'product', index: 0, quantity: 1 }],
        to: 'US-NY',
        customer: { kind: 'new' },
        payment: { kind: 'paid', gateway: 'shopify_payments' },
      });
      const toldAt = time.now();
      const body = toJson(orderBody(order, { shop: shop.shop, switches: DEFAULT_SWITCHES }));
      await accept(SHOPIFY, 'orders/create', body, `shop-${order.id}`);
      await time.runUntil(
        'the shop’s order is booked',
        () => paid.has(`shopify/${order.id}`),
        SHOP_PATIENCE_MS,
      );
      slowest = Math.max(slowest, time.now() - toldAt);
      const until = toldAt + SHOP_EVERY_MS;
      await time.runUntil('the next order of the shop', () => time.now() >= until, SHOP_EVERY_MS * 2);
    }
    const refused = amazon.calls().filter(({ status }) => status === 429);
    assert.deepEqual(refused, [], 'Amazon never has to refuse');
    assert.equal(freshbooks.outbox.length, 0);
    for (const order of world.orders()) {
      const { numbers, net, paid } = standingOf({ freshbooks }, { id: order.id, name: order.id });
      const { now } = expectedAmazonBooks(order);
      assert.deepEqual([numbers.length, net, paid], [1, now.worth, now.kept], order.id);
    }
    // Nine at once after a rest, then one each two seconds, and a turn more for what is under way.
    const allowedMs = (ORDERS - 9) * 2_000;
    assert.ok(time.now() - began < allowedMs + 2 * SHOP_EVERY_MS, `${time.now() - began} ms of ${allowedMs}`);
    // The sweep of Amazon's ledger names some that were read already; nobody else may take of the pace.
    const reads = amazon.calls().filter(({ operation }) => operation === 'getOrder').length;
    assert.ok(reads >= ORDERS && reads <= ORDERS * AGAIN_MAX, `${reads} readings`);
    assert.ok(slowest < SHOP_PATIENCE_MS);
  } finally {
    // What is under way waits for answers, which take time.
    await during(time, 'the pipeline stops', pipeline.stop());
    await app.close();
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHOPIFY } from '#connections.ts';
import { instant, parseLocalDate } from '#core/time.ts';
import { askBackfill, readBackfill } from '#pipeline/backfill.ts';
import { createFreshBooks } from '#sim/freshbooks/freshbooks.ts';
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { DEFAULT_APP, createShopify } from '#sim/shopify/shopify.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { createWorld } from '#sim/world.ts';
import { seededRandom } from '#sim/world/random.ts';
import { virtualTime } from '#tests/chaos/virtual-time.ts';
import { openTimedApp } from '#tests/timed-app.ts';

const OLD = 1_000;
/** Live orders come meanwhile, one in each of these. */
const EVERY_MS = 7_000;
/** Seven calls of a tenth of a second; in the last two seconds of a minute it may wait for the next. */
const LIVE_MS = 3_000;
const LATENCY_MS = 100;
const PATIENCE_MS = 6 * 3_600_000;

void test(`a live order is booked at once while ${OLD} old ones are brought`, async (context) => {
  const time = virtualTime(Date.UTC(2026, 10, 20, 9));
  const freshbooks = createFreshBooks({ clock: time, random: seededRandom(1) });
  const world = createWorld({ seed: 1, clock: time });
  const shopify = createShopify({ world, clock: time, random: seededRandom(2) });
  const booked = new Set<string>();
  const app = await openTimedApp({
    time,
    freshbooks,
    settings: {
      SHOPIFY_SHOP_DOMAIN: world.shop.domain,
      SHOPIFY_API_KEY: DEFAULT_APP.clientId,
      SHOPIFY_API_SECRET: DEFAULT_APP.clientSecret,
      SHOPIFY_API_URL: 'http://shopify.sim',
    },
    hosts: { 'shopify.sim': (request) => shopify.handle(request) },
    latencyMs: LATENCY_MS,
    hear({ name, fields }) {
      if (name === 'sent posted') {
        booked.add(String(fields['order']));
      }
    },
  });
  const place = () =>
    world.place({
      items: [{ kind: 'product', index: 0, quantity: 1 }],
      to: 'US-NY',
      customer: { kind: 'new' },
      payment: { kind: 'paid', gateway: 'shopify_payments' },
    });
  const old = Array.from({ length: OLD }, place);
  await time.pass(86_400_000);
  const pipeline = await app.openPipeline();
  pipeline.start();
  const day = parseLocalDate('2026-11-20');
  await askBackfill(app.store, SHOPIFY, { now: instant(time.now()), since: day, until: day });
  const began = time.now();
  const waits: number[] = [];
  const isBooked = ({ id }: { readonly id: bigint }): boolean => booked.has(`shopify/${id}`);
  while (!old.every(isBooked)) {
    const order = place();
    const toldAt = time.now();
    const body = toJson(orderBody(order, { shop: world.shop, switches: DEFAULT_SWITCHES }));
    await pipeline.inbox.accept({
      connection: SHOPIFY,
      externalId: `live-${order.id}`,
      topic: 'orders/create',
      headers: {},
      body: new TextEncoder().encode(body),
    });
    await time.runUntil('the live order is booked', () => isBooked(order), PATIENCE_MS);
    waits.push(time.now() - toldAt);
    await time.pass(Math.max(1, toldAt + EVERY_MS - time.now()));
  }
  const minutes = (time.now() - began) / 60_000;
  const sorted = waits.toSorted((a, b) => a - b);
  const [median, slowest] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
  const posts = freshbooks.calls.filter(({ method }) => method === 'POST').length;
  const share = (100 * posts) / freshbooks.switches.rateLimitAccountingPost / minutes;
  context.diagnostic(
    `${OLD} old orders and ${waits.length} live ones in ${minutes.toFixed(1)} simulated minutes, ${share.toFixed(0)} % of what the limits allow`,
  );
  context.diagnostic(`live ones sent after ${median} ms (median), ${slowest} ms (slowest)`);
  assert.equal((await readBackfill(app.store.read, SHOPIFY))?.found, OLD);
  assert.ok(slowest <= LIVE_MS, `${slowest} ms`);
  const refused = freshbooks.calls.filter(({ status }) => status === 429);
  assert.deepEqual(refused, []);
  await pipeline.stop();
  await app.close();
});

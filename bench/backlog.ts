import { parseArgs } from 'node:util';
import { readConfig } from '#config.ts';
import { instant } from '#core/time.ts';
import { openApp } from '#app.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { createFreshBooks, defaultApp } from '#sim/freshbooks/freshbooks.ts';
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { createWorld } from '#sim/world.ts';
import { seededRandom } from '#sim/world/random.ts';
import { virtualTime } from '#tests/chaos/virtual-time.ts';

/**
 * A backlog of paid orders of known customers, drained in simulated time at FreshBooks' own limits. Measured against what the
 * limits allow: of the two POST that an order takes, so many a minute. `node bench/backlog.ts --orders 2000`.
 */
const { values } = parseArgs({
  options: { orders: { type: 'string', default: '2000' }, latency: { type: 'string', default: '150' } },
});
const orders = Number(values.orders);
const latencyMs = Number(values.latency);
const POSTS_AN_ORDER = 2;
const PATIENCE_MS = 24 * 3_600_000;

const time = virtualTime(Date.UTC(2026, 10, 20, 9));
const freshbooks = createFreshBooks({ clock: time, random: seededRandom(1) });
const world = createWorld({ seed: 1, clock: time });
const grant = freshbooks.grant();
const app = await openApp(
  readConfig({
    SHOPIFY_SHOP_DOMAIN: world.shop.domain,
    SHOPIFY_WEBHOOK_SECRET: 'secret',
    FRESHBOOKS_CLIENT_ID: defaultApp.clientId,
    FRESHBOOKS_CLIENT_SECRET: defaultApp.clientSecret,
    FRESHBOOKS_REDIRECT_URI: defaultApp.redirectUris[0],
    FRESHBOOKS_ACCESS_TOKEN: grant.access_token,
    FRESHBOOKS_REFRESH_TOKEN: grant.refresh_token,
    FRESHBOOKS_API_URL: 'http://freshbooks.sim',
    COUNTERFOIL_SECRET_KEY: 'a key of at least 32 characters, as ours',
    DATABASE_URL: 'sqlite:bench.db',
  }),
  {
    clock: time,
    random: seededRandom(2),
    emit: () => undefined,
    openDatabase: () => openSqlite(':memory:'),
    async transport(request) {
      time.touch();
      await time.sleep(instant(time.now() + latencyMs));
      return freshbooks.handle(request);
    },
  },
);
const pipeline = await app.openPipeline();

async function take(kind: 'new' | 'repeat'): Promise<void> {
  const order = world.place({
    items: [{ kind: 'product', index: 0, quantity: 1 }],
    to: 'US-NY',
    customer: { kind },
    payment: { kind: 'paid', gateway: 'shopify_payments' },
  });
  const text = toJson(orderBody(order, { shop: world.shop, switches: DEFAULT_SWITCHES }));
  await pipeline.inbox.accept({
    connection: 'shopify' as Parameters<typeof pipeline.inbox.accept>[0]['connection'], // oxlint-disable-line typescript/no-unsafe-type-assertion
    externalId: `order-${order.id}`,
    topic: 'orders/paid',
    headers: {},
    body: new TextEncoder().encode(text),
  });
}

async function drained(count: number): Promise<void> {
  const state = { settled: 0 };
  const look = async (): Promise<void> => {
    state.settled = (await app.store.read.orderCounts()).settled ?? 0;
  };
  await time.runUntil(
    `${count} orders are settled`,
    () => {
      void look();
      return state.settled >= count;
    },
    PATIENCE_MS,
  );
}

pipeline.start();
await take('new');
await drained(1);
for (let number = 0; number < orders; number += 1) {
  await take('repeat');
}
const callsBefore = freshbooks.calls.length;
const startedAt = time.now();
await drained(orders + 1);
const minutes = (time.now() - startedAt) / 60_000;
const calls = freshbooks.calls.slice(callsBefore);
const posts = calls.filter(({ method }) => method === 'POST').length;
const refused = calls.filter(({ status }) => status === 429).length;
const allowed = freshbooks.switches.rateLimitAccountingPost;
const ideal = (orders * POSTS_AN_ORDER) / allowed;
console.log(`${orders} orders in ${minutes.toFixed(2)} simulated minutes, ${latencyMs} ms a call`);
console.log(
  `${(calls.length / orders).toFixed(2)} calls an order, ${(posts / orders).toFixed(2)} of them POST`,
);
for (const [what, count] of countsOf(calls)) {
  console.log(`  ${(count / orders).toFixed(3)}  ${what}`);
}
console.log(`${refused} refused for pace (429)`);
console.log(`the limits allow it in ${ideal.toFixed(2)} minutes: ${((ideal / minutes) * 100).toFixed(1)} %`);
await pipeline.stop();

function countsOf(made: typeof calls): [string, number][] {
  const counts = new Map<string, number>();
  for (const { method, path } of made) {
    const what = `${method} ${path.replaceAll(/\d{3,}/g, 'ID')}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AMAZON } from '#connections.ts';
import { instant, parseLocalDate } from '#core/time.ts';
import { askBackfill } from '#pipeline/backfill.ts';
import { createAmazon, DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';
import { createFreshBooks } from '#sim/freshbooks/freshbooks.ts';
import { seededRandom } from '#sim/world/random.ts';
import { during } from '#tests/chaos/arena.ts';
import { virtualTime } from '#tests/chaos/virtual-time.ts';
import { openTimedApp } from '#tests/timed-app.ts';

const OLD = 600;
/** Live orders come meanwhile, one in each of these: half of what Amazon lets be read. */
const EVERY_MS = 4_000;
/** Two calls of Amazon and up to seven of FreshBooks, of a tenth of a second each. */
const LIVE_MS = 3_000;
const LATENCY_MS = 100;
const PATIENCE_MS = 6 * 3_600_000;
const DAY_MS = 86_400_000;

void test(`an order of Amazon’s that is told is booked at once while ${OLD} old ones are brought`, async (context) => {
  const time = virtualTime(Date.UTC(2026, 10, 10, 9));
  const freshbooks = createFreshBooks({ clock: time, random: seededRandom(1) });
  const world = createAmazonWorld({ seed: 1, clock: time });
  const amazon = createAmazon({ world, clock: time, random: seededRandom(2) });
  const booked = new Set<string>();
  const app = await openTimedApp({
    time,
    freshbooks,
    settings: {
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
      if (name === 'sent posted') {
        booked.add(String(fields['order']));
      }
    },
  });
  const sell = (index: number): string => {
    const { id } = world.place({ items: [{ product: index % 3, quantity: 1 }] });
    world.act(id, { kind: 'ship' });
    return id;
  };
  const isBooked = (id: string): boolean => booked.has(`amazon/${id}`);
  const old = Array.from({ length: OLD }, (_, index) => sell(index));
  // Longer ago than the sweep looks back at first.
  await time.pass(4 * DAY_MS);
  const pipeline = await app.openPipeline();
  pipeline.start();
  const days = { since: parseLocalDate('2026-11-09'), until: parseLocalDate('2026-11-11') };
  await askBackfill(app.store, AMAZON, { now: instant(time.now()), ...days });
  const began = time.now();
  const waits: number[] = [];
  for (let number = 0; !old.every(isBooked); number += 1) {
    const id = sell(number);
    await time.pass(1_000);
    const toldAt = time.now();
    await pipeline.inbox.accept({
      connection: AMAZON,
      externalId: `live-${id}`,
      topic: 'ORDER_CHANGE',
      headers: {},
      body: new TextEncoder().encode(amazon.notifications.body(id)),
    });
    await time.runUntil('the live order is booked', () => isBooked(id), PATIENCE_MS);
    waits.push(time.now() - toldAt);
    await time.pass(Math.max(1, toldAt + EVERY_MS - time.now()));
  }
  const minutes = (time.now() - began) / 60_000;
  const sorted = waits.toSorted((a, b) => a - b);
  const [median, slowest] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
  context.diagnostic(
    `${OLD} old orders and ${waits.length} live ones in ${minutes.toFixed(1)} simulated minutes; live ones sent after ${median} ms (median), ${slowest} ms (slowest)`,
  );
  const refused = amazon.calls().filter(({ status }) => status === 429);
  assert.deepEqual(refused, [], 'Amazon never has to refuse');
  assert.ok(slowest <= LIVE_MS, `${slowest} ms`);
  await during(time, 'the pipeline stops', pipeline.stop());
  await app.close();
});

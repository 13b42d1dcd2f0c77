import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { openShopify } from '#tests/contract/source-shopify.ts';
import { createShopAdmin } from './admin.ts';
import { startWebhookWatch } from './webhook-watch.ts';
import { REQUIRED_TOPICS } from './webhooks.ts';

const PUBLIC_URL = 'https://books.example.com';

/** A shop, its admin and what is kept of it; `watched` runs the watch until the body has ended. */
async function opened() {
  const shop = await openShopify({ scenarios: 'none' });
  const { clock, api, sim } = shop;
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const { connection } = shop.source;
  const adminAt = (publicUrl: string) =>
    createShopAdmin({ api, publicUrl, isConfigured: true, connection, store });
  const events: string[] = [];
  const emit = ({ name }: { readonly name: string }): void => void events.push(name);
  const watched = async (body: () => Promise<void>, admin = adminAt(PUBLIC_URL)): Promise<void> => {
    const watch = startWebhookWatch({ admin, connection, store, clock, emit });
    await clock.advance(1);
    await body();
    await watch.stop();
    assert.equal(clock.sleeping(), 0);
  };
  const topics = (): readonly string[] => sim.subscriptions().map(({ topic }) => topic);
  const drop = (topic: string): void => {
    const found = sim.subscriptions().find((subscription) => subscription.topic === topic);
    assert.ok(found !== undefined && sim.dropSubscription(found.id));
  };
  const sentences = async (): Promise<readonly string[]> =>
    (await store.read.notices()).map(({ sentence }) => sentence);
  return { clock, sim, store, admin: adminAt(PUBLIC_URL), adminAt, events, watched, topics, drop, sentences };
}

void describe('the watch over webhooks', () => {
  void test('makes again at the start and every hour what Shopify took away, and says so', async () => {
    const { clock, admin, events, watched, topics, drop, sentences, store } = await opened();
    await admin.repairWebhooks();
    drop('ORDERS_UPDATED');
    await watched(async () => {
      assert.deepEqual([...topics()].sort(), [...REQUIRED_TOPICS].sort());
      drop('ORDERS_CREATE');
      drop('ORDERS_DELETE');
      await clock.advance(HOUR - 2);
      assert.equal(topics().length, REQUIRED_TOPICS.length - 2);
      await clock.advance(2);
      assert.deepEqual([...topics()].sort(), [...REQUIRED_TOPICS].sort());
      await clock.advance(3 * HOUR);
    });
    assert.deepEqual(events, ['webhooks registered again', 'webhooks registered again'], 'and nothing else');
    assert.deepEqual(await sentences(), [
      'Webhooks of the shop were gone and were registered again: ORDERS_CREATE, ORDERS_DELETE',
      'Webhooks of the shop were gone and were registered again: ORDERS_UPDATED',
    ]);
    const audit = await store.read.audit({ limit: 10 });
    assert.deepEqual(
      audit.map(({ action, details }) => [action, JSON.parse(details)]),
      [
        ['webhooks changed', { count: 2, did: 'renew' }],
        ['webhooks changed', { count: 1, did: 'renew' }],
        ['webhooks changed', { count: REQUIRED_TOPICS.length, did: 'repair' }],
      ],
    );
  });

  void test('makes none that no person has registered, or that one has removed', async () => {
    const { clock, admin, adminAt, events, watched, topics } = await opened();
    await watched(() => clock.advance(HOUR), adminAt('http://localhost:3000'));
    assert.deepEqual([topics(), events], [[], []]);
    await admin.repairWebhooks();
    await admin.removeWebhooks();
    await watched(() => clock.advance(HOUR));
    assert.deepEqual(topics(), []);
  });

  void test('makes none at another address than where they were registered, and changes none that is wrong', async () => {
    const { clock, admin, adminAt, watched, drop, sim } = await opened();
    await admin.repairWebhooks();
    drop('ORDERS_CREATE');
    const before = sim.subscriptions();
    await watched(() => clock.advance(HOUR), adminAt('https://other.example.com'));
    assert.deepEqual(sim.subscriptions(), before);
  });

  void test('asks again when the shop could not be asked', async () => {
    const { clock, admin, events, watched, topics, drop, sim } = await opened();
    await admin.repairWebhooks();
    drop('ORDERS_CREATE');
    sim.setShop('down');
    await watched(async () => {
      assert.deepEqual(events, ['webhooks not compared']);
      sim.setShop('open');
      await clock.advance(HOUR);
      assert.equal(topics().length, REQUIRED_TOPICS.length);
    });
  });
});

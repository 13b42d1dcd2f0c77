import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import type { SandboxOptions } from '#sim/main.ts';
import { openSandbox } from '#sim/main.ts';
import { DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import type { AmazonOrder } from '#sim/amazon/order.ts';
import type { AmazonScenarioName } from '#sim/amazon/scenarios.ts';
import type { AmazonRecipe } from '#sim/amazon/recipe.ts';
import { standingOf } from '#sim/standing.ts';
import type { Standing } from '#sim/standing.ts';
import { sign } from '#sources/amazon/proof.ts';
import { until } from '#tests/until.ts';

/** The service between a simulated seller on Amazon and an account, over sockets: told of orders, it reads and books them. */
interface Seller {
  readonly place: (recipe: AmazonRecipe) => Promise<OrderRecord>;
  readonly scenario: (name: AmazonScenarioName) => Promise<OrderRecord>;
  readonly standing: (record: OrderRecord) => Standing;
  /** Names of the account's clients, as they were made. */
  readonly clients: () => readonly string[];
  readonly clientOf: (record: OrderRecord) => string;
  readonly notes: (record: OrderRecord) => readonly string[];
}

const SECRET = 'planted-secret-of-the-forwarder';

async function selling(
  options: Pick<SandboxOptions, 'freshbooks'>,
  act: (seller: Seller) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-amazon-'));
  const sandbox = await openSandbox({ seed: 3, amazon: {}, ...options });
  const stand = sandbox.amazon;
  assert(stand !== null);
  const {
    SHOPIFY_SHOP_DOMAIN: _shop,
    SHOPIFY_API_KEY: _key,
    SHOPIFY_API_SECRET: _secret,
    SHOPIFY_API_URL: _url,
    ...books
  } = sandbox.environment;
  const config = readConfig({
    ...books,
    AMAZON_SELLER_ID: stand.world.sellerId,
    SP_API_REGION: 'eu',
    SP_API_CLIENT_ID: DEFAULT_AMAZON_APP.clientId,
    SP_API_CLIENT_SECRET: DEFAULT_AMAZON_APP.clientSecret,
    SP_API_REFRESH_TOKEN: stand.amazon.login.refreshToken('eu'),
    SP_API_URL: stand.origin,
    LWA_URL: stand.origin,
    AMAZON_WEBHOOK_SECRET: SECRET,
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
  });
  const app = await openApp(
    config,
    systemOutside(() => undefined),
  );
  const serving = await app.serve();
  const account = () => sandbox.freshbooks.account();
  const invoices = ({ key }: OrderRecord) => {
    const id = key.slice('amazon/'.length);
    return account().invoices.filter(({ poNumber }) => poNumber === `AMAZON-ORDER-${id}`);
  };
  const told = async ({ id }: AmazonOrder): Promise<OrderRecord> => {
    const body = new TextEncoder().encode(stand.amazon.notifications.body(id));
    const seconds = String(Math.floor(Date.now() / 1000));
    const response = await fetch(`http://127.0.0.1:${serving.port}/webhooks/amazon`, {
      method: 'POST',
      headers: { 'x-counterfoil-timestamp': seconds, 'x-counterfoil-signature': sign(body, seconds, SECRET) },
      body,
    });
    assert.equal(response.status, 200);
    return until(`order ${id} is at rest`, async () => {
      const [record] = await app.store.read.orders({ search: `amazon/${id}`, limit: 1 });
      const isResting = record !== undefined && record.dueAt === undefined && record.state !== 'working';
      return isResting && record;
    });
  };
  try {
    await act({
      place: async (recipe) => {
        const { id } = stand.world.place(recipe);
        return told(stand.world.act(id, { kind: 'ship' }));
      },
      scenario: (name) => told(stand.world.scenario(name)),
      standing: ({ key }) => {
        const id = key.slice('amazon/'.length);
        return standingOf(sandbox, { id, name: id });
      },
      clients: () => account().clients.map(({ texts }) => texts['organization'] ?? ''),
      clientOf: (record) => {
        const [invoice] = invoices(record);
        return account().clients.find(({ id }) => id === invoice?.clientId)?.texts['organization'] ?? '';
      },
      notes: (record) => {
        const ids = invoices(record).map(({ id }) => id);
        return account()
          .payments.filter(({ invoiceId }) => ids.includes(invoiceId))
          .map(({ note }) => note);
      },
    });
  } finally {
    await serving.stop();
    await app.close();
    const { outbox } = sandbox.freshbooks;
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
    assert.deepEqual(outbox, [], 'no buyer is mailed');
  }
}

const IN = (country: string): AmazonRecipe => ({ in: country, items: [{ product: 0, shippingCents: 690n }] });

void describe('a seller on Amazon', () => {
  void test('has one client for each store, and one payment into the clearing for each invoice', () =>
    selling({}, async ({ place, scenario, standing, clients, clientOf, notes }) => {
      const orders = [await place(IN('DE')), await place(IN('FR')), await place(IN('DE'))];
      assert.deepEqual(
        orders.map(({ state }) => state),
        ['settled', 'settled', 'settled'],
      );
      assert.deepEqual(clients(), ['Amazon.de customers', 'Amazon.fr customers']);
      assert.deepEqual(orders.map(clientOf), [
        'Amazon.de customers',
        'Amazon.fr customers',
        'Amazon.de customers',
      ]);
      for (const record of orders) {
        const { numbers, invoiced, paid } = standing(record);
        const id = record.key.slice('amazon/'.length);
        assert.deepEqual(numbers, [`AMAZON-${id}`]);
        assert.equal(paid, invoiced);
        assert(invoiced > 0n);
        const [note, ...others] = notes(record);
        assert.deepEqual(others, []);
        assert(note?.startsWith(`amazon:${id} clearing`), note);
      }
      assert.equal((await scenario('invoiced by Amazon')).state, 'skipped');
    }));

  void test('has short numbers by its count where FreshBooks refuses the long ones', () =>
    selling({ freshbooks: { numberLengthMax: 10 } }, async ({ place, scenario, standing }) => {
      const first = await place(IN('DE'));
      const skipped = await scenario('invoiced by Amazon');
      const second = await place(IN('FR'));
      assert.deepEqual(
        [first, skipped, second].map((record) => standing(record).numbers),
        [['AZ1'], [], ['AZ2']],
      );
    }));
});

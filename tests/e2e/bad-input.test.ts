import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openApp } from '#app.ts';
import { systemOutside } from '#outside.ts';
import type { App } from '#app.ts';
import { readConfig } from '#config.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';

/** Whatever arrives is answered clearly, nothing of it is lost, and nothing wrong is booked. */

const SECRET = 'whsec_bad_input';

describe('bad input', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  /** Beside the server on the same file, as the command line is. */
  let app: App;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-e2e-'));
    sandbox = await openSandbox({ seed: 12 });
    const { SHOPIFY_API_KEY: _key, SHOPIFY_API_SECRET: _secret, ...rest } = sandbox.environment;
    const environment = {
      ...rest,
      SHOPIFY_WEBHOOK_SECRET: `an-older-secret, ${SECRET}`,
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    };
    service = await startService(environment);
    app = await openApp(
      readConfig(environment),
      systemOutside(() => undefined),
    );
  });

  after(async () => {
    await app.close();
    await service.stop();
    assert.equal(sandbox.freshbooks.outbox.length, 0, 'no buyer was ever mailed');
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  const post = (
    body: string | Uint8Array,
    more: Partial<Parameters<typeof send>[0]> = {},
  ): Promise<Response> =>
    send({ origin: service.origin, secret: SECRET, shopDomain: sandbox.world.shop.domain, body, ...more });
  const titleOf = async (response: Response): Promise<string> => JSON.parse(await response.text()).title;
  const orderBody = (change: (body: Record<string, unknown>) => void = () => undefined): string => {
    const order = sandbox.world.scenario('paid, one line');
    const body = JSON.parse(sandbox.shopify.webhooks.body(order.id));
    change(body);
    return JSON.stringify(body);
  };
  const deliveryOf = async (webhookId: string) => {
    const all = await Promise.all(
      (['accepted', 'sorted', 'ignored', 'held'] as const).map((state) =>
        app.store.read.deliveries({ state, limit: 100 }),
      ),
    );
    return all.flat().find((delivery) => delivery.externalId === webhookId);
  };
  /** Sends an authentic message and waits until it has been read. */
  const read = async (body: string | Uint8Array, topic = 'orders/create') => {
    const webhookId = `test-${Math.floor(performance.now() * 1000)}`;
    const response = await post(body, { topic, webhookId });
    assert.equal(response.status, 200);
    return until('the message is read', async () => {
      const delivery = await deliveryOf(webhookId);
      return delivery?.state === 'accepted' ? undefined : delivery;
    });
  };

  test('a wrong, missing or foreign signature is answered 401 and nothing is stored', async () => {
    const body = orderBody();
    for (const signature of ['AAAA', '', null, 'ä', 'x'.repeat(10_000)]) {
      const response = await post(body, {
        signature: signature === null ? null : encodeURIComponent(signature),
        webhookId: 'forged',
      });
      assert.equal(response.status, 401);
    }
    assert.equal((await post(body, { secret: 'another app’s', webhookId: 'forged' })).status, 401);
    assert.equal(await deliveryOf('forged'), undefined);
  });

  test('an older secret of the list still verifies', async () => {
    assert.equal((await post(orderBody(), { secret: 'an-older-secret' })).status, 200);
  });

  test('another shop’s domain is answered 401 naming it', async () => {
    const response = await post(orderBody(), { shopDomain: 'somebody-else.myshopify.com' });
    assert.equal(response.status, 401);
    assert.match(await titleOf(response), /somebody-else\.myshopify\.com/);
  });

  test('an unknown connection in the address is answered 401, an unknown page 404', async () => {
    assert.equal((await post(orderBody(), { path: '/webhooks/shopify/elsewhere' })).status, 401);
    assert.equal((await post(orderBody(), { path: '/webhooks/shopify/shopify' })).status, 200);
    assert.equal((await post(orderBody(), { path: '/webhooks/etsy' })).status, 401);
    assert.equal((await post(orderBody(), { path: '/elsewhere' })).status, 404);
  });

  for (const { what, body, reason } of [
    { what: 'an empty body', body: '', reason: /empty|no content/i },
    { what: 'invalid JSON', body: '{"id": 1,', reason: /JSON/ },
    { what: 'JSON that is no object', body: '[1, 2]', reason: /object|order|id/i },
    { what: 'bytes that are no text', body: new Uint8Array([0xff, 0xfe, 0x00]), reason: /JSON|UTF/i },
  ]) {
    test(`${what} with a valid signature is stored and held`, async () => {
      const delivery = await read(body);
      assert.equal(delivery.state, 'held');
      assert.match(delivery.reason ?? '', reason);
      assert.deepEqual(Buffer.from(delivery.body), Buffer.from(body), 'what was received stays stored');
    });
  }

  test('a body of 6 MB is stored whole, one over 8 MiB is refused with 413', async () => {
    const large = orderBody((body) => {
      body['note'] = 'x'.repeat(6_000_000);
    });
    assert.equal((await read(large)).state, 'sorted');
    const response = await post('x'.repeat(8 * 1024 * 1024 + 1));
    assert.equal(response.status, 413);
  });

  test('an unknown topic is stored and ignored with the reason', async () => {
    const delivery = await read('{"id": 1}', 'products/update');
    assert.equal(delivery.state, 'ignored');
    assert.match(delivery.reason ?? '', /products\/update/);
  });

  const broken: readonly { what: string; change: (body: Record<string, unknown>) => void; reason: RegExp }[] =
    [
      { what: 'without an id', change: (body) => void delete body['id'], reason: /\bid\b/ },
      { what: 'without line items', change: (body) => void delete body['line_items'], reason: /line_items/ },
      { what: 'in an unknown currency', change: (body) => void (body['currency'] = 'XXQ'), reason: /XXQ/ },
      {
        what: 'with text for a total',
        change: (body) => void (body['total_price'] = 'twelve'),
        reason: /total_price.*twelve/,
      },
      {
        what: 'with text for a quantity',
        change: (body) => void ((body['line_items'] as Record<string, unknown>[])[0]!['quantity'] = 'two'),
        reason: /line_items.*quantity.*two/,
      },
      {
        what: 'with a bad timestamp',
        change: (body) => void (body['updated_at'] = 'yesterday'),
        reason: /updated_at/,
      },
    ];
  for (const { what, change, reason } of broken) {
    test(`an order ${what} is held and names the field`, async () => {
      const delivery = await read(orderBody(change));
      assert.equal(delivery.state, 'held');
      assert.match(delivery.reason ?? '', reason);
    });
  }

  test('an order that does not add up is held with the difference, the shop’s test notification too', async () => {
    const request = sandbox.shopify.webhooks.testNotification(service.origin);
    const notification = await read(new Uint8Array(await request.arrayBuffer()));
    const dearer = await read(orderBody((body) => void (body['total_price'] = '1000.00')));
    for (const delivery of [notification, dearer]) {
      const order = await until('the order is held', async () => {
        const record = delivery.order === undefined ? undefined : await app.store.read.order(delivery.order);
        return record?.state === 'held' && record;
      });
      const [hold] = await app.store.read.holds({ order: order.key, isOpen: true });
      assert.equal(hold?.code, 'order-sums-differ');
      assert.ok(hold.facts.some((fact) => fact.name === 'Difference' && !fact.value.startsWith('0')));
      assert.equal((await app.store.read.entriesOf(order.key)).length, 0);
    }
  });

  test('an order without customer and e-mail is booked on the shop’s shared client', async () => {
    const body = orderBody((order) => {
      for (const key of [
        'customer',
        'email',
        'contact_email',
        'phone',
        'billing_address',
        'shipping_address',
      ])
        delete order[key];
    });
    const { order_number: number } = JSON.parse(body);
    await read(body);
    const account = sandbox.freshbooks.account.bind(sandbox.freshbooks);
    const invoice = await until('it is paid', () =>
      account().invoices.find((row) => row.number === `SHOPIFY-${number}` && row.status === 4),
    );
    const client = account().clients.find((row) => row.id === invoice.clientId);
    assert.match(client?.texts['organization'] ?? '', /Online customers/);
  });

  test('ids beyond 2^53 survive to the last digit', async () => {
    const id = '9007199254740993123';
    const body = orderBody().replace(/"id":\d+/, `"id":${id}`);
    await read(body);
    const found = await until('it is booked', () =>
      sandbox.freshbooks.account().invoices.find((row) => row.poNumber === `SHOPIFY-ORDER-${id}`),
    );
    assert.equal(found.texts['notes']?.includes(id), true);
  });
});

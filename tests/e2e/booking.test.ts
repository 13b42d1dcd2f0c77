import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';

/** The real process between simulators, with webhooks alone: no Shopify API can be reached. */

const SECRET = 'whsec_only_this_test';

describe('webhooks alone', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-e2e-'));
    sandbox = await openSandbox({ seed: 11 });
    const { SHOPIFY_API_KEY: _key, SHOPIFY_API_SECRET: _secret, ...rest } = sandbox.environment;
    environment = {
      ...rest,
      SHOPIFY_API_URL: 'http://127.0.0.1:9',
      SHOPIFY_WEBHOOK_SECRET: SECRET,
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    };
    service = await startService(environment);
  });

  after(async () => {
    await service.stop();
    assert.equal(sandbox.freshbooks.outbox.length, 0, 'no buyer was ever mailed');
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  const shopDomain = (): string => sandbox.world.shop.domain;
  const deliver = (body: string, more: { webhookId?: string; topic?: string } = {}): Promise<Response> =>
    send({ origin: service.origin, secret: SECRET, shopDomain: shopDomain(), body, ...more });
  const invoice = (number: string) =>
    sandbox.freshbooks.account().invoices.find((row) => row.number === number);

  test('a paid order becomes client, invoice, sent and payment, as mapped', async () => {
    const order = sandbox.world.scenario('paid, two lines, code discount');
    const response = await deliver(sandbox.shopify.webhooks.body(order.id));
    assert.equal(response.status, 200);
    const number = `SHOPIFY-${order.name.slice(1)}`;
    const paid = await until('the invoice is paid', () => invoice(number)?.status === 4 && invoice(number));
    assert.equal(paid.poNumber, `SHOPIFY-ORDER-${order.id}`);
    assert.match(paid.texts['notes'] ?? '', new RegExp(`#${order.name.slice(1)}.*${order.id}`));
    const body = JSON.parse(sandbox.shopify.webhooks.body(order.id));
    assert.equal(paid.amount, body.total_price);
    assert.equal(paid.createdOn, body.processed_at.slice(0, 10), 'the date in the shop’s zone');
    assert.equal(Date.parse(paid.dueOn) - Date.parse(paid.createdOn), 15 * 86_400_000);
    const [first] = body.line_items;
    assert.equal(paid.lines[0]?.name, `${first.title} (${first.sku})`);
    assert.equal(paid.lines[0]?.unitCost, first.price);
    const client = sandbox.freshbooks.account().clients.find((row) => row.id === paid.clientId);
    assert.equal(client?.texts['email'], body.email);
    const payments = sandbox.freshbooks.account().payments.filter((row) => row.invoiceId === paid.id);
    assert.deepEqual(
      payments.map((row) => [row.amount, row.type]),
      [[body.total_price, 'Credit Card']],
    );
    assert.match(payments[0]?.note ?? '', new RegExp(`shopify/${order.id}/payment-1`));
  });

  test('the same body ten times, in parallel and after a restart, yields one invoice', async () => {
    const order = sandbox.world.scenario('paid, one line');
    const body = sandbox.shopify.webhooks.body(order.id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        // Half of them are retries of one delivery, half are deliveries of their own.
        deliver(body, {
          webhookId: index % 2 === 0 ? 'one-and-the-same' : `another-${index}`,
          topic: index < 5 ? 'orders/create' : 'orders/updated',
        }),
      ),
    );
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
    const number = `SHOPIFY-${order.name.slice(1)}`;
    await until('the invoice is paid', () => invoice(number)?.status === 4);
    await service.stop();
    service = await startService(environment);
    await deliver(body, { webhookId: 'one-and-the-same' });
    await deliver(body, { webhookId: 'after-the-restart' });
    const calls = sandbox.freshbooks.calls.length;
    const other = sandbox.world.scenario('unpaid, bank transfer');
    await deliver(sandbox.shopify.webhooks.body(other.id));
    await until('a later order is booked', () => invoice(`SHOPIFY-${other.name.slice(1)}`)?.status === 2);
    const mine = sandbox.freshbooks
      .account()
      .invoices.filter((row) => row.poNumber === `SHOPIFY-ORDER-${order.id}`);
    assert.equal(mine.length, 1);
    assert.equal(
      sandbox.freshbooks.account().payments.filter((row) => row.invoiceId === mine[0]?.id).length,
      1,
    );
    const writes = sandbox.freshbooks.calls
      .slice(calls)
      .filter((call) => call.method === 'POST' && call.path.includes('payments'));
    assert.equal(writes.length, 0, 'the unpaid order got no payment and the paid one no second');
  });

  test('two new orders of one new customer at once make one client', async () => {
    const first = sandbox.world.place({
      items: [{ kind: 'product', index: 0, quantity: 1 }],
      payment: { kind: 'paid', gateway: 'shopify_payments' },
    });
    const second = sandbox.world.place({
      items: [{ kind: 'product', index: 1, quantity: 2 }],
      customer: { kind: 'repeat' },
      payment: { kind: 'paid', gateway: 'shopify_payments' },
    });
    await Promise.all([first, second].map((order) => deliver(sandbox.shopify.webhooks.body(order.id))));
    const numbers = [first, second].map((order) => `SHOPIFY-${order.name.slice(1)}`);
    await until('both are paid', () => numbers.every((number) => invoice(number)?.status === 4));
    const email = JSON.parse(sandbox.shopify.webhooks.body(first.id)).email;
    const clients = sandbox.freshbooks.account().clients.filter((row) => row.texts['email'] === email);
    assert.equal(clients.length, 1);
  });
});

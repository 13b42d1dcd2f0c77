import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { START, HOUR_MS, stage, graph, CREATE, subscribe, byText } from './caller.ts';
import type { Json } from './caller.ts';
import { sign, signedDelivery } from './signature.ts';
import { DEFAULT_APP } from './shopify.ts';

test('a subscription is made, listed, moved and removed', async () => {
  const { sim } = stage();
  const made = (await subscribe(sim, 'ORDERS_CREATE'))['webhookSubscription'];
  assert.deepEqual(made.apiVersion, { handle: '2026-10' });
  const update = `mutation ($id: ID!, $sub: WebhookSubscriptionInput!) { webhookSubscriptionUpdate(id: $id, webhookSubscription: $sub) { webhookSubscription { uri } userErrors { message } } }`;
  const moved = await graph(sim, update, { id: made.id, sub: { uri: 'https://books.example/other' } });
  assert.equal(
    moved['data'].webhookSubscriptionUpdate.webhookSubscription.uri,
    'https://books.example/other',
  );
  const listed = await graph(sim, '{ webhookSubscriptions(first: 5) { nodes { id uri topic } } }');
  assert.deepEqual(listed['data'].webhookSubscriptions.nodes, [
    { id: made.id, uri: 'https://books.example/other', topic: 'ORDERS_CREATE' },
  ]);
  const remove = `mutation ($id: ID!) { webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { message } } }`;
  assert.equal(
    (await graph(sim, remove, { id: made.id }))['data'].webhookSubscriptionDelete
      .deletedWebhookSubscriptionId,
    made.id,
  );
  assert.equal(
    (await graph(sim, remove, { id: made.id }))['data'].webhookSubscriptionDelete.userErrors.length,
    1,
  );
});

test('the same topic and address twice, plain HTTP and no address are user errors; compliance topics cannot be named', async () => {
  const { sim } = stage();
  await subscribe(sim, 'ORDERS_CREATE');
  const messageOf = async (uri: string): Promise<unknown> =>
    (await subscribe(sim, 'ORDERS_CREATE', uri))['userErrors'][0]?.message;
  assert.equal(
    await messageOf('https://books.example/webhooks/shopify'),
    'Address for this topic has already been taken',
  );
  assert.equal(await messageOf('http://books.example/'), 'Address protocol http:// is not supported');
  assert.equal(await messageOf(''), "Address can't be blank");
  assert.equal(await messageOf('not an address'), 'Address is invalid');
  assert.equal(await messageOf('pubsub://project:topic'), undefined);
  for (const topic of ['CUSTOMERS_REDACT', 'ORDERS_INVENTED']) {
    const answer = await graph(sim, CREATE, { topic, sub: { uri: 'https://books.example/' } });
    assert.equal(answer['errors'][0].extensions.code, 'INVALID_VARIABLE');
    assert.equal(answer['data'].webhookSubscriptionCreate, null);
  }
});

test('a delivery is signed over its raw bytes and carries every header', async () => {
  const { sim, world, received } = stage();
  await subscribe(sim, 'ORDERS_CREATE');
  const order = world.scenario('paid, every script and 500 letters');
  await sim.webhooks.deliverDue();
  const request = received[0];
  assert.ok(request !== undefined);
  const raw = Buffer.from(await request.arrayBuffer());
  const expected = createHmac('sha256', DEFAULT_APP.clientSecret).update(raw).digest('base64');
  assert.equal(request.headers.get('x-shopify-hmac-sha256'), expected);
  assert.equal(request.headers.get('x-shopify-topic'), 'orders/create');
  assert.equal(request.headers.get('x-shopify-shop-domain'), world.shop.domain);
  assert.equal(request.headers.get('x-shopify-api-version'), '2026-10');
  for (const name of ['webhook-id', 'event-id', 'triggered-at'])
    assert.ok(request.headers.get(`x-shopify-${name}`), name);
  assert.equal(raw.toString('utf8').startsWith(`{"id":${order.id},`), true);
  assert.equal(sim.webhooks.pending().length, 0);
});

test('sign makes the signature that the vendor page describes, and signedDelivery may carry a false one or none', async () => {
  const options = {
    topic: 'orders/create',
    body: '{"id":1}',
    secret: 'hush',
    shopDomain: 'x.myshopify.com',
    webhookId: 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
  };
  const right = createHmac('sha256', 'hush').update('{"id":1}').digest('base64');
  assert.equal(sign(options.body, options.secret), right);
  assert.equal(signedDelivery(options).headers.get('x-shopify-hmac-sha256'), right);
  assert.equal(
    signedDelivery({ ...options, signature: 'forged' }).headers.get('x-shopify-hmac-sha256'),
    'forged',
  );
  assert.equal(signedDelivery({ ...options, signature: null }).headers.get('x-shopify-hmac-sha256'), null);
  assert.equal(await signedDelivery(options).text(), options.body);
});

test('topics of one change share an event id and each has its own webhook id', async () => {
  const { sim, world, received } = stage();
  for (const topic of ['ORDERS_CREATE', 'ORDERS_PAID', 'ORDERS_UPDATED', 'ORDER_TRANSACTIONS_CREATE'])
    await subscribe(sim, topic);
  world.scenario('paid, one line');
  await sim.webhooks.deliverDue();
  assert.deepEqual(received.map((request) => request.headers.get('x-shopify-topic') ?? '').sort(byText), [
    'order_transactions/create',
    'orders/create',
    'orders/paid',
    'orders/updated',
  ]);
  assert.equal(new Set(received.map((request) => request.headers.get('x-shopify-event-id'))).size, 1);
  assert.equal(new Set(received.map((request) => request.headers.get('x-shopify-webhook-id'))).size, 4);
});

test('a refused delivery is retried eight times within four hours under the same id, then its subscription is gone', async () => {
  let answer = 503;
  const { sim, world, advance } = stage({ send: async () => new Response(null, { status: answer }) });
  await subscribe(sim, 'ORDERS_CREATE');
  world.scenario('paid, one line');
  const ids = new Set<string>();
  let spentMs = 0;
  for (let count = 0; count < 20 && sim.webhooks.nextDueAt() !== null; count += 1) {
    for (const attempt of await sim.webhooks.deliverDue()) ids.add(attempt.delivery.webhookId);
    const next = sim.webhooks.nextDueAt();
    if (next === null) break;
    const waitMs = next - START - spentMs;
    advance(waitMs);
    spentMs += waitMs;
  }
  assert.equal(sim.webhooks.attempts().length, 9);
  assert.equal(ids.size, 1);
  assert.ok(spentMs > 3.9 * HOUR_MS && spentMs <= 4 * HOUR_MS);
  assert.equal(sim.subscriptions().length, 0);
  answer = 200;
  world.scenario('paid, one line');
  assert.equal(sim.webhooks.pending().length, 0);
});

test('a redirect, an exception and an answer after five seconds are failures; the retry repeats the old body', async () => {
  const failures: (() => Promise<Response>)[] = [
    async () => new Response(null, { status: 302 }),
    async () => {
      throw new Error('connection refused');
    },
    async () => {
      advance(5_001);
      return new Response(null, { status: 200 });
    },
    async () => new Response(null, { status: 204 }),
  ];
  const bodies: string[] = [];
  const { sim, world, advance } = stage({
    send: async (request) => {
      bodies.push(await request.text());
      return (failures.shift() ?? assert.fail('one try too many'))();
    },
  });
  await subscribe(sim, 'ORDERS_CREATE');
  const order = world.scenario('unpaid, net terms');
  for (let count = 0; count < 4; count += 1) {
    await sim.webhooks.deliverDue();
    world.act(order.id, { kind: 'note', note: `try ${count}` });
    advance(HOUR_MS);
  }
  assert.deepEqual(
    sim.webhooks.attempts().map((attempt) => (attempt.kind === 'failed' ? attempt.reason : attempt.status)),
    ['HTTP 302', 'connection refused', 'timed out', 204],
  );
  assert.equal(new Set(bodies).size, 1);
  assert.equal(sim.subscriptions().length, 1);
});

test('with seeded chance deliveries come twice and overtake each other, and none is lost', async () => {
  const { sim, world, received, advance } = stage({ duplicatePpm: 400_000, disorderPpm: 400_000 });
  await subscribe(sim, 'ORDERS_UPDATED');
  const order = world.scenario('unpaid, net terms');
  for (let count = 0; count < 40; count += 1) {
    world.act(order.id, { kind: 'note', note: `${count}` });
    advance(5_000);
    await sim.webhooks.deliverDue();
  }
  advance(HOUR_MS);
  await sim.webhooks.deliverDue();
  const ids = received.map((request) => request.headers.get('x-shopify-webhook-id'));
  const times = received.map((request) => request.headers.get('x-shopify-triggered-at') ?? '');
  assert.equal(new Set(ids).size, 41);
  assert.ok(ids.length > 45);
  assert.notDeepEqual(times, [...times].sort(byText));
});

test('the test notification is signed, does not add up and does not exist', async () => {
  const { sim } = stage();
  const request = sim.webhooks.testNotification('http://books.example/webhooks/shopify');
  const body = await request.text();
  assert.ok(body.includes('"id":820982911946154508,'));
  const parsed = JSON.parse(body) as Json;
  assert.equal(parsed['test'], true);
  assert.equal(parsed['total_discounts'], '20.00');
  assert.equal(
    (await graph(sim, '{ order(id: "gid://shopify/Order/820982911946154508") { id } }'))['data'].order,
    null,
  );
});

test('a deleted order is told as its id alone and is null when read', async () => {
  const { sim, world, received } = stage();
  await subscribe(sim, 'ORDERS_DELETE');
  const order = world.scenario('deleted');
  await sim.webhooks.deliverDue();
  assert.equal(await received[0]?.text(), `{"id":${order.id}}`);
  assert.equal(
    (await graph(sim, `{ order(id: "gid://shopify/Order/${order.id}") { id } }`))['data'].order,
    null,
  );
});

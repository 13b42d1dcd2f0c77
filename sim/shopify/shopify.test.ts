import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { createWorld } from '#sim/world.ts';
import type { World, WorldOptions } from '#sim/world.ts';
import { sign, signedDelivery } from './signature.ts';
import { createShopify, DEFAULT_APP } from './shopify.ts';
import type { ShopifyOptions, ShopifySim } from './shopify.ts';

const START = Date.UTC(2026, 10, 20, 14, 30);
const HOUR_MS = 3_600_000;

interface Stage {
  readonly world: World;
  readonly sim: ShopifySim;
  readonly received: Request[];
  readonly advance: (ms: number) => void;
}

function stage(
  options: Partial<ShopifyOptions> & { shop?: WorldOptions['shop']; ids?: WorldOptions['ids'] } = {},
): Stage {
  let now = START;
  const clock = { now: () => now };
  const world = createWorld({
    seed: 11,
    clock,
    ...(options.shop && { shop: options.shop }),
    ...(options.ids && { ids: options.ids }),
  });
  const received: Request[] = [];
  const send = async (request: Request): Promise<Response> => {
    received.push(request);
    return new Response(null, { status: 200 });
  };
  const sim = createShopify({ world, clock, send, ...options });
  return {
    world,
    sim,
    received,
    advance: (ms) => {
      now += ms;
    },
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- The edge: answers are read as a client without types would.
type Json = { [key: string]: any };

async function graph(sim: ShopifySim, query: string, variables: object = {}): Promise<Json> {
  const response = await call(sim, query, { variables });
  assert.equal(response.status, 200);
  return (await response.json()) as Json;
}

function call(
  sim: ShopifySim,
  query: string,
  options: { variables?: object; token?: string; version?: string } = {},
): Promise<Response> {
  const { variables = {}, token = DEFAULT_APP.staticTokens[0] ?? '', version = '2026-10' } = options;
  return sim.handle(
    new Request(`http://sim/admin/api/${version}/graphql.json`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-shopify-access-token': token },
      body: JSON.stringify({ query, variables }),
    }),
  );
}

function grant(
  sim: ShopifySim,
  fields: Record<string, string>,
  type: 'form' | 'json' = 'form',
): Promise<Response> {
  const all = {
    grant_type: 'client_credentials',
    client_id: DEFAULT_APP.clientId,
    client_secret: DEFAULT_APP.clientSecret,
    ...fields,
  };
  return sim.handle(
    new Request('http://sim/admin/oauth/access_token', {
      method: 'POST',
      headers: { 'content-type': type === 'form' ? 'application/x-www-form-urlencoded' : 'application/json' },
      body: type === 'form' ? new URLSearchParams(all) : JSON.stringify(all),
    }),
  );
}

const CREATE = `mutation ($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) {
    webhookSubscription { id topic uri format apiVersion { handle } }
    userErrors { field message }
  }
}`;

async function subscribe(
  sim: ShopifySim,
  topic: string,
  uri = 'https://books.example/webhooks/shopify',
): Promise<Json> {
  return (await graph(sim, CREATE, { topic, sub: { uri, format: 'JSON' } }))['data']
    .webhookSubscriptionCreate;
}

function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

test('client credentials give a token for 86399 seconds, by form and by JSON', async () => {
  for (const type of ['form', 'json'] as const) {
    const { sim, advance } = stage();
    const answer = (await (await grant(sim, {}, type)).json()) as Json;
    assert.equal(answer['expires_in'], 86_399);
    assert.match(answer['access_token'], /^shpat_[0-9a-f]{32}$/);
    assert.equal(answer['scope'], DEFAULT_APP.scopes.join(','));
    advance(86_398_000);
    assert.equal((await call(sim, '{ shop { name } }', { token: answer['access_token'] })).status, 200);
    advance(1_000);
    assert.equal((await call(sim, '{ shop { name } }', { token: answer['access_token'] })).status, 401);
  }
});

test('the token endpoint refuses a wrong secret, another organisation and an app that is not installed', async () => {
  const { sim } = stage();
  const errorOf = async (response: Promise<Response>): Promise<unknown> => {
    const answered = await response;
    assert.equal(answered.status, 400);
    return ((await answered.json()) as Json)['error'];
  };
  assert.equal(await errorOf(grant(sim, { client_secret: 'wrong' })), 'invalid_client');
  assert.equal(await errorOf(grant(sim, { client_id: 'wrong' })), 'application_cannot_be_found');
  sim.setApp({ standing: 'other organisation' });
  assert.equal(await errorOf(grant(sim, {})), 'shop_not_permitted');
  sim.setApp({ standing: 'not installed' });
  assert.equal(await errorOf(grant(sim, {})), 'app_not_installed');
});

test('an unknown token is HTTP 401 with the sentence of Shopify, and a static one never expires', async () => {
  const { sim, advance } = stage();
  const refused = await call(sim, '{ shop { name } }', { token: 'shpat_other' });
  assert.equal(refused.status, 401);
  assert.match(((await refused.json()) as Json)['errors'], /^\[API\] Invalid API key or access token/);
  advance(1_000 * 24 * HOUR_MS);
  assert.equal((await call(sim, '{ shop { name } }')).status, 200);
});

test('every answer names its API version, and a retired one falls forward to the oldest supported', async () => {
  const { sim } = stage();
  const versionOf = async (version: string): Promise<string | null> =>
    (await call(sim, '{ shop { name } }', { version })).headers.get('x-shopify-api-version');
  assert.equal(await versionOf('2026-10'), '2026-10');
  assert.equal(await versionOf('2024-04'), '2026-01');
  assert.equal((await call(sim, '{ shop { name } }', { version: '2031-01' })).status, 404);
});

const ORDER = `query Order($id: ID!) { order(id: $id) { ...O } }
fragment O on Order {
  id legacyResourceId name number total: totalPriceSet { ...M } totalTaxSet { shopMoney { amount } }
  displayFinancialStatus createdAt customer { id displayName } email
  lineItems(first: 2) { pageInfo { hasNextPage endCursor } nodes { title quantity originalUnitPriceSet { ...M } } }
  transactions(first: 10) { kind status amountSet { ...M } parentTransaction { id } }
  discountApplications(first: 5) { nodes { __typename index ... on DiscountCodeApplication { code } } }
}
fragment M on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }`;

test('an order in GraphQL is the order of the webhook body, in the shapes of GraphQL', async () => {
  const { sim, world } = stage();
  const order = world.scenario('paid, two lines, code discount');
  const body = JSON.parse(sim.webhooks.body(order.id)) as Json;
  const answer = (await graph(sim, ORDER, { id: `gid://shopify/Order/${order.id}` }))['data'].order;
  assert.equal(answer.id, body['admin_graphql_api_id']);
  assert.equal(answer.legacyResourceId, String(body['id']));
  assert.equal(answer.number, body['order_number']);
  assert.equal(body['number'], body['order_number'] - 1000);
  assert.equal(Number(answer.total.shopMoney.amount), Number(body['total_price']));
  assert.equal(answer.displayFinancialStatus, 'PAID');
  assert.equal(answer.createdAt, '2026-11-20T14:30:00Z');
  assert.equal(body['created_at'], '2026-11-20T09:30:00-05:00');
  assert.deepEqual(answer.discountApplications.nodes, [
    { __typename: 'DiscountCodeApplication', index: 0, code: 'TENOFF' },
  ]);
  assert.equal(answer.transactions[0].kind, 'SALE');
});

test('amounts of GraphQL keep one digit after the point: 79.0, 11836.0 yen', async () => {
  const { sim, world } = stage();
  const order = world.scenario('paid, buyer pays in yen');
  const answer = (await graph(sim, ORDER, { id: `gid://shopify/Order/${order.id}` }))['data'].order;
  const price = answer.lineItems.nodes[0].originalUnitPriceSet;
  assert.equal(price.shopMoney.amount, '79.0');
  assert.match(price.presentmentMoney.amount, /^\d+\.0$/);
  assert.equal(price.presentmentMoney.currencyCode, 'JPY');
  const body = JSON.parse(sim.webhooks.body(order.id)) as Json;
  assert.match(body['line_items'][0].price_set.presentment_money.amount, /^\d+$/);
});

test('ids beyond 2^53 stand in bodies digit by digit', () => {
  const { sim, world } = stage({ ids: 'beyond 2^53' });
  const order = world.scenario('paid, one line');
  assert.ok(order.id > 9_007_199_254_740_992n);
  assert.ok(sim.webhooks.body(order.id).startsWith(`{"id":${order.id},`));
});

test('lines are paged by cursor and every line comes once', async () => {
  const { sim, world } = stage();
  const items = Array.from({ length: 7 }, (_, index) => ({ kind: 'product', index, quantity: 1 }) as const);
  const order = world.place({ items });
  const query = `query ($id: ID!, $after: String) { order(id: $id) { lineItems(first: 3, after: $after) { pageInfo { hasNextPage endCursor } nodes { id } } } }`;
  const ids: string[] = [];
  let after: string | null = null;
  let pageCount = 0;
  do {
    const page: Json = (await graph(sim, query, { id: `gid://shopify/Order/${order.id}`, after }))['data']
      .order.lineItems;
    ids.push(...page['nodes'].map((node: Json) => node['id']));
    after = page['pageInfo'].hasNextPage ? page['pageInfo'].endCursor : null;
    pageCount += 1;
  } while (after !== null && pageCount < 10);
  assert.equal(pageCount, 3);
  assert.deepEqual(
    ids,
    order.lines.map((line) => `gid://shopify/LineItem/${line.id}`),
  );
});

const ORDERS = `query ($query: String!, $after: String) {
  orders(first: 2, after: $after, query: $query, sortKey: UPDATED_AT) { pageInfo { hasNextPage endCursor } nodes { id name updatedAt } }
}`;

test('orders are found by updated_at in quotes and paged by it; without quotes nothing is filtered', async () => {
  const { sim, world, advance } = stage();
  const names: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    names.push(world.scenario('paid, one line').name);
    advance(60_000);
  }
  const from = new Date(START + 60_000).toISOString().replace('.000', '');
  const first = (await graph(sim, ORDERS, { query: `updated_at:>='${from}'` }))['data'].orders;
  assert.deepEqual(
    first.nodes.map((node: Json) => node['name']),
    names.slice(1, 3),
  );
  const second = (
    await graph(sim, ORDERS, { query: `updated_at:>='${from}'`, after: first.pageInfo.endCursor })
  )['data'].orders;
  assert.deepEqual(
    second.nodes.map((node: Json) => node['name']),
    names.slice(3, 5),
  );
  assert.equal(second.pageInfo.hasNextPage, false);
  const unquoted = (await graph(sim, ORDERS, { query: `updated_at:>=${from}` }))['data'].orders;
  assert.equal(unquoted.nodes[0].name, names[0]);
});

test('a page goes on behind its cursor when the row of the cursor has moved to the end', async () => {
  const { sim, world, advance } = stage();
  const orders = Array.from({ length: 4 }, () => {
    advance(60_000);
    return world.scenario('paid, one line');
  });
  const first = (await graph(sim, ORDERS, { query: '' }))['data'].orders;
  advance(60_000);
  world.act(orders[1]?.id ?? 0n, { kind: 'note', note: 'moved' });
  const second = (await graph(sim, ORDERS, { query: '', after: first.pageInfo.endCursor }))['data'].orders;
  assert.deepEqual(
    second.nodes.map((node: Json) => node['name']),
    [orders[2]?.name, orders[3]?.name],
  );
});

test('an order older than 60 days is absent without read_all_orders', async () => {
  const { sim, world } = stage();
  const old = world.place({ items: [{ kind: 'product', index: 0, quantity: 1 }], daysAgo: 61 });
  const read = async (): Promise<unknown> =>
    (await graph(sim, '{ o: order(id: "gid://shopify/Order/' + old.id + '") { name } }'))['data'].o;
  assert.deepEqual(await read(), { name: old.name });
  sim.setApp({ scopes: ['read_orders'] });
  assert.equal(await read(), null);
});

test('a field without its scope is null with ACCESS_DENIED in an answer of HTTP 200', async () => {
  const { sim, world } = stage();
  const order = world.scenario('paid, one line');
  sim.setApp({ scopes: ['read_orders'] });
  const answer = await graph(
    sim,
    '{ order(id: "gid://shopify/Order/' + order.id + '") { name customer { id } } }',
  );
  assert.deepEqual(answer['data'], { order: { name: order.name, customer: null } });
  assert.equal(answer['errors'][0].extensions.code, 'ACCESS_DENIED');
  assert.deepEqual(answer['errors'][0].path, ['order', 'customer']);
  sim.setApp({ scopes: [] });
  const list = await graph(sim, ORDERS, { query: '' });
  assert.equal(list['data'], null);
});

test('without protected customer data fields are null in GraphQL and keys are missing in bodies', async () => {
  const { sim, world } = stage({ switches: { protectedData: 'denied' } });
  const order = world.scenario('paid, one line');
  const answer = await graph(
    sim,
    '{ order(id: "gid://shopify/Order/' + order.id + '") { name email billingAddress { city } } }',
  );
  assert.deepEqual(answer['data'].order, { name: order.name, email: null, billingAddress: null });
  assert.equal(answer['errors'].length, 2);
  const body = JSON.parse(sim.webhooks.body(order.id)) as Json;
  assert.equal('email' in body || 'customer' in body || 'shipping_address' in body, false);
});

test('an unknown field, argument or fragment is refused before anything runs', async () => {
  const { sim } = stage();
  for (const [query, code] of [
    ['{ order(id: "gid://shopify/Order/1") { nope } }', 'undefinedField'],
    ['{ shop(x: 1) { name } }', 'argumentNotAccepted'],
    ['{ shop { ...Gone } }', 'useAndDefineFragment'],
    ['{ shop }', 'selectionMismatch'],
    ['query ($id: ID!) { order(id: $id) { name } }', 'INVALID_VARIABLE'],
  ] as const) {
    const answer = await graph(sim, query);
    assert.equal(answer['data'], undefined, query);
    assert.equal(answer['errors'][0].extensions.code, code, query);
  }
  const broken = await graph(sim, '{ shop { name ');
  assert.match(broken['errors'][0].message, /^Parse error/);
});

test('throttling is HTTP 200 with THROTTLED and the bucket refills by the clock', async () => {
  const { sim, world, advance } = stage({ bucket: { maximumAvailable: 40, restoreRate: 10 } });
  world.scenario('paid, one line');
  const query =
    '{ orders(first: 2, sortKey: UPDATED_AT) { nodes { lineItems(first: 8) { nodes { id } } } } }';
  let answer = await graph(sim, query);
  for (let count = 0; answer['errors'] === undefined && count < 20; count += 1)
    answer = await graph(sim, query);
  assert.equal(answer['errors'][0].extensions.code, 'THROTTLED');
  const { requestedQueryCost, throttleStatus } = answer['extensions'].cost;
  assert.ok(requestedQueryCost > throttleStatus.currentlyAvailable);
  advance(
    Math.ceil((requestedQueryCost - throttleStatus.currentlyAvailable) / throttleStatus.restoreRate) * 1_000,
  );
  assert.equal((await graph(sim, query))['errors'], undefined);
});

test('a query that asks for too much is refused whole', async () => {
  const { sim } = stage();
  const answer = await graph(
    sim,
    '{ orders(first: 250) { nodes { agreements(first: 250) { nodes { sales(first: 250) { nodes { taxes { taxLine { title } } } } } } } } }',
  );
  assert.equal(answer['errors'][0].extensions.code, 'MAX_COST_EXCEEDED');
});

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

test('a refund shows the same money in GraphQL as in its body, pending money as not refunded', async () => {
  const { sim, world, received } = stage();
  await subscribe(sim, 'REFUNDS_CREATE');
  const order = world.scenario('refund pending');
  await sim.webhooks.deliverDue();
  const body = JSON.parse((await received[0]?.text()) ?? '{}') as Json;
  assert.equal(body['order_id'], Number(order.id));
  assert.equal(body['transactions'][0].status, 'pending');
  const answer = await graph(
    sim,
    `{ refund(id: "gid://shopify/Refund/${order.refunds[0]?.id}") { order { name } totalRefundedSet { shopMoney { amount } } refundLineItems(first: 5) { nodes { subtotalSet { shopMoney { amount } } lineItem { id } } } orderAdjustments(first: 5) { nodes { reason } } } }`,
  );
  const { refund } = answer['data'];
  assert.equal(refund.totalRefundedSet.shopMoney.amount, '0.0');
  assert.equal(refund.orderAdjustments.nodes[0].reason, 'PENDING_REFUND_DISCREPANCY');
  assert.equal(
    Number(refund.refundLineItems.nodes[0].subtotalSet.shopMoney.amount),
    body['refund_line_items'][0].subtotal,
  );
});

test('a frozen shop answers SHOP_INACTIVE and a shop that is down HTTP 500', async () => {
  const { sim } = stage();
  sim.setShop('frozen');
  assert.equal((await graph(sim, '{ shop { name } }'))['errors'][0].extensions.code, 'SHOP_INACTIVE');
  sim.setShop('down');
  assert.equal((await call(sim, '{ shop { name } }')).status, 500);
  assert.deepEqual(
    sim.calls().map((entry) => entry.status),
    [200, 500],
  );
});

test('each doubt turns round what it says', async () => {
  const { sim, world, advance } = stage({ send: async () => new Response(null, { status: 503 }) });
  const tipped = world.scenario('paid, with a tip');
  const bodyOf = (order: { id: bigint }): Json => JSON.parse(sim.webhooks.body(order.id)) as Json;
  assert.equal(bodyOf(tipped)['line_items'].length, 2);
  const outside = Number(bodyOf(tipped)['total_line_items_price']);
  sim.set({ tip: 'line inside total' });
  assert.equal(Number(bodyOf(tipped)['total_line_items_price']).toFixed(2), (outside + 2.5).toFixed(2));
  sim.set({ tip: 'no line' });
  assert.equal(bodyOf(tipped)['line_items'].length, 1);

  const partly = world.scenario('refunded amount only');
  const before = Number(bodyOf(partly)['current_total_price']);
  sim.set({ amountOnlyRefundLowersCurrentTotal: true });
  assert.ok(Number(bodyOf(partly)['current_total_price']) < before);

  const edited = world.scenario('edited, line added after payment');
  const risen = Number(bodyOf(edited)['total_price']);
  sim.set({ editRaisesTotalPrice: false });
  assert.ok(Number(bodyOf(edited)['total_price']) < risen);

  sim.set({
    webhookVersion: 'app setting',
    updatedAfterCreate: false,
    subscriptionRemoval: 'after eighth failure',
  });
  assert.equal((await subscribe(sim, 'ORDERS_UPDATED'))['webhookSubscription'].apiVersion.handle, '2026-07');
  world.scenario('unpaid, net terms');
  assert.equal(sim.webhooks.pending().length, 0);
  await subscribe(sim, 'ORDERS_CREATE');
  world.scenario('unpaid, net terms');
  for (let count = 0; count < 8; count += 1) {
    assert.equal(sim.subscriptions().length, 2);
    await sim.webhooks.deliverDue();
    advance(4 * HOUR_MS);
  }
  assert.equal(sim.subscriptions().length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START, HOUR_MS, stage, graph, call, grant, subscribe } from './caller.ts';
import type { Json } from './caller.ts';
import { DEFAULT_APP } from './shopify.ts';

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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import type { Transport } from '#net/request.ts';
import { NOW, openShopify, shownOrder } from '#tests/contract/source-shopify.ts';
import type { ShopifyWorld } from '#tests/contract/source-shopify.ts';
import { restBody } from './merge.ts';
import { createShopifySource } from './shopify.ts';

/** Calls back after each answer of the operation, before it is read. */
function after(operation: string, act: (count: number) => void): (transport: Transport) => Transport {
  let count = 0;
  return (transport) => async (request) => {
    const text = await request.clone().text();
    const response = await transport(request);
    if (text.includes(`query ${operation}`)) {
      count += 1;
      act(count);
    }
    return response;
  };
}

function operations({ sim }: ShopifyWorld): string[] {
  return sim.calls().flatMap(({ operation }) => operation ?? []);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (thrown) {
    assert(thrown instanceof Failure, String(thrown));
    return thrown.code;
  }
}

test('an order that changes while it is read is read again', async () => {
  const act: { change?: () => void } = {};
  const shop = await openShopify({
    scenarios: 'none',
    between: after('OrderForAccounting', (count) => count === 1 && act.change?.()),
  });
  const { id } = shop.world.scenario('unpaid, net terms');
  act.change = () => shop.world.act(id, { kind: 'pay', gateway: 'manual' });
  const { key, message } = shownOrder(shop, id);
  const read = shop.source.sort(await shop.source.read(key));
  assert(read.kind === 'order' && read.snapshot.order.cash.state === 'known');
  assert.equal(read.snapshot.order.cash.tenders.length, 1, 'the payment that came meanwhile is in it');
  assert.deepEqual(operations(shop), [
    'OrderForAccounting',
    'OrderLines',
    'OrderForAccounting',
    'OrderLines',
  ]);
  assert.notEqual(message.body.length, 0);
});

test('an order that keeps changing is left for later', async () => {
  const act: { change?: () => void } = {};
  const shop = await openShopify({
    scenarios: 'none',
    between: after('OrderForAccounting', () => act.change?.()),
  });
  const { id } = shop.world.scenario('unpaid, net terms');
  act.change = () =>
    shop.world.act(id, {
      kind: 'edit',
      edit: { kind: 'add', item: { kind: 'product', index: 1, quantity: 1 } },
    });
  const promise = shop.source.read(shownOrder(shop, id).key);
  await assert.rejects(promise, { code: 'order-changing', remedy: 'retry', effect: 'none' });
});

test('many lines come in pages', async () => {
  const shop = await openShopify({ scenarios: 'none' });
  const items = Array.from({ length: 120 }, (_, index) => ({
    kind: 'custom' as const,
    title: `Thing ${index}`,
    cents: BigInt(100 + index),
    quantity: 1 + (index % 3),
  }));
  const { id } = shop.world.place({ items, payment: { kind: 'paid', gateway: 'manual' } });
  const { key, message } = shownOrder(shop, id);
  const read = shop.source.sort(await shop.source.read(key));
  const verdict = await shop.source.verify(message);
  assert(verdict.proof === 'authentic' && read.kind === 'order');
  const sent = shop.source.sort(verdict.message);
  assert(sent.kind === 'order');
  assert.deepEqual(read.snapshot.order.lines, sent.snapshot.order.lines);
  assert.equal(operations(shop).filter((name) => name === 'OrderLines').length, 3);
});

test('an order older than 60 days is not shown without its scope, and the scope is named', async () => {
  const shop = await openShopify({ scenarios: 'none', app: { scopes: ['read_orders', 'read_customers'] } });
  const { id } = shop.world.place({ items: [{ kind: 'product', index: 0, quantity: 1 }], daysAgo: 61 });
  await assert.rejects(shop.source.read(shownOrder(shop, id).key), {
    code: 'request-not-found',
    message: /read_all_orders/,
  });
});

test('a reading names itself by its content', async () => {
  const shop = await openShopify({ scenarios: 'none' });
  const { id } = shop.world.scenario('paid, one line');
  const { key } = shownOrder(shop, id);
  const before = await shop.source.read(key);
  assert.match(before.externalId, /^read:[0-9a-f]{64}$/);
  assert.equal(before.topic, 'counterfoil/read');
  shop.world.act(id, { kind: 'refund', request: { lines: 'all' } });
  assert.notEqual((await shop.source.read(key)).externalId, before.externalId);
});

test('a list that was cut is refused, because it would make a smaller order', async () => {
  const cut =
    (from: string, to: string): ((transport: Transport) => Transport) =>
    (transport) =>
    async (request) => {
      const response = await transport(request);
      return new Response((await response.text()).replace(from, to), response);
    };
  const cases = [
    ['"transactionsCount":{"count":1}', '"transactionsCount":{"count":101}'],
    [
      '"discountApplications":{"pageInfo":{"hasNextPage":false',
      '"discountApplications":{"pageInfo":{"hasNextPage":true',
    ],
    ['"shippingLines":{"pageInfo":{"hasNextPage":false', '"shippingLines":{"pageInfo":{"hasNextPage":true'],
  ] as const;
  for (const [from, to] of cases) {
    const shop = await openShopify({ scenarios: 'none', between: cut(from, to) });
    const { id } = shop.world.scenario('paid, one line');
    assert.equal(await codeOf(shop.source.read(shownOrder(shop, id).key)), 'request-refused', from);
  }
});

test('without credentials the shop cannot be asked, and the settings are named', async () => {
  const shop = await openShopify({ scenarios: 'none' });
  const source = createShopifySource({
    connection: connectionId('shopify'),
    shopDomain: shop.world.shop.domain,
    secrets: [],
  });
  assert.equal(source.canRead, false);
  assert.match(source.readNeeds, /SHOPIFY_API_KEY and SHOPIFY_API_SECRET/);
  await assert.rejects(source.read(shop.unknown), {
    code: 'order-needs-reread',
    message: /SHOPIFY_ACCESS_TOKEN/,
  });
});

test('moments are written by the shop’s clock, on both sides of a change of it', async () => {
  const shop = await openShopify({ scenarios: 'none' });
  const place = (daysAgo: number) =>
    shop.world.place({ items: [{ kind: 'product', index: 0, quantity: 1 }], daysAgo });
  for (const [daysAgo, zone] of [
    [0, '-05:00'],
    [30, '-04:00'],
  ] as const) {
    const { id, processedAt } = place(daysAgo);
    const read = shop.source.sort(await shop.source.read(shownOrder(shop, id).key));
    assert(read.kind === 'order');
    assert.equal(read.snapshot.order.zone, zone);
    assert.equal(read.snapshot.order.placedAt, processedAt);
  }
  assert.equal(shop.clock.now(), NOW);
});

test('what was read shows fulfilment, source and tags as a message does', () => {
  const order = { displayFulfillmentStatus: 'FULFILLED', sourceName: 'pos', tags: ['VIP', 'two words'] };
  const body = restBody({ order, lines: [], refunds: [], timeZone: '' });
  assert.deepEqual(
    [body['fulfillment_status'], body['source_name'], body['tags']],
    ['fulfilled', 'pos', 'VIP, two words'],
  );
});

test('a moment that no calendar has is refused by the name of its field', async () => {
  for (const moment of ['+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z', '9999-12-31T23:59:59Z']) {
    const shop = await openShopify({
      between: (transport) => async (request) => {
        const response = await transport(request);
        const text = await response.text();
        return new Response(text.replaceAll(/"processedAt":"[^"]*"/g, `"processedAt":"${moment}"`), response);
      },
    });
    const [first] = shop.orders;
    assert(first !== undefined);
    const reading = await shop.source.read(first.key);
    assert.throws(
      () => shop.source.sort(reading),
      (thrown) => thrown instanceof Failure && /processed_at.*timestamp/.test(thrown.message),
    );
  }
});

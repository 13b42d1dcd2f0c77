import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { Order } from '#core/order.ts';
import { isSettlement } from '#core/settlement.ts';
import { DAY, MINUTE, after, localDate, parseLocalDate, parseZone } from '#core/time.ts';
import { NOW, openShopify, shownOrder } from '#tests/contract/source-shopify.ts';
import type { ShopifyWorld } from '#tests/contract/source-shopify.ts';

async function namesSince({ source }: ShopifyWorld, since = after(NOW, -MINUTE)): Promise<readonly string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const page = await source.changed({ since, newest: since, ...(token === undefined ? {} : { token }) });
    names.push(...page.changes.map(({ order }) => order));
    token = page.next;
  } while (token !== undefined);
  return names;
}

/** Answers the question with this page. */
async function answering(orders: unknown): Promise<ShopifyWorld> {
  return openShopify({
    scenarios: 'none',
    between: (transport) => async (request) =>
      (await request.clone().text()).includes('OrdersChanged')
        ? Response.json({ data: { orders } })
        : await transport(request),
  });
}

function shownBy(shop: ShopifyWorld, id: bigint): Order {
  const told = shop.source.sort({ topic: 'orders/updated', body: shownOrder(shop, id).message.body });
  assert.ok(told.kind === 'order' && !isSettlement(told.snapshot.order));
  return told.snapshot.order;
}

const page = (nodes: unknown, pageInfo: object = { hasNextPage: false }): object => ({ nodes, pageInfo });

void describe('what changed in a shop', () => {
  void test('is told over all pages, each order as it changed last', async () => {
    const shop = await openShopify({ scenarios: 'none' });
    const ids = Array.from({ length: 230 }, () => shop.world.scenario('unpaid, net terms').id);
    const keys = ids.map((id) => shownOrder(shop, id).key);
    assert.deepEqual([...(await namesSince(shop))].sort(), [...keys].sort());
    await shop.clock.advance(10 * MINUTE);
    const [first] = ids;
    assert.ok(first !== undefined);
    shop.world.act(first, { kind: 'pay', gateway: 'manual' });
    assert.deepEqual(await namesSince(shop, after(NOW, 5 * MINUTE)), keys.slice(0, 1));
  });

  void test('goes by the moment of the message that would have told it, so that one that came is not asked about', async () => {
    const shop = await openShopify({ scenarios: 'none' });
    const { id } = shop.world.scenario('paid, one line');
    const { changes } = await shop.source.changed({
      since: after(NOW, -MINUTE),
      newest: after(NOW, -MINUTE),
    });
    const told = shop.source.sort({ topic: 'orders/updated', body: shownOrder(shop, id).message.body });
    assert.ok(told.kind === 'order');
    assert.equal(changes[0]?.at, told.snapshot.order.updatedAt);
  });

  void test('is told apart from what was shown of the very same second', async () => {
    const shop = await openShopify({ scenarios: 'none', updatedAt: 'whole seconds' });
    const { id } = shop.world.scenario('unpaid, net terms');
    const before = shownBy(shop, id);
    const isShownBy = async (known: Order): Promise<boolean | undefined> => {
      const { changes } = await shop.source.changed({
        since: after(NOW, -MINUTE),
        newest: after(NOW, -MINUTE),
      });
      assert.equal(changes[0]?.at, known.updatedAt);
      return changes[0]?.within?.isShownBy(known);
    };
    assert.equal(await isShownBy(before), true);
    shop.world.act(id, { kind: 'pay', gateway: 'manual' });
    assert.equal(await isShownBy(before), false);
    assert.equal(await isShownBy(shownBy(shop, id)), true);
  });

  void test('says of itself that no message told it', async () => {
    const shop = await openShopify({ scenarios: 'none' });
    shop.world.scenario('paid, one line');
    const { changes } = await shop.source.changed({
      since: after(NOW, -MINUTE),
      newest: after(NOW, -MINUTE),
    });
    const [change] = changes;
    assert.ok(change !== undefined);
    const sorted = shop.source.sort(change.message);
    assert.ok(sorted.kind === 'touch' && /no message had told it/.test(sorted.why));
  });

  void test('is later while the index of the shop is late', async () => {
    const shop = await openShopify({ scenarios: 'none', switches: { searchLagSeconds: 120 } });
    const { id } = shop.world.scenario('paid, one line');
    assert.deepEqual(await namesSince(shop), []);
    await shop.clock.advance(2 * MINUTE);
    assert.deepEqual(await namesSince(shop), [shownOrder(shop, id).key]);
  });

  void test('counts for nothing where an order in the answer cannot be told, or its end', async () => {
    const good = { id: 'gid://shopify/Order/1', updatedAt: '2026-11-20T10:00:00Z' };
    const bad = [
      null,
      page(null),
      page([good, null]),
      page([good, { ...good, id: 'gid://shopify/DraftOrder/1' }]),
      page([good, { ...good, updatedAt: null }]),
      page([good, { ...good, updatedAt: 'yesterday' }]),
      page([good], { hasNextPage: true, endCursor: null }),
    ];
    for (const orders of bad) {
      const shop = await answering(orders);
      await assert.rejects(
        shop.source.changed({ since: NOW, newest: NOW }),
        (thrown) => thrown instanceof Failure && thrown.code === 'request-answer-unreadable',
        JSON.stringify(orders),
      );
    }
    const shop = await answering(page([good], { hasNextPage: true, endCursor: 'same' }));
    await assert.rejects(shop.source.changed({ since: NOW, newest: NOW, token: 'same' }), {
      code: 'request-answer-unreadable',
    });
    assert.equal(
      (await (await answering(page([good]))).source.changed({ since: NOW, newest: NOW })).changes.length,
      1,
    );
  });
});

void describe('what was placed in a shop on some days', () => {
  const zones = [undefined, parseZone('Pacific/Kiritimati'), parseZone('-12:00')];

  void test('goes by the day of the invoice, in the zone of the shop or of the rules', async () => {
    const shop = await openShopify({ scenarios: 'none' });
    const { id, processedAt } = shop.world.scenario('paid, one line');
    const { key } = shownOrder(shop, id);
    const own = parseZone(shop.world.shop.timeZone);
    const seen = new Set<string>();
    for (const zone of zones) {
      const day = localDate(after(NOW, processedAt - NOW), zone ?? own);
      seen.add(day);
      for (const off of [-1, 0, 1]) {
        const asked = parseLocalDate(new Date(Date.parse(day) + off * DAY).toISOString().slice(0, 10));
        const days = { since: asked, until: asked, ...(zone === undefined ? {} : { zone }) };
        const { changes } = await shop.source.placed(days);
        assert.deepEqual(
          changes.map(({ order }) => order),
          off === 0 ? [key] : [],
          `${zone ?? own} ${asked}`,
        );
      }
    }
    assert.ok(seen.size > 1, 'the zones differ in the day');
  });

  void test('counts for nothing where an order in the answer does not say when, or the shop not where', async () => {
    const good = {
      id: 'gid://shopify/Order/1',
      updatedAt: '2026-11-20T10:00:00Z',
      processedAt: '2026-11-20T10:00:00Z',
    };
    const answers = [
      { shop: { ianaTimezone: 'Europe/Berlin' }, orders: page([good, { ...good, processedAt: null }]) },
      { shop: { ianaTimezone: 'Nowhere' }, orders: page([good]) },
      { shop: null, orders: page([good]) },
      { shop: { ianaTimezone: 'Europe/Berlin' }, orders: null },
    ];
    const days = { since: parseLocalDate('2026-11-20'), until: parseLocalDate('2026-11-20') };
    for (const data of answers) {
      const shop = await openShopify({
        scenarios: 'none',
        between: (transport) => async (request) =>
          (await request.clone().text()).includes('OrdersPlaced')
            ? Response.json({ data })
            : await transport(request),
      });
      await assert.rejects(shop.source.placed(days), { code: 'request-answer-unreadable' });
    }
  });
});

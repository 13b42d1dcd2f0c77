import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callerOf, json, stage } from './caller.ts';

void describe('searchOrders', () => {
  const search = (query: Readonly<Record<string, string>>): string =>
    `/orders/2026-01-01/orders?${new URLSearchParams(query).toString()}`;
  const since = { lastUpdatedAfter: '2026-11-20T00:00:00Z' };

  void test('by the last change, oldest first, page by page, each order once', async () => {
    const { sim, advance } = stage();
    const ids = Array.from({ length: 5 }, () => sim.world.place({ items: [{ product: 1 }] }).id);
    advance(60_000);
    sim.world.act(ids[0] ?? '', { kind: 'ship' });
    advance(120_000);
    const caller = callerOf(sim);
    const found: string[] = [];
    let token: string | undefined;
    do {
      const query = token === undefined ? { ...since, maxResultsPerPage: '2' } : { paginationToken: token };
      const page = await json(caller.seller(search(query)));
      found.push(...page.orders.map((order: { orderId: string }) => order.orderId));
      token = page.pagination?.nextToken;
    } while (token !== undefined);
    assert.deepEqual(found.toSorted(), ids.toSorted());
    assert.equal(found.at(-1), ids[0]);
  });

  void test('the last two minutes are not settled yet', async () => {
    const { sim, advance } = stage();
    sim.world.place({ items: [{ product: 1 }] });
    advance(119_000);
    const caller = callerOf(sim);
    const early = await json(caller.seller(search(since)));
    assert.deepEqual([early.orders, early.lastUpdatedBefore], [[], '2026-11-20T14:29:59Z']);
    advance(1_000);
    assert.equal((await json(caller.seller(search(since)))).orders.length, 1);
    const recent = { ...since, lastUpdatedBefore: '2026-11-20T14:31:59Z' };
    assert.equal((await caller.seller(search(recent))).status, 400);
  });

  void test('one of the two times, not both and not none; a token of yesterday is dead', async () => {
    const { sim, advance } = stage();
    for (let count = 0; count < 2; count += 1) sim.world.place({ items: [{ product: 1 }] });
    advance(600_000);
    const caller = callerOf(sim);
    assert.equal((await caller.seller(search({}))).status, 400);
    assert.equal(
      (await caller.seller(search({ ...since, createdAfter: '2026-11-20T00:00:00Z' }))).status,
      400,
    );
    const { pagination } = await json(caller.seller(search({ ...since, maxResultsPerPage: '1' })));
    advance(86_400_000);
    const late = callerOf(sim);
    assert.equal((await late.seller(search({ paginationToken: pagination.nextToken }))).status, 400);
  });

  void test('filters by marketplace, status and who ships', async () => {
    const { sim, advance } = stage();
    sim.world.place({ items: [{ product: 1 }] });
    const canadian = sim.world.place({ in: 'CA', items: [{ product: 1 }], fulfilledBy: 'AMAZON' });
    advance(600_000);
    const caller = callerOf(sim);
    for (const filter of [{ marketplaceIds: 'A2EUQ1WTGCTBG2' }, { fulfilledBy: 'AMAZON' }]) {
      const { orders } = await json(caller.seller(search({ ...since, ...filter })));
      assert.deepEqual(
        orders.map((order: { orderId: string }) => order.orderId),
        [canadian.id],
      );
    }
    const shipped = await json(caller.seller(search({ ...since, fulfillmentStatuses: 'SHIPPED,CANCELLED' })));
    assert.deepEqual(shipped.orders, []);
  });
});

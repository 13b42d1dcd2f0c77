import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { orderKey } from '#core/ids.ts';
import type { Transport } from '#net/request.ts';
import { AMAZON, openAmazon } from '#tests/contract/source-amazon.ts';
import type { AmazonWorld, AmazonWorldOptions } from '#tests/contract/source-amazon.ts';
import { createAmazonSource } from './amazon.ts';
import { OPERATIONS } from './pace.ts';

async function bodyOf({ source }: AmazonWorld, id: string): Promise<string> {
  return new TextDecoder().decode((await source.read(orderKey(AMAZON, id))).body);
}

async function openQuiet(options: AmazonWorldOptions = {}): Promise<AmazonWorld> {
  return openAmazon({ scenarios: 'none', ...options });
}

/** How many calls may be made at once. */
function callsLeft({ api }: AmazonWorld, operation: keyof typeof OPERATIONS): number {
  for (let taken = 0; ; taken += 1) {
    try {
      api.pace.take([operation], `probe ${taken}`);
    } catch (thrown) {
      assert(thrown instanceof Failure);
      return taken;
    }
  }
}

describe('an order that is read from Amazon', () => {
  test('comes with what Finances tell of it and of no other', async () => {
    const world = await openQuiet();
    world.world.scenario('US, Amazon remits the tax');
    const { id } = world.world.scenario('refunded in full');
    await world.clock.advance(180_000);
    const body = await bodyOf(world, id);
    assert.deepEqual(
      [...body.matchAll(/"transactionType":"(\w+)"/g)].map(([, type]) => type),
      ['Shipment', 'Refund'],
    );
  });

  test('is asked of Finances only once it can have moved money', async () => {
    const world = await openQuiet();
    const { id } = world.world.scenario('pending');
    assert.doesNotMatch(await bodyOf(world, id), /"transactions"/);
    assert.deepEqual(
      world.sim.calls().map(({ operation }) => operation),
      ['token', 'getOrder'],
    );
  });

  test('takes its transactions from all pages, the empty ones too', async () => {
    const world = await openQuiet({ switches: { emptyPages: 'between' } });
    const { id } = world.world.place({ items: [{ product: 0, quantity: 120, cents: 1000n }] });
    for (let unit = 0; unit < 120; unit += 1) {
      world.world.act(id, { kind: 'ship', units: [{ item: 0, quantity: 1 }] });
    }
    await world.clock.advance(180_000);
    const body = await bodyOf(world, id);
    assert.equal(body.match(/"transactionType":"Shipment"/g)?.length, 120);
    assert.equal(world.sim.calls().filter(({ operation }) => operation === 'listTransactions').length, 3);
  });

  test('is not taken to have no refunds where Finances answer 200 and tell nothing', async () => {
    for (const told of [
      { errors: [{ code: 'InternalFailure', message: 'Try again.' }] },
      {},
      { payload: null },
    ]) {
      let isSpoilt = false;
      const world = await openQuiet({
        between: (transport) => async (request) =>
          isSpoilt && request.url.includes('/finances/') ? Response.json(told) : await transport(request),
      });
      const { id } = world.world.scenario('refunded in full');
      await world.clock.advance(180_000);
      assert.match(await bodyOf(world, id), /"Refund"/);
      isSpoilt = true;
      await assert.rejects(bodyOf(world, id), { code: 'request-answer-unreadable' });
    }
  });

  test('of which Finances never come to an end is refused', async () => {
    const between =
      (transport: Transport): Transport =>
      async (request) =>
        request.url.includes('/finances/')
          ? Response.json({ payload: { transactions: [], nextToken: 'more' } })
          : transport(request);
    const world = await openQuiet({ between });
    const { id } = world.world.scenario('US, Amazon remits the tax');
    // Twenty pages are more than a burst: it waits, and never gets further.
    await assert.rejects(
      bodyOf(world, id),
      (thrown) => thrown instanceof Failure && thrown.code === 'request-rate-limited',
    );
  });

  test('passes over transactions that name another order, should Amazon pass over the filter', async () => {
    const between =
      (transport: Transport): Transport =>
      async (request) => {
        const url = new URL(request.url);
        if (!url.pathname.startsWith('/finances/')) {
          return transport(request);
        }
        url.searchParams.delete('relatedIdentifierName');
        url.searchParams.delete('relatedIdentifierValue');
        url.searchParams.set('postedAfter', '2026-11-01T00:00:00Z');
        return transport(new Request(url, request));
      };
    const world = await openQuiet({ between });
    const { id } = world.world.scenario('US, Amazon remits the tax');
    world.world.scenario('refunded in full');
    await world.clock.advance(180_000);
    assert.equal((await bodyOf(world, id)).match(/"transactionType"/g)?.length, 1);
  });

  test('in the same state is the same message, and in another another', async () => {
    const world = await openQuiet();
    const { id } = world.world.scenario('US, Amazon remits the tax');
    await world.clock.advance(180_000);
    const name = async (): Promise<string> => (await world.source.read(orderKey(AMAZON, id))).externalId;
    const first = await name();
    assert.match(first, /^read:[0-9a-f]{64}$/);
    assert.equal(await name(), first);
    world.world.act(id, { kind: 'refund', request: { of: 'everything' } });
    await world.clock.advance(180_000);
    assert.notEqual(await name(), first);
  });

  test('keeps no name, address, e-mail or phone, unless buyers are kept', async () => {
    for (const role of ['shipping', 'no personal data'] as const) {
      for (const isBuyerKept of [false, true]) {
        const world = await openQuiet({ app: { role }, isBuyerKept });
        const placed = world.world.scenario('business with a purchase order');
        const body = await bodyOf(world, placed.id);
        const secrets = [
          placed.buyer.name,
          placed.buyer.email,
          placed.buyer.company ?? '',
          'Harbour Street',
          '555',
          placed.marketplace.city,
          placed.marketplace.postalCode,
        ];
        const found = secrets.filter((secret) => secret !== '' && body.includes(secret));
        assert.equal(found.length > 0, isBuyerKept, `${role}: ${found.join(', ')}`);
        assert.match(body, /"buyerPurchaseOrderNumber":"PO-4711"/);
        assert.match(body, /"countryCode":"US"/);
      }
    }
  });

  test('keeps nothing that this program does not read, and no text where an object should be', async () => {
    const between =
      (transport: Transport): Transport =>
      async (request) => {
        const answer = await transport(request);
        if (!request.url.includes('/orders/')) {
          return answer;
        }
        const text = await answer.text();
        const strange = '{"order":{"buyer":"Jane Roe","recipient":["Jane Roe"],"gift":{"note":"Jane Roe"},';
        return new Response(
          text.replace('{"order":{', strange).replaceAll(/"(?:buyer|recipient)":\{/g, '"other":{'),
        );
      };
    const world = await openQuiet({ between });
    const { id } = world.world.scenario('US, Amazon remits the tax');
    assert.doesNotMatch(await bodyOf(world, id), /Jane/);
  });
});

describe('calls that were taken for an order', () => {
  const left = async (
    options: AmazonWorldOptions,
    scenario: Parameters<AmazonWorld['world']['scenario']>[0],
  ): Promise<readonly [number, number]> => {
    const world = await openQuiet(options);
    const { id } = world.world.scenario(scenario);
    await Promise.allSettled([bodyOf(world, id)]);
    return [callsLeft(world, 'getOrder'), callsLeft(world, 'listTransactions')];
  };
  const [orders, transactions] = [OPERATIONS.getOrder.burst, OPERATIONS.listTransactions.burst];
  const failing = (path: string): Pick<AmazonWorldOptions, 'between'> => ({
    between: (transport) => async (request) =>
      request.url.includes(path) ? new Response('', { status: 503 }) : transport(request),
  });

  test('are given back where Finances were not asked', async () => {
    assert.deepEqual(await left({}, 'pending'), [orders - 1, transactions]);
    assert.deepEqual(await left(failing('/orders/'), 'US, Amazon remits the tax'), [
      orders - 1,
      transactions,
    ]);
  });

  test('are spent where they were, whatever came of it', async () => {
    assert.deepEqual(await left({}, 'US, Amazon remits the tax'), [orders - 1, transactions - 1]);
    assert.deepEqual(await left(failing('/finances/'), 'US, Amazon remits the tax'), [
      orders - 1,
      transactions - 1,
    ]);
  });
});

test('an order of a seller whose app has no credentials says which settings it needs', async () => {
  const source = createAmazonSource({
    connection: AMAZON,
    proof: {
      secrets: [],
      apiKeys: [],
      transport: async () => new Response(),
      clock: (await openQuiet()).clock,
    },
    terms: { sellerId: 'A1', marketplaces: [] },
    isBuyerKept: async () => false,
    remark: () => {},
  });
  assert.equal(source.canRead, false);
  await assert.rejects(
    source.read(orderKey(AMAZON, '113-0000000-0000000')),
    /set SP_API_CLIENT_ID, SP_API_CLIENT_SECRET and SP_API_REFRESH_TOKEN/,
  );
});

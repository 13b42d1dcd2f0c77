import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARKETPLACES } from '#core/marketplaces.ts';
import { orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { NOTHING_BOOKED } from '#core/ledger.ts';
import { plan } from '#core/plan.ts';
import { defaultRulesOf } from '#core/rules.ts';
import { DAY, HOUR, after, parseLocalDate, parseZone, showInstant } from '#core/time.ts';
import { terms } from '#tests/build.ts';
import { AMAZON, openAmazon } from '#tests/contract/source-amazon.ts';
import { changesOf } from './changes.ts';

test('an order of a store that is not booked, which only the ledger names, is not booked and says why', async () => {
  const world = await openAmazon({ region: 'eu', scenarios: 'none', stores: ['DE'] });
  const german = world.world.scenario('Germany, tax told');
  const italian = world.world.scenario('union one stop shop');
  await world.clock.advance(HOUR);
  const { changes } = await world.source.changed({
    since: after(world.clock.now(), -DAY),
    newest: world.clock.now(),
    token: 'ledger ',
  });
  const reasons = new Map<OrderKey, string>();
  for (const { order } of changes) {
    const sorted = world.source.sort(await world.source.read(order));
    assert(sorted.kind === 'order');
    const planned = plan(sorted.snapshot.order, NOTHING_BOOKED, terms({ rules: defaultRulesOf('amazon') }));
    reasons.set(order, planned.outcome === 'skip' ? planned.reason : `${planned.steps.length} steps`);
  }
  assert.equal(reasons.get(orderKey(AMAZON, german.id)), '4 steps');
  assert.equal(
    reasons.get(orderKey(AMAZON, italian.id)),
    'Waits to be booked: it is of Amazon.it, which SP_API_MARKETPLACE_IDS does not name',
  );
  await world.close();

  // The same order, read after the store was added, is another message.
  const [before, again, since] = await Promise.all(
    [['DE'], ['DE'], ['DE', 'IT']].map(async (stores) => {
      const later = await openAmazon({ region: 'eu', scenarios: 'none', stores });
      const { id } = later.world.scenario('union one stop shop');
      await later.clock.advance(HOUR);
      const read = await later.source.read(orderKey(AMAZON, id));
      await later.close();
      return read;
    }),
  );
  assert.equal(before?.externalId, again?.externalId);
  assert.notEqual(before?.externalId, since?.externalId);
});

test('what was found is stored under a short name, however long Amazon’s own name of it is', async () => {
  const related = [{ relatedIdentifierName: 'ORDER_ID', relatedIdentifierValue: '113-0000000-0000001' }];
  const transactions = ['a', 'b'].map((end) => ({
    transactionId: `${'x'.repeat(3_000)}${end}`,
    transactionStatus: 'RELEASED',
    relatedIdentifiers: related,
  }));
  const world = await openAmazon({
    scenarios: 'none',
    between: (transport) => async (request) =>
      request.url.includes('/finances/')
        ? Response.json({ payload: { transactions } })
        : await transport(request),
  });
  const marketplaces = MARKETPLACES.filter(({ region }) => region === 'na');
  const terms = {
    api: world.api,
    clock: world.clock,
    connection: AMAZON,
    marketplaces,
    remark: () => assert.fail(),
  };
  const since = after(world.clock.now(), -DAY);
  const { changes } = await changesOf(terms, { since, newest: since, token: 'ledger ' });
  const names = changes.map(({ message }) => message.externalId);
  assert.equal(new Set(names).size, 2, 'each is another one');
  assert.ok(names.every((name) => name.length < 200));
  assert.ok(changes.every(({ message }) => message.body.byteLength < 400));
  await world.close();
});

test('a settlement is a change of its own, once for each day that moves it and for its payout, and says when its id is none', async () => {
  const one = (
    day: string,
    groupId: string,
    { type = 'Shipment', ...ids }: Readonly<Record<string, string>> = {},
  ): object => ({
    transactionId: `of ${day}`,
    transactionType: type,
    transactionStatus: 'RELEASED',
    postedDate: `${day}T10:00:00Z`,
    relatedIdentifiers: Object.entries({ ...ids, FINANCIAL_EVENT_GROUP_ID: groupId }).map(
      ([name, value]) => ({
        relatedIdentifierName: name,
        relatedIdentifierValue: value,
      }),
    ),
  });
  const transactions = [
    one('2026-11-18', 'group_1', { ORDER_ID: '113-0000000-0000001' }),
    one('2026-11-18', 'group_1'),
    one('2026-11-19', 'group_1'),
    one('2026-11-19', 'group_1', { type: 'Transfer' }),
    one('2026-11-19', 'no id'),
  ];
  const world = await openAmazon({
    scenarios: 'none',
    between: (transport) => async (request) =>
      request.url.includes('/finances/')
        ? Response.json({ payload: { transactions } })
        : await transport(request),
  });
  const marketplaces = MARKETPLACES.filter(({ region }) => region === 'na');
  const remarks: string[] = [];
  const remark = (sentence: string): void => void remarks.push(sentence);
  const terms = { api: world.api, clock: world.clock, connection: AMAZON, marketplaces, remark };
  const since = after(world.clock.now(), -DAY);
  const { changes } = await changesOf(terms, { since, newest: since, token: 'ledger ' });
  const key = 'amazon/settlement:group_1';
  assert.deepEqual(
    changes.map(({ order }) => order),
    ['amazon/113-0000000-0000001', key, key, key, key],
  );
  assert.equal(new Set(changes.slice(1).map(({ message }) => message.externalId)).size, 3);
  assert.deepEqual(
    changes.map(({ message }) => {
      const sorted = world.source.sort(message);
      return sorted.kind === 'touch' && sorted.order;
    }),
    changes.map(({ order }) => order),
  );
  assert.match(remarks.join(), /its fees are not booked/);
  await world.close();
});

test('orders are asked for from some hours before the newest change, the ledger from two days before it', async () => {
  const asked: string[] = [];
  const world = await openAmazon({
    scenarios: 'none',
    between: (transport) => async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      const since = searchParams.get('lastUpdatedAfter') ?? searchParams.get('postedAfter');
      asked.push(...(since === null ? [] : [`${pathname.split('/')[1] ?? ''} ${since}`]));
      return await transport(request);
    },
  });
  const newest = world.clock.now();
  const from = async (hours: number): Promise<readonly string[]> => {
    asked.length = 0;
    const since = after(newest, -hours * HOUR);
    const { next = assert.fail() } = await world.source.changed({ since, newest });
    await world.source.changed({ since, newest, token: next });
    return asked;
  };
  const at = (hours: number): string => showInstant(after(newest, -hours * HOUR));
  assert.deepEqual(await from(49), [`orders ${at(3)}`, `finances ${at(49)}`]);
  assert.deepEqual(await from(1), [`orders ${at(1)}`, `finances ${at(1)}`]);
  await world.close();
});

test('an answer of 200 that lists nothing at all is no page without changes', async () => {
  const world = await openAmazon({
    scenarios: 'none',
    between: (transport) => async (request) =>
      request.url.includes('/auth/') ? await transport(request) : Response.json({ errors: null }),
  });
  const marketplaces = MARKETPLACES.filter(({ region }) => region === 'na');
  const terms = {
    api: world.api,
    clock: world.clock,
    connection: AMAZON,
    marketplaces,
    remark: () => assert.fail(),
  };
  const since = after(world.clock.now(), -DAY);
  for (const token of ['orders ', 'ledger ']) {
    await assert.rejects(changesOf(terms, { since, newest: since, token }), {
      code: 'request-answer-unreadable',
    });
  }
  await world.close();
});

test('an order was placed on the day that its store had, or the zone of the rules', async () => {
  const order = (id: string, createdTime: string, marketplaceId: string): object => ({
    orderId: id,
    createdTime,
    lastUpdatedTime: createdTime,
    salesChannel: { marketplaceId },
  });
  const orders = [
    // 20:00 of the 18th in Los Angeles, 05:00 of the 19th in Berlin.
    order('113-0000000-0000001', '2026-11-19T04:00:00Z', 'ATVPDKIKX0DER'),
    order('113-0000000-0000002', '2026-11-19T04:00:00Z', 'A1PA6795UKMFR9'),
    order('113-0000000-0000003', 'unknown', 'A1PA6795UKMFR9'),
  ];
  const queries: URLSearchParams[] = [];
  const world = await openAmazon({
    scenarios: 'none',
    between: (transport) => async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== '/orders/2026-01-01/orders') {
        return transport(request);
      }
      queries.push(searchParams);
      return Response.json({ orders });
    },
  });
  const placed = async (on: string, zone?: string) => {
    const days = { since: parseLocalDate(on), until: parseLocalDate(on) };
    const { changes } = await world.source.placed({
      ...days,
      ...(zone === undefined ? {} : { zone: parseZone(zone) }),
    });
    return changes.map(({ order: key }) => key.at(-1));
  };
  assert.deepEqual(await placed('2026-11-18'), ['1', '3'], 'one that does not say when is looked at');
  assert.deepEqual(await placed('2026-11-19'), ['2', '3']);
  assert.deepEqual(await placed('2026-11-19', 'UTC'), ['1', '2', '3']);
  // The world stands at 14:33 of the 20th, and Amazon lists nothing of the last minutes.
  await placed('2026-11-20');
  assert.equal(queries.at(-1)?.get('createdBefore'), '2026-11-20T14:30:00.000Z');
  const before = queries.length;
  assert.deepEqual(await placed('2026-11-25'), [], 'of days to come it is not asked');
  assert.equal(queries.length, before);
  await world.close();
});

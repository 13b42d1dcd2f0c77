import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARKETPLACES } from '#core/marketplaces.ts';
import { DAY, after } from '#core/time.ts';
import { AMAZON, openAmazon } from '#tests/contract/source-amazon.ts';
import { changesOf } from './changes.ts';

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
  const terms = { api: world.api, connection: AMAZON, marketplaces, remark: () => assert.fail() };
  const since = after(world.clock.now(), -DAY);
  const { changes } = await changesOf(terms, { since, token: 'ledger ' });
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
  const terms = { api: world.api, connection: AMAZON, marketplaces, remark };
  const { changes } = await changesOf(terms, { since: after(world.clock.now(), -DAY), token: 'ledger ' });
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

test('an answer of 200 that lists nothing at all is no page without changes', async () => {
  const world = await openAmazon({
    scenarios: 'none',
    between: (transport) => async (request) =>
      request.url.includes('/auth/') ? await transport(request) : Response.json({ errors: null }),
  });
  const marketplaces = MARKETPLACES.filter(({ region }) => region === 'na');
  const terms = { api: world.api, connection: AMAZON, marketplaces, remark: () => assert.fail() };
  const since = after(world.clock.now(), -DAY);
  for (const token of ['orders ', 'ledger ']) {
    await assert.rejects(changesOf(terms, { since, token }), { code: 'request-answer-unreadable' });
  }
  await world.close();
});

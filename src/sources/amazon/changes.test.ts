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

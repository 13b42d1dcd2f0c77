import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scriptedFaults } from '#sim/faults.ts';
import { createFreshBooks } from '#sim/freshbooks/freshbooks.ts';
import { openSandbox } from '#sim/main.ts';
import { seededRandom } from '#sim/world/random.ts';
import { DEFAULT_AMAZON_APP } from './amazon.ts';
import { json, orderPath } from './caller.ts';
import { openAmazon } from './stand.ts';

const clock = { now: () => Date.UTC(2026, 10, 20, 14, 30) };

test('a seller on a socket: tokens and orders from one address, faults between', async () => {
  const faults = scriptedFaults([{ path: '/orders/', fault: { kind: 'status', status: 503 } }]);
  const stand = await openAmazon({ seed: 5, clock }, { faults });
  try {
    const { id } = stand.world.place({ in: 'JP', items: [{ product: 0 }] });
    const { clientId, clientSecret } = DEFAULT_AMAZON_APP;
    const form = {
      grant_type: 'refresh_token',
      refresh_token: stand.amazon.login.refreshToken('fe'),
      client_id: clientId,
      client_secret: clientSecret,
    };
    const body = new URLSearchParams(form);
    const granted = await json(fetch(`${stand.origin}/auth/o2/token`, { method: 'POST', body }));
    const headers = { 'x-amz-access-token': granted.access_token };
    assert.equal((await fetch(stand.origin + orderPath(id), { headers })).status, 503);
    const { order } = await json(fetch(stand.origin + orderPath(id), { headers }));
    assert.equal(order.orderId, id);
    assert.equal((await fetch(stand.sandboxOrigin + orderPath(id), { headers })).status, 400);
  } finally {
    await stand.close();
  }
});

test('what the books should hold stands beside what the account holds', async () => {
  const freshbooks = createFreshBooks({ clock, random: seededRandom(1) });
  const stand = await openAmazon({ seed: 5, clock });
  try {
    stand.world.scenario('Canada, the seller remits the tax');
    stand.world.scenario('pending');
    const seen = stand
      .inspect(freshbooks)
      .map(({ expected, stands }) => [expected.worth, expected.isSkipped, stands.worth]);
    // 108.23, 9.45 and 26.67 Canadian dollars with 13 %.
    assert.deepEqual(seen, [
      ['163.12', false, '0.00'],
      ['0.00', true, '0.00'],
    ]);
  } finally {
    await stand.close();
  }
});

test('a sandbox has a seller on Amazon where one was asked for', async () => {
  const alone = await openSandbox({ seed: 5, clock });
  const beside = await openSandbox({ seed: 5, clock, amazon: { switches: { discountSign: 'negative' } } });
  try {
    assert.equal(alone.amazon, null);
    const { status } = await fetch(`${beside.amazon?.origin}/orders/2026-01-01/orders`);
    assert.equal(status, 403);
  } finally {
    await alone.close();
    await beside.close();
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callerOf, json, stage } from './caller.ts';

const AMERICAN = '/orders/2026-01-01/orders/114-9876543-1234567';

test('the sandbox answers the published request, its list in any order, and no other', async () => {
  const { sim } = stage();
  const caller = callerOf(sim, { isSandbox: true });
  for (const included of ['RECIPIENT,PROCEEDS,FULFILLMENT', 'PROCEEDS,FULFILLMENT,RECIPIENT']) {
    const { order } = await json(caller.seller(`${AMERICAN}?includedData=${included}`));
    assert.equal(order.orderId, '114-9876543-1234567');
  }
  for (const query of ['', '?includedData=PROCEEDS', '?includedData=RECIPIENT,PROCEEDS,FULFILLMENT&more=1']) {
    const refused = await caller.seller(`${AMERICAN}${query}`);
    assert.equal(refused.status, 400, query);
    assert.equal((await json(refused)).errors[0].details, 'Could not match input arguments');
  }
});

test('the sandbox knows no order of the world, and the world none of the sandbox', async () => {
  const { sim } = stage();
  const { id } = sim.world.place({ items: [{ product: 0 }] });
  const query = '?includedData=RECIPIENT,PROCEEDS,FULFILLMENT';
  const sandbox = callerOf(sim, { isSandbox: true });
  assert.equal((await sandbox.seller(`/orders/2026-01-01/orders/${id}${query}`)).status, 400);
  assert.equal((await callerOf(sim).seller(`${AMERICAN}${query}`)).status, 404);
});

test('the sandbox sets up a destination and a subscription that lead nowhere', async () => {
  const { sim } = stage();
  const sandbox = callerOf(sim, { isSandbox: true });
  const made = await json(sandbox.grantless('/notifications/v1/destinations', { method: 'POST', body: {} }));
  assert.equal(made.payload.destinationId, 'SANDBOX_DESTINATION');
  const path = '/notifications/v1/subscriptions/ORDER_CHANGE';
  assert.equal((await sandbox.seller(path, { method: 'POST', body: {} })).status, 200);
  assert.deepEqual((await json(callerOf(sim).grantless('/notifications/v1/destinations'))).payload, []);
});

test('over a socket the place is said by the caller, and the region is that of the token', async () => {
  const { sim } = stage();
  const { id } = sim.world.place({ in: 'DE', items: [{ product: 0 }] });
  const form = { grant_type: 'refresh_token', refresh_token: sim.login.refreshToken('eu') };
  const { access_token: token } = await json(callerOf(sim).token(form));
  const request = (path: string): Request =>
    new Request(`http://127.0.0.1:4003${path}`, { headers: { 'x-amz-access-token': token } });
  assert.equal((await sim.handle(request(`/orders/2026-01-01/orders/${id}`))).status, 200);
  const far = sim.at({ region: 'fe', isSandbox: false });
  assert.equal((await far(request(`/orders/2026-01-01/orders/${id}`))).status, 400);
  const sandbox = sim.at({ region: 'eu', isSandbox: true });
  const published = await sandbox(request(`${AMERICAN}?includedData=RECIPIENT,PROCEEDS,FULFILLMENT`));
  assert.equal(published.status, 200);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callerOf, json, orderPath, stage } from './caller.ts';

void describe('Login with Amazon', () => {
  void test('a refresh token is echoed and opens the seller for an hour', async () => {
    const { sim, advance } = stage();
    const order = sim.world.place({ items: [{ product: 0 }] });
    const caller = callerOf(sim);
    const refreshToken = sim.login.refreshToken('na');
    const granted = await json(caller.token({ grant_type: 'refresh_token', refresh_token: refreshToken }));
    assert.equal(granted.refresh_token, refreshToken);
    assert.deepEqual([granted.token_type, granted.expires_in], ['bearer', 3600]);
    assert.equal((await caller.seller(orderPath(order.id))).status, 200);
    advance(3_600_000);
    const late = await caller.seller(orderPath(order.id));
    assert.equal(late.status, 403);
    assert.equal((await json(late)).errors[0].details, 'The access token you provided has expired.');
  });

  void test('a consent that was taken back refuses the refresh and every token of it', async () => {
    const { sim } = stage();
    const order = sim.world.place({ items: [{ product: 0 }] });
    const caller = callerOf(sim);
    const refreshToken = sim.login.refreshToken('na');
    await caller.seller(orderPath(order.id));
    sim.login.revoke('na');
    const refused = await caller.token({ grant_type: 'refresh_token', refresh_token: refreshToken });
    assert.deepEqual([refused.status, (await json(refused)).error], [400, 'invalid_grant']);
    const call = await caller.seller(orderPath(order.id));
    assert.deepEqual(
      [call.status, (await json(call)).errors[0].details],
      [403, 'The access token you provided is revoked, malformed or invalid.'],
    );
  });

  void test('a code works once and within five minutes', async () => {
    const { sim, advance } = stage();
    const caller = callerOf(sim, { region: 'eu' });
    const code = sim.login.code('eu');
    const form = { grant_type: 'authorization_code', code };
    assert.equal((await caller.token(form)).status, 200);
    assert.equal((await json(caller.token(form))).error, 'invalid_grant');
    const second = sim.login.code('eu');
    advance(300_000);
    assert.equal((await caller.token({ ...form, code: second })).status, 400);
  });

  void test('a wrong secret is 401, another grant or scope 400', async () => {
    const { sim } = stage();
    const caller = callerOf(sim);
    const wrong = await caller.token({ grant_type: 'refresh_token', client_secret: 'no' });
    assert.deepEqual([wrong.status, (await json(wrong)).error], [401, 'invalid_client']);
    assert.equal((await json(caller.token({ grant_type: 'password' }))).error, 'unsupported_grant_type');
    const scope = await caller.token({ grant_type: 'client_credentials', scope: 'profile' });
    assert.equal(scope.status, 400);
  });

  void test('an expired secret is named in the refusal', async () => {
    const { sim } = stage();
    const order = sim.world.place({ items: [{ product: 0 }] });
    const caller = callerOf(sim);
    await caller.seller(orderPath(order.id));
    sim.setApp({ secret: 'expired' });
    const call = await caller.seller(orderPath(order.id));
    assert.equal((await json(call)).errors[0].details, 'The LWA secret token you provided has expired.');
    assert.equal((await caller.token({ grant_type: 'client_credentials' })).status, 401);
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { answerOf, bench, seeded, type Bench } from './caller.ts';
import { createFreshBooks, defaultApp } from './freshbooks.ts';

const redirectUri = 'https://counterfoil.example/connect/freshbooks';
const credentials = { client_id: defaultApp.clientId, client_secret: defaultApp.clientSecret };

function authorize({ sim }: Bench, parameters: Record<string, string> = {}): Promise<Response> {
  const asked = {
    client_id: defaultApp.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    state: 's1',
    scope: 'user:invoices:read',
    ...parameters,
  };
  return sim.handle(
    new Request(`https://auth.freshbooks.com/oauth/authorize/?${new URLSearchParams(asked).toString()}`),
  );
}

async function consent(desk: Bench, parameters: Record<string, string> = {}): Promise<string> {
  const response = await authorize(desk, parameters);
  assert.equal(response.status, 302, await response.clone().text());
  return new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

async function tokenCall({ sim }: Bench, fields: Record<string, string>, path = '/auth/oauth/token') {
  return answerOf(
    await sim.handle(
      new Request(`https://api.freshbooks.com${path}`, { method: 'POST', body: new URLSearchParams(fields) }),
    ),
  );
}

const exchange = (desk: Bench, code: string, more: Record<string, string> = {}) =>
  tokenCall(desk, {
    ...credentials,
    grant_type: 'authorization_code',
    redirect_uri: redirectUri,
    code,
    ...more,
  });
const refresh = (desk: Bench, refresh_token: string, more: Record<string, string> = {}) =>
  tokenCall(desk, { ...credentials, grant_type: 'refresh_token', refresh_token, ...more });

async function meStatus({ sim }: Bench, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await sim.handle(new Request('https://api.freshbooks.com/auth/api/v1/users/me', { headers })))
    .status;
}

test('consent redirects with a code and the state, and the code buys tokens of the live shape', async () => {
  const desk = bench();
  const response = await authorize(desk);
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(location.origin + location.pathname, redirectUri);
  assert.equal(location.searchParams.get('state'), 's1');
  const { status, body } = await exchange(desk, location.searchParams.get('code') ?? '');
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body).sort(), [
    'access_token',
    'created_at',
    'direct_buy_tokens',
    'expires_in',
    'refresh_token',
    'scope',
    'token_type',
  ]);
  assert.equal(body.expires_in, 43_200);
  assert.equal(body.created_at, desk.clock.at / 1000);
  assert.match(body.refresh_token, /^[0-9a-f]{64}$/);
  assert.equal(body.access_token.length, 1006);
  assert.equal(body.scope, 'user:profile:read user:invoices:read');
  assert.equal(await meStatus(desk, body.access_token), 200);
});

test('a code works once and for five minutes', async () => {
  const desk = bench();
  const code = await consent(desk);
  assert.equal((await exchange(desk, code)).status, 200);
  const second = await exchange(desk, code);
  assert.equal(second.status, 400);
  assert.equal(second.body.error, 'invalid_grant');
  const late = await consent(desk);
  desk.clock.at += 5 * 60_000;
  assert.equal((await exchange(desk, late)).body.error, 'invalid_grant');
});

test('a code is bound to its redirect address', async () => {
  const desk = bench();
  const code = await consent(desk);
  assert.equal(
    (await exchange(desk, code, { redirect_uri: 'https://counterfoil.example/other' })).body.error,
    'invalid_grant',
  );
});

test('the consent is rejected as a whole, without redirect, for anything unknown in it', async () => {
  const desk = bench();
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ scope: 'user:invoices:read user:invoices:everything' }, 'invalid_scope'],
    [{ scope: 'user:profile:write' }, 'invalid_scope'],
    [{ client_id: 'nobody' }, 'invalid_client'],
    [{ redirect_uri: 'https://counterfoil.example/unregistered' }, 'invalid_redirect_uri'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
  ];
  for (const [parameters, error] of cases) {
    const response = await authorize(desk, parameters);
    assert.equal(response.status, 400);
    assert.match(await response.text(), new RegExp(error));
  }
});

test('a scope that exists but is not enabled on the app rejects the consent', async () => {
  const desk = bench({ apps: [{ ...defaultApp, scopes: ['user:clients:read'] }] });
  assert.equal((await authorize(desk, { scope: 'user:invoices:read' })).status, 400);
  assert.equal((await authorize(desk, { scope: 'user:clients:read' })).status, 302);
});

test('redirect addresses must be https without a query; loopback depends on the switch', async () => {
  const odd = [
    `${redirectUri}?a=1`,
    'http://counterfoil.example/',
    'http://localhost:8080/connect/freshbooks',
  ];
  const apps = [{ ...defaultApp, redirectUris: odd }];
  const statuses = async (desk: Bench) =>
    Promise.all(odd.map(async (uri) => (await authorize(desk, { redirect_uri: uri })).status));
  assert.deepEqual(await statuses(bench({ apps })), [400, 400, 302]);
  assert.deepEqual(await statuses(bench({ apps, switches: { httpRedirects: 'refused' } })), [400, 400, 400]);
});

test('with the page, consent waits for the button', async () => {
  const desk = bench({ consent: 'page' });
  const page = await authorize(desk, { state: `"><script>` });
  assert.equal(page.status, 200);
  const html = await page.text();
  assert.match(html, /<button name="decision" value="allow">Allow/);
  assert.ok(!html.includes('<script>'));
  const fields = new URLSearchParams(
    [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']): [string, string] => [
      name,
      value,
    ]),
  );
  fields.set('state', 's1');
  fields.set('decision', 'allow');
  const press = (body: URLSearchParams) =>
    desk.sim.handle(new Request('https://auth.freshbooks.com/oauth/authorize/', { method: 'POST', body }));
  const allowed = new URL((await press(fields)).headers.get('location') ?? '');
  assert.equal((await exchange(desk, allowed.searchParams.get('code') ?? '')).status, 200);
  fields.set('decision', 'deny');
  const denied = new URL((await press(fields)).headers.get('location') ?? '');
  assert.equal(denied.searchParams.get('error'), 'access_denied');
});

test('a refresh token works once; its second use is 400 invalid_grant', async () => {
  const desk = bench();
  const first = (await exchange(desk, await consent(desk))).body;
  const second = await refresh(desk, first.refresh_token);
  assert.equal(second.status, 200);
  assert.notEqual(second.body.refresh_token, first.refresh_token);
  const reuse = await refresh(desk, first.refresh_token);
  assert.equal(reuse.status, 400);
  assert.equal(reuse.body.error, 'invalid_grant');
  assert.equal((await refresh(desk, second.body.refresh_token)).status, 200);
});

test('the access token before a refresh dies or survives by the switch', async () => {
  for (const [position, expected] of [
    ['revoked', 401],
    ['survives', 200],
  ] as const) {
    const desk = bench({ switches: { accessTokenAfterRefresh: position } });
    const first = (await exchange(desk, await consent(desk))).body;
    const second = (await refresh(desk, first.refresh_token)).body;
    assert.equal(await meStatus(desk, first.access_token), expected, position);
    assert.equal(await meStatus(desk, second.access_token), 200);
  }
});

test('an access token may live shorter by the switch', async () => {
  const desk = bench({ switches: { accessTokenSeconds: 600 } });
  desk.clock.at += 599_000;
  assert.equal(await meStatus(desk, desk.token), 200);
  desk.clock.at += 1000;
  assert.equal(await meStatus(desk, desk.token), 401);
});

test('an access token ends twelve hours after created_at', async () => {
  const desk = bench();
  desk.clock.at += 12 * 3600_000 - 1000;
  assert.equal(await meStatus(desk, desk.token), 200);
  desk.clock.at += 1000;
  assert.equal(await meStatus(desk, desk.token), 401);
  const lagging = bench({ switches: { tokenCreatedAtLagSeconds: 60 } });
  lagging.clock.at += 12 * 3600_000 - 60_000;
  assert.equal(await meStatus(lagging, lagging.token), 401);
});

test('a second consent leaves or ends the first grant by the switch', async () => {
  for (const [position, expected] of [
    ['survives', 200],
    ['revoked', 400],
  ] as const) {
    const desk = bench({ switches: { grantAfterSecondConsent: position } });
    const first = (await exchange(desk, await consent(desk))).body;
    await exchange(desk, await consent(desk));
    assert.equal((await refresh(desk, first.refresh_token)).status, expected, position);
  }
});

test('redirect_uri on refresh is optional or required by the switch', async () => {
  const lax = bench();
  assert.equal((await refresh(lax, lax.sim.grant().refresh_token)).status, 200);
  assert.equal(
    (await refresh(lax, lax.sim.grant().refresh_token, { redirect_uri: 'https://wrong.example/' })).status,
    400,
  );
  const strict = bench({ switches: { redirectUriOnRefresh: 'required' } });
  assert.equal((await refresh(strict, strict.sim.grant().refresh_token)).status, 400);
  assert.equal(
    (await refresh(strict, strict.sim.grant().refresh_token, { redirect_uri: redirectUri })).status,
    200,
  );
});

test('the client proves itself by form, by JSON or by basic auth, and 401 invalid_client answers a fake one', async () => {
  const { sim } = bench();
  const call = (headers: Record<string, string>, body: string) =>
    sim.handle(new Request('https://api.freshbooks.com/auth/oauth/token', { method: 'POST', headers, body }));
  const fields = () => ({ grant_type: 'refresh_token', refresh_token: sim.grant().refresh_token });
  const basic = `Basic ${btoa(`${credentials.client_id}:${credentials.client_secret}`)}`;
  const form = 'application/x-www-form-urlencoded';
  assert.equal(
    (await call({ 'content-type': 'application/json' }, JSON.stringify({ ...credentials, ...fields() })))
      .status,
    200,
  );
  assert.equal(
    (await call({ 'content-type': form, authorization: basic }, new URLSearchParams(fields()).toString()))
      .status,
    200,
  );
  const fake = await call(
    { 'content-type': form },
    new URLSearchParams({ ...credentials, client_secret: 'guess', ...fields() }).toString(),
  );
  assert.equal(fake.status, 401);
  assert.equal((await answerOf(fake)).body.error, 'invalid_client');
  const odd = await call(
    { 'content-type': form },
    new URLSearchParams({ ...credentials, grant_type: 'client_credentials' }).toString(),
  );
  assert.equal(odd.status, 400);
});

test('revoking ends the access token and its refresh token at once', async () => {
  const desk = bench();
  const { access_token, refresh_token } = desk.sim.grant();
  const revoked = await tokenCall(desk, { ...credentials, token: access_token }, '/auth/oauth/revoke');
  assert.deepEqual([revoked.status, revoked.body], [200, {}]);
  assert.equal(await meStatus(desk, access_token), 401);
  assert.equal((await refresh(desk, refresh_token)).body.error, 'invalid_grant');
});

test('revokeGrants is what an owner does who disconnects the app', async () => {
  const desk = bench();
  desk.sim.revokeGrants();
  assert.equal(await meStatus(desk, desk.token), 401);
});

test('PKCE is checked once a challenge was sent, unless switched off', async () => {
  const verifier = 'a-verifier-of-some-length';
  const challenge = {
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  const desk = bench();
  assert.equal(
    (await exchange(desk, await consent(desk, challenge), { code_verifier: verifier })).status,
    200,
  );
  assert.equal(
    (await exchange(desk, await consent(desk, challenge), { code_verifier: 'guess' })).status,
    400,
  );
  const lax = bench({ switches: { pkce: 'ignored' } });
  assert.equal((await exchange(lax, await consent(lax, challenge))).status, 200);
});

test('the RFC 8414 addresses behave the same', async () => {
  const desk = bench();
  const response = await desk.sim.handle(
    new Request(
      `https://auth.freshbooks.com/service/auth/oauth/authorize?client_id=${defaultApp.clientId}&response_type=code&redirect_uri=${encodeURIComponent(redirectUri)}`,
    ),
  );
  const code = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const bought = await tokenCall(
    desk,
    { ...credentials, grant_type: 'authorization_code', redirect_uri: redirectUri, code },
    '/service/auth/oauth/token',
  );
  assert.equal(bought.status, 200);
});

test('the same seed draws the same tokens and ids', () => {
  const build = (seed: number) =>
    createFreshBooks({ clock: { now: () => 0 }, random: seeded(seed) }).grant().access_token;
  assert.equal(build(1), build(1));
  assert.notEqual(build(1), build(2));
});

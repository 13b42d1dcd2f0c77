import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { HOUR, after } from '#core/time.ts';
import { createFreshBooks, defaultApp } from '#sim/freshbooks/freshbooks.ts';
import { seededRandom } from '#sim/world/random.ts';
import { NOW, movedClock, openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import { failureOf } from '#tests/contract/books.ts';
import {
  SCOPES,
  accountsOf,
  assertScopes,
  authorizeUrl,
  consentFailure,
  exchangeCode,
  missingScopes,
  readAccounts,
  refresh,
} from './oauth.ts';

function bench(scopes: readonly string[] = SCOPES) {
  const clock = movedClock(NOW);
  const app = { ...defaultApp, scopes };
  const sim = createFreshBooks({ clock, random: seededRandom(3), apps: [app] });
  const redirectUri = app.redirectUris[0] ?? '';
  const oauth = {
    apiUrl: 'https://api.freshbooks.test',
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUri,
    transport: sim.handle,
    clock,
    version: '0.0.0',
  };
  const consent = async () => {
    const url = authorizeUrl({
      authUrl: 'https://auth.freshbooks.test/',
      clientId: app.clientId,
      redirectUri,
      state: 'a b&c',
    });
    const response = await sim.handle(new Request(url));
    return new URL(response.headers.get('location') ?? 'https://nowhere.test').searchParams;
  };
  return { sim, oauth, consent, clock };
}

void test('consent, code, tokens, refresh: each once', async () => {
  const { oauth, consent, clock } = bench();
  const back = await consent();
  assert.equal(back.get('state'), 'a b&c');
  const granted = await exchangeCode(oauth, back.get('code') ?? '');
  assert.deepEqual(missingScopes(granted.scopes), []);
  assert.equal(granted.expiresAt, after(NOW, 12 * HOUR));
  assert.equal((await failureOf(exchangeCode(oauth, back.get('code') ?? ''))).code, 'token-refused');
  clock.advance(HOUR);
  const renewed = await refresh(oauth, granted.refreshToken);
  assert.notEqual(renewed.refreshToken, granted.refreshToken);
  const failure = await failureOf(refresh(oauth, granted.refreshToken));
  assert.deepEqual([failure.code, failure.effect], ['token-refused', 'none']);
  assert.match(failure.message, /invalid_grant/);
  assert.doesNotMatch(failure.message, new RegExp(granted.refreshToken));
});

void test('a wrong secret is named as such, and a cut refresh is an unknown outcome', async () => {
  const { oauth } = bench();
  const wrong = await failureOf(refresh({ ...oauth, clientSecret: 'no' }, 'x'));
  assert.match(wrong.message, /FRESHBOOKS_CLIENT_SECRET/);
  const cut = await failureOf(
    refresh({ ...oauth, transport: () => Promise.reject(new TypeError('fetch failed')) }, 'x'),
  );
  assert.deepEqual([cut.code, cut.effect], ['request-unanswered', 'unknown']);
  const page = () => Promise.resolve(new Response('<html>', { status: 400 }));
  assert.equal((await failureOf(refresh({ ...oauth, transport: page }, 'x'))).code, 'token-refused');
  const half = () => Promise.resolve(Response.json({ access_token: 'a' }));
  assert.equal((await failureOf(refresh({ ...oauth, transport: half }, 'x'))).effect, 'unknown');
});

void test('a refusal that comes with status 200 is one, and a token beside strange words is a token', async () => {
  const { oauth } = bench();
  const answering = (body: object) =>
    refresh({ ...oauth, transport: () => Promise.resolve(Response.json(body)) }, 'x');
  for (const body of [
    { error: 'invalid_grant', error_description: 'The grant is spent.' },
    { response: { errors: [{ errno: 1003, message: 'invalid_grant: spent' }] } },
  ]) {
    const failure = await failureOf(answering(body));
    assert.deepEqual([failure.code, failure.effect], ['token-refused', 'none']);
    assert.match(failure.message, /status 200\): invalid_grant/);
  }
  for (const body of [{ error: 'server_error' }, { error: 'temporarily_unavailable' }, { message: 'OK' }]) {
    assert.equal((await failureOf(answering(body))).code, 'request-answer-unreadable');
  }
  const granted = await answering({ access_token: 'a', refresh_token: 'r', message: 'no invalid_grant' });
  assert.equal(granted.accessToken, 'a');
});

void test('a token that no header can carry is none, and is not stored', async () => {
  const { oauth } = bench();
  for (const token of ['a\nb', 'a\u0000', 'a ü', 'x'.repeat(10_000)]) {
    const transport = () =>
      Promise.resolve(Response.json({ access_token: token, refresh_token: 'r', scope: '' }));
    const failure = await failureOf(refresh({ ...oauth, transport }, 'x'));
    assert.deepEqual([failure.code, failure.effect], ['request-answer-unreadable', 'unknown']);
  }
});

void test('expiry counts from the other side’s own stamp', async () => {
  const world = await openFreshBooks({
    switches: { tokenCreatedAtLagSeconds: 7200 },
    token: { expiresAt: NOW },
  });
  await world.tokens.current();
  assert.equal(world.stored()?.expiresAt, after(NOW, 10 * HOUR));
  assert.equal(world.stored()?.scopes?.includes('user:invoices:write'), true);
});

void test('a scope that the app lacks fails the whole consent, and the sentence names what to enable', async () => {
  const { consent } = bench(SCOPES.filter((scope) => scope !== 'user:expenses:write'));
  assert.equal((await consent()).get('code'), null);
  const failure = consentFailure({
    error: 'invalid_scope',
    description: 'The requested scope is invalid, unknown, or malformed.',
  });
  assert.equal(failure.code, 'scope-missing');
  assert.match(failure.message, /user:expenses:write/);
  assert.equal(consentFailure({ error: 'access_denied', description: '' }).code, 'token-missing');
});

void test('a grant that lacks scopes says which', () => {
  const granted = SCOPES.filter((scope) => !scope.startsWith('user:payments'));
  assert.deepEqual(missingScopes(granted), ['user:payments:read', 'user:payments:write']);
  assert.throws(
    () => assertScopes(granted),
    (thrown) => thrown instanceof Failure && /user:payments:read user:payments:write/.test(thrown.message),
  );
  assertScopes(SCOPES.filter((scope) => scope !== 'user:profile:read'));
});

void test('all accounts are listed with role and right, and none is chosen', async () => {
  const world = await openFreshBooks({
    accounts: [
      { id: 'Own111', name: 'Mine', timeZone: 'America/Toronto' },
      { id: 'Adm222', name: 'Partner', role: 'admin' },
      { id: 'Cli333', name: 'Supplier', role: 'client' },
    ],
  });
  const accounts = await readAccounts(world.options);
  assert.deepEqual(
    accounts.map(({ accountId, name, role, canWrite }) => [accountId, name, role, canWrite]),
    [
      ['Own111', 'Mine', 'owner', true],
      ['Adm222', 'Partner', 'admin', true],
      ['Cli333', 'Supplier', 'client', false],
    ],
  );
  assert.equal(accounts[0]?.timeZone, 'America/Toronto');
  assert.doesNotMatch(JSON.stringify(accounts), /eyJ/);
});

void test('an id that stands only among the roles is found there', async () => {
  const world = await openFreshBooks({ accounts: [{ id: 'Own111', isIdOnlyInRoles: true }] });
  const [account, ...more] = await readAccounts(world.options);
  assert.deepEqual([account?.accountId, account?.canWrite, more.length], ['Own111', true, 0]);
});

void test('two ids for two nameless businesses are shown and not guessed', () => {
  const business = (id: string) => ({ role: 'owner', business: { id, name: `B${id}`, account_id: null } });
  const accounts = accountsOf({
    business_memberships: [business('1'), business('2')],
    roles: [
      { role: 'admin', accountid: 'AAA' },
      { role: 'admin', accountid: 'BBB' },
    ],
  });
  assert.deepEqual(
    accounts.map((account) => account.accountId),
    [null, null, 'AAA', 'BBB'],
  );
  assert.deepEqual(accountsOf({}), []);
});

void test('the consent address asks for every scope once, and encodes its parts', () => {
  const url = new URL(
    authorizeUrl({
      authUrl: 'https://auth.freshbooks.com',
      clientId: 'id',
      redirectUri: 'https://x.test/a',
      state: 's',
    }),
  );
  assert.equal(url.pathname, '/oauth/authorize/');
  assert.deepEqual(url.searchParams.get('scope')?.split(' '), SCOPES);
  assert.equal(new Set(SCOPES).size, SCOPES.length);
  assert.equal(url.searchParams.get('redirect_uri'), 'https://x.test/a');
});

void test('a refusal of endless words is told by its reason, and takes no longer than its length', async () => {
  const { oauth } = bench();
  const error_description = `invalid_grant ${'a'.repeat(200_000)}`;
  const transport = async () => Response.json({ error_description }, { status: 401 });
  const started = performance.now();
  const failure = await failureOf(refresh({ ...oauth, transport }, 'spent'));
  assert.match(failure.message, /refused \(status 401\): invalid_grant$/);
  const endless = async () => Response.json({ error_description: 'a'.repeat(200_000) }, { status: 401 });
  assert.match(
    (await failureOf(refresh({ ...oauth, transport: endless }, 'spent'))).message,
    /no reason given$/,
  );
  assert.ok(performance.now() - started < 5000, 'a square takes minutes');
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createLogin } from '#admin/login.ts';
import { Failure } from '#core/failure.ts';
import { HOUR, SECOND } from '#core/time.ts';
import { openAdmin } from '#open-admin.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { PipelineEvent, Store } from '#pipeline/ports.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { ORDER, record } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { askBytes, askServer, headersNamed } from '#tests/http-answer.ts';
import type { Asked, HttpAnswer } from '#tests/http-answer.ts';
import { HTTP_LIMITS } from './limits.ts';
import { createServer } from './server.ts';
import type { Server } from './server.ts';

/** The real server with its login over raw sockets, a clock that is moved and a hash that takes no time. */

const PASSWORD = 'correct horse battery';
const COST = { steps: 16, blockSize: 1, lanes: 1 };
const JSON_TYPE = { 'content-type': 'application/json' };
const HTTPS = 'https://books.example.com';

interface WorldOptions {
  readonly configured?: string | undefined;
  readonly publicUrl?: string;
}

interface World {
  readonly port: number;
  readonly store: Store;
  readonly clock: TestClock;
  readonly events: PipelineEvent[];
  readonly ask: (line: string, asked?: Asked) => Promise<HttpAnswer>;
  /** Another process on the same database. */
  restart(configured?: string): Promise<void>;
  close(): Promise<void>;
}

async function openWorld({ configured, publicUrl }: WorldOptions): Promise<World> {
  const clock = testClock();
  const events: PipelineEvent[] = [];
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock,
    seal: createSeal('key'),
    actor: 'server',
  });
  const start = async (password: string | undefined): Promise<{ server: Server; port: number }> => {
    const login = createLogin({ store, clock, cost: COST, configured: password });
    const server = createServer({
      inbox: createInbox({ store, queue: { wake: () => undefined }, clock, emit: () => undefined }),
      sources: new Map(),
      emit: (event) => events.push(event),
      clock,
      limits: { ...HTTP_LIMITS, timeoutCheckMs: 20, headersTimeoutMs: 300, headerBytesMax: 4096 },
      checkReady: async () => undefined,
      finishConsent: () => Promise.reject(new Failure('token-missing', { detail: 'Nobody asked' })),
      admin: openAdmin({
        login,
        store,
        clock,
        account: 'freshbooks',
        sourceOf: () => undefined,
        preview: () => null,
        publicUrl,
      }),
      isHttps: publicUrl?.startsWith('https:') === true,
    });
    return { server, port: (await server.listen({ host: '127.0.0.1', port: 0 })).port };
  };
  let running = await start(configured);
  return {
    store,
    clock,
    events,
    get port() {
      return running.port;
    },
    ask: (line, asked) => askServer(running.port, line, asked),
    async restart(password) {
      await running.server.close();
      running = await start(password);
    },
    async close() {
      await running.server.close();
      await store.close();
    },
  };
}

function world(options: WorldOptions = { configured: PASSWORD }): () => World {
  let opened: World | undefined;
  before(async () => {
    opened = await openWorld(options);
  });
  after(() => opened?.close());
  return () => {
    assert(opened !== undefined);
    return opened;
  };
}

interface LoggedIn {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly cookies: readonly string[];
  readonly token: string;
  readonly answer: HttpAnswer;
}

const post = ({ ask }: World, password: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  ask('POST /api/session', { headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify({ password }) });

async function logIn(its: World, headers: Record<string, string> = {}): Promise<LoggedIn> {
  const answer = await post(its, PASSWORD, headers);
  assert.equal(answer.status, 200, answer.body);
  const cookies = headersNamed(answer, 'set-cookie');
  const pairs = cookies.map((cookie) => cookie.split(';')[0] ?? '');
  const token = String(JSON.parse(answer.body).csrfToken);
  const id = pairs[0]?.split('=')[1] ?? '';
  return { id, headers: { cookie: pairs.join('; '), 'x-csrf-token': token }, cookies, token, answer };
}

const status = async (asking: Promise<HttpAnswer>): Promise<number> => (await asking).status;

void describe('a login', () => {
  const its = world();

  void test('opens a session that its cookie alone opens again', async () => {
    const { ask } = its();
    assert.equal(await status(ask('GET /api/session')), 401);
    const { headers, cookies, answer, id } = await logIn(its());
    assert.deepEqual(
      cookies.map((cookie) => cookie.replace(/=[^;]+/, '=')),
      [
        'counterfoil-session=; Path=/; HttpOnly; SameSite=Strict',
        'counterfoil-known=; Path=/; HttpOnly; SameSite=Strict; Max-Age=15552000',
      ],
    );
    assert.match(id, /^[\w-]{43}$/);
    const again = await ask('GET /api/session', { headers });
    assert.equal(again.body, answer.body);
    const { session, openedAt, idleEndsAt, endsAt } = JSON.parse(again.body);
    assert.match(session, /^admin session [0-9a-f]{8}$/);
    assert.deepEqual(
      [openedAt, idleEndsAt, endsAt],
      ['2026-11-20T10:00:00.000Z', '2026-11-20T11:00:00.000Z', '2026-11-20T22:00:00.000Z'],
    );
  });

  void test('is refused with a wrong password, with none and with what is no JSON', async () => {
    const { ask } = its();
    const wrong = await post(its(), `${PASSWORD} `);
    assert.deepEqual(
      [wrong.status, JSON.parse(wrong.body).title],
      [401, 'The password is not the right one'],
    );
    assert.deepEqual(headersNamed(wrong, 'set-cookie'), []);
    assert.equal(await status(post(its(), 5)), 400);
    assert.equal(await status(ask('POST /api/session', { headers: JSON_TYPE, body: '{"password' })), 400);
    await its().clock.advance(HOUR);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal(await status(ask('POST /api/session', { headers: form, body: 'password=x' })), 415);
    assert.equal(await status(ask('POST /api/session', { body: '{}' })), 415, 'without a type');
    const large = { headers: JSON_TYPE, body: `{"password": "${'x'.repeat(20_000)}"}` };
    assert.equal(await status(ask('POST /api/session', large)), 413);
    const chunked = { ...JSON_TYPE, 'transfer-encoding': 'chunked' };
    const head = `POST /api/session HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n`;
    const lines = Object.entries(chunked).map(([name, value]) => `${name}: ${value}\r\n`);
    const chunk = `5000\r\n${'x'.repeat(0x5000)}\r\n0\r\n\r\n`;
    assert.equal(await status(askBytes(its().port, `${head}${lines.join('')}\r\n${chunk}`)), 413);
  });

  void test('makes a new id each time, takes none that was sent, and ends the one before', async () => {
    const { ask } = its();
    const planted = 'A'.repeat(43);
    const first = await logIn(its(), { cookie: `counterfoil-session=${planted}` });
    assert.notEqual(first.id, planted);
    assert.equal(
      await status(ask('GET /api/session', { headers: { cookie: `counterfoil-session=${planted}` } })),
      401,
    );
    const second = await logIn(its(), first.headers);
    assert.notEqual(second.id, first.id);
    assert.equal(await status(ask('GET /api/session', { headers: first.headers })), 401);
    assert.equal(await status(ask('GET /api/session', { headers: second.headers })), 200);
  });

  void test('that was tampered with opens nothing', async () => {
    const { id } = await logIn(its());
    for (const cookie of [
      `counterfoil-session=${id.slice(0, -1)}${id.endsWith('A') ? 'E' : 'A'}`,
      `counterfoil-session=${id}x`,
      `counterfoil-session=`,
      `counterfoil-sessio=${id}`,
      `counterfoil-session=${id}; counterfoil-session=${id}`,
    ]) {
      assert.equal(await status(its().ask('GET /api/session', { headers: { cookie } })), 401, cookie);
    }
    const cookie = `theirs=1; counterfoil-session=${id};more=2`;
    assert.equal(await status(its().ask('GET /api/session', { headers: { cookie } })), 200);
  });

  void test('ends with the logout, an hour without use and twelve hours', async () => {
    const { ask, clock } = its();
    const { headers } = await logIn(its());
    const out = await ask('DELETE /api/session', { headers });
    assert.equal(out.status, 204);
    assert.match(headersNamed(out, 'set-cookie').join(), /^counterfoil-session=; .*Max-Age=0$/);
    assert.equal(await status(ask('GET /api/session', { headers })), 401);
    const unused = await logIn(its());
    await clock.advance(HOUR);
    const ended = await ask('GET /api/session', { headers: unused.headers });
    assert.deepEqual(
      [ended.status, JSON.parse(ended.body).title],
      [401, 'The session ended because it was not used for an hour: log in again'],
    );
    const used = await logIn(its());
    for (let hours = 0; hours < 11.5; hours += 0.5) {
      await clock.advance(HOUR / 2);
      assert.equal(await status(ask('GET /api/session', { headers: used.headers })), 200);
    }
    await clock.advance(HOUR / 2);
    const old = await ask('GET /api/session', { headers: used.headers });
    assert.match(old.body, /ended twelve hours after its login/);
  });

  void test('outlives a restart, and no other password', async () => {
    const { ask } = its();
    const { headers } = await logIn(its());
    await its().restart(PASSWORD);
    assert.equal(await status(ask('GET /api/session', { headers })), 200);
    await its().restart('another password');
    assert.equal(await status(ask('GET /api/session', { headers })), 401);
    await its().restart(PASSWORD);
    assert.equal(await status(ask('GET /api/session', { headers })), 401, 'it does not come back');
  });
});

void describe('a change', () => {
  const its = world();
  const retry = `POST /api/orders/${ORDER}/retry`;
  let first: LoggedIn;
  let second: LoggedIn;

  before(async () => {
    await its().store.transact((tx) => tx.putOrder(record({ key: ORDER, state: 'held' })));
    first = await logIn(its());
    second = await logIn(its());
  });

  void test('needs the token of its own session', async () => {
    const { ask, store } = its();
    const { cookie = '' } = first.headers;
    for (const headers of [
      { cookie },
      { cookie, 'x-csrf-token': '' },
      { cookie, 'x-csrf-token': `${first.token}x` },
      { cookie, 'x-csrf-token': second.token },
    ]) {
      const answer = await ask(retry, { headers });
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.match(answer.body, /x-csrf-token/);
      assert.equal(await status(ask('DELETE /api/session', { headers })), 403);
    }
    assert.equal(await status(ask(retry, { headers: { 'x-csrf-token': first.token } })), 401);
    assert.equal((await store.read.order(ORDER))?.state, 'held', 'nothing was done');
    assert.equal(await status(ask(retry, first)), 200);
    assert.equal((await store.read.order(ORDER))?.state, 'due');
  });

  void test('of another site is refused, with the cookie and the token too', async () => {
    const { ask, port, clock, events } = its();
    await clock.advance(HOUR / 2);
    const before = events.length;
    for (const more of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://localhost:${port + 1}`, host: `localhost:${port}` },
      { origin: `https://localhost:${port}`, host: `localhost:${port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
      { host: 'bad host' },
    ]) {
      const headers = { ...first.headers, ...more };
      assert.equal(await status(ask(retry, { headers })), 403, JSON.stringify(more));
      assert.equal(await status(post(its(), PASSWORD, more)), 403, JSON.stringify(more));
    }
    assert(events.length > before, 'and told in the log');
    assert.equal(
      await status(ask('GET /api/orders', { headers: { ...first.headers, 'sec-fetch-site': 'cross-site' } })),
      403,
    );
    assert.equal(
      await status(ask('GET /api/orders', { headers: { ...first.headers, 'sec-fetch-site': 'none' } })),
      200,
    );
    const own = {
      origin: `http://127.0.0.1:${port}`,
      host: `127.0.0.1:${port}`,
      'sec-fetch-site': 'same-origin',
    };
    assert.equal(await status(ask(retry, { headers: { ...first.headers, ...own } })), 200);
  });

  void test('is JSON or nothing', async () => {
    const { ask } = its();
    for (const [type, expected] of [
      ['text/plain', 415],
      ['application/jsonp', 415],
      ['multipart/form-data; boundary=x', 415],
      ['application/json; charset=utf-8', 200],
    ] as const) {
      const headers = { ...first.headers, 'content-type': type };
      assert.equal(await status(ask(retry, { headers, body: '{}' })), expected, type);
    }
  });

  void test('is in the audit log, with the session that made it', async () => {
    const [row] = await its().store.read.audit({ limit: 1 });
    const { session } = JSON.parse(first.answer.body);
    assert.deepEqual([row?.action, row?.subject, row?.actor], ['order retried', ORDER, session]);
    assert.equal((await its().store.read.verifyAudit()).fault, undefined);
  });
});

void describe('the orders', () => {
  const its = world();
  let session: LoggedIn;

  before(async () => {
    await its().store.transact((tx) => tx.putOrder(record({ key: ORDER, state: 'held', name: '#1001' })));
    session = await logIn(its());
  });

  const get = async (path: string): Promise<HttpAnswer> => its().ask(`GET /api${path}`, session);

  void test('are listed by state, search and limit', async () => {
    for (const [query, count] of [
      ['', 1],
      ['?state=held', 1],
      ['?state=settled', 0],
      ['?search=1001&limit=1', 1],
      ['?search=1002', 0],
    ] as const) {
      const { status, body } = await get(`/orders${query}`);
      assert.equal(status, 200, query);
      assert.equal(JSON.parse(body).orders.length, count, query);
    }
    assert.equal((await get(`/orders?before=${ORDER}`)).status, 200);
    assert.equal((await get('/orders?before=shopify/0')).status, 404);
    for (const query of [
      'state=gone',
      'before=',
      'limit=0',
      'limit=1001',
      'limit=x',
      'more=1',
      'limit=1&limit=2',
      `search=${'x'.repeat(201)}`,
    ]) {
      const { status, body } = await get(`/orders?${query}`);
      assert.equal(status, 400, query);
      assert.match(body, /Ask by state/);
    }
  });

  void test('are told one by one, by a key as it is or encoded', async () => {
    const whole = await get(`/orders/${ORDER}`);
    assert.equal(JSON.parse(whole.body).key, ORDER);
    assert.equal((await get(`/orders/${encodeURIComponent(ORDER)}`)).body, whole.body);
    for (const key of ['shopify/0', 'nothing', "shopify/'--", '%2F', '..%2F..']) {
      assert.equal((await get(`/orders/${key}`)).status, 404, key);
    }
    assert.equal(await status(its().ask('POST /api/orders/shopify/0/retry', session)), 404);
  });

  void test('are told to nobody without a session', async () => {
    for (const path of ['/orders', `/orders/${ORDER}`, '/session']) {
      assert.equal(await status(its().ask(`GET /api${path}`)), 401, path);
      assert.equal(await status(its().ask(`HEAD /api${path}`)), 401, path);
    }
  });
});

void describe('tries of the password', () => {
  const its = world();

  void test('are limited by address, and the right one gets in later and by a browser that is known', async () => {
    const { clock, events } = its();
    const { cookies } = await logIn(its());
    const known = { cookie: cookies[1]?.split(';')[0] ?? '' };
    const answers: HttpAnswer[] = [];
    for (let count = 0; count < 6; count += 1) {
      answers.push(await post(its(), 'the wrong password'));
    }
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [401, 401, 401, 401, 401, 429],
    );
    assert.deepEqual(headersNamed(answers[5] as HttpAnswer, 'retry-after'), ['30']);
    assert.equal(await status(post(its(), PASSWORD)), 429, 'nothing is looked at');
    assert.equal(await status(post(its(), PASSWORD, { cookie: 'counterfoil-known=a.b' })), 429);
    assert.equal(await status(post(its(), PASSWORD, known)), 200);
    await clock.advance(30 * SECOND);
    assert.equal(await status(post(its(), PASSWORD)), 200);
    assert.equal(
      await status(post(its(), 'the wrong password')),
      401,
      'the right one forgave the wrong ones',
    );
    const told = events.filter(({ name }) => name === 'login refused');
    assert.equal(told.length, 6);
    assert.doesNotMatch(JSON.stringify(events), /wrong password|horse/);
  });

  void test('of a known browser are limited as well', async () => {
    const { cookies } = await logIn(its());
    const known = { cookie: cookies[1]?.split(';')[0] ?? '' };
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      statuses.push(await status(post(its(), 'the wrong password', known)));
    }
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
  });
});

void describe('without a password', () => {
  const its = world({});

  void test('the login says what to do, and one that is set then works at once', async () => {
    const none = await post(its(), PASSWORD);
    assert.equal(none.status, 503);
    assert.match(
      JSON.parse(none.body).title,
      /run counterfoil admin password, or set COUNTERFOIL_ADMIN_PASSWORD/,
    );
    const { store, clock } = its();
    await createLogin({ store, clock, cost: COST }).setPassword(PASSWORD);
    const { headers } = await logIn(its());
    assert.equal(await createLogin({ store, clock, cost: COST }).setPassword(PASSWORD), 1);
    assert.equal(await status(its().ask('GET /api/session', { headers })), 401);
  });
});

const STRICT: Readonly<Record<string, RegExp>> = {
  'content-security-policy':
    /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'permissions-policy': /^accelerometer=\(\), .*xr-spatial-tracking=\(\)$/,
  'cache-control': /^no-store$/,
};

void describe('behind TLS', () => {
  const its = world({ configured: PASSWORD, publicUrl: HTTPS });

  void test('cookies are for this name and TLS alone, and the public address is the origin', async () => {
    const own = { host: 'books.example.com', origin: HTTPS, 'sec-fetch-site': 'same-origin' };
    const { cookies, headers } = await logIn(its(), own);
    for (const cookie of cookies) {
      assert.match(cookie, /^__Host-counterfoil-\w+=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure/);
    }
    assert.equal(await status(its().ask('GET /api/session', { headers: { ...headers, ...own } })), 200);
    const bare = (headers['cookie'] ?? '').replaceAll('__Host-', '');
    assert.equal(await status(its().ask('GET /api/session', { headers: { cookie: bare } })), 401);
    const plain = { ...own, origin: 'http://books.example.com' };
    assert.equal(await status(post(its(), PASSWORD, plain)), 403, 'a page of this name without TLS');
    assert.equal(await status(post(its(), PASSWORD, { ...own, host: 'books.example.com:443' })), 200);
    // A proxy that hands on its own name for this server.
    assert.equal(
      await status(
        its().ask('DELETE /api/session', { headers: { ...headers, origin: HTTPS, host: '127.0.0.1:3000' } }),
      ),
      204,
    );
  });

  void test('every answer of every route bears the headers that keep a browser strict', async () => {
    const { ask, port } = its();
    const { headers } = await logIn(its());
    const host = 'host: localhost\r\nconnection: close';
    const answers: readonly (readonly [string, number, () => Promise<HttpAnswer>])[] = [
      ['alive', 200, () => ask('GET /healthz')],
      ['ready', 200, () => ask('GET /readyz')],
      ['consent', 400, () => ask('GET /auth/freshbooks/callback')],
      ['webhook', 401, () => ask('POST /webhooks/shopify', { body: '{}' })],
      ['webhook of a connection', 401, () => ask('POST /webhooks/amazon/a', { body: '{}' })],
      ['nothing', 404, () => ask('GET /')],
      ['nothing in the API', 404, () => ask('GET /api/nothing')],
      ['another method', 404, () => ask('PUT /healthz')],
      ['options', 404, () => ask('OPTIONS /api/session', { headers: { origin: 'https://evil.example' } })],
      ['no session', 401, () => ask('GET /api/session')],
      ['session', 200, () => ask('GET /api/session', { headers })],
      ['orders', 200, () => ask('GET /api/orders', { headers })],
      ['orders, head', 200, () => ask('HEAD /api/orders', { headers })],
      ['no order', 404, () => ask('GET /api/orders/shopify/1', { headers })],
      ['no order to retry', 404, () => ask('POST /api/orders/shopify/1/retry', { headers })],
      ['no token', 403, () => ask('DELETE /api/session', { headers: { cookie: headers['cookie'] ?? '' } })],
      ['no JSON', 415, () => ask('POST /api/session', { body: 'x' })],
      ['wrong password', 401, () => post(its(), 'the wrong password')],
      [
        'too large',
        413,
        () =>
          ask('POST /api/session', {
            headers: { ...JSON_TYPE, 'content-length': 20_000 },
            body: 'x'.repeat(20_000),
          }),
      ],
      ['bad address', 400, () => ask('GET /api/orders/%zz', { headers })],
      ['expectation', 417, () => ask('GET /healthz', { headers: { expect: 'the unexpected' } })],
      ['no host', 400, () => askBytes(port, 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n')],
      ['large headers', 431, () => ask('GET /healthz', { headers: { 'x-large': 'x'.repeat(5000) } })],
      [
        'many headers',
        431,
        () =>
          ask('GET /healthz', {
            headers: Object.fromEntries(Array.from({ length: 110 }, (_, index) => [`x-${index}`, 1])),
          }),
      ],
      ['no HTTP', 400, () => askBytes(port, 'nonsense\r\n\r\n')],
      ['too slow', 408, () => askBytes(port, `GET /healthz HTTP/1.1\r\n${host}\r\n`)],
      ['logout', 204, () => ask('DELETE /api/session', { headers })],
    ];
    for (const [name, expected, asked] of answers) {
      const answer = await asked();
      assert.equal(answer.status, expected, `${name}: ${answer.body}`);
      for (const [header, pattern] of Object.entries({
        ...STRICT,
        'strict-transport-security': /^max-age=31536000$/,
      })) {
        const values = headersNamed(answer, header);
        assert.equal(values.length, 1, `${name}: ${header}`);
        assert.match(values[0] ?? '', pattern, `${name}: ${header}`);
      }
      assert.deepEqual(headersNamed(answer, 'access-control-allow-origin'), [], name);
      assert.deepEqual(headersNamed(answer, 'server').concat(headersNamed(answer, 'x-powered-by')), [], name);
      if (answer.status >= 400 && name !== 'expectation') {
        assert.match(
          headersNamed(answer, 'content-type').join(),
          /^application\/problem\+json; charset=utf-8$/,
          name,
        );
      }
    }
  });
});

void test('without TLS nothing binds browsers to it', async () => {
  const its = await openWorld({});
  const answer = await its.ask('GET /healthz');
  assert.deepEqual(headersNamed(answer, 'strict-transport-security'), []);
  await its.close();
});

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createLogin } from '#admin/login.ts';
import type { Login } from '#admin/login.ts';
import { Failure } from '#core/failure.ts';
import { SECOND } from '#core/time.ts';
import { HTTP_LIMITS } from '#http/limits.ts';
import { createServer } from '#http/server.ts';
import { openAdmin } from '#open-admin.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { PipelineEvent } from '#pipeline/ports.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { ORDER, record } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';
import { mangled, mangles } from './mangle.ts';
import { see } from './target.ts';
import type { Opened } from './target.ts';
import { STATUSES, converse } from './webhooks.ts';

/** The API of the admin before raw sockets: nobody without the password sees or changes anything, and nobody sees it. */

const PASSWORD = 'correct horse battery';
const COST = { steps: 16, blockSize: 1, lanes: 1 };
const PUBLIC_URL = 'https://books.example.com';

const oddText = fc.oneof(
  fc.constantFrom('', ' ', '=', ';;', 'x'.repeat(5_000), 'é', '\u0000', '__proto__', '"', '%00', 'null'),
  fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, ' ')),
);
const KEY = encodeURIComponent(ORDER);
/** Method and path: mostly those that there are, or everything ends at the door. */
const line: fc.Arbitrary<readonly [method: string, path: string]> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom<[string, string]>(
      ['GET', '/api/session'],
      ['POST', '/api/session'],
      ['DELETE', '/api/session'],
      ['GET', '/api/orders'],
      ['GET', `/api/orders/${ORDER}`],
      ['GET', `/api/orders/${KEY}`],
      ['POST', `/api/orders/${ORDER}/retry`],
      ['POST', `/api/orders/${KEY}/retry`],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', ''),
      fc.constantFrom(
        '/api',
        '/api/',
        '/api/orders',
        `/api/orders/${ORDER}/retry`,
        '//api/orders',
        '/API/orders',
        '/api/orders/../session',
        '/api/orders/%2e%2e%2fsession',
        '/api/orders/%',
        '/api/orders/%ff/retry',
        '/api/orders/__proto__/constructor',
        `/api/orders/${'a'.repeat(9_000)}`,
        'http://elsewhere.example/api/orders',
        '*',
      ),
    ),
  },
);
/** Mostly what is right, for the same reason. */
const mostly = <T>(right: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc.tuple(
          fc.constantFrom('state', 'limit', 'before', 'find', 'connection', '__proto__', 'state[]'),
          fc.oneof(oddText, fc.constantFrom('held', '1', '-1', '1e9', '99999999999999999999')),
        ),
        { maxLength: 4 },
      )
      .map((pairs) => `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`),
  },
);
const asked = fc.record({
  line,
  query,
  cookie: fc.constantFrom('right' as const, 'none' as const, 'wrong' as const, 'odd' as const),
  token: mostly<'right' | 'none' | 'wrong' | 'odd'>('right', 'none', 'wrong', 'odd'),
  origin: mostly<string | undefined>(
    PUBLIC_URL,
    undefined,
    'https://evil.example',
    'null',
    `${PUBLIC_URL}.evil.example`,
  ),
  site: mostly<string | undefined>('same-origin', undefined, 'cross-site', 'same-site', 'none', 'x'),
  type: mostly<string | undefined>('application/json', undefined, 'text/plain', 'application/json;', 'x'),
  body: fc.oneof(
    fc.constant(''),
    fc.constant(JSON.stringify({ password: PASSWORD })),
    fc.json(),
    oddText.map((password) => JSON.stringify({ password })),
    fc.constant(`{"password":"${'x'.repeat(20_000)}"}`),
  ),
  odd: oddText,
  spoilt: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: mangles }),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

interface Session {
  readonly id: string;
  readonly token: string;
}

function wireOf(sent: Asked, session: Session): Uint8Array {
  const wrong = 'A'.repeat(43);
  const values = { right: session.id, wrong, odd: sent.odd };
  const tokens = { right: session.token, wrong, odd: sent.odd };
  const header = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${name}: ${value}`];
  const lines = [
    `${sent.line.join(' ')}${sent.query} HTTP/1.1`,
    `host: ${new URL(PUBLIC_URL).host}`,
    'connection: close',
    ...header('cookie', sent.cookie === 'none' ? undefined : `${COOKIE}=${values[sent.cookie]}`),
    ...header('x-csrf-token', sent.token === 'none' ? undefined : tokens[sent.token]),
    ...header('origin', sent.origin),
    ...header('sec-fetch-site', sent.site),
    ...header('content-type', sent.type),
    `content-length: ${Buffer.byteLength(sent.body)}`,
    '',
    sent.body,
  ];
  const whole = Buffer.from(lines.join('\r\n'), 'utf8');
  return sent.spoilt === undefined ? whole : mangled(whole, sent.spoilt);
}

const COOKIE = '__Host-counterfoil-session';

export async function openRequests(): Promise<Opened> {
  const clock = testClock();
  const faults: PipelineEvent[] = [];
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock,
    seal: createSeal('key'),
    actor: 'server',
  });
  const login = createLogin({ store, clock, cost: COST, configured: PASSWORD });
  const server = createServer({
    inbox: createInbox({ store, queue: { wake: () => undefined }, clock, emit: () => undefined }),
    sources: new Map(),
    emit: (event) => {
      if (event.name === 'request failed') {
        faults.push(event);
      }
    },
    clock,
    limits: {
      ...HTTP_LIMITS,
      headersTimeoutMs: 500,
      requestTimeoutMs: 500,
      keepAliveMs: 100,
      timeoutCheckMs: 20,
    },
    checkReady: async () => undefined,
    finishConsent: () => Promise.reject(new Failure('token-missing', { detail: 'Nobody asked' })),
    admin: openAdmin({
      login,
      store,
      clock,
      account: 'freshbooks',
      sourceOf: () => undefined,
      preview: () => null,
      publicUrl: PUBLIC_URL,
    }),
    isHttps: true,
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const property = fc.asyncProperty(asked, async (sent) => {
    // So that one who is turned away for a while is listened to again.
    await clock.advance(20 * SECOND);
    await store.transact((tx) => tx.putOrder(record({ state: 'held', reason: 'NOT TO BE SEEN' })));
    const session = await openSession(login);
    const said = await converse(port, wireOf(sent, session), []);
    const statuses = Array.from(said.matchAll(/HTTP\/1\.1 (\d{3}) /g), (match) => Number(match[1]));
    statuses.forEach((status) => see(String(status)));
    assert.deepEqual(
      statuses.filter((status) => ![...STATUSES, 204, 403, 503].includes(status)),
      [],
      said.slice(0, 300),
    );
    assert.deepEqual(faults, []);
    assert.ok(!said.includes(PASSWORD) && !said.includes(session.id), 'no answer has a secret');
    const isIn = sent.cookie === 'right';
    // What is spoilt may have lost what says where it comes from, but never gained a token.
    const mayChange = isIn && sent.token === 'right' && (isOwn(sent) || sent.spoilt !== undefined);
    assert.ok(isIn || !/NOT TO BE SEEN|csrfToken/.test(said) || isLogin(sent), 'seen by who logged in alone');
    const after = await store.read.order(ORDER);
    if (after?.state !== 'held') {
      see('retried');
      assert.ok(mayChange, 'changed by who logged in, from our own pages');
    }
    if ((await login.session(session.id)).state !== 'open') {
      see('logged out');
      assert.ok(mayChange || isLogin(sent), 'ended by its holder, or replaced by another');
    }
  });
  return {
    property,
    async close() {
      const session = await openSession(login);
      const right = { line: ['GET', '/api/session'], query: '', cookie: 'right', token: 'none' } as const;
      const plain = {
        origin: undefined,
        site: undefined,
        type: undefined,
        body: '',
        odd: '',
        spoilt: undefined,
      };
      const said = await converse(port, wireOf({ ...right, ...plain }, session), []);
      assert.match(said, /200 OK[^]*csrfToken/, 'after all that its holder is let in');
      await server.close();
      await store.close();
    },
  };
}

async function openSession(login: Login): Promise<Session> {
  const opened = await login.logIn(PASSWORD, { isKnown: true });
  assert.ok(opened.outcome === 'open');
  return { id: opened.id, token: opened.session.csrfToken };
}

function isLogin({ line: [method, path], body }: Asked): boolean {
  return method === 'POST' && path === '/api/session' && body.includes(PASSWORD);
}

/** A browser says where a page is from; what is no browser says nothing. */
function isOwn({ origin, site }: Asked): boolean {
  return (origin === undefined || origin === PUBLIC_URL) && (site === undefined || site === 'same-origin');
}

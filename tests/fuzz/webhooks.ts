import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { HTTP_LIMITS } from '#http/limits.ts';
import { createServer } from '#http/server.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { PipelineEvent, Store } from '#pipeline/ports.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { sign } from '#sources/shopify/webhook.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import { dial } from '#tests/raw-socket.ts';
import { mangled, mangles } from './mangle.ts';
import type { Mangle } from './mangle.ts';
import { see } from './target.ts';
import type { Opened } from './target.ts';

/** The real server and a real database before raw sockets. */

const SECRET = 'whsec_fuzz';
const SHOP = 'example.myshopify.com';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Or more than a packet. */
  readonly body: Uint8Array | 'large';
  readonly isSigned: boolean;
  /** How the body's end is told: rightly, in chunks, or not as it is. */
  readonly framing: 'length' | 'chunks' | 'too short' | 'too long' | 'both' | 'none';
  /** After the whole is made. */
  readonly spoilt: Mangle | undefined;
  /** Where it is cut into packets, in thousandths. */
  readonly cuts: readonly number[];
}

const token = fc.string({
  unit: fc.constantFrom(...Array.from('abcXYZ019-_.~!#$%&')),
  minLength: 1,
  maxLength: 12,
});
const headerText = fc.oneof(
  fc.string({ maxLength: 30 }).map((text) => text.replaceAll(/[\r\n]/g, ' ')),
  fc.constantFrom(
    '',
    'x'.repeat(3000),
    'orders/create',
    'counterfoil/read',
    SHOP,
    'chunked',
    'gzip',
    '100-continue',
    'close',
    'é',
  ),
);
const headerName = fc.oneof(
  token,
  fc.constantFrom(
    'content-type',
    'content-encoding',
    'transfer-encoding',
    'content-length',
    'expect',
    'connection',
    'upgrade',
    'x-shopify-topic',
    'x-shopify-webhook-id',
    'x-shopify-shop-domain',
    'x-forwarded-for',
    '__proto__',
    'host',
  ),
);
const sendings: fc.Arbitrary<Sent> = fc.record({
  method: fc.oneof(
    { weight: 6, arbitrary: fc.constant('POST') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'GET',
        'PUT',
        'HEAD',
        'OPTIONS',
        'DELETE',
        'TRACE',
        'CONNECT',
        'QUERY',
        'post',
        '',
      ),
    },
  ),
  path: fc.oneof(
    { weight: 8, arbitrary: fc.constant('/webhooks/shopify') },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '/webhooks/shopify/',
        '/webhooks/shopify/shopify?x=1',
        '/webhooks/shopify/elsewhere',
        '/webhooks/__proto__',
        '/webhooks/%00',
        '/webhooks/%ff%fe',
        '/webhooks/%',
        '//webhooks//shopify',
        '/auth/freshbooks/callback?code=1&code=2&state=',
        '/auth/freshbooks/callback?error[]=x&error=y',
        '/readyz',
        `/${'a/'.repeat(2000)}`,
        '*',
        'http://example.com/webhooks/shopify',
      ),
    },
    { weight: 1, arbitrary: fc.webPath().map((path) => path || '/') },
  ),
  headers: fc.array(fc.tuple(headerName, headerText), { maxLength: 3 }),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.constant('large' as const),
  ),
  isSigned: fc.boolean(),
  framing: fc.oneof(
    { weight: 4, arbitrary: fc.constant('length' as const) },
    { weight: 2, arbitrary: fc.constant('chunks' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('too short' as const, 'too long' as const, 'both' as const, 'none' as const),
    },
  ),
  spoilt: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: mangles }),
  cuts: fc.array(fc.nat(1000), { maxLength: 3 }),
});

const LARGE = new TextEncoder().encode(`{"id":1,"note":"${'x'.repeat(70_000)}"}`);
const bytesOf = ({ body }: Pick<Sent, 'body'>): Uint8Array => (body === 'large' ? LARGE : body);

function wireOf(sent: Sent, id: string): Uint8Array {
  const { method, path, headers, isSigned, framing, spoilt } = sent;
  const body = bytesOf(sent);
  const chunks = `${body.length.toString(16)}\r\n${Buffer.from(body).toString('latin1')}\r\n0\r\n\r\n`;
  const isChunked = framing === 'chunks' || framing === 'both';
  const length = { length: 0, 'too short': -1, 'too long': 1, both: 0 } as const;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    `x-shopify-shop-domain: ${SHOP}`,
    `x-shopify-webhook-id: ${id}`,
    'x-shopify-topic: orders/create',
    ...(isSigned ? [`x-shopify-hmac-sha256: ${sign(body, SECRET)}`] : []),
    ...(isChunked ? ['transfer-encoding: chunked'] : []),
    ...(framing === 'none' || framing === 'chunks'
      ? []
      : [`content-length: ${body.length + length[framing]}`]),
    ...headers.map(([name, text]) => `${name}: ${text}`),
    '',
    '',
  ];
  const whole = Buffer.concat([
    Buffer.from(lines.join('\r\n'), 'latin1'),
    isChunked ? Buffer.from(chunks, 'latin1') : body.length === 0 ? Buffer.alloc(0) : body,
  ]);
  return spoilt === undefined ? whole : mangled(whole, spoilt);
}

const sha256 = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/** Answers that a server may give to who speaks no good HTTP. */
export const STATUSES = [100, 200, 400, 401, 404, 405, 408, 411, 413, 414, 415, 417, 429, 431, 501, 505];

export async function openSockets(): Promise<Opened> {
  const clock = testClock();
  const faults: PipelineEvent[] = [];
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock,
    seal: createSeal('key'),
  });
  const server = createServer({
    inbox: createInbox({ store, queue: { wake: () => undefined }, clock, emit: () => undefined }),
    sources: new Map([
      [
        'shopify',
        [createShopifySource({ connection: connectionId('shopify'), shopDomain: SHOP, secrets: [SECRET] })],
      ],
    ]),
    emit: (event) =>
      event.name === 'request failed' && event.fields['code'] === 'unexpected' && faults.push(event),
    clock,
    // Who does not end is left soon; nothing here takes a second.
    limits: {
      ...HTTP_LIMITS,
      headersTimeoutMs: 500,
      requestTimeoutMs: 500,
      keepAliveMs: 100,
      timeoutCheckMs: 20,
    },
    checkReady: async () => undefined,
    finishConsent: () => Promise.reject(new Failure('token-missing', { detail: 'Nobody asked' })),
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  let number = 0;
  const known = new Set<string>();
  const property = fc.asyncProperty(sendings, async (sent) => {
    number += 1;
    const id = `fuzz-${number}`;
    const wire = wireOf(sent, id);
    const said = await converse(port, wire, sent.cuts);
    const statuses = Array.from(said.matchAll(/HTTP\/1\.1 (\d{3}) /g), (match) => Number(match[1]));
    statuses.forEach((status) => see(String(status)));
    assert.deepEqual(
      statuses.filter((status) => !STATUSES.includes(status)),
      [],
      said.slice(0, 300),
    );
    assert.deepEqual(faults, []);
    // Whatever is stored was signed, and whatever was acknowledged is stored; what comes twice stands there once.
    const stored = await newIn(store, known);
    assert.ok(
      stored.every((hash) => sent.isSigned && hash === sha256(bytesOf(sent))),
      'only what was signed is stored',
    );
    if (said.includes('{"status":"accepted"}')) {
      assert.ok(known.has(sha256(bytesOf(sent))), 'what was acknowledged is stored');
    }
  });
  return {
    property,
    async close() {
      const [body, id] = ['{"id":1}', 'last'];
      const last = {
        method: 'POST',
        path: '/webhooks/shopify',
        headers: [],
        framing: 'length',
        spoilt: undefined,
      } as const;
      const wire = wireOf({ ...last, body: new TextEncoder().encode(body), isSigned: true, cuts: [] }, id);
      assert.match(await converse(port, wire, []), /"accepted"/, 'after all that it takes a message');
      await server.close();
      await store.close();
    },
  };
}

/** All that the server said until it closed. */
export async function converse(port: number, wire: Uint8Array, cuts: readonly number[]): Promise<string> {
  const socket = await dial(port);
  const places = [
    0,
    ...cuts.map((cut) => Math.floor((wire.length * cut) / 1000)).toSorted((a, b) => a - b),
    wire.length,
  ];
  places.slice(1).forEach((end, index) => socket.write(wire.subarray(places[index], end)));
  socket.end();
  return socket.closed();
}

/** The hashes of what has come since it was last asked; ids and hashes of all are known from then on. */
async function newIn(store: Store, known: Set<string>): Promise<string[]> {
  const rows = await store.read.deliveries({ state: 'accepted', limit: 5 });
  const fresh = rows.filter(({ id }) => !known.has(id));
  fresh.forEach(({ id, bodySha256 }) => known.add(id).add(bodySha256));
  return fresh.map(({ bodySha256 }) => bodySha256);
}

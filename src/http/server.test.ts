import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { Inbox } from '#pipeline/inbox.ts';
import type { PipelineEvent, Store } from '#pipeline/ports.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { sign } from '#sources/shopify/webhook.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { dial, requestText } from '#tests/raw-socket.ts';
import type { RawSocket } from '#tests/raw-socket.ts';
import { until } from '#tests/until.ts';
import { HTTP_LIMITS } from './limits.ts';
import type { HttpLimits } from './limits.ts';
import { createServer } from './server.ts';
import type { Server } from './server.ts';

/** The real server over raw sockets, with limits that a test reaches in an instant. */

const SECRET = 'whsec_limits';
const SHOP = 'example.myshopify.com';
const UNFETCHED = 20_000;
const FORGED = sign(new TextEncoder().encode('another body'), 'another secret');

interface World {
  readonly server: Server;
  readonly port: number;
  readonly store: Store;
  readonly clock: TestClock;
  readonly events: PipelineEvent[];
  /** Lets messages through to the database; closed, they wait before it. */
  readonly gate: { open: () => void; close: () => void; waitingCount: () => number };
}

async function openWorld(
  limits: Partial<HttpLimits>,
  { checkReady = async () => undefined }: { readonly checkReady?: () => Promise<void> } = {},
): Promise<World> {
  const clock = testClock();
  const events: PipelineEvent[] = [];
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock,
    seal: createSeal('key'),
  });
  const inbox = createInbox({ store, queue: { wake: () => undefined }, clock, emit: () => undefined });
  const { gate, gated } = gateBefore(inbox);
  const source = createShopifySource({
    connection: connectionId('shopify'),
    shopDomain: SHOP,
    secrets: [SECRET],
  });
  const server = createServer({
    inbox: gated,
    sources: new Map([['shopify', [source]]]),
    emit: (event) => events.push(event),
    clock,
    limits: { ...HTTP_LIMITS, timeoutCheckMs: 20, ...limits },
    checkReady,
    finishConsent: () => Promise.reject(new Failure('token-missing', { detail: 'Nobody asked' })),
  });
  const { port } = await server.listen({ host: 'localhost', port: 0 });
  return { server, port, store, clock, events, gate };
}

function gateBefore(inbox: Inbox): { gate: World['gate']; gated: Inbox } {
  let opened = Promise.withResolvers<void>();
  let waitingCount = 0;
  opened.resolve();
  return {
    gate: {
      open: () => opened.resolve(),
      close: () => (opened = Promise.withResolvers<void>()),
      waitingCount: () => waitingCount,
    },
    gated: {
      async accept(message) {
        waitingCount += 1;
        await opened.promise;
        waitingCount -= 1;
        return inbox.accept(message);
      },
    },
  };
}

/** A message of the shop: `length` bytes of JSON, signed. */
function message(id: string, { length = 20, more = {} } = {}): { head: string; body: string; whole: string } {
  const body = `{"id": "${id}${'x'.repeat(length)}"}`;
  const whole = requestText('POST /webhooks/shopify', { ...shopHeaders(id, body), ...more }, body);
  return { head: whole.slice(0, whole.length - body.length), body, whole };
}

function shopHeaders(id: string, body: string): Record<string, string> {
  return {
    'x-shopify-topic': 'orders/create',
    'x-shopify-shop-domain': SHOP,
    'x-shopify-webhook-id': id,
    'x-shopify-hmac-sha256': sign(new TextEncoder().encode(body), SECRET),
  };
}

function world(limits: Partial<HttpLimits>): () => World {
  let opened: World | undefined;
  before(async () => {
    opened = await openWorld(limits);
  });
  after(async () => {
    await opened?.server.close();
    await opened?.store.close();
  });
  return () => {
    assert.ok(opened !== undefined);
    return opened;
  };
}

async function storedIds({ store }: Pick<World, 'store'>): Promise<string[]> {
  const deliveries = await store.read.deliveries({ state: 'accepted', limit: 1000 });
  return deliveries.map((delivery) => delivery.externalId).toSorted();
}

async function ask(port: number, text: string): Promise<RawSocket> {
  const socket = await dial(port);
  socket.write(text);
  return socket;
}

async function isAccepted({ port }: World, id: string): Promise<void> {
  const socket = await ask(port, message(id).whole);
  await socket.heard('{"status":"accepted"}');
  socket.destroy();
}

void describe('headers', () => {
  const its = world({ headerBytesMax: 4096, headersMax: 40 });

  void test('larger than the limit are answered 431', async () => {
    const socket = await ask(its().port, requestText('GET /healthz', { 'x-large': 'x'.repeat(5000) }));
    assert.match(await socket.closed(), /^HTTP\/1\.1 431 /);
    await isAccepted(its(), 'after-large');
  });

  void test('more than the limit are answered 431, and none is dropped unseen', async () => {
    const names = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, '1']));
    // Six are the message's own; the last header counts as the first does.
    const most = message('most-headers', { more: names(34) });
    const socket = await ask(its().port, most.whole);
    await socket.heard('{"status":"accepted"}');
    const many = message('many-headers', { more: names(35) });
    socket.write(many.whole);
    await socket.heard(/HTTP\/1\.1 431 /);
    socket.destroy();
    assert.deepEqual(await storedIds(its()), ['after-large', 'most-headers']);
  });
});

void describe('time', () => {
  const its = world({ headersTimeoutMs: 150, requestTimeoutMs: 300, keepAliveMs: 150 });

  void test('a connection on which nothing is said is closed', async () => {
    await (await dial(its().port)).closed();
  });

  void test('headers that do not end are answered 408', async () => {
    const socket = await ask(its().port, message('slow-headers').head.slice(0, -4));
    assert.match(await socket.closed(), /^HTTP\/1\.1 408 /);
  });

  void test('a body that does not end is answered 408 and stored nowhere', async () => {
    for (const { head, body } of [
      message('slow-body'),
      message('slow-chunks', { more: { 'content-length': '', 'transfer-encoding': 'chunked' } }),
    ]) {
      const socket = await ask(its().port, head.replace('content-length: \r\n', ''));
      socket.write(head.includes('chunked') ? `5\r\n${body.slice(0, 5)}\r\n` : body.slice(0, 5));
      assert.match(await socket.closed(), /^HTTP\/1\.1 408 /);
    }
    assert.deepEqual(await storedIds(its()), []);
  });

  void test('a connection that was served and says no more is closed', async () => {
    const socket = await ask(its().port, message('served').whole);
    assert.match(await socket.closed(), /^HTTP\/1\.1 200 /);
  });

  void test('an answer may take longer than any of them', async () => {
    const { gate, port } = its();
    gate.close();
    const socket = await ask(port, message('waits-for-the-disk').whole);
    await until('it waits', () => gate.waitingCount() === 1);
    // Three that are late by every measure, one after the other, come and go meanwhile.
    for (const id of ['late-1', 'late-2', 'late-3']) {
      await (await ask(port, message(id).head)).closed();
    }
    assert.equal(socket.isClosed(), false);
    gate.open();
    await socket.heard('{"status":"accepted"}');
    assert.ok((await storedIds(its())).includes('waits-for-the-disk'));
  });
});

void describe('connections', () => {
  const its = world({ connectionsMax: 4 });

  void test('that wait make room for a message, the one that waits longest first', async () => {
    const idle: RawSocket[] = [];
    for (const text of ['', 'GET /he', message('half').head, message('served-before').whole]) {
      idle.push(await ask(its().port, text));
    }
    await idle.at(-1)?.heard('{"status":"accepted"}');
    await isAccepted(its(), 'over-the-limit');
    await idle[0]?.closed();
    assert.deepEqual(idle.map((socket) => socket.isClosed()).slice(1), [false, false, false]);
    idle.forEach((socket) => socket.destroy());
  });

  void test('whose message is being stored are never closed for others', async () => {
    const { gate, port } = its();
    gate.close();
    const ids = ['stored-1', 'stored-2', 'stored-3', 'stored-4'];
    const sockets: RawSocket[] = [];
    for (const id of ids) {
      sockets.push(await ask(port, message(id).whole));
    }
    await until('all wait', () => gate.waitingCount() === 4);
    await (await ask(port, message('one-too-many').whole)).closed();
    assert.deepEqual(
      sockets.map((socket) => socket.isClosed()),
      [false, false, false, false],
    );
    gate.open();
    await Promise.all(sockets.map((socket) => socket.heard('{"status":"accepted"}')));
    sockets.forEach((socket) => socket.destroy());
    // The sender of the one too many has it and comes again.
    assert.deepEqual(await storedIds(its()), ['over-the-limit', 'served-before', ...ids]);
  });
});

void describe('requests of one connection', () => {
  void test('that wait together are so many, and one more closes it; what was taken is stored', async () => {
    const { server, store, gate, port } = await openWorld({ unansweredMax: 3 });
    gate.close();
    const three = ['1', '2', '3'].map((id) => message(`patient-${id}`).whole);
    const patient = await ask(port, three.join(''));
    await until('all three wait', () => gate.waitingCount() === 3);
    const flood = ['1', '2', '3', '4', '5'].map((id) => message(`flood-${id}`).whole);
    await (await ask(port, flood.join(''))).closed();
    await until('no more than three of the flood are worked on', () => gate.waitingCount() <= 6);
    gate.open();
    await patient.heard(/(\{"status":"accepted"\}[^]*){3}/);
    // An answer makes room for the next.
    patient.write(message('patient-4').whole);
    await patient.heard(/(\{"status":"accepted"\}[^]*){4}/);
    await server.close();
    const stored = (await storedIds({ store })).filter((id) => id.startsWith('patient'));
    assert.deepEqual(stored, ['patient-1', 'patient-2', 'patient-3', 'patient-4']);
    await store.close();
  });

  void test('whose answers are not fetched keep nobody out, nor the server from ending', async () => {
    const { server, store, port, clock } = await openWorld({
      connectionsMax: 2,
      unansweredMax: 1_000_000,
      fetchMs: 100,
    });
    const deaf: RawSocket[] = [];
    for (let count = 0; count < 3; count += 1) {
      const socket = await dial(port, { isReading: false });
      deaf.push(socket);
      // Its answers, of 600 bytes and more, exceed what the systems between hold for it.
      socket.write(requestText('GET /healthz').repeat(UNFETCHED));
      const live = await ask(port, message(`live-${count}`).whole);
      await live.heard('{"status":"accepted"}');
      live.destroy();
    }
    assert.deepEqual(await storedIds({ store }), ['live-0', 'live-1', 'live-2']);
    const closed = server.close();
    await until('it waits for the answers to be fetched', () => clock.sleeping() > 0);
    await clock.advance(100);
    await closed;
    await store.close();
    deaf.forEach((socket) => socket.destroy());
  });
});

void describe('bodies', () => {
  const its = world({
    bodyBytesMax: 8000,
    bodyPiecesMax: 500,
    bodyBytesOwn: 1000,
    bodyBytesShared: 10_000,
  });

  void test('over the limit are answered 413, told by their length or not', async () => {
    for (const more of [{}, { 'content-length': '', 'transfer-encoding': 'chunked' }]) {
      const { head, body } = message('too-large', { length: 9000, more });
      const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const wire = head.includes('chunked') ? chunked : body;
      const socket = await ask(its().port, head.replace('content-length: \r\n', '') + wire);
      await socket.heard(/HTTP\/1\.1 413 /);
      // What was left of it is no request of its own.
      socket.write(message(`after-${Object.keys(more).length}`).whole);
      await socket.heard('{"status":"accepted"}');
      socket.destroy();
    }
  });

  for (const size of [1, 100]) {
    void test(`in too many pieces of ${size} are cut off, kept or dropped`, async () => {
      const { head } = message('crumbs', { more: { 'content-length': '', 'transfer-encoding': 'chunked' } });
      const socket = await ask(its().port, head.replace('content-length: \r\n', ''));
      const piece = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;
      // Without its end, so that else it is closed when its time is over, with the word for that.
      socket.write(piece.repeat(501));
      assert.doesNotMatch(await socket.closed(), /HTTP\/1\.1 408 /);
      await isAccepted(its(), `after-crumbs-${size}`);
    });
  }

  void test('that are large wait for their memory, and others are taken all the same', async () => {
    const { port } = its();
    const holding: RawSocket[] = [];
    for (const id of ['holds-1', 'holds-2']) {
      const { head, body } = message(id, { length: 6000 });
      holding.push(await ask(port, head + body.slice(0, 5500)));
    }
    const large = message('large', { length: 6000 });
    const refused = await until('the memory is taken', async () => {
      const socket = await ask(port, large.whole);
      const answer = await socket.heard(/\r\n\r\n\{.+\}/);
      socket.destroy();
      return answer.startsWith('HTTP/1.1 503 ') && answer;
    });
    assert.match(refused, /retry-after: 30/);
    await isAccepted(its(), 'small');
    holding.forEach((socket) => socket.destroy());
    await until('the memory is free', async () => {
      const socket = await ask(port, large.whole);
      const answer = await socket.heard(/\r\n\r\n\{.+\}/);
      socket.destroy();
      return answer.includes('{"status":"accepted"}');
    });
  });

  void test('give their memory back however their connection ends', async () => {
    const { gate, port } = its();
    gate.close();
    // Two requests before the first is answered, and then nobody is there to hear it.
    for (let round = 0; round < 5; round += 1) {
      const pair = ['a', 'b'].map((letter) => message(`gone-${round}${letter}`, { length: 5000 }).whole);
      const socket = await ask(port, pair.join(''));
      const before = gate.waitingCount();
      await until('both wait', () => gate.waitingCount() >= before + 1 || socket.isClosed());
      socket.destroy();
    }
    gate.open();
    await until('all the memory is free', async () => {
      const sockets = await Promise.all(
        ['x', 'y'].map((id) => ask(port, message(`whole-${id}`, { length: 5900 }).whole)),
      );
      const answers = await Promise.all(sockets.map((socket) => socket.heard(/\r\n\r\n\{.+\}/)));
      sockets.forEach((socket) => socket.destroy());
      return answers.every((answer) => answer.includes('{"status":"accepted"}'));
    });
  });
});

void describe('one content under ever new ids', () => {
  const its = world({ copiesMax: 3, copyEveryMs: 60_000 });
  const copy = (id: string, content = 'overheard'): string =>
    requestText('POST /webhooks/shopify', shopHeaders(id, `{"id": "${content}"}`), `{"id": "${content}"}`);
  const answersTo = async (requests: readonly string[]): Promise<string[]> => {
    const answers: string[] = [];
    for (const request of requests) {
      const socket = await ask(its().port, request);
      answers.push(await socket.heard(/\r\n\r\n\{.+\}/));
      socket.destroy();
    }
    return answers;
  };
  const statuses = async (requests: readonly string[]): Promise<string[]> =>
    (await answersTo(requests)).map((answer) => answer.slice(9, 12));

  void test('is stored so often, and then no more for a while; any other is', async () => {
    const answers = await answersTo(['1', '2', '3', '4', '5'].map((id) => copy(id)));
    assert.deepEqual(
      answers.map((answer) => answer.slice(9, 12)),
      ['200', '200', '200', '429', '429'],
    );
    assert.match(answers[3] ?? '', /retry-after: 60\r\n/);
    assert.deepEqual(await statuses([copy('6', 'genuine')]), ['200']);
    assert.deepEqual(await storedIds(its()), ['1', '2', '3', '6']);
    await its().clock.advance(60_000);
    assert.deepEqual(await statuses([copy('4'), copy('5')]), ['200', '429']);
  });

  void test('does not count what is stored already, however often it comes', async () => {
    const again = Array.from({ length: 8 }, () => copy('a', 'repeated'));
    assert.deepEqual(new Set(await statuses(again)), new Set(['200']));
    assert.deepEqual(await statuses([copy('b', 'repeated'), copy('c', 'repeated')]), ['200', '200']);
    assert.deepEqual(await statuses([copy('d', 'repeated')]), ['429']);
  });
});

void describe('refusals', () => {
  const its = world({ refusalsMax: 3, refusalEveryMs: 2000 });
  const forged = message('forged', { more: { 'x-shopify-hmac-sha256': FORGED } });
  const unsigned = message('unsigned', { more: { 'x-shopify-hmac-sha256': '' } });

  void test('come before the body where no body could be authentic, and 429 after too many', async () => {
    const answers: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      // Only the headers are sent.
      const socket = await ask(its().port, unsigned.head);
      answers.push(await socket.heard(/\r\n\r\n\{.+\}/));
      socket.destroy();
    }
    assert.deepEqual(
      answers.map((answer) => answer.slice(9, 12)),
      ['401', '401', '401', '429', '429'],
    );
    assert.match(answers[3] ?? '', /retry-after: 2\r\n/);
    assert.equal(its().events.length, 3, 'only those within the limit are logged');
  });

  void test('of an address do not keep out what is authentic', async () => {
    const socket = await ask(its().port, forged.whole);
    await socket.heard(/HTTP\/1\.1 429 /);
    socket.write(message('authentic').whole);
    await socket.heard('{"status":"accepted"}');
    socket.write(message('authentic-large', { length: 1_000_000 }).whole);
    await socket.heard(/accepted[^]+accepted/);
    socket.destroy();
    assert.deepEqual(await storedIds(its()), ['authentic', 'authentic-large']);
  });

  void test('are logged again later, with how many were not', async () => {
    const { clock, events, port } = its();
    await clock.advance(2000);
    const socket = await ask(port, forged.whole);
    await socket.heard(/HTTP\/1\.1 401 /);
    socket.destroy();
    assert.equal(events.at(-1)?.fields['unlogged'], 3);
    assert.match(String(events.at(-1)?.fields['why']), /does not fit/);
  });

  void test('of a sender that is gone by then are no fault of the program', async () => {
    const { events, port } = its();
    const gone = requestText('POST /webhooks/shopify', {
      'transfer-encoding': 'chunked',
      'content-length': '',
    });
    // What follows the last chunk is no request, so the connection ends while the first is refused.
    const socket = await ask(port, `${gone.replace('content-length: \r\n', '')}0\r\n\r\n0\r\n\r\n`);
    await socket.closed();
    await isAccepted(its(), 'after-gone');
    assert.deepEqual(
      events.filter(({ fields }) => fields['code'] === 'unexpected'),
      [],
    );
  });

  void test('at the consent page are logged no more often', async () => {
    const { events, port } = its();
    const before = events.length;
    const socket = await ask(port, requestText('GET /auth/freshbooks/callback?code=x&state=y'));
    await socket.heard(/HTTP\/1\.1 400 /);
    socket.destroy();
    assert.equal(events.length, before);
  });
});

void describe('while it cannot store', () => {
  void test('who asks over and over whether it is ready fills no log, and is told each time', async () => {
    const { server, store, events, port } = await openWorld(
      { refusalsMax: 3 },
      { checkReady: () => Promise.reject(new Failure('database-full', { detail: 'No room' })) },
    );
    for (let count = 0; count < 8; count += 1) {
      const socket = await ask(port, requestText('GET /readyz'));
      await socket.heard(/HTTP\/1\.1 503 /);
      socket.destroy();
    }
    assert.equal(events.filter(({ name }) => name === 'request failed').length, 3);
    await server.close();
    await store.close();
  });
});

void describe('closing', () => {
  void test('ends at once beside senders that never end, and what is being stored is answered', async () => {
    const { server, store, gate, port } = await openWorld({});
    const slow = [
      await dial(port),
      await ask(port, 'GET /he'),
      await ask(port, message('half').head),
      await ask(port, message('served').whole),
    ];
    await slow.at(-1)?.heard('{"status":"accepted"}');
    gate.close();
    const stored = await ask(port, message('in-flight').whole);
    await until('it waits', () => gate.waitingCount() === 1);
    const closed = server.close();
    await Promise.all(slow.map((socket) => socket.closed()));
    assert.equal(stored.isClosed(), false);
    gate.open();
    await stored.heard('{"status":"accepted"}');
    await closed;
    await store.close();
  });
});

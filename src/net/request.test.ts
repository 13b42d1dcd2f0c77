import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { after as afterAll, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { MINUTE, SECOND, after, instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { jsonOf, send } from './request.ts';
import type { Sending, Transport } from './request.ts';

const NOW = instant(Date.parse('2026-11-20T12:00:00Z'));
const platform: Transport = (request) => fetch(request);
const open: Server[] = [];
afterAll(() => {
  for (const server of open) {
    server.close();
  }
});

/** Stands still: nothing in these tests waits for time to pass. */
const still: Clock = { now: () => NOW, sleep: () => new Promise(() => undefined) };

async function origin(server: Server): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return `http://127.0.0.1:${address.port}`;
}

function http(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    handler(request, response);
  });
  return origin(server);
}

/** A server that reads the request and answers these bytes, then closes. */
function raw(answer: string | Buffer): Promise<string> {
  return origin(
    createTcpServer((socket: Socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    }),
  );
}

function sending(url: string, parts: Partial<Sending> = {}): Sending {
  return {
    method: 'POST',
    url: `${url}/things?search%5Bemail%5D=ann%40example.com&page=1`,
    headers: { authorization: 'Bearer secret-token' },
    timeoutMs: 30 * SECOND,
    answerBytesMax: 1000,
    doing: 'Creating thing "7"',
    clock: still,
    ...parts,
    ...(parts.method === 'GET' ? {} : { body: parts.body ?? '{"a":1}' }),
  };
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await work.then(
    () => assert.fail('expected a failure'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof Failure, String(thrown));
  assert.doesNotMatch(thrown.message, /secret-token|ann|example\.com/);
  return thrown;
}

void test('a whole answer arrives with its text and the hashes of both sides', async () => {
  const url = await http((_request, response) => response.end('{"id":12345678901234567890,"ok":true}'));
  const answer = await send(platform, sending(url));
  assert.equal(answer.status, 200);
  assert.deepEqual(jsonOf(answer), { id: '12345678901234567890', ok: true });
  assert.match(answer.requestSha256, /^[0-9a-f]{64}$/);
  assert.notEqual(answer.requestSha256, answer.answerSha256);
});

void test('a 4xx is an answer for the adapter to read', async () => {
  const url = await http((_request, response) => response.writeHead(422).end('{"no":1}'));
  const answer = await send(platform, sending(url));
  assert.deepEqual([answer.status, answer.text], [422, '{"no":1}']);
});

void test('a port that nobody listens on: not sent, no effect', async () => {
  const server = createTcpServer();
  const url = await origin(server);
  await new Promise((resolve) => server.close(resolve));
  const failed = await failure(send(platform, sending(url)));
  assert.deepEqual([failed.code, failed.effect], ['request-unreachable', 'none']);
});

void test('a host without an address: not sent, no effect', async () => {
  const failed = await failure(send(platform, sending('http://nowhere.invalid')));
  assert.deepEqual([failed.code, failed.effect], ['request-unreachable', 'none']);
});

void test('a certificate that is not trusted: not sent, no effect', async () => {
  const cause = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  const failed = await failure(
    send(() => Promise.reject(new TypeError('fetch failed', { cause })), sending('https://x.test')),
  );
  assert.deepEqual([failed.code, failed.effect], ['request-unreachable', 'none']);
});

for (const [method, effect] of [
  ['POST', 'unknown'],
  ['PUT', 'unknown'],
  ['GET', 'none'],
] as const) {
  void test(`a connection cut after ${method} was sent: effect ${effect}`, async () => {
    const failed = await failure(send(platform, sending(await raw(''), { method })));
    assert.deepEqual([failed.code, failed.effect], ['request-unanswered', effect]);
  });
  void test(`a server error after ${method}: effect ${effect}`, async () => {
    const url = await http((_request, response) => response.writeHead(502).end('<html>'));
    const failed = await failure(send(platform, sending(url, { method })));
    assert.deepEqual(
      [failed.code, failed.effect, failed.retryAt],
      ['request-server-error', effect, undefined],
    );
  });
  void test(`a body cut short after ${method}: effect ${effect}`, async () => {
    const url = await raw('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"a":');
    const failed = await failure(send(platform, sending(url, { method })));
    assert.deepEqual([failed.code, failed.effect], ['request-answer-unreadable', effect]);
  });
  void test(`a redirect after ${method} is not followed: effect ${effect}`, async () => {
    let calls = 0;
    const url = await http((_request, response) => {
      calls += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const failed = await failure(send(platform, sending(url, { method })));
    assert.deepEqual([failed.code, failed.effect, calls], ['request-answer-unreadable', effect, 1]);
  });
}

void test('a POST that only reads has no effect', async () => {
  const failed = await failure(send(platform, sending(await raw(''), { changes: false })));
  assert.equal(failed.effect, 'none');
});

void test('an answer larger than allowed is not read to its end', async () => {
  const url = await http((_request, response) => {
    response.on('error', () => undefined);
    response.end('x'.repeat(1_000_000));
  });
  const failed = await failure(send(platform, sending(url)));
  assert.deepEqual([failed.code, failed.effect], ['request-answer-unreadable', 'unknown']);
});

void test('text that is not UTF-8, and text that is not JSON, cannot be read', async () => {
  const latin = await raw(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), Buffer.from([0xff, 0xe9])]));
  assert.equal((await failure(send(platform, sending(latin)))).code, 'request-answer-unreadable');
  const page = await http((_request, response) => response.end('<html>'));
  const answer = await send(platform, sending(page));
  assert.throws(
    () => jsonOf(answer),
    (thrown) => thrown instanceof Failure && thrown.effect === 'unknown',
  );
  const refused = await http((_request, response) => response.writeHead(400).end('<html>'));
  const refusal = await send(platform, sending(refused));
  assert.throws(
    () => jsonOf(refusal),
    (thrown) => thrown instanceof Failure && thrown.effect === 'none',
  );
});

for (const [status, header, waitMs] of [
  [429, '7', 7 * SECOND],
  [429, undefined, MINUTE],
  [429, '86400', 15 * MINUTE],
  [429, 'soon', MINUTE],
  [429, '0', SECOND],
  [429, 'Fri, 20 Nov 2026 12:00:30 GMT', 30 * SECOND],
  [503, '20', 20 * SECOND],
  [503, undefined, undefined],
  [500, '20', undefined],
] as const) {
  void test(`${status} with Retry-After ${header ?? 'absent'} waits ${waitMs ?? 'by itself'}`, async () => {
    const url = await http((_request, response) => {
      response.writeHead(status, header === undefined ? {} : { 'retry-after': header }).end();
    });
    const failed = await failure(send(platform, sending(url)));
    assert.equal(failed.code, status === 429 ? 'request-rate-limited' : 'request-server-error');
    assert.equal(failed.effect, status === 429 ? 'none' : 'unknown');
    assert.equal(failed.retryAt, waitMs === undefined ? undefined : after(NOW, waitMs));
  });
}

void test('an answer that does not come in time is given up by the clock, and its connection is closed', async () => {
  let closed: () => void = () => undefined;
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  let wake: () => void = () => undefined;
  const clock: Clock = { now: () => NOW, sleep: () => new Promise((resolve) => (wake = resolve)) };
  const url = await http((request) => {
    request.socket.on('close', closed);
    wake();
  });
  const failed = await failure(send(platform, sending(url, { clock })));
  assert.deepEqual([failed.code, failed.effect], ['request-unanswered', 'unknown']);
  assert.match(failed.message, /within 30 s/);
  await isClosed;
});

void test('the timer ends with the answer', async () => {
  let isEnded = false;
  const clock: Clock = {
    now: () => NOW,
    sleep: (_until, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          isEnded = true;
          resolve();
        });
      }),
  };
  const url = await http((_request, response) => response.end('{}'));
  await send(platform, sending(url, { clock }));
  assert.equal(isEnded, true);
});

void test('a secret that no header can carry is not quoted', async () => {
  const failed = await failure(
    send(platform, sending('http://x.test', { headers: { authorization: 'Bearer secret-token\nx' } })),
  );
  assert.equal(failed.code, 'config-invalid');
  assert.equal(failed.cause, undefined);
});

void test('a failure names method, host, path and the keys of the query', async () => {
  const url = await http((_request, response) => response.writeHead(500).end());
  const failed = await failure(send(platform, sending(url)));
  assert.match(
    failed.message,
    /^Creating thing "7": POST 127\.0\.0\.1:\d+\/things\?search\[email\]=…&page=…: answered 500$/,
  );
});

void test('many calls over one connection each get their own answer', async () => {
  const server = createServer((request, response) => response.end(JSON.stringify({ path: request.url })));
  const url = await origin(server);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      send(platform, sending(url, { method: 'GET', url: `${url}/${index}` })),
    ),
  );
  assert.deepEqual(
    answers.map((answer) => jsonOf(answer)),
    answers.map((_answer, index) => ({ path: `/${index}` })),
  );
  server.closeAllConnections();
});

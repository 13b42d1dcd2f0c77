import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after as afterAll, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { SECOND, instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { onlyTo } from './allowed-origins.ts';
import { send } from './request.ts';
import type { Transport } from './request.ts';

const still: Clock = { now: () => instant(0), sleep: () => new Promise(() => undefined) };
const platform: Transport = (request) => fetch(request);
const closing: (() => void)[] = [];
afterAll(() => closing.forEach((close) => close()));

/** A server on this machine that counts who called it. */
async function listening(answer: RequestListener): Promise<{ origin: string; calls: () => number }> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    response.setHeader('connection', 'close');
    answer(request, response);
  });
  closing.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => count };
}

const post = (transport: Transport, url: string) =>
  send(transport, {
    method: 'POST',
    url,
    headers: {},
    body: '{}',
    timeoutMs: SECOND,
    answerBytesMax: 1000,
    doing: 'Trying',
    clock: still,
  });

const refused = (thrown: unknown): boolean =>
  thrown instanceof Failure && thrown.code === 'request-not-allowed' && thrown.effect === 'none';

test('a request goes to a host of the settings, whatever its path, and to no other', async () => {
  const [vendor, inner] = [
    await listening((_request, response) => response.end('{}')),
    await listening((_request, response) => response.end('secret')),
  ];
  const guarded = onlyTo([`${vendor.origin}/`], platform);
  assert.equal((await post(guarded, `${vendor.origin}/any/path?q=1`)).status, 200);
  const { port } = new URL(vendor.origin);
  for (const url of [
    inner.origin,
    'http://127.0.0.1:1/',
    `https://127.0.0.1:${port}/`,
    `http://localhost:${port}/`,
    `http://127.0.0.1.example.com:${port}/`,
    'http://169.254.169.254/latest/meta-data/',
    'file:///etc/passwd',
    'data:text/plain,hello',
  ]) {
    await assert.rejects(post(guarded, url), refused, url);
  }
  assert.deepEqual([vendor.calls(), inner.calls()], [1, 0]);
});

test('an answer that redirects is no answer, and nobody goes where it points', async () => {
  const inner = await listening((_request, response) => response.end('secret'));
  const vendor = await listening((_request, response) => {
    response.writeHead(307, { location: inner.origin });
    response.end();
  });
  const guarded = onlyTo([vendor.origin], platform);
  await assert.rejects(post(guarded, vendor.origin), { code: 'request-answer-unreadable' });
  await assert.rejects(async () => guarded(new Request(vendor.origin)), refused, 'one that would follow');
  assert.deepEqual([vendor.calls(), inner.calls()], [1, 0]);
});

test('without a host in the settings nobody is called', async () => {
  await assert.rejects(post(onlyTo([], platform), 'http://127.0.0.1:1/'), /the settings name no host/);
});

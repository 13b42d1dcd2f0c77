import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { connectionDropped, scriptedFaults, withFaults, type Handle } from './faults.ts';
import { listen } from './socket.ts';
import { bench } from '#sim/freshbooks/caller.ts';

async function serve(t: TestContext, handle: Handle, options: Parameters<typeof listen>[1] = {}) {
  const listener = await listen(handle, options);
  t.after(() => listener.close());
  return listener.origin;
}

test('a request and its answer pass the socket byte by byte', async (t) => {
  const bytes = new Uint8Array(256).map((_value, index) => index);
  const origin = await serve(t, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const headers = {
      'x-method': request.method,
      'x-url': request.url,
      'x-echo': request.headers.get('x-sent') ?? '',
    };
    return new Response(body, { status: 207, headers });
  });
  const response = await fetch(`${origin}/a/b?c%5B%5D=1`, {
    method: 'POST',
    headers: { 'x-sent': 'yes' },
    body: bytes,
  });
  assert.equal(response.status, 207);
  assert.equal(response.headers.get('x-method'), 'POST');
  assert.equal(response.headers.get('x-url'), `${origin}/a/b?c%5B%5D=1`);
  assert.equal(response.headers.get('x-echo'), 'yes');
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
});

test('redirects pass through unfollowed', async (t) => {
  const origin = await serve(t, () =>
    Promise.resolve(
      new Response(null, { status: 302, headers: { location: 'https://elsewhere.example/?code=1' } }),
    ),
  );
  const response = await fetch(origin, { redirect: 'manual' });
  assert.equal(response.status, 302);
  assert.equal(response.headers.get('location'), 'https://elsewhere.example/?code=1');
});

test('a dropped connection destroys the socket, and the next call works', async (t) => {
  let isDown = true;
  const origin = await serve(t, () => {
    if (isDown) return Promise.reject(connectionDropped());
    return Promise.resolve(new Response('up'));
  });
  await assert.rejects(fetch(origin), TypeError);
  isDown = false;
  assert.equal(await (await fetch(origin)).text(), 'up');
});

test('a bug in a simulator cuts the connection instead of hanging it', async (t) => {
  const origin = await serve(t, () => Promise.reject(new Error('bug')));
  await assert.rejects(fetch(origin), TypeError);
});

test('a body over the limit is answered 413', async (t) => {
  const origin = await serve(t, () => Promise.resolve(new Response('ok')), { bodyBytesMax: 10 });
  assert.equal((await fetch(origin, { method: 'POST', body: '0123456789' })).status, 200);
  const response = await fetch(origin, { method: 'POST', body: '0123456789a' }).catch(
    (error: unknown) => error,
  );
  assert.ok(response instanceof TypeError || (response instanceof Response && response.status === 413));
});

test('a caller that gives up on a hanging call frees it, and closing does not wait for it', async () => {
  const plan = scriptedFaults([{ fault: { kind: 'hang' }, times: 2 }]);
  const listener = await listen(withFaults(() => Promise.resolve(new Response('ok')), plan));
  const patience = new AbortController();
  const first = fetch(listener.origin, { signal: patience.signal });
  patience.abort();
  await assert.rejects(first);
  const second = fetch(listener.origin).catch(() => 'cut');
  while (plan.injected.length < 1) await new Promise(setImmediate);
  await listener.close();
  assert.equal(await second, 'cut');
});

test('the simulator works over a real socket, lost answer included', async (t) => {
  const faults = scriptedFaults([
    { method: 'POST', path: '/users/clients', fault: { kind: 'commit-then-drop' } },
  ]);
  const { sim, token } = bench({ faults });
  const origin = await serve(t, sim.handle, { latencyMs: 1 });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const path = `${origin}/accounting/account/SiMfb1/users/clients`;
  const body = JSON.stringify({ client: { email: 'a+b@example.com' } });
  await assert.rejects(fetch(path, { method: 'POST', headers, body }), TypeError);
  const found = await fetch(`${path}?search[email]=${encodeURIComponent('a+b@example.com')}`, { headers });
  const answer = (await found.json()) as { response: { result: { total: number } } };
  assert.equal(answer.response.result.total, 1);
  assert.equal(found.headers.get('x-api-version'), '2023-02-20');
});

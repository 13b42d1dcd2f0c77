import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isConnectionDropped,
  scriptedFaults,
  seededFaults,
  withFaults,
  type Fault,
  type FaultRule,
} from './faults.ts';
import { seeded } from '#sim/freshbooks/caller.ts';

function counter(...rules: readonly FaultRule[]) {
  const plan = scriptedFaults(rules);
  const seen: string[] = [];
  const handle = withFaults((request) => {
    seen.push(new URL(request.url).pathname);
    return Promise.resolve(Response.json({ number: seen.length, padding: 'x'.repeat(50) }));
  }, plan);
  const call = (path = '/a', init: RequestInit = {}) =>
    handle(new Request(`https://vendor.example${path}`, init));
  return { plan, seen, call };
}

test('a cut before the call leaves the vendor untouched', async () => {
  const { seen, call } = counter({ fault: { kind: 'drop-before' } });
  await assert.rejects(call(), (error) => isConnectionDropped(error) && error instanceof TypeError);
  assert.equal(seen.length, 0);
  assert.equal((await call()).status, 200);
});

test('a cut after the call leaves the effect behind', async () => {
  const { seen, call } = counter({ fault: { kind: 'commit-then-drop' } });
  await assert.rejects(call(), isConnectionDropped);
  assert.equal(seen.length, 1);
});

test('a rule picks the nth matching call and as many as it says', async () => {
  const { plan, call } = counter({
    method: 'post',
    path: '/orders',
    nth: 2,
    times: 2,
    fault: { kind: 'status', status: 503, retryAfterSeconds: 3 },
  });
  const statuses: number[] = [];
  for (let index = 0; index < 5; index += 1) {
    await call('/orders');
    statuses.push((await call('/orders/7', { method: 'POST', body: '{}' })).status);
  }
  assert.deepEqual(statuses, [200, 503, 503, 200, 200]);
  assert.deepEqual(
    plan.injected.map((entry) => [entry.method, entry.path]),
    [
      ['POST', '/orders/7'],
      ['POST', '/orders/7'],
    ],
  );
});

test("a status fault answers in the vendor's place, as HTML unless a body is given", async () => {
  const { seen, call } = counter(
    { fault: { kind: 'status', status: 502 } },
    { fault: { kind: 'status', status: 429, body: '{}', retryAfterSeconds: 9 }, nth: 2 },
  );
  const gateway = await call();
  assert.equal(gateway.status, 502);
  assert.match(await gateway.text(), /<html>/);
  const limited = await call();
  assert.equal(limited.headers.get('retry-after'), '9');
  assert.equal(limited.headers.get('content-type'), 'application/json');
  assert.equal(seen.length, 0);
});

test('a truncated answer is half of the JSON, and the effect happened', async () => {
  const { seen, call } = counter({ fault: { kind: 'truncated' } });
  const response = await call();
  await assert.rejects(response.json());
  assert.equal(seen.length, 1);
});

test('an error in a 200 is answered without an effect', async () => {
  const { seen, call } = counter({ fault: { kind: 'error-200', body: `{"response":{"errors":[]}}` } });
  const response = await call();
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { response: { errors: [] } });
  assert.equal(seen.length, 0);
});

test('slow waits on the sleep handed in, and only on it', async () => {
  const waits: number[] = [];
  const plan = scriptedFaults([{ fault: { kind: 'slow', delayMs: 60_000 } }]);
  const sleep = (delayMs: number) => Promise.resolve(void waits.push(delayMs));
  const handle = withFaults(() => Promise.resolve(new Response('ok')), plan, { sleep });
  assert.equal(await (await handle(new Request('https://vendor.example/'))).text(), 'ok');
  assert.deepEqual(waits, [60_000]);
});

for (const effect of ['none', 'committed'] as const) {
  test(`a hang with effect ${effect} ends only when the caller gives up, with the caller's reason`, async () => {
    const { seen, call } = counter({ fault: { kind: 'hang', effect } });
    const patience = new AbortController();
    const pending = call('/a', { method: 'POST', body: '{}', signal: patience.signal });
    patience.abort(new Error('gave up'));
    await assert.rejects(pending, /gave up/);
    assert.equal(seen.length, effect === 'committed' ? 1 : 0);
  });
}

test('rules can be added and cleared while running', async () => {
  const { plan, call } = counter();
  assert.equal((await call()).status, 200);
  plan.add({ fault: { kind: 'status', status: 500 }, times: Infinity });
  assert.equal((await call()).status, 500);
  assert.equal((await call()).status, 500);
  plan.clear();
  assert.equal((await call()).status, 200);
});

test('seeded faults repeat with their seed, keep to their share and to their most', () => {
  const drop: Fault = { kind: 'drop-before' };
  const draw = (seed: number, countMax = Infinity) => {
    const plan = seededFaults({
      random: seeded(seed),
      countMax,
      chances: [{ path: /invoices/, probability: 0.25, fault: drop }],
    });
    return Array.from({ length: 1000 }, () =>
      plan.pick({ method: 'POST', path: '/x/invoices' }) === undefined ? '-' : '!',
    ).join('');
  };
  assert.equal(draw(1), draw(1));
  assert.notEqual(draw(1), draw(2));
  const hits = draw(1).replaceAll('-', '').length;
  assert.ok(hits > 200 && hits < 300, `${hits} of 1000`);
  assert.equal(draw(1, 3).replaceAll('-', '').length, 3);
  const plan = seededFaults({
    random: () => 0,
    chances: [{ path: /invoices/, probability: 1, fault: drop }],
  });
  assert.equal(plan.pick({ method: 'GET', path: '/other' }), undefined);
});

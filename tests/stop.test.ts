import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { SHOPIFY } from '#connections.ts';
import { systemOutside } from '#outside.ts';
import { openSandbox } from '#sim/main.ts';
import { testClock } from '#tests/clock.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';

test('a service that is stopped while it still asks for its account says nothing of it afterwards', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-stop-'));
  const sandbox = await openSandbox({ seed: 1 });
  const names: string[] = [];
  const outside = systemOutside(({ name }) => names.push(name));
  const asked = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  let answers = 0;
  const database = `sqlite:${join(folder, 'counterfoil.db')}`;
  const app = await openApp(readConfig({ ...sandbox.environment, DATABASE_URL: database, PORT: '0' }), {
    ...outside,
    async transport(request) {
      asked.resolve();
      await stopped.promise;
      const answer = await outside.transport(request);
      answers += 1;
      return answer;
    },
  });
  try {
    const serving = await app.serve();
    await asked.promise;
    await serving.stop();
    await app.close();
    stopped.resolve();
    await until('it is answered', () => answers > 0);
    // What follows from the answer follows within these turns, as it does without the guard.
    for (let turn = 0; turn < 50; turn += 1) {
      await new Promise(setImmediate);
    }
    assert.deepEqual(
      names.filter((name) => name === 'books not ready'),
      [],
    );
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a service whose books and alarms answer nothing ends within the thirty seconds after which a call is given up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-stop-'));
  const sandbox = await openSandbox({ seed: 1 });
  const clock = testClock(Date.now());
  const hanging = new Set<string>();
  const alarmUrl = 'https://alarms.example/hook';
  const settings = {
    ...sandbox.environment,
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
    ALARM_WEBHOOK_URL: alarmUrl,
    ALARM_WEBHOOK_SECRET: 'a-secret-of-the-receiver',
    ALARM_GROUP_SECONDS: '0',
  };
  const app = await openApp(readConfig(settings), {
    ...systemOutside(() => undefined),
    clock,
    transport(request) {
      hanging.add(request.url === alarmUrl ? 'alarm' : (new URL(request.url).pathname.split('/')[1] ?? ''));
      return new Promise(() => undefined);
    },
  });
  try {
    const asked = { step: 'delivery', code: 'delivery-malformed', detail: '', facts: [] } as const;
    await app.store.transact((tx) => tx.openHold({ ...asked, connection: SHOPIFY, openedAt: clock.now() }));
    const serving = await app.serve();
    const { id } = sandbox.world.scenario('paid, one line');
    const answer = await send({
      origin: `http://127.0.0.1:${serving.port}`,
      secret: sandbox.environment['SHOPIFY_API_SECRET'] ?? '',
      shopDomain: sandbox.world.shop.domain,
      body: sandbox.shopify.webhooks.body(id),
    });
    assert.equal(answer.status, 200);
    const isWorking = async () => (await app.store.read.orderCounts()).working === 1;
    await until('the order waits for the books, and the alarm for its receiver', async () => {
      await clock.advance(250);
      return (await isWorking()) && hanging.has('alarm');
    });
    let isStopped = false;
    const stopping = serving.stop().then(() => (isStopped = true));
    await clock.advance(1_000);
    assert.equal(isStopped, false, 'what is under way is ended first');
    await clock.advance(29_000);
    await stopping;
    assert.equal(await isWorking(), false);
  } finally {
    await app.close();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openApp } from '#app.ts';
import { AMAZON } from '#connections.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import { until } from '#tests/until.ts';
import { NOTIFICATION, orderChange } from './notifications.ts';
import { openQueue } from './queue.ts';

test('a service with a queue polls it from its start to its stop', async () => {
  const queue = await openQueue();
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-queue-'));
  const { url, region, endpoint = '', credentials } = queue.access;
  const config = readConfig({
    AMAZON_SELLER_ID: NOTIFICATION.sellerId,
    SP_API_REGION: 'na',
    AMAZON_SQS_QUEUE_URL: url,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_SQS: endpoint,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    // Nobody is there: nothing is booked here.
    FRESHBOOKS_API_URL: 'http://127.0.0.1:9',
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
  });
  const app = await openApp(
    config,
    systemOutside(() => undefined),
  );
  try {
    const serving = await app.serve();
    await queue.send(JSON.stringify(orderChange()));
    const delivery = await until('the message is stored', () => app.store.read.delivery('1'));
    assert.equal(delivery.connection, AMAZON);
    assert.equal(delivery.externalId, NOTIFICATION.id);
    await until('the message is deleted', async () => {
      const { ready, taken } = await queue.counts();
      return ready + taken === 0;
    });
    await until('it asks again', () => queue.calls.at(-1)?.action === 'ReceiveMessage');
    const started = performance.now();
    await serving.stop();
    assert(performance.now() - started < 10_000, 'the long poll under way takes twenty seconds');
  } finally {
    await app.close();
    await queue.close();
    await rm(folder, { recursive: true, force: true });
  }
});

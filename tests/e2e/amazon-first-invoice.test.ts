import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { openApp } from '#app.ts';
import { runCommandLine } from '#cli/commands.ts';
import { readConfig } from '#config.ts';
import { splitOrderKey } from '#core/ids.ts';
import { systemOutside } from '#outside.ts';
import { DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import { openSandbox } from '#sim/main.ts';
import { openQueue } from '#tests/amazon/queue.ts';
import { until } from '#tests/until.ts';
import { createTranscript } from './cli-process.ts';

/** docs/amazon.md from its first command to the first invoice, before simulated vendors and a queue of this machine. */

const SEED = 7;

test('a seller comes by commands from nothing to his first invoice', async () => {
  const queue = await openQueue();
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-first-'));
  const sandbox = await openSandbox({
    seed: SEED,
    amazon: { delivery: { sink: ({ body }) => queue.send(body) } },
  });
  const { amazon } = sandbox;
  assert(amazon !== null);
  const { url, region, endpoint = '', credentials } = queue.access;
  const books = Object.entries(sandbox.environment).filter(([name]) => name.startsWith('FRESHBOOKS_'));
  const environment = {
    ...Object.fromEntries(books),
    AMAZON_SELLER_ID: amazon.world.sellerId,
    SP_API_MARKETPLACE_IDS: 'DE',
    SP_API_CLIENT_ID: DEFAULT_AMAZON_APP.clientId,
    SP_API_CLIENT_SECRET: DEFAULT_AMAZON_APP.clientSecret,
    SP_API_REFRESH_TOKEN: amazon.amazon.login.refreshToken('eu'),
    SP_API_URL: amazon.origin,
    LWA_URL: amazon.origin,
    AMAZON_SQS_QUEUE_URL: url,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_SQS: endpoint,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey ?? '',
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
  };
  const run = async (...args: string[]): Promise<string> => {
    const transcript = createTranscript();
    const code = await runCommandLine(args, {
      environment,
      stdin: new PassThrough(),
      stdout: { write: (text) => transcript.add('out', text) },
      stderr: { write: (text) => transcript.add('err', text) },
    });
    const { out, err } = transcript.ended(code);
    assert.equal(code, 0, `${args.join(' ')}: ${err}`);
    return out;
  };
  const app = await openApp(
    readConfig(environment),
    systemOutside(() => undefined),
  );
  try {
    assert.match(await run('connect', 'amazon'), /^Next: counterfoil amazon queue-policy/m);
    assert.match(await run('amazon', 'subscribe'), /^Amazon tells this queue\. Next: counterfoil serve$/m);
    const serving = await app.serve();
    const { id } = amazon.world.scenario('Germany, tax told');
    await amazon.amazon.notifications.deliverDue();
    const isSettled = async (): Promise<boolean> =>
      (await app.store.read.orders({ state: 'settled', limit: 10 })).some(
        ({ key }) => splitOrderKey(key).vendorId === id,
      );
    try {
      await until('the order is booked', isSettled);
    } finally {
      await serving.stop();
    }
    const [seen] = amazon.inspect(sandbox.freshbooks);
    assert.ok(seen !== undefined && seen.stands.invoices === 1);
    assert.deepEqual([seen.stands.worth, seen.stands.paid], [seen.expected.worth, seen.expected.paid]);
    const story = await run('explain', id);
    assert.match(story, new RegExp(`AMAZON-${id}`));
    assert.match(story, /^As Amazon charged it$/m);
    assert.match(story, /Asked Amazon, the newest state\n +Shows the order as of /);
    assert.doesNotMatch(story, /cannot be read|the shop/);
    assert.match(await run('orders'), new RegExp(`^${id} `, 'm'));
  } finally {
    await app.close();
    await Promise.all([queue.close(), sandbox.close()]);
    await rm(folder, { recursive: true, force: true });
  }
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { openQueue } from '#tests/amazon/queue.ts';
import { startService } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { figures } from './figures.ts';

/**
 * From the moment a notification is in the seller's queue to the moment the order's invoice stands as sent in the simulated
 * account, through the real process, at 150 ms a call of Amazon and of FreshBooks. `node bench/amazon-latency.ts [orders]`
 */

const LATENCY_MS = 150;
/** Amazon allows an order every two seconds; slower, so that no order waits for the turn of another. */
const EVERY_MS = 3_000;
const WARM_UP_ORDERS = 2;
const PATIENCE_MS = 120_000;

const count = Number(process.argv[2] ?? 60);
const folder = await mkdtemp(join(tmpdir(), 'counterfoil-bench-'));
const queue = await openQueue();
const { url, region, endpoint, credentials } = queue.access;
const sandbox = await openSandbox({
  seed: 7,
  latencyMs: LATENCY_MS,
  amazon: { region: 'na', latencyMs: LATENCY_MS },
});
const { SHOPIFY_SHOP_DOMAIN: _shop, ...settings } = sandbox.environment;
const service = await startService({
  ...settings,
  AMAZON_SQS_QUEUE_URL: url,
  AWS_REGION: region,
  AWS_ENDPOINT_URL_SQS: endpoint ?? '',
  AWS_ACCESS_KEY_ID: credentials?.accessKeyId ?? '',
  AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey ?? '',
  DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
});
try {
  // A service that has just started compiles itself first; that is measured nowhere else either.
  await letOrdersShip(WARM_UP_ORDERS);
  await until('it is warm', () => paidCount(sandbox) === WARM_UP_ORDERS, PATIENCE_MS);
  const sentAt = await letOrdersShip(count);
  await until('all are paid', () => paidCount(sandbox) === count + WARM_UP_ORDERS, PATIENCE_MS);
  console.log(`an order every ${EVERY_MS / 1_000} s, shipped, of one marketplace`);
  console.log(`  notification sent to invoice marked as sent: ${figures(waitsOf(sandbox, sentAt))}`);
} finally {
  await service.stop();
  await sandbox.close();
  await queue.close();
  await rm(folder, { recursive: true, force: true });
}

function paidCount({ freshbooks }: Sandbox): number {
  return freshbooks.account().invoices.filter((row) => row.status === 4).length;
}

/** When each order's notification was put into the queue, by the order's id. */
async function letOrdersShip(orders: number): Promise<ReadonlyMap<string, number>> {
  const { amazon } = sandbox;
  assert(amazon !== null);
  const sentAt = new Map<string, number>();
  const started = Date.now();
  for (let index = 0; index < orders; index += 1) {
    await wait(Math.max(0, started + index * EVERY_MS - Date.now()));
    const { id } = amazon.world.scenario('US, Amazon remits the tax');
    sentAt.set(id, Date.now());
    await queue.send(amazon.amazon.notifications.body(id));
  }
  return sentAt;
}

function waitsOf({ freshbooks }: Sandbox, sentAt: ReadonlyMap<string, number>): readonly number[] {
  const { invoices } = freshbooks.account();
  return [...sentAt].map(([orderId, at]) => {
    const row = invoices.find(({ poNumber }) => poNumber === `AMAZON-ORDER-${orderId}`);
    const sent = freshbooks.calls.find(
      ({ method, path }) => method === 'PUT' && path.endsWith(`/invoices/invoices/${row?.id}`),
    );
    return (sent?.at ?? Number.NaN) - at;
  });
}

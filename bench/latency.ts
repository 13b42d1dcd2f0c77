import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import { figures } from './figures.ts';

/**
 * From the moment a webhook is sent to the moment its invoice stands as sent in the simulated account, through the real
 * process, at 150 ms a call of FreshBooks. `node bench/latency.ts [steady seconds] [burst orders]`
 */

const LATENCY_MS = 150;
const BURST_MS = 30_000;
const SECRET = 'whsec_bench';
const WARM_UP_ORDERS = 3;

const steadySeconds = Number(process.argv[2] ?? 300);
const burstOrders = Number(process.argv[3] ?? 60);

await measure(`steady, 1 order a second for ${steadySeconds} s, all new clients`, {
  count: steadySeconds,
  everyMs: 1_000,
});
await measure(`burst, ${burstOrders} orders in 30 s, all new clients`, {
  count: burstOrders,
  everyMs: BURST_MS / burstOrders,
});

async function measure(title: string, { count, everyMs }: { count: number; everyMs: number }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-bench-'));
  const sandbox = await openSandbox({ seed: 7, latencyMs: LATENCY_MS });
  const database = `sqlite:${join(folder, 'counterfoil.db')}`;
  const service = await startService({
    ...sandbox.environment,
    SHOPIFY_WEBHOOK_SECRET: SECRET,
    DATABASE_URL: database,
  });
  try {
    // A service that has just started compiles itself first; that is measured nowhere else either.
    await letOrdersHappen({ sandbox, service, count: WARM_UP_ORDERS, everyMs: 1_000 });
    await until('it is warm', () => paidCount(sandbox) === WARM_UP_ORDERS, 120_000);
    const sentAt = await letOrdersHappen({ sandbox, service, count, everyMs });
    await until('all are paid', () => paidCount(sandbox) === count + WARM_UP_ORDERS, 120_000);
    report(title, { sandbox, sentAt });
  } finally {
    await service.stop();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function paidCount(sandbox: Sandbox): number {
  return sandbox.freshbooks.account().invoices.filter((row) => row.status === 4).length;
}

/** When each order's webhook was sent, by the number of its invoice. */
async function letOrdersHappen({
  sandbox,
  service,
  count,
  everyMs,
}: {
  sandbox: Sandbox;
  service: Service;
  count: number;
  everyMs: number;
}): Promise<Map<string, number>> {
  const sentAt = new Map<string, number>();
  const started = Date.now();
  for (let index = 0; index < count; index += 1) {
    await wait(Math.max(0, started + index * everyMs - Date.now()));
    const order = sandbox.world.scenario('paid, two lines, code discount');
    const body = sandbox.shopify.webhooks.body(order.id);
    sentAt.set(`SHOPIFY-${order.name.slice(1)}`, Date.now());
    void send({ origin: service.origin, secret: SECRET, shopDomain: sandbox.world.shop.domain, body });
  }
  return sentAt;
}

function report(title: string, { sandbox, sentAt }: { sandbox: Sandbox; sentAt: Map<string, number> }): void {
  const { invoices } = sandbox.freshbooks.account();
  const idOf = new Map(invoices.map((row) => [row.number, row.id]));
  const { calls } = sandbox.freshbooks;
  const waits = (isIt: (call: (typeof calls)[number], id: number) => boolean): number[] =>
    [...sentAt].map(
      ([number, at]) => (calls.find((call) => isIt(call, idOf.get(number) ?? 0))?.at ?? Number.NaN) - at,
    );
  const toSent = waits((call, id) => call.method === 'PUT' && call.path.endsWith(`/invoices/invoices/${id}`));
  console.log(title);
  console.log(`  webhook sent to invoice marked as sent: ${figures(toSent)}`);
  console.log(
    `  calls: ${calls.length}, ${(calls.length / sentAt.size).toFixed(2)} an order; refused: ${calls.filter((call) => call.status === 429).length}`,
  );
}

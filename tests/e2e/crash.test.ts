import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { expectedBooks } from '#sim/check.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { seededRandom } from '#sim/world/random.ts';
import { startService } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';

/**
 * The real process is killed at twenty random moments while it books ten orders, and started again each time. The books must
 * be those of a run without a crash. CRASH_SEED repeats a run as far as the moments go; the machine decides the rest.
 */

const SECRET = 'whsec_crash';
const KILLS = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 20 : 10;
/** A run lives between nothing and about as long as an order takes, so that kills fall into every step. */
const LIFE_MS_MAX = 700;
const LATENCY_MS = 40;

test(
  'case 5: killed at random moments and restarted, the books are the same',
  { timeout: 90_000 },
  async (context) => {
    const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31)); // oxlint-disable-line
    context.diagnostic(`CRASH_SEED=${seed}`);
    const random = seededRandom(seed);
    const folder = await mkdtemp(join(tmpdir(), 'counterfoil-crash-'));
    const sandbox = await openSandbox({ seed, latencyMs: LATENCY_MS });
    const { SHOPIFY_API_KEY: _key, SHOPIFY_API_SECRET: _secret, ...rest } = sandbox.environment;
    const environment = {
      ...rest,
      SHOPIFY_WEBHOOK_SECRET: SECRET,
      UNKNOWN_WAIT_SECONDS: '1',
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    };
    const orders = tenOrders(sandbox);
    const unacknowledged = orders.map((order) => ({ order, webhookId: `delivery-${order.id}` }));
    try {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const service = await startService(environment);
        const next = unacknowledged.slice(0, 1 + Math.floor(random() * 2));
        const sending = Promise.allSettled(
          next.map(async (delivery) => {
            const body = sandbox.shopify.webhooks.body(delivery.order.id);
            const { webhookId } = delivery;
            const answer = await send({
              origin: service.origin,
              secret: SECRET,
              shopDomain: sandbox.world.shop.domain,
              body,
              webhookId,
            });
            // Acknowledged once, it is never sent again: what was accepted must survive.
            if (answer.status === 200) unacknowledged.splice(unacknowledged.indexOf(delivery), 1);
          }),
        );
        // Real time on purpose: the moment of the kill is what is random here.
        await wait(Math.floor(random() * LIFE_MS_MAX));
        await service.kill();
        await sending;
      }
      const service = await startService(environment);
      for (const { order, webhookId } of unacknowledged) {
        const body = sandbox.shopify.webhooks.body(order.id);
        await send({
          origin: service.origin,
          secret: SECRET,
          shopDomain: sandbox.world.shop.domain,
          body,
          webhookId,
        });
      }
      await until('the books hold every order', () => differences(sandbox).length === 0, 45_000).catch(
        (error: unknown) => {
          throw new Error(`${differences(sandbox).join('\n')}\n${service.output()}`, { cause: error });
        },
      );
      await service.stop();
      assert.deepEqual(differences(sandbox), []);
      assert.equal(sandbox.freshbooks.outbox.length, 0);
    } finally {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

function tenOrders(sandbox: Sandbox): ReturnType<Sandbox['world']['placeRandom']>[] {
  const kinds = [
    'paid, one line',
    'paid, two lines, code discount',
    'unpaid, bank transfer',
    'paid, Quebec',
    'paid, guest with an address only',
  ] as const;
  return [...kinds, ...kinds].map((kind) => sandbox.world.scenario(kind));
}

/** What the simulated account holds that it should not, or lacks, by the oracle and not by our ledger. */
function differences(sandbox: Sandbox): string[] {
  const { invoices, payments, clients } = sandbox.freshbooks.account();
  const orders = sandbox.world.orders().flatMap((order) => {
    const expected = expectedBooks(order);
    const mine = invoices.filter((row) => row.poNumber === `SHOPIFY-ORDER-${order.id}`);
    const minor = (text: string): bigint => BigInt(text.replace('.', ''));
    const paid = payments.filter((row) => row.invoiceId === mine[0]?.id).map((row) => minor(row.amount));
    const checks: readonly (readonly [string, unknown, unknown])[] = [
      ['invoices', mine.length, 1],
      ['total', mine[0] === undefined ? undefined : minor(mine[0].amount), expected.sold.invoiceTotal],
      ['paid', paid.reduce((sum, amount) => sum + amount, 0n), expected.received],
      ['draft', mine[0]?.status === 1, false],
    ];
    return checks
      .filter(([, is, should]) => is !== should)
      .map(([what, is, should]) => `${order.name} ${what}: ${String(is)}, not ${String(should)}`);
  });
  const emails = clients.map((row) => row.texts['email']).filter((email) => email !== '' && email !== null);
  return new Set(emails).size === emails.length
    ? orders
    : [...orders, `A client stands twice: ${emails.join(', ')}`];
}

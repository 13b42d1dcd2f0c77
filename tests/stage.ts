import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp } from '#app.ts';
import type { App } from '#app.ts';
import { readConfig } from '#config.ts';
import type { Config } from '#config.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import { systemOutside } from '#outside.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox, SandboxOptions } from '#sim/main.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';

/** The service in this process between a simulated shop and account on local sockets. */
export interface Stage {
  readonly sandbox: Sandbox;
  readonly app: App;
  /** Where the service listens. */
  readonly origin: string;
  readonly config: Config;
  /** Sends the order as it stands now, and waits until the books have come to rest on it. */
  book(order: Placed, topic?: string): Promise<OrderRecord>;
  /** Sends any message and waits for the order it names. */
  tell(message: {
    readonly topic: string;
    readonly body: string;
    readonly order: Placed;
  }): Promise<OrderRecord>;
  /** Waits until nothing is under way on the order. */
  atRest(order: Placed): Promise<OrderRecord>;
  /** A person connects the account again, as by the consent page. */
  connect(): Promise<void>;
  invoices(order: Placed): ReturnType<Sandbox['freshbooks']['account']>['invoices'];
  payments(order: Placed): ReturnType<Sandbox['freshbooks']['account']>['payments'];
  /** Stops the service, lets something be done to its files, and starts it again. */
  restart(between: (config: Config) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export type Placed = ReturnType<Sandbox['world']['placeRandom']>;

const SECRET = 'whsec_stage';

export async function openStage(
  options: Partial<SandboxOptions> & { readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-stage-'));
  const sandbox = await openSandbox({ seed: 3, ...options });
  const config = readConfig({
    ...sandbox.environment,
    SHOPIFY_WEBHOOK_SECRET: SECRET,
    UNKNOWN_WAIT_SECONDS: '1',
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
    ...options.environment,
  });
  const outside = systemOutside(() => undefined);
  let app = await openApp(config, outside);
  let serving = await app.serve();
  const origin = (): string => `http://127.0.0.1:${serving.port}`;
  const account = () => sandbox.freshbooks.account();
  const invoices = (order: Placed) =>
    account().invoices.filter((row) => row.poNumber === `SHOPIFY-ORDER-${order.id}`);
  const atRest = (order: Placed): Promise<OrderRecord> =>
    until(`order ${order.name} is at rest`, async () => {
      const [record] = await app.store.read.orders({ search: `shopify/${order.id}`, limit: 1 });
      const accepted = await app.store.read.deliveries({ state: 'accepted', limit: 1 });
      const isResting = record !== undefined && record.dueAt === undefined && record.state !== 'working';
      return isResting && accepted.length === 0 && record;
    });
  const tell: Stage['tell'] = async ({ topic, body, order }) => {
    const response = await send({
      origin: origin(),
      secret: SECRET,
      shopDomain: sandbox.world.shop.domain,
      body,
      topic,
    });
    if (response.status !== 200) {
      throw new Error(`The message was answered ${response.status}: ${await response.text()}`);
    }
    return atRest(order);
  };
  return {
    sandbox,
    get app() {
      return app;
    },
    config,
    get origin() {
      return origin();
    },
    book: (order, topic = 'orders/create') =>
      tell({ topic, body: sandbox.shopify.webhooks.body(order.id), order }),
    tell,
    atRest,
    async connect() {
      const { url, state } = await app.consent.begin();
      const answer = await fetch(url, { redirect: 'manual' });
      const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
      await app.answerConsent({ code, state });
    },
    invoices,
    payments: (order) =>
      account().payments.filter((row) => invoices(order).some((invoice) => invoice.id === row.invoiceId)),
    async restart(between) {
      await serving.stop();
      await app.close();
      await between(config);
      app = await openApp(config, outside);
      serving = await app.serve();
    },
    async close() {
      await serving.stop();
      await app.close();
      const { outbox } = sandbox.freshbooks;
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
      if (outbox.length > 0) {
        throw new Error(`Buyers were mailed: ${JSON.stringify(outbox)}`);
      }
    },
  };
}

import { setTimeout as wait } from 'node:timers/promises';
import { DEFAULT_AMAZON_APP } from './amazon/amazon.ts';
import { forwarderTo } from './amazon/forwarder.ts';
import type { Region } from './amazon/marketplaces.ts';
import { openAmazon } from './amazon/stand.ts';
import type { AmazonStand, AmazonStandOptions } from './amazon/stand.ts';
import { expectedBooks } from './check.ts';
import { createFreshBooks, defaultApp as freshBooksApp } from './freshbooks/freshbooks.ts';
import type { FreshBooksSim } from './freshbooks/freshbooks.ts';
import type { AccountOptions } from './freshbooks/accounts.ts';
import type { Switches as FreshBooksSwitches } from './freshbooks/switches.ts';
import type { FaultPlan } from './faults.ts';
import { inspected } from './inspect.ts';
import type { Inspected } from './inspect.ts';
import { createShopify, DEFAULT_APP as SHOPIFY_APP } from './shopify/shopify.ts';
import type { ShopifySim } from './shopify/shopify.ts';
import { listen } from './socket.ts';
import type { Listener } from './socket.ts';
import { createWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';
import { seededRandom } from './world/random.ts';
import type { Clock } from './world/random.ts';

/**
 * A shop and an account on local sockets, and the environment that points the service at them: what the demo, the sandbox
 * and the end-to-end tests start.
 */
export interface Sandbox {
  readonly world: World;
  readonly shopify: ShopifySim;
  readonly freshbooks: FreshBooksSim;
  /** The seller on Amazon, where one was asked for. */
  readonly amazon: AmazonStand | null;
  /** Settings for the service, all but its own port and database. */
  readonly environment: Readonly<Record<string, string>>;
  /** Methods of the calls that FreshBooks has not answered yet. */
  underWay(): readonly string[];
  /** Where the shop delivers its webhooks from now on, in place of the subscribed public address. */
  deliverTo(origin: string): void;
  /** Every order of the shop with what the books should hold and what the account does hold, oldest first. */
  inspect(): readonly Inspected[];
  close(): Promise<void>;
}

export interface SandboxOptions {
  readonly seed: number;
  /** Real time added to every answer of FreshBooks, as a network would. */
  readonly latencyMs?: number;
  readonly ports?: { readonly freshbooks: number; readonly shopify: number };
  readonly faults?: FaultPlan;
  readonly freshbooks?: Partial<FreshBooksSwitches>;
  readonly accounts?: readonly AccountOptions[];
  /** With this a seller on Amazon stands beside the shop, in one region, with a forwarder of his own. */
  readonly amazon?: AmazonStandOptions & { readonly region?: Region };
  /** What the shop has granted the app; everything when left out. */
  readonly scopes?: readonly string[];
  readonly duplicatePpm?: number;
  readonly disorderPpm?: number;
  /** The time of shop and account; real time when left out. */
  readonly clock?: Clock;
  readonly world?: Partial<Omit<WorldOptions, 'seed' | 'clock'>>;
}

/** What a real service would be reached under; the sandbox delivers to a local port instead. */
const PUBLIC_URL = 'https://counterfoil.example';

const FORWARDER_SECRET = 'forwarder-simulated-secret';

const REAL_TIME: Clock = {
  now: () => Date.now(), // oxlint-disable-line no-restricted-properties -- a sandbox runs in real time
};

export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const clock = options.clock ?? REAL_TIME;
  const freshbooks = createFreshBooks({
    clock,
    random: seededRandom(options.seed),
    apps: [{ ...freshBooksApp, redirectUris: [`${PUBLIC_URL}/auth/freshbooks/callback`] }],
    ...(options.freshbooks === undefined ? {} : { switches: options.freshbooks }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    ...(options.accounts === undefined ? {} : { accounts: options.accounts }),
  });
  const world = createWorld({ ...options.world, seed: options.seed, clock });
  let target = PUBLIC_URL;
  const shopify = createShopify({
    world,
    clock,
    ...(options.scopes === undefined ? {} : { app: { scopes: options.scopes } }),
    duplicatePpm: options.duplicatePpm ?? 0,
    disorderPpm: options.disorderPpm ?? 0,
    send: (request) => fetch(redirected(request, target)), // oxlint-disable-line no-restricted-globals -- the way to the service
  });
  const latency = options.latencyMs === undefined ? {} : { latencyMs: options.latencyMs };
  const books = await listen(freshbooks.handle, { ...latency, port: options.ports?.freshbooks ?? 0 });
  const shopPort = { port: options.ports?.shopify ?? 0 };
  const shop = await listen((request) => shopify.handle(request), shopPort).catch(closing(books));
  const amazon =
    options.amazon === undefined
      ? null
      : await openAmazon(
          { seed: options.seed, clock },
          {
            ...latency,
            delivery: { sink: forwarderTo(() => target, { secret: FORWARDER_SECRET, clock }) },
            ...options.amazon,
          },
        );
  const grant = freshbooks.grant();
  return {
    world,
    shopify,
    freshbooks,
    amazon,
    environment: {
      SHOPIFY_SHOP_DOMAIN: world.shop.domain,
      SHOPIFY_API_KEY: SHOPIFY_APP.clientId,
      SHOPIFY_API_SECRET: SHOPIFY_APP.clientSecret,
      SHOPIFY_API_URL: shop.origin,
      FRESHBOOKS_CLIENT_ID: freshBooksApp.clientId,
      FRESHBOOKS_CLIENT_SECRET: freshBooksApp.clientSecret,
      FRESHBOOKS_REDIRECT_URI: `${PUBLIC_URL}/auth/freshbooks/callback`,
      FRESHBOOKS_ACCESS_TOKEN: grant.access_token,
      FRESHBOOKS_REFRESH_TOKEN: grant.refresh_token,
      FRESHBOOKS_API_URL: books.origin,
      FRESHBOOKS_AUTH_URL: books.origin,
      COUNTERFOIL_PUBLIC_URL: PUBLIC_URL,
      ...(amazon === null ? {} : sellerSettings(amazon, options.amazon?.region ?? 'na')),
    },
    deliverTo: (origin) => {
      target = origin;
    },
    underWay: () => books.underWay(),
    inspect: () => world.orders().map((order) => inspected(expectedBooks(order), freshbooks)),
    close: async () => {
      await books.close();
      await shop.close();
      await amazon?.close();
    },
  };
}

/** Nothing stays open of what could not be opened whole. */
function closing(opened: Listener): (thrown: unknown) => Promise<never> {
  return async (thrown) => {
    await opened.close();
    throw thrown;
  };
}

/** What Developer Central and Seller Central would show the seller of one region. */
function sellerSettings({ world, amazon, origin }: AmazonStand, region: Region): Record<string, string> {
  return {
    AMAZON_SELLER_ID: world.sellerId,
    SP_API_REGION: region,
    SP_API_CLIENT_ID: DEFAULT_AMAZON_APP.clientId,
    SP_API_CLIENT_SECRET: DEFAULT_AMAZON_APP.clientSecret,
    SP_API_REFRESH_TOKEN: amazon.login.refreshToken(region),
    SP_API_APPLICATION_ID: DEFAULT_AMAZON_APP.applicationId,
    SP_API_URL: origin,
    LWA_URL: origin,
    AMAZON_WEBHOOK_SECRET: FORWARDER_SECRET,
  };
}

function redirected(request: Request, origin: string): Request {
  const { pathname, search } = new URL(request.url);
  return new Request(new URL(pathname + search, origin), request);
}

/** Fixed, so that a `.env` made for the sandbox stays right. */
const PORTS = { freshbooks: 4001, shopify: 4002 };
const SERVICE_URL = 'http://127.0.0.1:3000';
const ORDER_EVERY_MS = 5_000;

async function runSandbox(): Promise<void> {
  const sandbox = await openSandbox({ seed: 1, ports: PORTS, latencyMs: 100 }).catch(explainTaken);
  if (sandbox === undefined) {
    process.exitCode = 1;
    return;
  }
  sandbox.deliverTo(SERVICE_URL);
  console.log(
    '# A simulated shop and account. Put this in .env, then: npx counterfoil webhooks register; npm start',
  );
  for (const [name, value] of Object.entries(sandbox.environment)) {
    console.log(`${name}=${value}`);
  }
  for (;;) {
    await wait(ORDER_EVERY_MS);
    const order = sandbox.world.placeRandom();
    const attempts = await sandbox.shopify.webhooks.deliverDue();
    const delivered = attempts.filter((attempt) => attempt.kind === 'delivered').length;
    console.log(
      `${order.name} placed, ${delivered} of ${attempts.length} webhooks delivered to ${SERVICE_URL}`,
    );
  }
}

function explainTaken(thrown: unknown): undefined {
  if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE' && 'port' in thrown)) {
    throw thrown;
  }
  console.error(
    `The sandbox listens on the ports ${PORTS.freshbooks} and ${PORTS.shopify}, and another program has ${String(thrown.port)}, perhaps a sandbox that runs already: stop that one first`,
  );
}

if (import.meta.main) {
  await runSandbox();
}

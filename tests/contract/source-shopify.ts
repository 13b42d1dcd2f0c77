import { connectionId, orderKey } from '#core/ids.ts';
import { instant } from '#core/time.ts';
import { createShopifyApi } from '#sources/shopify/api.ts';
import type { ShopifyApi } from '#sources/shopify/api.ts';
import type { Credentials } from '#sources/shopify/access.ts';
import type { CurrencySide } from '#sources/shopify/amounts.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { sign } from '#sources/shopify/webhook.ts';
import type { Transport } from '#net/request.ts';
import type { Incoming } from '#pipeline/source.ts';
import { createShopify, DEFAULT_APP } from '#sim/shopify/shopify.ts';
import type { ShopifyOptions, ShopifySim } from '#sim/shopify/shopify.ts';
import { listen } from '#sim/socket.ts';
import { createWorld } from '#sim/world.ts';
import type { World } from '#sim/world.ts';
import { SCENARIO_NAMES } from '#sim/world/scenarios.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import type { ShownOrder, SourceWorld } from '#tests/contract/source.ts';

/** The Shopify adapter before the simulator, in process or over a socket, under a clock that the test moves. */
export interface ShopifyWorld extends SourceWorld {
  readonly sim: ShopifySim;
  readonly world: World;
  readonly clock: TestClock;
  readonly api: ShopifyApi;
}

export interface ShopifyWorldOptions extends Pick<ShopifyOptions, 'switches' | 'app' | 'bucket'> {
  readonly wire?: 'in process' | 'socket';
  readonly currencySide?: CurrencySide;
  readonly credentials?: Credentials;
  /** Stands between the adapter and the simulator. */
  readonly between?: (transport: Transport) => Transport;
  /** The kinds of order that the shop has at the start; all of them by default. */
  readonly scenarios?: 'all' | 'none';
  readonly updatedAt?: 'always later' | 'whole seconds';
}

export const NOW = instant(Date.parse('2026-11-20T14:30:00Z'));
const CONNECTION = connectionId('shopify');
const CLIENT: Credentials = {
  kind: 'client',
  clientId: DEFAULT_APP.clientId,
  clientSecret: DEFAULT_APP.clientSecret,
};

/** More points than any test spends, where throttling is not what it is about. */
const WIDE_BUCKET = { maximumAvailable: 1_000_000, restoreRate: 1_000 };

export async function openShopify(options: ShopifyWorldOptions = {}): Promise<ShopifyWorld> {
  const clock = testClock(NOW);
  const { updatedAt = 'always later' } = options;
  const world = createWorld({ seed: 7, clock, ids: 'beyond 2^53', updatedAt });
  const sim = createShopify({
    world,
    clock,
    bucket: options.bucket ?? WIDE_BUCKET,
    ...(options.switches === undefined ? {} : { switches: options.switches }),
    ...(options.app === undefined ? {} : { app: options.app }),
  });
  const listener = options.wire === 'socket' ? await listen((request) => sim.handle(request)) : undefined;
  const direct: Transport = (request) => (listener === undefined ? sim.handle(request) : fetch(request));
  const api = createShopifyApi({
    shopDomain: world.shop.domain,
    ...(listener === undefined ? {} : { apiUrl: listener.origin }),
    credentials: options.credentials ?? CLIENT,
    transport: options.between?.(direct) ?? direct,
    clock,
  });
  const source = createShopifySource({
    connection: CONNECTION,
    shopDomain: world.shop.domain,
    secrets: ['an older secret', DEFAULT_APP.clientSecret],
    currencySide: options.currencySide ?? 'shop',
    api,
  });
  return {
    source,
    sim,
    world,
    clock,
    api,
    orders: options.scenarios === 'none' ? [] : everyKind(world, sim),
    unknown: orderKey(CONNECTION, '42'),
    irrelevant: messageOf(world, { topic: 'products/update', body: new TextEncoder().encode('{"id":1}') }),
    authentic: (body) => messageOf(world, { topic: 'orders/updated', body }),
    close: async () => {
      await listener?.close();
    },
  };
}

/** The message that shows an order of the simulated shop as it stands now. */
export function shownOrder({ world, sim }: Pick<ShopifyWorld, 'world' | 'sim'>, id: bigint): ShownOrder {
  return {
    name: world.order(id)?.name ?? '',
    key: orderKey(CONNECTION, String(id)),
    message: messageOf(world, {
      topic: 'orders/updated',
      body: new TextEncoder().encode(sim.webhooks.body(id)),
    }),
  };
}

function everyKind(world: World, sim: ShopifySim): ShownOrder[] {
  return SCENARIO_NAMES.filter((name) => name !== 'deleted').map((name) => ({
    ...shownOrder({ world, sim }, world.scenario(name).id),
    name,
  }));
}

function messageOf(world: World, { topic, body }: { topic: string; body: Uint8Array }): Incoming {
  return {
    headers: {
      'x-shopify-topic': topic,
      'x-shopify-shop-domain': world.shop.domain,
      'x-shopify-hmac-sha256': sign(body, DEFAULT_APP.clientSecret),
    },
    body,
  };
}

import { connectionId, orderKey } from '#core/ids.ts';
import { MARKETPLACES } from '#core/marketplaces.ts';
import { instant } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import type { Incoming } from '#pipeline/source.ts';
import { createAmazon, DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import type { AmazonOptions as SimOptions, AmazonSim } from '#sim/amazon/amazon.ts';
import type { Region } from '#sim/amazon/marketplaces.ts';
import type { AmazonOrder } from '#sim/amazon/order.ts';
import { AMAZON_SCENARIOS } from '#sim/amazon/scenarios.ts';
import type { AmazonScenarioName } from '#sim/amazon/scenarios.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';
import type { AmazonWorld as SimWorld } from '#sim/amazon/world.ts';
import { listen } from '#sim/socket.ts';
import { createAmazonSource } from '#sources/amazon/amazon.ts';
import { createSellingPartnerApi } from '#sources/amazon/api.ts';
import type { SellingPartnerApi } from '#sources/amazon/api.ts';
import { OPERATIONS } from '#sources/amazon/pace.ts';
import { sign } from '#sources/amazon/proof.ts';
import { bytes, orderChange } from '#tests/amazon/notifications.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import type { ShownOrder, SourceWorld } from '#tests/contract/source.ts';

/** The Amazon adapter before the simulator, in process or over a socket, under a clock that the test moves. */
export interface AmazonWorld extends SourceWorld {
  readonly sim: AmazonSim;
  readonly world: SimWorld;
  readonly clock: TestClock;
  readonly api: SellingPartnerApi;
  readonly remarks: readonly string[];
}

export interface AmazonWorldOptions extends Pick<SimOptions, 'switches' | 'app'> {
  readonly wire?: 'in process' | 'socket';
  /** Whose seller and host are asked; orders of other regions are not found there. */
  readonly region?: Region;
  /** The region that the refresh token is of, where it is another. */
  readonly tokenOf?: Region;
  readonly clientSecret?: string;
  readonly isBuyerKept?: boolean;
  /** Countries whose stores are booked: by default all. */
  readonly stores?: readonly string[];
  /** Stands between the adapter and the simulator. */
  readonly between?: (transport: Transport) => Transport;
  /** The orders that there are at the start: every kind of the region by default. */
  readonly scenarios?: 'all' | 'none';
}

export const AMAZON = connectionId('amazon');
const NOW = instant(Date.parse('2026-11-20T14:30:00Z'));
const SECRET = 'planted-secret-of-the-forwarder';
/** Finances show nothing that is younger than two minutes. */
const SETTLED_MS = 180_000;

export async function openAmazon(options: AmazonWorldOptions = {}): Promise<AmazonWorld> {
  const region = options.region ?? 'na';
  const clock = testClock(NOW);
  const world = createAmazonWorld({ seed: 7, clock });
  const sim = createAmazon({
    world,
    clock,
    ...(options.switches === undefined ? {} : { switches: options.switches }),
    ...(options.app === undefined ? {} : { app: options.app }),
  });
  const handle = sim.at({ region, isSandbox: false });
  const listener = options.wire === 'socket' ? await listen(handle) : undefined;
  const direct: Transport = (request) => (listener === undefined ? handle(request) : fetch(request));
  const transport = options.between?.(direct) ?? direct;
  const origin = listener?.origin ?? 'https://amazon.test';
  const api = createSellingPartnerApi({
    apiUrl: origin,
    lwaUrl: origin,
    credentials: {
      clientId: DEFAULT_AMAZON_APP.clientId,
      clientSecret: options.clientSecret ?? DEFAULT_AMAZON_APP.clientSecret,
      refreshToken: sim.login.refreshToken(options.tokenOf ?? region),
    },
    transport,
    clock,
    version: '1.0.0',
  });
  const remarks: string[] = [];
  const source = createAmazonSource({
    connection: AMAZON,
    proof: { secrets: [SECRET], apiKeys: [], transport, clock },
    terms: {
      sellerId: world.sellerId,
      marketplaces: MARKETPLACES.filter(({ country }) => options.stores?.includes(country) ?? true),
    },
    api,
    isBuyerKept: async () => options.isBuyerKept === true,
    remark: (sentence) => void remarks.push(sentence),
  });
  const authentic = (body: Uint8Array): Incoming => signed(body, clock);
  const orders = options.scenarios === 'none' ? [] : everyKind({ sim, world, authentic }, region);
  await clock.advance(SETTLED_MS);
  return {
    source: {
      ...source,
      // In time for Amazon's limits, which are no part of what is promised here.
      read: async (order) => {
        await clock.advance(OPERATIONS.getOrder.everyMs);
        return source.read(order);
      },
    },
    sim,
    world,
    clock,
    api,
    remarks,
    orders,
    unknown: orderKey(AMAZON, '113-0000000-0000000'),
    get irrelevant() {
      return authentic(bytes(orderChange({ SellerId: 'A1SOMEBODYELSE' })));
    },
    authentic,
    close: async () => {
      await listener?.close();
    },
  };
}

function signed(body: Uint8Array, clock: TestClock): Incoming {
  const seconds = String(Math.floor(clock.now() / 1000));
  return {
    headers: { 'x-counterfoil-timestamp': seconds, 'x-counterfoil-signature': sign(body, seconds, SECRET) },
    body,
  };
}

/** The message that names an order of the simulated seller as it stands now. */
function namedOrder(
  { sim, authentic }: Pick<AmazonWorld, 'sim' | 'authentic'>,
  { id }: AmazonOrder,
): ShownOrder {
  const body = new TextEncoder().encode(sim.notifications.body(id));
  return {
    name: id,
    key: orderKey(AMAZON, id),
    // Signed when it is sent: a signature is good for minutes.
    get message() {
      return authentic(body);
    },
  };
}

/** One order of each scenario of the region. */
function everyKind(parts: Pick<AmazonWorld, 'sim' | 'world' | 'authentic'>, region: Region): ShownOrder[] {
  return scenarioNames()
    .map((name) => ({ name, order: parts.world.scenario(name) }))
    .filter(({ order }) => order.marketplace.region === region)
    .map(({ name, order }) => Object.defineProperty(namedOrder(parts, order), 'name', { value: name }));
}

function scenarioNames(): readonly AmazonScenarioName[] {
  return Object.keys(AMAZON_SCENARIOS).filter((name): name is AmazonScenarioName =>
    Object.hasOwn(AMAZON_SCENARIOS, name),
  );
}

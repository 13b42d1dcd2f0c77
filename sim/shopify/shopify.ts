import type { World } from '#sim/world.ts';
import type { Change } from '#sim/world/order.ts';
import { seededRandom, uuid } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';
import { orderBody } from './body.ts';
import { createBucket, STANDARD_BUCKET } from './bucket.ts';
import { createDeliveries } from './deliveries.ts';
import type { Attempt, Delivery, Losses, Send } from './deliveries.ts';
import { answerGraph } from './graph-endpoint.ts';
import type { Answered, Endpoint } from './graph-endpoint.ts';
import { toJson } from './json.ts';
import { signedDelivery } from './signature.ts';
import { createSubscriptions } from './subscriptions.ts';
import type { Subscription } from './subscriptions.ts';
import { testNotificationBody } from './test-notification.ts';
import { DEFAULT_SWITCHES } from './switches.ts';
import type { Switches } from './switches.ts';
import { createTokens } from './tokens.ts';
import type { AppSettings } from './tokens.ts';
import { toldBy } from './topics.ts';

/**
 * One shop's Shopify: the Admin API for one app, and the webhooks of what happens in the world. A function from request to
 * response; the clock, chance and the way out (`send`) are handed in, nothing happens by itself.
 */
export interface ShopifySim {
  handle(request: Request): Promise<Response>;
  readonly world: World;
  /** Changes what nobody knows for certain, or the shop's mood; from now on. */
  set(switches: Partial<Switches>): void;
  setApp(app: Partial<AppSettings>): void;
  /** `frozen`: the shop did not pay its bill; `down`: every call fails on Shopify's side. */
  setShop(state: ShopState): void;
  revokeTokens(): void;
  subscriptions(): readonly Subscription[];
  /** Removes a subscription as Shopify or a person might, without the app's doing. */
  dropSubscription(id: bigint): boolean;
  readonly webhooks: Webhooks;
  /** Every call of the Admin API so far, oldest first. */
  calls(): readonly Call[];
}

type ShopState = 'open' | 'frozen' | 'down';

interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The operation's name, for GraphQL calls. */
  readonly operation: string | null;
}

interface Webhooks {
  pending(): readonly Delivery[];
  attempts(): readonly Attempt[];
  /** How many were lost by chance. */
  lost(): number;
  nextDueAt(): number | null;
  /** Sends what is due by the clock; call again after moving the clock for the retries. */
  deliverDue(): Promise<readonly Attempt[]>;
  /** The signed request of a pending delivery, to send by hand (twice, later, or changed). */
  request(delivery: Delivery): Request;
  /** The body of an order as it stands now. */
  body(orderId: bigint): string;
  /** A request for an order as it stands now, whether or not anybody subscribed. */
  deliver(order: { orderId: bigint; topic: string; url: string }): Request;
  /** The fake order that Admin's "Send test notification" and the CLI send: it does not add up and does not exist. */
  testNotification(url: string): Request;
}

export interface ShopifyOptions {
  readonly world: World;
  readonly clock: Clock;
  /** For tokens and delivery ids, duplicates and disorder; seeded by the world's own default when left out. */
  readonly random?: Random;
  readonly app?: Partial<AppSettings>;
  readonly switches?: Partial<Switches>;
  readonly send?: Send;
  readonly duplicatePpm?: number;
  readonly disorderPpm?: number;
  /** None by default. */
  readonly losses?: Losses;
  readonly bucket?: { readonly maximumAvailable: number; readonly restoreRate: number };
}

export const DEFAULT_APP: AppSettings = {
  title: 'Counterfoil',
  clientId: 'sim-client-id',
  clientSecret: 'shpss_simulated_client_secret',
  scopes: [
    'read_orders',
    'read_all_orders',
    'read_customers',
    'read_products',
    'read_returns',
    'read_payment_terms',
  ],
  staticTokens: ['shpat_simulated_static_token'],
  standing: 'installed',
};

/** What may change while the simulator stands. */
interface Mood {
  switches: Switches;
  app: AppSettings;
  shop: ShopState;
}

export function createShopify(options: ShopifyOptions): ShopifySim {
  const { world, clock } = options;
  const random = options.random ?? seededRandom(DEFAULT_SEED);
  const mood: Mood = {
    switches: { ...DEFAULT_SWITCHES, ...options.switches },
    app: { ...DEFAULT_APP, ...options.app },
    shop: 'open',
  };
  const calls: Call[] = [];
  const subscriptions = createSubscriptions();
  const tokens = createTokens({ clock, random, app: () => mood.app });
  const bucket = createBucket(clock, options.bucket ?? STANDARD_BUCKET);
  const deliveries = createDeliveries({
    clock,
    random,
    subscriptions,
    switches: () => mood.switches,
    secret: () => mood.app.clientSecret,
    shopDomain: world.shop.domain,
    send: options.send,
    duplicatePpm: options.duplicatePpm ?? 0,
    disorderPpm: options.disorderPpm ?? 0,
    losses: options.losses,
  });
  world.subscribe((changes) => {
    const eventId = uuid(random);
    for (const change of wanted(changes, mood.switches)) {
      const { topic, body } = toldBy(change, { shop: world.shop, switches: mood.switches });
      deliveries.enqueue({ eventId, topic, body: toJson(body) });
    }
  });
  return {
    world,
    handle: async (request) => {
      const context = { world, app: mood.app, switches: mood.switches, subscriptions, now: clock.now() };
      const endpoint = { context, tokens, bucket, random, isFrozen: mood.shop === 'frozen' };
      const { response, operation } = mood.shop === 'down' ? downAnswer() : await answer(request, endpoint);
      const path = new URL(request.url).pathname;
      calls.push({ method: request.method, path, status: response.status, operation });
      return response;
    },
    set: (change) => {
      mood.switches = { ...mood.switches, ...change };
    },
    setApp: (change) => {
      mood.app = { ...mood.app, ...change };
    },
    setShop: (state) => {
      mood.shop = state;
    },
    revokeTokens: () => tokens.revokeAll(),
    subscriptions: () => subscriptions.list(),
    dropSubscription: (id) => subscriptions.remove(id),
    calls: () => calls,
    webhooks: { ...deliveries, ...byHand(options, { mood, random }) },
  };
}

async function answer(request: Request, endpoint: Endpoint): Promise<Answered> {
  if (new URL(request.url).pathname !== '/admin/oauth/access_token') return answerGraph(request, endpoint);
  const isPost = request.method === 'POST';
  return { response: isPost ? await endpoint.tokens.grant(request) : notFound(), operation: null };
}

/** Requests that no subscription asked for. */
function byHand(
  { world, clock }: ShopifyOptions,
  { mood, random }: { mood: Mood; random: Random },
): Pick<Webhooks, 'body' | 'deliver' | 'testNotification'> {
  const body = (orderId: bigint): string => {
    const order = world.order(orderId);
    if (order === undefined) throw new Error(`The shop has no order ${orderId}`);
    return toJson(orderBody(order, { shop: world.shop, switches: mood.switches }));
  };
  const signed = (delivery: { topic: string; url: string; body: string }): Request =>
    signedDelivery({
      ...delivery,
      secret: mood.app.clientSecret,
      shopDomain: world.shop.domain,
      webhookId: uuid(random),
      triggeredAt: new Date(clock.now()).toISOString(),
    });
  return {
    body,
    deliver: ({ orderId, topic, url }) => signed({ topic, url, body: body(orderId) }),
    testNotification: (url) => {
      const fake = testNotificationBody({ world, clock }, mood.switches);
      return signed({ topic: 'orders/create', url, body: toJson(fake) });
    },
  };
}

function downAnswer(): Answered {
  return { response: new Response('Internal Server Error', { status: 500 }), operation: null };
}

const DEFAULT_SEED = 20_261_120;

function notFound(): Response {
  return Response.json({ errors: 'Not Found' }, { status: 404 });
}

/** `orders/updated` of a change that other topics told of too may or may not come (switch `updatedAfterCreate`). */
function wanted(changes: readonly Change[], switches: Switches): readonly Change[] {
  const isNew = changes.some((change) => change.kind === 'created');
  return isNew && !switches.updatedAfterCreate
    ? changes.filter((change) => change.kind !== 'updated')
    : changes;
}

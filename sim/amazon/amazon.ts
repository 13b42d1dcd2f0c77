import type { Handle } from '#sim/faults.ts';
import { seededRandom } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';
import { financesApi } from './finances-api.ts';
import { createLoginWithAmazon } from './lwa.ts';
import type { AmazonApp, LoginWithAmazon } from './lwa.ts';
import type { Region } from './marketplaces.ts';
import { notificationsApi } from './notifications-api.ts';
import { createNotificationsState, NOTIFICATION_TYPES } from './notifications-state.ts';
import type { NotificationsState } from './notifications-state.ts';
import { createNotifier } from './notifier.ts';
import type { Notifier } from './notifier.ts';
import { pathOf } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { ordersApi } from './orders-api.ts';
import type { DeliveryOptions, Queue } from './queue.ts';
import {
  gatewayTimeout,
  internalFailure,
  invalidInput,
  notFound,
  quotaExceeded,
  serviceUnavailablePage,
  unauthorized,
  wrongRegion,
} from './refusal.ts';
import { sandboxAnswer } from './sandbox.ts';
import { DEFAULT_AMAZON_SWITCHES } from './switches.ts';
import type { AmazonSwitches } from './switches.ts';
import { createTokenBuckets } from './token-bucket.ts';
import type { AmazonWorld } from './world.ts';

/**
 * Amazon for one seller and one app: Login with Amazon and the Selling Partner API. A function from request to response; the
 * clock, chance and the way out are handed in, nothing happens by itself.
 */
export interface AmazonSim {
  /** The host of the URL says which place is meant; any other host is the region of the token it is called with. */
  handle(request: Request): Promise<Response>;
  /** The same of one place, for a socket whose address says nothing. */
  at(place: Place): Handle;
  readonly world: AmazonWorld;
  readonly login: Omit<LoginWithAmazon, 'grant' | 'accessOf'>;
  readonly notifications: AmazonNotifications;
  /** Changes what nobody knows for certain; from now on. */
  set(switches: Partial<AmazonSwitches>): void;
  setApp(app: Partial<AmazonApp>): void;
  setMood(mood: AmazonMood): void;
  /** Every call so far, oldest first. */
  calls(): readonly AmazonCall[];
}

export interface AmazonNotifications extends Omit<Queue, 'put'> {
  /** Subscribes a queue to everything in every region, as if it had been set up. */
  subscribe(queueArn: string): void;
  /** The body that would tell of an order as it stands now. */
  body(orderId: string): string;
}

export interface Place {
  /** Null: the region of the token. */
  readonly region: Region | null;
  readonly isSandbox: boolean;
}

/** How the Selling Partner API feels: well, or failing in one of its ways (vendors/amazon.md 4.2). */
export type AmazonMood = 'well' | 'internal failure' | 'unavailable' | 'gateway timeout';

interface AmazonCall {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** `getOrder`, `token`, …; null where Amazon has no such operation. */
  readonly operation: string | null;
}

export interface AmazonOptions {
  readonly world: AmazonWorld;
  readonly clock: Clock;
  /** For tokens and ids; seeded by a default of its own when left out. */
  readonly random?: Random;
  readonly app?: Partial<AmazonApp>;
  readonly switches?: Partial<AmazonSwitches>;
  /** How notifications travel, and how they go astray. */
  readonly delivery?: DeliveryOptions;
}

export const DEFAULT_AMAZON_APP: AmazonApp = {
  applicationId: 'amzn1.sp.solution.5a1f0c3e-0000-4000-8000-00000000c0f0',
  clientId: 'amzn1.application-oa2-client.simulated',
  clientSecret: 'amzn1.oa2-cs.v1.simulated-secret',
  secret: 'valid',
  role: 'no personal data',
  finances: 'granted',
};

const DEFAULT_SEED = 20_261_126;
/** In the sandbox every operation has the same plan (7). */
const SANDBOX_PLAN = { rate: 5, burst: 15 };

interface State {
  readonly options: AmazonOptions;
  readonly login: LoginWithAmazon;
  readonly operations: readonly Operation[];
  readonly buckets: ReturnType<typeof createTokenBuckets>;
  readonly calls: AmazonCall[];
  app: AmazonApp;
  switches: AmazonSwitches;
  mood: AmazonMood;
}

export function createAmazon(options: AmazonOptions): AmazonSim {
  const random = options.random ?? seededRandom(DEFAULT_SEED);
  const { world, clock } = options;
  const notifications = createNotificationsState(random);
  const notifier = createNotifier(
    {
      clock,
      random,
      world,
      state: notifications,
      switches: () => state.switches,
      applicationId: () => state.app.applicationId,
    },
    options.delivery ?? {},
  );
  const state: State = {
    options,
    login: createLoginWithAmazon({ clock: options.clock, random, app: () => state.app }),
    operations: [
      ...ordersApi(),
      ...financesApi(),
      ...notificationsApi({ state: notifications, test: (destination) => notifier.test(destination) }),
    ],
    buckets: createTokenBuckets(options.clock),
    calls: [],
    app: { ...DEFAULT_AMAZON_APP, ...options.app },
    switches: { ...DEFAULT_AMAZON_SWITCHES, ...options.switches },
    mood: 'well',
  };
  return {
    handle: (request) => serve(state, request, placeOf(new URL(request.url).hostname)),
    at: (place) => (request) => serve(state, request, place),
    world: options.world,
    login: state.login,
    notifications: notificationsOf(notifications, notifier, world),
    set: (change) => {
      state.switches = { ...state.switches, ...change };
    },
    setApp: (change) => {
      state.app = { ...state.app, ...change };
    },
    setMood: (mood) => {
      state.mood = mood;
    },
    calls: () => state.calls,
  };
}

function notificationsOf(
  state: NotificationsState,
  notifier: Notifier,
  world: AmazonWorld,
): AmazonNotifications {
  return {
    ...notifier.queue,
    subscribe: (arn) => {
      const { id: destinationId } = state.addDestination({ name: 'By hand', arn });
      for (const region of REGIONS) {
        for (const type of NOTIFICATION_TYPES) {
          state.addSubscription({
            type,
            region,
            destinationId,
            changeTypes: [],
            marketplaceIds: [],
            directive: undefined,
          });
        }
      }
    },
    body: (orderId) => {
      const order = world.order(orderId);
      if (order === undefined) throw new Error(`The seller has no order ${orderId}`);
      return notifier.body(order);
    },
  };
}

const REGIONS = ['na', 'eu', 'fe'] as const;

/** `sandbox.sellingpartnerapi-eu.amazon.com` is the European sandbox. */
function placeOf(hostname: string): Place {
  const [, sandbox, region] = /^(sandbox\.)?sellingpartnerapi-(na|eu|fe)\./.exec(hostname) ?? [];
  const known = REGIONS.find((entry) => entry === region);
  return { region: known ?? null, isSandbox: sandbox !== undefined };
}

async function serve(state: State, request: Request, place: Place): Promise<Response> {
  const { pathname } = new URL(request.url);
  const { response, operation } = await answered(state, request, place);
  state.calls.push({ method: request.method, path: pathname, status: response.status, operation });
  return response;
}

async function answered(
  state: State,
  request: Request,
  place: Place,
): Promise<{ response: Response; operation: string | null }> {
  const { pathname } = new URL(request.url);
  if (pathname === '/auth/o2/token') {
    const isPost = request.method === 'POST';
    return {
      response: isPost ? await state.login.grant(request) : notFound('Not Found'),
      operation: 'token',
    };
  }
  for (const operation of state.operations) {
    const path = operation.method === request.method ? pathOf(operation, pathname) : null;
    if (path !== null) {
      const response = await run(state, { operation, path, place }, request);
      return { response, operation: operation.name };
    }
  }
  return { response: notFound('Not Found'), operation: null };
}

interface Chosen {
  readonly operation: Operation;
  readonly path: ReadonlyMap<string, string>;
  readonly place: Place;
}

async function run(state: State, { operation, path, place }: Chosen, request: Request): Promise<Response> {
  if (state.mood !== 'well') return badMood(state.mood);
  const access = state.login.accessOf(request.headers.get('x-amz-access-token') ?? '');
  if ('refused' in access) return unauthorized(access.refused);
  if (access.kind !== operation.access) return unauthorized('');
  const region = place.region ?? (access.kind === 'seller' ? access.region : null);
  if (access.kind === 'seller' && access.region !== region) return wrongRegion();
  const plan = place.isSandbox ? SANDBOX_PLAN : operation.plan;
  const bucket = [operation.name, access.kind, region, place.isSandbox].join(' ');
  if (!state.buckets.take(bucket, plan)) return quotaExceeded();
  if (operation.name === 'listTransactions' && state.app.finances === 'withheld') return unauthorized('');
  const body = bodyOf(await request.text());
  if (body === undefined) return invalidInput();
  const call: Call = {
    region,
    isSandbox: place.isSandbox,
    path,
    query: new URL(request.url).searchParams,
    body,
    world: state.options.world,
    clock: state.options.clock,
    switches: state.switches,
    role: state.app.role,
    rate: state.switches.rateHeader === 'present' ? String(plan.rate) : undefined,
  };
  return (place.isSandbox ? sandboxAnswer(operation, call) : null) ?? operation.answer(call);
}

function badMood(mood: Exclude<AmazonMood, 'well'>): Response {
  switch (mood) {
    case 'internal failure':
      return internalFailure();
    case 'unavailable':
      return serviceUnavailablePage();
    case 'gateway timeout':
      return gatewayTimeout();
  }
}

/** Null without a body, undefined where it is no JSON. */
function bodyOf(text: string): unknown {
  if (text === '') return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return undefined;
  }
}

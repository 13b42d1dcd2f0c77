import { Failure } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { fieldOf, listOf, textOf } from '#core/json-fields.ts';
import { SECOND, after } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Calling, SellingPartnerApi } from './api.ts';
import { ORDER_CHANGE, TRANSACTION_UPDATE } from './notification.ts';

/**
 * Amazon's interface by which notifications are set up (docs/vendors/amazon.md 2.1): a destination names the queue, a
 * subscription sends one type of message there. Destinations and deletions speak for the application, the rest for the seller.
 */
export interface Notifications {
  destinations(): Promise<readonly Destination[]>;
  /** Nothing when Amazon does not know it. */
  destination(id: string): Promise<Destination | undefined>;
  createDestination(name: string, queueArn: string): Promise<Destination>;
  deleteDestination(id: string): Promise<void>;
  /** The seller's subscription to a type by this application; nothing without one. Throws `scope-missing` without the role. */
  subscription(type: SubscribedType): Promise<Subscription | undefined>;
  /** All of a type, also those of other payload versions. */
  subscriptions(type: SubscribedType): Promise<readonly Subscription[]>;
  /** Nothing when Amazon does not know it. */
  subscriptionById(type: SubscribedType, id: string): Promise<Subscription | undefined>;
  /** When somebody made one meanwhile, that one: it may go elsewhere. */
  createSubscription(type: SubscribedType, destinationId: string): Promise<Subscription>;
  deleteSubscription(type: SubscribedType, id: string): Promise<void>;
  /** Has Amazon send a message of its own making. Amazon takes this at its sandbox's host only. */
  sendTest(type: SubscribedType, test: TestMessage): Promise<void>;
}

export const SUBSCRIBED_TYPES = [ORDER_CHANGE, TRANSACTION_UPDATE] as const;
export type SubscribedType = (typeof SUBSCRIBED_TYPES)[number];

export interface Destination {
  readonly id: string;
  readonly name: string;
  /** Empty when it is no queue. */
  readonly queueArn: string;
}

export interface Subscription {
  readonly id: string;
  readonly type: SubscribedType;
  readonly payloadVersion: string;
  readonly destinationId: string;
  /** Which changes are told; empty: all of them. */
  readonly changeTypes: readonly string[];
  /** About which stores; empty: all of them. */
  readonly marketplaceIds: readonly string[];
  /** Amazon's own expression that keeps messages back; mostly empty. */
  readonly expression: string;
}

export interface TestMessage {
  readonly destinationId: string;
  /** Amazon's pages name none of them, so it is the caller's. */
  readonly scenario: string;
}

const PATH = '/notifications/v1';
/** Both types have had this one version from the start. */
const PAYLOAD_VERSION = '1.0';
/** What a person, or Amazon, changes about an order that is booked; a tip to the driver is not among it. */
const CHANGE_TYPES: readonly string[] = ['OrderStatusChange', 'BuyerRequestedChange'];
/** Amazon gives 30 a page; a type has one for each payload version. */
const PAGES_MAX = 5;
/** Each operation may be called five times at once and then once a second: a person waits a few seconds, no longer. */
const PATIENCE_MS = 10 * SECOND;
/** Turns that are waited for within that time. */
const TURNS_MAX = 10;

export function createNotifications(api: SellingPartnerApi, clock: Clock): Notifications {
  const ask = (calling: Calling): Promise<Lossless> => patiently(clock, () => askOnce(api, calling));
  return {
    async destinations() {
      const answer = await ask({ ...DESTINATIONS, operation: 'getDestinations', method: 'GET' });
      return listOf(answer, 'payload').map(destinationIn);
    },
    destination: (id) =>
      orNothing(async () => {
        const path = `${PATH}/destinations/${encodeURIComponent(id)}`;
        const answer = await ask({ ...DESTINATIONS, operation: 'getDestination', method: 'GET', path });
        return destinationIn(fieldOf(answer, 'payload'));
      }),
    async createDestination(name, arn) {
      const body = { name, resourceSpecification: { sqs: { arn } } };
      const doing = `Naming the queue ${arn} to Amazon`;
      const answer = await ask({
        ...DESTINATIONS,
        operation: 'createDestination',
        method: 'POST',
        body,
        doing,
      });
      return destinationIn(fieldOf(answer, 'payload'));
    },
    async deleteDestination(id) {
      const path = `${PATH}/destinations/${encodeURIComponent(id)}`;
      const doing = `Deleting Amazon’s destination ${id}`;
      await ask({ ...DESTINATIONS, operation: 'deleteDestination', method: 'DELETE', path, doing });
    },
    subscription: (type) =>
      orNothing(async () => {
        const answer = await ask(about(type, { operation: 'getSubscription', method: 'GET' }));
        return subscriptionIn(type, fieldOf(answer, 'payload'));
      }),
    subscriptions: (type) => allSubscriptions(ask, type),
    subscriptionById: (type, id) =>
      orNothing(async () => {
        const answer = await ask(byId(type, id, 'getSubscriptionById'));
        return subscriptionIn(type, fieldOf(answer, 'payload'));
      }),
    createSubscription: (type, destinationId) => createSubscription(ask, type, destinationId),
    async deleteSubscription(type, id) {
      await ask(byId(type, id, 'deleteSubscriptionById'));
    },
    async sendTest(type, { destinationId, scenario }) {
      await ask({
        operation: 'sendTestNotification',
        method: 'POST',
        path: `${PATH}/subscriptions/${type}/testNotification`,
        body: {
          destinationId,
          testNotification: { payloadVersion: PAYLOAD_VERSION, testScenario: scenario },
        },
        scope: 'notifications',
        doing: `Asking Amazon’s sandbox for a test message of ${type}`,
      });
    },
  };
}

type Ask = (calling: Calling) => Promise<Lossless>;

const DESTINATIONS = {
  path: `${PATH}/destinations`,
  scope: 'notifications',
  doing: 'Asking for the queues that Amazon knows',
} as const;

function about(type: SubscribedType, calling: Pick<Calling, 'operation' | 'method' | 'body'>): Calling {
  const doing = `Asking for Amazon’s subscription to ${type}`;
  return { path: `${PATH}/subscriptions/${type}`, doing, ...calling };
}

function byId(
  type: SubscribedType,
  id: string,
  operation: 'getSubscriptionById' | 'deleteSubscriptionById',
): Calling {
  const isDeleting = operation === 'deleteSubscriptionById';
  return {
    operation,
    method: isDeleting ? 'DELETE' : 'GET',
    path: `${PATH}/subscriptions/${type}/${encodeURIComponent(id)}`,
    scope: 'notifications',
    doing: `${isDeleting ? 'Deleting' : 'Asking for'} Amazon’s subscription to ${type}`,
  };
}

async function allSubscriptions(ask: Ask, type: SubscribedType): Promise<readonly Subscription[]> {
  const found: Subscription[] = [];
  let token = '';
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = new URLSearchParams({
      notificationTypes: type,
      ...(token === '' ? {} : { nextToken: token }),
    });
    const answer = await ask({
      operation: 'getSubscriptions',
      method: 'GET',
      path: `${PATH}/subscriptions?${query.toString()}`,
      doing: `Listing Amazon’s subscriptions to ${type}`,
    });
    found.push(...listOf(answer, 'payload.subscriptions').map((each) => subscriptionIn(type, each)));
    token = textOf(answer, 'payload.nextToken');
    if (token === '') {
      return found;
    }
  }
  throw new Failure('request-refused', {
    detail: `Listing Amazon’s subscriptions to ${type}: there are more than ${PAGES_MAX} pages of them`,
  });
}

async function createSubscription(
  ask: Ask,
  type: SubscribedType,
  destinationId: string,
): Promise<Subscription> {
  // Only this type knows a filter here (docs/vendors/amazon.md 2.1).
  const filter = { eventFilterType: ORDER_CHANGE, orderChangeTypes: CHANGE_TYPES };
  const processing = type === ORDER_CHANGE ? { processingDirective: { eventFilter: filter } } : {};
  const doing = `Subscribing to ${type}`;
  const body = { payloadVersion: PAYLOAD_VERSION, destinationId, ...processing };
  try {
    const answer = await ask({
      ...about(type, { operation: 'createSubscription', method: 'POST', body }),
      doing,
    });
    return subscriptionIn(type, fieldOf(answer, 'payload'));
  } catch (thrown) {
    // Amazon answers 409 when there is one already: made by somebody else just now, or by a call whose answer was lost.
    const standing =
      thrown instanceof Failure && thrown.code === 'request-refused'
        ? await orNothing(async () => {
            const answer = await ask(about(type, { operation: 'getSubscription', method: 'GET' }));
            return subscriptionIn(type, fieldOf(answer, 'payload'));
          })
        : undefined;
    if (standing === undefined) {
      throw thrown;
    }
    return standing;
  }
}

function destinationIn(value: Lossless | undefined): Destination {
  return {
    id: idIn(value, 'destinationId'),
    name: textOf(value, 'name'),
    queueArn: textOf(value, 'resource.sqs.arn'),
  };
}

function subscriptionIn(type: SubscribedType, value: Lossless | undefined): Subscription {
  const filter = 'processingDirective.eventFilter';
  return {
    id: idIn(value, 'subscriptionId'),
    type,
    payloadVersion: textOf(value, 'payloadVersion'),
    destinationId: textOf(value, 'destinationId'),
    changeTypes: textsOf(value, `${filter}.orderChangeTypes`),
    marketplaceIds: textsOf(value, `${filter}.marketplaceIds`),
    expression: textOf(value, 'processingDirective.filterExpression'),
  };
}

function textsOf(value: Lossless | undefined, path: string): readonly string[] {
  return listOf(value, path).filter((each) => typeof each === 'string');
}

/** Without its id nothing could be changed later on. */
function idIn(value: Lossless | undefined, name: string): string {
  const id = textOf(value, name);
  if (id === '') {
    throw new Failure('request-answer-unreadable', {
      detail: `Setting up Amazon’s notifications: the answer has no ${name}`,
      effect: 'unknown',
    });
  }
  return id;
}

async function orNothing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'request-not-found') {
      return undefined;
    }
    throw thrown;
  }
}

async function askOnce(api: SellingPartnerApi, calling: Calling): Promise<Lossless> {
  api.pace.take([calling.operation], calling.operation);
  return await api.call(calling);
}

/** Waits out Amazon's pace, as long as a person before the terminal would. */
async function patiently<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const until = after(clock.now(), PATIENCE_MS);
  for (let turn = 1; ; turn += 1) {
    try {
      return await work();
    } catch (thrown) {
      const retryAt = thrown instanceof Failure ? thrown.retryAt : undefined;
      const isPace = thrown instanceof Failure && thrown.code === 'request-rate-limited';
      if (!isPace || retryAt === undefined || retryAt > until || turn === TURNS_MAX) {
        throw thrown;
      }
      await clock.sleep(retryAt);
    }
  }
}

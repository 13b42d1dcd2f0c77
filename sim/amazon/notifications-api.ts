import type { Json } from './json.ts';
import { NOTIFICATION_TYPES } from './notifications-state.ts';
import type {
  AmazonSubscription,
  Destination,
  NotificationsState,
  NotificationType,
} from './notifications-state.ts';
import { listIn } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { answer, conflict, invalidInput, notFound, unauthorized } from './refusal.ts';

/** All operations of Notifications v1 share one plan (vendors/amazon.md 2.1). */
const PLAN = { rate: 1, burst: 5 };
const NAME_LENGTH_MAX = 256;
const CHANGE_TYPES = ['OrderStatusChange', 'BuyerRequestedChange', 'DeliveryTipChange'];
const FILTER_TYPES = ['ANY_OFFER_CHANGED', 'ORDER_CHANGE', 'SHIPMENT_TRACKING_MILESTONE_CHANGED'];

interface Outside {
  readonly state: NotificationsState;
  /** Puts a test message into a queue. */
  readonly test: (destination: Destination) => void;
}

export function notificationsApi(outside: Outside): readonly Operation[] {
  return [...destinationsApi(outside), ...subscriptionsApi(outside)];
}

const DESTINATIONS = '/notifications/v1/destinations';
const OF_TYPE = '/notifications/v1/subscriptions/{notificationType}';
const grantless = { plan: PLAN, access: 'grantless' } as const;
const seller = { plan: PLAN, access: 'seller' } as const;

function destinationsApi({ state }: Outside): readonly Operation[] {
  return [
    {
      ...grantless,
      name: 'createDestination',
      method: 'POST',
      path: DESTINATIONS,
      answer: (call) => createDestination(call, state),
    },
    {
      ...grantless,
      name: 'getDestinations',
      method: 'GET',
      path: DESTINATIONS,
      answer: (call) => payload(call, state.destinations().map(destinationText)),
    },
    {
      ...grantless,
      name: 'getDestination',
      method: 'GET',
      path: `${DESTINATIONS}/{destinationId}`,
      answer: (call) => {
        const found = destinationIn(call.path.get('destinationId'), state);
        return found === undefined
          ? notFound('Destination not found.')
          : payload(call, destinationText(found));
      },
    },
    {
      ...grantless,
      name: 'deleteDestination',
      method: 'DELETE',
      path: `${DESTINATIONS}/{destinationId}`,
      answer: (call) => deleteDestination(call, state),
    },
  ];
}

function subscriptionsApi({ state, test }: Outside): readonly Operation[] {
  return [
    {
      ...seller,
      name: 'createSubscription',
      method: 'POST',
      path: OF_TYPE,
      answer: (call) => createSubscription(call, state),
    },
    {
      ...seller,
      name: 'getSubscription',
      method: 'GET',
      path: OF_TYPE,
      answer: (call) => getSubscription(call, state),
    },
    {
      ...seller,
      name: 'getSubscriptions',
      method: 'GET',
      path: '/notifications/v1/subscriptions',
      answer: (call) => getSubscriptions(call, state),
    },
    {
      ...grantless,
      name: 'getSubscriptionById',
      method: 'GET',
      path: `${OF_TYPE}/{subscriptionId}`,
      answer: (call) => bySubscription(call, state, 'show'),
    },
    {
      ...grantless,
      name: 'deleteSubscriptionById',
      method: 'DELETE',
      path: `${OF_TYPE}/{subscriptionId}`,
      answer: (call) => bySubscription(call, state, 'delete'),
    },
    {
      ...grantless,
      name: 'sendTestNotification',
      method: 'POST',
      path: `${OF_TYPE}/testNotification`,
      answer: (call) => sendTest(call, { state, test }),
    },
  ];
}

const payload = (call: Call, body: Json): Response => answer({ payload: body }, { rate: call.rate });

function destinationText({ id, name, arn }: Destination): Json {
  return { destinationId: id, resource: { sqs: { arn } }, name };
}

function destinationIn(id: unknown, state: NotificationsState): Destination | undefined {
  return state.destinations().find((entry) => entry.id === id);
}

function createDestination(call: Call, state: NotificationsState): Response {
  const name = field(call.body, 'name');
  const arn = field(field(field(call.body, 'resourceSpecification'), 'sqs'), 'arn');
  if (typeof name !== 'string' || name === '' || name.length > NAME_LENGTH_MAX) return invalidInput();
  // FIFO queues are unsupported (2.2).
  if (typeof arn !== 'string' || !/^arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}$/.test(arn))
    return invalidInput();
  if (state.destinations().some((entry) => entry.arn === arn)) return conflict('Destination already exists.');
  return payload(call, destinationText(state.addDestination({ name, arn })));
}

function deleteDestination(call: Call, state: NotificationsState): Response {
  const found = destinationIn(call.path.get('destinationId'), state);
  if (found === undefined) return notFound('Destination not found.');
  if (state.subscriptions().some(({ destinationId }) => destinationId === found.id)) {
    return conflict('Destination has subscriptions.');
  }
  state.removeDestination(found.id);
  return answer({}, { rate: call.rate });
}

function subscriptionText({ id, destinationId, directive }: AmazonSubscription): Json {
  return {
    subscriptionId: id,
    payloadVersion: '1.0',
    destinationId,
    processingDirective: isJson(directive) ? directive : undefined,
  };
}

function createSubscription(call: Call, state: NotificationsState): Response {
  const { body, region } = call;
  const type = typeIn(call);
  const directive = field(body, 'processingDirective');
  const filter = field(directive, 'eventFilter');
  if (type === undefined || region === null || field(body, 'payloadVersion') !== '1.0') return invalidInput();
  if (!isFilter(filter, directive)) return invalidInput();
  const destination = destinationIn(field(body, 'destinationId'), state);
  if (destination === undefined) return notFound('Destination not found.');
  if (state.subscriptions().some((entry) => entry.type === type && entry.region === region)) {
    return conflict('Subscription already exists.');
  }
  const made = state.addSubscription({
    type,
    region,
    destinationId: destination.id,
    changeTypes: texts(field(filter, 'orderChangeTypes')),
    marketplaceIds: texts(field(filter, 'marketplaceIds')),
    directive,
  });
  return payload(call, subscriptionText(made));
}

/** A filter says which kind it is, names known changes, and does not stand beside an expression. */
function isFilter(filter: unknown, directive: unknown): boolean {
  const hasExpression = field(directive, 'filterExpression') !== undefined;
  if (filter === undefined) return true;
  const isKnown = FILTER_TYPES.some((known) => known === field(filter, 'eventFilterType'));
  const types = texts(field(filter, 'orderChangeTypes'));
  return isKnown && !hasExpression && types.every((type) => CHANGE_TYPES.includes(type));
}

function getSubscription(call: Call, state: NotificationsState): Response {
  const type = typeIn(call);
  const found = state.subscriptions().find((entry) => entry.type === type && entry.region === call.region);
  return found === undefined ? notFound('Subscription not found.') : payload(call, subscriptionText(found));
}

function getSubscriptions(call: Call, state: NotificationsState): Response {
  const types = listIn(call.query, 'notificationTypes');
  if (types.length === 0) return invalidInput();
  const found = state
    .subscriptions()
    .filter(({ type, region }) => types.includes(type) && region === call.region);
  return payload(call, { subscriptions: found.map(subscriptionText) });
}

function bySubscription(call: Call, state: NotificationsState, act: 'show' | 'delete'): Response {
  const [id, type] = [call.path.get('subscriptionId'), typeIn(call)];
  const found = state.subscriptions().find((entry) => entry.id === id && entry.type === type);
  if (found === undefined) return notFound('Subscription not found.');
  if (act === 'show') return payload(call, subscriptionText(found));
  state.removeSubscription(found.id);
  return answer({}, { rate: call.rate });
}

/** The sandbox's host alone has it; which scenarios there are nobody found (2.4). */
function sendTest(call: Call, { state, test }: Outside): Response {
  if (!call.isSandbox) return unauthorized('');
  const type = typeIn(call);
  const wish = field(call.body, 'testNotification');
  const scenario = field(wish, 'testScenario');
  if (type !== 'ORDER_CHANGE' || field(wish, 'payloadVersion') !== '1.0') return invalidInput();
  if (typeof scenario !== 'string' || scenario === '') return invalidInput();
  const destination = destinationIn(field(call.body, 'destinationId'), state);
  if (destination === undefined) return notFound('Destination not found.');
  test(destination);
  return answer({}, { rate: call.rate });
}

function typeIn({ path }: Call): NotificationType | undefined {
  return NOTIFICATION_TYPES.find((type) => type === path.get('notificationType'));
}

function field(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** What was parsed from JSON is JSON; nothing else comes here. */
function isJson(value: unknown): value is Json {
  return value !== undefined;
}

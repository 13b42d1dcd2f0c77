import { Failure } from '#core/failure.ts';
import { ORDER_CHANGE } from './notification.ts';
import { SUBSCRIBED_TYPES } from './notifications.ts';
import type {
  Destination,
  Notifications,
  SubscribedType,
  Subscription,
  TestMessage,
} from './notifications.ts';

/**
 * What Amazon tells this seller's queue, against what it should. One subscription stands for each type, application and seller,
 * so one that goes elsewhere serves somebody else: it is shown, and taken over only when a person says so.
 */
export interface SubscriptionPlan {
  readonly queueArn: string;
  /** How Amazon calls the queue; absent while it does not know it. */
  readonly destination?: Destination;
  readonly states: readonly SubscriptionState[];
}

export interface SubscriptionState {
  readonly type: SubscribedType;
  /**
   * `elsewhere`: to another queue than ours. `cut`: to ours, but its filter keeps messages back. `withheld`: the application
   * has no role for it.
   */
  readonly state: 'ok' | 'missing' | 'elsewhere' | 'cut' | 'withheld';
  readonly subscription?: Subscription;
  /** Where it goes; empty when that is no queue, or gone. */
  readonly queueArn: string;
  /** Empty when all is well. */
  readonly why: string;
}

export interface SubscriptionChange {
  readonly did: 'created' | 'deleted';
  /** A type, or `destination`. */
  readonly what: SubscribedType | 'destination';
  readonly id: string;
}

/** After a change: what was done, and how things stand now. */
export interface Changed {
  readonly changes: readonly SubscriptionChange[];
  readonly plan: SubscriptionPlan;
}

/** By which Amazon's page of destinations shows whose it is. */
const DESTINATION_NAME = 'counterfoil';
/** What each type is needed for. */
const NEEDED_FOR: Readonly<Record<SubscribedType, string>> = {
  ORDER_CHANGE: 'nothing tells of orders',
  TRANSACTION_UPDATE: 'nothing tells of refunds',
};

export async function planSubscriptions(
  notifications: Notifications,
  queueArn: string,
): Promise<SubscriptionPlan> {
  const destinations = await notifications.destinations();
  const states: SubscriptionState[] = [];
  for (const type of SUBSCRIBED_TYPES) {
    states.push(await stateOf(type, { notifications, destinations, queueArn }));
  }
  const destination = destinations.find((each) => each.queueArn === queueArn);
  return { queueArn, states, ...(destination === undefined ? {} : { destination }) };
}

/** Makes what is missing. What goes elsewhere or is cut is replaced only when that is asked for. */
export async function subscribe(
  notifications: Notifications,
  queueArn: string,
  { isReplacing }: { readonly isReplacing: boolean },
): Promise<Changed> {
  const found = await planSubscriptions(notifications, queueArn);
  const changes: SubscriptionChange[] = [];
  const states: SubscriptionState[] = [];
  let { destination } = found;
  for (const state of found.states) {
    const isWanted =
      state.state === 'missing' || (isReplacing && (state.state === 'elsewhere' || state.state === 'cut'));
    if (!isWanted) {
      states.push(state);
      continue;
    }
    if (destination === undefined) {
      destination = await notifications.createDestination(DESTINATION_NAME, queueArn);
      changes.push({ did: 'created', what: 'destination', id: destination.id });
    }
    states.push(await renew(notifications, { state, destination, changes }));
  }
  return {
    changes,
    plan: { queueArn, states, ...(destination === undefined ? {} : { destination }) },
  };
}

/** Deletes what goes to our queue and nothing else; the destination too only when that is asked for: others may use it. */
export async function unsubscribe(
  notifications: Notifications,
  queueArn: string,
  { isDestinationToo }: { readonly isDestinationToo: boolean },
): Promise<Changed> {
  const found = await planSubscriptions(notifications, queueArn);
  const changes: SubscriptionChange[] = [];
  const states: SubscriptionState[] = [];
  for (const state of found.states) {
    const { subscription, type } = state;
    if (subscription === undefined || state.queueArn !== queueArn) {
      states.push(state);
      continue;
    }
    await notifications.deleteSubscription(type, subscription.id);
    changes.push({ did: 'deleted', what: type, id: subscription.id });
    states.push(missing(type));
  }
  const { destination } = found;
  if (destination === undefined || !isDestinationToo) {
    return { changes, plan: { ...found, states } };
  }
  await notifications.deleteDestination(destination.id);
  changes.push({ did: 'deleted', what: 'destination', id: destination.id });
  return { changes, plan: { queueArn, states } };
}

/** Has Amazon put a message of its own making into the queue that it knows by this id. */
export async function sendTest(notifications: Notifications, test: TestMessage): Promise<void> {
  const { scenario } = test;
  try {
    await notifications.sendTest(ORDER_CHANGE, test);
  } catch (thrown) {
    throw thrown instanceof Failure && thrown.code === 'request-refused'
      ? new Failure('request-refused', {
          detail: `${thrown.message}. Amazon refuses an empty or unknown scenario like that, and its public pages name none (${scenario === '' ? 'none was given' : `"${scenario.slice(0, 80)}" was`})`,
          cause: thrown,
        })
      : thrown;
  }
}

interface Surroundings {
  readonly notifications: Notifications;
  readonly destinations: readonly Destination[];
  readonly queueArn: string;
}

async function stateOf(type: SubscribedType, surroundings: Surroundings): Promise<SubscriptionState> {
  const { notifications, destinations, queueArn } = surroundings;
  let subscription: Subscription | undefined;
  try {
    subscription = await notifications.subscription(type);
  } catch (thrown) {
    if (isWithheld(thrown)) {
      return withheld(type);
    }
    throw thrown;
  }
  if (subscription === undefined) {
    return missing(type);
  }
  const { destinationId } = subscription;
  // What the list lacks is asked for by its id before it is called gone.
  const destination =
    destinations.find(({ id }) => id === destinationId) ?? (await notifications.destination(destinationId));
  return judge(subscription, { destination, queueArn });
}

/** Of a subscription that stands. Pure. */
export function judge(
  subscription: Subscription,
  { destination, queueArn }: { readonly destination: Destination | undefined; readonly queueArn: string },
): SubscriptionState {
  const { type } = subscription;
  const common = { type, subscription, queueArn: destination?.queueArn ?? '' };
  if (destination?.queueArn !== queueArn) {
    const where =
      destination === undefined
        ? 'to a destination that is gone'
        : `to ${destination.queueArn === '' ? 'no queue' : destination.queueArn}`;
    return { ...common, state: 'elsewhere', why: `it goes ${where}` };
  }
  const why = faultOf(subscription);
  return why === '' ? { ...common, state: 'ok', why } : { ...common, state: 'cut', why };
}

/** A filter by stores is taken for meant: the settings name stores too. */
function faultOf({ type, changeTypes, expression }: Subscription): string {
  if (expression !== '') {
    return 'an expression keeps messages back';
  }
  const isStatusTold = changeTypes.length === 0 || changeTypes.includes('OrderStatusChange');
  return type === ORDER_CHANGE && !isStatusTold
    ? `it tells ${changeTypes.join(' and ')}, and not OrderStatusChange`
    : '';
}

/** The old one goes first, because only one of a type can stand; what was made is read back. */
async function renew(
  notifications: Notifications,
  {
    state,
    destination,
    changes,
  }: {
    readonly state: SubscriptionState;
    readonly destination: Destination;
    readonly changes: SubscriptionChange[];
  },
): Promise<SubscriptionState> {
  const { type, subscription: old } = state;
  if (old !== undefined) {
    await notifications.deleteSubscription(type, old.id);
    changes.push({ did: 'deleted', what: type, id: old.id });
  }
  let made: Subscription;
  try {
    made = await notifications.createSubscription(type, destination.id);
  } catch (thrown) {
    if (isWithheld(thrown)) {
      return withheld(type);
    }
    throw thrown;
  }
  changes.push({ did: 'created', what: type, id: made.id });
  const standing = (await notifications.subscriptionById(type, made.id)) ?? made;
  const goesTo = standing.destinationId === destination.id ? destination : undefined;
  return judge(standing, { destination: goesTo, queueArn: destination.queueArn });
}

function missing(type: SubscribedType): SubscriptionState {
  return { type, state: 'missing', queueArn: '', why: NEEDED_FOR[type] };
}

function withheld(type: SubscribedType): SubscriptionState {
  return {
    type,
    state: 'withheld',
    queueArn: '',
    why: `the application has no role for it, so ${NEEDED_FOR[type]}: ask for the role Finance and Accounting and authorize the application again`,
  };
}

function isWithheld(thrown: unknown): boolean {
  return thrown instanceof Failure && thrown.code === 'scope-missing';
}

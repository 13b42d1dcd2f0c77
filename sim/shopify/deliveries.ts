import { chance, uuid } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';
import { signedDelivery } from './signature.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';
import type { Switches } from './switches.ts';
import { TOPICS } from './topics.ts';

/**
 * Deliveries of webhooks. Each is pending until an answer with 2xx arrives; after a failure it waits for its next try; after
 * the eighth retry it is given up. A subscription that failed all along is then deleted (vendors/shopify.md 2, Delivery).
 * Nothing happens by itself: whoever owns the clock calls `deliverDue`.
 */
export interface Delivery {
  /** The same on every retry and duplicate: what a receiver may deduplicate by. */
  readonly webhookId: string;
  /** One per thing that happened, shared by all topics and subscriptions. */
  readonly eventId: string;
  readonly subscriptionId: bigint;
  /** As the header names it: `orders/create`. */
  readonly topic: string;
  readonly uri: string;
  /** The body as it was when the thing happened; retries repeat it. */
  readonly body: string;
  readonly apiVersion: string;
  readonly triggeredAt: number;
  readonly name: string | null;
  readonly retryCount: number;
  readonly dueAt: number;
  /** Order of making, to keep deliveries of one instant in their order. */
  readonly sequence: number;
}

export type Attempt =
  | { readonly kind: 'delivered'; readonly delivery: Delivery; readonly status: number }
  | {
      readonly kind: 'failed';
      readonly delivery: Delivery;
      readonly reason: string;
      readonly isLast: boolean;
    };

export type Send = (request: Request) => Promise<Response>;

export interface Deliveries {
  enqueue(event: { readonly eventId: string; readonly topic: string; readonly body: string }): void;
  /** Not yet delivered, in the order in which they will be tried. */
  pending(): readonly Delivery[];
  /** When the next one is due; null when none is pending. */
  nextDueAt(): number | null;
  /** Sends all that is due by the clock, one after the other. */
  deliverDue(): Promise<readonly Attempt[]>;
  /** The request of a delivery, signed, for tests that send by themselves. */
  request(delivery: Delivery): Request;
  /** Every try so far, oldest first. */
  attempts(): readonly Attempt[];
  /** How many were never made. */
  lost(): number;
}

/** Deliveries that are never made. */
export interface Losses {
  /** How often, in a million. */
  readonly ppm: number;
  /** Topics that are not lost, as GraphQL names them. */
  readonly except: readonly string[];
}

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly subscriptions: Subscriptions;
  readonly switches: () => Switches;
  readonly secret: () => string;
  readonly shopDomain: string;
  readonly send: Send | undefined;
  /** How often a delivery comes twice, in a million. */
  readonly duplicatePpm: number;
  /** How often a delivery is held back so that later ones overtake it, in a million. */
  readonly disorderPpm: number;
  readonly losses: Losses | undefined;
}

/** Total time for an answer; what comes later counts as a failure. */
const ANSWER_WITHIN_MS = 5_000;
/** 8 retries over 4 hours, doubling: the first gap times 255 is four hours. */
const RETRY_COUNT = 8;
const FIRST_RETRY_MS = Math.floor((4 * 60 * 60 * 1_000) / 255);
/** How long a delivery that is out of order is held back at most: long enough for an edit or a payment to overtake it. */
const HELD_BACK_MS_MAX = 90_000;

interface State {
  readonly options: DeliveryOptions;
  readonly attempts: Attempt[];
  /** Failures of a subscription since its last success. */
  readonly failures: Map<bigint, number>;
  queue: Delivery[];
  sequence: number;
  lost: number;
}

export function createDeliveries(options: DeliveryOptions): Deliveries {
  const state: State = { options, attempts: [], failures: new Map(), queue: [], sequence: 0, lost: 0 };
  return {
    enqueue: (event) => {
      for (const subscription of options.subscriptions.list()) {
        if (subscription.topic === event.topic) enqueueFor(state, subscription, event);
      }
    },
    pending: () => sorted(state),
    nextDueAt: () => sorted(state)[0]?.dueAt ?? null,
    deliverDue: () => deliverDue(state),
    request: (delivery) => requestOf(state, delivery),
    attempts: () => state.attempts,
    lost: () => state.lost,
  };
}

function enqueueFor(
  state: State,
  subscription: Subscription,
  event: { eventId: string; topic: string; body: string },
): void {
  const { clock, random, duplicatePpm, disorderPpm, losses } = state.options;
  const canBeLost = losses !== undefined && !losses.except.includes(event.topic);
  if (canBeLost && chance(random, losses.ppm)) {
    state.lost += 1;
    return;
  }
  const now = clock.now();
  const heldBackMs = chance(random, disorderPpm) ? Math.floor(random() * HELD_BACK_MS_MAX) : 0;
  const delivery: Delivery = {
    webhookId: uuid(random),
    eventId: event.eventId,
    subscriptionId: subscription.id,
    topic: TOPICS[event.topic] ?? event.topic,
    uri: subscription.uri,
    body: event.body,
    apiVersion: subscription.apiVersion,
    triggeredAt: now,
    name: subscription.name,
    retryCount: 0,
    dueAt: now + heldBackMs,
    sequence: nextSequence(state),
  };
  state.queue.push(delivery);
  if (chance(random, duplicatePpm)) state.queue.push({ ...delivery, sequence: nextSequence(state) });
}

function nextSequence(state: State): number {
  state.sequence += 1;
  return state.sequence;
}

function sorted(state: State): Delivery[] {
  return [...state.queue].sort((left, right) => left.dueAt - right.dueAt || left.sequence - right.sequence);
}

async function deliverDue(state: State): Promise<readonly Attempt[]> {
  const now = state.options.clock.now();
  const due = sorted(state).filter((delivery) => delivery.dueAt <= now);
  const made: Attempt[] = [];
  for (const delivery of due) {
    if (!state.queue.includes(delivery)) continue;
    const attempt = await tryOnce(state, delivery);
    state.queue = state.queue.filter((entry) => entry !== delivery);
    state.attempts.push(attempt);
    made.push(attempt);
    if (attempt.kind === 'delivered') state.failures.delete(delivery.subscriptionId);
    else failed(state, attempt);
  }
  return made;
}

async function tryOnce(state: State, delivery: Delivery): Promise<Attempt> {
  const { clock, send } = state.options;
  const isLast = delivery.retryCount >= RETRY_COUNT;
  if (send === undefined) return { kind: 'failed', delivery, reason: 'no transport was handed in', isLast };
  const startedAt = clock.now();
  try {
    const response = await send(requestOf(state, delivery));
    await response.arrayBuffer();
    if (clock.now() - startedAt > ANSWER_WITHIN_MS)
      return { kind: 'failed', delivery, reason: 'timed out', isLast };
    if (response.status >= 200 && response.status < 300) {
      return { kind: 'delivered', delivery, status: response.status };
    }
    return { kind: 'failed', delivery, reason: `HTTP ${response.status}`, isLast };
  } catch (error) {
    return {
      kind: 'failed',
      delivery,
      reason: error instanceof Error ? error.message : String(error),
      isLast,
    };
  }
}

function failed(state: State, attempt: Extract<Attempt, { kind: 'failed' }>): void {
  const { delivery, isLast } = attempt;
  const { subscriptions, switches, clock } = state.options;
  const count = (state.failures.get(delivery.subscriptionId) ?? 0) + 1;
  state.failures.set(delivery.subscriptionId, count);
  const removal = switches().subscriptionRemoval;
  const isDoomed =
    removal === 'after eighth failure'
      ? count >= RETRY_COUNT
      : removal !== 'never' && isLast && count > RETRY_COUNT;
  if (isDoomed) {
    subscriptions.remove(delivery.subscriptionId);
    state.queue = state.queue.filter((entry) => entry.subscriptionId !== delivery.subscriptionId);
  } else if (!isLast) {
    const dueAt = clock.now() + FIRST_RETRY_MS * 2 ** delivery.retryCount;
    state.queue.push({ ...delivery, retryCount: delivery.retryCount + 1, dueAt });
  }
}

function requestOf(state: State, delivery: Delivery): Request {
  return signedDelivery({
    topic: delivery.topic,
    body: delivery.body,
    secret: state.options.secret(),
    shopDomain: state.options.shopDomain,
    webhookId: delivery.webhookId,
    url: delivery.uri,
    apiVersion: delivery.apiVersion,
    eventId: delivery.eventId,
    triggeredAt: new Date(delivery.triggeredAt).toISOString().replace('Z', '000000Z'),
    ...(delivery.name === null ? {} : { name: delivery.name }),
  });
}

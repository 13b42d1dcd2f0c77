import { TOPICS } from './topics.ts';

/** A webhook subscription made through the Admin API (vendors/shopify.md 2, Registration). */
export interface Subscription {
  readonly id: bigint;
  /** As GraphQL names it: `ORDERS_CREATE`. */
  readonly topic: string;
  readonly uri: string;
  readonly format: 'JSON' | 'XML';
  readonly includeFields: readonly string[];
  readonly filter: string | null;
  readonly name: string | null;
  readonly apiVersion: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface SubscriptionInput {
  readonly uri?: string;
  readonly format?: 'JSON' | 'XML';
  readonly includeFields?: readonly string[];
  readonly filter?: string;
  readonly name?: string;
}

export interface UserError {
  readonly field: readonly string[] | null;
  readonly message: string;
}

export type SubscriptionOutcome =
  | { readonly kind: 'done'; readonly subscription: Subscription }
  | { readonly kind: 'refused'; readonly errors: readonly UserError[] };

export interface Subscriptions {
  list(): readonly Subscription[];
  find(id: bigint): Subscription | undefined;
  create(topic: string, input: SubscriptionInput, call: Call): SubscriptionOutcome;
  update(id: bigint, input: SubscriptionInput, call: Call): SubscriptionOutcome;
  /** False where there is none of this id. */
  remove(id: bigint): boolean;
}

/** When and with which API version a mutation came. */
interface Call {
  readonly at: number;
  readonly apiVersion: string;
}

const FIRST_SUBSCRIPTION_ID = 1_204_300_000_000n;

export function createSubscriptions(): Subscriptions {
  const rows = new Map<bigint, Subscription>();
  let lastId = FIRST_SUBSCRIPTION_ID;
  return {
    list: () => [...rows.values()],
    find: (id) => rows.get(id),
    create: (topic, input, call) => {
      const errors = problems([...rows.values()], { topic, input, self: null });
      if (errors.length > 0) return { kind: 'refused', errors };
      lastId += 17n;
      const subscription: Subscription = {
        id: lastId,
        topic,
        uri: input.uri ?? '',
        format: input.format ?? 'JSON',
        includeFields: input.includeFields ?? [],
        filter: input.filter ?? null,
        name: input.name ?? null,
        apiVersion: call.apiVersion,
        createdAt: call.at,
        updatedAt: call.at,
      };
      rows.set(subscription.id, subscription);
      return { kind: 'done', subscription };
    },
    update: (id, input, call) => {
      const known = rows.get(id);
      if (known === undefined) {
        return {
          kind: 'refused',
          errors: [{ field: ['id'], message: 'Webhook subscription does not exist' }],
        };
      }
      const uri = input.uri ?? known.uri;
      const errors = problems([...rows.values()], { topic: known.topic, input: { ...input, uri }, self: id });
      if (errors.length > 0) return { kind: 'refused', errors };
      const subscription = { ...known, ...input, uri, updatedAt: call.at };
      rows.set(id, subscription);
      return { kind: 'done', subscription };
    },
    remove: (id) => rows.delete(id),
  };
}

interface Wish {
  readonly topic: string;
  readonly input: SubscriptionInput;
  readonly self: bigint | null;
}

const FIELD = ['webhookSubscription', 'uri'];

function problems(rows: readonly Subscription[], { topic, input, self }: Wish): UserError[] {
  if (TOPICS[topic] === undefined) {
    return [{ field: ['topic'], message: `Invalid topic specified: ${topic}` }];
  }
  const { uri } = input;
  if (uri === undefined || uri === '') return [{ field: FIELD, message: "Address can't be blank" }];
  const wrong = uriProblem(uri);
  if (wrong !== null) return [{ field: FIELD, message: wrong }];
  const isTaken = rows.some((row) => row.topic === topic && row.uri === uri && row.id !== self);
  return isTaken ? [{ field: FIELD, message: 'Address for this topic has already been taken' }] : [];
}

const PUBSUB = /^pubsub:\/\/[a-z][a-z0-9-]+:[A-Za-z][\w.~+%-]+$/;
const EVENTBRIDGE = /^arn:aws:events:[a-z0-9-]+::event-source\/aws\.partner\/shopify\.com\/\d+\/.+$/;

/** HTTPS, Pub/Sub and EventBridge are accepted, plain HTTP and addresses without a public name are not. */
function uriProblem(uri: string): string | null {
  if (PUBSUB.test(uri) || EVENTBRIDGE.test(uri)) return null;
  if (!URL.canParse(uri)) return 'Address is invalid';
  const url = new URL(uri);
  if (url.protocol === 'http:') return 'Address protocol http:// is not supported';
  if (url.protocol !== 'https:') return `Address protocol ${url.protocol}// is not supported`;
  return url.hostname.endsWith('.myshopify.com') ? 'Address cannot be a Shopify domain' : null;
}

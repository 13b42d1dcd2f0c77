import { utcText } from './clock-text.ts';
import type { GraphContext } from './graph-context.ts';
import { kit } from './graph-money.ts';
import { gid } from './graph-parts.ts';
import { toJson } from './json.ts';
import type { Json } from './json.ts';
import type { Subscription, SubscriptionInput, SubscriptionOutcome, UserError } from './subscriptions.ts';
import { TOPICS } from './topics.ts';
import { GraphProblem, objectType } from './graph-type.ts';
import type { Arguments, Field, GraphType } from './graph-type.ts';

const ApiVersion: GraphType<string, GraphContext> = objectType('ApiVersion', {
  handle: kit.leaf((handle) => handle),
  supported: kit.leaf(() => true),
});

export const SubscriptionType: GraphType<Subscription, GraphContext> = objectType('WebhookSubscription', {
  id: kit.leaf(({ id }) => gid('WebhookSubscription', id)),
  legacyResourceId: kit.leaf(({ id }) => `${id}`),
  topic: kit.leaf(({ topic }) => topic),
  uri: kit.leaf(({ uri }) => uri),
  format: kit.leaf(({ format }) => format),
  includeFields: kit.leaf(({ includeFields }) => includeFields),
  filter: kit.leaf(({ filter }) => filter),
  name: kit.leaf(({ name }) => name),
  apiVersion: kit.node(
    () => ApiVersion,
    ({ apiVersion }) => apiVersion,
  ),
  createdAt: kit.leaf(({ createdAt }) => utcText(createdAt)),
  updatedAt: kit.leaf(({ updatedAt }) => utcText(updatedAt)),
});

const UserErrorType: GraphType<UserError, GraphContext> = objectType('UserError', {
  field: kit.leaf(({ field }) => field),
  message: kit.leaf(({ message }) => message),
});

interface Payload {
  readonly subscription: Subscription | null;
  readonly deletedId: string | null;
  readonly errors: readonly UserError[];
}

const userErrors = kit.list(
  () => UserErrorType,
  ({ errors }: Payload) => errors,
);
const webhookSubscription = kit.node(
  () => SubscriptionType,
  ({ subscription }: Payload) => subscription,
);

function payloadType(
  name: string,
  fields: Readonly<Record<string, Field<Payload, GraphContext>>>,
): GraphType<Payload, GraphContext> {
  return objectType(name, { ...fields, userErrors });
}

const CreatePayload = payloadType('WebhookSubscriptionCreatePayload', { webhookSubscription });
const UpdatePayload = payloadType('WebhookSubscriptionUpdatePayload', { webhookSubscription });
const DeletePayload = payloadType('WebhookSubscriptionDeletePayload', {
  deletedWebhookSubscriptionId: kit.leaf(({ deletedId }: Payload) => deletedId),
});

export const SUBSCRIPTION_MUTATIONS: Readonly<Record<string, Field<null, GraphContext>>> = {
  webhookSubscriptionCreate: kit.node(
    () => CreatePayload,
    (_, args, context) => {
      const topic = topicOf(args);
      return payload(context.subscriptions.create(topic, inputOf(args), callOf(context)));
    },
    { args: ['topic', 'webhookSubscription'] },
  ),
  webhookSubscriptionUpdate: kit.node(
    () => UpdatePayload,
    (_, args, context) =>
      payload(context.subscriptions.update(subscriptionId(args), inputOf(args), callOf(context))),
    { args: ['id', 'webhookSubscription'] },
  ),
  webhookSubscriptionDelete: kit.node(
    () => DeletePayload,
    (_, args, { subscriptions }) => {
      const id = subscriptionId(args);
      if (subscriptions.remove(id)) {
        return { subscription: null, deletedId: gid('WebhookSubscription', id), errors: [] };
      }
      const errors = [{ field: ['id'], message: 'Webhook subscription does not exist' }];
      return { subscription: null, deletedId: null, errors };
    },
    { args: ['id'] },
  ),
};

function callOf({ now, apiVersion, switches }: GraphContext): { at: number; apiVersion: string } {
  return { at: now, apiVersion: switches.webhookVersion === 'request' ? apiVersion : '2026-07' };
}

function payload(outcome: SubscriptionOutcome): Payload {
  return outcome.kind === 'done'
    ? { subscription: outcome.subscription, deletedId: null, errors: [] }
    : { subscription: null, deletedId: null, errors: outcome.errors };
}

/**
 * A topic that is no value of the enum is refused before the mutation runs. The compliance topics are no values of it:
 * they exist only in the app's own configuration (vendors/shopify.md 2).
 */
function topicOf(args: Arguments): string {
  const topic = args['topic'];
  if (typeof topic === 'string' && TOPICS[topic] !== undefined) return topic;
  const message = `Variable $topic of type WebhookSubscriptionTopic! was provided invalid value`;
  throw new GraphProblem('INVALID_VARIABLE', `${message} ${toJson(topic ?? null)}`);
}

function subscriptionId(args: Arguments): bigint {
  const id = args['id'];
  const match = typeof id === 'string' ? /^gid:\/\/shopify\/WebhookSubscription\/(\d+)$/.exec(id) : null;
  if (match?.[1] === undefined)
    throw new GraphProblem('RESOURCE_NOT_FOUND', `Invalid global id ${toJson(id ?? null)}`);
  return BigInt(match[1]);
}

function inputOf(args: Arguments): SubscriptionInput {
  const input: Json | undefined = args['webhookSubscription'];
  if (!isObject(input)) throw new GraphProblem('INVALID_VARIABLE', 'webhookSubscription must be an object');
  const uri = input['uri'] ?? input['callbackUrl'];
  const { format, includeFields, filter, name } = input;
  return {
    ...(typeof uri === 'string' ? { uri } : {}),
    ...(format === 'JSON' || format === 'XML' ? { format } : {}),
    ...(Array.isArray(includeFields) ? { includeFields: includeFields.map(String) } : {}),
    ...(typeof filter === 'string' ? { filter } : {}),
    ...(typeof name === 'string' ? { name } : {}),
  };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

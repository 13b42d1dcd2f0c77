import { Failure } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { fieldOf, isTrue, listOf, textOf } from '#core/json-fields.ts';
import type { ShopifyApi } from './api.ts';
import type { DocumentName } from './documents.ts';
import { preflight } from './preflight.ts';

/**
 * Subscriptions made through the Admin API. Shopify deletes one after eight failed deliveries in a row, so they are compared
 * with what is needed again and again (docs/vendors/shopify.md 2).
 */
export interface Subscription {
  readonly id: string;
  /** As GraphQL names it: `ORDERS_CREATE`. */
  readonly topic: string;
  readonly uri: string;
  readonly format: string;
  /** Not empty: bodies lack fields. */
  readonly includeFields: readonly string[];
  /** Not empty: some messages do not come. */
  readonly filter: string;
  readonly apiVersion: string;
}

/**
 * `orders/updated` tells every change; the others tell it earlier, or tell what it does not: that a pending payment settled, a
 * deletion, the end of the app.
 */
export const REQUIRED_TOPICS: readonly string[] = [
  'ORDERS_CREATE',
  'ORDERS_UPDATED',
  'ORDERS_PAID',
  'ORDERS_CANCELLED',
  'ORDERS_EDITED',
  'ORDERS_DELETE',
  'REFUNDS_CREATE',
  'ORDER_TRANSACTIONS_CREATE',
  'APP_UNINSTALLED',
];

export interface SubscriptionPlan {
  readonly uri: string;
  readonly right: readonly Subscription[];
  /** Topics that nobody tells us. */
  readonly missing: readonly string[];
  /** Ours by their path, but at another address, filtered or cut: changed in place. */
  readonly wrong: readonly { readonly subscription: Subscription; readonly why: string }[];
  /** The same topic to the same address again: deleted. */
  readonly duplicates: readonly Subscription[];
  /** Other people's: left alone. */
  readonly foreign: readonly Subscription[];
}

export interface SubscriptionChange {
  readonly did: 'created' | 'changed' | 'deleted';
  readonly topic: string;
  readonly uri: string;
}

const WEBHOOK_PATH = '/webhooks/shopify';
/** 50 a page: an app has tens at most. */
const PAGES_MAX = 10;

/** Where the shop is to send its messages. Throws `config-invalid` for anything but an https origin. */
export function webhookUri(publicUrl: string): string {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.search !== '' || url.hash !== '') {
    throw new Failure('config-invalid', {
      detail: `COUNTERFOIL_PUBLIC_URL "${publicUrl.slice(0, 200)}" must be the https address under which Shopify reaches this server`,
    });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}${WEBHOOK_PATH}`;
}

export async function listSubscriptions(api: ShopifyApi): Promise<Subscription[]> {
  const doing = `Listing the webhooks of ${api.shopDomain}`;
  const found: Subscription[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const data: Lossless = await api.ask({ document: 'webhook-list', variables: { after }, doing });
    found.push(...listOf(data, 'webhookSubscriptions.nodes').map(subscriptionIn));
    if (!isTrue(data, 'webhookSubscriptions.pageInfo.hasNextPage')) {
      return found;
    }
    after = textOf(data, 'webhookSubscriptions.pageInfo.endCursor');
  }
  throw new Failure('request-refused', {
    detail: `${doing}: there are more than ${PAGES_MAX} pages of them`,
  });
}

/** Compares what is subscribed with what is needed. Pure. */
export function planSubscriptions(subscriptions: readonly Subscription[], uri: string): SubscriptionPlan {
  const topics = REQUIRED_TOPICS.map((topic) => judge(topic, subscriptions, uri));
  const kept = topics.flatMap(({ right, wrong, duplicates }) => [
    ...right,
    ...wrong.map(({ subscription }) => subscription),
    ...duplicates,
  ]);
  return {
    uri,
    right: topics.flatMap(({ right }) => right),
    missing: topics.filter(({ right, wrong }) => right.length + wrong.length === 0).map(({ topic }) => topic),
    wrong: topics.flatMap(({ wrong }) => wrong),
    duplicates: topics.flatMap(({ duplicates }) => duplicates),
    foreign: subscriptions.filter((subscription) => !kept.includes(subscription)),
  };
}

/** Makes what is missing, corrects what is wrong and deletes what is double. Throws a Failure that names missing scopes first. */
export async function repairSubscriptions(
  api: ShopifyApi,
  plan: SubscriptionPlan,
): Promise<SubscriptionChange[]> {
  const { uri } = plan;
  await assertScopes(api);
  const done: SubscriptionChange[] = [];
  const subscription = { uri, format: 'JSON' };
  for (const topic of plan.missing) {
    await change(api, 'webhook-create', { topic, subscription });
    done.push({ did: 'created', topic, uri });
  }
  for (const { subscription: old } of plan.wrong) {
    await change(api, 'webhook-update', {
      id: old.id,
      subscription: { ...subscription, includeFields: [], filter: '' },
    });
    done.push({ did: 'changed', topic: old.topic, uri });
  }
  return [...done, ...(await removeSubscriptions(api, plan.duplicates))];
}

export async function removeSubscriptions(
  api: ShopifyApi,
  subscriptions: readonly Subscription[],
): Promise<SubscriptionChange[]> {
  const done: SubscriptionChange[] = [];
  for (const { id, topic, uri } of subscriptions) {
    await change(api, 'webhook-delete', { id });
    done.push({ did: 'deleted', topic, uri });
  }
  return done;
}

/** The topics that no API registers, and where a person enters them. */
export function complianceInstructions(uri: string): string {
  return [
    'Shopify lets no program register the three privacy topics. An app that only this shop uses need not have them; to have them,',
    'enter the same address three times in the Dev Dashboard (the app, its newest version, "Compliance webhooks"):',
    `  customer data request  ${uri}`,
    `  customer data erasure  ${uri}`,
    `  shop data erasure      ${uri}`,
    'or in shopify.app.toml:',
    '  [[webhooks.subscriptions]]',
    '  compliance_topics = ["customers/data_request", "customers/redact", "shop/redact"]',
    `  uri = "${uri}"`,
  ].join('\n');
}

interface Judgement {
  readonly topic: string;
  readonly right: readonly Subscription[];
  readonly wrong: SubscriptionPlan['wrong'];
  readonly duplicates: readonly Subscription[];
}

/** One subscription a topic is enough. Where none is right, the first of ours is corrected instead of adding another. */
function judge(topic: string, subscriptions: readonly Subscription[], uri: string): Judgement {
  const own = subscriptions.filter((each) => each.topic === topic && isOurs(each.uri, uri));
  const here = own.filter((each) => each.uri === uri);
  const right = here.find((each) => faultOf(each, uri) === undefined);
  if (right !== undefined) {
    return { topic, right: [right], wrong: [], duplicates: here.filter((each) => each !== right) };
  }
  const first = here[0] ?? own[0];
  return first === undefined
    ? { topic, right: [], wrong: [], duplicates: [] }
    : {
        topic,
        right: [],
        wrong: [{ subscription: first, why: faultOf(first, uri) ?? '' }],
        duplicates: here.filter((each) => each !== first),
      };
}

/** By its path: an earlier public address of this server (a new domain, a tunnel of yesterday) is still ours. */
function isOurs(address: string, uri: string): boolean {
  return address === uri || (URL.canParse(address) && new URL(address).pathname === new URL(uri).pathname);
}

function faultOf(
  { uri: address, format, includeFields, filter }: Subscription,
  uri: string,
): string | undefined {
  if (address !== uri) {
    return `it goes to ${address}`;
  }
  if (format !== 'JSON') {
    return `its format is ${format}`;
  }
  if (includeFields.length > 0) {
    return 'its messages lack fields (includeFields)';
  }
  return filter === '' ? undefined : `its filter "${filter}" keeps messages back`;
}

async function assertScopes(api: ShopifyApi): Promise<void> {
  const { missingScopes } = await preflight(api);
  if (missingScopes.length > 0) {
    throw new Failure('scope-missing', {
      detail: `Registering webhooks at ${api.shopDomain}: the app lacks ${missingScopes.join(' and ')}`,
    });
  }
}

const MUTATIONS = {
  'webhook-create': 'webhookSubscriptionCreate',
  'webhook-update': 'webhookSubscriptionUpdate',
  'webhook-delete': 'webhookSubscriptionDelete',
} as const satisfies Partial<Record<DocumentName, string>>;

async function change(
  api: ShopifyApi,
  document: keyof typeof MUTATIONS,
  variables: Readonly<Record<string, unknown>>,
): Promise<void> {
  const topic = typeof variables['topic'] === 'string' ? ` for ${variables['topic']}` : '';
  const doing = `Changing the webhooks of ${api.shopDomain}${topic}`;
  const data = await api.ask({ document, variables, doing });
  const [error] = listOf(data, `${MUTATIONS[document]}.userErrors`);
  if (error !== undefined) {
    throw new Failure('request-refused', {
      detail: `${doing}: Shopify says "${textOf(error, 'message').slice(0, 200)}"`,
    });
  }
}

function subscriptionIn(node: Lossless): Subscription {
  return {
    id: textOf(node, 'id'),
    topic: textOf(node, 'topic'),
    uri: textOf(node, 'uri'),
    format: textOf(node, 'format'),
    includeFields: listOf(node, 'includeFields').filter((name) => typeof name === 'string'),
    filter: textOf(node, 'filter'),
    apiVersion: textOf(fieldOf(node, 'apiVersion'), 'handle'),
  };
}

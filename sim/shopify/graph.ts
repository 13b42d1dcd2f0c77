import type { Shop } from '#sim/world/place.ts';
import { toJson } from './json.ts';
import type { WorldOrder } from '#sim/world/order.ts';
import type { GraphContext } from './graph-context.ts';
import { kit, within } from './graph-money.ts';
import { OrderType, RefundType } from './graph-order.ts';
import { gid } from './graph-parts.ts';
import { ordersPage } from './order-search.ts';
import { SUBSCRIPTION_MUTATIONS, SubscriptionType } from './graph-webhooks.ts';
import type { AppSettings } from './tokens.ts';
import { GraphProblem, objectType } from './graph-type.ts';
import type { Arguments, GraphType } from './graph-type.ts';

/** A token without this scope sees the last 60 days only (vendors/shopify.md 1). */
const READABLE_DAYS = 60;
const DAY_MS = 86_400_000;

/** Orders that the app may see. */
function visibleOrders({ world, app, now }: GraphContext): WorldOrder[] {
  const oldest = app.scopes.includes('read_all_orders') ? -Infinity : now - READABLE_DAYS * DAY_MS;
  return world.orders().filter((order) => order.createdAt >= oldest);
}

/** What the list shows: an order that changed is in none until the index has it. */
function indexedOrders(context: GraphContext): WorldOrder[] {
  const { now, switches } = context;
  const indexed = now - switches.searchLagSeconds * 1_000;
  return visibleOrders(context).filter(({ updatedAt }) => updatedAt <= indexed || updatedAt > now);
}

/** The number in `gid://shopify/Order/123`; another type's id is an error, as with Shopify. */
function idOf(args: Arguments, type: string): bigint {
  const id = args['id'];
  const match = typeof id === 'string' ? /^gid:\/\/shopify\/(\w+)\/(\d+)$/.exec(id) : null;
  if (match === null || match[1] !== type || match[2] === undefined) {
    throw new GraphProblem('RESOURCE_NOT_FOUND', `Invalid global id ${toJson(id ?? null)}`);
  }
  return BigInt(match[2]);
}

const AccessScope: GraphType<string, GraphContext> = objectType('AccessScope', {
  handle: kit.leaf((handle) => handle),
});

const App: GraphType<AppSettings, GraphContext> = objectType('App', {
  id: kit.leaf(() => 'gid://shopify/App/580111'),
  title: kit.leaf(({ title }) => title),
  apiKey: kit.leaf(({ clientId }) => clientId),
});

const AppInstallation: GraphType<AppSettings, GraphContext> = objectType('AppInstallation', {
  id: kit.leaf(() => 'gid://shopify/AppInstallation/77150001'),
  app: kit.node(
    () => App,
    (app) => app,
  ),
  accessScopes: kit.list(
    () => AccessScope,
    ({ scopes }) => scopes,
  ),
});

const Plan: GraphType<Shop, GraphContext> = objectType('ShopPlan', {
  publicDisplayName: kit.leaf(() => 'Basic'),
  partnerDevelopment: kit.leaf(() => false),
  shopifyPlus: kit.leaf(() => false),
});

const ShopType: GraphType<Shop, GraphContext> = objectType('Shop', {
  id: kit.leaf(({ id }) => gid('Shop', id)),
  name: kit.leaf(({ name }) => name),
  email: kit.leaf(() => 'owner@example.com'),
  myshopifyDomain: kit.leaf(({ domain }) => domain),
  currencyCode: kit.leaf(({ currency }) => currency),
  enabledPresentmentCurrencies: kit.leaf(({ presentmentCurrencies }) => presentmentCurrencies),
  taxesIncluded: kit.leaf(({ taxesIncluded }) => taxesIncluded),
  taxShipping: kit.leaf(() => true),
  ianaTimezone: kit.leaf(({ timeZone }) => timeZone),
  checkoutApiSupported: kit.leaf(() => true),
  plan: kit.node(
    () => Plan,
    (shop) => shop,
  ),
});

export const QueryRoot: GraphType<null, GraphContext> = objectType('QueryRoot', {
  shop: kit.node(
    () => ShopType,
    (_, __, { world }) => world.shop,
    { isRequired: true },
  ),
  currentAppInstallation: kit.node(
    () => AppInstallation,
    (_, __, { app }) => app,
    { isRequired: true },
  ),
  order: kit.node(
    () => OrderType,
    (_, args, context) => {
      const id = idOf(args, 'Order');
      return visibleOrders(context).find((order) => order.id === id) ?? null;
    },
    { args: ['id'], scope: 'read_orders' },
  ),
  orders: kit.connection(
    () => OrderType,
    (_, args, context) => ordersPage(indexedOrders(context), args),
    { args: ['query', 'sortKey'], scope: 'read_orders' },
  ),
  refund: kit.node(
    () => RefundType,
    (_, args, context) => {
      const id = idOf(args, 'Refund');
      for (const order of visibleOrders(context)) {
        const refund = order.refunds.find((entry) => entry.id === id);
        if (refund !== undefined) return within(order, refund);
      }
      return null;
    },
    { args: ['id'], scope: 'read_orders' },
  ),
  webhookSubscription: kit.node(
    () => SubscriptionType,
    (_, args, { subscriptions }) => subscriptions.find(idOf(args, 'WebhookSubscription')) ?? null,
    { args: ['id'] },
  ),
  webhookSubscriptions: kit.connection(
    () => SubscriptionType,
    (_, args, { subscriptions }) => {
      const { topics, uri } = args;
      return subscriptions
        .list()
        .filter((row) => !Array.isArray(topics) || topics.includes(row.topic))
        .filter((row) => typeof uri !== 'string' || row.uri === uri);
    },
    { args: ['topics', 'uri', 'format', 'query', 'sortKey'] },
  ),
});

export const Mutation: GraphType<null, GraphContext> = objectType('Mutation', SUBSCRIPTION_MUTATIONS);

/** `2026-10` when it is asked for; the oldest supported one answers for retired ones ("falls forward", vendors/shopify.md 0). */
export function answeringVersion(asked: string): string | null {
  if (asked === 'unstable' || SUPPORTED_VERSIONS.includes(asked)) return asked;
  const oldest = SUPPORTED_VERSIONS[0] ?? '2026-01';
  return /^\d{4}-(01|04|07|10)$/.test(asked) && asked < oldest ? oldest : null;
}

const SUPPORTED_VERSIONS: readonly string[] = ['2026-01', '2026-04', '2026-07', '2026-10'];

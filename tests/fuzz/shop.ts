import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Order } from '#core/order.ts';
import { totalByLines } from '#core/order.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import { DAY, after, showInstant } from '#core/time.ts';
import { previewOrder } from '#preview.ts';
import { createShopAdmin } from '#sources/shopify/admin.ts';
import { createShopifyApi } from '#sources/shopify/api.ts';
import { sign } from '#sources/shopify/webhook.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import type { Source } from '#pipeline/source.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { DEFAULT_APP } from '#sim/shopify/shopify.ts';
import { NOW, openShopify } from '#tests/contract/source-shopify.ts';
import type { ShopifyWorld } from '#tests/contract/source-shopify.ts';
import { spoiling, spoiltAnswers } from './answers.ts';
import { MOMENTS, mangled, mangles } from './mangle.ts';
import { isOneOf, patientClock, see } from './target.ts';
import type { Opened } from './target.ts';

/** What Shopify sends and answers. */

const TOPICS = [
  'orders/create',
  'orders/updated',
  'orders/edited',
  'orders/delete',
  'refunds/create',
  'order_transactions/create',
  'disputes/create',
  'app/uninstalled',
  'customers/data_request',
  'customers/redact',
  'shop/redact',
  'counterfoil/read',
  'counterfoil/found',
  '__proto__',
  '',
];

/** Bodies of every topic that is read: of each kind of order, and of what only names one. */
function bodiesOf({ orders }: ShopifyWorld): readonly Uint8Array[] {
  const others = [
    { id: 1, order_id: 2, created_at: '2026-11-20T10:00:00-05:00', processed_at: null },
    { id: '3', updated_at: '2026-11-20T10:00:00Z' },
    { order_edit: { id: 1, order_id: 2, committed_at: '2026-11-20T10:00:00-05:00' } },
    {
      id: 3,
      order_id: 2,
      type: 'chargeback',
      amount: '10.00',
      currency: 'USD',
      reason: 'fraudulent',
      status: 'lost',
    },
    { id: 2 },
    { id: 4, name: 'Shop', myshopify_domain: 'example.myshopify.com' },
    { shop_id: 1, shop_domain: 'example.myshopify.com' },
    {
      shop_id: 1,
      customer: { id: 5, email: 'a@example.com' },
      orders_to_redact: [1, 2],
      orders_requested: [3],
    },
  ];
  return [
    ...orders.map(({ message }) => message.body),
    ...others.map((body) => new TextEncoder().encode(JSON.stringify(body))),
  ];
}

export const mangledOf = (bodies: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.nat(bodies.length - 1), mangles)
    .map(([index, mangle]) => mangled(bodies[index] ?? new Uint8Array(), mangle));

/** Whether a message of a source is read, and as an order whose figures are whole, or refused by name. */
export function sortsOrRefuses(source: Source): (body: Uint8Array, topic: string) => Promise<void> {
  return (body, topic) =>
    isOneOf(() => {
      const sorted = source.sort({ topic, body });
      if (sorted.kind === 'order') {
        assertOrder(sorted.snapshot.order);
      }
    }, ['delivery-…']);
}

function assertOrder(order: Order): void {
  assert.equal(totalByLines(order).currency, order.currency);
  showInstant(order.placedAt);
  showInstant(order.updatedAt);
}

export async function openMessages(): Promise<Opened> {
  const world = await openShopify();
  const { source } = world;
  const property = fc.asyncProperty(
    mangledOf(bodiesOf(world)),
    fc.constantFrom(...TOPICS),
    sortsOrRefuses(source),
  );
  return { property, close: () => world.close() };
}

export async function openPreviews(): Promise<Opened> {
  const world = await openShopify();
  const rules = fc
    .constantFrom('shop' as const, 'presentment' as const)
    .map((currency) => ({ ...DEFAULT_RULES, currency }));
  const property = fc.asyncProperty(mangledOf(bodiesOf(world)), rules, async (body, rules) => {
    await isOneOf(() => {
      const { plan, invoice } = previewOrder(body, {
        source: 'shopify',
        shop: world.world.shop.domain,
        rules,
      });
      assert.ok(
        plan.outcome !== 'work' || invoice !== undefined || plan.holds.length > 0,
        'it is booked, or asked about',
      );
    }, ['delivery-…']);
  });
  return { property, close: () => world.close() };
}

/** Everything that may stand in the headers of a message, whose body is signed rightly or wrongly. */
export async function openProofs(): Promise<Opened> {
  const world = await openShopify();
  const names = [
    'x-shopify-topic',
    'x-shopify-shop-domain',
    'x-shopify-webhook-id',
    'x-shopify-hmac-sha256',
    'x-shopify-event-id',
  ];
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '',
      ' ',
      'x'.repeat(5000),
      'counterfoil/read',
      'orders/create',
      world.world.shop.domain,
      ...MOMENTS,
    ),
  );
  const headers = fc.dictionary(
    fc.oneof(fc.constantFrom(...names), fc.string()),
    fc.option(text, { nil: undefined }),
    { maxKeys: 4 },
  );
  const [first] = world.orders;
  assert.ok(first !== undefined);
  const property = fc.asyncProperty(
    headers,
    fc.uint8Array({ maxLength: 200 }),
    fc.boolean(),
    async (more, body, isSigned) => {
      const right = sign(body, DEFAULT_APP.clientSecret);
      const signed = {
        ...first.message.headers,
        ...more,
        ...(isSigned ? { 'x-shopify-hmac-sha256': right } : {}),
      };
      const verdict = await world.source.verify({ headers: signed, body });
      const unread = world.source.refusalUnread(signed)?.why;
      see(verdict.proof);
      if (verdict.proof === 'refused') {
        assert.ok(verdict.why.length > 0 && verdict.why.length < 500);
        assert.ok(unread === undefined || unread === verdict.why);
        return;
      }
      assert.equal(signed['x-shopify-hmac-sha256']?.trim(), right, 'nothing else proves it');
      assert.equal(unread, undefined);
      assert.ok(verdict.proof === 'authentic');
      const { message } = verdict;
      assert.ok(
        message.externalId.length > 0 && message.externalId.length <= 100 && message.topic.length <= 200,
      );
      assert.ok(Object.values(message.headers).every((kept) => kept.length <= 200));
    },
  );
  return { property, close: () => world.close() };
}

/** Of an order that takes several pages and refunds. */
const CALLS_MAX = 6;

const refused = (code: string, more: object = {}): string =>
  JSON.stringify({
    errors: [
      { message: 'Refused', path: ['order', 'email'], extensions: { code, requiredAccess: 'read_orders' } },
    ],
    ...more,
  });
const OTHER_ANSWERS = [
  refused('THROTTLED', {
    extensions: {
      cost: {
        requestedQueryCost: 101,
        throttleStatus: { maximumAvailable: 1000, currentlyAvailable: 10, restoreRate: 50 },
      },
    },
  }),
  refused('ACCESS_DENIED'),
  refused('INTERNAL_SERVER_ERROR'),
  refused('MAX_COST_EXCEEDED'),
  '{"errors":"Not Found"}',
  '{"error":"app_not_installed"}',
  '{"data":{"order":null}}',
];

export async function openAnswers(): Promise<Opened> {
  const world = await openShopify();
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock: world.clock,
    seal: createSeal('key'),
  });
  const wire = spoiling((request) => world.sim.handle(request));
  const asking = fc.constantFrom(
    'order' as const,
    'changes' as const,
    'webhooks' as const,
    'repair' as const,
    'renew' as const,
    'preflight' as const,
  );
  const property = fc.asyncProperty(
    spoiltAnswers(CALLS_MAX, OTHER_ANSWERS),
    asking,
    fc.nat(),
    async (answer, what, choice) => {
      const clock = patientClock(NOW);
      const { shopDomain } = world.api;
      const credentials = {
        kind: 'client',
        clientId: DEFAULT_APP.clientId,
        clientSecret: DEFAULT_APP.clientSecret,
      } as const;
      const api = createShopifyApi({ shopDomain, credentials, transport: wire.transport, clock });
      const admin = createShopAdmin({
        api,
        publicUrl: 'https://books.example.com',
        isConfigured: true,
        connection: world.source.connection,
        store,
      });
      const source = createShopifySource({
        connection: world.source.connection,
        shopDomain,
        secrets: [],
        api,
      });
      const shown = world.orders[choice % world.orders.length];
      assert.ok(shown !== undefined);
      wire.spoil(answer);
      await isOneOf(async () => {
        switch (what) {
          case 'order': {
            const reading = await source.read(shown.key);
            const sorted = source.sort(reading);
            assert.ok(sorted.kind !== 'order' || sorted.snapshot.order.key !== '');
            return;
          }
          case 'changes':
            for (const { order, message } of (
              await source.changed({ since: after(NOW, -DAY), newest: after(NOW, -DAY) })
            ).changes) {
              const sorted = source.sort(message);
              assert.ok(sorted.kind === 'touch' && sorted.order === order);
            }
            return;
          case 'webhooks':
            return void (await admin.planWebhooks());
          case 'repair':
            return void (await admin.repairWebhooks());
          case 'renew':
            return void (await admin.renewWebhooks());
          case 'preflight':
            return void (await admin.preflight());
        }
      }, [
        'request-…',
        'token-refused',
        'scope-missing',
        'order-changing',
        'order-needs-reread',
        'delivery-malformed',
      ]);
      assert.ok(api.remarks().every((remark) => remark.length < 500));
    },
  );
  const close = async (): Promise<void> => {
    await store.close();
    await world.close();
  };
  return { property, close };
}

import assert from 'node:assert/strict';
import { createWorld } from '#sim/world.ts';
import type { World, WorldOptions } from '#sim/world.ts';
import { createShopify, DEFAULT_APP } from './shopify.ts';
import type { ShopifyOptions, ShopifySim } from './shopify.ts';

/** Calls the simulated shop as a client would, for tests. */

export const START = Date.UTC(2026, 10, 20, 14, 30);
export const HOUR_MS = 3_600_000;

export interface Stage {
  readonly world: World;
  readonly sim: ShopifySim;
  readonly received: Request[];
  readonly advance: (ms: number) => void;
}

export function stage(
  options: Partial<ShopifyOptions> & { shop?: WorldOptions['shop']; ids?: WorldOptions['ids'] } = {},
): Stage {
  let now = START;
  const clock = { now: () => now };
  const world = createWorld({
    seed: 11,
    clock,
    ...(options.shop && { shop: options.shop }),
    ...(options.ids && { ids: options.ids }),
  });
  const received: Request[] = [];
  const send = async (request: Request): Promise<Response> => {
    received.push(request);
    return new Response(null, { status: 200 });
  };
  const sim = createShopify({ world, clock, send, ...options });
  return {
    world,
    sim,
    received,
    advance: (ms) => {
      now += ms;
    },
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- The edge: answers are read as a client without types would.
export type Json = { [key: string]: any };

export async function graph(sim: ShopifySim, query: string, variables: object = {}): Promise<Json> {
  const response = await call(sim, query, { variables });
  assert.equal(response.status, 200);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return (await response.json()) as Json;
}

export function call(
  sim: ShopifySim,
  query: string,
  options: { variables?: object; token?: string; version?: string } = {},
): Promise<Response> {
  const { variables = {}, token = DEFAULT_APP.staticTokens[0] ?? '', version = '2026-10' } = options;
  return sim.handle(
    new Request(`http://sim/admin/api/${version}/graphql.json`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-shopify-access-token': token },
      body: JSON.stringify({ query, variables }),
    }),
  );
}

export function grant(
  sim: ShopifySim,
  fields: Record<string, string>,
  type: 'form' | 'json' = 'form',
): Promise<Response> {
  const all = {
    grant_type: 'client_credentials',
    client_id: DEFAULT_APP.clientId,
    client_secret: DEFAULT_APP.clientSecret,
    ...fields,
  };
  return sim.handle(
    new Request('http://sim/admin/oauth/access_token', {
      method: 'POST',
      headers: { 'content-type': type === 'form' ? 'application/x-www-form-urlencoded' : 'application/json' },
      body: type === 'form' ? new URLSearchParams(all) : JSON.stringify(all),
    }),
  );
}

export const CREATE = `mutation ($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) {
    webhookSubscription { id topic uri format apiVersion { handle } }
    userErrors { field message }
  }
}`;

export async function subscribe(
  sim: ShopifySim,
  topic: string,
  uri = 'https://books.example/webhooks/shopify',
): Promise<Json> {
  return (await graph(sim, CREATE, { topic, sub: { uri, format: 'JSON' } }))['data']
    .webhookSubscriptionCreate;
}

export function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

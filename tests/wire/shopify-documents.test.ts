import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
  buildClientSchema,
  getNamedType,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  NoDeprecatedCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { DOCUMENTS } from '#sources/shopify/documents.ts';
import { Mutation, QueryRoot } from '#sim/shopify/graph.ts';
import { createShopify, DEFAULT_APP } from '#sim/shopify/shopify.ts';
import { TOPICS } from '#sim/shopify/topics.ts';
import type { TypeShape } from '#sim/shopify/graph-type.ts';
import { createWorld } from '#sim/world.ts';
import { SCHEMA_FILE, SCHEMA_FOLDER } from './schema-place.ts';

const place = new URL(SCHEMA_FILE, SCHEMA_FOLDER);
const skip = existsSync(place)
  ? false
  : `Shopify's schema ${SCHEMA_FILE} is missing: get it with "npm run schema"`;

let loaded: GraphQLSchema | null = null;

function schema(): GraphQLSchema {
  if (loaded === null) {
    const parsed = JSON.parse(gunzipSync(readFileSync(place)).toString('utf8'));
    loaded = buildClientSchema(parsed.data ?? parsed);
  }
  return loaded;
}

test('against the schema that Shopify publishes for 2026-10', { skip }, async (t) => {
  for (const [name, text] of Object.entries(DOCUMENTS)) {
    await t.test(`the document "${name}" is valid and asks for nothing deprecated`, () => {
      const problems = validate(schema(), parse(text), [...specifiedRules, NoDeprecatedCustomRule]);
      assert.deepEqual(
        problems.map((problem) => problem.message),
        [],
      );
    });
  }

  await t.test('the simulator answers no type, field, argument or list that the schema lacks', () => {
    const wrong: string[] = [];
    const seen = new Set<string>();
    const visit = (shape: TypeShape): void => {
      if (seen.has(shape.name)) return;
      seen.add(shape.name);
      wrong.push(...differences(shape, schema()));
      for (const field of Object.values(shape.fields)) if (field.of !== undefined) visit(field.of());
      for (const member of shape.members?.() ?? []) visit(member);
    };
    visit(QueryRoot);
    visit(Mutation);
    assert.ok(seen.size > 40, `only ${seen.size} types were reached`);
    assert.deepEqual(wrong, []);
  });

  await t.test(
    'every webhook topic the simulator knows is one of the schema, and no compliance topic is',
    () => {
      const topics = schema().getType('WebhookSubscriptionTopic');
      assert.ok(isEnumType(topics));
      const known = new Set(topics.getValues().map((value) => value.name));
      assert.deepEqual(
        Object.keys(TOPICS).filter((topic) => !known.has(topic)),
        [],
      );
      assert.deepEqual(
        ['CUSTOMERS_REDACT', 'CUSTOMERS_DATA_REQUEST', 'SHOP_REDACT'].filter((topic) => known.has(topic)),
        [],
      );
    },
  );
});

for (const [name, text] of Object.entries(DOCUMENTS)) {
  test(`the simulator executes the document "${name}"`, async () => {
    const clock = { now: () => Date.UTC(2026, 10, 20, 12) };
    const world = createWorld({ seed: 1, clock });
    const order = world.scenario('refunded, one unit of three');
    const sim = createShopify({ world, clock });
    const subscription = { uri: 'https://shop.example/webhooks/shopify' };
    await post(sim, CREATE, { topic: 'ORDERS_CREATE', subscription });
    const webhook = `gid://shopify/WebhookSubscription/${sim.subscriptions()[0]?.id}`;
    const ids: Readonly<Record<string, string>> = {
      order: `gid://shopify/Order/${order.id}`,
      refund: `gid://shopify/Refund/${order.refunds[0]?.id}`,
      webhookSubscriptionUpdate: webhook,
      webhookSubscriptionDelete: webhook,
    };
    const asked = Object.keys(ids).find((field) => new RegExp(`\\b${field}\\(id:`).test(text));
    const answer = await post(sim, text, {
      id: asked === undefined ? undefined : ids[asked],
      topic: 'ORDERS_UPDATED',
      subscription,
      sub: subscription,
      query: "updated_at:>='2026-11-01T00:00:00Z'",
      after: null,
    });
    assert.equal(answer.errors, undefined);
    const values = Object.values(answer.data ?? {});
    assert.ok(values.length > 0 && !values.includes(null), `no data for ${name}`);
  });
}

const CREATE = `mutation Create($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) { webhookSubscription { id } userErrors { message } }
}`;

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: unknown;
}

async function post(
  sim: ReturnType<typeof createShopify>,
  query: string,
  variables: object,
): Promise<Answer> {
  const response = await sim.handle(
    new Request('http://sim/admin/api/2026-10/graphql.json', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-shopify-access-token': DEFAULT_APP.staticTokens[0] ?? '',
      },
      body: JSON.stringify({ query, variables }),
    }),
  );
  assert.equal(response.status, 200);
  return (await response.json()) as Answer;
}

function differences(shape: TypeShape, schema: GraphQLSchema): string[] {
  const type = schema.getType(shape.name);
  if (shape.members !== undefined && isAbstractType(type)) {
    const possible = new Set(schema.getPossibleTypes(type).map((member) => member.name));
    const strangers = shape.members().filter((member) => !possible.has(member.name));
    if (strangers.length > 0) return strangers.map((member) => `${member.name} is no ${shape.name}`);
    if (!isInterfaceType(type)) return [];
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [`no type ${shape.name}`];
  const fields = type.getFields();
  return Object.entries(shape.fields).flatMap(([name, field]) => {
    const real = fields[name];
    const title = `${shape.name}.${name}`;
    if (real === undefined) return [`no field ${title}`];
    const wrong: string[] = [];
    const child = getNamedType(real.type).name;
    if (field.of !== undefined && field.of().name !== child)
      wrong.push(`${title} is ${child}, not ${field.of().name}`);
    if (field.of === undefined && isObjectType(getNamedType(real.type))) wrong.push(`${title} is an object`);
    for (const arg of field.args ?? []) {
      if (!real.args.some((candidate) => candidate.name === arg)) wrong.push(`${title} takes no ${arg}`);
    }
    if (field.isRequired === true && !isNonNullType(real.type)) wrong.push(`${title} may be null`);
    if (field.scope !== undefined && field.isRequired !== true && isNonNullType(real.type))
      wrong.push(`${title} is never null`);
    return wrong;
  });
}

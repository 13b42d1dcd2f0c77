import { uuid } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import type { Bucket } from './bucket.ts';
import { prepare } from './execute.ts';
import type { GraphError, Guard } from './execute.ts';
import { answeringVersion, Mutation, QueryRoot } from './graph.ts';
import type { GraphContext } from './graph-context.ts';
import { toJson } from './json.ts';
import type { Json } from './json.ts';
import type { Tokens } from './tokens.ts';
import type { Arguments } from './graph-type.ts';

export interface Endpoint {
  readonly context: Omit<GraphContext, 'apiVersion'>;
  readonly tokens: Tokens;
  readonly bucket: Bucket;
  readonly isFrozen: boolean;
  readonly random: Random;
}

export interface Answered {
  readonly response: Response;
  readonly operation: string | null;
}

/** No single query may ask for more points (vendors/shopify.md 5, Limits). */
const QUERY_COST_MAX = 1_000;

const PATH = /^\/admin\/api\/(?<version>[\w-]+)\/graphql\.json$/;

/** `POST /admin/api/{version}/graphql.json`. What is wrong with the query is HTTP 200 with `errors`, throttling included. */
export async function answerGraph(request: Request, endpoint: Endpoint): Promise<Answered> {
  const match = PATH.exec(new URL(request.url).pathname);
  const version = answeringVersion(match?.groups?.['version'] ?? '');
  if (match === null || version === null || request.method !== 'POST') {
    return { response: Response.json({ errors: 'Not Found' }, { status: 404 }), operation: null };
  }
  const headers = { 'x-shopify-api-version': version, 'x-request-id': uuid(endpoint.random) };
  const reply = (body: Json, status = 200): Response =>
    new Response(toJson(body), {
      status,
      headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
    });
  if (!endpoint.tokens.isValid(request.headers.get('x-shopify-access-token') ?? '')) {
    const errors = '[API] Invalid API key or access token (unrecognized login or wrong password)';
    return { response: reply({ errors }, 401), operation: null };
  }
  if (endpoint.isFrozen) {
    const errors = [{ message: 'This shop is unavailable', extensions: { code: 'SHOP_INACTIVE' } }];
    return { response: reply({ errors }), operation: null };
  }
  const asked = requestOf(await request.text());
  if (asked === null)
    return {
      response: reply({ errors: { query: 'Required parameter missing or invalid' } }, 400),
      operation: null,
    };
  const context = { ...endpoint.context, apiVersion: version };
  const prepared = prepare(asked, { query: QueryRoot, mutation: Mutation }, guardOf(context));
  if (prepared.kind === 'refused')
    return { response: reply({ errors: listed(prepared.errors) }), operation: asked.operationName };
  const operation = prepared.operation.name;
  const { bucket } = endpoint;
  if (prepared.cost > QUERY_COST_MAX) {
    const message = `Query cost is ${prepared.cost}, which exceeds the single query max cost limit (${QUERY_COST_MAX}).`;
    const extensions = { code: 'MAX_COST_EXCEEDED', cost: prepared.cost, maxCost: QUERY_COST_MAX };
    return { response: reply({ errors: [{ message, extensions }] }), operation };
  }
  if (!bucket.reserve(prepared.cost)) {
    const errors = [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }];
    return { response: reply({ errors, extensions: costOf(prepared.cost, null, bucket) }), operation };
  }
  const root = (prepared.operation.kind === 'mutation' ? Mutation : QueryRoot).bind(null, context);
  const { data, errors, objectCount } = prepared.run(root);
  const used = Math.min(prepared.cost, objectCount + (prepared.operation.kind === 'mutation' ? 10 : 0));
  bucket.giveBack(prepared.cost - used);
  const body: { [key: string]: Json } = { data };
  if (errors.length > 0) body['errors'] = listed(errors);
  body['extensions'] = costOf(prepared.cost, used, bucket);
  return { response: reply(body), operation };
}

function costOf(requested: number, actual: number | null, bucket: Bucket): Json {
  return {
    cost: { requestedQueryCost: requested, actualQueryCost: actual, throttleStatus: { ...bucket.status() } },
  };
}

function listed(errors: readonly GraphError[]): Json {
  return errors.map(({ message, locations, path, extensions }) => ({
    message,
    locations: locations?.map(({ line, column }) => ({ line, column })),
    path,
    extensions,
  }));
}

/** Missing scopes and protected data are errors of a field inside an answer of HTTP 200 (vendors/shopify.md 1). */
function guardOf({ app, switches }: GraphContext): Guard {
  return ({ scope, isProtected }, name) => {
    if (scope !== undefined && !app.scopes.includes(scope)) {
      return `Access denied for ${name} field. Required access: \`${scope}\` access scope.`;
    }
    if (isProtected === true && switches.protectedData === 'denied') {
      return `This app is not approved to use the ${name} field. See https://shopify.dev/docs/apps/launch/protected-customer-data for more details.`;
    }
    return null;
  };
}

function requestOf(
  text: string,
): { query: string; operationName: string | null; variables: Arguments } | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (
    parsed === null ||
    typeof parsed !== 'object' ||
    !('query' in parsed) ||
    typeof parsed.query !== 'string'
  )
    return null;
  const operationName =
    'operationName' in parsed && typeof parsed.operationName === 'string' ? parsed.operationName : null;
  const variables = 'variables' in parsed && isArguments(parsed.variables) ? parsed.variables : {};
  return { query: parsed.query, operationName, variables };
}

/** What `JSON.parse` made of an object is one of JSON. */
function isArguments(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// From a request to the resource that answers it: rate limit, token, account, scope, role, body, in that order. Every
// answer carries the rate-limit headers and the API version; the consent page carries neither.

import { callbackResponse, callbackScope } from './callbacks.ts';
import { clients } from './clients.ts';
import { creditNotes } from './credit-notes.ts';
import { categories, expenses } from './expenses.ts';
import { parseBody } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { invoices } from './invoices.ts';
import { tooManyRequests, type RateLimits } from './limits.ts';
import { meJson } from './me.ts';
import { allScopes, type Grant, type OAuth } from './oauth.ts';
import { otherIncomes } from './other-incomes.ts';
import { payments } from './payments.ts';
import { accountingError, readOnly, Refusal, scopeMissing, unauthenticated } from './refusal.ts';
import type { Call, Resource } from './resource.ts';
import type { State } from './state.ts';
import type { Switches } from './switches.ts';
import { taxes } from './taxes.ts';

export interface Api {
  readonly state: State;
  readonly oauth: OAuth;
  readonly limits: RateLimits;
}

/** By the path below `/accounting/account/{accountId}/`. */
const resources: Readonly<Record<string, Resource>> = {
  'users/clients': clients,
  'invoices/invoices': invoices,
  'payments/payments': payments,
  'credit_notes/credit_notes': creditNotes,
  'taxes/taxes': taxes,
  'expenses/expenses': expenses,
  'expenses/categories': categories,
  'other_incomes/other_incomes': otherIncomes,
};

const API_VERSION = '2023-02-20';

export async function route(api: Api, request: Request): Promise<Response> {
  const path = pathOf(request);
  if (path === '/oauth/authorize' || path === '/auth/oauth/authorize') return api.oauth.authorize(request);
  const grant = api.oauth.bearer(request);
  const verdict = api.limits.count(
    { method: request.method, path, key: limitKey(api, { path, grant }) },
    api.state.clock.now(),
  );
  const response = verdict.isAllowed
    ? await answer(api, request, grant)
    : tooManyRequests(api.state.switches);
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(verdict.headers)) headers.set(name, value);
  headers.set('x-api-version', API_VERSION);
  return new Response(response.body, { status: response.status, headers });
}

/** Without a slash at the end, and without the `/service` that the RFC 8414 addresses begin with. */
function pathOf(request: Request): string {
  return new URL(request.url).pathname.replace(/^\/service(?=\/)/, '').replace(/\/+$/, '');
}

function limitKey(api: Api, call: { readonly path: string; readonly grant: Grant | undefined }): string {
  const accountId = /\/account\/([^/]+)/.exec(call.path)?.[1];
  if (api.state.switches.rateLimitKey === 'account' && accountId !== undefined) return `account ${accountId}`;
  return call.grant === undefined ? 'nobody' : `grant ${call.grant.id}`;
}

async function answer(api: Api, request: Request, grant: Grant | undefined): Promise<Response> {
  const path = pathOf(request);
  if (path === '/auth/oauth/token' && request.method === 'POST') return api.oauth.token(request);
  if (path === '/auth/oauth/revoke' && request.method === 'POST') return api.oauth.revoke(request);
  const { switches } = api.state;
  const [, family, accountId = '', rest = ''] =
    /^\/(accounting|events)\/account\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (family === 'accounting') {
    if (grant === undefined) return unauthenticated('accounting', switches);
    return accounting(api, request, { grant, accountId, rest });
  }
  if (family === 'events') {
    if (grant === undefined) return unauthenticated('events', switches);
    return events(api, request, { grant, accountId, rest });
  }
  if (path === '/auth/api/v1/users/me' && request.method === 'GET') {
    return grant === undefined ? unauthenticated('auth', switches) : Response.json(meJson(api.state));
  }
  return Response.json({ message: 'The requested resource was not found.' }, { status: 404 });
}

/** A call below an account, by somebody whose token is alive. */
interface Target {
  readonly grant: Grant;
  readonly accountId: string;
  /** What follows the account in the path. */
  readonly rest: string;
}

async function accounting(api: Api, request: Request, target: Target): Promise<Response> {
  const { state } = api;
  try {
    const account = state.accounts.get(target.accountId);
    if (account === undefined) throw new Refusal(404, { errno: 1012, message: 'Account not found.' });
    const [, name = '', idText] = /^([a-z_]+\/[a-z_]+)(?:\/([^/]+))?$/.exec(target.rest) ?? [];
    const resource = Object.hasOwn(resources, name) ? resources[name] : undefined;
    if (resource === undefined || (idText !== undefined && !/^\d{1,15}$/.test(idText))) {
      throw new Refusal(404, { errno: 1012, message: 'Resource not found.' });
    }
    const isRead = request.method === 'GET';
    requireScope(target.grant, `user:${resource.scope}:${isRead ? 'read' : 'write'}`);
    if (!isRead && account.role === 'client')
      throw new Refusal(403, { errno: 1003, message: 'Permission Denied' });
    const query = new URL(request.url).searchParams;
    const hasBody = request.method === 'POST' || request.method === 'PUT';
    const body: JsonObject = hasBody ? parseBody(await request.text()) : {};
    refuseReadOnly(body, state.switches);
    const result = run(
      { state, account, query, body },
      { resource, method: request.method, id: idText === undefined ? null : Number(idText) },
    );
    return Response.json({ response: result === null ? {} : { result } });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return accountingError(asSwitched(error, api), state.switches);
  }
}

function requireScope(grant: Grant, scope: string): void {
  if (!grant.scopes.includes(scope)) throw scopeMissing(scope);
}

/** Fields that a switch says nobody may write. */
function refuseReadOnly(body: JsonObject, { readOnlyFields }: Switches): void {
  for (const [object, values] of Object.entries(body)) {
    const field = isObject(values) ? readOnlyFields.find((name) => Object.hasOwn(values, name)) : undefined;
    if (field !== undefined) throw readOnly(object, field);
  }
}

/** By a switch a client role's write is refused with HTTP 200. */
function asSwitched(refusal: Refusal, api: Api): Refusal {
  const isRole = refusal.error.message === 'Permission Denied';
  return isRole && api.state.switches.clientRoleWrite === 'http-200'
    ? new Refusal(200, refusal.error)
    : refusal;
}

interface Operation {
  readonly resource: Resource;
  readonly method: string;
  readonly id: number | null;
}

/** The answer's result; null for a DELETE, which has none. */
function run(call: Call, operation: Operation): JsonObject | null {
  const { resource, method, id } = operation;
  if (id === null) {
    if (method === 'GET') return resource.list(call);
    if (method === 'POST' && resource.create !== undefined) return resource.create(call);
  } else {
    if (method === 'GET' && resource.get !== undefined) return resource.get(call, id);
    if (method === 'PUT' && resource.update !== undefined) return resource.update(call, id);
    if (method === 'DELETE' && resource.remove !== undefined) {
      resource.remove(call, id);
      return null;
    }
  }
  throw new Refusal(405, { errno: 1100, message: 'Method not allowed.' });
}

async function events(api: Api, request: Request, target: Target): Promise<Response> {
  const { state } = api;
  const account = state.accounts.get(target.accountId);
  const path = /^events\/callbacks(?:\/(\d{1,15}))?$/.exec(target.rest);
  if (account === undefined || path === null) {
    return Response.json({ errno: 404, message: 'Requested resource could not be found.' }, { status: 404 });
  }
  try {
    const hasBody = request.method === 'POST' || request.method === 'PUT';
    const body: JsonObject = hasBody ? parseBody(await request.text()) : {};
    if (request.method === 'POST') requireEventScope(target.grant, body);
    const call: Call = { state, account, query: new URL(request.url).searchParams, body };
    return callbackResponse(call, request.method, path[1] === undefined ? null : Number(path[1]));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return Response.json({ errno: error.status, message: error.message }, { status: error.status });
  }
}

/** Registering for an event needs the scope of its resource. Events without a scope of their own need none here. */
function requireEventScope(grant: Grant, body: JsonObject): void {
  const scope = `user:${callbackScope(body)}:read`;
  if (allScopes.includes(scope)) requireScope(grant, scope);
}

// Webhooks (docs/vendors/freshbooks.md section 8). A callback is registered unverified; FreshBooks posts a verifier to
// it, which the app sends back by PUT; from then on every matching event is posted, ids only, signed with the verifier.
// Nothing is sent from here: the deliveries that are due are handed out as requests.

import { createHmac } from 'node:crypto';
import { rfcTime } from './calendar.ts';
import { isObject, type JsonObject } from './json.ts';
import type { Call } from './resource.ts';
import { nextId, randomHex, type Account, type AccountEvent, type Callback, type State } from './state.ts';

const eventObjects = [
  'client',
  'credit_note',
  'estimate',
  'expense',
  'invoice',
  'item',
  'other_income',
  'payment',
  'project',
  'recurring',
  'service',
  'task',
  'tax',
  'time_entry',
];
const eventVerbs = ['create', 'update', 'delete', 'sendByEmail'];

/** The identity behind the account, as deliveries name it. */
const IDENTITY_ID = '14468508';

/** One call of the events family; the answers have shapes of their own. */
export function callbackResponse(call: Call, method: string, id: number | null): Response {
  if (id === null) {
    if (method === 'GET') return listCallbacks(call);
    return method === 'POST' ? register(call) : wrongMethod();
  }
  const callback = call.account.callbacks.get(id);
  if (callback === undefined)
    return Response.json({ errno: 404, message: 'Requested resource could not be found.' }, { status: 404 });
  switch (method) {
    case 'GET':
      return one(callback);
    case 'PUT':
      return change(call, callback);
    case 'DELETE':
      call.account.callbacks.delete(id);
      return Response.json({ response: {} });
    default:
      return wrongMethod();
  }
}

/** The object whose scope an event needs: a callback for `invoice.create` needs `user:invoices:read`. */
export function callbackScope(body: JsonObject): string {
  const written = body['callback'];
  const event = isObject(written) ? written['event'] : undefined;
  const object = typeof event === 'string' ? (event.split('.')[0] ?? '') : '';
  if (object === 'other_income') return object;
  return object === 'tax' ? 'taxes' : `${object}s`;
}

/** The requests FreshBooks would send for what happened since the last time, each to be sent once, in order. */
export function takeDeliveries(state: State): readonly Request[] {
  const deliveries: Request[] = [];
  for (const account of state.accounts.values()) {
    for (const event of account.events) {
      for (const callback of account.callbacks.values()) {
        if (isFor(event, callback)) deliveries.push(delivery(account, callback, event));
      }
    }
    account.events = [];
  }
  return deliveries;
}

/** base64(HMAC-SHA256) over the form's fields as Python's json.dumps writes a dict of strings. */
export function deliverySignature(form: URLSearchParams, verifier: string): string {
  const pairs = [...form].map(([name, value]) => `${pythonString(name)}: ${pythonString(value)}`);
  return createHmac('sha256', verifier)
    .update(`{${pairs.join(', ')}}`)
    .digest('base64');
}

function register(call: Call): Response {
  const { account, state } = call;
  const written = call.body['callback'];
  const { event, uri } = isObject(written) ? written : {};
  const details: string[] = [];
  if (typeof event !== 'string' || !isEvent(event)) details.push('event: Value error, Unrecognized event.');
  const isUrl = typeof uri === 'string' && URL.canParse(uri);
  if (!isUrl) details.push('uri: Input should be a valid URL, relative URL without a base');
  if (typeof event !== 'string' || typeof uri !== 'string' || details.length > 0)
    return unprocessable(details);
  const verifier = randomHex(state, 40);
  const callback: Callback = {
    id: nextId(state, 'callback'),
    event,
    uri,
    verifier,
    isVerified: false,
    updatedAt: state.clock.now(),
  };
  account.callbacks.set(callback.id, callback);
  account.events.push({ name: 'callback.verify', objectId: callback.id, callbackId: callback.id });
  return one(callback);
}

/** PUT carries the verifier, or asks for it to be sent once more. `callback_id` is not compared: the path names it. */
function change(call: Call, callback: Callback): Response {
  const written = call.body['callback'];
  const { verifier, resend } = isObject(written) ? written : {};
  if (resend === true) {
    call.account.events.push({ name: 'callback.verify', objectId: callback.id, callbackId: callback.id });
    return one(callback);
  }
  if (verifier !== callback.verifier)
    return unprocessable(['verifier: Value error, Verifier does not match.']);
  callback.isVerified = true;
  callback.updatedAt = call.state.clock.now();
  return one(callback);
}

const PER_PAGE = 15;

function listCallbacks(call: Call): Response {
  const all = [...call.account.callbacks.values()];
  const perPage = Math.min(100, Number(call.query.get('per_page') ?? PER_PAGE) || PER_PAGE);
  const page = Number(call.query.get('page') ?? 1) || 1;
  const shown = all.slice((page - 1) * perPage, page * perPage).map(callbackJson);
  const result = {
    callbacks: shown,
    page,
    pages: Math.ceil(all.length / perPage),
    per_page: perPage,
    total: all.length,
  };
  return Response.json({ response: { result } });
}

function isEvent(name: string): boolean {
  const [object = '', verb, ...more] = name.split('.');
  return (
    eventObjects.includes(object) && more.length === 0 && (verb === undefined || eventVerbs.includes(verb))
  );
}

/** An event and its parent match: `invoice` hears of `invoice.create`. Unverified callbacks hear only of themselves. */
function isFor(event: AccountEvent, callback: Callback): boolean {
  if (event.callbackId !== undefined) return event.callbackId === callback.id;
  return (
    callback.isVerified && (callback.event === event.name || callback.event === event.name.split('.')[0])
  );
}

function delivery(account: Account, callback: Callback, event: AccountEvent): Request {
  const form = new URLSearchParams({
    name: event.name,
    object_id: String(event.objectId),
    account_id: account.id,
    business_id: String(account.businessId),
    identity_id: IDENTITY_ID,
    user_id: '1',
  });
  if (event.name === 'callback.verify') form.set('verifier', callback.verifier);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-freshbooks-hmac-sha256': deliverySignature(form, callback.verifier),
  };
  return new Request(callback.uri, { method: 'POST', headers, body: form.toString() });
}

/** A string as json.dumps writes it: everything beyond ASCII as \uXXXX. */
function pythonString(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function one(callback: Callback): Response {
  return Response.json({ response: { result: { callback: callbackJson(callback) } } });
}

function callbackJson(callback: Callback): JsonObject {
  const { id, event, uri, isVerified, updatedAt } = callback;
  return { callbackid: id, event, uri, verified: isVerified, updated_at: rfcTime(updatedAt) };
}

function unprocessable(details: readonly string[]): Response {
  const message = 'The request was well-formed but was unable to be followed due to semantic errors.';
  return Response.json({ errno: 422, message, details }, { status: 422 });
}

function wrongMethod(): Response {
  return Response.json({ errno: 405, message: 'Method not allowed.' }, { status: 405 });
}

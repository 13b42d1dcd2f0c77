import { Failure } from '#core/failure.ts';
import type { Exchange } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Lossless } from '#core/json.ts';
import { SECOND } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { jsonOf, send, unreadable } from '#net/request.ts';
import type { Answer, Transport } from '#net/request.ts';
import { createThrottle } from '#net/throttle.ts';
import type { Throttle } from '#net/throttle.ts';
import type { Tokens } from '#net/token.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';
import { answerTold, requestTold } from './quoting.ts';
import { failureOf, isUnauthenticated, refusalIn } from './refusal.ts';
import type { BuyerWords, Refusal } from './refusal.ts';

/**
 * The few calls of FreshBooks that we make, to the byte: address, token, pace, and every shape of its answers. A token
 * that is refused is renewed once; a 401 changes nothing over there, so the call may be made again.
 */
export interface Api {
  /** The same, for calls that are about this buyer. */
  about(words: BuyerWords): Api;
  /** What the account was found not to take, known to all who call it. */
  readonly found: { isBasicPlaneOnly: boolean; readonly readOnly: Set<string> };
  get(path: string, asking: Asking): Promise<Reply>;
  post(path: string, writing: Writing): Promise<Reply>;
  put(path: string, writing: Writing): Promise<Reply>;
  /** Who the token belongs to: the one call outside the account. */
  me(): Promise<Reply>;
  /** Says that so many POST will follow, so that what comes before them is not done in vain. Throws `request-rate-limited`. */
  announcePosts(count: number): Promise<void>;
  /** When an order that can wait may be worked on; nothing when it may now. */
  spareAt(): Instant | undefined;
}

export interface Asking {
  /** Values are percent-encoded here. A key may repeat. */
  readonly query?: readonly (readonly [string, string])[];
  /** For failures; never contact data. */
  readonly doing: string;
}

export interface Writing extends Asking {
  readonly body: JsonBody;
}

/** What we write: like JSON, without floats. */
export type JsonBody =
  | null
  | boolean
  | string
  | number
  | readonly JsonBody[]
  | { readonly [key: string]: JsonBody };

export type Reply =
  | { readonly outcome: 'done'; readonly result: JsonObject; readonly answer: Answer }
  | { readonly outcome: 'refused'; readonly refusal: Refusal; readonly failure: Failure };

export interface ApiOptions {
  readonly connection: ConnectionId;
  /** Asked before each call when it is not chosen yet; may throw `books-account-unchosen`. */
  readonly accountId: string | (() => Promise<string>);
  /** An origin: "https://api.freshbooks.com". */
  readonly apiUrl: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly tokens: Tokens;
  /** Of the program, for the User-Agent. */
  readonly version: string;
  readonly throttle?: Throttle<CallClass>;
  /** Told when FreshBooks answers by another version of its API than the last time ("2023-02-20"). */
  readonly onApiVersion?: (version: string) => void;
}

/** FreshBooks counts writes that create apart from everything else, each in a minute (section 7). */
export type CallClass = 'accounting-post' | 'other';
const CALLS_A_MINUTE = { 'accounting-post': 250, other: 600 } as const;
const CLASSES = ['accounting-post', 'other'] as const;
/** Of a paid one of a known customer; of a new one it is a call more of each. */
const CALLS_AN_ORDER = { 'accounting-post': 2, other: 2 } as const;

/** The slowest recorded answers took seconds; more than this is an outage. */
const TIMEOUT_MS = 30 * SECOND;
/** A hundred invoices with lines and includes; a larger answer is not one of these calls. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

function throttleOf(connection: ConnectionId, clock: Clock): Throttle<CallClass> {
  return createThrottle({ account: connection, limits: CALLS_A_MINUTE, clock });
}

/** What every call to one account shares. */
interface Session extends ApiOptions {
  readonly throttle: Throttle<CallClass>;
  readonly heardVersion: (answer: Answer) => void;
  readonly found: Api['found'];
  readonly words: BuyerWords;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly kind: CallClass;
  readonly doing: string;
  readonly body?: string;
  readonly resultOf: (json: JsonObject) => Lossless | undefined;
}

export function createApi(options: ApiOptions): Api {
  const session: Session = {
    ...options,
    throttle: options.throttle ?? throttleOf(options.connection, options.clock),
    heardVersion: versionListener(options),
    found: { isBasicPlaneOnly: false, readOnly: new Set() },
    words: [],
  };
  return apiOf(session);
}

function apiOf(session: Session): Api {
  const { accountId, apiUrl } = session;
  const origin = apiUrl.replace(/\/+$/, '');
  const urlOf = async (path: string, asking: Asking): Promise<string> => {
    const id = typeof accountId === 'string' ? accountId : await accountId();
    return `${origin}/accounting/account/${encodeURIComponent(id)}/${path}${queryOf(asking)}`;
  };
  const write = async (method: 'POST' | 'PUT', path: string, writing: Writing): Promise<Reply> =>
    await run(session, {
      method,
      url: await urlOf(path, writing),
      kind: method === 'POST' ? 'accounting-post' : 'other',
      doing: writing.doing,
      body: JSON.stringify(writing.body),
      resultOf: accountingResult,
    });
  return {
    about: (words) => apiOf({ ...session, words }),
    found: session.found,
    get: async (path, asking) =>
      await run(session, {
        method: 'GET',
        url: await urlOf(path, asking),
        kind: 'other',
        doing: asking.doing,
        resultOf: accountingResult,
      }),
    post: (path, writing) => write('POST', path, writing),
    put: (path, writing) => write('PUT', path, writing),
    me: () =>
      run(session, {
        method: 'GET',
        url: `${origin}/auth/api/v1/users/me`,
        kind: 'other',
        doing: 'Reading who the access token belongs to',
        // There is no `result` layer in this answer.
        resultOf: (json) => json['response'],
      }),
    announcePosts: (count) => session.throttle.announce('accounting-post', count),
    spareAt: () => {
      const moments = CLASSES.map((kind) => session.throttle.spareAt(kind, CALLS_AN_ORDER[kind]));
      return moments.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a));
    },
  };
}

/** The result, or the refusal thrown as the failure it means. */
export function expectDone(reply: Reply): Extract<Reply, { outcome: 'done' }> {
  if (reply.outcome === 'refused') {
    throw reply.failure;
  }
  return reply;
}

function accountingResult(json: JsonObject): Lossless | undefined {
  const response = json['response'];
  return isObject(response) ? response['result'] : undefined;
}

async function run(session: Session, call: Call): Promise<Reply> {
  const token = await session.tokens.current();
  const first = await attempt(session, call, token);
  if (first.outcome === 'done' || !isUnauthenticated(first.refusal)) {
    return first;
  }
  const renewed = await session.tokens.renew(token);
  return await attempt(session, call, renewed);
}

async function attempt(session: Session, call: Call, token: string): Promise<Reply> {
  const answer = await session.throttle.pace(call.kind, () =>
    send(session.transport, {
      method: call.method,
      url: call.url,
      headers: headersOf(session, call, token),
      ...(call.body === undefined ? {} : { body: call.body }),
      timeoutMs: TIMEOUT_MS,
      answerBytesMax: ANSWER_BYTES_MAX,
      doing: call.doing,
      clock: session.clock,
    }),
  );
  session.heardVersion(answer);
  // A refusal may quote whatever it was sent.
  const words = session.words === 'unknown' ? session.words : [...session.words, token];
  return replyOf(answer, { call, words });
}

/** No version header: the default version is the one that was recorded (section 9). */
function headersOf(session: Session, call: Call, token: string): Record<string, string> {
  return {
    accept: 'application/json',
    authorization: `Bearer ${token}`,
    'user-agent': `counterfoil/${session.version}`,
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

/** Errors come with any status, 200 included; a 2xx without errors must hold a result. */
function replyOf(
  answer: Answer,
  { call, words }: { readonly call: Call; readonly words: BuyerWords },
): Reply {
  const isError = answer.status >= 400;
  const json = isError ? jsonOrNothing(answer) : jsonOf(answer);
  const refusal = refusalIn(json, answer.status);
  if (refusal !== undefined) {
    const { doing, body } = call;
    const exchange =
      body === undefined || words === 'unknown' ? undefined : exchangeOf(answer, { ...call, body, words });
    return { outcome: 'refused', refusal, failure: failureOf(refusal, { doing, words, exchange }) };
  }
  const result = isObject(json) ? call.resultOf(json) : undefined;
  if (!isObject(result)) {
    throw unreadable(answer, 'has no result');
  }
  return { outcome: 'done', result, answer };
}

function exchangeOf(
  answer: Answer,
  { method, url, body, words }: Call & { readonly body: string; readonly words: readonly string[] },
): Exchange {
  return {
    request: `${method} ${new URL(url).pathname}\n${requestTold(body, words)}`,
    answer: `${answer.status}\n${answerTold(answer.text, words)}`,
  };
}

/** A page of the edge says no more than its status. */
function jsonOrNothing(answer: Answer): Lossless | undefined {
  try {
    return jsonOf(answer);
  } catch (thrown) {
    if (thrown instanceof Failure) {
      return undefined;
    }
    throw thrown;
  }
}

function queryOf({ query = [] }: Asking): string {
  const pairs = query.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function versionListener(options: ApiOptions): (answer: Answer) => void {
  let last: string | undefined;
  return (answer) => {
    const version = answer.headers.get('x-api-version');
    if (version !== null && version !== last) {
      last = version;
      options.onApiVersion?.(version);
    }
  };
}

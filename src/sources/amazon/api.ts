import { Failure } from '#core/failure.ts';
import { listOf, textOf } from '#core/json-fields.ts';
import type { Lossless } from '#core/json.ts';
import { HOUR, SECOND, after, showInstant } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { jsonOf, send, unreadable } from '#net/request.ts';
import type { Answer, Transport } from '#net/request.ts';
import { createAccess } from './access.ts';
import type { Access, Credentials, Scope } from './access.ts';
import { createPace } from './pace.ts';
import type { Operation, Pace } from './pace.ts';

/** Amazon's Selling Partner API: one call, with a token that is accepted, at the pace that Amazon allows. */
export interface SellingPartnerApi {
  readonly pace: Pace;
  /**
   * The answer's JSON. The call must have been taken from `pace` before, unless `isTaken` is false: then it is taken here.
   * Throws a Failure; `request-not-found` for 404, `scope-missing` where the app has no role for it.
   */
  call(calling: Calling): Promise<Lossless>;
}

export interface Calling {
  readonly operation: Operation;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From the origin, with its query. */
  readonly path: string;
  readonly body?: Lossless;
  /** By default the seller's. */
  readonly scope?: Scope;
  /** For a failure's text. */
  readonly doing: string;
}

export interface ApiOptions {
  /** Origin of the region's endpoint. */
  readonly apiUrl: string;
  readonly lwaUrl: string;
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Of this program, for Amazon's own logs. */
  readonly version: string;
}

const TIMEOUT_MS = 30 * SECOND;
/** An order of a hundred items is about 0.2 MB, and a page of searchOrders holds a hundred orders. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
/** Of Amazon's words, this much is shown. */
const WORDS_MAX = 200;

interface Connected extends ApiOptions {
  readonly access: Access;
  readonly pace: Pace;
  /** Operations that were denied with a new token too, and up to when no other is asked for on their account. */
  readonly denied: Map<Operation, Instant>;
}

/** As long as a token lives: a role that is granted meanwhile comes with the next one. */
const DENIED_REST_MS = HOUR;

export function createSellingPartnerApi(options: ApiOptions): SellingPartnerApi {
  const connected: Connected = {
    ...options,
    access: createAccess(options),
    pace: createPace(options.clock),
    denied: new Map(),
  };
  return { pace: connected.pace, call: (calling) => call(calling, connected) };
}

async function call(calling: Calling, connected: Connected): Promise<Lossless> {
  const { pace } = connected;
  const answer = await accepted(calling, connected);
  if (answer.status === 429) {
    throw new Failure('request-rate-limited', {
      detail: `${calling.doing}: Amazon asks for patience (status 429)`,
      retryAt: pace.refused(calling.operation),
    });
  }
  if (answer.status >= 400) {
    throw refusal(answer);
  }
  pace.accepted(calling.operation);
  const json = answer.text.trim() === '' ? null : jsonOf(answer);
  if (listOf(json, 'errors').length > 0) {
    // Taken as an answer it would say that there is nothing: no refund, no change.
    throw unreadable(answer, 'has errors instead of an answer');
  }
  return json;
}

/** One answer with a token that is accepted: a refused one is renewed once. Amazon says 403 where others say 401. */
async function accepted(calling: Calling, connected: Connected): Promise<Answer> {
  const { access, pace, clock, denied } = connected;
  const { operation } = calling;
  const scope = calling.scope ?? 'seller';
  const token = await access.current(scope);
  try {
    const first = await once(token, calling, connected);
    const isResting = (denied.get(operation) ?? 0) > clock.now();
    if (!isTokenRefused(first) && (!isDenied(first) || isResting)) {
      return first;
    }
    const second = await once(await access.renew(scope, token), calling, connected);
    if (isDenied(second)) {
      denied.set(operation, after(clock.now(), DENIED_REST_MS));
    }
    return second;
  } catch (thrown) {
    // A 429 names no moment, so the pace knows better than the minute that is waited for elsewhere.
    throw thrown instanceof Failure && thrown.code === 'request-rate-limited'
      ? new Failure('request-rate-limited', {
          detail: thrown.message,
          retryAt: pace.refused(calling.operation),
          cause: thrown,
        })
      : thrown;
  }
}

async function once(token: string, calling: Calling, connected: Connected): Promise<Answer> {
  const { apiUrl, clock, transport, version } = connected;
  const { method, path, body, doing } = calling;
  return await send(transport, {
    method,
    url: new URL(path, apiUrl),
    headers: {
      accept: 'application/json',
      'user-agent': `Counterfoil/${version} (Language=TypeScript; Platform=Node.js)`,
      'x-amz-access-token': token,
      // ISO 8601 in its basic form, as Amazon's own signatures had it.
      'x-amz-date': showInstant(clock.now()).replace(/[-:]|\.\d+/g, ''),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    timeoutMs: TIMEOUT_MS,
    answerBytesMax: ANSWER_BYTES_MAX,
    doing,
    clock,
  });
}

function isTokenRefused(answer: Answer): boolean {
  return answer.status === 401 || (answer.status === 403 && TOKEN_WORDS.test(wordsOf(answer)));
}

/** Without saying why, or so that it cannot be read: a role is lacking, or the token is of no use any more. */
function isDenied(answer: Answer): boolean {
  return answer.status === 403 && /^$|Access to requested resource is denied/i.test(wordsOf(answer));
}

/** Of a 403's details: the token is old or broken, which another one mends. */
const TOKEN_WORDS = /access token.*(expired|revoked|malformed|invalid)/i;

/** What a refusal means, by Amazon's own words (docs/vendors/amazon.md 1.1). */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /secret.*expired/i,
    'the client secret has expired: rotate it in the developer console and set SP_API_CLIENT_SECRET',
  ],
  [
    /do(es)? not have access to some or all requested resource/i,
    'the app has no access to this seller in this region: compare SP_API_REGION and SP_API_MARKETPLACE_IDS with where the seller sells',
  ],
];

function refusal(answer: Answer): Failure {
  const words = wordsOf(answer);
  const meaning = MEANINGS.find(([said]) => said.test(words))?.[1];
  const requestId = answer.headers.get('x-amzn-requestid')?.slice(0, WORDS_MAX) ?? '';
  const detail = [
    `${answer.doing}: Amazon answered ${answer.status}: ${meaning ?? (words === '' ? 'no reason given' : words)}`,
    requestId === '' ? '' : `request ${requestId}`,
  ]
    .filter(Boolean)
    .join(', ');
  switch (answer.status) {
    case 401:
      return new Failure('token-refused', { detail });
    case 403:
      return /secret.*expired|access token/i.test(words)
        ? new Failure('token-refused', { detail })
        : new Failure('scope-missing', {
            detail: `${detail}. The app has no role for it, or the seller’s authorization was withdrawn`,
          });
    case 404:
      return new Failure('request-not-found', { detail });
    default:
      return new Failure('request-refused', { detail });
  }
}

/** Code, message and details of the first error; empty where the body is none of theirs. */
function wordsOf(answer: Answer): string {
  let body: Lossless;
  try {
    body = jsonOf(answer);
  } catch {
    return '';
  }
  const [error] = listOf(body, 'errors');
  return ['message', 'details']
    .map((name) => textOf(error, name).trim().slice(0, WORDS_MAX))
    .filter(Boolean)
    .join(' ');
}

import { Failure } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { MINUTE, SECOND, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { createPatience } from '#net/patience.ts';
import { jsonOf, send, unreadable } from '#net/request.ts';
import type { Answer, Transport } from '#net/request.ts';
import { fieldOf, textOf } from '#core/json-fields.ts';
import { isAccessToken, isInForce } from '#net/token.ts';

/** Login with Amazon: the tokens by which a seller's data and the app's own notifications are asked for (docs/vendors/amazon.md 1). */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of the seller's authorization; not rotated. */
  readonly refreshToken: string;
}

/** For whom a call speaks: the seller, or the app itself, which is how Amazon wants destinations and deletions. */
export type Scope = 'seller' | 'notifications';

export interface AccessOptions {
  /** Origin of the token endpoint, without a path. */
  readonly lwaUrl: string;
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** Tokens are kept in memory: the same credentials buy the next one. Callers that ask at once wait for one request. */
export interface Access {
  current(scope: Scope): Promise<string>;
  /** After this token was refused: a new one. Throws `token-refused` when there can be none. */
  renew(scope: Scope, refused: string): Promise<string>;
}

/** A token lives an hour; longer than any request under way, and than clocks are usually apart. */
const RENEW_BEFORE_MS = MINUTE;
const TIMEOUT_MS = 20 * SECOND;
const ANSWER_BYTES_MAX = 64 * 1024;

interface Granted {
  readonly token: string;
  /** Absent where it lives no longer than we renew before its end: then it is used until it is refused. */
  readonly expiresAt?: Instant;
}

export function createAccess(options: AccessOptions): Access {
  const granted = new Map<Scope, Granted>();
  const granting = new Map<Scope, Promise<Granted>>();
  const patience = createPatience(options.clock, 'Login with Amazon');

  const grant = async (scope: Scope): Promise<string> => {
    const asked =
      granting.get(scope) ??
      patience(() => requestToken(options, scope)).finally(() => void granting.delete(scope));
    granting.set(scope, asked);
    const fresh = await asked;
    granted.set(scope, fresh);
    return fresh.token;
  };

  return {
    async current(scope) {
      const known = granted.get(scope);
      return known !== undefined && isInForce(known, { now: options.clock.now(), marginMs: RENEW_BEFORE_MS })
        ? known.token
        : await grant(scope);
    },
    async renew(scope, refused) {
      const known = granted.get(scope);
      return known !== undefined && known.token !== refused ? known.token : await grant(scope);
    },
  };
}

async function requestToken(options: AccessOptions, scope: Scope): Promise<Granted> {
  const { clock, credentials, lwaUrl, transport } = options;
  const { clientId, clientSecret, refreshToken } = credentials;
  const askedAt = clock.now();
  const answer = await send(transport, {
    method: 'POST',
    url: new URL('/auth/o2/token', lwaUrl),
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      ...(scope === 'seller'
        ? { grant_type: 'refresh_token', refresh_token: refreshToken }
        : { grant_type: 'client_credentials', scope: 'sellingpartnerapi::notifications' }),
      client_id: clientId,
      client_secret: clientSecret,
    }).toString(),
    timeoutMs: TIMEOUT_MS,
    answerBytesMax: ANSWER_BYTES_MAX,
    doing: 'Asking Login with Amazon for an access token',
    clock,
    // A token more or less changes nothing, so the request may be sent again at once.
    changes: false,
  });
  if (answer.status !== 200 || Object.hasOwn(EXPLANATIONS, errorWord(answer))) {
    throw refusal(answer);
  }
  const body = jsonOf(answer);
  const token = textOf(body, 'access_token');
  const seconds = textOf(body, 'expires_in');
  if (!isAccessToken(token) || !/^\d{1,9}$/.test(seconds)) {
    throw unreadable(answer, 'has no access_token with expires_in');
  }
  const lifeMs = Number(seconds) * SECOND;
  return { token, ...(lifeMs > RENEW_BEFORE_MS ? { expiresAt: after(askedAt, lifeMs) } : {}) };
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  invalid_grant:
    'the seller’s authorization is gone: it was withdrawn, or it is older than a year. Authorize the app again in Seller Central and set SP_API_REFRESH_TOKEN',
  invalid_client:
    'SP_API_CLIENT_ID and SP_API_CLIENT_SECRET do not belong together, or the secret is older than 180 days: rotate it in the developer console',
  unauthorized_client: 'the app is not allowed to ask in this way',
  invalid_scope: 'the app may not set up notifications',
};

/** Known refusals are explained; of others Amazon's own word is quoted, and none of its prose. */
function refusal(answer: Answer): Failure {
  const word = errorWord(answer);
  const why =
    (Object.hasOwn(EXPLANATIONS, word) ? EXPLANATIONS[word] : undefined) ??
    (word === '' ? 'no reason given' : word);
  return new Failure('token-refused', {
    detail: `Login with Amazon refused an access token (status ${answer.status}): ${why}`,
  });
}

function errorWord(answer: Answer): string {
  let body: Lossless;
  try {
    body = jsonOf(answer);
  } catch {
    return '';
  }
  const word = fieldOf(body, 'error');
  return typeof word === 'string' && /^\w{1,60}$/.test(word) ? word : '';
}

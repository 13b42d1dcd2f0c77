import { Failure } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { MINUTE, SECOND, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { jsonOf, send, unreadable } from '#net/request.ts';
import type { Answer, Transport } from '#net/request.ts';
import { fieldOf, textOf } from '#core/json-fields.ts';
import { isAccessToken, isInForce } from '#net/token.ts';

/** How the shop is asked for anything (docs/vendors/shopify.md 1). */
export type Credentials =
  /** Of an app made in the Dev Dashboard: a token of 24 hours, asked for as often as needed. */
  | { readonly kind: 'client'; readonly clientId: string; readonly clientSecret: string }
  /** Of an app made in the admin before 2026: one token for ever. */
  | { readonly kind: 'static'; readonly accessToken: string };

export interface AccessOptions {
  /** The shop's origin, without a path. */
  readonly origin: string;
  readonly shopDomain: string;
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly clock: Clock;
}

/**
 * An access token, kept in memory. Nothing is lost with it, since the same credentials buy the next one, so it is never
 * stored. Callers that ask at once wait for one request.
 */
export interface Access {
  current(): Promise<string>;
  /** After this token was refused: a new one. Throws `token-refused` when there can be none. */
  renew(refused: string): Promise<string>;
}

/** Longer than any request under way, and than clocks are usually apart. */
const RENEW_BEFORE_MS = 5 * MINUTE;
const TIMEOUT_MS = 20 * SECOND;
const ANSWER_BYTES_MAX = 64 * 1024;

interface Granted {
  readonly token: string;
  /** Absent where it lives no longer than we renew before its end: then it is used until it is refused. */
  readonly expiresAt?: Instant;
}

export function createAccess(options: AccessOptions): Access {
  const { credentials, clock, shopDomain } = options;
  if (credentials.kind === 'static') {
    return {
      current: async () => credentials.accessToken,
      renew: async () => {
        throw new Failure('token-refused', {
          detail: `${shopDomain} refused the access token in SHOPIFY_ACCESS_TOKEN: was the app removed, or the token mistyped?`,
        });
      },
    };
  }
  let granted: Granted | undefined;
  let granting: Promise<Granted> | undefined;

  const grant = async (): Promise<string> => {
    granting ??= requestToken(options, credentials).finally(() => {
      granting = undefined;
    });
    granted = await granting;
    return granted.token;
  };

  return {
    async current() {
      return granted !== undefined && isInForce(granted, { now: clock.now(), marginMs: RENEW_BEFORE_MS })
        ? granted.token
        : await grant();
    },
    async renew(refused) {
      return granted !== undefined && granted.token !== refused ? granted.token : await grant();
    },
  };
}

async function requestToken(
  { origin, shopDomain, transport, clock }: AccessOptions,
  { clientId, clientSecret }: Extract<Credentials, { kind: 'client' }>,
): Promise<Granted> {
  const askedAt = clock.now();
  const answer = await send(transport, {
    method: 'POST',
    url: new URL('/admin/oauth/access_token', origin),
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    }).toString(),
    timeoutMs: TIMEOUT_MS,
    answerBytesMax: ANSWER_BYTES_MAX,
    doing: `Asking ${shopDomain} for an access token`,
    clock,
    // A token more or less changes nothing, so the request may be sent again at once.
    changes: false,
  });
  if (answer.status !== 200 || Object.hasOwn(EXPLANATIONS, errorWord(answer))) {
    throw refusal(answer, shopDomain);
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
  shop_not_permitted:
    'the app and the shop belong to different organisations: make the app in the organisation that owns the shop',
  app_not_installed: 'the app is not installed on the shop: install it from the Dev Dashboard',
  application_cannot_be_found: 'no app has this SHOPIFY_API_KEY',
  invalid_client: 'SHOPIFY_API_KEY and SHOPIFY_API_SECRET do not belong together',
};

/** Known refusals are explained; of others the vendor's own word is quoted. Their pages in HTML are not. */
function refusal(answer: Answer, shopDomain: string): Failure {
  const word = errorWord(answer);
  const why = EXPLANATIONS[word] ?? (word === '' ? 'no reason given' : word);
  return new Failure('token-refused', {
    detail: `${shopDomain} refused an access token (status ${answer.status}): ${why}`,
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

import { Failure } from '#core/failure.ts';
import { SECOND, instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { jsonOf, send, unreadable } from '#net/request.ts';
import type { Answer, Transport } from '#net/request.ts';
import { isAccessToken } from '#net/token.ts';
import type { StoredToken } from '#net/token.ts';
import { createApi, expectDone } from './api.ts';
import type { ApiOptions } from './api.ts';
import { isObject, listIn, objectIn, textIn } from './json.ts';
import type { JsonObject } from './json.ts';
import { refusalIn } from './refusal.ts';

/**
 * Consent and tokens (docs/vendors/freshbooks.md, section 1). Only what is named here is kept of an answer: the rest of it
 * holds other tokens and the owner's data.
 */

/** Asked once, for all that the product can do: a scope added later would mean a new consent for everybody. */
export const SCOPES: readonly string[] = [
  'user:profile:read',
  ...['clients', 'invoices', 'payments', 'credit_notes', 'taxes', 'expenses', 'other_income'].flatMap(
    (object) => [`user:${object}:read`, `user:${object}:write`],
  ),
  'user:journal_entries:write',
  'user:reports:read',
];

/** Granted to everybody, and by some answers left out. */
const ALWAYS_GRANTED = 'user:profile:read';

export interface OAuthApp {
  /** An origin: "https://api.freshbooks.com". */
  readonly apiUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** As registered on the app; sent with every request, the refresh too. */
  readonly redirectUri: string;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Of the program, for the User-Agent. */
  readonly version: string;
}

/** What the consent gave, or a refresh. */
export interface Granted extends StoredToken {
  readonly refreshToken: string;
  readonly scopes: readonly string[];
}

/** An account that the person can see. Nothing is chosen here. */
export interface FreshBooksAccount {
  /** Absent when the business has no accounting account that we could call. */
  readonly accountId: string | null;
  readonly businessId: string;
  readonly name: string;
  readonly role: string;
  /** Whether the role may write; a client, an employee or a contractor may not. */
  readonly canWrite: boolean;
  /** IANA name; empty when it is not told. */
  readonly timeZone: string;
}

const TIMEOUT_MS = 30 * SECOND;
/** Of FreshBooks' own words, the reason stands within so many. */
const SAID_MAX = 1000;
/** A token answer has two kilobytes. */
const ANSWER_BYTES_MAX = 256 * 1024;

export function authorizeUrl(consent: {
  /** An origin: "https://auth.freshbooks.com". */
  readonly authUrl: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
}): string {
  const query = new URLSearchParams({
    client_id: consent.clientId,
    response_type: 'code',
    redirect_uri: consent.redirectUri,
    scope: SCOPES.join(' '),
    state: consent.state,
  });
  return `${consent.authUrl.replace(/\/+$/, '')}/oauth/authorize/?${query.toString()}`;
}

/** Trades the code of the consent page, good for five minutes and once, for tokens. */
export async function exchangeCode(app: OAuthApp, code: string): Promise<Granted> {
  return await askTokens(app, 'Exchanging the consent’s code for tokens', {
    grant_type: 'authorization_code',
    code,
  });
}

/** Spends the refresh token. */
export async function refresh(app: OAuthApp, refreshToken: string): Promise<Granted> {
  return await askTokens(app, 'Refreshing the access token', {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
  });
}

export function missingScopes(granted: readonly string[]): readonly string[] {
  return SCOPES.filter((scope) => scope !== ALWAYS_GRANTED && !granted.includes(scope));
}

/** Why the consent page sent the person back without a code. One scope that the app lacks fails the whole consent. */
export function consentFailure(answered: { readonly error: string; readonly description: string }): Failure {
  if (/scope/i.test(`${answered.error} ${answered.description}`)) {
    return new Failure('scope-missing', {
      detail: `FreshBooks refused the consent because a scope is not enabled on the app. Enable all of these at my.freshbooks.com/#/developer: ${SCOPES.join(' ')}`,
      facts: SCOPES.map((scope) => ({ name: 'Scope to enable', value: scope })),
    });
  }
  return new Failure('token-missing', {
    detail: `The consent was not given: ${answered.error.slice(0, 100)}`,
  });
}

/** Throws `scope-missing` naming what the grant lacks. */
export function assertScopes(granted: readonly string[]): void {
  const missing = missingScopes(granted);
  if (missing.length > 0) {
    throw new Failure('scope-missing', {
      detail: `The access granted lacks ${missing.join(' ')}. Enable these scopes on the app and connect again`,
      facts: missing.map((scope) => ({ name: 'Missing scope', value: scope })),
    });
  }
}

/** Every account that the access token reaches. */
export async function readAccounts(
  options: Omit<ApiOptions, 'accountId'>,
): Promise<readonly FreshBooksAccount[]> {
  const { result } = expectDone(await createApi({ ...options, accountId: '' }).me());
  return accountsOf(result);
}

/** From the body of /users/me: the content of its `response`. */
export function accountsOf(me: JsonObject): readonly FreshBooksAccount[] {
  const roles = listIn(me, 'roles').filter(isObject);
  const businesses = listIn(me, 'business_memberships').filter(isObject).flatMap(membership);
  const named = new Set(businesses.map((business) => business.accountId));
  // An owner's business may lack its account's id, which then stands only among the roles.
  const loose = roles.filter(
    (role) => !named.has(textIn(role, 'accountid')) && textIn(role, 'accountid') !== '',
  );
  const nameless = businesses.filter((business) => business.accountId === null && business.canWrite);
  const writable = loose.filter((role) => isWriter(textIn(role, 'role')));
  const [only] = writable;
  if (only !== undefined && writable.length === 1 && nameless.length === 1) {
    const accountId = textIn(only, 'accountid');
    return businesses.map((business) =>
      nameless.includes(business) ? { ...business, accountId } : business,
    );
  }
  return [...businesses, ...loose.map(looseAccount)];
}

function membership(value: JsonObject): FreshBooksAccount[] {
  const business = objectIn(value, 'business');
  if (business === undefined) {
    return [];
  }
  const role = textIn(value, 'role');
  return [
    {
      accountId: textIn(business, 'account_id') || null,
      businessId: textIn(business, 'id'),
      name: textIn(business, 'name'),
      role,
      canWrite: isWriter(role),
      timeZone: textIn(business, 'timezone'),
    },
  ];
}

function looseAccount(role: JsonObject): FreshBooksAccount {
  return {
    accountId: textIn(role, 'accountid'),
    businessId: '',
    name: '',
    role: textIn(role, 'role'),
    canWrite: isWriter(textIn(role, 'role')),
    timeZone: '',
  };
}

function isWriter(role: string): boolean {
  return role === 'owner' || role === 'admin';
}

async function askTokens(
  app: OAuthApp,
  doing: string,
  grant: Readonly<Record<string, string>>,
): Promise<Granted> {
  const answer = await send(app.transport, {
    method: 'POST',
    url: `${app.apiUrl.replace(/\/+$/, '')}/auth/oauth/token`,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': `counterfoil/${app.version}`,
    },
    body: JSON.stringify({
      client_id: app.clientId,
      client_secret: app.clientSecret,
      redirect_uri: app.redirectUri,
      ...grant,
    }),
    timeoutMs: TIMEOUT_MS,
    answerBytesMax: ANSWER_BYTES_MAX,
    doing,
    clock: app.clock,
  });
  if (answer.status >= 400) {
    throw refusedGrant(answer);
  }
  return grantedIn(answer);
}

/** By which OAuth says no for good (RFC 6749, 5.2): FreshBooks' errors come with any status, 200 included. */
const REFUSING_WORDS: ReadonlySet<string> = new Set([
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
]);

/** Empty where there is none. */
function refusingWord(answer: Answer): string {
  const message = refusalIn(jsonOrNothing(answer), answer.status)?.errors[0]?.message ?? '';
  return /[a-z]+(?:_[a-z]+)+/.exec(message.slice(0, SAID_MAX))?.[0] ?? '';
}

/** invalid_grant: the token was spent or withdrawn. invalid_client: id or secret are wrong. Both ask for a person. */
function refusedGrant(answer: Answer): Failure {
  const word = refusingWord(answer);
  const why = word === '' ? 'no reason given' : word;
  const hint = word === 'invalid_client' ? '. Check FRESHBOOKS_CLIENT_ID and FRESHBOOKS_CLIENT_SECRET' : '';
  return new Failure('token-refused', {
    detail: `${answer.doing}: FreshBooks refused (status ${answer.status}): ${why}${hint}`,
  });
}

function jsonOrNothing(answer: Answer): ReturnType<typeof jsonOf> | undefined {
  try {
    return jsonOf(answer);
  } catch {
    // A page of the edge: its status is all there is to say.
    return undefined;
  }
}

function grantedIn(answer: Answer): Granted {
  const json = jsonOf(answer);
  if (!isObject(json)) {
    throw unreadable(answer, 'is no object');
  }
  const [accessToken, refreshToken] = [textIn(json, 'access_token'), textIn(json, 'refresh_token')];
  const [createdAt, expiresIn] = [textIn(json, 'created_at'), textIn(json, 'expires_in')];
  if (!isAccessToken(accessToken) || refreshToken === '') {
    throw REFUSING_WORDS.has(refusingWord(answer))
      ? refusedGrant(answer)
      : unreadable(answer, 'lacks a token');
  }
  const isDated = /^\d{1,12}$/.test(createdAt) && /^\d{1,9}$/.test(expiresIn);
  return {
    accessToken,
    refreshToken,
    scopes: textIn(json, 'scope').split(/\s+/).filter(Boolean),
    // Not from now: one refresh answered an older created_at.
    ...(isDated ? { expiresAt: instant((Number(createdAt) + Number(expiresIn)) * SECOND) } : {}),
  };
}

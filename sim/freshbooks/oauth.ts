// FreshBooks' OAuth 2 (docs/vendors/freshbooks.md section 1): a consent page, codes that live five minutes, access
// tokens that live twelve hours, refresh tokens that work once.
//
// A grant is one consent. It holds at most one live refresh token; using it replaces both tokens. A grant ends when a
// token of it is revoked. Codes and refresh tokens that were used are forgotten, so a second use is `invalid_grant`.

import { createHash } from 'node:crypto';
import { randomHex, type State } from './state.ts';

/** An app as registered in the developer portal. */
export interface App {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly name: string;
  readonly redirectUris: readonly string[];
  /** Scopes enabled on the app in the portal; asking for others fails the whole consent. */
  readonly scopes: readonly string[];
}

export interface Grant {
  readonly id: string;
  readonly app: App;
  readonly scopes: readonly string[];
  refreshToken: string;
  isRevoked: boolean;
}

interface AccessToken {
  readonly token: string;
  readonly grant: Grant;
  /** Epoch seconds. */
  readonly expiresAt: number;
  isRevoked: boolean;
}

/** The token endpoint's answer, as seen live in 2026. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly created_at: number;
  readonly refresh_token: string;
  readonly scope: string;
  readonly direct_buy_tokens: Readonly<Record<string, never>>;
}

export interface OAuth {
  /** GET shows the page or redirects; POST is the page's button. */
  authorize(request: Request): Promise<Response>;
  token(request: Request): Promise<Response>;
  revoke(request: Request): Promise<Response>;
  /** The grant behind a request's bearer token, if the token is alive. */
  bearer(request: Request): Grant | undefined;
  /** A grant as if somebody had just consented. */
  issue(app: App, scopes: readonly string[]): TokenAnswer;
  /** Ends every grant, as an owner does who disconnects the app. */
  revokeAll(): void;
  readonly apps: readonly App[];
}

export interface OAuthOptions {
  readonly apps: readonly App[];
  /** Whether the consent page waits for its button. */
  readonly consent: 'page' | 'auto-approve';
}

const CODE_LIFE_MS = 5 * 60_000;

/** What `user:<object>:<read|write>` may name (page section 1, "Scopes"). */
const scopeObjects = [
  'bill_payments',
  'bill_vendors',
  'billable_items',
  'bills',
  'business',
  'clients',
  'credit_notes',
  'estimates',
  'expenses',
  'invoices',
  'journal_entries',
  'notifications',
  'online_payments',
  'other_income',
  'payments',
  'profile',
  'projects',
  'reports',
  'retainers',
  'taxes',
  'teams',
  'time_entries',
];
const readOnlyObjects = ['profile', 'notifications', 'reports'];

/** Every scope that exists. */
export const allScopes: readonly string[] = scopeObjects.flatMap((object) =>
  readOnlyObjects.includes(object)
    ? [`user:${object}:read`]
    : [`user:${object}:read`, `user:${object}:write`],
);

interface PendingCode {
  readonly app: App;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly challenge: string | null;
  readonly expiresAt: number;
}

interface Books {
  readonly state: State;
  readonly options: OAuthOptions;
  readonly codes: Map<string, PendingCode>;
  readonly grants: Set<Grant>;
  readonly accessTokens: Map<string, AccessToken>;
}

export function createOAuth(state: State, options: OAuthOptions): OAuth {
  const books: Books = { state, options, codes: new Map(), grants: new Set(), accessTokens: new Map() };
  return {
    apps: options.apps,
    authorize: (request) => authorize(books, request),
    token: (request) => token(books, request),
    revoke: (request) => revoke(books, request),
    bearer: (request) => bearer(books, request),
    issue: (app, scopes) => issueTokens(books, newGrant(books, { app, scopes })),
    revokeAll: () => {
      for (const grant of books.grants) grant.isRevoked = true;
    },
  };
}

async function authorize(books: Books, request: Request): Promise<Response> {
  const isButton = request.method === 'POST';
  const asked = isButton ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams;
  const app = books.options.apps.find((candidate) => candidate.clientId === asked.get('client_id'));
  const redirectUri = asked.get('redirect_uri');
  if (app === undefined)
    return consentError('invalid_client', 'Client authentication failed due to unknown client.');
  if (
    redirectUri === null ||
    !app.redirectUris.includes(redirectUri) ||
    !isRedirectAllowed(redirectUri, books)
  ) {
    return consentError(
      'invalid_redirect_uri',
      "The requested redirect uri is malformed or doesn't match client redirect URI.",
    );
  }
  if (asked.get('response_type') !== 'code') {
    return consentError(
      'unsupported_response_type',
      'The authorization server does not support this response type.',
    );
  }
  const scopes = askedScopes(asked.get('scope'), app);
  if (scopes === undefined)
    return consentError('invalid_scope', 'The requested scope is invalid, unknown, or malformed.');
  if (asked.get('decision') === 'deny')
    return redirect(redirectUri, { error: 'access_denied', state: asked.get('state') });
  if (!isButton && books.options.consent === 'page') return consentPage(app, scopes, asked);
  const code = randomHex(books.state, 64);
  const expiresAt = books.state.clock.now() + CODE_LIFE_MS;
  books.codes.set(code, { app, scopes, redirectUri, challenge: asked.get('code_challenge'), expiresAt });
  return redirect(redirectUri, { code, state: asked.get('state') });
}

/** Https without a query string; the portal would not even register anything else (page section 1). */
function isRedirectAllowed(redirectUri: string, books: Books): boolean {
  const url = URL.parse(redirectUri);
  if (url === null || url.search !== '') return false;
  const isLoopback = url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || (isLoopback && books.state.switches.httpRedirects === 'loopback-only');
}

/** All enabled scopes when none is named; undefined when one of them is unknown or not enabled. */
function askedScopes(text: string | null, app: App): readonly string[] | undefined {
  if (text === null || text.trim() === '') return [...new Set(['user:profile:read', ...app.scopes])];
  const asked = text.trim().split(/\s+/);
  const isGood = asked.every(
    (scope) => scope === 'user:profile:read' || (allScopes.includes(scope) && app.scopes.includes(scope)),
  );
  return isGood ? [...new Set(['user:profile:read', ...asked])] : undefined;
}

async function token(books: Books, request: Request): Promise<Response> {
  const fields = await tokenFields(request);
  const app = authenticatedApp(books, fields);
  if (app === undefined)
    return oauthError(
      401,
      'invalid_client',
      'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
    );
  switch (fields.get('grant_type')) {
    case 'authorization_code':
      return exchangeCode(books, app, fields);
    case 'refresh_token':
      return refresh(books, app, fields);
    default:
      return oauthError(
        400,
        'unsupported_grant_type',
        'The authorization grant type is not supported by the authorization server.',
      );
  }
}

function exchangeCode(books: Books, app: App, fields: ReadonlyMap<string, string>): Response {
  const code = fields.get('code') ?? '';
  const pending = books.codes.get(code);
  books.codes.delete(code);
  if (pending === undefined || pending.app !== app || books.state.clock.now() >= pending.expiresAt)
    return invalidGrant();
  if (pending.redirectUri !== fields.get('redirect_uri') || !isChallengeMet(books, pending, fields))
    return invalidGrant();
  if (books.state.switches.grantAfterSecondConsent === 'revoked') {
    for (const earlier of books.grants) if (earlier.app === app) earlier.isRevoked = true;
  }
  return Response.json(issueTokens(books, newGrant(books, { app, scopes: pending.scopes })));
}

function isChallengeMet(books: Books, pending: PendingCode, fields: ReadonlyMap<string, string>): boolean {
  if (pending.challenge === null || books.state.switches.pkce === 'ignored') return true;
  const digest = createHash('sha256')
    .update(fields.get('code_verifier') ?? '')
    .digest('base64url');
  return digest === pending.challenge;
}

function refresh(books: Books, app: App, fields: ReadonlyMap<string, string>): Response {
  const grant = [...books.grants].find((candidate) => candidate.refreshToken === fields.get('refresh_token'));
  if (grant === undefined || grant.isRevoked || grant.app !== app) return invalidGrant();
  const redirectUri = fields.get('redirect_uri');
  const isMissing = redirectUri === undefined && books.state.switches.redirectUriOnRefresh === 'required';
  if (isMissing || (redirectUri !== undefined && !app.redirectUris.includes(redirectUri)))
    return invalidGrant();
  if (books.state.switches.accessTokenAfterRefresh === 'revoked') {
    for (const access of books.accessTokens.values()) if (access.grant === grant) access.isRevoked = true;
  }
  return Response.json(issueTokens(books, grant));
}

async function revoke(books: Books, request: Request): Promise<Response> {
  const fields = await tokenFields(request);
  const app = authenticatedApp(books, fields);
  if (app === undefined) return oauthError(401, 'invalid_client', 'Client authentication failed.');
  const value = fields.get('token') ?? '';
  const grant =
    books.accessTokens.get(value)?.grant ??
    [...books.grants].find((candidate) => candidate.refreshToken === value);
  if (grant?.app === app) grant.isRevoked = true;
  return Response.json({});
}

function bearer(books: Books, request: Request): Grant | undefined {
  const value = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  const access = books.accessTokens.get(value);
  if (access === undefined || access.isRevoked || access.grant.isRevoked) return undefined;
  return books.state.clock.now() / 1000 < access.expiresAt ? access.grant : undefined;
}

function newGrant(books: Books, consent: { readonly app: App; readonly scopes: readonly string[] }): Grant {
  const grant: Grant = { id: randomHex(books.state, 16), ...consent, refreshToken: '', isRevoked: false };
  books.grants.add(grant);
  return grant;
}

function issueTokens(books: Books, grant: Grant): TokenAnswer {
  const { clock, switches } = books.state;
  const created_at = Math.floor(clock.now() / 1000) - switches.tokenCreatedAtLagSeconds;
  const access_token = accessTokenText(books.state, grant, created_at);
  grant.refreshToken = randomHex(books.state, 64);
  books.accessTokens.set(access_token, {
    token: access_token,
    grant,
    expiresAt: created_at + switches.accessTokenSeconds,
    isRevoked: false,
  });
  return {
    access_token,
    token_type: 'Bearer',
    expires_in: switches.accessTokenSeconds,
    created_at,
    refresh_token: grant.refreshToken,
    scope: grant.scopes.join(' '),
    direct_buy_tokens: {},
  };
}

/** Looks like a JWT and is about as long as a live one (1,006 characters); nothing in it is read again. */
function accessTokenText(state: State, grant: Grant, createdAt: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    sub: grant.id,
    iat: createdAt,
    exp: createdAt + state.switches.accessTokenSeconds,
    jti: randomHex(state, 32),
  };
  const head = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.`;
  return head + randomHex(state, Math.max(64, 1006 - head.length));
}

/** The fields of a form or JSON body, with client credentials from the Authorization header when they are there. */
async function tokenFields(request: Request): Promise<ReadonlyMap<string, string>> {
  const fields = new Map<string, string>();
  const type = request.headers.get('content-type') ?? '';
  if (type.includes('multipart/form-data')) {
    for (const [name, value] of await request.formData())
      if (typeof value === 'string') fields.set(name, value);
  } else if (type.includes('json')) {
    for (const [name, value] of jsonEntries(await request.text()))
      if (typeof value === 'string') fields.set(name, value);
  } else {
    for (const [name, value] of new URLSearchParams(await request.text())) fields.set(name, value);
  }
  const basic = /^Basic (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (basic === undefined) return fields;
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
  return fields.set('client_id', decodeURIComponent(id)).set('client_secret', decodeURIComponent(secret));
}

function jsonEntries(text: string): readonly (readonly [string, unknown])[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  } catch {
    return [];
  }
}

function authenticatedApp(books: Books, fields: ReadonlyMap<string, string>): App | undefined {
  return books.options.apps.find(
    (app) => app.clientId === fields.get('client_id') && app.clientSecret === fields.get('client_secret'),
  );
}

function invalidGrant(): Response {
  return oauthError(
    400,
    'invalid_grant',
    'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
  );
}

function oauthError(status: number, error: string, error_description: string): Response {
  return Response.json({ error, error_description }, { status });
}

/** Shown to the person, never redirected: the whole consent is rejected. */
function consentError(error: string, description: string): Response {
  return html(
    `<h1>An error has occurred</h1><p id="error">${escapeHtml(error)}</p><p>${escapeHtml(description)}</p>`,
    400,
  );
}

function redirect(uri: string, parameters: Readonly<Record<string, string | null>>): Response {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(parameters))
    if (value !== null) url.searchParams.set(name, value);
  return new Response(null, { status: 302, headers: { location: url.toString() } });
}

function consentPage(app: App, scopes: readonly string[], asked: URLSearchParams): Response {
  const hidden = [...asked].map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const items = scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`);
  return html(
    `<h1>FreshBooks simulator</h1><p>${escapeHtml(app.name)} asks for access to your account:</p><ul>${items.join('')}</ul>` +
      `<form method="post" action="/oauth/authorize/">${hidden.join('')}` +
      `<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>`,
    200,
  );
}

function html(body: string, status: number): Response {
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>FreshBooks simulator</title></head><body>${body}</body></html>`;
  return new Response(page, { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

import type { Clock, Random } from '#sim/world/random.ts';
import type { Region } from './marketplaces.ts';
import type { Role } from './view.ts';

/** The seller's own app, as Developer Central shows it. */
export interface AmazonApp {
  readonly applicationId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Secrets end 180 days after they were made (vendors/amazon.md 1.1). */
  readonly secret: 'valid' | 'expired';
  readonly role: Role;
  /** Whether it has the role without which Finances show nothing (vendors/amazon.md 1.3). */
  readonly finances: 'granted' | 'withheld';
}

/** What a token opens: the seller's data of one region, or the operations without a seller. */
export type Access = { readonly kind: 'seller'; readonly region: Region } | { readonly kind: 'grantless' };

export interface LoginWithAmazon {
  /** Answers `POST /auth/o2/token`. */
  grant(request: Request): Promise<Response>;
  /** What the token opens, or why not, in the words of `details`. */
  accessOf(token: string): Access | { readonly refused: string };
  /** Of each region one: a seller consents region by region. */
  refreshToken(region: Region): string;
  /** The code with which the seller's consent comes back; it lives five minutes and works once. */
  code(region: Region): string;
  /** The seller takes his consent back: every token of the region is dead. */
  revoke(region: Region): void;
  /** The access tokens end as if their hour were over. */
  expireAll(): void;
}

const LIFETIME_SECONDS = 3_600;
const CODE_LIFETIME_MS = 300_000;
export const NOTIFICATIONS_SCOPE = 'sellingpartnerapi::notifications';

interface State {
  readonly clock: Clock;
  readonly random: Random;
  readonly app: () => AmazonApp;
  readonly refreshTokens: Map<string, Region>;
  readonly codes: Map<string, { readonly region: Region; readonly expiresAt: number }>;
  readonly access: Map<string, { readonly access: Access; expiresAt: number }>;
}

export function createLoginWithAmazon(outside: Pick<State, 'clock' | 'random' | 'app'>): LoginWithAmazon {
  const state: State = { ...outside, refreshTokens: new Map(), codes: new Map(), access: new Map() };
  const granted = new Map<Region, string>();
  return {
    grant: async (request) => grant(state, new URLSearchParams(await request.text())),
    accessOf: (token) => {
      const known = state.access.get(token);
      if (known === undefined)
        return { refused: 'The access token you provided is revoked, malformed or invalid.' };
      if (state.app().secret === 'expired')
        return { refused: 'The LWA secret token you provided has expired.' };
      if (state.clock.now() >= known.expiresAt)
        return { refused: 'The access token you provided has expired.' };
      return known.access;
    },
    refreshToken: (region) => {
      const known = granted.get(region);
      if (known !== undefined && state.refreshTokens.has(known)) return known;
      const made = consent(state, region);
      granted.set(region, made);
      return made;
    },
    code: (region) => {
      const code = letters(state.random, 20);
      state.codes.set(code, { region, expiresAt: state.clock.now() + CODE_LIFETIME_MS });
      return code;
    },
    revoke: (region) => {
      for (const [token, of] of state.refreshTokens) if (of === region) state.refreshTokens.delete(token);
      for (const [token, { access }] of state.access) {
        if (access.kind === 'seller' && access.region === region) state.access.delete(token);
      }
    },
    expireAll: () => {
      for (const entry of state.access.values()) entry.expiresAt = state.clock.now();
    },
  };
}

function consent(state: State, region: Region): string {
  const token = `Atzr|${letters(state.random, 48)}`;
  state.refreshTokens.set(token, region);
  return token;
}

function grant(state: State, given: URLSearchParams): Response {
  const app = state.app();
  if (
    given.get('client_id') !== app.clientId ||
    given.get('client_secret') !== app.clientSecret ||
    app.secret === 'expired'
  ) {
    return lwa({ error_description: 'Client authentication failed', error: 'invalid_client' }, 401);
  }
  switch (given.get('grant_type')) {
    case 'refresh_token': {
      const refreshToken = given.get('refresh_token') ?? '';
      const region = state.refreshTokens.get(refreshToken);
      return region === undefined ? invalidGrant('refresh_token') : sellerTokens(state, region, refreshToken);
    }
    case 'authorization_code': {
      const code = given.get('code') ?? '';
      const known = state.codes.get(code);
      state.codes.delete(code);
      if (known === undefined || state.clock.now() >= known.expiresAt) return invalidGrant('code');
      return sellerTokens(state, known.region, consent(state, known.region));
    }
    case 'client_credentials': {
      if (given.get('scope') !== NOTIFICATIONS_SCOPE) {
        return refusal('invalid_scope', 'The request has an invalid parameter : scope');
      }
      const token = accessToken(state, 'Atc|', { kind: 'grantless' });
      return lwa({
        access_token: token,
        scope: NOTIFICATIONS_SCOPE,
        token_type: 'bearer',
        expires_in: LIFETIME_SECONDS,
      });
    }
    default:
      return refusal(
        'unsupported_grant_type',
        'The authorization grant type is not supported by the authorization server',
      );
  }
}

/** The refresh token is echoed, not rotated. */
function sellerTokens(state: State, region: Region, refreshToken: string): Response {
  const token = accessToken(state, 'Atza|', { kind: 'seller', region });
  return lwa({
    access_token: token,
    refresh_token: refreshToken,
    token_type: 'bearer',
    expires_in: LIFETIME_SECONDS,
  });
}

function accessToken(state: State, prefix: string, access: Access): string {
  const token = `${prefix}${letters(state.random, 40)}`;
  state.access.set(token, { access, expiresAt: state.clock.now() + LIFETIME_SECONDS * 1_000 });
  return token;
}

function invalidGrant(parameter: string): Response {
  return refusal(
    'invalid_grant',
    `The request has an invalid grant parameter : ${parameter}. User may have revoked or didn't grant the permission.`,
  );
}

function refusal(error: string, description: string): Response {
  const body = {
    error_index: 'c291bmRzIGxpa2UgYW4gaW5kZXg=',
    error_description: description,
    error,
    request_id: '5a1f0c3e-0000-4000-8000-00000000c0f2',
  };
  return lwa(body, 400);
}

function lwa(body: Readonly<Record<string, string | number>>, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8' },
  });
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function letters(random: Random, count: number): string {
  return Array.from({ length: count }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
}

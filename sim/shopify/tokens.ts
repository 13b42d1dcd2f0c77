import type { Clock, Random } from '#sim/world/random.ts';

/** The merchant's own app in the shop's organisation, as the Dev Dashboard shows it. */
export interface AppSettings {
  readonly title: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  /** Tokens of legacy admin-created apps, valid for ever (vendors/shopify.md 1). */
  readonly staticTokens: readonly string[];
  /** `other organisation` and `not installed` refuse client credentials. */
  readonly standing: 'installed' | 'not installed' | 'other organisation';
}

export interface Tokens {
  /** Answers `POST /admin/oauth/access_token`. */
  grant(request: Request): Promise<Response>;
  isValid(token: string): boolean;
  /** Ends every token that was granted, as a reinstall or a lost scope does. */
  revokeAll(): void;
}

/** Always 24 hours less a second, and no refresh token (vendors/shopify.md 1). */
const LIFETIME_SECONDS = 86_399;

export function createTokens(outside: { clock: Clock; random: Random; app: () => AppSettings }): Tokens {
  const expiries = new Map<string, number>();
  const { clock, random, app } = outside;
  return {
    grant: async (request) => {
      const refusal = refusalOf(await parameters(request), app());
      if (refusal !== null) return refusal;
      const token = `shpat_${Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('')}`;
      expiries.set(token, clock.now() + LIFETIME_SECONDS * 1_000);
      return Response.json({
        access_token: token,
        scope: app().scopes.join(','),
        expires_in: LIFETIME_SECONDS,
      });
    },
    isValid: (token) => {
      const expiry = expiries.get(token);
      return app().staticTokens.includes(token) || (expiry !== undefined && clock.now() < expiry);
    },
    revokeAll: () => {
      expiries.clear();
    },
  };
}

/** The guide posts a form, Shopify's own library JSON; both are accepted. */
async function parameters(request: Request): Promise<ReadonlyMap<string, string>> {
  const text = await request.text();
  if (!(request.headers.get('content-type') ?? '').includes('json'))
    return new Map(new URLSearchParams(text));
  const parsed: unknown = parsedJson(text);
  if (parsed === null || typeof parsed !== 'object') return new Map();
  return new Map(
    Object.entries(parsed).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refusalOf(given: ReadonlyMap<string, string>, app: AppSettings): Response | null {
  const refuse = (error: string, description: string): Response =>
    Response.json({ error, error_description: description }, { status: 400 });
  if (given.get('grant_type') !== 'client_credentials') {
    return refuse('invalid_request', 'The grant_type must be client_credentials');
  }
  if (given.get('client_id') !== app.clientId) {
    return refuse('application_cannot_be_found', 'The application cannot be found');
  }
  if (given.get('client_secret') !== app.clientSecret) {
    return refuse('invalid_client', 'The client secret is not valid');
  }
  switch (app.standing) {
    case 'other organisation':
      return refuse('shop_not_permitted', 'Client credentials cannot be performed on this shop');
    case 'not installed':
      return refuse('app_not_installed', 'The app is not installed on this shop');
    case 'installed':
      return null;
  }
}

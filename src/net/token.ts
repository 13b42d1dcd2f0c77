import { Failure } from '#core/failure.ts';
import { MINUTE, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';

/**
 * An access token that is fresh when asked for. A refresh token can be used once, and losing its answer costs a consent by
 * a person, so a refresh happens in this order: alone (in the process and, by `exclusively`, among processes), with the
 * stored token read again, stored before first use. States of a stored token:
 *
 *   usable   → not expired, or of unknown expiry and not refused yet
 *   due      → about to expire, refused by the other side, or not there while a refresh token is
 *   unsaved  → refreshed, but the store failed: kept in memory and stored before anything else
 *   lost     → a refresh got no answer: tried again only when somebody asks again, and refused if it was spent
 */
export interface StoredToken {
  /** Empty when only a refresh token is known. */
  readonly accessToken: string;
  /** Absent for tokens that cannot be renewed. */
  readonly refreshToken?: string;
  /** By the other side's clock; absent when unknown, or of no use by ours: then used until it is refused. */
  readonly expiresAt?: Instant;
  /** As granted; absent when unknown. */
  readonly scopes?: readonly string[];
}

export interface Tokens {
  /** Throws `token-missing` when there is none. */
  current(): Promise<string>;
  /** After the other side refused this token: the stored one if somebody renewed it meanwhile, else a new one. */
  renew(after: string): Promise<string>;
}

export interface TokenOptions {
  /** For texts: "freshbooks". */
  readonly connection: string;
  readonly load: () => Promise<StoredToken | undefined>;
  /**
   * Stores it where the one whose refresh token was spent for it still is, and tells what is stored then: somebody may have
   * connected anew meanwhile. Durable when it resolves.
   */
  readonly save: (token: StoredToken, spent: string) => Promise<StoredToken>;
  /** Spends the refresh token. Throws `token-refused` when it is refused, and what net/request.ts throws. */
  readonly refresh: (refreshToken: string) => Promise<StoredToken>;
  readonly clock: Clock;
  /** Runs the work while no other process does the same: a lease in the database. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Visible ASCII, as a header carries it, and no longer than servers take a header: theirs have one or two kilobytes. */
const ACCESS_TOKEN = /^[\x21-\x7e]{1,8192}$/;

/** Whether a vendor's answer gave a token that can be used; anything else must not take the place of one. */
export function isAccessToken(text: string): boolean {
  return ACCESS_TOKEN.test(text);
}

/** Longer than any request under way, and than clocks are usually apart. */
const MARGIN_MS = 5 * MINUTE;

interface Unsaved {
  /** The refresh token it was bought with: if the store holds another one by now, somebody connected anew. */
  readonly spent: string;
  readonly token: StoredToken;
}

export function createTokens(options: TokenOptions): Tokens {
  let renewing: Promise<string> | undefined;
  let unsaved: Unsaved | undefined;
  let unanswered: string | undefined;

  const saveUnsaved = async (fresh: Unsaved): Promise<string> => {
    unsaved = fresh;
    const stored = await options.save(fresh.token, fresh.spent);
    unsaved = undefined;
    return stored.accessToken;
  };

  const renewAlone = async (refused: string): Promise<string> => {
    const stored = await options.load();
    if (unsaved !== undefined && stored?.refreshToken === unsaved.spent) {
      return await saveUnsaved(unsaved);
    }
    unsaved = undefined;
    if (stored !== undefined && stored.accessToken !== refused && isUsable(stored, options.clock.now())) {
      return stored.accessToken;
    }
    const refreshToken = refreshTokenOf(stored, options.connection);
    try {
      const token = await options.refresh(refreshToken);
      unanswered = undefined;
      const kept = asKept({ refreshToken, ...token }, options.clock.now());
      return await saveUnsaved({ spent: refreshToken, token: kept });
    } catch (thrown) {
      const wasUnanswered = unanswered === refreshToken;
      if (thrown instanceof Failure && thrown.effect === 'unknown' && unsaved === undefined) {
        unanswered = refreshToken;
      }
      // The old one went with the old grant.
      const other = await options.load();
      if (unsaved === undefined && other !== undefined && isOther(other, { refused, refreshToken })) {
        return other.accessToken;
      }
      throw explained(thrown, { connection: options.connection, wasUnanswered });
    }
  };

  const renew = (refused: string): Promise<string> => {
    renewing ??= options
      .exclusively(() => renewAlone(refused))
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  };

  return {
    async current() {
      const stored = await options.load();
      if (stored === undefined) {
        throw missing(options.connection);
      }
      return isUsable(stored, options.clock.now()) ? stored.accessToken : await renew(stored.accessToken);
    },
    renew,
  };
}

/**
 * A token that is due the moment it is granted tells of a wrong clock, ours or theirs: taken at its word it would be renewed at
 * every call, each time taking away what others are calling with.
 */
function asKept(token: StoredToken, now: Instant): StoredToken {
  const { expiresAt: _wrong, ...rest } = token;
  return isUsable(token, now) ? token : rest;
}

/** Granted anew while the last refresh token of before was being spent. */
function isOther(
  { accessToken, refreshToken }: StoredToken,
  before: { readonly refused: string; readonly refreshToken: string },
): boolean {
  return accessToken !== '' && accessToken !== before.refused && refreshToken !== before.refreshToken;
}

function isUsable(token: StoredToken, now: Instant): boolean {
  return token.accessToken !== '' && isInForce(token, { now, marginMs: MARGIN_MS });
}

/** Whether it will still be in force so much later; one whose end is not known is used until it is refused. */
export function isInForce(
  { expiresAt }: Pick<StoredToken, 'expiresAt'>,
  { now, marginMs }: { readonly now: Instant; readonly marginMs: number },
): boolean {
  return expiresAt === undefined || after(now, marginMs) < expiresAt;
}

function refreshTokenOf(stored: StoredToken | undefined, connection: string): string {
  if (stored === undefined) {
    throw missing(connection);
  }
  if (stored.refreshToken === undefined || stored.refreshToken === '') {
    throw new Failure('token-refused', {
      detail: `The access token of ${connection} was refused or has expired, and no refresh token is stored`,
    });
  }
  return stored.refreshToken;
}

function missing(connection: string): Failure {
  return new Failure('token-missing', { detail: `No access token is stored for ${connection}` });
}

/** Says what a failed refresh means for the grant; the failure's code and effect stay those of the request. */
function explained(
  thrown: unknown,
  { connection, wasUnanswered }: { connection: string; wasUnanswered: boolean },
): unknown {
  if (!(thrown instanceof Failure)) {
    return thrown;
  }
  if (thrown.code === 'token-refused' && wasUnanswered) {
    return new Failure('token-refused', {
      detail: `${thrown.message}. An earlier refresh got no answer and has probably spent the refresh token of ${connection}`,
      cause: thrown,
    });
  }
  if (thrown.effect === 'unknown' && thrown.code.startsWith('request-')) {
    return new Failure(thrown.code, {
      detail: `${thrown.message}. The refresh token of ${connection} may be spent: if the next try is refused, connect again`,
      effect: 'unknown',
      ...(thrown.retryAt === undefined ? {} : { retryAt: thrown.retryAt }),
      cause: thrown,
    });
  }
  return thrown;
}

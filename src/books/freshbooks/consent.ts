import { randomBytes } from 'node:crypto';
import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { fromJson, toJson } from '#core/json.ts';
import { MINUTE, after, instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { StoredToken } from '#net/token.ts';
import type { Store } from '#pipeline/ports.ts';
import { missingScopes } from './oauth.ts';
import type { FreshBooksAccount, Granted } from './oauth.ts';

/**
 * The owner's consent and the choice of an account, kept in the store so that the page may come back to another process than
 * the one that asked: `asked` → `answered`, once.
 */
export interface Consent {
  /** The address of the consent page, and the state by which its answer is known. */
  begin(): Promise<{ readonly url: string; readonly state: string }>;
  /** Whether the page has come back for this state. */
  isAnswered(state: string): Promise<boolean>;
  /** Takes the code and stores the tokens; what waited for them goes on. Throws a Failure that says what to do. */
  finish(answer: {
    readonly code: string;
    readonly state: string;
  }): Promise<{ readonly missingScopes: readonly string[] }>;
  /** The account to book into: configured, chosen before, or the only usable one. Throws `books-account-unchosen` with the list. */
  account(): Promise<string>;
  accounts(): Promise<readonly FreshBooksAccount[]>;
  choose(accountId: string): Promise<void>;
  readonly tokens: {
    readonly load: () => Promise<StoredToken | undefined>;
    readonly save: (token: StoredToken, spent: string) => Promise<StoredToken>;
  };
}

export interface ConsentOptions {
  readonly connection: ConnectionId;
  readonly store: Store;
  readonly clock: Clock;
  readonly configuredAccount: string | undefined;
  readonly authorizeUrl: (state: string) => string;
  readonly exchange: (code: string) => Promise<Granted>;
  readonly accounts: () => Promise<readonly FreshBooksAccount[]>;
}

/** FreshBooks' codes live five minutes; a person needs some before that to read the page. */
const CONSENT_MS = 15 * MINUTE;

export function createConsent(options: ConsentOptions): Consent {
  const { connection, store, clock } = options;
  const tokenKey = `tokens:${connection}`;
  const accountKey = `account:${connection}`;
  return {
    async begin() {
      const state = randomBytes(16).toString('hex');
      const until = after(clock.now(), CONSENT_MS);
      await store.transact((tx) => tx.putSetting(stateKey(state), toJson({ until, step: 'asked' })));
      return { url: options.authorizeUrl(state), state };
    },
    async isAnswered(state) {
      return (await consentOf(store, state))?.step === 'answered';
    },
    async finish({ code, state }) {
      const asked = await consentOf(store, state);
      if (asked?.step !== 'asked' || instant(asked.until) < clock.now()) {
        throw new Failure('token-missing', {
          detail:
            'This answer belongs to no open question, or it came too late: run counterfoil connect freshbooks again',
        });
      }
      const token = await options.exchange(code);
      await store.transact(async (tx) => {
        await tx.putSecret(tokenKey, toJson(token));
        await tx.putSetting(stateKey(state), toJson({ until: asked.until, step: 'answered' }));
        await tx.clearPause(connection);
        const missing = missingScopes(token.scopes).length;
        const details = { by: 'consent', missingScopes: missing };
        await tx.audited({ action: 'access granted', subject: connection, details });
      });
      return { missingScopes: missingScopes(token.scopes) };
    },
    async account() {
      const chosen = options.configuredAccount ?? (await store.read.setting(accountKey));
      return chosen ?? onlyUsable(await options.accounts());
    },
    accounts: () => options.accounts(),
    async choose(accountId) {
      await store.transact(async (tx) => {
        await tx.putSetting(accountKey, accountId);
        await tx.clearPause(connection);
        await tx.audited({ action: 'account chosen', subject: connection, details: { account: accountId } });
      });
    },
    tokens: {
      async load() {
        const stored = await store.read.secret(tokenKey);
        return stored === undefined ? undefined : fromJson<StoredToken>(stored);
      },
      async save(token, spent) {
        return store.transact(async (tx) => {
          const secret = await tx.secret(tokenKey);
          const stored = secret === undefined ? undefined : fromJson<StoredToken>(secret);
          if (stored !== undefined && stored.refreshToken !== spent) {
            return stored;
          }
          await tx.putSecret(tokenKey, toJson(token));
          return token;
        });
      },
    },
  };
}

interface Asked {
  readonly until: number;
  readonly step: 'asked' | 'answered';
}

async function consentOf(store: Store, state: string): Promise<Asked | undefined> {
  const stored = await store.read.setting(stateKey(state));
  return stored === undefined ? undefined : fromJson<Asked>(stored);
}

function stateKey(state: string): string {
  return `consent:${state}`;
}

function onlyUsable(accounts: readonly FreshBooksAccount[]): string {
  const usable = accounts.filter((account) => account.accountId !== null && account.canWrite);
  const [only, ...more] = usable;
  if (only === undefined || only.accountId === null || more.length > 0) {
    const list = accounts.map(
      (account) => `${account.accountId ?? 'no account'} ${account.name} (${account.role})`,
    );
    throw new Failure('books-account-unchosen', {
      detail: `${usable.length} of the connected person’s accounts can be booked into: ${list.join('; ') || 'none'}`,
    });
  }
  return only.accountId;
}

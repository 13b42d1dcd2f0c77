import { createHash, randomUUID } from 'node:crypto';
import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { toJson } from '#core/json.ts';
import { SECOND, after } from '#core/time.ts';
import type { Clock, LocalDate } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import { createTokens } from '#net/token.ts';
import type { Books, Store } from '#pipeline/ports.ts';
import { createApi } from './api.ts';
import type { Api, ApiOptions } from './api.ts';
import { readOtherInvoices } from './standing-invoices.ts';
import type { OtherInvoice } from './standing-invoices.ts';
import { readExpenseCategories } from './categories.ts';
import type { ExpenseCategory } from './categories.ts';
import { createConsent } from './consent.ts';
import type { Consent } from './consent.ts';
import { createFreshBooksBooks } from './freshbooks.ts';
import { fits } from './layout.ts';
import { authorizeUrl, exchangeCode, readAccounts, refresh } from './oauth.ts';
import type { OAuthApp } from './oauth.ts';

/** One connection to FreshBooks: its consent, its tokens in the store, and the books of the account that was chosen. */
export interface ConnectionOptions {
  readonly connection: ConnectionId;
  readonly store: Store;
  readonly clock: Clock;
  readonly transport: Transport;
  /** Of the program, for the User-Agent. */
  readonly version: string;
  readonly apiUrl: string;
  readonly authUrl: string;
  /** Absent while no app is configured: then only tokens that never expire are of use. */
  readonly app?: Pick<OAuthApp, 'clientId' | 'clientSecret' | 'redirectUri'>;
  readonly accountId?: string;
  /** Tokens to begin with. */
  readonly seed?: { readonly accessToken: string; readonly refreshToken?: string };
  /** Throws when orders belong to another account. */
  readonly assertAccount: (accountId: string) => Promise<void>;
}

/** Longer than a refresh takes, shorter than anybody waits. */
const TOKEN_LEASE_MS = 60 * SECOND;
const TOKEN_LEASE_PAUSE_MS = 100;

export interface Connection {
  readonly books: Books;
  readonly consent: Consent;
  /** Finds the account before the first order needs it. Throws what keeps the books from being written. */
  readonly open: () => Promise<void>;
  /** Of the account, by name. */
  readonly expenseCategories: () => Promise<readonly ExpenseCategory[]>;
  /** Invoices of some days that this program did not make, by number. */
  readonly otherInvoices: (days: {
    readonly since: LocalDate;
    readonly until: LocalDate;
  }) => Promise<readonly OtherInvoice[]>;
}

export function connectFreshBooks(options: ConnectionOptions): Connection {
  const { connection, store, clock, transport, version, apiUrl, authUrl } = options;
  const needApp = (): OAuthApp => {
    if (options.app === undefined) {
      throw new Failure('token-missing', {
        detail:
          'FRESHBOOKS_CLIENT_ID, FRESHBOOKS_CLIENT_SECRET and FRESHBOOKS_REDIRECT_URI are needed to connect or to renew access',
      });
    }
    return { ...options.app, apiUrl, transport, clock, version };
  };
  const calling = (): Omit<ApiOptions, 'accountId'> => ({
    connection,
    apiUrl,
    transport,
    clock,
    tokens,
    version,
  });
  const consent = createConsent({
    connection,
    store,
    clock,
    configuredAccount: options.accountId,
    authorizeUrl: (state) => authorizeUrl({ ...needApp(), authUrl, state }),
    exchange: async (code) => {
      // Tokens of the environment that are new would else replace those of this consent at the next call.
      await seedTokens(options);
      return exchangeCode(needApp(), code);
    },
    accounts: () => readAccounts(calling()),
  });
  const seeded = onceDone(() => seedTokens(options));
  const tokens = createTokens({
    connection,
    load: async () => {
      await seeded();
      return consent.tokens.load();
    },
    save: consent.tokens.save,
    refresh: async (refreshToken) => refresh(needApp(), refreshToken),
    clock,
    exclusively: (work) => exclusively(options, work),
  });
  const opened = onceDone(async () => {
    const accountId = await consent.account();
    await options.assertAccount(accountId);
    return createFreshBooksBooks({ ...calling(), accountId });
  });
  const api = async (): Promise<Api> => createApi({ ...calling(), accountId: await consent.account() });
  return {
    books: lazyBooks(connection, opened),
    consent,
    open: async () => void (await opened()),
    expenseCategories: async () => readExpenseCategories(await api()),
    otherInvoices: async (days) => readOtherInvoices(await api(), days),
  };
}

/** Tokens from the environment are taken when the store has none, or when they differ from those taken before. */
async function seedTokens({ connection, store, seed }: ConnectionOptions): Promise<void> {
  if (seed === undefined) {
    return;
  }
  const hash = createHash('sha256').update(toJson(seed)).digest('hex');
  const setting = `token-seed:${connection}`;
  await store.transact(async (tx) => {
    const isKnown =
      (await tx.setting(setting)) === hash && (await tx.secret(`tokens:${connection}`)) !== undefined;
    if (!isKnown) {
      await tx.putSecret(`tokens:${connection}`, toJson(seed));
      await tx.putSetting(setting, hash);
      await tx.clearPause(connection);
      await tx.audited({ action: 'access granted', subject: connection, details: { by: 'settings' } });
    }
  });
}

/** A refresh token is single-use, so one process at a time may spend it. */
async function exclusively<T>(
  { connection, store, clock }: ConnectionOptions,
  work: () => Promise<T>,
): Promise<T> {
  const giveUpAt = after(clock.now(), TOKEN_LEASE_MS);
  for (;;) {
    const now = clock.now();
    const terms = { holder: randomUUID(), now, until: after(now, TOKEN_LEASE_MS) };
    const lease = await store.transact((tx) => tx.takeLease(`token:${connection}`, terms));
    if (lease !== undefined) {
      try {
        return await work();
      } finally {
        await store.transact((tx) => tx.releaseLease(lease));
      }
    }
    if (now >= giveUpAt) {
      throw new Failure('database-busy', {
        detail: 'Another process has been renewing the FreshBooks token for a minute',
      });
    }
    await clock.sleep(after(now, TOKEN_LEASE_PAUSE_MS));
  }
}

/** Books whose account is asked for at the first call. */
function lazyBooks(connection: ConnectionId, books: () => Promise<Books>): Books {
  return {
    connection,
    fits,
    find: async (task) => (await books()).find(task),
    apply: async (task) => (await books()).apply(task),
    fillClient: async (clientId, buyer) => (await books()).fillClient(clientId, buyer),
    spareAt: async () => (await books()).spareAt(),
  };
}

/** One answer for all who ask, and another try after a failure. */
function onceDone<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}

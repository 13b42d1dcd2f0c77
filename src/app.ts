import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { layOut, previewOf } from '#books/freshbooks/layout.ts';
import type { Preview } from '#books/freshbooks/layout.ts';
import { createConsent } from '#books/freshbooks/consent.ts';
import type { Consent } from '#books/freshbooks/consent.ts';
import type { ApiOptions } from '#books/freshbooks/api.ts';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import {
  authorizeUrl,
  consentFailure,
  exchangeCode,
  missingScopes,
  readAccounts,
  refresh,
} from '#books/freshbooks/oauth.ts';
import type { Config, LogLevel } from '#config.ts';
import type { InvoiceDocument } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import { toJson } from '#core/json.ts';
import type { Order } from '#core/order.ts';
import { FIRST_NAMING, documentOf, plan } from '#core/plan.ts';
import type { Plan } from '#core/plan.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { SECOND, after, instant } from '#core/time.ts';
import type { Clock, Zone } from '#core/time.ts';
import { createServer } from '#http/server.ts';
import type { ConsentAnswer, Server } from '#http/server.ts';
import type { Transport } from '#net/request.ts';
import { createTokens } from '#net/token.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { Machine, Route } from '#pipeline/machine.ts';
import type { Books, Emit, Queue, Source, Store } from '#pipeline/ports.ts';
import { run } from '#pipeline/worker.ts';
import { createEmbeddedQueue } from '#queue/embedded.ts';
import { createShopifyApi } from '#sources/shopify/api.ts';
import type { ShopifyApi } from '#sources/shopify/api.ts';
import { preflight } from '#sources/shopify/preflight.ts';
import type { Preflight } from '#sources/shopify/preflight.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import {
  complianceInstructions,
  listSubscriptions,
  planSubscriptions,
  removeSubscriptions,
  repairSubscriptions,
  webhookUri,
} from '#sources/shopify/webhooks.ts';
import type { SubscriptionChange, SubscriptionPlan } from '#sources/shopify/webhooks.ts';
import type { Migrated } from '#storage/migrate.ts';
import { createSeal, keyFromFile } from '#storage/seal.ts';
import type { ServeLock } from '#storage/serve-lock.ts';
import { takeServeLock } from '#storage/serve-lock.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { createLog } from '#telemetry/log.ts';

/** The composition root: the only file that names implementations, and that touches a real timer. */

export const VERSION = '0.1.0';
export const FRESHBOOKS = connectionId('freshbooks');
export const SHOPIFY = connectionId('shopify');

/** What the outside lends: in production the platform's, in tests and simulations their own. */
export interface Outside {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: () => number;
  readonly emit: Emit;
}

export interface App {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Store;
  readonly migrated: Migrated;
  readonly rules: Rules;
  readonly consent: Consent;
  /** Takes what the consent page sent back, or throws the failure that it names. */
  answerConsent(answer: ConsentAnswer): Promise<{ readonly missingScopes: readonly string[] }>;
  /** Listens for the consent page only; nothing when the address is taken. */
  listenForConsent(): Promise<Serving | undefined>;
  /** What the stored access lacks; empty when there is none or it is not told. */
  missingScopes(): Promise<readonly string[]>;
  /** Books into this account from now on. Throws `connection-changed` under the orders of another one. */
  chooseAccount(accountId: string): Promise<void>;
  /** The configured shop and its API when there are credentials. */
  readonly shopify: { readonly source: Source; readonly api: ShopifyApi | undefined } | undefined;
  /** Throws `config-invalid` while the shop or its credentials are not configured. */
  readonly shopAdmin: ShopAdmin;
  readonly books: Books;
  /** Lays a document out as FreshBooks will show it, without a connection. */
  readonly preview: (document: InvoiceDocument) => Preview;
  /** Takes the lock, listens, works; resolves when it does. Stopping finishes what is in flight. */
  serve(): Promise<Serving>;
  close(): Promise<void>;
}

export interface Serving {
  readonly port: number;
  stop(): Promise<void>;
}

/** What the command line asks of the shop beside its orders. */
export interface ShopAdmin {
  preflight(): Promise<Preflight>;
  /** What is subscribed against what is needed. */
  planWebhooks(): Promise<SubscriptionPlan>;
  repairWebhooks(): Promise<readonly SubscriptionChange[]>;
  removeWebhooks(): Promise<readonly SubscriptionChange[]>;
  /** Where a person enters what no program may register. */
  complianceInstructions(): string;
}

/** Each order has at most two calls in flight, and FreshBooks allows ten a second; more places only wait for each other. */
const PLACES = 8;
/** How soon something that another process made due is seen. */
const POLL_MS = 250;
/** Longer than a refresh takes, shorter than anybody waits. */
const TOKEN_LEASE_MS = 60 * SECOND;
const TOKEN_LEASE_PAUSE_MS = 100;

export async function openApp(config: Config, outside: Outside): Promise<App> {
  const { clock } = outside;
  const key = config.secretKey ?? keyFromFile(join(dirname(config.databasePath), 'counterfoil.key'));
  const database = openSqlite(config.databasePath);
  const { store, migrated } = await openStore({
    dialect: sqliteDialect(database),
    clock,
    seal: createSeal(key),
  });
  const { books, consent } = openBooks(config, { store, outside });
  const shopify = openShopify(config, outside);
  const rules = rulesOf(config.timeZone);
  const app = { config, clock, store, migrated, rules, consent, shopify, books, preview: previewOf };
  return {
    ...app,
    shopAdmin: shopAdminOf(config, shopify?.api),
    answerConsent: (answer) => answerConsent(app, answer),
    listenForConsent: () => listenForConsent(app, outside),
    missingScopes: async () => lackingScopes(consent),
    chooseAccount: async (accountId) => {
      await assertSame(store, freshBooksIdentity(accountId));
      await consent.choose(accountId);
    },
    serve: () => serve(app, outside),
    close: () => store.close(),
  };
}

async function lackingScopes(consent: Consent): Promise<readonly string[]> {
  const scopes = (await consent.tokens.load())?.scopes;
  return scopes === undefined ? [] : missingScopes(scopes);
}

function rulesOf(timeZone: Zone | undefined): Rules {
  return { ...DEFAULT_RULES, ...(timeZone === undefined ? {} : { timeZone }) };
}

/** What would be booked for an order, and why. */
export interface OrderPreview {
  readonly order: Order;
  readonly plan: Plan;
  /** Absent when the order does not add up: then no invoice of it is right. */
  readonly invoice?: {
    readonly document: InvoiceDocument;
    readonly laidOut: Preview;
    /** Why FreshBooks cannot be brought to the charged total; empty when it can. */
    readonly refusal: readonly Fact[];
  };
}

/** Of an order's JSON as its shop sends it; pure. Throws a Failure `delivery-…` when it cannot be read. */
export function previewOrder(
  body: Uint8Array,
  { shop, timeZone }: { readonly shop: string; readonly timeZone: Zone | undefined },
): OrderPreview {
  const source = createShopifySource({ connection: SHOPIFY, shopDomain: shop, secrets: [] });
  const sorted = source.sort({ topic: 'orders/create', body });
  if (sorted.kind !== 'order') {
    throw new Failure('delivery-malformed', { detail: 'The file shows no order' });
  }
  const { order } = sorted.snapshot;
  const rules = rulesOf(timeZone);
  const planned = plan(order, { isSent: false, payments: [] }, { rules, naming: FIRST_NAMING });
  if (planned.outcome === 'work' && planned.holds.some((hold) => hold.code === 'order-sums-differ')) {
    return { order, plan: planned };
  }
  const document = documentOf(order, rules, FIRST_NAMING);
  const laidOut = layOut(document);
  const refusal = laidOut.outcome === 'refused' ? laidOut.facts : [];
  return { order, plan: planned, invoice: { document, laidOut: previewOf(document), refusal } };
}

/** The server that serves this database, in words; nothing while none does. Asks by taking its lock for a moment. */
export function findServer(config: Config, clock: Clock): string | undefined {
  if (!existsSync(`${config.databasePath}.lock`)) {
    return undefined;
  }
  try {
    takeServeLock(config.databasePath, clock.now()).release();
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function openShopify({ shopify }: Config, { clock, transport }: Outside): App['shopify'] {
  if (shopify === undefined) {
    return undefined;
  }
  const { access, apiUrl, shopDomain } = shopify;
  const credentials =
    access.kind === 'static'
      ? ({ kind: 'static', accessToken: access.token } as const)
      : access.kind === 'client-credentials'
        ? ({ kind: 'client', clientId: access.clientId, clientSecret: access.clientSecret } as const)
        : undefined;
  const api =
    credentials === undefined
      ? undefined
      : createShopifyApi({ shopDomain, apiUrl, credentials, transport, clock });
  const source = createShopifySource({
    connection: SHOPIFY,
    shopDomain,
    secrets: shopify.webhookSecrets,
    ...(api === undefined ? {} : { api }),
  });
  return { source, api };
}

function shopAdminOf({ shopify, publicUrl }: Config, api: ShopifyApi | undefined): ShopAdmin {
  const needApi = (): ShopifyApi => {
    if (api === undefined) {
      const names =
        shopify === undefined
          ? 'SHOPIFY_SHOP_DOMAIN, and SHOPIFY_API_KEY with SHOPIFY_API_SECRET (or SHOPIFY_ACCESS_TOKEN)'
          : 'SHOPIFY_API_KEY with SHOPIFY_API_SECRET (or SHOPIFY_ACCESS_TOKEN)';
      throw new Failure('config-invalid', { detail: `To ask the shop, set ${names}` });
    }
    return api;
  };
  const uri = (): string => {
    if (publicUrl === undefined) {
      throw new Failure('config-invalid', {
        detail: 'COUNTERFOIL_PUBLIC_URL: set the https address under which Shopify reaches this server',
      });
    }
    return webhookUri(publicUrl);
  };
  const planWebhooks = async (): Promise<SubscriptionPlan> => {
    const address = uri();
    return planSubscriptions(await listSubscriptions(needApi()), address);
  };
  return {
    preflight: async () => preflight(needApi()),
    planWebhooks,
    repairWebhooks: async () => repairSubscriptions(needApi(), await planWebhooks()),
    async removeWebhooks() {
      const { right, wrong, duplicates } = await planWebhooks();
      const ours = [...right, ...wrong.map(({ subscription }) => subscription), ...duplicates];
      return removeSubscriptions(needApi(), ours);
    },
    complianceInstructions: () => complianceInstructions(uri()),
  };
}

function openBooks(
  config: Config,
  { store, outside }: { store: Store; outside: Outside },
): { books: Books; consent: Consent } {
  const { clock, transport } = outside;
  const { app, apiUrl, authUrl, accountId, seed } = config.freshbooks;
  const oauth = app === undefined ? undefined : { ...app, apiUrl, transport, clock, version: VERSION };
  const needApp = (): NonNullable<typeof oauth> => {
    if (oauth === undefined) {
      throw new Failure('token-missing', {
        detail:
          'FRESHBOOKS_CLIENT_ID, FRESHBOOKS_CLIENT_SECRET and FRESHBOOKS_REDIRECT_URI are needed to connect or to renew access',
      });
    }
    return oauth;
  };
  const calling = (): Omit<ApiOptions, 'accountId'> => ({
    connection: FRESHBOOKS,
    apiUrl,
    transport,
    clock,
    tokens,
    version: VERSION,
  });
  const consent = createConsent({
    connection: FRESHBOOKS,
    store,
    clock,
    configuredAccount: accountId,
    authorizeUrl: (state) =>
      authorizeUrl({ authUrl, clientId: needApp().clientId, redirectUri: needApp().redirectUri, state }),
    exchange: (code) => exchangeCode(needApp(), code),
    accounts: () => readAccounts(calling()),
  });
  const tokens = createTokens({
    connection: FRESHBOOKS,
    load: once(() => seedTokens(store, seed), consent.tokens.load),
    save: consent.tokens.save,
    refresh: async (refreshToken) => refresh(needApp(), refreshToken),
    clock,
    exclusively: (work) => exclusively(store, clock, work),
  });
  const books = lazyBooks(async () => {
    const account = await consent.account();
    await assertSame(store, freshBooksIdentity(account));
    return createFreshBooksBooks({ ...calling(), accountId: account });
  });
  return { books, consent };
}

/** Runs `first` before the first of many calls. */
function once<T>(first: () => Promise<void>, then: () => Promise<T>): () => Promise<T> {
  let done: Promise<void> | undefined;
  return async () => {
    done ??= first();
    await done;
    return then();
  };
}

/** Tokens from the environment are taken when the store has none, or when they differ from those taken before. */
async function seedTokens(store: Store, seed: Config['freshbooks']['seed']): Promise<void> {
  if (seed === undefined) {
    return;
  }
  const hash = createHash('sha256').update(toJson(seed)).digest('hex');
  const setting = `token-seed:${FRESHBOOKS}`;
  await store.transact(async (tx) => {
    const isKnown =
      (await tx.setting(setting)) === hash && (await tx.secret(`tokens:${FRESHBOOKS}`)) !== undefined;
    if (!isKnown) {
      await tx.putSecret(`tokens:${FRESHBOOKS}`, toJson(seed));
      await tx.putSetting(setting, hash);
      await tx.clearPause(FRESHBOOKS);
    }
  });
}

/** A refresh token is single-use, so one process at a time may spend it. */
async function exclusively<T>(store: Store, clock: Clock, work: () => Promise<T>): Promise<T> {
  const giveUpAt = after(clock.now(), TOKEN_LEASE_MS);
  for (;;) {
    const now = clock.now();
    const terms = { holder: randomUUID(), now, until: after(now, TOKEN_LEASE_MS) };
    const lease = await store.transact((tx) => tx.takeLease(`token:${FRESHBOOKS}`, terms));
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

/** Books whose account is asked for at the first call, and again until it is known. */
function lazyBooks(make: () => Promise<Books>): Books {
  let made: Promise<Books> | undefined;
  const books = (): Promise<Books> => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
  return {
    connection: FRESHBOOKS,
    find: async (task) => (await books()).find(task),
    apply: async (task) => (await books()).apply(task),
    fillClient: async (clientId, buyer) => (await books()).fillClient(clientId, buyer),
  };
}

function freshBooksIdentity(account: string): Identity {
  return { setting: `identity:${FRESHBOOKS}`, value: account, what: 'FreshBooks account' };
}

interface Identity {
  readonly setting: string;
  readonly value: string;
  readonly what: string;
}

/** Another shop or account under the orders of one database would mix two merchants' books. */
async function assertSame(store: Store, { setting, value, what }: Identity): Promise<void> {
  await store.transact(async (tx) => {
    const known = await tx.setting(setting);
    const isUsed = (await tx.orders({ limit: 1 })).length > 0;
    if (known !== undefined && known !== value && isUsed) {
      throw new Failure('connection-changed', { detail: `The ${what} is "${value}" and was "${known}"` });
    }
    await tx.putSetting(setting, value);
  });
}

type Parts = Pick<
  App,
  'config' | 'clock' | 'store' | 'migrated' | 'rules' | 'consent' | 'shopify' | 'books' | 'preview'
>;

async function serve(app: Parts, outside: Outside): Promise<Serving> {
  const { config, store, clock, shopify } = app;
  const lock = takeServeLock(config.databasePath, clock.now());
  try {
    if (shopify !== undefined) {
      const value = config.shopify?.shopDomain ?? '';
      await assertSame(store, { setting: `identity:${SHOPIFY}`, value, what: 'Shopify shop' });
    }
    await store.transact((tx) => tx.voidOrderLeases(clock.now()));
    const queue = createEmbeddedQueue({
      read: store.read,
      clock,
      places: PLACES,
      pollMs: POLL_MS,
      onPollFailure: (thrown) =>
        outside.emit({
          name: 'poll failed',
          level: 'error',
          fields: { detail: thrown instanceof Error ? thrown.message : String(thrown) },
        }),
    });
    const machine = await createMachine(app, { outside, queue });
    const server = createServer({
      inbox: createInbox({ store, queue, clock, emit: outside.emit }),
      sources: new Map(shopify === undefined ? [] : [['shopify', [shopify.source]]]),
      emit: outside.emit,
      checkReady: async () => void (await store.read.orderCounts()),
      finishConsent: (answer) => finishConsent(app, answer),
    });
    const { port } = await server.listen({ host: config.host, port: config.port });
    queue.start((key, signal) => run(machine, key, signal));
    return { port, stop: () => stop({ server, queue, lock }) };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

async function createMachine(
  app: Parts,
  { outside, queue }: { outside: Outside; queue: Queue },
): Promise<Machine> {
  const { rules, store, books, shopify, config } = app;
  const rulesVersion = createHash('sha256').update(toJson(rules)).digest('hex').slice(0, 12);
  await store.transact((tx) => tx.putRules(rulesVersion, rules));
  const routes = new Map<ConnectionId, Route>(
    shopify === undefined ? [] : [[SHOPIFY, { source: shopify.source, books, rules, rulesVersion }]],
  );
  return {
    store,
    queue,
    clock: outside.clock,
    random: outside.random,
    emit: outside.emit,
    routes,
    holder: randomUUID(),
    unknownWaitMs: config.unknownWaitMs,
  };
}

/** First no new deliveries, then no new runs; those under way end at their next step. */
async function stop({
  server,
  queue,
  lock,
}: {
  server: Server;
  queue: Queue;
  lock: ServeLock;
}): Promise<void> {
  await server.close();
  await queue.stop();
  lock.release();
}

async function listenForConsent(app: Parts, { emit, clock }: Outside): Promise<Serving | undefined> {
  const server = createServer({
    // No source is known here, so every webhook is refused and comes again when the service runs.
    inbox: {
      accept: () => Promise.reject(new Failure('unexpected', { detail: 'Nothing is accepted here' })),
    },
    sources: new Map(),
    emit,
    checkReady: () =>
      Promise.reject(
        new Failure('database-busy', { detail: 'Only waiting for FreshBooks', retryAt: clock.now() }),
      ),
    finishConsent: (answer) => finishConsent(app, answer),
  });
  try {
    const { port } = await server.listen({ host: app.config.host, port: app.config.port });
    return { port, stop: () => server.close() };
  } catch (thrown) {
    await server.close();
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE') {
      return undefined;
    }
    throw thrown;
  }
}

async function finishConsent(app: Parts, answer: ConsentAnswer): Promise<string> {
  const { missingScopes } = await answerConsent(app, answer);
  return missingScopes.length === 0
    ? 'FreshBooks is connected. You can close this page and go back to the terminal.'
    : `FreshBooks is connected, but lacks ${missingScopes.join(' ')}. Enable these scopes on the app and connect again.`;
}

async function answerConsent(
  { config, store, consent }: Parts,
  { code, state, error, error_description }: ConsentAnswer,
): Promise<{ readonly missingScopes: readonly string[] }> {
  if (error !== undefined) {
    throw consentFailure({ error, description: error_description ?? '' });
  }
  if (code === undefined || state === undefined) {
    throw new Failure('token-missing', {
      detail: 'This address is where FreshBooks answers: run counterfoil connect freshbooks',
    });
  }
  // Tokens of the environment that are new would else replace those of this consent at the next call.
  await seedTokens(store, config.freshbooks.seed);
  return consent.finish({ code, state });
}

/** The platform's own clock. */
const systemClock: Clock = {
  // oxlint-disable-next-line no-restricted-properties -- this is the clock
  now: () => instant(Date.now()),
  sleep(until, signal) {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // oxlint-disable-next-line no-restricted-properties -- this is the clock
      const timer = setTimeout(done, Math.max(0, until - Date.now()));
      signal?.addEventListener('abort', done);
      if (signal?.aborted === true) {
        done();
      }
    });
  },
};

/** The same with a log of what happens on the standard error, one JSON line an event. */
export function loggingOutside(level: LogLevel): Outside {
  return systemOutside(createLog(level, process.stderr));
}

/** The platform's network, clock and chance. */
export function systemOutside(emit: Emit): Outside {
  return {
    clock: systemClock,
    // oxlint-disable-next-line no-restricted-globals -- this is the transport
    transport: (request) => fetch(request),
    // oxlint-disable-next-line no-restricted-properties -- this is the random source
    random: Math.random,
    emit,
  };
}

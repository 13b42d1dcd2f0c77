import { existsSync } from 'node:fs';
import { answerConsent, finishConsent } from '#answer-consent.ts';
import { createLogin } from '#admin/login.ts';
import type { Login } from '#admin/login.ts';
import { previewOf } from '#books/freshbooks/layout.ts';
import type { Preview } from '#books/freshbooks/layout.ts';
import type { ExpenseCategory } from '#books/freshbooks/categories.ts';
import type { Consent } from '#books/freshbooks/consent.ts';
import { taxFiguresOf } from '#books/freshbooks/tax-figures.ts';
import { SCOPES, missingScopes } from '#books/freshbooks/oauth.ts';
import type { Config } from '#config.ts';
import { AMAZON, FRESHBOOKS, SHOPIFY, VERSION, defaultsFor } from '#connections.ts';
import type { InvoiceDocument } from '#core/document.ts';
import { Failure, asFailure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Asked } from '#core/journal-rows.ts';
import type { Money } from '#core/money.ts';
import type { Rules } from '#core/rules.ts';
import type { Clock } from '#core/time.ts';
import type { ConsentAnswer, Server } from '#http/server.ts';
import { createAlarmWatch } from '#pipeline/alarm-watch.ts';
import type { AlarmWatch } from '#pipeline/alarm-watch.ts';
import { currentRules } from '#pipeline/current-rules.ts';
import type { AuditEvent } from '#core/audit.ts';
import type { AlarmChannel, Books, Store } from '#pipeline/ports.ts';
import type { Swept } from '#pipeline/source.ts';
import type { Eraser } from '#pipeline/redaction.ts';
import { startRetention } from '#pipeline/retention.ts';
import type { Retention } from '#pipeline/retention.ts';
import { createAmazonAdmin } from '#sources/amazon/admin.ts';
import type { AmazonAdmin } from '#sources/amazon/admin.ts';
import type { Poller } from '#sources/amazon/poller.ts';
import { openShopify } from '#open-shopify.ts';
import type { ShopifyParts } from '#open-shopify.ts';
import type { Migrated } from '#storage/migrate.ts';
import { keyFileOf, keyPlaces, keysOf, rotateKeys, standingKeysOf } from '#storage/keys.ts';
import { createSeal } from '#storage/seal.ts';
import { keysInFile } from '#storage/key-file.ts';
import type { Keys } from '#storage/seal.ts';
import { backUp } from '#storage/backup.ts';
import { assertOneName, assertWhole } from '#storage/database-file.ts';
import type { BackupReport } from '#storage/backup.ts';
import { restore } from '#storage/restore.ts';
import type { RestoreReport } from '#storage/restore.ts';
import type { ServeLock } from '#storage/serve-lock.ts';
import { takeServeLock } from '#storage/serve-lock.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import type { Opened } from '#storage/store.ts';
import { onlyTo } from '#net/allowed-origins.ts';
import { connectFreshBooks } from '#books/freshbooks/connection.ts';
import type { Connection } from '#books/freshbooks/connection.ts';
import { openAdmin } from '#open-admin.ts';
import { openAmazon } from '#open-amazon.ts';
import { openPipeline } from '#open-pipeline.ts';
import type { Looks, Pipeline, PipelineParts } from '#open-pipeline.ts';
import { importRules, routeRules } from '#route-rules.ts';
import type { AmazonParts } from '#open-amazon.ts';
import type { Outside } from '#outside.ts';
import type { RouteRules } from '#rules-file.ts';
import { assertSame } from '#pipeline/identity.ts';
import type { Identity } from '#pipeline/identity.ts';
import { createShopAdmin } from '#sources/shopify/admin.ts';
import type { ShopAdmin } from '#sources/shopify/admin.ts';
import { startWebhookWatch } from '#sources/shopify/webhook-watch.ts';
import type { WebhookWatch } from '#sources/shopify/webhook-watch.ts';
import { openPoller } from '#open-poller.ts';
import { originsOf } from '#origins.ts';
import { readiness } from '#readiness.ts';

/**
 * The composition root: the only file that puts implementations together. What most commands do without, the server and the
 * ways of alarms, is loaded when it is needed.
 */

export interface App {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Store;
  readonly migrated: Migrated;
  /** The names of secrets that were sealed with a key which is not here; none where that refuses to open. */
  readonly lockedSecrets: readonly string[];
  /** Forgets them, once what they opened was given anew. */
  dropLockedSecrets(): Promise<void>;
  /** The rules of a source's orders while none are imported. */
  readonly defaultsOf: (source: ConnectionId) => Rules;
  /** The configured ways to tell a person of alarms. */
  readonly alarmChannels: readonly AlarmChannel[];
  /** The rules that orders not booked yet are booked by, of each route. */
  routeRules(): Promise<readonly RouteRules[]>;
  /** Makes these the rules from now on, also for a running server; answers with their versions. Throws `config-invalid`. */
  importRules(routes: readonly RouteRules[]): Promise<readonly string[]>;
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
  readonly shopify: ShopifyParts | undefined;
  /** The configured Amazon seller. */
  readonly amazon: AmazonParts | undefined;
  /** Nothing where it is not configured any more. */
  readonly sourceOf: (connection: ConnectionId) => Swept | undefined;
  /** Throws `config-invalid` while the shop or its credentials are not configured. */
  readonly shopAdmin: ShopAdmin;
  /** Throws `config-invalid` while the seller or his credentials are not configured. */
  readonly amazonAdmin: AmazonAdmin;
  readonly books: Books;
  /** Takes contact data out of what is stored. */
  readonly eraser: Eraser;
  /** Who may use the API. */
  readonly login: Login;
  /** What refunds may be booked under in the account, by name. Throws a Failure. */
  readonly expenseCategories: () => Promise<readonly ExpenseCategory[]>;
  /** Invoices of some days that stand in the account and were not made here, by number. Throws a Failure. */
  readonly otherInvoices: Connection['otherInvoices'];
  /** Finds the account before the first order needs it. */
  readonly openBooks: () => Promise<void>;
  /** Lays a document out as FreshBooks will show it, without a connection. */
  readonly preview: (document: InvoiceDocument, correction?: Money) => Preview;
  /** A document's taxes as FreshBooks computes them, without a connection. */
  readonly taxFigures: Asked['taxFigures'];
  /** Takes the lock, listens, works; resolves when it does. Stopping finishes what is in flight. */
  serve(): Promise<Serving>;
  /** The pipeline alone, for who has the database to himself. */
  openPipeline(looks?: Looks): Promise<Pipeline>;
  close(): Promise<void>;
}

export interface Serving {
  readonly port: number;
  stop(): Promise<void>;
}

/** What must be enabled on the FreshBooks app that an owner makes. */
export const FRESHBOOKS_SCOPES = SCOPES;

/** Read in about a second at the start; a larger file is checked by `doctor` and by every backup. */
const CHECKED_BYTES_MAX = 256 * 1024 * 1024;

export interface OpenOptions {
  /** Opens also when the key is not the one that secrets were sealed with: to tell it, or to mend it. */
  readonly acceptsOtherKey?: boolean;
}

/** Throws `key-wrong` when what is stored was sealed with another key, and what opening a database throws. */
export async function openApp(
  config: Config,
  lent: Outside,
  { acceptsOtherKey = false }: OpenOptions = {},
): Promise<App> {
  const outside = { ...lent, transport: onlyTo(originsOf(config), lent.transport) };
  const opened = await openWith(keysOf(config), config, outside);
  try {
    if (opened.locked.length > 0 && !acceptsOtherKey) {
      throw new Failure('key-wrong', { detail: lockedText(config, opened.locked) });
    }
    const app = await appOf(opened, config, outside);
    return { ...app, lockedSecrets: opened.locked, dropLockedSecrets: () => opened.dropLocked() };
  } catch (thrown) {
    await opened.store.close();
    throw thrown;
  }
}

/** Which key does not open what, in words. */
export function lockedText(config: Config, locked: readonly string[]): string {
  const names = locked.slice(0, LOCKED_SHOWN).map((name) => `"${name}"`);
  const more = locked.length > LOCKED_SHOWN ? ` and ${locked.length - LOCKED_SHOWN} more` : '';
  return `What "${config.databasePath}" keeps sealed (${names.join(', ')}${more}) does not open with ${keyPlaces(config)}`;
}

/** There are three, unless a later version keeps more. */
const LOCKED_SHOWN = 5;

type Fitted = Omit<App, 'lockedSecrets' | 'dropLockedSecrets'>;

async function appOf({ store, migrated }: Opened, config: Config, outside: Outside): Promise<Fitted> {
  const { clock } = outside;
  const { books, consent, open, ...lists } = connectFreshBooks({
    ...config.freshbooks,
    connection: FRESHBOOKS,
    store,
    clock,
    transport: outside.transport,
    version: VERSION,
    assertAccount: (accountId) => assertSame(store, freshBooksIdentity(accountId)),
  });
  const defaultsOf = (source: ConnectionId): Rules => defaultsFor(source, config.timeZone);
  const { rules } = await currentRules(store.read, SHOPIFY, defaultsOf(SHOPIFY));
  const shopify = openShopify(config, { connection: SHOPIFY, outside, currencySide: rules.currency });
  const amazon = openAmazon(config, {
    connection: AMAZON,
    outside,
    store,
    defaults: defaultsOf(AMAZON),
    version: VERSION,
  });
  const side = rules.currency;
  const sources = new Map(sourcesOf({ shopify, amazon }).map((source) => [source.connection, source]));
  const eraser = { store, clock, sources, account: FRESHBOOKS };
  const alarmChannels = await openChannels(config, outside);
  const login = createLogin({ store, clock, configured: config.adminPassword });
  const shopAdmin = createShopAdmin({
    api: shopify?.api,
    publicUrl: config.publicUrl,
    isConfigured: shopify !== undefined,
    connection: SHOPIFY,
    store,
  });
  const parts = {
    config,
    clock,
    store,
    migrated,
    alarmChannels,
    defaultsOf,
    side,
    consent,
    shopify,
    shopAdmin,
    amazon,
    books,
    eraser,
    login,
  };
  const app = { ...parts, openBooks: open, sourceOf: (id: ConnectionId) => sources.get(id) };
  return {
    ...app,
    ...lists,
    preview: previewOf,
    taxFigures: taxFiguresOf,
    routeRules: () => routeRules(app),
    importRules: (routes) => importRules(app, routes),
    amazonAdmin: createAmazonAdmin({ seller: config.amazon, api: amazon?.api, clock }),
    answerConsent: (answer) => answerConsent(consent, answer),
    listenForConsent: () => listenForConsent(app, outside),
    missingScopes: async () => lackingScopes(consent),
    chooseAccount: async (accountId) => {
      await assertSame(store, freshBooksIdentity(accountId));
      await consent.choose(accountId);
    },
    serve: () => serve(app, outside),
    openPipeline: (looks) => openPipeline(pipelinePartsOf(app), outside, looks),
    close: () => store.close(),
  };
}

function openWith(keys: Keys, { databasePath }: Config, outside: Outside): Promise<Opened> {
  return openStore({
    dialect: sqliteDialect((outside.openDatabase ?? openSqlite)(databasePath)),
    clock: outside.clock,
    seal: createSeal(keys.current, keys.older),
    actor: outside.actor ?? 'server',
  });
}

async function openChannels(
  { alarms: { channels } }: Config,
  outside: Outside,
): Promise<readonly AlarmChannel[]> {
  if (Object.keys(channels).length === 0) {
    return [];
  }
  const { createChannels } = await import('#alarms/channels.ts');
  return createChannels(channels, outside);
}

/** Seals every secret with another key. Throws `already-running` while a server has the one so far. */
export async function rotateSecrets(config: Config, outside: Outside): Promise<number> {
  const lock = takeServeLock(config.databasePath, outside.clock.now());
  try {
    return await rotateKeys(config, async (keys) => {
      const opened = await openWith(keys, config, outside);
      try {
        return await opened.sealAnew();
      } finally {
        await opened.store.close();
      }
    });
  } finally {
    lock.release();
  }
}

async function lackingScopes(consent: Consent): Promise<readonly string[]> {
  const scopes = (await consent.tokens.load())?.scopes;
  return scopes === undefined ? [] : missingScopes(scopes);
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

/** Reads the whole database. Throws `database-damaged`, or `config-invalid` when its file has two names. */
export function assertDatabaseWhole({ databasePath }: Config): void {
  assertOneName(databasePath);
  assertWhole(databasePath);
}

/** Where the key is that seals secrets, unless COUNTERFOIL_SECRET_KEY is set. */
export function keyPathOf({ databasePath }: Config): string {
  return keyFileOf(databasePath);
}

/** How many keys are in that file; none while it is not there. Throws `config-invalid` when it cannot be read. */
export function countKeysInFile(config: Config): number {
  return keysInFile(keyPathOf(config)).length;
}

/** Copies the database into a file, also beside a running server. Throws a Failure; then there is no such file. */
export async function backUpDatabase(
  config: Config,
  {
    isWithKey,
    ...options
  }: { readonly file: string; readonly isOverwriting: boolean; readonly isWithKey: boolean },
): Promise<BackupReport> {
  const { databasePath } = config;
  return backUp({ ...options, databasePath, ...(isWithKey ? { keys: standingKeysOf(config) } : {}) });
}

/** Puts a backup in the place of the database, which is kept beside it. Throws a Failure; then nothing was changed. */
export async function restoreDatabase(
  config: Config,
  { clock, actor }: Pick<Outside, 'clock' | 'actor'>,
  file: string,
): Promise<RestoreReport> {
  const { databasePath, secretKey, oldSecretKey } = config;
  return restore({
    databasePath,
    file,
    clock,
    ...(actor === undefined ? {} : { actor }),
    key: {
      path: keyPathOf(config),
      ...(secretKey === undefined ? {} : { configured: secretKey }),
      ...(oldSecretKey === undefined ? {} : { old: oldSecretKey }),
    },
    access: {
      secrets: [`tokens:${FRESHBOOKS}`],
      settings: [`token-seed:${FRESHBOOKS}`],
      identity: `identity:${FRESHBOOKS}`,
    },
  });
}

/** All that orders come from. */
function sourcesOf({ shopify, amazon }: Pick<App, 'shopify' | 'amazon'>): readonly Swept[] {
  return [shopify, amazon].flatMap((parts) => (parts === undefined ? [] : [parts.source]));
}

function pipelinePartsOf(app: Parts): PipelineParts {
  const { store, books, defaultsOf, config } = app;
  return { store, books, defaultsOf, sources: sourcesOf(app), unknownWaitMs: config.unknownWaitMs };
}

/** The configured shop, as the database knows which one its orders are of. */
export function shopIdentity({ shopify }: Config): Identity {
  return { setting: `identity:${SHOPIFY}`, value: shopify?.shopDomain ?? '', what: 'Shopify shop' };
}

function freshBooksIdentity(account: string): Identity {
  return { setting: `identity:${FRESHBOOKS}`, value: account, what: 'FreshBooks account' };
}

type Parts = Pick<
  App,
  | 'config'
  | 'clock'
  | 'store'
  | 'migrated'
  | 'defaultsOf'
  | 'alarmChannels'
  | 'consent'
  | 'shopify'
  | 'shopAdmin'
  | 'amazon'
  | 'books'
  | 'openBooks'
  | 'eraser'
  | 'sourceOf'
  | 'login'
> & {
  /** On which the source reads amounts. */
  readonly side: Rules['currency'];
};

async function serve(app: Parts, lent: Outside): Promise<Serving> {
  const alarms = openAlarms(app, lent);
  const outside: Outside = {
    ...lent,
    emit(event) {
      lent.emit(event);
      alarms.hear(event);
    },
  };
  const { config, store, clock, shopify, amazon } = app;
  const lock = takeServeLock(config.databasePath, clock.now());
  try {
    assertOneName(config.databasePath);
    assertWhole(config.databasePath, { bytesMax: CHECKED_BYTES_MAX });
    if (shopify !== undefined) {
      await assertSame(store, shopIdentity(config));
    }
    if (config.amazon !== undefined) {
      const { region, sellerId } = config.amazon;
      const value = `${sellerId} (${region})`;
      await assertSame(store, { setting: `identity:${AMAZON}`, value, what: 'Amazon seller' });
    }
    await assertSide(app);
    const pipeline = await openPipeline(pipelinePartsOf(app), outside);
    const { createServer } = await import('#http/server.ts');
    const server = createServer({
      inbox: pipeline.inbox,
      sources: new Map([
        ['shopify', shopify === undefined ? [] : [shopify.source]],
        ['amazon', amazon === undefined ? [] : [amazon.source]],
      ]),
      emit: outside.emit,
      clock,
      checkReady: readiness(app),
      finishConsent: (answer) => finishConsent(app.consent, answer),
      admin: openAdmin({
        ...app,
        account: FRESHBOOKS,
        preview: previewOf,
        publicUrl: config.publicUrl,
      }),
      isHttps: isHttps(config),
    });
    const poller = await openPoller(config, { connection: AMAZON, inbox: pipeline.inbox, outside });
    const { port } = await server.listen({ host: config.host, port: config.port });
    await audited(app, 'server started').catch(async (thrown: unknown) => {
      // Else the process would stay, with its port and without a database.
      await server.close();
      throw thrown;
    });
    pipeline.start();
    poller?.start();
    const retention = retentionOf(app, outside);
    const webhooks = webhookWatchOf(app, outside);
    alarms.start();
    const opening = openBehind(app, outside);
    return {
      port,
      stop() {
        opening.forget();
        return stop(app, { server, poller, pipeline, alarms, retention, webhooks, lock });
      },
    };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

/** Asks for the account beside the start, which waits for nobody. */
function openBehind({ openBooks }: Parts, { emit }: Outside): { readonly forget: () => void } {
  let isForgotten = false;
  openBooks().catch((thrown: unknown) => {
    // After a stop its database is closed, which is no fault.
    if (!isForgotten) {
      const { code, message } = asFailure(thrown, 'Cannot open the books');
      emit({ name: 'books not ready', level: 'warn', fields: { code, detail: message } });
    }
  });
  return {
    forget() {
      isForgotten = true;
    },
  };
}

/** It writes to the same log, but hears nothing of what it says itself. */
function openAlarms(app: Parts, outside: Outside): AlarmWatch {
  const { config, store, alarmChannels } = app;
  return createAlarmWatch({
    store,
    clock: outside.clock,
    emit: outside.emit,
    place: config.shopify?.shopDomain ?? config.amazon?.sellerId ?? '',
    channels: alarmChannels,
    connections: sourcesOf(app).map(({ connection }) => connection),
    terms: config.alarms.terms,
  });
}

/** From here on the lock keeps the side as it is; before, another process could import another one. */
async function assertSide({ store, defaultsOf, side }: Parts): Promise<void> {
  const { rules } = await currentRules(store.read, SHOPIFY, defaultsOf(SHOPIFY));
  if (rules.currency !== side) {
    throw new Failure('config-invalid', {
      detail: `Key currency of the route from ${SHOPIFY} became "${rules.currency}" during the start: start again`,
    });
  }
}

interface Stopping {
  readonly server: Server;
  /** Absent without a queue. */
  readonly poller: Poller | undefined;
  readonly pipeline: Pipeline;
  readonly alarms: AlarmWatch;
  readonly retention: Retention | undefined;
  readonly webhooks: WebhookWatch | undefined;
  readonly lock: ServeLock;
}

/** First no new deliveries, then no new runs; those under way end at their next step. */
async function stop(
  app: Parts,
  { server, poller, pipeline, alarms, retention, webhooks, lock }: Stopping,
): Promise<void> {
  await Promise.all([poller?.stop(), server.close()]);
  await Promise.all([pipeline.stop(), alarms.stop()]);
  await Promise.all([retention?.stop(), webhooks?.stop()]);
  await audited(app, 'server stopped');
  lock.release();
}

async function audited({ store, migrated }: Parts, action: AuditEvent['action']): Promise<void> {
  const details = { version: VERSION, schema: migrated.version };
  await store.transact((tx) => tx.audited({ action, subject: 'counterfoil', details }));
}

function retentionOf({ config, eraser }: Parts, { emit }: Outside): Retention | undefined {
  const { retentionDays: days } = config;
  return days === undefined ? undefined : startRetention(eraser, { days, emit });
}

async function listenForConsent(app: Parts, { emit, clock }: Outside): Promise<Serving | undefined> {
  const { createServer } = await import('#http/server.ts');
  const server = createServer({
    // No source is known here, so every webhook is refused and comes again when the service runs.
    inbox: {
      accept: () => Promise.reject(new Failure('unexpected', { detail: 'Nothing is accepted here' })),
    },
    sources: new Map(),
    emit,
    clock,
    checkReady: () =>
      Promise.reject(
        new Failure('database-busy', { detail: 'Only waiting for FreshBooks', retryAt: clock.now() }),
      ),
    finishConsent: (answer) => finishConsent(app.consent, answer),
    isHttps: isHttps(app.config),
  });
  try {
    const { port } = await server.listen({ host: app.config.host, port: app.config.port });
    return { port, stop: () => server.close() };
  } catch (thrown) {
    await server.close();
    if (isTaken(thrown)) {
      return undefined;
    }
    throw thrown;
  }
}

function isTaken(thrown: unknown): boolean {
  const cause = thrown instanceof Failure ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

function isHttps({ publicUrl }: Config): boolean {
  return publicUrl?.startsWith('https:') === true;
}

/** None where the shop cannot be asked, or told where to send. */
function webhookWatchOf(
  { config: { publicUrl }, shopify, shopAdmin, store, clock }: Parts,
  { emit }: Outside,
): WebhookWatch | undefined {
  return shopify?.api === undefined || publicUrl === undefined
    ? undefined
    : startWebhookWatch({ admin: shopAdmin, connection: SHOPIFY, store, clock, emit });
}

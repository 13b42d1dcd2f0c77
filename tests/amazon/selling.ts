import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp } from '#app.ts';
import { explainOrder } from '#cli/explain.ts';
import { findSubject } from '#cli/find-subject.ts';
import { leapingClock } from '#cli/leaping-clock.ts';
import { createOutput } from '#cli/output.ts';
import { readConfig } from '#config.ts';
import { connectionId, settlementIn } from '#core/ids.ts';
import { parseLocalDate } from '#core/time.ts';
import { readOverview } from '#operator/order-list.ts';
import type { OrderRow } from '#operator/order-list.ts';
import { systemOutside } from '#outside.ts';
import { foresee } from '#pipeline/outlook.ts';
import type { Foreseen } from '#pipeline/outlook.ts';
import { RESTORED_SETTING } from '#pipeline/ports.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import type { Sandbox, SandboxOptions } from '#sim/main.ts';
import { openSandbox } from '#sim/main.ts';
import { DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import type { AmazonSim } from '#sim/amazon/amazon.ts';
import { transactionUpdateBody } from '#sim/amazon/notification-body.ts';
import { expectedAmazonBooks } from '#sim/amazon/check.ts';
import type { ExpectedAmazonBooks } from '#sim/amazon/check.ts';
import type { BalanceEntry } from '#sim/amazon/ledger.ts';
import { expectedSettlements } from '#sim/amazon/settlements.ts';
import type { ExpectedSettlement } from '#sim/amazon/settlements.ts';
import type { AmazonLifeEvent } from '#sim/amazon/life.ts';
import type { Region } from '#sim/amazon/marketplaces.ts';
import type { AmazonOrder } from '#sim/amazon/order.ts';
import type { AmazonScenarioName } from '#sim/amazon/scenarios.ts';
import type { AmazonRecipe } from '#sim/amazon/recipe.ts';
import type { AmazonSwitches } from '#sim/amazon/switches.ts';
import { standingOf } from '#sim/standing.ts';
import type { Standing } from '#sim/standing.ts';
import { sign } from '#sources/amazon/proof.ts';
import { decideOrder, releaseOrder } from '#pipeline/release.ts';
import type { Decision } from '#pipeline/release.ts';
import { importRules } from '#tests/import-rules.ts';
import { until } from '#tests/until.ts';

/** The service between a simulated seller on Amazon and an account, over sockets: told of orders, it reads and books them. */
type AccountInvoice = ReturnType<Sandbox['freshbooks']['account']>['invoices'][number];
type AccountExpense = ReturnType<Sandbox['freshbooks']['account']>['expenses'][number];

export interface Seller {
  /** Imports a file that says only this of the route. */
  readonly ruleBy: (...lines: readonly string[]) => Promise<void>;
  /** An order that is shipped at once, unless it is placed as pending. */
  readonly place: (recipe: AmazonRecipe) => Promise<OrderRecord>;
  /** One of a store that is not booked, shipped at once: no message of it is taken. */
  readonly placeElsewhere: (recipe: AmazonRecipe) => void;
  readonly scenario: (name: AmazonScenarioName) => Promise<OrderRecord>;
  /** Lets something happen at Amazon some time later, and tells of the order as it stands then. */
  readonly act: (record: OrderRecord, event: AmazonLifeEvent, laterMs?: number) => Promise<OrderRecord>;
  readonly expected: (record: OrderRecord) => ExpectedAmazonBooks;
  readonly invoices: (record: OrderRecord) => readonly AccountInvoice[];
  readonly standing: (record: OrderRecord) => Standing;
  /** Names of the account's clients, as they were made. */
  readonly clients: () => readonly string[];
  readonly clientOf: (record: OrderRecord) => string;
  readonly notes: (record: OrderRecord) => readonly string[];
  /** The days of its payments. */
  readonly paidOn: (record: OrderRecord) => readonly string[];
  /** What the seller grants the app from now on. */
  readonly grant: (app: Parameters<AmazonSim['setApp']>[0]) => void;
  /** Has an order planned anew, as `retry` does, and waits until it is at rest. */
  readonly retry: (record: OrderRecord) => Promise<OrderRecord>;
  /** Lets a fee for no order, or money for lost goods, come to the seller's balance. */
  readonly post: (entry: BalanceEntry) => void;
  /** Amazon pays out what is free, and the service asks what changed: the settlements that it knows then, at rest. */
  readonly payOut: () => Promise<readonly OrderRecord[]>;
  /** Lets time pass, and waits until all is at rest again. */
  readonly wait: (ms: number) => Promise<readonly OrderRecord[]>;
  /** Answers what waits, and waits until it is at rest. */
  readonly decide: (record: OrderRecord, decision: Decision) => Promise<OrderRecord>;
  /** What `explain` prints of what a person names. */
  readonly explained: (asked: string) => Promise<string>;
  /** As `orders` lists it. */
  readonly listed: (record: OrderRecord) => Promise<OrderRow>;
  /** Copies the database. */
  readonly save: () => Promise<void>;
  /** Puts the copy back: what was booked since stands in the account and not in it. */
  readonly restore: () => Promise<readonly OrderRecord[]>;
  readonly expectedSettlements: () => readonly ExpectedSettlement[];
  /** The account's expenses for fees, as FreshBooks shows them. */
  readonly feeExpenses: () => readonly AccountExpense[];
  /** What its rules would do to settlements and orders since that day. */
  readonly foreseen: (since?: string) => Promise<readonly Foreseen[]>;
}

const ENVELOPE = {
  applicationId: DEFAULT_AMAZON_APP.applicationId,
  subscriptionId: 'subscription-1',
  notificationId: 'transaction-update-1',
  publishedAt: 0,
};
const SETTLING_MS = 3 * 60_000;
/** The service asks every five minutes what changed. */
const SWEEP_MS = 6 * 60_000;
const SECRET = 'planted-secret-of-the-forwarder';

export async function selling(
  options: Pick<SandboxOptions, 'freshbooks' | 'faults'> & {
    readonly region?: Region;
    readonly switches?: Partial<AmazonSwitches>;
    /** Countries whose stores are booked: by default all of the region. */
    readonly stores?: readonly string[];
  },
  act: (seller: Seller) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-amazon-'));
  // Of all of them: what Amazon shows and when the service asks for it belong together.
  const outside = systemOutside(() => undefined);
  const clock = leapingClock(outside.clock);
  const { region = 'eu', switches = {}, stores, ...others } = options;
  const sandbox = await openSandbox({ seed: 3, amazon: { region, switches }, clock, ...others });
  const stand = sandbox.amazon;
  assert(stand !== null);
  const {
    SHOPIFY_SHOP_DOMAIN: _shop,
    SHOPIFY_API_KEY: _key,
    SHOPIFY_API_SECRET: _secret,
    SHOPIFY_API_URL: _url,
    ...settings
  } = sandbox.environment;
  const config = readConfig({
    ...settings,
    AMAZON_WEBHOOK_SECRET: SECRET,
    ...(stores === undefined ? {} : { SP_API_MARKETPLACE_IDS: stores.join(',') }),
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
  });
  let app = await openApp(config, { ...outside, clock });
  let serving = await app.serve();
  /** Stops the service, lets something be done to its database, and starts it again. */
  const restarted = async (between: () => Promise<void>): Promise<void> => {
    await serving.stop();
    await app.close();
    await between();
    app = await openApp(config, { ...outside, clock });
  };
  const [database, copy] = [join(folder, 'counterfoil.db'), join(folder, 'copy.db')];
  const account = () => sandbox.freshbooks.account();
  const invoices = ({ key }: OrderRecord) => {
    const id = key.slice('amazon/'.length);
    return account().invoices.filter(({ poNumber }) => poNumber === `AMAZON-ORDER-${id}`);
  };
  const paymentsOf = (record: OrderRecord) => {
    const ids = invoices(record).map(({ id }) => id);
    return account().payments.filter(({ invoiceId }) => ids.includes(invoiceId));
  };
  /** As the order stands, or that Amazon's ledger has moved, which moves no time of the order. */
  const told = async (
    { id }: AmazonOrder,
    text: string = stand.amazon.notifications.body(id),
  ): Promise<OrderRecord> => {
    const body = new TextEncoder().encode(text);
    const seconds = String(Math.floor(clock.now() / 1000));
    const response = await fetch(`http://127.0.0.1:${serving.port}/webhooks/amazon`, {
      method: 'POST',
      headers: { 'x-counterfoil-timestamp': seconds, 'x-counterfoil-signature': sign(body, seconds, SECRET) },
      body,
    });
    assert.equal(response.status, 200);
    return resting(id);
  };
  const resting = async (id: string): Promise<OrderRecord> =>
    until(`order ${id} is at rest`, async () => {
      const [record] = await app.store.read.orders({ search: `amazon/${id}`, limit: 1 });
      const accepted = await app.store.read.deliveries({ state: 'accepted', limit: 1 });
      const isResting = record !== undefined && record.dueAt === undefined && record.state !== 'working';
      return isResting && accepted.length === 0 && record;
    });
  const sweptSince = (moment: number): Promise<boolean> =>
    until('the service has asked what changed', async () => {
      const swept = Number(await app.store.read.setting('swept:amazon'));
      // Before the first round came to its end it is a moment that is still to come.
      return swept >= moment && swept <= clock.now();
    });
  const settlementsAtRest = (): Promise<readonly OrderRecord[]> =>
    until('all is at rest', async () => {
      const all = await app.store.read.orders({ limit: 1_000 });
      const accepted = await app.store.read.deliveries({ state: 'accepted', limit: 1 });
      const isResting = all.every(
        ({ state, dueAt = Infinity }) => state !== 'working' && dueAt > clock.now(),
      );
      const settlements = all.filter(({ key }) => settlementIn(key) !== undefined);
      return isResting && accepted.length === 0 && settlements;
    });
  const settledAfter = async (ms: number): Promise<readonly OrderRecord[]> => {
    clock.leap(ms);
    await sweptSince(clock.now());
    return settlementsAtRest();
  };
  try {
    await act({
      ruleBy: (...lines) => importRules(app, 'amazon', lines),
      place: async (recipe) => {
        const { id, status } = stand.world.place(recipe);
        const isOpen = recipe.status !== undefined && recipe.status !== 'UNSHIPPED';
        return told(
          isOpen ? (stand.world.order(id) ?? assert.fail(status)) : stand.world.act(id, { kind: 'ship' }),
        );
      },
      placeElsewhere: (recipe) => {
        stand.world.act(stand.world.place(recipe).id, { kind: 'ship' });
      },
      scenario: (name) => told(stand.world.scenario(name)),
      act: ({ key }, event, laterMs = 0) => {
        clock.leap(laterMs);
        const order = stand.world.act(key.slice('amazon/'.length), event);
        // Amazon's ledger shows nothing of the last two minutes.
        clock.leap(SETTLING_MS);
        const moved = stand.world.transactions().at(-1);
        return event.kind === 'refund' && moved !== undefined
          ? told(order, transactionUpdateBody(moved, { ...ENVELOPE, sellerId: stand.world.sellerId }))
          : told(order);
      },
      expected: ({ key }) => {
        const order = stand.world.order(key.slice('amazon/'.length));
        assert(order !== undefined);
        return expectedAmazonBooks(order);
      },
      invoices,
      standing: ({ key }) => {
        const id = key.slice('amazon/'.length);
        return standingOf(sandbox, { id, name: id });
      },
      clients: () => account().clients.map(({ texts }) => texts['organization'] ?? ''),
      clientOf: (record) => {
        const [invoice] = invoices(record);
        return account().clients.find(({ id }) => id === invoice?.clientId)?.texts['organization'] ?? '';
      },
      notes: (record) => paymentsOf(record).map(({ note }) => note),
      paidOn: (record) => paymentsOf(record).map(({ date }) => date),
      grant: (change) => stand.amazon.setApp(change),
      post: (entry) => stand.world.post(entry),
      payOut: async () => {
        stand.world.settle();
        return settledAfter(SWEEP_MS);
      },
      wait: settledAfter,
      expectedSettlements: () => expectedSettlements(stand.world.transactions(), stores),
      feeExpenses: () =>
        account().expenses.filter(
          ({ vendor, visState }) => vendor?.startsWith('Amazon settlement') === true && visState === 0,
        ),
      foreseen: async (day = '2020-01-01') => {
        const routes = await app.routeRules();
        const rules = routes.find(({ from }) => from === 'amazon')?.rules;
        assert(rules !== undefined);
        const source = connectionId('amazon');
        const since = parseLocalDate(day);
        const { books } = app;
        return (await foresee(app.store.read, { books, source, rules, since, limit: 1_000 })).orders;
      },
      decide: async ({ key }, decision) => {
        const decided = await decideOrder(app.store, key, { decision, now: app.clock.now() });
        assert.equal(decided.outcome, 'decided');
        return resting(key.slice('amazon/'.length));
      },
      save: async () => {
        await restarted(() => cp(database, copy));
        const started = clock.now();
        serving = await app.serve();
        await sweptSince(started);
        await settlementsAtRest();
      },
      restore: async () => {
        await restarted(() => cp(copy, database));
        await app.store.transact((tx) => tx.putSetting(RESTORED_SETTING, String(clock.now())));
        const started = clock.now();
        serving = await app.serve();
        await sweptSince(started);
        return settlementsAtRest();
      },
      listed: async ({ key }) => {
        const { rows } = await readOverview(app.store.read, { search: key, limit: 1 });
        return rows[0] ?? assert.fail(key);
      },
      explained: async (asked) => {
        const subject = await findSubject(app, asked);
        assert(subject.kind === 'order');
        const written: string[] = [];
        const stdout = { write: (text: string) => written.push(text) };
        const output = createOutput({ stdout, stderr: stdout, isJson: false, environment: {} });
        await explainOrder(app, output, subject.record);
        return written.join('');
      },
      retry: async ({ key }) => {
        await releaseOrder(app.store, key, { now: app.clock.now(), account: 'freshbooks' });
        return resting(key.slice('amazon/'.length));
      },
    });
  } finally {
    await serving.stop();
    await app.close();
    const { outbox } = sandbox.freshbooks;
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
    assert.deepEqual(outbox, [], 'no buyer is mailed');
  }
}

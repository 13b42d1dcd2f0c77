import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp } from '#app.ts';
import { systemOutside } from '#outside.ts';
import type { App } from '#app.ts';
import { readConfig } from '#config.ts';
import { AMAZON } from '#connections.ts';
import { settlementKey } from '#core/ids.ts';
import { fold, paidOf } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { channelTaxOf } from '#core/order.ts';
import { defaultRulesOf } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { feesOf, isSettlement, orderOf } from '#core/settlement.ts';
import { DAY, HOUR, MINUTE, after } from '#core/time.ts';
import type { OrderRecord, PipelineEvent } from '#pipeline/ports.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { DONE, FAILED } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { stopRequested } from './serve.ts';
import { leapingClock } from './leaping-clock.ts';
import type { LeapingClock } from './leaping-clock.ts';
import type { Colour } from './output.ts';

/**
 * The README's first command: a simulated shop, a seller on Amazon and an account on local sockets, the real service between
 * them on a SQLite file of its own, forty orders of every kind, and both totals side by side as they are booked; then two weeks
 * pass, and what Amazon keeps of its payouts is booked too. It ends well only when the books of every order and of every payout
 * agree with the channel, by reading the simulated account itself and not our ledger.
 */

type ScenarioName = Parameters<Sandbox['world']['scenario']>[0];

const SCENARIOS: readonly ScenarioName[] = [
  'paid, one line',
  'paid, repeat customer, several lines',
  'paid, two lines, code discount',
  'paid, fixed code over three equal lines',
  'paid, line and order discount',
  'paid, free shipping by code',
  'paid, shipping partly discounted',
  'paid, four taxes a line',
  'paid, Quebec',
  'paid, tax included, two rates',
  'paid, tax exempt buyer',
  'paid, tax remitted by the channel',
  'paid, with a tip',
  'paid, duties and import fee',
  'paid, gift card sold',
  'paid, gift card used',
  'paid, custom item',
  'paid, buyer pays in yen',
  'paid at the till in cash, no customer',
  'paid, guest with an address only',
  'paid, every script and 500 letters',
  'paid draft order',
  'free order',
  'test order',
  'unpaid, bank transfer',
  'paid in two parts',
  'partly paid',
  'authorized only',
  'cancelled before payment',
  'refunded, one unit of three',
];

type AmazonScenarioName = Parameters<NonNullable<Sandbox['amazon']>['world']['scenario']>[0];

const AMAZON_SCENARIOS: readonly AmazonScenarioName[] = [
  'US, Amazon remits the tax',
  'Canada, the seller remits the tax',
  'discounts on goods and shipping',
  'gift wrap, deposit and tip',
  'business with a purchase order',
  'shipped by Amazon',
  'a replacement',
  'pending',
  'cancelled before shipping',
  'shipped in parts',
];

/** Amazon keeps money of some orders back until a week after their delivery, and takes its monthly fee. */
const PAYOUT_AFTER_MS = 10 * DAY;
const MONTHLY_FEE_CENTS = -3_999n;
/** A settlement is booked once nothing can come to it any more: three days after its payout. */
const SETTLED_AFTER_MS = 3 * DAY + HOUR;
/** The service looks every five minutes for what no message told. */
const LOOKED_FOR_MS = 5 * MINUTE;
/** Two seconds, in which a look and all its bookings are over. */
const LOOKS_BEFORE_LEAP = 40;

const AMAZON_RULES: Rules = {
  ...defaultRulesOf('amazon'),
  channelFees: 'per_settlement',
  feeCategory: 'Commissions',
};

/** An answer of FreshBooks takes about this long from a nearby data centre. */
const LATENCY_MS = 60;
/** Between two orders: a busy shop, and slow enough to watch. */
const ORDER_EVERY_MS = 250;
/** Everything is booked within seconds; a demo that takes longer has failed. */
const GIVE_UP_MS = 50_000;
const LOOK_EVERY_MS = 50;
/** After how many orders of the shop one of Amazon's comes. */
const AMAZON_EVERY = 3;

export async function demo(context: CommandContext, { keep }: { readonly keep: boolean }): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-demo-'));
  const interruption = removeWhenInterrupted(folder);
  const watch = createWatch();
  const outside = systemOutside(watch.hear);
  const clock = leapingClock(outside.clock);
  const sandbox = await openSandbox({ seed: 20_261_122, latencyMs: LATENCY_MS, amazon: {}, clock });
  const config = readConfig({
    ...sandbox.environment,
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
  });
  const app = await openApp(config, { ...outside, clock });
  const serving = await app.serve();
  const stage: Stage = { context, app, sandbox, watch, clock };
  try {
    sandbox.deliverTo(`http://127.0.0.1:${serving.port}`);
    await app.shopAdmin.repairWebhooks();
    await app.importRules([{ from: 'amazon', to: 'freshbooks', rules: AMAZON_RULES }]);
    introduce(context, config.databasePath);
    await letOrdersHappen(stage);
    await letAmazonPayOut(stage);
    const verdicts = await judge(stage);
    summarize(stage, verdicts);
    if (keep) {
      interruption.forget();
      await stayUp(context, {
        databasePath: config.databasePath,
        shopDomain: sandbox.world.shop.domain,
        port: serving.port,
        settlement: settlementsOf(sandbox)[0]?.settlementId ?? '',
      });
    }
    const isSilent = sandbox.freshbooks.outbox.length === 0;
    return isSilent &&
      Object.values(verdicts)
        .flat()
        .every((verdict) => verdict.agrees)
      ? DONE
      : FAILED;
  } finally {
    await serving.stop();
    await app.close();
    await sandbox.close();
    interruption.forget();
    await rm(folder, { recursive: true, force: true });
  }
}

const INTERRUPTIONS = ['SIGINT', 'SIGTERM'] as const;

/** Who breaks off does not wait until the service has stopped: the process ends by the signal, as without this. */
function removeWhenInterrupted(folder: string): { readonly forget: () => void } {
  const end = (signal: NodeJS.Signals): void => {
    forget();
    rmSync(folder, { recursive: true, force: true });
    process.kill(process.pid, signal);
  };
  const forget = (): void => INTERRUPTIONS.forEach((signal) => process.off(signal, end));
  INTERRUPTIONS.forEach((signal) => process.on(signal, end));
  return { forget };
}

interface Stage {
  readonly context: CommandContext;
  readonly app: App;
  readonly sandbox: Sandbox;
  readonly watch: Watch;
  /** Of the service, the shop, the account and Amazon. */
  readonly clock: LeapingClock;
}

/** What the pipeline tells, by order: when its first message came, when its invoice was sent, where it stands. */
interface Watch {
  readonly hear: (event: PipelineEvent) => void;
  readonly concluded: () => readonly string[];
  readonly millisecondsToSent: (order: string) => number | undefined;
}

function createWatch(): Watch {
  const acceptedAt = new Map<unknown, number>();
  const deliveryOf = new Map<unknown, unknown>();
  const sentAfter = new Map<unknown, number>();
  const concluded: string[] = [];
  return {
    hear({ name, fields }) {
      const { order, delivery } = fields;
      if (name === 'delivery accepted') {
        acceptedAt.set(delivery, performance.now());
      }
      if (name === 'delivery sorted' && !deliveryOf.has(order)) {
        deliveryOf.set(order, delivery);
      }
      if (name === 'sent posted') {
        sentAfter.set(order, performance.now() - (acceptedAt.get(deliveryOf.get(order)) ?? Number.NaN));
      }
      if (['order settled', 'order skipped', 'order held'].includes(name)) {
        concluded.push(String(order));
      }
    },
    concluded: () => concluded,
    millisecondsToSent: (order) => sentAfter.get(order),
  };
}

function introduce({ output }: CommandContext, databasePath: string): void {
  output.print(
    output.paint(
      'Thirty orders of a simulated shop and ten of a seller on Amazon become invoices in a simulated FreshBooks account',
      'bold',
    ),
  );
  output.print(`The service between them is the real one, on SQLite in ${databasePath}`);
  output.print();
  output.print(
    output.paint(row(['Order', 'What it is', 'Charged', 'Invoice', 'FreshBooks', 'Paid', 'State']), 'dim'),
  );
}

/** Places the orders one after the other, lets their webhooks go out, and prints each as soon as its books are made. */
async function letOrdersHappen(stage: Stage): Promise<void> {
  const { app, sandbox, watch } = stage;
  const kinds = new Map<string, string>();
  const printed = new Set<string>();
  const until = after(app.clock.now(), GIVE_UP_MS);
  for (const [index, kind] of SCENARIOS.entries()) {
    const order = sandbox.world.scenario(kind);
    kinds.set(`shopify/${order.id}`, kind);
    await sandbox.shopify.webhooks.deliverDue();
    const amazons =
      index % AMAZON_EVERY === AMAZON_EVERY - 1 ? AMAZON_SCENARIOS[kinds.size - index - 1] : undefined;
    if (amazons !== undefined) {
      kinds.set(await sellOnAmazon(stage, amazons), `Amazon: ${amazons}`);
    }
    await app.clock.sleep(after(app.clock.now(), ORDER_EVERY_MS));
    await printConcluded(stage, { kinds, printed, concluded: watch.concluded() });
  }
  while (!(await isIdle(app)) && app.clock.now() < until) {
    await app.clock.sleep(after(app.clock.now(), LOOK_EVERY_MS));
  }
  await printConcluded(stage, { kinds, printed, concluded: [...kinds.keys()] });
}

/** Two weeks pass, Amazon pays out and tells nobody, and the service finds it. */
async function letAmazonPayOut(stage: Stage): Promise<void> {
  const { output } = stage.context;
  const { world } = sellerOf(stage.sandbox);
  stage.clock.leap(PAYOUT_AFTER_MS);
  world.release();
  const marketplace = world.orders()[0]?.marketplace;
  if (marketplace !== undefined) {
    world.post({ type: 'ServiceFee', marketplace, name: 'Subscription', cents: MONTHLY_FEE_CENTS });
  }
  world.settle();
  stage.clock.leap(SETTLED_AFTER_MS);
  await settlementsAtRest(stage);
  output.print();
  output.print(output.paint('Two weeks later Amazon has paid out, less what it keeps', 'bold'));
  for (const { groupId } of settlementsOf(stage.sandbox)) {
    const record = await recordOf(stage.app, groupId);
    if (record !== undefined) {
      await printSettlement(stage, record);
    }
  }
}

/** A look for what changed that was under way while time leapt has failed: the next one is let come at once. */
async function settlementsAtRest({ app, sandbox, clock }: Stage): Promise<void> {
  for (let looks = 0; looks < GIVE_UP_MS / LOOK_EVERY_MS; looks += 1) {
    const records = await Promise.all(settlementsOf(sandbox).map(({ groupId }) => recordOf(app, groupId)));
    if (records.every((record) => record !== undefined) && (await isIdle(app))) {
      return;
    }
    await clock.sleep(after(clock.now(), LOOK_EVERY_MS));
    if (looks % LOOKS_BEFORE_LEAP === LOOKS_BEFORE_LEAP - 1) {
      clock.leap(LOOKED_FOR_MS);
    }
  }
}

async function recordOf({ store }: App, groupId: string): Promise<OrderRecord | undefined> {
  const key = settlementKey(AMAZON, groupId);
  return key === undefined ? undefined : store.read.order(key);
}

async function printSettlement({ context: { output }, app }: Stage, record: OrderRecord): Promise<void> {
  const { snapshot, state, name } = record;
  const [booked] = fold(await app.store.read.entriesOf(record.key)).beside;
  const cells = [
    '',
    `Amazon: fees of ${name}`,
    snapshot !== undefined && isSettlement(snapshot) ? money.format(money.negate(feesOf(snapshot))) : '',
    ...(booked === undefined ? ['', ''] : ['expense', money.format(money.negate(booked.amount))]),
    '',
  ];
  output.print(
    `${row(cells)}  ${output.paint(state === 'settled' ? 'booked' : state, COLOURS[state] ?? 'dim')}`,
  );
  for (const note of notesOn(record)) {
    output.print(output.paint(`${INDENT}${note}`, 'dim'));
  }
}

function sellerOf({ amazon }: Sandbox): NonNullable<Sandbox['amazon']> {
  if (amazon === null) {
    throw new Error('The sandbox has no seller');
  }
  return amazon;
}

function settlementsOf(sandbox: Sandbox): ReturnType<NonNullable<Sandbox['amazon']>['inspectSettlements']> {
  return sellerOf(sandbox).inspectSettlements(sandbox.freshbooks);
}

/** The order, and what Amazon tells of it: one message as it stands, which the seller's forwarder posts. */
async function sellOnAmazon({ sandbox }: Stage, kind: AmazonScenarioName): Promise<string> {
  const amazon = sellerOf(sandbox);
  const { id } = amazon.world.scenario(kind);
  await amazon.tell(id);
  return `amazon/${id}`;
}

async function isIdle({ store }: App): Promise<boolean> {
  const { due = 0, working = 0, waiting = 0 } = await store.read.orderCounts();
  return (
    due + working + waiting + (await store.read.deliveries({ state: 'accepted', limit: 1 })).length === 0
  );
}

async function printConcluded(
  stage: Stage,
  {
    kinds,
    printed,
    concluded,
  }: { kinds: ReadonlyMap<string, string>; printed: Set<string>; concluded: readonly string[] },
): Promise<void> {
  for (const key of concluded) {
    const kind = kinds.get(key);
    const record = (await stage.app.store.read.orders({ search: key, limit: 1 }))[0];
    if (kind !== undefined && record !== undefined && !printed.has(key) && record.state !== 'working') {
      printed.add(key);
      await printOrder(stage, { record, kind });
    }
  }
}

async function printOrder(
  { context: { output }, app, watch }: Stage,
  { record, kind }: { record: OrderRecord; kind: string },
): Promise<void> {
  const booked = fold(await app.store.read.entriesOf(record.key));
  const order = orderOf(record.snapshot);
  const total = order === undefined ? '' : money.format(order.currentTotal);
  const [invoiced] = booked.invoices;
  const paid = invoiced === undefined ? '' : money.format(paidOf(booked, invoiced.amount.currency));
  const waited = watch.millisecondsToSent(record.key);
  const state =
    record.state === 'settled' && waited !== undefined
      ? `${invoiced === undefined ? 'let go' : 'booked'} in ${(waited / 1000).toFixed(2)} s`
      : record.state;
  const invoice =
    invoiced === undefined ? ['', ''] : [invoiced.document.number, money.format(invoiced.amount)];
  output.print(
    `${row([record.name, kind, total, ...invoice, paid].map(shortened))}  ${output.paint(state, COLOURS[record.state] ?? 'dim')}`,
  );
  for (const note of notesOn(record)) {
    output.print(output.paint(`${INDENT}${note}`, 'dim'));
  }
}

const COLOURS: Partial<Record<OrderRecord['state'], Colour>> = { settled: 'green', held: 'yellow' };

function notesOn({ state, reason, snapshot }: OrderRecord): string[] {
  const order = orderOf(snapshot);
  const remitted = order === undefined ? undefined : channelTaxOf(order);
  return [
    ...(remitted === undefined || money.isZero(remitted)
      ? []
      : [
          `${money.show(remitted)} of it is tax that ${snapshot?.source === 'amazon' ? 'Amazon' : 'the shop'} remits itself`,
        ]),
    ...(reason === undefined || state === 'settled' ? [] : [reason]),
  ];
}

const WIDTHS = [-8, -41, 10, -15, 10, 10, -5];
/** Below what the order is. */
const INDENT = ' '.repeat(10);

/** Amazon's order ids take three times the room of a shop's, and their ends tell them apart. */
function shortened(text: string): string {
  return text.replace(/\d{3}-\d{7}-(\d{7})/, '…$1');
}

/** Columns of fixed width, negative ones to the left: the lines come one by one, so no table can be measured. */
function row(cells: readonly string[]): string {
  const padded = cells.map((cell, index) => {
    const width = WIDTHS[index] ?? 0;
    return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
  });
  return padded.join('  ');
}

interface Verdict {
  readonly agrees: boolean;
  readonly text: string;
}

/**
 * Compares what stands in the simulated account with what the shop's orders are worth, by the oracle that knows the world and
 * not our code: what the invoices come to, what is paid, that they were sent; and nothing for an order that is skipped. So too the
 * expenses with what Amazon keeps of its payouts.
 */
async function judge({ app, sandbox }: Stage): Promise<Verdicts> {
  const settlements = settlementsOf(sandbox);
  const limit = SCENARIOS.length + AMAZON_SCENARIOS.length + settlements.length + 1;
  const records = await app.store.read.orders({ limit });
  const ofOrders = inspectAll(sandbox).map(({ key, order }): Verdict => {
    const state = records.find((record) => record.key === key)?.state ?? 'not stored';
    const text = problemsOf(order, state).join(', ');
    return { agrees: text === '', text: `${order.name}: ${text}` };
  });
  const ofSettlements = settlements.map(({ settlementId, fees, stands }): Verdict => ({
    agrees: stands === fees,
    text: `settlement ${settlementId}: expenses of ${stands} stand and not ${fees}`,
  }));
  return { ofOrders, ofSettlements };
}

interface Verdicts {
  readonly ofOrders: readonly Verdict[];
  readonly ofSettlements: readonly Verdict[];
}

interface Judged {
  readonly key: string;
  readonly currency: string;
  readonly order: Omit<Inspected, 'id'>;
}

/** The orders of both channels with what should stand and what does. */
function inspectAll(sandbox: Sandbox): readonly Judged[] {
  const { amazon, freshbooks, world } = sandbox;
  const own = sandbox.inspect().map((order) => ({
    key: `shopify/${order.id}`,
    currency: world.shop.currency,
    order,
  }));
  const sold = (amazon?.inspect(freshbooks) ?? []).map((order) => ({
    key: `amazon/${order.id}`,
    currency: amazon?.world.order(order.id)?.marketplace.currency ?? '',
    order,
  }));
  return [...own, ...sold];
}

function problemsOf({ expected, stands }: Judged['order'], state: string): string[] {
  const wanted = expected.isSkipped ? 'skipped' : 'settled';
  return [
    ...(stands.worth === expected.worth ? [] : [`${stands.worth} stands and not ${expected.worth}`]),
    ...(stands.paid === expected.paid ? [] : [`${stands.paid} is paid and not ${expected.paid}`]),
    ...(stands.isDraft ? ['the invoice is a draft'] : []),
    ...(state === wanted ? [] : [`it is ${state}`]),
  ];
}

type Inspected = ReturnType<Sandbox['inspect']>[number];

function summarize(
  { context: { output }, sandbox, watch }: Stage,
  { ofOrders, ofSettlements }: Verdicts,
): void {
  const orders = inspectAll(sandbox);
  const settlements = settlementsOf(sandbox);
  const slowest = Math.max(...orders.map(({ key }) => watch.millisecondsToSent(key) ?? 0));
  const { calls, outbox } = sandbox.freshbooks;
  const invoices = orders.reduce((sum, { order }) => sum + order.stands.invoices, 0);
  const agreeing = ofOrders.filter(({ agrees }) => agrees).length;
  const disagreeing = [...ofOrders, ...ofSettlements].filter(({ agrees }) => !agrees);
  const [worth, stands] = [
    sumsOf(orders.map(({ currency, order }) => ({ currency, amount: order.expected.worth }))),
    sumsOf(orders.map(({ currency, order }) => ({ currency, amount: order.stands.worth }))),
  ];
  const [fees, expenses] = [
    sumsOf(settlements.map((settlement) => ({ ...settlement, amount: settlement.fees }))),
    sumsOf(settlements.map((settlement) => ({ ...settlement, amount: settlement.stands }))),
  ];
  output.print();
  output.print(
    `${orders.length} orders, ${invoices} invoices; the books of ${agreeing} agree with shop and Amazon to the cent`,
  );
  output.print(`To stand in the books ${worth}, stands ${stands}`);
  output.print(`Amazon keeps ${fees} as fees, ${expenses} stands as expenses`);
  output.print(
    `${calls.length} calls of FreshBooks at ${LATENCY_MS} ms each; slowest order ${(slowest / 1000).toFixed(2)} s from its message to its sent invoice`,
  );
  output.json({
    orders: orders.length,
    invoices,
    agreeing,
    worth,
    stands,
    settlements: settlements.length,
    fees,
    expenses,
    calls: calls.length,
    slowestMs: Math.round(slowest),
    mails: outbox.length,
    disagreeing: disagreeing.map(({ text }) => text),
  });
  output.print(`Mails to buyers: ${outbox.length}`);
  for (const { text } of disagreeing) {
    output.print(output.paint(`Disagrees: ${text}`, 'red'));
  }
}

/** One sum for each currency: "2662.73 USD, 81.20 CAD". */
function sumsOf(amounts: readonly { readonly currency: string; readonly amount: string }[]): string {
  const currencies = [...new Set(amounts.map(({ currency }) => currency))];
  return currencies
    .map((currency) => {
      const own = amounts.filter((each) => each.currency === currency);
      return money.show(
        money.sum(
          own.map(({ amount }) => money.parse(amount, currency)),
          currency,
        ),
      );
    })
    .join(', ');
}

async function stayUp(
  { output }: CommandContext,
  {
    databasePath,
    shopDomain,
    port,
    settlement,
  }: { databasePath: string; shopDomain: string; port: number; settlement: string },
): Promise<void> {
  output.print();
  output.print(`Still up on http://127.0.0.1:${port}. In another terminal, for example:`);
  output.print(`  export DATABASE_URL=sqlite:${databasePath} SHOPIFY_SHOP_DOMAIN=${shopDomain}`);
  for (const command of ['orders', 'explain 1003', 'explain 1030', `explain ${settlement}`]) {
    output.print(`  npx counterfoil ${command}`);
  }
  output.print('Ctrl-C ends it and removes its folder');
  await stopRequested();
}

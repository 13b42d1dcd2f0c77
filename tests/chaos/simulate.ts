import assert from 'node:assert/strict';
import { readConfig } from '#config.ts';
import type { Config } from '#config.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { Failure } from '#core/failure.ts';
import type { PipelineEvent } from '#pipeline/ports.ts';
import { decideOrder, releaseOrder } from '#pipeline/release.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { withFaults } from '#sim/faults.ts';
import { createFreshBooks, defaultApp } from '#sim/freshbooks/freshbooks.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { expectedSettlements } from '#sim/amazon/settlements.ts';
import { DEFAULT_APP, createShopify } from '#sim/shopify/shopify.ts';
import type { ShopifySim } from '#sim/shopify/shopify.ts';
import { createWorld } from '#sim/world.ts';
import type { World } from '#sim/world.ts';
import { between, pick, seededRandom } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { Crash, startGeneration } from '#tests/chaos/generation.ts';
import type { Generation, Ground } from '#tests/chaos/generation.ts';
import { FAULT_HOLDS, assertBooks, assertLeft, assertReplayed, snapshotOf } from '#tests/chaos/invariants.ts';
import type { Evidence } from '#tests/chaos/invariants.ts';
import { personOf, visit } from '#tests/chaos/hands.ts';
import type { Person } from '#tests/chaos/hands.ts';
import { move, moveLate, quietMs } from '#tests/chaos/payouts.ts';
import { virtualTime } from '#tests/chaos/virtual-time.ts';
import type { VirtualTime } from '#tests/chaos/virtual-time.ts';
import { FIRST_SEED, isSelling, openSeller, spellsOf } from '#tests/chaos/seller.ts';
import type { Seller } from '#tests/chaos/seller.ts';
import { weatherOf } from '#tests/chaos/trouble.ts';
import type { Weather } from '#tests/chaos/trouble.ts';
import { SHOPS } from '#tests/orders/life.ts';

/**
 * One run: a shop sells and changes orders for a while, its webhooks come twice, late and out of order, everything that is
 * called fails in every way, and the program is killed again and again. In a share of the runs an Amazon seller does the same
 * beside it, and some of his notifications never come; in some of those Amazon pays him out, and days pass while the machine is
 * off. Then the trouble ends, the program drains what is left, and the books must
 * be what the orders say. One seed makes the same run again.
 */
export interface Report {
  /** Of both. */
  readonly orders: number;
  readonly amazonOrders: number;
  /** Payouts of Amazon whose fees stand, or are asked about. */
  readonly settlements: number;
  readonly events: number;
  readonly deliveries: number;
  readonly calls: number;
  readonly trouble: ReadonlyMap<string, number>;
  /** Orders that end in a question, by its code. */
  readonly questions: ReadonlyMap<string, number>;
  readonly virtualMs: number;
}

export interface Simulation {
  readonly seed: number;
  readonly orders: number;
  /** Hears what the program says, for a person who looks into a run. */
  readonly hear?: (event: PipelineEvent) => void;
}

/** What stays through all lives of the program. */
export interface Arena {
  readonly time: VirtualTime;
  readonly world: World;
  readonly shopify: ShopifySim;
  readonly freshbooks: FreshBooksSim;
  readonly seller: Seller | undefined;
  /** Who works in FreshBooks beside the program. */
  readonly person: Person | undefined;
  readonly weather: Weather;
  readonly ground: Ground;
  generation: Generation | undefined;
  /** How long it stays down when it dies the next time; then it is the supervisor's wait again. */
  downMs: number;
}

const START = Date.UTC(2026, 8, 28, 9);
const YEAR_MS = 365 * 86_400_000;
const SELLING_MS = 45 * 60_000;
const EVENTS_MAX = 4;
const DRAIN_PATIENCE_MS = 6 * 3_600_000;
const RESTART_MS = 1_500;
/** For a moment at which something is under way. */
const LOOK_EVERY_MS = 250;
const LOOKS_MAX = 2_000;
/** Of one order: its payments, then its invoice, and what they lead to. */
const ANSWERS_MAX = 6;
/** Under trouble, after days, for payouts to be booked. */
const SETTLING_MS = 30 * 60_000;
const PUBLIC_URL = 'https://counterfoil.example';
const ORIGINS = {
  freshbooks: 'http://freshbooks.sim',
  shopify: 'http://shopify.sim',
  amazon: 'http://amazon.sim',
} as const;
/** Amazon's lists show nothing of the last two minutes; clocks jump by less than the third. */
const SHOWN_AFTER_MS = 3 * 60_000;
/** Whether FreshBooks keeps three decimals is unknown. */
const ACCOUNT_SHOPS = SHOPS.filter(({ currency }) => currency !== 'KWD');

export async function simulate({ seed, orders, hear = () => undefined }: Simulation): Promise<Report> {
  const random = seededRandom(seed);
  const arena = openArena(seed, random, hear);
  const { time, weather, world, shopify, seller } = arena;
  const began = time.now();
  const run = living(arena);
  await time.runUntil('the program is up', () => arena.generation !== undefined, DRAIN_PATIENCE_MS);
  await subscribe(arena, seed);
  weather.begin();
  const events = { count: 0 };
  // Half of the orders are the seller's, so that a run with him takes no longer.
  const ofSeller = seller === undefined ? 0 : Math.floor(orders / 2);
  await during(
    time,
    'everything is sold and told',
    Promise.all([
      sell(arena, { random, orders: orders - ofSeller, events }),
      ...(seller === undefined ? [] : [sellOnAmazon(arena, seller, { orders: ofSeller, events })]),
      ...(arena.person === undefined ? [] : [comeAndGo(arena, arena.person)]),
    ]),
  );
  if (seller?.moves !== undefined) {
    await passDays(arena, seller);
    await settle(arena, seller);
  }
  weather.clear();
  await connectAgain(arena);
  if (seller?.moves !== undefined) {
    await swept(arena);
    await passDays(arena, seller);
  }
  await swept(arena);
  await drain(arena);
  await releaseHeld(arena);
  if (arena.person !== undefined) {
    assertLeft(evidenceOf(arena));
    await answer(arena, arena.person);
  }
  const questions = await assertBooks(evidenceOf(arena));
  const before = snapshotOf(evidenceOf(arena));
  await replay(arena);
  assertReplayed(before, snapshotOf(evidenceOf(arena)));
  const deliveries = shopify.webhooks.attempts().filter(({ kind }) => kind === 'delivered').length;
  run.stop();
  const amazonOrders = seller?.world.orders().length ?? 0;
  const amazonCalls = seller?.amazon.calls() ?? [];
  return {
    orders: world.orders().length + amazonOrders,
    amazonOrders,
    settlements: expectedSettlements(seller?.world.transactions() ?? []).length,
    events: events.count,
    deliveries: deliveries + (seller?.taken.size ?? 0),
    calls: arena.freshbooks.calls.length + shopify.calls().length + amazonCalls.length,
    trouble: weather.counts,
    questions,
    virtualMs: time.now() - began,
  };
}

function openArena(seed: number, random: Random, hear: (event: PipelineEvent) => void): Arena {
  const arena: { value?: Arena } = {};
  const time = virtualTime(START + Math.floor((random() * YEAR_MS) / 60_000) * 60_000);
  const seller = isSelling(seed)
    ? openSeller({
        seed,
        withinMs: 2 * SELLING_MS,
        clock: time,
        origin: ORIGINS.amazon,
        publicUrl: PUBLIC_URL,
        send: (request) => takeIn(arena.value, request),
      })
    : undefined;
  const weather = weatherOf(seededRandom(seed ^ 0x5eed), seller?.random);
  const shop = pick(random, ACCOUNT_SHOPS);
  const world = createWorld({
    seed,
    clock: time,
    shop,
    ids: random() < 0.3 ? 'beyond 2^53' : 'ordinary',
    updatedAt: 'always later',
  });
  const freshbooks = createFreshBooks({
    clock: time,
    random: seededRandom(seed + 1),
    accounts: [{ id: 'SiMfb1', currency: shop.currency }],
    switches: {
      zeroDecimalCurrencies: 'none',
      taxRounding: pick(random, ['per-tax', 'per-line'] as const),
      halfRounding: pick(random, ['half-up', 'half-even'] as const),
      accessTokenSeconds: pick(random, [43_200, 1_200, 420]),
      numberLengthMax: seller?.numberLengthMax ?? null,
    },
    apps: [{ ...defaultApp, redirectUris: [`${PUBLIC_URL}/auth/freshbooks/callback`] }],
  });
  const shopify = createShopify({
    world,
    clock: time,
    random: seededRandom(seed + 2),
    duplicatePpm: 80_000,
    disorderPpm: 150_000,
    send: (request) => takeIn(arena.value, request),
  });
  const sleep = (delayMs: number): Promise<void> => time.sleep(later(time, delayMs));
  const books = withFaults(freshbooks.handle, weather.freshbooks, { sleep });
  const shops = withFaults((request) => shopify.handle(request), weather.shopify, { sleep });
  const amazon = withFaults(
    async (request) => seller?.amazon.handle(request) ?? Response.error(),
    weather.amazon,
    { sleep },
  );
  const vendorOf = ({ url }: Request): typeof books =>
    url.startsWith(ORIGINS.freshbooks) ? books : url.startsWith(ORIGINS.amazon) ? amazon : shops;
  const opened: Arena = {
    time,
    world,
    shopify,
    freshbooks,
    seller,
    person: personOf(seed, 2 * SELLING_MS),
    weather,
    generation: undefined,
    downMs: RESTART_MS,
    ground: {
      config: configOf({ world, freshbooks, seller }),
      time,
      database: openSqlite(':memory:'),
      transport: (request) => vendorOf(request)(request),
      random: seededRandom(seed + 3),
      trouble: weather,
      emit: (event) => {
        if (event.fields['code'] === 'unexpected') {
          assert.fail(JSON.stringify(event));
        }
        hear(event);
      },
    },
  };
  arena.value = opened;
  return opened;
}

function configOf({ world, freshbooks, seller }: Pick<Arena, 'world' | 'freshbooks' | 'seller'>): Config {
  const grant = freshbooks.grant();
  return readConfig({
    SHOPIFY_SHOP_DOMAIN: world.shop.domain,
    SHOPIFY_API_KEY: DEFAULT_APP.clientId,
    SHOPIFY_API_SECRET: DEFAULT_APP.clientSecret,
    SHOPIFY_API_URL: ORIGINS.shopify,
    FRESHBOOKS_CLIENT_ID: defaultApp.clientId,
    FRESHBOOKS_CLIENT_SECRET: defaultApp.clientSecret,
    FRESHBOOKS_REDIRECT_URI: `${PUBLIC_URL}/auth/freshbooks/callback`,
    FRESHBOOKS_ACCESS_TOKEN: grant.access_token,
    FRESHBOOKS_REFRESH_TOKEN: grant.refresh_token,
    FRESHBOOKS_API_URL: ORIGINS.freshbooks,
    FRESHBOOKS_AUTH_URL: ORIGINS.freshbooks,
    COUNTERFOIL_PUBLIC_URL: PUBLIC_URL,
    COUNTERFOIL_SECRET_KEY: 'a key for a run',
    DATABASE_URL: 'sqlite:run.db',
    ...seller?.settings,
  });
}

/** Starts the program, and again whenever it dies, as a supervisor does. */
function living(arena: Arena): { stop(): void } {
  const { time, ground } = arena;
  const state = { isStopped: false };
  const loop = async (): Promise<void> => {
    while (!state.isStopped) {
      try {
        const generation = await startGeneration(ground);
        arena.generation = generation;
        await generation.death;
      } catch (thrown) {
        arena.generation = undefined;
        if (!(thrown instanceof Crash || thrown instanceof Failure)) {
          throw thrown;
        }
        const { downMs } = arena;
        arena.downMs = RESTART_MS;
        await time.sleep(later(time, downMs));
      }
    }
  };
  loop().catch((thrown: unknown) => {
    // A bug ends the run: what waits for the program sees it.
    arena.generation = undefined;
    queueMicrotask(() => {
      throw thrown;
    });
  });
  return {
    stop() {
      state.isStopped = true;
    },
  };
}

/** What the server does with a webhook: it is acknowledged once it is stored. */
async function takeIn(arena: Arena | undefined, request: Request): Promise<Response> {
  const generation = arena?.generation;
  if (generation === undefined || generation.isDead()) {
    throw new TypeError('fetch failed');
  }
  const { shopify, amazon } = generation.app;
  const { source } = (new URL(request.url).pathname.endsWith('/amazon') ? amazon : shopify) ?? assert.fail();
  const body = new Uint8Array(await request.arrayBuffer());
  const verdict = await source.verify({ headers: Object.fromEntries(request.headers), body });
  if (verdict.proof !== 'authentic') {
    return new Response(null, { status: 401 });
  }
  const accepted = generation.pipeline.inbox.accept(verdict.message).then(
    () => 200,
    (thrown: unknown) => {
      if (thrown instanceof Crash) {
        throw new TypeError('fetch failed');
      }
      return 503;
    },
  );
  const dead = generation.death.catch(() => {
    throw new TypeError('fetch failed');
  });
  return new Response(null, { status: await Promise.race([accepted, dead]) });
}

async function subscribe(arena: Arena, seed: number): Promise<void> {
  const { generation, time, seller } = arena;
  assert.ok(generation !== undefined);
  const to = 'freshbooks';
  const routes = [
    { from: 'shopify', to, rules: rulesOf(seed) },
    ...(seller === undefined ? [] : [{ from: 'amazon', to, rules: seller.rules }]),
  ];
  await during(time, 'rules are imported', generation.app.importRules(routes));
  await during(time, 'the webhooks are registered', generation.app.shopAdmin.repairWebhooks());
}

/** Two shops of five book otherwise than by default: of the rules, those by which other calls are made. */
function rulesOf(seed: number): Rules {
  const random = seededRandom(seed ^ 0xb00c);
  const isOther = seed >= FIRST_SEED && [2, 4].includes(seed % 5);
  return {
    ...DEFAULT_RULES,
    refundCategory: 'Supplies',
    ...(isOther
      ? {
          refunds: pick(random, ['adjust', 'expense', 'expense'] as const),
          client: pick(random, ['per_customer', 'per_customer', 'one_per_channel'] as const),
          channelTax: pick(random, ['left_out', 'two_lines'] as const),
          amountRefundTax: pick(random, ['none', 'as_sold'] as const),
        }
      : {}),
  };
}

interface Selling {
  readonly random: Random;
  readonly orders: number;
  readonly events: { count: number };
}

/** When orders are placed (-1), and when something becomes of which of them. */
function planOf(random: Random, orders: number): { readonly at: number; readonly order: number }[] {
  return Array.from({ length: orders }, (_, index) => {
    const at = between(random, 0, SELLING_MS);
    const changes = Array.from({ length: between(random, 0, EVENTS_MAX) }, () => ({
      at: at + between(random, 1_000, SELLING_MS),
      order: index,
    }));
    return [{ at, order: -1 }, ...changes];
  })
    .flat()
    .sort((a, b) => a.at - b.at);
}

/** Orders at random moments and what becomes of them, and the webhooks of it until each was taken. */
async function sell(arena: Arena, { random, orders, events }: Selling): Promise<void> {
  const { time, world, shopify } = arena;
  const ids: bigint[] = [];
  const plan = planOf(random, orders);
  const start = time.now();
  for (;;) {
    for (; plan[0] !== undefined && start + plan[0].at <= time.now(); plan.shift()) {
      const id = ids[plan[0].order];
      if (plan[0].order === -1) {
        ids.push(world.placeRandom().id);
      } else if (id !== undefined && world.order(id) !== undefined) {
        events.count += world.actRandom(id) ? 1 : 0;
      }
    }
    await shopify.webhooks.deliverDue();
    const due = shopify.webhooks.nextDueAt();
    const next = plan[0] === undefined ? due : Math.min(start + plan[0].at, due ?? Infinity);
    if (next === null) {
      return;
    }
    await time.sleep(later(time, Math.max(1, next - time.now())));
  }
}

/** The same on Amazon, whose notifications may never come, and whose tokens and well-being end now and then. */
async function sellOnAmazon(
  { time, weather }: Arena,
  { amazon, world, random, place, moves = [] }: Seller,
  { orders, events }: Omit<Selling, 'random'>,
): Promise<void> {
  const ids: string[] = [];
  const plan = planOf(random, orders);
  const spells = spellsOf(random, 2 * SELLING_MS).toSorted((a, b) => a.at - b.at);
  const ofBalance = moves.toSorted((a, b) => a.at - b.at);
  const start = time.now();
  for (;;) {
    const passed = time.now() - start;
    for (; spells[0] !== undefined && spells[0].at <= passed; spells.shift()) {
      weather.befall(spells[0], amazon);
    }
    for (; plan[0] !== undefined && plan[0].at <= passed; plan.shift()) {
      const id = ids[plan[0].order];
      if (plan[0].order === -1) {
        ids.push(place().id);
      } else if (id !== undefined) {
        world.actRandom(id);
        events.count += 1;
      }
    }
    for (; ofBalance[0] !== undefined && ofBalance[0].at <= passed; ofBalance.shift()) {
      move(ofBalance[0], world, random);
      weather.count(`Amazon ${ofBalance[0].what}`);
    }
    await amazon.notifications.deliverDue();
    const due = amazon.notifications.nextDueAt();
    const next = Math.min(
      ...[plan[0], spells[0], ofBalance[0]].map((entry) =>
        entry === undefined ? Infinity : start + entry.at,
      ),
      due ?? Infinity,
    );
    if (next === Infinity) {
      weather.count('Amazon: message lost', amazon.notifications.lost().length);
      weather.count('Amazon: too fast', amazon.calls().filter(({ status }) => status === 429).length);
      return;
    }
    await time.sleep(later(time, Math.max(1, next - time.now())));
  }
}

/** A person does something in FreshBooks now and then. */
async function comeAndGo({ time, freshbooks, weather, ground }: Arena, person: Person): Promise<void> {
  const start = time.now();
  for (const { at, isHasty } of person.visits) {
    await time.sleep(later(time, Math.max(1, start + at - time.now())));
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const deed = visit({ at, isHasty }, { person, freshbooks, database: ground.database });
      if (deed !== undefined) {
        weather.count(`by hand${isHasty ? ' in between' : ''}: ${deed.what}`);
      }
      if (deed !== undefined || !isHasty) {
        break;
      }
      await time.sleep(later(time, LOOK_EVERY_MS));
    }
  }
}

/** Until the program has looked for what no notification told: its place says that everything before it is taken in. */
async function swept({ time, seller, generation, ground: { database } }: Arena): Promise<void> {
  if (seller === undefined) {
    return;
  }
  assert.ok(generation !== undefined);
  const last = time.now() + SHOWN_AFTER_MS;
  const place = database.prepare("select value from settings where key = 'swept:amazon'");
  await time.runUntil(
    'what changed at Amazon is found',
    () => Number(place.get()?.['value'] ?? 0) >= last,
    DRAIN_PATIENCE_MS,
  );
}

/** Amazon pays out what is left, and the machine is off until nothing can come to that any more. */
async function passDays(arena: Arena, { world, switches }: Seller): Promise<void> {
  world.settle();
  await restarted(arena, quietMs(switches));
}

/** Payouts are booked under trouble, while fees still come to them and what was kept back is paid out. */
async function settle({ time }: Arena, { world, random, switches }: Seller): Promise<void> {
  // Of a payout that is not listed only transactions that are new to the ledger tell.
  if (switches.payouts === 'listed') {
    world.release();
    world.settle();
  }
  moveLate(world, random);
  await during(time, 'payouts are booked under trouble', time.sleep(later(time, SETTLING_MS)));
}

/** A refresh whose answer was lost has spent the token: nobody but a person can help, who gives the program another one. */
async function connectAgain(arena: Arena): Promise<void> {
  arena.ground.config = configOf(arena);
  await restarted(arena, RESTART_MS);
}

/** The program is killed, and is up again after that time. */
async function restarted(arena: Arena, downMs: number): Promise<void> {
  const { time } = arena;
  const isUp = (): boolean => arena.generation?.isDead() === false;
  await time.runUntil('the program is up', isUp, DRAIN_PATIENCE_MS);
  arena.downMs = downMs;
  arena.generation?.kill();
  await time.runUntil('it is up again', isUp, downMs + DRAIN_PATIENCE_MS);
}

/** Until nothing is under way any more. */
async function drain(arena: Arena): Promise<void> {
  const { database } = arena.ground;
  const open = database.prepare(
    "select (select count(*) from orders where state in ('due', 'working', 'waiting')) + (select count(*) from deliveries where state = 'accepted') as count",
  );
  await arena.time.runUntil(
    'nothing is under way',
    () => arena.generation?.isDead() === false && Number(open.get()?.['count']) === 0,
    DRAIN_PATIENCE_MS,
  );
}

/** What only the trouble has left for a person is tried again, as he would. */
async function releaseHeld(arena: Arena): Promise<void> {
  const { generation, time } = arena;
  assert.ok(generation !== undefined);
  const { store } = generation.app;
  const release = async (): Promise<void> => {
    for (const { key } of await store.read.orders({ state: 'held', limit: 1_000 })) {
      const holds = await store.read.holds({ order: key, isOpen: true });
      if (holds.some(({ code }) => FAULT_HOLDS.includes(code))) {
        await releaseOrder(store, key, { now: time.now(), account: 'freshbooks' });
      }
    }
  };
  await during(time, 'held orders are released', release());
  await drain(arena);
}

/** The person says of what he changed that it is to be as the shop has it, that it is right, or that it is his, as often as he is asked. */
async function answer(arena: Arena, { random, deeds }: Person): Promise<void> {
  const { time, weather, generation } = arena;
  const { store } = generation?.app ?? assert.fail('the program lives');
  for (const deed of deeds) {
    const decision = pick(random, ['restore', 'accept', 'keep'] as const);
    for (let times = 0; times < ANSWERS_MAX; times += 1) {
      const decided = decideOrder(store, deed.order, { decision, now: time.now() });
      if ((await during(time, 'a question is answered', decided)).outcome !== 'decided') {
        break;
      }
      deed.answer = decision;
      weather.count(`by hand: answered "${decision}"`);
      await drain(arena);
    }
  }
}

function evidenceOf({ generation, world, freshbooks, shopify, seller, person, ground }: Arena): Evidence {
  const { store } = generation?.app ?? assert.fail('the program lives');
  const acknowledged = shopify.webhooks
    .attempts()
    .flatMap(({ kind, delivery }) => (kind === 'delivered' ? [delivery.webhookId] : []));
  return {
    world,
    freshbooks,
    store,
    database: ground.database,
    acknowledged: [...acknowledged, ...(seller?.taken.keys() ?? [])],
    ...(seller === undefined ? {} : { seller }),
    deeds: new Map((person?.deeds ?? []).map((deed) => [deed.order, deed])),
  };
}

/** Every message that was taken comes once more, under another name. */
async function replay(arena: Arena): Promise<void> {
  const { shopify, time, seller } = arena;
  const attempts = shopify.webhooks.attempts();
  const tell = async (): Promise<void> => {
    for (const { kind, delivery } of attempts) {
      if (kind === 'delivered') {
        const again = { ...delivery, webhookId: `again-${delivery.webhookId}` };
        const { status } = await takeIn(arena, shopify.webhooks.request(again));
        assert.equal(status, 200);
      }
    }
    for (const [id, body] of seller?.taken ?? []) {
      const again = body.replaceAll(id, `again-${id}`);
      const { status } = await takeIn(arena, seller?.forward(again) ?? assert.fail());
      assert.equal(status, 200);
    }
  };
  await during(time, 'everything is told again', tell());
  await drain(arena);
}

/** Lets time move while the work is done. */
async function during<T>(time: VirtualTime, what: string, work: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const done = work.finally(() => {
    state.isDone = true;
  });
  done.catch(() => undefined);
  await time.runUntil(what, () => state.isDone, DRAIN_PATIENCE_MS);
  return done;
}

function later(time: VirtualTime, ms: number): ReturnType<VirtualTime['now']> {
  return (time.now() + ms) as ReturnType<VirtualTime['now']>; // oxlint-disable-line typescript/no-unsafe-type-assertion
}

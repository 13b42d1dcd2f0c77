import assert from 'node:assert/strict';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Hold } from '#core/ledger.ts';
import type { Rules } from '#core/rules.ts';
import type { PipelineEvent } from '#pipeline/ports.ts';
import { decideOrder, releaseOrder } from '#pipeline/release.ts';
import { expectedSettlements } from '#sim/amazon/settlements.ts';
import { standingOf } from '#sim/standing.ts';
import { pick, seededRandom } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import {
  PATIENCE_MS,
  SELLING_MS,
  configOf,
  connectAgain,
  during,
  later,
  living,
  openArena,
  restarted,
  takeIn,
} from '#tests/chaos/arena.ts';
import type { Arena } from '#tests/chaos/arena.ts';
import {
  beAway,
  comeAndGo,
  deletionsOf,
  keepBooks,
  openAgain,
  sell,
  sellOnAmazon,
} from '#tests/chaos/happenings.ts';
import { deedsOn } from '#tests/chaos/hands.ts';
import type { Person } from '#tests/chaos/hands.ts';
import {
  FAULT_HOLDS,
  amazonKey,
  assertBooks,
  assertLeft,
  assertReplayed,
  shopifyKey,
  snapshotOf,
} from '#tests/chaos/invariants.ts';
import type { Evidence } from '#tests/chaos/invariants.ts';
import { bring, brought, liveBefore, pastOf } from '#tests/chaos/past.ts';
import type { Days, Past } from '#tests/chaos/past.ts';
import { moveLate, quietMs } from '#tests/chaos/payouts.ts';
import { backUp, putBack, removeRelapse } from '#tests/chaos/relapse.ts';
import type { Relapse } from '#tests/chaos/relapse.ts';
import { FIRST_SEED } from '#tests/chaos/drawn.ts';
import type { Seller } from '#tests/chaos/seller.ts';

/**
 * One run: a shop sells and changes orders for a while, its webhooks come twice, late and out of order, everything that is
 * called fails in every way, and the program is killed again and again. In a share of the runs an Amazon seller does the same
 * beside it, and in some of those Amazon pays him out, and days pass while the machine is off. Some webhooks and notifications
 * never come, in some runs the shop has sold before the program came, and a person asks for those days, and in some weeks pass in
 * the midst of all that. Then the trouble ends, the program drains what is left, and the books must be what the orders say. One
 * seed makes the same run again.
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

/** How long the machine is away. */
const RELAPSE_MS = 10 * 60_000;
/** A message that is refused is sent again. */
const TELL_AGAIN_MS = 10_000;
const TELLS_MAX = 500;
/** Of one order: its payments, then its invoice, and what they lead to. */
const ANSWERS_MAX = 6;
/** Under trouble, after days, for payouts to be booked. */
const SETTLING_MS = 30 * 60_000;
/** Lists may show nothing of the last two minutes, and what is younger is left alone; clocks jump by less than the third. */
const SHOWN_AFTER_MS = 3 * 60_000;

export async function simulate({ seed, orders, hear = () => undefined }: Simulation): Promise<Report> {
  const random = seededRandom(seed);
  const arena = openArena(seed, random, hear);
  try {
    return await lived(arena, { seed, random, orders });
  } finally {
    // What SQLite keeps is outside of the heap: nothing else would hurry its end.
    arena.ground.database.close();
    if (arena.relapse !== undefined) {
      removeRelapse(arena.relapse);
    }
  }
}

async function lived(
  arena: Arena,
  { seed, random, orders }: { readonly seed: number; readonly random: Random; readonly orders: number },
): Promise<Report> {
  const { time, weather, world, shopify, seller } = arena;
  const past = pastOf(seed, 2 * SELLING_MS);
  const days = past === undefined ? undefined : await liveBefore(arena, past);
  const began = time.now();
  const run = living(arena);
  await time.runUntil('the program is up', () => arena.generation !== undefined, PATIENCE_MS);
  await subscribe(arena, seed);
  weather.begin();
  arena.selling.begin();
  const events = { count: 0 };
  const deletions = deletionsOf(seed, 2 * SELLING_MS);
  // Half of the orders are the seller's, so that a run with him takes no longer.
  const ofSeller = seller === undefined ? 0 : Math.floor(orders / 2);
  await during(
    time,
    'everything is sold and told',
    Promise.all([
      sell(arena, {
        random,
        orders: orders - ofSeller,
        events,
        ...(deletions === undefined ? {} : { deletions }),
      }),
      ...(seller === undefined ? [] : [sellOnAmazon(arena, seller, { orders: ofSeller, events })]),
      ...(arena.person === undefined ? [] : [comeAndGo(arena, arena.person)]),
      ...(arena.office === undefined ? [] : [keepBooks(arena, arena.office)]),
      ...(arena.leap === undefined ? [] : [beAway(arena, arena.leap)]),
      ...(arena.relapse === undefined ? [] : [backUpLater(arena, arena.relapse)]),
      ...(past === undefined || days === undefined ? [] : [bringLater(arena, past, days)]),
    ]),
    PATIENCE_MS + (arena.leap?.ms ?? 0),
  );
  if (seller?.moves !== undefined) {
    await passDays(arena, seller);
    await settle(arena, seller);
  }
  if (arena.relapse !== undefined) {
    await relapseTo(arena, arena.relapse);
  }
  weather.clear();
  await connectAgain(arena);
  if (arena.office !== undefined) {
    await during(time, 'all days are open', openAgain(arena, arena.office));
  }
  if (seller?.moves !== undefined) {
    await swept(arena);
    await passDays(arena, seller);
  }
  await swept(arena);
  if (days !== undefined) {
    await brought(arena, days);
  }
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
    orders: world.orders().length + arena.deleted.length + amazonOrders,
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

async function bringLater(arena: Arena, { at }: Past, days: Days): Promise<void> {
  await arena.selling.reach(at);
  await bring(arena, days);
}

async function backUpLater({ selling, ground }: Arena, relapse: Relapse): Promise<void> {
  await selling.reach(relapse.at);
  backUp(ground, relapse);
}

/** The backup is in the place of the database; in half of the runs what was told is told again. */
async function relapseTo(arena: Arena, relapse: Relapse): Promise<void> {
  const { time, ground, world, seller } = arena;
  relapse.standing = new Map([
    ...[...world.orders(), ...arena.deleted].map(
      (order) => [shopifyKey(order), standingOf(arena, order)] as const,
    ),
    ...(seller?.world.orders() ?? []).map(
      (order) => [amazonKey(order), standingOf(arena, { ...order, name: order.id })] as const,
    ),
  ]);
  await restarted(arena, RELAPSE_MS, () =>
    putBack(ground, relapse, { config: (url) => configOf(arena, url), clock: time }),
  );
  // Of a deletion nothing but its message tells.
  if (relapse.isToldAgain || arena.deleted.length > 0) {
    await during(time, 'everything is told again', tellAgain(arena, 'restored'));
  }
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
  // What was found before them, and could not be booked by the default ones, is tried again as a person would.
  await during(
    time,
    'held orders are released',
    release(arena, () => true),
  );
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

/** Until the program has looked for what no message told: its places say that everything before them is taken in. */
async function swept({ time, seller, generation, ground: { database } }: Arena): Promise<void> {
  assert.ok(generation !== undefined);
  const last = time.now() + SHOWN_AFTER_MS;
  const places = database.prepare(
    "select count(*) as count from settings where key like 'swept:%' and cast(value as integer) between ? and ?",
  );
  const count = seller === undefined ? 1 : 2;
  await time.runUntil(
    'what changed is found',
    () => Number(places.get(last, time.now())?.['count'] ?? 0) === count,
    PATIENCE_MS,
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

/** Until nothing is under way any more. */
async function drain(arena: Arena): Promise<void> {
  const { database } = arena.ground;
  const open = database.prepare(
    "select (select count(*) from orders where state in ('due', 'working', 'waiting')) + (select count(*) from deliveries where state = 'accepted') as count",
  );
  await arena.time.runUntil(
    'nothing is under way',
    () => arena.generation?.isDead() === false && Number(open.get()?.['count']) === 0,
    PATIENCE_MS,
  );
}

/** What only the trouble has left for a person is tried again, as he would. */
async function releaseHeld(arena: Arena): Promise<void> {
  const isOfFault = ({ code }: Hold): boolean => FAULT_HOLDS.includes(code);
  await during(arena.time, 'held orders are released', release(arena, isOfFault));
  await drain(arena);
}

async function release({ generation, time }: Arena, isMeant: (hold: Hold) => boolean): Promise<void> {
  const { store } = generation?.app ?? assert.fail('the program lives');
  for (const { key } of await store.read.orders({ state: 'held', limit: 1_000 })) {
    if ((await store.read.holds({ order: key, isOpen: true })).some(isMeant)) {
      await releaseOrder(store, key, { now: time.now(), account: 'freshbooks' });
    }
  }
}

/** The person says of what he changed that it is to be as the shop has it, that it is right, or that it is his, as often as he is asked. */
async function answer(arena: Arena, person: Person): Promise<void> {
  const { time, weather, generation } = arena;
  const { store } = generation?.app ?? assert.fail('the program lives');
  for (const deed of deedsOn(person)) {
    const decision = pick(person.random, ['restore', 'accept', 'keep'] as const);
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

function evidenceOf(arena: Arena): Evidence {
  const { generation, world, freshbooks, shopify, seller, person, office, relapse, ground } = arena;
  const { store } = generation?.app ?? assert.fail('the program lives');
  // What the lost database had acknowledged is gone with it.
  const first =
    relapse === undefined
      ? shopify.webhooks
          .attempts()
          .flatMap(({ kind, delivery }) => (kind === 'delivered' ? [delivery.webhookId] : []))
          .concat(...(seller?.taken.keys() ?? []))
      : [];
  return {
    world,
    freshbooks,
    store,
    database: ground.database,
    acknowledged: [...first, ...arena.acknowledged],
    ...(seller === undefined ? {} : { seller }),
    deleted: arena.deleted,
    isFollowing: office?.isFollowing === true,
    ...(relapse?.standing === undefined ? {} : { restored: relapse.standing }),
    deeds: new Map(deedsOn(person ?? { deeds: [] }).map((deed) => [deed.order, deed])),
  };
}

async function replay(arena: Arena): Promise<void> {
  await during(arena.time, 'everything is told again', tellAgain(arena, 'again'));
  await drain(arena);
}

/** Every message that was taken comes once more, under another name, until it is taken. */
async function tellAgain(arena: Arena, name: string): Promise<void> {
  const { shopify, seller } = arena;
  for (const { kind, delivery } of shopify.webhooks.attempts()) {
    if (kind === 'delivered') {
      const again = { ...delivery, webhookId: `${name}-${delivery.webhookId}` };
      await taken(arena, again.webhookId, () => shopify.webhooks.request(again));
    }
  }
  for (const [id, body] of seller?.taken ?? []) {
    const again = body.replaceAll(id, `${name}-${id}`);
    await taken(arena, `${name}-${id}`, () => seller?.forward(again) ?? assert.fail());
  }
}

async function taken(arena: Arena, id: string, request: () => Request): Promise<void> {
  const { time } = arena;
  for (let tries = 0; tries < TELLS_MAX; tries += 1) {
    const status = await takeIn(arena, request()).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) {
      arena.acknowledged.push(id);
      return;
    }
    await time.sleep(later(time, TELL_AGAIN_MS));
  }
  assert.fail(`${id} is taken`);
}

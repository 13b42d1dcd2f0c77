import type { App } from '#app.ts';
import { Failure } from '#core/failure.ts';
import { between, pick } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { SELLING_MS, later } from '#tests/chaos/arena.ts';
import type { Arena } from '#tests/chaos/arena.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';
import { Crash } from '#tests/chaos/generation.ts';
import { visit } from '#tests/chaos/hands.ts';
import type { Person } from '#tests/chaos/hands.ts';
import { command, openDays } from '#tests/chaos/office.ts';
import type { Acting, Office } from '#tests/chaos/office.ts';
import { move } from '#tests/chaos/payouts.ts';
import type { Leap } from '#tests/chaos/selling-time.ts';
import { spellsOf } from '#tests/chaos/seller.ts';
import type { Seller } from '#tests/chaos/seller.ts';
import type { VirtualTime } from '#tests/chaos/virtual-time.ts';

/** What happens in a run while there is trouble: on Shopify, on Amazon, in FreshBooks by hand, and at the command line. */

const EVENTS_MAX = 4;
/** For a moment at which something is under way. */
const LOOK_EVERY_MS = 250;
const LOOKS_MAX = 2_000;
/** A command that a crash or a full disk ended is typed again. */
const AGAIN_MS = 20_000;
const TRIES_MAX = 200;

const DELETIONS_SHARE = 0.15;
const DELETIONS_STREAM = 0xde1e;
const DELETIONS_MAX = 2;
/** In a plan, beside the numbers of orders. */
const DELETION = -2;

interface Deletions {
  readonly random: Random;
  readonly at: readonly number[];
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
export async function sell(
  arena: Arena,
  { random, orders, events, deletions }: Selling & { readonly deletions?: Deletions },
): Promise<void> {
  const { time, selling, world, shopify, weather } = arena;
  const ids: bigint[] = [];
  const plan = [
    ...planOf(random, orders),
    ...(deletions?.at.map((at) => ({ at, order: DELETION })) ?? []),
  ].toSorted((a, b) => a.at - b.at);
  for (;;) {
    for (; plan[0] !== undefined && plan[0].at <= selling.passed(); plan.shift()) {
      const id = ids[plan[0].order];
      if (plan[0].order === -1) {
        ids.push(world.placeRandom().id);
      } else if (plan[0].order === DELETION && deletions !== undefined) {
        deleteOne(arena, deletions.random);
      } else if (id !== undefined && world.order(id) !== undefined) {
        events.count += world.actRandom(id) ? 1 : 0;
      }
    }
    await shopify.webhooks.deliverDue();
    const due = shopify.webhooks.nextDueAt();
    if (plan[0] === undefined && due === null) {
      weather.count('webhook lost', shopify.webhooks.lost());
      return;
    }
    await selling.reach(plan[0]?.at ?? Infinity, dueOf(time, due));
  }
}

/** In some runs the shop deletes orders. */
export function deletionsOf(seed: number, withinMs: number): Deletions | undefined {
  const random = drawnFor(seed, DELETIONS_STREAM, DELETIONS_SHARE);
  if (random === undefined) {
    return undefined;
  }
  const at = Array.from({ length: between(random, 1, DELETIONS_MAX) }, () => between(random, 0, withinMs));
  return { random, at: at.toSorted((a, b) => a - b) };
}

function deleteOne({ world, weather, deleted }: Arena, random: Random): void {
  const orders = world.orders();
  if (orders.length > 0) {
    const order = pick(random, orders);
    world.act(order.id, { kind: 'delete' });
    deleted.push(order);
    weather.count('deleted in the shop');
  }
}

/** The same on Amazon, whose notifications may never come, and whose tokens and well-being end now and then. */
export async function sellOnAmazon(
  { time, selling, weather }: Arena,
  { amazon, world, random, place, moves = [] }: Seller,
  { orders, events }: Omit<Selling, 'random'>,
): Promise<void> {
  const ids: string[] = [];
  const plan = planOf(random, orders);
  const spells = spellsOf(random, 2 * SELLING_MS).toSorted((a, b) => a.at - b.at);
  const ofBalance = moves.toSorted((a, b) => a.at - b.at);
  for (;;) {
    const passed = selling.passed();
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
    const next = Math.min(...[plan[0], spells[0], ofBalance[0]].map((entry) => entry?.at ?? Infinity));
    if (next === Infinity && due === null) {
      weather.count('Amazon: message lost', amazon.notifications.lost().length);
      weather.count('Amazon: too fast', amazon.calls().filter(({ status }) => status === 429).length);
      return;
    }
    await selling.reach(next, dueOf(time, due));
  }
}

/** What is due and could not be told is tried again later. */
function dueOf(time: VirtualTime, due: number | null): number {
  return due === null ? Infinity : Math.max(time.now() + 1, due);
}

/** A person does something in FreshBooks now and then. */
export async function comeAndGo(
  { time, selling, freshbooks, weather, ground }: Arena,
  person: Person,
): Promise<void> {
  for (const each of person.visits) {
    const { at, isHasty } = each;
    await selling.reach(Math.max(selling.passed() + 1, at));
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const deed = visit(each, { person, freshbooks, database: ground.database });
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

/** Weeks pass, and the machine is off. */
export async function beAway(arena: Arena, { at, ms }: Leap): Promise<void> {
  const { time, selling, weather } = arena;
  await selling.reach(at);
  while (arena.generation?.isDead() !== false) {
    await time.sleep(later(time, LOOK_EVERY_MS));
  }
  arena.downMs = ms;
  arena.generation.kill();
  weather.count('weeks passed');
  await selling.leap(ms);
}

/** Whose books they are says something else now and then. */
export async function keepBooks(arena: Arena, office: Office): Promise<void> {
  const { selling, weather } = arena;
  for (const { at, what } of office.visits) {
    await selling.reach(Math.max(selling.passed() + 1, at));
    if ((await commanded(arena, (app) => command(what, app, actingOf(arena, office)))) === true) {
      weather.count(`by command: ${what}`);
    }
  }
}

export async function openAgain(arena: Arena, office: Office): Promise<void> {
  await commanded(arena, (app) => openDays(app, actingOf(arena, office)));
}

function actingOf({ freshbooks, ground: { database }, person }: Arena, office: Office): Acting {
  return { office, freshbooks, database, touched: new Set(person?.deeds.map(({ order }) => order)) };
}

/** Until it is done, as often as the program dies of it; nothing when it never is. */
export async function commanded<T>(arena: Arena, work: (app: App) => Promise<T>): Promise<T | undefined> {
  const { time } = arena;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const { generation } = arena;
    if (generation?.isDead() === false) {
      try {
        return await Promise.race([work(generation.app), generation.death]);
      } catch (thrown) {
        if (!(thrown instanceof Crash || thrown instanceof Failure)) {
          throw thrown;
        }
      }
    }
    await time.sleep(later(time, AGAIN_MS));
  }
  return undefined;
}

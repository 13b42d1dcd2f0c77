import { AMAZON, SHOPIFY } from '#connections.ts';
import type { ConnectionId } from '#core/ids.ts';
import { DAY, addDays, instant, localDate, parseZone } from '#core/time.ts';
import type { LocalDate } from '#core/time.ts';
import { askBackfill } from '#pipeline/backfill.ts';
import { between } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { PATIENCE_MS, during } from '#tests/chaos/arena.ts';
import type { Arena } from '#tests/chaos/arena.ts';
import type { Seller } from '#tests/chaos/seller.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';
import { commanded } from '#tests/chaos/happenings.ts';

/**
 * In a share of the runs shop and seller have sold before the program came: hardly a message tells of that, and a person asks for
 * those days.
 */
export interface Past {
  readonly random: Random;
  readonly orders: number;
  /** When they are asked for, from the beginning. */
  readonly at: number;
}

export interface Days {
  readonly since: LocalDate;
  readonly until: LocalDate;
}

const SHARE = 0.2;
const STREAM = 0xbac9;
const ORDERS_MAX = 4;

export function pastOf(seed: number, withinMs: number): Past | undefined {
  const random = drawnFor(seed, STREAM, SHARE);
  return random === undefined
    ? undefined
    : { random, orders: between(random, 1, ORDERS_MAX), at: between(random, 0, withinMs) };
}

/** Orders of some days, and the days: they end before the program first runs. */
export async function liveBefore(arena: Arena, { random, orders }: Past): Promise<Days> {
  const { time, world } = arena;
  const zone = parseZone(world.shop.timeZone);
  const since = localDate(instant(time.now()), zone);
  const seller = sellerIn(arena);
  for (let count = 0; count < orders; count += 1) {
    const { id } = world.placeRandom();
    const sold = seller?.place();
    await time.pass(between(random, 1, 5) * DAY);
    if (random() < 0.5) {
      world.actRandom(id);
    }
    if (sold !== undefined) {
      seller?.world.actRandom(sold.id);
    }
  }
  const until = localDate(instant(time.now()), zone);
  await time.pass(DAY);
  return { since, until };
}

/** Whose payouts are judged has no past: of fees from before nobody tells the program. */
function sellerIn({ seller }: Arena): Seller | undefined {
  return seller?.moves === undefined ? seller : undefined;
}

/** A person asks for them, while all else happens. */
export async function bring(arena: Arena, days: Days): Promise<void> {
  await askFor(arena, SHOPIFY, days);
  if (sellerIn(arena) !== undefined) {
    // The stores' days begin elsewhere than the shop's.
    await askFor(arena, AMAZON, { since: addDays(days.since, -1), until: addDays(days.until, 1) });
  }
}

async function askFor(arena: Arena, connection: ConnectionId, days: Days): Promise<void> {
  const { time, weather } = arena;
  const answer = await commanded(arena, (app) =>
    askBackfill(app.store, connection, { now: instant(time.now()), ...days }),
  );
  if (answer?.outcome === 'asked') {
    weather.count(`days of ${connection} asked for that had passed`);
  }
}

/** At the end it is done; a person asks again where a disk was lost with what he had asked, or the program died of it. */
export async function brought(arena: Arena, days: Days): Promise<void> {
  const { time, ground } = arena;
  const states = ground.database.prepare(
    "select json_extract(value, '$.state') as state from settings where key like 'backfill:%'",
  );
  const count = sellerIn(arena) === undefined ? 1 : 2;
  if (states.all().length < count) {
    await during(time, 'days are asked for again', bring(arena, days));
  }
  const isDone = (): boolean => {
    const rows = states.all();
    return rows.length === count && rows.every(({ state }) => state === 'done');
  };
  await time.runUntil('the days are brought', isDone, PATIENCE_MS);
}

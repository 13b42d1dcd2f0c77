import type { CurrencySide } from '#sources/shopify/amounts.ts';
import { createWorld } from '#sim/world.ts';
import type { World, WorldOptions } from '#sim/world.ts';
import type { WorldOrder } from '#sim/world/order.ts';
import type { Shop } from '#sim/world/place.ts';

/** One order of a random shop and what became of it, the same again for the same seed and number. */
export interface Life {
  readonly world: World;
  readonly order: WorldOrder;
  /** The order as it stood when it was placed and after each event. */
  readonly history: readonly WorldOrder[];
  /** The currency that its shop is booked in. */
  readonly side: CurrencySide;
}

/** Shops of every kind of arithmetic: tax on top and within, none, two and three decimals, several currencies. */
export const SHOPS = [
  { currency: 'USD', taxesIncluded: false, timeZone: 'America/New_York' },
  { currency: 'EUR', taxesIncluded: true, timeZone: 'Europe/Berlin' },
  { currency: 'CAD', taxesIncluded: false, timeZone: 'America/Toronto' },
  { currency: 'GBP', taxesIncluded: true, timeZone: 'Europe/London', presentmentCurrencies: ['GBP', 'EUR'] },
  { currency: 'JPY', taxesIncluded: true, timeZone: 'Asia/Tokyo', presentmentCurrencies: ['JPY', 'USD'] },
  { currency: 'AUD', taxesIncluded: true, timeZone: 'Australia/Melbourne' },
  { currency: 'INR', taxesIncluded: false, timeZone: 'Asia/Kolkata', presentmentCurrencies: ['INR', 'USD'] },
  { currency: 'KWD', taxesIncluded: false, timeZone: 'Asia/Kuwait', presentmentCurrencies: ['KWD', 'EUR'] },
] as const;

const START = Date.UTC(2026, 0, 1);
/** A prime number of minutes, so that orders fall on every hour of every day of a year, both changes of clock included. */
const APART_MS = 521 * 60_000;
const YEAR_MS = 365 * 86_400_000;
const EVENTS_MAX = 8;
/** From one event to the next: most within minutes, some over days or into other months. */
const PACES_MS = [61_000, 61_000, 61_000, 2 * 86_400_000, 12 * 86_400_000] as const;
/** One order in this many is booked in its buyer's currency. */
const PRESENTMENT_EVERY = 5;
/** One shop in this many collects a state's fee on deliveries. */
const FEE_EVERY = 13;
const DELIVERY_FEE = { title: 'Colorado Retail Delivery Fee', cents: 28n };
/** In one life in this many, edits put more units on lines, too. */
const RAISES_EVERY = 4;
/** Far apart, so that the orders of two seeds are not the same ones shifted by one. */
const SEED_STRIDE = 1_000_003;

export function lifeOf(seed: number, number: number, options: Partial<WorldOptions> = {}): Life {
  let now = START + ((number * APART_MS) % YEAR_MS);
  const own = (Math.imul(seed, SEED_STRIDE) + number) >>> 0;
  const world = createWorld({
    seed: own,
    clock: { now: () => now },
    shop: { ...(SHOPS[own % SHOPS.length] ?? SHOPS[0]), ...feeOf(number) },
    ids: own % 3 === 0 ? 'beyond 2^53' : 'ordinary',
    firstOrderNumber: 1001 + number,
    raises: own % RAISES_EVERY === 1,
    ...options,
  });
  let order = world.placeRandom();
  const history = [order];
  const events = Math.floor(own / SHOPS.length) % (EVENTS_MAX + 1);
  const pace = paceOf(Math.floor(own / 101));
  for (let event = 0; event < events; event += 1) {
    now += options.updatedAt === 'whole seconds' ? 0 : pace;
    world.actRandom(order.id);
    order = world.order(order.id) ?? order;
    history.push(order);
  }
  return { world, order, history, side: number % PRESENTMENT_EVERY === 0 ? 'presentment' : 'shop' };
}

export function feeOf(number: number): Pick<Shop, 'deliveryFee'> {
  return number % FEE_EVERY === 0 ? { deliveryFee: DELIVERY_FEE } : {};
}

export function paceOf(number: number): number {
  return PACES_MS[number % PACES_MS.length] ?? PACES_MS[0];
}

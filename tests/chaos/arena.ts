import assert from 'node:assert/strict';
import { readConfig } from '#config.ts';
import type { Config } from '#config.ts';
import { Failure } from '#core/failure.ts';
import type { PipelineEvent } from '#pipeline/ports.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { withFaults } from '#sim/faults.ts';
import { createFreshBooks, defaultApp } from '#sim/freshbooks/freshbooks.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { DEFAULT_APP, createShopify } from '#sim/shopify/shopify.ts';
import type { ShopifySim } from '#sim/shopify/shopify.ts';
import { createWorld } from '#sim/world.ts';
import type { World } from '#sim/world.ts';
import type { WorldOrder } from '#sim/world/order.ts';
import { pick, seededRandom } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { doubtsOf } from '#tests/chaos/doubts.ts';
import { isRaising } from '#tests/chaos/drawn.ts';
import { Crash, startGeneration } from '#tests/chaos/generation.ts';
import type { Generation, Ground } from '#tests/chaos/generation.ts';
import { personOf } from '#tests/chaos/hands.ts';
import type { Person } from '#tests/chaos/hands.ts';
import { leapOf, sellingTime } from '#tests/chaos/selling-time.ts';
import type { Leap, SellingTime } from '#tests/chaos/selling-time.ts';
import { relapseOf } from '#tests/chaos/relapse.ts';
import type { Relapse } from '#tests/chaos/relapse.ts';
import { officeOf } from '#tests/chaos/office.ts';
import type { Office } from '#tests/chaos/office.ts';
import { virtualTime } from '#tests/chaos/virtual-time.ts';
import type { VirtualTime } from '#tests/chaos/virtual-time.ts';
import { isSelling, openSeller } from '#tests/chaos/seller.ts';
import type { Seller } from '#tests/chaos/seller.ts';
import { aheadOf, lossesOf, weatherOf } from '#tests/chaos/trouble.ts';
import type { Weather } from '#tests/chaos/trouble.ts';
import { SHOPS, feeOf } from '#tests/orders/life.ts';

/** Where a run takes place: the program between the simulators, started anew whenever it dies, and their one time. */

const START = Date.UTC(2026, 8, 28, 9);
const YEAR_MS = 365 * 86_400_000;
/** In which orders are placed; what becomes of them takes as long again. */
export const SELLING_MS = 45 * 60_000;
/** In which whatever is waited for happens: a message that is refused is tried again for eight hours and a half (sim/amazon/queue.ts). */
export const PATIENCE_MS = 12 * 3_600_000;
const RESTART_MS = 1_500;
const PUBLIC_URL = 'https://counterfoil.example';
const ORIGINS = {
  freshbooks: 'http://freshbooks.sim',
  shopify: 'http://shopify.sim',
  amazon: 'http://amazon.sim',
} as const;
/** Whether FreshBooks keeps three decimals is unknown. */
const ACCOUNT_SHOPS = SHOPS.filter(({ currency }) => currency !== 'KWD');

/** What stays through all lives of the program. */
export interface Arena {
  readonly time: VirtualTime;
  readonly world: World;
  readonly shopify: ShopifySim;
  readonly freshbooks: FreshBooksSim;
  readonly seller: Seller | undefined;
  /** Who works in FreshBooks beside the program. */
  readonly person: Person | undefined;
  /** Who decides how is booked. */
  readonly office: Office | undefined;
  readonly relapse: Relapse | undefined;
  readonly selling: SellingTime;
  readonly leap: Leap | undefined;
  /** Orders that the shop has deleted. */
  readonly deleted: WorldOrder[];
  /** Ids of the messages that were told again and taken. */
  readonly acknowledged: string[];
  readonly weather: Weather;
  readonly ground: Ground;
  generation: Generation | undefined;
  /** How long it stays down when it dies the next time; then it is the supervisor's wait again. */
  downMs: number;
}

export function openArena(seed: number, random: Random, hear: (event: PipelineEvent) => void): Arena {
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
  const weather = weatherOf(seededRandom(seed ^ 0x5eed), { ofSeller: seller?.random, ahead: aheadOf(seed) });
  const shop = pick(random, ACCOUNT_SHOPS);
  const world = createWorld({
    seed,
    clock: time,
    shop: { ...shop, ...feeOf(seed) },
    ids: random() < 0.3 ? 'beyond 2^53' : 'ordinary',
    updatedAt: 'always later',
    raises: isRaising(seed),
  });
  const doubts = doubtsOf(seed);
  const losses = lossesOf(seed);
  const freshbooks = createFreshBooks({
    clock: time,
    random: seededRandom(seed + 1),
    accounts: [{ id: 'SiMfb1', currency: shop.currency }],
    switches: {
      ...doubts.freshbooks,
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
    switches: doubts.shopify,
    duplicatePpm: 80_000,
    disorderPpm: 150_000,
    ...(losses === undefined ? {} : { losses }),
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
  const person = personOf(seed, 2 * SELLING_MS);
  const office = officeOf(seed, 2 * SELLING_MS);
  const opened: Arena = {
    time,
    world,
    shopify,
    freshbooks,
    seller,
    person,
    office,
    // What a person changed, and what was decided since the backup, would be judged otherwise.
    relapse: person === undefined && office === undefined ? relapseOf(seed, 2 * SELLING_MS) : undefined,
    selling: sellingTime(time),
    // Of a payout that is booked by days its fees would come too late.
    leap: seller?.moves === undefined ? leapOf(seed, 2 * SELLING_MS) : undefined,
    deleted: [],
    acknowledged: [],
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

export function configOf(
  { world, freshbooks, seller }: Pick<Arena, 'world' | 'freshbooks' | 'seller'>,
  url = 'sqlite:run.db',
): Config {
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
    COUNTERFOIL_SECRET_KEY: 'a key for a run, long enough for one',
    DATABASE_URL: url,
    ...seller?.settings,
  });
}

/** Starts the program, and again whenever it dies, as a supervisor does. */
export function living(arena: Arena): { stop(): void } {
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

/** The program is killed, and is up again after that time. */
export async function restarted(
  arena: Arena,
  downMs: number,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  const { time } = arena;
  const isUp = (): boolean => arena.generation?.isDead() === false;
  await time.runUntil('the program is up', isUp, PATIENCE_MS);
  arena.downMs = downMs;
  arena.generation?.kill();
  // Time stands still while real files are written.
  await meanwhile();
  await time.runUntil('it is up again', isUp, downMs + PATIENCE_MS);
}

/** A refresh whose answer was lost has spent the token: nobody but a person can help, who gives the program another one. */
export async function connectAgain(arena: Arena): Promise<void> {
  arena.ground.config = configOf(arena);
  await restarted(arena, RESTART_MS);
}

/** What the server does with a webhook: it is acknowledged once it is stored. */
export async function takeIn(arena: Arena | undefined, request: Request): Promise<Response> {
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

/** Lets time move while the work is done. */
export async function during<T>(
  time: VirtualTime,
  what: string,
  work: Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const state = { isDone: false };
  const done = work.finally(() => {
    state.isDone = true;
  });
  done.catch(() => undefined);
  await time.runUntil(what, () => state.isDone, patienceMs);
  return done;
}

export function later(time: VirtualTime, ms: number): ReturnType<VirtualTime['now']> {
  return (time.now() + ms) as ReturnType<VirtualTime['now']>; // oxlint-disable-line typescript/no-unsafe-type-assertion
}

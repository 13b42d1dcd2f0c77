import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { openApp } from '#app.ts';
import type { App } from '#app.ts';
import { readConfig } from '#config.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import { systemOutside } from '#outside.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { between, pick, seededRandom } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { assertBooks } from '#tests/chaos/invariants.ts';
import { createPostman } from '#tests/crash/postman.ts';
import type { Postman } from '#tests/crash/postman.ts';
import { isCommitTorn } from '#tests/crash/wal.ts';
import { SHOPS } from '#tests/orders/life.ts';
import { spawnService, startService } from '#tests/service.ts';
import { until } from '#tests/until.ts';

/**
 * The real process under load, killed as a power cut would and started again, many times: while it starts, while it books, while calls
 * and webhooks are under way. Then everything drains, and the account must be what the shop's orders say. A seed repeats shop,
 * orders, events and the moments of the kills; what the process is doing at a moment is the machine's.
 */
export interface CrashOptions {
  readonly seed: number;
  readonly kills: number;
  /** Hears how far it is. */
  readonly tell?: (line: string) => void;
}

export interface CrashReport {
  readonly orders: number;
  readonly events: number;
  readonly messages: number;
  readonly again: number;
  readonly seconds: number;
  readonly kills: KillCounts;
  readonly calls: number;
  /** Orders that end in a question, by its code. */
  readonly questions: ReadonlyMap<string, number>;
}

/** Where kills fell; one may fall in several places. */
export interface KillCounts {
  all: number;
  /** Before it listened. */
  starting: number;
  /** With a call to FreshBooks unanswered. */
  calling: number;
  /** With a call unanswered that changes something there. */
  writing: number;
  /** With a webhook unanswered. */
  receiving: number;
  /** Between the first page of a commit in the log and its last. */
  committing: number;
}

/** One kill in five comes while the process starts. */
const STARTING_EVERY = 5;
/** From nothing to longer than an order takes. */
const LIFE_MS_MAX = 2_000;
const LATENCY_MS = 60;
/** Some sixty events a minute, a third of them orders: below what FreshBooks allows, so that the pace is no part of this. */
const EVENT_EVERY_MS_MAX = 2_000;
const ORDER_EVERY = 3;
/** Without an order coming to rest: several times as long as the account's pace, or an unknown outcome, lets them wait. */
const STANDSTILL_MS = 5 * 60_000;
const TELL_EVERY_KILLS = 50;
/** Whether FreshBooks keeps three decimals is unknown. */
const ACCOUNT_SHOPS = SHOPS.filter(({ currency }) => currency !== 'KWD');

/** Runs it. Rejects with what is not as it should be at the end. */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-crash-'));
  const sandbox = await openShop(options.seed);
  const databasePath = join(folder, 'counterfoil.db');
  const environment = {
    ...sandbox.environment,
    // Longer than any answer here takes, also on a machine that does much else, as the real wait is longer than the vendor's own.
    UNKNOWN_WAIT_SECONDS: '3',
    DATABASE_URL: `sqlite:${databasePath}`,
  };
  try {
    const report = await runIn({ ...options, sandbox, environment, databasePath });
    await rm(folder, { recursive: true, force: true });
    return report;
  } catch (cause) {
    // A long run is not made again for a look at what it left.
    throw new Error(`Seed ${options.seed}, ${options.kills} kills; its database is kept in ${folder}`, {
      cause,
    });
  } finally {
    await sandbox.close();
  }
}

function openShop(seed: number): Promise<Sandbox> {
  const shop = pick(seededRandom(seed), ACCOUNT_SHOPS);
  return openSandbox({
    seed,
    latencyMs: LATENCY_MS,
    duplicatePpm: 80_000,
    world: { shop, updatedAt: 'always later' },
    freshbooks: { zeroDecimalCurrencies: 'none' },
    accounts: [{ id: 'SiMfb1', currency: shop.currency }],
  });
}

interface Ground extends CrashOptions {
  readonly sandbox: Sandbox;
  readonly environment: Readonly<Record<string, string>>;
  readonly databasePath: string;
}

async function runIn(ground: Ground): Promise<CrashReport> {
  const { sandbox, environment, databasePath, seed } = ground;
  const began = performance.now();
  await inApp(ground, async (app) => {
    await app.importRules([
      { from: 'shopify', to: 'freshbooks', rules: { ...DEFAULT_RULES, refundCategory: 'Supplies' } },
    ]);
    await app.shopAdmin.repairWebhooks();
  });
  const postman = createPostman({ sandbox, random: seededRandom(seed + 1), pause: wait });
  const selling = sell(ground, postman);
  let kills: KillCounts;
  try {
    kills = await killAgainAndAgain(ground, postman);
  } finally {
    selling.end();
  }
  const events = await selling.done;
  const last = await startService(environment);
  postman.deliverTo(last.origin);
  await postman.settled();
  await drained(databasePath).catch((error: unknown) => {
    throw new Error(`It does not drain:\n${last.output()}`, { cause: error });
  });
  assert.equal(await last.stop(), 0, 'it stops softly at the end');
  assertNoBug(last.output());
  return inApp(ground, async ({ store }) => {
    using database = new DatabaseSync(databasePath, { readOnly: true });
    const { world, freshbooks } = sandbox;
    const { acknowledged } = postman;
    const questions = await assertBooks({
      world,
      freshbooks,
      store,
      database,
      deeds: new Map(),
      deleted: [],
      isFollowing: false,
      acknowledged,
    });
    return {
      orders: world.orders().length,
      events,
      messages: acknowledged.length,
      again: postman.again(),
      seconds: (performance.now() - began) / 1000,
      kills,
      calls: freshbooks.calls.length,
      questions,
    };
  });
}

async function inApp<T>({ environment }: Ground, work: (app: App) => Promise<T>): Promise<T> {
  const app = await openApp(
    readConfig(environment),
    systemOutside(() => undefined),
  );
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** Orders, and what becomes of them, all the time. */
function sell(
  { sandbox: { world }, seed }: Ground,
  postman: Postman,
): { end(): void; readonly done: Promise<number> } {
  const random = seededRandom(seed + 2);
  const ids: bigint[] = [];
  const ending = new AbortController();
  const loop = async (): Promise<number> => {
    let events = 0;
    while (!ending.signal.aborted) {
      const id = ids.length === 0 || between(random, 1, ORDER_EVERY) === 1 ? undefined : pick(random, ids);
      if (id === undefined) {
        ids.push(world.placeRandom().id);
      } else {
        events += world.actRandom(id) ? 1 : 0;
      }
      postman.collect();
      await wait(random() * EVENT_EVERY_MS_MAX, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    return events;
  };
  const done = loop();
  // Told to who waits for it at the end.
  done.catch(() => undefined);
  return { end: () => ending.abort(), done };
}

async function killAgainAndAgain(ground: Ground, postman: Postman): Promise<KillCounts> {
  const random = seededRandom(ground.seed + 3);
  const counts: KillCounts = { all: 0, starting: 0, calling: 0, writing: 0, receiving: 0, committing: 0 };
  const life: Life = { postman, random, counts, startMs: 1_000 };
  while (counts.all < ground.kills) {
    await liveAndDie(ground, life);
    if (counts.all % TELL_EVERY_KILLS === 0) {
      ground.tell?.(`${counts.all} kills, ${ground.sandbox.world.orders().length} orders`);
    }
  }
  return counts;
}

interface Life {
  readonly postman: Postman;
  readonly random: Random;
  readonly counts: KillCounts;
  /** How long the last start took, which is the machine's. */
  startMs: number;
}

/** One life of the process, from its start to its end by SIGKILL. */
async function liveAndDie(ground: Ground, life: Life): Promise<void> {
  const { postman, random, counts } = life;
  const { environment, sandbox, databasePath } = ground;
  const service = spawnService(environment);
  const state = { isListening: false, isDead: false };
  const listen = async (): Promise<void> => {
    const origin = await service.listening;
    if (!state.isDead) {
      state.isListening = true;
      postman.deliverTo(origin);
    }
  };
  const listening = listen();
  // Killed while it starts, it never listens.
  listening.catch(() => undefined);
  const began = performance.now();
  if (between(random, 1, STARTING_EVERY) === 1) {
    await wait(random() * life.startMs);
  } else {
    await listening;
    life.startMs = performance.now() - began;
    await wait(random() * LIFE_MS_MAX);
  }
  const methods = sandbox.underWay();
  counts.receiving += postman.underWay() > 0 ? 1 : 0;
  state.isDead = true;
  const dead = service.kill();
  postman.deliverTo(undefined);
  await dead;
  counts.all += 1;
  counts.starting += state.isListening ? 0 : 1;
  counts.calling += methods.length > 0 ? 1 : 0;
  counts.writing += methods.some((method) => method !== 'GET') ? 1 : 0;
  counts.committing += isCommitTorn(databasePath) ? 1 : 0;
  assertNoBug(service.output());
}

/** What the world cannot bring about. */
function assertNoBug(output: string): void {
  const bugs = output.split('\n').filter((line) => line.includes('"unexpected"'));
  assert.deepEqual(bugs, [], 'no fault of the program itself');
}

/** Until nothing is under way any more; a slow machine leaves much to do, which takes its time at the account's pace. */
async function drained(databasePath: string): Promise<void> {
  using database = new DatabaseSync(databasePath, { readOnly: true });
  const open = database.prepare(
    "select (select count(*) from orders where state in ('due', 'working', 'waiting')) + (select count(*) from deliveries where state = 'accepted') as count",
  );
  const read = (): number => Number(open.get()?.['count']);
  for (let left = read(); left > 0;) {
    const least = left;
    left = await until(
      `${least} are less`,
      () => (read() < least ? { left: read() } : undefined),
      STANDSTILL_MS,
    ).then((seen) => seen.left);
  }
}

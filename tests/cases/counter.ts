import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backUpDatabase, restoreDatabase } from '#app.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { expectedBooks } from '#sim/check.ts';
import type { ExpectedBooks } from '#sim/check.ts';
import type { LifeEvent } from '#sim/world/life.ts';
import type { Recipe } from '#sim/world/recipe.ts';
import { hurriedClock } from '#tests/clock.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed, Stage } from '#tests/stage.ts';
import { standingOf } from '#sim/standing.ts';
import type { Standing } from '#sim/standing.ts';

/**
 * A counter at which orders are sold and changed, one named case after the other: the shop's clock stands where a test puts
 * it, every change is told by a webhook, and what stands is read from the account's own rows.
 */
export interface Counter {
  readonly stage: Stage;
  /** Places an order and waits until it is booked. */
  readonly sell: (recipe: Recipe) => Promise<Placed>;
  /** Lets things happen to it, one after the other, and tells the last state. */
  readonly change: (order: Placed, ...events: readonly LifeEvent[]) => Promise<Placed>;
  /** Moves the shop's clock to a moment, in UTC: `2026-10-02T15:00:00Z`. */
  readonly goTo: (moment: string) => void;
  readonly standing: (order: Placed) => Standing;
  /** Codes of the questions that wait on it. */
  readonly questions: (order: Placed) => Promise<readonly string[]>;
  /** Asserts that nothing is asked, that the books equal the shop and that what was kept is paid. */
  readonly agrees: (order: Placed) => Promise<ExpectedBooks>;
}

export interface CounterOptions {
  readonly rules?: Partial<Rules>;
  readonly stage?: Parameters<typeof openStage>[0];
}

/** Mid-September, so that a month before and after it is in the same year. */
const OPENED = '2026-09-15T15:00:00Z';

/** One that every FreshBooks account has. */
export const REFUND_CATEGORY = 'Supplies';

export async function atCounter(
  options: CounterOptions,
  act: (counter: Counter) => Promise<void>,
): Promise<void> {
  const time = { now: Date.parse(OPENED) };
  const stage = await openStage({ clock: { now: () => time.now }, ...options.stage });
  try {
    const rules = { ...DEFAULT_RULES, refundCategory: REFUND_CATEGORY, ...options.rules };
    await stage.app.importRules([{ from: 'shopify', to: 'freshbooks', rules }]);
    await act(counterOn(stage, time));
  } finally {
    await stage.close();
  }
}

/** A moment apart, so that no two states of an order carry one stamp. */
const BETWEEN_EVENTS_MS = 61_000;

function counterOn(stage: Stage, time: { now: number }): Counter {
  const { world } = stage.sandbox;
  const standing = (order: Placed): Standing => standingOf(stage.sandbox, order);
  const questions = async (order: Placed): Promise<readonly string[]> => {
    const [record] = await stage.app.store.read.orders({ search: `shopify/${order.id}`, limit: 1 });
    assert.ok(record !== undefined, `${order.name} is known`);
    const holds = await stage.app.store.read.holds({ order: record.key, isOpen: true });
    return holds.map(({ code }) => code);
  };
  return {
    stage,
    standing,
    questions,
    async sell(recipe) {
      const order = world.place(recipe);
      await stage.book(order);
      return order;
    },
    async change(order, ...events) {
      for (const event of events) {
        time.now += BETWEEN_EVENTS_MS;
        world.act(order.id, event);
      }
      const now = world.order(order.id) ?? order;
      await stage.book(now, 'orders/updated');
      return now;
    },
    goTo(moment) {
      time.now = Date.parse(moment);
    },
    async agrees(order) {
      const expected = expectedBooks(world.order(order.id) ?? order);
      const { net, paid, invoiced, credited, spent } = standing(order);
      assert.deepEqual(await questions(order), []);
      assert.equal(net, expected.now.worth, 'what stands');
      const kept = expected.now.kept + credited + spent;
      assert.equal(paid, kept < invoiced ? kept : invoiced, 'payments');
      return expected;
    },
  };
}

/** A database that knows nothing of what happens here. */
export async function restoredAfter(stage: Stage, happens: () => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-counter-'));
  const file = join(folder, 'backup');
  await backUpDatabase(stage.config, { file, isOverwriting: false, isWithKey: false });
  await happens();
  await stage.restart(
    async (config) => void (await restoreDatabase(config, { clock: hurriedClock() }, file)),
  );
  rmSync(folder, { recursive: true });
}

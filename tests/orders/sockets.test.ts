import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES } from '#core/rules.ts';
import { expectedBooks } from '#sim/check.ts';
import { SHOPS, paceOf } from '#tests/orders/life.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed, Stage } from '#tests/stage.ts';
import { isWorth, payable, standingOf } from '#sim/standing.ts';

/** Whole lives over real sockets: webhooks in, the shop asked, FreshBooks written to, and its own rows compared at the end. */

/** Chosen anew in every process, and printed: `FC_SEED=… node --test FILE` draws the same lives again. */
const SEED = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff));
const LIVES = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 500 : 7;
/** So many that, were two thirds of them questions, it would be no chance: of two lives both may end in one. */
const TELLING_LIVES = 30;
const EVENTS_MAX = 6;
/** Whether FreshBooks keeps three decimals is unknown; the simulator has two (docs/sim-differences.md). */
const ACCOUNT_SHOPS = SHOPS.filter(({ currency }) => currency !== 'KWD');

/** Questions that a random life may end in, each proven true by `agreement.ts`. */
const QUESTIONS: readonly string[] = [
  'order-cash-unclear',
  'order-changed',
  'order-overpaid',
  'order-reduced',
  'order-refunds-unclear',
  'order-rounding-too-large',
  'order-worth-negative',
  'refund-credit-shared',
  'refund-unbooked',
  'books-total-differs',
];

void describe('whole lives over sockets', { concurrency: false }, () => {
  for (const [index, shop] of ACCOUNT_SHOPS.entries()) {
    const lives = Math.ceil(LIVES / ACCOUNT_SHOPS.length);
    void test(`of ${lives} orders of a shop in ${shop.currency} leave the account equal to the shop`, async (context) => {
      context.diagnostic(`FC_SEED=${SEED}`);
      const time = { now: Date.UTC(2026, 2, 5, 15) };
      const stage = await openStage({
        seed: SEED + index,
        clock: { now: () => time.now },
        world: { shop, ids: index % 2 === 0 ? 'ordinary' : 'beyond 2^53' },
        freshbooks: { zeroDecimalCurrencies: 'none' },
        accounts: [{ id: 'SiMfb1', currency: shop.currency }],
      });
      try {
        const rules = { ...DEFAULT_RULES, refundCategory: 'Supplies' };
        await stage.app.importRules([{ from: 'shopify', to: 'freshbooks', rules }]);
        let equal = 0;
        for (let number = 0; number < lives; number += 1) {
          equal += await liveOne(stage, time, number);
        }
        context.diagnostic(`${equal} of ${lives} ended without a question`);
        assert.ok(lives < TELLING_LIVES || equal * 3 >= lives, 'many lives end without a question');
      } finally {
        await stage.close();
      }
    });
  }
});

/** 1 for a life that ended without a question. */
async function liveOne(stage: Stage, time: { now: number }, number: number): Promise<0 | 1> {
  const { world } = stage.sandbox;
  const order = world.placeRandom();
  let held = await booked(stage, order, `seed ${SEED}, ${order.name} as placed`);
  const pace = paceOf(number);
  for (let event = 1; event <= number % (EVENTS_MAX + 1); event += 1) {
    time.now += pace;
    if (!world.actRandom(order.id)) {
      break;
    }
    const now = world.order(order.id) ?? order;
    held = await booked(stage, now, `seed ${SEED}, ${order.name} after ${event} events`);
  }
  return held.length === 0 ? 1 : 0;
}

/** Tells the state as a webhook does, and compares what stands; answers with the questions that wait. */
async function booked(stage: Stage, order: Placed, at: string): Promise<readonly string[]> {
  const { state, key } = await stage.book(order, 'orders/updated');
  const expected = expectedBooks(order);
  const { now, skipped } = expected;
  const { net, paid, invoiced, credited, spent } = standingOf(stage.sandbox, order);
  if (state === 'skipped') {
    assert.ok(skipped !== null || now.worth === 0n || order.cancelled !== null, at);
    assert.equal(net, 0n, at);
    return [];
  }
  const holds = await stage.app.store.read.holds({ order: key, isOpen: true });
  const codes = holds.map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code) => !QUESTIONS.includes(code)),
    [],
    at,
  );
  if (codes.length === 0) {
    const { least, most } = payable(expected, { invoiced, beside: credited + spent });
    assert.ok(isWorth(now, net), `what stands, ${at}: ${net}, and not ${now.worth}`);
    assert.ok(paid >= least && paid <= most, `payments, ${at}: ${least} to ${most}, and not ${paid}`);
  }
  return codes;
}

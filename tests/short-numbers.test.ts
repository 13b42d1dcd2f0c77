import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { backUpDatabase, restoreDatabase } from '#app.ts';
import { atCounter } from '#tests/cases/counter.ts';
import type { Counter } from '#tests/cases/counter.ts';
import { PAPERS, card, of } from '#tests/cases/goods.ts';
import { hurriedClock } from '#tests/clock.ts';
import type { Placed } from '#tests/stage.ts';

/** Numbers from a stored counter, where FreshBooks refuses longer ones: nothing in such a number says whose it is. */

const SHORT = {
  rules: { invoiceNumberCompact: 'AZ{counter}' },
  stage: { freshbooks: { numberLengthMax: 10 } },
} as const;
const SOLD = card([of(PAPERS)]);
const FREE = {
  items: [of(PAPERS)],
  deals: [{ type: 'discount_code', label: 'FREE', on: 'order', hundredths: 10_000n }],
  payment: { kind: 'open' },
} as const;

function numbersOf({ stage }: Counter, orders: readonly Placed[]): readonly (readonly string[])[] {
  return orders.map((order) => stage.invoices(order).map(({ number }) => number));
}

void describe('short numbers', () => {
  void test('count up by order, over restarts and changes, and no order takes one that has no invoice', () =>
    atCounter(SHORT, async (counter) => {
      const first = await counter.sell(SOLD);
      const second = await counter.sell(SOLD);
      const free = await counter.sell(FREE);
      await counter.stage.restart(async () => {});
      const third = await counter.sell(SOLD);
      const changed = await counter.change(first, {
        kind: 'refund',
        request: { lines: 'all', restock: 'return' },
      });
      assert.deepEqual(await counter.questions(changed), []);
      const fourth = await counter.sell(SOLD);
      const orders = [second, free, third, fourth];
      assert.deepEqual(numbersOf(counter, orders), [['AZ2'], [], ['AZ3'], ['AZ4']]);
    }));

  void test('are found again by the purchase order once an older database counts anew', () =>
    atCounter(SHORT, async (counter) => {
      const folder = await mkdtemp(join(tmpdir(), 'counterfoil-short-'));
      try {
        const first = await counter.sell(SOLD);
        const file = join(folder, 'backup');
        await backUpDatabase(counter.stage.config, { file, isOverwriting: false, isWithKey: false });
        const second = await counter.sell(SOLD);
        const third = await counter.sell(SOLD);
        await counter.stage.restart(
          async (config) => void (await restoreDatabase(config, { clock: hurriedClock() }, file)),
        );
        // The last one first: it is counted as the second was.
        await counter.stage.book(third);
        await counter.stage.book(second);
        const fourth = await counter.sell(SOLD);
        const orders = [first, second, third, fourth];
        assert.deepEqual(numbersOf(counter, orders), [['AZ1'], ['AZ2'], ['AZ3'], ['AZ4']]);
        for (const order of orders) {
          assert.deepEqual(await counter.questions(order), []);
          assert.equal(counter.stage.payments(order).length, 1);
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineAll } from '#tests/chaos/thread.ts';

/**
 * The runs that each guard is taken out under; with all guards in place they end right. In 61 two orders of
 * one new customer meet, in 78 a change arrives late.
 */
const SEEDS = [...Array.from({ length: 24 }, (_, index) => index + 1), 61, 78];

void test('runs under trouble end with the books equal to the shop', async () => {
  assert.deepEqual(await examineAll(SEEDS, { isOneEnough: true }), []);
});

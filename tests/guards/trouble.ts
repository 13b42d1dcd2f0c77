import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineAll } from '#tests/chaos/thread.ts';

/**
 * The runs that each guard is taken out under; with all guards in place they end right. What two things must meet for at one
 * moment is no matter of luck: such guards have a test of their own.
 */
const SEEDS = Array.from({ length: 26 }, (_, index) => index + 1);

void test('runs under trouble end with the books equal to the shop', async () => {
  assert.deepEqual(await examineAll(SEEDS, { isOneEnough: true }), []);
});

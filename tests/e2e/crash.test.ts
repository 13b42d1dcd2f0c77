import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crash } from '#tests/crash/crash.ts';

/** A short run of `npm run crash`: CRASH_SEED repeats one as far as the moments go; the machine decides the rest. */

/** A start, the life after it and its part of the drain, on a machine that does much else. */
const LIFE_MS_MAX = 30_000;
const KILLS = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 25 : 3;

test(
  'case 5: killed at random moments and restarted, the books are the same',
  { timeout: KILLS * LIFE_MS_MAX },
  async (context) => {
    const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31)); // oxlint-disable-line
    context.diagnostic(`CRASH_SEED=${seed}`);
    const { kills, orders, messages, calls } = await crash({ seed, kills: KILLS });
    context.diagnostic(`${kills.all} kills, ${orders} orders, ${messages} webhooks, ${calls} calls`);
    assert.equal(kills.all, KILLS);
    assert.ok(orders > 0 && messages >= orders && calls > 0, 'there was something to lose');
  },
);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '#tests/clock.ts';
import { createLoginLimit } from './login-limit.ts';

const TERMS = {
  loginsMax: 2,
  loginEveryMs: 30_000,
  loginsOfAllMax: 5,
  loginOfAllEveryMs: 5000,
  addressesMax: 10,
};

test('a known browser that used up its tries waits, however many addresses try and fail meanwhile', () => {
  const limit = createLoginLimit(TERMS, testClock());
  const known = { address: '192.0.2.1', known: 'browser' };
  assert.deepEqual([limit.count(known), limit.count(known), limit.count(known)], [undefined, undefined, 30]);
  for (let index = 0; index < TERMS.addressesMax + 1; index += 1) {
    limit.count({ address: `2001:db8:0:${index}::1`, known: undefined });
  }
  assert.equal(limit.count(known), 30);
});

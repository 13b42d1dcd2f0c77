import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '#core/time.ts';
import { testClock } from '#tests/clock.ts';
import { createRefusalLimit } from './refusal-limit.ts';

const TERMS = { refusalsMax: 2, refusalEveryMs: 1000, addressesMax: 100 };

test('each address has its own limit, and gains by time up to its most', async () => {
  const clock = testClock();
  const limit = createRefusalLimit(TERMS, clock);
  const over = (address: string): boolean => limit.count(address).isOver;
  assert.deepEqual([over('192.0.2.1'), over('192.0.2.1'), over('192.0.2.1')], [false, false, true]);
  assert.equal(over('192.0.2.2'), false);
  await clock.advance(500);
  assert.deepEqual(limit.count('192.0.2.1'), { isOver: true, retryAfterS: 1 });
  await clock.advance(500);
  assert.deepEqual(limit.count('192.0.2.1'), { isOver: false, unlogged: 2 });
  await clock.advance(3_600_000);
  assert.deepEqual([over('192.0.2.1'), over('192.0.2.1'), over('192.0.2.1')], [false, false, true]);
});

test('the half of an IPv6 address that its holder chooses does not count', () => {
  const limit = createRefusalLimit(TERMS, testClock());
  const same = ['2001:db8:0:7::1', '2001:db8:0:7:a:b:c:d', '2001:db8::7:0:0:0:9', '2001:db8::7:1:2:3:4'];
  assert.deepEqual(
    same.map((address) => limit.count(address).isOver),
    [false, false, true, true],
  );
  assert.equal(limit.count('2001:db8:0:8::1').isOver, false);
  assert.equal(limit.count('::1').isOver, false);
  const mapped = ['::ffff:192.0.2.1', '192.0.2.1', '::ffff:192.0.2.1', '::ffff:192.0.2.2'];
  assert.deepEqual(
    mapped.map((address) => limit.count(address).isOver),
    [false, false, true, false],
  );
});

test('no more addresses are remembered than the limit says, and the last one that was refused is', () => {
  const limit = createRefusalLimit(TERMS, testClock());
  const refuseOften = (address: string): boolean =>
    [1, 2, 3].map(() => limit.count(address).isOver).includes(true);
  assert.ok(refuseOften('first'));
  assert.ok(refuseOften('second'));
  for (let index = 0; index < TERMS.addressesMax - 1; index += 1) {
    assert.equal(limit.count('second').isOver, true, 'it goes on, so it is not forgotten');
    assert.equal(limit.count(`other-${index}`).isOver, false);
  }
  assert.equal(limit.count('first').isOver, false, 'forgotten');
});

test('a clock that is set back neither gives nor takes', () => {
  let nowMs = 10_000;
  const limit = createRefusalLimit(TERMS, { now: () => instant(nowMs) });
  limit.count('a');
  nowMs = 0;
  assert.equal(limit.count('a').isOver, false);
  assert.equal(limit.count('a').isOver, true);
  nowMs = 1000;
  assert.equal(limit.count('a').isOver, false);
});

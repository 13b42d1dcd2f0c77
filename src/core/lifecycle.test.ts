import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { law } from '#tests/law.ts';
import { nextAttemptAt, nextProbeAt, transition } from './lifecycle.ts';
import type { OrderState } from './lifecycle.ts';
import { DAY, HOUR, MINUTE, SECOND, after, instant } from './time.ts';

const STATES: readonly OrderState[] = ['due', 'working', 'waiting', 'held', 'skipped', 'settled'];
/** The table of docs/state-machine.md, read again: from → to. */
const ALLOWED: Readonly<Record<OrderState, readonly OrderState[]>> = {
  due: ['due', 'working'],
  working: ['due', 'waiting', 'held', 'skipped', 'settled'],
  waiting: ['due', 'working'],
  held: ['due', 'working'],
  skipped: ['due', 'working'],
  settled: ['due', 'working'],
};

for (const from of STATES) {
  test(`an order that is ${from} becomes ${ALLOWED[from].join(' or ')} and nothing else`, () => {
    for (const to of STATES) {
      if (ALLOWED[from].includes(to)) {
        assert.equal(transition(from, to), to);
      } else {
        assert.throws(() => transition(from, to), new RegExp(`an order goes from ${from} to ${to}`));
      }
    }
  });
}

test('from every state an order can become due, and be worked on', () => {
  for (const from of STATES.filter((state) => state !== 'working')) {
    assert.equal(transition(from, 'due'), 'due');
    assert.equal(transition(from, 'working'), 'working');
  }
});

const NOW = instant(Date.UTC(2026, 10, 20));
const waitMs = (attempts: number, random = 0): number =>
  (nextAttemptAt(attempts, { now: NOW, firstFailedAt: NOW, random }) ?? Number.NaN) - NOW;

describe('the retry schedule', () => {
  test('waits 5, 10, 20, 40, 80 seconds and then a quarter of an hour each time', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((attempts) => waitMs(attempts)),
      [5, 10, 20, 40, 80].map((seconds) => seconds * SECOND),
    );
    assert.deepEqual(
      [6, 7, 50, 10_000].map((attempts) => waitMs(attempts)),
      [15, 15, 15, 15].map((minutes) => minutes * MINUTE),
    );
  });

  test('gives up 24 hours after the first failure, not a millisecond before', () => {
    const at = (ms: number) => nextAttemptAt(97, { now: after(NOW, ms), firstFailedAt: NOW, random: 0 });
    assert.equal(at(DAY - 1), NOW + DAY - 1 + 15 * MINUTE);
    assert.equal(at(DAY), undefined);
    assert.equal(at(DAY + HOUR), undefined);
  });

  test('gives up after a day of trying, and not because nothing was tried for a day', () => {
    const late = { now: after(NOW, 3 * DAY), firstFailedAt: NOW, random: 0 };
    assert.notEqual(nextAttemptAt(7, late), undefined);
    assert.notEqual(nextAttemptAt(91, late), undefined);
    assert.equal(nextAttemptAt(92, late), undefined);
  });

  test('with the longest waits gives up at the first try after 24 hours as well', () => {
    let now = NOW;
    for (let attempts = 1; ; attempts += 1) {
      const next = nextAttemptAt(attempts, { now, firstFailedAt: NOW, random: 0.999 });
      if (next === undefined) {
        break;
      }
      assert.ok(now - NOW < DAY, `attempt ${attempts} comes a day later and is not the last`);
      now = next;
    }
    assert.ok(now - NOW >= DAY);
  });

  test('has an account that is down tried at the same pace, for ever', () => {
    const wait = (probes: number) => nextProbeAt(probes, { now: NOW, random: 0 }) - NOW;
    assert.deepEqual([0, 1, 2, 3, 4, 5, 10_000].map(wait), [
      ...[5, 10, 20, 40, 80].map((seconds) => seconds * SECOND),
      15 * MINUTE,
      15 * MINUTE,
    ]);
  });

  test('tries about a hundred times in a day', () => {
    let now = NOW;
    let attempts = 0;
    for (;;) {
      attempts += 1;
      const next = nextAttemptAt(attempts, { now, firstFailedAt: NOW, random: 0 });
      if (next === undefined) {
        break;
      }
      now = next;
    }
    // Five short waits, then (24 h - 155 s) / 15 min, rounded up.
    assert.equal(attempts, 1 + 5 + 96);
  });

  law(
    'spreads by at most a tenth, and only ever later',
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempts, random) => {
        const least = waitMs(attempts);
        const wait = waitMs(attempts, random);
        assert.ok(Number.isInteger(wait) && wait >= least && wait <= least * 1.1, `${least} → ${wait}`);
      },
    ),
  );
});

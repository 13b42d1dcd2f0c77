import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { DAY, HOUR, MINUTE, SECOND, after, instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { movedClock } from '#tests/contract/books-freshbooks.ts';
import { createThrottle } from './throttle.ts';

const NOW = instant(Date.parse('2026-11-20T12:00:00Z'));

function bench(limit: number) {
  const clock = movedClock(NOW);
  const throttle = createThrottle({ account: 'freshbooks', limits: { post: limit, other: 600 }, clock });
  let calls = 0;
  const answering = (remaining: number, endsInSeconds = 60) => {
    const headers = new Headers({
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': String(Math.floor(NOW / 1000) + endsInSeconds),
      'retry-after': String(endsInSeconds),
    });
    return () => {
      calls += 1;
      return Promise.resolve({ headers });
    };
  };
  return { clock, throttle, answering, count: () => calls };
}

async function refusedUntil(work: Promise<unknown>): Promise<Instant | undefined> {
  const thrown: unknown = await work.then(
    () => assert.fail('expected a failure'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof Failure);
  assert.deepEqual([thrown.code, thrown.effect], ['request-rate-limited', 'none']);
  return thrown.retryAt;
}

void test('calls pass while some are left, and the last tenth is left to others', async () => {
  const { throttle, answering, count } = bench(20);
  for (let left = 19; left >= 2; left -= 1) {
    await throttle.pace('post', answering(left));
  }
  assert.equal(await refusedUntil(throttle.pace('post', answering(1))), after(NOW, MINUTE));
  assert.equal(count(), 18);
  await throttle.pace('other', answering(500));
});

void test('calls under way count as spent, so many at once do not overshoot', async () => {
  const { throttle } = bench(20);
  const answers: (() => void)[] = [];
  const call = () =>
    new Promise<{ headers: Headers }>((resolve) => {
      answers.push(() => resolve({ headers: new Headers() }));
    });
  const all = Array.from({ length: 30 }, () => throttle.pace('post', call).catch(() => 'refused'));
  await Promise.all(all.slice(18));
  assert.equal(answers.length, 18);
  for (const answer of answers) {
    answer();
  }
  await Promise.all(all);
});

void test('a window about to end is waited for, a longer one is not', async () => {
  const { throttle, answering, clock } = bench(20);
  await throttle.pace('post', answering(0, 2));
  const waiting = throttle.pace('post', answering(19, 62));
  await clock.sleeper(after(NOW, 2 * SECOND));
  clock.advance(2 * SECOND);
  await waiting;
  await throttle.pace('post', answering(0, 62));
  assert.notEqual(await refusedUntil(throttle.pace('post', answering(0, 62))), undefined);
});

void test('an answer that overtook another does not give calls back', async () => {
  const { throttle, answering } = bench(20);
  await throttle.pace('post', answering(3));
  await throttle.pace('post', answering(9));
  await throttle.pace('post', answering(2));
  await refusedUntil(throttle.pace('post', answering(2)));
});

void test('a failed call gives its place back', async () => {
  const { throttle, answering } = bench(10);
  for (let index = 0; index < 50; index += 1) {
    await throttle.pace('post', () => Promise.reject(new Error('down'))).catch(() => undefined);
  }
  await throttle.pace('post', answering(9));
});

void test('headers that are missing or nonsense change nothing', async () => {
  const { throttle } = bench(20);
  for (const value of ['', '-1', '1e9', 'many', '99999999999999']) {
    await throttle.pace('post', () =>
      Promise.resolve({
        headers: new Headers({
          'x-ratelimit-limit': value,
          'x-ratelimit-remaining': value,
          'x-ratelimit-reset': value,
        }),
      }),
    );
  }
});

void test('after a 429 nothing goes out until the moment it named', async () => {
  const { throttle, answering, clock, count } = bench(20);
  const retryAt = after(NOW, 10 * SECOND);
  const limited = new Failure('request-rate-limited', { detail: 'x', retryAt });
  await throttle.pace('post', () => Promise.reject(limited)).catch(() => undefined);
  assert.equal(await refusedUntil(throttle.pace('post', answering(9))), retryAt);
  assert.equal(count(), 0);
  clock.advance(10 * SECOND);
  await throttle.pace('post', answering(9));
});

void test('work that can wait is let in while more is left than urgent work may need, and hardly any at the end', async () => {
  const { throttle, answering, clock } = bench(20);
  assert.equal(throttle.spareAt('post', 2), undefined, 'nothing is used yet');
  await throttle.pace('post', answering(9));
  // Of 20 calls two are for other programs, and of the five of a quarter as many are kept as of the minute is left.
  assert.equal(throttle.spareAt('post', 2), undefined);
  await throttle.pace('post', answering(8));
  const at = throttle.spareAt('post', 2) ?? assert.fail('it is sent away');
  assert.equal(at, after(NOW, 12 * SECOND));
  clock.advance(12 * SECOND);
  assert.equal(throttle.spareAt('post', 2), undefined);
  await throttle.pace('post', answering(4));
  assert.equal(throttle.spareAt('post', 2), after(NOW, MINUTE));
  // Urgent work is not sent away.
  await throttle.announce('post', 2);
});

void test('work that can wait is let in where the limit is less than what it takes', () => {
  for (const limit of [1, 2, 3, 10]) {
    assert.equal(bench(limit).throttle.spareAt('post', 5), undefined, `a limit of ${limit}`);
  }
});

void test('who is sent away gets a moment of his own, and none is far', async () => {
  const { throttle, answering } = bench(20);
  await throttle.pace('post', answering(2));
  const moments = Array.from({ length: 30 }, () => throttle.spareAt('post', 2) ?? assert.fail('sent away'));
  assert.deepEqual(
    moments.slice(0, 3),
    [60, 66, 72].map((seconds) => after(NOW, seconds * SECOND)),
  );
  assert.equal(moments.at(-1), after(NOW, 2 * MINUTE));
});

void test('while nothing goes out at all, nothing that can wait is let in', async () => {
  const { throttle } = bench(20);
  const retryAt = after(NOW, 10 * SECOND);
  const limited = new Failure('request-rate-limited', { detail: 'x', retryAt });
  await throttle.pace('post', () => Promise.reject(limited)).catch(() => undefined);
  assert.equal(throttle.spareAt('post', 2), retryAt);
});

void test('calls that are announced are there for who announced them, and nobody else may announce them', async () => {
  const { throttle, answering } = bench(20);
  for (let left = 19; left >= 6; left -= 1) {
    await throttle.pace('post', answering(left));
  }
  await throttle.announce('post', 2);
  await throttle.announce('post', 2);
  assert.equal(await refusedUntil(throttle.announce('post', 2)), after(NOW, MINUTE));
  for (let left = 5; left >= 2; left -= 1) {
    await throttle.pace('post', answering(left));
  }
  assert.equal(await refusedUntil(throttle.pace('post', answering(1))), after(NOW, MINUTE));
});

void test('more than the limit holds may be announced, or nothing ever could be', async () => {
  const { throttle } = bench(1);
  await throttle.announce('post', 2);
});

void test('where the answers tell nothing, or nothing that can be, the calls are counted here', async () => {
  const cases = {
    missing: {},
    'no limit': { limit: '0', remaining: '0', reset: String(Math.floor(NOW / 1000) + 60) },
    'no window is that long': { limit: '250', remaining: '249', reset: '999999999999' },
  };
  for (const [what, told] of Object.entries(cases)) {
    const { throttle } = bench(250);
    const names = Object.entries(told).map(([name, value]) => [`x-ratelimit-${name}`, value] as const);
    const call = () => Promise.resolve({ headers: new Headers(names.map(([name, value]) => [name, value])) });
    for (let calls = 0; calls < 240; calls += 1) {
      await throttle.pace('post', call);
    }
    assert.equal(await refusedUntil(throttle.pace('post', call)), after(NOW, MINUTE), what);
    assert.ok((throttle.spareAt('post', 2) ?? NOW) > NOW, what);
  }
});

void test('what one answer told wrongly does not make the next one look late', async () => {
  const { throttle, answering } = bench(250);
  const headers = new Headers({
    'x-ratelimit-limit': '250',
    'x-ratelimit-remaining': '249',
    'x-ratelimit-reset': '999999999999',
  });
  await throttle.pace('post', () => Promise.resolve({ headers }));
  await throttle.pace('post', answering(10));
  assert.equal(await refusedUntil(throttle.pace('post', answering(9))), after(NOW, MINUTE));
});

void test('what one answer told wrongly within the hour leaves the calls after it counted', async () => {
  const { throttle, answering, count } = bench(250);
  await throttle.pace('post', answering(249, 50 * 60));
  const asked = Array.from({ length: 300 }, () => throttle.pace('post', answering(200)));
  const refused = (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected');
  assert.equal(count(), 240);
  assert.equal(refused.length, 61);
  assert.notEqual(await refusedUntil(throttle.pace('post', answering(200))), undefined);
});

void test('a clock that is set back lengthens no window', async () => {
  const { throttle, answering, clock } = bench(20);
  await throttle.pace('post', answering(2));
  clock.advance(-2 * HOUR);
  assert.equal(await refusedUntil(throttle.pace('post', answering(1))), after(NOW, MINUTE - 2 * HOUR));
  clock.advance(MINUTE);
  await throttle.pace('post', answering(19, 120));
});

void test('a clock that is set back gives back what was announced and never made, once its minute is over', async () => {
  const { throttle, clock } = bench(20);
  await throttle.announce('post', 18);
  clock.advance(-2 * HOUR);
  await refusedUntil(throttle.announce('post', 1));
  clock.advance(MINUTE);
  await throttle.announce('post', 1);
});

void test('a clock that is set back keeps the patience that a 429 asked for as long as it was', async () => {
  const { throttle, answering, clock } = bench(20);
  const limited = new Failure('request-rate-limited', { detail: 'x', retryAt: after(NOW, 10 * SECOND) });
  await throttle.pace('post', () => Promise.reject(limited)).catch(() => undefined);
  clock.advance(-30 * DAY);
  assert.equal(await refusedUntil(throttle.pace('post', answering(9))), after(NOW, 10 * SECOND - 30 * DAY));
  clock.advance(10 * SECOND);
  await throttle.pace('post', answering(9));
});

void test('a 429 that comes after the clock was set back is kept by the clock of now', async () => {
  const { throttle, answering, clock } = bench(20);
  await throttle.pace('post', answering(15));
  const retryAt = after(NOW, 20 * SECOND - HOUR);
  const answer = throttle.pace('post', () => {
    clock.advance(-HOUR);
    return Promise.reject(new Failure('request-rate-limited', { detail: 'x', retryAt }));
  });
  await answer.catch(() => undefined);
  assert.equal(await refusedUntil(throttle.pace('post', answering(9))), retryAt);
});

void test('a clock that is set back sends nobody away who can wait for longer than before', async () => {
  const { throttle, answering, clock } = bench(20);
  await throttle.pace('post', answering(2));
  const at = throttle.spareAt('post', 2) ?? assert.fail('it is sent away');
  clock.advance(-2 * HOUR);
  const later = throttle.spareAt('post', 2) ?? assert.fail('it is sent away');
  assert.ok(later >= at - 2 * HOUR && later <= at + MINUTE - 2 * HOUR);
});

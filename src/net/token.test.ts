import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { HOUR, MINUTE, after, instant } from '#core/time.ts';
import { createTokens } from './token.ts';
import type { StoredToken } from './token.ts';

const NOW = instant(Date.parse('2026-11-20T12:00:00Z'));

/** Two processes on one store, with the lease between them; the other side honours each refresh token once. */
function bench(seed: StoredToken | undefined) {
  const log: string[] = [];
  let stored = seed;
  let valid = seed?.refreshToken;
  let count = 0;
  let saveFails = 0;
  let tail: Promise<unknown> = Promise.resolve();
  let now = NOW;
  let meanwhile: () => void = () => undefined;
  let lifeMs = 12 * HOUR;
  const process = () =>
    createTokens({
      connection: 'freshbooks',
      clock: { now: () => now, sleep: () => Promise.resolve() },
      load: () => Promise.resolve(stored),
      save: (token, spent) => {
        if (saveFails > 0) {
          saveFails -= 1;
          return Promise.reject(new Failure('database-failed', { detail: 'disk full' }));
        }
        if (stored?.refreshToken !== spent) {
          return Promise.resolve(stored ?? token);
        }
        log.push(`saved ${token.accessToken}`);
        stored = token;
        return Promise.resolve(token);
      },
      refresh: async (refreshToken) => {
        log.push(`refresh ${refreshToken}`);
        await Promise.resolve();
        meanwhile();
        if (refreshToken !== valid) {
          throw new Failure('token-refused', { detail: 'invalid_grant' });
        }
        count += 1;
        valid = `r${count}`;
        return { accessToken: `a${count}`, refreshToken: valid, expiresAt: after(now, lifeMs) };
      },
      exclusively: (work) => {
        const mine = tail.then(work);
        tail = mine.catch(() => undefined);
        return mine;
      },
    });
  return {
    log,
    process,
    store: (token: StoredToken) => {
      stored = token;
    },
    /** While a refresh is under way. */
    during: (act: () => void) => {
      meanwhile = act;
    },
    invalidate: () => {
      valid = undefined;
    },
    failSaves: (times: number) => {
      saveFails = times;
    },
    advance: (ms: number) => {
      now = after(now, ms);
    },
    /** Of what is granted from now on, as our clock sees it. */
    grantFor: (ms: number) => {
      lifeMs = ms;
    },
  };
}

const SEED: StoredToken = { accessToken: 'a0', refreshToken: 'r0', expiresAt: after(NOW, HOUR) };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no failure',
    (thrown: unknown) => (thrown instanceof Failure ? thrown.code : String(thrown)),
  );
}

void test('a token that is not about to expire is used as it is', async () => {
  const { process, log } = bench(SEED);
  assert.equal(await process().current(), 'a0');
  assert.deepEqual(log, []);
});

void test('five minutes before it expires it is renewed, and stored before it is used', async () => {
  const { process, log, advance } = bench(SEED);
  const tokens = process();
  advance(HOUR - 5 * MINUTE);
  assert.equal(await tokens.current(), 'a1');
  assert.deepEqual(log, ['refresh r0', 'saved a1']);
});

void test('many callers in two processes spend the refresh token once', async () => {
  const { process, log } = bench({ ...SEED, expiresAt: NOW });
  const [one, two] = [process(), process()];
  const got = await Promise.all([one, two, one, two, two, one].map((tokens) => tokens.current()));
  assert.deepEqual(new Set(got), new Set(['a1']));
  assert.deepEqual(log, ['refresh r0', 'saved a1']);
});

void test('a token refused to many is renewed once', async () => {
  const { process, log } = bench(SEED);
  const [one, two] = [process(), process()];
  const got = await Promise.all([one, two, one, two].map((tokens) => tokens.renew('a0')));
  assert.deepEqual(new Set(got), new Set(['a1']));
  assert.equal(log.filter((entry) => entry.startsWith('refresh')).length, 1);
});

void test('a refused token that somebody else renewed meanwhile is read again and not refreshed', async () => {
  const { process, log, store } = bench(SEED);
  const tokens = process();
  store({ accessToken: 'other', refreshToken: 'r9', expiresAt: after(NOW, HOUR) });
  assert.equal(await tokens.renew('a0'), 'other');
  assert.deepEqual(log, []);
});

void test('a seeded token of unknown expiry is used until it is refused', async () => {
  const { process } = bench({ accessToken: 'a0', refreshToken: 'r0' });
  const tokens = process();
  assert.equal(await tokens.current(), 'a0');
  assert.equal(await tokens.renew('a0'), 'a1');
  assert.equal(await tokens.current(), 'a1');
});

void test('a refresh token alone is enough', async () => {
  const { process } = bench({ accessToken: '', refreshToken: 'r0' });
  assert.equal(await process().current(), 'a1');
});

void test('what is missing or refused asks for a person', async () => {
  assert.equal(await codeOf(bench(undefined).process().current()), 'token-missing');
  assert.equal(await codeOf(bench({ accessToken: 'a0' }).process().renew('a0')), 'token-refused');
  const spent = bench(SEED);
  spent.store({ ...SEED, refreshToken: 'old' });
  assert.equal(await codeOf(spent.process().renew('a0')), 'token-refused');
});

void test('a pair that could not be stored is kept, stored at the next call, and not used before', async () => {
  const { process, log, failSaves } = bench({ ...SEED, expiresAt: NOW });
  const tokens = process();
  failSaves(1);
  assert.equal(await codeOf(tokens.current()), 'database-failed');
  assert.equal(await tokens.current(), 'a1');
  assert.deepEqual(log, ['refresh r0', 'saved a1']);
});

void test('a pair that could not be stored is dropped when somebody connected anew', async () => {
  const { process, failSaves, store } = bench({ ...SEED, expiresAt: NOW });
  const tokens = process();
  failSaves(1);
  await codeOf(tokens.current());
  store({ accessToken: 'new', refreshToken: 'r-new', expiresAt: after(NOW, HOUR) });
  assert.equal(await tokens.renew('a0'), 'new');
});

void test('a grant given while the one before is renewed is kept, and used', async () => {
  const anew = { accessToken: 'new', refreshToken: 'r-new', expiresAt: after(NOW, HOUR) };
  for (const isRefused of [false, true]) {
    const { process, during, store, invalidate, log } = bench({ ...SEED, expiresAt: NOW });
    during(() => {
      store(anew);
      if (isRefused) {
        invalidate();
      }
    });
    const tokens = process();
    assert.equal(await tokens.current(), 'new');
    assert.equal(await tokens.current(), 'new');
    assert.deepEqual(log, ['refresh r0']);
  }
});

void test('a refresh without an answer is not repeated by itself, and says what it may have cost', async () => {
  let calls = 0;
  const failures = [
    new Failure('request-unanswered', { detail: 'Refreshing: cut', effect: 'unknown' }),
    new Failure('token-refused', { detail: 'invalid_grant' }),
  ];
  const tokens = createTokens({
    connection: 'freshbooks',
    clock: { now: () => NOW, sleep: () => Promise.resolve() },
    load: () => Promise.resolve({ ...SEED, expiresAt: NOW }),
    save: () => assert.fail('nothing to store'),
    refresh: () => {
      calls += 1;
      return Promise.reject(failures[calls - 1] ?? new Error('too many'));
    },
    exclusively: (work) => work(),
  });
  const together = await Promise.allSettled([tokens.current(), tokens.current()]);
  assert.equal(calls, 1);
  for (const each of together) {
    assert.ok(each.status === 'rejected' && each.reason instanceof Failure);
    assert.deepEqual([each.reason.code, each.reason.effect], ['request-unanswered', 'unknown']);
    assert.match(each.reason.message, /may be spent/);
  }
  const second: unknown = await tokens.current().catch((thrown: unknown) => thrown);
  assert.ok(second instanceof Failure && second.code === 'token-refused');
  assert.match(second.message, /earlier refresh got no answer/);
});

void test('a new token that is over by our clock is used until it is refused, by all processes', async () => {
  for (const lifeMs of [-13 * HOUR, 0, 5 * MINUTE]) {
    const { process, log, grantFor } = bench({ ...SEED, expiresAt: NOW });
    grantFor(lifeMs);
    const [one, two] = [process(), process()];
    for (const tokens of [one, two, one, two]) {
      assert.equal(await tokens.current(), 'a1');
    }
    assert.deepEqual(await Promise.all([one.renew('a0'), two.renew('a0')]), ['a1', 'a1']);
    assert.deepEqual(log, ['refresh r0', 'saved a1']);
    assert.equal(await two.renew('a1'), 'a2');
  }
});

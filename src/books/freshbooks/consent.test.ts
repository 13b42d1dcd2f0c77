import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionId } from '#core/ids.ts';
import { MINUTE } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import { failureOf } from '#tests/contract/books.ts';
import { createConsent } from './consent.ts';

/** The answer of the consent page comes by the owner's browser, which anybody can send to any address. */

async function bench() {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const codes: string[] = [];
  const consent = createConsent({
    connection: connectionId('freshbooks'),
    store,
    clock,
    configuredAccount: undefined,
    authorizeUrl: (state) => `https://auth.example.com/?state=${state}`,
    exchange: async (code) => {
      codes.push(code);
      return { accessToken: `of ${code}`, refreshToken: 'r', scopes: [] };
    },
    accounts: async () => [],
  });
  return { clock, store, consent, codes };
}

test('an answer is taken by the state that was given out, once', async () => {
  const { store, consent, codes } = await bench();
  const { state } = await consent.begin();
  assert.match(state, /^[0-9a-f]{32}$/);
  await consent.finish({ code: 'ours', state });
  assert.equal((await consent.tokens.load())?.accessToken, 'of ours');
  assert.equal((await failureOf(consent.finish({ code: 'again', state }))).code, 'token-missing');
  assert.deepEqual(codes, ['ours']);
  await store.close();
});

test('a renewed token takes the place of the one that it was bought with, and of no other', async () => {
  const { store, consent } = await bench();
  const renewed = { accessToken: 'renewed', refreshToken: 'r2' };
  assert.deepEqual(await consent.tokens.save(renewed, 'r1'), renewed, 'there was none');
  const { state } = await consent.begin();
  await consent.finish({ code: 'anew', state });
  assert.equal((await consent.tokens.save(renewed, 'r2')).accessToken, 'of anew');
  assert.equal((await consent.tokens.load())?.accessToken, 'of anew');
  assert.deepEqual(await consent.tokens.save(renewed, 'r'), renewed);
  assert.equal((await consent.tokens.load())?.accessToken, 'renewed');
  await store.close();
});

test('an answer with another state, or too late, trades no code and changes no access', async () => {
  const { clock, store, consent, codes } = await bench();
  const { state } = await consent.begin();
  for (const forged of ['', 'x', state.slice(0, -1), `${state}0`, state.toUpperCase(), '__proto__']) {
    if (forged !== state) {
      assert.equal(
        (await failureOf(consent.finish({ code: 'theirs', state: forged }))).code,
        'token-missing',
      );
    }
  }
  await clock.advance(16 * MINUTE);
  assert.equal((await failureOf(consent.finish({ code: 'late', state }))).code, 'token-missing');
  assert.deepEqual(codes, []);
  assert.equal(await consent.tokens.load(), undefined);
  await store.close();
});

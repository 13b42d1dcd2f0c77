import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR, MINUTE, after } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { createLogin, isTokenOf } from './login.ts';
import type { LoggedIn, Login } from './login.ts';
import { fitsPassword, hashPassword } from './password.ts';

/** Logins and sessions on a real database, with a hash that takes no time and a clock that is moved. */

const COST = { steps: 16, blockSize: 1, lanes: 1 };
const PASSWORD = 'correct horse battery';
const STRANGER = { isKnown: false };

interface World {
  readonly store: Store;
  readonly clock: TestClock;
  /** As a process that starts now has it. */
  readonly start: (configured?: string) => Login;
}

async function openWorld(): Promise<World> {
  const clock = testClock();
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock,
    seal: createSeal('key'),
  });
  return {
    store,
    clock,
    start: (configured) => createLogin({ store, clock, cost: COST, configured }),
  };
}

async function opened(login: Login, password = PASSWORD): Promise<LoggedIn & { outcome: 'open' }> {
  const answer = await login.logIn(password, STRANGER);
  assert(answer.outcome === 'open');
  return answer;
}

const actions = async ({ store }: World): Promise<string[]> =>
  (await store.read.audit({ limit: 1000 })).map(({ action }) => action).reverse();

test('a hash fits its password alone, under the parameters that it was made with', async () => {
  const hash = await hashPassword(PASSWORD, COST);
  assert.match(hash, /^scrypt:16:1:1:[\w-]{22}:[\w-]{43}$/);
  assert.equal(await fitsPassword(PASSWORD, hash), true);
  assert.equal(await fitsPassword(`${PASSWORD} `, hash), false);
  assert.equal(await fitsPassword('', hash), false);
  assert.notEqual(await hashPassword(PASSWORD, COST), hash, 'each has a salt of its own');
  assert.equal(await fitsPassword(PASSWORD, hash.replace('scrypt:16', 'scrypt:32')), false);
  assert.equal(await fitsPassword(PASSWORD, 'scrypt:nonsense'), false);
  const accented = await hashPassword('caf\u00E9 caf\u00E9 caf\u00E9', COST);
  assert.equal(await fitsPassword('cafe\u0301 cafe\u0301 cafe\u0301', accented), true);
});

test('without a password nobody gets in, with one who knows it does', async () => {
  const world = await openWorld();
  const login = world.start();
  assert.deepEqual(await login.state(), { from: 'nowhere' });
  assert.deepEqual(await login.logIn(PASSWORD, STRANGER), { outcome: 'no-password' });
  assert.equal(await login.setPassword(PASSWORD), 0);
  assert.deepEqual(await login.state(), { from: 'command', setAt: '2026-11-20T10:00:00.000Z' });
  assert.deepEqual(await login.logIn(`${PASSWORD}!`, STRANGER), { outcome: 'refused' });
  assert.deepEqual(await login.logIn(PASSWORD.repeat(1000), STRANGER), { outcome: 'refused' });
  const first = await opened(login);
  const second = await opened(login);
  assert.notEqual(first.id, second.id, 'each login has an id of its own');
  assert.notEqual(first.session.csrfToken, second.session.csrfToken);
  const state = await login.session(first.id);
  assert(state.state === 'open');
  assert.equal(isTokenOf(state, first.session.csrfToken), true);
  assert.equal(isTokenOf(state, second.session.csrfToken), false);
  assert.equal(isTokenOf(state, ''), false);
  await login.logOut(first.session);
  assert.deepEqual(await login.session(first.id), { state: 'none' });
  assert.equal((await login.session(second.id)).state, 'open');
  assert.deepEqual(await actions(world), [
    'admin password set',
    'admin logins refused',
    'admin logged in',
    'admin logged in',
    'admin logged out',
  ]);
});

test('a session ends after an hour without use and after twelve with it', async () => {
  const world = await openWorld();
  const login = world.start(PASSWORD);
  const { id } = await opened(login);
  await world.clock.advance(HOUR - 1);
  assert.equal((await login.session(id)).state, 'open');
  await world.clock.advance(HOUR - 1);
  const used = await login.session(id);
  assert(used.state === 'open');
  assert.equal(used.idleEndsAt, world.clock.now() + HOUR);
  await world.clock.advance(HOUR);
  assert.deepEqual(await login.session(id), { state: 'ended', why: 'unused' });
  assert.deepEqual(await login.session(id), { state: 'none' }, 'it is forgotten');
  const { id: busy } = await opened(login);
  for (let minutes = 0; minutes < 12 * 60 - 30; minutes += 30) {
    await world.clock.advance(30 * MINUTE);
    assert.equal((await login.session(busy)).state, 'open');
  }
  await world.clock.advance(30 * MINUTE);
  assert.deepEqual(await login.session(busy), { state: 'ended', why: 'old' });
});

test('a session ends twelve hours after its login, whatever is stored of its end', async () => {
  const world = await openWorld();
  const login = world.start(PASSWORD);
  const { id, session } = await opened(login);
  const { openedAt } = session;
  const stored = {
    id: session.id,
    openedAt,
    seenAt: after(openedAt, 12 * HOUR),
    endsAt: after(openedAt, 9e5 * DAY),
  };
  await world.store.transact((tx) => tx.putSession(stored));
  const open = await login.session(id);
  assert(open.state === 'open');
  assert.equal(open.endsAt, openedAt + 12 * HOUR);
  await world.clock.advance(12 * HOUR);
  assert.deepEqual(await login.session(id), { state: 'ended', why: 'old' });
  const ahead = after(world.clock.now(), DAY);
  await world.store.transact((tx) => tx.putSession({ ...stored, openedAt: ahead, seenAt: ahead }));
  assert.deepEqual(await login.session(id), { state: 'none' }, 'no login is of tomorrow');
});

test('sessions outlive the process, and end by another password, of the settings or by command', async () => {
  const world = await openWorld();
  const { id } = await opened(world.start(PASSWORD));
  assert.equal((await world.start(PASSWORD).session(id)).state, 'open');
  const changed = world.start('another password');
  assert.deepEqual(await changed.session(id), { state: 'none' });
  assert.equal((await changed.logIn(PASSWORD, STRANGER)).outcome, 'refused');
  const { id: next } = await opened(changed, 'another password');
  const without = world.start();
  assert.deepEqual(
    await without.session(next),
    { state: 'none' },
    'the setting is gone, and so is its password',
  );
  assert.equal(await without.setPassword(PASSWORD), 1);
  const { id: last } = await opened(without);
  assert.equal(await world.start().setPassword('by another process'), 1);
  assert.deepEqual(await without.session(last), { state: 'none' }, 'also for a server that runs');
  assert.equal((await without.logIn(PASSWORD, STRANGER)).outcome, 'refused');
});

test('at most twenty sessions stand, the newest', async () => {
  const world = await openWorld();
  const login = world.start(PASSWORD);
  const ids: string[] = [];
  for (let count = 0; count < 21; count += 1) {
    ids.push((await opened(login)).id);
    await world.clock.advance(1);
  }
  const states = await Promise.all(ids.map((id) => login.session(id)));
  assert.deepEqual(states.filter(({ state }) => state === 'none').length, 1);
  assert.deepEqual(states[0], { state: 'none' });
});

test('few wait for their password to be looked at, strangers fewer than browsers that are known', async () => {
  const login = (await openWorld()).start(PASSWORD);
  await opened(login);
  const outcomes = async (count: number, isKnown: boolean): Promise<string[]> => {
    const answers = await Promise.all(
      Array.from({ length: count }, () => login.logIn('the wrong password', { isKnown })),
    );
    return answers.map(({ outcome }) => outcome);
  };
  assert.equal((await outcomes(8, false)).filter((outcome) => outcome === 'busy').length, 3);
  assert.equal((await outcomes(8, true)).filter((outcome) => outcome === 'busy').length, 0);
  assert.equal((await login.logIn(PASSWORD, STRANGER)).outcome, 'open', 'the line is empty again');
});

test('a browser is known until the password changes, and not by another word', async () => {
  const world = await openWorld();
  const login = world.start();
  await login.setPassword(PASSWORD);
  const { known } = await opened(login);
  const name = await login.knownAs(known);
  assert.equal(name, known.split('.')[0]);
  for (const token of ['', '.', name ?? '', `${name}.`, `x${known}`, `${known}x`]) {
    assert.equal(await login.knownAs(token), undefined, token);
  }
  await login.setPassword(PASSWORD);
  assert.equal(await login.knownAs(known), undefined);
});

test('refused logins are a number in the audit log, a row an hour', async () => {
  const world = await openWorld();
  const login = world.start(PASSWORD);
  const refuse = async (): Promise<void> => {
    assert.equal((await login.logIn('the wrong password', STRANGER)).outcome, 'refused');
  };
  for (let count = 0; count < 50; count += 1) {
    await refuse();
  }
  assert.deepEqual(await actions(world), ['admin password set', 'admin logins refused']);
  await world.clock.advance(HOUR);
  await refuse();
  await refuse();
  await opened(login);
  await world.clock.advance(DAY);
  const rows = await world.store.read.audit({ limit: 3 });
  assert.deepEqual(
    rows.map(({ details }) => JSON.parse(details)),
    [{ refusedBefore: 1 }, { count: 50 }, { count: 1 }],
  );
  const [last] = rows;
  assert.match(last?.actor ?? '', /^admin session [0-9a-f]{8}$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { createFreshBooks } from '#sim/freshbooks/freshbooks.ts';
import { seededRandom } from '#sim/world/random.ts';
import { gatedDatabase } from '#tests/chaos/gated-database.ts';
import { hurriedClock } from '#tests/clock.ts';
import { connectFreshBooks } from './connection.ts';

/** SQLite's code of a disk that fails: https://sqlite.org/rescode.html. */
const IO_ERROR = 10;

test('tokens of the settings that a disk error kept from being stored are taken at the next call', async () => {
  const clock = hurriedClock();
  const sim = createFreshBooks({ clock, random: seededRandom(7) });
  const disk = { fails: false };
  const database = gatedDatabase(openSqlite(':memory:'), {
    enter: () => undefined,
    diskError: () => (disk.fails ? { errcode: IO_ERROR, isAfter: false } : undefined),
  });
  const { store } = await openStore({ dialect: sqliteDialect(database), clock, seal: createSeal('key') });
  const granted = sim.grant();
  const { open } = connectFreshBooks({
    connection: connectionId('freshbooks'),
    store,
    clock,
    transport: sim.handle,
    version: '0.0.0',
    apiUrl: 'http://freshbooks.sim',
    authUrl: 'http://freshbooks.sim',
    seed: { accessToken: granted.access_token, refreshToken: granted.refresh_token },
    assertAccount: async () => undefined,
  });
  disk.fails = true;
  await assert.rejects(open(), (thrown) => thrown instanceof Failure && thrown.code === 'database-failed');
  assert.equal(await store.read.secret('tokens:freshbooks'), undefined);
  disk.fails = false;
  await open();
  assert.match((await store.read.secret('tokens:freshbooks')) ?? '', /accessToken/);
  await store.close();
});

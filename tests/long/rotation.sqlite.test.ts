import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { keysOf, rotateKeys } from '#storage/keys.ts';
import type { KeySettings } from '#storage/keys.ts';
import { createSeal } from '#storage/seal.ts';
import type { Keys } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { ORDER } from '#tests/build.ts';
import { hurriedClock } from '#tests/clock.ts';

/** Changing the key: whatever happens meanwhile, the secrets open with the keys that are there. */

const CHILD = join(import.meta.dirname, 'rotation-child.ts');
const SECRETS = { 'tokens:freshbooks': 'hush', other: 'ünï – longer than the first' };

async function inFolder(body: (settings: KeySettings, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-rotation-'));
  try {
    await body({ databasePath: join(folder, 'counterfoil.db') }, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const open = ({ databasePath }: KeySettings, { current, older }: Keys) =>
  openStore({
    dialect: sqliteDialect(openSqlite(databasePath)),
    clock: hurriedClock(),
    seal: createSeal(current, older),
  });

async function prepare(settings: KeySettings): Promise<Keys> {
  const keys = keysOf(settings);
  const { store } = await open(settings, keys);
  await store.transact(async (tx) => {
    for (const [key, value] of Object.entries(SECRETS)) {
      await tx.putSecret(key, value);
    }
    await tx.audited({ action: 'order retried', subject: ORDER });
  });
  await store.close();
  return keys;
}

const rotate = (settings: KeySettings): Promise<number> =>
  rotateKeys(settings, async (keys) => {
    const opened = await open(settings, keys);
    const count = await opened.sealAnew();
    await opened.store.close();
    return count;
  });

/** Everything opens with the keys that are there, the log of what was done too. */
async function assertOpens(settings: KeySettings, keys = keysOf(settings)): Promise<void> {
  const { store } = await open(settings, keys);
  for (const [key, value] of Object.entries(SECRETS)) {
    assert.equal(await store.read.secret(key), value, key);
  }
  assert.equal((await store.read.verifyAudit()).fault, undefined);
  await store.close();
}

const isReplaced = (thrown: unknown): boolean =>
  thrown instanceof Failure && thrown.code === 'config-invalid' && /was replaced on/.test(thrown.message);

void describe('another key', () => {
  void test('in the file: the new one opens everything, the old one nothing', () =>
    inFolder(async (settings, folder) => {
      const before = await prepare(settings);
      assert.equal(await rotate(settings), Object.keys(SECRETS).length + 1, 'the sealed end of the log too');
      const after = keysOf(settings);
      assert.deepEqual(after.older, []);
      assert.notEqual(after.current, before.current);
      assert.equal(statSync(join(folder, 'counterfoil.key')).mode & 0o777, 0o600);
      await assertOpens(settings);
      await assert.rejects(open(settings, before), isReplaced);
    }));

  void test('in the settings: sealed with the old one, opened with both, then with the new one', () =>
    inFolder(async (settings) => {
      const old = { ...settings, secretKey: 'the first key' };
      await prepare(old);
      const both = { ...settings, secretKey: 'the second key', oldSecretKey: 'the first key' };
      await assertOpens(both);
      await rotate(both);
      await assertOpens({ ...settings, secretKey: 'the second key' });
      await assert.rejects(open(old, keysOf(old)), isReplaced);
      const back = { ...settings, secretKey: 'the first key', oldSecretKey: 'the second key' };
      await assert.rejects(open(back, keysOf(back)), isReplaced, 'a key that was replaced never comes back');
    }));

  void test('moves from the file to the settings and back', () =>
    inFolder(async (settings, folder) => {
      await prepare(settings);
      const setting = { ...settings, secretKey: 'a key of the settings' };
      await assertOpens(setting);
      await rotate(setting);
      rmSync(join(folder, 'counterfoil.key'));
      await assertOpens(setting);
      const back = { ...settings, oldSecretKey: 'a key of the settings' };
      await rotate(back);
      await assertOpens(settings);
    }));

  void test('is not guessed: with one key in the settings alone nothing is changed', () =>
    inFolder(async (settings) => {
      const only = { ...settings, secretKey: 'the only key' };
      await prepare(only);
      await assert.rejects(rotate(only), /COUNTERFOIL_OLD_SECRET_KEY/);
      await assertOpens(only);
    }));

  void test('a secret that no key opens stops it, and nothing is changed', () =>
    inFolder(async (settings, folder) => {
      await prepare(settings);
      writeFileSync(join(folder, 'counterfoil.key'), 'another key');
      await assert.rejects(rotate(settings), /Cannot open the stored secret/);
      assert.equal(keysOf(settings).older[0], 'another key', 'what was begun can be ended');
    }));

  void test('who has the replaced key still in his hands seals nothing with it', () =>
    inFolder(async (settings) => {
      const keys = await prepare(settings);
      const { store } = await open(settings, keys);
      await rotate(settings);
      await assert.rejects(
        store.transact((tx) => tx.putSecret('other', 'lost')),
        isReplaced,
      );
      await assert.rejects(
        store.transact((tx) => tx.audited({ action: 'order retried', subject: ORDER })),
        isReplaced,
      );
      await store.close();
      await assertOpens(settings);
    }));
});

void describe('a key change that is killed', () => {
  for (const moment of [
    'before write 1',
    'within write 1',
    'after write 1',
    'before the commit',
    'after the commit',
    'before write 2',
    'within write 2',
    'after write 2',
  ]) {
    void test(`${moment} leaves every secret open, and the next one ends it`, () =>
      inFolder(async (settings, folder) => {
        const { current: first } = await prepare(settings);
        const child = spawn(process.execPath, [CHILD, moment, folder], { stdio: 'inherit' });
        const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
        assert.equal(signal, 'SIGKILL');
        await assertOpens(settings);
        const between = keysOf(settings);
        await rotate(settings);
        await assertOpens(settings);
        const last = keysOf(settings);
        assert.deepEqual(last.older, []);
        assert.notEqual(last.current, first);
        if (between.older.length > 0) {
          assert.equal(last.current, between.current, 'what was begun is ended, not begun anew');
        }
        assert.equal(readFileSync(join(folder, 'counterfoil.key'), 'utf8').trim(), last.current);
      }));
  }
});

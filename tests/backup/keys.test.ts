import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { backUpDatabase, restoreDatabase, rotateSecrets } from '#app.ts';
import { readConfig } from '#config.ts';
import type { Config } from '#config.ts';
import { Failure } from '#core/failure.ts';
import { systemOutside } from '#outside.ts';
import { keysInFile, rotateKeyFile } from '#storage/key-file.ts';
import { KEY, inFolder, makeBooks, openAt, secretIn } from '#tests/backup/books.ts';
import { cutBefore } from '#tests/backup/power-cut.ts';
import { hurriedClock } from '#tests/clock.ts';

/** The keys that stand beside a backup open it, whatever was under way when it was made. */

type Path = (name: string) => string;

/** As long as a key of the settings has to be. */
const NEW_KEY = 'the key that is to follow the one of this database';

/** More file operations than a backup makes. */
const STEPS_MAX = 80;

const configOf = (path: Path, settings: Readonly<Record<string, string>> = {}): Config =>
  readConfig({ DATABASE_URL: `sqlite:${path('a.db')}`, ...settings });

const backUpWithKey = (path: Path, config: Config) =>
  backUpDatabase(config, { file: path('backup'), isOverwriting: true, isWithKey: true });

/** Where no key is and no database. */
const restoreElsewhere = (path: Path) =>
  restoreDatabase(
    configOf((name) => path(`new/${name}`)),
    { clock: hurriedClock() },
    path('backup'),
  );

const keysElsewhere = (path: Path): readonly string[] => keysInFile(path('new/counterfoil.key'));

/** A database whose key is in the file beside it, of which a rotation died before anything was sealed anew. */
async function halfRotated(path: Path): Promise<void> {
  writeFileSync(path('counterfoil.key'), `${KEY}\n`);
  await makeBooks(path('a.db'));
  const killed = () => Promise.reject(new Error('killed'));
  await assert.rejects(rotateKeyFile(path('counterfoil.key'), killed), /killed/);
  assert.equal(keysInFile(path('counterfoil.key')).length, 2);
}

async function assertOpensElsewhere(path: Path): Promise<void> {
  assert.equal((await restoreElsewhere(path)).isOpened, true);
  assert.equal(await secretIn(path('new/a.db'), keysElsewhere(path)), 'tokens');
}

void describe('a backup with its key', () => {
  void test('opens elsewhere, though a rotation had died before it sealed anything anew', () =>
    inFolder(async (path) => {
      await halfRotated(path);
      await backUpWithKey(path, configOf(path));
      assert.deepEqual(keysInFile(path('backup.key')), [KEY], 'the one that opens it, and none besides');
      await assertOpensElsewhere(path);
      assert.deepEqual(keysElsewhere(path), [KEY]);
    }));

  void test('opens elsewhere, though its secrets are sealed with two keys', () =>
    inFolder(async (path) => {
      await halfRotated(path);
      const keys = keysInFile(path('counterfoil.key'));
      const store = await openAt(path('a.db'), keys);
      await store.transact((tx) => tx.putSecret('admin-password', 'a hash'));
      await store.close();
      await backUpWithKey(path, configOf(path));
      assert.deepEqual(keysInFile(path('backup.key')), keys);
      await assertOpensElsewhere(path);
      assert.deepEqual(keysElsewhere(path), keys);
    }));

  void test('opens elsewhere, though a new key is set and not used yet', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const set = { COUNTERFOIL_SECRET_KEY: NEW_KEY, COUNTERFOIL_OLD_SECRET_KEY: KEY };
      await backUpWithKey(path, configOf(path, set));
      await assertOpensElsewhere(path);
    }));

  void test('is refused where no key opens it, and the earlier one stays as it is', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const wrong = { COUNTERFOIL_SECRET_KEY: NEW_KEY, COUNTERFOIL_OLD_SECRET_KEY: 'another' };
      await assert.rejects(backUpWithKey(path, configOf(path, wrong)), (thrown) => {
        assert(thrown instanceof Failure, String(thrown));
        assert.equal(thrown.code, 'key-wrong');
        assert.match(thrown.message, /backup\.key": .*\("audit-head", "tokens:freshbooks"\)$/);
        return true;
      });
      assert.ok(!existsSync(path('backup')) && !existsSync(path('backup.key')));
      writeFileSync(path('counterfoil.key'), `${KEY}\n`);
      await backUpWithKey(path, configOf(path));
      const earlier = readFileSync(path('backup'));
      writeFileSync(path('counterfoil.key'), 'another\n');
      await assert.rejects(backUpWithKey(path, configOf(path)), { code: 'key-wrong' });
      assert.deepEqual(readFileSync(path('backup')), earlier);
      assert.deepEqual(keysInFile(path('backup.key')), [KEY]);
    }));

  void test('is refused where there is no key, and none is made', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      await assert.rejects(backUpWithKey(path, configOf(path)), { code: 'config-invalid' });
      assert.ok(!existsSync(path('counterfoil.key')) && !existsSync(path('backup')));
    }));

  void test('is written over with its several keys, also after they were all replaced', () =>
    inFolder(async (path) => {
      await halfRotated(path);
      const store = await openAt(path('a.db'), keysInFile(path('counterfoil.key')));
      await store.transact((tx) => tx.putSecret('admin-password', 'a hash'));
      await store.close();
      await backUpWithKey(path, configOf(path));
      assert.equal(keysInFile(path('backup.key')).length, 2);
      await makeBooks(path('b.db'));
      const other = { DATABASE_URL: `sqlite:${path('b.db')}`, COUNTERFOIL_SECRET_KEY: NEW_KEY };
      await backUpWithKey(path, configOf(path, { ...other, COUNTERFOIL_OLD_SECRET_KEY: KEY }));
      assert.deepEqual(keysInFile(path('backup.key')), [KEY]);
    }));
});

void describe('a backup with its key over an earlier one', () => {
  void test('that breaks off at any of its steps leaves keys that open the one that stands there', () =>
    inFolder(async (path) => {
      writeFileSync(path('counterfoil.key'), `${KEY}\n`);
      await makeBooks(path('a.db'));
      await backUpWithKey(path, configOf(path));
      await rotateSecrets(
        configOf(path),
        systemOutside(() => undefined),
      );
      const [current = ''] = keysInFile(path('counterfoil.key'));
      copyFileSync(path('backup'), path('earlier'));
      const left = { earlier: 0, new: 0 };
      for (let step = 1; step <= STEPS_MAX; step += 1) {
        copyFileSync(path('earlier'), path('backup'));
        writeFileSync(path('backup.key'), `${KEY}\n`);
        const ended = await cutBefore(step, () => backUpWithKey(path, configOf(path)));
        left[readFileSync(path('backup')).equals(readFileSync(path('earlier'))) ? 'earlier' : 'new'] += 1;
        copyFileSync(path('backup'), path('seen'));
        assert.equal(await secretIn(path('seen'), keysInFile(path('backup.key'))), 'tokens', `step ${step}`);
        rmSync(path('seen'));
        if (ended === 'done') {
          assert.ok(left.earlier > 5 && left.new > 5, JSON.stringify(left));
          assert.deepEqual(keysInFile(path('backup.key')), [current]);
          return;
        }
        await backUpWithKey(path, configOf(path));
        assert.deepEqual(keysInFile(path('backup.key')), [current], 'made again it has its own alone');
      }
      assert.fail('it does not come to an end');
    }));
});

void describe('a restore where a rotation died', () => {
  void test('says that the second key of the file opens the backup', () =>
    inFolder(async (path) => {
      await halfRotated(path);
      await backUpDatabase(configOf(path), { file: path('backup'), isOverwriting: false, isWithKey: false });
      rmSync(path('a.db'));
      const { isOpened } = await restoreDatabase(configOf(path), { clock: hurriedClock() }, path('backup'));
      assert.equal(isOpened, true);
      assert.equal(await secretIn(path('a.db'), keysInFile(path('counterfoil.key'))), 'tokens');
    }));
});

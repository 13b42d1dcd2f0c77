import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { fromJson } from '#core/json.ts';
import { DAY, instant } from '#core/time.ts';
import { RESTORED_SETTING } from '#pipeline/ports.ts';
import { backUp } from '#storage/backup.ts';
import { SCHEMA_VERSION } from '#storage/migrate.ts';
import { restore } from '#storage/restore.ts';
import type { RestoreOptions } from '#storage/restore.ts';
import { keysInFile } from '#storage/key-file.ts';
import { createSeal } from '#storage/seal.ts';
import { takeServeLock } from '#storage/serve-lock.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import {
  KEY,
  closingAfter,
  damage,
  externalIds,
  inFolder,
  makeBooks,
  openAt,
  secretIn,
} from '#tests/backup/books.ts';
import { message } from '#tests/build.ts';
import { cutBefore } from '#tests/backup/power-cut.ts';
import { hurriedClock } from '#tests/clock.ts';

const CHILD = join(import.meta.dirname, 'backup-child.ts');
/** More file operations than a restore makes. */
const STEPS_MAX = 80;

type Path = (name: string) => string;

const ACCESS = {
  secrets: ['tokens:freshbooks'],
  settings: ['token-seed:freshbooks'],
  identity: 'identity:freshbooks',
};

const put = (path: Path, options: Partial<RestoreOptions> = {}) =>
  restore({
    databasePath: path('a.db'),
    file: path('backup'),
    clock: hurriedClock(),
    key: { path: path('counterfoil.key'), configured: KEY },
    access: ACCESS,
    ...options,
  });

/** A database with three messages, its backup, and one more message since. */
async function backedUp(path: Path): Promise<void> {
  await makeBooks(path('a.db'));
  await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
  await accept(path('a.db'), 'since');
}

async function accept(file: string, externalId: string): Promise<void> {
  const store = await openAt(file);
  await store.transact((tx) => tx.acceptDelivery(message({ externalId }), instant(9000)));
  await store.close();
}

const NEXT_KEY = 'the next key';
const KEYS = { current: KEY, older: [] };

/** A backup with its key, and a database that was sealed with another one since, and whose access was renewed. */
async function rotatedSince(path: Path): Promise<void> {
  await makeBooks(path('a.db'), { tokens: 'old' });
  await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false, keys: KEYS });
  using bare = new DatabaseSync(path('a.db'));
  bare.exec('delete from secrets');
  const store = await openAt(path('a.db'), NEXT_KEY);
  await store.transact(async (tx) => {
    await tx.putSetting(`retired-key:${createSeal(KEY).keyId}`, 'since');
    await tx.putSecret('tokens:freshbooks', 'renewed');
  });
  await store.close();
  writeFileSync(path('counterfoil.key'), `${NEXT_KEY}\n`);
}

const THREE = ['delivery-1', 'delivery-2', 'delivery-3'];

function fails(code: Failure['code'], detail: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert(thrown instanceof Failure, String(thrown));
    assert.equal(thrown.code, code);
    assert.match(thrown.message, detail);
    return true;
  };
}

/** The database as a program finds it: whole, and what is in it. */
function wholeIds(file: string): string[] {
  using database = new DatabaseSync(file, { readOnly: true });
  assert.equal(database.prepare('pragma integrity_check').get()?.['integrity_check'], 'ok');
  return externalIds(file);
}

const sweptFrom = async (file: string): Promise<string | undefined> => {
  const store = await openAt(file);
  try {
    return await store.read.setting('swept-from:shopify');
  } finally {
    await store.close();
  }
};

void describe('a restore', () => {
  void test('puts the backup in place, keeps what stood there and leaves word of it', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const restored = await put(path);
      assert.equal(restored.keptAs, `${path('a.db')}.before-restore-2026-11-20T10-00-00.000Z`);
      assert.deepEqual(restored.migrated, { applied: [], version: SCHEMA_VERSION });
      assert.deepEqual(wholeIds(path('a.db')), THREE);
      assert.deepEqual(wholeIds(restored.keptAs ?? ''), [...THREE, 'since']);
      assert.equal(statSync(path('a.db')).mode & 0o777, 0o600);
      const store = await openAt(path('a.db'));
      assert.equal(await store.read.setting(RESTORED_SETTING), String(hurriedClock().now()));
      assert.match(
        (await store.read.notices())[0]?.sentence ?? '',
        /^The database was restored from ".*backup": what was sold or changed since is asked for by itself/,
      );
      await store.close();
      assert.deepEqual(externalIds(path('backup')), THREE, 'the backup is as it was');
    }));

  void test('stands in the audit log of what was restored, which stays whole', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const before = await openAt(path('a.db'));
      await before.transact((tx) => tx.audited({ action: 'server started', subject: 'counterfoil' }));
      await before.close();
      const { sha256 } = await backUp({
        databasePath: path('a.db'),
        file: path('backup'),
        isOverwriting: false,
      });
      assert.equal((await put(path, { actor: 'command, uid 7' })).sha256, sha256);
      const store = await openAt(path('a.db'));
      const [row] = await store.read.audit({ limit: 1 });
      assert.deepEqual(
        { ...row, details: fromJson(row?.details ?? ''), sha256: '' },
        {
          number: 2,
          at: hurriedClock().now(),
          actor: 'command, uid 7',
          action: 'backup restored',
          subject: 'counterfoil',
          details: { file: sha256, messages: 3, newestAt: '1970-01-01T00:00:03.000Z' },
          sha256: '',
        },
      );
      assert.deepEqual(await store.read.verifyAudit(), { count: 2, head: row?.sha256 });
      await store.close();
    }));

  void test('that does not open with the key that is here leaves the end of the audit log as it is', () =>
    inFolder(async (path) => {
      await backedUp(path);
      await put(path, { key: { path: '', configured: 'wrong' } });
      const store = await openAt(path('a.db'));
      assert.deepEqual(await store.read.verifyAudit(), { count: 0 });
      await store.close();
    }));

  void test('of which no source was asked yet has each asked from before its newest message on', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const backup = new DatabaseSync(path('backup'));
      backup.exec(`update deliveries set received_at = received_at + ${3 * DAY} where id > 1`);
      await put(path);
      assert.equal(await sweptFrom(path('a.db')), String(2 * DAY + 3000), 'a day before the newest');
      backup.exec("insert into settings values ('swept:shopify', '5')");
      backup.close();
      await put(path);
      assert.equal(await sweptFrom(path('a.db')), undefined, 'one that was asked goes on where it was');
    }));

  void test('works where nothing stands yet, and in a folder that is not there yet', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const restored = await put(path, { databasePath: path('new/b.db') });
      assert.equal(restored.keptAs, undefined);
      assert.deepEqual(wholeIds(path('new/b.db')), THREE);
      assert.equal(statSync(path('new')).mode & 0o777, 0o700);
    }));

  void test('is refused while a server runs, naming it', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const lock = takeServeLock(path('a.db'), instant(0));
      await assert.rejects(
        put(path),
        fails('already-running', new RegExp(`^Process ${process.pid}, started`)),
      );
      lock.release();
      assert.deepEqual(wholeIds(path('a.db')), [...THREE, 'since']);
      await put(path);
    }));

  void test('of what cannot take the place is refused, and nothing is changed', () =>
    inFolder(async (path) => {
      await backedUp(path);
      writeFileSync(path('text'), 'no database'.repeat(1000));
      writeFileSync(path('empty'), '');
      mkdirSync(path('folder'));
      assert.equal(spawnSync('mkfifo', [path('pipe')]).status, 0);
      new DatabaseSync(path('recipes')).exec('create table recipes (id integer)');
      copyFileSync(path('backup'), path('damaged'));
      damage(path('damaged'), 'deliveries');
      copyFileSync(path('backup'), path('newer'));
      new DatabaseSync(path('newer')).exec("insert into migrations values (99, 'later', 1, 0)");
      const before = readFileSync(path('a.db'));
      for (const [file, code, detail] of [
        ['nowhere', 'backup-unusable', /There is no file/],
        ['folder', 'backup-unusable', /folder" is no file/],
        ['pipe', 'backup-unusable', /pipe" is no file/],
        ['a.db', 'backup-unusable', /is the database itself/],
        ['text', 'backup-unusable', /^Cannot read "[^"]*text": file is not a database$/],
        ['empty', 'backup-unusable', /is no database of Counterfoil/],
        ['recipes', 'backup-unusable', /is no database of Counterfoil/],
        ['damaged', 'backup-unusable', /malformed|check/],
        ['newer', 'database-newer', new RegExp(`this program knows ${SCHEMA_VERSION}$`)],
      ] as const) {
        await assert.rejects(put(path, { file: path(file) }), fails(code, detail), file);
      }
      assert.deepEqual(readFileSync(path('a.db')), before);
      assert.deepEqual(
        readdirSync(path('')).filter((name) => /partial|before-restore/.test(name)),
        [],
      );
    }));

  void test('waits for another command on the database, and gives up when that does not end', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const other = openSqlite(path('a.db'));
      other.prepare('select count(*) from deliveries').get();
      await assert.rejects(put(path), fails('database-busy', /Another command uses the database/));
      assert.deepEqual(wholeIds(path('a.db')), [...THREE, 'since']);
      await put(path, { clock: closingAfter(other, 3) });
      assert.deepEqual(wholeIds(path('a.db')), THREE);
    }));

  void test('applies no log that a killed process left beside the database', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const dead = spawn(process.execPath, [CHILD, 'die-with-log', path('a.db')]);
      await once(dead, 'exit');
      assert.ok(statSync(path('a.db-wal')).size > 0, 'the log is there');
      const { keptAs } = await put(path);
      assert.deepEqual(wholeIds(path('a.db')), THREE);
      assert.deepEqual(wholeIds(keptAs ?? ''), [...THREE, 'since', 'in the log']);
    }));

  void test('takes the place of a damaged database, which is kept with its log as it is', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const broken = Buffer.alloc(100_000, 'broken');
      writeFileSync(path('a.db'), broken);
      writeFileSync(path('a.db-wal'), 'a log');
      const { keptAs = '' } = await put(path);
      assert.deepEqual(wholeIds(path('a.db')), THREE);
      assert.deepEqual(readFileSync(keptAs), broken);
      assert.equal(readFileSync(`${keptAs}-wal`, 'utf8'), 'a log');
      assert.ok(!existsSync(path('a.db-wal')));
    }));
});

void describe('the access after a restore', () => {
  void test('is the newest there was, of the same account: renewing spends what is in the backup', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { tokens: 'old' });
      await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
      const store = await openAt(path('a.db'));
      await store.transact(async (tx) => {
        await tx.putSecret('tokens:freshbooks', 'renewed');
        await tx.putSetting('token-seed:freshbooks', 'seed of renewed');
      });
      await store.close();
      const { isAccessTakenOver, isOpened } = await put(path);
      assert.deepEqual([isAccessTakenOver, isOpened], [true, true]);
      assert.equal(await secretIn(path('a.db')), 'renewed');
      const after = await openAt(path('a.db'));
      assert.equal(await after.read.setting('token-seed:freshbooks'), 'seed of renewed');
      await after.transact((tx) => tx.putSetting('identity:freshbooks', 'another'));
      await after.close();
      assert.equal((await put(path)).isAccessTakenOver, false);
      assert.equal(await secretIn(path('a.db')), 'old', 'that of another account is not taken over');
    }));

  void test('is the newest there was also where another command has the database to itself for a moment', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { tokens: 'old' });
      await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
      const store = await openAt(path('a.db'));
      await store.transact((tx) => tx.putSecret('tokens:freshbooks', 'renewed'));
      await store.close();
      const other = new DatabaseSync(path('a.db'));
      other.exec('pragma journal_mode = delete');
      other.exec('begin exclusive');
      const { isAccessTakenOver, unread } = await put(path, { clock: closingAfter(other, 3) });
      assert.deepEqual([isAccessTakenOver, unread], [true, []]);
      assert.equal(await secretIn(path('a.db')), 'renewed');
    }));

  void test('is that of the backup where the newest cannot be read of a damaged database, which is said', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
      damage(path('a.db'), 'secrets');
      const { isAccessTakenOver, isOpened, unread } = await put(path);
      assert.deepEqual([isAccessTakenOver, isOpened, unread], [false, true, ['access']]);
    }));

  void test('taken over under another key leaves nothing that this key does not open', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { tokens: 'old' });
      const before = await openAt(path('a.db'));
      await before.transact((tx) => tx.putSecret('admin-password', 'a hash'));
      await before.close();
      await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
      // Closed by hand: a restore waits for whoever has the database open.
      const bare = new DatabaseSync(path('a.db'));
      bare.exec('delete from secrets');
      bare.close();
      const store = await openAt(path('a.db'), 'the next key');
      await store.transact((tx) => tx.putSecret('tokens:freshbooks', 'renewed'));
      await store.close();
      const key = { path: path('counterfoil.key'), configured: 'the next key' };
      assert.equal((await put(path, { key })).isAccessTakenOver, true);
      const restored = await openAt(path('a.db'), 'the next key');
      assert.equal(await restored.read.secret('tokens:freshbooks'), 'renewed');
      assert.equal(await restored.read.secret('admin-password'), undefined);
      await restored.close();
    }));

  void test('leaves all that the key so far opens, where it is named beside the new one', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { tokens: 'old' });
      const before = await openAt(path('a.db'));
      await before.transact(async (tx) => {
        await tx.putSecret('admin-password', 'a hash');
        await tx.audited({ action: 'order retried', subject: 'shopify/1' });
      });
      await before.close();
      await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
      const bare = new DatabaseSync(path('a.db'));
      bare.exec('delete from secrets');
      bare.close();
      const store = await openAt(path('a.db'), NEXT_KEY);
      await store.transact((tx) => tx.putSecret('tokens:freshbooks', 'renewed'));
      await store.close();
      const key = { path: path('counterfoil.key'), configured: NEXT_KEY, old: KEY };
      const report = await put(path, { key });
      assert.deepEqual([report.isAccessTakenOver, report.isOpened], [true, true]);
      const seal = createSeal(NEXT_KEY, [KEY]);
      const { store: restored, locked } = await openStore({
        dialect: sqliteDialect(openSqlite(path('a.db'))),
        clock: hurriedClock(),
        seal,
      });
      assert.deepEqual(locked, []);
      assert.equal(await restored.read.secret('tokens:freshbooks'), 'renewed');
      assert.equal(await restored.read.secret('admin-password'), 'a hash');
      assert.equal((await restored.read.verifyAudit()).fault, undefined);
      await restored.close();
      assert.deepEqual(report.forgotten, []);
      const { isOpened } = await put(path, { key, databasePath: path('new/a.db') });
      assert.equal(isOpened, true, 'and where nothing stood');
    }));

  void test('is taken over also without the key of then, and what that alone opens is said to be forgotten', () =>
    inFolder(async (path) => {
      await rotatedSince(path);
      rmSync(path('backup.key'));
      const { isAccessTakenOver, isOpened, forgotten } = await put(path, {
        key: { path: path('counterfoil.key') },
      });
      assert.deepEqual([isAccessTakenOver, isOpened], [true, true]);
      assert.deepEqual(forgotten, ['audit-head']);
    }));

  void test('is taken over also where the backup has the key from before it was changed', () =>
    inFolder(async (path) => {
      await rotatedSince(path);
      const { isAccessTakenOver, isOpened } = await put(path, { key: { path: path('counterfoil.key') } });
      assert.deepEqual([isAccessTakenOver, isOpened], [true, true]);
      assert.equal(readFileSync(path('counterfoil.key'), 'utf8').trim(), KEY);
      assert.equal(await secretIn(path('a.db')), 'renewed');
    }));

  void test('opens with the key kept with the backup, on a machine that has none', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false, keys: KEYS });
      const elsewhere = { databasePath: path('new/a.db'), key: { path: path('new/counterfoil.key') } };
      const { isOpened, keyKeptAs } = await put(path, elsewhere);
      assert.deepEqual([isOpened, keyKeptAs], [true, undefined]);
      assert.equal(readFileSync(path('new/counterfoil.key'), 'utf8').trim(), KEY);
      assert.equal(statSync(path('new/counterfoil.key')).mode & 0o777, 0o600);
      assert.equal(await secretIn(path('new/a.db')), 'tokens');
    }));

  void test('opens with the backup’s key in place of another, which is kept', () =>
    inFolder(async (path) => {
      await makeBooks(path('old.db'));
      await backUp({ databasePath: path('old.db'), file: path('backup'), isOverwriting: false, keys: KEYS });
      writeFileSync(path('counterfoil.key'), 'another key\n');
      const { isOpened, keyKeptAs = '' } = await put(path, { key: { path: path('counterfoil.key') } });
      assert.equal(isOpened, true);
      assert.equal(readFileSync(keyKeptAs, 'utf8'), 'another key\n');
      assert.equal(await secretIn(path('a.db')), 'tokens');
    }));

  void test('that opens with no key at hand is told', () =>
    inFolder(async (path) => {
      await backedUp(path);
      assert.equal((await put(path, { key: { path: '', configured: 'wrong' } })).isOpened, false);
      const elsewhere = { databasePath: path('new/a.db'), key: { path: path('new/counterfoil.key') } };
      assert.equal((await put(path, elsewhere)).isOpened, false);
      assert.ok(!existsSync(path('new/counterfoil.key')));
    }));
});

void describe('a restore that breaks off', () => {
  /** The present database as before, whatever earlier tries have left beside it. */
  const again = (path: Path): void => {
    readdirSync(path(''))
      .filter((name) => name.startsWith('a.db'))
      .forEach((name) => rmSync(path(name)));
    copyFileSync(path('before'), path('a.db'));
  };
  const assertEnds = async (path: Path): Promise<void> => {
    await put(path);
    assert.deepEqual(wholeIds(path('a.db')), THREE);
    assert.deepEqual(
      readdirSync(path('')).filter((name) => name.includes('partial')),
      [],
    );
  };

  void test('at any of its steps leaves a whole database, and can be done again', () =>
    inFolder(async (path) => {
      await backedUp(path);
      copyFileSync(path('a.db'), path('before'));
      const left = { before: 0, after: 0 };
      for (let step = 1; step <= STEPS_MAX; step += 1) {
        again(path);
        const ended = await cutBefore(step, () => put(path));
        const ids = wholeIds(path('a.db'));
        if (ended === 'done') {
          assert.deepEqual(ids, THREE);
          assert.ok(left.before > 5 && left.after > 1, JSON.stringify(left));
          return;
        }
        const isBefore = ids.length === 4;
        left[isBefore ? 'before' : 'after'] += 1;
        assert.deepEqual(ids, isBefore ? [...THREE, 'since'] : THREE, `cut at step ${step}`);
        await assertEnds(path);
      }
      assert.fail('it does not come to an end');
    }));

  void test('at any of its steps leaves keys that open what the database keeps', () =>
    inFolder(async (path) => {
      await rotatedSince(path);
      copyFileSync(path('a.db'), path('before'));
      const key = { path: path('counterfoil.key') };
      for (let step = 1; step <= STEPS_MAX; step += 1) {
        again(path);
        readdirSync(path(''))
          .filter((name) => name.startsWith('counterfoil.key'))
          .forEach((name) => rmSync(path(name)));
        writeFileSync(key.path, `${NEXT_KEY}\n`);
        const ended = await cutBefore(step, () => put(path, { key }));
        copyFileSync(path('a.db'), path('seen'));
        assert.equal(await secretIn(path('seen'), keysInFile(key.path)), 'renewed', `cut at step ${step}`);
        rmSync(path('seen'));
        if (ended === 'done') {
          return;
        }
        await put(path, { key });
        assert.deepEqual(keysInFile(key.path), [KEY]);
        assert.equal(await secretIn(path('a.db')), 'renewed');
        assert.deepEqual(
          readdirSync(path('')).filter((name) => name.includes('partial')),
          [],
        );
      }
      assert.fail('it does not come to an end');
    }));

  void test('because its process is killed before the rename leaves the database as it was', () =>
    inFolder(async (path) => {
      await backedUp(path);
      const child = spawn(process.execPath, [CHILD, 'restore', path('a.db'), path('backup'), 'dies']);
      await once(child, 'exit');
      assert.equal(child.signalCode, 'SIGKILL');
      assert.deepEqual(wholeIds(path('a.db')), [...THREE, 'since']);
      await assertEnds(path);
    }));

  void test('because the disk is full says so and leaves the database as it was', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { messages: 200, bytes: 10_000 });
      await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
      const child = spawn(
        '/bin/sh',
        [
          '-c',
          'ulimit -f 1000; exec "$0" "$@"',
          process.execPath,
          CHILD,
          'restore',
          path('a.db'),
          path('backup'),
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      const errors: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
      await once(child, 'close');
      assert.match(Buffer.concat(errors).toString(), /^copy-failed: Cannot write the copy/);
      assert.equal(wholeIds(path('a.db')).length, 200);
      assert.deepEqual(
        readdirSync(path('')).filter((name) => /partial|before-restore/.test(name)),
        [],
      );
    }));
});

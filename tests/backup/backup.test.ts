import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { CATALOGUE, Failure } from '#core/failure.ts';
import { instant } from '#core/time.ts';
import { backUp } from '#storage/backup.ts';
import type { BackupOptions } from '#storage/backup.ts';
import { SCHEMA_VERSION } from '#storage/migrate.ts';
import { KEY, damage, externalIds, inFolder, makeBooks, openAt } from '#tests/backup/books.ts';
import { message } from '#tests/build.ts';
import { until } from '#tests/until.ts';

const CHILD = join(import.meta.dirname, 'backup-child.ts');
/** Of a process that cannot be: numbers of processes end before. */
const NOBODY = 2 ** 22 + 1;

const copy = (path: (name: string) => string, more: Partial<BackupOptions> = {}) =>
  backUp({ databasePath: path('a.db'), file: path('copy'), isOverwriting: false, ...more });

const keysOf = (current: string) => ({ current, older: [] });

function fails(code: Failure['code'], detail: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert(thrown instanceof Failure, String(thrown));
    assert.equal(thrown.code, code);
    assert.match(thrown.message, detail);
    return true;
  };
}

void describe('a backup', () => {
  void test('is one file for its owner alone, that tells what it holds', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const { contents, bytes, sha256, keyFile } = await copy(path);
      assert.deepEqual(contents, {
        version: SCHEMA_VERSION,
        rows: {
          ...contents.rows,
          deliveries: 3,
          orders: 1,
          entries: 1,
          holds: 1,
          migrations: SCHEMA_VERSION,
        },
        newestAt: instant(3000),
      });
      assert.equal(keyFile, undefined);
      assert.equal(statSync(path('copy')).mode & 0o777, 0o600);
      assert.equal(statSync(path('copy')).size, bytes);
      assert.equal(
        createHash('sha256')
          .update(readFileSync(path('copy')))
          .digest('hex'),
        sha256,
      );
      assert.deepEqual(externalIds(path('copy')), ['delivery-1', 'delivery-2', 'delivery-3']);
      assert.deepEqual(
        readdirSync(path('')).filter((name) => name.startsWith('copy')),
        ['copy'],
      );
    }));

  void test('goes on counting where the database does: no id of a message is given twice', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const store = await openAt(path('a.db'));
      await store.close();
      new DatabaseSync(path('a.db')).exec('delete from deliveries where id = 3');
      await copy(path);
      const copied = await openAt(path('copy'));
      const { id } = await copied.transact((tx) =>
        tx.acceptDelivery(message({ externalId: 'next' }), instant(0)),
      );
      assert.equal(id, '4');
      await copied.close();
    }));

  void test('sees one moment, though others write while it is made', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { messages: 300, bytes: 20_000 });
      const store = await openAt(path('a.db'));
      let written = 0;
      const state = { isDone: false };
      const making = copy(path).finally(() => {
        state.isDone = true;
      });
      while (!state.isDone) {
        await store.transact(async (tx) => {
          written += 1;
          await tx.acceptDelivery(message({ externalId: `meanwhile-${written}` }), instant(0));
          await tx.putSetting(`meanwhile-${written}`, 'written with it');
        });
        await setImmediate();
      }
      const { contents } = await making;
      assert.ok(written > 0);
      assert.equal(contents.rows['deliveries'], externalIds(path('copy')).length);
      const settings = (contents.rows['settings'] ?? 0) - 2;
      assert.equal((contents.rows['deliveries'] ?? 0) - 300, settings, 'of each commit all or nothing');
      assert.equal((await store.read.deliveries({ state: 'accepted', limit: 1000 })).length, 300 + written);
      await store.close();
    }));

  void test('with the key writes it beside, for its owner alone', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const { keyFile } = await copy(path, { keys: keysOf(KEY) });
      assert.equal(keyFile, path('copy.key'));
      assert.equal(readFileSync(path('copy.key'), 'utf8'), `${KEY}\n`);
      assert.equal(statSync(path('copy.key')).mode & 0o777, 0o600);
      assert.ok(!readFileSync(path('copy')).includes(KEY));
    }));

  void test('writes over nothing unless it is told to, and never over the database', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      await copy(path);
      const earlier = readFileSync(path('copy'));
      await assert.rejects(copy(path), fails('copy-failed', /copy": it is there already; --force/));
      assert.deepEqual(readFileSync(path('copy')), earlier);
      new DatabaseSync(path('a.db')).exec('delete from deliveries where id = 3');
      await copy(path, { isOverwriting: true });
      assert.equal(externalIds(path('copy')).length, 2);
      symlinkSync(path('a.db'), path('link'));
      mkdirSync(path('folder'));
      const to = (name: string) =>
        backUp({ databasePath: path('a.db'), file: path(name), isOverwriting: true });
      await assert.rejects(to('a.db'), fails('copy-failed', /it is the database itself/));
      await assert.rejects(to('link'), fails('copy-failed', /it is the database itself/));
      await assert.rejects(to('folder'), fails('copy-failed', /it is a folder/));
      await assert.rejects(to('nowhere/copy'), fails('copy-failed', /there is no such folder/));
      assert.equal(externalIds(path('a.db')).length, 2);
    }));

  void test('writes over an earlier backup or an empty file only, also when it is told to', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const to = (name: string, key?: string) =>
        backUp({
          databasePath: path('a.db'),
          file: path(name),
          isOverwriting: true,
          ...(key === undefined ? {} : { keys: keysOf(key) }),
        });
      writeFileSync(path('counterfoil.key'), 'the key\n');
      writeFileSync(path('server.key'), 'a certificate\nof a web server\n');
      for (const name of ['counterfoil.key', 'server.key']) {
        const before = readFileSync(path(name), 'utf8');
        const isOwn = name === 'counterfoil.key';
        const own = /counterfoil\.key": it is the key of the database itself/;
        await assert.rejects(to(name), fails('copy-failed', isOwn ? own : /it is no backup, and --force/));
        // The key that `--with-key` writes beside the backup has a name that may be taken as well.
        await assert.rejects(
          to(name.replace('.key', ''), KEY),
          fails('copy-failed', isOwn ? own : /it is no key of a backup, and --force/),
        );
        assert.equal(readFileSync(path(name), 'utf8'), before);
      }
      await assert.rejects(
        backUp({ databasePath: path('a.db'), file: '/dev/null', isOverwriting: true }),
        fails('copy-failed', /"\/dev\/null": it is no ordinary file/),
      );
      assert.ok(statSync('/dev/null').isCharacterDevice());
      const recipes = new DatabaseSync(path('recipes'));
      recipes.exec('create table recipes (id integer)');
      recipes.close();
      mkdirSync(path('other'));
      await makeBooks(path('other/b.db'), { messages: 2 });
      for (const name of ['recipes', 'other/b.db']) {
        const before = readFileSync(path(name));
        await assert.rejects(to(name), fails('copy-failed', /it is no backup, and --force/));
        assert.deepEqual(
          readFileSync(path(name)),
          before,
          'another program’s database, and another service’s',
        );
      }
      writeFileSync(path('empty'), '');
      writeFileSync(path('empty.key'), '');
      await to('empty', KEY);
      writeFileSync(path('empty.key'), 'another\n');
      await to('empty', KEY);
      assert.equal(readFileSync(path('empty.key'), 'utf8'), `${KEY}\n`);
      assert.equal(externalIds(path('empty')).length, 3);
    }));

  void test('of nothing, of another program’s database and of a newer one is refused', () =>
    inFolder(async (path) => {
      await assert.rejects(copy(path), fails('config-invalid', /there is no database at/));
      assert.ok(!existsSync(path('a.db')), 'none is made');
      new DatabaseSync(path('a.db')).exec('create table recipes (id integer)');
      await assert.rejects(copy(path), fails('backup-unusable', /is no database of Counterfoil/));
      await makeBooks(path('b.db'));
      new DatabaseSync(path('b.db')).exec("insert into migrations values (99, 'later', 1, 0)");
      await assert.rejects(
        backUp({ databasePath: path('b.db'), file: path('copy'), isOverwriting: false }),
        fails('database-newer', new RegExp(`this program knows ${SCHEMA_VERSION}$`)),
      );
      assert.match(CATALOGUE['database-newer'].sentence, /written by a newer version.*Start that version/);
      assert.deepEqual(
        readdirSync(path('')).filter((name) => name.startsWith('copy')),
        [],
      );
    }));

  void test('of a database with a damaged page is refused and tells it', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { messages: 50, bytes: 500 });
      await makeBooks(path('b.db'));
      damage(path('a.db'), 'deliveries_of_order');
      await assert.rejects(copy(path), fails('database-damaged', /a\.db": database disk image is malformed/));
      // Nothing that is counted is on this page: only the check of the whole copy finds it.
      damage(path('b.db'), 'entries_live');
      await assert.rejects(
        backUp({ databasePath: path('b.db'), file: path('copy'), isOverwriting: false }),
        fails('database-damaged', /The copy fails SQLite’s check: /),
      );
      assert.match(CATALOGUE['database-damaged'].sentence, /is damaged.*counterfoil restore/);
      assert.deepEqual(
        readdirSync(path('')).filter((name) => name.startsWith('copy')),
        [],
      );
    }));

  void test('sweeps up after one that died, and leaves alone one that is at work', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'));
      const [dead, living] = [`copy.partial-${NOBODY}`, `copy.partial-${process.ppid}`];
      const keys = [`copy.key.partial-${NOBODY}`, `copy.key.partial-${process.ppid}`];
      for (const name of [dead, `${dead}-journal`, living, 'copy.partial-x', ...keys]) {
        writeFileSync(path(name), '');
      }
      await copy(path);
      const left = readdirSync(path('')).filter((name) => name.startsWith('copy'));
      assert.deepEqual(left.toSorted(), ['copy', living, 'copy.partial-x', ...keys.slice(1)].toSorted());
    }));
});

void describe('a backup that breaks off', () => {
  const child = (args: readonly string[], shell = ''): ReturnType<typeof spawn> =>
    spawn('/bin/sh', ['-c', `${shell} exec "$0" "$@"`, process.execPath, CHILD, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });

  void test('because its process is killed leaves no file of its name, and the next one is whole', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { messages: 500, bytes: 30_000 });
      const process = child(['backup', path('a.db'), path('copy')]);
      const unfinished = path(`copy.partial-${process.pid}`);
      await until('it is at work', () => existsSync(unfinished) && statSync(unfinished).size > 0);
      process.kill('SIGKILL');
      await once(process, 'exit');
      assert.equal(process.signalCode, 'SIGKILL', 'it was killed in the middle');
      assert.ok(!existsSync(path('copy')));
      assert.equal((await copy(path)).contents.rows['deliveries'], 500);
      assert.deepEqual(
        readdirSync(path('')).filter((name) => name.startsWith('copy')),
        ['copy'],
      );
    }));

  void test('because the disk is full says so, leaves nothing behind and the earlier one as it is', () =>
    inFolder(async (path) => {
      await makeBooks(path('a.db'), { messages: 200, bytes: 10_000 });
      await makeBooks(path('b.db'));
      await backUp({ databasePath: path('b.db'), file: path('copy'), isOverwriting: false });
      const earlier = readFileSync(path('copy'));
      // A limit on the size of files, in blocks of half a kilobyte, is refused as a full disk is, and needs no disk.
      const process = child(['backup', path('a.db'), path('copy')], 'ulimit -f 1000;');
      const errors: Buffer[] = [];
      process.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
      await once(process, 'close');
      assert.match(
        Buffer.concat(errors).toString(),
        /^copy-failed: Cannot write the copy "[^"]+": .*(full|disk I\/O)/,
      );
      assert.deepEqual(readFileSync(path('copy')), earlier);
      assert.deepEqual(
        readdirSync(path('')).filter((name) => name.startsWith('copy')),
        ['copy'],
      );
    }));
});

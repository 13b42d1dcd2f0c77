import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { SECOND, after, instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';
import { keysFromFile } from '#storage/key-file.ts';
import { createSeal } from '#storage/seal.ts';
import { takeServeLock } from '#storage/serve-lock.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { message } from '#tests/build.ts';
import { hurriedClock, testClock, turns } from '#tests/clock.ts';
import { storeContract } from '#tests/contract/store.ts';

const NOBODY = 65_534;
/** Who is not root can neither own another's file nor act as another. */
const AS_ROOT = process.geteuid?.() === 0 ? {} : { skip: 'only root can act as another account' };

const CHILD = join(import.meta.dirname, 'store-child.ts');
const NOW = hurriedClock().now();

async function openAt(
  path: string,
  { clock = hurriedClock(), key = 'key' }: { clock?: Clock; key?: string } = {},
) {
  const database = openSqlite(path);
  const opened = await openStore({ dialect: sqliteDialect(database), clock, seal: createSeal(key) });
  return { ...opened, database };
}

/** A folder of the test's own, gone after it. */
async function inFolder(body: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-store-'));
  try {
    await body((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fails(code: Failure['code'], detail?: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert(thrown instanceof Failure, String(thrown));
    assert.equal(thrown.code, code);
    assert.match(thrown.message, detail ?? /./);
    return true;
  };
}

function child(action: string, path: string): ChildProcess {
  return spawn(process.execPath, ['--expose-gc', CHILD, action, path], { stdio: ['pipe', 'pipe', 'pipe'] });
}

async function ended(process: ChildProcess): Promise<string> {
  const errors: Buffer[] = [];
  process.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  await once(process, 'close');
  return process.signalCode ?? (process.exitCode === 0 ? 'done' : Buffer.concat(errors).toString());
}

storeContract({
  name: 'SQLite, a file',
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'counterfoil-store-'));
    const { store } = await openAt(join(folder, 'books.db'));
    return {
      store,
      async close() {
        await store.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
});
storeContract({
  name: 'SQLite, in memory',
  async open() {
    const { store } = await openAt(':memory:');
    return { store, close: () => store.close() };
  },
});

void describe('SQLite: several users of one file', () => {
  const increment = (store: Store) =>
    store.transact(async (tx) =>
      tx.putSetting('count', String(Number((await tx.setting('count')) ?? '0') + 1)),
    );

  void test('two handles that write at once lose nothing', () =>
    inFolder(async (path) => {
      const [one, two] = [await openAt(path('a.db')), await openAt(path('a.db'))];
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => increment((index % 2 === 0 ? one : two).store)),
      );
      assert.equal(await one.store.read.setting('count'), '20');
      assert.equal(await two.store.read.setting('count'), '20');
      await Promise.all([one.store.close(), two.store.close()]);
    }));

  void test('two processes that write at once lose nothing', () =>
    inFolder(async (path) => {
      const { store } = await openAt(path('a.db'));
      const outcomes = await Promise.all([
        ended(child('count', path('a.db'))),
        ended(child('count', path('a.db'))),
      ]);
      assert.deepEqual(outcomes, ['done', 'done']);
      assert.equal(await store.read.setting('count'), '50');
      await store.close();
    }));

  void test('while another process writes, a transaction waits by the clock and not on the thread', () =>
    inFolder(async (path) => {
      const clock = testClock();
      const { store } = await openAt(path('a.db'), { clock });
      const other = new DatabaseSync(path('a.db'));
      other.exec('begin immediate');
      let isDone = false;
      const waiting = increment(store).then(() => (isDone = true));
      while (clock.sleeping() === 0) {
        await turns();
      }
      assert.equal(isDone, false);
      assert.equal(await store.read.setting('count'), undefined, 'reading goes on meanwhile');
      other.exec('commit');
      await clock.advance(SECOND);
      await waiting;
      assert.equal(await store.read.setting('count'), '1');
      other.close();
      await store.close();
    }));

  void test('what follows a transaction runs once, though the transaction was tried several times', () =>
    inFolder(async (path) => {
      const other = new DatabaseSync(path('a.db'));
      let isHeld = false;
      let tries = 0;
      const clock: Clock = {
        now: () => NOW,
        async sleep() {
          tries += 1;
          if (tries === 2) {
            other.exec('commit');
            isHeld = false;
          }
        },
      };
      const { store } = await openAt(path('a.db'), { clock });
      other.exec('begin immediate');
      isHeld = true;
      let ran = 0;
      await store.transact(async (tx) => {
        assert.equal(isHeld, false);
        tx.afterCommit(() => (ran += 1));
        await tx.putSetting('a', '1');
      });
      assert.deepEqual([tries, ran], [2, 1]);
      other.close();
      await store.close();
    }));

  void test('a database that stays busy is a failure that is tried again later', () =>
    inFolder(async (path) => {
      let now = NOW;
      const clock: Clock = { now: () => now, sleep: async () => void (now = after(now, 6 * SECOND)) };
      const { store } = await openAt(path('a.db'), { clock });
      const other = new DatabaseSync(path('a.db'));
      other.exec('begin immediate');
      await assert.rejects(increment(store), fails('database-busy', /database is locked/));
      other.exec('rollback');
      await increment(store);
      other.close();
      await store.close();
    }));
});

void describe('SQLite: what a crash leaves', () => {
  void test('a row is there though the process died right after its transaction', () =>
    inFolder(async (path) => {
      assert.equal(await ended(child('die-after-commit', path('a.db'))), 'SIGKILL');
      const { store } = await openAt(path('a.db'));
      assert.equal((await store.read.deliveries({ state: 'accepted', limit: 10 })).length, 1);
      assert.equal((await store.transact((tx) => tx.acceptDelivery(message(), NOW))).isNew, false);
      await store.close();
    }));

  void test('nothing is there when the process died within its transaction', () =>
    inFolder(async (path) => {
      assert.equal(await ended(child('die-before-commit', path('a.db'))), 'SIGKILL');
      const { store } = await openAt(path('a.db'));
      assert.deepEqual(await store.read.deliveries({ state: 'accepted', limit: 10 }), []);
      assert.equal((await store.transact((tx) => tx.acceptDelivery(message(), NOW))).isNew, true);
      await store.close();
    }));

  void test('every commit is synced: write-ahead log, synchronous full', () =>
    inFolder(async (path) => {
      const database = openSqlite(path('sub/folder/a.db'));
      assert.equal(database.prepare('pragma journal_mode').get()?.['journal_mode'], 'wal');
      assert.equal(database.prepare('pragma synchronous').get()?.['synchronous'], 2);
      database.close();
      assert.equal(statSync(path('sub')).mode & 0o777, 0o700);
    }));

  void test('a file that is no database is a failure that names it', () =>
    inFolder(async (path) => {
      writeFileSync(path('a.db'), 'This is a text, not a database.'.repeat(100));
      await assert.rejects(openAt(path('a.db')), fails('database-damaged', /a\.db/));
      await assert.rejects(openAt(path('')), fails('database-failed', /Cannot open the database/));
    }));
});

void describe('SQLite: secrets', () => {
  void test('are nowhere in the files as written', () =>
    inFolder(async (path) => {
      const { store } = await openAt(path('a.db'));
      await store.transact(async (tx) => {
        await tx.putSecret('tokens', 'hush-hush-token');
        await tx.putSetting('plain', 'visible-setting');
      });
      const bytes = (): Buffer =>
        Buffer.concat(readdirSync(path('')).map((name) => readFileSync(path(name))));
      assert.ok(bytes().includes('visible-setting'), 'the files are what is looked at');
      assert.ok(!bytes().includes('hush-hush-token'));
      await store.close();
      assert.ok(!bytes().includes('hush-hush-token'));
      assert.ok(!bytes().includes(Buffer.from('hush-hush-token').toString('base64').slice(0, 16)));
    }));

  void test('do not open with another key, and the text says which setting is wrong', () =>
    inFolder(async (path) => {
      const first = await openAt(path('a.db'));
      await first.store.transact((tx) => tx.putSecret('tokens', 'hush'));
      await first.store.close();
      const { store } = await openAt(path('a.db'), { key: 'another' });
      await assert.rejects(
        store.read.secret('tokens'),
        fails('key-wrong', /^Cannot open the stored secret "tokens": COUNTERFOIL_SECRET_KEY/),
      );
      await store.close();
    }));

  void test('name the sessions of logins: a row that was put there by hand is none', () =>
    inFolder(async (path) => {
      const { store, database } = await openAt(path('books.db'));
      const id = 'a'.repeat(64);
      database
        .prepare('insert into sessions (id_sha256, opened_at, seen_at, ends_at) values (?, ?, ?, ?)')
        .run(id, NOW, NOW, NOW + SECOND);
      assert.equal(await store.read.session(id), undefined);
      const session = { id, openedAt: NOW, seenAt: NOW, endsAt: after(NOW, SECOND) };
      await store.transact((tx) => tx.putSession(session));
      assert.deepEqual(await store.read.session(id), session);
      await store.close();
      const other = await openAt(path('books.db'), { key: 'another key' });
      assert.equal(await other.store.read.session(id), undefined, 'nor is one of another key');
      await other.store.close();
    }));

  void test('sealed twice differ, and open only under their own name and unaltered', () => {
    const seal = createSeal('key');
    const sealed = seal.seal('a', 'hush');
    assert.notEqual(sealed, seal.seal('a', 'hush'));
    assert.equal(seal.open('a', sealed), 'hush');
    assert.throws(() => seal.open('b', sealed), fails('key-wrong'));
    for (const broken of [
      '',
      'v1:',
      'v1:AAAA',
      sealed.slice(0, -8),
      `${sealed.slice(0, -4)}AAA=`,
      'nonsense',
    ]) {
      assert.throws(() => seal.open('a', broken), fails('key-wrong'), broken);
    }
  });

  void test('the key file is made once, for its owner alone, and read again', () =>
    inFolder(async (path) => {
      const file = path('data/counterfoil.key');
      const keys = keysFromFile(file);
      assert.equal(Buffer.from(keys.current, 'base64').length, 32);
      assert.deepEqual(keysFromFile(file), keys);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      writeFileSync(file, `  typed by hand \n`);
      assert.deepEqual(keysFromFile(file), { current: 'typed by hand', older: [] });
    }));

  void test('a key file that is closed already is not touched, whoever owns it', () =>
    inFolder(async (path) => {
      keysFromFile(path('counterfoil.key'));
      const { ctimeNs } = statSync(path('counterfoil.key'), { bigint: true });
      keysFromFile(path('counterfoil.key'));
      assert.equal(statSync(path('counterfoil.key'), { bigint: true }).ctimeNs, ctimeNs);
    }));

  void test('a key file of another account is refused with what to do', AS_ROOT, () =>
    inFolder(async (path) => {
      const file = path('counterfoil.key');
      writeFileSync(file, 'key\n', { mode: 0o600 });
      chmodSync(path(''), 0o755);
      const asNobody = (): unknown => {
        process.seteuid?.(NOBODY);
        try {
          return keysFromFile(file);
        } finally {
          process.seteuid?.(0);
        }
      };
      assert.throws(
        asNobody,
        fails('config-invalid', /^Cannot read .*another account\. Run this as that account/),
      );
      chmodSync(file, 0o644);
      assert.throws(asNobody, fails('config-invalid', /^Cannot close to others .*another account/));
    }),
  );

  void test('an empty key file is refused: everything would be sealed with nothing', () =>
    inFolder(async (path) => {
      writeFileSync(path('counterfoil.key'), '\n');
      assert.throws(() => keysFromFile(path('counterfoil.key')), fails('config-invalid', /counterfoil\.key/));
    }));
});

const ALL = [
  '1 start',
  '2 decisions',
  '3 of-an-order',
  '4 audit',
  '5 alarms',
  '6 outages',
  '7 sessions',
  '8 refused-writes',
  '9 limited-since',
];

void describe('SQLite: migrations', () => {
  void test('are applied once, and harmless when run again', () =>
    inFolder(async (path) => {
      const first = await openAt(path('a.db'));
      assert.deepEqual(first.migrated, { applied: ALL, version: ALL.length });
      await first.store.transact((tx) => tx.putSetting('a', '1'));
      await first.store.close();
      const second = await openAt(path('a.db'));
      assert.deepEqual(second.migrated, { applied: [], version: ALL.length });
      assert.equal(await second.store.read.setting('a'), '1');
      await second.store.close();
    }));

  void test('do not touch the database of another program', () =>
    inFolder(async (path) => {
      for (const table of ['posts', 'orders']) {
        const file = path(`${table}.db`);
        const other = new DatabaseSync(file);
        other.exec(`create table ${table} (id integer)`);
        other.exec('create table migrations (id integer)');
        other.close();
        const before = readFileSync(file);
        await assert.rejects(openAt(file), fails('config-invalid', /another program's database/));
        assert.deepEqual(readFileSync(file), before);
        assert.deepEqual(
          readdirSync(path('')).filter((name) => name.startsWith(table)),
          [`${table}.db`],
        );
      }
    }));

  void test('of two handles that migrate at once, one applies each', () =>
    inFolder(async (path) => {
      const opened = await Promise.all([openAt(path('a.db')), openAt(path('a.db'))]);
      assert.deepEqual(
        opened.flatMap(({ migrated }) => migrated.applied),
        ALL,
      );
      await Promise.all(opened.map(({ store }) => store.close()));
    }));

  void test('one that another process applied a moment before it begins is not applied again', () =>
    inFolder(async (path) => {
      const done = await openAt(path('done.db'));
      const schema = done.database
        .prepare(
          "select sql from sqlite_master where sql is not null and name not like 'sqlite_%' and name <> 'migrations'",
        )
        .all()
        .map((row) => String(row['sql']));
      await done.store.close();
      const database = openSqlite(path('a.db'));
      const other = new DatabaseSync(path('a.db'));
      const exec = database.exec.bind(database);
      let isFirst = true;
      database.exec = (text) => {
        if (isFirst && text === 'begin immediate') {
          isFirst = false;
          schema.forEach((statement) => other.exec(statement));
          const put = other.prepare('insert into migrations values (?, ?, 1, 0)');
          ALL.map((one) => one.split(' ')).forEach(([number, name]) => put.run(Number(number), String(name)));
        }
        exec(text);
      };
      const dialect = sqliteDialect(database);
      const { store, migrated } = await openStore({
        dialect,
        clock: hurriedClock(),
        seal: createSeal('key'),
      });
      assert.deepEqual(migrated, { applied: [], version: ALL.length });
      await store.transact((tx) => tx.putSetting('a', '1'));
      await store.close();
      other.close();
    }));

  void test('what belongs to an order is found by an index, however many orders there are', async () => {
    const { store, database } = await openAt(':memory:');
    const ways = ['deliveries', 'entries', 'holds'].map((table) =>
      database
        .prepare(`explain query plan select * from ${table} where order_key = 'a' order by id limit 1000`)
        .all()
        .map((row) => String(row['detail'])),
    );
    await store.close();
    assert.deepEqual(
      ways,
      ['deliveries_of_order', 'entries_of_order', 'holds_of_order'].map((index) => [
        `SEARCH ${index.split('_')[0]} USING INDEX ${index} (order_key=?)`,
      ]),
    );
  });

  void test('a poll reads what is due by indexes, however many orders and deliveries there are', async () => {
    const { store, database } = await openAt(':memory:');
    const prepare = database.prepare.bind(database);
    const texts: string[] = [];
    database.prepare = (text) => {
      texts.push(text);
      return prepare(text);
    };
    await store.read.dueKeys(instant(0), 10);
    const steps = texts.flatMap((text) => prepare(`explain query plan ${text}`).all());
    const ways = steps
      .map(({ detail }) => String(detail))
      .filter((way) => /^SCAN (?:deliveries|orders)/.test(way));
    await store.close();
    assert.deepEqual(ways, [
      'SCAN deliveries USING COVERING INDEX deliveries_accepted',
      'SCAN orders USING COVERING INDEX orders_working',
      'SCAN orders USING INDEX orders_due',
    ]);
  });

  void test('several processes that start on a new file all open it', () =>
    inFolder(async (path) => {
      const outcomes = await Promise.all(Array.from({ length: 2 }, () => ended(child('open', path('a.db')))));
      assert.deepEqual(outcomes, ['done', 'done']);
    }));

  const newer = (database: DatabaseSync, isBreaking: 0 | 1) =>
    database
      .prepare('insert into migrations (number, name, is_breaking, applied_at) values (99, ?, ?, 0)')
      .run('later', isBreaking);

  void test('a newer version that breaks this one is refused, and one that does not is served', () =>
    inFolder(async (path) => {
      const first = await openAt(path('a.db'));
      newer(first.database, 0);
      await first.store.close();
      const second = await openAt(path('a.db'));
      second.database.exec('delete from migrations where number = 99');
      newer(second.database, 1);
      await second.store.close();
      await assert.rejects(
        openAt(path('a.db')),
        fails('database-newer', new RegExp(`this program knows ${ALL.length}`)),
      );
    }));
});

void describe('SQLite: the server’s lock', () => {
  void test('a second server is told who runs, and the lock is free when that one is killed', (context) =>
    inFolder(async (path) => {
      const server = child('serve', path('a.db'));
      context.after(() => server.kill('SIGKILL'));
      const exit = ended(server);
      assert(server.stdout !== null);
      await once(server.stdout, 'data');
      assert.throws(
        () => takeServeLock(path('a.db'), NOW),
        fails(
          'already-running',
          new RegExp(`^Process ${server.pid}, started 2026-11-20T10:00:00\\.000Z, already serves`),
        ),
      );
      server.kill('SIGKILL');
      assert.equal(await exit, 'SIGKILL');
      const lock = takeServeLock(path('a.db'), instant(0));
      assert.throws(
        () => takeServeLock(path('a.db'), NOW),
        fails('already-running', new RegExp(`^Process ${process.pid}, `)),
      );
      lock.release();
      takeServeLock(path('a.db'), NOW).release();
    }));

  void test('does not keep others from reading and writing the database', () =>
    inFolder(async (path) => {
      const lock = takeServeLock(path('a.db'), NOW);
      const { store } = await openAt(path('a.db'));
      await store.transact((tx) => tx.putSetting('a', '1'));
      await store.close();
      lock.release();
    }));

  void test('keeps others from changing the schema beneath it, and says what to do', (context) =>
    inFolder(async (path) => {
      await (await openAt(path('a.db'))).store.close();
      const file = new DatabaseSync(path('a.db'));
      file.exec('delete from migrations where number = 9');
      file.exec('drop index orders_limited; alter table orders drop column limited_since');
      const applied = () => file.prepare('select count(*) as count from migrations').get()?.['count'];
      const server = child('serve', path('a.db'));
      context.after(() => server.kill('SIGKILL'));
      const exit = ended(server);
      assert(server.stdout !== null);
      await once(server.stdout, 'data');
      await assert.rejects(
        openAt(path('a.db')),
        fails(
          'already-running',
          new RegExp(
            `^Process ${server.pid}, .*serves.*schema version 8.*brings it to 9.*stop the server`,
            's',
          ),
        ),
      );
      assert.equal(applied(), 8);
      server.kill('SIGKILL');
      await exit;
      // Whoever took the lock himself, to have the database alone, is no other server.
      const own = takeServeLock(path('a.db'), NOW);
      const { store, migrated } = await openAt(path('a.db'));
      assert.deepEqual(migrated.applied, ['9 limited-since']);
      await store.close();
      own.release();
      file.close();
    }));

  void test('that cannot be written is not blamed on another server', () =>
    inFolder(async (path) => {
      writeFileSync(path('a.db.lock'), 'This is a text, not a database.'.repeat(100));
      assert.throws(() => takeServeLock(path('a.db'), NOW), fails('database-damaged', /a\.db\.lock/));
    }));
});

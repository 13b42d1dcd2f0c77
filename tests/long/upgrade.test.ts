import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { Kysely } from 'kysely';
import { backUpDatabase, openApp, restoreDatabase } from '#app.ts';
import { readConfig } from '#config.ts';
import { Failure } from '#core/failure.ts';
import { systemOutside } from '#outside.ts';
import { SCHEMA_VERSION } from '#storage/migrate.ts';
import { sqliteDialect } from '#storage/sqlite.ts';
import type { Tables } from '#storage/tables.ts';
import { inFolder, openAt } from '#tests/backup/books.ts';
import { hurriedClock } from '#tests/clock.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed, Stage } from '#tests/stage.ts';

/**
 * A database of every earlier version, with orders in it that were really booked, is brought up to date: nothing of it is
 * lost, its schema is that of a new one, and what was booked is not booked again.
 */

interface Migration {
  readonly name: string;
  readonly isBreaking: boolean;
  readonly up: (db: Kysely<Tables>) => Promise<void>;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'src', 'storage', 'migrations');
const MIGRATIONS: readonly Migration[] = await Promise.all(
  readdirSync(FOLDER)
    .toSorted()
    .map(async (file): Promise<Migration> => await import(join(FOLDER, basename(file)))),
);
const OLDER = MIGRATIONS.slice(1).map((_migration, index) => index + 1);

/** An empty database as the program with the first so many migrations left it. */
async function makeVersion(path: string, version: number): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec(`create table migrations (
    number bigint primary key, name text not null, is_breaking integer not null, applied_at bigint not null
  )`);
  const db = new Kysely<Tables>({ dialect: sqliteDialect(database) });
  for (const [index, { name, isBreaking, up }] of MIGRATIONS.slice(0, version).entries()) {
    await up(db);
    const row = { number: index + 1, name, is_breaking: isBreaking ? 1 : 0, applied_at: 0 };
    await db.insertInto('migrations').values(row).execute();
  }
  await db.destroy();
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database
    .prepare(`select name from pragma_table_info(?) order by cid`)
    .all(table)
    .map(({ name }) => `"${String(name)}"`);
}

function tablesOf(database: DatabaseSync): string[] {
  return database
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
    .all()
    .map(({ name }) => String(name));
}

/** All that a database of now holds, as far as an older one has room for it. */
function fill(path: string, from: string): void {
  using database = new DatabaseSync(path);
  database.prepare('attach ? as now').run(from);
  for (const table of tablesOf(database).filter((name) => name !== 'migrations')) {
    const columns = columnsOf(database, table).join(', ');
    database.exec(`insert into ${table} (${columns}) select ${columns} from now.${table}`);
  }
}

/** Every row of the tables and columns of an older version. */
function rowsOf(path: string, shape: ReadonlyMap<string, readonly string[]>): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return Array.from(shape, ([table, columns]) => [
    table,
    database.prepare(`select ${columns.join(', ')} from ${table} order by 1, 2`).all(),
  ]);
}

function shapeOf(path: string): ReadonlyMap<string, readonly string[]> {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = tablesOf(database).filter((name) => name !== 'migrations');
  return new Map(tables.map((table) => [table, columnsOf(database, table)]));
}

/** Columns and indexes, which must not depend on the way that led to them. */
function schemaOf(path: string): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  const indexes = database
    .prepare(
      "select name, tbl_name, sql from sqlite_master where type = 'index' and sql is not null order by name",
    )
    .all();
  const columns = tablesOf(database).map((table) => [
    table,
    database
      .prepare('select * from pragma_table_info(?) order by name')
      .all(table)
      .map(({ cid: _place, ...rest }) => rest),
  ]);
  return { indexes, columns };
}

async function bookSome(stage: Stage): Promise<Placed[]> {
  const { world } = stage.sandbox;
  const orders = (['paid, one line', 'unpaid, bank transfer', 'paid, Quebec'] as const).map((kind) =>
    world.scenario(kind),
  );
  for (const order of orders) {
    await stage.book(order);
  }
  return orders;
}

void describe('an upgrade', () => {
  for (const version of OLDER) {
    void test(`from version ${version} keeps every row, makes the schema of a new database, and books nothing twice`, () =>
      inFolder(async (path) => {
        const stage = await openStage();
        try {
          const orders = await bookSome(stage);
          const before = stage.sandbox.freshbooks.account();
          await stage.restart(async ({ databasePath }) => {
            await makeVersion(path('older.db'), version);
            fill(path('older.db'), databasePath);
            const shape = shapeOf(path('older.db'));
            const rows = rowsOf(path('older.db'), shape);
            const config = readConfig({ DATABASE_URL: `sqlite:${path('older.db')}` });
            // As one does before an upgrade: the copy is of the old version still, and comes back as the new one.
            const { contents } = await backUpDatabase(config, {
              file: path('backup'),
              isOverwriting: false,
              isWithKey: false,
            });
            assert.equal(contents.version, version);
            await (await openAt(path('older.db'))).close();
            await (await openAt(path('new.db'))).close();
            assert.deepEqual(rowsOf(path('older.db'), shape), rows);
            assert.deepEqual(schemaOf(path('older.db')), schemaOf(path('new.db')));
            const restored = readConfig({ DATABASE_URL: `sqlite:${databasePath}` });
            const { migrated } = await restoreDatabase(restored, { clock: hurriedClock() }, path('backup'));
            assert.equal(migrated.version, SCHEMA_VERSION);
            assert.equal(migrated.applied.length, SCHEMA_VERSION - version);
          });
          for (const order of orders) {
            assert.equal((await stage.book(order, 'orders/updated')).state, 'settled');
          }
          assert.deepEqual(stage.sandbox.freshbooks.account(), before);
        } finally {
          await stage.close();
        }
      }));
  }

  void test('is refused by a program that the database is too new for', () =>
    inFolder(async (path) => {
      await makeVersion(path('a.db'), MIGRATIONS.length);
      new DatabaseSync(path('a.db')).exec("insert into migrations values (99, 'later', 1, 0)");
      const config = readConfig({ DATABASE_URL: `sqlite:${path('a.db')}` });
      await assert.rejects(
        openApp(
          config,
          systemOutside(() => undefined),
        ),
        (thrown) =>
          thrown instanceof Failure &&
          thrown.code === 'database-newer' &&
          /^The database has version \d+ and this program knows \d+$/.test(thrown.message),
      );
    }));
});

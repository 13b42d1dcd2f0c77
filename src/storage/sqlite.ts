import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { makePrivate } from './private-files.ts';

/**
 * A long busy timeout would freeze the event loop, since node:sqlite is synchronous; so it is short, and `store.ts` tries
 * again without blocking.
 */
const BUSY_TIMEOUT_MS = 50;
/** Statements kept prepared: more than this program has, fewer than would matter to memory. */
const STATEMENTS_MAX = 200;

/**
 * Opens the file and makes every commit durable: WAL with synchronous FULL syncs the log before a commit returns. What is
 * deleted or blanked is overwritten with zeros, so that contact data that was redacted does not stay in free pages.
 */
export function openSqlite(path: string): DatabaseSync {
  if (path !== ':memory:') {
    makePrivate(path);
  }
  const before = fileOf(path);
  const database = openFile(path);
  if (before !== undefined && before !== fileOf(path)) {
    // A restore put another file under the name meanwhile, and what is open may be the one that it set aside.
    database.close();
    throw new Failure('database-busy', {
      detail: `The database "${path}" has just been restored: start again`,
    });
  }
  return database;
}

function openFile(path: string): DatabaseSync {
  const doing = `Cannot open the database "${path}"`;
  return translated(doing, () => {
    const opened = new DatabaseSync(path);
    try {
      opened.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
      assertOwn(opened, path);
      opened.exec('pragma journal_mode = wal');
      opened.exec('pragma synchronous = full');
      opened.exec('pragma secure_delete = on');
      return opened;
    } catch (thrown) {
      opened.close();
      throw canWrite(dirname(path)) ? thrown : unwritable(path, { doing, cause: thrown });
    }
  });
}

/** Before anything of it is changed. Half of a first start may have left the table of migrations alone. */
function assertOwn(database: DatabaseSync, path: string): void {
  const tables = tablesOf(database);
  if (tables.some((table) => table !== 'migrations') && !isOwn(tables)) {
    throw new Failure('config-invalid', {
      detail: `DATABASE_URL: "${path}" is another program's database. Name Counterfoil's own, or a file that is not there yet`,
    });
  }
}

export function tablesOf(database: DatabaseSync): readonly string[] {
  return database
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
    .all()
    .map(({ name }) => String(name));
}

/** Without these it is some other program's database. */
const OWN_TABLES = ['deliveries', 'entries', 'migrations', 'orders'];

export function isOwn(tables: readonly string[]): boolean {
  return OWN_TABLES.every((table) => tables.includes(table));
}

/** SQLite itself says only that it cannot open the file: it makes files beside it even to read it. */
function unwritable(path: string, { doing, cause }: { doing: string; cause: unknown }): Failure {
  const why = `the folder "${dirname(path)}" cannot be written, which is needed to read it too`;
  return new Failure('database-failed', {
    detail: `${doing}: ${why}. Make it writable; counterfoil backup copies the database as it is`,
    cause,
  });
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Which file stands under the name: its number on the disk. */
function fileOf(path: string): bigint | undefined {
  return path === ':memory:' ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** Kysely on node:sqlite: one connection, and transactions that lock when they begin. */
export function sqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createDriver: () => createDriver(database),
  };
}

function createDriver(database: DatabaseSync): Driver {
  const connection = createConnection(database);
  return {
    init: async () => undefined,
    // Kysely itself hands the one connection to one user at a time, as SqliteAdapter asks it to.
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    // Immediate: a deferred transaction that first reads and then writes fails at once when another process wrote between.
    async beginTransaction() {
      translated('Cannot begin a transaction', () => database.exec('begin immediate'));
    },
    async commitTransaction() {
      translated('Cannot commit', () => database.exec('commit'));
    },
    async rollbackTransaction() {
      // A disk error has already rolled it back; a second rollback would hide the first error.
      if (database.isTransaction) {
        database.exec('rollback');
      }
    },
    async destroy() {
      database.close();
    },
  };
}

/** A statement, and whether it answers with rows: asked of SQLite once, because it names every column for it. */
interface Prepared {
  readonly statement: StatementSync;
  readonly isReading: boolean;
}

function createConnection(database: DatabaseSync): DatabaseConnection {
  const statements = new Map<string, Prepared>();
  const prepare = (text: string): Prepared => {
    const known = statements.get(text);
    if (known !== undefined) {
      return known;
    }
    const statement = database.prepare(text);
    statement.setReadBigInts(true);
    if (statements.size >= STATEMENTS_MAX) {
      statements.clear();
    }
    const prepared = { statement, isReading: statement.columns().length > 0 };
    statements.set(text, prepared);
    return prepared;
  };
  return {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const { statement, isReading } = translated('Cannot use the database', () => prepare(query.sql));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Kysely's typed query builder made these parameters
      const parameters = query.parameters as readonly SQLInputValue[];
      if (isReading) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row type is the query builder's own
        return { rows: translated('Cannot read the database', () => statement.all(...parameters)) as R[] };
      }
      const result = translated('Cannot write the database', () => statement.run(...parameters));
      return { rows: [], numAffectedRows: BigInt(result.changes), insertId: BigInt(result.lastInsertRowid) };
    },
    // oxlint-disable-next-line require-yield -- streaming is not used: every query has a limit
    async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
      throw new Error('Streaming is not supported');
    },
  };
}

/** Runs it; what SQLite throws becomes a Failure that says what we were doing. */
export function translated<T>(doing: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw sqliteFailure(thrown, doing);
  }
}

/** SQLite's primary result codes that an operator or a retry can mend: https://sqlite.org/rescode.html. */
const CODES: Readonly<Record<number, FailureCode>> = {
  5: 'database-busy',
  6: 'database-busy',
  8: 'database-failed',
  10: 'database-failed',
  11: 'database-damaged',
  13: 'database-full',
  14: 'database-failed',
  26: 'database-damaged',
};

/** SQLITE_IOERR_SHMSIZE: there is no room for the index of its log, which it makes anew when nobody had the database open. */
const NO_ROOM = 4874;

/** What SQLite threw as a Failure; anything else (a broken constraint, a bug) is returned as it was. */
function sqliteFailure(thrown: unknown, doing: string): unknown {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') {
    return thrown;
  }
  // The low byte is the primary code; the rest says more of the same.
  const code = thrown.errcode === NO_ROOM ? 'database-full' : CODES[thrown.errcode & 0xff];
  return code === undefined
    ? thrown
    : new Failure(code, { detail: `${doing}: ${thrown.message}`, cause: thrown });
}

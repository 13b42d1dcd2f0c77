import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync, backup } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { Failure } from '#core/failure.ts';
import { instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { assertKnown } from './migrate.ts';
import type { Done } from './migrate.ts';
import { isOwn, tablesOf, translated } from './sqlite.ts';

/**
 * A database as a file: copied whole as it stood at one moment, and the copy proven before anybody relies on it
 * (docs/decisions/008-backup-by-pages.md).
 */
export interface Contents {
  /** Of the schema. */
  readonly version: number;
  /** Of every table, by its name. */
  readonly rows: Readonly<Record<string, number>>;
  /** When its newest message came in; absent while there is none. */
  readonly newestAt?: Instant;
}

/** Four megabytes at a time, so that the process hears signals meanwhile. */
const PAGES_AT_ONCE = 1000;
/** Of what SQLite finds wrong, so much is shown. */
const FAULTS_SHOWN = 3;
/** Rows of the table of migrations: many times what there will ever be. */
const MIGRATIONS_MAX = 10_000;
/** What SQLite keeps beside a database while it is open. */
const COMPANIONS = ['-wal', '-shm', '-journal'] as const;

/**
 * Copies the database into a new file that its owner alone may read, durable when this resolves. One read transaction sees
 * all of it, so other processes may go on writing. Throws `database-damaged`, `database-newer`, or `copy-failed` when the
 * copy cannot be written; then nothing is left of it.
 */
export async function copyDatabase(source: string, target: string): Promise<Contents> {
  makeForOwner(target);
  try {
    const { database, isUnlocked } = opened(source);
    using from = database;
    from.exec('begin');
    const contents = contentsOf(from, source);
    await backup(from, target, { rate: PAGES_AT_ONCE });
    if (isUnlocked && isInUse(source)) {
      throw new Failure('database-busy', { detail: `A server has just opened "${source}"` });
    }
    prove(target, contents);
    syncPath(target);
    return contents;
  } catch (thrown) {
    removeDatabase(target);
    throw fileFailure(thrown, `Cannot write the copy "${target}"`);
  }
}

/** Empty, and made here because SQLite would let everybody read it. */
function makeForOwner(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (thrown) {
    throw fileFailure(thrown, `Cannot make "${path}"`);
  }
}

/** Reads what a file holds. Throws a Failure `database-…`, or `backup-unusable` when it is none of ours. */
function contentsOf(database: DatabaseSync, path: string): Contents {
  return translated(`Cannot read "${path}"`, () => {
    const tables = tablesOf(database);
    if (!isOwn(tables)) {
      throw new Failure('backup-unusable', { detail: `"${path}" is no database of Counterfoil` });
    }
    const done = migrationsOf(database);
    assertKnown(done, `"${path}"`);
    const newest = database.prepare('select received_at from deliveries order by id desc limit 1').get();
    return {
      version: done.length,
      rows: Object.fromEntries(tables.map((table) => [table, countOf(database, table)])),
      ...(newest === undefined ? {} : { newestAt: instant(Number(newest['received_at'])) }),
    };
  });
}

/** False for a database of another program; what cannot be read is nobody's any more. */
export function isOwnOrDamaged(path: string): boolean {
  try {
    using database = openToRead(path);
    return isOwn(tablesOf(database));
  } catch (thrown) {
    const failure = fileFailure(thrown, 'It cannot be read');
    return failure instanceof Failure && failure.code === 'database-damaged';
  }
}

/** SQLite's primary result codes of a file that is not what it should be: https://sqlite.org/rescode.html. */
const DAMAGE: readonly number[] = [11, 26];

/** What the system or SQLite refused as a Failure; failures of reading and bugs stay what they are. */
export function fileFailure(thrown: unknown, doing: string): unknown {
  if (!(thrown instanceof Error) || thrown instanceof Failure) {
    return thrown;
  }
  const options = { detail: `${doing}: ${thrown.message}`, cause: thrown };
  if ('errcode' in thrown && typeof thrown.errcode === 'number') {
    return new Failure(DAMAGE.includes(thrown.errcode & 0xff) ? 'database-damaged' : 'copy-failed', options);
  }
  return 'syscall' in thrown ? new Failure('copy-failed', options) : thrown;
}

/** For reading alone: neither made when it is not there nor brought up to date. */
export function openToRead(path: string): DatabaseSync {
  return opened(path).database;
}

interface OpenedToRead {
  readonly database: DatabaseSync;
  /** Nothing keeps others from writing to it meanwhile. */
  readonly isUnlocked: boolean;
}

/** SQLITE_CANTOPEN. */
const CANNOT_OPEN = 14;

/**
 * SQLite makes files beside a database even to read it. Where it cannot, as in a folder that is read-only, the file alone is read;
 * but only where nobody has it open and all of it is in that file.
 */
function opened(path: string): OpenedToRead {
  const doing = `Cannot open "${path}"`;
  const database = translated(doing, () => new DatabaseSync(path, { readOnly: true }));
  if (canRead(database)) {
    return { database, isUnlocked: false };
  }
  database.close();
  if (isInUse(path)) {
    throw new Failure('database-failed', {
      detail: `${doing}: its folder cannot be written, and beside it is what was not written into it yet, or a server has it open`,
    });
  }
  const alone = pathToFileURL(path);
  alone.searchParams.set('immutable', '1');
  return { database: translated(doing, () => new DatabaseSync(alone, { readOnly: true })), isUnlocked: true };
}

/** False where SQLite could not make what it needs; whatever else is wrong is told by who reads. */
function canRead(database: DatabaseSync): boolean {
  try {
    database.prepare('select count(*) from sqlite_master').get();
    return true;
  } catch (thrown) {
    return !(thrown instanceof Error && 'errcode' in thrown && thrown.errcode === CANNOT_OPEN);
  }
}

function isInUse(path: string): boolean {
  return companionsOf(path).some((companion) => existsSync(companion));
}

/** Makes what was written to a file, or the names in a folder, survive a power cut. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Puts a finished file under the name that others look for. */
export function putInPlace(finished: string, name: string): void {
  renameSync(finished, name);
  syncPath(dirname(name));
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer); // oxlint-disable-line typescript/no-unsafe-type-assertion -- a stream without encoding
  }
  return hash.digest('hex');
}

/** The database and what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  [path, ...companionsOf(path)].forEach((file) => rmSync(file, { force: true }));
}

export function companionsOf(path: string): string[] {
  return COMPANIONS.map((ending) => path + ending);
}

/** A name for an unfinished file of this process beside the one that it becomes. */
export function unfinishedName(path: string): string {
  return `${path}${UNFINISHED}${process.pid}`;
}

/** Removes what processes that died left unfinished; one that lives may still be at work. */
export function removeUnfinished(path: string): void {
  const folder = dirname(path);
  const own = `${basename(path)}${UNFINISHED}`;
  const names =
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];
  for (const name of names) {
    const [, pid] = name.startsWith(own) ? (/^(\d+)(?:-\w+)?$/.exec(name.slice(own.length)) ?? []) : [];
    // The same number as ours is that of an earlier process: this one has not begun.
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) {
      rmSync(join(folder, name), { force: true });
    }
  }
}

const UNFINISHED = '.partial-';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

function migrationsOf(database: DatabaseSync): readonly Done[] {
  return database
    .prepare('select number, is_breaking from migrations order by number limit ?')
    .all(MIGRATIONS_MAX)
    .map((row) => ({
      number: BigInt(Number(row['number'])),
      is_breaking: BigInt(Number(row['is_breaking'])),
    }));
}

function countOf(database: DatabaseSync, table: string): number {
  const row = database.prepare(`select count(*) as count from "${table.replaceAll('"', '""')}"`).get();
  return Number(row?.['count']);
}

/** One file for itself, whole by SQLite's own check, with every row that was counted. */
function prove(path: string, expected: Contents): void {
  using copy = new DatabaseSync(path);
  copy.exec('pragma journal_mode = delete');
  const faults = faultsIn(copy, 'integrity_check');
  if (faults.join() !== 'ok') {
    throw new Failure('database-damaged', { detail: `The copy fails SQLite’s check: ${faults.join('; ')}` });
  }
  const held = contentsOf(copy, path);
  if (JSON.stringify(held) !== JSON.stringify(expected)) {
    throw new Failure('copy-failed', { detail: `The copy "${path}" does not hold what was counted` });
  }
}

/**
 * Reads every page. Throws `database-damaged` when one is not as it should be, and does nothing where the file is larger than
 * that, or is not there.
 */
export function assertWhole(path: string, { bytesMax = Number.POSITIVE_INFINITY } = {}): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined || size > bytesMax) {
    return;
  }
  using database = openToRead(path);
  const faults = translated(`Cannot read the pages of "${path}"`, () => faultsIn(database, 'quick_check'));
  if (faults.join() !== 'ok') {
    throw new Failure('database-damaged', {
      detail: `The database "${path}" fails SQLite’s check: ${faults.join('; ')}`,
    });
  }
}

/**
 * Throws `config-invalid` when the file has another name as well: lock and log of writes stand beside a name, so two servers under two
 * names know nothing of each other, and what one writes the other overwrites.
 */
export function assertOneName(path: string): void {
  const { nlink = 1, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
  if (nlink > 1) {
    throw new Failure('config-invalid', {
      detail: `DATABASE_URL: the file "${path}" has ${nlink} names (hard links), and a server that uses it under another one would not be seen: remove the others. find FOLDER -inum ${ino} lists them`,
    });
  }
}

/** "ok", or what is wrong; a page may be so wrong that the check itself ends there. */
function faultsIn(database: DatabaseSync, check: 'integrity_check' | 'quick_check'): string[] {
  try {
    return database
      .prepare(`pragma ${check}(${FAULTS_SHOWN})`)
      .all()
      .map((row) => String(row[check]));
  } catch (thrown) {
    const failure = fileFailure(thrown, 'It cannot be read');
    if (failure instanceof Failure && failure.code === 'database-damaged') {
      return [failure.message];
    }
    throw thrown;
  }
}

import { closeSync, existsSync, openSync, readSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#core/failure.ts';
import {
  companionsOf,
  copyDatabase,
  fileFailure,
  isOwnOrDamaged,
  openToRead,
  putInPlace,
  removeDatabase,
  removeUnfinished,
  sha256OfFile,
  unfinishedName,
} from './database-file.ts';
import type { Contents } from './database-file.ts';
import { keysIn, keysInFile } from './key-file.ts';
import { keyFileOf as ownKeyFileOf } from './keys.ts';
import { writePrivate } from './private-files.ts';
import { createSeal, opens } from './seal.ts';
import type { Keys } from './seal.ts';
import { openersAmong, sealedRows } from './secrets.ts';
import type { Sealed } from './secrets.ts';

/** Copies the database into one file, also while a server writes to it. */
export interface BackupOptions {
  readonly databasePath: string;
  readonly file: string;
  /** Whether an earlier backup of that name may be written over; nothing else is. */
  readonly isOverwriting: boolean;
  /** Those in force. What of them opens the backup is written into a file of its own beside it; absent leaves that out. */
  readonly keys?: Keys;
}

export interface BackupReport {
  readonly contents: Contents;
  readonly bytes: number;
  readonly sha256: string;
  /** Where its keys are, when they were asked for. */
  readonly keyFile?: string;
}

/**
 * The key of a backup stands beside it, so that the two can be kept apart: one line, or a line for each where a rotation was
 * under way and what is sealed in it needs several.
 */
export function keyFileOf(file: string): string {
  return `${file}.key`;
}

/**
 * Throws `config-invalid` when there is nothing to copy, `key-wrong` when the keys do not open what is sealed in it, and what
 * `copyDatabase` throws.
 */
export async function backUp({
  databasePath,
  file,
  isOverwriting,
  keys,
}: BackupOptions): Promise<BackupReport> {
  if (!existsSync(databasePath)) {
    throw new Failure('config-invalid', {
      detail: `DATABASE_URL: there is no database at "${databasePath}"`,
    });
  }
  const keyFile = keys === undefined ? undefined : keyFileOf(file);
  const place = { databasePath, isOverwriting };
  const assertFree = (): void => {
    assertMayWrite(file, place);
    if (keyFile !== undefined && keys !== undefined) {
      assertMayWrite(keyFile, { ...place, keysOf: { file, keys: linesOf(keys) } });
    }
  };
  assertFree();
  removeUnfinished(file);
  // Also where none is asked for now: what died in the midst of it left a key there.
  removeUnfinished(keyFileOf(file));
  const unfinished = unfinishedName(file);
  const contents = await copyDatabase(databasePath, unfinished);
  try {
    const [bytes, sha256] = [statSync(unfinished).size, await sha256OfFile(unfinished)];
    assertFree();
    const putting = keys === undefined ? undefined : putKeys(keyFileOf(file), unfinished, keys);
    putInPlace(unfinished, file);
    putting?.end();
    return { contents, bytes, sha256, ...(keyFile === undefined ? {} : { keyFile }) };
  } catch (thrown) {
    removeDatabase(unfinished);
    throw fileFailure(thrown, `Cannot write "${file}"`);
  }
}

/** Beside those so far, which open what stands under the name of the backup until the copy does. */
function putKeys(keyFile: string, copy: string, keys: Keys): { readonly end: () => void } {
  const openers = provenOpeners(keyFile, copy, keys);
  writeForOwner(keyFile, [...new Set([...openers, ...keysInFile(keyFile)])].join('\n'));
  return { end: () => writeForOwner(keyFile, openers.join('\n')) };
}

/** Proven by what will be read of the file. Throws `key-wrong` when a row is sealed with none of them. */
function provenOpeners(keyFile: string, copy: string, keys: Keys): readonly string[] {
  const sealed = sealedIn(copy);
  const openers = openersAmong(linesOf(keys), sealed);
  // Where nothing is sealed any does.
  const written = openers.length > 0 ? openers : [keys.current];
  const [current = '', ...older] = keysIn(written.join('\n'));
  const seal = createSeal(current, older);
  const locked = sealed.filter((row) => !opens(seal, row.key, row.sealed)).map(({ key }) => `"${key}"`);
  if (locked.length > 0) {
    throw new Failure('key-wrong', {
      detail: `Cannot write "${keyFile}": no key that is here opens all that the copy keeps sealed (${locked.join(', ')})`,
    });
  }
  return written;
}

function linesOf({ current, older }: Keys): readonly string[] {
  return [current, ...older];
}

/** Of a database that is not open. */
export function sealedIn(path: string): readonly Sealed[] {
  using database = openToRead(path);
  return sealedRows(database);
}

interface Place {
  readonly databasePath: string;
  readonly isOverwriting: boolean;
  /** Of which backup keys are to be written there, and those in force; absent for the backup itself. */
  readonly keysOf?: { readonly file: string; readonly keys: readonly string[] };
}

/** Throws `copy-failed` where something stands that must not be lost, or where there is no folder. */
function assertMayWrite(path: string, place: Place): void {
  const doing = `Cannot write "${path}"`;
  try {
    const why = whatForbids(path, place);
    if (why !== undefined) {
      throw new Failure('copy-failed', { detail: `${doing}: ${why}` });
    }
  } catch (thrown) {
    throw fileFailure(thrown, doing);
  }
}

function whatForbids(path: string, { databasePath, isOverwriting, keysOf }: Place): string | undefined {
  // Not made here: a disk that is not mounted would be filled up behind its folder.
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true) {
    return 'there is no such folder';
  }
  const standing = statSync(path, { throwIfNoEntry: false });
  if (standing === undefined) {
    return undefined;
  }
  const isSame = (mine: string): boolean => existsSync(mine) && realpathSync(mine) === realpathSync(path);
  if ([databasePath, ...companionsOf(databasePath), `${databasePath}.lock`].some(isSame)) {
    return 'it is the database itself';
  }
  if (isSame(ownKeyFileOf(databasePath))) {
    return 'it is the key of the database itself';
  }
  if (!standing.isFile()) {
    return standing.isDirectory() ? 'it is a folder' : 'it is no ordinary file';
  }
  if (!isOverwriting) {
    return 'it is there already; --force writes over it';
  }
  const isReplaceable =
    keysOf === undefined
      ? isBackupOrEmpty(path)
      : standing.size <= KEYS_BYTES_MAX && areKeysOrEmpty(keysInFile(path), keysOf);
  return isReplaceable
    ? undefined
    : `it is no ${keysOf === undefined ? 'backup' : 'key of a backup'}, and --force writes over nothing else`;
}

/**
 * What every database begins with, and after the size of its pages how it is written: 1 as a backup, 2 with a log beside it, as one
 * in use (https://sqlite.org/fileformat.html#the_database_header).
 */
const SQLITE_HEADER = Buffer.from('SQLite format 3\0');
const WRITTEN_AT = 18;
const WITHOUT_LOG = 1;

function isBackupOrEmpty(path: string): boolean {
  const head = Buffer.alloc(WRITTEN_AT + 1);
  const handle = openSync(path, 'r');
  try {
    const count = readSync(handle, head);
    const isDatabase = head.subarray(0, SQLITE_HEADER.length).equals(SQLITE_HEADER);
    return count === 0 || (isDatabase && head[WRITTEN_AT] === WITHOUT_LOG && isOwnOrDamaged(path));
  } finally {
    closeSync(handle);
  }
}

/** A key is one line of a setting, and few are in force at once; what is longer than any such are is none. */
const KEYS_BYTES_MAX = 4096;

/** One line may be any key. Several may be anything, such as a certificate, unless one of them is known for a key. */
function areKeysOrEmpty(
  lines: readonly string[],
  { file, keys }: { readonly file: string; readonly keys: readonly string[] },
): boolean {
  const isKnown = (): boolean => lines.some((line) => keys.includes(line)) || openAny(lines, file);
  return lines.length <= 1 || isKnown();
}

/** A backup that is empty or damaged tells nothing of its keys. */
function openAny(keys: readonly string[], file: string): boolean {
  try {
    return existsSync(file) && openersAmong(keys, sealedIn(file)).length > 0;
  } catch (thrown) {
    if (fileFailure(thrown, `Cannot read "${file}"`) instanceof Failure) {
      return false;
    }
    throw thrown;
  }
}

/** Whole or not at all, and readable by its owner only. */
export function writeForOwner(path: string, text: string): void {
  const unfinished = unfinishedName(path);
  try {
    writePrivate(unfinished, `${text}\n`);
    putInPlace(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

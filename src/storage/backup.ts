import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#core/failure.ts';
import {
  companionsOf,
  copyDatabase,
  fileFailure,
  isOwnOrDamaged,
  putInPlace,
  removeDatabase,
  removeUnfinished,
  sha256OfFile,
  unfinishedName,
} from './database-file.ts';
import type { Contents } from './database-file.ts';
import { keyFileOf as ownKeyFileOf } from './keys.ts';
import { writePrivate } from './private-files.ts';

/** Copies the database into one file, also while a server writes to it. */
export interface BackupOptions {
  readonly databasePath: string;
  readonly file: string;
  /** Whether an earlier backup of that name may be written over; nothing else is. */
  readonly isOverwriting: boolean;
  /** Written into a file of its own beside the backup; absent leaves it out. */
  readonly key?: string;
}

export interface BackupReport {
  readonly contents: Contents;
  readonly bytes: number;
  readonly sha256: string;
  /** Where the key is, when it was asked for. */
  readonly keyFile?: string;
}

/** The key of a backup stands beside it, so that the two can be kept apart. */
export function keyFileOf(file: string): string {
  return `${file}.key`;
}

/** Throws `config-invalid` when there is nothing to copy, and what `copyDatabase` throws. */
export async function backUp({
  databasePath,
  file,
  isOverwriting,
  key,
}: BackupOptions): Promise<BackupReport> {
  if (!existsSync(databasePath)) {
    throw new Failure('config-invalid', {
      detail: `DATABASE_URL: there is no database at "${databasePath}"`,
    });
  }
  const keyFile = key === undefined ? undefined : keyFileOf(file);
  const place = { databasePath, isOverwriting };
  const assertFree = (): void => {
    assertMayWrite(file, { ...place, kind: 'backup' });
    if (keyFile !== undefined) {
      assertMayWrite(keyFile, { ...place, kind: 'key' });
    }
  };
  assertFree();
  removeUnfinished(file);
  // Also where none is asked for now: what died in the midst of it left a key there.
  removeUnfinished(keyFileOf(file));
  const unfinished = unfinishedName(file);
  const contents = await copyDatabase(databasePath, unfinished);
  try {
    assertFree();
    if (key !== undefined && keyFile !== undefined) {
      writeForOwner(keyFile, key);
    }
    const [bytes, sha256] = [statSync(unfinished).size, await sha256OfFile(unfinished)];
    putInPlace(unfinished, file);
    return { contents, bytes, sha256, ...(keyFile === undefined ? {} : { keyFile }) };
  } catch (thrown) {
    removeDatabase(unfinished);
    throw fileFailure(thrown, `Cannot write "${file}"`);
  }
}

interface Place {
  readonly databasePath: string;
  readonly isOverwriting: boolean;
  /** What is to be written there. */
  readonly kind: 'backup' | 'key';
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

function whatForbids(path: string, { databasePath, isOverwriting, kind }: Place): string | undefined {
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
  const isReplaceable = kind === 'key' ? isKeyOrEmpty(path, standing.size) : isBackupOrEmpty(path);
  return isReplaceable
    ? undefined
    : `it is no ${kind === 'key' ? 'key of a backup' : 'backup'}, and --force writes over nothing else`;
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

/** A key is one line of a setting; what is longer than any is none. */
const KEY_BYTES_MAX = 4096;

function isKeyOrEmpty(path: string, bytes: number): boolean {
  return bytes <= KEY_BYTES_MAX && readFileSync(path, 'utf8').trim().split('\n').length === 1;
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

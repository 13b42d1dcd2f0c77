import { existsSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#core/failure.ts';
import {
  companionsOf,
  copyDatabase,
  fileFailure,
  putInPlace,
  removeDatabase,
  removeUnfinished,
  sha256OfFile,
  syncPath,
  unfinishedName,
} from './database-file.ts';
import type { Contents } from './database-file.ts';

/** Copies the database into one file, also while a server writes to it. */
export interface BackupOptions {
  readonly databasePath: string;
  readonly file: string;
  /** Whether a file of that name may be written over. */
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
  const written = [file, ...(keyFile === undefined ? [] : [keyFile])];
  const assertFree = (): void =>
    written.forEach((path) => assertMayWrite(path, { databasePath, isOverwriting }));
  assertFree();
  removeUnfinished(file);
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

/** Throws `copy-failed` where something stands that must not be lost, or where there is no folder. */
function assertMayWrite(
  path: string,
  { databasePath, isOverwriting }: { readonly databasePath: string; readonly isOverwriting: boolean },
): void {
  const refuse = (why: string): never => {
    throw new Failure('copy-failed', { detail: `Cannot write "${path}": ${why}` });
  };
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) {
    // Not made here: a disk that is not mounted would be filled up behind its folder.
    refuse('there is no such folder');
  }
  const standing = statSync(path, { throwIfNoEntry: false });
  if (standing === undefined) {
    return;
  }
  const own = [databasePath, ...companionsOf(databasePath), `${databasePath}.lock`];
  if (own.some((mine) => existsSync(mine) && realpathSync(mine) === realpathSync(path))) {
    refuse('it is the database itself');
  }
  if (standing.isDirectory()) {
    refuse('it is a folder');
  }
  if (!isOverwriting) {
    refuse('it is there already; --force writes over it');
  }
}

/** Whole or not at all, and readable by its owner only. */
export function writeForOwner(path: string, text: string): void {
  const unfinished = unfinishedName(path);
  writeFileSync(unfinished, `${text}\n`, { mode: 0o600 });
  syncPath(unfinished);
  putInPlace(unfinished, path);
}

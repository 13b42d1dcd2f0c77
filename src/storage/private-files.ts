import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#core/failure.ts';

/** Files that their owner alone reads: what stands in them is buyers' contact data, or opens the books. */
const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/**
 * Makes the folder, and the file empty, unless they are there: so that neither is ever open to others, not even for a moment.
 * What SQLite puts beside a database (its log of writes) gets the mode of the database. What is there already stays as it is,
 * because somebody may have opened it on purpose; `doctor` tells.
 */
export function makePrivate(path: string): void {
  makePrivateFolder(dirname(path));
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch {
    // It is there, or cannot be made: who opens it next says so in better words.
  }
}

/**
 * A new file and never one that stands there, or a link: of a name that others can foresee somebody may have made a file that he
 * reads. Durable when it returns; it throws what the system says.
 */
export function writePrivate(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: FILE_MODE, flag: 'wx', flush: true });
}

export function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  } catch (cause) {
    throw new Failure('database-failed', { detail: `Cannot make the folder "${folder}"`, cause });
  }
}

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#core/failure.ts';
import { FILE_MODE, makePrivateFolder, writePrivate } from './private-files.ts';
import type { Keys } from './seal.ts';

/**
 * The key that an operator did not set: a file beside the database, for its owner alone. One line is the key. While keys are
 * changed it has two, the new one first:
 *
 *   old           → every secret is sealed with it
 *   new and old   → secrets are sealed with either, and sealed anew with the new one in one transaction
 *   new           → every secret is sealed with it
 *
 * Each state is put in place of the one before by one rename, so whenever a crash comes, what is there opens every secret.
 */

const KEY_BYTES = 32;

/** Made once, when it is not there. Throws `config-invalid` when it cannot be made, read or closed to others. */
export function keysFromFile(path: string): Keys {
  if (!existsSync(path)) {
    makePrivateFolder(dirname(path));
    // `wx`: of two processes that start at once one makes the key and the other reads it.
    try {
      writeFileSync(path, newKey(), { mode: FILE_MODE, flag: 'wx', flush: true });
    } catch (cause) {
      if (!existsSync(path)) {
        throw new Failure('config-invalid', { detail: `Cannot write the key file "${path}"`, cause });
      }
    }
  }
  closeToOthers(path);
  const [current, ...older] = linesOf(path);
  if (current === undefined) {
    // Another process is just making it, or died doing so; an empty key would seal with what everybody knows.
    throw new Failure('config-invalid', {
      detail: `The key file "${path}" is empty: start again, or remove it when nothing was sealed yet`,
    });
  }
  return { current, older };
}

/** Those of a file that is there already. Throws `config-invalid` when it is not, or holds nothing. */
export function readKeys(path: string): Keys {
  const [current, ...older] = keysInFile(path);
  if (current === undefined) {
    throw new Failure('config-invalid', { detail: `There is no key in the file "${path}"` });
  }
  return { current, older };
}

/** Those of a file that may not be there. Throws `config-invalid` when it cannot be read. */
export function keysInFile(path: string): readonly string[] {
  return existsSync(path) ? linesOf(path) : [];
}

/**
 * Changes the key. `sealAnew` seals every secret with the current one of these keys and is durable when it resolves. What a
 * crash cut short is taken up where it stood. `write` is the way into the file.
 */
export async function rotateKeyFile<T>(
  path: string,
  sealAnew: (keys: Keys) => Promise<T>,
  write: (path: string, keys: Keys) => void = replaceKeys,
): Promise<T> {
  const known = keysFromFile(path);
  const keys = known.older.length > 0 ? known : { current: newKey(), older: [known.current] };
  write(path, keys);
  const done = await sealAnew(keys);
  write(path, { current: keys.current, older: [] });
  return done;
}

/** Durable when it returns, and whole at every moment before. */
export function replaceKeys(path: string, { current, older }: Keys): void {
  const next = `${path}.next`;
  try {
    writePrivate(next, `${[current, ...older].join('\n')}\n`);
    renameSync(next, path);
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (cause) {
    throw new Failure('config-invalid', { detail: `Cannot write the key file "${path}"`, cause });
  }
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

function linesOf(path: string): string[] {
  return keysIn(onFile(path, 'read', () => readFileSync(path, 'utf8')));
}

/** As they are read of a file with this text. */
export function keysIn(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Asked first: another account's file that is closed already need not be changed, and could not be. */
function closeToOthers(path: string): void {
  onFile(path, 'close to others', () => {
    if ((statSync(path).mode & 0o777) !== FILE_MODE) {
      chmodSync(path, FILE_MODE);
    }
  });
}

function onFile<T>(path: string, doing: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const whatToDo = ['EACCES', 'EPERM'].includes(code)
      ? 'it belongs to another account. Run this as that account, or have the file given to this one (chown) with mode 0600'
      : `${code === '' ? String(cause) : code}. Put the key there, readable by this account alone`;
    throw new Failure('config-invalid', {
      detail: `Cannot ${doing} the key file "${path}": ${whatToDo}`,
      cause,
    });
  }
}

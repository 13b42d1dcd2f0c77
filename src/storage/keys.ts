import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '#core/failure.ts';
import { keysFromFile, keysInFile, readKeys, rotateKeyFile } from './key-file.ts';
import type { Keys } from './seal.ts';

/** Which keys there are: in the settings, and in the file beside the database. */
export interface KeySettings {
  readonly databasePath: string;
  readonly secretKey?: string;
  readonly oldSecretKey?: string;
}

/** A key in the settings comes first; whatever else is here still opens what was sealed with it. */
export function keysOf(settings: KeySettings): Keys {
  return inForce(settings, keysFromFile);
}

/** The same of what is there: none is made. Throws `config-invalid` where there is none. */
export function standingKeysOf(settings: KeySettings): Keys {
  return inForce(settings, readKeys);
}

function inForce(
  { secretKey, oldSecretKey, databasePath }: KeySettings,
  ofFile: (path: string) => Keys,
): Keys {
  const path = keyFileOf(databasePath);
  const old = oldSecretKey === undefined ? [] : [oldSecretKey];
  if (secretKey !== undefined) {
    return { current: secretKey, older: [...old, ...keysInFile(path)].filter((key) => key !== secretKey) };
  }
  const { current, older } = ofFile(path);
  return { current, older: [...older, ...old].filter((key) => key !== current) };
}

/** Where these keys come from, in words. */
export function keyPlaces({ secretKey, databasePath }: KeySettings): string {
  const path = keyFileOf(databasePath);
  const file = `the key in "${path}"`;
  if (secretKey === undefined) {
    return file;
  }
  return existsSync(path) ? `COUNTERFOIL_SECRET_KEY and ${file}` : 'COUNTERFOIL_SECRET_KEY';
}

/**
 * Has every secret sealed with another key: that of the settings when there is one, else a new one in the file. Throws
 * `config-invalid` when no key is given beside the one in use.
 */
export async function rotateKeys(
  settings: KeySettings,
  sealAnew: (keys: Keys) => Promise<number>,
): Promise<number> {
  const keys = keysOf(settings);
  if (settings.secretKey === undefined) {
    // What was sealed with a key of the settings, before the file had one, is sealed anew as well.
    return rotateKeyFile(keyFileOf(settings.databasePath), ({ current, older }) =>
      sealAnew({ current, older: [...new Set([...older, ...keys.older])] }),
    );
  }
  if (keys.older.length === 0) {
    throw new Failure('config-invalid', {
      detail:
        'COUNTERFOIL_SECRET_KEY: set the new key here, and the one so far as COUNTERFOIL_OLD_SECRET_KEY',
    });
  }
  return sealAnew(keys);
}

export function keyFileOf(databasePath: string): string {
  return join(dirname(databasePath), 'counterfoil.key');
}

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#core/failure.ts';

/** Seals secrets at rest: AES-256-GCM, bound to the name they are stored under, so that a row cannot stand in for another. */
export interface Seal {
  seal(name: string, secret: string): string;
  /** Throws a Failure when the key is another one than the secret was sealed with. */
  open(name: string, sealed: string): string;
}

/** Names the form, so that another cipher or key can follow without guessing. */
const FORM = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSeal(keyText: string): Seal {
  // Any text is a key: hashing gives the 32 bytes, whatever the operator typed.
  const key = createHash('sha256').update(keyText).digest();
  return {
    seal(name, secret) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `${FORM}:${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')}`;
    },
    open(name, sealed) {
      const bytes = Buffer.from(sealed.slice(FORM.length + 1), 'base64');
      try {
        // The length of the tag is named, so that one cut short is refused.
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        }).setAAD(Buffer.from(name));
        decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const opened = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
        return Buffer.concat(opened).toString('utf8');
      } catch (cause) {
        throw new Failure('config-invalid', {
          detail: `Cannot open the stored secret "${name}": COUNTERFOIL_SECRET_KEY (or the key file) is not the one it was sealed with`,
          cause,
        });
      }
    },
  };
}

/** The key an operator did not set: made once beside the database, readable by its owner only. */
export function keyFromFile(path: string): string {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // `wx`: of two processes that start at once one makes the key and the other reads it.
    try {
      writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      if (!existsSync(path)) {
        throw new Failure('config-invalid', { detail: `Cannot write the key file "${path}"`, cause });
      }
    }
  }
  chmodSync(path, 0o600);
  return readKey(path);
}

/** From a key file. Throws `config-invalid` when it is not there or holds nothing. */
export function readKey(path: string): string {
  if (!existsSync(path)) {
    throw new Failure('config-invalid', { detail: `There is no key file "${path}"` });
  }
  const key = readFileSync(path, 'utf8').trim();
  if (key === '') {
    // Another process is just making it, or died doing so; an empty key would seal with what everybody knows.
    throw new Failure('config-invalid', {
      detail: `The key file "${path}" is empty: start again, or remove it when nothing was sealed yet`,
    });
  }
  return key;
}

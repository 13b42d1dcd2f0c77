import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  randomBytes,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Failure } from '#core/failure.ts';

/** Seals secrets at rest: AES-256-GCM, bound to the name they are stored under, so that a row cannot stand in for another. */
export interface Seal {
  /** With the current key. */
  seal(name: string, secret: string): string;
  /** With the current key or an older one. Throws `key-wrong` when it was sealed with another. */
  open(name: string, sealed: string): string;
  /** Another name for it, which nobody makes who has not got the current key. */
  nameOf(kind: string, text: string): string;
  /** Tells keys apart without telling them. */
  readonly keyId: string;
  readonly olderKeyIds: readonly string[];
}

/** Seals with the first; opens with any, so that while keys are changed every secret opens at every moment. */
export interface Keys {
  readonly current: string;
  readonly older: readonly string[];
}

/** Names the form, so that another cipher or key can follow without guessing. */
const FORM = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSeal(keyText: string, olderTexts: readonly string[] = []): Seal {
  const key = keyOf(keyText);
  const older = olderTexts.map(keyOf);
  return {
    keyId: idOf(key),
    olderKeyIds: older.map(idOf),
    nameOf: (kind, text) => createHmac('sha256', key).update(`counterfoil ${kind}: ${text}`).digest('hex'),
    seal(name, secret) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `${FORM}:${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64')}`;
    },
    open(name, sealed) {
      const bytes = Buffer.from(sealed.slice(FORM.length + 1), 'base64');
      let cause: unknown;
      for (const candidate of [key, ...older]) {
        try {
          return opened(bytes, { key: candidate, name });
        } catch (thrown) {
          cause = thrown;
        }
      }
      throw new Failure('key-wrong', {
        detail: `Cannot open the stored secret "${name}": COUNTERFOIL_SECRET_KEY (or the key file) is not the one it was sealed with`,
        cause,
      });
    },
  };
}

/** Whether it was sealed with one of these keys. */
export function opens(seal: Pick<Seal, 'open'>, name: string, sealed: string): boolean {
  try {
    seal.open(name, sealed);
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure) {
      return false;
    }
    throw thrown;
  }
}

function opened(bytes: Buffer, { key, name }: { readonly key: KeyObject; readonly name: string }): string {
  // The length of the tag is named, so that one cut short is refused.
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  }).setAAD(Buffer.from(name));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
  return Buffer.concat(text).toString('utf8');
}

/** Any text is a key: hashing gives the 32 bytes, whatever the operator typed. */
function keyOf(text: string): KeyObject {
  return createSecretKey(createHash('sha256').update(text).digest());
}

/** 64 bits tell any number of keys apart. */
const ID_LENGTH = 16;

function idOf(key: KeyObject): string {
  return createHmac('sha256', key)
    .update('counterfoil: the name of this key')
    .digest('hex')
    .slice(0, ID_LENGTH);
}

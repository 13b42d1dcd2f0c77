import { randomBytes, scrypt } from 'node:crypto';
import { isSameProof } from '#net/same-proof.ts';

/**
 * The admin password at rest: an scrypt hash with a salt of its own. The parameters stand in the text, so that they can be
 * raised later and what was hashed before still fits.
 */

export interface HashCost {
  /** Steps and memory: 128 × `blockSize` × `steps` bytes. A power of two. */
  readonly steps: number;
  readonly blockSize: number;
  readonly lanes: number;
}

/** What OWASP names first for scrypt (password storage cheat sheet, 2026): 128 MiB, and 0.75 s where it was measured. */
export const HASH_COST: HashCost = { steps: 2 ** 17, blockSize: 8, lanes: 1 };
/** A stored text that asks for more is none of ours. */
const HASH_BYTES_MAX = 256 * 1024 * 1024;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** "scrypt:131072:8:1:<salt>:<hash>" */
export async function hashPassword(password: string, cost: HashCost): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, { salt, cost });
  const { steps, blockSize, lanes } = cost;
  return ['scrypt', steps, blockSize, lanes, salt.toString('base64url'), key].join(':');
}

/** Takes as long for a wrong password as for the right one. */
export async function fitsPassword(password: string, hash: string): Promise<boolean> {
  const match = /^scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3}):([\w-]+):([\w-]+)$/.exec(hash);
  if (match === null) {
    return false;
  }
  const [, steps, blockSize, lanes, salt = '', key = ''] = match;
  const cost = { steps: Number(steps), blockSize: Number(blockSize), lanes: Number(lanes) };
  return isSameProof(await derive(password, { salt: Buffer.from(salt, 'base64url'), cost }), key);
}

function derive(
  password: string,
  { salt, cost: { steps, blockSize, lanes } }: { readonly salt: Buffer; readonly cost: HashCost },
): Promise<string> {
  // Keyboards differ in how they write the same letter with its accent.
  const text = password.normalize('NFC');
  const options = { N: steps, r: blockSize, p: lanes, maxmem: HASH_BYTES_MAX };
  return new Promise((resolve, reject) => {
    scrypt(text, salt, KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key.toString('base64url')) : reject(error),
    );
  });
}

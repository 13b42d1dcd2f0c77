import { existsSync, readFileSync } from 'node:fs';

/**
 * Whether a process died between the first byte of a commit and its last, as its write-ahead log shows: pages of a transaction
 * stand in it, whole by their checksums, and the page that makes them count does not (https://sqlite.org/fileformat2.html#walformat).
 */
export function isCommitTorn(databasePath: string): boolean {
  const path = `${databasePath}-wal`;
  const log = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (log.byteLength < HEADER_BYTES) {
    return false;
  }
  const isBig = log.readUInt32BE(0) === MAGIC_BIG;
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  let sums = checksum(log.subarray(0, 24), isBig, [0, 0]);
  let isOpen = false;
  for (let at = HEADER_BYTES; at + frameBytes <= log.byteLength; at += frameBytes) {
    const frame = log.subarray(at, at + frameBytes);
    sums = checksum(frame.subarray(FRAME_HEADER_BYTES), isBig, checksum(frame.subarray(0, 8), isBig, sums));
    const isWhole = frame.readUInt32BE(16) === sums[0] && frame.readUInt32BE(20) === sums[1];
    if (!isWhole || !frame.subarray(8, 16).equals(salt)) {
      // What follows is of an earlier round of the log.
      return isOpen;
    }
    // The last page of a transaction names the size of the database after it.
    isOpen = frame.readUInt32BE(4) === 0;
  }
  return isOpen;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_BIG = 0x377f0683;

type Sums = readonly [number, number];

function checksum(bytes: Buffer, isBig: boolean, [first, second]: Sums): Sums {
  let [one, two] = [first, second];
  for (let at = 0; at < bytes.byteLength; at += 8) {
    const word = isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const next = isBig ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    one = (one + word + two) >>> 0;
    two = (two + next + one) >>> 0;
  }
  return [one, two];
}

import { SECOND } from '#core/time.ts';
import type { Clock } from '#core/time.ts';

/**
 * How often an address may be refused before it is told to wait, and its refusals are counted and no longer logged.
 *
 * It limits what a forger costs and never what a shop says. An address proves nothing: all shops of Shopify share addresses,
 * and behind a proxy everybody has one. So a message that can be authentic by its headers is read and verified whatever its
 * address did before, and forwarded addresses, which anybody can write, are not looked at.
 */
export interface RefusalLimit {
  /** Counts one refusal of the address. */
  count(address: string): Refusal;
  /** As if the last one had not been counted. */
  takeBack(address: string): void;
  /** As if none had ever been counted of the address. */
  forget(address: string): void;
}

export type Refusal =
  /** With how many there were before it that were not logged. */
  | { readonly isOver: false; readonly unlogged: number }
  | { readonly isOver: true; readonly retryAfterS: number };

export interface RefusalTerms {
  /** How many at once. */
  readonly refusalsMax: number;
  /** After how long one more is allowed. */
  readonly refusalEveryMs: number;
  /** How many addresses are remembered; the one that was refused longest ago is forgotten first. */
  readonly addressesMax: number;
}

interface Bucket {
  readonly left: number;
  readonly atMs: number;
  readonly unlogged: number;
}

export function createRefusalLimit(terms: RefusalTerms, clock: Pick<Clock, 'now'>): RefusalLimit {
  const { refusalsMax, refusalEveryMs, addressesMax } = terms;
  const buckets = new Map<string, Bucket>();
  const filled = (network: string): Bucket => {
    const nowMs = clock.now();
    const bucket = buckets.get(network) ?? { left: refusalsMax, atMs: nowMs, unlogged: 0 };
    // A clock that was set back gives nothing and takes nothing.
    const gained = Math.max(0, nowMs - bucket.atMs) / refusalEveryMs;
    return { ...bucket, left: Math.min(refusalsMax, bucket.left + gained), atMs: nowMs };
  };
  const waitS = ({ left }: Bucket): number => Math.max(1, Math.ceil(((1 - left) * refusalEveryMs) / SECOND));
  return {
    forget: (address) => void buckets.delete(networkOf(address)),
    takeBack(address) {
      const network = networkOf(address);
      const bucket = buckets.get(network);
      if (bucket !== undefined) {
        buckets.set(network, { ...bucket, left: Math.min(refusalsMax, bucket.left + 1) });
      }
    },
    count(address) {
      const network = networkOf(address);
      const bucket = filled(network);
      const isOver = bucket.left < 1;
      buckets.delete(network);
      const [oldest] = buckets.keys();
      if (oldest !== undefined && buckets.size >= addressesMax) {
        buckets.delete(oldest);
      }
      buckets.set(
        network,
        isOver
          ? { ...bucket, unlogged: bucket.unlogged + 1 }
          : { ...bucket, left: bucket.left - 1, unlogged: 0 },
      );
      return isOver ? { isOver, retryAfterS: waitS(bucket) } : { isOver, unlogged: bucket.unlogged };
    },
  };
}

/** Half of an IPv6 address is its holder's to choose, so the other half names him; an IPv4 address stands for itself. */
function networkOf(address: string): string {
  const text = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!text.includes(':')) {
    return text;
  }
  const [head = '', tail] = text.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
}

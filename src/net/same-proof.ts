import { timingSafeEqual } from 'node:crypto';

/**
 * Whether a proof that came from outside is the expected one, without the time telling how much of it is right. It is the one
 * place where such are compared; a test of the source holds the rest of it to that.
 */
export function isSameProof(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

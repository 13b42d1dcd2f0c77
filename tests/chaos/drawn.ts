import { seededRandom } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';

/** Who and what comes to a run beside its shop: each in a share of the runs. */

/** Seeds below it were drawn, and found what they found, when there was a shop alone with the default rules: so they stay. */
export const FIRST_SEED = 100;

/**
 * Nothing where the run goes without it. Each is drawn from a source of its own: what else befalls the run stays what the seed
 * makes of it.
 */
export function drawnFor(seed: number, stream: number, share: number): Random | undefined {
  const random = seededRandom(seed ^ stream);
  return seed < FIRST_SEED || random() >= share ? undefined : random;
}

/** Seeds below it were drawn when no edit put more units on a line. */
const FIRST_RAISING = 90_000_000;

export function isRaising(seed: number): boolean {
  return seed >= FIRST_RAISING;
}

/** Seeds below it were drawn when all of a run happened within hours. */
const FIRST_LEAPING = 95_000_000;

export function isLeaping(seed: number): boolean {
  return seed >= FIRST_LEAPING;
}

import { test } from 'node:test';
import * as fc from 'fast-check';

/** Chosen anew in every process, and printed: `FC_SEED=… node --test FILE` draws the same again. */
export const SEED = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff));
const RUNS = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 400 : 60;

/** A test of a statement that holds for everything that is drawn. */
export function law<Drawn>(
  name: string,
  property: fc.IProperty<Drawn> | fc.IAsyncProperty<Drawn>,
  numRuns: number = RUNS,
): void {
  void test(name, async (context) => {
    context.diagnostic(`FC_SEED=${SEED}`);
    await fc.assert(property, { seed: SEED, numRuns });
  });
}

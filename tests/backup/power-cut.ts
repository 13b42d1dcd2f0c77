import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What is done to files on the way from a backup to its place. */
const OPERATIONS = [
  'openSync',
  'renameSync',
  'linkSync',
  'fsyncSync',
  'rmSync',
  'copyFileSync',
  'writeFileSync',
] as const;

class PowerCut extends Error {}

/**
 * Runs the work until the file operation with this number, counted from 1: in place of it, and of all that would follow,
 * nothing happens any more. Answers whether the work came to its end before.
 */
export async function cutBefore(number: number, work: () => Promise<unknown>): Promise<'cut' | 'done'> {
  const originals = OPERATIONS.map((name) => [name, fs[name]] as const);
  let count = 0;
  for (const [name, original] of originals) {
    Reflect.set(fs, name, (...args: unknown[]) => {
      count += 1;
      if (count >= number) {
        throw new PowerCut(`Before ${name}`);
      }
      return Reflect.apply(original, fs, args);
    });
  }
  syncBuiltinESMExports();
  try {
    await work();
    return 'done';
  } catch (thrown) {
    if (thrown instanceof PowerCut) {
      return 'cut';
    }
    throw thrown;
  } finally {
    originals.forEach(([name, original]) => Reflect.set(fs, name, original));
    syncBuiltinESMExports();
  }
}

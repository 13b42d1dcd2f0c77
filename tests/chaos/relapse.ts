import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreDatabase } from '#app.ts';
import type { Config } from '#config.ts';
import type { OrderKey } from '#core/ids.ts';
import type { Clock } from '#core/time.ts';
import type { Standing } from '#sim/standing.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { between } from '#sim/world/random.ts';
import type { Ground } from '#tests/chaos/generation.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';

/**
 * In a share of the runs the disk is lost once everything is sold, and a backup of some moment before is put back: what was booked
 * between the two stands in FreshBooks alone, and calls of that time may still be on their way.
 */
export interface Relapse {
  /** When the backup is made, from the beginning. */
  readonly at: number;
  /** Whether the messages since then come once more; else the program finds by itself what they told. */
  readonly isToldAgain: boolean;
  /** Of the backup, once it is made. */
  folder?: string;
  /** What stood of each order when it was put back. */
  standing?: ReadonlyMap<OrderKey, Standing>;
}

const SHARE = 0.15;
const STREAM = 0xbac4;

export function relapseOf(seed: number, withinMs: number): Relapse | undefined {
  const random = drawnFor(seed, STREAM, SHARE);
  if (random === undefined) {
    return undefined;
  }
  return { at: between(random, 0, withinMs), isToldAgain: random() < 0.5 };
}

const BACKUP = 'backup.db';
const LIVE = 'run.db';

/** One moment of the database, as `counterfoil backup` takes it. */
export function backUp({ database }: Pick<Ground, 'database'>, relapse: Relapse): void {
  relapse.folder = mkdtempSync(join(tmpdir(), 'counterfoil-relapse-'));
  database.exec(`vacuum into '${join(relapse.folder, BACKUP)}'`);
}

/** Of a program that is dead: by the command's own way, from the database that stands there to the one of the backup. */
export async function putBack(
  ground: Ground,
  { folder = assert.fail('a backup was made') }: Relapse,
  by: { readonly config: (url: string) => Config; readonly clock: Clock },
): Promise<void> {
  const path = join(folder, LIVE);
  ground.database.exec(`vacuum into '${path}'`);
  ground.database.close();
  await restoreDatabase(by.config(`sqlite:${path}`), { clock: by.clock }, join(folder, BACKUP));
  ground.database = openSqlite(path);
  // What a lost commit does is drawn by the run itself; the disk need not wait for it.
  ground.database.exec('pragma synchronous = off');
}

/** At the end of the run, when the database is closed. */
export function removeRelapse({ folder }: Relapse): void {
  if (folder !== undefined) {
    rmSync(folder, { recursive: true });
  }
}

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { clientStep, entry, hold, message, record } from '#tests/build.ts';
import { hurriedClock } from '#tests/clock.ts';

/** Small databases of this program, for what is done with them as files. */

export const KEY = 'the key of this database';

/** A folder of the test's own, gone after it. */
export async function inFolder(body: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-backup-'));
  try {
    await body((name) => join(folder, name));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With one key, or the first of several. */
export async function openAt(path: string, keys: string | readonly string[] = KEY): Promise<Store> {
  const dialect = sqliteDialect(openSqlite(path));
  const [current = '', ...older] = [keys].flat();
  return (await openStore({ dialect, clock: hurriedClock(), seal: createSeal(current, older) })).store;
}

/** One with so many messages, and an order, an entry, a question, a setting and tokens. */
export async function makeBooks(
  path: string,
  {
    messages = 3,
    tokens = 'tokens',
    bytes = 20,
  }: { messages?: number; tokens?: string; bytes?: number } = {},
): Promise<void> {
  const store = await openAt(path);
  await store.transact(async (tx) => {
    for (let number = 1; number <= messages; number += 1) {
      const body = Buffer.alloc(bytes, `message ${number} `);
      await tx.acceptDelivery(message({ externalId: `delivery-${number}`, body }), instant(number * 1000));
    }
    await tx.putOrder(record());
    const { id: _id, ...rest } = entry(clientStep());
    await tx.addEntry(rest);
    await tx.openHold(hold());
    await tx.putSetting('identity:freshbooks', 'SiMfb1');
    await tx.putSetting('token-seed:freshbooks', `seed of ${tokens}`);
    await tx.putSecret('tokens:freshbooks', tokens);
  });
  await store.close();
}

/** What a file holds, read without changing it. */
export function externalIds(path: string): string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database
    .prepare('select external_id from deliveries order by id')
    .all()
    .map((row) => String(row['external_id']));
}

export async function secretIn(
  path: string,
  keys: string | readonly string[] = KEY,
): Promise<string | undefined> {
  const store = await openAt(path, keys);
  try {
    return await store.read.secret('tokens:freshbooks');
  } finally {
    await store.close();
  }
}

/** A clock on which the other command ends with the wait of this number. */
export function closingAfter(other: DatabaseSync, waits: number): Clock {
  const clock = hurriedClock();
  let count = 0;
  return {
    now: () => clock.now(),
    async sleep(until) {
      count += 1;
      if (count === waits) {
        other.close();
      }
      await clock.sleep(until);
    },
  };
}

/** Writes over the middle of the page in which the table begins, as a disk that loses a sector does. */
export function damage(path: string, table: string): void {
  const database = new DatabaseSync(path);
  database.exec('pragma journal_mode = delete');
  const root = Number(
    database.prepare('select rootpage from sqlite_master where name = ?').get(table)?.['rootpage'],
  );
  const size = Number(database.prepare('pragma page_size').get()?.['page_size']);
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, (root - 1) * size, (root - 1) * size + size / 2);
  writeFileSync(path, bytes);
}

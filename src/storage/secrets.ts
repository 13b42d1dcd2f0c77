import type { DatabaseSync } from 'node:sqlite';
import type { Kysely, Transaction } from 'kysely';
import { Failure } from '#core/failure.ts';
import { showInstant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { createSeal, opens } from './seal.ts';
import type { Seal } from './seal.ts';
import { translated } from './sqlite.ts';
import type { Tables } from './tables.ts';

/**
 * Secrets as rows, each sealed under its name. A key that was replaced is remembered by its id and never used again: it may be
 * known to others, and what a command sealed that began before and still has it would open for nobody.
 */

type Tx = Transaction<Tables>;

export async function putSealed(
  tx: Tx,
  seal: Seal,
  { key, value }: { readonly key: string; readonly value: string },
): Promise<void> {
  await assertInUse(tx, seal);
  await write(tx, { key, sealed: seal.seal(key, value) });
}

/** Seals every secret with the current key, and tells how many there are. */
export async function sealAllAnew(tx: Tx, seal: Seal, now: Instant): Promise<number> {
  const rows = await tx.selectFrom('secrets').selectAll().execute();
  for (const { key, sealed } of rows) {
    await write(tx, { key, sealed: seal.seal(key, seal.open(key, sealed)) });
  }
  for (const id of seal.olderKeyIds) {
    const row = { key: retiredSetting(id), value: showInstant(now) };
    await tx
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
      .execute();
  }
  return rows.length;
}

/** The names of secrets that none of the keys opens. */
export async function lockedSecrets(db: Kysely<Tables>, seal: Seal): Promise<readonly string[]> {
  const rows = await db.selectFrom('secrets').selectAll().orderBy('key').execute();
  return rows.filter(({ key, sealed }) => !opens(seal, key, sealed)).map(({ key }) => key);
}

/** Forgets what none of the keys opens, and tells how many there were. */
export async function dropLockedSecrets(tx: Tx, seal: Seal): Promise<number> {
  const names = await lockedSecrets(tx, seal);
  if (names.length > 0) {
    await tx.deleteFrom('secrets').where('key', 'in', names).execute();
  }
  return names.length;
}

/** Throws `config-invalid` when the key was replaced. */
export async function assertInUse(db: Kysely<Tables>, { keyId }: Seal): Promise<void> {
  const retired = await db
    .selectFrom('settings')
    .select('value')
    .where('key', '=', retiredSetting(keyId))
    .executeTakeFirst();
  if (retired !== undefined) {
    throw new Failure('config-invalid', {
      detail: `The key in COUNTERFOIL_SECRET_KEY (or the key file) was replaced on ${retired.value}: use the new one, and start again what began before`,
    });
  }
}

/** A secret as it stands in a file. */
export interface Sealed {
  readonly key: string;
  readonly sealed: string;
}

/** All of a database that is read as a file, whatever its schema. */
export function sealedRows(database: DatabaseSync): readonly Sealed[] {
  return translated('Cannot read the sealed secrets', () =>
    database
      .prepare('select key, sealed from secrets order by key')
      .all()
      .map((row) => ({ key: String(row['key']), sealed: String(row['sealed']) })),
  );
}

export function opensAll(seal: Seal, rows: readonly Sealed[]): boolean {
  return rows.every((row) => opens(seal, row.key, row.sealed));
}

/** Those of the keys that open any of them: no other is needed. */
export function openersAmong(keys: readonly string[], rows: readonly Sealed[]): readonly string[] {
  return [...new Set(keys)].filter((key) => {
    const seal = createSeal(key);
    return rows.some((row) => opens(seal, row.key, row.sealed));
  });
}

async function write(tx: Tx, row: { readonly key: string; readonly sealed: string }): Promise<void> {
  await tx
    .insertInto('secrets')
    .values(row)
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ sealed: row.sealed }))
    .execute();
}

function retiredSetting(keyId: string): string {
  return `retired-key:${keyId}`;
}

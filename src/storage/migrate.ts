import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Failure } from '#core/failure.ts';
import type { Instant } from '#core/time.ts';
import { assertUnserved } from './serve-lock.ts';
import * as start from './migrations/0001-start.ts';
import * as decisions from './migrations/0002-decisions.ts';
import * as ofAnOrder from './migrations/0003-of-an-order.ts';
import * as audit from './migrations/0004-audit.ts';
import * as alarms from './migrations/0005-alarms.ts';
import * as outages from './migrations/0006-outages.ts';
import * as sessions from './migrations/0007-sessions.ts';
import * as refusedWrites from './migrations/0008-refused-writes.ts';
import * as limitedSince from './migrations/0009-limited-since.ts';
import type { Tables } from './tables.ts';

interface Migration {
  readonly name: string;
  /** Whether a program that does not know it must not touch the database. */
  readonly isBreaking: boolean;
  readonly up: (db: Kysely<Tables>) => Promise<void>;
}

/** Append-only; the number is the place in this list, from 1. */
const MIGRATIONS: readonly Migration[] = [
  start,
  decisions,
  ofAnOrder,
  audit,
  alarms,
  outages,
  sessions,
  refusedWrites,
  limitedSince,
];

/** What `migrate` brings a database to. */
export const SCHEMA_VERSION = MIGRATIONS.length;

export interface Migrated {
  readonly applied: readonly string[];
  readonly version: number;
}

/**
 * Brings the schema up to date, each migration in a transaction of its own. Refuses a database that a newer version wrote
 * in a way this one cannot read, with `database-newer`.
 */
export async function migrate(db: Kysely<Tables>, now: Instant): Promise<Migrated> {
  await sql`create table if not exists migrations (
    number bigint primary key, name text not null, is_breaking integer not null, applied_at bigint not null
  )`.execute(db);
  const done = await db.selectFrom('migrations').selectAll().orderBy('number').execute();
  assertKnown(done, 'The database');
  const applied: string[] = [];
  for (const [index, migration] of MIGRATIONS.entries()) {
    const isDone = done.some((row) => row.number === BigInt(index + 1));
    if (!isDone && (await applyOnce(db, { number: index + 1, migration, now }))) {
      applied.push(`${index + 1} ${migration.name}`);
    }
  }
  return { applied, version: MIGRATIONS.length };
}

/**
 * Throws `already-running` where the schema is to be changed beneath the server of another process, whose program may not know
 * the new one. A database that is new has no server.
 */
export async function assertMayMigrate(db: Kysely<Tables>, now: Instant): Promise<void> {
  const table = sql<{ readonly name: string }>`select name from sqlite_master where name = 'migrations'`;
  if ((await table.execute(db)).rows.length === 0) {
    return;
  }
  const done = await db.selectFrom('migrations').select('number').execute();
  const files = await sql<{ readonly name: string; readonly file: string }>`pragma database_list`.execute(db);
  const path = files.rows.find(({ name }) => name === 'main')?.file ?? '';
  if (done.length === 0 || done.length >= SCHEMA_VERSION || path === '') {
    return;
  }
  try {
    assertUnserved(path, now);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== 'already-running') {
      throw thrown;
    }
    throw new Failure('already-running', {
      detail: `${thrown.message} with schema version ${done.length}, and this program brings it to ${SCHEMA_VERSION}: stop the server and start that of this version, or give the command by the server’s version`,
      cause: thrown,
    });
  }
}

/** What stands in the table of migrations. */
export interface Done {
  readonly number: bigint;
  readonly is_breaking: bigint;
}

/** Throws `database-newer` when a newer program wrote it in a way that this one cannot read. */
export function assertKnown(done: readonly Done[], what: string): void {
  if (done.some((row) => row.number > SCHEMA_VERSION && row.is_breaking !== 0n)) {
    throw new Failure('database-newer', {
      detail: `${what} has version ${done.length} and this program knows ${SCHEMA_VERSION}`,
    });
  }
}

async function applyOnce(
  db: Kysely<Tables>,
  { number, migration, now }: { number: number; migration: Migration; now: Instant },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    // Inside the transaction: of two processes that migrate at once the second finds the first one's row.
    const known = await tx
      .selectFrom('migrations')
      .select('number')
      .where('number', '=', BigInt(number))
      .execute();
    if (known.length > 0) {
      return false;
    }
    await migration.up(tx);
    const row = {
      number,
      name: migration.name,
      is_breaking: migration.isBreaking ? 1 : 0,
      applied_at: now,
    };
    await tx.insertInto('migrations').values(row).execute();
    return true;
  });
}

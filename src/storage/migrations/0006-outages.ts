import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** An account that is down, and the orders that wait for it. */
export const name = 'outages';
export const isBreaking = false;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema.alterTable('pauses').addColumn('since', 'bigint').execute();
  await db.schema.alterTable('pauses').addColumn('probes', 'integer').execute();
  await db.schema.alterTable('orders').addColumn('waits_for', 'text').execute();
  // In the order in which they are asked to try.
  await sql`create index orders_waiting on orders (waits_for, attempts, priority, created_at) where waits_for is not null`.execute(
    db,
  );
}

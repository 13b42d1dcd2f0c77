import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** Since when an order has waited for calls that a limit allows: each wait moves its due time on, so that tells nothing. */
export const name = 'limited-since';
export const isBreaking = false;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema.alterTable('orders').addColumn('limited_since', 'bigint').execute();
  await sql`create index orders_limited on orders (limited_since) where limited_since is not null`.execute(
    db,
  );
}

import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** Sessions of the admin, each by a hash of the id that its cookie has. */
export const name = 'sessions';
export const isBreaking = false;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id_sha256', 'text', (column) => column.primaryKey())
    .addColumn('opened_at', 'bigint', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addColumn('ends_at', 'bigint', (column) => column.notNull())
    .execute();
}

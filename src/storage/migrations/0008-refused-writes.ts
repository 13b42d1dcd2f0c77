import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** The write that was refused, and what was answered, beside the question about it. */
export const name = 'refused-writes';
export const isBreaking = false;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema.alterTable('holds').addColumn('request', 'text').execute();
  await db.schema.alterTable('holds').addColumn('answer', 'text').execute();
}

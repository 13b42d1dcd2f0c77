import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** What a person has decided about an order, as JSON. */
export const name = 'decisions';
export const isBreaking = true;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .alterTable('orders')
    .addColumn('decisions', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute();
}

import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** What belongs to an order is found by its index: those that there were leave out what is voided or closed, so none was used. */
export const name = 'of-an-order';
export const isBreaking = false;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema.createIndex('entries_of_order').on('entries').columns(['order_key', 'id']).execute();
  await db.schema.createIndex('holds_of_order').on('holds').columns(['order_key', 'id']).execute();
}

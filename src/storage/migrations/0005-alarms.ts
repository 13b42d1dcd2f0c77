import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** What a person is told of, and what each channel was told; and the codes of failures that alarms name the cause by. */
export const name = 'alarms';
export const isBreaking = false;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('alarms')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('connection', 'text')
    .addColumn('order_key', 'text')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('sentence', 'text', (column) => column.notNull())
    .addColumn('remedy', 'text', (column) => column.notNull())
    .addColumn('since_at', 'bigint', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addColumn('raised_at', 'bigint')
    .addColumn('over_at', 'bigint')
    .execute();
  await db.schema.createIndex('alarms_over').on('alarms').column('over_at').execute();
  await db.schema
    .createTable('alarm_tellings')
    .addColumn('alarm_key', 'text', (column) => column.notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('told_at', 'bigint', (column) => column.notNull())
    .addColumn('over_told_at', 'bigint')
    .addPrimaryKeyConstraint('alarm_tellings_key', ['alarm_key', 'channel'])
    .execute();
  await db.schema.alterTable('pauses').addColumn('code', 'text').execute();
  await db.schema.alterTable('orders').addColumn('failed_code', 'text').execute();
  // The watch looks every few seconds, however many holds were closed and orders settled in the years before.
  await sql`create index holds_open on holds (id) where closed_at is null`.execute(db);
  await sql`create index orders_failing on orders (first_failed_at) where first_failed_at is not null`.execute(
    db,
  );
  await sql`create index orders_unsettled on orders (state) where state in ('due', 'working', 'waiting')`.execute(
    db,
  );
}

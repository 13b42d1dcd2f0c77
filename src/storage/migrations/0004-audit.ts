import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

/** The log of what people and the program did beside booking, and messages whose content was blanked. */
export const name = 'audit';
export const isBreaking = true;

export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema.alterTable('deliveries').addColumn('redacted_at', 'bigint').execute();
  // What retention looks through: without it every look would walk the pages of all bodies.
  await sql`create index deliveries_readable on deliveries (received_at) where redacted_at is null`.execute(
    db,
  );
  await db.schema
    .createTable('audit')
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('previous_sha256', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .execute();
  await refuseChanges(db);
}

/** SQLite's own syntax. `insert or replace` deletes without asking the trigger of deletions, so it has one of its own. */
async function refuseChanges(db: Kysely<Tables>): Promise<void> {
  for (const change of ['update', 'delete'] as const) {
    await sql`create trigger ${sql.id(`audit_no_${change}`)} before ${sql.raw(change)} on audit
      begin select raise(abort, 'the audit log is only added to'); end`.execute(db);
  }
  await sql`create trigger audit_no_replace before insert on audit
    when exists (select 1 from audit where number = new.number)
    begin select raise(abort, 'the audit log is only added to'); end`.execute(db);
}

import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#storage/tables.ts';

export const name = 'start';
export const isBreaking = true;

export async function up(db: Kysely<Tables>): Promise<void> {
  await deliveriesAndOrders(db);
  await ledger(db);
  await coordination(db);
}

async function deliveriesAndOrders(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('deliveries')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('connection', 'text', (column) => column.notNull())
    .addColumn('external_id', 'text', (column) => column.notNull())
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('headers', 'text', (column) => column.notNull())
    .addColumn('body', 'blob', (column) => column.notNull())
    .addColumn('body_sha256', 'text', (column) => column.notNull())
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('order_key', 'text')
    .addColumn('reason', 'text')
    .addUniqueConstraint('deliveries_once', ['connection', 'external_id'])
    .execute();
  await sql`create index deliveries_accepted on deliveries (id) where state = 'accepted'`.execute(db);
  await db.schema.createIndex('deliveries_of_order').on('deliveries').columns(['order_key', 'id']).execute();
  await db.schema
    .createTable('orders')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('connection', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('due_at', 'bigint')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('first_failed_at', 'bigint')
    .addColumn('priority', 'integer', (column) => column.notNull())
    .addColumn('newest_delivery', 'bigint')
    .addColumn('stamp', 'bigint')
    .addColumn('snapshot', 'text')
    .addColumn('rules_version', 'text')
    .addColumn('number_variant', 'integer', (column) => column.notNull())
    .addColumn('reread_why', 'text')
    .addColumn('reread_since', 'bigint')
    .addColumn('reread_at', 'bigint')
    .addColumn('reread_blocks', 'integer', (column) => column.notNull())
    .addColumn('is_deleted', 'integer', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  await sql`create index orders_due on orders (priority, due_at) where due_at is not null`.execute(db);
  await sql`create index orders_working on orders (key) where state = 'working'`.execute(db);
  await db.schema.createIndex('orders_newest').on('orders').column('created_at').execute();
}

async function ledger(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('entries')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('order_key', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('reference', 'text', (column) => column.notNull())
    .addColumn('intent', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('called_at', 'bigint')
    .addColumn('looks', 'integer', (column) => column.notNull())
    .addColumn('external_id', 'text')
    .addColumn('receipt', 'text')
    .addColumn('rules_version', 'text', (column) => column.notNull())
    .addColumn('intended_at', 'bigint', (column) => column.notNull())
    .addColumn('settled_at', 'bigint')
    .execute();
  // The last defence against booking twice: whatever the code believes, one live entry of a kind and slot.
  await sql`create unique index entries_live on entries (order_key, kind, slot) where state <> 'voided'`.execute(
    db,
  );
  await sql`create unique index entries_reference on entries (account, kind, reference) where state <> 'voided'`.execute(
    db,
  );
  await db.schema
    .createTable('holds')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('order_key', 'text')
    .addColumn('delivery_id', 'bigint')
    .addColumn('connection', 'text')
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .addColumn('facts', 'text', (column) => column.notNull())
    .addColumn('intent_sha256', 'text')
    .addColumn('opened_at', 'bigint', (column) => column.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('closed_because', 'text')
    .execute();
  await sql`create unique index holds_open_order on holds (order_key, step) where closed_at is null and order_key is not null`.execute(
    db,
  );
  await sql`create unique index holds_open_delivery on holds (delivery_id, step) where closed_at is null and delivery_id is not null`.execute(
    db,
  );
  await db.schema
    .createTable('clients')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('customer_id', 'text', (column) => column.notNull())
    .addColumn('external_id', 'text', (column) => column.notNull())
    .addColumn('filled_fields', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('clients_key', ['account', 'source', 'customer_id'])
    .execute();
}

async function coordination(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('leases')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('pauses')
    .addColumn('account', 'text', (column) => column.primaryKey())
    .addColumn('until', 'bigint')
    .addColumn('reason', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('rules')
    .addColumn('version', 'text', (column) => column.primaryKey())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('notices')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('sentence', 'text', (column) => column.notNull())
    .addColumn('order_key', 'text')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('settings')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('secrets')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .execute();
}

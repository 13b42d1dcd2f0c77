import { sql } from 'kysely';
import type { ExpressionBuilder, Insertable, RawBuilder, Selectable } from 'kysely';
import type { ClientMapping, Lease } from '#pipeline/ports.ts';
import { fixedQuery } from './fixed-query.ts';
import type { Tables } from './tables.ts';

/**
 * The queries of every run on an order, each made once. What an index is for one state of only, or how many rows are wanted, is not
 * bound as a plain value: SQLite plans by such values, and so compiles the statement anew each time that they are bound.
 */

type Mapped = Pick<ClientMapping, 'account' | 'source' | 'customerId'>;

export const QUERIES = {
  accepted: fixedQuery((db, { limit }: { limit: number }) =>
    db
      .selectFrom('deliveries')
      .select('id')
      .where(sql<boolean>`state = 'accepted'`)
      .orderBy('id')
      .limit(bound(limit)),
  ),
  /** Working without a lease: its process died, and no other has looked yet. */
  left: fixedQuery((db, { now, limit }: { now: bigint; limit: number }) =>
    db
      .selectFrom('orders')
      .select('key')
      .where(sql<boolean>`state = 'working'`)
      .where((where) => where.not(where.exists(leaseOn(where, now))))
      .orderBy('key')
      .limit(bound(limit)),
  ),
  /** Without those that are worked on: asked for together, each poll would read every order there is. */
  due: fixedQuery((db, { now, limit }: { now: bigint; limit: number }) =>
    db
      .selectFrom('orders')
      .select('key')
      .where('due_at', '<=', now)
      .where(sql<boolean>`state <> 'working'`)
      .where((where) => where.not(where.exists(leaseOn(where, now))))
      .orderBy('priority')
      .orderBy('due_at')
      .limit(bound(limit)),
  ),
  delivery: fixedQuery((db, { id }: { id: bigint }) =>
    db.selectFrom('deliveries').selectAll().where('id', '=', id),
  ),
  deliveryWith: fixedQuery((db, { connection, externalId }: { connection: string; externalId: string }) =>
    db
      .selectFrom('deliveries')
      .select(['id', 'body_sha256', 'topic'])
      .where('connection', '=', connection)
      .where('external_id', '=', externalId),
  ),
  addDelivery: fixedQuery((db, row: Insertable<Tables['deliveries']>) =>
    db.insertInto('deliveries').values(row).returning('id'),
  ),
  settleDelivery: fixedQuery(
    (db, { id, ...row }: Pick<Selectable<Tables['deliveries']>, 'id' | 'state' | 'order_key' | 'reason'>) =>
      db.updateTable('deliveries').set(row).where('id', '=', id),
  ),
  order: fixedQuery((db, { key }: { key: string }) =>
    db.selectFrom('orders').selectAll().where('key', '=', key),
  ),
  putOrder: fixedQuery((db, row: Insertable<Tables['orders']>) =>
    db
      .insertInto('orders')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doUpdateSet(proposed(row))),
  ),
  entriesOf: fixedQuery((db, { order, limit }: { order: string; limit: number }) =>
    db.selectFrom('entries').selectAll().where('order_key', '=', order).orderBy('id').limit(bound(limit)),
  ),
  addEntry: fixedQuery((db, row: Insertable<Tables['entries']>) =>
    db.insertInto('entries').values(row).returning('id'),
  ),
  putEntry: fixedQuery((db, { id, ...row }: Insertable<Tables['entries']> & { id: bigint }) =>
    db.updateTable('entries').set(row).where('id', '=', id),
  ),
  openHoldsOf: fixedQuery((db, { order, limit }: { order: string; limit: number }) =>
    db
      .selectFrom('holds')
      .selectAll()
      .where('order_key', '=', order)
      .where('closed_at', 'is', null)
      .orderBy('id')
      .limit(bound(limit)),
  ),
  clientMapping: fixedQuery((db, { account, source, customerId }: Mapped) =>
    db
      .selectFrom('clients')
      .selectAll()
      .where('account', '=', account)
      .where('source', '=', source)
      .where('customer_id', '=', customerId),
  ),
  pause: fixedQuery((db, { account }: { account: string }) =>
    db.selectFrom('pauses').selectAll().where('account', '=', account),
  ),
  rules: fixedQuery((db, { version }: { version: string }) =>
    db.selectFrom('rules').select('body').where('version', '=', version),
  ),
  setting: fixedQuery((db, { key }: { key: string }) =>
    db.selectFrom('settings').select('value').where('key', '=', key),
  ),
  secret: fixedQuery((db, { key }: { key: string }) =>
    db.selectFrom('secrets').select('sealed').where('key', '=', key),
  ),
  lease: fixedQuery((db, { key }: { key: string }) =>
    db.selectFrom('leases').selectAll().where('key', '=', key),
  ),
  takeLease: fixedQuery((db, row: Insertable<Tables['leases']>) =>
    db
      .insertInto('leases')
      .values(row)
      .onConflict((conflict) => conflict.column('key').doUpdateSet(proposed(row))),
  ),
  keepLease: fixedQuery(
    (db, { key, fence, until }: Pick<Lease, 'key' | 'fence'> & { readonly until: number }) =>
      db
        .updateTable('leases')
        .set({ until })
        .where('key', '=', key)
        .where('fence', '=', fence)
        // Zero: released, or voided by the server that came after. One that only ran out may be kept.
        .where('until', '>', 0n),
  ),
  releaseLease: fixedQuery((db, { key, fence }: Pick<Lease, 'key' | 'fence'>) =>
    db.updateTable('leases').set({ until: 0 }).where('key', '=', key).where('fence', '=', fence),
  ),
};

/** A limit that SQLite does not look at before it runs the statement. */
function bound(limit: number): RawBuilder<number> {
  return sql<number>`(select ${limit})`;
}

/** What each column would have become, for a row that cannot be inserted: bound once, not twice. */
function proposed(row: object): Record<string, RawBuilder<never>> {
  return Object.fromEntries(Object.keys(row).map((column) => [column, sql.ref<never>(`excluded.${column}`)]));
}

function leaseOn(where: ExpressionBuilder<Tables, 'orders'>, now: bigint) {
  return where
    .selectFrom('leases')
    .select('leases.key')
    .where('leases.key', '=', sql<string>`'order:' || orders.key`)
    .where('until', '>', now);
}

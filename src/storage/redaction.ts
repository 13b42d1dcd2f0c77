import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { fromJson, toJson } from '#core/json.ts';
import type { Hold } from '#core/ledger.ts';
import type { OrderKey } from '#core/ids.ts';
import type { ReadableFilter, Reader, Writer } from '#pipeline/ports.ts';
import { deliveryOf } from './rows.ts';
import type { Tables } from './tables.ts';

/** Finding and blanking what holds contact data: the bodies of messages, and sentences that might quote them. */

type Tx = Transaction<Tables>;

export function redactionReader(db: Kysely<Tables>): Pick<Reader, 'readable'> {
  return {
    async readable(filter) {
      return (await readableRows(db, filter).limit(filter.limit).execute()).map(deliveryOf);
    },
  };
}

function readableRows(db: Kysely<Tables>, filter: ReadableFilter) {
  const unread = db.selectFrom('deliveries').selectAll().where('redacted_at', 'is', null);
  switch (filter.of) {
    case 'connection':
      return unread
        .where('connection', '=', filter.connection)
        .where('state', '<>', 'accepted')
        .orderBy('received_at')
        .orderBy('id');
    case 'order':
      return unread.where('order_key', '=', filter.order).orderBy('id');
    case 'no order':
      return unread
        .where('connection', '=', filter.connection)
        .where('order_key', 'is', null)
        .where('id', '>', BigInt(filter.after ?? 0))
        .orderBy('id');
    case 'finished':
      return unread
        .where('received_at', '<', BigInt(filter.before))
        .where((where) =>
          where.or([
            where('state', '=', 'ignored'),
            where.and([
              where('state', '=', 'sorted'),
              where.exists(
                where
                  .selectFrom('orders')
                  .select('orders.key')
                  .whereRef('orders.key', '=', 'deliveries.order_key')
                  .where('orders.state', 'in', ['settled', 'skipped']),
              ),
            ]),
          ]),
        )
        .orderBy('received_at')
        .orderBy('id');
  }
}

export function redactionWriter(
  tx: Tx,
): Pick<
  Writer,
  'redactDelivery' | 'reviseTexts' | 'dropClient' | 'dropClients' | 'dropLease' | 'dropLeases'
> {
  return {
    async redactDelivery(id, at) {
      const blank = { body: new Uint8Array(), headers: '{}', redacted_at: at };
      await tx
        .updateTable('deliveries')
        .set(blank)
        .where('id', '=', BigInt(id))
        .where('redacted_at', 'is', null)
        .execute();
    },
    async reviseTexts(about, revise) {
      const ofMessages = (await reviseHolds(tx, about, revise)) + (await reviseDeliveries(tx, about, revise));
      return 'order' in about
        ? ofMessages +
            (await reviseOrder(tx, about.order, revise)) +
            (await reviseNotices(tx, about.order, revise))
        : ofMessages;
    },
    async dropClient({ account, source, customerId }) {
      await tx
        .deleteFrom('clients')
        .where('account', '=', account)
        .where('source', '=', source)
        .where('customer_id', '=', customerId)
        .execute();
    },
    async dropClients({ account, source, prefix }) {
      await tx
        .deleteFrom('clients')
        .where('account', '=', account)
        .where('source', '=', source)
        .where('customer_id', 'like', `${prefix}%`)
        .execute();
    },
    async dropLeases({ prefix, before }) {
      const all = tx.deleteFrom('leases').where('key', 'like', `${prefix}%`);
      await all.where('until', '<', BigInt(before)).execute();
    },
    async dropLease(key, before) {
      // A released one is of zero. Nobody will release or prolong such a one any more.
      await tx.deleteFrom('leases').where('key', '=', key).where('until', '<', BigInt(before)).execute();
    },
  };
}

type Revise = (text: string, fact?: string) => string;
type About = Parameters<Writer['reviseTexts']>[0];

async function reviseHolds(tx: Tx, about: About, revise: Revise): Promise<number> {
  const all = tx.selectFrom('holds').select(['id', 'detail', 'facts', 'request', 'answer']);
  const query =
    'order' in about
      ? all.where('order_key', '=', about.order)
      : all.where('delivery_id', '=', BigInt(about.delivery));
  let count = 0;
  for (const { id, detail, facts, request, answer } of await query.execute()) {
    const known = fromJson<Hold['facts']>(facts);
    const revised = {
      detail: revise(detail),
      facts: toJson(known.map(({ name, value }) => ({ name, value: revise(value, name) }))),
      // Whole bodies of a vendor's: what else they may quote is not known.
      request: null,
      answer: null,
    };
    const isBlank = request === null && answer === null;
    if (!isBlank || revised.detail !== detail || revised.facts !== facts) {
      await tx.updateTable('holds').set(revised).where('id', '=', id).execute();
      count += 1;
    }
  }
  return count;
}

async function reviseDeliveries(tx: Tx, about: About, revise: Revise): Promise<number> {
  const all = tx.selectFrom('deliveries').select(['id', 'reason']).where('reason', 'is not', null);
  const query =
    'order' in about
      ? all.where('order_key', '=', about.order)
      : all.where('id', '=', BigInt(about.delivery));
  let count = 0;
  for (const { id, reason } of await query.execute()) {
    const text = revisedOr(reason, revise);
    if (text !== reason) {
      await tx.updateTable('deliveries').set({ reason: text }).where('id', '=', id).execute();
      count += 1;
    }
  }
  return count;
}

async function reviseOrder(tx: Tx, key: OrderKey, revise: Revise): Promise<number> {
  const own = await tx
    .selectFrom('orders')
    .select(['reason', 'reread_why'])
    .where('key', '=', key)
    .executeTakeFirst();
  const revised = { reason: revisedOr(own?.reason, revise), reread_why: revisedOr(own?.reread_why, revise) };
  if (own === undefined || (revised.reason === own.reason && revised.reread_why === own.reread_why)) {
    return 0;
  }
  await tx.updateTable('orders').set(revised).where('key', '=', key).execute();
  return 1;
}

async function reviseNotices(tx: Tx, order: OrderKey, revise: Revise): Promise<number> {
  const rows = await tx
    .selectFrom('notices')
    .select(['key', 'sentence'])
    .where('order_key', '=', order)
    .execute();
  let count = 0;
  for (const { key, sentence } of rows) {
    // A remark is told once by its own words, so they are its key as well.
    const revised = { key: revise(key), sentence: revise(sentence) };
    if (revised.sentence !== sentence || revised.key !== key) {
      await tx.deleteFrom('notices').where('key', '=', revised.key).where('key', '<>', key).execute();
      await tx.updateTable('notices').set(revised).where('key', '=', key).execute();
      count += 1;
    }
  }
  return count;
}

function revisedOr(text: string | null | undefined, revise: Revise): string | null {
  return text === null || text === undefined ? null : revise(text);
}

/**
 * Copies what the log of writes holds into the file, and cuts it to nothing. What was blanked is overwritten there; gaps that
 * rows left which SQLite moved are not, and only `vacuum` makes pages without any.
 */
export async function scrub(db: Kysely<Tables>, how: 'in place' | 'rewritten'): Promise<boolean> {
  if (how === 'rewritten') {
    await sql`vacuum`.execute(db);
  }
  const { rows } = await sql<{ busy: bigint }>`pragma wal_checkpoint(truncate)`.execute(db);
  return rows[0]?.busy === 0n;
}

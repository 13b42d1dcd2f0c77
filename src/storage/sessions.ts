import type { Kysely, Transaction } from 'kysely';
import type { Reader, Writer } from '#pipeline/ports.ts';
import { at } from './rows.ts';
import type { Tables } from './tables.ts';

/** Sessions of the admin. There are a few. */

export function sessionReader(db: Kysely<Tables>): Pick<Reader, 'session'> {
  return {
    async session(id) {
      const row = await db.selectFrom('sessions').selectAll().where('id_sha256', '=', id).executeTakeFirst();
      return row === undefined
        ? undefined
        : { id, openedAt: at(row.opened_at), seenAt: at(row.seen_at), endsAt: at(row.ends_at) };
    },
  };
}

export function sessionWriter(
  tx: Transaction<Tables>,
): Pick<Writer, 'putSession' | 'dropSession' | 'forgetSessions'> {
  return {
    async putSession({ id, openedAt, seenAt, endsAt }) {
      const row = { id_sha256: id, opened_at: openedAt, seen_at: seenAt, ends_at: endsAt };
      await tx
        .insertInto('sessions')
        .values(row)
        .onConflict((conflict) => conflict.column('id_sha256').doUpdateSet(row))
        .execute();
    },
    async dropSession(id) {
      await tx.deleteFrom('sessions').where('id_sha256', '=', id).execute();
    },
    async forgetSessions({ endsUntil, seenUntil, most }) {
      let newest = tx.selectFrom('sessions').select('id_sha256');
      if (endsUntil !== undefined) {
        newest = newest.where('ends_at', '>', BigInt(endsUntil));
      }
      if (seenUntil !== undefined) {
        newest = newest.where('seen_at', '>', BigInt(seenUntil));
      }
      const kept = newest.orderBy('opened_at', 'desc').orderBy('id_sha256').limit(most);
      const { numDeletedRows } = await tx
        .deleteFrom('sessions')
        .where('id_sha256', 'not in', kept)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}

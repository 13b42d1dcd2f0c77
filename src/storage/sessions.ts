import type { Kysely, Transaction } from 'kysely';
import type { Reader, Writer } from '#pipeline/ports.ts';
import { at } from './rows.ts';
import type { Seal } from './seal.ts';
import type { Tables } from './tables.ts';

/**
 * Sessions of the admin. There are a few. Each stands under a name that is made with the key: who can write to the database, and
 * has not got the key, can put no session into it.
 */

function nameOf(seal: Seal, id: string): string {
  return seal.nameOf('session', id);
}

export function sessionReader(db: Kysely<Tables>, seal: Seal): Pick<Reader, 'session'> {
  return {
    async session(id) {
      const named = db.selectFrom('sessions').selectAll().where('id_sha256', '=', nameOf(seal, id));
      const row = await named.executeTakeFirst();
      return row === undefined
        ? undefined
        : { id, openedAt: at(row.opened_at), seenAt: at(row.seen_at), endsAt: at(row.ends_at) };
    },
  };
}

export function sessionWriter(
  tx: Transaction<Tables>,
  seal: Seal,
): Pick<Writer, 'putSession' | 'dropSession' | 'forgetSessions'> {
  return {
    async putSession({ id, openedAt, seenAt, endsAt }) {
      const row = { id_sha256: nameOf(seal, id), opened_at: openedAt, seen_at: seenAt, ends_at: endsAt };
      await tx
        .insertInto('sessions')
        .values(row)
        .onConflict((conflict) => conflict.column('id_sha256').doUpdateSet(row))
        .execute();
    },
    async dropSession(id) {
      await tx.deleteFrom('sessions').where('id_sha256', '=', nameOf(seal, id)).execute();
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

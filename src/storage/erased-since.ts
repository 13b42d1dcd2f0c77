import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { withoutContacts, withoutQuotation } from '#core/contacts.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Hold } from '#core/ledger.ts';
import type { Instant } from '#core/time.ts';
import { translated } from './sqlite.ts';

/**
 * What was redacted since a backup was made is redacted in what is restored from it: who asked to be forgotten does not ask
 * again. Messages are blanked; sentences about their orders become what they have become since, or lose whatever they quote.
 */

type Row = Readonly<Record<string, SQLOutputValue>>;

interface Both {
  readonly into: DatabaseSync;
  readonly present: Present;
}

/** Tells how many messages were blanked. `into` is the copy to be restored, which has today's schema. */
export function eraseAgain(into: DatabaseSync, standing: DatabaseSync, now: Instant): number {
  const present = readerOf(standing);
  const both = { into, present };
  // A database of an earlier version has a column less.
  if (present("select 1 from pragma_table_info('deliveries') where name = 'redacted_at'")([]) === undefined) {
    return 0;
  }
  into.exec('begin');
  try {
    const blanked = blankMessages(both);
    for (const { id = null, order_key: order = null } of blanked) {
      closeHolds(into, id, now);
      reviseHolds(both, 'delivery_id', id);
      if (order !== null) {
        reviseHolds(both, 'order_key', order);
        reviseOrder(both, order);
      }
    }
    if (blanked.length > 0) {
      dropPeople(both);
    }
    into.exec('commit');
    if (blanked.length > 0) {
      // Nor is anything left in the gaps that rows left which SQLite moved.
      into.exec('vacuum');
    }
    return blanked.length;
  } catch (thrown) {
    if (into.isTransaction) {
      into.exec('rollback');
    }
    throw thrown;
  }
}

/** The first row that a query finds. Throws `database-damaged`, which is told apart from a fault of the copy. */
type Present = (query: string) => (parameters: readonly SQLInputValue[]) => Row | undefined;

function readerOf(standing: DatabaseSync): Present {
  const doing = 'Cannot read what was redacted';
  return (query) => {
    const statement = translated(doing, () => standing.prepare(query));
    return (parameters) => translated(doing, () => statement.get(...parameters));
  };
}

/**
 * One that the backup has not read yet is left, as it is while a server runs: blanking it would lose what it says. So is one that
 * was held then and was read since.
 */
function blankMessages({ into, present }: Both): readonly Row[] {
  const since = present(
    `select redacted_at, state, reason from deliveries
     where connection = ? and external_id = ? and body_sha256 = ? and redacted_at is not null`,
  );
  const readable = into.prepare(
    "select id, connection, external_id, body_sha256, state, order_key from deliveries where redacted_at is null and state <> 'accepted'",
  );
  const found: [Row, Row][] = [];
  for (const row of readable.iterate()) {
    const { connection = null, external_id = null, body_sha256 = null, state } = row;
    const redacted = since([connection, external_id, body_sha256]);
    if (redacted !== undefined && (state !== 'held' || redacted['state'] === 'ignored')) {
      found.push([row, redacted]);
    }
  }
  const blank = into.prepare(
    "update deliveries set body = x'', headers = '{}', redacted_at = ?, reason = ?, state = ? where id = ?",
  );
  for (const [{ id = null, state = null }, { redacted_at = null, reason = null }] of found) {
    blank.run(redacted_at, reason, state === 'held' ? 'ignored' : state, id);
  }
  return found.map(([row]) => row);
}

/** A held message that was blanked waits for nobody. */
function closeHolds(into: DatabaseSync, delivery: SQLOutputValue, now: Instant): void {
  into
    .prepare(
      `update holds set closed_at = ?, closed_because = 'Redacted by hand'
       where delivery_id = ? and order_key is null and closed_at is null`,
    )
    .run(now, delivery);
}

/** What a person was asked, as it was rewritten since. */
function reviseHolds(
  { into, present }: Both,
  column: 'order_key' | 'delivery_id',
  value: SQLOutputValue,
): void {
  const since = present('select detail, facts from holds where id = ? and opened_at = ? and code = ?');
  const revise = into.prepare(
    'update holds set detail = :detail, facts = :facts, request = null, answer = null where id = :id',
  );
  const holds = into.prepare(`select id, opened_at, code, detail, facts from holds where ${column} = ?`);
  for (const { id = null, opened_at = null, code = null, detail, facts } of holds.all(value)) {
    const own = { detail: unquoted(String(detail)), facts: unquotedFacts(String(facts)) };
    revise.run({ id, ...own, ...since([id, opened_at, code]) });
  }
}

/** Why it stands as it does, and what was told of it once. */
function reviseOrder({ into, present }: Both, order: SQLOutputValue): void {
  const own = into.prepare('select reason, reread_why from orders where key = ?').get(order);
  const [reason, why] = [own?.['reason'] ?? null, own?.['reread_why'] ?? null];
  into
    .prepare('update orders set reason = ?, reread_why = ? where key = ?')
    .run(
      reason === null ? null : unquoted(String(reason)),
      why === null ? null : unquoted(String(why)),
      order,
    );
  const standing = present('select 1 from notices where key = ?');
  const drop = into.prepare('delete from notices where key = ?');
  for (const { key = null } of into.prepare('select key from notices where order_key = ?').all(order)) {
    if (standing([key]) === undefined) {
      drop.run(key);
    }
  }
}

/** By which the orders of one buyer find one client. Nothing but a redaction drops them. */
function dropPeople({ into, present }: Both): void {
  const known = present('select 1 from clients where account = ? and source = ? and customer_id = ?');
  const drop = into.prepare('delete from clients where account = ? and source = ? and customer_id = ?');
  const clients = into.prepare('select account, source, customer_id from clients').all();
  for (const { account = null, source = null, customer_id = null } of clients) {
    if (known([account, source, customer_id]) === undefined) {
      drop.run(account, source, customer_id);
    }
  }
  const held = present('select 1 from leases where key = ?');
  const release = into.prepare('delete from leases where key = ?');
  for (const { key = null } of into.prepare("select key from leases where key like 'client:%'").all()) {
    if (held([key]) === undefined) {
      release.run(key);
    }
  }
}

function unquoted(text: string, fact?: string): string {
  return withoutContacts(withoutQuotation(text, fact), []);
}

function unquotedFacts(text: string): string {
  const facts = fromJson<Hold['facts']>(text);
  return toJson(facts.map(({ name, value }) => ({ name, value: unquoted(value, name) })));
}

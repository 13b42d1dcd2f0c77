import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { withoutContacts, withoutQuotation } from '#core/contacts.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Hold } from '#core/ledger.ts';
import type { Instant } from '#core/time.ts';
import { translated } from './sqlite.ts';

/**
 * What was redacted since a backup was made is redacted in what is restored from it: who asked to be forgotten does not ask
 * again. Messages are blanked; sentences about their orders become what they have become since, or lose whatever they quote.
 * Those of orders whose messages were blank already when the backup was made as well: what a person asked for takes out more
 * than what blanks them by their age.
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
    const before = changesOf(into);
    reviseBlank(both);
    const blanked = blankMessages(both);
    for (const { id = null } of blanked) {
      closeHolds(into, id, now);
      reviseHolds(both, 'delivery_id', id);
    }
    const orders = redactedOrders(both, blanked);
    for (const order of orders) {
      reviseHolds(both, 'order_key', order);
      reviseOrder(into, order);
    }
    dropNotices(both, orders);
    dropPeople(both);
    const isChanged = changesOf(into) > before;
    into.exec('commit');
    if (isChanged) {
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

/** Rows that this connection wrote. */
function changesOf(into: DatabaseSync): number {
  return Number(into.prepare('select total_changes() as count').get()?.['count']);
}

/** Of which a message is blank there, as far as anything is kept of them that may quote one. */
function redactedOrders({ into, present }: Both, blanked: readonly Row[]): ReadonlySet<SQLOutputValue> {
  const isRedacted = present(
    'select 1 from deliveries where order_key = ? and redacted_at is not null limit 1',
  );
  const quoting = into
    .prepare(
      `select order_key from holds where order_key is not null
       union select key from orders where reason is not null or reread_why is not null
       union select order_key from notices where order_key is not null`,
    )
    .all();
  return new Set(
    [...blanked, ...quoting.filter(({ order_key = null }) => isRedacted([order_key]) !== undefined)]
      .map(({ order_key = null }) => order_key)
      .filter((order) => order !== null),
  );
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
    `update holds set detail = :detail, facts = :facts, request = null, answer = null
     where id = :id and (detail <> :detail or facts <> :facts or coalesce(request, answer) is not null)`,
  );
  const holds = into.prepare(`select id, opened_at, code, detail, facts from holds where ${column} = ?`);
  for (const { id = null, opened_at = null, code = null, detail, facts } of holds.all(value)) {
    const own = { detail: unquoted(String(detail)), facts: unquotedFacts(String(facts)) };
    revise.run({ id, ...own, ...since([id, opened_at, code]) });
  }
}

/** Why a message that was blank already was refused, held or passed over, and what a person was asked about it. */
function reviseBlank(both: Both): void {
  const { into, present } = both;
  const since = present(
    `select reason from deliveries
     where connection = ? and external_id = ? and body_sha256 = ? and redacted_at is not null`,
  );
  const revise = into.prepare(
    'update deliveries set reason = :reason where id = :id and reason is not :reason',
  );
  const blank = into
    .prepare(
      `select id, connection, external_id, body_sha256, is_asked from (
         select *, id in (select delivery_id from holds) as is_asked from deliveries where redacted_at is not null
       ) where is_asked or reason is not null`,
    )
    .all();
  for (const { id = null, connection = null, external_id = null, body_sha256 = null, is_asked } of blank) {
    const redacted = since([connection, external_id, body_sha256]);
    if (redacted !== undefined) {
      revise.run({ id, reason: redacted['reason'] ?? null });
    }
    if (redacted !== undefined && is_asked === 1) {
      reviseHolds(both, 'delivery_id', id);
    }
  }
}

/** Why it stands as it does. */
function reviseOrder(into: DatabaseSync, order: SQLOutputValue): void {
  const own = into.prepare('select reason, reread_why from orders where key = ?').get(order);
  const [reason, why] = [own?.['reason'] ?? null, own?.['reread_why'] ?? null];
  into
    .prepare(
      `update orders set reason = :reason, reread_why = :why
       where key = :order and (reason is not :reason or reread_why is not :why)`,
    )
    .run({
      reason: reason === null ? null : unquoted(String(reason)),
      why: why === null ? null : unquoted(String(why)),
      order,
    });
}

/** What was told once of these orders, and is not there any more under its own words. */
function dropNotices({ into, present }: Both, orders: ReadonlySet<SQLOutputValue>): void {
  const standing = present('select 1 from notices where key = ?');
  const drop = into.prepare('delete from notices where key = ?');
  const notices = into.prepare('select key, order_key from notices where order_key is not null').all();
  for (const { key = null, order_key = null } of notices) {
    if (orders.has(order_key) && standing([key]) === undefined) {
      drop.run(key);
    }
  }
}

/**
 * The hash of an address, by which the orders of one buyer find one client. One that is not there was forgotten, whatever stands of
 * his messages; or it is of a time that the database there has not seen, and his next order finds the client by asking the books.
 */
function dropPeople({ into, present }: Both): void {
  const known = present('select 1 from clients where account = ? and source = ? and customer_id = ?');
  const drop = into.prepare('delete from clients where account = ? and source = ? and customer_id = ?');
  const clients = into
    .prepare("select account, source, customer_id from clients where customer_id like 'email:%'")
    .all();
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

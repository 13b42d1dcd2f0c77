import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { Failure } from '#core/failure.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Instant } from '#core/time.ts';
import type { AuditEvent, AuditRow, AuditVerdict } from '#core/audit.ts';
import type { Reader } from '#pipeline/ports.ts';
import { at } from './rows.ts';
import type { Seal } from './seal.ts';
import { putSealed } from './secrets.ts';
import type { AuditTable, Tables } from './tables.ts';

/**
 * The audit log: rows that are only added, each with a hash of itself and of the row before. What is changed or taken out in
 * the middle breaks the chain. Who rewrites all of it, cuts off its end or adds to it is found by the seal: number and hash of
 * the last row are sealed with the key in the same transaction that adds it, and the key is not in the database. A row follows
 * the one that was sealed, whatever stands there: so what was done to the end stays to be seen when the log goes on.
 */

/** What stands before the first row. */
const NOTHING = '0'.repeat(64);
/** What a row follows that was added when no sealed end could be opened. No row has this hash. */
const UNKNOWN = 'f'.repeat(64);
/** The sealed end of the chain, among the secrets. */
const HEAD = 'audit-head';
/** A database in which none of these has a row is a new one. The log's own last: its table may have been taken away. */
const STORED = [
  'secrets',
  'deliveries',
  'orders',
  'entries',
  'holds',
  'clients',
  'settings',
  'rules',
  'notices',
  'audit',
] as const;
/** Rows that are looked at in one query. */
const PAGE = 500;

interface Head {
  readonly number: number;
  readonly sha256: string;
}

export interface AuditStamp {
  readonly seal: Seal;
  readonly now: Instant;
  readonly actor: string;
}

/** The transaction locks the database, so no two rows can follow the same one. */
export async function appendAudit(
  tx: Transaction<Tables>,
  { action, subject, details = {}, actor }: AuditEvent,
  { seal, now, actor: opener }: AuditStamp,
): Promise<void> {
  const sealed = await sealedHead(tx, seal);
  const { number: last, sha256: previous } = isHead(sealed) ? sealed : { number: 0, sha256: UNKNOWN };
  const standing = await tx.selectFrom('audit').select('number').orderBy('number', 'desc').executeTakeFirst();
  const number = Math.max(last, Number(standing?.number ?? 0n)) + 1;
  const row = {
    number: BigInt(number),
    at: BigInt(now),
    actor: actor ?? opener,
    action,
    subject,
    details: toJson(details),
    previous_sha256: previous,
  };
  const sha256 = sha256Of(row);
  await tx
    .insertInto('audit')
    .values({ ...row, sha256 })
    .execute();
  await putHead(tx, seal, { number, sha256 });
  await assertKept(tx, seal, { number, sha256 });
}

/**
 * Who has the file can put a trigger into it that keeps row and seal from standing there, and the two would go on fitting each
 * other. So what cannot be told is not done: throws `database-damaged`.
 */
async function assertKept(tx: Transaction<Tables>, seal: Seal, { number, sha256 }: Head): Promise<void> {
  const standing = tx.selectFrom('audit').select('sha256').where('number', '=', BigInt(number));
  const sealed = await sealedHead(tx, seal);
  const isKept = (await standing.executeTakeFirst())?.sha256 === sha256;
  if (!isKept || !isHead(sealed) || sealed.sha256 !== sha256) {
    throw new Failure('database-damaged', {
      detail: `What is done cannot be written into the audit log: ${(await schemaFault(tx)) ?? 'a row that was put there does not stand there'}`,
    });
  }
}

/** Seals that the log has no row yet, in a database in which nothing was stored: from then on a missing seal was taken away. */
export async function beginAudit(db: Kysely<Tables>, seal: Seal): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const table of STORED) {
      const first = tx.selectFrom(table).select((row) => row.lit(1).as('one'));
      if ((await first.limit(1).executeTakeFirst()) !== undefined) {
        return;
      }
    }
    await putHead(tx, seal, { number: 0, sha256: NOTHING });
  });
}

async function putHead(tx: Transaction<Tables>, seal: Seal, head: Head): Promise<void> {
  await putSealed(tx, seal, { key: HEAD, value: toJson(head) });
}

export function auditReader(db: Kysely<Tables>, seal: Seal): Pick<Reader, 'audit' | 'verifyAudit'> {
  return {
    async audit({ before, limit }) {
      if (!(await isThere(db))) {
        throw new Failure('database-damaged', { detail: 'The table of the audit log was taken away' });
      }
      const all = db.selectFrom('audit').selectAll();
      const query = before === undefined ? all : all.where('number', '<', BigInt(before));
      return (await query.orderBy('number', 'desc').limit(limit).execute()).map(auditOf);
    },
    verifyAudit: () => verify(db, seal),
  };
}

async function verify(db: Kysely<Tables>, seal: Seal): Promise<AuditVerdict> {
  if (!(await isThere(db))) {
    return faulty(1, 'the table of the log was taken away');
  }
  // Numbers begin at one, and a row below it was put there by somebody.
  const before = await db.selectFrom('audit').select('number').where('number', '<', 1n).executeTakeFirst();
  if (before !== undefined) {
    return faulty(1, `a row was put before it, with the number ${before.number}`);
  }
  let last: Head = { number: 0, sha256: NOTHING };
  let sealed: SealedHead = 'none';
  for (;;) {
    const after = db.selectFrom('audit').selectAll().where('number', '>', BigInt(last.number));
    const page = await after.orderBy('number').limit(PAGE).execute();
    if (page.length === 0) {
      const known = isHead(sealed) ? sealed.number : 0;
      // Read after the rows: it is of the last of them, or of one that was added meanwhile, which is looked for once more.
      sealed = await sealedHead(db, seal);
      if (!isHead(sealed) || sealed.number <= Math.max(last.number, known)) {
        return (await looseVerdict(db, last)) ?? wholeVerdict(db, endVerdict(last, sealed));
      }
    }
    for (const row of page) {
      const why = faultOf(row, last);
      if (why !== undefined) {
        return faulty(last.number + 1, why);
      }
      last = { number: last.number + 1, sha256: row.sha256 };
    }
  }
}

async function isThere(db: Kysely<Tables>): Promise<boolean> {
  return (await db.introspection.getTables()).some(({ name }) => name === 'audit');
}

/** Why this row is not the one that was written after the row before it. */
function faultOf({ sha256, ...row }: Selectable<AuditTable>, last: Head): string | undefined {
  if (row.number !== BigInt(last.number + 1)) {
    return `it is missing: the next row there is has the number ${row.number}`;
  }
  if (row.previous_sha256 === UNKNOWN) {
    return 'when it was added, the seal of the row before it had been taken away or was another key’s';
  }
  if (row.previous_sha256 !== last.sha256) {
    return last.number === 0
      ? 'a row before it was taken away'
      : 'it does not follow the row before it: that one was changed, or this one was put in its place';
  }
  return sha256Of(row) === sha256 ? undefined : 'it was changed: its hash does not fit its content';
}

/** The sealed end, that there is none, or why it cannot be opened. */
type SealedHead = Head | 'none' | Failure;

function isHead(sealed: SealedHead): sealed is Head {
  return sealed !== 'none' && !(sealed instanceof Failure);
}

async function sealedHead(db: Kysely<Tables>, seal: Seal): Promise<SealedHead> {
  const row = await db.selectFrom('secrets').select('sealed').where('key', '=', HEAD).executeTakeFirst();
  if (row === undefined) {
    return 'none';
  }
  try {
    return fromJson<Head>(seal.open(HEAD, row.sealed));
  } catch (thrown) {
    if (thrown instanceof Failure) {
      return thrown;
    }
    throw thrown;
  }
}

function endVerdict(last: Head, sealed: SealedHead): AuditVerdict {
  const next = last.number + 1;
  if (sealed instanceof Failure) {
    return faulty(
      next,
      `whether it was cut off is not known, because the seal of the end cannot be opened: ${sealed.message}`,
    );
  }
  if (sealed === 'none') {
    return faulty(next, 'whether it was cut off is not known, because the seal of the end was taken away');
  }
  if (sealed.number > last.number) {
    return faulty(
      next,
      `it is missing: ${sealed.number} rows were written, and the log ends at ${last.number}`,
    );
  }
  if (sealed.number < last.number) {
    return faulty(sealed.number + 1, 'it was put after the end that was sealed');
  }
  if (sealed.sha256 !== last.sha256) {
    return faulty(last.number, 'it is not the row that was sealed: the log was written anew');
  }
  return { count: last.number, ...(last.number === 0 ? {} : { head: last.sha256 }) };
}

/** Rows that the walk passed over, which it cannot in the table that the program made; none that is added meanwhile. */
async function looseVerdict(db: Kysely<Tables>, last: Head): Promise<AuditVerdict | undefined> {
  const { rows } = await sql<{ readonly count: bigint }>`
    select count(*) as count from audit where number is null or number <= ${last.number}`.execute(db);
  const loose = Number(rows[0]?.count ?? 0n) - last.number;
  return loose === 0
    ? undefined
    : faulty(
        last.number + 1,
        `rows stand beside the chain, for which only a table made anew has room: ${loose}`,
      );
}

/** Whole is a log that can also go on as it should. */
async function wholeVerdict(db: Kysely<Tables>, verdict: AuditVerdict): Promise<AuditVerdict> {
  const why = verdict.fault === undefined ? await schemaFault(db) : undefined;
  return why === undefined ? verdict : faulty(verdict.count + 1, why);
}

/** As the migration made it: every row has a number, no two the same, and the rows lie in the order of their numbers. */
const TABLE =
  'create table audit (number integer primary key, at bigint not null, actor text not null, action text not null, ' +
  'subject text not null, details text not null, previous_sha256 text not null, sha256 text not null)';

/** The program's only triggers, as the migration made them: what has the database refuse changes of the log. */
const REFUSALS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    audit_no_update: 'audit_no_update before update on audit',
    audit_no_delete: 'audit_no_delete before delete on audit',
    audit_no_replace:
      'audit_no_replace before insert on audit when exists (select 1 from audit where number = new.number)',
  }).map(([name, on]) => [
    name,
    `create trigger ${on} begin select raise(abort, 'the audit log is only added to'); end`,
  ]),
);

/** What is wrong with table and triggers, or that others stand beside them: a trigger on any table can undo what was written. */
async function schemaFault(db: Kysely<Tables>): Promise<string | undefined> {
  const schema = sql<{ readonly type: string; readonly name: string; readonly sql: string | null }>`
    select type, name, sql from sqlite_master where type = 'trigger' or tbl_name = 'audit' order by name`;
  const { rows } = await schema.execute(db);
  const standing = new Map(rows.map((row) => [row.name, plain(row.sql ?? '')]));
  if (standing.get('audit') !== TABLE) {
    return 'the table of the log is not as the program made it, and may have room for rows beside the chain';
  }
  const strange = rows.find(({ name }) => name !== 'audit' && !REFUSALS.has(name));
  if (strange !== undefined) {
    return `the database has the ${strange.type} "${strange.name}", which is not the program’s and can keep rows out of the log or change them`;
  }
  const lost = [...REFUSALS]
    .filter(([name, text]) => standing.get(name) !== plain(text))
    .map(([name]) => name);
  return lost.length === 0
    ? undefined
    : `the database does not refuse changes of the log any more, because triggers of the program were changed or taken away: ${lost.toSorted().join(', ')}`;
}

/** SQL however it was laid out. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('"', '').toLowerCase();
}

function faulty(number: number, why: string): AuditVerdict {
  return { count: number - 1, fault: { number, why } };
}

/** Of every column but the hash itself, as a list: no two rows have the same text. */
function sha256Of(row: Omit<Selectable<AuditTable>, 'sha256'>): string {
  const { number, at, actor, action, subject, details, previous_sha256 } = row;
  const content = [String(number), String(at), actor, action, subject, details, previous_sha256];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function auditOf(row: Selectable<AuditTable>): AuditRow {
  const { actor, action, subject, details, sha256 } = row;
  return { number: Number(row.number), at: at(row.at), actor, action, subject, details, sha256 };
}

import { createHash } from 'node:crypto';
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
 * the middle breaks the chain. Who rewrites all of it, or cuts off its end, is found by the seal: number and hash of the last
 * row are sealed with the key in the same transaction that adds it, and the key is not in the database.
 */

/** What stands before the first row. */
const NOTHING = '0'.repeat(64);
/** The sealed end of the chain, among the secrets. */
const HEAD = 'audit-head';
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
  const last = await tx.selectFrom('audit').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst();
  const number = last === undefined ? 1n : last.number + 1n;
  const row = {
    number,
    at: BigInt(now),
    actor: actor ?? opener,
    action,
    subject,
    details: toJson(details),
    previous_sha256: last?.sha256 ?? NOTHING,
  };
  const sha256 = sha256Of(row);
  await tx
    .insertInto('audit')
    .values({ ...row, sha256 })
    .execute();
  const head: Head = { number: Number(number), sha256 };
  await putSealed(tx, seal, { key: HEAD, value: toJson(head) });
}

export function auditReader(db: Kysely<Tables>, seal: Seal): Pick<Reader, 'audit' | 'verifyAudit'> {
  return {
    async audit({ before, limit }) {
      const all = db.selectFrom('audit').selectAll();
      const query = before === undefined ? all : all.where('number', '<', BigInt(before));
      return (await query.orderBy('number', 'desc').limit(limit).execute()).map(auditOf);
    },
    verifyAudit: () => verify(db, seal),
  };
}

async function verify(db: Kysely<Tables>, seal: Seal): Promise<AuditVerdict> {
  // Read first: rows that are added meanwhile come after the end that was sealed now.
  const sealed = await sealedHead(db, seal);
  let last: Head = { number: 0, sha256: NOTHING };
  let isHeadSeen = false;
  for (;;) {
    const after = db.selectFrom('audit').selectAll().where('number', '>', BigInt(last.number));
    const page = await after.orderBy('number').limit(PAGE).execute();
    if (page.length === 0) {
      return { ...verdictOf(last), ...endFault(last, { sealed, isHeadSeen }) };
    }
    for (const row of page) {
      const why = faultOf(row, last);
      if (why !== undefined) {
        return { ...verdictOf(last), fault: { number: last.number + 1, why } };
      }
      last = { number: last.number + 1, sha256: row.sha256 };
      isHeadSeen ||= isSame(sealed, last);
    }
  }
}

/** Why this row is not the one that was written after the row before it. */
function faultOf({ sha256, ...row }: Selectable<AuditTable>, last: Head): string | undefined {
  if (row.number !== BigInt(last.number + 1)) {
    return `it is missing: the next row there is has the number ${row.number}`;
  }
  if (row.previous_sha256 !== last.sha256) {
    return last.number === 0
      ? 'a row before it was taken away'
      : 'it does not follow the row before it: that one was changed, or this one was put in its place';
  }
  return sha256Of(row) === sha256 ? undefined : 'it was changed: its hash does not fit its content';
}

/** The sealed end, that there is none, or why it cannot be opened. */
async function sealedHead(db: Kysely<Tables>, seal: Seal): Promise<Head | 'none' | Failure> {
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

function endFault(
  last: Head,
  { sealed, isHeadSeen }: { readonly sealed: Head | 'none' | Failure; readonly isHeadSeen: boolean },
): Pick<AuditVerdict, 'fault'> {
  if (sealed instanceof Failure) {
    const why = `the seal of the end cannot be opened, so whether rows were cut off is not known: ${sealed.message}`;
    return { fault: { number: last.number, why } };
  }
  if (sealed === 'none') {
    return last.number === 0
      ? {}
      : { fault: { number: last.number, why: 'the seal of the end was taken away' } };
  }
  if (isHeadSeen) {
    return {};
  }
  return sealed.number > last.number
    ? {
        fault: {
          number: last.number + 1,
          why: `it is missing: ${sealed.number} rows were written, and the log ends at ${last.number}`,
        },
      }
    : {
        fault: { number: sealed.number, why: 'it is not the row that was sealed: the log was written anew' },
      };
}

function verdictOf(last: Head): AuditVerdict {
  return { count: last.number, ...(last.number === 0 ? {} : { head: last.sha256 }) };
}

function isSame(sealed: Head | 'none' | Failure, row: Head): boolean {
  const isHead = sealed !== 'none' && !(sealed instanceof Failure);
  return isHead && sealed.number === row.number && sealed.sha256 === row.sha256;
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

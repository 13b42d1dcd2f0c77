import { createHash } from 'node:crypto';
import { Kysely, sql } from 'kysely';
import type { Dialect, Transaction } from 'kysely';
import { Failure } from '#core/failure.ts';
import type { OrderKey } from '#core/ids.ts';
import { invariant } from '#core/invariant.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Entry, Hold } from '#core/ledger.ts';
import type { OrderState } from '#core/lifecycle.ts';
import { completed } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type {
  ClientMapping,
  HoldFilter,
  LedgerPage,
  Notice,
  OrderFilter,
  OrderLedger,
  OrderRecord,
  Reader,
  Store,
  WakeKey,
  Writer,
} from '#pipeline/ports.ts';
import type { Authentic } from '#pipeline/source.ts';
import { alarmWriter, watchReader } from './alarms.ts';
import { appendAudit, auditReader, beginAudit } from './audit.ts';
import { leaseWriter } from './leases.ts';
import { assertMayMigrate, migrate } from './migrate.ts';
import type { Migrated } from './migrate.ts';
import { pauseWriter } from './pauses.ts';
import { QUERIES } from './queries.ts';
import { redactionReader, redactionWriter, scrub } from './redaction.ts';
import { at, deliveryOf, entryOf, entryRow, holdOf, orderOf, orderRow, pauseOf } from './rows.ts';
import type { Seal } from './seal.ts';
import { sessionReader, sessionWriter } from './sessions.ts';
import { setBackWriter } from './set-back.ts';
import { assertInUse, dropLockedSecrets, lockedSecrets, putSealed, sealAllAnew } from './secrets.ts';
import type { Tables } from './tables.ts';

/** Every query is bounded. An order with more deliveries, entries or holds than this is a fault elsewhere, and is cut here. */
const ROWS_MAX = 1000;
/** How long a transaction waits for another process: longer than any of its own transactions, shorter than a person waits. */
const BUSY_WAIT_MS = 10_000;
const BUSY_PAUSE_MS = 20;

type Db = Kysely<Tables>;
type Tx = Transaction<Tables>;

export interface StoreOptions {
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly seal: Seal;
  /** Who writes, for the audit log. */
  readonly actor?: string;
}

export interface Opened {
  readonly store: Store;
  readonly migrated: Migrated;
  /** The names of secrets that were sealed with a key which is not here. */
  readonly locked: readonly string[];
  /** Forgets them: what was sealed with a lost key is of no use to anybody. */
  dropLocked(): Promise<void>;
  /** Seals every secret with the seal's current key; its older ones open nothing from then on. Tells how many there are. */
  sealAnew(): Promise<number>;
}

/**
 * Opens the store and brings its schema up to date. Throws `config-invalid` when the key was replaced by another, and
 * `already-running` when the schema is an older one that a server works with.
 */
export async function openStore(options: StoreOptions): Promise<Opened> {
  const db: Db = new Kysely<Tables>({ dialect: options.dialect });
  try {
    await patiently(options, () => assertMayMigrate(db, options.clock.now()));
    const migrated = await patiently(options, () => migrate(db, options.clock.now()));
    const locked = await patiently(options, () => lockedSecrets(db, options.seal));
    // Asked last: a key that was replaced meanwhile opens nothing, and is told as that.
    await assertInUse(db, options.seal);
    await patiently(options, () => beginAudit(db, options.seal));
    return {
      store: createStore(db, options),
      migrated,
      locked,
      dropLocked: () => dropLocked(db, options),
      sealAnew: () => sealAnew(db, options),
    };
  } catch (thrown) {
    await db.destroy();
    throw thrown;
  }
}

async function sealAnew(db: Db, options: StoreOptions): Promise<number> {
  const { seal, clock } = options;
  return patiently(options, () =>
    db.transaction().execute(async (tx) => {
      const count = await sealAllAnew(tx, seal, clock.now());
      const writer = writerOf(tx, { options, actions: [] });
      await writer.audited({ action: 'secrets sealed anew', subject: 'counterfoil', details: { count } });
      return count;
    }),
  );
}

async function dropLocked(db: Db, options: StoreOptions): Promise<void> {
  await patiently(options, () =>
    db.transaction().execute(async (tx) => {
      const count = await dropLockedSecrets(tx, options.seal);
      const writer = writerOf(tx, { options, actions: [] });
      await writer.audited({ action: 'lost secrets dropped', subject: 'counterfoil', details: { count } });
    }),
  );
}

function createStore(db: Db, options: StoreOptions): Store {
  return {
    read: readerOf(db, options.seal),
    async transact(work) {
      const actions: (() => void)[] = [];
      const result = await patiently(options, () => {
        actions.length = 0;
        return db.transaction().execute((tx) => work(writerOf(tx, { options, actions })));
      });
      for (const action of actions) {
        action();
      }
      return result;
    },
    scrub: (how) => patiently(options, () => scrub(db, how)),
    close: () => db.destroy(),
  };
}

/** Runs against the database and tries again, without blocking, while another process holds it. */
async function patiently<T>({ clock }: StoreOptions, run: () => Promise<T>): Promise<T> {
  const until = after(clock.now(), BUSY_WAIT_MS);
  for (;;) {
    try {
      return await run();
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.code === 'database-busy') || clock.now() >= until) {
        throw thrown;
      }
      await clock.sleep(after(clock.now(), BUSY_PAUSE_MS));
    }
  }
}

function readerOf(db: Db, seal: Seal): Reader {
  return {
    ...inboxReader(db),
    ...orderReader(db),
    ...ledgerReader(db),
    ...factReader(db, seal),
    ...redactionReader(db),
    ...auditReader(db, seal),
    ...watchReader(db),
    ...sessionReader(db, seal),
  };
}

function inboxReader(db: Db): Pick<Reader, 'dueKeys' | 'delivery' | 'deliveriesOf' | 'deliveries'> {
  return {
    async dueKeys(now, limit) {
      const accepted = await QUERIES.accepted(db, { limit });
      const left = await QUERIES.left(db, { now: BigInt(now), limit });
      const due = await QUERIES.due(db, { now: BigInt(now), limit });
      return [
        ...accepted.rows.map((row): WakeKey => `delivery:${row.id}`),
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- stored from an order's key
        ...[...left.rows, ...due.rows].slice(0, limit).map((row): WakeKey => `order:${row.key as OrderKey}`),
      ];
    },
    async delivery(id) {
      const [row] = (await QUERIES.delivery(db, { id: BigInt(id) })).rows;
      return row === undefined ? undefined : deliveryOf(row);
    },
    async deliveriesOf(order) {
      const rows = await db
        .selectFrom('deliveries')
        .selectAll()
        .where('order_key', '=', order)
        .orderBy('id', 'desc')
        .limit(ROWS_MAX)
        .execute();
      return rows.map(deliveryOf).toReversed();
    },
    async deliveries({ state, limit }) {
      const query = db.selectFrom('deliveries').selectAll().where('state', '=', state);
      return (await query.orderBy('id', 'desc').limit(limit).execute()).map(deliveryOf);
    },
  };
}

function orderReader(db: Db): Pick<Reader, 'order' | 'orders' | 'orderCounts' | 'dueWrittenAt'> {
  return {
    async order(key) {
      const [row] = (await QUERIES.order(db, { key })).rows;
      return row === undefined ? undefined : orderOf(row);
    },
    async orders({ state, search, receivedSince, after: last, limit }: OrderFilter) {
      let query = db.selectFrom('orders').selectAll();
      if (state !== undefined) {
        query = query.where('state', '=', state);
      }
      if (search !== undefined) {
        const text = search.replace(/[\\%_]/g, '\\$&');
        query = query.where((where) =>
          where.or([
            where('key', '=', search),
            sql<boolean>`key like ${`%/${text}`} escape '\\'`,
            sql<boolean>`name like ${`%${text}%`} escape '\\'`,
          ]),
        );
      }
      if (receivedSince !== undefined) {
        query = query.where('created_at', '>=', BigInt(receivedSince));
      }
      if (last !== undefined) {
        const { createdAt, key } = last;
        query = query.where((where) =>
          where.or([
            where('created_at', '<', BigInt(createdAt)),
            where.and([where('created_at', '=', BigInt(createdAt)), where('key', '<', key)]),
          ]),
        );
      }
      return (await query.orderBy('created_at', 'desc').orderBy('key', 'desc').limit(limit).execute()).map(
        orderOf,
      );
    },
    async dueWrittenAt() {
      const due = db.selectFrom('orders').where('due_at', 'is not', null);
      const { last } = await due
        .select(({ fn }) => fn.max<bigint | null>('updated_at').as('last'))
        .executeTakeFirstOrThrow();
      return last === null ? undefined : at(last);
    },
    async orderCounts() {
      const rows = await db
        .selectFrom('orders')
        .select(({ fn }) => ['state', fn.countAll<bigint>().as('count')])
        .groupBy('state')
        .execute();
      const counts: Partial<Record<OrderState, number>> = {};
      for (const row of rows) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only states of the lifecycle are stored
        counts[row.state as OrderState] = Number(row.count);
      }
      return counts;
    },
  };
}

function ledgerReader(db: Db): Pick<Reader, 'entriesOf' | 'ledgers' | 'holds' | 'clientMapping'> {
  return {
    async entriesOf(order) {
      return (await QUERIES.entriesOf(db, { order, limit: ROWS_MAX })).rows.map(entryOf);
    },
    ledgers: (page) => ledgersOf(db, page),
    async holds({ order, delivery, isOpen }: HoldFilter) {
      if (order !== undefined && delivery === undefined && isOpen === true) {
        return (await QUERIES.openHoldsOf(db, { order, limit: ROWS_MAX })).rows.map(holdOf);
      }
      let query = db.selectFrom('holds').selectAll();
      if (order !== undefined) {
        query = query.where('order_key', '=', order);
      }
      if (delivery !== undefined) {
        query = query.where('delivery_id', '=', BigInt(delivery));
      }
      if (isOpen !== undefined) {
        query = query.where('closed_at', isOpen ? 'is' : 'is not', null);
      }
      return (await query.orderBy('id').limit(ROWS_MAX).execute()).map(holdOf);
    },
    async clientMapping({ account, source, customerId }) {
      const [row] = (await QUERIES.clientMapping(db, { account, source, customerId })).rows;
      return row === undefined
        ? undefined
        : {
            account,
            source,
            customerId,
            externalId: row.external_id,
            filledFields: fromJson<string[]>(row.filled_fields),
          };
    },
  };
}

async function ledgersOf(db: Db, { after: last, limit }: LedgerPage): Promise<readonly OrderLedger[]> {
  const orders = db.selectFrom('orders').selectAll().orderBy('key').limit(limit);
  const rows = await (last === undefined ? orders : orders.where('key', '>', last)).execute();
  const [first, final] = [rows[0], rows.at(-1)];
  if (first === undefined || final === undefined) {
    return [];
  }
  const entries = await db
    .selectFrom('entries')
    .selectAll()
    .where('order_key', '>=', first.key)
    .where('order_key', '<=', final.key)
    // Written out, not bound: only so does SQLite use the index of live entries, instead of reading the whole table for a page.
    .where(sql<boolean>`state <> 'voided'`)
    .orderBy('order_key')
    .orderBy('id')
    .limit(rows.length * ROWS_MAX)
    .execute();
  const byOrder = Map.groupBy(entries, (row) => row.order_key);
  return rows.map((row) => ({
    record: orderOf(row),
    entries: (byOrder.get(row.key) ?? []).map(entryOf),
  }));
}

function factReader(db: Db, seal: Seal): Pick<Reader, 'pause' | 'rules' | 'notices' | 'setting' | 'secret'> {
  return {
    async pause(account) {
      const [row] = (await QUERIES.pause(db, { account })).rows;
      return row === undefined ? undefined : pauseOf(row);
    },
    async rules(version) {
      const [row] = (await QUERIES.rules(db, { version })).rows;
      return row === undefined ? undefined : completed(fromJson<Partial<Rules>>(row.body));
    },
    async notices() {
      const rows = await db.selectFrom('notices').selectAll().orderBy('at', 'desc').limit(ROWS_MAX).execute();
      return rows.map((row) => ({
        key: row.key,
        sentence: row.sentence,
        at: at(row.at),
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written from an order's key
        ...(row.order_key === null ? {} : { order: row.order_key as OrderKey }),
      }));
    },
    async setting(key) {
      return (await QUERIES.setting(db, { key })).rows[0]?.value;
    },
    async secret(key) {
      const [row] = (await QUERIES.secret(db, { key })).rows;
      return row === undefined ? undefined : seal.open(key, row.sealed);
    },
  };
}

function writerOf(tx: Tx, { options, actions }: { options: StoreOptions; actions: (() => void)[] }): Writer {
  const { seal, clock, actor = 'unknown' } = options;
  return {
    ...readerOf(tx, seal),
    ...inboxWriter(tx),
    ...ledgerWriter(tx),
    ...leaseWriter(tx),
    ...pauseWriter(tx, clock),
    ...setBackWriter(tx),
    ...factWriter(tx, seal),
    ...redactionWriter(tx),
    audited: (event) => appendAudit(tx, event, { seal, actor, now: clock.now() }),
    ...alarmWriter(tx),
    ...sessionWriter(tx, seal),
    afterCommit: (action) => void actions.push(action),
  };
}

function inboxWriter(tx: Tx): Pick<Writer, 'acceptDelivery' | 'settleDelivery' | 'putOrder'> {
  return {
    async acceptDelivery(message, receivedAt) {
      const bodySha256 = createHash('sha256').update(message.body).digest('hex');
      const standing = await deliveryWith(tx, message, message.externalId);
      if (standing === undefined) {
        return { id: await insertDelivery(tx, message, { bodySha256, receivedAt }), isNew: true };
      }
      const isOfTopic = standing.topic === message.topic;
      if (standing.body_sha256 === bodySha256 && isOfTopic) {
        return { id: String(standing.id), isNew: false };
      }
      // The id was used for something else: both are kept, because either may be the truth, and no signature covers the topic.
      const other = isOfTopic ? bodySha256 : `${bodySha256}#${message.topic}`;
      const externalId = `${message.externalId}#${other}`;
      const beside = await deliveryWith(tx, message, externalId);
      return beside === undefined
        ? {
            id: await insertDelivery(tx, { ...message, externalId }, { bodySha256, receivedAt }),
            isNew: true,
          }
        : { id: String(beside.id), isNew: false };
    },
    async settleDelivery(id, { state, order, reason }) {
      const changes = { state, order_key: order ?? null, reason: reason ?? null };
      await QUERIES.settleDelivery(tx, { id: BigInt(id), ...changes });
    },
    async putOrder(record: OrderRecord) {
      await QUERIES.putOrder(tx, orderRow(record));
    },
  };
}

async function deliveryWith(tx: Tx, message: Authentic, externalId: string) {
  const { rows } = await QUERIES.deliveryWith(tx, { connection: message.connection, externalId });
  return rows[0];
}

async function insertDelivery(
  tx: Tx,
  message: Authentic,
  { bodySha256, receivedAt }: { bodySha256: string; receivedAt: Instant },
): Promise<string> {
  const { rows } = await QUERIES.addDelivery(tx, {
    connection: message.connection,
    external_id: message.externalId,
    topic: message.topic,
    headers: toJson(message.headers),
    body: message.body,
    body_sha256: bodySha256,
    received_at: receivedAt,
    state: 'accepted',
    order_key: null,
    reason: null,
  });
  return idOf(rows);
}

/** Of the one row that was inserted. */
function idOf(rows: readonly { readonly id: bigint }[]): string {
  const [row] = rows;
  invariant(row !== undefined, 'a row that was inserted is answered');
  return String(row.id);
}

function ledgerWriter(
  tx: Tx,
): Pick<Writer, 'addEntry' | 'putEntry' | 'openHold' | 'closeHold' | 'mapClient'> {
  return {
    async addEntry(entry) {
      return idOf((await QUERIES.addEntry(tx, entryRow(entry))).rows);
    },
    async putEntry({ id, ...entry }: Entry) {
      await QUERIES.putEntry(tx, { ...entryRow(entry), id: BigInt(id) });
    },
    async openHold(hold) {
      const row = holdRow(hold);
      let open = tx
        .updateTable('holds')
        .set({
          code: row.code,
          detail: row.detail,
          facts: row.facts,
          intent_sha256: row.intent_sha256,
          request: row.request,
          answer: row.answer,
        })
        .where('closed_at', 'is', null)
        .where('step', '=', hold.step)
        .where('order_key', 'is', row.order_key);
      // It points at an order, else at a delivery, else at a connection alone.
      if (row.order_key === null) {
        open = open.where('delivery_id', 'is', row.delivery_id);
      }
      if (row.order_key === null && row.delivery_id === null) {
        open = open.where('connection', 'is', row.connection);
      }
      const standing = await open.executeTakeFirst();
      // A hold that is asked again keeps its age: an operator sorts by it.
      if (standing.numUpdatedRows === 0n) {
        await tx.insertInto('holds').values(row).execute();
      }
    },
    async closeHold(id, closed) {
      const changes = { closed_at: closed.at, closed_because: closed.because };
      await tx
        .updateTable('holds')
        .set(changes)
        .where('id', '=', BigInt(id))
        .where('closed_at', 'is', null)
        .execute();
    },
    async mapClient(mapping: ClientMapping) {
      const row = {
        account: mapping.account,
        source: mapping.source,
        customer_id: mapping.customerId,
        external_id: mapping.externalId,
        filled_fields: toJson(mapping.filledFields),
      };
      await tx
        .insertInto('clients')
        .values(row)
        .onConflict((conflict) => conflict.columns(['account', 'source', 'customer_id']).doUpdateSet(row))
        .execute();
    },
  };
}

function holdRow(hold: Omit<Hold, 'id' | 'closedAt' | 'closedBecause'>) {
  return {
    order_key: hold.order ?? null,
    delivery_id: hold.delivery === undefined ? null : BigInt(hold.delivery),
    connection: hold.connection ?? null,
    step: hold.step,
    code: hold.code,
    detail: hold.detail,
    facts: toJson(hold.facts),
    intent_sha256: hold.intentSha256 ?? null,
    request: hold.exchange?.request ?? null,
    answer: hold.exchange?.answer ?? null,
    opened_at: hold.openedAt,
    closed_at: null,
    closed_because: null,
  };
}

function factWriter(
  tx: Tx,
  seal: Seal,
): Pick<Writer, 'putRules' | 'tell' | 'putSetting' | 'dropSetting' | 'putSecret'> {
  return {
    async putRules(version, rules) {
      const row = { version, body: toJson(rules) };
      await tx
        .insertInto('rules')
        .values(row)
        .onConflict((conflict) => conflict.column('version').doNothing())
        .execute();
    },
    async tell(notice: Notice) {
      const row = {
        key: notice.key,
        sentence: notice.sentence,
        order_key: notice.order ?? null,
        at: notice.at,
      };
      const told = await tx
        .insertInto('notices')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doNothing())
        .executeTakeFirst();
      return (told.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async putSetting(key, value) {
      await tx
        .insertInto('settings')
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
    },
    async dropSetting(key) {
      await tx.deleteFrom('settings').where('key', '=', key).execute();
    },
    putSecret: (key, value) => putSealed(tx, seal, { key, value }),
  };
}

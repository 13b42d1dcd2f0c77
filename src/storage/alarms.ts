import { sql } from 'kysely';
import type { Kysely, Selectable, SelectQueryBuilder, Transaction } from 'kysely';
import { ALARM_KINDS } from '#core/alarm-catalogue.ts';
import type { Alarm, Telling } from '#core/alarm.ts';
import { connectionId } from '#core/ids.ts';
import type { Instant } from '#core/time.ts';
import type {
  Backlog,
  FailingOrder,
  OpenQuestion,
  QuestionCause,
  WatchReader,
  Writer,
} from '#pipeline/ports.ts';
import { at, codeOf, keyOf, oneOf, orderOf, pauseOf } from './rows.ts';
import type { AlarmsTable, Tables } from './tables.ts';

/** What the watch for alarms reads and keeps. */

/** More alarms than this are a fault elsewhere: the watch adds a bounded number at a time and forgets what is long over. */
const ALARMS_MAX = 20_000;
/** Written out and not bound: only so does SQLite see that an index on just these rows answers. */
const UNDER_WAY = sql<boolean>`orders.state in ('due', 'working', 'waiting')`;
const ACCEPTED = sql<boolean>`state = 'accepted'`;

type Db = Kysely<Tables>;

export function watchReader(db: Db): WatchReader {
  return { ...questionReader(db), ...workReader(db), alarms: ({ overAfter }) => alarmsAfter(db, overAfter) };
}

function questionReader(db: Db): Pick<WatchReader, 'pauses' | 'openQuestions' | 'questionCauses'> {
  return {
    questionCauses: () => causesOf(db),
    async pauses() {
      return (await db.selectFrom('pauses').selectAll().orderBy('account').execute()).map(pauseOf);
    },
    async openQuestions(limit) {
      const open = db
        .selectFrom('holds')
        .leftJoin('orders', 'orders.key', 'holds.order_key')
        .select(({ fn }) => [
          'holds.order_key',
          'orders.name',
          'holds.delivery_id',
          'holds.connection',
          'holds.code',
          fn.min('holds.opened_at').as('opened_at'),
        ])
        .where('holds.closed_at', 'is', null)
        .groupBy(['holds.order_key', 'orders.name', 'holds.delivery_id', 'holds.connection', 'holds.code']);
      const rows = await open
        .orderBy('opened_at')
        .orderBy('holds.order_key')
        .orderBy('holds.delivery_id')
        .limit(limit)
        .execute();
      const count = rows.length < limit ? rows.length : await countOf(db, open);
      return { first: rows.map(questionOf), count };
    },
  };
}

async function causesOf(db: Db): Promise<QuestionCause[]> {
  const open = db
    .selectFrom('holds')
    .select(({ fn }) => [
      'order_key',
      'delivery_id',
      'connection',
      'code',
      fn.min('opened_at').as('opened_at'),
    ])
    .where('closed_at', 'is', null)
    .groupBy(['order_key', 'delivery_id', 'connection', 'code']);
  const isOfOrder = sql<bigint>`case when order_key is null then 0 else 1 end`;
  const rows = await db
    .selectFrom(open.as('questions'))
    .select(({ fn }) => [
      'code',
      isOfOrder.as('is_of_order'),
      fn.countAll<bigint>().as('count'),
      fn.min('opened_at').as('oldest'),
    ])
    .groupBy(['code', isOfOrder])
    .orderBy('oldest')
    .orderBy('code')
    .execute();
  return rows.map((row) => ({
    code: codeOf(row.code),
    of: Number(row.is_of_order) === 1 ? 'orders' : 'messages',
    count: Number(row.count),
    openedAt: at(row.oldest),
  }));
}

async function countOf(db: Db, query: SelectQueryBuilder<Tables, never, object>): Promise<number> {
  const { count } = await db
    .selectFrom(query.as('rows'))
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function questionOf(row: {
  readonly order_key: string | null;
  readonly name: string | null;
  readonly delivery_id: bigint | null;
  readonly connection: string | null;
  readonly code: string;
  readonly opened_at: bigint;
}): OpenQuestion {
  return {
    code: codeOf(row.code),
    openedAt: at(row.opened_at),
    ...(row.order_key === null
      ? {}
      : { order: { key: keyOf(row.order_key), name: row.name ?? row.order_key } }),
    ...(row.delivery_id === null ? {} : { delivery: String(row.delivery_id) }),
    ...(row.connection === null ? {} : { connection: connectionId(row.connection) }),
  };
}

/** Two questions of orders, because each has an index and both in one would read every order. */
async function backlogAt(db: Db, now: Instant): Promise<Backlog> {
  const orders = db
    .selectFrom('orders')
    .select(({ fn }) => [
      fn.countAll<bigint>().as('count'),
      fn.min(fn.coalesce('limited_since', 'due_at')).as('oldest'),
    ]);
  const isDue = orders.where('due_at', '<=', BigInt(now)).where('state', '<>', 'working');
  const isLimited = orders
    .where('limited_since', 'is not', null)
    .where('state', '=', 'waiting')
    .where('due_at', '>', BigInt(now));
  const messages = db
    .selectFrom('deliveries')
    .select(({ fn }) => [fn.countAll<bigint>().as('count'), fn.min('received_at').as('oldest')])
    .where(ACCEPTED);
  const parts = [];
  for (const query of [isDue, isLimited, messages]) {
    parts.push(await query.executeTakeFirstOrThrow());
  }
  const oldest = parts.flatMap((part) => (part.oldest === null ? [] : [at(part.oldest)]));
  return {
    count: Number(parts.reduce((sum, { count }) => sum + count, 0n)),
    ...(oldest.length === 0 ? {} : { oldestAt: oldest.reduce((a, b) => (b < a ? b : a)) }),
  };
}

function workReader(db: Db): Pick<WatchReader, 'backlog' | 'isBusy' | 'failingOrders' | 'invoicedUnsettled'> {
  return {
    backlog: (now) => backlogAt(db, now),
    async isBusy(count) {
      const accepted = await countOf(
        db,
        db.selectFrom('deliveries').select('id').where(ACCEPTED).limit(count),
      );
      const underWay = await countOf(db, db.selectFrom('orders').select('key').where(UNDER_WAY).limit(count));
      return accepted + underWay >= count;
    },
    async failingOrders({ failedBefore, limit }) {
      const failing = db
        .selectFrom('orders')
        .where('first_failed_at', '<=', BigInt(failedBefore))
        .where('waits_for', 'is', null)
        .where(UNDER_WAY);
      const rows = await failing
        .select(['key', 'name', 'connection', 'first_failed_at', 'failed_code'])
        .orderBy('first_failed_at')
        .orderBy('key')
        .limit(limit)
        .execute();
      const count = rows.length < limit ? rows.length : await countOf(db, failing.select('key'));
      return { first: rows.flatMap((row) => failingOf(row) ?? []), count };
    },
    async invoicedUnsettled({ postedBefore, limit }) {
      const rows = await db
        .selectFrom('orders')
        .selectAll()
        .where('waits_for', 'is', null)
        .where(UNDER_WAY)
        .where((where) =>
          where.exists(
            where
              .selectFrom('entries')
              .select('entries.id')
              .whereRef('entries.order_key', '=', 'orders.key')
              .where('entries.kind', '=', 'invoice')
              .where('entries.state', '=', 'posted')
              .where('entries.settled_at', '<=', BigInt(postedBefore)),
          ),
        )
        .orderBy('updated_at')
        .orderBy('key')
        .limit(limit)
        .execute();
      return rows.map(orderOf);
    },
  };
}

function failingOf(
  row: Pick<Selectable<Tables['orders']>, 'key' | 'name' | 'connection' | 'first_failed_at' | 'failed_code'>,
): FailingOrder | undefined {
  return row.first_failed_at === null
    ? undefined
    : {
        key: keyOf(row.key),
        name: row.name,
        connection: connectionId(row.connection),
        firstFailedAt: at(row.first_failed_at),
        ...(row.failed_code === null ? {} : { failedCode: codeOf(row.failed_code) }),
      };
}

async function alarmsAfter(db: Db, overAfter: Alarm['seenAt']): Promise<Alarm[]> {
  const standing = db
    .selectFrom('alarms')
    .where((where) => where.or([where('over_at', 'is', null), where('over_at', '>', BigInt(overAfter))]))
    .orderBy('since_at')
    .orderBy('key')
    .limit(ALARMS_MAX);
  const rows = await standing.selectAll().execute();
  const tellings = await db
    .selectFrom('alarm_tellings')
    .selectAll()
    .where('alarm_key', 'in', standing.select('key'))
    .orderBy('channel')
    .execute();
  const byKey = Map.groupBy(tellings, (telling) => telling.alarm_key);
  return rows.map((row) => alarmOf(row, (byKey.get(row.key) ?? []).map(tellingOf)));
}

function alarmOf(row: Selectable<AlarmsTable>, tellings: readonly Telling[]): Alarm {
  return {
    key: row.key,
    kind: oneOf(row.kind, ALARM_KINDS),
    subject: row.subject,
    sentence: row.sentence,
    remedy: row.remedy,
    sinceAt: at(row.since_at),
    seenAt: at(row.seen_at),
    tellings,
    ...(row.code === null ? {} : { code: codeOf(row.code) }),
    ...(row.connection === null ? {} : { connection: connectionId(row.connection) }),
    ...(row.order_key === null ? {} : { order: keyOf(row.order_key) }),
    ...(row.raised_at === null ? {} : { raisedAt: at(row.raised_at) }),
    ...(row.over_at === null ? {} : { overAt: at(row.over_at) }),
  };
}

function tellingOf(row: Selectable<Tables['alarm_tellings']>): Telling {
  return {
    channel: row.channel,
    toldAt: at(row.told_at),
    ...(row.over_told_at === null ? {} : { overToldAt: at(row.over_told_at) }),
  };
}

export function alarmWriter(
  tx: Transaction<Tables>,
): Pick<Writer, 'putAlarm' | 'putTelling' | 'dropAlarm' | 'forgetAlarms'> {
  return {
    async putAlarm(alarm) {
      const row = alarmRow(alarm);
      await tx
        .insertInto('alarms')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
        .execute();
    },
    async putTelling(key, { channel, toldAt, overToldAt }) {
      const row = { alarm_key: key, channel, told_at: toldAt, over_told_at: overToldAt ?? null };
      await tx
        .insertInto('alarm_tellings')
        .values(row)
        .onConflict((conflict) => conflict.columns(['alarm_key', 'channel']).doUpdateSet(row))
        .execute();
    },
    async dropAlarm(key) {
      await tx.deleteFrom('alarm_tellings').where('alarm_key', '=', key).execute();
      await tx.deleteFrom('alarms').where('key', '=', key).execute();
    },
    async forgetAlarms(overBefore) {
      const old = tx.selectFrom('alarms').select('key').where('over_at', '<', BigInt(overBefore));
      await tx.deleteFrom('alarm_tellings').where('alarm_key', 'in', old).execute();
      await tx.deleteFrom('alarms').where('over_at', '<', BigInt(overBefore)).execute();
    },
  };
}

function alarmRow(alarm: Alarm) {
  return {
    key: alarm.key,
    kind: alarm.kind,
    code: alarm.code ?? null,
    connection: alarm.connection ?? null,
    order_key: alarm.order ?? null,
    subject: alarm.subject,
    sentence: alarm.sentence,
    remedy: alarm.remedy,
    since_at: alarm.sinceAt,
    seen_at: alarm.seenAt,
    raised_at: alarm.raisedAt ?? null,
    over_at: alarm.overAt ?? null,
  };
}

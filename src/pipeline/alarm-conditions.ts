import { alarmTerms } from '#core/alarm-catalogue.ts';
import type { AlarmKind } from '#core/alarm-catalogue.ts';
import { channelKey } from '#core/alarm.ts';
import type { ChannelState, Condition } from '#core/alarm.ts';
import { CATALOGUE } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { connectionId } from '#core/ids.ts';
import { fold } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { proofOf } from '#core/proof.ts';
import { calledOf, orderOf } from '#core/settlement.ts';
import { MINUTE, after, instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { FailingOrder, OpenQuestion, OrderRecord, QuestionCause, Reader } from './ports.ts';
import { REFUSALS_RAISED_AT, REFUSALS_SILENT_AFTER_MS, readRefusals } from './refusals.ts';
import { readBackfill } from './backfill.ts';
import { readSwept } from './sweep.ts';
import { readUnreadQueue } from './unread-queue.ts';

/** What holds now of what a person is told of, read from the store. Names orders, connections and commands; nothing else. */

/** More questions than this are counted and not named: nobody answers them one by one, and each named one is an alarm that is kept. */
const QUESTIONS_MAX = 5000;
const FAILING_MAX = 1000;
const UNPAID_MAX = 100;
/** At FreshBooks' pace, some five calls an order and ten a second, about five minutes of work. */
const DEEP_COUNT = 500;
/** A start finds what became due while nothing ran; within a minute the queue has taken it up. */
const OLD_PATIENCE_MS = MINUTE;
/** Together ten minutes (docs/bookkeeping.md): the first is what an order under way takes, the rest is waited for. */
const UNDER_WAY_MS = MINUTE;
const UNPAID_PATIENCE_MS = 9 * MINUTE;
/** One failure of a channel may be a hiccup, and is tried again within a minute. */
const CHANNEL_ATTEMPTS_TOLD = 2;
const SUBJECT_MAX = 60;

export interface Looking {
  readonly now: Instant;
  readonly queueMs: number;
  /** Whose messages may be refused. */
  readonly connections: readonly ConnectionId[];
  readonly channels: readonly { readonly name: string; readonly state: ChannelState }[];
}

export interface Seen {
  readonly conditions: readonly Condition[];
  /** Kinds of which there were more than are read: what was not read has not ended. */
  readonly isCut: (kind: AlarmKind) => boolean;
}

export async function conditionsNow(read: Reader, looking: Looking): Promise<Seen> {
  const questions = await read.openQuestions(QUESTIONS_MAX);
  const isCut = questions.count > questions.first.length;
  const waiting = isCut
    ? (await read.questionCauses()).map(causeCondition)
    : questions.first.map(questionCondition);
  const held = new Set(questions.first.flatMap(({ order }) => order?.key ?? []));
  const unpaid = await unpaidConditions(read, { looking, held });
  const failing = await failingConditions(read, looking);
  const conditions = [
    ...(await pausedConditions(read, looking)),
    ...failing.conditions,
    ...(await unaskedConditions(read, looking)),
    ...(await queueConditions(read, looking)),
    ...(await refusedConditions(read, looking)),
    ...unpaid.conditions,
    ...waiting,
    ...channelConditions(looking),
  ];
  const cut: Partial<Record<AlarmKind, boolean>> = {
    held: isCut,
    message: isCut,
    unpaid: unpaid.isCut,
    failing: failing.isCut,
  };
  return { conditions, isCut: (kind) => cut[kind] ?? false };
}

async function pausedConditions(read: Reader, { now, queueMs }: Looking): Promise<Condition[]> {
  const conditions: Condition[] = [];
  for (const { account, code, until, outage } of await read.pauses()) {
    const about = { connection: connectionId(account), subject: account, patienceMs: 0 };
    if (until === undefined) {
      conditions.push({ ...wordsOf('paused', code), ...about, key: `paused:${account}`, sinceAt: now });
    } else if (outage !== undefined && after(outage.since, queueMs) <= now) {
      const sinceAt = outage.since;
      conditions.push({ ...wordsOf('outage', code), ...about, key: `outage:${account}`, sinceAt });
    }
  }
  return conditions;
}

/** Some of what holds of a kind, and whether there is more of it than was read. */
interface Part {
  readonly conditions: readonly Condition[];
  readonly isCut: boolean;
}

async function failingConditions(read: Reader, { now, queueMs }: Looking): Promise<Part> {
  const { first, count } = await read.failingOrders({
    failedBefore: instant(now - queueMs),
    limit: FAILING_MAX,
  });
  const unread = count - first.length;
  const conditions = Array.from(Map.groupBy(first, ({ connection }) => connection)).flatMap(
    ([connection, orders]) => failingCondition(connection, orders, unread) ?? [],
  );
  return { conditions, isCut: unread > 0 };
}

function failingCondition(
  connection: ConnectionId,
  orders: readonly FailingOrder[],
  unread: number,
): Condition | undefined {
  const [longest] = orders;
  if (longest === undefined) {
    return undefined;
  }
  const name = nameOf(longest.name);
  const count = unread > 0 ? `more than ${orders.length}` : String(orders.length);
  return {
    ...wordsOf('failing', longest.failedCode),
    key: `failing:${connection}`,
    connection,
    subject:
      orders.length === 1 && unread === 0
        ? `${calledOf({ ...longest, name })} of ${connection}`
        : `${count} orders of ${connection}, the longest ${name}`,
    sinceAt: longest.firstFailedAt,
    patienceMs: 0,
  };
}

/** What cannot be asked of a connection, try after try: the queue in which its messages wait, and what changed without one. */
async function unaskedConditions(read: Reader, { now, queueMs, connections }: Looking): Promise<Condition[]> {
  const conditions: Condition[] = [];
  for (const connection of connections) {
    const since = {
      'queue-unread': (await readUnreadQueue(read, connection))?.since,
      unswept: (await readSwept(read, { connection })).failing?.since ?? (await unbrought(read, connection)),
    };
    for (const kind of ['queue-unread', 'unswept'] as const) {
      const sinceAt = since[kind];
      if (sinceAt !== undefined && after(sinceAt, queueMs) <= now) {
        const key = `${kind}:${connection}`;
        conditions.push({
          ...wordsOf(kind),
          key,
          connection,
          subject: connection,
          sinceAt,
          patienceMs: 0,
        });
      }
    }
  }
  return conditions;
}

/** Since when orders of days that a person asked for could not be brought. */
async function unbrought(read: Reader, connection: ConnectionId): Promise<Instant | undefined> {
  const backfill = await readBackfill(read, connection);
  return backfill?.state === 'running' ? backfill.failing?.since : undefined;
}

async function queueConditions(read: Reader, { now, queueMs }: Looking): Promise<Condition[]> {
  const { count, oldestAt } = await read.backlog(now);
  if (oldestAt === undefined) {
    return [];
  }
  const subject = `${count} ${count === 1 ? 'order or message' : 'orders and messages'}`;
  const old = after(oldestAt, queueMs) <= now;
  return [
    ...(old
      ? [
          {
            ...wordsOf('queue-old'),
            key: 'queue-old',
            subject,
            sinceAt: oldestAt,
            patienceMs: OLD_PATIENCE_MS,
          },
        ]
      : []),
    ...(count > DEEP_COUNT
      ? [{ ...wordsOf('queue-deep'), key: 'queue-deep', subject, sinceAt: now, patienceMs: queueMs }]
      : []),
  ];
}

async function refusedConditions(read: Reader, { now, connections }: Looking): Promise<Condition[]> {
  const conditions: Condition[] = [];
  for (const connection of connections) {
    const refusals = await readRefusals(read, connection);
    if (
      refusals !== undefined &&
      refusals.count >= REFUSALS_RAISED_AT &&
      after(refusals.lastAt, REFUSALS_SILENT_AFTER_MS) > now
    ) {
      conditions.push({
        ...wordsOf('refused'),
        key: `refused:${connection}`,
        connection,
        subject: `${refusals.count} in a row for ${connection}`,
        sinceAt: refusals.firstAt,
        patienceMs: 0,
      });
    }
  }
  return conditions;
}

async function unpaidConditions(
  read: Reader,
  { looking, held }: { readonly looking: Looking; readonly held: ReadonlySet<OrderKey> },
): Promise<Part> {
  const postedBefore = instant(looking.now - UNDER_WAY_MS);
  const records = await read.invoicedUnsettled({ postedBefore, limit: UNPAID_MAX });
  const conditions: Condition[] = [];
  for (const record of records) {
    // A question that waits on the order is told by itself, with its cause.
    if (!held.has(record.key) && (await isPaidAndOpen(read, record))) {
      const words = wordsOf('unpaid');
      conditions.push({
        ...words,
        remedy: `counterfoil explain ${handleOf(record)} tells what is missing`,
        key: `unpaid:${record.key}`,
        connection: record.connection,
        order: record.key,
        subject: nameOf(record.name),
        sinceAt: looking.now,
        patienceMs: UNPAID_PATIENCE_MS,
      });
    }
  }
  return { conditions, isCut: records.length === UNPAID_MAX };
}

/** Whether the merchant has all the money that the order is worth, and its invoices do not show it. */
async function isPaidAndOpen(read: Reader, { key, snapshot }: OrderRecord): Promise<boolean> {
  const order = orderOf(snapshot);
  if (order === undefined) {
    return false;
  }
  const { shop, cash } = proofOf(order, fold(await read.entriesOf(key)));
  return (
    cash !== undefined &&
    !money.isZero(shop.worth) &&
    money.compare(cash.kept, shop.worth) >= 0 &&
    money.compare(cash.payments, shop.worth) < 0
  );
}

function questionCondition({ code, openedAt, order, delivery, connection }: OpenQuestion): Condition {
  const asked = { sinceAt: openedAt, patienceMs: 0 };
  if (order !== undefined) {
    const handle = handleOf(order);
    return {
      ...asked,
      ...wordsOf('held', code),
      remedy: `counterfoil explain ${handle} tells why; then counterfoil retry ${handle}, or counterfoil decide ${handle} where there is a choice`,
      key: `held:${order.key}:${code}`,
      order: order.key,
      subject: nameOf(order.name),
    };
  }
  const handle = delivery === undefined ? undefined : `delivery:${delivery}`;
  return {
    ...asked,
    ...wordsOf('message', code),
    ...(handle === undefined
      ? {}
      : {
          remedy: `counterfoil explain ${handle} tells why; then counterfoil retry ${handle}, or counterfoil decide ${handle} keep`,
        }),
    key: `message:${handle ?? connection ?? ''}:${code}`,
    ...(connection === undefined ? {} : { connection }),
    subject: handle ?? connection ?? 'a connection',
  };
}

function causeCondition({ code, of, count, openedAt }: QuestionCause): Condition {
  return {
    ...wordsOf('questions', code),
    key: `questions:${of}:${code}`,
    subject: `${count} ${count === 1 ? of.slice(0, -1) : of}`,
    sinceAt: openedAt,
    patienceMs: 0,
  };
}

function channelConditions({ channels }: Looking): Condition[] {
  return channels.flatMap(({ name, state: { failing } }) =>
    failing === undefined || failing.attempts < CHANNEL_ATTEMPTS_TOLD
      ? []
      : [
          {
            ...wordsOf('channel'),
            key: channelKey(name),
            subject: name,
            sinceAt: failing.since,
            patienceMs: 0,
          },
        ],
  );
}

/** The cause in the catalogue's words, never in those of an answer or a message, which may hold anything. */
export function wordsOf(
  kind: AlarmKind,
  code?: FailureCode,
): Pick<Condition, 'kind' | 'code' | 'sentence' | 'remedy'> {
  const { sentence, remedy } = alarmTerms(kind);
  return code === undefined
    ? { kind, sentence, remedy }
    : { kind, code, sentence: CATALOGUE[code].sentence, remedy };
}

/** How a command names an order: by its name where a shell reads it as it stands, else by its key. */
function handleOf({ key, name }: { readonly key: OrderKey; readonly name: string }): string {
  return /^[#\w.-]{1,40}$/.test(name) ? `'${name}'` : key;
}

/** A name from the shop on one line, without what a terminal or a chat would read as more than a letter. */
function nameOf(name: string): string {
  const plain = name.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return plain.length > SUBJECT_MAX ? `${plain.slice(0, SUBJECT_MAX)}…` : plain;
}

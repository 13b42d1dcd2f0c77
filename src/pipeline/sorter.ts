import { withAdditions } from '#core/account.ts';
import { asFailure } from '#core/failure.ts';
import type { OrderKey } from '#core/ids.ts';
import { splitOrderKey } from '#core/ids.ts';
import { toJson } from '#core/json.ts';
import { transition } from '#core/lifecycle.ts';
import * as money from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { paidBack } from '#core/sale.ts';
import { orderOf } from '#core/settlement.ts';
import type { Settlement } from '#core/settlement.ts';
import { TOGETHER } from '#core/payment-method.ts';
import { MINUTE, after, instant, localDate } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { LATER_PRIORITY, LIVE_PRIORITY } from './machine.ts';
import type { Machine } from './machine.ts';
import { FOUND_TOPIC, READ_TOPIC } from './source.ts';
import { RESTORED_SETTING } from './ports.ts';
import type { Delivery, OrderRecord, Reread, Writer } from './ports.ts';
import type { Sorted, Source } from './source.ts';

/** Without access to ask the shop, how long the message that shows a change may follow the one that announces it. */
export const REREAD_PATIENCE_MS = 15 * MINUTE;

/** After an answer that did not tell the order's state, until the source is asked again. */
const ASKED_AGAIN_MS = MINUTE;

/** A state of an order is from after its deletion, or after a restore, only when it is later by more than clocks may differ. */
const CLOCKS_DIFFER_MS = 10 * MINUTE;

/**
 * Normalizes a stored message: reads what it is about, keeps the newest state of its order, and makes the order due. A
 * message that cannot be read is held by itself and stops nothing else.
 */
export async function sortDelivery(machine: Machine, id: string): Promise<void> {
  const delivery = await machine.store.read.delivery(id);
  if (delivery === undefined || delivery.state !== 'accepted') {
    return;
  }
  const source = machine.routes.get(delivery.connection)?.source;
  const read = source === undefined ? unconfigured(delivery) : readBy(source, delivery);
  if (read.kind === 'order') {
    machine.buyers.remember(id, read.snapshot.buyer);
  }
  const sorted = await recorded(machine, { delivery, sorted: read, source });
  machine.emit({
    name: `delivery ${sorted.kind === 'ignored' || sorted.kind === 'held' ? sorted.kind : 'sorted'}`,
    level: sorted.kind === 'held' ? 'warn' : 'info',
    fields: { delivery: id, topic: delivery.topic, about: sorted.kind, ...orderIn(sorted) },
  });
}

/** Answers with what became of it: over what is recorded this program may stumble as well. */
async function recorded(machine: Machine, reading: Reading): Promise<Sorted> {
  const recordOnce = (as: Reading): Promise<void> =>
    machine.store.transact(async (tx) => {
      // Read again: another process may have sorted it between.
      if ((await tx.delivery(as.delivery.id))?.state === 'accepted') {
        await record(machine, tx, as);
      }
    });
  try {
    await recordOnce(reading);
    return reading.sorted;
  } catch (thrown) {
    const { code, message } = asFailure(thrown, `Cannot take in delivery ${reading.delivery.id}`);
    if (code !== 'unexpected') {
      // The database, which is asked again.
      throw thrown;
    }
    const sorted: Sorted = { kind: 'held', code, detail: message };
    await recordOnce({ ...reading, sorted });
    return sorted;
  }
}

function orderIn(sorted: Sorted): { readonly order?: OrderKey } {
  switch (sorted.kind) {
    case 'order':
      return { order: sorted.snapshot.order.key };
    case 'settlement':
      return { order: sorted.settlement.key };
    case 'touch':
    case 'deleted':
      return { order: sorted.order };
    case 'ignored':
    case 'held':
      return {};
  }
}

function unconfigured(delivery: Delivery): Sorted {
  return {
    kind: 'held',
    code: 'config-invalid',
    detail: `Connection "${delivery.connection}" is not configured any more`,
  };
}

function readBy(source: Source, delivery: Delivery): Sorted {
  try {
    return source.sort(delivery);
  } catch (thrown) {
    const { code, message } = asFailure(thrown, `Cannot read delivery ${delivery.id}`);
    return { kind: 'held', code, detail: message };
  }
}

interface Reading {
  readonly delivery: Delivery;
  readonly sorted: Sorted;
  readonly source: Source | undefined;
}

async function record(machine: Machine, tx: Writer, { delivery, sorted, source }: Reading): Promise<void> {
  const now = machine.clock.now();
  const canRead = source?.canRead ?? false;
  switch (sorted.kind) {
    case 'ignored':
      return tx.settleDelivery(delivery.id, { state: 'ignored', reason: sorted.detail });
    case 'held':
      await tx.settleDelivery(delivery.id, { state: 'held', reason: sorted.detail });
      return tx.openHold({
        delivery: delivery.id,
        connection: delivery.connection,
        step: 'delivery',
        code: sorted.code,
        detail: sorted.detail,
        facts: [],
        openedAt: now,
      });
    case 'order': {
      const { order } = sorted.snapshot;
      const known = (await tx.order(order.key)) ?? firstRecord(order.key, order.name, now);
      const isBack = known.isDeleted && !canRead && isAfter(order, await deletedAt(tx, known, source));
      return due(machine, tx, {
        delivery,
        record: newest(isBack ? { ...known, isDeleted: false } : known, {
          delivery,
          order: canRead ? withDatedCash(order) : order,
          canRead,
          isForgotten: canRead && (await mayBeForgotten(tx, delivery, order)),
          now,
        }),
      });
    }
    case 'settlement': {
      const { key, name } = sorted.settlement;
      const known = (await tx.order(key)) ?? firstRecord(key, name, now);
      return due(machine, tx, {
        delivery,
        record: settledIn(known, { delivery, settlement: sorted.settlement, now }),
      });
    }
    case 'touch': {
      const known = (await tx.order(sorted.order)) ?? firstRecord(sorted.order, nameOf(sorted.order), now);
      const isShown = known.stamp !== undefined && sorted.at !== undefined && known.stamp >= sorted.at;
      return due(machine, tx, {
        delivery,
        record: isShown ? known : { ...known, reread: asked(known, sorted, now) },
      });
    }
    case 'deleted': {
      const known = (await tx.order(sorted.order)) ?? firstRecord(sorted.order, nameOf(sorted.order), now);
      return due(machine, tx, { delivery, record: deleted(known, { delivery, canRead, now }) });
    }
  }
}

/**
 * A deletion cannot be taken back and tells no time, so the shop is asked before it is believed. Who cannot ask believes it
 * unless a state from after it shows the order.
 */
function deleted(
  record: OrderRecord,
  {
    delivery,
    canRead,
    now,
  }: { readonly delivery: Delivery; readonly canRead: boolean; readonly now: Instant },
): OrderRecord {
  if (canRead) {
    return { ...record, isDeleted: true, reread: askedWhetherDeleted(record, now) };
  }
  const isBack = record.stamp !== undefined && isAfter({ updatedAt: record.stamp }, delivery.receivedAt);
  return isBack ? record : { ...record, isDeleted: true };
}

function askedWhetherDeleted(record: OrderRecord, now: Instant): Reread {
  const why = 'The shop told that it was deleted, and is asked whether it still shows it';
  return { ...asked(record, { why }, now), isBlocking: true };
}

/** What was sent before a moment may come after it, and the shop's clock is not ours. */
function isAfter({ updatedAt }: Pick<Order, 'updatedAt'>, moment: Instant): boolean {
  return updatedAt > after(moment, CLOCKS_DIFFER_MS);
}

/** When the last message came that told of the deletion, or that may have: a blanked one does not show it any more. */
async function deletedAt(tx: Writer, { key }: OrderRecord, source: Source | undefined): Promise<Instant> {
  const newest = await tx.deliveriesOf(key);
  const telling = newest.filter(
    (delivery) =>
      delivery.redactedAt !== undefined ||
      (source !== undefined && readBy(source, delivery).kind === 'deleted'),
  );
  // One of them told it; among the newest it is missing where so many came since, and then those tell how late it is.
  const told = telling.length === 0 ? newest : telling;
  return instant(Math.max(0, ...told.map(({ receivedAt }) => receivedAt)));
}

/** A settlement is shown only by the source's own answer, and as far as its last transaction: the later answer shows more. */
function settledIn(
  record: OrderRecord,
  {
    delivery,
    settlement,
    now,
  }: { readonly delivery: Delivery; readonly settlement: Settlement; readonly now: Instant },
): OrderRecord {
  if (record.stamp !== undefined && settlement.updatedAt < record.stamp) {
    return record;
  }
  const { reread, ...rest } = record;
  return {
    ...rest,
    name: settlement.name,
    newestDelivery: delivery.id,
    stamp: settlement.updatedAt,
    snapshot: settlement,
    // It was named while it still grew: what looks for subjects since a day takes each to be stored after its own day.
    createdAt: now,
    ...(isAnswer(record) || reread === undefined ? {} : { reread }),
  };
}

/** The question to the source, as old as the oldest reason for it and as new as the newest. */
function asked(
  { reread }: OrderRecord,
  { why, at }: { readonly why: string; readonly at?: Instant },
  now: Instant,
): Reread {
  const ats = [reread?.at, at].filter((moment) => moment !== undefined);
  return {
    why,
    since: reread?.since ?? now,
    isBlocking: reread?.isBlocking ?? false,
    ...(ats.length === 0 ? {} : { at: instant(Math.max(...ats)) }),
  };
}

function nameOf(order: OrderKey): string {
  return splitOrderKey(order).vendorId;
}

function firstRecord(key: OrderKey, name: string, now: Instant): OrderRecord {
  return {
    key,
    connection: splitOrderKey(key).connection,
    name,
    state: 'due',
    attempts: 0,
    priority: LIVE_PRIORITY,
    numberVariant: 1,
    isDeleted: false,
    decisions: {},
    createdAt: now,
    updatedAt: now,
  };
}

/** Makes the order due in the same transaction that settles the delivery, so that neither can be lost without the other. */
async function due(
  machine: Machine,
  tx: Writer,
  { delivery, record }: { delivery: Delivery; record: OrderRecord },
): Promise<void> {
  const now = machine.clock.now();
  // One that is being worked on stays so: its worker sees the due time when it ends and runs once more.
  const state = record.state === 'working' ? record.state : transition(record.state, 'due');
  const priority = priorityOf(record, delivery);
  // An answer that says that the source must be asked once more would else be asked for without end.
  const isAskedAgain = delivery.topic === READ_TOPIC && record.reread !== undefined;
  const dueAt = isAskedAgain ? (record.dueAt ?? after(now, ASKED_AGAIN_MS)) : now;
  await tx.putOrder({ ...record, state, priority, dueAt, updatedAt: now });
  await tx.settleDelivery(delivery.id, { state: 'sorted', order: record.key });
  tx.afterCommit(() => machine.queue.wake(`order:${record.key}`));
}

function priorityOf({ state, dueAt, priority }: OrderRecord, { topic }: Delivery): number {
  const isUnderWay = dueAt !== undefined || state === 'working' || state === 'waiting';
  switch (topic) {
    case READ_TOPIC:
      return priority;
    case FOUND_TOPIC:
      return isUnderWay ? priority : LATER_PRIORITY;
    default:
      return LIVE_PRIORITY;
  }
}

/**
 * A body that does not list its receipts dates them as the order, and joins what several gateways gave. On the day it was
 * placed the date is right; of a later day the money may be of that day, in another month even. Each gateway has its kind of
 * payment, and what a gift card gave is owed no more, so the parts must be known. In both cases the shop is asked; who cannot
 * ask books one payment of the order's day.
 */
export function withDatedCash(order: Order): Order {
  const { cash, placedAt, updatedAt, zone } = order;
  const undetailed =
    cash.state === 'known' ? cash.tenders.filter(({ transactionId }) => transactionId === undefined) : [];
  const isLater = localDate(placedAt, zone) !== localDate(updatedAt, zone);
  const isJoined = undetailed.some(({ gateway }) => gateway.includes(TOGETHER));
  if (undetailed.length === 0 || !(isLater || isJoined)) {
    return order;
  }
  const why = isJoined
    ? 'It was paid in several ways, and the message does not show the parts'
    : 'The message is of a later day than the order and does not show when money came';
  return { ...order, cash: { state: 'reread', why } };
}

/**
 * Whether a message is of the time that a restored database forgot. The books may stand as a later one had it, which is not told
 * again or only after this: without asking the shop they would go back to this state first, and be put right by what follows.
 */
async function mayBeForgotten(tx: Writer, { topic }: Delivery, { updatedAt }: Order): Promise<boolean> {
  const restoredAt = topic === READ_TOPIC ? undefined : await tx.setting(RESTORED_SETTING);
  return restoredAt !== undefined && !isAfter({ updatedAt }, instant(Number(restoredAt)));
}

interface Shown {
  readonly delivery: Delivery;
  readonly order: Order;
  readonly canRead: boolean;
  readonly isForgotten: boolean;
  readonly now: Instant;
}

/** The record with the newer of two states: the one it has, or the one that this delivery shows. */
function newest(record: OrderRecord, shown: Shown): OrderRecord {
  const { delivery, order, canRead, now } = shown;
  const { stamp } = record;
  const snapshot = orderOf(record.snapshot);
  const taken = take(record, shown);
  if (snapshot === undefined || stamp === undefined || order.updatedAt > stamp) {
    return taken;
  }
  // An answer of the shop itself outranks what it sent before, and ends the question.
  if (order.updatedAt === stamp && delivery.topic === READ_TOPIC) {
    return taken;
  }
  if (order.updatedAt < stamp) {
    return record;
  }
  if (toJson(figuresOf(snapshot)) === toJson(figuresOf(order))) {
    // Goods that were sent stay sent, so of two states of one moment this one is the later.
    return order.isFulfilled && !snapshot.isFulfilled ? taken : record;
  }
  const further = canRead ? 0 : furtherInMoney(order, snapshot);
  if (further !== 0) {
    return further > 0 ? taken : record;
  }
  const why = 'Two messages of the same moment show different figures';
  return { ...record, reread: { ...asked(record, { why }, now), isBlocking: true } };
}

const FORGOTTEN =
  'The message is from before this database was restored, and FreshBooks may stand as a later one had it';

function take(record: OrderRecord, { delivery, order, canRead, isForgotten, now }: Shown): OrderRecord {
  const { reread, ...rest } = record;
  // Only the shop's own answer shows that it was not deleted: a message may have been sent before it was.
  const isDeleted = record.isDeleted && !(delivery.topic === READ_TOPIC && isAnswer(record));
  const isOutstanding =
    delivery.topic === READ_TOPIC
      ? !isAnswer(record)
      : reread?.at !== undefined && reread.at > order.updatedAt;
  // A newer state ends the doubt between two older ones; what it does not tell blocks nothing but its own payment. Of what may be
  // forgotten nothing is written before the shop has answered, however long that takes: a payment would be lowered and come back as two.
  const untold =
    order.cash.state === 'reread'
      ? order.cash.why
      : order.doubt?.ask === 'shop'
        ? order.doubt.why
        : isForgotten
          ? FORGOTTEN
          : undefined;
  const unpaid =
    untold === undefined ? undefined : { ...asked(record, { why: untold }, now), isBlocking: isForgotten };
  const asking = unpaid ?? (isOutstanding ? reread : undefined);
  const question = isDeleted && canRead ? askedWhetherDeleted(record, now) : asking;
  return {
    ...rest,
    isDeleted,
    name: order.name,
    newestDelivery: delivery.id,
    stamp: order.updatedAt,
    snapshot: withAdditions(order, orderOf(record.snapshot)),
    ...(question === undefined ? {} : { reread: question }),
  };
}

/**
 * Whether the answer that is sorted now answers all that is asked: to the run that asked, while nothing else came. A message that was
 * sorted meanwhile may tell what the answer does not show yet, and then gave the order a due time; one that a dead process left
 * unsorted may be older than the question.
 */
function isAnswer({ state, dueAt }: OrderRecord): boolean {
  return state === 'working' && dueAt === undefined;
}

/** What counts when two bodies of one moment are compared: neither how receipts are split nor what is no figure, or in no body. */
function figuresOf(order: Order): unknown {
  const { cash, isFulfilled: _sent, tags: _labels, additions: _known, ...rest } = order;
  return { ...rest, cash: cash.state === 'known' ? cash.received : cash.state };
}

/** Cancelled, then more refunded, then more received: of two states of one moment the later one, since money moves that way. */
function furtherInMoney(a: Order, b: Order): number {
  const refunded = (order: Order) =>
    money.sum(
      order.refunds.map((refund) => paidBack(refund, order.currency)),
      order.currency,
    );
  const received = (order: Order) =>
    order.cash.state === 'known' ? order.cash.received : money.zero(order.currency);
  return (
    Number(a.cancelledAt !== undefined) - Number(b.cancelledAt !== undefined) ||
    money.compare(refunded(a), refunded(b)) ||
    money.compare(received(a), received(b))
  );
}

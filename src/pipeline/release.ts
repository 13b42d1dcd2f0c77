import type { FailureCode } from '#core/failure.ts';
import { transition } from '#core/lifecycle.ts';
import { settlementIn } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import type { Hold } from '#core/ledger.ts';
import type { Decisions } from '#core/plan-terms.ts';
import { CLOSED_THROUGH, FIRST_OPEN_DAY, periodDay } from '#core/period.ts';
import { orderOf } from '#core/settlement.ts';
import type { Instant, LocalDate } from '#core/time.ts';
import { tryNow } from './account-pause.ts';
import { LATER_PRIORITY, LIVE_PRIORITY } from './machine.ts';
import { VERSION_FACT } from './ports.ts';
import type { OrderRecord, Store, Writer } from './ports.ts';

/** What a person says of something that waits: try it again, or how it is to be. The worker does the rest. */

/** What can be decided about an order (docs/bookkeeping.md, "Questions and answers"). */
export const DECISIONS = ['keep', 'restore', 'accept', 'open-day', 'already-booked'] as const;
export type Decision = (typeof DECISIONS)[number];

export type Decided =
  | { readonly outcome: 'decided'; readonly closedHolds: number }
  | { readonly outcome: 'no-order' }
  /** Nothing that waits on the order is answered by it; nothing was changed. */
  | { readonly outcome: 'not-asked'; readonly asked: readonly FailureCode[] };

interface Moment {
  readonly now: Instant;
  readonly account: string;
  /** Of many at once, which then wait behind live orders. */
  readonly isOfMany?: boolean;
  /** Who says so, for the audit log, when it is not who opened the store. */
  readonly actor?: string;
}

/**
 * Try again: the order is planned anew with what is known today, read anew where no message would have it read, and what was
 * refused may be sent again; the stored bytes of a refused request never are. Nothing when there is no such order.
 */
export async function releaseOrder(
  store: Store,
  key: OrderKey,
  { now, account, actor, isOfMany = false }: Moment,
): Promise<{ readonly closedHolds: number } | undefined> {
  return store.transact(async (tx) => {
    const record = await tx.order(key);
    if (record === undefined) {
      return undefined;
    }
    const open = await tx.holds({ order: key, isOpen: true });
    const released = {
      ...askedAgain(record, open, now),
      priority: isOfMany ? LATER_PRIORITY : LIVE_PRIORITY,
    };
    await planAnew(tx, released, { open, because: 'Released by hand', now });
    await tx.audited({
      action: 'order retried',
      subject: key,
      details: { questions: open.length },
      ...(actor === undefined ? {} : { actor }),
    });
    await tryNow(tx, account, now);
    return { closedHolds: open.length };
  });
}

/**
 * What no message tells that it should be read: what a settlement holds, by a newer program, say; amounts that the channel did
 * not show; and an order that says so itself.
 */
function askedAgain(record: OrderRecord, open: readonly Hold[], now: Instant): OrderRecord {
  const isAskedFor =
    orderOf(record.snapshot)?.isReadByRetry === true ||
    settlementIn(record.key) !== undefined ||
    open.some(({ code }) => code === 'order-amounts-missing');
  return isAskedFor
    ? { ...record, reread: { why: 'It is asked for again by hand', since: now, isBlocking: false } }
    : record;
}

/** Answers the questions that wait on an order, and has it planned anew by the answer, which holds from now on. */
export async function decideOrder(
  store: Store,
  key: OrderKey,
  { decision, now }: { readonly decision: Decision; readonly now: Instant },
): Promise<Decided> {
  return store.transact(async (tx) => {
    const record = await tx.order(key);
    if (record === undefined) {
      return { outcome: 'no-order' };
    }
    const open = await tx.holds({ order: key, isOpen: true });
    const answer = answerOf(decision, open, record);
    if (answer === undefined) {
      return { outcome: 'not-asked', asked: open.map(({ code }) => code) };
    }
    const decisions = { ...record.decisions, ...answer };
    const decided = { ...record, decisions, priority: LIVE_PRIORITY };
    await planAnew(tx, decided, { open, because: `Decided by hand: ${decision}`, now });
    await tx.audited({
      action: 'order decided',
      subject: key,
      details: { decision, questions: open.length },
    });
    return { outcome: 'decided', closedHolds: open.length };
  });
}

/** A person says: read the message again, perhaps by a newer version of this program. */
export async function releaseDelivery(store: Store, id: string, now: Instant): Promise<boolean> {
  return store.transact(async (tx) => {
    const delivery = await tx.delivery(id);
    if (delivery?.state !== 'held' || delivery.redactedAt !== undefined) {
      return false;
    }
    for (const hold of await tx.holds({ delivery: id, isOpen: true })) {
      await tx.closeHold(hold.id, { at: now, because: 'Released by hand' });
    }
    await tx.settleDelivery(id, { state: 'accepted' });
    await tx.audited({ action: 'message retried', subject: `delivery:${id}` });
    return true;
  });
}

/** A person has seen to a message that is no order: it waits no longer. */
export async function putAside(store: Store, id: string, now: Instant): Promise<boolean> {
  return store.transact(async (tx) => {
    if ((await tx.delivery(id))?.state !== 'held') {
      return false;
    }
    for (const hold of await tx.holds({ delivery: id, isOpen: true })) {
      await tx.closeHold(hold.id, { at: now, because: 'Decided by hand: keep' });
      if (hold.code === 'delivery-compliance') {
        // It names a person, and is answered: nobody needs it any more.
        await tx.redactDelivery(id, now);
      }
    }
    await tx.settleDelivery(id, { state: 'ignored', reason: 'Seen to by hand' });
    await tx.audited({ action: 'message put aside', subject: `delivery:${id}` });
    return true;
  });
}

/** Nothing when none of the open questions is answered by it. */
function answerOf(
  decision: Decision,
  open: readonly Hold[],
  { decisions: before, snapshot }: Pick<OrderRecord, 'decisions' | 'snapshot'>,
): Decisions | undefined {
  switch (decision) {
    case 'keep':
      return open.length === 0 ? undefined : { following: 'stopped' };
    case 'open-day':
      return daysIn(open, FIRST_OPEN_DAY).length > 0 ? { period: decision } : undefined;
    case 'already-booked': {
      const days = daysIn(open, CLOSED_THROUGH);
      const [last] = [...days, ...(before.bookedThrough === undefined ? [] : [before.bookedThrough])]
        .toSorted()
        .slice(-1);
      const bookedTotal = orderOf(snapshot)?.currentTotal;
      return days.length === 0 || last === undefined
        ? undefined
        : { bookedThrough: last, ...(bookedTotal === undefined ? {} : { bookedTotal }) };
    }
    case 'restore':
    case 'accept': {
      // An answer is about the very version that its question showed: what is changed after it is asked about again.
      const seen = open.flatMap(({ facts }) => facts.filter(({ name }) => name === VERSION_FACT))[0]?.value;
      const say = decision === 'restore' ? 'overwrite' : 'accept';
      return seen === undefined ? undefined : { edits: { say, seen } };
    }
  }
}

/** The days of this name that questions show: a question that shows none, or none that can be read, is not answered by them. */
function daysIn(open: readonly Hold[], name: string): LocalDate[] {
  return open
    .flatMap(({ facts }) => facts.filter((fact) => fact.name === name))
    .flatMap(({ value }) => periodDay(value) ?? []);
}

/** Closes what is asked and makes the order due. */
export async function planAnew(
  tx: Writer,
  record: OrderRecord,
  { open, because, now }: { readonly open: readonly Hold[]; readonly because: string; readonly now: Instant },
): Promise<void> {
  for (const hold of open) {
    await tx.closeHold(hold.id, { at: now, because });
  }
  const { firstFailedAt: _first, failedCode: _code, ...rest } = record;
  const state = record.state === 'working' ? record.state : transition(record.state, 'due');
  await tx.putOrder({ ...rest, state, attempts: 0, dueAt: now, updatedAt: now });
}

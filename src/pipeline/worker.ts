import { Failure, asFailure } from '#core/failure.ts';
import { settlementIn } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { fold, isNothingStanding } from '#core/ledger.ts';
import type { Booked } from '#core/ledger.ts';
import { transition } from '#core/lifecycle.ts';
import { plan } from '#core/plan.ts';
import type { Plan, Terms } from '#core/plan-terms.ts';
import { NOBODY } from '#core/order.ts';
import type { Buyer } from '#core/order.ts';
import { calledOf } from '#core/settlement.ts';
import { SECOND, after, instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { admit, heard } from './account-pause.ts';
import type { AccountNews } from './account-pause.ts';
import { lookAgain, takeStep } from './applier.ts';
import { fillFoundClient } from './client-keeper.ts';
import type { HeldStep } from './holding.ts';
import { LIVE_PRIORITY, counterSetting, mayStandAlready, routeOf } from './machine.ts';
import type { Machine, Route, Run, Subject } from './machine.ts';
import { termsFor } from './order-terms.ts';
import { afterFailure, recordOutcome } from './outcome.ts';
import type { Ended, Outcome, Taken, Trouble } from './outcome.ts';
import { RESTORED_SETTING, clearedSetting } from './ports.ts';
import type { OrderRecord, WakeKey } from './ports.ts';
import { LEASE_MS, dropUnwanted, underLease } from './ledger-writer.ts';
import { settlePending } from './settler.ts';
import { REREAD_PATIENCE_MS, sortDelivery } from './sorter.ts';

/**
 * Works on one order at a time: takes its lease, asks the source if it must, settles what was under way when it last
 * stopped, plans, applies step by step, and records where it stands. Every run begins from the database, so a run may end
 * anywhere; what it left undone is found by the next.
 */

/** A customer's client is being made by another order: about as long as that takes. */
const BUSY_CLIENT_WAIT_MS = 250;
/** More steps than any order has; beyond it the plan does not converge, which is a bug. */
const STEPS_MAX = 100;
const DELETED = 'Deleted in the shop, and nothing of it stands in the books';
const LIVE_FIRST = 'Orders of which messages come are worked on first';
/** An answer of which a part was missing for a moment is whole within minutes; what cannot be read then waits for a person. */
const UNREAD_TRIES = 5;
/** Before a database that fails is asked again; it is asked for ever, since nothing else can be done. */
const DATABASE_WAIT_MS = SECOND;

/** Runs whatever a wake names. Never rejects: what goes wrong ends in a state that a person sees. */
export async function run(machine: Machine, key: WakeKey, signal: AbortSignal): Promise<void> {
  try {
    if (key.startsWith('delivery:')) {
      await sortDelivery(machine, key.slice('delivery:'.length));
    } else {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of an "order:" wake key is an order's key
      await workOn(machine, key.slice('order:'.length) as OrderKey, signal);
    }
  } catch (thrown) {
    const failure = asFailure(thrown, `Cannot work on ${key}`);
    machine.emit({
      name: 'work interrupted',
      level: 'error',
      fields: { key, code: failure.code, detail: failure.message },
    });
    await machine.clock.sleep(after(machine.clock.now(), DATABASE_WAIT_MS), signal);
  }
}

async function workOn(machine: Machine, key: OrderKey, signal: AbortSignal): Promise<void> {
  const taken = await takeOrder(machine, key);
  if (taken !== undefined) {
    await recordOutcome(machine, taken, await runOn(machine, taken, signal));
  }
}

async function runOn(machine: Machine, { lease, record }: Taken, signal: AbortSignal): Promise<Ended> {
  const account = machine.routes.get(record.connection)?.books.connection;
  let news: AccountNews & { isProbe: boolean; isAnswered: boolean } = {
    account,
    cleared: undefined,
    isProbe: false,
    isAnswered: false,
  };
  try {
    const route = routeOf(machine, record.key);
    const cleared = await machine.store.read.setting(clearedSetting(route.books.connection));
    news = { ...news, cleared };
    const admission = await admit(machine, route.books.connection);
    if (admission.state === 'shut') {
      return { outcome: { ...admission, state: 'waiting', isAttempt: false }, news };
    }
    // A settlement waits for days by itself.
    const isOrder = settlementIn(record.key) === undefined;
    const canWait = isOrder && record.priority > LIVE_PRIORITY && !admission.isProbe;
    const later = canWait ? await spareAt(route, record) : undefined;
    if (later !== undefined) {
      return { outcome: { state: 'waiting', until: later, reason: LIVE_FIRST, isAttempt: false }, news };
    }
    news.isProbe = admission.isProbe;
    const books = heard(route.books, () => {
      news.isAnswered = true;
    });
    const restoredAt = await machine.store.read.setting(RESTORED_SETTING);
    const run = {
      machine,
      route: { ...route, books },
      current: await route.rules(),
      ...(restoredAt === undefined ? {} : { restoredAt: instant(Number(restoredAt)) }),
      lease,
      signal,
      looked: new Set<string>(),
      outstanding: new Map(),
    };
    return { outcome: await advance(run, record), news };
  } catch (thrown) {
    const failure = asFailure(thrown, `Cannot work on ${calledOf(record)}`);
    return { outcome: afterFailure(machine, record, failure), news: { ...news, failure } };
  }
}

/** When there is room for an order that can wait; nothing when there is now. */
async function spareAt({ source, books }: Route, { reread }: OrderRecord): Promise<Instant | undefined> {
  return (reread === undefined ? undefined : source.spareAt()) ?? (await books.spareAt());
}

async function takeOrder(machine: Machine, key: OrderKey): Promise<Taken | undefined> {
  const now = machine.clock.now();
  return machine.store.transact(async (tx) => {
    const record = await tx.order(key);
    if (
      record === undefined ||
      (record.state !== 'working' && (record.dueAt === undefined || record.dueAt > now))
    ) {
      return undefined;
    }
    const terms = { holder: machine.holder, now, until: after(now, LEASE_MS) };
    const lease = await tx.takeLease(`order:${key}`, terms);
    if (lease === undefined) {
      return undefined;
    }
    // Without a due time: one that appears during the run tells that somebody asked for another.
    const { dueAt: _due, waitsFor: _account, ...rest } = record;
    const working = {
      ...rest,
      state: record.state === 'working' ? record.state : transition(record.state, 'working'),
    };
    await tx.putOrder(working);
    return { lease, record: working };
  });
}

async function advance(run: Run, first: OrderRecord): Promise<Outcome> {
  const { record, trouble } = await askSource(run, first);
  const { snapshot, newestDelivery } = record;
  // In a database that was put back, what stands of it may be forgotten: that is looked for first.
  const mayBeForgotten = snapshot !== undefined && mayStandAlready(run, { order: snapshot });
  const isAskedStill = record.reread !== undefined && run.route.source.canRead;
  if (
    record.isDeleted &&
    !isAskedStill &&
    !mayBeForgotten &&
    (await run.machine.store.read.entriesOf(record.key)).length === 0
  ) {
    return isLost(run, record)
      ? { state: 'held', holds: [deletionHold(record, `. ${LOST}`)] }
      : { state: 'skipped', reason: DELETED, holds: [] };
  }
  if (snapshot === undefined || newestDelivery === undefined || record.reread?.isBlocking === true) {
    return trouble ?? unanswered(run, record, []);
  }
  const buyer = await buyerOf(run, newestDelivery);
  const subject = { record, order: snapshot, ...(buyer === undefined ? {} : { buyer }) };
  const outcome = await book(run, subject, trouble);
  if (needsBuyer(outcome) && run.route.source.canRead && record.reread === undefined && !record.isDeleted) {
    // The answer is a message like any other, with a body, so this happens once.
    return advance(run, await questioned(run, record));
  }
  return outcome;
}

const LOST =
  'This database was restored from a backup and does not know what was booked of it: look for its invoice in FreshBooks, then keep';

/** Neither the shop nor this database shows it any more, and it may have been booked since the backup. */
function isLost({ restoredAt }: Run, { snapshot, decisions }: OrderRecord): boolean {
  return restoredAt !== undefined && snapshot === undefined && decisions.following !== 'stopped';
}

interface Asked {
  readonly record: OrderRecord;
  /** Why the source could not be asked, and what becomes of the question. */
  readonly trouble?: Trouble;
}

/** A source that fails stops its own order only: the books are not at fault and go on with others. */
async function askSource(run: Run, record: OrderRecord): Promise<Asked> {
  try {
    return { record: await reread(run, record) };
  } catch (thrown) {
    const failure = asFailure(thrown, `Cannot ask for ${calledOf(record)}`);
    const { code, message, facts } = failure;
    if (record.isDeleted && code === 'request-not-found') {
      return { record: await confirmedDeleted(run, record) };
    }
    return failure.remedy === 'reauthorize'
      ? {
          record,
          trouble: { state: 'stopped', hold: { step: 'reread', code, detail: message, facts } },
        }
      : { record, trouble: afterFailure(run.machine, record, failure) };
  }
}

/** The shop does not show what it told was deleted: there is nothing more to ask it, unless something else came meanwhile. */
async function confirmedDeleted(run: Run, record: OrderRecord): Promise<OrderRecord> {
  await underLease(run, async (tx) => {
    const fresh = await tx.order(record.key);
    if (fresh !== undefined && fresh.dueAt === undefined) {
      const { reread: _answered, ...rest } = fresh;
      await tx.putOrder(rest);
    }
  });
  const { reread: _answered, ...rest } = record;
  return rest;
}

/** Asks the source when what arrived does not tell the order's state; the answer goes through the inbox like any message. */
async function reread({ machine, route, lease }: Run, record: OrderRecord): Promise<OrderRecord> {
  if (record.reread === undefined || !route.source.canRead) {
    return record;
  }
  const answer = await route.source.read(record.key, record.snapshot);
  const receivedAt = machine.clock.now();
  const { id } = await machine.store.transact((tx) =>
    // The same answer at another time is another answer, and so it is to another run of the same moment.
    tx.acceptDelivery(
      {
        ...answer,
        connection: record.connection,
        externalId: `${answer.externalId}@${receivedAt}.${lease.fence}`,
      },
      receivedAt,
    ),
  );
  await sortDelivery(machine, id);
  const unreadable = await unreadAnswer(machine, id, record);
  if (unreadable !== undefined) {
    throw unreadable;
  }
  const now = (await machine.store.read.order(record.key)) ?? record;
  // Taken, and asked anew meanwhile: the run that is due asks again.
  if (now.reread !== undefined && now.newestDelivery !== id) {
    throw new Failure('request-answer-unreadable', {
      detail: `The answer for ${calledOf(record)} is older than what was sent before`,
    });
  }
  // The due time that sorting set stays: whether it is this run's own or another message's cannot be told, and a run more
  // costs nothing.
  return now;
}

/**
 * That an answer cannot be read is asked of its order, once, and not of each answer anew. Why stands with the message, because it may
 * quote what it shows of a person. Nothing when it could be read.
 */
async function unreadAnswer(
  { store, clock }: Machine,
  id: string,
  record: OrderRecord,
): Promise<Failure | undefined> {
  return store.transact(async (tx) => {
    const delivery = await tx.delivery(id);
    if (delivery?.state !== 'held') {
      return undefined;
    }
    const holds = await tx.holds({ delivery: id, isOpen: true });
    for (const hold of holds) {
      await tx.closeHold(hold.id, { at: clock.now(), because: 'It is asked of its order' });
    }
    const reason = delivery.reason === undefined ? {} : { reason: delivery.reason };
    await tx.settleDelivery(id, { state: 'ignored', order: record.key, ...reason });
    const lasting = record.attempts < UNREAD_TRIES ? undefined : holds[0]?.code;
    return new Failure(lasting ?? 'request-answer-unreadable', {
      detail: `The answer for ${calledOf(record)} cannot be read: counterfoil explain delivery:${id} tells why`,
    });
  });
}

function needsBuyer(outcome: Outcome): boolean {
  return outcome.state === 'held' && outcome.holds.some(({ code }) => code === 'order-buyer-redacted');
}

/** Asks the source for the order again, because its buyer was redacted and is needed. */
async function questioned(run: Run, record: OrderRecord): Promise<OrderRecord> {
  const since = run.machine.clock.now();
  const reread = {
    why: 'Its buyer was redacted here, and a new invoice needs him',
    since,
    isBlocking: false,
  };
  await underLease(run, async (tx) => {
    const fresh = await tx.order(record.key);
    await tx.putOrder({ ...(fresh ?? record), reread });
  });
  return { ...record, reread };
}

/** The contact data stands only in the body of the delivery; nothing when that was blanked. */
async function buyerOf({ machine, route }: Run, deliveryId: string): Promise<Buyer | undefined> {
  const delivery = await machine.store.read.delivery(deliveryId);
  if (delivery?.redactedAt !== undefined) {
    return undefined;
  }
  const known = machine.buyers.of(deliveryId);
  if (known !== undefined) {
    return known;
  }
  const sorted = delivery === undefined ? undefined : route.source.sort(delivery);
  if (sorted?.kind === 'settlement') {
    return NOBODY;
  }
  if (sorted?.kind !== 'order') {
    throw new Failure('unexpected', { detail: `Delivery ${deliveryId} does not show its order any more` });
  }
  machine.buyers.remember(deliveryId, sorted.snapshot.buyer);
  return sorted.snapshot.buyer;
}

/**
 * `trouble`: what became of the question to the source, where it could not be asked. What is known is booked meanwhile, and the
 * question stays until the source answers it.
 */
async function book(run: Run, subject: Subject, trouble: Trouble | undefined): Promise<Outcome> {
  const { machine, signal } = run;
  const settled = await settlePending(run, subject);
  if (settled.state === 'wait') {
    return { state: 'waiting', until: settled.until, reason: settled.reason, isAttempt: false };
  }
  // What may have been made is looked for still; what cannot be told of it is nobody's question any more.
  const isLeft = subject.record.decisions.following === 'stopped';
  const failed: HeldStep[] = isLeft ? [] : [...settled.holds];
  for (let count = 0; count < STEPS_MAX; count += 1) {
    if (signal.aborted) {
      return { state: 'due' };
    }
    const { planned, booked, terms, record } = await planFor(run, subject);
    if (planned.outcome === 'skip' || planned.steps.length === 0 || failed.length > 0) {
      await dropUnwanted(run, subject);
    }
    const seen = { ...subject, record };
    const steps = planned.outcome === 'skip' || failed.length > 0 ? [] : planned.steps;
    const [step] = steps;
    if (step === undefined) {
      const met = failed.length > 0 ? undefined : await lookAgain(run, seen, { booked, terms });
      if (met?.state === 'done') {
        continue;
      }
      if (met?.state === 'held') {
        failed.push(met.hold);
      }
      if (planned.outcome === 'skip') {
        // An open question about a call that may have been made outlives the reason to make it.
        const { reason } = planned;
        return failed.length > 0
          ? { state: 'held', reason, holds: failed }
          : (trouble ?? { state: 'skipped', reason, holds: [] });
      }
      if (failed.length === 0) {
        await fillFoundClient(run, subject, booked);
      }
      return concluded(run, subject, { planned, failed, trouble });
    }
    const outcome = await takeStep(run, seen, { step, steps, booked, terms });
    if (outcome.state === 'busy') {
      const until = after(machine.clock.now(), BUSY_CLIENT_WAIT_MS);
      return { state: 'waiting', until, reason: outcome.reason, isAttempt: false };
    }
    if (outcome.state === 'held') {
      failed.push(outcome.hold);
    }
  }
  throw new Failure('unexpected', {
    detail: `The plan of ${calledOf(subject.order)} does not come to an end`,
  });
}

interface Planned {
  readonly planned: Plan;
  readonly booked: Booked;
  readonly terms: Terms;
  /** As it stood when it was planned: this run may have given the order its rules, and a person an answer. */
  readonly record: OrderRecord;
}

async function planFor(run: Run, { order, record }: Subject): Promise<Planned> {
  const { machine, route, current } = run;
  const { read } = machine.store;
  const booked = fold(await read.entriesOf(order.key));
  const fresh = (await read.order(order.key)) ?? record;
  const isNothing = fresh.isDeleted && isNothingStanding(booked);
  const planning = { books: route.books, current: current.rules };
  const terms = await termsFor(read, fresh, planning);
  const planned: Plan = isNothing ? { outcome: 'skip', reason: DELETED } : plan(order, booked, terms);
  if (!(await counted(run, record, { terms, planned }))) {
    return { planned, booked, terms, record: fresh };
  }
  const numbered = await termsFor(read, fresh, planning);
  return { planned: plan(order, booked, numbered), booked, terms: numbered, record: fresh };
}

/**
 * Gives the order its place in the count of short numbers, once and for ever, where an invoice is to be made whose number is
 * made of one: an order that is skipped would leave a gap.
 */
async function counted(
  run: Run,
  { key, connection }: OrderRecord,
  { terms: { naming, rules }, planned }: { readonly terms: Terms; readonly planned: Plan },
): Promise<boolean> {
  const isWanted =
    naming.isCompact &&
    rules.invoiceNumberCompact.includes('{counter}') &&
    planned.outcome === 'work' &&
    planned.steps.some(({ kind }) => kind === 'invoice');
  if (!isWanted || naming.counter !== undefined) {
    return false;
  }
  await underLease(run, async (tx) => {
    const last = Number((await tx.setting(`counter:${connection}`)) ?? 0);
    await tx.putSetting(`counter:${connection}`, String(last + 1));
    await tx.putSetting(counterSetting(key), String(last + 1));
  });
  return true;
}

/** Nothing is left that can be done now: what the plan and the refusals ask of a person stays open. */
function concluded(
  run: Run,
  { record }: Subject,
  {
    planned,
    failed,
    trouble,
  }: {
    planned: Extract<Plan, { outcome: 'work' }>;
    failed: readonly HeldStep[];
    trouble: Trouble | undefined;
  },
): Outcome {
  const deletion = record.isDeleted ? [deletionHold(record)] : [];
  const holds = [...planned.holds, ...failed, ...deletion];
  return trouble === undefined ? unanswered(run, record, holds) : { ...trouble, refused: failed };
}

function deletionHold({ name }: OrderRecord, more = ''): HeldStep {
  const detail = `Order ${name} was deleted in the shop${more}`;
  return { step: 'deletion', code: 'order-deleted', detail, facts: [] };
}

/** What arrived does not tell the order's state: the source is asked, or the message that shows it waited for, then a person asked. */
function unanswered({ machine, route }: Run, record: OrderRecord, holds: readonly HeldStep[]): Outcome {
  const { canRead, readNeeds } = route.source;
  // Of a source that can be asked it was named anew while it answered: the run that is due by that asks again.
  if (record.reread === undefined || (canRead && holds.length > 0)) {
    return { state: holds.length > 0 ? 'held' : 'settled', holds };
  }
  const until = after(record.reread.since, REREAD_PATIENCE_MS);
  if (canRead || (machine.clock.now() < until && holds.length === 0)) {
    return { state: 'waiting', until, reason: record.reread.why, isAttempt: false };
  }
  const detail = `${record.reread.why}; to ask the shop, set ${readNeeds}`;
  return {
    state: 'held',
    holds: [...holds, { step: 'reread', code: 'order-needs-reread', detail, facts: [] }],
  };
}

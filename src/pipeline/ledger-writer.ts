import { createHash } from 'node:crypto';
import type { Step } from '#core/document.ts';
import { referenceOf } from '#core/ids.ts';
import { invariant } from '#core/invariant.ts';
import { NOBODY } from '#core/order.ts';
import { toJson } from '#core/json.ts';
import { paidOn } from '#core/ledger.ts';
import type { Booked, BookedInvoice, Entry, Receipt } from '#core/ledger.ts';
import type { Money } from '#core/money.ts';
import { MINUTE, SECOND, after } from '#core/time.ts';
import type { Edits, LastWritten, Task, Writer } from './ports.ts';
import { mayStandAlready } from './machine.ts';
import type { Machine, Run, Subject } from './machine.ts';

/** The ledger's writes: intent before the call, outcome after it, each under the order's lease. */

/** A run's own calls take seconds; the lease is renewed at every write, and this only bounds how long a dead holder blocks. */
export const LEASE_MS = 5 * MINUTE;

/** Runs a transaction that writes for this run, and only while it still holds the order. */
export async function underLease<T>(run: Run, work: (tx: Writer) => Promise<T>): Promise<T> {
  const { machine, lease } = run;
  return machine.store.transact(async (tx) => {
    const isOurs = await tx.keepLease(lease, after(machine.clock.now(), LEASE_MS));
    invariant(isOurs, `lease "${lease.key}" is still held by ${lease.holder}`);
    return work(tx);
  });
}

/** Writes down that a call begins now. An entry whose call certainly had no effect is used again for the same step. */
export async function intend(run: Run, subject: Subject, step: Step): Promise<Entry> {
  const now = run.machine.clock.now();
  return underLease(run, async (tx) => {
    const standing = (await tx.entriesOf(subject.order.key)).find(
      (entry) => entry.state === 'pending' && entry.kind === step.kind && entry.slot === step.slot,
    );
    if (standing !== undefined && toJson(standing.intent) === toJson(step)) {
      const called: Entry = { ...standing, calledAt: now, looks: 0, rulesVersion: versionOf(run, subject) };
      await tx.putEntry(called);
      return called;
    }
    if (standing !== undefined) {
      await tx.putEntry({ ...standing, state: 'voided', settledAt: now });
    }
    const entry = newEntry(run, subject, step);
    const called = { ...entry, calledAt: now };
    return { ...called, id: await tx.addEntry(called) };
  });
}

/** Writes down what the books answered, and everything that follows from it, in one transaction. */
export async function post(
  run: Run,
  { subject, entry, receipt }: { subject: Subject; entry: Entry; receipt: Receipt },
  also: (tx: Writer) => Promise<void> = nothingMore,
): Promise<void> {
  const now = run.machine.clock.now();
  await underLease(run, async (tx) => {
    const { calledAt: _over, ...rest } = entry;
    await tx.putEntry({ ...rest, state: 'posted', receipt, settledAt: now });
    await afterPosting(tx, run, { entry, receipt });
    await also(tx);
  });
  announce(run.machine, subject, { step: entry.intent, receipt });
}

/** Writes down what was found standing and needed no call. */
export async function adopt(
  run: Run,
  { subject, step, receipt }: { subject: Subject; step: Step; receipt: Receipt },
  also: (tx: Writer) => Promise<void> = nothingMore,
): Promise<void> {
  const now = run.machine.clock.now();
  await underLease(run, async (tx) => {
    const pending = (await tx.entriesOf(subject.order.key)).find(
      (entry) => entry.state === 'pending' && entry.kind === step.kind && entry.slot === step.slot,
    );
    if (pending !== undefined) {
      await tx.putEntry({ ...pending, state: 'voided', settledAt: now });
    }
    const entry = newEntry(run, subject, step);
    await tx.addEntry({ ...entry, state: 'posted', receipt, settledAt: now });
    await afterPosting(tx, run, { entry, receipt });
    await also(tx);
  });
  announce(run.machine, subject, { step, receipt });
}

const nothingMore = async (): Promise<void> => undefined;

/** The call certainly had no effect: the intent stays and may be called again. */
export async function uncalled(run: Run, entry: Entry): Promise<void> {
  const { calledAt: _none, ...rest } = entry;
  await underLease(run, (tx) => tx.putEntry({ ...rest, looks: 0 }));
}

/** What was intended and certainly not made is not left open for ever where nothing more is done: what is wanted is intended anew. */
export async function dropUnwanted(run: Run, { order }: Subject): Promise<void> {
  const entries = await run.machine.store.read.entriesOf(order.key);
  const left = entries.filter(({ state, calledAt }) => state === 'pending' && calledAt === undefined);
  for (const entry of left) {
    await voidEntry(run, entry);
  }
}

/** The intent certainly does not stand and will not be sent. */
export async function voidEntry(
  run: Run,
  entry: Entry,
  also: (tx: Writer) => Promise<void> = nothingMore,
): Promise<void> {
  const { calledAt: _none, ...rest } = entry;
  const now = run.machine.clock.now();
  await underLease(run, async (tx) => {
    await tx.putEntry({ ...rest, state: 'voided', settledAt: now });
    await also(tx);
  });
}

/** The number is taken by something else: the next one is tried, and the operator is told. */
export async function nextVariant(
  run: Run,
  subject: Subject,
  { tx, step, detail }: { tx: Writer; step: Step; detail: string },
): Promise<void> {
  const record = await tx.order(subject.order.key);
  invariant(record !== undefined, `order ${subject.order.key} is stored`);
  const tried = step.kind === 'invoice' ? step.variant : record.numberVariant;
  const numberVariant = Math.max(record.numberVariant, tried) + 1;
  await tx.putOrder({ ...record, numberVariant });
  await tx.tell({
    key: `number:${subject.order.key}:${numberVariant}`,
    sentence: `${detail}; order ${subject.order.name} is numbered with the suffix -${numberVariant}`,
    order: subject.order.key,
    at: run.machine.clock.now(),
  });
}

/**
 * Somebody may pay an invoice in the books' own pages, and what is paid beyond it becomes a credit without a word. An order is
 * booked within a second, so only one whose calls are slow reads it once more.
 */
const OUTSTANDING_FRESH_MS = 5 * SECOND;

/** What a step is sent with. */
export function taskOf(run: Run, subject: Subject, sending: Sending): Task {
  const { buyer } = subject;
  return { ...(buyer === undefined ? {} : { buyer }), ...sentWith(run, subject, sending) };
}

interface Sending {
  readonly step: Step;
  readonly booked: Booked;
}

function sentWith(run: Run, subject: Subject, { step, booked }: Sending): Task {
  const { buyer = NOBODY, record } = subject;
  const edits: Edits = record.decisions.edits ?? { say: 'ask' };
  switch (step.kind) {
    case 'client':
      return { kind: 'client', step, buyer };
    case 'invoice':
      return {
        kind: 'invoice',
        step,
        buyer,
        ...(booked.client === undefined ? {} : { clientId: booked.client.externalId }),
        ...(mayStandAlready(run, subject) ? { isNumberedAnew: true } : {}),
      };
    case 'lines':
      return { kind: 'lines', step, last: lastWritten(booked, step.invoice, edits) };
    case 'void':
      return { kind: 'void', step, last: lastWritten(booked, step.invoice, edits) };
    case 'sent':
      return {
        kind: 'sent',
        step,
        last: lastWritten(booked, step.slot, edits),
        isJustRead: readOf(run, invoiceAt(booked, step.slot).externalId) !== undefined,
      };
    case 'payment': {
      const invoiceId = invoiceAt(booked, step.invoice).externalId;
      const outstanding = readOf(run, invoiceId);
      return {
        kind: 'payment',
        step,
        invoiceId,
        ...(outstanding === undefined ? {} : { outstanding }),
        last: lastWritten(booked, step.invoice, edits),
        ...(mayStandAlready(run, subject)
          ? { known: booked.payments.map(({ externalId }) => externalId) }
          : {}),
      };
    }
    case 'payment-change': {
      const payment = booked.payments.find(({ slot }) => slot === step.payment);
      invariant(payment !== undefined, `payment ${step.payment} is changed after it was posted`);
      const invoiceId = invoiceAt(booked, payment.invoice).externalId;
      return { kind: 'payment-change', step, payment, invoiceId, edits };
    }
    case 'expense':
      return { kind: 'expense', step, ...(mayStandAlready(run, subject) ? { isDatedAnew: true } : {}) };
    case 'credit-note': {
      invariant(booked.client !== undefined, 'a credit note is made after its client');
      return { kind: 'credit-note', step, clientId: booked.client.externalId };
    }
  }
}

/** What the invoice has outstanding, where this run has read it a moment ago. */
function readOf({ outstanding, machine }: Run, invoiceId: string): Money | undefined {
  const read = outstanding.get(invoiceId);
  return read !== undefined && machine.clock.now() < after(read.at, OUTSTANDING_FRESH_MS)
    ? read.amount
    : undefined;
}

function lastWritten(booked: Booked, slot: number, edits: Edits): LastWritten {
  const invoice = invoiceAt(booked, slot);
  return {
    invoice,
    paid: paidOn(booked, invoice),
    edits,
    ...(booked.client === undefined ? {} : { clientId: booked.client.externalId }),
  };
}

/** The standing invoice of a slot. Everything else about it comes after it was posted. */
export function invoiceAt(booked: Booked, slot: number): BookedInvoice {
  const invoice = booked.invoices.find((candidate) => candidate.slot === slot);
  invariant(invoice !== undefined, `invoice ${slot} stands`);
  return invoice;
}

export function stepName(step: Step): string {
  return `${step.kind}-${step.slot}`;
}

export function intentSha256(step: Step): string {
  return createHash('sha256').update(toJson(step)).digest('hex');
}

/** Of the rules that the step is planned by. */
function versionOf(run: Run, { record }: Subject): string {
  return record.rulesVersion ?? run.current.version;
}

function newEntry(run: Run, subject: Subject, step: Step): Omit<Entry, 'id'> {
  const { order } = subject;
  return {
    order: order.key,
    account: run.route.books.connection,
    kind: step.kind,
    slot: step.slot,
    reference: referenceOf(order.key, step.kind, step.slot),
    intent: step,
    state: 'pending',
    looks: 0,
    rulesVersion: versionOf(run, subject),
    intendedAt: run.machine.clock.now(),
  };
}

async function afterPosting(
  tx: Writer,
  run: Run,
  { entry, receipt }: { entry: Omit<Entry, 'id'>; receipt: Receipt },
): Promise<void> {
  const record = await tx.order(entry.order);
  if (record !== undefined && record.rulesVersion === undefined) {
    // From the first posted entry on, its rules hold for this order: those of its intent, however long ago that was.
    await tx.putOrder({ ...record, rulesVersion: entry.rulesVersion });
  }
  for (const sentence of receipt.remarks ?? []) {
    // By its own words: what is true of the account is told once, what names an order once for that order.
    const key = `remark:${run.route.books.connection}:${sentence}`;
    await tx.tell({ key, sentence, order: entry.order, at: run.machine.clock.now() });
  }
}

function announce(
  machine: Machine,
  subject: Subject,
  { step, receipt }: { step: Step; receipt: Receipt },
): void {
  const isFound = receipt.isAdopted === true || receipt.isFound === true;
  machine.emit({
    name: `${step.kind} ${isFound ? 'adopted' : 'posted'}`,
    level: 'info',
    fields: { order: subject.order.key, step: stepName(step), externalId: receipt.externalId },
  });
}

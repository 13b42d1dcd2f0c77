import type { ClientStep, InvoiceStep, Step } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import type { Booked, Entry, Receipt } from '#core/ledger.ts';
import { isNegative } from '#core/money.ts';
import { CLOSED_THROUGH, FIRST_OPEN_DAY } from '#core/period.ts';
import { addDays, parseLocalDate } from '#core/time.ts';
import type { LocalDate } from '#core/time.ts';
import { NOBODY } from '#core/order.ts';
import { forgetClient, keepClient, mappedClient, rememberClient, takeClient } from './client-keeper.ts';
import { heldForBuyer } from './held-for-buyer.ts';
import type { HeldStep } from './holding.ts';
import {
  adopt,
  intend,
  intentSha256,
  invoiceAt,
  nextVariant,
  post,
  stepName,
  taskOf,
  uncalled,
  underLease,
  voidEntry,
} from './ledger-writer.ts';
import type { Lease, Standing, Task } from './ports.ts';
import { compactSetting, lockedSetting, mayStandAlready, negativeLinesSetting } from './machine.ts';
import type { Run, Subject } from './machine.ts';
import { doubtOf, leftDoubt } from './restored.ts';
import type { Doubt, Known } from './restored.ts';

/**
 * Applies one step: looks before it writes where the books may already hold it, writes the intent down, calls, records.
 * Throws a Failure when the step may be tried again later by itself.
 */
export type StepOutcome =
  /** Something was recorded: plan again. */
  | { readonly state: 'done' }
  /** Another order is making the same client. */
  | { readonly state: 'busy'; readonly reason: string }
  | { readonly state: 'held'; readonly hold: HeldStep };

/** What the plan was made by. */
type Knowledge = Pick<Known, 'booked' | 'terms'>;

const DONE: StepOutcome = { state: 'done' };

/** `steps` begins with this one. */
export interface Planned extends Known {
  readonly step: Step;
}

export async function takeStep(run: Run, subject: Subject, planned: Planned): Promise<StepOutcome> {
  const { step, booked, terms } = planned;
  const doubt = await doubtOf(run, subject, planned);
  if (doubt !== undefined) {
    return meetDoubt(run, subject, { doubt, booked, terms });
  }
  const refused = heldForBuyer(subject, step) ?? (await refusedBefore(run, subject, step));
  if (refused !== undefined) {
    return { state: 'held', hold: refused };
  }
  switch (step.kind) {
    case 'client':
      return openBooks(run, subject, { ...planned, step });
    case 'invoice':
      return (
        (await lookForInvoice(run, subject, { step, booked })) ?? write(run, subject, { step, booked, terms })
      );
    case 'lines':
    case 'sent':
    case 'void':
    case 'payment':
    case 'payment-change':
    case 'expense':
    case 'credit-note':
      // Of an order whose invoice was found, its later steps may stand as well.
      return (
        (mayStandAlready(run, subject) || booked.invoices.some(({ isFound }) => isFound)
          ? await lookForStanding(run, subject, planned)
          : undefined) ?? write(run, subject, { step, booked, terms })
      );
  }
}

/** A refund that stands decides what becomes of the invoice and its payments, so those are not changed before it is known. */
async function lookForStanding(
  run: Run,
  subject: Subject,
  { step, steps, booked }: Planned,
): Promise<StepOutcome | undefined> {
  const isChange = step.kind === 'payment-change' || step.kind === 'lines' || step.kind === 'void';
  const beside = isChange ? steps.filter(({ kind }) => kind === 'expense' || kind === 'credit-note') : [];
  // One that is not there goes through every expense of months, and is looked for once more before it is made.
  const refunds = beside.filter((each) => !run.looked.has(beforeChange(each)));
  for (const each of [...refunds, step]) {
    const outcome = await look(run, subject, { step: each, booked });
    run.looked.add(beforeChange(each));
    if (outcome !== undefined) {
      return outcome;
    }
  }
  return undefined;
}

function beforeChange(refund: Step): string {
  return `${stepName(refund)} before a change`;
}

/** Of an order of which nothing is to be done now, after a restore: what stands of it is looked at once. Nothing when all is as known. */
export async function lookAgain(
  run: Run,
  subject: Subject,
  known: Knowledge,
): Promise<StepOutcome | undefined> {
  const doubt = await leftDoubt(run, subject, known);
  return doubt === undefined ? undefined : meetDoubt(run, subject, { ...known, doubt });
}

async function meetDoubt(
  run: Run,
  subject: Subject,
  { doubt, ...known }: Knowledge & { readonly doubt: Doubt },
): Promise<StepOutcome> {
  if (doubt.kind !== 'changed') {
    return { state: 'held', hold: doubt.hold };
  }
  const { step } = doubt;
  const refused = heldForBuyer(subject, step) ?? (await refusedBefore(run, subject, step));
  return refused === undefined ? write(run, subject, { ...known, step }) : { state: 'held', hold: refused };
}

/** The same step was refused before and no person has closed the hold: it is not sent again unchanged. */
async function refusedBefore(run: Run, { order }: Subject, step: Step): Promise<HeldStep | undefined> {
  const open = await run.machine.store.read.holds({ order: order.key, isOpen: true });
  const sha256 = intentSha256(step);
  return open.find((hold) => hold.step === stepName(step) && hold.intentSha256 === sha256);
}

interface Opening extends Planned {
  readonly step: ClientStep;
}

const CLIENT_TAKEN: StepOutcome = {
  state: 'busy',
  reason: 'Another order of the same customer is being booked',
};

/** The first two calls of a new order, at once: the invoice by its number, before a client is made for it, and the client. */
async function openBooks(run: Run, subject: Subject, planned: Opening): Promise<StepOutcome> {
  const { step, steps, booked } = planned;
  const invoice = steps.find((step): step is InvoiceStep => step.kind === 'invoice');
  const { buyer = NOBODY } = subject;
  const mapping = await mappedClient(run, step, buyer);
  if (mapping !== undefined) {
    const looked =
      invoice === undefined ? undefined : await lookForInvoice(run, subject, { step: invoice, booked });
    return (
      looked ??
      adoptClient(run, subject, { step, receipt: { externalId: mapping.externalId, isFound: true } })
    );
  }
  const lease = await takeClient(run, step, buyer);
  if (lease === undefined) {
    return CLIENT_TAKEN;
  }
  let isUnknown = false;
  try {
    const finding = run.route.books.find({ kind: 'client', step, buyer });
    // Awaited below, after the invoice; until then a failure must not count as unhandled.
    finding.catch(() => undefined);
    const looked =
      invoice === undefined ? undefined : await lookForInvoice(run, subject, { step: invoice, booked });
    return looked ?? (await clientBy(run, subject, { planned, standing: await finding, lease }));
  } catch (thrown) {
    isUnknown = thrown instanceof Failure && thrown.effect === 'unknown';
    throw thrown;
  } finally {
    if (!isUnknown) {
      await run.machine.store.transact((tx) => tx.releaseLease(lease));
    }
  }
}

async function clientBy(
  run: Run,
  subject: Subject,
  { planned, standing, lease }: { planned: Opening; standing: Standing; lease: Lease },
): Promise<StepOutcome> {
  const { step, booked, terms } = planned;
  if (standing.state === 'standing') {
    return adoptClient(run, subject, { step, receipt: standing.receipt });
  }
  if (standing.state !== 'absent') {
    return held(step, standing);
  }
  return (await keepClient(run, lease)) ? write(run, subject, { step, booked, terms }) : CLIENT_TAKEN;
}

async function adoptClient(
  run: Run,
  subject: Subject,
  { step, receipt }: { step: ClientStep; receipt: Receipt },
): Promise<StepOutcome> {
  const { externalId } = receipt;
  const { buyer = NOBODY } = subject;
  await adopt(run, { subject, step, receipt }, (tx) =>
    rememberClient(tx, run, { step, buyer, externalId, isNew: false }),
  );
  return DONE;
}

/** Looks for the invoice by its number, once in a run; nothing when the way is free. */
async function lookForInvoice(
  run: Run,
  subject: Subject,
  { step, booked }: { step: InvoiceStep; booked: Booked },
): Promise<StepOutcome | undefined> {
  if (run.looked.has(step.document.number)) {
    return undefined;
  }
  run.looked.add(step.document.number);
  return look(run, subject, { step, booked });
}

async function look(
  run: Run,
  subject: Subject,
  { step, booked }: { step: Step; booked: Booked },
): Promise<StepOutcome | undefined> {
  const standing = await run.route.books.find(taskOf(run, subject, { step, booked }));
  switch (standing.state) {
    case 'absent':
      return undefined;
    case 'standing':
      await adopt(run, { subject, step, receipt: standing.receipt });
      return DONE;
    case 'foreign':
      await underLease(run, (tx) => nextVariant(run, subject, { tx, step, detail: standing.detail }));
      return DONE;
    case 'unclear':
      return held(step, standing);
  }
}

function held(step: Step, standing: Exclude<Standing, { state: 'absent' | 'standing' }>): StepOutcome {
  const why =
    standing.state === 'unclear'
      ? { code: standing.code, detail: standing.detail, facts: standing.facts }
      : { code: 'books-number-taken' as const, detail: standing.detail, facts: [] };
  return { state: 'held', hold: { step: stepName(step), ...why } };
}

interface Writing extends Knowledge {
  readonly step: Step;
}

async function write(run: Run, subject: Subject, { step, ...known }: Writing): Promise<StepOutcome> {
  const { booked } = known;
  const entry = await intend(run, subject, step);
  const task = taskOf(run, subject, { step, booked });
  const applied = await call(run, task);
  if (applied instanceof Failure) {
    return refused(run, subject, { ...known, entry, failure: applied });
  }
  // Outside the call's own guard: a ledger that cannot be written says nothing about what the books did.
  await recordReceipt(run, subject, { entry, task, receipt: applied });
  return DONE;
}

/** The receipt, or the failure of a call that certainly had no effect. Throws when the outcome is unknown. */
async function call(run: Run, task: Task): Promise<Receipt | Failure> {
  try {
    return await run.route.books.apply(task);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.effect === 'unknown') {
      throw thrown;
    }
    return thrown;
  }
}

async function recordReceipt(
  run: Run,
  subject: Subject,
  { entry, task, receipt }: { entry: Entry; task: Task; receipt: Receipt },
): Promise<void> {
  rememberOutstanding(run, task, receipt);
  const { externalId } = receipt;
  await post(run, { subject, entry, receipt }, async (tx) => {
    if (task.kind === 'client') {
      await rememberClient(tx, run, { step: task.step, buyer: task.buyer, externalId, isNew: true });
    }
  });
}

/** What the invoice has outstanding after this write, as far as this run has read it. */
function rememberOutstanding(run: Run, task: Task, { externalId, outstanding }: Receipt): void {
  const at = run.machine.clock.now();
  switch (task.kind) {
    case 'client':
    case 'expense':
    case 'credit-note':
      return;
    case 'void':
    case 'payment-change':
      run.outstanding.clear();
      return;
    case 'invoice':
    case 'lines':
    case 'sent':
      if (outstanding !== undefined) {
        run.outstanding.set(externalId, { amount: outstanding, at });
      }
      return;
    case 'payment':
      // Untold where the books took less of it than was outstanding: somebody was there, and what is left must be read.
      if (outstanding === undefined) {
        run.outstanding.delete(task.invoiceId);
      } else {
        run.outstanding.set(task.invoiceId, { amount: outstanding, at });
      }
  }
}

/** The call certainly had no effect. Some refusals have an answer of our own; the rest is asked of a person or tried again. */
async function refused(
  run: Run,
  subject: Subject,
  { entry, failure, booked, terms }: Knowledge & { readonly entry: Entry; readonly failure: Failure },
): Promise<StepOutcome> {
  const step = entry.intent;
  const at = run.machine.clock.now();
  const account = run.route.books.connection;
  const learnt = await learntFrom(run, failure, { step, booked, terms });
  if (learnt !== undefined) {
    await voidEntry(run, entry, async (tx) => {
      await tx.putSetting(learnt.setting, learnt.value);
      const sentence = `${failure.message}; ${learnt.sentence}`;
      await tx.tell({ key: learnt.told ?? learnt.setting, sentence, at });
    });
    return DONE;
  }
  switch (failure.code) {
    case 'books-number-foreign':
      await voidEntry(run, entry, (tx) => nextVariant(run, subject, { tx, step, detail: failure.message }));
      return DONE;
    case 'books-client-gone':
      if (await disownClient(run, subject, entry)) {
        return DONE;
      }
      break;
    case 'books-client-limit':
      if (step.kind !== 'client' || step.policy === 'channel') {
        break;
      }
      await voidEntry(run, entry, async (tx) => {
        const sentence = `${failure.message}; new customers of account "${account}" are booked on the shared client`;
        await tx.tell({ key: `client-limit:${account}`, sentence, at });
      });
      return openBooks(run, subject, { step: { ...step, policy: 'channel' }, steps: [], booked, terms });
    default:
  }
  if (failure.remedy !== 'review' && failure.code !== 'books-number-too-long') {
    await uncalled(run, entry);
    throw failure;
  }
  await voidEntry(run, entry);
  const locked =
    failure.code === 'books-period-locked'
      ? await run.machine.store.read.setting(lockedSetting(account))
      : undefined;
  return { state: 'held', hold: refusalHold(step, failure, lockedFacts(locked)) };
}

/** What an account has told of itself by a refusal: from now on its orders are planned otherwise. */
interface Learnt {
  readonly setting: string;
  readonly value: string;
  readonly sentence: string;
  /** Under which a person is told once; the setting's name where it is told once for all. */
  readonly told?: string;
}

async function learntFrom(
  { machine, route }: Run,
  { code }: Failure,
  { step, booked, terms }: Writing,
): Promise<Learnt | undefined> {
  const account = route.books.connection;
  switch (code) {
    case 'books-number-too-long':
      // What the plan said: another order may have been refused since, and this one still has its long number.
      return terms.naming.isCompact
        ? undefined
        : {
            setting: compactSetting(account),
            value: 'yes',
            sentence: `account "${account}" gets short invoice numbers from now on`,
          };
    case 'books-negative-refused':
      return terms.negativeLines === 'refused' || !hasNegativeLine(step)
        ? undefined
        : {
            setting: negativeLinesSetting(account),
            value: 'refused',
            sentence: `orders of account "${account}" are booked without lines below nothing from now on, discounts within the prices of what they lower`,
          };
    case 'books-period-locked': {
      const setting = lockedSetting(account);
      const day = dayOf(step, booked);
      const known = await machine.store.read.setting(setting);
      return day === undefined || (known !== undefined && known >= day)
        ? undefined
        : {
            setting,
            value: day,
            sentence: `days through ${day} of account "${account}" are taken as closed until rules are imported again`,
            told: `${setting}:${day}`,
          };
    }
    default:
      return undefined;
  }
}

function hasNegativeLine(step: Step): boolean {
  return (
    (step.kind === 'invoice' || step.kind === 'lines') &&
    step.document.lines.some(({ net }) => isNegative(net))
  );
}

/** By which a person's answer is about the days that are known to be locked. */
function lockedFacts(locked: string | undefined): Fact[] {
  return locked === undefined
    ? []
    : [
        { name: FIRST_OPEN_DAY, value: addDays(parseLocalDate(locked), 1) },
        { name: CLOSED_THROUGH, value: locked },
      ];
}

function refusalHold(
  step: Step,
  { code, message: detail, facts: told, exchange }: Failure,
  more: readonly Fact[],
): HeldStep {
  const facts = [...told, ...more];
  const hold = { step: stepName(step), code, detail, facts, intentSha256: intentSha256(step) };
  return exchange === undefined ? hold : { ...hold, exchange };
}

/** He was deleted in the books, or merged: the plan makes the order's client anew, and finds who is there now. */
async function disownClient(
  run: Run,
  { buyer = NOBODY, order }: Subject,
  refusedEntry: Entry,
): Promise<boolean> {
  const entries = await run.machine.store.read.entriesOf(order.key);
  const made = entries.find(({ kind, state }) => kind === 'client' && state === 'posted');
  if (made?.intent.kind !== 'client' || made.receipt === undefined) {
    return false;
  }
  const { intent: step, account } = made;
  const { externalId } = made.receipt;
  await voidEntry(run, refusedEntry);
  await voidEntry(run, made, async (tx) => {
    await forgetClient(tx, run, { step, buyer, externalId });
    const key = `client-gone:${account}:${externalId}`;
    const sentence = `Client ${externalId} is not in FreshBooks any more; he is looked for anew`;
    await tx.tell({ key, sentence, order: order.key, at: run.machine.clock.now() });
  });
  return true;
}

/** The day of the books that a step writes on. */
function dayOf(step: Step, booked: Booked): LocalDate | undefined {
  switch (step.kind) {
    case 'client':
      return undefined;
    case 'invoice':
    case 'credit-note':
      return step.document.issuedOn;
    case 'sent':
      return invoiceAt(booked, step.slot).document.issuedOn;
    case 'lines':
    case 'void':
      return invoiceAt(booked, step.invoice).document.issuedOn;
    case 'payment':
      return step.paidOn;
    case 'payment-change':
      return booked.payments.find(({ slot }) => slot === step.payment)?.paidOn;
    case 'expense':
      return step.spentOn;
  }
}

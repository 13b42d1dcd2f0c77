import type { InvoiceStep, Step } from '#core/document.ts';
import { asKnown, asNext, asRefunded, isNothingLeft, numberedFurther } from '#core/forgotten.ts';
import { asIfPosted } from '#core/ledger.ts';
import type { Booked } from '#core/ledger.ts';
import type { Terms } from '#core/plan-terms.ts';
import type { OrderKey } from '#core/ids.ts';
import { invariant } from '#core/invariant.ts';
import type { Order } from '#core/order.ts';
import { calledOf, orderOf } from '#core/settlement.ts';
import type { HeldStep } from './holding.ts';
import { stepName, taskOf } from './ledger-writer.ts';
import { mayStandAlready } from './machine.ts';
import type { Run, Subject } from './machine.ts';
import type { Standing } from './ports.ts';

/**
 * Orders in a database that was put back to an earlier state: between the two more was booked, of which only the books know.
 * What is new is looked for before it is written (applier.ts). What the database knows is looked at here, before anything is
 * planned upon it, and what it may have forgotten as well.
 */
export type Doubt =
  /** It stands otherwise than it is known: the step puts it back, and asks a person like any edit in the books. */
  | { readonly kind: 'changed'; readonly step: Step }
  /** It stands and is not known. */
  | { readonly kind: 'forgotten'; readonly hold: HeldStep }
  /** It stands otherwise than it is known, and nothing is to be written on it: only what is to stand beside it waits for a person. */
  | { readonly kind: 'edited'; readonly hold: HeldStep };

export interface Known {
  /** All that the plan wants: what it changes or makes is looked at when its turn comes. */
  readonly steps: readonly Step[];
  readonly booked: Booked;
  readonly terms: Terms;
}

export async function doubtOf(run: Run, subject: Subject, known: Known): Promise<Doubt | undefined> {
  const { booked } = known;
  const order = orderOf(subject.order);
  const byHand = order === undefined ? undefined : await doubtByHand(run, subject, { ...known, order });
  if (byHand !== undefined) {
    return byHand;
  }
  // Of a settlement only expenses stand: the plan makes each by its number, and what it makes is looked for first.
  if (
    order === undefined ||
    !mayStandAlready(run, subject) ||
    booked.invoices.some(({ isAdopted }) => isAdopted)
  ) {
    return undefined;
  }
  for (const step of asKnown(order, booked)) {
    const standing = await lookOnce(run, subject, { step, known });
    if (standing?.state === 'unclear' || isAnswered(standing)) {
      return { kind: 'changed', step };
    }
  }
  const before = await editedBefore(run, subject, { ...known, order });
  if (before !== undefined) {
    return before;
  }
  const another = asNext(order, booked, known.terms);
  const found =
    booked.lastSlots.invoice === undefined || !isToBeLookedAt(run, another, known)
      ? undefined
      : await standingInvoice(run, subject, { ...known, order, step: another });
  if (found !== undefined) {
    return { kind: 'forgotten', hold: found };
  }
  const hold = await standingRefund(run, subject, { ...known, order });
  return hold === undefined ? undefined : { kind: 'forgotten', hold };
}

/**
 * Payments are lowered before their invoice is changed, and must not be where that ends in a question. What is answered is carried out
 * before them as well: one invoice holds what the other was lowered to, and an answer about a payment takes the place of this one.
 */
async function editedBefore(
  run: Run,
  subject: Subject,
  { steps, booked, order }: Pick<Known, 'steps' | 'booked'> & { readonly order: Order },
): Promise<Doubt | undefined> {
  const changes = steps.filter(({ kind }) => kind === 'lines' || kind === 'void');
  for (const step of steps[0]?.kind === 'payment-change' ? changes : []) {
    const task = taskOf(run, subject, { step, booked });
    if ((task.kind !== 'lines' && task.kind !== 'void') || !isToBeLookedAt(run, step, { steps: [] })) {
      continue;
    }
    const standing = await run.route.books.find({ ...task, arePaymentsApart: true });
    if (standing.state === 'unclear') {
      return edited(step, standing);
    }
    // What is right as it stands is written down as what the plan wants, and nothing is put there.
    const isRight = subject.record.decisions.edits?.say === 'accept';
    const answered = isRight
      ? step
      : asKnown(order, booked).find((each) => each.kind === 'lines' && each.invoice === task.step.invoice);
    if (isAnswered(standing) && answered !== undefined) {
      return { kind: 'changed', step: answered };
    }
  }
  return undefined;
}

/**
 * What a person has said of an edit is done before all else where no step of the plan does it: a payment meets an invoice of
 * another total and writes no lines. A refund or an invoice of what was added changes nothing on the invoice that it stands beside, and
 * is right only where that one stands as it was written: he may have taken off or added the same himself. Nor is a payment lowered on
 * one that he changed. In a database that was not restored nothing else is asked here.
 */
async function doubtByHand(
  run: Run,
  subject: Subject,
  { order, booked, steps }: Pick<Known, 'booked' | 'steps'> & { readonly order: Order },
): Promise<Doubt | undefined> {
  const isAnsweredOnce = subject.record.decisions.edits !== undefined;
  const isBeside = steps.some(
    ({ kind }) =>
      kind === 'expense' || kind === 'credit-note' || (kind === 'invoice' && booked.invoices.length > 0),
  );
  if (mayStandAlready(run, subject)) {
    return undefined;
  }
  const before = await editedBefore(run, subject, { steps, booked, order });
  if (before !== undefined) {
    return before;
  }
  if (!(isAnsweredOnce || isBeside)) {
    return undefined;
  }
  // What is paid is compared with the invoice; each payment where an edit was answered, for that may have been the invoice's alone.
  for (const step of asKnown(order, booked).filter(({ kind }) => kind === 'lines' || isAnsweredOnce)) {
    const standing = await lookOnce(run, subject, { step, known: { booked, steps } });
    if (isAnswered(standing)) {
      return { kind: 'changed', step };
    }
    if (isBeside && standing?.state === 'unclear') {
      return edited(step, standing);
    }
  }
  return undefined;
}

function edited(step: Step, { code, detail, facts }: Extract<Standing, { state: 'unclear' }>): Doubt {
  return { kind: 'edited', hold: { step: stepName(step), code, detail, facts } };
}

function isAnswered(standing: Standing | undefined): boolean {
  return standing?.state === 'absent' && standing.isAnswered === true;
}

/** One for each time that an order's invoices were all taken away and another was made, and each number that was another's. */
const NUMBERS_MAX = 9;

/**
 * An invoice of the order that stands, of which this ledger knows nothing. Numbers are given one after the other, and what was taken
 * away, or is somebody else's, has one too: so it is looked on until one is free.
 */
async function standingInvoice(
  run: Run,
  subject: Subject,
  {
    order,
    step,
    booked,
    terms,
  }: Pick<Known, 'booked' | 'terms'> & { readonly order: Order; readonly step: InvoiceStep },
): Promise<HeldStep | undefined> {
  for (let further = 0; further < NUMBERS_MAX; further += 1) {
    const next = numberedFurther(order, step, { terms, further });
    const task = taskOf(run, subject, { step: next, booked });
    invariant(task.kind === 'invoice', 'an invoice is looked for');
    const standing = await run.route.books.find({
      ...task,
      anyBut: booked.invoices.map(({ externalId }) => externalId),
    });
    const hold = forgottenHold(subject, next, standing);
    if (hold !== undefined || standing.state === 'absent') {
      return hold;
    }
  }
  return undefined;
}

/**
 * Of an order of which nothing is to be done now: no step of its plan would meet what was made or changed since the backup. Looked at
 * once since the restore. One that is not booked by the rules, or not yet, is not looked at, nor what a person has left or booked himself.
 */
export async function leftDoubt(
  run: Run,
  subject: Subject,
  { booked, terms }: Pick<Known, 'booked' | 'terms'>,
): Promise<Doubt | undefined> {
  const order = orderOf(subject.order);
  const { following, period, bookedThrough } = terms.choices;
  const isUnbooked = booked.lastSlots.invoice === undefined;
  if (
    order === undefined ||
    !mayStandAlready(run, subject) ||
    (isUnbooked && !isNothingLeft(order) && !subject.record.isDeleted) ||
    booked.invoices.some(({ isAdopted }) => isAdopted) ||
    following !== undefined ||
    period !== undefined ||
    bookedThrough !== undefined ||
    (await run.machine.store.read.setting(lookedSetting(order.key))) === String(run.restoredAt)
  ) {
    return undefined;
  }
  const doubt = isUnbooked
    ? await unbookedDoubt(run, subject, { order, booked, terms })
    : await doubtOf(run, subject, { steps: [], booked, terms });
  if (doubt === undefined) {
    await run.machine.store.transact((tx) => tx.putSetting(lookedSetting(order.key), String(run.restoredAt)));
  }
  return doubt;
}

async function unbookedDoubt(
  run: Run,
  subject: Subject,
  { order, booked, terms }: Pick<Known, 'booked' | 'terms'> & { readonly order: Order },
): Promise<Doubt | undefined> {
  const step = asNext(order, booked, terms);
  const hold =
    (await standingInvoice(run, subject, { order, step, booked, terms })) ??
    (await standingRefund(run, subject, { order, booked: asIfPosted(booked, [step]), terms, steps: [] }));
  return hold === undefined ? undefined : { kind: 'forgotten', hold };
}

/** What stands of its refunds beside the invoice, which may have been taken away since. */
async function standingRefund(
  run: Run,
  subject: Subject,
  { order, booked, terms, steps }: Known & { readonly order: Order },
): Promise<HeldStep | undefined> {
  for (const step of asRefunded(order, booked, terms)) {
    const standing = await lookOnce(run, subject, { step, known: { booked, steps } });
    const hold = forgottenHold(subject, step, standing);
    if (hold !== undefined) {
      return hold;
    }
  }
  return undefined;
}

/** The setting that holds since which restore an order was looked at. */
function lookedSetting(order: OrderKey): string {
  return `looked-since-restore:${order}`;
}

/** Nothing for what the plan looks at by itself, and for what was looked at in this run. */
async function lookOnce(
  run: Run,
  subject: Subject,
  { step, known }: { readonly step: Step; readonly known: Pick<Known, 'booked' | 'steps'> },
): Promise<Standing | undefined> {
  return isToBeLookedAt(run, step, known)
    ? await run.route.books.find(taskOf(run, subject, { step, booked: known.booked }))
    : undefined;
}

function isToBeLookedAt(run: Run, step: Step, { steps }: Pick<Known, 'steps'>): boolean {
  const thing = thingOf(step);
  const key = `${thing} as known${'refund' in step ? `, refund ${step.refund}` : ''}`;
  if (run.looked.has(key) || steps.some((planned) => thingOf(planned) === thing)) {
    return false;
  }
  run.looked.add(key);
  return true;
}

/** What a step makes or changes. */
function thingOf(step: Step): string {
  switch (step.kind) {
    case 'lines':
    case 'void':
      return `invoice ${step.invoice}`;
    case 'payment-change':
      return `payment ${step.payment}`;
    default:
      return stepName(step);
  }
}

/** One that was deleted counts nothing, and one that is only alike may be anybody's. */
function forgottenHold({ order }: Subject, step: Step, standing: Standing | undefined): HeldStep | undefined {
  const isInvoice = step.kind === 'invoice';
  const isStanding =
    standing?.state === 'standing' ||
    (isInvoice && standing?.state === 'unclear' && standing.code === 'books-invoice-unclear');
  if (!isStanding) {
    return undefined;
  }
  const number = standing.state === 'standing' ? standing.receipt.number : undefined;
  const what = isInvoice
    ? `Invoice ${number ?? step.document.number}`
    : step.kind === 'expense'
      ? 'An expense'
      : 'A credit note';
  return {
    step: stepName(step),
    code: isInvoice ? 'books-invoice-unclear' : 'books-expense-unclear',
    detail: `${what} of ${calledOf(order)} stands in FreshBooks, made since the backup that this database was restored from`,
    facts: standing.state === 'unclear' ? standing.facts : [],
  };
}

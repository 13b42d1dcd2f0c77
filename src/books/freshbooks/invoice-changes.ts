import type { LinesStep } from '#core/document.ts';
import { differencesOf } from '#core/invoice-document.ts';
import { Failure } from '#core/failure.ts';
import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { LastWritten, Standing, Task } from '#pipeline/ports.ts';
import { expectDone } from './api.ts';
import type { Api } from './api.ts';
import { asStanding, assertWritable, factsOf, leftOf, paidOf, saidOf } from './invoice-edits.ts';
import type { Left } from './invoice-edits.ts';
import {
  INCLUDES,
  goneFailure,
  isThere,
  lookAt,
  proofOf,
  readBack,
  receiptOf,
  unknownYet,
} from './invoice-reading.ts';
import type { Seen } from './invoice-reading.ts';
import { layOut, layoutOf } from './layout.ts';
import { areAlike, asRead, linesSha256, sha256Of, showLines } from './line-content.ts';
import { writeWhatIsTaken } from './writing.ts';
import { hiddenBody, linesBody, restoredBody, sentBody } from './mapping.ts';
import { invoiceIn, needAmount } from './payload.ts';
import type { ReadInvoice } from './payload.ts';

/** Changes of an invoice that stands: new lines, taking it away, marking it as sent. What a person changed is looked for first. */

type LinesTask = Extract<Task, { kind: 'lines' }>;
type VoidTask = Extract<Task, { kind: 'void' }>;
export type SentTask = Extract<Task, { kind: 'sent' }>;

/** By the lines: those to be written, or those that were written last. */
export async function findLines(api: Api, { step, last: known, ...task }: LinesTask): Promise<Standing> {
  const seen = await lookAt(api, known.invoice.externalId);
  if (!isThere(seen)) {
    return deleted(known.invoice.externalId);
  }
  const last = withPayments(known, seen, task);
  if (isWritten(step, seen.invoice)) {
    return found(seen);
  }
  const left = asStanding(leftOf(seen, last));
  if (left.state === 'unclear') {
    return left;
  }
  const theirs = theirsOf(seen, { step, last });
  return theirs === undefined || theirs.said !== undefined ? left : asStanding(theirs.edited);
}

/** As it stands where its payments are looked at by themselves. */
function withPayments(
  last: LastWritten,
  { invoice }: Seen,
  { arePaymentsApart }: Pick<LinesTask, 'arePaymentsApart'>,
): LastWritten {
  return arePaymentsApart === true ? { ...last, paid: paidOf(invoice) ?? last.paid } : last;
}

/** The total may be off by what FreshBooks rounds otherwise: that is compared, and corrected, by the pipeline. */
function isWritten({ document, correction }: LinesStep, { lines, total }: ReadInvoice): boolean {
  const laidOut = layOut(document, correction);
  return (
    laidOut.outcome === 'laid-out' &&
    lines !== undefined &&
    areAlike(lines, asRead(laidOut.layout.lines)) &&
    total !== undefined &&
    total.currency === document.currency &&
    money.compare(money.absolute(money.subtract(total, document.total)), document.roundingLimit) <= 0
  );
}

/** Replaces the whole set. A total that FreshBooks computes otherwise is returned as it stands. */
export async function changeLines(api: Api, { step, last }: LinesTask): Promise<Receipt> {
  const layout = layoutOf(step.document, step.correction);
  const { externalId } = last.invoice;
  const seen = await lookAt(api, externalId);
  const left = isGivenUp(seen, last) ? { state: 'given up' as const } : assertChangeable(seen, last);
  if (left.state === 'accepted' && !left.isKnown && isThere(seen)) {
    const { version } = left;
    return { ...receiptOf(seen.invoice, seen.answer, []), isAccepted: true, acceptedVersion: version };
  }
  const said = isThere(seen) ? saidOfTheirs(seen, { step, last }) : undefined;
  if (said === 'accepted' && isThere(seen)) {
    return { ...receiptOf(seen.invoice, seen.answer, []), isAccepted: true };
  }
  const { reply, remarks } = await writeWhatIsTaken(
    api,
    { method: 'put', path: `invoices/invoices/${externalId}` },
    {
      query: INCLUDES,
      body: linesBody(
        layout,
        left.state === 'given up' ? restoredBody(step.document, last.clientId ?? '') : {},
      ),
      doing: `Changing the lines of invoice "${step.document.number}"`,
    },
  );
  const { result, answer } = expectDone(reply);
  const told = invoiceIn(result, answer, externalId);
  const written = told.lines === undefined ? await readBack(api, externalId) : told;
  const receipt = receiptOf(written, answer, remarks);
  return left.state === 'accepted'
    ? { ...receipt, ...acceptedOf({ invoice: written, answer }, { receipt, step, last }) }
    : receipt;
}

/** All that he changed, also what he took as right before. */
function isGivenUp(seen: Seen | undefined, last: LastWritten): boolean {
  if (!isThere(seen) || last.edits.say !== 'overwrite') {
    return false;
  }
  assertUnlocked(seen);
  return leftOf(seen, asAsked(last)).state === 'given up';
}

/** What was taken as right of it beside its lines stays so: its date, its number, its client. */
function acceptedOf(
  seen: Seen,
  { receipt, step, last }: Pick<LinesTask, 'step' | 'last'> & { readonly receipt: Receipt },
): Pick<Receipt, 'acceptedVersion'> {
  const { acceptedVersion: _version, ...invoice } = last.invoice;
  const now: LastWritten['invoice'] = {
    ...invoice,
    document: step.document,
    amount: receipt.amount ?? step.document.total,
    ...(receipt.linesSha256 === undefined ? {} : { linesSha256: receipt.linesSha256 }),
  };
  const left = leftOf(seen, {
    ...last,
    invoice: now,
    paid: paidOf(seen.invoice) ?? last.paid,
    edits: { say: 'ask' },
  });
  const version = left.state === 'edited' ? left.version : undefined;
  return version === undefined ? {} : { acceptedVersion: version };
}

/** Throws `books-invoice-edited` until he has said of just that. */
function saidOfTheirs(
  seen: Seen,
  task: Pick<LinesTask, 'step' | 'last'>,
): 'given up' | 'accepted' | undefined {
  const theirs = theirsOf(seen, task);
  if (theirs !== undefined && theirs.said === undefined) {
    assertWritable(theirs.edited);
  }
  return theirs?.said;
}

/**
 * Lines that a person put there, and that were taken as right, would be lost with any others: so he is asked once more, with what
 * would stand in their place. Nothing where the lines are ours.
 */
function theirsOf(
  { invoice: { number, id, lines = [], total } }: Seen,
  { step, last: { invoice: last, edits } }: Pick<LinesTask, 'step' | 'last'>,
):
  | { readonly said: ReturnType<typeof saidOf>; readonly edited: Extract<Left, { state: 'edited' }> }
  | undefined {
  const laidOut = layOut(last.document, last.correction);
  const isOurs = laidOut.outcome === 'laid-out' && areAlike(lines, asRead(laidOut.layout.lines));
  if (!last.isAccepted || isOurs || differencesOf(last.document, step.document).length === 0) {
    return undefined;
  }
  const ours = showLines(asRead(layoutOf(step.document, step.correction).lines));
  const version = sha256Of([linesSha256(lines), ours, money.show(step.document.total)]);
  return {
    said: saidOf(edits, version),
    edited: {
      state: 'edited',
      detail: `Invoice ${number} (id ${id}) was taken as right as it stands, and the order changed since: restore writes its lines anew, accept leaves them`,
      facts: factsOf(
        [
          { name: 'Lines', ours, theirs: showLines(lines) },
          {
            name: 'Total',
            ours: money.show(step.document.total),
            theirs: total === undefined ? 'unreadable' : money.show(total),
          },
        ],
        version,
      ),
      version,
    },
  };
}

export async function findVoid(api: Api, { last: known, ...task }: VoidTask): Promise<Standing> {
  const { externalId } = known.invoice;
  const seen = await lookAt(api, externalId);
  if (seen === undefined) {
    return deleted(externalId);
  }
  return isThere(seen)
    ? asStanding(toBeDeleted(leftOf(seen, asAsked(withPayments(known, seen, task)))))
    : { state: 'standing', receipt: { ...goneReceipt(known, seen), isFound: true } };
}

/** "Take it as right" leaves it standing, so the question says what is to become of it, and which answers do that. */
function toBeDeleted(left: Left): Left {
  return left.state === 'edited'
    ? {
        ...left,
        detail: `${left.detail}. Nothing of the order is left, so it is to be deleted: restore has that done, keep leaves it`,
      }
    : left;
}

/** What is right as it stands stays, and asks again what is to become of it: so it is compared with what we wrote, not with itself. */
function asAsked(last: LastWritten): LastWritten {
  const { acceptedVersion: _version, ...known } = last.invoice;
  const { linesSha256: _lines, ...written } = known;
  return {
    ...last,
    invoice: last.invoice.isAccepted ? written : known,
    edits: last.edits.say === 'accept' ? { say: 'ask' } : last.edits,
  };
}

/** FreshBooks would delete an invoice with its payments on it, so that is asked here. */
export async function voidInvoice(api: Api, { last }: VoidTask): Promise<Receipt> {
  const { externalId } = last.invoice;
  const seen = await lookAt(api, externalId);
  // One that was deleted is still shown: that it is not known says nothing of it.
  if (seen === undefined) {
    throw goneFailure(externalId);
  }
  if (!isThere(seen)) {
    return goneReceipt(last, seen);
  }
  assertUnlocked(seen);
  assertWritable(toBeDeleted(leftOf(seen, asAsked(last))));
  assertUnpaid(seen);
  const doing = `Deleting invoice ${externalId}`;
  const { result, answer } = expectDone(
    await api.put(`invoices/invoices/${externalId}`, { body: hiddenBody('invoice'), doing }),
  );
  const hidden = invoiceIn(result, answer, externalId);
  if (hidden.visibility !== 'deleted') {
    throw new Failure('books-refused', { detail: `${doing}: FreshBooks agreed and left it as it was` });
  }
  return goneReceipt(last, { invoice: hidden, answer });
}

function goneReceipt({ invoice: last }: LastWritten, seen: Seen): Receipt {
  return {
    externalId: last.externalId,
    amount: money.zero(last.amount.currency),
    number: seen.invoice.number,
    ...proofOf(seen.answer),
  };
}

function assertUnpaid({ invoice, answer }: Seen): void {
  const paid = needAmount(paidOf(invoice), 'what is paid', answer);
  if (!money.isZero(paid)) {
    throw new Failure('books-invoice-edited', {
      detail: `Invoice ${invoice.number} (id ${invoice.id}) has payments on it and is not deleted`,
      facts: [{ name: 'Paid in FreshBooks', value: money.show(paid) }],
    });
  }
}

/** Throws what keeps us from changing the invoice: it is gone, its date is locked, or a person changed it. */
function assertChangeable(seen: Seen | undefined, last: LastWritten): Exclude<Left, { state: 'edited' }> {
  if (!isThere(seen)) {
    throw goneFailure(last.invoice.externalId);
  }
  assertUnlocked(seen);
  return assertWritable(leftOf(seen, last));
}

function assertUnlocked({ invoice }: Seen): void {
  if (invoice.isLocked) {
    throw new Failure('books-period-locked', {
      detail: `Invoice ${invoice.number} (id ${invoice.id}) of ${invoice.issuedOn} is locked in FreshBooks`,
      facts: [{ name: 'Invoice date', value: invoice.issuedOn }],
    });
  }
}

/** Sent counts: what a person changed since it was written is asked about before, and where he has sent it himself. */
export async function findSent(api: Api, { last }: SentTask): Promise<Standing> {
  const seen = await lookAt(api, last.invoice.externalId);
  if (!isThere(seen)) {
    return deleted(last.invoice.externalId);
  }
  const left = asStanding(writtenLeft(seen, last));
  return left.state === 'unclear' || seen.invoice.isDraft ? left : found(seen);
}

export async function markSent(api: Api, { step, last, isJustRead }: SentTask): Promise<Receipt> {
  const { externalId, amount } = last.invoice;
  if (!isJustRead) {
    await assertAsWritten(api, last);
  }
  const doing = `Marking invoice ${externalId} as sent`;
  const { reply, remarks } = await writeWhatIsTaken(
    api,
    { method: 'put', path: `invoices/invoices/${externalId}` },
    { body: sentBody(step), doing },
  );
  if (reply.outcome === 'refused') {
    const seen = await lookAt(api, externalId);
    throw isThere(seen) ? unknownYet(reply, seen) : goneFailure(externalId);
  }
  const { result, answer } = expectDone(reply);
  const invoice = invoiceIn(result, answer, externalId);
  if (!isThere({ invoice, answer })) {
    throw goneFailure(externalId);
  }
  if (invoice.isDraft) {
    throw new Failure('books-refused', { detail: `${doing}: FreshBooks agreed and left it a draft` });
  }
  const receipt = receiptOf(invoice, answer, remarks);
  if (receipt.amount === undefined || !money.equal(receipt.amount, amount)) {
    await assertAsWritten(api, last);
  }
  return receipt;
}

async function assertAsWritten(api: Api, last: LastWritten): Promise<void> {
  const seen = await lookAt(api, last.invoice.externalId);
  if (!isThere(seen)) {
    throw goneFailure(last.invoice.externalId);
  }
  assertWritable(writtenLeft(seen, last));
}

/** What is paid on it says nothing of how it was written, nor does its number, which FreshBooks may have given. */
function writtenLeft(seen: Seen, last: LastWritten): Left {
  const document = { ...last.invoice.document, number: seen.invoice.number };
  const paid = paidOf(seen.invoice) ?? last.paid;
  return leftOf(seen, { ...last, paid, invoice: { ...last.invoice, document } });
}

function found({ invoice, answer }: Seen): Standing {
  return { state: 'standing', receipt: { ...receiptOf(invoice, answer, []), isFound: true } };
}

function deleted(invoiceId: string): Standing {
  const { code, message } = goneFailure(invoiceId);
  return { state: 'unclear', code, detail: message, facts: [] };
}

import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Answer } from '#net/request.ts';
import type { Standing, Task } from '#pipeline/ports.ts';
import { expectDone } from './api.ts';
import type { Api } from './api.ts';
import { assertClientThere } from './clients.ts';
import { onceWritten, proofOf } from './invoice-reading.ts';
import { layOut, layoutOf } from './layout.ts';
import { scan } from './listing.ts';
import { writeWhatIsTaken } from './writing.ts';
import { GOODWILL, assertOurs, creditLinesBody, creditNoteBody, isMarked, markerOf } from './mapping.ts';
import { creditNoteIn, creditNotesIn, needAmount } from './payload.ts';
import type { ReadCreditNote } from './payload.ts';

/** Refunds into store credit as credit notes of their client: found again by our mark in the notes. */

type CreditTask = Extract<Task, { kind: 'credit-note' }>;

/** A customer has few; the bound is for a filter that is not honoured. */
const PAGES_MAX = 100;

export async function findCreditNote(api: Api, task: CreditTask): Promise<Standing> {
  const { step, clientId } = task;
  let marked: ReadCreditNote | undefined;
  let lookalike: ReadCreditNote | undefined;
  const listing = {
    path: 'credit_notes/credit_notes',
    query: [['search[clientid]', clientId]] as const,
    read: creditNotesIn,
    doing: `Looking for the credit note of ${step.document.number}`,
    pagesMax: PAGES_MAX,
  };
  const end = await scan(api, listing, (credit) => {
    if (credit.visibility === 'deleted') {
      return 'go-on';
    }
    if (credit.notes.includes(markerOf(step.reference))) {
      marked = credit;
      return 'stop';
    }
    if (isAlike(task, credit)) {
      lookalike = credit;
    }
    return 'go-on';
  });
  const total = marked?.total;
  if (marked !== undefined && total?.currency !== step.document.total.currency) {
    const shown = total === undefined ? 'an amount that is not shown' : money.show(total);
    return unclear(`Credit note ${marked.number} of ours stands with ${shown}`, task);
  }
  if (marked !== undefined) {
    return { state: 'standing', receipt: { ...receiptOf(task, marked, {}), isFound: true } };
  }
  if (lookalike !== undefined) {
    return unclear(
      `Credit note ${lookalike.number} is like the one to be made and does not carry our mark`,
      task,
    );
  }
  return end === 'too-many'
    ? unclear(`The credit notes of client ${clientId} are too many to look through`, task)
    : { state: 'absent' };
}

/** Another one of ours bears its own mark. */
function isAlike({ step, clientId }: CreditTask, credit: ReadCreditNote): boolean {
  return (
    credit.clientId === clientId &&
    credit.issuedOn === step.document.issuedOn &&
    credit.total !== undefined &&
    money.equal(credit.total, step.document.total) &&
    !isMarked(credit.notes)
  );
}

function unclear(detail: string, { step: { document } }: CreditTask): Standing {
  return {
    state: 'unclear',
    code: 'books-expense-unclear',
    detail,
    facts: [
      { name: 'Credit note to be made', value: `${money.show(document.total)} on ${document.issuedOn}` },
    ],
  };
}

/** A total that FreshBooks computes otherwise by no more than rounding explains gets its rounding line corrected at once. */
export async function createCreditNote(api: Api, task: CreditTask): Promise<Receipt> {
  const { step, clientId } = task;
  const { document } = step;
  const { reply, remarks } = await writeWhatIsTaken(
    api,
    { method: 'post', path: 'credit_notes/credit_notes' },
    {
      body: creditNoteBody(step, { clientId, layout: layoutOf(document) }),
      doing: `Creating the credit note of ${document.number}`,
    },
  );
  await assertClientThere(api, clientId, reply);
  const { result, answer } = expectDone(reply);
  const credit = creditNoteIn(result, answer);
  assertOurs(credit.notes, step.reference, answer);
  const total = needAmount(credit.total, 'the credit note', answer);
  const correction =
    total.currency === document.total.currency
      ? money.subtract(document.total, total)
      : money.zero(document.total.currency);
  const isCorrectable = !money.isZero(correction) && layOut(document, correction).outcome === 'laid-out';
  const corrected = isCorrectable
    ? await onceWritten(() => correct(api, task, { credit, correction }))
    : undefined;
  const written = corrected ?? { credit, answer };
  return {
    ...receiptOf(task, written.credit, { answer: written.answer, remarks }),
    ...(corrected === undefined ? {} : { correction }),
  };
}

/** Nothing where FreshBooks refuses it: then the note stands as it was made, and its receipt tells that. */
async function correct(
  api: Api,
  { step }: CreditTask,
  { credit, correction }: { credit: ReadCreditNote; correction: money.Money },
): Promise<{ readonly credit: ReadCreditNote; readonly answer: Answer } | undefined> {
  const { reply } = await writeWhatIsTaken(
    api,
    { method: 'put', path: `credit_notes/credit_notes/${credit.id}` },
    {
      body: creditLinesBody(layoutOf(step.document, correction)),
      doing: `Correcting the rounding of credit note ${credit.number}`,
    },
  );
  if (reply.outcome === 'refused' && reply.failure.remedy === 'review') {
    return undefined;
  }
  const { result, answer } = expectDone(reply);
  return { credit: creditNoteIn(result, answer, credit.id), answer };
}

function receiptOf(
  { step }: CreditTask,
  credit: ReadCreditNote,
  { answer, remarks = [] }: { readonly answer?: Answer; readonly remarks?: readonly string[] },
): Receipt {
  const { total } = step.document;
  const told = [
    ...remarks,
    ...(credit.total === undefined || money.equal(credit.total, total)
      ? []
      : [
          `FreshBooks made credit note ${credit.number} of ${money.show(credit.total)}, and ${money.show(total)} was credited: correct it there`,
        ]),
    ...(['', GOODWILL].includes(credit.type)
      ? []
      : [
          `FreshBooks made credit note ${credit.number} as "${credit.type}" and not as ${GOODWILL}: correct it there`,
        ]),
  ];
  return {
    externalId: credit.id,
    number: credit.number,
    ...(credit.total === undefined ? {} : { amount: credit.total }),
    ...(answer === undefined ? {} : proofOf(answer)),
    ...(told.length === 0 ? {} : { remarks: told }),
  };
}

import { Failure } from '#core/failure.ts';
import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { unreadable } from '#net/request.ts';
import type { Standing, Task } from '#pipeline/ports.ts';
import { expectDone } from './api.ts';
import type { Api } from './api.ts';
import { assertWritable, leftOf, paidOf } from './invoice-edits.ts';
import { goneFailure, isThere, lookAt, unknownYet } from './invoice-reading.ts';
import { isNotFound } from './refusal.ts';
import { scan } from './listing.ts';
import { writeWhatIsTaken } from './writing.ts';
import { assertOurs, isMarked, markerOf, paymentBody, paymentType } from './mapping.ts';
import { needAmount, paymentIn, paymentsIn } from './payload.ts';
import type { ReadPayment } from './payload.ts';

type PaymentTask = Extract<Task, { kind: 'payment' }>;

/** Ten thousand payments, looked through only when the filter by invoice is not honoured. */
const PAGES_MAX = 100;

/**
 * By our mark in the note, on this invoice. One without it but of the same day, amount and kind is perhaps ours: two equal
 * payments are accepted by FreshBooks, so a person decides. Where some may be forgotten, one of ours under another number is the
 * one that is to be made if it is the same, and else a question.
 */
export async function findPayment(api: Api, task: PaymentTask): Promise<Standing> {
  const { step, invoiceId, known } = task;
  const ofOrder = markerOf(step.reference).replace(/\d+\]$/, '');
  const forgotten: ReadPayment[] = [];
  let lookalike: ReadPayment | undefined;
  let marked: ReadPayment | undefined;
  const listed: ReadPayment[] = [];
  const listing = {
    path: 'payments/payments',
    query: [['search[invoiceid]', invoiceId]] as const,
    read: paymentsIn,
    doing: `Looking for the payments of invoice ${invoiceId}`,
    pagesMax: PAGES_MAX,
  };
  const end = await scan(api, listing, (payment) => {
    if (payment.invoiceId !== invoiceId || payment.visibility === 'deleted') {
      return 'go-on';
    }
    listed.push(payment);
    // It may bear the very mark, and be linked as another one since.
    if (known?.includes(payment.id) === true) {
      return 'go-on';
    }
    if (payment.note.includes(markerOf(step.reference))) {
      marked = payment;
      return 'stop';
    }
    if (known !== undefined && payment.note.includes(ofOrder)) {
      forgotten.push(payment);
    }
    // One that bears the mark of another step is that one.
    if (isAlike(task, payment) && !isMarked(payment.note)) {
      lookalike = payment;
    }
    return 'go-on';
  });
  const [another] = forgotten;
  const same = marked ?? forgotten.find((payment) => isAlike(task, payment));
  // Lowered since the backup, perhaps: what it is now is told. Else nothing has changed it but a person.
  const isExplained = known !== undefined && same?.amount?.currency === step.amount.currency;
  if (same !== undefined && !isExplained && !isEqual(same.amount, step.amount)) {
    return otherAmount(task, same);
  }
  if (same !== undefined) {
    return { state: 'standing', receipt: { ...receiptOf(same, task, []), isFound: true } };
  }
  if (another !== undefined) {
    return forgottenPayment(task, another);
  }
  if (lookalike !== undefined || end === 'too-many') {
    return perhapsOurs(task, lookalike);
  }
  await assertWhole(api, task, listed);
  return { state: 'absent' };
}

/**
 * A list may show later what was written, the invoice itself shows at once what is paid on it: a payment that is paid and not listed
 * may be the one that is looked for. Throws until the two agree.
 */
async function assertWhole(
  api: Api,
  { step, invoiceId }: PaymentTask,
  listed: readonly ReadPayment[],
): Promise<void> {
  const amounts = listed.flatMap(({ amount }) => (amount === undefined ? [] : [amount]));
  const seen = await lookAt(api, invoiceId);
  const paid = isThere(seen) ? paidOf(seen.invoice) : undefined;
  const isTold =
    amounts.length === listed.length &&
    [...amounts, step.amount].every(({ currency }) => currency === paid?.currency);
  if (paid === undefined || seen === undefined || !isTold) {
    return;
  }
  const sum = money.sum(amounts, paid.currency);
  if (money.compare(paid, sum) > 0) {
    throw unreadable(
      seen.answer,
      `shows ${money.show(paid)} paid on invoice ${invoiceId}, and its payments are listed with ${money.show(sum)}: the list is late, and the payment of ${money.show(step.amount)} may be what it lacks`,
    );
  }
}

function isAlike({ step }: PaymentTask, payment: ReadPayment): boolean {
  return (
    payment.paidOn === step.paidOn &&
    isEqual(payment.amount, step.amount) &&
    payment.type.toLowerCase() === paymentType(step.method).toLowerCase()
  );
}

function isEqual(shown: Money | undefined, wanted: Money): boolean {
  return shown !== undefined && money.equal(shown, wanted);
}

function otherAmount({ step, invoiceId }: PaymentTask, { id, amount, paidOn }: ReadPayment): Standing {
  return {
    state: 'unclear',
    code: 'books-payment-unclear',
    detail: `Payment ${id} of ours stands on invoice ${invoiceId} with another amount than was sent: put it right in FreshBooks, or delete it there to have it made again, then retry`,
    facts: [
      { name: 'In the books', value: `${shownAmount(amount)} on ${paidOn}` },
      { name: 'Payment that was sent', value: `${money.show(step.amount)} on ${step.paidOn}` },
    ],
  };
}

function shownAmount(amount: Money | undefined): string {
  return amount === undefined ? 'an amount that is not shown' : money.show(amount);
}

function forgottenPayment({ step, invoiceId }: PaymentTask, { id, amount, paidOn }: ReadPayment): Standing {
  return {
    state: 'unclear',
    code: 'books-payment-unclear',
    detail: `Payment ${id} of ours stands on invoice ${invoiceId}, made since the backup that this database was restored from: delete it in FreshBooks where it is wrong`,
    facts: [
      { name: 'In the books', value: `${shownAmount(amount)} on ${paidOn}` },
      { name: 'Payment to be made', value: `${money.show(step.amount)} on ${step.paidOn}` },
    ],
  };
}

function perhapsOurs({ step, invoiceId }: PaymentTask, payment: ReadPayment | undefined): Standing {
  return {
    state: 'unclear',
    code: 'books-payment-unclear',
    detail:
      payment === undefined
        ? `The payments of invoice ${invoiceId} are too many to look through`
        : `Payment ${payment.id} on invoice ${invoiceId} is like the one to be made and does not carry our mark`,
    facts: [
      { name: 'Payment to be made', value: `${money.show(step.amount)} on ${step.paidOn}` },
      { name: 'Kind', value: paymentType(step.method) },
    ],
  };
}

/**
 * Never more than is outstanding: FreshBooks would make the rest a credit without a word (section 4). And none like one that
 * somebody else recorded: of a part payment there is room for both, and the invoice would be paid by money that never came.
 */
export async function createPayment(api: Api, task: PaymentTask): Promise<Receipt> {
  const { step, invoiceId } = task;
  const { outstanding, isPaidByOthers } =
    task.outstanding === undefined
      ? await openOn(api, task)
      : { outstanding: task.outstanding, isPaidByOthers: false };
  assertFits(task, outstanding);
  if (isPaidByOthers) {
    await assertNoneAlike(api, task);
  }
  const { reply, remarks } = await writeWhatIsTaken(
    api,
    { method: 'post', path: 'payments/payments' },
    {
      body: paymentBody(step, invoiceId),
      doing: `Creating the payment of ${money.show(step.amount)} on invoice ${invoiceId}`,
    },
  );
  if (reply.outcome === 'refused' && isNotFound(reply.refusal)) {
    throw unknownYet(reply, await lookAt(api, invoiceId));
  }
  const { result, answer } = expectDone(reply);
  const payment = paymentIn(result, answer);
  assertOurs(payment.note, step.reference, answer);
  if (!['', invoiceId].includes(payment.invoiceId)) {
    throw unreadable(answer, `is about a payment of invoice ${payment.invoiceId} and not ${invoiceId}`);
  }
  const amount = needAmount(payment.amount, 'the payment', answer);
  return {
    ...receiptOf(payment, task, remarks),
    amount,
    ...(money.equal(amount, step.amount) ? { outstanding: money.subtract(outstanding, amount) } : {}),
    requestSha256: answer.requestSha256,
    answerSha256: answer.answerSha256,
  };
}

/** Read now: who pays an invoice of another total than was written pays what nobody owes. */
async function openOn(
  api: Api,
  { invoiceId, last }: PaymentTask,
): Promise<{ readonly outstanding: Money; readonly isPaidByOthers: boolean }> {
  const seen = await lookAt(api, invoiceId);
  if (!isThere(seen)) {
    throw goneFailure(invoiceId);
  }
  const { total, outstanding } = seen.invoice;
  const { amount } = last?.invoice ?? {};
  if (last !== undefined && (total === undefined || amount === undefined || !money.equal(total, amount))) {
    assertWritable(leftOf(seen, last));
  }
  const paid = paidOf(seen.invoice);
  return {
    outstanding: needAmount(outstanding, 'what is outstanding', seen.answer),
    isPaidByOthers: last !== undefined && paid !== undefined && !money.equal(paid, last.paid),
  };
}

async function assertNoneAlike(api: Api, task: PaymentTask): Promise<void> {
  const standing = await findPayment(api, task);
  if (standing.state === 'unclear') {
    const { code, detail, facts } = standing;
    throw new Failure(code, { detail, facts });
  }
}

function assertFits({ step, invoiceId }: PaymentTask, outstanding: Money): void {
  if (step.amount.currency !== outstanding.currency) {
    throw new Failure('books-refused', {
      detail: `The payment is in ${step.amount.currency} and invoice ${invoiceId} in ${outstanding.currency}`,
    });
  }
  if (money.compare(step.amount, outstanding) > 0) {
    throw new Failure('order-overpaid', {
      detail: `The payment of ${money.show(step.amount)} is more than invoice ${invoiceId} has outstanding`,
      facts: [
        { name: 'Payment', value: money.show(step.amount) },
        { name: 'Outstanding', value: money.show(outstanding) },
        { name: 'Excess', value: money.show(money.subtract(step.amount, outstanding)) },
      ],
    });
  }
}

function receiptOf(payment: ReadPayment, { step }: PaymentTask, before: readonly string[]): Receipt {
  const isWhole = payment.amount !== undefined && money.equal(payment.amount, step.amount);
  const remarks = [
    ...before,
    isWhole || payment.amount === undefined
      ? ''
      : `FreshBooks booked ${money.show(payment.amount)} of the payment of ${money.show(step.amount)}`,
    payment.overpaymentId === ''
      ? ''
      : `A part of the payment was too much and became credit note ${payment.overpaymentId}`,
  ].filter((remark) => remark !== '');
  return {
    externalId: payment.id,
    ...(payment.amount === undefined ? {} : { amount: payment.amount }),
    ...(remarks.length === 0 ? {} : { remarks }),
  };
}

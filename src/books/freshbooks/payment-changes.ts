import { Failure } from '#core/failure.ts';
import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Answer } from '#net/request.ts';
import type { Standing, Task } from '#pipeline/ports.ts';
import { expectDone } from './api.ts';
import type { Api } from './api.ts';
import { compared, factsOf, saidOf } from './invoice-edits.ts';
import { proofOf } from './invoice-reading.ts';
import { sha256Of } from './line-content.ts';
import { hiddenBody, paymentAmountBody, paymentType } from './mapping.ts';
import { needAmount, paymentIn } from './payload.ts';
import type { ReadPayment } from './payload.ts';
import { isNotFound } from './refusal.ts';

/** Payments that are lowered or taken away because money went back. What a person changed of one is looked for first. */

type ChangeTask = Extract<Task, { kind: 'payment-change' }>;

interface SeenPayment {
  readonly payment: ReadPayment;
  readonly answer: Answer;
}

export async function findPaymentChange(api: Api, task: ChangeTask): Promise<Standing> {
  const { step, payment } = task;
  const seen = await lookAt(api, payment.externalId);
  const amount = amountOf(seen, task);
  if (amount !== undefined && money.equal(amount, step.to)) {
    return { state: 'standing', receipt: { ...receiptOf(task, amount, seen?.answer), isFound: true } };
  }
  const edited = editsOf(seen, task);
  if (edited === undefined) {
    return { state: 'absent' };
  }
  return saidOf(task.edits, edited.version) === undefined
    ? { state: 'unclear', code: 'books-payment-edited', detail: edited.detail, facts: edited.facts }
    : { state: 'absent', isAnswered: true };
}

export async function changePayment(api: Api, task: ChangeTask): Promise<Receipt> {
  const { step, payment, edits } = task;
  const { externalId } = payment;
  const seen = await lookAt(api, externalId);
  const edited = editsOf(seen, task);
  const said = edited === undefined ? undefined : saidOf(edits, edited.version);
  if (edited !== undefined && said === undefined) {
    throw new Failure('books-payment-edited', { detail: edited.detail, facts: edited.facts });
  }
  if (said === 'accepted') {
    const stands = amountOf(seen, task) ?? money.zero(step.to.currency);
    const acceptedVersion = edited?.version;
    return {
      ...receiptOf(task, stands, seen?.answer),
      isAccepted: true,
      ...(acceptedVersion === undefined ? {} : { acceptedVersion }),
    };
  }
  const isGone = seen === undefined || seen.payment.visibility === 'deleted';
  if (isGone && money.isZero(step.to)) {
    return receiptOf(task, step.to, seen?.answer);
  }
  const restored = edited === undefined ? undefined : payment;
  const doing = `${money.isZero(step.to) ? 'Deleting' : 'Lowering'} payment ${externalId}`;
  const { result, answer } = expectDone(
    await api.put(`payments/payments/${externalId}`, {
      body: money.isZero(step.to) ? hiddenBody('payment') : paymentAmountBody(step.to, restored),
      doing,
    }),
  );
  const written = { payment: paymentIn(result, answer, externalId), answer };
  const amount = needAmount(amountOf(written, task), 'the payment', answer);
  // Of any other amount the receipt tells, and what follows is planned from there.
  if (money.equal(amount, payment.amount) && !money.equal(amount, step.to)) {
    throw new Failure('books-refused', {
      detail: `${doing}: FreshBooks agreed and left it otherwise`,
      facts: [
        { name: 'Amount that was to be', value: money.show(step.to) },
        { name: 'Amount in FreshBooks', value: money.show(amount) },
      ],
    });
  }
  return receiptOf(task, amount, answer);
}

/** Nothing when FreshBooks does not know the payment any more. */
async function lookAt(api: Api, paymentId: string): Promise<SeenPayment | undefined> {
  const reply = await api.get(`payments/payments/${paymentId}`, { doing: `Reading payment ${paymentId}` });
  if (reply.outcome === 'refused' && isNotFound(reply.refusal)) {
    return undefined;
  }
  const { result, answer } = expectDone(reply);
  return { payment: paymentIn(result, answer, paymentId), answer };
}

/** What it counts: nothing once it is gone. */
function amountOf(seen: SeenPayment | undefined, { step }: ChangeTask): Money | undefined {
  return seen === undefined || seen.payment.visibility === 'deleted'
    ? money.zero(step.to.currency)
    : seen.payment.amount;
}

interface PaymentEdits {
  readonly detail: string;
  readonly facts: ReturnType<typeof factsOf>;
  readonly version: string;
}

function editsOf(seen: SeenPayment | undefined, task: ChangeTask): PaymentEdits | undefined {
  const { payment: last, invoiceId } = task;
  const amount = amountOf(seen, task);
  const things = [
    compared('Amount', money.show(last.amount), amount === undefined ? 'unreadable' : money.show(amount)),
    ...(seen === undefined
      ? []
      : [
          compared('Date', last.paidOn, seen.payment.paidOn),
          compared('Kind', paymentType(last.method).toLowerCase(), seen.payment.type.toLowerCase()),
          compared('Invoice', invoiceId, seen.payment.invoiceId),
        ]),
  ];
  const edited = things.filter((thing) => !thing.isSame);
  if (edited.length === 0) {
    return undefined;
  }
  const version = sha256Of(things.map((thing) => thing.theirs));
  if (version === last.acceptedVersion) {
    return undefined;
  }
  const names = edited.map((thing) => thing.name.toLowerCase()).join(', ');
  return {
    detail: `Payment ${last.externalId} on invoice ${invoiceId} was changed in FreshBooks: ${names}`,
    facts: factsOf(edited, version),
    version,
  };
}

function receiptOf({ payment }: ChangeTask, amount: Money, answer: Answer | undefined): Receipt {
  return { externalId: payment.externalId, amount, ...(answer === undefined ? {} : proofOf(answer)) };
}

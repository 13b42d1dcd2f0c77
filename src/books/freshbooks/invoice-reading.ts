import { Failure } from '#core/failure.ts';
import type { Receipt } from '#core/ledger.ts';
import type { Answer } from '#net/request.ts';
import { expectDone } from './api.ts';
import type { Api, Reply } from './api.ts';
import { linesSha256 } from './line-content.ts';
import { invoiceIn, needAmount } from './payload.ts';
import type { ReadInvoice } from './payload.ts';
import { isNotFound } from './refusal.ts';

/** One invoice as it stands, with all that we compare, and the receipt of it. */
export interface Seen {
  readonly invoice: ReadInvoice;
  readonly answer: Answer;
}

/** Lines and what FreshBooks would do to the buyer are told only when they are asked for. */
export const INCLUDES = ['lines', 'late_reminders', 'late_fee', 'allowed_gateways'].map(
  (name) => ['include[]', name] as const,
);

/** Nothing when FreshBooks does not know the invoice any more. */
export async function lookAt(api: Api, invoiceId: string): Promise<Seen | undefined> {
  const reply = await askInvoice(api, invoiceId);
  if (reply.outcome === 'refused' && isNotFound(reply.refusal)) {
    return undefined;
  }
  const { result, answer } = expectDone(reply);
  return { invoice: invoiceIn(result, answer, invoiceId), answer };
}

export async function readInvoice(api: Api, invoiceId: string): Promise<Seen> {
  const { result, answer } = expectDone(await askInvoice(api, invoiceId));
  return { invoice: invoiceIn(result, answer, invoiceId), answer };
}

function askInvoice(api: Api, invoiceId: string): Promise<Reply> {
  return api.get(`invoices/invoices/${invoiceId}`, {
    query: INCLUDES,
    doing: `Reading invoice ${invoiceId}`,
  });
}

/** Whether it stands: one that was deleted is still shown. */
export function isThere(seen: Seen | undefined): seen is Seen {
  return seen !== undefined && seen.invoice.visibility !== 'deleted';
}

/**
 * What a write was refused with, said otherwise where FreshBooks does not know the invoice and shows it when it is asked for: an object
 * that was just made may be unknown here and known there, and the write is tried again.
 */
export function unknownYet(reply: Extract<Reply, { outcome: 'refused' }>, seen: Seen | undefined): Failure {
  return isNotFound(reply.refusal) && isThere(seen)
    ? new Failure('request-server-error', {
        detail: `${reply.failure.message}; and it shows invoice ${seen.invoice.id}`,
        facts: reply.failure.facts,
        cause: reply.failure,
      })
    : reply.failure;
}

export function goneFailure(invoiceId: string): Failure {
  return new Failure('books-invoice-deleted', {
    detail: `Invoice ${invoiceId} is not in FreshBooks any more`,
  });
}

/** The invoice as our write left it. */
export async function readBack(api: Api, invoiceId: string): Promise<ReadInvoice> {
  return (await onceWritten(() => readInvoice(api, invoiceId))).invoice;
}

/** What follows a write that stands by now: its failure does not mean that nothing happened. */
export async function onceWritten<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof Failure)) {
      throw thrown;
    }
    throw new Failure(thrown.code, {
      detail: thrown.message,
      effect: 'unknown',
      facts: thrown.facts,
      ...(thrown.retryAt === undefined ? {} : { retryAt: thrown.retryAt }),
      cause: thrown,
    });
  }
}

export function receiptOf(invoice: ReadInvoice, answer: Answer, remarks: readonly string[]): Receipt {
  const { by, untold } = invoice.chasing;
  const told = invoice.isDraft && untold.length > 0 ? [...remarks, untoldRemark(untold)] : remarks;
  return {
    externalId: invoice.id,
    amount: needAmount(invoice.total, 'the invoice', answer),
    ...(invoice.outstanding === undefined ? {} : { outstanding: invoice.outstanding }),
    number: invoice.number,
    ...(invoice.lines === undefined ? {} : { linesSha256: linesSha256(invoice.lines) }),
    // Only a draft can still be kept from writing to the buyer; one that was sent is not ours to stop.
    ...(invoice.isDraft && by.length > 0 ? { remindsBuyer: by.join(', ') } : {}),
    ...proofOf(answer),
    ...(told.length === 0 ? {} : { remarks: told }),
  };
}

export function proofOf({
  requestSha256,
  answerSha256,
}: Answer): Pick<Receipt, 'requestSha256' | 'answerSha256'> {
  return { requestSha256, answerSha256 };
}

/**
 * They were switched off when the invoice was made, and FreshBooks accepted that; whether it leaves out what is empty is not
 * known, so an operator is asked once to look.
 */
function untoldRemark(untold: readonly string[]): string {
  return `FreshBooks does not show ${untold.join(', ')} of our invoices: look at one of them whether reminders, late fees and online payment are off`;
}

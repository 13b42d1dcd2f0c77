import { Failure } from '#core/failure.ts';
import type { Receipt } from '#core/ledger.ts';
import type { Buyer } from '#core/order.ts';
import type { Books, Standing, Task } from '#pipeline/ports.ts';
import { createApi } from './api.ts';
import type { Api, ApiOptions } from './api.ts';
import { createClient, fillClient, findClient } from './clients.ts';
import { createCreditNote, findCreditNote } from './credit-notes.ts';
import { createExpense, findExpense } from './expenses.ts';
import { changeLines, findLines, findSent, findVoid, markSent, voidInvoice } from './invoice-changes.ts';
import { createInvoice, findInvoice } from './invoices.ts';
import { fits } from './layout.ts';
import { wordsOf } from './mapping.ts';
import { changePayment, findPaymentChange } from './payment-changes.ts';
import { createPayment, findPayment } from './payments.ts';

/** The books in FreshBooks. How each thing is found again stands with it. */
export function createFreshBooksBooks(options: ApiOptions): Books {
  const api = createApi(options);
  return {
    connection: options.connection,
    fits,
    find: (task) => find(about(api, task.buyer), task),
    apply: async (task) => inItsCurrency(task, await apply(about(api, task.buyer), task)),
    fillClient: (clientId, buyer) => fillClient(about(api, buyer), clientId, buyer),
    spareAt: async () => api.spareAt(),
  };
}

function about(api: Api, buyer: Buyer | undefined): Api {
  return api.about(buyer === undefined ? 'unknown' : wordsOf(buyer));
}

function find(api: Api, task: Task): Promise<Standing> {
  switch (task.kind) {
    case 'client':
      return findClient(api, task);
    case 'invoice':
      return findInvoice(api, task);
    case 'lines':
      return findLines(api, task);
    case 'void':
      return findVoid(api, task);
    case 'sent':
      return findSent(api, task);
    case 'payment':
      return findPayment(api, task);
    case 'payment-change':
      return findPaymentChange(api, task);
    case 'expense':
      return findExpense(api, task);
    case 'credit-note':
      return findCreditNote(api, task);
  }
}

/** An amount in another currency than was written is no answer to it, though something was written. */
function inItsCurrency(task: Task, receipt: Receipt): Receipt {
  const written = currencyOf(task);
  const { amount, isAccepted } = receipt;
  // What a person changed and another one accepted is his.
  if (amount === undefined || written === undefined || isAccepted === true || amount.currency === written) {
    return receipt;
  }
  throw new Failure('request-answer-unreadable', {
    detail: `FreshBooks answers in ${amount.currency} what was written in ${written} (${task.kind}, id ${receipt.externalId})`,
    effect: 'unknown',
  });
}

/** Nothing where the task writes no amount. */
function currencyOf(task: Task): string | undefined {
  switch (task.kind) {
    case 'client':
    case 'sent':
      return undefined;
    case 'invoice':
    case 'lines':
    case 'credit-note':
      return task.step.document.total.currency;
    case 'void':
      return task.step.from.currency;
    case 'payment':
    case 'expense':
      return task.step.amount.currency;
    case 'payment-change':
      return task.step.to.currency;
  }
}

function apply(api: Api, task: Task): Promise<Receipt> {
  switch (task.kind) {
    case 'client':
      return createClient(api, task);
    case 'invoice':
      return createInvoice(api, task);
    case 'lines':
      return changeLines(api, task);
    case 'void':
      return voidInvoice(api, task);
    case 'sent':
      return markSent(api, task);
    case 'payment':
      return createPayment(api, task);
    case 'payment-change':
      return changePayment(api, task);
    case 'expense':
      return createExpense(api, task);
    case 'credit-note':
      return createCreditNote(api, task);
  }
}

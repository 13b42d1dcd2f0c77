import type { Receipt } from '#core/ledger.ts';
import type { Books, Standing, Task } from '#pipeline/ports.ts';
import { createApi } from './api.ts';
import type { Api, ApiOptions } from './api.ts';
import { createClient, fillClient, findClient } from './clients.ts';
import { changeLines, createInvoice, findInvoice, findLines, findSent, markSent } from './invoices.ts';
import { createPayment, findPayment } from './payments.ts';

/** The books in FreshBooks. How each thing is found again stands with it: clients, invoices, payments. */
export function createFreshBooksBooks(options: ApiOptions): Books {
  const api = createApi(options);
  return {
    connection: options.connection,
    find: (task) => find(api, task),
    apply: (task) => apply(api, task),
    fillClient: (clientId, buyer) => fillClient(api, clientId, buyer),
  };
}

function find(api: Api, task: Task): Promise<Standing> {
  switch (task.kind) {
    case 'client':
      return findClient(api, task);
    case 'invoice':
      return findInvoice(api, task);
    case 'lines':
      return findLines(api, task);
    case 'sent':
      return findSent(api, task);
    case 'payment':
      return findPayment(api, task);
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
    case 'sent':
      return markSent(api, task);
    case 'payment':
      return createPayment(api, task);
  }
}

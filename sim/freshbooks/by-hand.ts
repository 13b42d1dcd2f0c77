// What people do in FreshBooks' own pages, past the API's tokens, scopes and limits: edit, delete and add things, set
// the lock date, change settings. The same rules hold as for the API, so a refused edit throws a Refusal.

import type { Json, JsonObject } from './json.ts';
import { clients } from './clients.ts';
import { creditNotes } from './credit-notes.ts';
import { expenses } from './expenses.ts';
import { findInvoice, invoices } from './invoices.ts';
import { touch } from './invoice-state.ts';
import { payments } from './payments.ts';
import type { Call, Resource } from './resource.ts';
import type { Account, InvoiceDefaults, State } from './state.ts';
import { taxes } from './taxes.ts';

/** Fields are named as on the wire; what is added answers its id. */
export interface ByHand {
  addClient(fields: JsonObject): number;
  editClient(id: number, fields: JsonObject): void;
  addInvoice(fields: JsonObject): number;
  editInvoice(id: number, fields: JsonObject): void;
  renumberInvoice(id: number, number: string): void;
  deleteInvoice(id: number): void;
  archiveInvoice(id: number): void;
  /** The buyer opens the invoice's page. */
  viewInvoice(id: number): void;
  addPayment(fields: JsonObject): number;
  editPayment(id: number, fields: JsonObject): void;
  deletePayment(id: number): void;
  addCreditNote(fields: JsonObject): number;
  addExpense(fields: JsonObject): number;
  editExpense(id: number, fields: JsonObject): void;
  addTax(fields: JsonObject): number;
  /** Locks everything on or before the day; null unlocks. */
  setLockDate(day: string | null): void;
  /** The account's settings for new invoices. */
  setDefaults(defaults: Partial<InvoiceDefaults>): void;
  setClientLimit(limit: number | null): void;
}

export function byHand(state: State, account: Account): ByHand {
  const call = (body: JsonObject): Call => ({ state, account, query: new URLSearchParams(), body });
  const add = (resource: Resource, key: string, fields: JsonObject): number =>
    idOf(resource.create?.(call({ [key]: fields }))[key]);
  const edit = (
    resource: Resource,
    change: { readonly key: string; readonly id: number },
    fields: JsonObject,
  ): void => {
    resource.update?.(call({ [change.key]: fields }), change.id);
  };
  return {
    addClient: (fields) => add(clients, 'client', fields),
    editClient: (id, fields) => edit(clients, { key: 'client', id }, fields),
    addInvoice: (fields) => add(invoices, 'invoice', fields),
    editInvoice: (id, fields) => edit(invoices, { key: 'invoice', id }, fields),
    renumberInvoice: (id, number) => edit(invoices, { key: 'invoice', id }, { invoice_number: number }),
    deleteInvoice: (id) => edit(invoices, { key: 'invoice', id }, { vis_state: 1 }),
    archiveInvoice: (id) => edit(invoices, { key: 'invoice', id }, { vis_state: 2 }),
    viewInvoice: (id) => {
      const invoice = findInvoice(account, id);
      if (invoice.status === 2) invoice.status = 3;
      touch(state, invoice);
    },
    addPayment: (fields) => add(payments, 'payment', fields),
    editPayment: (id, fields) => edit(payments, { key: 'payment', id }, fields),
    deletePayment: (id) => edit(payments, { key: 'payment', id }, { vis_state: 1 }),
    addCreditNote: (fields) => add(creditNotes, 'credit_note', fields),
    addExpense: (fields) => add(expenses, 'expense', fields),
    editExpense: (id, fields) => edit(expenses, { key: 'expense', id }, fields),
    addTax: (fields) => add(taxes, 'tax', fields),
    setLockDate: (day) => {
      account.lockedThrough = day;
    },
    setDefaults: (defaults) => {
      account.defaults = { ...account.defaults, ...defaults };
    },
    setClientLimit: (limit) => {
      account.clientLimit = limit;
    },
  };
}

function idOf(created: Json | undefined): number {
  const { id } = Object(created);
  if (typeof id !== 'number')
    throw new Error(`Cannot read the id of what was added: ${JSON.stringify(created)}`);
  return id;
}

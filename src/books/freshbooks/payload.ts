import type { Lossless } from '#core/json.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { unreadable } from '#net/request.ts';
import type { Answer } from '#net/request.ts';
import { isObject, listIn, objectIn, textIn } from './json.ts';
import type { JsonObject } from './json.ts';

/**
 * What we read of FreshBooks' objects. An object without an id, or a field of another form than recorded, is an answer
 * that cannot be read: nothing is guessed. Amounts may have any number of decimals.
 */
export interface ReadInvoice {
  readonly id: string;
  readonly number: string;
  readonly poNumber: string;
  readonly notes: string;
  readonly clientId: string;
  readonly issuedOn: string;
  readonly currency: string;
  readonly isDraft: boolean;
  /** Its date is on or before the account's lock date. */
  readonly isLocked: boolean;
  readonly visibility: Visibility;
  /** Absent when the amount is in no known currency or not exact: only a row that matters is asked for it. */
  readonly total: Money | undefined;
  readonly outstanding: Money | undefined;
  /** Absent when the answer does not show them. */
  readonly lines: readonly ReadLine[] | undefined;
  /** What FreshBooks would do to the buyer by itself. */
  readonly chasing: Chasing;
}

/** Decimals are without zeros that say nothing ("4.00" is "4"), so that equal lines are equal texts. */
export interface ReadLine {
  readonly name: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitCost: string;
  readonly currency: string;
  readonly taxes: readonly { readonly name: string; readonly percent: string }[];
}

export type Visibility = 'active' | 'deleted' | 'archived';

export interface Chasing {
  /** What is switched on, in words. */
  readonly by: readonly string[];
  /** Keys that the answer lacks, though they may have been asked for. */
  readonly untold: readonly string[];
}

export interface ReadPayment {
  readonly id: string;
  readonly invoiceId: string;
  readonly amount: Money | undefined;
  readonly paidOn: string;
  readonly type: string;
  readonly note: string;
  /** The part that was too much became this credit note. */
  readonly overpaymentId: string;
  readonly visibility: Visibility;
}

export interface ReadExpense {
  readonly id: string;
  readonly amount: Money | undefined;
  readonly spentOn: string;
  readonly vendor: string;
  readonly notes: string;
  readonly taxes: readonly { readonly name: string; readonly amount: Money | undefined }[];
  readonly visibility: Visibility;
}

export interface ReadCreditNote {
  readonly id: string;
  readonly number: string;
  readonly clientId: string;
  readonly issuedOn: string;
  /** "goodwill", "prepayment", "overpayment"; empty where it is not told. */
  readonly type: string;
  readonly total: Money | undefined;
  readonly notes: string;
  readonly visibility: Visibility;
}

export interface ReadClient {
  readonly id: string;
  readonly email: string;
  readonly note: string;
  readonly visibility: Visibility;
  readonly fields: JsonObject;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly isLast: boolean;
}

export const PER_PAGE = 100;

/** `asked` is the id of the one that it must be; so below. */
export function invoiceIn(result: JsonObject, answer: Answer, asked?: string): ReadInvoice {
  return theOne(readInvoice(need(result, 'invoice', answer), answer), { asked, answer });
}

export function paymentIn(result: JsonObject, answer: Answer, asked?: string): ReadPayment {
  return theOne(readPayment(need(result, 'payment', answer), answer), { asked, answer });
}

export function clientIn(result: JsonObject, answer: Answer): ReadClient {
  return readClient(need(result, 'client', answer), answer);
}

export function expenseIn(result: JsonObject, answer: Answer): ReadExpense {
  return readExpense(need(result, 'expense', answer), answer);
}

/** The key of one is singular, that of the list plural. */
export function creditNoteIn(result: JsonObject, answer: Answer, asked?: string): ReadCreditNote {
  return theOne(readCreditNote(need(result, 'credit_note', answer), answer), { asked, answer });
}

export function expensesIn(result: JsonObject, answer: Answer): Page<ReadExpense> {
  return pageOf({ result, answer, key: 'expenses' }, readExpense);
}

export function creditNotesIn(result: JsonObject, answer: Answer): Page<ReadCreditNote> {
  return pageOf({ result, answer, key: 'credit_notes' }, readCreditNote);
}

export function invoicesIn(result: JsonObject, answer: Answer): Page<ReadInvoice> {
  return pageOf({ result, answer, key: 'invoices' }, readInvoice);
}

export function paymentsIn(result: JsonObject, answer: Answer): Page<ReadPayment> {
  return pageOf({ result, answer, key: 'payments' }, readPayment);
}

export function clientsIn(result: JsonObject, answer: Answer): Page<ReadClient> {
  return pageOf({ result, answer, key: 'clients' }, readClient);
}

/** The amount that must be there for us to go on. */
export function needAmount(amount: Money | undefined, what: string, answer: Answer): Money {
  if (amount === undefined) {
    throw unreadable(answer, `has no exact amount of ${what} in a known currency`);
  }
  return amount;
}

/** An answer about another object says nothing of the one that was asked for. */
function theOne<Row extends { readonly id: string }>(
  row: Row,
  { asked, answer }: { readonly asked: string | undefined; readonly answer: Answer },
): Row {
  if (asked !== undefined && row.id !== asked) {
    throw unreadable(answer, `is about ${row.id} and not ${asked}`);
  }
  return row;
}

function readInvoice(value: JsonObject, answer: Answer): ReadInvoice {
  return {
    id: idIn(value, ['id', 'invoiceid'], answer),
    number: textIn(value, 'invoice_number'),
    poNumber: textIn(value, 'po_number').trim(),
    notes: textIn(value, 'notes'),
    clientId: textIn(value, 'customerid'),
    issuedOn: textIn(value, 'create_date').slice(0, 10),
    currency: textIn(value, 'currency_code') || textIn(objectIn(value, 'amount') ?? {}, 'code'),
    isDraft: isDraft(value, answer),
    isLocked: !['', 'unlocked'].includes(textIn(value, 'lock_status')),
    visibility: visibilityIn(value, answer),
    total: amountIn(value, 'amount'),
    outstanding: amountIn(value, 'outstanding'),
    lines: Array.isArray(value['lines']) ? listIn(value, 'lines').filter(isObject).map(readLine) : undefined,
    chasing: chasingIn(value),
  };
}

function readLine(value: JsonObject): ReadLine {
  const cost = objectIn(value, 'unit_cost') ?? {};
  const taxes = ['1', '2'].map((place) => ({
    name: textIn(value, `taxName${place}`),
    percent: plainDecimal(textIn(value, `taxAmount${place}`)),
  }));
  return {
    name: textIn(value, 'name'),
    description: textIn(value, 'description'),
    quantity: plainDecimal(textIn(value, 'qty')),
    unitCost: plainDecimal(textIn(cost, 'amount')),
    currency: textIn(cost, 'code'),
    taxes: taxes.filter((tax) => tax.name !== ''),
  };
}

/** "4", "4.0" and "04.00" are one; what is no decimal stays as it is. */
export function plainDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
  if (whole === '') {
    return text;
  }
  const size = fraction === '' ? whole : `${whole}.${fraction}`;
  return size === '0' ? size : sign + size;
}

function readExpense(value: JsonObject, answer: Answer): ReadExpense {
  const taxes = ['1', '2'].map((place) => ({
    name: textIn(value, `taxName${place}`),
    amount: amountIn(value, `taxAmount${place}`),
  }));
  return {
    id: idIn(value, ['id', 'expenseid'], answer),
    amount: amountIn(value, 'amount'),
    spentOn: textIn(value, 'date').slice(0, 10),
    vendor: textIn(value, 'vendor'),
    notes: textIn(value, 'notes'),
    taxes: taxes.filter((tax) => tax.name !== ''),
    visibility: visibilityIn(value, answer),
  };
}

function readCreditNote(value: JsonObject, answer: Answer): ReadCreditNote {
  return {
    id: idIn(value, ['id', 'creditid'], answer),
    number: textIn(value, 'credit_number'),
    clientId: textIn(value, 'clientid'),
    issuedOn: textIn(value, 'create_date').slice(0, 10),
    type: textIn(value, 'credit_type'),
    total: amountIn(value, 'amount'),
    notes: textIn(value, 'notes'),
    visibility: visibilityIn(value, answer),
  };
}

function readPayment(value: JsonObject, answer: Answer): ReadPayment {
  return {
    id: idIn(value, ['id', 'logid'], answer),
    invoiceId: textIn(value, 'invoiceid'),
    amount: amountIn(value, 'amount'),
    paidOn: textIn(value, 'date').slice(0, 10),
    type: textIn(value, 'type'),
    note: textIn(value, 'note'),
    overpaymentId: textIn(value, 'overpaymentid'),
    visibility: visibilityIn(value, answer),
  };
}

function readClient(value: JsonObject, answer: Answer): ReadClient {
  return {
    id: idIn(value, ['id', 'userid'], answer),
    email: textIn(value, 'email').trim(),
    note: textIn(value, 'note'),
    visibility: visibilityIn(value, answer),
    fields: value,
  };
}

function pageOf<Row>(
  { result, answer, key }: { result: JsonObject; answer: Answer; key: string },
  read: (value: JsonObject, answer: Answer) => Row,
): Page<Row> {
  if (!Array.isArray(result[key])) {
    throw unreadable(answer, `has no list "${key}"`);
  }
  const rows = listIn(result, key).map((row) => {
    if (!isObject(row)) {
      throw unreadable(answer, `has a row in "${key}" that is no object`);
    }
    return read(row, answer);
  });
  const [page, pages] = [Number(textIn(result, 'page')), Number(textIn(result, 'pages'))];
  const isCounted = Number.isSafeInteger(page) && page > 0 && Number.isSafeInteger(pages);
  // Rows that we may not read are counted but left out, so a page that is not full proves nothing by itself.
  return { rows, isLast: rows.length === 0 || (isCounted ? page >= pages : rows.length < PER_PAGE) };
}

function need(result: JsonObject, key: string, answer: Answer): JsonObject {
  const value = objectIn(result, key);
  if (value === undefined) {
    throw unreadable(answer, `has no "${key}"`);
  }
  return value;
}

/** Ids stay far below 2^53, and FreshBooks takes them as numbers only: another could not be named to it. */
export const NUMERIC_ID = /^\d{1,15}$/;

function idIn(value: JsonObject, keys: readonly string[], answer: Answer): string {
  const id = keys.map((key) => textIn(value, key)).find((text) => NUMERIC_ID.test(text));
  if (id === undefined) {
    throw unreadable(answer, `has an object without a numeric "${keys[0] ?? 'id'}"`);
  }
  return id;
}

/** Status 1 is a draft; the texts are asked only when the number is missing. */
function isDraft(value: JsonObject, answer: Answer): boolean {
  const status = textIn(value, 'status') || textIn(value, 'v3_status') || textIn(value, 'display_status');
  if (status === '') {
    throw unreadable(answer, 'has an invoice without "status"');
  }
  return status === '1' || status === 'draft';
}

const VISIBILITIES: Readonly<Record<string, Visibility>> = {
  '': 'active',
  '0': 'active',
  '1': 'deleted',
  '2': 'archived',
};

function visibilityIn(value: JsonObject, answer: Answer): Visibility {
  const state = textIn(value, 'vis_state');
  const visibility = VISIBILITIES[state];
  if (visibility === undefined) {
    throw unreadable(answer, `has an unknown "vis_state" ${state}`);
  }
  return visibility;
}

function amountIn(value: JsonObject, key: string): Money | undefined {
  const amount = objectIn(value, key);
  if (amount === undefined) {
    return undefined;
  }
  try {
    return money.parse(textIn(amount, 'amount'), textIn(amount, 'code'));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) {
      return undefined;
    }
    throw thrown;
  }
}

/** Reminders, late fee and gateways are told only when they were asked for; auto-bill is always told. */
function chasingIn(value: JsonObject): Chasing {
  const by = [
    listIn(value, 'late_reminders').some(isEnabled) ? 'payment reminders' : '',
    isEnabled(value['late_fee']) ? 'a late fee' : '',
    listIn(value, 'allowed_gateways').length > 0 ? 'online payment' : '',
    value['auto_bill'] === true ? 'automatic billing' : '',
  ];
  return {
    by: by.filter((name) => name !== ''),
    untold: ['late_reminders', 'late_fee', 'allowed_gateways'].filter((key) => !(key in value)),
  };
}

/** Switched on unless it says otherwise. */
function isEnabled(value: Lossless | undefined): boolean {
  return isObject(value) && Object.keys(value).length > 0 && value['enabled'] !== false;
}

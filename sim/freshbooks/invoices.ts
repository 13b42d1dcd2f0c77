// Invoices (docs/vendors/freshbooks.md section 3). What an invoice's status means stands in invoice-state.ts.

import { ZERO, type Decimal } from './arithmetic.ts';
import { findLiveClient, findPerson } from './invoice-client.ts';
import { invoiceJson } from './invoice-json.ts';
import {
  outstandingMinor,
  paidMinor,
  refuseIfLocked,
  settleStatus,
  today,
  touch,
  v3Status,
} from './invoice-state.ts';
import { date, flag, integer, notANumber, objects, percent, text, type Fields } from './fields.ts';
import { isList, type JsonObject } from './json.ts';
import { linesField, totalsFor } from './lines.ts';
import { checkNumber, nextNumber } from './numbers.ts';
import { lateFeeField, remindersField } from './reminder-fields.ts';
import { notFound, readOnly, refused } from './refusal.ts';
import {
  bodyFields,
  idFilters,
  includes,
  listPage,
  need,
  rangeFilters,
  updatedFilters,
  visStateField,
  type Call,
  type Filter,
  type Resource,
} from './resource.ts';
import {
  nextId,
  randomUuid,
  type Account,
  type Client,
  type Invoice,
  type InvoiceStatus,
  type LateFee,
  type Line,
  type Reminder,
  type VisState,
} from './state.ts';

export const invoices: Resource = {
  scope: 'invoices',
  list: (call) =>
    listPage<Invoice>(call, {
      key: 'invoices',
      rows: call.account.invoices.values(),
      id: (invoice) => invoice.id,
      visState: (invoice) => (isDeletedButSearched(call, invoice) ? 0 : invoice.visState),
      filters: filters(call),
      sorts: { invoice_date: (invoice) => invoice.createdOn },
      render: (invoice) => invoiceJson(call, invoice, { includes: (name) => includes(call, name) }),
    }),
  get: (call, id) => ({
    invoice: invoiceJson(call, findInvoice(call.account, id), { includes: (name) => includes(call, name) }),
  }),
  create: (call) => writtenJson(call, createInvoice(call)),
  update: (call, id) => {
    const invoice = findInvoice(call.account, id);
    updateInvoice(call, invoice);
    return writtenJson(call, invoice);
  },
  remove: (call, id) => {
    updateInvoice({ ...call, body: { invoice: { vis_state: 1 } } }, findInvoice(call.account, id));
  },
};

/** Text fields that may be written; what is left out on create comes from the client or is empty. */
const writableTexts = [
  'address',
  'street',
  'street2',
  'city',
  'province',
  'code',
  'country',
  'organization',
  'fname',
  'lname',
  'vat_name',
  'vat_number',
  'notes',
  'terms',
  'po_number',
  'language',
  'template',
  'discount_description',
  'payment_details',
];
const nullableTexts = ['terms', 'po_number', 'discount_description'];
const writableFlags = ['auto_bill', 'show_attachments', 'attach_pdf_to_email'];

/** Everything a body says about an invoice, read and checked before anything changes. */
interface Written {
  readonly customerId: number | undefined;
  readonly createdOn: string | undefined;
  readonly number: string | undefined;
  readonly dueOffsetDays: number | undefined;
  readonly currency: string | undefined;
  readonly discountPercent: Decimal | undefined;
  readonly lines: readonly Line[] | undefined;
  readonly texts: ReadonlyMap<string, string | null>;
  readonly flags: ReadonlyMap<string, boolean>;
  readonly status: InvoiceStatus | undefined;
  readonly fulfilledOn: string | undefined;
  readonly reminders: readonly Reminder[] | undefined;
  readonly lateFee: LateFee | null | undefined;
  readonly gateways: readonly string[] | undefined;
  readonly visState: VisState | undefined;
  readonly isMarkedAsSent: boolean;
  readonly emailTo: readonly string[] | undefined;
}

export function findInvoice(account: Account, id: number): Invoice {
  const invoice = account.invoices.get(id);
  if (invoice === undefined)
    throw notFound({ object: 'invoice', field: 'invoiceid', title: 'Invoice' }, String(id));
  return invoice;
}

function writtenJson(call: Call, invoice: Invoice): JsonObject {
  const isHonoured = call.state.switches.includesOnWrite === 'honoured';
  return { invoice: invoiceJson(call, invoice, { includes: (name) => isHonoured && includes(call, name) }) };
}

function createInvoice(call: Call): Invoice {
  const { account, state } = call;
  const { switches } = state;
  const fields = bodyFields(call, 'invoice');
  const customerId = need(integer(fields, 'customerid'), fields, 'customerid');
  const createdOn = need(date(fields, 'create_date'), fields, 'create_date');
  const client = findLiveClient(call, customerId);
  const currency = text(fields, 'currency_code') || client.currency;
  const written = readInvoice(call, fields, { currency, standing: [] });
  if (switches.createInLockedPeriod === 'refused')
    refuseIfLocked(call, { object: 'invoice', field: 'create_date' }, createdOn);
  if (written.number !== undefined) checkNumber(written.number, { account, switches });
  if (written.status !== undefined && switches.createWithStatus === 'refused')
    throw readOnly('invoice', 'status');
  const lines = written.lines ?? [];
  const discountPercent = written.discountPercent ?? ZERO;
  const now = state.clock.now();
  const draft: Omit<Invoice, 'id'> = {
    uuid: randomUuid(state),
    number: written.number ?? nextNumber(account),
    customerId,
    createdOn,
    dueOffsetDays: written.dueOffsetDays ?? account.defaults.dueOffsetDays,
    currency,
    texts: { ...snapshot(client), ...Object.fromEntries(written.texts) },
    flags: {
      auto_bill: false,
      show_attachments: true,
      attach_pdf_to_email: false,
      ...Object.fromEntries(written.flags),
    },
    discountPercent,
    lines,
    totals: totalsFor(lines, discountPercent, { currency, switches, object: 'invoice' }),
    status: switches.createWithStatus === 'honoured' ? (written.status ?? 1) : 1,
    fulfilledOn: written.fulfilledOn ?? null,
    ...chasing(call, client, written),
    remindersSent: new Set(),
    lateFeeCount: 0,
    createdAt: now,
    updatedAt: now,
    version: '',
    visState: written.visState ?? 0,
  };
  const invoice: Invoice = { ...draft, id: nextId(state, 'invoice') };
  touch(state, invoice);
  account.invoices.set(invoice.id, invoice);
  account.events.push({ name: 'invoice.create', objectId: invoice.id });
  if (switches.actionsOnCreate === 'honoured') act(call, invoice, written);
  return invoice;
}

/** Reminders, late fee and gateways of a new invoice: as written, else the client's own, else the account's. */
function chasing(
  call: Call,
  client: Client,
  written: Written,
): Pick<Invoice, 'reminders' | 'lateFee' | 'gateways'> {
  const { defaults } = call.account;
  const { switches } = call.state;
  const lateFee = switches.lateFeeOnInvoice === 'honoured' ? written.lateFee : undefined;
  return {
    reminders:
      (switches.remindersOnInvoice === 'honoured' ? written.reminders : undefined) ??
      client.reminders ??
      defaults.reminders,
    lateFee: lateFee === undefined ? (client.lateFee ?? defaults.lateFee) : lateFee,
    gateways: (switches.gatewaysOnInvoice === 'honoured' ? written.gateways : undefined) ?? defaults.gateways,
  };
}

function updateInvoice(call: Call, invoice: Invoice): void {
  const fields = bodyFields(call, 'invoice');
  refuseLockedEdit(call, invoice, fields);
  const written = readInvoice(call, fields, {
    currency: text(fields, 'currency_code') || invoice.currency,
    standing: invoice.lines,
  });
  if (written.customerId !== undefined && written.customerId !== invoice.customerId)
    findLiveClient(call, written.customerId);
  if (written.number !== undefined)
    checkNumber(written.number, { account: call.account, switches: call.state.switches }, invoice);
  const lines = written.lines ?? invoice.lines;
  const discountPercent = written.discountPercent ?? invoice.discountPercent;
  const currency = written.currency ?? invoice.currency;
  const totals = totalsFor(lines, discountPercent, {
    currency,
    switches: call.state.switches,
    object: 'invoice',
  });
  if (written.lines !== undefined) refuseNewLines(call, invoice, totals.total);

  Object.assign(invoice, { lines, discountPercent, currency, totals });
  invoice.customerId = written.customerId ?? invoice.customerId;
  invoice.createdOn = written.createdOn ?? invoice.createdOn;
  invoice.number = written.number ?? invoice.number;
  invoice.dueOffsetDays = written.dueOffsetDays ?? invoice.dueOffsetDays;
  invoice.fulfilledOn = written.fulfilledOn ?? invoice.fulfilledOn;
  invoice.visState = written.visState ?? invoice.visState;
  if (written.status !== undefined) invoice.status = written.status;
  for (const [name, value] of written.texts) invoice.texts[name] = value;
  for (const [name, value] of written.flags) invoice.flags[name] = value;
  changeChasing(call, invoice, written);
  act(call, invoice, written);
  settleStatus(call.account, invoice);
  touch(call.state, invoice);
  call.account.events.push({
    name: written.visState === 1 ? 'invoice.delete' : 'invoice.update',
    objectId: invoice.id,
  });
}

/** On or before the lock date nothing may be edited, sent or deleted; only a draft may still be deleted. */
function refuseLockedEdit(call: Call, invoice: Invoice, fields: Fields): void {
  const isDraftDeletion =
    invoice.status === 1 && Object.keys(fields.values).every((name) => name === 'vis_state');
  if (isDraftDeletion) return;
  const place = { object: 'invoice', field: 'create_date' };
  refuseIfLocked(call, place, invoice.createdOn);
  refuseIfLocked(call, place, date(fields, 'create_date') ?? invoice.createdOn);
}

/** By switches, a sent invoice keeps its lines, or a total does not go below what is paid; neither error was ever seen. */
function refuseNewLines({ account, state }: Call, invoice: Invoice, total: bigint): void {
  const { sentLines, totalBelowPaid } = state.switches;
  const place = { field: 'lines', object: 'invoice' };
  if (sentLines === 'refused' && invoice.status !== 1)
    throw refused(422, { errno: 1004, message: 'The lines of a sent invoice cannot be changed.', ...place });
  if (totalBelowPaid === 'refused' && total < paidMinor(account, invoice))
    throw refused(422, { errno: 1040, message: 'The total must not be less than what is paid.', ...place });
}

function changeChasing(call: Call, invoice: Invoice, written: Written): void {
  const { switches } = call.state;
  if (written.reminders !== undefined && switches.remindersOnInvoice === 'honoured')
    invoice.reminders = written.reminders;
  if (written.lateFee !== undefined && switches.lateFeeOnInvoice === 'honoured')
    invoice.lateFee = written.lateFee;
  if (written.gateways !== undefined && switches.gatewaysOnInvoice === 'honoured')
    invoice.gateways = written.gateways;
}

/** `action_mark_as_sent` and `action_email`: both take a draft out of draft and date its fulfilment. */
function act(call: Call, invoice: Invoice, written: Written): void {
  if (!written.isMarkedAsSent && written.emailTo === undefined) return;
  if (invoice.status === 1) {
    invoice.status = 2;
    invoice.fulfilledOn = written.fulfilledOn ?? today(call);
  }
  settleStatus(call.account, invoice);
  if (written.emailTo === undefined) return;
  const to =
    written.emailTo.length > 0 ? written.emailTo : findPerson(call.account, invoice.customerId).emails;
  const subject = `Invoice ${invoice.number} from ${call.account.name}`;
  call.state.outbox.push({
    at: call.state.clock.now(),
    kind: 'invoice',
    accountId: call.account.id,
    invoiceId: invoice.id,
    to,
    subject,
  });
  call.account.events.push({ name: 'invoice.sendByEmail', objectId: invoice.id });
}

function readInvoice(
  call: Call,
  fields: Fields,
  lines: { readonly currency: string; readonly standing: readonly Line[] },
): Written {
  if (Object.hasOwn(fields.values, 'due_date')) throw readOnly('invoice', 'due_date');
  const { account, state } = call;
  const texts = new Map<string, string | null>();
  for (const name of writableTexts) {
    const value = text(fields, name);
    if (value !== undefined) texts.set(name, value ?? (nullableTexts.includes(name) ? null : ''));
  }
  const flags = new Map<string, boolean>();
  for (const name of writableFlags) {
    const value = flag(fields, name);
    if (value !== undefined) flags.set(name, value);
  }
  return {
    customerId: integer(fields, 'customerid'),
    createdOn: date(fields, 'create_date'),
    number: text(fields, 'invoice_number') || undefined,
    dueOffsetDays: integer(fields, 'due_offset_days'),
    currency: text(fields, 'currency_code') || undefined,
    discountPercent: percent(fields, 'discount_value'),
    lines: linesField(fields, { state, account, ...lines }),
    texts,
    flags,
    status: statusField(fields),
    fulfilledOn: date(fields, 'fulfillment_date'),
    reminders: remindersField(fields, 'late_reminders'),
    lateFee: lateFeeField(fields, 'late_fee'),
    gateways: objects(fields, 'allowed_gateways')?.map(
      (gateway) => text({ ...fields, values: gateway }, 'gateway_name') ?? '',
    ),
    visState: visStateField(integer(fields, 'vis_state')),
    isMarkedAsSent: flag(fields, 'action_mark_as_sent') ?? false,
    emailTo: (flag(fields, 'action_email') ?? false) ? recipients(fields) : undefined,
  };
}

/** Strings answer errno 1015 and 4 to 8 a message of their own [LIVE]; the latter's errno was not recorded. */
function statusField(fields: Fields): InvoiceStatus | undefined {
  const value = fields.values['status'];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw notANumber(fields, 'status');
  if (value === 0 || value === 1 || value === 2 || value === 3) return value;
  const message = "Status must be one of 'draft', 'sent', 'viewed' or 'disputed'.";
  throw refused(422, { errno: 1004, message, field: 'status', object: 'invoice', value: String(value) });
}

function recipients(fields: Fields): readonly string[] {
  const list = fields.values['email_recipients'];
  return isList(list) ? list.filter((entry) => typeof entry === 'string') : [];
}

/** The client as he is now, copied onto the invoice. */
function snapshot(client: Client): Record<string, string | null> {
  const copied = {
    street: 'p_street',
    street2: 'p_street2',
    city: 'p_city',
    province: 'p_province',
    code: 'p_code',
    country: 'p_country',
  };
  const own = Object.entries(copied).map(([name, from]) => [name, client.texts[from] ?? '']);
  const { fname = '', lname = '', organization = '', vat_name, vat_number, language = 'en' } = client.texts;
  return {
    ...Object.fromEntries(own),
    fname,
    lname,
    organization,
    vat_name: vat_name ?? '',
    vat_number: vat_number ?? '',
    language,
    address: '',
    notes: '',
    terms: null,
    po_number: null,
    template: 'clean-grouped',
    discount_description: null,
    payment_details: '',
  };
}

function filters(call: Call): Record<string, Filter<Invoice>> {
  const { account, state } = call;
  const { switches } = state;
  return {
    ...idFilters('invoiceid', (invoice) => invoice.id),
    ...idFilters('customerid', (invoice) => invoice.customerId),
    ...rangeFilters<Invoice>('date', (invoice) => invoice.createdOn, switches),
    ...updatedFilters<Invoice>(switches),
    v3_status: (invoice, [value = '']) => v3Status(call, invoice) === value,
    paid: (invoice, [value = '']) =>
      String(paidMinor(account, invoice) > 0n && outstandingMinor(account, invoice) <= 0n) === value,
    outstanding: (invoice, [value = '']) => String(outstandingMinor(account, invoice) > 0n) === value,
    ...(switches.numberSearch === 'ignored'
      ? {}
      : {
          invoice_number: (invoice: Invoice, [value = '']: readonly string[]) =>
            isNumberFound(call, invoice, value),
        }),
  };
}

function isNumberFound(call: Call, invoice: Invoice, value: string): boolean {
  return call.state.switches.numberSearch === 'contains'
    ? invoice.number.includes(value)
    : invoice.number === value;
}

function isDeletedButSearched(call: Call, invoice: Invoice): boolean {
  const value = call.query.get('search[invoice_number]');
  const { numberSearch, numberSearchFindsDeleted } = call.state.switches;
  return (
    numberSearchFindsDeleted &&
    numberSearch !== 'ignored' &&
    value !== null &&
    isNumberFound(call, invoice, value)
  );
}

// Payments (docs/vendors/freshbooks.md section 4). Equal payments are accepted twice. More than what is outstanding is
// not refused: the payment is cut to what is open and the rest becomes a credit note.

import { moneyJson, minorField } from './amounts.ts';
import { easternTime } from './calendar.ts';
import { overpaymentCredit, remainingMinor } from './credit-notes.ts';
import { date, flag, integer, text, type Fields } from './fields.ts';
import type { JsonObject } from './json.ts';
import { findPerson } from './invoice-client.ts';
import { isLocked, outstandingMinor, refuseIfLocked, settleStatus, touch } from './invoice-state.ts';
import { invalidValue, notFound, refused } from './refusal.ts';
import {
  bodyFields,
  idFilters,
  listPage,
  need,
  rangeFilters,
  updatedFilters,
  visStateField,
  type Call,
  type Filter,
  type Resource,
} from './resource.ts';
import { nextId, type Account, type Invoice, type Payment } from './state.ts';
import type { Switches } from './switches.ts';

export const payments: Resource = {
  scope: 'payments',
  list: (call) =>
    listPage<Payment>(call, {
      key: 'payments',
      rows: call.account.payments.values(),
      id: (payment) => payment.id,
      visState: (payment) => payment.visState,
      filters: filters(call.state.switches),
      sorts: {},
      render: (payment) => paymentJson(call, payment),
    }),
  get: (call, id) => ({ payment: paymentJson(call, findPayment(call.account, id)) }),
  create: (call) => ({ payment: paymentJson(call, createPayment(call)) }),
  update: (call, id) => {
    const payment = findPayment(call.account, id);
    updatePayment(call, payment);
    return { payment: paymentJson(call, payment) };
  },
};

/** The types the vendor's own SDK lists; others ("Stripe", "Wire Transfer") are not valid [LIVE]. */
const paymentTypes = [
  'Check',
  'Credit',
  'Cash',
  'Bank Transfer',
  'Credit Card',
  'Debit',
  'PayPal',
  '2Checkout',
  'VISA',
  'MASTERCARD',
  'DISCOVER',
  'AMEX',
  'DINERS',
  'JCB',
  'ACH',
  'Other',
];

/** The spelling FreshBooks uses, whatever the case it was written in; undefined for a type that does not exist. */
export function paymentType(written: string): string | undefined {
  return paymentTypes.find((type) => type.toLowerCase() === written.toLowerCase());
}

function findPayment(account: Account, id: number): Payment {
  const payment = account.payments.get(id);
  if (payment === undefined)
    throw notFound({ object: 'payment', field: 'paymentid', title: 'Payment' }, String(id));
  return payment;
}

function createPayment(call: Call): Payment {
  const { account, state } = call;
  const fields = bodyFields(call, 'payment');
  const invoice = findPayable(call, need(integer(fields, 'invoiceid'), fields, 'invoiceid'));
  const written = need(amountField(fields, invoice.currency), fields, 'amount');
  const paidOn = need(date(fields, 'date'), fields, 'date');
  const type = typeField(fields) ?? 'Other';
  const creditId = integer(fields, 'creditid') ?? null;
  const isNotified = flag(fields, 'send_client_notification');
  refuseIfLocked(call, { object: 'payment', field: 'date' }, paidOn);
  refuseDraftPayment(call, invoice);
  if (type === 'Credit' && creditId !== null) refuseOverdraw(call, creditId, written);

  const { minor, excess } = split(written, outstandingMinor(account, invoice));
  const id = nextId(state, 'payment');
  const payment: Payment = {
    id,
    invoiceId: invoice.id,
    clientId: invoice.customerId,
    minor,
    currency: invoice.currency,
    date: paidOn,
    type,
    note: text(fields, 'note') ?? '',
    creditId,
    overpaymentId: excess > 0n ? overpaymentCredit(call, invoice, excess) : null,
    sendClientNotification: isNotified ?? null,
    updatedAt: state.clock.now(),
    visState: 0,
  };
  account.payments.set(id, payment);
  account.events.push({ name: 'payment.create', objectId: id });
  afterPayment(call, invoice);
  if (isNotified ?? state.switches.paymentNotificationDefault === 'sent') notify(call, invoice);
  return payment;
}

function updatePayment(call: Call, payment: Payment): void {
  const { account, state } = call;
  const fields = bodyFields(call, 'payment');
  const place = { object: 'payment', field: 'date' };
  const paidOn = date(fields, 'date') ?? payment.date;
  refuseIfLocked(call, place, payment.date);
  refuseIfLocked(call, place, paidOn);
  const written = amountField(fields, payment.currency);
  const type = typeField(fields) ?? payment.type;
  const note = text(fields, 'note');
  const visState = visStateField(integer(fields, 'vis_state'));
  const isNotified =
    flag(fields, 'send_client_notification') ?? state.switches.paymentNotificationDefault === 'sent';
  const invoice = account.invoices.get(payment.invoiceId);

  payment.date = paidOn;
  payment.type = type;
  if (note !== undefined) payment.note = note ?? '';
  payment.visState = visState ?? payment.visState;
  if (written !== undefined) {
    const open =
      invoice === undefined
        ? written
        : outstandingMinor(account, invoice) + (payment.visState === 1 ? 0n : payment.minor);
    const { minor, excess } = split(written, open);
    payment.minor = minor;
    if (excess > 0n && invoice !== undefined)
      payment.overpaymentId = overpaymentCredit(call, invoice, excess);
  }
  payment.updatedAt = state.clock.now();
  if (invoice !== undefined) afterPayment(call, invoice);
  // Harsh on purpose: nobody knows whether a change is told to the buyer.
  if (invoice !== undefined && isNotified) notify(call, invoice);
  account.events.push({ name: visState === 1 ? 'payment.delete' : 'payment.update', objectId: payment.id });
}

/** An invoice that a payment may name: it exists and is not deleted (422 with errno 1004 otherwise, inferred). */
function findPayable(call: Call, id: number): Invoice {
  const invoice = call.account.invoices.get(id);
  if (invoice === undefined || invoice.visState === 1)
    throw invalidValue({ object: 'payment', field: 'invoiceid' }, String(id));
  return invoice;
}

function amountField(fields: Fields, currency: string): bigint | undefined {
  const minor = minorField(fields, 'amount', currency);
  if (minor !== undefined && minor <= 0n && fields.switches.nonPositivePayment === 'refused') {
    const message = "The field 'amount' must be greater than zero.";
    throw refused(422, { errno: 1025, message, field: 'amount', object: 'payment', value: String(minor) });
  }
  return minor;
}

function typeField(fields: Fields): string | undefined {
  const written = text(fields, 'type');
  if (written === undefined || written === null) return undefined;
  const type = paymentType(written);
  if (type === undefined) throw invalidValue({ object: 'payment', field: 'type' }, written);
  return type;
}

/** A draft in a locked period cannot be paid, and by a switch no draft can. */
function refuseDraftPayment(call: Call, invoice: Invoice): void {
  if (invoice.status !== 1) return;
  const place = { object: 'payment', field: 'invoiceid' };
  if (isLocked(call.account, invoice.createdOn)) refuseIfLocked(call, place, invoice.createdOn);
  if (call.state.switches.paymentOnDraft === 'refused') throw invalidValue(place, String(invoice.id));
}

/** A credit must exist, belong to the account and still hold the amount. */
function refuseOverdraw(call: Call, creditId: number, minor: bigint): void {
  if (call.state.switches.creditPayment === 'plain') return;
  const credit = call.account.creditNotes.get(creditId);
  const isCovered =
    credit !== undefined && credit.visState !== 1 && remainingMinor(call.account, credit) >= minor;
  if (!isCovered) throw invalidValue({ object: 'payment', field: 'creditid' }, String(creditId));
}

/** Payments are cut to what is open; nothing open makes all of it excess. */
function split(minor: bigint, outstanding: bigint): { readonly minor: bigint; readonly excess: bigint } {
  const open = outstanding > 0n ? outstanding : 0n;
  return minor > open ? { minor: open, excess: minor - open } : { minor, excess: 0n };
}

function afterPayment(call: Call, invoice: Invoice): void {
  if (invoice.status === 1 && call.state.switches.paymentOnDraft === 'moves-out-of-draft') {
    const isPaid = [...call.account.payments.values()].some(
      (payment) => payment.invoiceId === invoice.id && payment.visState !== 1,
    );
    if (isPaid) invoice.status = 2;
  }
  settleStatus(call.account, invoice);
  touch(call.state, invoice);
}

function notify(call: Call, invoice: Invoice): void {
  const { account, state } = call;
  const to = findPerson(account, invoice.customerId).emails;
  const subject = `Payment received for invoice ${invoice.number}`;
  state.outbox.push({
    at: state.clock.now(),
    kind: 'payment-notice',
    accountId: account.id,
    invoiceId: invoice.id,
    to,
    subject,
  });
}

function filters(switches: Switches): Record<string, Filter<Payment>> {
  return {
    ...idFilters('logid', (payment) => payment.id),
    ...idFilters('invoiceid', (payment) => payment.invoiceId),
    ...idFilters('clientid', (payment) => payment.clientId),
    ...idFilters('customerid', (payment) => payment.clientId),
    ...rangeFilters<Payment>('date', (payment) => payment.date, switches),
    ...updatedFilters<Payment>(switches),
    type: (payment, [value = '']) => payment.type.toLowerCase() === value.toLowerCase(),
    currency: (payment, [value = '']) => payment.currency === value,
    notes: (payment, [value = '']) => payment.note.toLowerCase().includes(value.toLowerCase()),
    from_credit: (payment, [value = '']) => String(payment.type === 'Credit') === value,
  };
}

function paymentJson(call: Call, payment: Payment): JsonObject {
  return {
    accounting_systemid: call.account.id,
    amount: moneyJson(payment.minor, payment.currency, call.state.switches),
    bulk_paymentid: null,
    clientid: payment.clientId,
    creditid: payment.creditId,
    date: payment.date,
    from_credit: payment.type === 'Credit' && payment.creditId !== null,
    gateway: null,
    id: payment.id,
    invoiceid: payment.invoiceId,
    logid: payment.id,
    note: payment.note,
    orderid: null,
    overpaymentid: payment.overpaymentId,
    send_client_notification: payment.sendClientNotification,
    transaction_uuid: null,
    transactionid: null,
    type: payment.type,
    updated: easternTime(payment.updatedAt),
    vis_state: payment.visState,
  };
}

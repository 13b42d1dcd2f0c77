// What is true of an invoice at a moment: what was paid, what is open, which status it shows (docs/vendors/freshbooks.md
// section 3, "Status"), and whether its period is locked (bookkeeping section 6).
//
// States: a draft (1) becomes sent (2) when marked as sent, mailed or paid; sent becomes viewed (3) when the buyer looks;
// any of them becomes paid (4) when payments cover it, and sent again when they no longer do. Partial payment and being
// overdue are no states of their own: they show in v3_status and payment_status only. 0 is disputed.

import { addDays, dayIn } from './calendar.ts';
import { refused } from './refusal.ts';
import type { Account, Invoice, State } from './state.ts';

/** The account and the moment that an invoice is looked at. */
export interface View {
  readonly state: State;
  readonly account: Account;
}

export function paidMinor(account: Account, invoice: Invoice): bigint {
  let paid = 0n;
  for (const payment of account.payments.values()) {
    if (payment.invoiceId === invoice.id && payment.visState !== 1) paid += payment.minor;
  }
  return paid;
}

export function outstandingMinor(account: Account, invoice: Invoice): bigint {
  return invoice.totals.total - paidMinor(account, invoice);
}

export function dueOn(invoice: Invoice): string {
  return addDays(invoice.createdOn, invoice.dueOffsetDays);
}

/** Today in the business's own zone. */
export function today(view: View): string {
  return dayIn(view.state.clock.now(), view.account.timeZone);
}

/** Same-day due is not overdue; a sent invoice over 0.00 does turn overdue. */
export function v3Status(view: View, invoice: Invoice): string {
  switch (invoice.status) {
    case 0:
      return 'disputed';
    case 1:
      return 'draft';
    case 4:
      return 'paid';
    case 2:
    case 3: {
      if (dueOn(invoice) < today(view)) return 'overdue';
      if (paidMinor(view.account, invoice) > 0n) return 'partial';
      return invoice.status === 2 ? 'sent' : 'viewed';
    }
  }
}

/** `sent` stays when the invoice is paid. */
export function displayStatus(invoice: Invoice): string {
  switch (invoice.status) {
    case 1:
      return 'draft';
    case 3:
      return 'viewed';
    case 0:
    case 2:
    case 4:
      return 'sent';
  }
}

export function paymentStatus(account: Account, invoice: Invoice): string {
  const paid = paidMinor(account, invoice);
  if (paid <= 0n) return 'unpaid';
  return paid >= invoice.totals.total ? 'paid' : 'partial';
}

/** Brings the status in line after a payment came or went or the lines changed. Drafts are left to the caller. */
export function settleStatus(account: Account, invoice: Invoice): void {
  if (invoice.status === 0 || invoice.status === 1) return;
  const isPaid = paymentStatus(account, invoice) === 'paid';
  if (isPaid) invoice.status = 4;
  else if (invoice.status === 4) invoice.status = 2;
}

export function isLocked(account: Account, day: string): boolean {
  return account.lockedThrough !== null && day <= account.lockedThrough;
}

/** Refuses a change to something dated on or before the financial lock date. */
export function refuseIfLocked(
  view: View,
  place: { readonly object: string; readonly field: string },
  day: string,
): void {
  if (!isLocked(view.account, day)) return;
  const { status, errno, message } = view.state.switches.lockedPeriodError;
  throw refused(status, { errno, message, ...place, value: day });
}

/** The moment of a change, as `updated` and `version` show it. */
export function touch(state: State, record: { updatedAt: number; version: string }): void {
  record.updatedAt = state.clock.now();
  record.version = String(Math.floor(state.random() * 1000)).padStart(3, '0');
}

// What FreshBooks does by itself as time passes: reminders to buyers and late fees on invoices (docs/vendors and
// bookkeeping section 2). A client that leaves the account's defaults on finds its buyers mailed and its totals changed.

import { formatMinor, parseDecimal, percentOf, toMinor, ZERO } from './arithmetic.ts';
import { addDays } from './calendar.ts';
import { findPerson } from './invoice-client.ts';
import { dueOn, outstandingMinor, today, touch, type View } from './invoice-state.ts';
import { plainLine, totalsFor } from './lines.ts';
import { exponentOf, type Email, type Invoice, type LateFee } from './state.ts';

/** A repeating fee is added at most this often in one go, so that a clock moved by years ends. */
const FEES_PER_TICK_MAX = 24;

/** Sends every reminder and adds every late fee that is due now and was not before. A reminder missed while the
 * invoice was a draft is sent late rather than not at all (assumed). */
export function chase(view: View): void {
  for (const invoice of view.account.invoices.values()) {
    if (!isChased(view, invoice)) continue;
    remind(view, invoice);
    charge(view, invoice);
  }
}

/** Only invoices that were sent, stand and are open. */
function isChased(view: View, invoice: Invoice): boolean {
  const isSent = invoice.status === 2 || invoice.status === 3;
  return isSent && invoice.visState === 0 && outstandingMinor(view.account, invoice) > 0n;
}

function remind(view: View, invoice: Invoice): void {
  if (!findPerson(view.account, invoice.customerId).allowsReminders) return;
  for (const reminder of invoice.reminders) {
    const isDue = today(view) >= addDays(dueOn(invoice), reminder.delay);
    if (!reminder.enabled || !isDue || invoice.remindersSent.has(reminder.position)) continue;
    invoice.remindersSent.add(reminder.position);
    mail(view, invoice, {
      kind: 'reminder',
      subject: reminder.subject ?? `Reminder: invoice ${invoice.number}`,
    });
  }
}

function charge(view: View, invoice: Invoice): void {
  const fee = invoice.lateFee;
  const person = findPerson(view.account, invoice.customerId);
  if (fee === null || !fee.enabled || !person.allowsLateFees) return;
  for (let round = 0; round < FEES_PER_TICK_MAX && isFeeDue(view, invoice, fee); round += 1) {
    addFee(view, invoice, fee);
    mail(view, invoice, { kind: 'late-fee-notice', subject: `Late fee on invoice ${invoice.number}` });
  }
}

function isFeeDue(view: View, invoice: Invoice, fee: LateFee): boolean {
  if (invoice.lateFeeCount > 0 && !(fee.repeat && fee.days > 0)) return false;
  return today(view) >= addDays(dueOn(invoice), fee.days * (invoice.lateFeeCount + 1));
}

/** A percentage is taken of what is outstanding. */
function addFee(view: View, invoice: Invoice, fee: LateFee): void {
  const { account, state } = view;
  const exponent = exponentOf(invoice.currency, state.switches);
  const value = parseDecimal(fee.value) ?? ZERO;
  const base = { units: outstandingMinor(account, invoice), scale: exponent };
  const minor = toMinor(fee.type === 'percent' ? percentOf(base, value) : value, {
    exponent,
    half: state.switches.halfRounding,
  });
  const line = plainLine(
    { state, account, currency: invoice.currency, standing: invoice.lines },
    'Late Fee',
    minor,
  );
  const description = `Late fee of ${formatMinor(minor, exponent)} ${invoice.currency}`;
  invoice.lines = [...invoice.lines, { ...line, description }];
  invoice.totals = totalsFor(invoice.lines, invoice.discountPercent, {
    currency: invoice.currency,
    switches: state.switches,
    object: 'invoice',
  });
  invoice.lateFeeCount += 1;
  touch(state, invoice);
  account.events.push({ name: 'invoice.update', objectId: invoice.id });
}

function mail(view: View, invoice: Invoice, email: Pick<Email, 'kind' | 'subject'>): void {
  const to = findPerson(view.account, invoice.customerId).emails;
  view.state.outbox.push({
    at: view.state.clock.now(),
    accountId: view.account.id,
    invoiceId: invoice.id,
    to,
    ...email,
  });
}

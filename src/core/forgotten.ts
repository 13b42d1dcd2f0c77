import type { CreditNoteStep, ExpenseStep, InvoiceStep, LinesStep, PaymentChangeStep } from './document.ts';
import { referenceOf } from './ids.ts';
import { documentOf, numberOf } from './invoice-document.ts';
import type { Booked } from './ledger.ts';
import * as money from './money.ts';
import type { Order, Refund } from './order.ts';
import { firstOpenDay, isClosed } from './period.ts';
import { withPossibleLines } from './plan-terms.ts';
import type { Terms } from './plan-terms.ts';
import { balanced } from './account.ts';
import { worthNow } from './sale.ts';
import { everything, nextNumber } from './targets.ts';
import { localDate } from './time.ts';
import type { LocalDate } from './time.ts';

/**
 * What a ledger that was put back to an earlier state asks the books about an order before it plans anything upon what it
 * knows. Pure: the steps only name what to look for.
 */

/** The steps that would leave invoices and payments as this ledger knows them, to see whether they still stand so. */
export function asKnown(order: Order, booked: Booked): readonly (LinesStep | PaymentChangeStep)[] {
  const lines = (booked.lastSlots.lines ?? 0) + 1;
  const change = (booked.lastSlots['payment-change'] ?? 0) + 1;
  return [
    ...booked.invoices.map((invoice): LinesStep => ({
      kind: 'lines',
      slot: lines,
      reference: referenceOf(order.key, 'lines', lines),
      invoice: invoice.slot,
      document: invoice.document,
      from: invoice.amount,
      correction: invoice.correction ?? money.zero(invoice.document.currency),
    })),
    ...booked.payments.map(({ slot, amount }): PaymentChangeStep => ({
      kind: 'payment-change',
      slot: change,
      reference: referenceOf(order.key, 'payment-change', change),
      payment: slot,
      from: amount,
      to: amount,
    })),
  ];
}

/** Cancelled, voided, refunded or reduced to nothing. */
export function isNothingLeft(order: Order): boolean {
  return order.cancelledAt !== undefined || order.isVoided || worthNow(balanced(order)).minor <= 0n;
}

/** The invoice that would be made next: as the order was sold, whatever became of it since, or another beside those that stand. */
export function asNext(order: Order, booked: Booked, terms: Terms): InvoiceStep {
  const { rules } = withPossibleLines(terms, booked);
  const { number, variant } = nextNumber(order, booked, terms);
  const slot = (booked.lastSlots.invoice ?? 0) + 1;
  const heading = { number, issuedOn: localDate(order.placedAt, rules.timeZone ?? order.zone), remark: '' };
  const [first] = booked.invoices;
  return {
    kind: 'invoice',
    slot,
    reference: referenceOf(order.key, 'invoice', slot),
    document:
      first === undefined
        ? documentOf(order, everything([]), { rules, heading })
        : { ...first.document, number },
    variant,
  };
}

/** The same under a number so many further on: what was made and taken away again keeps its number in the books. */
export function numberedFurther(
  order: Order,
  step: InvoiceStep,
  { terms: { rules, naming }, further }: { readonly terms: Terms; readonly further: number },
): InvoiceStep {
  const variant = step.variant + further;
  const number = numberOf(order, rules, { ...naming, variant });
  return { ...step, variant, document: { ...step.document, number } };
}

/** What would have been made of each refund that is not booked here. */
export function asRefunded(
  order: Order,
  booked: Booked,
  terms: Terms,
): readonly (ExpenseStep | CreditNoteStep)[] {
  const unbooked = order.refunds.filter(
    ({ id, payouts }) =>
      payouts.length > 0 &&
      !booked.beside.some(({ refund }) => refund === id) &&
      !booked.invoices.some(({ document }) => document.refunds.includes(id)),
  );
  return unbooked.flatMap((refund) => besideSteps(order, { refund, booked, terms }));
}

function besideSteps(
  order: Order,
  { refund, booked, terms }: { readonly refund: Refund; readonly booked: Booked; readonly terms: Terms },
): readonly (ExpenseStep | CreditNoteStep)[] {
  const [first] = booked.invoices;
  if (first === undefined) {
    return [];
  }
  const day = bookedOn(order, refund, terms);
  const [expense, credit] = [(booked.lastSlots.expense ?? 0) + 1, (booked.lastSlots['credit-note'] ?? 0) + 1];
  return [
    {
      kind: 'expense',
      slot: expense,
      reference: referenceOf(order.key, 'expense', expense),
      refund: refund.id,
      amount: money.zero(order.currency),
      taxes: [],
      spentOn: day,
      category: '',
      invoiceNumber: first.document.number,
      note: '',
    },
    ...(booked.client === undefined
      ? []
      : [
          {
            kind: 'credit-note' as const,
            slot: credit,
            reference: referenceOf(order.key, 'credit-note', credit),
            refund: refund.id,
            document: { ...first.document, issuedOn: day },
          },
        ]),
  ];
}

/** The day that a refund was booked on, if it was. */
function bookedOn(order: Order, { payouts, at }: Refund, { rules }: Terms): LocalDate {
  const day = localDate(payouts[0]?.at ?? at, rules.timeZone ?? order.zone);
  return isClosed(day, rules) ? firstOpenDay(rules, day) : day;
}

import assert from 'node:assert/strict';
import { entry, terms } from './build.ts';
import type { DocumentLine, InvoiceDocument, PaymentStep, Step } from '#core/document.ts';
import { fold } from '#core/ledger.ts';
import type { Entry, Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Order } from '#core/order.ts';
import type { Naming } from '#core/invoice-document.ts';
import { plan } from '#core/plan.ts';
import type { Plan } from '#core/plan-terms.ts';
import type { Rules } from '#core/rules.ts';

/** A plan as a person reads it on paper. */

export const usd = (text: string) => money.parse(text, 'USD');
export const eur = (text: string) => money.parse(text, 'EUR');

export type Work = Extract<Plan, { outcome: 'work' }>;

export function work(
  order: Order,
  { entries = [], ...parts }: { entries?: readonly Entry[]; rules?: Rules; naming?: Naming } = {},
): Work {
  const planned = plan(order, fold(entries), terms(parts));
  assert(planned.outcome === 'work', 'there is something to book');
  return planned;
}

export function documentIn(planned: Work): InvoiceDocument {
  const step = planned.steps.find((step) => step.kind === 'invoice');
  assert(step?.kind === 'invoice', 'an invoice is planned');
  return step.document;
}

/** The invoice as it reads on paper. */
export function paper(document: InvoiceDocument): string[] {
  const written = ({ quantity, unitPrice, net, name, description, taxes }: DocumentLine): string => {
    const applied = taxes.map((tax) => `${tax.name} ${tax.ratePpm / 10_000} %`).join(' + ');
    assert.deepEqual(money.multiply(unitPrice, quantity), net, 'quantity times unit price is the net');
    return [
      `${quantity} x ${money.format(unitPrice)}`,
      name,
      ...(description === '' ? [] : [description]),
      applied === '' ? 'no tax' : applied,
    ].join(' | ');
  };
  return [
    ...document.lines.map(written),
    ...document.taxes.map((tax) => `${tax.name} ${tax.ratePpm / 10_000} % = ${money.format(tax.amount)}`),
    `Total ${money.show(document.total)}`,
  ];
}

export function invoiceOf(order: Order, rules?: Rules): string[] {
  return paper(documentIn(work(order, rules === undefined ? {} : { rules })));
}

export function payments(planned: Work): string[] {
  return planned.steps
    .filter((step): step is PaymentStep => step.kind === 'payment')
    .map(
      ({ slot, amount, paidOn, method, note }) =>
        `${slot}: ${money.show(amount)} on ${paidOn} by ${method} (${note})`,
    );
}

export function kinds(planned: Work): string[] {
  return planned.steps.map((step) => step.kind);
}

export function holds(planned: Work): string[] {
  return planned.holds.map((hold) => `${hold.step}: ${hold.code}`);
}

/** Every step as it stands once the books have confirmed it. */
export function posted(steps: readonly Step[], receipt: Partial<Receipt> = {}): Entry[] {
  return steps.map((step, index) => {
    const made = entry(step, { id: String(index + 1) });
    return step.kind === 'invoice'
      ? { ...made, receipt: { externalId: 'invoice-1', ...made.receipt, ...receipt } }
      : made;
  });
}

import type { DocumentLine, InvoiceDocument, PaymentStep } from '#core/document.ts';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Buyer } from '#core/order.ts';
import { parseLocalDate } from '#core/time.ts';
import type { Task } from '#pipeline/ports.ts';

/** Tasks for the books, with defaults that make one plausible order of a shop in Canada. */

export const ORDER = orderKey(connectionId('shopify'), '5001');

export function buyer(parts: Partial<Buyer> = {}): Buyer {
  return {
    customerId: '77',
    firstName: 'Ann',
    lastName: 'Bell',
    company: '',
    email: 'ann.bell+shop@example.com',
    phone: '+1 416 555 0100',
    address: {
      street: '1 King St',
      street2: 'Unit 4',
      city: 'Toronto',
      province: 'Ontario',
      postalCode: 'M5H 1A1',
      country: 'Canada',
    },
    ...parts,
  };
}

export function line(parts: Partial<DocumentLine> = {}): DocumentLine {
  const unitPrice = parts.unitPrice ?? money.parse('9.90', 'CAD');
  const quantity = parts.quantity ?? 3;
  return {
    key: 'item:1',
    kind: 'item',
    name: 'Maple cup (CUP-1)',
    description: '',
    quantity,
    unitPrice,
    net: money.multiply(unitPrice, quantity),
    taxes: [],
    ...parts,
  };
}

export function document(parts: Partial<InvoiceDocument> = {}): InvoiceDocument {
  const currency = parts.currency ?? 'CAD';
  const lines = parts.lines ?? [line()];
  const taxes = parts.taxes ?? [];
  return {
    number: 'SHOPIFY-1001',
    poNumber: 'SHOPIFY-ORDER-5001',
    issuedOn: parseLocalDate('2026-11-10'),
    dueOffsetDays: 15,
    currency,
    notes: 'Shopify order #1001 (id 5001)',
    terms: 'Record of order #1001 at shop.example. Not a request for payment.',
    lines,
    taxes,
    total: money.sum([...lines.map((part) => part.net), ...taxes.map((tax) => tax.amount)], currency),
    roundingLimit: money.money(2n, currency),
    ...parts,
  };
}

type TaskOf<Kind extends Task['kind']> = Extract<Task, { kind: Kind }>;

export function clientTask(
  parts: { readonly buyer?: Buyer; readonly policy?: 'customer' | 'channel' } = {},
): TaskOf<'client'> {
  return {
    kind: 'client',
    step: {
      kind: 'client',
      slot: 1,
      reference: referenceOf(ORDER, 'client', 1),
      policy: parts.policy ?? 'customer',
      channelName: 'Online customers - shop.example',
      customerId: '77',
      currency: 'CAD',
    },
    buyer: parts.buyer ?? buyer(),
  };
}

export function invoiceTask(
  parts: {
    readonly document?: InvoiceDocument;
    readonly buyer?: Buyer;
    readonly clientId?: string;
    readonly order?: typeof ORDER;
  } = {},
): TaskOf<'invoice'> {
  return {
    kind: 'invoice',
    step: {
      kind: 'invoice',
      slot: 1,
      reference: referenceOf(parts.order ?? ORDER, 'invoice', 1),
      document: parts.document ?? document(),
    },
    buyer: parts.buyer ?? buyer(),
    ...(parts.clientId === undefined ? {} : { clientId: parts.clientId }),
  };
}

export function sentTask(invoiceId: string): TaskOf<'sent'> {
  const reference = referenceOf(ORDER, 'sent', 1);
  return {
    kind: 'sent',
    step: { kind: 'sent', slot: 1, reference, fulfilledOn: parseLocalDate('2026-11-10') },
    invoiceId,
  };
}

export function linesTask(
  invoiceId: string,
  {
    from,
    correction,
    document: made = document(),
  }: { from: Money; correction: Money; document?: InvoiceDocument },
): TaskOf<'lines'> {
  const reference = referenceOf(ORDER, 'lines', 1);
  return {
    kind: 'lines',
    step: { kind: 'lines', slot: 1, reference, document: made, from, correction },
    invoiceId,
  };
}

export function paymentTask(
  invoiceId: string,
  parts: Partial<Omit<PaymentStep, 'kind' | 'reference'>> = {},
): TaskOf<'payment'> {
  const slot = parts.slot ?? 1;
  return {
    kind: 'payment',
    step: {
      kind: 'payment',
      slot,
      reference: referenceOf(ORDER, 'payment', slot),
      amount: money.parse('29.70', 'CAD'),
      paidOn: parseLocalDate('2026-11-10'),
      method: 'card',
      note: 'shopify_payments, transaction 9001',
      ...parts,
    },
    invoiceId,
  };
}

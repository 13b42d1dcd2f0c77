import type {
  DocumentLine,
  ExpenseStep,
  InvoiceDocument,
  PaymentStep,
  TaxTotal,
  TaxTreatment,
} from '#core/document.ts';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Buyer } from '#core/order.ts';
import { parseLocalDate } from '#core/time.ts';
import type { Receipt } from '#core/ledger.ts';
import type { LastWritten, Task } from '#pipeline/ports.ts';

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

/** A line whose taxes are charged at their rates, unless the document says what was charged of them. */
export function line(
  parts: Partial<Omit<DocumentLine, 'taxes'>> & { readonly taxes?: readonly TaxTreatment[] } = {},
): DocumentLine {
  const unitPrice = parts.unitPrice ?? money.parse('9.90', 'CAD');
  const quantity = parts.quantity ?? 3;
  const net = parts.net ?? money.multiply(unitPrice, quantity);
  return {
    key: 'item:1',
    kind: 'item',
    name: 'Maple cup (CUP-1)',
    description: '',
    quantity,
    unitPrice,
    net,
    ...parts,
    taxes: (parts.taxes ?? []).map((tax) => ({ ...tax, amount: money.atRate(net, tax.ratePpm, 'half-up') })),
  };
}

/** The first line under each tax bears all that was charged of it. */
function charged(lines: readonly DocumentLine[], taxes: readonly TaxTotal[]): DocumentLine[] {
  const isSame = (a: TaxTreatment, b: TaxTreatment): boolean => a.name === b.name && a.ratePpm === b.ratePpm;
  return lines.map((one, index) => ({
    ...one,
    taxes: one.taxes.map((tax) => {
      const total = taxes.find((candidate) => isSame(candidate, tax));
      const isFirst = !lines.slice(0, index).some((other) => other.taxes.some((each) => isSame(each, tax)));
      const none = money.zero(one.net.currency);
      return { ...tax, amount: isFirst ? (total?.amount ?? none) : none };
    }),
  }));
}

export function document(parts: Partial<InvoiceDocument> = {}): InvoiceDocument {
  const currency = parts.currency ?? 'CAD';
  const made = parts.lines ?? [line()];
  const taxes = parts.taxes ?? [];
  const lines = parts.taxes === undefined ? made : charged(made, taxes);
  return {
    number: 'SHOPIFY-1001',
    poNumber: 'SHOPIFY-ORDER-5001',
    issuedOn: parseLocalDate('2026-11-10'),
    dueOffsetDays: 15,
    currency,
    notes: 'Shopify order #1001 (id 5001)',
    terms: 'Record of order #1001 at shop.example. Not a request for payment.',
    taxes,
    refunds: [],
    language: 'en',
    total: money.sum([...lines.map((part) => part.net), ...taxes.map((tax) => tax.amount)], currency),
    roundingLimit: money.money(2n, currency),
    ...parts,
    lines,
  };
}

export type TaskOf<Kind extends Task['kind']> = Extract<Task, { kind: Kind }>;

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
      variant: 1,
    },
    buyer: parts.buyer ?? buyer(),
    ...(parts.clientId === undefined ? {} : { clientId: parts.clientId }),
  };
}

export function sentTask(receipt: Receipt, isJustRead = false): TaskOf<'sent'> {
  const reference = referenceOf(ORDER, 'sent', 1);
  return {
    buyer: buyer(),
    kind: 'sent',
    step: { kind: 'sent', slot: 1, reference, fulfilledOn: parseLocalDate('2026-11-10') },
    last: lastWritten(receipt),
    isJustRead,
  };
}

/** An invoice as it was last written, by the receipt of that. */
export function lastWritten(receipt: Receipt, parts: Partial<LastWritten['invoice']> = {}): LastWritten {
  const made = parts.document ?? document();
  return {
    invoice: {
      slot: 1,
      externalId: receipt.externalId,
      document: made,
      amount: receipt.amount ?? made.total,
      isAdopted: false,
      isFound: false,
      isSent: false,
      isAccepted: false,
      ...(receipt.linesSha256 === undefined ? {} : { linesSha256: receipt.linesSha256 }),
      ...parts,
    },
    paid: money.zero(made.currency),
    edits: { say: 'ask' },
  };
}

export function linesTask(
  last: LastWritten,
  { correction, document: made = document() }: { correction?: Money; document?: InvoiceDocument } = {},
): TaskOf<'lines'> {
  const reference = referenceOf(ORDER, 'lines', 1);
  const step = {
    kind: 'lines',
    slot: 1,
    reference,
    invoice: 1,
    document: made,
    from: last.invoice.amount,
    correction: correction ?? money.zero(made.currency),
  } as const;
  return { buyer: buyer(), kind: 'lines', step, last };
}

export function voidTask(last: LastWritten): TaskOf<'void'> {
  const reference = referenceOf(ORDER, 'void', 1);
  const step = { kind: 'void', slot: 1, reference, invoice: 1, from: last.invoice.amount } as const;
  return { buyer: buyer(), kind: 'void', step, last };
}

export function paymentChangeTask(
  invoiceId: string,
  { receipt, to, edits = { say: 'ask' } }: { receipt: Receipt; to: Money; edits?: LastWritten['edits'] },
): TaskOf<'payment-change'> {
  const amount = receipt.amount ?? money.parse('29.70', 'CAD');
  return {
    buyer: buyer(),
    kind: 'payment-change',
    step: {
      kind: 'payment-change',
      slot: 1,
      reference: referenceOf(ORDER, 'payment-change', 1),
      payment: 1,
      from: amount,
      to,
    },
    payment: {
      slot: 1,
      invoice: 1,
      externalId: receipt.externalId,
      amount,
      paidOn: parseLocalDate('2026-11-10'),
      method: 'card',
      note: 'shopify_payments, transaction 9001',
    },
    invoiceId,
    edits,
  };
}

export function expenseTask(parts: Partial<Omit<ExpenseStep, 'kind' | 'reference'>> = {}): TaskOf<'expense'> {
  const slot = parts.slot ?? 1;
  return {
    buyer: buyer(),
    kind: 'expense',
    step: {
      kind: 'expense',
      slot,
      reference: referenceOf(ORDER, 'expense', slot),
      refund: '901',
      amount: money.parse('10.50', 'CAD'),
      taxes: [{ name: 'GST', ratePpm: 50_000, amount: money.parse('0.50', 'CAD') }],
      spentOn: parseLocalDate('2026-12-02'),
      category: 'Other Expenses',
      invoiceNumber: 'SHOPIFY-1001',
      note: 'Refund 901 of order #1001',
      ...parts,
    },
  };
}

export function creditNoteTask(
  clientId: string,
  parts: { readonly slot?: number; readonly document?: InvoiceDocument } = {},
): TaskOf<'credit-note'> {
  const slot = parts.slot ?? 1;
  return {
    buyer: buyer(),
    kind: 'credit-note',
    step: {
      kind: 'credit-note',
      slot,
      reference: referenceOf(ORDER, 'credit-note', slot),
      refund: '902',
      document: parts.document ?? document({ lines: [line({ quantity: 1 })] }),
    },
    clientId,
  };
}

export function paymentTask(
  invoiceId: string,
  parts: Partial<Omit<PaymentStep, 'kind' | 'reference'>> = {},
): TaskOf<'payment'> {
  const slot = parts.slot ?? 1;
  return {
    buyer: buyer(),
    kind: 'payment',
    step: {
      kind: 'payment',
      slot,
      reference: referenceOf(ORDER, 'payment', slot),
      invoice: 1,
      amount: money.parse('29.70', 'CAD'),
      received: money.parse('29.70', 'CAD'),
      paidOn: parseLocalDate('2026-11-10'),
      method: 'card',
      note: 'shopify_payments, transaction 9001',
      ...parts,
    },
    invoiceId,
  };
}

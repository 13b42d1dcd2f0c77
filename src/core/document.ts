import type { Reference } from './ids.ts';
import type { Money } from './money.ts';
import type { LocalDate } from './time.ts';

/**
 * What the books should hold, to the minor unit, before any vendor's layout: `plan` emits it, a books adapter lays it out.
 * No contact data: documents are kept in the ledger.
 */
export interface InvoiceDocument {
  readonly number: string;
  readonly poNumber: string;
  readonly issuedOn: LocalDate;
  readonly dueOffsetDays: number;
  readonly currency: string;
  readonly notes: string;
  readonly terms: string;
  readonly lines: readonly DocumentLine[];
  /** As charged, by name and rate, over all lines. */
  readonly taxes: readonly TaxTotal[];
  /** The nets of the lines and the taxes, exactly. */
  readonly total: Money;
  /** How far the books' own tax arithmetic may be from `total`; a visible line makes it up. */
  readonly roundingLimit: Money;
}

export interface DocumentLine {
  /** The order line's key; "discount:<label>:<treatment>" for discounts. */
  readonly key: string;
  readonly kind: 'item' | 'gift-card' | 'shipping' | 'tip' | 'duty' | 'fee' | 'discount';
  readonly name: string;
  readonly description: string;
  readonly quantity: number;
  /** Without tax; quantity times this is `net`. */
  readonly unitPrice: Money;
  readonly net: Money;
  readonly taxes: readonly TaxTreatment[];
}

/** A tax that applies to a line; its amount stands in the document's totals. */
export interface TaxTreatment {
  readonly name: string;
  readonly ratePpm: number;
}

export interface TaxTotal extends TaxTreatment {
  readonly amount: Money;
}

export type PaymentMethod = 'card' | 'paypal' | 'cash' | 'bank' | 'other';

export interface ClientStep {
  readonly kind: 'client';
  readonly slot: number;
  readonly reference: Reference;
  /** One client for each customer, or the shop's shared one. */
  readonly policy: 'customer' | 'channel';
  /** The shared client's name. */
  readonly channelName: string;
  readonly customerId?: string;
  /** What a client that we create gets as default. */
  readonly currency: string;
}

export interface InvoiceStep {
  readonly kind: 'invoice';
  readonly slot: number;
  readonly reference: Reference;
  readonly document: InvoiceDocument;
}

export interface SentStep {
  readonly kind: 'sent';
  readonly slot: number;
  readonly reference: Reference;
  /** The true date: the books would write today's. */
  readonly fulfilledOn: LocalDate;
}

export interface PaymentStep {
  readonly kind: 'payment';
  readonly slot: number;
  readonly reference: Reference;
  readonly amount: Money;
  readonly paidOn: LocalDate;
  readonly method: PaymentMethod;
  /** Gateway and transaction, for a reader; the adapter adds the reference. */
  readonly note: string;
}

/** Replaces the lines of a draft whose total the books computed otherwise than they were expected to. */
export interface LinesStep {
  readonly kind: 'lines';
  readonly slot: number;
  readonly reference: Reference;
  readonly document: InvoiceDocument;
  /** The total that stands: another one means that somebody else changed the draft. */
  readonly from: Money;
  /** What the visible rounding line must hold more than was expected. */
  readonly correction: Money;
}

/** One write into the books. */
export type Step = ClientStep | InvoiceStep | LinesStep | SentStep | PaymentStep;

export type StepKind = Step['kind'];

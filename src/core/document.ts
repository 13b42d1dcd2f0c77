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
  /** Ids of the refunds that `lines` and `total` already leave out. */
  readonly refunds: readonly string[];
  /** An ISO 639 code, in which the books write their own words. */
  readonly language: string;
}

export interface DocumentLine {
  /** The order line's key; "discount:<label>:<treatment>", "refund:<id>", "tax:<name>" for what is no line of the order. */
  readonly key: string;
  readonly kind: LineKind;
  readonly name: string;
  readonly description: string;
  readonly quantity: number;
  /** Without tax; quantity times this is `net`. */
  readonly unitPrice: Money;
  readonly net: Money;
  /** What of them was charged on this line: nothing on a discount, whose taxes are within those of its items. */
  readonly taxes: readonly TaxTotal[];
}

/** `refund`: an amount without lines, paid back or kept. `tax`: a tax as a line of its own, by rule. */
export type LineKind =
  | 'item'
  | 'gift-card'
  | 'shipping'
  | 'tip'
  | 'duty'
  | 'fee'
  | 'discount'
  | 'refund'
  | 'tax';

/** A tax that applies to a line. */
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
  /** Which of the connection's stores it is shared by, where there are several. */
  readonly channel?: string;
  readonly customerId?: string;
  /** What a client that we create gets as default. */
  readonly currency: string;
}

/** The first invoice of an order has slot 1; another follows for what was added when the first could not be changed any more. */
export interface InvoiceStep {
  readonly kind: 'invoice';
  readonly slot: number;
  readonly reference: Reference;
  readonly document: InvoiceDocument;
  /** Of the number: 1, or the suffix that it bears. */
  readonly variant: number;
}

export interface SentStep {
  readonly kind: 'sent';
  /** Of the invoice. */
  readonly slot: number;
  readonly reference: Reference;
  /** The true date: the books would write today's. */
  readonly fulfilledOn: LocalDate;
}

export interface PaymentStep {
  readonly kind: 'payment';
  readonly slot: number;
  readonly reference: Reference;
  /** Slot of the invoice that it pays. */
  readonly invoice: number;
  readonly amount: Money;
  /** All that the shop had told to have received when this was planned. */
  readonly received: Money;
  readonly paidOn: LocalDate;
  readonly method: PaymentMethod;
  /** Gateway and transaction, for a reader; the adapter adds the reference. */
  readonly note: string;
}

/**
 * Replaces the lines of an invoice: the order changed, or the books computed another total than was expected. What a person
 * changed meanwhile is found first and never overwritten.
 */
export interface LinesStep {
  readonly kind: 'lines';
  readonly slot: number;
  readonly reference: Reference;
  /** Slot of the invoice. */
  readonly invoice: number;
  readonly document: InvoiceDocument;
  /** The total that stands: another one means that somebody else changed it. */
  readonly from: Money;
  /** What the visible rounding line must hold more than was expected. */
  readonly correction: Money;
}

/** Lowers a payment because money went back; to nothing takes it away. */
export interface PaymentChangeStep {
  readonly kind: 'payment-change';
  readonly slot: number;
  readonly reference: Reference;
  /** Slot of the payment. */
  readonly payment: number;
  readonly from: Money;
  readonly to: Money;
}

/** Takes an invoice away of which nothing is left, once nothing is paid on it. */
export interface VoidStep {
  readonly kind: 'void';
  readonly slot: number;
  readonly reference: Reference;
  /** Slot of the invoice. */
  readonly invoice: number;
  readonly from: Money;
}

/** A refund that stands beside its invoice, on the day on which money went back; or the fees of a settlement. */
export interface ExpenseStep {
  readonly kind: 'expense';
  readonly slot: number;
  readonly reference: Reference;
  /** A refund where it is not told. */
  readonly of?: 'fees';
  /** Id of the refund; of fees, of their settlement. */
  readonly refund: string;
  /** Ids of what edits took off before, which this money is for. */
  readonly removals?: readonly string[];
  /** What went back or was kept, taxes within. */
  readonly amount: Money;
  readonly taxes: readonly TaxTotal[];
  readonly spentOn: LocalDate;
  /** By its name in the books. */
  readonly category: string;
  /** By which a person knows what it belongs to; of fees, the channel's settlement. */
  readonly invoiceNumber: string;
  /** For a reader; the adapter adds the reference. */
  readonly note: string;
}

/** A refund into store credit: what the buyer may spend later. */
export interface CreditNoteStep {
  readonly kind: 'credit-note';
  readonly slot: number;
  readonly reference: Reference;
  /** Id of the refund. */
  readonly refund: string;
  /** Ids of what edits took off before, which it is for. */
  readonly removals?: readonly string[];
  /** `number` is that of the invoice; the books number the credit note by themselves. */
  readonly document: InvoiceDocument;
}

/** One write into the books. */
export type Step =
  | ClientStep
  | InvoiceStep
  | LinesStep
  | SentStep
  | PaymentStep
  | PaymentChangeStep
  | VoidStep
  | ExpenseStep
  | CreditNoteStep;

export type StepKind = Step['kind'];

import type { Exchange, FailureCode } from './failure.ts';
import type { ConnectionId, OrderKey, Reference } from './ids.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type {
  CreditNoteStep,
  ExpenseStep,
  InvoiceDocument,
  InvoiceStep,
  LinesStep,
  PaymentMethod,
  Step,
  StepKind,
} from './document.ts';
import type { Instant, LocalDate } from './time.ts';

/**
 * The ledger: what we wrote into the books for an order, entry by entry. An entry is `pending` before the call is made,
 * `posted` once the books confirmed it, `voided` when it is certain that it does not stand. At most one entry of an
 * (order, kind, slot) is not voided.
 */
export interface Entry {
  readonly id: string;
  readonly order: OrderKey;
  /** The books connection it was written to. */
  readonly account: string;
  readonly kind: StepKind;
  readonly slot: number;
  readonly reference: Reference;
  /** The exact step as it was sent; no contact data. */
  readonly intent: Step;
  readonly state: 'pending' | 'posted' | 'voided';
  /** When the call began whose outcome is not known yet; absent while none is under way. */
  readonly calledAt?: Instant;
  /** How often it was looked for since then. */
  readonly looks: number;
  readonly receipt?: Receipt;
  readonly rulesVersion: string;
  readonly intendedAt: Instant;
  readonly settledAt?: Instant;
}

/** What the books answered: the part that later steps and a reader of the proof need. */
export interface Receipt {
  readonly externalId: string;
  /** Total of an invoice, amount of a payment, as the books returned it. */
  readonly amount?: Money;
  readonly outstanding?: Money;
  readonly number?: string;
  /** Made by a person or another program for this order: theirs, and only linked. */
  readonly isAdopted?: boolean;
  /** Ours, found standing: its later steps are looked for too before they are made. */
  readonly isFound?: boolean;
  /** What the rounding line of a credit note was corrected by when it was made; absent when it was not. */
  readonly correction?: Money;
  /** The books would write to the buyer on their own (reminders, late fees), in their words; absent when they will not. */
  readonly remindsBuyer?: string;
  /** Of an invoice's lines as the books returned them: another one later means that a person changed them. */
  readonly linesSha256?: string;
  /** A person decided that the books' version is right although it differs. */
  readonly isAccepted?: boolean;
  /** The fingerprint of that version: what stands like it is as it is to be. */
  readonly acceptedVersion?: string;
  readonly requestSha256?: string;
  readonly answerSha256?: string;
  /** What the operator should know, a sentence each. */
  readonly remarks?: readonly string[];
}

/** What the books hold for an order, folded from its entries. */
export interface Booked {
  readonly client?: BookedClient;
  /** Those that were not taken away again, oldest first. */
  readonly invoices: readonly BookedInvoice[];
  readonly payments: readonly BookedPayment[];
  /** The most that the shop had told to have received when any of its payments was booked; absent before the first. */
  readonly received?: Money;
  /** Refunds that stand beside the invoice, as expenses and credit notes. */
  readonly beside: readonly BookedRefund[];
  /** The highest slot that any posted entry of a kind has, also of what was taken away. */
  readonly lastSlots: Readonly<Partial<Record<StepKind, number>>>;
  /** The highest variant of a number that any of the order's invoices has had; 0 for none. */
  readonly lastVariant: number;
  /** The order's first invoice as it was made, whatever became of it. */
  readonly first?: InvoiceDocument;
}

export interface BookedClient {
  readonly externalId: string;
  /** The shop's shared one: never given a credit. */
  readonly isShared: boolean;
}

export interface BookedInvoice {
  readonly slot: number;
  readonly externalId: string;
  /** The order's client when it was made, also where he was deleted since. Absent where it was found before any was known. */
  readonly clientId?: string;
  /** As it was last written. */
  readonly document: InvoiceDocument;
  /** As the books returned it, which is what counts. */
  readonly amount: Money;
  readonly isAdopted: boolean;
  readonly isFound: boolean;
  readonly isSent: boolean;
  /** A person decided that it is right as it stands in the books. */
  readonly isAccepted: boolean;
  /** As what he saw then. */
  readonly acceptedVersion?: string;
  /** What its rounding line was corrected by, once it was. */
  readonly correction?: Money;
  readonly remindsBuyer?: string;
  readonly linesSha256?: string;
}

export interface BookedPayment {
  readonly slot: number;
  /** Slot of its invoice. */
  readonly invoice: number;
  readonly externalId: string;
  readonly amount: Money;
  readonly paidOn: LocalDate;
  readonly method: PaymentMethod;
  readonly note: string;
  /** The version of it in the books that a person decided is right. */
  readonly acceptedVersion?: string;
}

export interface BookedRefund {
  readonly refund: string;
  readonly kind: 'expense' | 'credit-note';
  readonly externalId: string;
  /** As the books returned it, which is what counts. */
  readonly amount: Money;
  /** As it should stand. */
  readonly charged: Money;
  /** As it was written. */
  readonly step: ExpenseStep | CreditNoteStep;
  /** What the rounding line of a credit note was corrected by, once it was. */
  readonly correction?: Money;
}

export const NOTHING_BOOKED: Booked = {
  invoices: [],
  payments: [],
  beside: [],
  lastSlots: {},
  lastVariant: 0,
};

/** Folds an order's entries. Pending ones do not count: the worker settles them before it plans. */
export function fold(entries: readonly Entry[]): Booked {
  let booked = NOTHING_BOOKED;
  let clientId: string | undefined;
  for (const { state, intent, receipt } of entries) {
    if (intent.kind === 'client') {
      // Voided or not: what was made before he was gone was made for him.
      clientId = receipt?.externalId ?? clientId;
    }
    if (state === 'posted' && receipt !== undefined) {
      booked = remember(post(booked, intent, receipt), intent);
      if (intent.kind === 'invoice' && clientId !== undefined) {
        const client = { clientId };
        booked = withInvoice(booked, intent.slot, (invoice) => ({ ...invoice, ...client }));
      }
    }
  }
  return booked;
}

/** Whether nothing of the order counts in the books; a client alone is nothing of it. */
export function isNothingStanding({ invoices, payments, beside }: Booked): boolean {
  return invoices.length + payments.length + beside.length === 0;
}

/** What the books would hold once these steps were posted with their own figures. */
export function asIfPosted(booked: Booked, steps: readonly Step[]): Booked {
  const planned: Receipt = { externalId: 'planned' };
  return steps.reduce((before, step) => remember(post(before, step, planned), step), booked);
}

function remember(booked: Booked, step: Step): Booked {
  const { kind, slot } = step;
  const last = Math.max(booked.lastSlots[kind] ?? 0, slot);
  const variant = step.kind === 'invoice' ? step.variant : 0;
  const first = booked.first ?? (step.kind === 'invoice' ? step.document : undefined);
  return {
    ...booked,
    lastSlots: { ...booked.lastSlots, [kind]: last },
    lastVariant: Math.max(booked.lastVariant, variant),
    ...(first === undefined ? {} : { first }),
  };
}

function post(booked: Booked, step: Step, receipt: Receipt): Booked {
  const { externalId } = receipt;
  switch (step.kind) {
    case 'client':
      return { ...booked, client: { externalId, isShared: step.policy === 'channel' } };
    case 'invoice':
      return { ...booked, invoices: [...booked.invoices, invoiceOf(step, receipt)] };
    case 'lines':
      return withInvoice(booked, step.invoice, (invoice) => relined(invoice, step, receipt));
    case 'sent':
      return withInvoice(booked, step.slot, (invoice) => ({ ...invoice, isSent: true }));
    case 'void':
      return { ...booked, invoices: booked.invoices.filter(({ slot }) => slot !== step.invoice) };
    case 'payment': {
      const { slot, invoice, paidOn, method, note } = step;
      const amount = receipt.amount ?? step.amount;
      const payment = { slot, invoice, externalId, amount, paidOn, method, note };
      const received = money.maximum(booked.received ?? step.received, step.received);
      return { ...booked, received, payments: [...booked.payments, payment] };
    }
    case 'payment-change': {
      const amount = receipt.amount ?? step.to;
      const { acceptedVersion } = receipt;
      const payments = booked.payments.map((payment) =>
        payment.slot === step.payment
          ? { ...payment, amount, ...(acceptedVersion === undefined ? {} : { acceptedVersion }) }
          : payment,
      );
      return { ...booked, payments: payments.filter((payment) => !money.isZero(payment.amount)) };
    }
    case 'expense':
    case 'credit-note':
      return { ...booked, beside: [...booked.beside, refundOf(step, receipt)] };
  }
}

function invoiceOf({ slot, document }: InvoiceStep, receipt: Receipt): BookedInvoice {
  return {
    slot,
    externalId: receipt.externalId,
    document,
    amount: receipt.amount ?? document.total,
    isAdopted: receipt.isAdopted ?? false,
    isFound: receipt.isFound ?? false,
    isSent: false,
    isAccepted: receipt.isAccepted ?? false,
    ...(receipt.remindsBuyer === undefined ? {} : { remindsBuyer: receipt.remindsBuyer }),
    ...(receipt.linesSha256 === undefined ? {} : { linesSha256: receipt.linesSha256 }),
  };
}

function refundOf(step: ExpenseStep | CreditNoteStep, receipt: Receipt): BookedRefund {
  const charged = step.kind === 'expense' ? step.amount : step.document.total;
  const { externalId, amount = charged, correction } = receipt;
  const { refund, kind } = step;
  const known = { refund, kind, externalId, amount, charged, step };
  return correction === undefined ? known : { ...known, correction };
}

/** What is known of the invoice from before and not told again stays; that of its lines does not. */
function relined(invoice: BookedInvoice, step: LinesStep, receipt: Receipt): BookedInvoice {
  const { correction: _before, linesSha256: _lines, acceptedVersion: _version, ...rest } = invoice;
  return {
    ...rest,
    document: step.document,
    amount: receipt.amount ?? step.document.total,
    isAccepted: receipt.isAccepted ?? false,
    ...(receipt.acceptedVersion === undefined ? {} : { acceptedVersion: receipt.acceptedVersion }),
    ...(money.isZero(step.correction) ? {} : { correction: step.correction }),
    ...(receipt.linesSha256 === undefined ? {} : { linesSha256: receipt.linesSha256 }),
  };
}

function withInvoice(
  booked: Booked,
  slot: number,
  change: (invoice: BookedInvoice) => BookedInvoice,
): Booked {
  const invoices = booked.invoices.map((invoice) => (invoice.slot === slot ? change(invoice) : invoice));
  return { ...booked, invoices };
}

/** What stands as payments in the books. */
export function paidOf(booked: Booked, currency: string): Money {
  return money.sum(
    booked.payments.map((payment) => payment.amount),
    currency,
  );
}

/** What of it stands on one invoice. */
export function paidOn(booked: Booked, { slot, amount }: BookedInvoice): Money {
  const payments = booked.payments.filter((payment) => payment.invoice === slot);
  return money.sum(
    payments.map((payment) => payment.amount),
    amount.currency,
  );
}

/**
 * A question to a person. It names a step ("invoice-1", "refund", "delivery"), and only what depends on that step waits.
 * It closes when the cause is gone, when the step succeeds, or when a person says so.
 */
export interface Hold {
  readonly id: string;
  readonly order?: OrderKey;
  readonly delivery?: string;
  readonly connection?: ConnectionId;
  readonly step: string;
  readonly code: FailureCode;
  readonly detail: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Of the step as it was refused: the same one is not sent again until a person closes the hold. */
  readonly intentSha256?: string;
  /** Of the write that was refused; until it is redacted. */
  readonly exchange?: Exchange;
  readonly openedAt: Instant;
  readonly closedAt?: Instant;
  readonly closedBecause?: string;
}

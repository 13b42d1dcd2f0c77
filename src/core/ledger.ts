import type { FailureCode } from './failure.ts';
import type { ConnectionId, OrderKey, Reference } from './ids.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { InvoiceDocument, Step, StepKind } from './document.ts';
import type { Instant } from './time.ts';

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
  /** The books would write to the buyer on their own (reminders, late fees), in their words; absent when they will not. */
  readonly remindsBuyer?: string;
  readonly requestSha256?: string;
  readonly answerSha256?: string;
  /** What the operator should know, a sentence each. */
  readonly remarks?: readonly string[];
}

/** What the books hold for an order, folded from its entries. */
export interface Booked {
  readonly client?: { readonly externalId: string };
  readonly invoice?: BookedInvoice;
  readonly isSent: boolean;
  readonly payments: readonly BookedPayment[];
}

export interface BookedInvoice {
  readonly externalId: string;
  readonly document: InvoiceDocument;
  /** As the books returned it, which is what counts. */
  readonly amount: Money;
  readonly isAdopted: boolean;
  readonly isFound: boolean;
  /** What its rounding line was corrected by, once it was. */
  readonly correction?: Money;
  readonly remindsBuyer?: string;
}

export interface BookedPayment {
  readonly slot: number;
  readonly externalId: string;
  readonly amount: Money;
}

/** Folds an order's entries. Pending ones do not count: the worker settles them before it plans. */
export function fold(entries: readonly Entry[]): Booked {
  let booked: Booked = { isSent: false, payments: [] };
  for (const entry of entries) {
    if (entry.state === 'posted' && entry.receipt !== undefined) {
      booked = post(booked, entry.intent, entry.receipt);
    }
  }
  return booked;
}

function post(booked: Booked, step: Step, receipt: Receipt): Booked {
  switch (step.kind) {
    case 'client':
      return { ...booked, client: { externalId: receipt.externalId } };
    case 'invoice':
      return {
        ...booked,
        invoice: {
          externalId: receipt.externalId,
          document: step.document,
          amount: receipt.amount ?? step.document.total,
          isAdopted: receipt.isAdopted ?? false,
          isFound: receipt.isFound ?? false,
          ...(receipt.remindsBuyer === undefined ? {} : { remindsBuyer: receipt.remindsBuyer }),
        },
      };
    case 'lines':
      return booked.invoice === undefined
        ? booked
        : {
            ...booked,
            invoice: { ...booked.invoice, amount: receipt.amount ?? step.from, correction: step.correction },
          };
    case 'sent':
      return { ...booked, isSent: true };
    case 'payment': {
      const payment = {
        slot: step.slot,
        externalId: receipt.externalId,
        amount: receipt.amount ?? step.amount,
      };
      return { ...booked, payments: [...booked.payments, payment] };
    }
  }
}

/** What stands as payments in the books. */
export function paidOf(booked: Booked, currency: string): Money {
  return money.sum(
    booked.payments.map((payment) => payment.amount),
    currency,
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
  readonly openedAt: Instant;
  readonly closedAt?: Instant;
  readonly closedBecause?: string;
}

import type { ClientStep, InvoiceDocument, Step } from './document.ts';
import type { Fact, FailureCode } from './failure.ts';
import type { Naming } from './invoice-document.ts';
import type { Booked } from './ledger.ts';
import type { Money } from './money.ts';
import type { Order } from './order.ts';
import type { Rules } from './rules.ts';
import type { LocalDate } from './time.ts';

/** What a plan is made by, beside the order and the ledger. */
export interface Terms {
  readonly rules: Rules;
  readonly naming: Naming;
  readonly choices: Choices;
  /** The account has refused lines below nothing; absent until it has. */
  readonly negativeLines?: 'refused';
  /** Whether the books' own arithmetic can be brought to a document's total. */
  readonly fits: (document: InvoiceDocument) => boolean;
}

/** What a person has decided about an order. */
export interface Choices {
  /** What is of a closed day is booked on the first open one. */
  readonly period?: 'open-day';
  /** What is of this day or an earlier one is in the books already, by a person's word, also when the day is open again. */
  readonly bookedThrough?: LocalDate;
  /** What the order came to by the shop's word when he said so: what was added since is in no books. */
  readonly bookedTotal?: Money;
  /** Whatever the shop says from now on, the books are left as they are. */
  readonly following?: 'stopped';
}

export const NO_CHOICES: Choices = {};

/** What a person has decided about an order, with what was decided about edits in the books. */
export interface Decisions extends Choices {
  /** Of the very version that the question showed: write over it, or take it as right. */
  readonly edits?: { readonly say: 'overwrite' | 'accept'; readonly seen: string };
}

export interface PlannedHold {
  /** What waits: "invoice-1", "sent-1", "payment", "refund-<id>", "change". */
  readonly step: string;
  readonly code: FailureCode;
  readonly detail: string;
  readonly facts: readonly Fact[];
}

/** What is to be done now, or why nothing is. */
export type Plan =
  | { readonly outcome: 'skip'; readonly reason: string }
  | {
      readonly outcome: 'work';
      readonly steps: readonly Step[];
      readonly holds: readonly PlannedHold[];
      readonly reread?: string;
    };

/** Where negative lines are refused, discounts go into the prices, unless the order already stands with lines for them. */
export function withPossibleLines(terms: Terms, { invoices }: Booked): Terms {
  return terms.negativeLines === undefined || invoices.some(({ document }) => hasDiscountLine(document))
    ? terms
    : { ...terms, rules: { ...terms.rules, discounts: 'net_prices' } };
}

/**
 * An order of which an invoice is marked as sent is in the reports, and with it what is received and paid back: also where the
 * rules would leave its invoice a draft now.
 */
export function asFarAsSent(terms: Terms, { invoices }: Booked): Terms {
  return invoices.some(({ isSent }) => isSent)
    ? { ...terms, rules: { ...terms.rules, endState: 'sent' } }
    : terms;
}

function hasDiscountLine({ lines }: InvoiceDocument): boolean {
  return lines.some(({ kind }) => kind === 'discount');
}

/** Whose client the invoice is on: the buyer's own or the shop's shared one. */
export function clientPolicyOf({ buyer }: Order, { client }: Rules): ClientStep['policy'] {
  return buyer.hasEmail && client === 'per_customer' ? 'customer' : 'channel';
}

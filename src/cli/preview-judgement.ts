import type { OrderPreview } from '#preview.ts';
import type { Step } from '#core/document.ts';
import type { Fact, FailureCode } from '#core/failure.ts';
import type { PlannedHold } from '#core/plan-terms.ts';
import { DAY, parseLocalDate } from '#core/time.ts';
import type { LocalDate } from '#core/time.ts';

/** What a preview comes to. `held` means that no invoice would be made; later steps may be held all the same. */
export type Judgement =
  | { readonly outcome: 'priced' }
  | { readonly outcome: 'skipped'; readonly reason: string }
  | {
      readonly outcome: 'held';
      readonly code: FailureCode;
      readonly detail: string;
      readonly facts: readonly Fact[];
    };

export function judge({ plan, invoice }: OrderPreview): Judgement {
  if (plan.outcome === 'skip') {
    return { outcome: 'skipped', reason: plan.reason };
  }
  if (invoice === undefined) {
    const [hold] = plan.holds;
    return {
      outcome: 'held',
      code: hold?.code ?? 'order-sums-differ',
      detail: hold?.detail ?? '',
      facts: hold?.facts ?? [],
    };
  }
  if (isUnbookable(invoice)) {
    const { laidOut, refusal } = invoice;
    return { outcome: 'held', code: 'order-rounding-too-large', detail: laidOut.why, facts: refusal };
  }
  return { outcome: 'priced' };
}

/** Priced as charged, and yet no invoice of FreshBooks can come to it. */
export function isUnbookable(invoice: NonNullable<OrderPreview['invoice']>): boolean {
  return invoice.refusal.length > 0;
}

/** What would follow the invoice. */
export interface Later {
  readonly payments: readonly Extract<Step, { kind: 'payment' }>[];
  /** Refunds that stand beside it. */
  readonly refunds: readonly Extract<Step, { kind: 'expense' | 'credit-note' }>[];
  /** Each waits for a person, and the invoice stands. */
  readonly holds: readonly PlannedHold[];
  /** Why the shop is asked before money is booked. */
  readonly reread?: string;
}

export function laterOf({ plan, invoice }: OrderPreview): Later {
  if (plan.outcome === 'skip' || invoice === undefined) {
    return { payments: [], refunds: [], holds: [] };
  }
  if (isUnbookable(invoice)) {
    return { payments: [], refunds: [], holds: plan.holds };
  }
  return {
    payments: plan.steps.filter((step) => step.kind === 'payment'),
    refunds: plan.steps.filter((step) => step.kind === 'expense' || step.kind === 'credit-note'),
    holds: plan.holds,
    ...(plan.reread === undefined ? {} : { reread: plan.reread }),
  };
}

export function dueOn(issuedOn: LocalDate, days: number): LocalDate {
  return parseLocalDate(
    new Date(Date.parse(`${issuedOn}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10),
  );
}

import assert from 'node:assert/strict';
import { fold } from '#core/ledger.ts';
import type { Entry, Receipt } from '#core/ledger.ts';
import type { Step } from '#core/document.ts';
import * as money from '#core/money.ts';
import type { Order, Refund } from '#core/order.ts';
import { plan } from '#core/plan.ts';
import type { Plan, Terms } from '#core/plan-terms.ts';
import { proofOf } from '#core/proof.ts';
import type { Rules } from '#core/rules.ts';
import { entry, rules, terms } from './build.ts';

/** Plans that are booked at once by books which do as they are asked, for tests of what becomes of an order. */

export type Parts = Partial<Omit<Terms, 'rules'>> & { readonly rules?: Partial<Rules> };

export function planned(
  shown: Order,
  entries: readonly Entry[],
  { rules: own = {}, ...parts }: Parts = {},
): Plan {
  return plan(shown, fold(entries), terms({ rules: rules(own), ...parts }));
}

export function work(
  shown: Order,
  entries: readonly Entry[],
  parts: Parts = {},
): Extract<Plan, { outcome: 'work' }> {
  const found = planned(shown, entries, parts);
  assert(found.outcome === 'work', 'there is something to book');
  return found;
}

/** The ledger after the books have confirmed all that was planned; nothing is planned after it. */
export function book(shown: Order, before: readonly Entry[] = [], parts: Parts = {}): readonly Entry[] {
  const entries = post(work(shown, before, parts).steps, before);
  const again = work(shown, entries, parts);
  assert.deepEqual(again.steps, [], 'it has converged');
  return entries;
}

export function post(
  steps: readonly Step[],
  before: readonly Entry[] = [],
  receipt: Partial<Receipt> = {},
): Entry[] {
  return [
    ...before,
    ...steps.map((step, index) => {
      const made = entry(step, { id: String(before.length + index + 1) });
      return { ...made, receipt: { externalId: `${step.kind}-${step.slot}`, ...receipt } };
    }),
  ];
}

/** What stands, in one line: invoices, payments, and what is beside them. */
export function books(entries: readonly Entry[]): string {
  const { invoices, payments, beside } = fold(entries);
  return [
    ...invoices.map(({ document, amount }) => `${document.number} ${money.format(amount)}`),
    ...payments.map(({ amount }) => `paid ${money.format(amount)}`),
    ...beside.map(({ kind, amount }) => `${kind} ${money.format(amount)}`),
  ].join(', ');
}

export function kinds(found: Plan): string[] {
  return found.outcome === 'work' ? found.steps.map(({ kind }) => kind) : [found.reason];
}

export function holds(found: Plan): string[] {
  return found.outcome === 'work' ? found.holds.map(({ code }) => code) : [];
}

/** The order with these refunds, its total as it is now by them. */
export function withRefunds(shown: Order, ...refunds: readonly Refund[]): Order {
  const worth = refunds.flatMap(({ returns }) => returns.flatMap(({ amount, taxes }) => [amount, ...taxes]));
  return { ...shown, refunds, currentTotal: money.subtract(shown.total, money.sum(worth, shown.currency)) };
}

export function proven(shown: Order, entries: readonly Entry[]): void {
  const { difference, cash } = proofOf(shown, fold(entries));
  assert.deepEqual(
    [difference, cash?.difference].map((each) => each?.minor),
    [0n, 0n],
  );
}

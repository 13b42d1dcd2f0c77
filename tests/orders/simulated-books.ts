import assert from 'node:assert/strict';
import { layOut } from '#books/freshbooks/layout.ts';
import type { Layout } from '#books/freshbooks/layout.ts';
import type { InvoiceDocument, Step } from '#core/document.ts';
import { fold, paidOn } from '#core/ledger.ts';
import type { Booked, Entry, Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { ZERO, parseDecimal, totalsOf } from '#sim/freshbooks/arithmetic.ts';
import type { LineInput, Totals } from '#sim/freshbooks/arithmetic.ts';
import { exponentOf } from '#sim/world/money.ts';
import { entry } from '#tests/build.ts';

/**
 * Books without a wire: steps are laid out by the program and added up by the simulator's arithmetic, and what FreshBooks
 * would take silently and wrongly (more paid than an invoice holds, an invoice deleted under its payments) is an error here.
 */
export type Rounding = Pick<Parameters<typeof totalsOf>[2], 'tax' | 'half'>;

/** All that FreshBooks may be: each makes other totals, and the program must end equal on every one. */
export const ROUNDINGS: readonly Rounding[] = [
  { tax: 'per-tax', half: 'half-up' },
  { tax: 'per-line', half: 'half-up' },
  { tax: 'per-tax', half: 'half-even' },
  { tax: 'per-line', half: 'half-even' },
];

export type Applied =
  | { readonly outcome: 'posted'; readonly entries: readonly Entry[] }
  /** It cannot be brought to its total: the adapter holds it with the figures. */
  | { readonly outcome: 'refused' };

export function applyStep(entries: readonly Entry[], step: Step, rounding: Rounding): Applied {
  const booked = fold(entries);
  const receipt = receiptOf(booked, step, rounding);
  if (receipt === undefined) {
    return { outcome: 'refused' };
  }
  const made = { ...entry(step, { id: String(entries.length + 1) }), receipt };
  return { outcome: 'posted', entries: [...entries, made] };
}

function receiptOf(booked: Booked, step: Step, rounding: Rounding): Receipt | undefined {
  const externalId = `${step.kind}-${step.slot}`;
  switch (step.kind) {
    case 'client':
    case 'sent':
      return { externalId };
    case 'invoice': {
      const amount = totalIn(step.document, rounding);
      return amount === undefined ? undefined : { externalId, amount };
    }
    case 'credit-note': {
      const { document } = step;
      const first = totalIn(document, rounding);
      if (first === undefined) {
        return undefined;
      }
      // Its rounding line is corrected in the same step, if it may be.
      const correction = money.subtract(document.total, first);
      const amount = money.isZero(correction) ? first : totalIn(document, rounding, correction);
      return { externalId, amount: amount ?? first };
    }
    case 'lines': {
      const amount = totalIn(step.document, rounding, step.correction);
      return amount === undefined ? undefined : { externalId, amount };
    }
    case 'void': {
      const invoice = booked.invoices.find(({ slot }) => slot === step.invoice);
      assert.ok(invoice !== undefined && money.isZero(paidOn(booked, invoice)), 'nothing is paid on it');
      return { externalId };
    }
    case 'payment': {
      const invoice = booked.invoices.find(({ slot }) => slot === step.invoice);
      assert.ok(invoice !== undefined, 'the invoice that is paid stands');
      const open = money.subtract(invoice.amount, paidOn(booked, invoice));
      assert.ok(money.compare(step.amount, open) <= 0, 'no payment is above what is outstanding');
      assert.ok(step.amount.minor > 0n);
      return { externalId, amount: step.amount };
    }
    case 'payment-change': {
      const payment = booked.payments.find(({ slot }) => slot === step.payment);
      assert.ok(payment !== undefined && money.equal(payment.amount, step.from));
      assert.ok(step.to.minor >= 0n && step.to.minor < step.from.minor, 'payments are only lowered');
      return { externalId, amount: step.to };
    }
    case 'expense':
      assert.ok(step.amount.minor > 0n);
      return { externalId, amount: step.amount };
  }
}

function totalIn(
  document: InvoiceDocument,
  rounding: Rounding,
  correction?: money.Money,
): money.Money | undefined {
  const laidOut = layOut(document, correction);
  return laidOut.outcome === 'refused'
    ? undefined
    : money.money(computed(laidOut.layout, document.currency, rounding).total, document.currency);
}

/** What FreshBooks makes of a layout by its own arithmetic. */
function computed(layout: Layout, currency: string, rounding: Rounding): Totals {
  const exponent = exponentOf(currency);
  return totalsOf(inputsOf(layout, exponent), ZERO, { ...rounding, exponent });
}

function inputsOf(layout: Layout, scale: number): LineInput[] {
  return layout.lines.map((line) => ({
    quantity: { units: BigInt(line.quantity), scale: 0 },
    unitCost: { units: line.unitCost.minor, scale },
    taxes: line.taxes.map((tax) => ({ name: tax.name, percent: parseDecimal(tax.percent) ?? ZERO })),
    isCompounded: false,
  }));
}

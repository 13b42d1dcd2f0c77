import type { OrderPreview } from '#preview.ts';
import { CATALOGUE } from '#core/failure.ts';
import { clientPolicyOf } from '#core/plan-terms.ts';
import { showInstant } from '#core/time.ts';
import { dueOn, judge, laterOf } from './preview-judgement.ts';
import { warningsOf } from './rules-warnings.ts';

/** A preview for programs. */
export function previewJson(shown: OrderPreview): unknown {
  const { order, invoice } = shown;
  const later = laterOf(shown);
  const judgement = judge(shown);
  return {
    ...judgement,
    ...(judgement.outcome === 'held' ? { sentence: CATALOGUE[judgement.code].sentence } : {}),
    order: {
      key: order.key,
      name: order.name,
      shop: order.shop,
      placedAt: showInstant(order.placedAt),
      currency: order.currency,
      total: order.total,
      currentTotal: order.currentTotal,
      isTest: order.isTest,
    },
    ...(invoice === undefined ? {} : { invoice: invoiceJson(shown, invoice) }),
    proof: shown.proof,
    payments: later.payments.map(({ amount, paidOn, method, note }) => ({ amount, paidOn, method, note })),
    refunds: later.refunds.map((step) =>
      step.kind === 'expense'
        ? { kind: step.kind, refund: step.refund, amount: step.amount, taxes: step.taxes, on: step.spentOn }
        : {
            kind: step.kind,
            refund: step.refund,
            amount: step.document.total,
            taxes: step.document.taxes,
            on: step.document.issuedOn,
          },
    ),
    warnings: warningsOf(shown.rules),
    holds: later.holds.map(({ step, code, detail, facts }) => ({
      step,
      code,
      sentence: CATALOGUE[code].sentence,
      detail,
      facts,
    })),
    ...(later.reread === undefined ? {} : { reread: later.reread }),
  };
}

function invoiceJson(
  { order, rules }: OrderPreview,
  { document, laidOut }: NonNullable<OrderPreview['invoice']>,
): unknown {
  const { number, poNumber, issuedOn, dueOffsetDays, currency, notes, terms } = document;
  return {
    number,
    poNumber,
    issuedOn,
    dueOn: dueOn(issuedOn, dueOffsetDays),
    client: clientPolicyOf(order, rules),
    currency,
    notes,
    terms,
    lines: laidOut.lines.map((line, index) => ({
      kind: document.lines[index]?.kind ?? 'rounding',
      ...line,
    })),
    taxes: laidOut.taxes,
    rung: laidOut.rung,
    why: laidOut.why,
  };
}

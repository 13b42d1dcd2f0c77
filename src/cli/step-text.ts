import type { Step } from '#core/document.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';

/** A write into the books for a person, whether it was made or would be. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case 'client':
      return step.policy === 'channel' ? `shared client "${step.channelName}"` : 'the customer’s client';
    case 'invoice':
      return `invoice ${step.document.number}, ${money.show(step.document.total)}`;
    case 'lines':
      return money.isZero(step.correction)
        ? `invoice ${step.document.number}: lines replaced, ${fromTo(step.from, step.document.total)}`
        : `rounding of the invoice corrected by ${money.show(step.correction)}, from ${money.show(step.from)}`;
    case 'void':
      return `invoice of ${money.show(step.from)} taken away: nothing is left of it`;
    case 'payment-change':
      return money.isZero(step.to)
        ? `payment of ${money.show(step.from)} taken away: the money went back`
        : `payment of ${money.show(step.from)} lowered to ${money.show(step.to)}`;
    case 'expense':
      return step.of === 'fees'
        ? `fees of ${step.invoiceNumber} as an expense of ${money.show(step.amount)} on ${step.spentOn}`
        : `refund ${step.refund} as an expense of ${money.show(step.amount)} on ${step.spentOn}`;
    case 'credit-note':
      return `refund ${step.refund} as a credit note of ${money.show(step.document.total)}`;
    case 'sent':
      return `invoice marked as sent, dated ${step.fulfilledOn}`;
    case 'payment':
      return `payment ${money.show(step.amount)} of ${step.paidOn} (${step.note})`;
  }
}

function fromTo(from: Money, to: Money): string {
  if (money.equal(from, to)) {
    return `${money.show(to)} as before`;
  }
  const before = from.currency === to.currency ? money.format(from) : money.show(from);
  return `${before} → ${money.show(to)}`;
}

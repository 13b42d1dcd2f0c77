import type { Step } from '#core/document.ts';
import type { HeldStep } from './holding.ts';
import { stepName } from './ledger-writer.ts';
import type { Subject } from './machine.ts';

/**
 * Why a step cannot be taken: it writes the buyer's name and address, and the message that showed them was redacted. A new
 * invoice without them would be one to nobody, and a client would stand twice. What stands already is changed without them.
 */
export function heldForBuyer({ buyer, order }: Subject, step: Step): HeldStep | undefined {
  if (buyer !== undefined || !writesBuyer(step)) {
    return undefined;
  }
  const what = step.kind === 'client' ? 'client' : `invoice ${step.document.number}`;
  return {
    step: stepName(step),
    code: 'order-buyer-redacted',
    detail: `The ${what} of order ${order.name} needs the buyer’s name and address, which were redacted`,
    facts: [],
  };
}

function writesBuyer(step: Step): step is Extract<Step, { kind: 'client' | 'invoice' }> {
  // The shared client is the shop's own.
  return step.kind === 'invoice' || (step.kind === 'client' && step.policy === 'customer');
}

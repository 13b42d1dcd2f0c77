import type { Settling } from './cash-plan.ts';
import type { BookedInvoice, BookedRefund } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Order, Refund } from './order.ts';
import { CLOSED_DAY, isClosed } from './period.ts';
import type { PlannedHold } from './plan-terms.ts';
import { besideOf, sumOfUntold, untoldOf } from './refund-ways.ts';
import type { DecidedRefund } from './refund-ways.ts';
import type { Rules } from './rules.ts';
import type { Basis, Target, Targets } from './targets.ts';

/** What a person must look at in what stands and what should: amounts that the books made otherwise, and what no step brings about. */

/** What should stand. */
export interface Aim extends Targets {
  readonly decided: readonly DecidedRefund[];
  readonly offInvoice: readonly Refund[];
  /** What all of it should come to. */
  readonly worth: Money;
}

/** Why a standing invoice must stay a draft: a wrong one in a report, or a mailed buyer, is worse than a late one. */
export function unsendableHolds({
  slot,
  document,
  amount,
  isSent,
  isAccepted,
  remindsBuyer,
}: BookedInvoice): PlannedHold[] {
  const expected = document.total;
  const step = `sent-${slot}`;
  if (!isAccepted && !money.equal(amount, expected)) {
    return [
      {
        step,
        code: 'books-total-differs',
        detail: `Invoice ${document.number} should be ${money.show(expected)} and the books made it ${money.show(amount)}`,
        facts: [
          { name: 'Charged', value: money.show(expected) },
          { name: 'Total in the books', value: money.show(amount) },
          ...(amount.currency === expected.currency
            ? [{ name: 'Difference', value: money.show(money.subtract(amount, expected)) }]
            : []),
        ],
      },
    ];
  }
  if (remindsBuyer === undefined || isSent) {
    return [];
  }
  const detail = `Invoice ${document.number} would write to the buyer: ${remindsBuyer}`;
  return [{ step, code: 'books-reminders-on', detail, facts: [] }];
}

/** A refund beside the invoice that the books made of another amount: nobody else would notice. */
export function unlikeHolds(order: Order, { refund, amount, charged }: BookedRefund): PlannedHold[] {
  return money.equal(amount, charged)
    ? []
    : [
        {
          step: `refund-${refund}`,
          code: 'books-total-differs',
          detail: `Refund ${refund} of order ${order.name} should be ${money.show(charged)} and the books made it ${money.show(amount)}`,
          facts: [
            { name: 'Refunded', value: money.show(charged) },
            { name: 'In the books', value: money.show(amount) },
          ],
        },
      ];
}

/** One that stands beside the invoice, and that was deleted in the shop: nothing else would tell of it. */
export function lostHolds(order: Order, { refund, amount }: BookedRefund): PlannedHold[] {
  return order.refunds.some(({ id }) => id === refund)
    ? []
    : [
        {
          step: `refund-${refund}`,
          code: 'order-refunds-unclear',
          detail: `Refund ${refund} of order ${order.name} stands in the books, and the shop does not show it any more`,
          facts: [{ name: 'In the books', value: money.show(amount) }],
        },
      ];
}

/** What is asked about a refund; and of an invoice that stays a draft, about one that would stand beside it, as nothing does. */
export function refundHold(
  order: Order,
  { refund, way, rules }: DecidedRefund & { readonly rules: Rules },
): PlannedHold[] {
  if (way.kind === 'held') {
    return [way.hold];
  }
  if (rules.endState === 'sent' || way.kind !== 'beside' || way.step === undefined) {
    return [];
  }
  return [
    {
      step: `refund-${refund.id}`,
      code: 'refund-unbooked',
      detail: `Refund ${refund.id} of order ${order.name} would stand beside its invoice, and by end_state: draft nothing is booked beside a draft`,
      facts: [{ name: 'Paid back', value: money.show(way.amount) }],
    },
  ];
}

export function negativeHold(order: Order, { slot, document }: Target): PlannedHold {
  return {
    step: `invoice-${slot}`,
    code: 'order-worth-negative',
    detail: `More was paid back on order ${order.name} than is left of it: its invoice would be ${money.show(document.total)}`,
    facts: [],
  };
}

function invoicedOf(targets: readonly Target[], { currency }: Order): Money {
  return money.sum(
    targets.map(({ document }) => document.total),
    currency,
  );
}

/** What will stand beside the invoices, and what went back that neither they nor it tell. */
export function besideIn(order: Order, aim: Aim): Pick<Settling, 'beside' | 'unbooked' | 'untold'> {
  const gap = money.atLeastZero(gapOf(order, aim));
  const untold = untoldOf(order, aim.decided);
  const sum = sumOfUntold(untold, order.currency);
  return {
    beside: besideOf(aim.decided, order.currency),
    // While an invoice is asked about that cannot be written anew, what is missing on it hides what is too much.
    unbooked: aim.unwritten.length > 0 ? sum : money.minimum(sum, gap),
    untold,
  };
}

/** What will stand, less what stands beside it, beyond what the order is worth. */
function gapOf(order: Order, { targets, decided, worth }: Aim): Money {
  const beside = besideOf(decided, order.currency);
  return money.subtract(money.subtract(invoicedOf(targets, order), beside), worth);
}

/**
 * The last defence: what will stand, less what stands beside it, is what the order is worth. Where an invoice may not be
 * changed any more and no money tells how, a person decides.
 */
export function gapHolds({ order, booked, terms }: Basis, aim: Aim): PlannedHold[] {
  const { targets, decided, holds, worth, unwritten } = aim;
  const invoiced = invoicedOf(targets, order);
  const beside = besideOf(decided, order.currency);
  const gap = gapOf(order, aim);
  const isNegative = money.isNegative(worth);
  if (holds.length > 0 || (money.isZero(gap) && unwritten.length === 0 && !isNegative)) {
    return [];
  }
  const facts = [
    ...unwritten,
    { name: 'On its invoices', value: money.show(invoiced) },
    { name: 'Refunds beside them', value: money.show(beside) },
    { name: 'Worth now', value: money.show(worth) },
    { name: 'Difference', value: money.show(gap) },
    ...booked.invoices
      .filter(({ document }) => isClosed(document.issuedOn, terms.rules))
      .map(({ document }) => ({
        name: CLOSED_DAY,
        value: `${document.issuedOn}, of invoice ${document.number}`,
      })),
  ];
  const hold = (code: PlannedHold['code'], detail: string): PlannedHold => ({
    step: 'change',
    code,
    detail,
    facts,
  });
  if (gap.minor > 0n) {
    const back = sumOfUntold(untoldOf(order, decided), order.currency);
    if (!money.isZero(back)) {
      return [
        hold(
          'refund-unbooked',
          `What stands for order ${order.name} is ${money.show(gap)} more than it is worth by its account with the buyer, and of ${money.show(back)} that went back nothing tells what it was for`,
        ),
      ];
    }
    return [
      hold(
        'order-reduced',
        `Order ${order.name} was reduced by ${money.show(gap)} after its invoice could not be changed any more, and no refund of it is known`,
      ),
    ];
  }
  return isNegative || (unwritten.length === 0 && money.compare(beside, invoiced) > 0)
    ? [
        hold(
          'order-worth-negative',
          `More was paid back on order ${order.name} than its invoices hold: ${money.show(beside)} beside ${money.show(invoiced)}`,
        ),
      ]
    : [
        hold(
          'order-changed',
          // Without any such line, money that stands as paid back was received again, or never went.
          unwritten.length > 0
            ? `Lines or taxes of order ${order.name} changed after its invoice could not be changed any more`
            : `What stands for order ${order.name} is ${money.show(money.negate(gap))} less than it is worth by its account with the buyer, and its invoice cannot be changed any more`,
        ),
      ];
}

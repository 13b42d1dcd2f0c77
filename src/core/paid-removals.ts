import * as money from './money.ts';
import type { Money } from './money.ts';
import { totalByLines } from './order.ts';
import type { Order, Refund } from './order.ts';
import { worthOf } from './sale.ts';

/** Which of what edits took off a refund pays for. */

/** What the buyer had paid beyond the order: no invoice ever held it, so nothing is booked when it goes back. */
export function overpaidOf(order: Order): Money {
  return order.cash.state === 'known'
    ? money.atLeastZero(money.subtract(order.cash.received, totalByLines(order)))
    : money.zero(order.currency);
}

/**
 * Those that come to what is due, the nearest before the refund if it may be; if not, with what the same edit took off invoices that
 * could still be lowered. That stays off where money went back; of store credit it is put on again, as its money stays. Or all of
 * them, where the rest was paid twice.
 */
export function removalsFor(
  order: Order,
  refund: Refund,
  {
    held,
    due,
    overpaid,
    isCredit,
  }: {
    readonly held: readonly Refund[];
    readonly due: Money;
    readonly overpaid: Money;
    readonly isCredit: boolean;
  },
): readonly Refund[] | undefined {
  const at = order.refunds.indexOf(refund);
  const before = held.filter((removal) => order.refunds.indexOf(removal) < at);
  const candidates = [
    ...before.map((_, index) => before.slice(before.length - 1 - index)),
    // Money may go back before the edit that it is for; of what is left of an edit, that is a whole one.
    ...held
      .filter((removal) => removal.edit === undefined || before.includes(removal))
      .map((removal) => [removal]),
    held,
  ];
  const isDue = (some: readonly Refund[]): boolean =>
    some.length > 0 && money.equal(worthOfAll(some, order), due);
  const whole = (some: readonly Refund[]): readonly Refund[] => [
    ...some,
    ...order.refunds.filter(
      (other) => !held.includes(other) && some.some(({ edit }) => edit !== undefined && edit === other.edit),
    ),
  ];
  const ofEdit = candidates.find((some) => isDue(whole(some)));
  const all = worthOfAll(held, order);
  const rest = money.subtract(due, all);
  const isAllAndMore = money.compare(rest, overpaid) <= 0 && rest.minor > 0n && all.minor > 0n;
  return due.minor > 0n
    ? (candidates.find(isDue) ??
        (isCredit && ofEdit !== undefined ? whole(ofEdit) : ofEdit) ??
        (isAllAndMore ? held : undefined))
    : undefined;
}

export function worthOfAll(refunds: readonly Refund[], order: Order): Money {
  return money.sum(
    refunds.map((refund) => worthOf(refund, order)),
    order.currency,
  );
}

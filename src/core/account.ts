import * as money from './money.ts';
import type { Money } from './money.ts';
import { totalByLines } from './order.ts';
import type { Order, Refund } from './order.ts';
import { isEffective, paidAt, wholeDifference, worthOf } from './sale.ts';
import type { Instant } from './time.ts';

/** The account between shop and buyer: what is open when money goes back, and so what it settles, gives or keeps. */

/**
 * An order as it is shown now, with what is known of when its lines came: one that an earlier state did not hold came after that. No
 * source says so itself.
 */
export function withAdditions(order: Order, before: Order | undefined): Order {
  if (before === undefined) {
    return order;
  }
  const { additions: known = [], lines, total, doubt, updatedAt } = before;
  // A state whose lines are not all there, or not to be relied on, says nothing of what was not on it.
  const isWhole = doubt === undefined && money.equal(totalByLines(before), total);
  const isHeld = (key: string): boolean =>
    lines.some((line) => line.key === key) || known.some(({ line }) => line === key);
  const added = isWhole ? order.lines.filter(({ key }) => !isHeld(key)) : [];
  const additions = [...known, ...added.map(({ key }) => ({ line: key, after: updatedAt }))];
  return additions.length === 0 ? order : { ...order, additions };
}

/**
 * The order with the account struck at each refund: of its difference, what only settles the account is told apart from what it
 * gave or kept. While it is not known what was received, all of it is taken as given or kept.
 *
 * What is added and not paid yet is owed, and so takes part in the account over the whole order. But money that had gone back
 * before, to even what the buyer had paid too much, was not given because he buys more later: such a refund stays what it was.
 */
export function balanced(order: Order): Order {
  const whole = struck(order);
  const [first] = [...(order.additions ?? [])].toSorted((one, other) => one.after - other.after);
  return first === undefined ? whole : struck(order, settledBefore(whole, first.after));
}

/** What settled of refunds of until then by the lines and the money that there were, where that is more; by their ids. */
function settledBefore(whole: Order, until: Instant): ReadonlyMap<string, Money> {
  const { cash, additions = [], currency, refunds } = whole;
  const tenders = cash.state === 'known' ? cash.tenders.filter(({ at }) => at <= until) : [];
  const received = money.sum(
    tenders.map(({ amount }) => amount),
    currency,
  );
  const lines = whole.lines.filter(({ key }) => !additions.some(({ line }) => line === key));
  const then = struck({ ...whole, lines, cash: { state: 'known', received, tenders } });
  const none = money.zero(currency);
  return new Map(
    refunds.flatMap((refund, index) => {
      const was = then.refunds[index]?.settled ?? none;
      const isMore = money.isNegative(was) && money.compare(was, refund.settled ?? none) < 0;
      return paidAt(refund) <= until && isMore ? [[refund.id, was] as const] : [];
    }),
  );
}

/** `known`: what settled of refunds of which it is known from elsewhere, by their ids. */
function struck(order: Order, known: ReadonlyMap<string, Money> = new Map()): Order {
  const { cash, refunds } = order;
  if (cash.state !== 'known' || money.isZero(cash.received)) {
    return order;
  }
  const start = money.subtract(cash.received, totalByLines(order));
  const { settled } = accountOf(order, { start, known });
  return {
    ...order,
    refunds: refunds.map((refund) => {
      const part = settled.get(refund);
      return part === undefined || (money.isZero(part) && refund.settled === undefined)
        ? refund
        : { ...refund, difference: money.subtract(wholeDifference(refund), part), settled: part };
    }),
  };
}

interface Account {
  /** Of the difference of each refund that counts, what settles. */
  readonly settled: ReadonlyMap<Refund, Money>;
  /** What the buyer has paid too much at the end; negative: still owes. */
  readonly open: Money;
}

/**
 * What is open between shop and buyer, refund by refund, from what was paid too much before any (negative: owed). What a refund
 * pays beyond its returns first settles what was paid twice, or is open for what an edit took off; what it keeps of them, what is
 * owed for lines that an exchange added. The rest is given or kept. But what was given or kept whole by one refund, or by all,
 * settles too where just that makes the account even: money may go back before the edit that it is for.
 */
function accountOf(
  order: Pick<Order, 'currency' | 'pricesIncludeTax' | 'refunds'>,
  { start, known }: { readonly start: Money; readonly known: ReadonlyMap<string, Money> },
): Account {
  const effective = order.refunds.filter((refund) => isEffective(refund, order));
  const settled = new Map<Refund, Money>();
  let open = start;
  for (const refund of effective) {
    const difference = wholeDifference(refund);
    const isRemoval = refund.payouts.length === 0 && money.isZero(difference);
    const part = isRemoval
      ? worthOf(refund, order)
      : (known.get(refund.id) ?? overlap(difference, money.negate(open)));
    open = money.add(open, part);
    settled.set(refund, isRemoval ? money.zero(order.currency) : part);
  }
  const unknown = effective.filter(({ id }) => !known.has(id));
  const left = unknown.map((refund) => ({
    refund,
    part: money.subtract(wholeDifference(refund), settled.get(refund) ?? open),
  }));
  const evening = eveningOf(left, money.negate(open));
  for (const { refund, part } of evening) {
    settled.set(refund, money.add(settled.get(refund) ?? part, part));
    open = money.add(open, part);
  }
  return { settled, open };
}

interface Part {
  readonly refund: Refund;
  readonly part: Money;
}

/** One whole part that is this amount, the latest, or else all of its sign together. */
function eveningOf(parts: readonly Part[], amount: Money): readonly Part[] {
  const alike = parts.filter(
    ({ part }) => !money.isZero(part) && money.isNegative(part) === money.isNegative(amount),
  );
  const one = alike.findLast(({ part }) => money.equal(part, amount));
  if (one !== undefined) {
    return [one];
  }
  const all = money.sum(
    alike.map(({ part }) => part),
    amount.currency,
  );
  return money.equal(all, amount) ? alike : [];
}

/** As much of an amount as another of the same sign holds. */
function overlap(amount: Money, limit: Money): Money {
  return money.isNegative(amount)
    ? money.maximum(amount, money.minimum(limit, money.zero(amount.currency)))
    : money.minimum(amount, money.atLeastZero(limit));
}

import { wholeKeyOf } from './growth.ts';
import type { Booked } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { grossOf, totalByLines } from './order.ts';
import type { Addition, Order, OrderLine, Refund, Tender } from './order.ts';
import { isEffective, paidAt, wholeDifference, worthOf } from './sale.ts';
import { localDate } from './time.ts';
import type { Instant, Zone } from './time.ts';

/** The account between shop and buyer: what is open when money goes back, and so what it settles, gives or keeps. */

/**
 * An order as it is shown now, with what is known of when its lines came: what an earlier state did not hold came after that. No
 * source says so itself.
 */
export function withAdditions(order: Order, before: Order | undefined): Order {
  if (before === undefined || before.currency !== order.currency) {
    return order;
  }
  const isThere = (key: string): boolean => order.lines.some((line) => line.key === key);
  const additions = [
    ...(before.additions ?? []).filter(({ line }) => isThere(line) || !isWhole(order)),
    ...(isWhole(before) ? order.lines.flatMap((line) => additionOf(line, before)) : []),
  ];
  return additions.length === 0 ? order : { ...order, additions };
}

/**
 * A database that was put back has not seen the states between. Where an invoice of what was added is found standing, that came after
 * what was before its day.
 */
export function withFound(order: Order, { first, invoices }: Booked, zone: Zone): Order {
  const since = new Map<string, Instant>();
  for (const { document } of invoices.filter(({ isFound }) => isFound)) {
    const before = order.refunds.map(paidAt).filter((at) => localDate(at, zone) < document.issuedOn);
    const added = document.lines.filter(({ key }) => first?.lines.every((line) => line.key !== key) === true);
    const keys = added.map(({ key }) => wholeKeyOf(key) ?? key);
    keys.forEach((key) => before.forEach((at) => since.set(key, latest(since.get(key), at))));
  }
  if (since.size === 0) {
    return order;
  }
  const { additions: known = [], lines } = order;
  const told = known.map((addition) => ({
    ...addition,
    after: latest(since.get(addition.line), addition.after),
  }));
  const untold = lines.flatMap(({ key }) => {
    const at = known.some(({ line }) => line === key) ? undefined : since.get(key);
    return at === undefined ? [] : [{ line: key, after: at }];
  });
  return { ...order, additions: [...told, ...untold] };
}

function latest(one: Instant | undefined, other: Instant): Instant {
  return one === undefined || other > one ? other : one;
}

/** A state whose lines are not all there, or not to be relied on, says nothing of what is not on it. */
function isWhole(order: Order): boolean {
  return order.doubt === undefined && money.equal(totalByLines(order), order.total);
}

/** A line, or more of one by units or price; that a discount or a tax of it moves adds nothing. */
function additionOf(line: OrderLine, before: Order): readonly Addition[] {
  const addition = { line: line.key, after: before.updatedAt };
  const then = before.lines.find(({ key }) => key === line.key);
  if (then === undefined) {
    return [addition];
  }
  const more = money.compare(grossOf(line), grossOf(then));
  return more > 0 || (more === 0 && line.quantity > then.quantity) ? [{ ...addition, was: then }] : [];
}

/**
 * The order with the account struck at each refund: of its difference, what only settles the account is told apart from what it
 * gave or kept. While it is not known what was received, all of it is taken as given or kept.
 *
 * What is added and not paid yet is owed, and so takes part in the account over the whole order. But money that had gone back
 * before, to even what the buyer had paid too much, was not given because he buys more later: such a refund stays what it was.
 */
export function balanced(order: Order): Order {
  const { cash, refunds } = order;
  if (cash.state !== 'known' || money.isZero(cash.received)) {
    return order;
  }
  const { received, tenders } = cash;
  const whole = { refunds, tenders, open: money.subtract(received, totalByLines(order)) };
  const { settled } = settledIn(whole, order, settledBefore(order, whole));
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

/** What an account is struck over. */
interface Account {
  readonly refunds: readonly Refund[];
  readonly tenders: readonly Tender[];
  /** What the buyer has paid too much before any refund; negative: owes. */
  readonly open: Money;
}

/** What had settled of refunds before something was added, where what is owed for that settles otherwise; by their ids. */
function settledBefore(order: Order, whole: Account): ReadonlyMap<string, Money> {
  const moments = [...new Set(order.additions?.map(({ after }) => after))].toSorted((a, b) => a - b);
  const known = new Map<string, Money>();
  for (const refund of moments.length === 0 ? [] : order.refunds) {
    const states = [
      ...moments.filter((until) => until >= paidAt(refund)).map((until) => asOf(until, order, whole)),
      whole,
    ].map((account): State => {
      const { settled, open } = settledIn(account, order, known);
      const part = settled.get(refund) ?? money.zero(order.currency);
      return { part, isEven: money.isZero(open) && money.equal(part, wholeDifference(refund)) };
    });
    const part = money.isNegative(wholeDifference(refund)) ? mostGone(states) : keptThen(states);
    if (part !== undefined && !money.equal(part, states.at(-1)?.part ?? part)) {
      known.set(refund.id, part);
    }
  }
  return known;
}

/** What of a refund settles in an account, and whether that comes out even by all that it gave or kept. */
interface State {
  readonly part: Money;
  readonly isEven: boolean;
}

/** Money that had gone back to even the account has done so for good. */
function mostGone(states: readonly State[]): Money | undefined {
  return states.map(({ part }) => part).reduce((a, b) => money.minimum(a, b));
}

/**
 * What was kept pays for what is added later only where just that makes the account even, as in an exchange: else the buyer may pay
 * that whole.
 */
function keptThen(states: readonly State[]): Money | undefined {
  const [first, ...later] = states;
  return (later.findLast(({ isEven }) => isEven) ?? first)?.part;
}

/** The account of that moment, without what took off later what was added after it. */
function asOf(until: Instant, order: Order, { refunds, tenders }: Account): Account {
  const { additions = [], currency, lines } = order;
  const addedTo = (key: string): Addition | undefined =>
    additions.find(({ line, after }) => line === key && after >= until);
  const earlier = tenders.filter(({ at }) => at <= until);
  const received = earlier.map(({ amount }) => amount);
  const charged = lines.flatMap((line) => {
    const addition = addedTo(line.key);
    return addition === undefined ? [line] : addition.was === undefined ? [] : [addition.was];
  });
  return {
    refunds: refunds.filter(
      (refund) => paidAt(refund) <= until || refund.returns.every(({ line }) => addedTo(line) === undefined),
    ),
    tenders: earlier,
    open: money.subtract(money.sum(received, currency), totalByLines({ ...order, lines: charged })),
  };
}

/**
 * Of the difference of each refund that counts, what settles: refund by refund, from what was paid too much before any. What a refund
 * pays beyond its returns first settles what had been paid twice, or is open for what an edit took off; what it keeps of them, what
 * is owed for lines that an exchange added. The rest is given or kept. But what was given or kept whole by one refund, or by all,
 * settles too where just that makes the account even: money may go back before the edit that it is for.
 *
 * Money that came after a refund may be what that had paid back, come again. Where it is too much by more, it is none of that.
 */
function settledIn(
  { refunds, tenders, open: start }: Account,
  order: Pick<Order, 'currency' | 'pricesIncludeTax'>,
  known: ReadonlyMap<string, Money>,
): { readonly settled: ReadonlyMap<Refund, Money>; readonly open: Money } {
  const effective = refunds.filter((refund) => isEffective(refund, order));
  const settled = new Map<Refund, Money>();
  let open = start;
  for (const refund of effective) {
    const difference = wholeDifference(refund);
    const isRemoval = refund.payouts.length === 0 && money.isZero(difference);
    const isMore = money.isNegative(difference) && money.compare(open, money.negate(difference)) > 0;
    const then = isMore ? money.subtract(open, sumAfter(refund, tenders)) : open;
    const part = isRemoval
      ? worthOf(refund, order)
      : (known.get(refund.id) ?? overlap(difference, money.negate(then)));
    open = money.add(open, part);
    settled.set(refund, isRemoval ? money.zero(order.currency) : part);
  }
  const unknown = effective.filter(({ id }) => !known.has(id));
  const left = unknown.map((refund) => ({
    refund,
    part: money.subtract(wholeDifference(refund), settled.get(refund) ?? open),
  }));
  for (const { refund, part } of eveningOf(left, money.negate(open))) {
    settled.set(refund, money.add(settled.get(refund) ?? part, part));
    open = money.add(open, part);
  }
  return { settled, open };
}

/** What came only after a refund's money had gone. */
function sumAfter(refund: Refund, tenders: readonly Tender[]): Money {
  const later = tenders.filter(({ at }) => at > paidAt(refund));
  return money.sum(
    later.map(({ amount }) => amount),
    refund.difference.currency,
  );
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

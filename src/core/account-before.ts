import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Order, Refund } from './order.ts';
import { paidAt } from './refund-ways.ts';
import { balanced, isSpent, linesWithout } from './sale.ts';
import { isRewritable } from './targets.ts';
import type { Basis } from './targets.ts';
import { localDate } from './time.ts';
import type { Instant, LocalDate, Zone } from './time.ts';

/**
 * What is added to an order and not paid yet is owed, and so takes part in the account that `balanced` strikes over the whole order.
 * But money that had gone back before, to even what the buyer had paid too much, was not given because he buys more later: such a
 * refund stays what it was. Which lines are later the ledger tells, since no order says when they came.
 */
export function withEarlierAccount(basis: Basis): Order {
  const { order, booked, zone } = basis;
  const later = addedLater(basis);
  if (later.length === 0 || order.cash.state !== 'known') {
    return order;
  }
  const since = addedOn(order, booked.invoices, { later, zone });
  const isBefore = (at: Instant): boolean => localDate(at, zone) < since;
  const tenders = order.cash.tenders.filter(({ at }) => isBefore(at));
  const none = money.zero(order.currency);
  const received = money.sum(
    tenders.map(({ amount }) => amount),
    order.currency,
  );
  const lines = order.lines.filter(({ key }) => !later.includes(key));
  const { refunds } = balanced({ ...order, lines, cash: { state: 'known', received, tenders } });
  const settled = order.refunds.flatMap((refund, index) => {
    const was = refunds[index]?.settled ?? none;
    const isKnown = isBefore(paidAt(refund)) && !isOffInvoice(refund, booked);
    const isMore = money.isNegative(was) && money.compare(was, refund.settled ?? none) < 0;
    return isKnown && isMore ? [[refund.id, was] as const] : [];
  });
  return settled.length === 0 ? order : balanced(order, new Map(settled));
}

/** The lines that the first invoice never held, nor will, by their keys. */
export function addedLater(basis: Basis): readonly string[] {
  const { order, booked } = basis;
  const [first] = booked.invoices;
  if (first === undefined) {
    return [];
  }
  const { lines, refunds } = first.document;
  const gone = order.refunds.filter(({ id }) => refunds.includes(id));
  const left = linesWithout(order, gone).filter((line) => !isSpent(line));
  const [host] = booked.invoices.filter((each) => isRewritable(basis, each, { offInvoice: [] })).slice(-1);
  const onFirst = new Set(lines.map(({ key }) => key));
  const onOthers = new Set(
    booked.invoices
      .filter((invoice) => invoice !== first)
      .flatMap(({ document }) => document.lines.map(({ key }) => key)),
  );
  const isNew = (key: string): boolean => host !== first && left.some((line) => line.key === key);
  return order.lines
    .map(({ key }) => key)
    .filter((key) => !onFirst.has(key) && (onOthers.has(key) || isNew(key)));
}

function addedOn(
  order: Order,
  invoices: readonly BookedInvoice[],
  { later, zone }: { readonly later: readonly string[]; readonly zone: Zone },
): LocalDate {
  const days = invoices
    .filter(({ document }) => document.lines.some(({ key }) => later.includes(key)))
    .map(({ document }) => document.issuedOn);
  return [...days, localDate(order.updatedAt, zone)].toSorted()[0] ?? localDate(order.updatedAt, zone);
}

function isOffInvoice({ id }: Refund, { invoices }: Booked): boolean {
  return invoices.some(({ document }) => document.refunds.includes(id));
}

import type { InvoiceDocument } from './document.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { channelTaxOf, totalByLines } from './order.ts';
import type { Order, OrderLine, Refund } from './order.ts';
import {
  isEffective,
  isRemoval,
  isSpent,
  keptOf,
  linesWithout,
  paidBack,
  returnedLines,
  worthOf,
} from './sale.ts';
import { localDate, momentOf } from './time.ts';
import type { Instant, Zone } from './time.ts';

/**
 * Goods that went out for others that came back while no money moved for them: by edits of a later month, when the invoice of the
 * former may not be changed any more. What came back stands beside that, and what was kept of it paid for what was added
 * (docs/bookkeeping.md, "Refunds").
 */

interface Known {
  readonly booked: Booked;
  readonly zone: Zone;
  readonly isRewritable: (invoice: BookedInvoice) => boolean;
}

/** The order with what such exchanges took off told as that: of an order whose account is struck (`balanced`). */
export function withExchanges(order: Order, known: Known): Order {
  const open = openExchanges(order, known);
  const at = (refund: Refund): Instant => momentOfExchange(order, refund, known);
  return marked(order, (refund) => isStanding(refund, known.booked) || open.includes(refund), at);
}

/** The same of those alone that stand in the books. */
export function withBookedExchanges(order: Order, booked: Booked): Order {
  return marked(
    order,
    (refund) => isStanding(refund, booked),
    ({ at }) => at,
  );
}

function marked(
  order: Order,
  isMeant: (refund: Refund) => boolean,
  momentIn: (refund: Refund) => Instant,
): Order {
  return {
    ...order,
    refunds: order.refunds.map((refund) =>
      isMeant(refund)
        ? { ...refund, at: momentIn(refund), settled: worthOf(refund, order), isExchange: true }
        : refund,
    ),
  };
}

function isStanding(refund: Refund, { beside }: Booked): boolean {
  return isRemoval(refund) && beside.some((each) => each.refund === refund.id);
}

/**
 * What was taken off and its invoice holds still, where just that paid for what was added: the account comes out even, and so much is
 * missing of the money that what stands and is still to stand would take.
 */
function openExchanges(order: Order, { booked, isRewritable }: Known): readonly Refund[] {
  const effective = order.refunds.filter((refund) => isEffective(refund, order));
  const fixed = booked.invoices.filter((invoice) => !isRewritable(invoice)).map(({ document }) => document);
  const isTold = ({ id }: Refund): boolean => booked.beside.some(({ refund }) => refund === id);
  const isHeld = ({ id, returns }: Refund): boolean =>
    fixed.some(
      (document) =>
        !document.refunds.includes(id) &&
        document.lines.some(({ key }) => returns.some(({ line }) => line === key)),
    );
  const paidFor = booked.beside.flatMap(({ step }) => step.removals ?? []);
  const held = effective.filter(
    (refund) => isRemoval(refund) && !isTold(refund) && !paidFor.includes(refund.id) && isHeld(refund),
  );
  // Of money that goes back for what edits took off it is decided elsewhere which of that it is for.
  const isPaying = effective.some(
    (refund) => refund.settled !== undefined && money.isNegative(refund.settled) && !isTold(refund),
  );
  if (held.length === 0 || isPaying || addedTo(order, booked, linesWithout(order, effective)).length === 0) {
    return [];
  }
  const missing = missingOf(order, { booked, fixed, effective });
  const taken = money.sum(
    held.map((refund) => merchantWorth(refund, order)),
    order.currency,
  );
  return missing !== undefined && money.equal(missing, taken) ? held : [];
}

/** What is not paid of what stands and is still to stand, of an account that comes out even; else nothing. */
function missingOf(
  order: Order,
  {
    booked,
    fixed,
    effective,
  }: {
    readonly booked: Booked;
    readonly fixed: readonly InvoiceDocument[];
    readonly effective: readonly Refund[];
  },
): Money | undefined {
  const { cash, currency } = order;
  const sumOf = (amounts: readonly Money[]): Money => money.sum(amounts, currency);
  const left = linesWithout(order, effective);
  const worth = sumOf([totalByLines({ ...order, lines: left }), ...effective.map((each) => each.difference)]);
  const back = sumOf(effective.map((refund) => paidBack(refund, currency)));
  if (cash.state !== 'known' || !money.equal(money.subtract(cash.received, back), worth)) {
    return undefined;
  }
  const isFixed = (key: string): boolean => fixed.some(({ lines }) => lines.some((line) => line.key === key));
  const others = { ...order, lines: left.filter(({ key }) => !isFixed(key)) };
  const added = money.subtract(totalByLines(others), channelTaxOf(others));
  const stands = sumOf([...fixed.map(({ total }) => total), added]);
  const paid = sumOf([keptOf(order, cash.received, effective), ...booked.beside.map(({ amount }) => amount)]);
  return money.subtract(stands, paid);
}

/** Without tax that the channel remits, which no invoice holds. */
function merchantWorth(refund: Refund, order: Order): Money {
  const lines = returnedLines(order, refund);
  return money.subtract(worthOf(refund, order), channelTaxOf({ lines, currency: order.currency }));
}

/** Since the first invoice was made, more of a line too. */
function addedTo(
  { additions = [] }: Order,
  { first }: Booked,
  lines: readonly OrderLine[],
): readonly OrderLine[] {
  const hasGrown = (key: string): boolean =>
    additions.some(({ line, was }) => line === key && was !== undefined);
  return lines.filter(
    (line) =>
      !isSpent(line) &&
      first !== undefined &&
      (hasGrown(line.key) || first.lines.every(({ key }) => key !== line.key)),
  );
}

/** It was none before the goods were added that it paid for. */
function momentOfExchange(order: Order, { at }: Refund, { booked, zone }: Known): Instant {
  const days = addedTo(order, booked, order.lines).map(({ key }) => {
    const invoice = booked.invoices.find(({ document }) => document.lines.some((line) => line.key === key));
    return invoice?.document.issuedOn ?? localDate(order.updatedAt, zone);
  });
  const last = days.toSorted().at(-1);
  return last === undefined || last <= localDate(at, zone) ? at : momentOf(last, zone);
}

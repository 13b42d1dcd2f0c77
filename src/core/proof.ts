import { balanced, withFound } from './account.ts';
import { asFirst } from './cash-plan.ts';
import { withBookedExchanges } from './exchange.ts';
import { paidOf } from './ledger.ts';
import type { Booked } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { channelTaxOf, totalByLines } from './order.ts';
import type { Order } from './order.ts';
import { feesOf } from './settlement.ts';
import type { Settlement } from './settlement.ts';
import { isEffective, isGone, keptOf, linesWithout, worthNow, worthOf } from './sale.ts';

/**
 * The comparison that everything is about, in amounts that anybody can add up: what the order is worth now by the shop's own
 * figures, against what stands for it in the books.
 */
export interface Proof {
  readonly shop: ShopFigures;
  readonly books: BookFigures;
  /** In the books less worth: nothing where they agree. Absent where the books' currency is another one. */
  readonly difference?: Money;
  /** Absent while it is not known what was received. */
  readonly cash?: CashFigures;
}

export interface ShopFigures {
  /** As charged, and the same by its lines. */
  readonly total: Money;
  readonly sumOfLines: Money;
  /** Of what went back; negative. */
  readonly returned: Money;
  /** Kept of refunds (positive), or paid back beyond what was returned. */
  readonly amountsBeside: Money;
  /** Collected and remitted by the channel itself; negative. */
  readonly channelTax: Money;
  /** Cancelled, voided or run out, and nothing was kept: then all of it is let go. */
  readonly isGone: boolean;
  readonly worth: Money;
}

export interface BookFigures {
  readonly invoices: readonly { readonly number: string; readonly amount: Money }[];
  /** Refunds as expenses and credit notes; negative. */
  readonly beside: Money;
  /** Absent where the books' currency is another one. */
  readonly net?: Money;
}

export interface CashFigures {
  readonly received: Money;
  /** Paid back by transactions that succeeded; negative. */
  readonly paidBack: Money;
  /** The merchant's own part of what stayed. */
  readonly kept: Money;
  readonly payments: Money;
  /** Payments, less refunds beside them, less what was kept. */
  readonly difference: Money;
}

export function proofOf(shown: Order, booked: Booked): Proof {
  const order = withBookedExchanges(balanced(withFound(shown, booked, shown.zone)), booked);
  const { currency } = order;
  const shop = shopFigures(order);
  const invoices = booked.invoices.map(({ document, amount }) => ({ number: document.number, amount }));
  const amounts = [...invoices, ...booked.payments, ...booked.beside].map(({ amount }) => amount);
  const isComparable = amounts.every((amount) => amount.currency === currency);
  const beside = isComparable
    ? money.negate(
        money.sum(
          booked.beside.map(({ amount }) => amount),
          currency,
        ),
      )
    : money.zero(currency);
  if (!isComparable) {
    return { shop, books: { invoices, beside } };
  }
  const invoiced = money.sum(
    invoices.map(({ amount }) => amount),
    currency,
  );
  const net = money.add(invoiced, beside);
  const cash = cashFigures(order, booked, beside);
  return {
    shop,
    books: { invoices, beside, net },
    difference: money.subtract(net, shop.worth),
    ...(cash === undefined ? {} : { cash }),
  };
}

function shopFigures(order: Order): ShopFigures {
  const { currency } = order;
  const effective = order.refunds.filter((refund) => isEffective(refund, order));
  const returned = effective.map((refund) => worthOf(refund, order));
  const gone = isGone(order);
  return {
    total: order.total,
    sumOfLines: totalByLines(order),
    returned: money.negate(money.sum(returned, currency)),
    amountsBeside: money.sum(
      effective.map(({ difference }) => difference),
      currency,
    ),
    channelTax: money.negate(channelTaxOf({ lines: linesWithout(order, effective), currency })),
    isGone: gone,
    worth: gone ? money.zero(currency) : worthNow(order),
  };
}

function cashFigures(order: Order, booked: Booked, beside: Money): CashFigures | undefined {
  const { cash, currency } = order;
  if (cash.state !== 'known') {
    return undefined;
  }
  const effective = order.refunds.filter((refund) => isEffective(refund, order));
  const payouts = effective.flatMap((refund) => refund.payouts);
  const payments = paidOf(booked, currency);
  const standing = money.add(payments, beside);
  // Tax of the channel's on what was added later comes only with the money for that.
  const first = asFirst(order, booked);
  const before = keptOf(
    first,
    cash.received,
    first.refunds.filter((refund) => isEffective(refund, first)),
  );
  const kept = money.maximum(keptOf(order, cash.received, effective), money.minimum(before, standing));
  return {
    received: cash.received,
    paidBack: money.negate(
      money.sum(
        payouts.map(({ amount }) => amount),
        currency,
      ),
    ),
    kept,
    payments,
    difference: money.subtract(standing, kept),
  };
}

/** The same of a settlement: its fees against the expenses that stand for it. */
export interface FeesProof {
  readonly fees: Money;
  readonly expenses: Money;
  /** In the books less kept by the channel. Absent where the two are of several currencies. */
  readonly difference?: Money;
}

export function feesProofOf(settlement: Settlement, { beside }: Booked): FeesProof {
  const { currency, amounts } = settlement;
  const fees = feesOf(settlement);
  const isComparable = [...amounts, ...beside].every(({ amount }) => amount.currency === currency);
  if (!isComparable) {
    return { fees, expenses: money.zero(currency) };
  }
  const expenses = money.sum(
    beside.map(({ amount }) => amount),
    currency,
  );
  return { fees, expenses, difference: money.subtract(expenses, fees) };
}

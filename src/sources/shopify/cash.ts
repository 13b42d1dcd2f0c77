import {
  add,
  compare,
  equal,
  format,
  isNegative,
  isZero,
  minimum,
  show,
  subtract,
  sum,
  zero,
} from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Cash, Tender } from '#core/order.ts';
import { TOGETHER } from '#core/payment-method.ts';
import type { Instant } from '#core/time.ts';
import type { Amounts } from './amounts.ts';
import type { OrderPayload, TransactionPayload } from './payload.ts';

/** What the cash of an order is judged by, beside its body. */
export interface Sale {
  readonly amounts: Amounts;
  readonly placedAt: Instant;
  /** As the order says it, before cash rounding. */
  readonly total: Money;
  readonly currentTotal: Money;
  /** Absent in old bodies. */
  readonly shownCurrentTotal?: Money;
  readonly rounding: Money;
}

/**
 * Money received (ARCHITECTURE, "Cash is a running total"). A status proves nothing by itself: `authorized` and `voided` stand
 * beside 0.00 outstanding in public samples, and `paid` beside money that is. So the words decide only where nothing
 * contradicts them; the transactions decide where they are shown; and everything else is asked for.
 */
export function cashOf(order: OrderPayload, sale: Sale): Cash {
  const unreadable = refundPayouts(order).find((each) => amountOf(each, sale.amounts) === undefined);
  if (unreadable !== undefined) {
    return {
      state: 'reread',
      why: `Refund transaction ${unreadable.id} is not shown in ${sale.amounts.currency}`,
    };
  }
  const outstanding = outstandingOf(order, sale);
  if (order.financial_status === 'paid' && outstanding !== undefined && isPositive(outstanding)) {
    return {
      state: 'unclear',
      why: `Shopify calls it paid and shows ${show(outstanding)} outstanding`,
    };
  }
  const { transactions } = order;
  // Whoever makes an order by the API may call it paid without any transaction: then the word is all that there is. Where it does not
  // tell, as of a total that was lowered, there is no money: who lists transactions has been asked already.
  const isByWord =
    isCalledPaid(order, outstanding) &&
    transactions?.length === 0 &&
    cashByStatus(order, sale, outstanding).state === 'known';
  return transactions === undefined || transactions === null || isByWord
    ? cashByStatus(order, sale, outstanding)
    : cashByTransactions(order, sale, transactions);
}

function isCalledPaid({ financial_status: status }: OrderPayload, outstanding: Money | undefined): boolean {
  return status === 'paid' && outstanding !== undefined && isZero(outstanding);
}

function refundPayouts(order: OrderPayload): TransactionPayload[] {
  return order.refunds
    .flatMap((refund) => refund.transactions)
    .filter((transaction) => isPayout(transaction, order));
}

/**
 * A webhook shows it in the shop's currency alone: its sign tells enough where its amount is of no use. Where the buyer owes nothing in
 * his own, nothing is outstanding.
 */
function outstandingOf(order: OrderPayload, { amounts }: Sale): Money | undefined {
  const path = 'total_outstanding';
  const { total_outstanding: plain, total_outstanding_set: set } = order;
  const his = set?.presentment_money;
  if (!amounts.hasOneCurrency && his !== undefined && his !== null && isZero(his)) {
    return zero(amounts.currency);
  }
  return (
    amounts.read({ set, plain, path }) ??
    (plain === undefined ? undefined : amounts.inShopCurrency(plain, path))
  );
}

function cashByStatus(order: OrderPayload, sale: Sale, outstanding: Money | undefined): Cash {
  switch (order.financial_status) {
    case 'authorized':
      return known(order, sale, zero(sale.amounts.currency));
    case 'pending':
    case 'voided':
    case 'expired':
      return partWhy(order, sale, outstanding) ?? known(order, sale, zero(sale.amounts.currency));
    case 'paid':
      return cashOfPaid(order, sale, outstanding);
    case '':
      return { state: 'reread', why: 'The message shows no financial status' };
    default:
      return {
        state: 'reread',
        why: `The message says ${order.financial_status} and not how much was received`,
      };
  }
}

function cashOfPaid(order: OrderPayload, sale: Sale, outstanding: Money | undefined): Cash {
  if (outstanding !== undefined && isNegative(outstanding)) {
    return {
      state: 'reread',
      why: `It is paid with ${format(outstanding)} outstanding, so perhaps too much was received`,
    };
  }
  return (
    changedWhy(sale) ?? otherCurrencyWhy(order, sale) ?? known(order, sale, add(sale.total, sale.rounding))
  );
}

/** Something was received of it: the rest alone is outstanding. Old messages show 0.00 of what is not paid at all. */
function partWhy(order: OrderPayload, sale: Sale, outstanding: Money | undefined): Cash | undefined {
  const { amounts, currentTotal, rounding } = sale;
  const plain = order.current_total_price ?? order.total_price;
  const isOurs = outstanding?.currency === currentTotal.currency;
  const now = isOurs || plain === undefined ? currentTotal : amounts.inShopCurrency(plain, 'total_price');
  const isPart =
    outstanding?.currency === now.currency &&
    isPositive(outstanding) &&
    compare(outstanding, isOurs ? add(now, rounding) : now) < 0;
  return isPart
    ? {
        state: 'reread',
        why: `The message says ${order.financial_status} and shows ${show(outstanding)} outstanding`,
      }
    : undefined;
}

/** A total that was lowered by an edit or a refund tells what is owed, not what was received. */
function changedWhy({ total, currentTotal }: Sale): Cash | undefined {
  return equal(total, currentTotal)
    ? undefined
    : {
        state: 'reread',
        why: `The total went from ${show(total)} to ${show(currentTotal)}, so the message does not show what was received`,
      };
}

/** Several tenders in another currency are read in the shop's money first (bookkeeping, "currency"). */
function otherCurrencyWhy(order: OrderPayload, { amounts }: Sale): Cash | undefined {
  return amounts.hasOneCurrency || gatewaysOf(order).length < 2
    ? undefined
    : { state: 'reread', why: 'It was paid in several ways in another currency than the shop’s' };
}

/** One tender for all, because the body does not list them; dated as the order (bookkeeping, section 4). */
function known(order: OrderPayload, sale: Sale, received: Money): Cash {
  const tender: Tender = { gateway: gatewayOf(order), amount: received, at: sale.placedAt };
  return { state: 'known', received, tenders: isZero(received) ? [] : [tender] };
}

/**
 * Several gateways are all named, because the body does not say who paid how much: `plan` books a payment in which a gift
 * card took part as "Other".
 */
function gatewayOf(order: OrderPayload): string {
  const names = gatewaysOf(order);
  return names.length === 0 ? 'unknown' : names.join(TOGETHER);
}

export function gatewaysOf(order: OrderPayload): string[] {
  const names = [...new Set(order.payment_gateway_names.filter((name) => name !== ''))];
  return names.length > 0 || order.gateway === '' ? names : [order.gateway];
}

function cashByTransactions(
  order: OrderPayload,
  sale: Sale,
  transactions: readonly TransactionPayload[],
): Cash {
  const done = transactions.filter((transaction) => counts(transaction, order));
  const receipts = done.filter((each) => isReceipt(each, order));
  const tenders: Tender[] = [];
  for (const transaction of receipts) {
    const amount = amountOf(transaction, sale.amounts);
    if (amount === undefined) {
      return {
        state: 'reread',
        why: `Transaction ${transaction.id} is not shown in ${sale.amounts.currency}`,
      };
    }
    tenders.push({
      gateway: transaction.gateway === '' ? 'unknown' : transaction.gateway,
      amount,
      at: (transaction.processed_at ?? transaction.created_at)?.at ?? sale.placedAt,
      transactionId: transaction.id,
    });
  }
  const rounding = sum(
    receipts.map((each) => roundingOf(each, sale.amounts)),
    sale.amounts.currency,
  );
  if (!equal(rounding, sale.rounding)) {
    return {
      state: 'unclear',
      why: `Shopify shows cash rounding of ${show(sale.rounding)}, and ${show(rounding)} in its transactions`,
    };
  }
  const given = tenders.sort(byTime);
  const change = done
    .filter(({ kind }) => kind === 'change')
    .flatMap((each) => amountOf(each, sale.amounts) ?? []);
  const kept = withoutChange(given, sum(change, sale.amounts.currency));
  const received = sumOfAmounts(kept, sale.amounts.currency);
  const due = dueOf(order, sale);
  if (due === undefined || equal(received, due)) {
    return { state: 'known', received, tenders: kept };
  }
  // Whether a receipt contains what went back over the counter is not documented.
  return equal(sumOfAmounts(given, due.currency), due)
    ? { state: 'known', received: due, tenders: given }
    : {
        state: 'unclear',
        why: `Shopify calls it paid, and its transactions come to ${show(received)} of ${show(due)}`,
      };
}

/** What must have been received of an order that is called paid and was never lowered; nothing where that is not certain. */
function dueOf(order: OrderPayload, sale: Sale): Money | undefined {
  const { total, currentTotal, rounding } = sale;
  const outstanding = outstandingOf(order, sale);
  // Nothing in the other currency may be a minor unit in this one.
  const isPlain =
    order.refunds.length === 0 && equal(total, currentTotal) && outstanding?.currency === total.currency;
  return isPlain && isCalledPaid(order, outstanding) ? add(total, rounding) : undefined;
}

/** Money that moved. A test transaction counts in a test order, which is skipped as a whole or not at all. */
export function counts(transaction: TransactionPayload, order: OrderPayload): boolean {
  return transaction.status === 'success' && (!transaction.test || order.test);
}

/** Money that came in. */
export function isReceipt(transaction: TransactionPayload, order: OrderPayload): boolean {
  return (transaction.kind === 'sale' || transaction.kind === 'capture') && counts(transaction, order);
}

/** Money that went back. */
export function isPayout(transaction: TransactionPayload, order: OrderPayload): boolean {
  return transaction.kind === 'refund' && counts(transaction, order);
}

/** When it moved; 0 where it is not shown. */
export function movedAt({ processed_at: processed, created_at: created }: TransactionPayload): number {
  return (processed ?? created)?.at ?? 0;
}

/**
 * With what the till rounded, which Shopify shows apart (docs/vendors/shopify.md 4.2). A plain amount is in the transaction's own
 * currency, which is the buyer's.
 */
export function amountOf(transaction: TransactionPayload, amounts: Amounts): Money | undefined {
  const path = `transaction ${transaction.id}`;
  const { currency, amount: plain } = transaction;
  const isOurs = currency === undefined ? amounts.hasOneCurrency : currency === amounts.currency;
  const inSet = amounts.read({ set: transaction.amount_set, path });
  const amount = inSet ?? (isOurs && plain !== undefined ? amounts.inOwnCurrency(plain, path) : undefined);
  return amount === undefined ? undefined : add(amount, roundingOf(transaction, amounts));
}

/** What the till put on a payment or refund in cash, or took off it (negative). */
export function roundingOf({ id, amount_rounding_set: set }: TransactionPayload, amounts: Amounts): Money {
  return amounts.orZero({ set, path: `rounding of transaction ${id}` });
}

/** Cash that went back over the counter was never kept: it comes off the latest receipts. */
function withoutChange(tenders: readonly Tender[], change: Money): readonly Tender[] {
  let left = change;
  const kept = tenders.toReversed().map((tender) => {
    const part = minimum(left, tender.amount);
    left = subtract(left, part);
    return { ...tender, amount: subtract(tender.amount, part) };
  });
  return kept.toReversed().filter((tender) => !isZero(tender.amount));
}

function sumOfAmounts(parts: readonly { readonly amount: Money }[], currency: string): Money {
  return sum(
    parts.map((part) => part.amount),
    currency,
  );
}

function byTime(a: Tender, b: Tender): number {
  return a.at - b.at;
}

function isPositive(amount: Money): boolean {
  return !isZero(amount) && !isNegative(amount);
}

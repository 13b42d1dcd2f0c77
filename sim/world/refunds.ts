import { bagOf, isZero, minus, plus, sumOf, tillRounding, times, ZERO } from './money.ts';
import type { Bag } from './money.ts';
import type {
  Adjustment,
  CancelReason,
  Change,
  Line,
  Refund,
  RefundLine,
  RefundShipping,
  RestockType,
  ShippingLine,
  Transaction,
  WorldOrder,
} from './order.ts';
import { newTransaction, refundableReceipts, voidAuthorization } from './payments.ts';
import type { Outcome } from './payments.ts';
import type { Moment } from './place.ts';
import { currentQuantity, discountOf, figuresOf, refundedQuantity, unitShare } from './totals.ts';

export interface RefundRequest {
  /** Units by the line's index in the order; none by default. */
  readonly lines?: readonly { readonly line: number; readonly quantity: number }[] | 'all';
  readonly restock?: RestockType;
  readonly shipping?: boolean;
  /** Duties and fees go back too. */
  readonly extras?: boolean;
  /** What is really paid back, where that differs from what the lines say; alone it is an amount-only refund. */
  readonly amount?: Bag;
  readonly status?: 'success' | 'pending' | 'failure';
  /** Where the money goes: back the way it came, or to store credit or a new gift card. */
  readonly to?: 'original' | 'shopify_store_credit' | 'gift_card';
  readonly note?: string;
}

/** Money goes back (vendors/shopify.md 4.4): entry with lines, shipping, differences and transactions that add up. */
export function refund(order: WorldOrder, request: RefundRequest, moment: Moment): Outcome {
  const parts = refundParts(order, request, moment);
  const computed = worthOf(order, parts);
  const limit = sumOf(refundableReceipts(order).map((entry) => entry.left));
  const wanted =
    request.amount ?? bagOf((side) => (computed[side] < limit[side] ? computed[side] : limit[side]));
  const status = request.status ?? 'success';
  const isOfGoods = parts.lines.some((line) => line.subtotal.shop > 0n);
  const payout = { wanted, status, to: request.to ?? 'original', isOfGoods } as const;
  const transactions = refundTransactions(order, payout, moment);
  const paid = status === 'success' ? wanted : ZERO;
  const adjustments: Adjustment[] = [];
  const difference = minus(computed, wanted);
  if (!isZero(difference))
    adjustments.push({ id: moment.nextId(), reason: 'refund_discrepancy', amount: difference });
  if (!isZero(minus(wanted, paid))) {
    const reason = status === 'pending' ? 'pending_refund_discrepancy' : 'refund_discrepancy';
    adjustments.push({ id: moment.nextId(), reason, amount: minus(wanted, paid) });
  }
  const entry: Refund = {
    ...parts,
    id: moment.nextId(),
    createdAt: moment.now,
    updatedAt: moment.now,
    note: request.note ?? null,
    kind: 'refund',
    adjustments,
    transactionIds: transactions.map((transaction) => transaction.id),
  };
  const after: WorldOrder = {
    ...order,
    refunds: [...order.refunds, entry],
    transactions: [...order.transactions, ...transactions],
  };
  const changes: Change[] = transactions
    .filter((transaction) => transaction.status !== 'pending')
    .map((transaction) => ({ kind: 'transaction', order: after, transaction }));
  changes.push({ kind: 'refunded', order: after, refund: entry }, { kind: 'updated', order: after });
  return { order: after, changes };
}

/** Units leave the order without any money: an edit, or the cancelling of an order that nobody paid (4.3). */
export function removal(
  order: WorldOrder,
  request: RefundRequest,
  moment: Moment,
): { order: WorldOrder; refund: Refund } {
  const entry: Refund = {
    ...refundParts(order, request, moment),
    id: moment.nextId(),
    createdAt: moment.now,
    updatedAt: moment.now,
    note: request.note ?? null,
    kind: 'removal',
    adjustments: [],
    transactionIds: [],
  };
  return { order: { ...order, refunds: [...order.refunds, entry] }, refund: entry };
}

export interface CancelRequest {
  readonly reason: CancelReason;
  /** Whether the merchant gives the money back at the same time. */
  readonly money: 'refund' | 'keep';
}

/** Cancels an order: what is authorized is voided, what was paid is refunded if so wanted, and every unit leaves. */
export function cancel(order: WorldOrder, request: CancelRequest, moment: Moment): Outcome {
  const changes: Change[] = [];
  let after: WorldOrder = {
    ...order,
    cancelled: { at: moment.now, reason: request.reason },
    closedAt: moment.now,
  };
  if (figuresOf(after).capturable.shop > 0n) {
    const voided = voidAuthorization(after, moment);
    after = voided.order;
    changes.push(...voided.changes.filter((change) => change.kind === 'transaction'));
  }
  const everything = { lines: 'all', shipping: true, extras: true, restock: 'cancel' } as const;
  const paid = figuresOf(after);
  if (request.money === 'refund' && minus(paid.received, paid.refunded).shop > 0n) {
    const refunded = refund(after, everything, moment);
    after = refunded.order;
    changes.push(...refunded.changes.filter((change) => change.kind !== 'updated'));
  } else if (request.money === 'refund' || paid.received.shop === 0n) {
    after = removal(after, everything, moment).order;
  }
  changes.push({ kind: 'cancelled', order: after }, { kind: 'updated', order: after });
  return { order: after, changes };
}

type Parts = Pick<Refund, 'lines' | 'shipping' | 'duties' | 'fees'>;

function refundParts(order: WorldOrder, request: RefundRequest, moment: Moment): Parts {
  const wanted =
    request.lines === 'all'
      ? order.lines.map((line, index) => ({ line: index, quantity: currentQuantity(order, line) }))
      : (request.lines ?? []);
  const lines = wanted.flatMap(({ line: index, quantity }) => {
    const line = order.lines[index];
    if (line === undefined) throw new Error(`Order ${order.name} has no line ${index}`);
    const units = Math.min(quantity, currentQuantity(order, line));
    return units > 0
      ? [refundLine(order, { line, units, restock: request.restock ?? 'no_restock' }, moment)]
      : [];
  });
  const shipping =
    request.shipping === true ? order.shipping.flatMap((line) => refundShipping(order, line, moment)) : [];
  const figures = figuresOf(order);
  return {
    lines,
    shipping,
    duties: request.extras === true ? figures.current.duties : ZERO,
    fees: request.extras === true ? figures.current.fees : ZERO,
  };
}

interface Units {
  readonly line: Line;
  readonly units: number;
  readonly restock: RestockType;
}

function refundLine(order: WorldOrder, { line, units, restock }: Units, moment: Moment): RefundLine {
  const before = refundedQuantity(order, line.id);
  const isRaised = line.raises !== undefined;
  // Of a line that got more units since, each is what it is in the mean of those that are left.
  const share = isRaised
    ? { before: 0, quantity: units, whole: line.quantity - before }
    : { before, quantity: units, whole: line.quantity };
  const gone = isRaised
    ? order.refunds.flatMap((refund) => refund.lines).filter((part) => part.lineId === line.id)
    : [];
  const left = (amount: Bag, parts: readonly Bag[]): Bag => minus(amount, sumOf(parts));
  const discount = unitShare(
    left(
      discountOf(line),
      gone.map((part) => part.discount),
    ),
    share,
  );
  const taxes = line.taxes.map((tax, index) =>
    unitShare(
      left(
        tax.amount,
        gone.map((part) => part.taxes[index] ?? ZERO),
      ),
      share,
    ),
  );
  const subtotal = minus(times(line.price, units), discount);
  return {
    id: moment.nextId(),
    lineId: line.id,
    quantity: units,
    restock,
    subtotal,
    tax: sumOf(taxes),
    discount,
    taxes,
  };
}

function refundShipping(order: WorldOrder, line: ShippingLine, moment: Moment): RefundShipping[] {
  const isGone = order.refunds.some((entry) =>
    entry.shipping.some((part) => part.shippingLineId === line.id),
  );
  const amount = minus(line.price, discountOf(line));
  if (line.isRemoved || isGone || isZero(amount)) return [];
  const taxes = line.taxes.map((tax) => tax.amount);
  return [{ id: moment.nextId(), shippingLineId: line.id, amount, tax: sumOf(taxes), taxes }];
}

/** What the parts of a refund are worth to the buyer. */
function worthOf(order: WorldOrder, parts: Parts): Bag {
  const amounts = [...parts.lines.map((line) => line.subtotal), ...parts.shipping.map((line) => line.amount)];
  const taxes = order.taxesIncluded ? [] : [...parts.lines, ...parts.shipping].map((line) => line.tax);
  return plus(sumOf([...amounts, ...taxes]), plus(parts.duties, parts.fees));
}

interface Payout {
  readonly wanted: Bag;
  readonly status: 'success' | 'pending' | 'failure';
  readonly to: 'original' | 'shopify_store_credit' | 'gift_card';
  /** Goods came back over the counter. */
  readonly isOfGoods: boolean;
}

function refundTransactions(order: WorldOrder, payout: Payout, moment: Moment): Transaction[] {
  const receipts = refundableReceipts(order).filter((entry) => entry.left.shop > 0n);
  const made: Transaction[] = [];
  let open = payout.wanted;
  for (const [index, { receipt, left }] of receipts.entries()) {
    const isLast = index === receipts.length - 1;
    const amount = isLast ? open : bagOf((side) => (open[side] < left[side] ? open[side] : left[side]));
    open = minus(open, amount);
    if (isZero(amount)) continue;
    const gateway = payout.to === 'original' ? receipt.gateway : payout.to;
    const fresh = {
      kind: 'refund',
      status: payout.status,
      gateway,
      amount,
      parentId: receipt.id,
      rounding: gateway === 'cash' && payout.isOfGoods ? tillRounding(amount) : ZERO,
    } as const;
    made.push(newTransaction(order, fresh, moment));
  }
  return made;
}

import { bagOf, isZero, minus, sumOf, ZERO } from './money.ts';
import type { Bag } from './money.ts';
import type { Adjustment, Change, Refund, Transaction, TransactionStatus, WorldOrder } from './order.ts';
import type { Moment } from './place.ts';
import { figuresOf, openPart } from './totals.ts';

/** What an event did: the order after it, and what there is to tell about it, in the order in which it happened. */
export interface Outcome {
  readonly order: WorldOrder;
  readonly changes: readonly Change[];
}

export interface PayOptions {
  readonly gateway: string;
  /** Everything outstanding when left out. */
  readonly amount?: Bag;
  readonly status?: TransactionStatus;
  readonly rounding?: Bag;
}

/** Money arrives at once (a card charged on the spot, a bank transfer marked as received, a gift card). */
export function pay(order: WorldOrder, options: PayOptions, moment: Moment): Outcome {
  const rounding = options.rounding ?? ZERO;
  const amount = options.amount ?? figuresOf(order).outstanding;
  const status = options.status ?? 'success';
  return record(
    order,
    { kind: 'sale', status, gateway: options.gateway, amount, parentId: null, rounding },
    moment,
  );
}

/** The card's issuer reserves the amount; no money has moved. */
export function authorize(order: WorldOrder, gateway: string, moment: Moment): Outcome {
  const amount = figuresOf(order).outstanding;
  return record(
    order,
    { kind: 'authorization', status: 'success', gateway, amount, parentId: null, rounding: ZERO },
    moment,
  );
}

/** Takes reserved money, all that is left of it or a part. */
export function capture(order: WorldOrder, amount: Bag | 'rest', moment: Moment): Outcome {
  const authorization = openAuthorization(order);
  if (authorization === undefined) throw new Error(`Cannot capture ${order.name}: nothing is authorized`);
  const rest = openPart(authorization, order.transactions);
  const taken =
    amount === 'rest' ? rest : bagOf((side) => (amount[side] < rest[side] ? amount[side] : rest[side]));
  const { gateway, id } = authorization;
  return record(
    order,
    { kind: 'capture', status: 'success', gateway, amount: taken, parentId: id, rounding: ZERO },
    moment,
  );
}

/** Gives reserved money free again. */
export function voidAuthorization(order: WorldOrder, moment: Moment): Outcome {
  const authorization = openAuthorization(order);
  if (authorization === undefined) throw new Error(`Cannot void ${order.name}: nothing is authorized`);
  const amount = openPart(authorization, order.transactions);
  const { gateway, id } = authorization;
  return record(
    order,
    { kind: 'void', status: 'success', gateway, amount, parentId: id, rounding: ZERO },
    moment,
  );
}

/** A reservation runs out by itself; Shopify shows `expired` and makes no transaction. */
export function expireAuthorization(order: WorldOrder): Outcome {
  const after = { ...order, isAuthorizationExpired: true };
  return { order: after, changes: [{ kind: 'updated', order: after }] };
}

/** A pending transaction comes to its end: a transfer arrives, a refund is paid out, or either fails. */
export function settle(
  order: WorldOrder,
  ending: { transactionId: bigint; status: 'success' | 'failure' },
  moment: Moment,
): Outcome {
  const { transactionId, status } = ending;
  const pending = order.transactions.find(
    (entry) => entry.id === transactionId && entry.status === 'pending',
  );
  if (pending === undefined) throw new Error(`Transaction ${transactionId} of ${order.name} is not pending`);
  const transaction: Transaction = { ...pending, status };
  const transactions = order.transactions.map((entry) => (entry.id === transactionId ? transaction : entry));
  const refunds = order.refunds.map((refund) =>
    refund.transactionIds.includes(transactionId) ? settledRefund(refund, transaction, moment) : refund,
  );
  return told(order, { ...order, transactions, refunds }, transaction);
}

/** The entry that neutralised a pending refund goes when the money goes, and becomes a plain difference when it does not. */
function settledRefund(refund: Refund, transaction: Transaction, moment: Moment): Refund {
  const adjustments = refund.adjustments.flatMap((entry): Adjustment[] => {
    if (entry.reason !== 'pending_refund_discrepancy') return [entry];
    const left = minus(entry.amount, transaction.amount);
    const waiting = isZero(left) ? [] : [{ ...entry, amount: left }];
    if (transaction.status === 'success') return waiting;
    return [...waiting, { id: moment.nextId(), reason: 'refund_discrepancy', amount: transaction.amount }];
  });
  return { ...refund, adjustments, updatedAt: moment.now };
}

function openAuthorization(order: WorldOrder): Transaction | undefined {
  return order.transactions.find(
    (entry) =>
      entry.kind === 'authorization' &&
      entry.status === 'success' &&
      openPart(entry, order.transactions).shop > 0n,
  );
}

type NewTransaction = Omit<Transaction, 'id' | 'at' | 'isTest'>;

function record(order: WorldOrder, fresh: NewTransaction, moment: Moment): Outcome {
  const transaction = newTransaction(order, fresh, moment);
  return told(order, { ...order, transactions: [...order.transactions, transaction] }, transaction);
}

export function newTransaction(order: WorldOrder, fresh: NewTransaction, moment: Moment): Transaction {
  return { ...fresh, id: moment.nextId(), at: moment.now, isTest: order.isTest };
}

/** `order_transactions/create` tells only of success, failure and error (vendors/shopify.md 3); `orders/paid` of the moment of paying. */
function told(before: WorldOrder, after: WorldOrder, transaction: Transaction): Outcome {
  const changes: Change[] = [];
  if (transaction.status !== 'pending') changes.push({ kind: 'transaction', order: after, transaction });
  if (figuresOf(before).status !== 'paid' && figuresOf(after).status === 'paid') {
    changes.push({ kind: 'paid', order: after });
  }
  changes.push({ kind: 'updated', order: after });
  return { order: after, changes };
}

/** What was received and not refunded yet, per receipt, in the order in which it came in. */
export function refundableReceipts(order: WorldOrder): { receipt: Transaction; left: Bag }[] {
  return order.transactions
    .filter((entry) => entry.status === 'success' && (entry.kind === 'sale' || entry.kind === 'capture'))
    .map((receipt) => {
      const back = order.transactions.filter(
        (entry) => entry.kind === 'refund' && entry.parentId === receipt.id && entry.status !== 'failure',
      );
      return { receipt, left: minus(receipt.amount, sumOf(back.map((entry) => entry.amount))) };
    });
}

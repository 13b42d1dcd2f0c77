import type { Side } from './world/money.ts';
import type { WorldOrder } from './world/order.ts';
import { figuresOf } from './world/totals.ts';

/**
 * The oracle: what the books must hold about an order, computed from the world alone and by other means than the
 * simulator's bodies (line by line here, figure by figure there). It shares nothing with `src/`, so an error in reading the
 * vendor cannot hide in both.
 */
export interface ExpectedBooks<Id = bigint, Reason = 'test' | 'not confirmed' | 'zero total'> {
  readonly orderId: Id;
  readonly name: string;
  readonly currency: string;
  /** Why an order stands in no invoice, by the default rules. */
  readonly skipped: Reason | null;
  /** As sold: everything that was ever on the order, before refunds and removals. */
  readonly sold: Figures;
  /** As it stands after refunds and removals of units; a refund of an amount alone lowers nothing here. */
  readonly current: Figures;
  /** Money that came in: an authorization is none. */
  readonly received: bigint;
  readonly refunded: bigint;
  /** What came in and stayed. */
  readonly paid: bigint;
  /**
   * What the buyer still owes (negative: is owed), whatever is authorized. What refunds kept or gave beside their lines was agreed,
   * as far as the account is not even without it.
   */
  readonly owed: bigint;
  /** What tills put on payments, or took off them (negative). */
  readonly rounding: bigint;
  /** The same of what they gave back. */
  readonly roundedBack: bigint;
  readonly now: ExpectedNow;
}

/**
 * What must stand now, once everything was told: sum of live invoices less credit notes and dated refund expenses = the shop's
 * current total less amounts that went back without lines and evened no account; payments less the same = captures less
 * refunds. The tax that the channel remits is in none of them. A refund of which some money is still under way, or of which
 * none succeeded, changes nothing.
 */
export interface ExpectedNow {
  readonly worth: bigint;
  /**
   * By how much it may be worth more: what went back or was kept before an edit added something may have been by the account as it
   * was, where `worth` takes it by what the buyer owes since.
   */
  readonly evened: bigint;
  /** By how much it may be worth less, where it is asked whether money that came after such an edit was more than is owed for it. */
  readonly lessened: bigint;
  /** Received and not paid back, without the channel's part: what could stand as payments. */
  readonly kept: bigint;
  /**
   * Of the channel's part, what may stand as paid until the buyer has paid for what an edit added: tax of that is not taken out of
   * money that was booked before.
   */
  readonly taxUnpaid: bigint;
  /** Cancelled, voided or run out without any money kept: nothing stands. */
  readonly isGone: boolean;
  /** The merchant's own, by name and rate. */
  readonly taxes: readonly ExpectedTax[];
  /** Paid back into a credit that the buyer may spend later. */
  readonly storeCredit: bigint;
}

export interface Figures {
  /** What the buyer pays. */
  readonly total: bigint;
  /** Of it, tax that the channel remits; the merchant's invoice is the rest. */
  readonly channelTax: bigint;
  readonly invoiceTotal: bigint;
  readonly goods: bigint;
  readonly shipping: bigint;
  readonly tip: bigint;
  readonly duties: bigint;
  readonly fees: bigint;
  /** The merchant's own taxes and the channel's, by name and rate, in the order in which they first appear. */
  readonly taxes: readonly ExpectedTax[];
}

export interface ExpectedTax {
  readonly name: string;
  /** In percent, without trailing zeros: `9.975`. */
  readonly rate: string;
  readonly isChannelLiable: boolean;
  readonly amount: bigint;
}

/** What the books must hold of an order, in the shop's or the buyer's currency. */
export function expectedBooks(order: WorldOrder, side: Side = 'shop'): ExpectedBooks {
  const sold = figures(order, side, 0n);
  const current = figures(order, side, 1n);
  const done = order.transactions.filter((entry) => entry.status === 'success');
  const total = (kinds: readonly string[]): bigint =>
    done.filter((entry) => kinds.includes(entry.kind)).reduce((sum, entry) => sum + moneyOf(entry, side), 0n);
  const received = total(['sale', 'capture']);
  const refunded = total(['refund']);
  const isReceipt = ({ kind }: WorldOrder['transactions'][number]): boolean =>
    kind === 'sale' || kind === 'capture';
  const rounding = roundingOf(done.filter(isReceipt), side);
  const roundedBack = roundingOf(
    done.filter(({ kind }) => kind === 'refund'),
    side,
  );
  return {
    orderId: order.id,
    name: order.name,
    currency: side === 'shop' ? order.currency : order.presentmentCurrency,
    skipped: order.isTest
      ? 'test'
      : !order.isConfirmed && received === 0n && order.fulfillment === 'unfulfilled'
        ? 'not confirmed'
        : sold.total === 0n
          ? 'zero total'
          : null,
    sold,
    current,
    received,
    refunded,
    paid: received - refunded,
    owed: owedOf(order, side),
    rounding,
    roundedBack,
    now: standsNow(order, side, { received, refunded, rounding }),
  };
}

type Cash = Pick<ExpectedBooks, 'received' | 'refunded' | 'rounding'>;

/** Of refunds that are under way too, as the shop sees them. */
function owedOf(order: WorldOrder, side: Side): bigint {
  const effective = order.refunds.filter((refund) => isEffective(order, refund));
  return agreedOf(order, effective, { side }) - openAfter(order, effective, side);
}

function standsNow(order: WorldOrder, side: Side, cash: Cash): ExpectedNow {
  const { received, rounding } = cash;
  const waiting = order.refunds.filter((refund) => isUnderWay(order, refund));
  const effective = order.refunds.filter((refund) => isEffective(order, refund) && !waiting.includes(refund));
  const left = figures({ ...order, refunds: effective }, side, 1n);
  const toCome = waiting.flatMap(({ transactionIds }) => transactionIds);
  const refunds = order.transactions.filter(
    ({ id, kind, status }) => kind === 'refund' && status === 'success' && !toCome.includes(id),
  );
  const stayed = received - sum(refunds.map((entry) => moneyOf(entry, side)));
  const agreed = agreedOf(order, effective, { side });
  const then = agreedOf(order, effective, { side, before: orderAt });
  const { status } = figuresOf(order);
  const isOver = order.cancelled !== null || status === 'voided' || status === 'expired';
  const isGone = isOver && received === cash.refunded;
  const channelPart = atLeastZero(left.channelTax < stayed ? left.channelTax : stayed);
  const before = changedSince(order, effective, side);
  const evened = isGone ? 0n : most([then - agreed, ...before]);
  // What is under way settles nothing yet.
  const owes = atLeastZero(agreed - openAfter(order, effective, side));
  const owed = order.isEdited ? owes + evened : 0n;
  return {
    worth: isGone ? 0n : left.total - left.channelTax + agreed + rounding - roundingOf(refunds, side),
    evened,
    lessened: most(before.map((each) => -each)),
    kept: stayed - channelPart,
    taxUnpaid: owed < channelPart ? owed : channelPart,
    isGone,
    taxes: left.taxes.filter((tax) => !tax.isChannelLiable),
    storeCredit: sum(
      order.transactions.filter((entry) => isStoreCredit(order, entry)).map((entry) => entry.amount[side]),
    ),
  };
}

/**
 * What refunds kept (positive) or gave beside their lines, by what was open when each was made: money that evens the account gives
 * and keeps nothing. Where the account ends uneven by just what one refund gave or kept, or all of them, that evened it.
 * `before`: the order as each found it. Else the whole order, where it is not too much by more than went back: of that a part came
 * later, and none of it had gone back.
 */
function agreedOf(
  order: WorldOrder,
  refunds: WorldOrder['refunds'],
  { side, before }: { readonly side: Side; readonly before?: typeof orderAt },
): bigint {
  let [given, kept] = [0n, 0n];
  const parts: bigint[] = [];
  for (const [index, refund] of refunds.entries()) {
    const amount = sum(refund.adjustments.map((entry) => entry.amount[side]));
    const openIn = (found: WorldOrder): bigint =>
      openAfter(found, refunds.slice(0, index), side) - kept + given;
    const isMore = openIn(order) > -amount;
    const find = before ?? (amount < 0n && isMore ? paidBy : undefined);
    const open = openIn(find === undefined ? order : find(refund, order));
    if (amount < 0n) {
      given += atLeastZero(-amount - atLeastZero(open));
      parts.push(-atLeastZero(-amount - atLeastZero(open)));
    } else {
      kept += atLeastZero(amount - atLeastZero(-open));
      parts.push(atLeastZero(amount - atLeastZero(-open)));
    }
  }
  const open = openAfter(order, refunds, side) - kept + given;
  const isEvened = parts.includes(-open) || (open > 0n ? open === given : -open === kept);
  return kept - given + (isEvened ? open : 0n);
}

/**
 * By how much refunds had been more by the account before something was added than they are by that of the whole order; what an edit
 * takes off later of what was there counts in both.
 */
function changedSince(order: WorldOrder, refunds: WorldOrder['refunds'], side: Side): readonly bigint[] {
  const raises = order.lines.flatMap((line) => line.raises ?? []);
  return [...order.lines, ...raises].map((moment) => {
    const before = refunds.filter(
      ({ id, kind, lines }) =>
        id < moment.id || (kind === 'removal' && lines.every(({ lineId }) => lineId < moment.id)),
    );
    return agreedOf(orderAt(moment, order), before, { side }) - agreedOf(order, before, { side });
  });
}

function most(amounts: readonly bigint[]): bigint {
  return amounts.reduce((largest, each) => (each > largest ? each : largest), 0n);
}

/** The order when a refund of it was made: what was added or paid later has a later id. */
function orderAt({ id }: { readonly id: bigint }, order: WorldOrder): WorldOrder {
  const isEarlier = (entry: { readonly id: bigint }): boolean => entry.id < id;
  const lines = order.lines
    .filter(isEarlier)
    .map((line) => line.raises?.find((raise) => !isEarlier(raise))?.was ?? line);
  const shipping = order.shipping.filter(isEarlier);
  return { ...order, lines, shipping, transactions: order.transactions.filter(isEarlier) };
}

/** Without what was received only after it, of which nothing can have gone back by it. */
function paidBy({ id }: WorldOrder['refunds'][number], order: WorldOrder): WorldOrder {
  const isReceipt = (kind: string): boolean => kind === 'sale' || kind === 'capture';
  return {
    ...order,
    transactions: order.transactions.filter((entry) => entry.id < id || !isReceipt(entry.kind)),
  };
}

/** What the buyer has paid too much by the lines once these refunds were made. */
function openAfter(order: WorldOrder, refunds: WorldOrder['refunds'], side: Side): bigint {
  const own = refunds.flatMap(({ transactionIds }) => transactionIds);
  const done = order.transactions.filter(
    ({ id, kind, status }) => status === 'success' && (kind !== 'refund' || own.includes(id)),
  );
  const received = done.filter(({ kind }) => kind === 'sale' || kind === 'capture');
  const refunded = done.filter(({ kind }) => kind === 'refund');
  const stayed =
    sum(received.map((entry) => moneyOf(entry, side))) - sum(refunded.map((entry) => moneyOf(entry, side)));
  const rounding = roundingOf(received, side) - roundingOf(refunded, side);
  return stayed - figures({ ...order, refunds }, side, 1n).total - rounding;
}

/** What went over the counter. */
function moneyOf({ amount, rounding }: WorldOrder['transactions'][number], side: Side): bigint {
  return amount[side] + rounding[side];
}

function roundingOf(done: WorldOrder['transactions'], side: Side): bigint {
  return sum(done.map((entry) => entry.rounding[side]));
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}

/** Units that an edit took off count at once; a refund by its money, once some of it went back. */
function isEffective(order: WorldOrder, refund: WorldOrder['refunds'][number]): boolean {
  const own = order.transactions.filter((entry) => refund.transactionIds.includes(entry.id));
  return refund.kind === 'removal' || own.length === 0 || own.some((entry) => entry.status === 'success');
}

/** Some of its money may still go or fail: until then it waits as a whole. */
function isUnderWay(order: WorldOrder, { transactionIds }: WorldOrder['refunds'][number]): boolean {
  return order.transactions.some(({ id, status }) => transactionIds.includes(id) && status === 'pending');
}

/** A new credit, not the refilling of a gift card that had paid. */
function isStoreCredit(order: WorldOrder, entry: WorldOrder['transactions'][number]): boolean {
  const paidBy = order.transactions
    .filter(({ kind }) => kind === 'sale' || kind === 'capture')
    .map(({ gateway }) => gateway);
  const isCredit = entry.gateway === 'shopify_store_credit' || entry.gateway === 'gift_card';
  return entry.kind === 'refund' && entry.status === 'success' && isCredit && !paidBy.includes(entry.gateway);
}

/** `weight` 1 takes refunds off, 0 leaves them out. */
function figures(order: WorldOrder, side: Side, weight: 0n | 1n): Figures {
  const taxes = new Map<string, ExpectedTax>();
  let [goods, shipping, tip] = [0n, 0n, 0n];
  for (const line of order.lines) {
    let amount = line.price[side] * BigInt(line.quantity);
    for (const allocation of line.allocations) amount -= allocation.amount[side];
    for (const part of order.refunds.flatMap((refund) => refund.lines)) {
      if (part.lineId === line.id) amount -= weight * part.subtotal[side];
    }
    if (line.kind === 'tip') tip += amount;
    else goods += amount;
    for (const [index, tax] of line.taxes.entries()) {
      const parts = order.refunds.flatMap((refund) => refund.lines).filter((part) => part.lineId === line.id);
      add(taxes, tax, tax.amount[side] - weight * sum(parts.map((part) => part.taxes[index]?.[side] ?? 0n)));
    }
  }
  for (const line of order.shipping) {
    const parts = order.refunds
      .flatMap((refund) => refund.shipping)
      .filter((part) => part.shippingLineId === line.id);
    shipping += line.price[side] - sum(line.allocations.map((entry) => entry.amount[side]));
    shipping -= weight * sum(parts.map((part) => part.amount[side]));
    for (const [index, tax] of line.taxes.entries()) {
      add(taxes, tax, tax.amount[side] - weight * sum(parts.map((part) => part.taxes[index]?.[side] ?? 0n)));
    }
  }
  const duties =
    sum(order.lines.flatMap((line) => line.duties.map((duty) => duty.amount[side]))) -
    weight * sum(order.refunds.map((refund) => refund.duties[side]));
  const fees =
    sum(order.fees.map((fee) => fee.amount[side])) -
    weight * sum(order.refunds.map((refund) => refund.fees[side]));
  const listed = [...taxes.values()];
  const onTop = order.taxesIncluded ? 0n : sum(listed.map((tax) => tax.amount));
  const channelTax = sum(listed.filter((tax) => tax.isChannelLiable).map((tax) => tax.amount));
  const total = goods + shipping + tip + duties + fees + onTop;
  return {
    total,
    channelTax,
    invoiceTotal: total - channelTax,
    goods,
    shipping,
    tip,
    duties,
    fees,
    taxes: listed,
  };
}

function add(
  taxes: Map<string, ExpectedTax>,
  tax: WorldOrder['lines'][number]['taxes'][number],
  amount: bigint,
): void {
  const rate = percent(tax.ratePpm);
  const key = [tax.title, rate, tax.channelLiable].join('\n');
  const known = taxes.get(key)?.amount ?? 0n;
  taxes.set(key, { name: tax.title, rate, isChannelLiable: tax.channelLiable, amount: known + amount });
}

function percent(ratePpm: bigint): string {
  const digits = ratePpm.toString().padStart(5, '0');
  const fraction = digits.slice(-4).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -4) : `${digits.slice(0, -4)}.${fraction}`;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

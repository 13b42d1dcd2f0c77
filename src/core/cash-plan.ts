import { closedThrough, isBookedBy, isSettledDay, openDay } from './closed-days.ts';
import type { PaymentChangeStep, PaymentMethod, PaymentStep } from './document.ts';
import { referenceOf } from './ids.ts';
import { paidOf } from './ledger.ts';
import { beforeGrowth } from './growth.ts';
import type { Booked, BookedPayment } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Order, Payout, Refund, Tender } from './order.ts';
import { methodOf, noteOf, receivedOn } from './payment-method.ts';
import type { PlannedHold, Terms } from './plan-terms.ts';
import type { Untold } from './refund-ways.ts';
import { isEffective, isSpent, keptOf, linesWithout } from './sale.ts';
import { localDate } from './time.ts';
import type { LocalDate, Zone } from './time.ts';

/** The payments: cash is a running total, and what was kept is paid, less what stands, and nothing else. */

/** An invoice as it will stand, and so what can be paid on it. */
export interface Payable {
  readonly slot: number;
  readonly total: Money;
}

export interface CashPlan {
  readonly lowered: readonly PaymentChangeStep[];
  readonly paid: readonly PaymentStep[];
  readonly holds: readonly PlannedHold[];
}

export const NO_CASH: CashPlan = { lowered: [], paid: [], holds: [] };

export interface Settling {
  readonly booked: Booked;
  readonly invoices: readonly Payable[];
  /** Refunds that the invoices leave out: their money is not kept. The others stand beside, and the payments with them. */
  readonly offInvoice: readonly Refund[];
  /** What the others come to beside the invoices. */
  readonly beside: Money;
  /** What went back of money that the invoices hold still and nothing beside them tells: a person books it. */
  readonly unbooked: Money;
  /** What the others paid back that stands nowhere, with that. */
  readonly untold: readonly Untold[];
  readonly terms: Terms;
  readonly zone: Zone;
}

export function planCash(order: Order, settling: Settling): CashPlan {
  const { cash } = order;
  if (cash.state === 'reread') {
    return NO_CASH;
  }
  if (cash.state === 'unclear') {
    return { ...NO_CASH, holds: [cashHold(order, cash.why)] };
  }
  const { booked, invoices } = settling;
  const kept = payableOf(order, cash.received, settling);
  const capacity = money.atLeastZero(
    money.sum(
      invoices.map((invoice) => invoice.total),
      order.currency,
    ),
  );
  const wanted = money.minimum(money.atLeastZero(kept), capacity);
  const least = leastPaid(order, { ...settling, capacity, received: cash.received });
  const isUnexplained = money.compare(wanted, least) < 0;
  const told = isUnexplained ? least : wanted;
  const target = money.maximum(told, stillPaid(order, { ...settling, capacity, received: cash.received }));
  const { lowered, holds: closed } = openLowerings(order, { ...settling, target });
  const standing = booked.payments.map((payment) => afterwards(payment, lowered));
  const paid = paymentsFor(order, {
    ...settling,
    target,
    standing,
    received: cash.received,
    kept,
    tenders: netTenders(order, cash.tenders, settling),
  });
  const excess = money.subtract(kept, wanted);
  return {
    lowered,
    paid: paid.steps,
    holds: [
      ...(isUnexplained ? [missingHold(order, { kept, least })] : []),
      ...paid.holds,
      ...closed,
      ...(money.compare(excess, money.zero(order.currency)) > 0
        ? [
            excessHold(order, {
              kept,
              target,
              excess,
              inHand: keptOf(order, cash.received, effectiveOf(order)),
            }),
          ]
        : []),
    ],
  };
}

/**
 * What could stand as payments: what was kept, and what was paid back by refunds that stand beside the invoices. Asked of what
 * is kept in the end, so that tax of the channel's that nobody paid yet takes nothing off money that went back long ago.
 */
function payableOf(order: Order, received: Money, { beside }: Pick<Settling, 'beside'>): Money {
  return money.add(keptOf(order, received, effectiveOf(order)), beside);
}

function effectiveOf(order: Order): readonly Refund[] {
  return order.refunds.filter((refund) => isEffective(refund, order));
}

export function cashHold(order: Order, why: string): PlannedHold {
  return { step: 'payment', code: 'order-cash-unclear', detail: `Order ${order.name}: ${why}`, facts: [] };
}

/**
 * What must stay paid. Payments are lowered for what was paid back and for what the invoices do not hold any more, and not
 * because less is told to have come in than before: somebody may have deleted a transaction, and a person must look.
 */
function leastPaid(
  order: Order,
  { booked, beside, capacity, received }: Settling & { readonly capacity: Money; readonly received: Money },
): Money {
  const told = booked.received;
  if (told === undefined || money.compare(received, told) >= 0) {
    return money.zero(order.currency);
  }
  const kept = money.atLeastZero(payableOf(order, told, { beside }));
  return money.minimum(money.minimum(kept, capacity), paidOf(booked, order.currency));
}

/**
 * Payments are not lowered below invoices that could not be lowered: their month may have been reported. Nor for tax of the channel's
 * on what was added later: it comes out of the money that is paid for that.
 */
function stillPaid(
  order: Order,
  {
    booked,
    unbooked,
    capacity,
    received,
    ...settling
  }: Settling & { readonly capacity: Money; readonly received: Money },
): Money {
  const kept = payableOf(asFirst(order, booked), received, settling);
  const most = money.minimum(capacity, money.atLeastZero(money.add(kept, unbooked)));
  return money.minimum(most, paidOf(booked, order.currency));
}

/**
 * The order without what was added after the first invoice was made, more of a line too, and without what went back of that: it
 * neither held that, nor left it out for what had gone back.
 */
export function asFirst(order: Order, { first }: Booked): Order {
  if (first === undefined) {
    return order;
  }
  const gone = order.refunds.filter(({ id }) => first.refunds.includes(id));
  const left = linesWithout(order, gone).filter((line) => !isSpent(line));
  const later = left.map(({ key }) => key).filter((key) => !first.lines.some((line) => line.key === key));
  return beforeGrowth({ ...order, lines: order.lines.filter(({ key }) => !later.includes(key)) });
}

function missingHold(order: Order, { kept, least }: { kept: Money; least: Money }): PlannedHold {
  return {
    step: 'payment',
    code: 'order-cash-unclear',
    detail: `Order ${order.name}: less was received than stands as payments, and no refund tells why`,
    facts: [
      { name: 'Received and not paid back', value: money.show(kept) },
      { name: 'Stands as payments', value: money.show(least) },
    ],
  };
}

interface Targeted extends Settling {
  readonly target: Money;
}

/**
 * A payment of a day that is closed stays as it stands. What is to come off it cannot be booked on an open day instead, so a
 * person books the difference, or opens the day.
 */
function openLowerings(
  order: Order,
  settling: Targeted,
): { readonly lowered: readonly PaymentChangeStep[]; readonly holds: readonly PlannedHold[] } {
  const { booked, terms } = settling;
  const lowered = lowerings(order, settling);
  const closed = lowered.flatMap((step) => {
    const payment = booked.payments.find(({ slot }) => slot === step.payment);
    return payment !== undefined && isSettledDay(payment.paidOn, terms) ? [{ step, payment }] : [];
  });
  if (closed.length === 0) {
    return { lowered, holds: [] };
  }
  const asked = closed.filter(({ payment }) => !isBookedBy(payment.paidOn, terms));
  const hold: PlannedHold = {
    step: 'payment',
    code: 'period-closed',
    detail: `Less of the money of order ${order.name} was kept than stands as payments, and the books are closed on their days: book the difference and decide already-booked, or open the days`,
    facts: [
      ...asked.map(({ step, payment }) => ({
        name: `Payment of ${payment.paidOn}`,
        value: `${money.show(step.from)} → ${money.show(step.to)}`,
      })),
      ...asked.slice(0, 1).map(({ payment }) => closedThrough(payment.paidOn, terms)),
    ],
  };
  return { lowered: [], holds: asked.length === 0 ? [] : [hold] };
}

/**
 * What must come off payments: first where more is paid than the invoice will hold, then so that no more stands than was
 * kept. By the kinds of payment of which too much stands, the newest first.
 */
function lowerings(order: Order, settling: Targeted): PaymentChangeStep[] {
  const { booked, invoices, target } = settling;
  const zero = money.zero(order.currency);
  const rest = new Map(booked.payments.map((payment) => [payment.slot, payment.amount]));
  const excess = methodExcess(order, settling);
  const take = (wanted: Money, payments: readonly BookedPayment[]): Money => {
    let open = wanted;
    for (const isLimited of [true, false]) {
      for (const { slot, method } of payments.toReversed()) {
        const limit = isLimited ? (excess.get(method) ?? zero) : open;
        const amount = money.atLeastZero(money.minimum(money.minimum(open, limit), rest.get(slot) ?? zero));
        rest.set(slot, money.subtract(rest.get(slot) ?? zero, amount));
        excess.set(method, money.subtract(excess.get(method) ?? zero, amount));
        open = money.subtract(open, amount);
      }
    }
    return money.subtract(wanted, open);
  };
  let over = money.subtract(paidOf(booked, order.currency), target);
  for (const place of new Set(booked.payments.map(({ invoice }) => invoice))) {
    const on = booked.payments.filter(({ invoice }) => invoice === place);
    const holds = invoices.find(({ slot }) => slot === place)?.total ?? zero;
    const paid = money.sum(
      on.map(({ amount }) => amount),
      order.currency,
    );
    over = money.subtract(over, take(money.atLeastZero(money.subtract(paid, money.atLeastZero(holds))), on));
  }
  take(money.atLeastZero(over), booked.payments);
  const first = (booked.lastSlots['payment-change'] ?? 0) + 1;
  return booked.payments
    .filter((payment) => !money.equal(payment.amount, rest.get(payment.slot) ?? zero))
    .map(({ slot: payment, amount: from }, index) => ({
      kind: 'payment-change',
      slot: first + index,
      reference: referenceOf(order.key, 'payment-change', first + index),
      payment,
      from,
      to: rest.get(payment) ?? zero,
    }));
}

/** How much more of each kind of payment stands than was received by it and kept. */
function methodExcess(order: Order, settling: Settling): Map<PaymentMethod, Money> {
  const { booked, terms } = settling;
  const excess = new Map<PaymentMethod, Money>();
  const count = (method: PaymentMethod, amount: Money): void => {
    excess.set(method, money.add(excess.get(method) ?? money.zero(order.currency), amount));
  };
  for (const { method, amount } of booked.payments) {
    count(method, amount);
  }
  const tenders = order.cash.state === 'known' ? netTenders(order, order.cash.tenders, settling) : [];
  for (const { gateway, amount } of tenders) {
    count(methodOf(gateway, terms.rules), money.negate(amount));
  }
  return excess;
}

/** What is left of each tender: money goes back the way it came, of the latest before it first. */
function netTenders(
  order: Order,
  tenders: readonly Tender[],
  settling: Pick<Settling, 'offInvoice' | 'untold' | 'unbooked'>,
): readonly Tender[] {
  const { offInvoice } = settling;
  const left = [...tenders].sort((a, b) => a.at - b.at);
  const takeBack = (wanted: Money, isRight: (tender: Tender) => boolean): Money => {
    let open = wanted;
    for (let index = left.length - 1; index >= 0; index -= 1) {
      const tender = left[index];
      if (tender !== undefined && isRight(tender)) {
        const amount = money.minimum(open, tender.amount);
        left[index] = { ...tender, amount: money.subtract(tender.amount, amount) };
        open = money.subtract(open, amount);
      }
    }
    return open;
  };
  for (const { amount, gateway, at } of [
    ...offInvoice.flatMap((refund) => refund.payouts),
    ...settlingPayouts(settling),
  ]) {
    const isBefore = (tender: Tender): boolean => tender.at <= at;
    const isIts = (tender: Tender): boolean => tender.gateway === gateway;
    const open = takeBack(amount, (tender) => isBefore(tender) && isIts(tender));
    takeBack(takeBack(open, isBefore), () => true);
  }
  return [...left, ...exchanged(order, offInvoice)].filter(
    (tender) => money.compare(tender.amount, money.zero(order.currency)) > 0,
  );
}

/** Of refunds beside the invoices, what went back of money that never was on them, or is not any more. */
function settlingPayouts({ untold, unbooked }: Pick<Settling, 'untold' | 'unbooked'>): readonly Payout[] {
  let held = unbooked;
  // Of what they hold still it is not told to which refund it belongs: the latest may be asked about.
  return untold.toReversed().flatMap(({ refund, amount }) => {
    const part = money.minimum(held, amount);
    held = money.subtract(held, part);
    let open = money.subtract(amount, part);
    return refund.payouts.map((payout) => {
      const taken = money.minimum(open, payout.amount);
      open = money.subtract(open, taken);
      return { ...payout, amount: taken };
    });
  });
}

/** What was kept of a refund that stands beside the invoices pays for what was added: as if it had gone back and come again. */
function exchanged(order: Order, offInvoice: readonly Refund[]): Tender[] {
  return effectiveOf(order)
    .filter((refund) => !offInvoice.includes(refund))
    .flatMap(({ id, at, settled }) =>
      settled === undefined ? [] : [{ gateway: `refund ${id}`, amount: settled, at }],
    );
}

function afterwards(payment: BookedPayment, lowered: readonly PaymentChangeStep[]): BookedPayment {
  const change = lowered.find((step) => step.payment === payment.slot);
  return change === undefined ? payment : { ...payment, amount: change.to };
}

interface Paying extends Targeted {
  readonly received: Money;
  /** What could stand as payments. */
  readonly kept: Money;
  /** As they stand once the lowered ones are. */
  readonly standing: readonly BookedPayment[];
  readonly tenders: readonly Tender[];
}

/**
 * Tenders are taken oldest first; what standing payments cover is passed over, so a tender learnt later never makes a second
 * payment of the same money. The oldest invoice is paid first.
 */
function paymentsFor(
  order: Order,
  { booked, invoices, terms, zone, target, standing, tenders, received, kept }: Paying,
): { readonly steps: readonly PaymentStep[]; readonly holds: readonly PlannedHold[] } {
  const zero = money.zero(order.currency);
  const sumOf = (payments: readonly BookedPayment[]): Money =>
    money.sum(
      payments.map((payment) => payment.amount),
      order.currency,
    );
  const rooms = invoices.map(({ slot, total }) => {
    const paid = sumOf(standing.filter(({ invoice }) => invoice === slot));
    return { slot, room: money.atLeastZero(money.subtract(total, paid)) };
  });
  const steps: PaymentStep[] = [];
  const holds: PlannedHold[] = [];
  let due = money.subtract(target, sumOf(standing));
  let slot = (booked.lastSlots.payment ?? 0) + 1;
  for (const { tender, open } of uncovered(tenders, { kept, standing, zone })) {
    let amount = money.minimum(open, due);
    if (money.compare(amount, zero) <= 0) {
      continue;
    }
    const dated = openDay(localDate(tender.at, zone), terms, {
      step: 'payment',
      what: `A payment of order ${order.name}`,
    });
    if (dated.state === 'closed') {
      holds.push(dated.hold);
    }
    due = money.subtract(due, amount);
    // What a person enters himself, or will, has its place as well: what comes later is not entered there.
    for (const place of rooms) {
      const part = money.minimum(amount, place.room);
      if (dated.state === 'open' && money.compare(part, zero) > 0) {
        const on = { invoice: place.slot, amount: part, slot, paidOn: dated.day, remark: dated.remark };
        steps.push(paymentStep(order, { tender, terms, received, ...on }));
        slot += 1;
      }
      place.room = money.subtract(place.room, part);
      amount = money.subtract(amount, part);
    }
  }
  return { steps, holds: holds.slice(0, 1) };
}

/**
 * What no standing payment covers of each tender. A payment is first that of the day whose money it says it is, so that one of a
 * later day covers nothing of a closed day, whose money waits for a person or was booked by him; what is left covers the oldest.
 */
function uncovered(
  tenders: readonly Tender[],
  { kept, standing, zone }: Pick<Paying, 'kept' | 'standing' | 'zone'>,
): readonly Open[] {
  const left = tenders.map((tender) => ({ tender, open: tender.amount }));
  const cover = (amount: Money, isRight: (tender: Tender) => boolean): Money => {
    let rest = amount;
    for (const each of left) {
      if (isRight(each.tender)) {
        const part = money.minimum(rest, each.open);
        each.open = money.subtract(each.open, part);
        rest = money.subtract(rest, part);
      }
    }
    return rest;
  };
  const rests = standing.map((payment) =>
    cover(payment.amount, ({ at }) => localDate(at, zone) === receivedOn(payment)),
  );
  rests.forEach((rest) => cover(rest, () => true));
  return withoutLeftOut(left, kept);
}

interface Open {
  readonly tender: Tender;
  readonly open: Money;
}

/**
 * Tax that the channel remits came with other money and is in no payment: what a payment left out of its tender stays left out, and is
 * not paid with what comes later, under the earlier day.
 */
function withoutLeftOut(left: readonly Open[], kept: Money): readonly Open[] {
  const came = money.sum(
    left.map(({ tender }) => tender.amount),
    kept.currency,
  );
  let spare = money.atLeastZero(money.subtract(came, kept));
  return left.map(({ tender, open }) => {
    const isPartlyPaid = money.compare(open, tender.amount) < 0;
    const out = isPartlyPaid ? money.minimum(open, spare) : money.zero(kept.currency);
    spare = money.subtract(spare, out);
    return { tender, open: money.subtract(open, out) };
  });
}

interface Paid {
  readonly tender: Tender;
  readonly received: Money;
  readonly terms: Terms;
  readonly invoice: number;
  readonly amount: Money;
  readonly slot: number;
  readonly paidOn: LocalDate;
  readonly remark: string;
}

function paymentStep(
  order: Order,
  { tender, received, terms, invoice, amount, slot, paidOn, remark }: Paid,
): PaymentStep {
  return {
    kind: 'payment',
    slot,
    reference: referenceOf(order.key, 'payment', slot),
    invoice,
    amount,
    received,
    paidOn,
    method: methodOf(tender.gateway, terms.rules),
    note: noteOf(tender, remark),
  };
}

/** Money of the buyer's beyond the invoices, unless all of it went back: then more went back than they hold. */
function excessHold(
  order: Order,
  { kept, target, excess, inHand }: { kept: Money; target: Money; excess: Money; inHand: Money },
): PlannedHold {
  return money.compare(inHand, money.zero(order.currency)) > 0
    ? {
        step: 'payment',
        code: 'order-overpaid',
        detail: `Order ${order.name} has ${money.show(excess)} of the buyer’s money more than its invoice holds`,
        facts: [
          { name: 'Received and not paid back', value: money.show(kept) },
          { name: 'Booked as paid', value: money.show(target) },
          { name: 'Excess', value: money.show(excess) },
        ],
      }
    : {
        step: 'payment',
        code: 'order-worth-negative',
        detail: `More was paid back on order ${order.name} than is left of it: ${money.show(excess)} more than its invoices hold`,
        facts: [
          { name: 'Booked as paid', value: money.show(target) },
          { name: 'Paid back beyond it', value: money.show(excess) },
        ],
      };
}

import { balanced, withFound } from './account.ts';
import { BOOKED_BY_HAND, closedThrough, isBookedBy, isSettledDay } from './closed-days.ts';
import { NO_CASH, cashHold, planCash } from './cash-plan.ts';
import type { CashPlan } from './cash-plan.ts';
import type {
  ClientStep,
  InvoiceDocument,
  InvoiceStep,
  LinesStep,
  SentStep,
  Step,
  VoidStep,
} from './document.ts';
import { planFees } from './fees-plan.ts';
import { referenceOf } from './ids.ts';
import { differencesOf, documentOf } from './invoice-document.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { channelTaxOf, discountOf, grossOf, taxOf, totalByLines } from './order.ts';
import type { Order, OrderLine } from './order.ts';
import {
  besideIn,
  gapHolds,
  lostHolds,
  negativeHold,
  refundHold,
  unlikeHolds,
  unsendableHolds,
} from './plan-holds.ts';
import type { Aim } from './plan-holds.ts';
import { asFarAsSent, clientPolicyOf, withPossibleLines } from './plan-terms.ts';
import type { Plan, PlannedHold, Terms } from './plan-terms.ts';
import { isClosed } from './period.ts';
import { besideSteps, decideRefunds } from './refund-ways.ts';
import { fill } from './rules.ts';
import type { Rules } from './rules.ts';
import { isEffective, isGone, isPaidBack, paidAt, paidBack, worthNow, worthOf } from './sale.ts';
import { isSettlement } from './settlement.ts';
import type { Bookable } from './settlement.ts';
import { asideReason, skipReason } from './skipping.ts';
import { withExchanges } from './exchange.ts';
import { withGrowth } from './growth.ts';
import { everything, mayChange, isRewritable, openingOf, targetsOf } from './targets.ts';
import type { Basis, Target } from './targets.ts';
import { localDate } from './time.ts';
import type { Instant, Zone } from './time.ts';
import { withUntoldTax } from './untold-tax.ts';

/**
 * Every accounting decision. `plan` says what the books should hold for an order, less what the ledger says they hold. A
 * new order, a duplicate, an edit, a refund, a replay and a crash take this one way; after its steps are posted it plans
 * nothing.
 */
export function plan(shown: Bookable, booked: Booked, terms: Terms): Plan {
  if (terms.choices.following === 'stopped') {
    return { outcome: 'skip', reason: 'Left to you: the books are not changed for this order any more' };
  }
  return isSettlement(shown) ? planFees(shown, booked, terms) : planOrder(shown, booked, terms);
}

function planOrder(shown: Order, booked: Booked, given: Terms): Plan {
  const terms = asFarAsSent(withPossibleLines(given, booked), booked);
  const told = withUntoldTax(shown, terms.rules) ?? shown;
  const order = balanced(withFound(told, booked, terms.rules.timeZone ?? told.zone));
  const isNew = booked.lastSlots.invoice === undefined;
  const aside = isNew ? asideReason(order, terms.rules) : undefined;
  if (aside !== undefined) {
    return { outcome: 'skip', reason: aside };
  }
  const sums = sumsHold(order);
  if (sums !== undefined) {
    return { outcome: 'work', steps: [], holds: [sums] };
  }
  if (booked.invoices.some((invoice) => invoice.isAdopted)) {
    // A person's or another program's invoice is linked; money on it stays theirs (bookkeeping, "what people changed").
    return { outcome: 'work', steps: [], holds: changesOfLinked(order, booked) };
  }
  const unbooked = isNew ? whyUnbooked(order, terms.rules) : undefined;
  if (unbooked !== undefined) {
    return unbooked;
  }
  const unpriced = unpricedHold(order);
  if (unpriced !== undefined) {
    return { outcome: 'work', steps: [], holds: [unpriced] };
  }
  if (order.doubt !== undefined) {
    return doubted(order, order.doubt);
  }
  const correction = correctionStep(order, booked, terms);
  if (correction !== undefined) {
    return { outcome: 'work', steps: [correction], holds: [] };
  }
  return converge(order, booked, terms);
}

/** Whether the order adds up: the lines decide, and a shop's total that differs is shown and never booked. */
function sumsHold(order: Order): PlannedHold | undefined {
  const byLines = totalByLines(order);
  const difference = money.subtract(order.total, byLines);
  if (!money.isZero(difference)) {
    return {
      step: 'invoice-1',
      code: 'order-sums-differ',
      detail: `Order ${order.name} says ${money.show(order.total)} and its lines sum to ${money.show(byLines)}`,
      facts: [
        { name: 'Lines before discounts', value: money.show(sumOver(order, grossOf)) },
        { name: 'Discounts of the lines', value: money.show(sumOver(order, discountOf)) },
        {
          name: order.pricesIncludeTax ? 'Taxes (within the prices)' : 'Taxes',
          value: money.show(sumOver(order, taxOf)),
        },
        { name: 'Sum of the lines', value: money.show(byLines) },
        { name: 'Total of the order', value: money.show(order.total) },
        { name: 'Difference', value: money.show(difference) },
      ],
    };
  }
  const returned = money.sum(
    order.refunds.map((refund) => worthOf(refund, order)),
    order.currency,
  );
  const byReturns = money.subtract(order.total, returned);
  return order.doubt !== undefined || isGone(order) || money.equal(byReturns, order.currentTotal)
    ? undefined
    : {
        step: 'change',
        code: 'order-sums-differ',
        detail: `Order ${order.name} is ${money.show(order.currentTotal)} now by its own word, and ${money.show(byReturns)} by what was returned`,
        facts: [
          { name: 'Total of the order', value: money.show(order.total) },
          { name: 'Worth of what was returned', value: money.show(returned) },
          { name: 'Total as it is now', value: money.show(order.currentTotal) },
          { name: 'Difference', value: money.show(money.subtract(order.currentTotal, byReturns)) },
        ],
      };
}

function sumOver(order: Order, amountOf: (line: OrderLine) => Money): Money {
  return money.sum(order.lines.map(amountOf), order.currency);
}

/** An order that is skipped, or that the rules book later: what it waits for comes with a later delivery. */
function whyUnbooked(order: Order, rules: Rules): Plan | undefined {
  const reason = skipReason(order, rules);
  if (reason !== undefined) {
    return { outcome: 'skip', reason };
  }
  if (rules.bookWhen !== 'paid' || order.cash.state === 'known') {
    return undefined;
  }
  return {
    outcome: 'work',
    steps: [],
    ...(order.cash.state === 'reread'
      ? { holds: [], reread: order.cash.why }
      : { holds: [cashHold(order, order.cash.why)] }),
  };
}

/** What is missing of the amounts of an order that is booked, or would be. */
function unpricedHold({
  name,
  untoldTax,
  pendingBecause,
  country,
  currency,
  total,
}: Order): PlannedHold | undefined {
  if (pendingBecause !== undefined) {
    return {
      step: 'change',
      code: 'order-amounts-missing',
      detail: `Order ${name} is booked, and now its amounts do not count: ${pendingBecause}`,
      facts: [],
    };
  }
  return untoldTax === undefined
    ? undefined
    : {
        step: 'invoice-1',
        code: 'order-tax-untold',
        detail: `The prices of order ${name} hold a tax that is not told, for ${country ?? 'no country'}${untoldTax === 'channel' ? '; the channel remits it itself' : ''}`,
        facts: [{ name: `Total in ${currency}`, value: money.show(total) }],
      };
}

function doubted(order: Order, { ask, code, why, facts }: NonNullable<Order['doubt']>): Plan {
  return ask === 'shop'
    ? { outcome: 'work', steps: [], holds: [], reread: why }
    : {
        outcome: 'work',
        steps: [],
        holds: [
          {
            step: 'change',
            code: code ?? 'order-refunds-unclear',
            detail: `Order ${order.name}: ${why}`,
            facts,
          },
        ],
      };
}

/** By a person's word the order is in the books, and not by us: what happened on later days is shown, and he books it. */
function bookedByHand(order: Order, terms: Terms, zone: Zone): Plan {
  const isLater = (at: Instant): boolean => !isBookedBy(localDate(at, zone), terms);
  const { cancelledAt, refunds, ...rest } = order;
  const later = refunds.filter((refund) => isEffective(refund, order) && isLater(paidAt(refund)));
  const returned = money.sum(
    later.map((refund) => worthOf(refund, order)),
    order.currency,
  );
  const before = money.add(order.currentTotal, returned);
  const holds = changesBeside({
    ...rest,
    total: before,
    refunds: later,
    ...(cancelledAt === undefined || !isLater(cancelledAt) ? {} : { cancelledAt }),
  });
  const asked = holds.length === 0 ? addedSince(order, before, terms) : holds;
  return asked.length === 0
    ? { outcome: 'skip', reason: BOOKED_BY_HAND }
    : { outcome: 'work', steps: [], holds: asked };
}

function addedSince({ name }: Order, now: Money, { choices: { bookedTotal } }: Terms): PlannedHold[] {
  return bookedTotal === undefined || money.equal(bookedTotal, now)
    ? []
    : [
        {
          step: 'change',
          code: 'order-changed',
          detail: `Order ${name} comes to ${money.show(now)}, and came to ${money.show(bookedTotal)} when you said that it is in the books`,
          facts: [
            { name: 'Then', value: money.show(bookedTotal) },
            { name: 'Worth now', value: money.show(now) },
          ],
        },
      ];
}

/** It was linked because it held just what the order came to: what was added since, or costs more, is on no invoice. */
function changesOfLinked(order: Order, { invoices }: Booked): PlannedHold[] {
  const holds = changesBeside(order);
  const worth = money.subtract(totalByLines(order), channelTaxOf(order));
  const linked = invoices.map(({ amount }) => amount);
  const isComparable = linked.every(({ currency }) => currency === order.currency);
  if (holds.length > 0 || !isComparable || money.equal(money.sum(linked, order.currency), worth)) {
    return holds;
  }
  const stands = money.show(money.sum(linked, order.currency));
  return [
    {
      step: 'change',
      code: 'order-changed',
      detail: `Order ${order.name} comes to ${money.show(worth)}, and the invoice that is linked to it to ${stands}`,
      facts: [
        ...invoices.map(({ document, amount }) => ({
          name: `Invoice ${document.number}`,
          value: money.show(amount),
        })),
        { name: 'Worth now', value: money.show(worth) },
      ],
    },
  ];
}

/** An invoice that is not ours: what changed in the shop since is shown, and a person books it. */
function changesBeside(order: Order): PlannedHold[] {
  const hold = (step: string, code: PlannedHold['code'], detail: string): PlannedHold => ({
    step,
    code,
    detail: `Order ${order.name} ${detail}`,
    facts: order.refunds.map((refund) => ({
      name: `Refund ${refund.id} of ${localDate(refund.at, order.zone)}${refund.isPending ? ' (pending)' : ''}`,
      value: money.show(paidBack(refund, order.currency)),
    })),
  });
  return [
    ...(order.cancelledAt === undefined
      ? []
      : [
          hold(
            'cancellation',
            'order-cancelled',
            `was cancelled on ${localDate(order.cancelledAt, order.zone)}, reason: ${order.cancelReason ?? 'not given'}`,
          ),
        ]),
    ...(money.equal(order.total, order.currentTotal) &&
    order.refunds.every(({ payouts }) => payouts.length === 0)
      ? []
      : [
          hold(
            'refund',
            'order-refunded',
            `was ${money.show(order.total)} and is ${money.show(order.currentTotal)} now`,
          ),
        ]),
  ];
}

/**
 * The step down the ladder: an invoice that the books computed otherwise, by no more than rounding explains, gets its
 * rounding line corrected, once for each state of its lines. Whatever is unequal after that is held, and what is dated on a closed day.
 */
function correctionStep(order: Order, booked: Booked, terms: Terms): LinesStep | undefined {
  for (const invoice of booked.invoices) {
    const { document, amount, isAccepted } = invoice;
    const mayChange = !isAccepted && !isSettledDay(document.issuedOn, terms);
    if (mayChange && invoice.correction === undefined && amount.currency === document.currency) {
      const correction = money.subtract(document.total, amount);
      const isRounding = money.compare(money.absolute(correction), document.roundingLimit) <= 0;
      if (!money.isZero(correction) && isRounding) {
        return linesStep(order, booked, { invoice, document, correction, later: 0 });
      }
    }
  }
  return undefined;
}

function converge(shown: Order, booked: Booked, terms: Terms): Plan {
  const { rules } = terms;
  const zone = rules.timeZone ?? shown.zone;
  const before = { order: shown, booked, terms, zone };
  const divided = withGrowth(shown, {
    booked,
    rules,
    isRewritable: (invoice) => mayChange(before, invoice, { offInvoice: [] }),
  });
  const order = withExchanges(divided, {
    booked,
    zone,
    isRewritable: (invoice) => isRewritable({ ...before, order: divided }, invoice, { offInvoice: [] }),
  });
  const basis = { order, booked, terms, zone };
  const opening = openingOf(basis);
  if (opening.state === 'booked') {
    return bookedByHand(order, terms, zone);
  }
  if (opening.state === 'closed') {
    return { outcome: 'work', steps: [], holds: [opening.hold] };
  }
  const decided = decideRefunds(order, {
    booked,
    terms,
    zone,
    issuedOn: opening.issuedOn,
    invoiceNumber: opening.number,
    fits: (offInvoice) =>
      terms.fits(documentOf(order, everything(offInvoice), { rules, heading: { ...opening, remark: '' } })),
    isRewritable: (invoice, offInvoice) => isRewritable(basis, invoice, { offInvoice }),
  });
  const offInvoice = decided.filter(({ way }) => way.kind === 'off-invoice').map(({ refund }) => refund);
  const gone = isGone(order) && decided.every(({ way }) => way.kind === 'off-invoice' || way.kind === 'none');
  const found = targetsOf(basis, { opening, offInvoice, isGone: gone });
  const worth = isGone(order) ? money.zero(order.currency) : worthNow(order);
  const isEmpty = found.targets.length === 0 && found.holds.length === 0 && money.isZero(worth);
  if (booked.lastSlots.invoice === undefined && isEmpty && isPaidBack(order)) {
    return {
      outcome: 'skip',
      reason: 'Nothing is left of it: it was refunded, reduced or cancelled before it was booked',
    };
  }
  return stepsTo(basis, {
    ...found,
    decided,
    offInvoice,
    worth,
  });
}

/** What is paid on the invoices as they will stand. */
function cashOf(basis: Basis, aim: Aim): CashPlan {
  const { order, booked, terms, zone } = basis;
  return planCash(order, {
    booked,
    invoices: aim.targets.map(({ slot, document, invoice }) => ({
      slot,
      total: invoice?.isAccepted === true ? invoice.amount : document.total,
    })),
    offInvoice: aim.offInvoice,
    ...besideIn(order, aim),
    terms,
    zone,
  });
}

/** Payments are lowered first, then lines, then what is new (bookkeeping, "Refunds"). */
function stepsTo(basis: Basis, aim: Aim): Plan {
  const { targets, holds, decided } = aim;
  const { order, booked, terms } = basis;
  const { rules } = terms;
  const unsendable = targets.flatMap(({ invoice }) =>
    invoice === undefined ? [] : unsendableHolds(invoice),
  );
  const closed = rules.endState === 'sent' ? closedDrafts(order, targets, terms) : [];
  const isSendable = rules.endState === 'sent' && unsendable.length === 0 && closed.length === 0;
  const cash = isSendable ? cashOf(basis, aim) : NO_CASH;
  const unlike = booked.beside.flatMap((refund) => unlikeHolds(order, refund));
  const lost = booked.beside.flatMap((refund) => lostHolds(order, refund));
  const negative = targets.filter(({ document }) => money.isNegative(document.total));
  const changes = changeSteps(basis, targets).filter((step) => isPayable(step, booked, cash));
  const made = targets
    .filter(({ invoice }) => invoice === undefined)
    .map((target) => invoiceStep(order, target));
  const sent = isSendable ? targets.flatMap((target) => sentSteps(order, target, terms)) : [];
  const refundHolds = decided.flatMap(({ refund, way }) => refundHold(order, { refund, way, rules }));
  const isCashKnown = order.cash.state === 'known';
  const gaps = unlike.length === 0 ? gapHolds(basis, aim) : [];
  // Of what went back beyond the order's worth nothing is booked before a person has looked.
  const beside =
    rules.endState === 'sent' && !gaps.some(({ code }) => code === 'order-worth-negative')
      ? besideSteps(decided)
      : [];
  // An invoice that was found came without its client, and a credit note is made for one.
  const needsClient = made.length > 0 || beside.some(({ kind }) => kind === 'credit-note');
  const steps: readonly Step[] = [
    ...(booked.client === undefined && needsClient ? [clientStep(order, rules)] : []),
    ...cash.lowered,
    ...changes,
    ...made,
    ...sent,
    ...cash.paid,
    ...beside,
  ];
  if (negative.length > 0) {
    // Every other question would be about the figures of an invoice that cannot be.
    return {
      outcome: 'work',
      steps: [],
      holds: [...unsendable, ...negative.map((target) => negativeHold(order, target))],
      ...(order.cash.state === 'reread' ? { reread: order.cash.why } : {}),
    };
  }
  return {
    outcome: 'work',
    steps,
    holds: [
      ...unsendable,
      ...closed,
      ...unlike,
      ...lost,
      ...holds,
      ...cash.holds,
      ...(isCashKnown ? refundHolds : []),
      ...gaps,
    ],
    ...(order.cash.state === 'reread' ? { reread: order.cash.why } : {}),
  };
}

function changeSteps({ order, booked, terms }: Basis, targets: readonly Target[]): Step[] {
  const steps: Step[] = [];
  let [lines, voids] = [0, 0];
  for (const { document, invoice } of targets) {
    if (invoice === undefined || differencesOf(invoice.document, document).length === 0) {
      continue;
    }
    const isEmpty =
      document.lines.length === 0 || (money.isZero(document.total) && terms.rules.skipZeroTotals);
    if (isEmpty && money.isZero(document.total)) {
      steps.push(voidStep(order, booked, { invoice, later: voids }));
      voids += 1;
    } else {
      const correction = money.zero(order.currency);
      steps.push(linesStep(order, booked, { invoice, document, correction, later: lines }));
      lines += 1;
    }
  }
  return steps;
}

/**
 * FreshBooks makes a silent credit of what stands as paid on an invoice beyond its total. So an invoice is not changed below
 * its payments before they are lowered, which waits until it is known what was received.
 */
function isPayable(step: Step, booked: Booked, { lowered }: CashPlan): boolean {
  if (step.kind !== 'lines' && step.kind !== 'void') {
    return true;
  }
  const standing = booked.payments.filter(({ invoice }) => invoice === step.invoice);
  const amounts = standing.map(
    ({ slot, amount }) => lowered.find(({ payment }) => payment === slot)?.to ?? amount,
  );
  const currency = step.from.currency;
  const total = step.kind === 'lines' ? step.document.total : money.zero(currency);
  return money.compare(money.sum(amounts, currency), total) <= 0;
}

function linesStep(
  order: Order,
  booked: Booked,
  {
    invoice,
    document,
    correction,
    later,
  }: { invoice: BookedInvoice; document: InvoiceDocument; correction: Money; later: number },
): LinesStep {
  const slot = (booked.lastSlots.lines ?? 0) + 1 + later;
  return {
    kind: 'lines',
    slot,
    reference: referenceOf(order.key, 'lines', slot),
    invoice: invoice.slot,
    document,
    from: invoice.amount,
    correction,
  };
}

function voidStep(
  order: Order,
  booked: Booked,
  { invoice, later }: { invoice: BookedInvoice; later: number },
): VoidStep {
  const slot = (booked.lastSlots.void ?? 0) + 1 + later;
  const reference = referenceOf(order.key, 'void', slot);
  return { kind: 'void', slot, reference, invoice: invoice.slot, from: invoice.amount };
}

function clientStep(order: Order, rules: Rules): ClientStep {
  return {
    kind: 'client',
    slot: 1,
    reference: referenceOf(order.key, 'client', 1),
    policy: clientPolicyOf(order, rules),
    channelName: fill(rules.channelClientName, { shop: order.shop }),
    ...(order.channel === undefined ? {} : { channel: order.channel }),
    ...(order.buyer.customerId === undefined ? {} : { customerId: order.buyer.customerId }),
    currency: order.currency,
  };
}

function invoiceStep(order: Order, { slot, document, variant }: Target): InvoiceStep {
  return { kind: 'invoice', slot, reference: referenceOf(order.key, 'invoice', slot), document, variant };
}

/** An invoice that was made and not sent before its day was closed: sent or paid now, it would count in a month that is closed. */
function closedDrafts(order: Order, targets: readonly Target[], terms: Terms): PlannedHold[] {
  return targets.flatMap((target) => {
    const { slot, document, invoice } = target;
    return invoice === undefined ||
      !isClosed(document.issuedOn, terms.rules) ||
      sentSteps(order, target, terms).length === 0
      ? []
      : [
          {
            step: `sent-${slot}`,
            code: 'period-closed',
            detail: `Invoice ${document.number} is a draft of ${document.issuedOn}, and the books are closed then: open the day and retry, or send it in FreshBooks and decide already-booked`,
            facts: [{ name: 'Day', value: document.issuedOn }, closedThrough(document.issuedOn, terms)],
          },
        ];
  });
}

/** One that is about to be taken away is not sent first, nor one that a person has sent himself, by his word. */
function sentSteps(order: Order, { slot, document, invoice }: Target, terms: Terms): SentStep[] {
  const { skipZeroTotals } = terms.rules;
  const isEmpty = money.isZero(document.total) && (skipZeroTotals || document.lines.length === 0);
  const isSent = invoice !== undefined && (invoice.isSent || isBookedBy(document.issuedOn, terms));
  return isSent || isEmpty
    ? []
    : [
        {
          kind: 'sent',
          slot,
          reference: referenceOf(order.key, 'sent', slot),
          fulfilledOn: document.issuedOn,
        },
      ];
}

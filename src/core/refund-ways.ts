import { isBookedBy, isSettledDay, openDay } from './closed-days.ts';
import type { Dated } from './closed-days.ts';
import type { CreditNoteStep, ExpenseStep, InvoiceDocument, Step, TaxTotal } from './document.ts';
import { referenceOf } from './ids.ts';
import { documentOf, roundingLimitOf } from './invoice-document.ts';
import type { Booked } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Order, OrderLine, Refund } from './order.ts';
import { isSameMonth } from './period.ts';
import { clientPolicyOf } from './plan-terms.ts';
import type { PlannedHold, Terms } from './plan-terms.ts';
import type { Rules } from './rules.ts';
import {
  destinationOf,
  isEffective,
  linesWithout,
  merchantPart,
  paidBack,
  returnedLines,
  worthOf,
} from './sale.ts';
import { localDate } from './time.ts';
import type { LocalDate, Zone } from './time.ts';

/**
 * How each refund reaches the books (docs/bookkeeping.md, "Refunds"): taken off the invoice where that restates no closed
 * month, else beside it. What was decided when it was booked stays so.
 */
export type Way =
  /** The invoice leaves it out. */
  | { readonly kind: 'off-invoice' }
  /** It stands, or will, beside the invoice, with this amount. */
  | { readonly kind: 'beside'; readonly amount: Money; readonly step?: BesideStep }
  /** A person must decide; until then invoice and payments stand as if it stood beside. */
  | { readonly kind: 'held'; readonly amount: Money; readonly hold: PlannedHold }
  /** Nothing changes by it. */
  | { readonly kind: 'none' };

export type BesideStep = ExpenseStep | CreditNoteStep;

export interface DecidedRefund {
  readonly refund: Refund;
  readonly way: Way;
}

export interface Deciding {
  readonly booked: Booked;
  readonly terms: Terms;
  readonly zone: Zone;
  /** Day of the invoice, as it stands or will. */
  readonly issuedOn: LocalDate;
  readonly invoiceNumber: string;
  /** Whether the books can be brought to the invoice's total when it leaves these refunds out. */
  readonly fits: (offInvoice: readonly Refund[]) => boolean;
}

/** Decides in the order in which they happened. */
export function decideRefunds(order: Order, deciding: Deciding): readonly DecidedRefund[] {
  const decided: DecidedRefund[] = [];
  let slots = deciding.booked.lastSlots;
  for (const refund of order.refunds) {
    const offInvoice = decided.filter(({ way }) => way.kind === 'off-invoice').map((each) => each.refund);
    const way = wayOf(order, refund, { ...deciding, offInvoice, slots });
    if (way.kind === 'beside' && way.step !== undefined) {
      slots = { ...slots, [way.step.kind]: way.step.slot };
    }
    decided.push({ refund, way });
  }
  return decided;
}

interface Considering extends Deciding {
  readonly offInvoice: readonly Refund[];
  readonly slots: Booked['lastSlots'];
}

function wayOf(order: Order, refund: Refund, considering: Considering): Way {
  const { booked } = considering;
  const standing = booked.beside.filter((each) => each.refund === refund.id);
  if (standing.length > 0) {
    return moreBeside(order, refund, { ...considering, standing });
  }
  if (booked.invoices.some(({ document }) => document.refunds.includes(refund.id))) {
    return { kind: 'off-invoice' };
  }
  if (!isEffective(refund, order)) {
    return { kind: 'none' };
  }
  const amount = merchantPart(refund, order);
  switch (destinationOf(refund)) {
    case 'nowhere':
      return { kind: 'off-invoice' };
    case 'both':
      return held(refund, amount, {
        code: 'refund-both-ways',
        detail: `Refund ${refund.id} of order ${order.name} went partly to store credit and partly back as money`,
      });
    case 'store-credit': {
      const { whole } = withRemovals(order, refund, considering);
      return toStoreCredit(order, whole, { ...considering, amount: merchantPart(whole, order) });
    }
    case 'money':
      return asMoney(order, refund, { ...considering, amount });
  }
}

/** What stands stays. When more of the same refund has been paid since, the rest follows as another expense. */
function moreBeside(
  order: Order,
  refund: Refund,
  { standing, ...considering }: Considering & { readonly standing: Booked['beside'] },
): Way {
  const booked = money.sum(
    standing.map((each) => each.amount),
    order.currency,
  );
  const more = money.subtract(merchantPart(refund, order), booked);
  const isExpense = standing.every(({ kind }) => kind === 'expense');
  if (!isExpense || money.compare(more, money.zero(order.currency)) <= 0) {
    return { kind: 'beside', amount: booked };
  }
  const rest = asExpense(
    order,
    { ...refund, returns: [], difference: money.negate(more) },
    { ...considering, amount: more },
  );
  return rest.kind === 'beside' || rest.kind === 'held'
    ? { ...rest, amount: money.add(booked, rest.amount) }
    : rest;
}

interface Priced extends Considering {
  readonly amount: Money;
  /** What edits took off before, which the amount is for as well. */
  readonly removals?: readonly string[];
}

function asMoney(order: Order, refund: Refund, priced: Priced): Way {
  // While it is not told what was received, no payment can be lowered to what was kept.
  if (order.cash.state !== 'known') {
    return waiting(order, refund, priced.amount);
  }
  const isByHand = isBookedBy(localDate(paidAt(refund), priced.zone), priced.terms);
  if (!isByHand && isAdjustable(order, refund, priced) && priced.fits([...priced.offInvoice, refund])) {
    return { kind: 'off-invoice' };
  }
  const { whole, removals } = withRemovals(order, refund, priced);
  return asExpense(order, whole, { ...priced, removals, amount: merchantPart(whole, order) });
}

/**
 * With what an edit took off before, where this refund pays for just that and the invoice still holds it: so the lines and their
 * taxes go back with the money.
 */
function withRemovals(
  order: Order,
  refund: Refund,
  { booked }: Considering,
): { readonly whole: Refund; readonly removals: readonly string[] } {
  const settled = refund.settled ?? money.zero(order.currency);
  const removals = order.refunds.filter(
    (other) => other.payouts.length === 0 && isEffective(other, order) && isHeldStill(other, booked),
  );
  const worth = money.sum(
    removals.map((removal) => worthOf(removal, order)),
    order.currency,
  );
  return removals.length > 0 && money.equal(worth, money.negate(settled))
    ? {
        whole: {
          ...refund,
          returns: [...refund.returns, ...removals.flatMap(({ returns }) => returns)],
          settled: money.zero(order.currency),
        },
        removals: removals.map(({ id }) => id),
      }
    : { whole: refund, removals: [] };
}

function isHeldStill({ id, returns }: Refund, { invoices }: Booked): boolean {
  const keys = returns.map(({ line }) => line);
  return invoices.some(
    ({ document }) => !document.refunds.includes(id) && document.lines.some(({ key }) => keys.includes(key)),
  );
}

/** Refund, invoice and payments in one open month: lowering them restates no month that somebody has reported. */
function isAdjustable(order: Order, refund: Refund, { booked, terms, zone, issuedOn }: Considering): boolean {
  const { rules } = terms;
  if (rules.refunds !== 'adjust' || isSettledDay(issuedOn, terms)) {
    return false;
  }
  if (rules.endState === 'draft') {
    return true;
  }
  // An amount beside lines would be a line below nothing.
  if (terms.negativeLines === 'refused' && money.isNegative(refund.difference)) {
    return false;
  }
  const tenders = order.cash.state === 'known' ? order.cash.tenders : [];
  const days = [
    issuedOn,
    ...booked.invoices.map(({ document }) => document.issuedOn),
    ...booked.payments.map((payment) => payment.paidOn),
    ...[...tenders, ...refund.payouts].map(({ at }) => localDate(at, zone)),
  ];
  return isSameMonth(days) && days.every((day) => !isSettledDay(day, terms));
}

/** Neither an expense nor a credit note holds it. */
function belowNothing(order: Order, refund: Refund, amount: Money): Way {
  return held(refund, amount, {
    code: 'order-refunds-unclear',
    detail: `Refund ${refund.id} of order ${order.name} leaves the merchant with more than before: less went back than the channel's tax on what was returned, or the till rounded it`,
    facts: [
      { name: 'Paid back', value: money.show(paidBack(refund, order.currency)) },
      { name: 'Of it the merchant’s own', value: money.show(amount) },
    ],
  });
}

function asExpense(order: Order, refund: Refund, priced: Priced): Way {
  const { amount, removals = [], terms, zone, invoiceNumber, slots } = priced;
  const { rules } = terms;
  if (money.isZero(amount)) {
    return { kind: 'beside', amount };
  }
  if (money.isNegative(amount)) {
    return belowNothing(order, refund, amount);
  }
  const dated = dayFor(order, refund, priced);
  if (dated.state === 'booked') {
    return { kind: 'beside', amount };
  }
  if (dated.state === 'closed') {
    return { kind: 'held', amount, hold: dated.hold };
  }
  const { refundCategory } = rules;
  if (refundCategory === undefined) {
    return held(refund, amount, {
      code: 'refund-category-missing',
      detail: `Refund ${refund.id} of order ${order.name} is to stand as an expense, and no category is chosen for refunds`,
      facts: [
        { name: 'Paid back', value: money.show(amount) },
        { name: 'Day', value: localDate(paidAt(refund), zone) },
      ],
    });
  }
  const slot = (slots.expense ?? 0) + 1;
  const step: ExpenseStep = {
    kind: 'expense',
    slot,
    reference: referenceOf(order.key, 'expense', slot),
    refund: refund.id,
    ...(removals.length === 0 ? {} : { removals }),
    amount,
    taxes: refundedTaxes(order, refund, rules),
    spentOn: dated.day,
    category: refundCategory,
    invoiceNumber,
    note: [`Refund ${refund.id} of order ${order.name}`, dated.remark].filter(Boolean).join('. '),
  };
  return { kind: 'beside', amount, step };
}

/** The merchant's taxes on what was returned, by the names that they have in the books. */
function refundedTaxes(order: Order, refund: Refund, rules: Rules): readonly TaxTotal[] {
  const percentages: Rules = { ...rules, taxLines: {} };
  return returnDocument(order, refund, {
    rules: percentages,
    number: '',
    issuedOn: localDate(refund.at, order.zone),
  }).taxes;
}

function toStoreCredit(order: Order, refund: Refund, priced: Priced): Way {
  const { amount, booked, terms, invoiceNumber, slots } = priced;
  if (money.isZero(amount)) {
    // What came back had cost nothing: nothing is owed for it.
    return { kind: 'beside', amount };
  }
  if (money.isNegative(amount)) {
    return belowNothing(order, refund, amount);
  }
  const isShared = booked.client?.isShared ?? clientPolicyOf(order, terms.rules) === 'channel';
  if (isShared) {
    return held(refund, amount, {
      code: 'refund-credit-shared',
      detail: `Refund ${refund.id} of order ${order.name} is store credit, and its invoice is on the shared client`,
      facts: [{ name: 'Credited', value: money.show(amount) }],
    });
  }
  const dated = dayFor(order, refund, priced);
  if (dated.state === 'booked') {
    return { kind: 'beside', amount };
  }
  if (dated.state === 'closed') {
    return { kind: 'held', amount, hold: dated.hold };
  }
  const slot = (slots['credit-note'] ?? 0) + 1;
  const document = returnDocument(order, refund, {
    rules: terms.rules,
    number: invoiceNumber,
    issuedOn: dated.day,
  });
  const step: CreditNoteStep = {
    kind: 'credit-note',
    slot,
    reference: referenceOf(order.key, 'credit-note', slot),
    refund: refund.id,
    document,
  };
  return { kind: 'beside', amount: document.total, step };
}

/** What a refund gives back, as a document: its lines with their taxes, and what was kept or paid beside them. */
function returnDocument(
  order: Order,
  refund: Refund,
  { rules, number, issuedOn }: { rules: Rules; number: string; issuedOn: LocalDate },
): InvoiceDocument {
  const lines: readonly OrderLine[] = returnedLines(order, refund);
  const beside: Refund = { ...refund, returns: [], difference: money.negate(refund.difference) };
  const effective = order.refunds.filter((other) => isEffective(other, order));
  const document = documentOf(
    { ...order, lines },
    { holds: () => true, refunds: [beside], amounts: [beside], left: linesWithout(order, effective) },
    { rules, heading: { number, issuedOn, remark: `Refund ${refund.id}` } },
  );
  return { ...document, roundingLimit: roundingLimitOf(order, [refund], rules) };
}

/** The day on which a refund is booked: its own, or by a person's choice the first open one. */
function dayFor(order: Order, refund: Refund, { terms, zone }: Considering): Dated {
  const day = localDate(paidAt(refund), zone);
  return openDay(day, terms, {
    step: stepOf(refund),
    what: `Refund ${refund.id} of order ${order.name}`,
  });
}

/** When the last of its money went. */
export function paidAt({ payouts, at }: Refund): Refund['at'] {
  return (
    payouts.reduce<Refund['at'] | undefined>(
      (last, payout) => (last === undefined || payout.at > last ? payout.at : last),
      undefined,
    ) ?? at
  );
}

function stepOf(refund: Refund): string {
  return `refund-${refund.id}`;
}

function held(
  refund: Refund,
  amount: Money,
  hold: Pick<PlannedHold, 'code' | 'detail'> & Partial<Pick<PlannedHold, 'facts'>>,
): Way {
  return { kind: 'held', amount, hold: { step: stepOf(refund), facts: [], ...hold } };
}

/** Until the cash is known: the plan's own question about it says what is missing. */
function waiting(order: Order, refund: Refund, amount: Money): Way {
  return held(refund, amount, {
    code: 'order-refunded',
    detail: `Refund ${refund.id} of order ${order.name} waits until it is known what was received`,
    facts: [
      { name: 'Paid back', value: money.show(paidBack(refund, order.currency)) },
      { name: 'Worth of what was returned', value: money.show(worthOf(refund, order)) },
    ],
  });
}

/** What stands beside the invoices, or will, or would if a person let it. */
export function besideOf(decided: readonly DecidedRefund[], currency: string): Money {
  return money.sum(
    decided.flatMap(({ way }) => (way.kind === 'beside' || way.kind === 'held' ? [way.amount] : [])),
    currency,
  );
}

export function besideSteps(decided: readonly DecidedRefund[]): Step[] {
  return decided.flatMap(({ way }) => (way.kind === 'beside' && way.step !== undefined ? [way.step] : []));
}

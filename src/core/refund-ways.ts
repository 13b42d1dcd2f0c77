import { isBookedBy, isSettledDay, openDay } from './closed-days.ts';
import type { Dated } from './closed-days.ts';
import type { CreditNoteStep, ExpenseStep, InvoiceDocument, Step, TaxTotal } from './document.ts';
import { referenceOf } from './ids.ts';
import { documentOf, roundingLimitOf } from './invoice-document.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { channelTaxOf, taxOf } from './order.ts';
import type { Order, OrderLine, Refund } from './order.ts';
import { overpaidOf, removalsFor, worthOfAll } from './paid-removals.ts';
import { isSameMonth } from './period.ts';
import { clientPolicyOf } from './plan-terms.ts';
import type { PlannedHold, Terms } from './plan-terms.ts';
import type { Rules } from './rules.ts';
import {
  destinationOf,
  isEffective,
  linesWithout,
  merchantPart,
  paidAt,
  paidBack,
  returnedLines,
  worthOf,
} from './sale.ts';
import { laterOf, localDate } from './time.ts';
import type { LocalDate, Zone } from './time.ts';

/**
 * How each refund reaches the books (docs/bookkeeping.md, "Refunds"): taken off the invoice where that restates no closed
 * month, else beside it. What was decided when it was booked stays so.
 */
export type Way =
  /** The invoice leaves it out. */
  | { readonly kind: 'off-invoice' }
  /** It stands, or will, beside the invoice, with this amount. */
  | ({ readonly kind: 'beside'; readonly amount: Money; readonly step?: BesideStep } & Paying)
  /** A person must decide; until then invoice and payments stand as if it stood beside. */
  | ({ readonly kind: 'held'; readonly amount: Money; readonly hold: PlannedHold } & Paying)
  /** Nothing changes by it. */
  | { readonly kind: 'none' };

type HeldWay = Extract<Way, { kind: 'held' }>;

interface Paying {
  /** Ids of what edits took off, which this money is for: it stands with the refund, and the invoices hold it still. */
  readonly removals?: readonly string[];
}

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
  /** Whether an invoice's lines may be replaced, once these refunds are left out. */
  readonly isRewritable: (invoice: BookedInvoice, offInvoice: readonly Refund[]) => boolean;
}

/** Decides in the order in which they happened. */
export function decideRefunds(order: Order, deciding: Deciding): readonly DecidedRefund[] {
  let decided: readonly DecidedRefund[] = [];
  let slots = deciding.booked.lastSlots;
  const exchanges = order.refunds.filter(({ isExchange }) => isExchange === true).map(({ id }) => id);
  const told = deciding.booked.beside.flatMap(({ step }) => removalsOf(step));
  const paidBeside = new Set([...exchanges, ...told]);
  for (const refund of order.refunds) {
    const offInvoice = decided.filter(({ way }) => way.kind === 'off-invoice').map((each) => each.refund);
    const asked = askedBeside(order, decided);
    const way = wayOf(order, refund, { ...deciding, offInvoice, slots, paidBeside, asked });
    if (way.kind === 'beside' && way.step !== undefined) {
      slots = { ...slots, [way.step.kind]: way.step.slot };
    }
    const removals = way.kind === 'beside' || way.kind === 'held' ? (way.removals ?? []) : [];
    removals.forEach((id) => paidBeside.add(id));
    const before = decided.map((each) => (removals.includes(each.refund.id) ? unchanged(each) : each));
    decided = [...before, { refund, way }];
  }
  return decided;
}

function removalsOf(step: BesideStep): readonly string[] {
  return step.removals ?? [];
}

function unchanged({ refund }: DecidedRefund): DecidedRefund {
  return { refund, way: { kind: 'none' } };
}

/** What refunds before pay of what edits took off, where a person is asked because they come to none of it. */
function askedBeside(order: Order, decided: readonly DecidedRefund[]): Money {
  const parts = decided.flatMap(({ refund, way }) =>
    way.kind === 'held' && (way.removals ?? []).length === 0
      ? [money.atLeastZero(money.subtract(way.amount, merchantPart(refund, order)))]
      : [],
  );
  return money.sum(parts, order.currency);
}

interface Considering extends Deciding {
  readonly offInvoice: readonly Refund[];
  readonly slots: Booked['lastSlots'];
  /** Of what edits took off and the invoices hold, what refunds before pay, unmatched. */
  readonly asked: Money;
  /** What edits took off and a refund beside the invoices pays for. */
  readonly paidBeside: ReadonlySet<string>;
}

function wayOf(order: Order, refund: Refund, considering: Considering): Way {
  const { booked } = considering;
  const standing = booked.beside.filter((each) => each.refund === refund.id);
  if (standing.length > 0) {
    return moreBeside(order, refund, { ...considering, standing });
  }
  if (refund.isExchange === true) {
    return asExpense(order, refund, { ...considering, amount: merchantPart(refund, order) });
  }
  if (considering.paidBeside.has(refund.id)) {
    return { kind: 'none' };
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
    case 'store-credit':
      // What it is for beside its lines may be what edits took off, which is told by what was received.
      return order.cash.state === 'known' || money.isZero(refund.difference)
        ? withRemovals(order, refund, { ...considering, amount, book: toStoreCredit })
        : waiting(order, refund, amount);
    case 'money':
      return asMoney(order, refund, { ...considering, amount });
  }
}

/**
 * What stands stays. When more of the same refund has been paid since, the rest follows as another expense: once it is known what was
 * received, for until then nothing tells what of it only settles what edits took off.
 */
function moreBeside(
  order: Order,
  refund: Refund,
  { standing, ...considering }: Considering & { readonly standing: Booked['beside'] },
): Way {
  const booked = money.sum(
    standing.map((each) => each.amount),
    order.currency,
  );
  if (order.cash.state !== 'known') {
    return { kind: 'beside', amount: booked };
  }
  const more = money.subtract(merchantPart(refund, order), booked);
  const isExpense = standing.every(({ kind }) => kind === 'expense');
  if (!isExpense || money.compare(more, money.zero(order.currency)) <= 0) {
    const told = order.refunds.filter(({ id }) => standing.some(({ step }) => removalsOf(step).includes(id)));
    const worth = money.subtract(money.negate(more), worthOfAll(told, order));
    const since = takenOffSince(order, refund, { ...considering, worth });
    return since.length === 0
      ? { kind: 'beside', amount: booked }
      : besideSince(order, refund, { standing, amount: booked, since });
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

/** It was booked before anybody knew that taxed lines went with it: the tax that it bears is a person's to put right. */
function besideSince(
  order: Order,
  refund: Refund,
  {
    standing,
    amount,
    since,
  }: { readonly standing: Booked['beside']; readonly amount: Money; readonly since: readonly Refund[] },
): Way {
  const removals = since.map(({ id }) => id);
  const lines = since.flatMap((removal) => returnedLines(order, removal));
  const due = money.sum(
    [...refund.returns.flatMap(({ taxes }) => taxes), ...lines.map(taxOf)],
    order.currency,
  );
  const borne = money.sum(
    standing.flatMap(({ step }) =>
      (step.kind === 'expense' ? step.taxes : step.document.taxes).map((tax) => tax.amount),
    ),
    order.currency,
  );
  if (money.equal(due, borne)) {
    return { kind: 'beside', amount, removals };
  }
  const asked = held(refund, amount, {
    code: 'refund-unbooked',
    detail: `Refund ${refund.id} of order ${order.name} stands as it was booked, and an edit has taken off since what it was for, with other tax: put its tax right in FreshBooks`,
    facts: [
      { name: 'Tax of what went back', value: money.show(due) },
      { name: 'Tax of it in the books', value: money.show(borne) },
    ],
  });
  return { ...asked, removals };
}

/**
 * What edits took off after a refund had been booked as given, where it comes to just what of that has settled since: taken off the
 * invoice it would be out of the books twice.
 */
function takenOffSince(
  order: Order,
  refund: Refund,
  { booked, paidBeside, worth }: Considering & { readonly worth: Money },
): readonly Refund[] {
  const later = order.refunds
    .slice(order.refunds.indexOf(refund) + 1)
    .filter(({ id, payouts }) => payouts.length === 0 && !paidBeside.has(id))
    .filter(({ id }) => !booked.invoices.some(({ document }) => document.refunds.includes(id)))
    .filter((removal) => isEffective(removal, order));
  const found = [...later.map((removal) => [removal]), later].find((some) =>
    money.equal(worthOfAll(some, order), worth),
  );
  return worth.minor > 0n ? (found ?? []) : [];
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
  return withRemovals(order, refund, { ...priced, book: asExpense });
}

/**
 * With what an edit took off before, where this refund pays for just that and the invoices hold it still: so the lines and their
 * taxes go back with the money. Where it pays for another part of that, nobody tells which lines went back.
 */
function withRemovals(
  order: Order,
  refund: Refund,
  { book, ...priced }: Priced & { readonly book: (order: Order, whole: Refund, priced: Priced) => Way },
): Way {
  const due = money.negate(refund.settled ?? money.zero(order.currency));
  const isCredit = destinationOf(refund) === 'store-credit';
  const held = order.refunds.filter((other) => isHeldStill(order, other, { ...priced, isCredit }));
  const overpaid = isCredit ? money.zero(order.currency) : overpaidOf(order);
  const found = removalsFor(order, refund, { held, due, overpaid, isCredit });
  if (found !== undefined) {
    const removals = found.map(({ id }) => id);
    const settled = money.subtract(worthOfAll(found, order), due);
    const returns = [...refund.returns, ...found.flatMap((removal) => removal.returns)];
    const whole = { ...refund, returns, settled };
    const way = book(order, whole, { ...priced, removals, amount: merchantPart(whole, order) });
    return way.kind === 'beside' || way.kind === 'held' ? { ...way, removals } : way;
  }
  const open = money.subtract(due, overpaid);
  if (open.minor <= 0n || (!isCredit && held.length === 0)) {
    return book(order, refund, priced);
  }
  // No invoice holds the tax that the channel remits.
  const onInvoices = money.subtract(
    worthOfAll(held, order),
    channelTaxOf({
      lines: held.flatMap((removal) => returnedLines(order, removal)),
      currency: order.currency,
    }),
  );
  const left = money.atLeastZero(money.subtract(onInvoices, priced.asked));
  const amount = money.add(priced.amount, money.minimum(open, left));
  // Store credit of unknown lines: while it is asked about, they stay on the invoice as their money does.
  const removals = isCredit ? held.map(({ id }) => id) : [];
  return { ...unmatched(order, refund, { amount, held }), removals };
}

/**
 * Taken off by an edit and on an invoice all the same: because that may not be rewritten any more, or for store credit, whose money
 * stays, because it shall not be.
 */
function isHeldStill(
  order: Order,
  removal: Refund,
  {
    booked,
    isCredit,
    isRewritable,
    offInvoice,
    paidBeside,
    zone,
  }: Considering & { readonly isCredit: boolean },
): boolean {
  if (removal.payouts.length > 0 || paidBeside.has(removal.id) || !isEffective(removal, order)) {
    return false;
  }
  const keys = removal.returns.map(({ line }) => line);
  const isOfFirst = booked.first?.lines.some(({ key }) => keys.includes(key)) === true;
  const isOn = (invoice: BookedInvoice): boolean => {
    const { lines, refunds, issuedOn } = invoice.document;
    const isTold = refunds.includes(removal.id);
    const isHolding = !isTold && lines.some(({ key }) => keys.includes(key));
    // One that was made since tells it too, and never held it.
    const isLowered = isTold && issuedOn <= localDate(removal.at, zone) && (!isOfFirst || invoice.slot === 1);
    return isRewritable(invoice, offInvoice) ? isCredit && (isHolding || isLowered) : isHolding;
  };
  return booked.invoices.some(isOn) || (isCredit && booked.invoices.length === 0);
}

function unmatched(
  order: Order,
  refund: Refund,
  { amount, held: removals }: { readonly amount: Money; readonly held: readonly Refund[] },
): HeldWay {
  const why =
    removals.length === 0
      ? 'is store credit for what no invoice holds any more, or ever did: its money stays and stands nowhere'
      : 'pays for what edits took off before, and comes to none of it';
  return held(refund, amount, {
    code: 'refund-unbooked',
    detail: `Refund ${refund.id} of order ${order.name} ${why}`,
    facts: [
      { name: 'Paid back', value: money.show(paidBack(refund, order.currency)) },
      ...removals.map((removal) => ({
        name: `Taken off on ${localDate(removal.at, order.zone)}`,
        value: money.show(worthOf(removal, order)),
      })),
    ],
  });
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
  // What went back before the invoice's own day, as of the first of several shipments, stands in no earlier month.
  const paidBackOn = refund.payouts.map(({ at }) => laterOf(localDate(at, zone), issuedOn));
  const days = [
    issuedOn,
    ...booked.invoices.map(({ document }) => document.issuedOn),
    ...booked.payments.map((payment) => payment.paidOn),
    ...tenders.map(({ at }) => localDate(at, zone)),
    ...paidBackOn,
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
  const { amount, removals = [], booked, terms, invoiceNumber, slots } = priced;
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
    ...(removals.length === 0 ? {} : { removals }),
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

function stepOf(refund: Refund): string {
  return `refund-${refund.id}`;
}

function held(
  refund: Refund,
  amount: Money,
  hold: Pick<PlannedHold, 'code' | 'detail'> & Partial<Pick<PlannedHold, 'facts'>>,
): HeldWay {
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

/** What a refund paid back that stands nowhere. */
export interface Untold {
  readonly refund: Refund;
  readonly amount: Money;
}

/** What refunds beside the invoices paid back to settle the account, and does not stand with them. */
export function untoldOf(order: Order, decided: readonly DecidedRefund[]): readonly Untold[] {
  return decided.flatMap(({ refund, way }) => {
    if (way.kind !== 'beside' && way.kind !== 'held') {
      return [];
    }
    const due = money.negate(refund.settled ?? money.zero(order.currency));
    const told = money.subtract(way.amount, merchantPart(refund, order));
    return [{ refund, amount: money.atLeastZero(money.subtract(due, told)) }];
  });
}

export function sumOfUntold(untold: readonly Untold[], currency: string): Money {
  return money.sum(
    untold.map(({ amount }) => amount),
    currency,
  );
}

export function besideSteps(decided: readonly DecidedRefund[]): Step[] {
  return decided.flatMap(({ way }) => (way.kind === 'beside' && way.step !== undefined ? [way.step] : []));
}

import { isSettledDay, openDay } from './closed-days.ts';
import type { InvoiceDocument } from './document.ts';
import type { Fact } from './failure.ts';
import { wholeKeyOf } from './growth.ts';
import { TAXES_DIFFER, differencesOf, documentOf, numberOf } from './invoice-document.ts';
import type { Contents } from './invoice-document.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Order, OrderLine, Refund } from './order.ts';
import { isSameMonth } from './period.ts';
import type { PlannedHold, Terms } from './plan-terms.ts';
import { isEffective, isSpent, linesWithout, worthOf } from './sale.ts';
import { localDate } from './time.ts';
import type { LocalDate, Zone } from './time.ts';

/** Which invoices an order should have, each with its lines, and which of them may still be rewritten. */

/** An invoice as it should stand. */
export interface Target {
  readonly slot: number;
  readonly document: InvoiceDocument;
  /** Absent for one that is to be made. */
  readonly invoice?: BookedInvoice;
  readonly variant: number;
}

export interface Targets {
  readonly targets: readonly Target[];
  readonly holds: readonly PlannedHold[];
  /** What changed on invoices that may not be rewritten any more, beyond what refunds tell. */
  readonly unwritten: readonly Fact[];
}

export interface Basis {
  readonly order: Order;
  readonly booked: Booked;
  readonly terms: Terms;
  readonly zone: Zone;
}

export type Opening =
  | {
      readonly state: 'open';
      readonly issuedOn: LocalDate;
      readonly number: string;
      readonly variant: number;
      readonly remark: string;
    }
  /** By a person's word it is in the books, and no invoice of ours. */
  | { readonly state: 'booked' }
  | { readonly state: 'closed'; readonly hold: PlannedHold };

/** Day and number of the order's invoice: of the one that stands, else of the one to be made. */
export function openingOf({ order, booked, terms, zone }: Basis): Opening {
  const [first] = booked.invoices;
  const { variant, number } = nextNumber(order, booked, terms);
  if (first !== undefined) {
    const { issuedOn } = first.document;
    return { state: 'open', issuedOn, number: first.document.number, variant, remark: '' };
  }
  const dated = openDay(localDate(order.placedAt, zone), terms, {
    step: 'invoice-1',
    what: `Order ${order.name}`,
    // Booked and taken away again: a person's word was about something else of it.
    isLater: booked.lastSlots.invoice !== undefined,
  });
  return dated.state === 'open'
    ? { state: 'open', issuedOn: dated.day, number, variant, remark: dated.remark }
    : dated;
}

/** The first number that none of the order's own invoices has had, from where the books last objected. */
export function nextNumber(
  order: Order,
  { lastVariant }: Booked,
  { rules, naming }: Terms,
): { readonly variant: number; readonly number: string } {
  // An invoice that was taken away keeps its number in the books.
  const variant = Math.max(naming.variant, lastVariant + 1);
  return { variant, number: numberOf(order, rules, { ...naming, variant }) };
}

export function everything(refunds: readonly Refund[]): Contents {
  return { holds: () => true, refunds, amounts: refunds };
}

export interface Content {
  readonly opening: Extract<Opening, { state: 'open' }>;
  readonly offInvoice: readonly Refund[];
  readonly isGone: boolean;
}

/** Which invoices should stand, each with its lines. Those that may not be rewritten stay as they are. */
export function targetsOf(basis: Basis, content: Content): Targets {
  const { order, booked } = basis;
  const live = booked.invoices;
  const rewritable = live.filter((invoice) => isRewritable(basis, invoice, content));
  const places = placesOf(live, rewritable.at(-1));
  const kept = live.map((invoice): Target => {
    const { slot } = invoice;
    const document = rewritable.includes(invoice)
      ? rewritten(basis, invoice, contentsOf(slot, content, places))
      : invoice.document;
    return { slot, document, invoice, variant: 1 };
  });
  const unwritten = live
    .filter((invoice) => !rewritable.includes(invoice))
    .flatMap((invoice) => unwrittenOf(basis, invoice, { places, offInvoice: content.offInvoice }));
  const open = content.isGone ? [] : linesWithout(order, content.offInvoice).filter((line) => !isSpent(line));
  const added = open.filter((line) => places.slotOf(line.key) === undefined);
  const hasAmounts =
    live.length === 0 && content.offInvoice.some(({ difference }) => !money.isZero(difference));
  // What had an invoice that was taken away has another only once it is known that no money went back for it.
  const isUntold =
    live.length === 0 && booked.lastSlots.invoice !== undefined && order.cash.state !== 'known';
  return content.isGone || isUntold || (added.length === 0 && !hasAmounts)
    ? { targets: kept, holds: [], unwritten }
    : withAnother(basis, { content, kept: { targets: kept, holds: [], unwritten }, added });
}

/** Where lines and amounts stand: where they first stood, and what is new on the last invoice that may be rewritten. */
interface Places {
  readonly slotOf: (key: string) => number | undefined;
  readonly amountSlotOf: (refund: Refund) => number | undefined;
}

function placesOf(live: readonly BookedInvoice[], host: BookedInvoice | undefined): Places {
  const slots = new Map(
    live.flatMap(({ slot, document }) => document.lines.map(({ key }) => [key, slot] as const)),
  );
  return {
    slotOf: (key) => slots.get(key) ?? host?.slot,
    amountSlotOf: ({ id }) =>
      [...slots].find(([key]) => key === `refund:${id}` || key.startsWith(`refund:${id}:`))?.[1] ??
      host?.slot,
  };
}

function contentsOf(slot: number, { isGone, offInvoice }: Content, places: Places): Contents {
  return {
    holds: (line) => !isGone && places.slotOf(line.key) === slot,
    refunds: isGone ? [] : offInvoice,
    amounts: isGone ? [] : offInvoice.filter((refund) => places.amountSlotOf(refund) === slot),
  };
}

/**
 * What would be another figure if the invoice were written anew with the refunds that it leaves out already. What was taken off
 * since and had cost nothing makes no gap that would be asked about, and may still have had a tax.
 */
function unwrittenOf(
  basis: Basis,
  invoice: BookedInvoice,
  { places, offInvoice }: { readonly places: Places; readonly offInvoice: readonly Refund[] },
): readonly Fact[] {
  const { document } = invoice;
  // What was taken off and what came at once may have changed nothing of it, and then is not told on it.
  const isAsLeft =
    differencesOf(document, leftOf(basis, invoice, { places, refunds: offInvoice })).length === 0;
  if (invoice.isAccepted || isAsLeft) {
    return [];
  }
  const { refunds } = basis.order;
  const known = refunds.filter(({ id }) => document.refunds.includes(id));
  const free = refunds.filter(
    (refund) =>
      !known.includes(refund) && isForNothing(refund, basis.order) && isEffective(refund, basis.order),
  );
  const differences = differencesOf(document, leftOf(basis, invoice, { places, refunds: known }));
  return free.length === 0 || differences.length > 0
    ? differences
    : differencesOf(document, leftOf(basis, invoice, { places, refunds: [...known, ...free] })).filter(
        ({ name }) => name === TAXES_DIFFER,
      );
}

function isForNothing(refund: Refund, order: Order): boolean {
  return refund.payouts.length === 0 && money.isZero(worthOf(refund, order));
}

/** An invoice's own lines without these refunds. */
function leftOf(
  basis: Basis,
  invoice: BookedInvoice,
  { places, refunds }: { readonly places: Places; readonly refunds: readonly Refund[] },
): InvoiceDocument {
  const { document, slot } = invoice;
  const own = (key: string): boolean => document.lines.some((line) => line.key === key);
  return rewritten(basis, invoice, {
    holds: (line) => own(line.key) && places.slotOf(line.key) === slot,
    refunds,
    amounts: refunds.filter((refund) => places.amountSlotOf(refund) === slot),
  });
}

/** An invoice's document with its lines as they are now, under its own number and date. */
function rewritten(
  { order, terms }: Basis,
  { document }: BookedInvoice,
  contents: Contents,
): InvoiceDocument {
  const heading = { number: document.number, issuedOn: document.issuedOn, remark: '' };
  const now = documentOf(order, contents, { rules: terms.rules, heading });
  return { ...now, notes: document.notes, poNumber: document.poNumber, terms: document.terms };
}

/** One more invoice: the order's first, or for what was added when no other may be changed any more. */
function withAnother(
  basis: Basis,
  { content, kept, added }: { content: Content; kept: Targets; added: readonly OrderLine[] },
): Targets {
  const { order, booked, terms, zone } = basis;
  const { opening, offInvoice } = content;
  const isFirst = kept.targets.length === 0;
  const slot = (booked.lastSlots.invoice ?? 0) + 1;
  const dated = isFirst
    ? ({ state: 'open', day: opening.issuedOn, remark: opening.remark } as const)
    : openDay(localDate(order.updatedAt, zone), terms, {
        step: `invoice-${slot}`,
        what: `What was added to order ${order.name}`,
        isLater: true,
      });
  if (dated.state !== 'open') {
    return { ...kept, holds: dated.state === 'closed' ? [dated.hold] : [] };
  }
  const { number, variant } = nextNumber(order, booked, terms);
  const remark = [isFirst ? '' : 'What was added to it later', dated.remark].filter(Boolean).join('. ');
  const keys = new Set(added.map((line) => line.key));
  const document = documentOf(
    order,
    { holds: (line) => keys.has(line.key), refunds: offInvoice, amounts: isFirst ? offInvoice : [] },
    { rules: terms.rules, heading: { number, issuedOn: dated.day, remark } },
  );
  const isWorthIt =
    !money.isZero(document.total) || (document.lines.length > 0 && !terms.rules.skipZeroTotals);
  return isWorthIt ? { ...kept, targets: [...kept.targets, { slot, document, variant }] } : kept;
}

/** Whether an invoice's lines may be replaced, and are known: else it stays as it is, and a person is asked. */
export function isRewritable(
  basis: Basis,
  invoice: BookedInvoice,
  content: Pick<Content, 'offInvoice'>,
): boolean {
  return mayChange(basis, invoice, content) && !hasUntoldUnits(basis, invoice, content);
}

/** It holds units that came later to a line of another invoice, which stays as it is, and the order tells them no more apart. */
function hasUntoldUnits(basis: Basis, invoice: BookedInvoice, content: Pick<Content, 'offInvoice'>): boolean {
  const untold = invoice.document.lines
    .filter(({ key }) => basis.order.lines.every((line) => line.key !== key))
    .flatMap(({ key }) => wholeKeyOf(key) ?? []);
  return untold.some((key) =>
    basis.booked.invoices.some(
      (other) =>
        other !== invoice &&
        other.document.lines.some((line) => line.key === key) &&
        !mayChange(basis, other, content),
    ),
  );
}

/**
 * Whether an invoice's lines may be replaced: its day is open, and either nothing is paid on it or it changes within its own
 * month, so that no month that somebody has reported is restated (bookkeeping, "edits after payment").
 */
export function mayChange(
  { order, booked, terms, zone }: Basis,
  invoice: BookedInvoice,
  { offInvoice }: Pick<Content, 'offInvoice'>,
): boolean {
  const { issuedOn } = invoice.document;
  if (isSettledDay(issuedOn, terms)) {
    return false;
  }
  const payments = booked.payments.filter((payment) => payment.invoice === invoice.slot);
  // Money for what an edit had taken off before changes no line, and so is told on no invoice.
  const isTaken = offInvoice.some(
    ({ id, payouts, returns, difference }) =>
      payouts.length > 0 &&
      (returns.length > 0 || !money.isZero(difference)) &&
      !booked.invoices.some(({ document }) => document.refunds.includes(id)),
  );
  const days = [issuedOn, localDate(order.updatedAt, zone), ...payments.map((payment) => payment.paidOn)];
  return payments.length === 0 || isTaken || isSameMonth(days);
}

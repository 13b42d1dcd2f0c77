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
import { referenceOf } from './ids.ts';
import { differencesOf, documentOf, numberOf } from './invoice-document.ts';
import type { Contents } from './invoice-document.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { discountOf, grossOf, taxOf, totalByLines } from './order.ts';
import type { Order, OrderLine, Refund } from './order.ts';
import { isClosed, isSameMonth } from './period.ts';
import { clientPolicyOf } from './plan-terms.ts';
import type { PlannedHold, Terms } from './plan-terms.ts';
import { besideSteps, decideRefunds, openDay } from './refund-ways.ts';
import type { DecidedRefund } from './refund-ways.ts';
import { fill } from './rules.ts';
import type { Rules } from './rules.ts';
import { isGone, isSpent, linesWithout, paidBack, worthNow, worthOf } from './sale.ts';
import { skipReason, waitReason } from './skipping.ts';
import { localDate } from './time.ts';
import type { LocalDate, Zone } from './time.ts';

/**
 * Every accounting decision. `plan` says what the books should hold for an order, less what the ledger says they hold. A
 * new order, a duplicate, an edit, a refund, a replay and a crash take this one way; after its steps are posted it plans
 * nothing.
 */
export type Plan =
  | { readonly outcome: 'skip'; readonly reason: string }
  | {
      readonly outcome: 'work';
      readonly steps: readonly Step[];
      readonly holds: readonly PlannedHold[];
      readonly reread?: string;
    };

export function plan(order: Order, booked: Booked, terms: Terms): Plan {
  if (terms.choices.following === 'stopped') {
    return { outcome: 'skip', reason: 'Left to you: the books are not changed for this order any more' };
  }
  const sums = sumsHold(order);
  if (sums !== undefined) {
    return { outcome: 'work', steps: [], holds: [sums] };
  }
  if (booked.invoices.some((invoice) => invoice.isAdopted)) {
    // A person's or another program's invoice is linked; money on it stays theirs (bookkeeping, "what people changed").
    return { outcome: 'work', steps: [], holds: changesBeside(order) };
  }
  const isNew = booked.lastSlots.invoice === undefined;
  const unbooked = isNew ? whyUnbooked(order, terms.rules) : undefined;
  if (unbooked !== undefined) {
    return unbooked;
  }
  if (order.doubt !== undefined) {
    return doubted(order, order.doubt);
  }
  const correction = correctionStep(order, booked);
  if (correction !== undefined) {
    return { outcome: 'work', steps: [correction], holds: [] };
  }
  return isNew && terms.choices.period === 'already-booked'
    ? { outcome: 'skip', reason: 'In the books already, as you said' }
    : converge(order, booked, terms);
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
  const reason = skipReason(order, rules) ?? waitReason(order, rules);
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

function doubted(order: Order, { ask, why, facts }: NonNullable<Order['doubt']>): Plan {
  return ask === 'shop'
    ? { outcome: 'work', steps: [], holds: [], reread: why }
    : {
        outcome: 'work',
        steps: [],
        holds: [
          { step: 'change', code: 'order-refunds-unclear', detail: `Order ${order.name}: ${why}`, facts },
        ],
      };
}

/** A linked invoice is not ours: what changed in the shop since is shown, and a person books it. */
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
 * rounding line corrected, once for each state of its lines. Whatever is unequal after that is held.
 */
function correctionStep(order: Order, booked: Booked): LinesStep | undefined {
  for (const invoice of booked.invoices) {
    const { document, amount, isAccepted } = invoice;
    if (!isAccepted && invoice.correction === undefined && amount.currency === document.currency) {
      const correction = money.subtract(document.total, amount);
      const isRounding = money.compare(money.absolute(correction), document.roundingLimit) <= 0;
      if (!money.isZero(correction) && isRounding) {
        return linesStep(order, booked, { invoice, document, correction, later: 0 });
      }
    }
  }
  return undefined;
}

/** An invoice as it should stand. */
interface Target {
  readonly slot: number;
  readonly document: InvoiceDocument;
  /** Absent for one that is to be made. */
  readonly invoice?: BookedInvoice;
  readonly variant: number;
}

interface Targets {
  readonly targets: readonly Target[];
  readonly holds: readonly PlannedHold[];
}

interface Basis {
  readonly order: Order;
  readonly booked: Booked;
  readonly terms: Terms;
  readonly zone: Zone;
}

function converge(order: Order, booked: Booked, terms: Terms): Plan {
  const { rules } = terms;
  const zone = rules.timeZone ?? order.zone;
  const basis = { order, booked, terms, zone };
  const opening = openingOf(basis);
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
  });
  const offInvoice = decided.filter(({ way }) => way.kind === 'off-invoice').map(({ refund }) => refund);
  const gone = isGone(order) && decided.every(({ way }) => way.kind === 'off-invoice' || way.kind === 'none');
  const { targets, holds } = targetsOf(basis, { opening, offInvoice, isGone: gone });
  if (booked.lastSlots.invoice === undefined && targets.length === 0 && holds.length === 0) {
    return {
      outcome: 'skip',
      reason: 'Nothing is left of it: it was refunded, reduced or cancelled before it was booked',
    };
  }
  return stepsTo(basis, {
    targets,
    holds,
    decided,
    offInvoice,
    worth: gone ? money.zero(order.currency) : worthNow(order),
  });
}

type Opening =
  | {
      readonly state: 'open';
      readonly issuedOn: LocalDate;
      readonly number: string;
      readonly variant: number;
      readonly remark: string;
    }
  | { readonly state: 'closed'; readonly hold: PlannedHold };

/** Day and number of the order's invoice: of the one that stands, else of the one to be made. */
function openingOf({ order, booked, terms, zone }: Basis): Opening {
  const [first] = booked.invoices;
  const { variant, number } = nextNumber(order, booked, terms);
  if (first !== undefined) {
    const { issuedOn } = first.document;
    return { state: 'open', issuedOn, number: first.document.number, variant, remark: '' };
  }
  const dated = openDay(localDate(order.placedAt, zone), terms, {
    step: 'invoice-1',
    what: `Order ${order.name}`,
  });
  return dated.state === 'closed'
    ? dated
    : { state: 'open', issuedOn: dated.day, number, variant, remark: dated.remark };
}

/** The first number that none of the order's own invoices has had, from where the books last objected. */
function nextNumber(
  order: Order,
  booked: Booked,
  { rules, naming }: Terms,
): { readonly variant: number; readonly number: string } {
  // An invoice that was taken away keeps its number in the books, and each invoice of an order had its own.
  const variant = Math.max(naming.variant, (booked.lastSlots.invoice ?? 0) + 1);
  const isTaken = (number: string): boolean =>
    booked.invoices.some((invoice) => invoice.document.number === number);
  const numbers = Array.from({ length: booked.invoices.length + 1 }, (_, index) => variant + index);
  const free = numbers.find(
    (candidate) => !isTaken(numberOf(order, rules, { ...naming, variant: candidate })),
  );
  const chosen = free ?? variant + booked.invoices.length;
  return { variant: chosen, number: numberOf(order, rules, { ...naming, variant: chosen }) };
}

function everything(refunds: readonly Refund[]): Contents {
  return { holds: () => true, refunds, amounts: 'borne' };
}

interface Content {
  readonly opening: Extract<Opening, { state: 'open' }>;
  readonly offInvoice: readonly Refund[];
  readonly isGone: boolean;
}

/** Which invoices should stand, each with its lines. Those that may not be rewritten stay as they are. */
function targetsOf(basis: Basis, content: Content): Targets {
  const { order, booked } = basis;
  const live = booked.invoices;
  const open = content.isGone ? [] : linesWithout(order, content.offInvoice).filter((line) => !isSpent(line));
  const slotOf = new Map(
    live.flatMap(({ slot, document }) => document.lines.map(({ key }) => [key, slot] as const)),
  );
  const rewritable = live.filter((invoice) => isRewritable(basis, invoice, content));
  const host = rewritable.at(-1);
  const bearer = host ?? live[0];
  const added = open.filter((line) => !slotOf.has(line.key));
  const kept = live.map((invoice): Target => {
    const { slot } = invoice;
    const document = !rewritable.includes(invoice)
      ? invoice.document
      : rewritten(basis, invoice, {
          holds: (line) => !content.isGone && (slotOf.get(line.key) ?? host?.slot) === slot,
          refunds: content.isGone ? [] : content.offInvoice,
          amounts: invoice === bearer ? 'borne' : 'elsewhere',
        });
    return { slot, document, invoice, variant: 1 };
  });
  if (host !== undefined || (added.length === 0 && live.length > 0) || content.isGone) {
    return { targets: kept, holds: [] };
  }
  return added.length === 0 && content.offInvoice.every((refund) => money.isZero(refund.difference))
    ? { targets: kept, holds: [] }
    : withAnother(basis, { content, kept, added });
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
  { content, kept, added }: { content: Content; kept: readonly Target[]; added: readonly OrderLine[] },
): Targets {
  const { order, booked, terms, zone } = basis;
  const { opening, offInvoice } = content;
  const isFirst = kept.length === 0;
  const slot = (booked.lastSlots.invoice ?? 0) + 1;
  const dated = isFirst
    ? ({ state: 'open', day: opening.issuedOn, remark: opening.remark } as const)
    : openDay(localDate(order.updatedAt, zone), terms, {
        step: `invoice-${slot}`,
        what: `What was added to order ${order.name}`,
      });
  if (dated.state === 'closed') {
    return { targets: kept, holds: [dated.hold] };
  }
  const { number, variant } = nextNumber(order, booked, terms);
  const remark = [isFirst ? '' : 'What was added to it later', dated.remark].filter(Boolean).join('. ');
  const keys = new Set(added.map((line) => line.key));
  const document = documentOf(
    order,
    { holds: (line) => keys.has(line.key), refunds: offInvoice, amounts: isFirst ? 'borne' : 'elsewhere' },
    { rules: terms.rules, heading: { number, issuedOn: dated.day, remark } },
  );
  const isWorthIt =
    !money.isZero(document.total) || (document.lines.length > 0 && !terms.rules.skipZeroTotals);
  return isWorthIt
    ? { targets: [...kept, { slot, document, variant }], holds: [] }
    : { targets: kept, holds: [] };
}

/**
 * Whether an invoice's lines may be replaced: its day is open, and either nothing is paid on it or it changes within its own
 * month, so that no month that somebody has reported is restated (bookkeeping, "edits after payment").
 */
function isRewritable(
  { order, booked, terms, zone }: Basis,
  invoice: BookedInvoice,
  { offInvoice }: Content,
): boolean {
  const { issuedOn } = invoice.document;
  if (isClosed(issuedOn, terms.rules)) {
    return false;
  }
  const payments = booked.payments.filter((payment) => payment.invoice === invoice.slot);
  const isTaken = offInvoice.some(
    ({ id, payouts }) =>
      payouts.length > 0 && !booked.invoices.some(({ document }) => document.refunds.includes(id)),
  );
  const days = [issuedOn, localDate(order.updatedAt, zone), ...payments.map((payment) => payment.paidOn)];
  return payments.length === 0 || isTaken || isSameMonth(days);
}

interface Aim extends Targets {
  readonly decided: readonly DecidedRefund[];
  readonly offInvoice: readonly Refund[];
  /** What all of it should come to. */
  readonly worth: Money;
}

/** Payments are lowered first, then lines, then what is new (bookkeeping, "Refunds"). */
function stepsTo(basis: Basis, { targets, holds, decided, offInvoice, worth }: Aim): Plan {
  const { order, booked, terms, zone } = basis;
  const { rules } = terms;
  const unsendable = targets.flatMap(({ invoice }) =>
    invoice === undefined ? [] : unsendableHolds(invoice),
  );
  const invoices = targets.map(({ slot, document, invoice }) => ({
    slot,
    total: invoice?.isAccepted === true ? invoice.amount : document.total,
  }));
  const cash: CashPlan =
    rules.endState === 'sent' && unsendable.length === 0
      ? planCash(order, { booked, invoices, offInvoice, terms, zone })
      : NO_CASH;
  const negative = targets.filter(({ document }) => money.isNegative(document.total));
  const changes = changeSteps(basis, targets);
  const made = targets
    .filter(({ invoice }) => invoice === undefined)
    .map((target) => invoiceStep(order, target));
  const isSendable = rules.endState === 'sent' && unsendable.length === 0;
  const sent = isSendable ? targets.flatMap((target) => sentSteps(order, target, rules)) : [];
  const refundHolds = decided.flatMap(({ way }) => (way.kind === 'held' ? [way.hold] : []));
  const isCashKnown = order.cash.state === 'known';
  const steps: readonly Step[] = [
    ...(booked.client === undefined && made.length > 0 ? [clientStep(order, rules)] : []),
    ...cash.lowered,
    ...changes,
    ...made,
    ...sent,
    ...cash.paid,
    ...(rules.endState === 'sent' ? besideSteps(decided) : []),
  ];
  return {
    outcome: 'work',
    steps: negative.length > 0 ? [] : steps,
    holds: [
      ...unsendable,
      ...negative.map((target) => negativeHold(order, target)),
      ...holds,
      ...cash.holds,
      ...(isCashKnown ? refundHolds : []),
      ...gapHolds(order, { targets, decided, holds, worth }),
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
    ...(order.buyer.customerId === undefined ? {} : { customerId: order.buyer.customerId }),
    currency: order.currency,
  };
}

function invoiceStep(order: Order, { slot, document, variant }: Target): InvoiceStep {
  return { kind: 'invoice', slot, reference: referenceOf(order.key, 'invoice', slot), document, variant };
}

/** One that is about to be taken away is not sent first. */
function sentSteps(order: Order, { slot, document, invoice }: Target, { skipZeroTotals }: Rules): SentStep[] {
  const isEmpty = money.isZero(document.total) && (skipZeroTotals || document.lines.length === 0);
  return invoice?.isSent === true || isEmpty
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

/** Why a standing invoice must stay a draft: a wrong one in a report, or a mailed buyer, is worse than a late one. */
function unsendableHolds({
  slot,
  document,
  amount,
  isSent,
  isAccepted,
  remindsBuyer,
}: BookedInvoice): PlannedHold[] {
  const expected = document.total;
  const step = `sent-${slot}`;
  if (!isAccepted && !money.equal(amount, expected)) {
    return [
      {
        step,
        code: 'books-total-differs',
        detail: `Invoice ${document.number} should be ${money.show(expected)} and the books made it ${money.show(amount)}`,
        facts: [
          { name: 'Charged', value: money.show(expected) },
          { name: 'Total in the books', value: money.show(amount) },
          ...(amount.currency === expected.currency
            ? [{ name: 'Difference', value: money.show(money.subtract(amount, expected)) }]
            : []),
        ],
      },
    ];
  }
  if (remindsBuyer === undefined || isSent) {
    return [];
  }
  const detail = `Invoice ${document.number} would write to the buyer: ${remindsBuyer}`;
  return [{ step, code: 'books-reminders-on', detail, facts: [] }];
}

function negativeHold(order: Order, { slot, document }: Target): PlannedHold {
  return {
    step: `invoice-${slot}`,
    code: 'order-worth-negative',
    detail: `More was paid back on order ${order.name} than is left of it: its invoice would be ${money.show(document.total)}`,
    facts: [],
  };
}

/**
 * The last defence: what will stand, less what stands beside it, is what the order is worth. Where an invoice may not be
 * changed any more and no money tells how, a person decides.
 */
function gapHolds(
  order: Order,
  { targets, decided, holds, worth }: Pick<Aim, 'targets' | 'decided' | 'holds' | 'worth'>,
): PlannedHold[] {
  const invoiced = money.sum(
    targets.map(({ document }) => document.total),
    order.currency,
  );
  const beside = money.sum(
    decided.map(({ way }) =>
      way.kind === 'beside' || way.kind === 'held' ? way.amount : money.zero(order.currency),
    ),
    order.currency,
  );
  const gap = money.subtract(money.subtract(invoiced, beside), worth);
  if (money.isZero(gap) || holds.length > 0) {
    return [];
  }
  const facts = [
    { name: 'On its invoices', value: money.show(invoiced) },
    { name: 'Refunds beside them', value: money.show(beside) },
    { name: 'Worth now', value: money.show(worth) },
    { name: 'Difference', value: money.show(gap) },
  ];
  return [
    money.isNegative(gap)
      ? {
          step: 'change',
          code: 'order-changed',
          detail: `Lines of order ${order.name} grew after its invoice could not be changed any more`,
          facts,
        }
      : {
          step: 'change',
          code: 'order-reduced',
          detail: `Order ${order.name} was reduced by ${money.show(gap)} after its invoice could not be changed any more, and no refund of it is known`,
          facts,
        },
  ];
}

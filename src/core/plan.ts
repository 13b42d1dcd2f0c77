import type {
  ClientStep,
  DocumentLine,
  InvoiceDocument,
  PaymentStep,
  Step,
  TaxTotal,
  TaxTreatment,
} from './document.ts';
import type { Fact, FailureCode } from './failure.ts';
import { referenceOf } from './ids.ts';
import { invariant } from './invariant.ts';
import { paidOf } from './ledger.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { channelTaxOf, discountOf, grossOf, netOf, taxOf, totalByLines } from './order.ts';
import type { Order, OrderLine, Tax, Tender } from './order.ts';
import { methodOf } from './payment-method.ts';
import { fill } from './rules.ts';
import type { Rules } from './rules.ts';
import { skipReason, waitReason } from './skipping.ts';
import { localDate } from './time.ts';
import type { Zone } from './time.ts';

/**
 * Every accounting decision. `plan` says what the books should hold for an order, less what the ledger says they hold. A
 * new order, a duplicate, an edit, a replay and a crash take this one way; after its steps are posted it plans nothing.
 */
export type Plan =
  | { readonly outcome: 'skip'; readonly reason: string }
  | {
      readonly outcome: 'work';
      readonly steps: readonly Step[];
      readonly holds: readonly PlannedHold[];
      readonly reread?: string;
    };

export interface PlannedHold {
  /** What waits: "invoice-1", "sent-1", "payment", "refund", "change". */
  readonly step: string;
  readonly code: FailureCode;
  readonly detail: string;
  readonly facts: readonly Fact[];
}

/** How this order's invoice is numbered, as far as the books have objected. */
export interface Naming {
  /** 1, or the suffix that a foreign invoice under our number made necessary. */
  readonly variant: number;
  /** The account has refused the long number for its length. */
  readonly isCompact: boolean;
}

export const FIRST_NAMING: Naming = { variant: 1, isCompact: false };

export function plan(
  order: Order,
  booked: Booked,
  { rules, naming }: { rules: Rules; naming: Naming },
): Plan {
  const sums = sumsHold(order);
  if (sums !== undefined) {
    return { outcome: 'work', steps: [], holds: [sums] };
  }
  const unbooked = booked.invoice === undefined ? whyUnbooked(order, rules) : undefined;
  if (unbooked !== undefined) {
    return unbooked;
  }
  const document = documentOf(order, rules, naming);
  const later = laterHolds(order, booked, document);
  if (booked.invoice?.isAdopted === true) {
    // A person's or another program's invoice is linked; money on it stays theirs (bookkeeping.md section 5).
    return { outcome: 'work', steps: [], holds: later };
  }
  const correction = booked.invoice === undefined ? undefined : correctionStep(order, booked, booked.invoice);
  if (correction !== undefined) {
    return { outcome: 'work', steps: [correction], holds: later };
  }
  const unsendable = booked.invoice === undefined ? undefined : unsendableHold(booked.invoice);
  const payments =
    unsendable === undefined && rules.endState === 'sent'
      ? planPayments(order, booked, { document, rules })
      : NOTHING;
  const first: Step[] = booked.invoice === undefined ? openingSteps(order, booked, { document, rules }) : [];
  const sent: Step[] =
    unsendable === undefined && rules.endState === 'sent' && !booked.isSent
      ? [sentStep(order, document)]
      : [];
  return {
    outcome: 'work',
    steps: [...first, ...sent, ...payments.steps],
    holds: [...(unsendable === undefined ? [] : [unsendable]), ...payments.holds, ...later],
    ...(order.cash.state === 'reread' ? { reread: order.cash.why } : {}),
  };
}

const NOTHING: { readonly steps: readonly PaymentStep[]; readonly holds: readonly PlannedHold[] } = {
  steps: [],
  holds: [],
};

/** Whether the order adds up: the lines decide, and a shop's total that differs is shown and never booked. */
function sumsHold(order: Order): PlannedHold | undefined {
  const byLines = totalByLines(order);
  const difference = money.subtract(order.total, byLines);
  if (money.isZero(difference)) {
    return undefined;
  }
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

/** The invoice as charged at creation. */
export function documentOf(charged: Order, rules: Rules, naming: Naming): InvoiceDocument {
  const order = withTaxNames(charged, rules);
  const values = {
    order_number: order.number,
    order_id: order.vendorId,
    order_name: order.name,
    shop: order.shop,
  };
  const number = fill(naming.isCompact ? rules.invoiceNumberCompact : rules.invoiceNumber, values);
  const lines = [...order.lines.flatMap((line) => chargedLine(line, order)), ...discountLines(order)];
  const taxes = taxTotals(order);
  const total = money.subtract(order.total, channelTaxOf(order));
  const parts = [...lines.map((line) => line.net), ...taxes.map((tax) => tax.amount)];
  invariant(
    money.equal(money.sum(parts, order.currency), total),
    `document of ${order.key} sums to its total`,
  );
  return {
    number: naming.variant === 1 ? number : `${number}-${naming.variant}`,
    poNumber: fill(rules.poNumber, values),
    issuedOn: localDate(order.placedAt, zoneOf(order, rules)),
    dueOffsetDays: rules.dueOffsetDays,
    currency: order.currency,
    notes: `${SOURCE_NAMES[order.source]} order ${order.name} (id ${order.vendorId})`,
    terms: fill(rules.terms, values),
    lines,
    taxes,
    total,
    roundingLimit: roundingLimit(order, rules),
  };
}

/** The taxes under the names that they have in the books. */
function withTaxNames(order: Order, { taxNames }: Rules): Order {
  const nameOf = (title: string): string =>
    Object.hasOwn(taxNames, title) ? (taxNames[title] ?? title) : title;
  const renamed = (line: OrderLine): OrderLine => ({
    ...line,
    taxes: line.taxes.map((tax) => ({ ...tax, name: nameOf(tax.name) })),
  });
  return { ...order, lines: order.lines.map(renamed) };
}

const SOURCE_NAMES: Readonly<Record<Order['source'], string>> = { shopify: 'Shopify', amazon: 'Amazon' };

function zoneOf(order: Order, rules: Rules): Zone {
  return rules.timeZone ?? order.zone;
}

/** A line before its discounts, without tax. Where the price includes tax and does not divide, it stands as one piece. */
function chargedLine(line: OrderLine, order: Order): DocumentLine[] {
  if (isEmpty(line)) {
    return [];
  }
  const discounts = sumOrZero(
    line.discounts.map((discount) => discountNet(discount.amount, line, order)),
    order,
  );
  const net = money.add(merchantNet(line, order), discounts);
  const unitPrice = money.divideExactly(net, line.quantity);
  const pieces = `${line.quantity} x ${money.format(line.unitPrice)}${order.pricesIncludeTax ? ' including tax' : ''}`;
  const variant = line.variant ?? '';
  return [
    {
      key: line.key,
      kind: line.kind,
      name: line.sku === undefined ? line.title : `${line.title} (${line.sku})`,
      description: unitPrice === undefined ? [variant, pieces].filter(Boolean).join(', ') : variant,
      quantity: unitPrice === undefined ? 1 : line.quantity,
      unitPrice: unitPrice ?? net,
      net,
      taxes: treatmentOf(line),
    },
  ];
}

/** The line's net after discounts. Tax that the channel remits is in no price of the merchant's, so it is taken out as well. */
function merchantNet(line: OrderLine, order: Order): Money {
  return netOf(line, order.pricesIncludeTax);
}

/** Nothing was sold on it and no money stands on it. */
function isEmpty(line: OrderLine): boolean {
  return line.quantity === 0 && line.discounts.length === 0 && line.taxes.length === 0;
}

/** A discount as charged, without the tax that a tax-inclusive price carries; rounding stays within the line. */
function discountNet(amount: Money, line: OrderLine, order: Order): Money {
  const ratePpm = line.taxes.reduce((total, tax) => total + tax.ratePpm, 0);
  return order.pricesIncludeTax ? money.withoutRate(amount, ratePpm, 'half-up') : amount;
}

/** One negative line for each discount and tax treatment, so that the books tax what was left after it. */
function discountLines(order: Order): DocumentLine[] {
  const groups = new Map<string, { label: string; net: Money; taxes: readonly TaxTreatment[] }>();
  for (const line of order.lines) {
    const taxes = treatmentOf(line);
    for (const discount of line.discounts) {
      const key = `discount:${discount.label}:${inOneOrder(taxes.map(taxKey)).join('+')}`;
      const net = money.subtract(
        groups.get(key)?.net ?? money.zero(order.currency),
        discountNet(discount.amount, line, order),
      );
      groups.set(key, { label: discount.label, net, taxes });
    }
  }
  return [...groups]
    .filter(([, group]) => !money.isZero(group.net))
    .map(([key, { label, net, taxes }]) => ({
      key,
      kind: 'discount' as const,
      name: `Discount: ${label}`,
      description: '',
      quantity: 1,
      unitPrice: net,
      net,
      taxes,
    }));
}

function treatmentOf(line: OrderLine): TaxTreatment[] {
  return merchantTaxes(line).map(({ name, ratePpm }) => ({ name, ratePpm }));
}

function merchantTaxes(line: OrderLine): readonly Tax[] {
  return line.taxes.filter((tax) => tax.remittedBy === 'merchant');
}

function taxKey({ name, ratePpm }: TaxTreatment): string {
  return `${name}@${ratePpm}`;
}

/** Two readings of one order may list its taxes differently, which is no difference of figures. */
function inOneOrder(texts: readonly string[]): string[] {
  return [...texts].sort();
}

function taxTotals(order: Order): TaxTotal[] {
  const totals = new Map<string, TaxTotal>();
  for (const { name, ratePpm, amount } of order.lines.flatMap(merchantTaxes)) {
    const key = taxKey({ name, ratePpm });
    totals.set(key, {
      name,
      ratePpm,
      amount: money.add(totals.get(key)?.amount ?? money.zero(order.currency), amount),
    });
  }
  return [...totals.values()];
}

/** Half a minor unit for each tax amount that someone rounded, rounded up, and never more than the rule allows. */
function roundingLimit(order: Order, rules: Rules): Money {
  const rounded = order.lines.flatMap(merchantTaxes).filter((tax) => tax.ratePpm > 0).length;
  return money.money(BigInt(Math.min(Math.ceil(rounded / 2), rules.roundingMinorMax)), order.currency);
}

function openingSteps(
  order: Order,
  booked: Booked,
  { document, rules }: { document: InvoiceDocument; rules: Rules },
): Step[] {
  const client: Step = {
    kind: 'client',
    slot: 1,
    reference: referenceOf(order.key, 'client', 1),
    policy: clientPolicyOf(order, rules),
    channelName: fill(rules.channelClientName, { shop: order.shop }),
    ...(order.buyer.customerId === undefined ? {} : { customerId: order.buyer.customerId }),
    currency: order.currency,
  };
  const invoice: Step = {
    kind: 'invoice',
    slot: 1,
    reference: referenceOf(order.key, 'invoice', 1),
    document,
  };
  return booked.client === undefined ? [client, invoice] : [invoice];
}

/** Whose client the invoice is on: the buyer's own or the shop's shared one. */
export function clientPolicyOf({ buyer }: Order, { client }: Rules): ClientStep['policy'] {
  return buyer.hasEmail && client === 'per_customer' ? 'customer' : 'channel';
}

function sentStep(order: Order, document: InvoiceDocument): Step {
  return {
    kind: 'sent',
    slot: 1,
    reference: referenceOf(order.key, 'sent', 1),
    fulfilledOn: document.issuedOn,
  };
}

/**
 * The step down the ladder: a draft that the books computed otherwise, by no more than rounding explains, gets its rounding
 * line corrected, once. Whatever is unequal after that is held.
 */
function correctionStep(order: Order, booked: Booked, invoice: BookedInvoice): Step | undefined {
  const { document, amount } = invoice;
  if (booked.isSent || invoice.correction !== undefined || amount.currency !== document.currency) {
    return undefined;
  }
  const correction = money.subtract(document.total, amount);
  return money.isZero(correction) || money.compare(money.absolute(correction), document.roundingLimit) > 0
    ? undefined
    : {
        kind: 'lines',
        slot: 1,
        reference: referenceOf(order.key, 'lines', 1),
        document,
        from: amount,
        correction,
      };
}

/** Why a standing invoice must stay a draft: a wrong one in a report, or a mailed buyer, is worse than a late one. */
function unsendableHold(invoice: BookedInvoice): PlannedHold | undefined {
  const expected = invoice.document.total;
  if (!money.equal(invoice.amount, expected)) {
    return {
      step: 'sent-1',
      code: 'books-total-differs',
      detail: `Invoice ${invoice.document.number} should be ${money.show(expected)} and the books made it ${money.show(invoice.amount)}`,
      facts: [
        { name: 'Charged', value: money.show(expected) },
        { name: 'Total in the books', value: money.show(invoice.amount) },
        ...(invoice.amount.currency === expected.currency
          ? [{ name: 'Difference', value: money.show(money.subtract(invoice.amount, expected)) }]
          : []),
      ],
    };
  }
  if (invoice.remindsBuyer !== undefined) {
    return {
      step: 'sent-1',
      code: 'books-reminders-on',
      detail: `Invoice ${invoice.document.number} would write to the buyer: ${invoice.remindsBuyer}`,
      facts: [],
    };
  }
  return undefined;
}

/**
 * Pays what was received less what stands as payments, and nothing else. Tenders are taken oldest first; what earlier
 * payments cover is passed over, so a tender learnt later never makes a second payment of the same money.
 */
function planPayments(
  order: Order,
  booked: Booked,
  { document, rules }: { document: InvoiceDocument; rules: Rules },
): { readonly steps: readonly PaymentStep[]; readonly holds: readonly PlannedHold[] } {
  if (order.cash.state === 'reread') {
    return NOTHING;
  }
  if (order.cash.state === 'unclear') {
    return { steps: [], holds: [cashHold(order, order.cash.why)] };
  }
  const zero = money.zero(order.currency);
  const paid = paidOf(booked, order.currency);
  const remitted = channelTaxOf(order);
  const payable = money.subtract(order.cash.received, money.minimum(remitted, order.cash.received));
  const outstanding = money.subtract(booked.invoice?.document.total ?? document.total, paid);
  const due = money.subtract(payable, paid);
  const allowed = money.minimum(due, money.isNegative(outstanding) ? zero : outstanding);
  const steps: PaymentStep[] = [];
  let covered = paid;
  let left = allowed;
  let slot = nextSlot(booked);
  const oldestFirst = [...order.cash.tenders].sort((a, b) => a.at - b.at);
  for (const tender of oldestFirst) {
    const passedOver = money.minimum(covered, tender.amount);
    const amount = money.minimum(money.subtract(tender.amount, passedOver), left);
    covered = money.subtract(covered, passedOver);
    if (money.compare(amount, zero) > 0) {
      steps.push(paymentStep(order, { tender, amount, slot, rules }));
      left = money.subtract(left, amount);
      slot += 1;
    }
  }
  const excess = money.subtract(due, allowed);
  return {
    steps,
    holds: money.compare(excess, zero) > 0 ? [overpaidHold(order, { due, excess, outstanding })] : [],
  };
}

function cashHold(order: Order, why: string): PlannedHold {
  return { step: 'payment', code: 'order-cash-unclear', detail: `Order ${order.name}: ${why}`, facts: [] };
}

function nextSlot(booked: Booked): number {
  return booked.payments.reduce((highest, payment) => Math.max(highest, payment.slot), 0) + 1;
}

function paymentStep(
  order: Order,
  { tender, amount, slot, rules }: { tender: Tender; amount: Money; slot: number; rules: Rules },
): PaymentStep {
  return {
    kind: 'payment',
    slot,
    reference: referenceOf(order.key, 'payment', slot),
    amount,
    paidOn: localDate(tender.at, zoneOf(order, rules)),
    method: methodOf(tender.gateway, rules),
    note:
      tender.transactionId === undefined
        ? tender.gateway
        : `${tender.gateway}, transaction ${tender.transactionId}`,
  };
}

function overpaidHold(
  order: Order,
  { due, excess, outstanding }: { due: Money; excess: Money; outstanding: Money },
): PlannedHold {
  return {
    step: 'payment',
    code: 'order-overpaid',
    detail: `Order ${order.name} received ${money.show(excess)} more than its invoice has outstanding`,
    facts: [
      { name: 'Received and not booked yet', value: money.show(due) },
      { name: 'Outstanding', value: money.show(outstanding) },
      { name: 'Excess', value: money.show(excess) },
    ],
  };
}

/** What happened after the sale and is not booked by itself: shown to a person, with the figures. */
function laterHolds(order: Order, booked: Booked, document: InvoiceDocument): PlannedHold[] {
  const differences = booked.invoice === undefined ? [] : differencesOf(booked.invoice.document, document);
  const refunded = order.refunds.filter((refund) => !money.isZero(refund.amount));
  const changes = [
    differences.length === 0 ? undefined : changeHold(order, differences),
    order.cancelledAt === undefined ? undefined : cancelHold(order, order.cancelledAt),
    refunded.length === 0 && money.equal(order.total, order.currentTotal) ? undefined : refundHold(order),
  ];
  return changes.filter((hold) => hold !== undefined);
}

function changeHold(order: Order, facts: readonly Fact[]): PlannedHold {
  return {
    step: 'change',
    code: 'order-changed',
    detail: `Order ${order.name} changed after it was booked`,
    facts,
  };
}

function cancelHold(order: Order, at: NonNullable<Order['cancelledAt']>): PlannedHold {
  const reason = order.cancelReason ?? 'not given';
  return {
    step: 'cancellation',
    code: 'order-cancelled',
    detail: `Order ${order.name} was cancelled on ${localDate(at, order.zone)}, reason: ${reason}`,
    facts: [],
  };
}

function refundHold(order: Order): PlannedHold {
  return {
    step: 'refund',
    code: 'order-refunded',
    detail: `Order ${order.name} was ${money.show(order.total)} and is ${money.show(order.currentTotal)} now`,
    facts: order.refunds.map((refund) => ({
      name: `Refund ${refund.id} of ${localDate(refund.at, order.zone)}${refund.isPending ? ' (pending)' : ''}`,
      value: money.show(refund.amount),
    })),
  };
}

/** Where two documents differ in figures: kind, line key, quantity, amount, tax; never texts, dates or layout. */
export function differencesOf(before: InvoiceDocument, now: InvoiceDocument): Fact[] {
  const keys = new Set([...before.lines, ...now.lines].map((line) => line.key));
  const lines = [...keys].flatMap((key) => {
    const figures = [before, now].map((document) =>
      figuresOf(document.lines.find((line) => line.key === key)),
    );
    return figures[0] === figures[1] ? [] : [{ name: key, value: `${figures[0]} → ${figures[1]}` }];
  });
  const totals = [before, now].map((document) => money.show(document.total));
  const taxes = [before, now].map((document) =>
    inOneOrder(document.taxes.map((tax) => `${tax.name} ${tax.ratePpm} ${money.show(tax.amount)}`)).join(
      ', ',
    ),
  );
  return [
    ...lines,
    ...(taxes[0] === taxes[1] ? [] : [{ name: 'Taxes', value: `${taxes[0]} → ${taxes[1]}` }]),
    ...(totals[0] === totals[1] ? [] : [{ name: 'Total', value: `${totals[0]} → ${totals[1]}` }]),
  ];
}

function figuresOf(line: DocumentLine | undefined): string {
  if (line === undefined) {
    return 'none';
  }
  const taxes = inOneOrder(line.taxes.map((tax) => `${tax.name} ${tax.ratePpm}`)).join(' + ');
  const kind = line.kind === 'item' ? '' : `${line.kind}, `;
  return `${kind}${line.quantity} x ${money.show(line.unitPrice)}${taxes === '' ? '' : ` with ${taxes}`}`;
}

function sumOrZero(amounts: readonly Money[], order: Order): Money {
  return money.sum(amounts, order.currency);
}

import assert from 'node:assert/strict';
import { layOut } from '#books/freshbooks/layout.ts';
import type { Layout } from '#books/freshbooks/layout.ts';
import type { DocumentLine, InvoiceDocument, Step } from '#core/document.ts';
import { connectionId } from '#core/ids.ts';
import { fold } from '#core/ledger.ts';
import type { Booked } from '#core/ledger.ts';
import { channelTaxOf } from '#core/order.ts';
import type { Order } from '#core/order.ts';
import { FIRST_NAMING, documentOf, plan } from '#core/plan.ts';
import type { Plan } from '#core/plan.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { expectedBooks } from '#sim/check.ts';
import type { ExpectedBooks } from '#sim/check.ts';
import { ZERO, parseDecimal, totalsOf } from '#sim/freshbooks/arithmetic.ts';
import type { LineInput, Totals } from '#sim/freshbooks/arithmetic.ts';
import { defaultSwitches } from '#sim/freshbooks/switches.ts';
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { exponentOf } from '#sim/world/money.ts';
import type { WorldOrder } from '#sim/world/order.ts';
import { entry } from '#tests/build.ts';
import { lifeOf } from '#tests/orders/life.ts';
import type { Life } from '#tests/orders/life.ts';

/**
 * One order from the world's own struct to FreshBooks' total, by the program on one side and by the simulators on the other:
 *
 *   world → webhook body → sort → plan, document → lines   (the program)
 *   world → expectedBooks                                  (the oracle: what was sold, taxed and received)
 *   lines → totalsOf                                       (FreshBooks' arithmetic, as its documentation says it)
 *
 * `examine` throws at the first difference, and else says what became of the order.
 */
export interface Verdict {
  readonly outcome: 'native' | 'rounding-line' | 'refused' | 'skipped' | 'asked';
  /** Why it was skipped, refused or must be asked for; empty for what is booked. */
  readonly reason: string;
  readonly currency: string;
  /** Minor units of the visible rounding line, without its sign. */
  readonly rounding: bigint;
  /** Codes of what is shown to a person beside what is booked. */
  readonly holds: readonly string[];
  readonly cash: Order['cash']['state'];
  readonly steps: number;
  /** Assumptions about FreshBooks under whose opposite its total would be another one; the program would hold it then. */
  readonly dependsOn: readonly Doubt[];
}

export type Doubt = 'tax rounded on each line' | 'halves rounded to even' | 'two decimals in every currency';

const NOTHING: Booked = { isSent: false, payments: [] };
const TERMS = { rules: DEFAULT_RULES, naming: FIRST_NAMING };
const CONNECTION = connectionId('shopify');

export function examine(seed: number, number: number): Verdict {
  const life = lifeOf(seed, number);
  return compare(life, expectedBooks(life.order, life.side));
}

/** Compares what the program makes of an order with what the oracle expects of it. */
export function compare(life: Life, expected: ExpectedBooks): Verdict {
  const order = readBy(life);
  if (order === undefined) {
    return {
      ...UNBOOKED,
      outcome: 'asked',
      reason: 'tip in the other currency',
      currency: expected.currency,
    };
  }
  assertRead(order, expected);
  const planned = plan(order, NOTHING, TERMS);
  const reason = skipReason(order, life.order, expected);
  if (planned.outcome === 'skip' || reason !== undefined) {
    assert.equal(planned.outcome === 'skip' ? planned.reason : 'booked', reason ?? 'booked');
    return {
      ...UNBOOKED,
      outcome: 'skipped',
      reason: reason ?? '',
      currency: order.currency,
      cash: order.cash.state,
    };
  }
  const document = documentOf(order, DEFAULT_RULES, FIRST_NAMING);
  assertDocument(document, order, { expected, life });
  assertSteps(planned, { order, document, expected });
  assertHolds(planned, { order, world: life.order, expected });
  assertConverges(order, planned);
  return {
    ...layoutVerdict(document, life.order, expected),
    currency: order.currency,
    holds: planned.holds.map((hold) => hold.code),
    cash: order.cash.state,
    steps: planned.steps.length,
  };
}

const UNBOOKED = { rounding: 0n, holds: [], cash: 'reread', steps: 0, dependsOn: [] } as const;

/** Nothing when the body does not show the order whole in this currency and says so. */
function readBy({ world, order, side }: Life): Order | undefined {
  const source = createShopifySource({
    connection: CONNECTION,
    shopDomain: world.shop.domain,
    secrets: [],
    currencySide: side,
  });
  const text = toJson(orderBody(order, { shop: world.shop, switches: DEFAULT_SWITCHES }));
  const sorted = source.sort({ topic: 'orders/create', body: new TextEncoder().encode(text) });
  // A webhook shows a tip in the buyer's currency only on the tip's own line (docs/vendors/shopify.md 4.2, Tips).
  assert.ok(sorted.kind === 'order' || sorted.kind === 'touch', `${order.name} is read, not ${sorted.kind}`);
  if (sorted.kind === 'order') {
    return sorted.snapshot.order;
  }
  assert.ok(side === 'presentment' && order.currency !== order.presentmentCurrency && order.tip.shop > 0n);
  return undefined;
}

function assertRead(order: Order, expected: ExpectedBooks): void {
  assert.equal(order.currency, expected.currency);
  assert.equal(order.total.minor, expected.sold.total + expected.rounding, 'total of the order');
  assert.equal(order.currentTotal.minor, expected.current.total + expected.rounding, 'total as it is now');
  assert.equal(channelTaxOf(order).minor, expected.sold.channelTax, 'tax that the channel remits');
  if (isRefundShown(order)) {
    assert.equal(sumOf(order.refunds.map((refund) => refund.amount.minor)), expected.refunded, 'refunded');
  }
  if (order.cash.state === 'known') {
    assert.equal(order.cash.received.minor, expected.received, 'received');
  }
}

/** A webhook shows refunds in the buyer's currency; in another they are asked for (docs/vendors/shopify.md 4). */
function isRefundShown({ cash }: Order): boolean {
  return cash.state !== 'reread' || !cash.why.startsWith('Refund transaction');
}

/**
 * The oracle names three reasons by the default rules and leaves two to the books. It takes "zero total" before cash rounding,
 * the program after it, because the drawer's line is on the invoice. And what was cancelled unpaid needs no invoice that
 * would only be reversed.
 */
function skipReason(order: Order, world: WorldOrder, expected: ExpectedBooks): string | undefined {
  switch (expected.skipped) {
    case 'test':
      return 'Test order of the shop';
    case 'not confirmed':
      return 'not confirmed';
    case 'zero total':
    case null:
      if (expected.sold.total + expected.rounding <= 0n) {
        return 'Nothing was charged: a 0.00 invoice would turn overdue';
      }
      return world.cancelled !== null && order.cash.state === 'known' && expected.received === 0n
        ? 'Cancelled before it was booked and before anything was paid'
        : undefined;
  }
}

function assertDocument(
  document: InvoiceDocument,
  order: Order,
  { expected, life }: { expected: ExpectedBooks; life: Life },
): void {
  const { sold, rounding } = expected;
  assert.equal(document.total.minor, sold.invoiceTotal + rounding, 'total of the invoice');
  const own = sold.taxes.filter((tax) => !tax.isChannelLiable);
  assert.deepEqual(
    document.taxes.map((tax) => `${tax.name} ${tax.ratePpm / 10_000} ${tax.amount.minor}`).sort(),
    own.map((tax) => `${tax.name} ${tax.rate} ${tax.amount}`).sort(),
    'taxes by name and rate',
  );
  const within = life.order.taxesIncluded ? sumOf(sold.taxes.map((tax) => tax.amount)) : 0n;
  const net = (...kinds: readonly DocumentLine['kind'][]): bigint =>
    sumOf(document.lines.filter((line) => kinds.includes(line.kind)).map((line) => line.net.minor));
  assert.equal(
    net('item', 'gift-card', 'shipping', 'discount'),
    sold.goods + sold.shipping - within,
    'goods',
  );
  assert.equal(net('tip'), sold.tip, 'tips');
  assert.equal(net('duty'), sold.duties, 'duties');
  assert.equal(net('fee'), sold.fees + rounding, 'fees and cash rounding');
  assert.equal(document.issuedOn, dayIn(life.world.shop.timeZone, life.order.processedAt), 'date');
  assert.equal(document.number, `SHOPIFY-${life.order.orderNumber}`);
  assert.equal(order.vendorId, life.order.id.toString());
}

function assertSteps(
  planned: Extract<Plan, { outcome: 'work' }>,
  { order, document, expected }: { order: Order; document: InvoiceDocument; expected: ExpectedBooks },
): void {
  const payments = planned.steps.filter((step) => step.kind === 'payment');
  assert.deepEqual(
    planned.steps.map((step) => step.kind),
    ['client', 'invoice', 'sent', ...payments.map(() => 'payment')],
  );
  const payable = atLeastZero(expected.received - expected.sold.channelTax);
  const due = order.cash.state === 'known' ? payable : 0n;
  const invoiced = document.total.minor;
  assert.equal(sumOf(payments.map((step) => step.amount.minor)), due < invoiced ? due : invoiced, 'paid');
  const excess = planned.holds.some((hold) => hold.code === 'order-overpaid');
  assert.equal(excess, due > invoiced, 'overpaid');
  assert.equal(planned.reread !== undefined, order.cash.state === 'reread');
}

function assertHolds(
  planned: Extract<Plan, { outcome: 'work' }>,
  { order, world, expected }: { order: Order; world: WorldOrder; expected: ExpectedBooks },
): void {
  const codes = planned.holds.map((hold) => hold.code).filter((code) => code !== 'order-overpaid');
  const isRefunded = expected.refunded > 0n && isRefundShown(order);
  const isLowered = isRefunded || expected.sold.total !== expected.current.total;
  assert.deepEqual(codes, [
    ...(order.cash.state === 'unclear' ? ['order-cash-unclear'] : []),
    ...(world.cancelled === null ? [] : ['order-cancelled']),
    ...(isLowered ? ['order-refunded'] : []),
  ]);
}

/** However many steps stand when it is planned again (a crash, a repeat), the rest is what is left of the first plan. */
function assertConverges(order: Order, planned: Extract<Plan, { outcome: 'work' }>): void {
  for (let posted = 1; posted <= planned.steps.length; posted += 1) {
    const entries = planned.steps.slice(0, posted).map((step) => entry(step));
    const again = plan(order, fold(entries), TERMS);
    assert.ok(again.outcome === 'work');
    const left = planned.steps.slice(posted);
    assert.deepEqual(again.steps.map(figuresOf), left.map(figuresOf), `after ${posted} steps`);
    assert.ok(!again.holds.some((hold) => hold.code === 'order-changed'), 'it did not change');
  }
}

function figuresOf(step: Step): string {
  return `${step.reference} ${step.kind === 'payment' ? step.amount.minor : ''}`;
}

function layoutVerdict(
  document: InvoiceDocument,
  world: WorldOrder,
  expected: ExpectedBooks,
): Pick<Verdict, 'outcome' | 'reason' | 'rounding' | 'dependsOn'> {
  const laidOut = layOut(document);
  const limit = roundingLimit(world, expected);
  assert.equal(document.roundingLimit.minor, limit, 'rounding limit');
  if (laidOut.outcome === 'refused') {
    // It is true: with any rounding allowed, FreshBooks arrives further from the total than the limit.
    const wide = layOut({ ...document, roundingLimit: { ...document.roundingLimit, minor: 10n ** 12n } });
    assert.ok(wide.outcome === 'laid-out');
    const computed = totalOf(wide.layout, document).total - added(wide.layout);
    assert.ok(size(document.total.minor - computed) > limit, 'it is further off than rounding explains');
    return { outcome: 'refused', reason: causeOf(world), rounding: size(added(wide.layout)), dependsOn: [] };
  }
  const { layout } = laidOut;
  assertArithmetic(layout, document);
  const rounding = size(added(layout));
  assert.ok(rounding <= limit, 'the rounding line is within its limit');
  return { outcome: layout.rung, reason: '', rounding, dependsOn: doubtsOf(layout, document) };
}

/** Half a minor unit for each tax amount that was rounded, rounded up, at most ten (bookkeeping, "rounding limit"). */
function roundingLimit({ lines, shipping }: WorldOrder, { sold }: ExpectedBooks): bigint {
  const charged = [...lines, ...shipping.filter((line) => !line.isRemoved)].flatMap((line) => line.taxes);
  const own = charged.filter((tax) => !tax.channelLiable && tax.ratePpm > 0n).length;
  assert.ok(own === 0 || sold.taxes.length > 0);
  return BigInt(Math.min(10, Math.ceil(own / 2)));
}

/**
 * Why rounding is larger than its limit. The shop hands the remainder of an order's tax out over its lines; a line that an
 * edit reprices is taxed anew by itself, and the others keep what they were handed, so the sum is no rounding of the rate any
 * more. Within prices every tax is rounded twice, by the shop in the gross and by FreshBooks on the net that this leaves.
 */
function causeOf({ discounts, isEdited, taxesIncluded }: WorldOrder): string {
  if (discounts.some((discount) => discount.label === 'Price adjusted')) {
    return 'a line was repriced by an edit';
  }
  const base = taxesIncluded ? 'tax within prices is rounded twice' : 'tax on top';
  return isEdited ? `${base}, lines were edited` : base;
}

function assertArithmetic(layout: Layout, document: InvoiceDocument): void {
  const totals = totalOf(layout, document);
  assert.equal(layout.expectedTotal.minor, document.total.minor, 'the layout arrives at the total');
  assert.equal(totals.total, document.total.minor, 'FreshBooks arrives at the total');
  assert.deepEqual(
    totals.lineMinors,
    layout.lines.map((line) => line.amount.minor),
    'amounts of the lines',
  );
  assert.deepEqual(
    totals.taxes.map((tax) => `${tax.name} ${tax.minor}`),
    layout.taxes.map((tax) => `${tax.name} ${tax.amount.minor}`),
    'taxes as FreshBooks computes them',
  );
}

function added({ rung, lines }: Layout): bigint {
  return rung === 'native' ? 0n : (lines.at(-1)?.amount.minor ?? 0n);
}

const ROUNDING = { tax: defaultSwitches.taxRounding, half: defaultSwitches.halfRounding };

function totalOf(layout: Layout, { currency }: InvoiceDocument, rounding: Partial<Rounding> = {}): Totals {
  const exponent = exponentOf(currency);
  return totalsOf(inputsOf(layout, exponent), ZERO, { ...ROUNDING, exponent, ...rounding });
}

type Rounding = Parameters<typeof totalsOf>[2];

function inputsOf(layout: Layout, scale: number): LineInput[] {
  return layout.lines.map((line) => ({
    quantity: { units: BigInt(line.quantity), scale: 0 },
    unitCost: { units: line.unitCost.minor, scale },
    taxes: line.taxes.map((tax) => ({ name: tax.name, percent: parseDecimal(tax.percent) ?? ZERO })),
    isCompounded: false,
  }));
}

const DOUBTS: readonly (readonly [Doubt, Partial<Rounding>])[] = [
  ['tax rounded on each line', { tax: 'per-line' }],
  ['halves rounded to even', { half: 'half-even' }],
  ['two decimals in every currency', { exponent: 2 }],
];

function doubtsOf(layout: Layout, document: InvoiceDocument): Doubt[] {
  const scaled = (minor: bigint, exponent: number): bigint => minor * 10n ** BigInt(3 - exponent);
  return DOUBTS.filter(([, rounding]) => {
    const { total } = totalOf(layout, document, rounding);
    const exponent = exponentOf(document.currency);
    return scaled(total, rounding.exponent ?? exponent) !== scaled(document.total.minor, exponent);
  }).map(([doubt]) => doubt);
}

const DAYS = new Map<string, Intl.DateTimeFormat>();

function dayIn(timeZone: string, at: number): string {
  const format = DAYS.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  DAYS.set(timeZone, format);
  return format.format(at);
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function atLeastZero(amount: bigint): bigint {
  return amount < 0n ? 0n : amount;
}

function size(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

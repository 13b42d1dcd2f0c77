import assert from 'node:assert/strict';
import { fits } from '#books/freshbooks/layout.ts';
import { connectionId } from '#core/ids.ts';
import { FIRST_NAMING } from '#core/invoice-document.ts';
import { fold, paidOf } from '#core/ledger.ts';
import type { Booked, Entry } from '#core/ledger.ts';
import type { Order } from '#core/order.ts';
import { plan } from '#core/plan.ts';
import type { Plan } from '#core/plan-terms.ts';
import { proofOf } from '#core/proof.ts';
import { defaultRulesOf } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { orderInFile } from '#sources/amazon/sort.ts';
import { expectedAmazonBooks } from '#sim/amazon/check.ts';
import type { ExpectedAmazonBooks } from '#sim/amazon/check.ts';
import { toJson } from '#sim/amazon/json.ts';
import { orderBody } from '#sim/amazon/order-body.ts';
import type { AmazonOrder } from '#sim/amazon/order.ts';
import { DEFAULT_AMAZON_SWITCHES } from '#sim/amazon/switches.ts';
import type { AmazonSwitches } from '#sim/amazon/switches.ts';
import { transactionBodies } from '#sim/amazon/transaction-body.ts';
import { DATASETS } from '#sim/amazon/view.ts';
import type { OrderView } from '#sim/amazon/view.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';
import type { AmazonWorld } from '#sim/amazon/world.ts';
import { seededRandom } from '#sim/world/random.ts';
import type { Verdict } from '#tests/orders/agreement.ts';
import { ROUNDINGS, applyStep } from '#tests/orders/simulated-books.ts';

/**
 * One Amazon order's whole life, by the program on one side and by the simulators on the other, as tests/orders/agreement.ts
 * does it for a shop. The seller's world, what Amazon may mean where its documentation leaves it open (`switches`) and
 * FreshBooks' way to round are drawn from the seed.
 */
const CONNECTION = connectionId('amazon');
const EVENTS_MAX = 8;
const STEPS_MAX = 60;
const START = Date.UTC(2026, 0, 1);
/** A prime number of minutes, so that orders fall on every hour of every day of a year. */
const APART_MS = 521 * 60_000;
const YEAR_MS = 365 * 86_400_000;
/** From one event to the next: most within hours, some into other months. */
const PACES_MS = [61_000, 3_600_000, 86_400_000, 12 * 86_400_000] as const;
/** Far apart, so that the orders of two seeds are not the same ones shifted by one. */
const SEED_STRIDE = 1_000_003;

export interface State {
  readonly order: AmazonOrder;
  /** As they stand in Amazon's ledger by then. */
  readonly shown: Order;
}

export interface Life {
  readonly states: readonly State[];
  readonly rules: Rules;
  readonly switches: AmazonSwitches;
  readonly rounding: (typeof ROUNDINGS)[number];
}

export function examineAmazon(seed: number, number: number): Verdict {
  const life = amazonLifeOf(seed, number);
  const verdict = walk(life);
  const random = seededRandom(number);
  const last = life.states.length - 1;
  // As if some of its messages had been lost, or overtaken: the newest state alone decides what stands.
  walk({ ...life, states: life.states.filter((_, index) => index === last || random() < 0.5) });
  return verdict;
}

export function amazonLifeOf(seed: number, number: number): Life {
  const own = (Math.imul(seed, SEED_STRIDE) + number) >>> 0;
  let now = START + ((number * APART_MS) % YEAR_MS);
  const world = createAmazonWorld({ seed: own, clock: { now: () => now } });
  const switches = switchesOf(own);
  const rules = rulesOf(own);
  let order = world.placeRandom();
  const role = own % 5 === 0 ? 'shipping' : 'no personal data';
  const stateOf = (): State => ({ order, shown: shownOf(world, order, { switches, role }) });
  const states = [stateOf()];
  const pace = PACES_MS[Math.floor(own / 101) % PACES_MS.length] ?? PACES_MS[0];
  for (let event = 0; event < own % (EVENTS_MAX + 1); event += 1) {
    now += pace;
    order = world.actRandom(order.id);
    world.release();
    states.push(stateOf());
  }
  return {
    states,
    rules,
    switches,
    rounding: ROUNDINGS[own % ROUNDINGS.length] ?? ROUNDINGS[0] ?? assert.fail(),
  };
}

/** An order as it is read from Amazon's answers by now. */
export function shownOf(
  world: AmazonWorld,
  order: AmazonOrder,
  { switches, role }: Omit<OrderView, 'included'>,
): Order {
  const body = {
    order: orderBody(order, { included: new Set(DATASETS), switches, role }),
    transactions: world
      .transactions()
      .filter((transaction) => transaction.order?.id === order.id)
      .flatMap((transaction) => transactionBodies(transaction, { switches, sellerId: world.sellerId })),
  };
  return orderInFile(new TextEncoder().encode(toJson(body)), { connection: CONNECTION }).order;
}

/** Every value of every switch that changes what an order or a transaction looks like, each by another prime. */
export function switchesOf(own: number): AmazonSwitches {
  const pick = <T>(values: readonly [T, ...T[]], prime: number): T =>
    values[Math.floor(own / prime) % values.length] ?? values[0];
  const financesNulls = pick<AmazonSwitches['financesNulls']>(['values', 'nulls'], 31);
  const release = pick<AmazonSwitches['release']>(['same transaction', 'another by name', 'another'], 41);
  return {
    ...DEFAULT_AMAZON_SWITCHES,
    discountSign: pick(['positive', 'negative'], 2),
    discountTax: pick(['beside', 'taken off', 'only said'], 3),
    orderBreakdowns: pick(['present', 'absent'], 5),
    zeroBreakdowns: pick(['omitted', 'listed'], 7),
    pendingProceeds: pick(['absent', 'present'], 11),
    cancelledQuantity: pick(['kept', 'zero'], 13),
    cancelledProceeds: pick(['absent', 'zero', 'as placed'], 17),
    unknownStatus: pick(['never', 'sometimes'], 19),
    channelName: pick(['AMAZON', 'marketplace name'], 23),
    withheldTax: pick(['left out', 'v0 names', 'one name'], 29),
    deemedReseller: pick(['told twice', 'by its scheme'], 43),
    financesNulls,
    financesShape: pick(['recorded', 'model example'], 37),
    financesGroups: pick(['by kind', 'by sign'], 47),
    rebates: pick(['without tax', 'with tax'], 53),
    // Without a state nothing tells that both are one, and a person is asked.
    release: financesNulls === 'nulls' && release === 'another' ? 'same transaction' : release,
  };
}

/** Every third seller has refunds beside the invoices, every fifth has said no category, every other has said what tax is untold. */
function rulesOf(own: number): Rules {
  return {
    ...defaultRulesOf('amazon'),
    refunds: own % 3 === 0 ? 'expense' : 'adjust',
    ...(own % 5 === 0 ? {} : { refundCategory: 'Refunds' }),
    untoldTax: own % 2 === 0 ? {} : { default: own % 4 === 1 ? 'none' : '20' },
  };
}

interface Met {
  readonly holds: Set<string>;
  readonly reasons: Set<string>;
  readonly kinds: Set<string>;
  steps: number;
}

export type Expecting = (order: AmazonOrder) => ExpectedAmazonBooks;

/** From state to state, with the books as each leaves them. */
export function walk(
  { states, rules, switches, rounding }: Life,
  expect: Expecting = expectedAmazonBooks,
): Verdict {
  const met: Met = { holds: new Set(), reasons: new Set(), kinds: new Set(), steps: 0 };
  let entries: readonly Entry[] = [];
  let outcome: Verdict['outcome'] = 'skipped';
  for (const [index, { order, shown }] of states.entries()) {
    const at = `after ${index} events`;
    const expected = expect(order);
    assertRead(shown, { order, expected, at });
    const settled = settle(shown, entries, { rules, rounding, met });
    entries = settled.entries;
    outcome = compare(settled, { order, shown, expected, rules, switches, met, at });
  }
  return {
    events: states.length - 1,
    steps: met.steps,
    outcome,
    holds: [...met.holds],
    reasons: [...met.reasons],
    kinds: [...met.kinds],
    currency: states[0]?.shown.currency ?? '',
    rounding: 0n,
  };
}

interface Reading {
  readonly order: AmazonOrder;
  readonly expected: ExpectedAmazonBooks;
  readonly at: string;
}

function assertRead(shown: Order, { order, expected, at }: Reading): void {
  assert.equal(shown.vendorId, order.id);
  if (order.status !== 'SHIPPED') {
    return;
  }
  assert.equal(shown.doubt?.why, undefined, at);
  assert.equal(shown.pendingBecause, undefined, at);
  assert.equal(shown.currency, expected.currency, at);
  assert.equal(shown.total.minor, expected.sold.total, `total of the order ${at}`);
  assert.ok(shown.untoldTax === undefined || isUntold(expected), `tax untold ${at}`);
  assert.ok(!expected.isTaxUntold || shown.untoldTax !== undefined, `tax told ${at}`);
}

/** Where all taxes come to nothing, an order of a seller for whom Amazon computes some looks the same as one of another's. */
function isUntold({ isTaxUntold, sold }: ExpectedAmazonBooks): boolean {
  return isTaxUntold || (sold.total !== 0n && sold.taxes.length === 0);
}

interface Settled {
  readonly entries: readonly Entry[];
  readonly planned: Plan;
  readonly isRefused: boolean;
}

function settle(
  order: Order,
  before: readonly Entry[],
  { rules, rounding, met }: Pick<Life, 'rules' | 'rounding'> & { readonly met: Met },
): Settled {
  const terms = { rules, naming: FIRST_NAMING, choices: {}, fits };
  let entries = before;
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const planned = plan(order, fold(entries), terms);
    const step = planned.outcome === 'work' ? planned.steps[0] : undefined;
    if (step === undefined) {
      return { entries, planned, isRefused: false };
    }
    const applied = applyStep(entries, step, rounding);
    if (applied.outcome === 'refused') {
      return { entries, planned, isRefused: true };
    }
    entries = applied.entries;
    met.steps += 1;
    met.kinds.add(step.kind);
  }
  return assert.fail(`the plan of ${order.name} does not come to an end`);
}

/** What a question, or a reason to skip, is judged by. */
export interface Comparing extends Reading {
  readonly shown: Order;
  readonly switches: AmazonSwitches;
  readonly rules: Rules;
}

function compare(settled: Settled, comparing: Comparing & { readonly met: Met }): Verdict['outcome'] {
  const { planned, entries, isRefused } = settled;
  const { order, expected, shown, met, at } = comparing;
  const booked = fold(entries);
  if (planned.outcome === 'skip') {
    assert.equal(booked.invoices.length, 0, `skipped before it was booked ${at}`);
    assert.ok(isSkippable(planned.reason, comparing), `skipped because "${planned.reason}" ${at}`);
    met.reasons.add(planned.reason.replace(/"[^"]*"|\d[\d.,]*/g, '…'));
    return 'skipped';
  }
  assert.ok(
    expected.skipped === null || order.status === 'CANCELLED',
    `booked although ${expected.skipped} ${at}`,
  );
  planned.holds.forEach(({ code }) => met.holds.add(code));
  if (isRefused) {
    met.holds.add('order-rounding-too-large');
    return 'held';
  }
  const codes = planned.holds.map(({ code }) => code);
  for (const { code, detail } of planned.holds) {
    assert.ok(isTrue(code, { ...comparing, booked }), `${code} without a reason ${at}: ${detail}`);
  }
  if (codes.some((code) => OPEN.has(code))) {
    return 'held';
  }
  const beside = sumOf(booked.beside.map(({ amount }) => amount.minor));
  const invoiced = sumOf(booked.invoices.map(({ amount }) => amount.minor));
  const { difference } = proofOf(shown, booked);
  assert.equal(invoiced - beside, expected.now.worth, `what stands ${at}`);
  assert.equal(difference?.minor, 0n, `the proof says the same ${at}`);
  assert.equal(paidOf(booked, shown.currency).minor - beside, expected.now.kept, `payments ${at}`);
  if (booked.beside.length === 0 && shown.untoldTax === undefined) {
    const taxes = booked.invoices.flatMap(({ document }) => document.taxes.map(({ amount }) => amount.minor));
    assert.equal(
      sumOf(taxes),
      sumOf(expected.now.taxes.map(({ amount }) => amount)),
      `the seller’s own tax ${at}`,
    );
  }
  assertDates(booked, comparing);
  return codes.length > 0 ? 'held' : 'equal';
}

/** Questions that leave the books as they were. */
export const OPEN = new Set([
  'order-refunds-unclear',
  'order-sums-differ',
  'order-amounts-missing',
  'order-cash-unclear',
  'order-tax-untold',
  'refund-category-missing',
  'books-total-differs',
  'order-rounding-too-large',
]);

/** Whether the order's own figures explain a question. */
export function isTrue(
  code: string,
  { order, expected, rules, switches, shown, booked }: Comparing & { readonly booked: Booked },
): boolean {
  switch (code) {
    case 'order-tax-untold':
      return (
        (isUntold(expected) || isShownAsPlaced(order)) &&
        (Object.keys(rules.untoldTax).length === 0 || shown.untoldTax === 'channel')
      );
    case 'order-amounts-missing':
    case 'order-refunds-unclear':
    case 'order-cash-unclear':
      return order.status === 'CANCELLED' && order.shipments.length > 0;
    case 'order-sums-differ':
      // The tip stands in the order's breakdowns alone, and this Amazon shows none.
      return order.tip !== null && switches.orderBreakdowns === 'absent';
    case 'order-changed':
      // Of a cancelled order that was shipped, this Amazon shows no units any more.
      return order.status === 'CANCELLED' && switches.cancelledQuantity === 'zero';
    case 'order-reduced':
      // Nor a tip.
      return order.status === 'CANCELLED' && order.tip !== null;
    case 'refund-category-missing':
      return rules.refundCategory === undefined && expected.refunds.length > 0;
    case 'books-total-differs':
      return booked.invoices.some(({ amount, document }) => amount.minor !== document.total.minor);
    default:
      return false;
  }
}

/** Of an order that was shipped and cancelled, Amazon may show the prices of units that it did not ship. */
function isShownAsPlaced({ status, shipments, items }: AmazonOrder): boolean {
  return status === 'CANCELLED' && shipments.length > 0 && items.some(({ terms }) => terms.tax === 'untold');
}

/** Whether an order may stand in no invoice for this reason. */
export function isSkippable(reason: string, { expected, shown, order }: Comparing): boolean {
  if (/which the rules skip/.test(reason)) {
    const isInstead = order.associated.some(({ type }) => type === 'REPLACEMENT_ORIGINAL_ID');
    return order.channel === 'NON_AMAZON' || isInstead || order.programs.includes('INVOICE_BY_AMAZON');
  }
  switch (expected.skipped) {
    case 'not of Amazon':
    case 'invoiced by Amazon':
    case 'replacement':
      return false;
    case 'cancelled':
      return /Cancelled|Nothing|fulfilled|Waits/.test(reason);
    case 'unfulfillable':
    case 'not shipped':
      return /Waits|Nothing was charged/.test(reason);
    case 'zero total':
      return /Nothing was charged/.test(reason);
    case null:
      if (/Nothing was charged but tax/.test(reason)) {
        return expected.sold.invoiceTotal === 0n && expected.sold.total !== 0n;
      }
      // All of it went back before it was booked.
      return (
        /Nothing is left/.test(reason) &&
        expected.now.worth === 0n &&
        shown.refunds.length > 0 &&
        order.refunds.length > 0
      );
  }
}

/** In the marketplace's zone: the invoice of the last shipment's day, the payment of its transaction's. */
function assertDates({ invoices, payments }: Booked, { expected, at }: Comparing): void {
  const [first] = invoices;
  if (first !== undefined && invoices.length === 1) {
    assert.equal(first.document.issuedOn, expected.invoicedOn, `date of the invoice ${at}`);
  }
  for (const { paidOn, note } of payments) {
    assert.equal(paidOn, expected.paidOn, `date of the payment ${at}`);
    assert.match(note, /^amazon:\S+ clearing/);
  }
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

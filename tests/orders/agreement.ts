import assert from 'node:assert/strict';
import { fits, layOut } from '#books/freshbooks/layout.ts';
import { withAdditions } from '#core/account.ts';
import type { Step } from '#core/document.ts';
import { connectionId } from '#core/ids.ts';
import { FIRST_NAMING, documentAsSold } from '#core/invoice-document.ts';
import { fold, paidOf } from '#core/ledger.ts';
import type { Booked, Entry } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { channelTaxOf } from '#core/order.ts';
import { plan } from '#core/plan.ts';
import type { Plan } from '#core/plan-terms.ts';
import type { PlannedHold, Terms } from '#core/plan-terms.ts';
import { proofOf } from '#core/proof.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { paidBack } from '#core/sale.ts';
import { localDate, monthOf } from '#core/time.ts';
import type { LocalDate } from '#core/time.ts';
import { READ_TOPIC } from '#pipeline/source.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { expectedBooks } from '#sim/check.ts';
import { isWorth, payable } from '#sim/standing.ts';
import type { ExpectedBooks } from '#sim/check.ts';
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { moneySet } from '#sim/shopify/line-body.ts';
import { transactionBody } from '#sim/shopify/refund-body.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import type { Transaction, WorldOrder } from '#sim/world/order.ts';
import { minus } from '#sim/world/money.ts';
import type { Bag } from '#sim/world/money.ts';
import { figuresOf } from '#sim/world/totals.ts';
import { seededRandom } from '#sim/world/random.ts';
import { lifeOf } from '#tests/orders/life.ts';
import type { Life } from '#tests/orders/life.ts';
import { ROUNDINGS, applyStep } from '#tests/orders/simulated-books.ts';
import type { Rounding } from '#tests/orders/simulated-books.ts';

/**
 * One order's whole life, by the program on one side and by the simulators on the other. After every event:
 *
 *   world → body → sort → plan → layOut → FreshBooks' arithmetic    (the program, in one of four roundings)
 *   world → expectedBooks                                           (the oracle: what must stand now)
 *
 * `examine` throws at the first difference that no true question to a person explains, and else says what was met.
 */
export interface Verdict {
  readonly events: number;
  readonly steps: number;
  /** At the end. */
  readonly outcome: 'equal' | 'held' | 'skipped';
  /** Every question that was asked in that life, each proven true where it was asked. */
  readonly holds: readonly string[];
  /** Why it was skipped, if it was. */
  readonly reasons: readonly string[];
  readonly kinds: readonly string[];
  readonly currency: string;
  /** Minor units of the largest visible rounding line. */
  readonly rounding: bigint;
}

const CONNECTION = connectionId('shopify');
/** In one life in this many each state comes first without what was received, as a message may tell it. */
const UNTOLD_EVERY = 2;
const UNTOLD = { state: 'reread', why: 'Not told' } as const;
/** More steps than any state of an order needs. */
const STEPS_MAX = 60;

export function examine(seed: number, number: number): Verdict {
  const life = lifeOf(seed, number);
  const verdict = walk(life, number);
  walk(withGaps(life, number), number);
  return verdict;
}

/** As if some of its messages had been lost, or overtaken by later ones: the newest state alone decides what stands. */
function withGaps(life: Life, number: number): Life {
  const random = seededRandom(number);
  const last = life.history.length - 1;
  return { ...life, history: life.history.filter((_, index) => index === last || random() < 0.5) };
}

interface Met {
  /** On which day each invoice and payment was made, by its kind and slot. */
  readonly made: Map<string, LocalDate>;
  readonly holds: Set<string>;
  readonly reasons: Set<string>;
  readonly kinds: Set<string>;
  steps: number;
  rounding: bigint;
}

type Expecting = (order: WorldOrder, life: Life) => ExpectedBooks;

const byOracle: Expecting = (order, { side }) => expectedBooks(paidWhole(order), side);

function isPaidUnevenly(order: WorldOrder): boolean {
  const { received, refunded, total, current } = figuresOf(order);
  const isUneven = (open: Bag): boolean => open.presentment === 0n && open.shop !== 0n;
  return isUneven(minus(received, total)) || isUneven(minus(minus(received, refunded), current.total));
}

/** What the buyer paid whole in his currency is paid whole in the shop's: an edit may be worth a cent there and none here. */
export function paidWhole(order: WorldOrder): WorldOrder {
  const { received, total } = figuresOf(order);
  const last = order.transactions.findLast(
    ({ kind, status }) => RECEIPTS.includes(kind) && status === 'success',
  );
  if (last === undefined || received.presentment !== total.presentment) {
    return order;
  }
  const shop = last.amount.shop + total.shop - received.shop;
  const evened = { ...last, amount: { ...last.amount, shop } };
  return { ...order, transactions: order.transactions.map((each) => (each === last ? evened : each)) };
}

/** From state to state, with the books as each leaves them. */
export function walk(life: Life, number: number, expect: Expecting = byOracle): Verdict {
  const rounding = ROUNDINGS[number % ROUNDINGS.length] ?? ROUNDINGS[0] ?? assert.fail();
  const met: Met = {
    made: new Map(),
    holds: new Set(),
    reasons: new Set(),
    kinds: new Set(),
    steps: 0,
    rounding: 0n,
  };
  let entries: readonly Entry[] = [];
  let outcome: Verdict['outcome'] = 'skipped';
  let before: Order | undefined;
  for (const [index, world] of life.history.entries()) {
    const at = `after ${index} events`;
    const read = READ.get(world) ?? readBy(life, world);
    READ.set(world, read);
    const order = withAdditions(read, before);
    before = order;
    const expected = expect(world, life);
    assertRead(order, expected, at);
    const settling = { rounding, terms: termsFor(number), met };
    if (number % UNTOLD_EVERY === 0) {
      entries = settle({ ...order, cash: UNTOLD }, entries, settling).entries;
    }
    const settled = settle(order, entries, settling);
    entries = settled.entries;
    outcome = compare(settled, { order, world, expected, met, at, life, expect });
  }
  return {
    events: life.history.length - 1,
    steps: met.steps,
    outcome,
    holds: [...met.holds],
    reasons: [...met.reasons],
    kinds: [...met.kinds],
    currency: life.side === 'shop' ? life.order.currency : life.order.presentmentCurrency,
    rounding: met.rounding,
  };
}

/**
 * Every third shop has its refunds beside the invoices, every fourth its discounts within prices, every fifth has said no category
 * yet, and every seventh shows the tax that the channel remits. The books of every eleventh have refused negative lines.
 */
function termsFor(number: number): Terms {
  const rules: Rules = {
    ...DEFAULT_RULES,
    channelTax: number % 7 === 0 ? 'two_lines' : 'left_out',
    discounts: number % 4 === 0 ? 'net_prices' : 'lines',
    refunds: number % 3 === 0 ? 'expense' : 'adjust',
    ...(number % 5 === 0 ? {} : { refundCategory: 'Refunds' }),
  };
  const negativeLines = number % 11 === 0 ? ({ negativeLines: 'refused' } as const) : {};
  return { rules, naming: FIRST_NAMING, choices: {}, fits, ...negativeLines };
}

/** Reading a state is most of the work, and a life is walked twice. */
const READ = new WeakMap<WorldOrder, Order>();

/** As the shop shows it when it is asked, transactions in both currencies. */
function readBy({ world: { shop }, side }: Life, world: WorldOrder): Order {
  const source = createShopifySource({
    connection: CONNECTION,
    shopDomain: shop.domain,
    secrets: [],
    currencySide: side,
  });
  const context = { shop, switches: DEFAULT_SWITCHES };
  const told = world.transactions.map((entry) => ({
    ...transactionBody(entry, world, context),
    amount_set: moneySet(atOwnRate(entry, world), world),
    amount_rounding_set: moneySet(entry.rounding, world),
  }));
  const body = orderBody(world, context);
  const refunds = world.refunds.map((refund, index) => ({
    ...Object(Array.isArray(body['refunds']) ? body['refunds'][index] : {}),
    transactions: told.filter((_, position) =>
      refund.transactionIds.some((own) => own === world.transactions[position]?.id),
    ),
  }));
  const read = { ...body, transactions: told, refunds, total_tip_received_set: moneySet(world.tip, world) };
  const sorted = source.sort({ topic: READ_TOPIC, body: new TextEncoder().encode(toJson(read)) });
  assert.ok(sorted.kind === 'order', `${world.name} is read`);
  return sorted.snapshot.order;
}

const RECEIPTS: readonly Transaction['kind'][] = ['sale', 'capture'];

/**
 * The shop's side of a transaction as Shopify converts it at its moment, in two of three orders in another currency that were paid
 * whole. What came in parts is no more than it says, and what went back of it is asked about.
 */
function atOwnRate({ id, kind, amount }: Transaction, world: WorldOrder): Transaction['amount'] {
  const { received, total } = figuresOf(world);
  const isRounded = world.transactions.some(({ rounding }) => rounding.shop !== 0n);
  const isWhole =
    (kind === 'refund' || RECEIPTS.includes(kind)) && received.presentment === total.presentment;
  const isDrawn = world.currency !== world.presentmentCurrency && id % 3n !== 0n && !isRounded;
  return isDrawn && isWhole ? { ...amount, shop: amount.shop - amount.shop / 29n } : amount;
}

function assertRead(order: Order, expected: ExpectedBooks, at: string): void {
  assert.equal(order.doubt?.why, undefined, at);
  assert.equal(order.currency, expected.currency, at);
  assert.equal(order.total.minor, expected.sold.total + expected.rounding, `total of the order ${at}`);
  const rounding = expected.rounding - expected.roundedBack;
  assert.equal(order.currentTotal.minor, expected.current.total + rounding, `total now ${at}`);
  assert.equal(channelTaxOf(order).minor, expected.sold.channelTax, `tax that the channel remits ${at}`);
  const back = order.refunds.map((refund) => paidBack(refund, order.currency).minor);
  assert.equal(sumOf(back), expected.refunded, `refunded ${at}`);
  const credited = order.refunds.flatMap(({ payouts }) => payouts.filter(({ to }) => to === 'store-credit'));
  assert.equal(
    sumOf(credited.map(({ amount }) => amount.minor)),
    expected.now.storeCredit,
    `store credit ${at}`,
  );
  if (order.cash.state === 'known') {
    assert.equal(order.cash.received.minor, expected.received, `received ${at}`);
  }
}

interface Settled {
  readonly entries: readonly Entry[];
  readonly planned: Plan;
  /** A document was refused for its rounding. */
  readonly isRefused: boolean;
}

/** Applies step by step, planning anew after each, as the pipeline does; then planning once more plans nothing. */
function settle(
  order: Order,
  before: readonly Entry[],
  { rounding, terms, met }: { rounding: Rounding; terms: Terms; met: Met },
): Settled {
  let entries = before;
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const planned = plan(order, fold(entries), terms);
    const step = planned.outcome === 'work' ? planned.steps[0] : undefined;
    if (step === undefined) {
      return { entries, planned, isRefused: false };
    }
    assertPossible(step, terms);
    assertOpenMonth(step, order, { booked: fold(entries), made: met.made });
    if (step.kind === 'invoice' || step.kind === 'payment') {
      met.made.set(`${step.kind} ${step.slot}`, localDate(order.updatedAt, order.zone));
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

/**
 * What is paid is changed for what happened in its month, that of its invoice, or that in which either was made under an earlier day,
 * so that none is restated that somebody may have reported. The channel's tax is left out of whatever money comes, and so moves with it.
 */
function assertOpenMonth(
  step: Step,
  order: Order,
  { booked: { invoices, payments }, made }: { readonly booked: Booked; readonly made: Met['made'] },
): void {
  const isCorrection = step.kind === 'lines' && !money.isZero(step.correction);
  if (!money.isZero(channelTaxOf(order)) || isCorrection) {
    return;
  }
  const happened = order.refunds.flatMap(({ at, payouts }) => [at, ...payouts.map((payout) => payout.at)]);
  const months = [order.updatedAt, ...happened].map((at) => monthOf(localDate(at, order.zone)));
  const daysOf = (slot: number) => [
    invoices.find((invoice) => invoice.slot === slot)?.document.issuedOn,
    made.get(`invoice ${slot}`),
  ];
  const days =
    step.kind === 'payment-change'
      ? payments
          .filter(({ slot }) => slot === step.payment)
          .flatMap(({ slot, paidOn, invoice }) => [paidOn, made.get(`payment ${slot}`), ...daysOf(invoice)])
      : step.kind === 'lines' || step.kind === 'void'
        ? payments.filter(({ invoice }) => invoice === step.invoice).flatMap(({ invoice }) => daysOf(invoice))
        : [];
  const isOpen = days.some((day) => day !== undefined && months.includes(monthOf(day)));
  assert.ok(days.length === 0 || isOpen, `${step.kind} in the month of ${days.join(' and ')}`);
}

/** Where negative lines are refused, neither a discount nor an amount that was paid back is one. */
function assertPossible(step: Step, { negativeLines }: Terms): void {
  if (negativeLines === 'refused' && (step.kind === 'invoice' || step.kind === 'lines')) {
    const below = step.document.lines.filter(({ net }) => net.minor < 0n).map(({ kind }) => kind);
    assert.ok(
      !below.includes('discount') && !below.includes('refund'),
      `lines below nothing: ${below.join()}`,
    );
  }
}

interface Comparing {
  readonly order: Order;
  readonly world: WorldOrder;
  readonly expected: ExpectedBooks;
  readonly met: Met;
  readonly at: string;
  readonly life: Life;
  readonly expect: Expecting;
}

function compare(settled: Settled, comparing: Comparing): Verdict['outcome'] {
  const { planned, entries, isRefused } = settled;
  const { expected, met, order, at } = comparing;
  if (planned.outcome === 'skip') {
    // The books' refusal of an earlier state may have come after its client.
    assert.ok(
      entries.every(({ kind }) => kind === 'client'),
      `skipped before it was booked ${at}`,
    );
    assertSkip(planned.reason, comparing);
    met.reasons.add(planned.reason);
    return 'skipped';
  }
  const holds = planned.holds;
  for (const hold of holds) {
    met.holds.add(hold.code);
  }
  if (isRefused) {
    assertRefused(settled, comparing);
    met.holds.add(ROUNDING_HOLD);
    return 'held';
  }
  const booked = fold(entries);
  const { difference } = proofOf(order, booked);
  const beside = sumOf(booked.beside.map(({ amount }) => amount.minor));
  const invoiced = sumOf(booked.invoices.map(({ amount }) => amount.minor));
  const paid = paidOf(booked, order.currency).minor;
  const stands = invoiced - beside;
  const isHeldOpen = holds.some(({ code }) => EXPLAIN_TOTAL.includes(code));
  const worth = stands - (difference?.minor ?? assert.fail(at));
  // Whether anything was kept of a cancelled order is what is asked, and so whether it is gone: else it is worth what is left on it.
  const isGoneAsked = holds.some(({ code }) => code === 'order-cash-unclear');
  const alive = comparing.expect({ ...comparing.world, cancelled: null }, comparing.life).now;
  const { now } = expected;
  const lessened = holds.some(isExcess) ? now.lessened : 0n;
  const told = { worth: now.worth - lessened, evened: now.evened + lessened };
  assert.ok(
    isWorth(told, worth) || (isGoneAsked && isWorth(alive, worth)),
    `the proof says the same ${at}: ${worth}, and not ${expected.now.worth}`,
  );
  if (!isHeldOpen) {
    assert.equal(stands, worth, `what stands ${at}`);
    assertTaxes(settled, comparing);
  }
  if (order.cash.state === 'known' && !holds.some(({ code }) => EXPLAIN_PAID.includes(code))) {
    const { least, most, isTold } = payable(expected, { invoiced, beside });
    assert.ok(paid >= least && paid <= most, `payments ${at}: ${least} to ${most}, and not ${paid}`);
    if (isTold) {
      const isMore = expected.now.kept + beside > invoiced;
      assert.equal(holds.some(isExcess), isMore, `the buyer’s money beyond it ${at}`);
    }
  }
  assertOnce(booked, comparing);
  const { least, most } = heldPart(holds, comparing);
  const answered = { least: stands - most, most: stands - least };
  holds.forEach((hold) => assertTrue(hold, comparing, { answered, worth, beside, booked }));
  return holds.length > 0 ? 'held' : 'equal';
}

/**
 * What stands beside the invoices is on them still: else it went out of the books twice, whatever a question says of the sum. One of
 * what was added later names what it would leave out, whether it holds such lines or not.
 */
function assertOnce({ beside, invoices }: Booked, { order, at }: Comparing): void {
  const besides = beside.flatMap(({ step }) => [step.refund, ...(step.removals ?? [])]);
  const isOn = (id: string): boolean => {
    const keys = order.refunds.find((refund) => refund.id === id)?.returns.map(({ line }) => line) ?? [];
    return invoices.some(
      ({ document }) =>
        !document.refunds.includes(id) && document.lines.some(({ key }) => keys.includes(key)),
    );
  };
  const isLeftOut = (id: string): boolean => invoices.some(({ document }) => document.refunds.includes(id));
  assert.deepEqual(
    besides.filter((id) => isLeftOut(id) && !isOn(id)),
    [],
    `taken off and beside ${at}`,
  );
}

/** Asked by the adapter instead of the plan, with the document that FreshBooks cannot be brought to. */
const ROUNDING_HOLD = 'order-rounding-too-large';

/** Questions under which what stands may differ from what the order is worth, each proven by `assertTrue`. */
const EXPLAIN_TOTAL: readonly string[] = [
  'order-reduced',
  'order-changed',
  'order-worth-negative',
  'order-refunds-unclear',
  'refund-category-missing',
  'refund-credit-shared',
  'refund-both-ways',
  'refund-unbooked',
  'books-total-differs',
];
const EXPLAIN_PAID: readonly string[] = [...EXPLAIN_TOTAL, 'order-cash-unclear'];

function isExcess({ code }: PlannedHold): boolean {
  return code === 'order-overpaid';
}

/** Of an amount, what the oracle leaves open. */
interface Between {
  readonly least: bigint;
  readonly most: bigint;
}

/**
 * What the refunds that have a question of their own would take off what stands: another question is about the rest. The oracle
 * tells it by leaving them out of an order that lives.
 */
function heldPart(holds: readonly PlannedHold[], { world, life, expect }: Comparing): Between {
  const asked = holds.map(({ step }) => step);
  const nowWith = (refunds: WorldOrder['refunds']): ExpectedBooks['now'] => {
    const others = world.refunds.filter((refund) => !refunds.includes(refund));
    const left = others.flatMap(({ transactionIds }) => transactionIds);
    const transactions = world.transactions.filter(({ id }) => !left.includes(id));
    return expect({ ...world, cancelled: null, refunds, transactions }, life).now;
  };
  const others = world.refunds.filter(({ id }) => !asked.includes(`refund-${id}`));
  if (others.length === world.refunds.length) {
    return { least: 0n, most: 0n };
  }
  const [without, whole] = [nowWith(others), nowWith(world.refunds)];
  return {
    least: without.worth - whole.worth - whole.evened,
    most: without.worth + without.evened - whole.worth,
  };
}

/** Nothing is asked of a person without a reason that the shop's own figures show. `answered`: once the refunds are decided. */
function assertTrue(
  hold: PlannedHold,
  { world, expected, order, life, at: when }: Comparing,
  { answered, worth, beside, booked }: { answered: Between; worth: bigint; beside: bigint; booked: Booked },
): void {
  const { now } = expected;
  const at = `${hold.code} ${when}: ${hold.detail} ${hold.facts.map(({ name, value }) => `${name} ${value}`).join(', ')}`;
  const succeeded = world.transactions.filter(
    ({ kind, status }) => kind === 'refund' && status === 'success',
  );
  // What an edit took off paid for what another added: nothing is owed, and no money went back.
  const isExchange =
    now.worth === now.kept &&
    world.refunds.some(({ id, kind }) => hold.step === `refund-${id}` && kind === 'removal');
  switch (hold.code) {
    case 'order-overpaid':
      return assert.ok(now.kept + beside > 0n, at);
    case 'order-cash-unclear':
      // What is even on the buyer's side, and by a cent not on the shop's, or was so until something was added.
      return assert.ok(world.statedStatus === 'paid' || life.history.some(isPaidUnevenly), at);
    case 'order-reduced':
      return assert.ok(answered.most > worth, at);
    case 'order-changed':
      // What changed may come to the same total, by other lines or other taxes.
      return assert.ok(answered.least < worth || hold.facts.some(({ value }) => value.includes('→')), at);
    case 'order-worth-negative':
      return assert.ok(now.worth < 0n || now.kept < 0n || expected.refunded > 0n, at);
    case 'order-refunds-unclear':
      return assert.ok(expected.sold.channelTax > 0n && expected.refunded > 0n, at);
    case 'refund-category-missing':
      return assert.ok((succeeded.length > 0 && expected.refunded > now.storeCredit) || isExchange, at);
    case 'refund-credit-shared':
      return assert.ok(now.storeCredit > 0n && !order.buyer.hasEmail, at);
    case 'refund-both-ways':
      return assert.ok(now.storeCredit > 0n, at);
    case 'refund-unbooked':
      return assert.ok(expected.refunded > 0n || isExchange, at);
    case 'books-total-differs':
      return assert.ok(
        booked.invoices.some(({ amount, document }) => !money.equal(amount, document.total)) ||
          booked.beside.some(({ amount, charged }) => !money.equal(amount, charged)),
        at,
      );
    default:
      return assert.fail(`No question that an order asks here: ${at}`);
  }
}

/** With any rounding allowed, FreshBooks arrives further from a figure than the limit. */
function assertRefused({ planned }: Settled, { at }: Comparing): void {
  const step = planned.outcome === 'work' ? planned.steps[0] : undefined;
  assert.ok(step !== undefined && 'document' in step, at);
  const { document } = step;
  const roundingLimit = { ...document.roundingLimit, minor: 10n ** 12n };
  const wide = layOut({ ...document, roundingLimit }, step.kind === 'lines' ? step.correction : undefined);
  assert.ok(wide.outcome === 'laid-out');
  const off = [
    ...wide.layout.taxes.map((tax) => money.subtract(tax.amount, tax.charged)),
    ...(wide.layout.rung === 'rounding-line' ? wide.layout.lines.slice(-1).map(({ amount }) => amount) : []),
  ];
  assert.ok(
    off.some((amount) => money.compare(money.absolute(amount), document.roundingLimit) > 0),
    at,
  );
}

/** By name and rate: what was charged and did not go back, on the documents; FreshBooks' own within the rounding shown. */
function assertTaxes({ entries }: Settled, { expected, met, at }: Comparing): void {
  const booked = fold(entries);
  const documents = booked.invoices.map(({ document, correction }) => ({ document, correction }));
  for (const { document, correction } of documents) {
    const laidOut = layOut(document, correction);
    assert.ok(laidOut.outcome === 'laid-out', at);
    const { layout } = laidOut;
    const line = layout.rung === 'rounding-line' ? (layout.lines.at(-1)?.amount.minor ?? 0n) : 0n;
    met.rounding = max(met.rounding, size(line));
    for (const { amount, charged } of layout.taxes) {
      const off = size(amount.minor - charged.minor);
      assert.ok(layout.rung === 'native' ? off === 0n : off <= document.roundingLimit.minor, at);
    }
  }
  if (booked.beside.length > 0) {
    return;
  }
  const taxes = new Map<string, bigint>();
  for (const { name, ratePpm, amount } of documents.flatMap(({ document }) => document.taxes)) {
    const key = `${name} ${ratePpm / 10_000}`;
    taxes.set(key, (taxes.get(key) ?? 0n) + amount.minor);
  }
  const fees = documents.flatMap(({ document }) => document.lines.filter(({ kind }) => kind === 'tax'));
  const total = sumOf(expected.now.taxes.map(({ amount }) => amount));
  if (!expected.now.isGone && expected.now.worth !== 0n && documents.length > 0) {
    const onLines = fees.map(({ net }) => net.minor);
    assert.equal(sumOf([...taxes.values(), ...onLines]), total, `taxes ${at}`);
  }
}

/** The oracle names four reasons by the default rules; the others are that nothing is left before anything was booked. */
function assertSkip(reason: string, { expected, world, at }: Comparing): void {
  switch (reason) {
    case 'Test order of the shop':
      return assert.equal(expected.skipped, 'test', at);
    case 'Nothing was charged: a 0.00 invoice would turn overdue':
      return assert.ok(expected.sold.total + expected.rounding <= 0n, at);
    case 'Nothing was charged but tax that the channel remits: a 0.00 invoice would turn overdue':
      return assert.ok(expected.sold.invoiceTotal === 0n && expected.sold.total !== 0n, at);
    case 'Cancelled before it was booked and before anything was paid':
      return assert.ok(world.cancelled !== null && expected.received === 0n, at);
    default:
      assert.match(reason, /^Nothing is left of it/, at);
      return assert.ok(isWorth(expected.now, 0n), at);
  }
}

/** What an invoice of the whole order as it was sold would hold, against the oracle, line kind by line kind. */
export function assertSold(life: Life, expect: Expecting = byOracle): void {
  const order = readBy(life, life.order);
  const { sold, rounding } = expect(life.order, life);
  const document = documentAsSold(order, DEFAULT_RULES, FIRST_NAMING);
  const within = life.order.taxesIncluded ? sumOf(sold.taxes.map((tax) => tax.amount)) : 0n;
  const net = (...kinds: readonly string[]): bigint =>
    sumOf(document.lines.filter((line) => kinds.includes(line.kind)).map((line) => line.net.minor));
  assert.equal(document.total.minor, sold.invoiceTotal + rounding, 'total of the invoice');
  assert.equal(
    net('item', 'gift-card', 'shipping', 'discount'),
    sold.goods + sold.shipping - within,
    'goods',
  );
  assert.equal(net('tip'), sold.tip, 'tips');
  assert.equal(net('duty'), sold.duties, 'duties');
  assert.equal(net('fee'), sold.fees + rounding, 'fees and cash rounding');
  const own = sold.taxes.filter((tax) => !tax.isChannelLiable);
  const fees = document.lines.filter(({ kind }) => kind === 'tax');
  assert.deepEqual(
    [
      ...document.taxes.map((tax) => `${tax.name} ${tax.ratePpm / 10_000} ${tax.amount.minor}`),
      ...fees.map(({ name, net }) => `${name} 0 ${net.minor}`),
    ].sort(),
    own.map((tax) => `${tax.name} ${tax.rate} ${tax.amount}`).sort(),
    'taxes by name and rate',
  );
  assert.equal(document.issuedOn, dayIn(life.world.shop.timeZone, life.order.processedAt), 'date');
  assert.equal(document.number, `SHOPIFY-${life.order.orderNumber}`);
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

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function size(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

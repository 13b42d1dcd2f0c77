import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showJournal } from '#cli/journal.ts';
import { createOutput } from '#cli/output.ts';
import { FRESHBOOKS, SHOPIFY } from '#connections.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { parseLocalDate, parseMonth, parseZone } from '#core/time.ts';
import { currentRules } from '#pipeline/current-rules.ts';
import { foresee } from '#pipeline/outlook.ts';
import { decideOrder, releaseOrder } from '#pipeline/release.ts';
import { replan } from '#pipeline/replan.ts';
import { expectedBooks } from '#sim/check.ts';
import { isWorth, payable } from '#sim/standing.ts';
import { randomEvent, randomRecipe } from '#sim/world/chance.ts';
import { between, chance, pick, seededRandom } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { REFUND_CATEGORY, atCounter } from '#tests/cases/counter.ts';
import type { Counter } from '#tests/cases/counter.ts';
import { SEED } from '#tests/law.ts';
import type { Placed } from '#tests/stage.ts';

/**
 * Some months of a shop whose owner changes the rules in the midst of it, has booked orders follow them, closes days and opens them
 * again: what stands on closed days is not touched, in the end the books equal the shop, and each month's worksheet equals the account.
 */

const RUNS = 8;
const ORDERS_MAX = 6;
const STEPS = 30;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OFTEN = 700_000;
const SELDOM = 300_000;

interface Months extends Counter {
  readonly random: Random;
  readonly orders: Placed[];
  now: number;
  rules: Partial<Rules>;
  closed?: { readonly through: string; readonly rows: readonly string[] } | undefined;
}

for (let run = 0; run < RUNS; run += 1) {
  void test(`months of a shop, their rules and their worksheets (${run})`, (context) => {
    context.diagnostic(`FC_SEED=${SEED}`);
    return atCounter({}, async (counter) => {
      const random = seededRandom(SEED + run);
      const months: Months = {
        ...counter,
        random,
        orders: [],
        now: Date.parse('2026-09-15T15:00:00Z'),
        rules: {},
      };
      for (let step = 0; step < STEPS; step += 1) {
        months.now += between(random, 60_000, chance(random, SELDOM) ? 12 * DAY_MS : 6 * HOUR_MS);
        months.goTo(new Date(months.now).toISOString());
        await happening(months);
        assertUntouched(months);
      }
      await conclude(months);
      await assertEqual(months);
      await assertWorksheets(months);
    });
  });
}

async function happening(months: Months): Promise<void> {
  const { random, orders } = months;
  const drawn = between(random, 0, 99);
  if (orders.length === 0 || (orders.length < ORDERS_MAX && drawn < 25)) {
    orders.push(await months.sell(randomRecipe(random, months.stage.sandbox.world.shop)));
  } else if (drawn < 70) {
    await life(months, pick(random, orders));
  } else if (drawn < 80) {
    months.rules = randomRules(random);
    await importRules(months);
    await (chance(random, OFTEN) ? follow(months) : undefined);
  } else if (drawn < 88) {
    const day = new Date(months.now - between(random, 1, 40) * DAY_MS).toISOString().slice(0, 10);
    months.closed = { through: day, rows: rowsThrough(months, day) };
    await importRules(months);
  } else if (drawn < 92) {
    months.closed = undefined;
    await importRules(months);
  } else {
    await person(months, pick(random, orders));
  }
}

/** Two things at most before it is told, and now and then nothing tells of them until something else does. */
async function life(months: Months, { id }: Placed): Promise<void> {
  const { random, stage } = months;
  const { world } = stage.sandbox;
  for (let count = between(random, 1, 2); count > 0; count -= 1) {
    const order = world.order(id) ?? assert.fail();
    const event = randomEvent(random, order);
    months.now += 61_000;
    months.goTo(new Date(months.now).toISOString());
    if (event !== null) {
      world.act(id, event);
    }
  }
  if (chance(random, OFTEN)) {
    await stage.book(world.order(id) ?? assert.fail(), 'orders/updated');
  }
}

async function person({ random, stage, questions }: Months, order: Placed): Promise<void> {
  const { store, clock } = stage.app;
  const { key } = await stage.atRest(order);
  await ((await questions(order)).includes('period-closed') && chance(random, OFTEN)
    ? decideOrder(store, key, { decision: 'open-day', now: clock.now() })
    : releaseOrder(store, key, { now: clock.now(), account: FRESHBOOKS }));
  await stage.atRest(order);
}

function randomRules(random: Random): Partial<Rules> {
  const zone = pick(random, ['shop', 'Asia/Tokyo', 'Pacific/Honolulu'] as const);
  return {
    refunds: pick(random, ['adjust', 'expense'] as const),
    client: pick(random, ['per_customer', 'one_per_channel'] as const),
    channelTax: pick(random, ['left_out', 'two_lines'] as const),
    amountRefundTax: pick(random, ['none', 'as_sold'] as const),
    taxLines: pick(random, [{}, { default: 'own_lines' }] as const),
    discounts: pick(random, ['lines', 'net_prices'] as const),
    endState: pick(random, ['sent', 'draft'] as const),
    bookWhen: pick(random, ['created', 'paid', 'fulfilled'] as const),
    invoiceNumber: pick(random, ['SHOPIFY-{order_number}', 'WEB{order_number}'] as const),
    taxNames: pick(random, [{}, { 'New York State Tax': 'NY', 'New York City Tax': 'NY' }]),
    ...(zone === 'shop' ? {} : { timeZone: parseZone(zone) }),
  };
}

async function importRules({ stage, rules, closed }: Months): Promise<void> {
  const closing = closed === undefined ? {} : { closedThrough: parseLocalDate(closed.through) };
  const all = { ...DEFAULT_RULES, refundCategory: REFUND_CATEGORY, ...rules, ...closing };
  await stage.app.importRules([{ from: SHOPIFY, to: FRESHBOOKS, rules: all }]);
}

/** As `counterfoil plan --apply`. */
async function follow({ stage, orders }: Months): Promise<void> {
  const { store, books, defaultsOf, clock } = stage.app;
  const otherwise = defaultsOf(SHOPIFY);
  const { rules, version } = await currentRules(store.read, SHOPIFY, otherwise);
  const since = parseLocalDate('2020-01-01');
  const foresight = await foresee(store.read, { source: SHOPIFY, books, rules, since, limit: 1000 });
  await replan(store, foresight, { source: SHOPIFY, books, otherwise, version, now: clock.now() });
  for (const order of orders) {
    await stage.atRest(order);
  }
}

/** What counts of all that stands on these days. */
function rowsThrough({ stage }: Pick<Months, 'stage'>, day: string): string[] {
  const { invoices, payments, expenses, creditNotes } = stage.sandbox.freshbooks.account();
  return [
    ...invoices.map(({ createdOn, id, amount, status, lines, visState }) => ({
      on: createdOn,
      is: ['invoice', id, amount, status === 1, visState, lines.map((line) => [line.amount, line.taxes])],
    })),
    ...payments.map(({ date, id, amount, visState }) => ({
      on: date,
      is: ['payment', id, amount, visState],
    })),
    ...expenses.map(({ date, id, amount, visState }) => ({
      on: date,
      is: ['expense', id, amount, visState],
    })),
    ...creditNotes.map(({ createdOn, id, amount }) => ({ on: createdOn, is: ['credit', id, amount] })),
  ]
    .filter(({ on }) => on <= day)
    .map((row) => JSON.stringify(row));
}

function assertUntouched(months: Months): void {
  const { closed } = months;
  if (closed !== undefined) {
    assert.deepEqual(rowsThrough(months, closed.through), closed.rows, `closed through ${closed.through}`);
  }
}

/** All days are open, nothing is left a draft or unbooked, and everything is told and tried once more. */
async function conclude(months: Months): Promise<void> {
  const { stage, orders } = months;
  months.closed = undefined;
  months.rules = {};
  await importRules(months);
  for (const { id } of orders) {
    await stage.book(stage.sandbox.world.order(id) ?? assert.fail(), 'orders/updated');
  }
  await follow(months);
  for (const order of orders) {
    const { key } = await stage.atRest(order);
    await releaseOrder(stage.app.store, key, { now: stage.app.clock.now(), account: FRESHBOOKS });
    await stage.atRest(order);
  }
}

async function assertEqual({ stage, orders, questions, standing }: Months): Promise<void> {
  for (const order of orders.filter(({ isTest }) => !isTest)) {
    const expected = expectedBooks(stage.sandbox.world.order(order.id) ?? assert.fail());
    const { net, invoiced, credited, spent, paid, isDraft } = standing(order);
    const { state } = await stage.atRest(order);
    if (state !== 'skipped' && (await questions(order)).length === 0) {
      const { least, most } = payable(expected, { invoiced, beside: credited + spent });
      assert.ok(isWorth(expected.now, net), `${order.name}: ${net} stands, and not ${expected.now.worth}`);
      assert.ok(!isDraft, `${order.name} is a draft`);
      assert.ok(paid >= least && paid <= most, `${order.name}: ${paid} is paid, not ${least} to ${most}`);
    }
  }
}

interface Amount {
  readonly amount: string;
}

interface Sheet {
  readonly payments: readonly { readonly total: Amount }[];
  readonly refunds: {
    readonly expenses: { readonly total: Amount; readonly taxTotal: Amount };
    readonly creditNotes: { readonly total: Amount };
  };
  readonly taxes: readonly { readonly computed: Amount }[];
}

const NOTHING: Amount = { amount: '0.00' };
/** Of a month in which nothing but an untaxed invoice stands that nobody has paid. */
const NOTHING_TO_MOVE: Sheet = {
  payments: [],
  refunds: { expenses: { total: NOTHING, taxTotal: NOTHING }, creditNotes: { total: NOTHING } },
  taxes: [],
};

/** The figures of each month, against the rows of the account alone. */
async function assertWorksheets({ stage }: Months): Promise<void> {
  const account = stage.sandbox.freshbooks.account();
  const invoices = account.invoices.filter(isStanding);
  const ids = new Set(invoices.map(({ id }) => id));
  const payments = account.payments.filter((row) => isStanding(row) && ids.has(row.invoiceId));
  const [expenses, notes] = [account.expenses.filter(isStanding), account.creditNotes.filter(isStanding)];
  const days = [...invoices, ...notes].map(({ createdOn }) => createdOn);
  days.push(...[...payments, ...expenses].map(({ date }) => date));
  for (const month of new Set(days.map((day) => day.slice(0, 7)))) {
    const { payments: paid, refunds, taxes } = await worksheet(stage, month);
    const of = <Row extends { readonly date?: string; readonly createdOn?: string }>(
      rows: readonly Row[],
    ): Row[] => rows.filter(({ date, createdOn }) => (date ?? createdOn)?.startsWith(month));
    const withTax = of(invoices).map(
      ({ amount, lines }) => cents([amount]) - cents(lines.map((line) => line.amount)),
    );
    assert.deepEqual(
      {
        payments: cents(paid.map(({ total }) => total.amount)),
        expenses: cents([refunds.expenses.total.amount]),
        taxesBack: cents([refunds.expenses.taxTotal.amount]),
        notes: cents([refunds.creditNotes.total.amount]),
        // Credit notes take their taxes off, which no row of the account tells.
        ...(of(notes).length === 0 ? { taxes: cents(taxes.map(({ computed }) => computed.amount)) } : {}),
      },
      {
        payments: cents(of(payments).map(({ amount }) => amount)),
        expenses: cents(of(expenses).map(({ amount }) => amount)),
        taxesBack: cents(of(expenses).flatMap((row) => row.taxes.map(({ amount }) => amount ?? '0.00'))),
        notes: cents(of(notes).map(({ amount }) => amount)),
        ...(of(notes).length === 0 ? { taxes: withTax.reduce((sum, tax) => sum + tax, 0n) } : {}),
      },
      month,
    );
  }
}

function isStanding({ visState }: { readonly visState: number }): boolean {
  return visState === 0;
}

/** Of the one currency that there is. */
async function worksheet({ app }: Counter['stage'], month: string): Promise<Sheet> {
  let text = '';
  const stdout = { write: (part: string) => (text += part) };
  const output = createOutput({ stdout, stderr: stdout, isJson: true, environment: {} });
  await showJournal(app, output, parseMonth(month));
  const { currencies }: { currencies: Sheet[] } = JSON.parse(text);
  const [only = NOTHING_TO_MOVE, ...more] = currencies;
  assert.equal(more.length, 0, month);
  return only;
}

function cents(amounts: readonly string[]): bigint {
  return amounts.reduce((sum, amount) => sum + BigInt(amount.replace('.', '')), 0n);
}

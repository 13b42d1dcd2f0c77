import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { showJournal } from '#cli/journal.ts';
import { createOutput } from '#cli/output.ts';
import { parseMonth } from '#core/time.ts';
import type { ScenarioName } from '#sim/world/scenarios.ts';
import { REFUND_CATEGORY, atCounter } from '#tests/cases/counter.ts';
import type { Counter } from '#tests/cases/counter.ts';
import { BREAD, KETTLE, PAPERS, card, of } from '#tests/cases/goods.ts';
import type { Placed } from '#tests/stage.ts';

/** The journal worksheet of orders that were booked into the simulated account, as the command prints it. */

const SEPTEMBER = '2026-09';
const OCTOBER = '2026-10';
const NEXT_MONTH = '2026-10-05T15:00:00Z';
const WIDTH = 80;
/** Then only what messages tell is known. */
const WITHOUT_ACCESS = { SHOPIFY_API_KEY: '', SHOPIFY_API_SECRET: '' };

async function printed({ stage }: Counter, month: string, isJson: boolean): Promise<string> {
  let text = '';
  const stdout = { columns: WIDTH, write: (part: string) => (text += part) };
  const output = createOutput({ stdout, stderr: stdout, isJson, environment: {} });
  await showJournal(stage.app, output, parseMonth(month));
  return text;
}

interface Amount {
  readonly amount: string;
}

interface ShownSheet {
  readonly currency: string;
  readonly giftCards: {
    readonly opening: Amount;
    readonly rows: readonly { readonly event: string; readonly order: string; readonly amount: Amount }[];
    readonly closing: Amount;
    readonly untold: readonly { readonly amount: Amount }[];
  };
  readonly moved: readonly { readonly account: string; readonly total: Amount }[];
  readonly taxLines: readonly { readonly tax: { readonly name: string }; readonly total: Amount }[];
  readonly refunds: {
    readonly expenses: { readonly total: Amount; readonly taxTotal: Amount };
    readonly creditNotes: { readonly total: Amount };
  };
  readonly taxes: readonly { readonly computed: Amount; readonly charged: Amount }[];
  readonly rounding: { readonly total: Amount; readonly isAlarm: boolean };
  readonly payments: readonly { readonly gateway: string; readonly count: number; readonly total: Amount }[];
  readonly entries: readonly { readonly debit: string; readonly credit: string; readonly amount: Amount }[];
}

async function sheets(counter: Counter, month: string): Promise<readonly ShownSheet[]> {
  const shown = JSON.parse(await printed(counter, month, true)) as { currencies: ShownSheet[] };
  return shown.currencies;
}

async function sheet(counter: Counter, month = SEPTEMBER): Promise<ShownSheet> {
  const [only, ...more] = await sheets(counter, month);
  assert.ok(only !== undefined && more.length === 0);
  return only;
}

async function book({ stage }: Counter, name: ScenarioName): Promise<Placed> {
  const order = stage.sandbox.world.scenario(name);
  assert.equal((await stage.book(order)).state, 'settled', name);
  return order;
}

/** Of amounts as FreshBooks' rows or our JSON show them. */
function cents(amounts: readonly (string | Amount)[]): bigint {
  const texts = amounts.map((each) => (typeof each === 'string' ? each : each.amount));
  return texts.reduce((sum, text) => sum + BigInt(text.replace('.', '')), 0n);
}

void describe('the journal worksheet', () => {
  void test('of a month lists gift cards, tips, duties, fees and cash rounding, and the entries', () =>
    atCounter({}, async (counter) => {
      for (const name of [
        'paid, gift card sold',
        'paid, with a tip',
        'paid, duties and import fee',
        'paid at the till in cash, no customer',
      ] as const) {
        await book(counter, name);
      }
      const text = await printed(counter, SEPTEMBER, false);
      for (const line of [
        /^Journal worksheet of 2026-09, as of \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m,
        /^Date +Order +Invoice +What +Amount +Balance\n +Opening balance +0\.00\n2026-09-15 +#1001 +SHOPIFY-1001 +sold +50\.00 +50\.00\n +Closing balance +50\.00$/m,
        /^Tips in USD: in sales, to be moved\nDate.*\n2026-09-15 +#1002 +SHOPIFY-1002 +2\.50 +2\.50$/m,
        /^Duties in USD.*\nDate.*\n2026-09-15 +#1003 +SHOPIFY-1003 +4\.80 +4\.80$/m,
        /^Additional fees in USD.*\nDate.*\n2026-09-15 +#1003 +SHOPIFY-1003 +1\.25 +1\.25$/m,
        /^Cash rounding in USD.*\nDate.*\n2026-09-15 +#1004 +SHOPIFY-1004 +0\.01 +0\.01$/m,
        /^cash +cash +1 +18\.90$/m,
        /^Sales +Gift cards \(liability\) +50\.00 +Gift cards sold$/m,
        /^Sales +Cash rounding +0\.01 +Cash rounding$/m,
        /^Right as of now: when an invoice changes, FreshBooks restates it under its$/m,
      ]) {
        assert.match(text, line);
      }
      assert.doesNotMatch(text, /ALARM/);
      const wide = text.split('\n').filter((line) => line.length > WIDTH);
      assert.deepEqual(wide, []);
      const { payments } = await sheet(counter);
      const rows = counter.stage.sandbox.freshbooks.account().payments;
      assert.equal(cents(payments.map(({ total }) => total)), cents(rows.map(({ amount }) => amount)));
    }));

  void test('carries the gift cards of one month into the next, where one pays', () =>
    atCounter({}, async (counter) => {
      await book(counter, 'paid, gift card sold');
      counter.goTo(NEXT_MONTH);
      await counter.sell({ items: [of(BREAD)], payment: { kind: 'paid', gateway: 'gift_card' } });
      const [row] = counter.stage.sandbox.freshbooks.account().payments.slice(-1);
      const { giftCards, entries } = await sheet(counter, OCTOBER);
      assert.deepEqual(
        [giftCards.opening.amount, giftCards.rows.map(({ event, amount }) => [event, amount.amount])],
        ['50.00', [['used', `-${row?.amount}`]]],
      );
      assert.equal(cents([giftCards.closing]), 5000n - cents([row?.amount ?? '']));
      const used = entries.find(({ debit }) => debit === 'Gift cards (liability)');
      assert.deepEqual([used?.credit, used?.amount.amount], ['Petty Cash', row?.amount]);
    }));

  void test('says what it lacks of a payment by card and gift card of which nobody told the parts', () =>
    atCounter({ stage: { environment: WITHOUT_ACCESS } }, async (counter) => {
      const order = await book(counter, 'paid, gift card used');
      const [payment] = counter.stage.payments(order);
      const { giftCards } = await sheet(counter);
      assert.deepEqual(
        [giftCards.closing.amount, giftCards.untold.map(({ amount }) => amount.amount)],
        ['0.00', [payment?.amount]],
      );
      assert.match(await printed(counter, SEPTEMBER, false), /^The balance lacks what gift cards gave/m);
    }));

  void test('takes the gift card’s part off the balance once the shop has told it', () =>
    atCounter({}, async (counter) => {
      const order = await book(counter, 'paid, gift card used');
      const body = `{"id":1,"order_id":${order.id},"created_at":"2026-09-15T15:30:00Z"}`;
      await counter.stage.tell({ topic: 'order_transactions/create', body, order });
      const { giftCards } = await sheet(counter);
      const used = order.transactions.find(({ gateway }) => gateway === 'gift_card');
      assert.ok(used !== undefined);
      assert.deepEqual([giftCards.untold, cents([giftCards.closing])], [[], -used.amount.shop]);
    }));

  void test('takes what was refunded a month later from the expense that FreshBooks shows', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(
        card([{ kind: 'gift card', cents: 5_000n, quantity: 1 }, of(KETTLE)], { to: 'US-NY' }),
      );
      counter.goTo(NEXT_MONTH);
      await counter.change(order, { kind: 'refund', request: { lines: 'all', restock: 'return' } });
      const [expense] = counter.stage.sandbox.freshbooks.account().expenses;
      assert.deepEqual([expense?.date, expense?.category], ['2026-10-05', REFUND_CATEGORY]);
      const { giftCards, refunds, entries } = await sheet(counter, OCTOBER);
      assert.equal(refunds.expenses.total.amount, expense?.amount);
      const taxes = expense?.taxes.map(({ amount }) => amount ?? '0.00') ?? [];
      assert.equal(cents([refunds.expenses.taxTotal]), cents(taxes));
      assert.deepEqual(
        [giftCards.opening.amount, giftCards.rows.map(({ event }) => event), giftCards.closing.amount],
        ['50.00', ['returned'], '0.00'],
      );
      const moved = entries.filter(({ credit }) => credit === `Expenses: ${REFUND_CATEGORY}`);
      assert.equal(cents(moved.map(({ amount }) => amount)), cents([expense?.amount ?? '']) - cents(taxes));
    }));

  void test('takes a gift card that an edit took off the order from the balance once it is paid back', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(
        card([{ kind: 'gift card', cents: 5_000n, quantity: 1 }, of(KETTLE)], { to: 'US-NY' }),
      );
      counter.goTo(NEXT_MONTH);
      await counter.change(
        order,
        { kind: 'edit', edit: { kind: 'remove', line: 0, quantity: 1 } },
        { kind: 'refund', request: { amount: { shop: 5_000n, presentment: 5_000n } } },
      );
      await counter.agrees(order);
      const { giftCards, entries } = await sheet(counter, OCTOBER);
      assert.deepEqual(
        giftCards.rows.map(({ event, amount }) => [event, amount.amount]),
        [['returned', '-50.00']],
      );
      assert.deepEqual(
        entries.map(({ debit, credit, amount }) => [debit, credit, amount.amount]),
        [
          ['Gift cards (liability)', 'Sales', '50.00'],
          ['Sales', `Expenses: ${REFUND_CATEGORY}`, '50.00'],
        ],
      );
    }));

  void test('follows an invoice that was taken away within its month', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(BREAD, 2)], { tipCents: 250n }));
      assert.deepEqual(
        (await sheet(counter)).moved.map(({ account }) => account),
        ['tips'],
      );
      await counter.change(order, {
        kind: 'refund',
        request: { lines: 'all', extras: true, restock: 'return' },
      });
      assert.deepEqual(
        (await sheets(counter, SEPTEMBER)).flatMap(({ moved }) => moved),
        [],
      );
    }));

  void test('lists taxes that stand as lines of their own, because FreshBooks has them as sales', () =>
    atCounter({ rules: { taxLines: { default: 'own_lines' } } }, async (counter) => {
      const order = await counter.sell(card([of(KETTLE), of(PAPERS, 3)], { to: 'CA-QC' }));
      const [invoice] = counter.stage.invoices(order);
      const rows = invoice?.lines.filter(({ name }) => /^(GST|QST) [\d.]+ %$/.test(name)) ?? [];
      const { taxLines, taxes } = await sheet(counter);
      assert.deepEqual(
        taxLines.map(({ tax, total }) => [tax.name, total.amount]),
        rows.map(({ name, amount }) => [name.slice(0, 3), amount]),
      );
      assert.deepEqual(taxes, []);
    }));

  void test('has nothing to say of a month without orders', () =>
    atCounter({}, async (counter) => {
      await book(counter, 'paid, with a tip');
      assert.match(await printed(counter, OCTOBER, false), /^Nothing stands in the books of 2026-10$/m);
      assert.deepEqual(await sheets(counter, OCTOBER), []);
    }));

  void test('says that orders wait for a person', () =>
    atCounter({}, async (counter) => {
      await counter.stage.book(counter.stage.sandbox.world.scenario('stated paid, money outstanding'));
      assert.match(
        await printed(counter, SEPTEMBER, false),
        /^Not all is booked: 1 order held for a person\./m,
      );
    }));

  for (const taxRounding of ['per-tax', 'per-line'] as const) {
    for (const halfRounding of ['half-up', 'half-even'] as const) {
      const freshbooks = { taxRounding, halfRounding };
      void test(`tells taxes and rounding lines as they stand where FreshBooks rounds ${taxRounding} and ${halfRounding}`, () =>
        atCounter({ stage: { freshbooks } }, async (counter) => {
          for (const name of [
            'paid, four taxes a line',
            'paid, Quebec',
            'paid, two lines, code discount',
            'paid, line and order discount',
            'paid, tax included, two rates',
            'paid, shipping partly discounted',
          ] as const) {
            await book(counter, name);
          }
          const account = counter.stage.sandbox.freshbooks.account();
          const standing = account.invoices.filter(({ visState }) => visState === 0);
          const lines = standing.flatMap((invoice) => invoice.lines);
          const { taxes, rounding } = await sheet(counter);
          assert.equal(
            cents([rounding.total]),
            cents(lines.filter(({ name }) => name === 'Rounding').map(({ amount }) => amount)),
          );
          assert.equal(
            cents(taxes.map(({ computed }) => computed)),
            cents(standing.map(({ amount }) => amount)) - cents(lines.map(({ amount }) => amount)),
          );
          const differences =
            cents(taxes.map(({ computed }) => computed)) - cents(taxes.map(({ charged }) => charged));
          assert.equal(differences, -cents([rounding.total]));
        }));
    }
  }
});

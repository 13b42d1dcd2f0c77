import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import { releaseOrder } from '#pipeline/release.ts';
import { RULE_KEYS } from '#rules-keys.ts';
import type { Recipe } from '#sim/world/recipe.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import { selling } from '#tests/amazon/selling.ts';
import type { Seller } from '#tests/amazon/selling.ts';
import { importRules } from '#tests/import-rules.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed } from '#tests/stage.ts';
import { atCounter } from './counter.ts';
import type { Counter, CounterOptions } from './counter.ts';
import { BREAD, KETTLE, PAPERS, POST, SHIRT, card, of } from './goods.ts';

/** What each rule of the file does, from the file's text to the rows of the account; one case or more for every key. */

interface RuledCounter extends Counter {
  /** Imports a file that says only this of its route. */
  readonly ruleBy: (...lines: readonly string[]) => Promise<void>;
  readonly state: (order: Placed) => Promise<string>;
  /** Has it planned anew, as a person does by `retry`. */
  readonly retry: (order: Placed) => Promise<string>;
  /** Its invoices, by what the notes say, since the rules make every number and text. */
  readonly invoices: (order: Placed) => Invoices;
}

type Invoices = ReturnType<Counter['stage']['invoices']>;
type Effect = (counter: RuledCounter) => Promise<void>;

const DELETED = 1;
const DAY_MS = 86_400_000;

function linesOf([invoice]: Invoices): string[] {
  return (invoice?.lines ?? []).map(
    ({ name, amount, taxes }) =>
      `${name.replace(/ \((?!OFF).*\)$/, '')} ${amount}${taxes.map((tax) => ` + ${tax.name} ${tax.percent}`).join('')}`,
  );
}

function ruled(counter: Counter): RuledCounter {
  const { stage } = counter;
  const state = async (order: Placed): Promise<string> => (await stage.atRest(order)).state;
  return {
    ...counter,
    state,
    ruleBy: (...lines) => importRules(stage.app, 'shopify', lines),
    async retry(order) {
      const { key } = await stage.atRest(order);
      await releaseOrder(stage.app.store, key, { now: stage.app.clock.now(), account: 'freshbooks' });
      return state(order);
    },
    invoices: (order) =>
      stage.sandbox.freshbooks
        .account()
        .invoices.filter(
          ({ texts, visState }) =>
            visState !== DELETED && (texts['notes'] ?? '').includes(`order ${order.name} (id ${order.id})`),
        ),
  };
}

/** Tells an order with another body than the shop's own. */
async function sellTagged({ stage }: Counter, tags: string): Promise<Placed> {
  const order = stage.sandbox.world.place(card([of(BREAD)]));
  const body = stage.sandbox.shopify.webhooks.body(order.id).replace('"tags":""', `"tags":"${tags}"`);
  await stage.tell({ topic: 'orders/create', body, order });
  return order;
}

const SEPTEMBER_REFUND = { kind: 'refund', request: { lines: 'all', restock: 'return' } } as const;
const NEW_YORK = card([of(KETTLE)], { to: 'US-NY' });
const QUEBEC = card([of(KETTLE)], { to: 'CA-QC' });
/** One cent that FreshBooks would not compute. */
const ROUNDED: Recipe = card([of(BREAD, 2)], { tipCents: 250n });

/** Rules that make other figures of an order, and an order to which they do. */
const REFUNDED: Readonly<Record<string, readonly [rule: string, parts: Partial<Recipe>]>> = {
  'taxes as own lines': ['tax_lines: { default: own_lines }', { to: 'DE', taxesIncluded: true }],
  'discounts within prices': [
    'discounts: net_prices',
    { deals: [{ type: 'discount_code', label: 'OFF', on: 'order', cents: 333n }] },
  ],
  'folded taxes': ['tax_names: { New York State Tax: NY, New York City Tax: NY }', { to: 'US-NY' }],
  'tax of the channel in two lines': ['channel_tax: two_lines', { to: 'US-NY', isChannelLiable: true }],
  'amounts taxed as sold': ['amount_refund_tax: as_sold', { to: 'CA-QC' }],
};

const EFFECTS: Readonly<Record<string, Effect>> = {
  async book_when({ ruleBy, sell, change, state, invoices }) {
    await ruleBy('book_when: fulfilled');
    const order = await sell(card([of(BREAD)]));
    assert.equal(await state(order), 'skipped');
    await change(order, { kind: 'fulfill' });
    assert.equal(await state(order), 'settled');
    assert.equal(invoices(order).length, 1);
  },

  async invoice_number({ ruleBy, sell, invoices }) {
    await ruleBy('invoice_number: "A-{order_id}-{order_number}"');
    const order = await sell(card([of(BREAD)]));
    assert.equal(invoices(order)[0]?.number, `A-${order.id}-${order.name.slice(1)}`);
  },

  async po_number({ ruleBy, sell, invoices }) {
    await ruleBy('po_number: "{shop} {order_name} {order_id}"');
    const order = await sell(card([of(BREAD)]));
    const [invoice] = invoices(order);
    assert.match(invoice?.poNumber ?? '', new RegExp(`^\\S+\\.myshopify\\.com ${order.name} ${order.id}$`));
  },

  async due_offset_days({ ruleBy, sell, invoices }) {
    await ruleBy('due_offset_days: 30');
    const [invoice] = invoices(await sell(card([of(BREAD)])));
    assert.deepEqual([invoice?.createdOn, invoice?.dueOn], ['2026-09-15', '2026-10-15']);
  },

  async terms({ ruleBy, sell, invoices }) {
    await ruleBy('terms: "Thanks for {order_name}.\\nNot to be paid."');
    const order = await sell(card([of(BREAD)]));
    assert.equal(invoices(order)[0]?.texts['terms'], `Thanks for ${order.name}.\nNot to be paid.`);
  },

  async end_state({ ruleBy, sell, invoices, stage }) {
    await ruleBy('end_state: draft');
    const [invoice] = invoices(await sell(card([of(BREAD)])));
    assert.equal(invoice?.status, 1);
    const payments = stage.sandbox.freshbooks.account().payments;
    assert.deepEqual(
      payments.filter(({ invoiceId }) => invoiceId === invoice.id),
      [],
    );
  },

  async time_zone({ ruleBy, sell, goTo, invoices }) {
    goTo('2026-09-20T03:00:00Z');
    const bought = async (zone: string): Promise<string | undefined> => {
      await ruleBy(`time_zone: ${zone}`);
      return invoices(await sell(card([of(BREAD)])))[0]?.createdOn;
    };
    assert.equal(await bought('shop'), '2026-09-19');
    assert.equal(await bought('Asia/Tokyo'), '2026-09-20');
    assert.equal(await bought('"-04:00"'), '2026-09-19');
  },

  async client({ ruleBy, sell, invoices, stage }) {
    await ruleBy('client: one_per_channel');
    const orders = [await sell(card([of(BREAD)])), await sell(card([of(BREAD)]))];
    const ids = new Set(orders.map((order) => invoices(order)[0]?.clientId));
    assert.equal(ids.size, 1);
    const client = stage.sandbox.freshbooks.account().clients.find(({ id }) => ids.has(id));
    assert.match(client?.texts['organization'] ?? '', /^Online customers - \S+\.myshopify\.com$/);
    for (const order of orders) {
      assert.notEqual(invoices(order)[0]?.texts['lname'] ?? '', '', 'the buyer’s name stands on it');
    }
  },

  async channel_client_name({ ruleBy, sell, invoices, stage }) {
    await ruleBy('channel_client_name: "Till of {shop}"');
    const guest = card([of(BREAD)], { customer: { kind: 'guest', email: null }, sourceName: 'pos' });
    const [invoice] = invoices(await sell(guest));
    const client = stage.sandbox.freshbooks.account().clients.find(({ id }) => id === invoice?.clientId);
    assert.match(client?.texts['organization'] ?? '', /^Till of \S+\.myshopify\.com$/);
  },

  async 'skip.test_orders'({ ruleBy, sell, state }) {
    const test: Recipe = card([of(BREAD)], { isTest: true });
    await ruleBy();
    assert.equal(await state(await sell(test)), 'skipped');
    await ruleBy('skip: { test_orders: false }');
    assert.equal(await state(await sell(test)), 'settled');
  },

  async 'skip.zero_totals'({ ruleBy, sell, state }) {
    const free: Recipe = {
      items: [of(PAPERS)],
      deals: [{ type: 'discount_code', label: 'ALL', on: 'order', hundredths: 10_000n }],
    };
    await ruleBy();
    assert.equal(await state(await sell(free)), 'skipped');
    await ruleBy('skip: { zero_totals: false }');
    assert.equal(await state(await sell(free)), 'settled');
  },

  async 'skip.tags'(counter) {
    await counter.ruleBy('skip: { tags: [Wholesale] }');
    const { state, reason } = await counter.stage.atRest(await sellTagged(counter, 'vip, wholesale'));
    assert.deepEqual([state, reason], ['skipped', 'Tagged "wholesale", which the rules skip']);
    assert.equal(await counter.state(await sellTagged(counter, 'vip, wholesale, but not quite')), 'skipped');
    assert.equal(await counter.state(await sellTagged(counter, 'vip, wholesalers')), 'settled');
  },

  async 'skip.sources'({ ruleBy, sell, state }) {
    await ruleBy('skip: { sources: [POS] }');
    assert.equal(await state(await sell(card([of(BREAD)], { sourceName: 'pos' }))), 'skipped');
    assert.equal(await state(await sell(card([of(BREAD)]))), 'settled');
  },

  async rounding_limit({ ruleBy, sell, questions, invoices }) {
    await ruleBy('rounding_limit: 0');
    const order = await sell(ROUNDED);
    assert.deepEqual(await questions(order), ['order-rounding-too-large']);
    await ruleBy('rounding_limit: 1');
    assert.deepEqual(linesOf(invoices(await sell(ROUNDED))).slice(-1), ['Rounding 0.01']);
  },

  async tax_names({ ruleBy, sell, invoices, agrees }) {
    await ruleBy(
      'tax_names: { "New York State Tax": NY tax, "New York City Tax": NY tax, "Metropolitan Commuter Transportation District": MCTD }',
    );
    const order = await sell(NEW_YORK);
    assert.match(linesOf(invoices(order))[0] ?? '', /\+ NY tax 8\.5 \+ MCTD 0\.375$/);
    await agrees(order);
  },

  async payment_methods({ ruleBy, sell, stage }) {
    await ruleBy('payment_methods: { Shopify_Payments: bank }');
    const order = await sell(card([of(BREAD)]));
    assert.deepEqual(
      stage.payments(order).map(({ type }) => type),
      ['Bank Transfer'],
    );
  },

  async tax_lines({ ruleBy, sell, invoices, agrees }) {
    const lines = async (recipe: Recipe): Promise<string[]> => {
      const order = await sell(recipe);
      await agrees(order);
      return linesOf(invoices(order)).slice(1);
    };
    const [percentages, own] = [[], ['GST 5 % 3.95', 'QST 9.975 % 7.88']];
    const britain = card([of(KETTLE)], { to: 'GB' });
    await ruleBy('tax_lines: { CA: own_lines }');
    assert.deepEqual(await lines(QUEBEC), own);
    assert.deepEqual(await lines(britain), percentages);
    await ruleBy('tax_lines: { default: own_lines, GB: percentages }');
    assert.deepEqual(await lines(QUEBEC), own);
    assert.deepEqual(await lines(britain), percentages);
  },

  async discounts({ ruleBy, sell, invoices, agrees }) {
    const reduced = card([of(BREAD, 2)], {
      deals: [{ type: 'discount_code', label: 'OFF', on: { line: 0 }, cents: 100n }],
    });
    await ruleBy();
    const plain = invoices(await sell(reduced));
    assert.match(linesOf(plain).at(-1) ?? '', /^Discount: OFF -2\.00 /);
    await ruleBy('discounts: net_prices');
    const order = await sell(reduced);
    const net = invoices(order);
    assert.equal(net[0]?.lines.length, 1);
    assert.match(net[0]?.lines[0]?.description ?? '', /2 x \d+\.\d\d, less 2\.00 \(OFF\)$/m);
    assert.equal(net[0]?.amount, plain[0]?.amount);
    await agrees(order);
  },

  async channel_tax({ ruleBy, sell, invoices, stage }) {
    const remitted = card([of(KETTLE)], { to: 'US-NY', isChannelLiable: true });
    await ruleBy();
    const plain = invoices(await sell(remitted));
    assert.deepEqual(linesOf(plain).slice(1), []);
    await ruleBy('channel_tax: two_lines');
    const shown = invoices(await sell(remitted));
    const { domain } = stage.sandbox.world.shop;
    assert.deepEqual(linesOf(shown).slice(1), [
      `Tax collected by ${domain} 7.02`,
      `Tax remitted by ${domain} -7.02`,
    ]);
    assert.equal(shown[0]?.amount, plain[0]?.amount);
  },

  async refund_strategy({ ruleBy, sell, change, invoices, stage }) {
    const spent = (order: Placed): number =>
      stage.sandbox.freshbooks.account().expenses.filter(({ notes }) => notes.includes(`order ${order.name}`))
        .length;
    await ruleBy('refund_strategy: expense', 'refund_category: Supplies');
    const beside = await sell(NEW_YORK);
    await change(beside, SEPTEMBER_REFUND);
    assert.deepEqual([invoices(beside).length, spent(beside)], [1, 1]);
    await ruleBy('refund_strategy: adjust', 'refund_category: Supplies');
    const taken = await sell(NEW_YORK);
    await change(taken, SEPTEMBER_REFUND);
    assert.deepEqual([invoices(taken).length, spent(taken)], [0, 0]);
  },

  async amount_refund_tax({ ruleBy, sell, change, goTo, invoices, stage }) {
    const lines = async (way: string): Promise<string[]> => {
      await ruleBy(`amount_refund_tax: ${way}`);
      const order = await sell(card([of(KETTLE)], { to: 'CA-ON' }));
      await change(order, { kind: 'refund', request: { amount: { shop: 1_130n, presentment: 1_130n } } });
      return linesOf(invoices(order)).slice(1);
    };
    assert.deepEqual(await lines('none'), ['Refund -11.30']);
    assert.deepEqual(await lines('as_sold'), ['Refund -10.00 + HST 13']);
    const order = await sell(card([of(KETTLE)], { to: 'CA-ON' }));
    goTo('2026-10-03T15:00:00Z');
    await ruleBy('amount_refund_tax: as_sold', 'refund_category: Supplies');
    const amount = { shop: 1_130n, presentment: 1_130n };
    await change(order, { kind: 'refund', request: { amount } });
    await change(order, { kind: 'refund', request: { amount, to: 'shopify_store_credit' } });
    const { expenses, creditNotes } = stage.sandbox.freshbooks.account();
    assert.deepEqual(
      expenses.map((expense) => [expense.amount, ...expense.taxes.map((tax) => `${tax.name} ${tax.amount}`)]),
      [['11.30', 'HST 1.30']],
    );
    assert.deepEqual(
      creditNotes.map((note) => note.amount),
      ['11.30'],
    );
  },

  async refund_category({ ruleBy, sell, change, goTo, questions, retry, stage }) {
    await ruleBy('refund_category: Supplies');
    const order = await sell(NEW_YORK);
    await ruleBy();
    goTo('2026-10-03T15:00:00Z');
    await change(order, SEPTEMBER_REFUND);
    assert.deepEqual(await questions(order), ['refund-category-missing'], 'of a booked order too, at once');
    await ruleBy('refund_category: travel');
    assert.equal(await retry(order), 'settled');
    const expense = stage.sandbox.freshbooks
      .account()
      .expenses.find(({ notes }) => notes.includes(`order ${order.name}`));
    assert.equal(expense?.category, 'Travel');
  },

  async line_names({ ruleBy, sell, change, invoices }) {
    await ruleBy(
      'line_names: { discount: Rabatt, duty: Zoll, fee: Gebühr, gift_card: Gutschein, refund: Erstattung, shipping: Versand, tip: Trinkgeld }',
    );
    const order = await sell(
      card([of(SHIRT), { kind: 'gift card', cents: 5_000n, quantity: 1 }], {
        to: 'GB',
        tipCents: 250n,
        dutyCents: 480n,
        feeCents: 125n,
        shipping: POST,
        deals: [{ type: 'discount_code', label: 'OFF', on: { line: 0 }, cents: 300n }],
      }),
    );
    await change(order, { kind: 'refund', request: { amount: { shop: 100n, presentment: 100n } } });
    const [invoice] = invoices(order);
    const named = new Map(invoice?.lines.map(({ name, description }) => [name, description]));
    const names = ['Gutschein', 'Versand', 'Trinkgeld', 'Zoll', 'Gebühr', 'Rabatt: OFF', 'Erstattung'];
    assert.deepEqual(
      names.filter((name) => !named.has(name)),
      [],
      [...named.keys()].join(', '),
    );
    assert.match(named.get('Versand') ?? '', /^Standard/, 'what the shop calls it is not lost');
  },

  async language({ ruleBy, sell, invoices }) {
    const written = async (...lines: string[]): Promise<unknown> => {
      await ruleBy(...lines);
      return invoices(await sell(card([of(BREAD)])))[0]?.texts['language'];
    };
    assert.equal(await written('language: fr'), 'fr');
    assert.equal(await written(), 'en');
  },

  async books_start({ ruleBy, sell, change, questions, state, retry, invoices }) {
    await ruleBy('refund_category: Supplies');
    const booked = await sell(NEW_YORK);
    await ruleBy('refund_category: Supplies', 'books_start: 2026-10-01');
    const early = await sell(NEW_YORK);
    assert.deepEqual([await questions(early), invoices(early).length], [['period-closed'], 0]);
    await change(booked, SEPTEMBER_REFUND);
    assert.deepEqual(await questions(booked), ['period-closed'], 'of a booked order too, at once');
    await ruleBy('refund_category: Supplies', 'books_start: 2026-09-15');
    assert.equal(await retry(early), 'settled');
    assert.equal(await retry(booked), 'settled');
    assert.equal(await state(booked), 'settled');
  },

  async closed_through({ ruleBy, sell, change, goTo, questions, retry, invoices }) {
    await ruleBy('refund_category: Supplies');
    const booked = await sell(NEW_YORK);
    await ruleBy('refund_category: Supplies', 'closed_through: 2026-09-30');
    assert.deepEqual(await questions(await sell(NEW_YORK)), ['period-closed']);
    await change(booked, SEPTEMBER_REFUND);
    assert.deepEqual(await questions(booked), ['period-closed'], 'of a booked order too, at once');
    goTo('2026-10-01T15:00:00Z');
    const open = await sell(NEW_YORK);
    assert.deepEqual([await questions(open), invoices(open)[0]?.createdOn], [[], '2026-10-01']);
    await ruleBy('refund_category: Supplies', 'closed_through: 2026-08-31');
    assert.equal(await retry(booked), 'settled');
  },
};

/** Rules that stand before the first order. */
const BEFORE_ALL: Readonly<Record<string, () => Promise<void>>> = {
  'book_when: partly_fulfilled': () =>
    selling({ region: 'eu' }, async ({ ruleBy, place, act, invoices, standing, expected }) => {
      await ruleBy('book_when: partly_fulfilled', 'untold_tax: { default: none }');
      const pending = await place({ in: 'DE', items: [{ product: 0, quantity: 3 }], status: 'PENDING' });
      const unshipped = await act(pending, { kind: 'confirm' });
      assert.match(unshipped.reason ?? '', /until a part of it is fulfilled/);
      const partly = await act(unshipped, { kind: 'ship', units: [{ item: 0, quantity: 1 }] });
      const [invoice] = invoices(partly);
      const { sold } = expected(partly);
      assert.deepEqual([standing(partly).invoiced, standing(partly).paid], [sold.invoiceTotal, 0n]);
      const shipped = await act(partly, { kind: 'ship' }, 40 * DAY_MS);
      assert.deepEqual([shipped.state, standing(shipped).paid], ['settled', sold.invoiceTotal]);
      assert.deepEqual(
        invoices(shipped).map(({ createdOn }) => createdOn),
        [invoice?.createdOn],
      );
    }),

  invoice_number_compact: () =>
    atRuled({ stage: { freshbooks: { numberLengthMax: 8 } } }, async ({ ruleBy, sell, invoices }) => {
      await ruleBy('invoice_number_compact: "S{order_number}"');
      const order = await sell(card([of(BREAD)]));
      assert.equal(invoices(order)[0]?.number, `S${order.name.slice(1)}`);
    }),

  untold_tax: () =>
    selling({ region: 'eu' }, async ({ ruleBy, scenario, invoices }) => {
      assert.match((await scenario('Germany, tax untold')).reason ?? '', /hold a tax that is not told/);
      await ruleBy('untold_tax: { DE: "19" }');
      const [invoice] = invoices(await scenario('Germany, tax untold'));
      const taxes = invoice?.lines.flatMap((line) =>
        line.taxes.map(({ name, percent }) => `${name} ${percent}`),
      );
      assert.deepEqual([...new Set(taxes)], ['VAT 19']);
    }),

  channel_fees: () => feesOfASettlement('channel_fees: per_settlement', 'fee_category: Supplies'),

  fee_category: () =>
    feesOfASettlement('channel_fees: per_settlement', async ({ ruleBy, retry }, held) => {
      assert.match(held.reason ?? '', /no category is chosen for fees/);
      await ruleBy('channel_fees: per_settlement', 'fee_category: supplies');
      return retry(held);
    }),

  async currency() {
    const folder = await mkdtemp(join(tmpdir(), 'counterfoil-currency-'));
    const environment = { DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}` };
    const outside = systemOutside(() => undefined);
    const app = await openApp(readConfig(environment), outside);
    await importRules(app, 'shopify', ['currency: presentment']);
    await app.close();
    // Not at the counter, which imports rules under the server that runs already.
    const stage = await openStage({ environment });
    try {
      const order = stage.sandbox.world.scenario('paid, buyer pays in euro');
      assert.equal((await stage.book(order)).state, 'settled');
      assert.equal(stage.invoices(order)[0]?.currency, 'EUR');
    } finally {
      await stage.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** From a fee to its expense. */
async function feesOfASettlement(
  ...rules: readonly (string | ((seller: Seller, held: OrderRecord) => Promise<OrderRecord>))[]
): Promise<void> {
  await selling({ region: 'na' }, async (seller) => {
    const lines = rules.filter((rule) => typeof rule === 'string');
    await seller.ruleBy(...lines);
    await seller.place({ items: [{ product: 0 }], fulfilledBy: 'AMAZON' });
    await seller.payOut();
    let [settlement] = await seller.wait(4 * DAY_MS);
    for (const answer of rules) {
      if (typeof answer !== 'string' && settlement !== undefined) {
        settlement = await answer(seller, settlement);
      }
    }
    assert.equal(settlement?.state, 'settled', settlement?.reason);
    const [expected] = seller.expectedSettlements();
    assert.deepEqual(
      seller.feeExpenses().map(({ amount, category }) => [BigInt(amount.replace('.', '')), category]),
      [[expected?.fees, 'Supplies']],
    );
  });
}

async function atRuled(options: CounterOptions, act: Effect): Promise<void> {
  await atCounter(options, (counter) => act(ruled(counter)));
}

/** Half a minute of its own: CI runs it, and whoever asks for it. */
const LONG =
  process.env['COUNTERFOIL_TEST_ALL'] === '1'
    ? {}
    : { skip: 'long: COUNTERFOIL_TEST_ALL=1 node --test tests/cases/rules.test.ts' };

void describe('a rule of the file has its effect in the account:', LONG, () => {
  for (const [name, effect] of Object.entries(EFFECTS)) {
    void test(name, () => atRuled({}, effect));
  }
  for (const [name, effect] of Object.entries(BEFORE_ALL)) {
    void test(name, effect);
  }

  for (const [name, [rule, parts]] of Object.entries(REFUNDED)) {
    void test(`${name}, and the books follow what is refunded in this month and in the next`, () =>
      atRuled({}, async ({ ruleBy, sell, change, goTo, agrees }) => {
        await ruleBy('refund_category: Supplies', rule);
        const order = await sell(card([of(SHIRT, 3), of(BREAD)], { ...parts, shipping: POST }));
        await agrees(order);
        for (const moment of ['2026-09-16T15:00:00Z', '2026-10-03T15:00:00Z']) {
          goTo(moment);
          const lines = [{ line: 0, quantity: 1 }];
          await change(order, { kind: 'refund', request: { lines, restock: 'return' } });
          await agrees(order);
          await change(order, {
            kind: 'refund',
            request: { amount: { shop: 111n, presentment: 111n } },
          });
          await agrees(order);
        }
      }));
  }
});

void test('every rule of the file is shown by an effect', () => {
  const shown = new Set(
    [...Object.keys(EFFECTS), ...Object.keys(BEFORE_ALL)].map((name) => name.replace(/:.*/, '')),
  );
  assert.deepEqual([...shown].toSorted(), RULE_KEYS.map(({ name }) => name).toSorted());
});

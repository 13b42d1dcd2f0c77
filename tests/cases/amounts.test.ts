import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REFUND_CATEGORY, atCounter } from '#tests/cases/counter.ts';
import type { Counter } from '#tests/cases/counter.ts';
import { BREAD, KETTLE, PAPERS, POST, SHIRT, card, of } from '#tests/cases/goods.ts';
import type { Placed } from '#tests/stage.ts';

/** Cases 10 to 13 and 29 to 37 of docs/bookkeeping.md: what an order's amounts become. */

/** Lines as they stand: name, quantity, unit price, amount, taxes. */
function linesOf({ stage }: Counter, order: Placed): string[] {
  const [invoice] = stage.invoices(order);
  return (invoice?.lines ?? []).map(
    ({ name, quantity, unitCost, amount, taxes }) =>
      `${name}: ${quantity} x ${unitCost} = ${amount}${taxes.map((tax) => ` + ${tax.name} ${tax.percent}`).join('')}`,
  );
}

const FEE = { title: 'Colorado Retail Delivery Fee', cents: 28n };

void describe('cases of amounts', () => {
  void test('case 10: ten of 23.90 with VAT within, less a quarter, end at the charged 179.25', () =>
    atCounter({ stage: { world: { shop: { currency: 'GBP', taxesIncluded: true } } } }, async (counter) => {
      const order = await counter.sell(
        card([{ kind: 'custom', title: 'Coffee', cents: 2_390n, quantity: 10 }], {
          to: 'GB',
          taxesIncluded: true,
          deals: [{ type: 'discount_code', label: 'QUARTER', on: 'order', hundredths: 2_500n }],
        }),
      );
      const { sold } = await counter.agrees(order);
      const [invoice] = counter.stage.invoices(order);
      assert.equal(invoice?.amount.replace('.', ''), String(sold.total));
      assert.ok(linesOf(counter, order).some((line) => line.includes('GB VAT 20')));
    }));

  void test('case 11: four taxes of Los Angeles stand as two whose sum was charged, with the split on the line', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(KETTLE), of(PAPERS, 3)], { to: 'US-CA', shipping: POST }));
      await counter.agrees(order);
      const [invoice] = counter.stage.invoices(order);
      const [line] = invoice?.lines ?? [];
      assert.deepEqual(
        line?.taxes.map(({ percent }) => Number(percent)),
        [6, 3.5],
      );
      assert.match(
        line?.description ?? '',
        /California State Tax 6 %, Los Angeles County Tax 0\.25 %, Los Angeles City Tax 1 %, Los Angeles Co Local Tax Sl 2\.25 %/,
      );
    }));

  void test('case 12: 9.975 % of Quebec stands at its full rate and ends at the charged total', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(card([of(KETTLE), of(PAPERS, 3)], { to: 'CA-QC', shipping: POST }));
      await counter.agrees(order);
      assert.match(linesOf(counter, order)[0] ?? '', /GST 5.* QST 9\.975/);
    }));

  void test('case 13: an exempt buyer’s lines and exempt goods carry no tax', () =>
    atCounter({}, async (counter) => {
      const exempt = await counter.sell(card([of(KETTLE)], { to: 'US-NY', taxExempt: true }));
      await counter.agrees(exempt);
      assert.deepEqual(linesOf(counter, exempt), ['Pour-over kettle (BREW-01): 1 x 79.00 = 79.00']);
      const mixed = await counter.sell(card([of(KETTLE), of(9)], { to: 'US-NY' }));
      await counter.agrees(mixed);
      const [taxed, free] = counter.stage.invoices(mixed)[0]?.lines ?? [];
      assert.ok(taxed !== undefined && taxed.taxes.length > 0);
      assert.deepEqual(free?.taxes, []);
    }));

  void test('case 29: a gift card and a card are two payments of one invoice', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell({
        items: [of(KETTLE), of(PAPERS, 3)],
        payment: { kind: 'gift card and card', giftPercent: 30 },
      });
      await counter.agrees(order);
      const receipts = order.transactions.map(({ amount }) => amount.shop);
      assert.deepEqual(
        counter.stage.payments(order).map(({ type, amount }) => [type, BigInt(amount.replace('.', ''))]),
        [
          ['Other', receipts[0]],
          ['Credit Card', receipts[1]],
        ],
      );
    }));

  void test('case 30: a gift card sold is a line of its own without tax', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(
        card([{ kind: 'gift card', cents: 5_000n, quantity: 1 }, of(PAPERS)], { to: 'US-NY' }),
      );
      await counter.agrees(order);
      const line = linesOf(counter, order).find((text) => text.includes('50.00 = 50.00'));
      assert.ok(line !== undefined && !line.includes('+'), line);
    }));

  void test('case 31: tips, duties, import fees and custom items are lines of their own', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(
        card([of(KETTLE), { kind: 'custom', title: 'Engraving', cents: 1_275n, quantity: 2 }], {
          to: 'GB',
          tipCents: 250n,
          dutyCents: 480n,
          feeCents: 125n,
          shipping: POST,
        }),
      );
      const { sold } = await counter.agrees(order);
      assert.ok(sold.tip > 0n && sold.duties > 0n && sold.fees > 0n);
      const names = counter.stage.invoices(order)[0]?.lines.map(({ name }) => name) ?? [];
      for (const kind of [/^Engraving/, /^Tip/, /dut/i, /fee/i]) {
        assert.ok(
          names.some((name) => kind.test(name)),
          `${kind.source} among ${names.join(', ')}`,
        );
      }
    }));

  for (const [what, cents] of [
    ['paid shipping', 500n],
    ['free shipping', 0n],
  ] as const) {
    void test(`a state’s fee on deliveries stands as a line, and goes back with the shipping: ${what}`, () =>
      atCounter({ stage: { world: { shop: { deliveryFee: FEE } } } }, async (counter) => {
        const { sell, change, agrees, goTo, standing } = counter;
        const sold = (): Promise<Placed> =>
          sell(card([of(KETTLE, 2)], { shipping: [{ title: 'Post', cents }] }));
        const order = await sold();
        await agrees(order);
        assert.ok(linesOf(counter, order).includes('Colorado Retail Delivery Fee: 1 x 0.28 = 0.28'));
        await change(order, {
          kind: 'refund',
          request: { lines: [{ line: 0, quantity: 1 }], restock: 'return' },
        });
        await agrees(order);
        await change(order, { kind: 'refund', request: { lines: 'all', shipping: true, restock: 'return' } });
        await agrees(order);
        // The shop gives free shipping back to nobody, and keeps its fee.
        assert.equal(standing(order).numbers.length, cents > 0n ? 0 : 1);
        const later = await sold();
        goTo('2026-10-03T15:00:00Z');
        await change(later, { kind: 'refund', request: { lines: 'all', shipping: true, restock: 'return' } });
        await agrees(later);
      }));
  }

  void test('case 32: a free order is skipped with the reason, or booked at 0.00 where the rules say so', async () => {
    const free = {
      items: [of(PAPERS)],
      deals: [{ type: 'discount_code', label: 'FREE', on: 'order', hundredths: 10_000n }],
      payment: { kind: 'open' },
    } as const;
    await atCounter({}, async ({ sell, standing, stage }) => {
      const order = await sell(free);
      assert.deepEqual(standing(order).numbers, []);
      const record = await stage.atRest(order);
      assert.equal(record.state, 'skipped');
      assert.match(record.reason ?? '', /Nothing was charged/);
    });
    await atCounter({ rules: { skipZeroTotals: false } }, async ({ sell, standing, agrees }) => {
      const order = await sell(free);
      assert.equal(standing(order).numbers.length, 1);
      await agrees(order);
    });
  });

  void test('case 33: discounts stand by their allocations, cent by cent, and never as a percentage', () =>
    atCounter({}, async (counter) => {
      const order = await counter.sell(
        card([of(SHIRT), of(SHIRT), of(SHIRT)], {
          to: 'US-NY',
          deals: [{ type: 'discount_code', label: 'TEN', on: 'order', cents: 1_000n }],
        }),
      );
      await counter.agrees(order);
      const allocated = order.lines.flatMap((line) => line.allocations.map(({ amount }) => amount.shop));
      assert.equal(
        allocated.reduce((sum, amount) => sum + amount, 0n),
        1_000n,
      );
      assert.ok(allocated.includes(334n), 'the odd cent is on one of them');
      const discounts = linesOf(counter, order).filter((line) => line.startsWith('Discount: TEN'));
      const off = discounts.map((line) => Number(/= (-[\d.]+)/.exec(line)?.[1]));
      assert.equal(
        off.reduce((sum, amount) => sum + amount, 0),
        -10,
      );
    }));

  void test('case 34: an order in another currency is booked in the shop’s, or wholly in the buyer’s', async () => {
    const inEuro = card([of(KETTLE), of(PAPERS, 3)], {
      to: 'FR',
      presentmentCurrency: 'EUR',
      shipping: POST,
    });
    await atCounter({}, async ({ sell, stage, agrees }) => {
      const order = await sell(inEuro);
      await agrees(order);
      assert.deepEqual(
        [...stage.invoices(order), ...stage.payments(order)].map(({ currency }) => currency),
        ['USD', 'USD'],
      );
    });
  });

  void test('case 35: yen has no decimals and stands undivided', () =>
    atCounter(
      {
        stage: {
          world: { shop: { currency: 'JPY', taxesIncluded: true, timeZone: 'Asia/Tokyo' } },
          freshbooks: { zeroDecimalCurrencies: 'none' },
          accounts: [{ id: 'SiMfb1', currency: 'JPY' }],
        },
      },
      async (counter) => {
        const order = await counter.sell(card([of(KETTLE)], { to: 'JP', taxesIncluded: true }));
        const { sold } = await counter.agrees(order);
        assert.equal(counter.stage.invoices(order)[0]?.amount, String(sold.total));
      },
    ));

  void test('case 36: guests without an e-mail address share one client, with their name on the invoice', () =>
    atCounter({}, async ({ sell, stage, agrees }) => {
      const guest = card([of(BREAD)], { customer: { kind: 'guest', email: null }, sourceName: 'pos' });
      const orders = [await sell(guest), await sell(guest)];
      const clients = orders.map((order) => stage.invoices(order)[0]?.clientId);
      assert.equal(new Set(clients).size, 1);
      for (const order of orders) {
        await agrees(order);
      }
      const named = await sell(card([of(BREAD)], { customer: { kind: 'guest', email: 'one@example.org' } }));
      assert.notEqual(stage.invoices(named)[0]?.clientId, clients[0], 'an address of one’s own is a client');
    }));

  void test('case 37: a customer is known by the shop’s number for him first, whatever address he has now', () =>
    atCounter({}, async ({ sell, stage, agrees }) => {
      const first = await sell(card([of(BREAD)], { customer: { kind: 'new', person: 2 } }));
      const second = stage.sandbox.world.place(card([of(PAPERS)], { customer: { kind: 'repeat' } }));
      const moved = stage.sandbox.shopify.webhooks
        .body(second.id)
        .replaceAll(/[\w.+-]+@example\.[a-z]+/g, 'moved@example.net');
      await stage.tell({ topic: 'orders/create', body: moved, order: second });
      assert.equal(stage.invoices(second)[0]?.clientId, stage.invoices(first)[0]?.clientId);
      assert.equal(stage.sandbox.freshbooks.account().clients.length, 1);
      await agrees(second);
    }));

  void test('a customer whose client was merged into another in FreshBooks is booked on that one from then on', () =>
    atCounter({}, async ({ sell, stage, agrees }) => {
      const first = await sell(card([of(BREAD)], { customer: { kind: 'new', person: 2 } }));
      const hand = stage.sandbox.freshbooks.byHand();
      const [before] = stage.sandbox.freshbooks.account().clients;
      assert.ok(before !== undefined);
      const other = hand.addClient({ fname: 'Same', email: before.texts['email'] ?? '' });
      hand.editClient(before.id, { vis_state: 1 });
      const second = await sell(card([of(PAPERS)], { customer: { kind: 'repeat' } }));
      assert.equal(stage.invoices(second)[0]?.clientId, other);
      assert.equal(stage.invoices(first)[0]?.clientId, before.id);
      await agrees(second);
      assert.equal(stage.sandbox.freshbooks.account().clients.length, 2);
    }));

  void test('a shared client that was deleted in FreshBooks is made again once, for all that follow', () =>
    atCounter({}, async ({ sell, stage, agrees }) => {
      const guest = card([of(BREAD)], { customer: { kind: 'guest', email: null }, sourceName: 'pos' });
      await sell(guest);
      const [before] = stage.sandbox.freshbooks.account().clients;
      stage.sandbox.freshbooks.byHand().editClient(before?.id ?? 0, { vis_state: 1 });
      for (const order of [await sell(guest), await sell(guest)]) {
        await agrees(order);
      }
      const { clients } = stage.sandbox.freshbooks.account();
      assert.deepEqual(
        clients.map(({ visState }) => visState),
        [1, 0],
      );
    }));

  void test('a refund’s expense stands in the category that was chosen', () =>
    atCounter({}, async ({ sell, change, goTo, stage, agrees }) => {
      const order = await sell(card([of(KETTLE)], { to: 'US-NY' }));
      goTo('2026-10-03T15:00:00Z');
      await change(order, { kind: 'refund', request: { lines: 'all', restock: 'return' } });
      await agrees(order);
      assert.deepEqual(
        stage.sandbox.freshbooks.account().expenses.map(({ category, date }) => [category, date]),
        [[REFUND_CATEGORY, '2026-10-03']],
      );
    }));
});

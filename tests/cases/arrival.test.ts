import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { FOUND_TOPIC, READ_TOPIC } from '#pipeline/source.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { atCounter } from '#tests/cases/counter.ts';
import { KETTLE, card, of } from '#tests/cases/goods.ts';
import { runCommand } from '#tests/e2e/command.ts';
import { until } from '#tests/until.ts';

/** Cases 1 to 9 of docs/bookkeeping.md: how orders arrive. */

const ONE = card([of(KETTLE)]);

void describe('cases of arrival', () => {
  void test('case 1: the same webhook twice, and two topics of one order, are one invoice and one payment', () =>
    atCounter({}, async ({ stage, sell, standing, agrees }) => {
      const order = await sell(ONE);
      for (const topic of ['orders/create', 'orders/paid', 'orders/updated']) {
        await stage.book(order, topic);
      }
      assert.equal(standing(order).numbers.length, 1);
      assert.equal(stage.payments(order).length, 1);
      await agrees(order);
    }));

  void test('case 2: paid before created is one invoice and one payment', () =>
    atCounter({}, async ({ stage, standing, agrees }) => {
      const order = stage.sandbox.world.place(ONE);
      await stage.book(order, 'orders/paid');
      await stage.book(order, 'orders/create');
      assert.equal(standing(order).numbers.length, 1);
      assert.equal(stage.payments(order).length, 1);
      await agrees(order);
    }));

  void test('case 3: a late message of an older state changes nothing', () =>
    atCounter({}, async ({ stage, sell, change, agrees }) => {
      const order = await sell(card([of(KETTLE, 2)]));
      const old = stage.sandbox.shopify.webhooks.body(order.id);
      const after = await change(order, {
        kind: 'refund',
        request: { lines: [{ line: 0, quantity: 1 }], restock: 'return' },
      });
      const before = await agrees(after);
      await stage.tell({ topic: 'orders/create', body: old, order });
      assert.deepEqual((await agrees(after)).now, before.now);
      const record = await stage.atRest(order);
      const kept = await stage.app.store.read.deliveriesOf(record.key);
      assert.ok(kept.length >= 3, 'the late message is kept');
    }));

  void test('case 4: an invoice whose answer was lost is found and not made again', () => {
    const faults = scriptedFaults([
      { method: 'POST', path: '/invoices/invoices', nth: 1, fault: { kind: 'commit-then-drop' } },
    ]);
    return atCounter({ stage: { faults } }, async ({ stage, sell, agrees }) => {
      const order = await sell(ONE);
      assert.equal(faults.injected.length, 1);
      assert.equal(stage.invoices(order).length, 1);
      await agrees(order);
    });
  });

  void test('case 6: an order whose first webhooks never came is booked by any later one, under its own day', () =>
    atCounter({}, async ({ stage, goTo, standing, agrees }) => {
      const order = stage.sandbox.world.place(ONE);
      goTo('2026-09-18T15:00:00Z');
      const noted = stage.sandbox.world.act(order.id, { kind: 'note', note: 'Gift wrap' });
      await stage.book(noted, 'orders/updated');
      await agrees(noted);
      assert.equal(standing(order).numbers.length, 1);
      assert.equal(stage.invoices(order)[0]?.createdOn, '2026-09-15');
      assert.equal(stage.payments(order)[0]?.date, '2026-09-15', 'the day that the shop tells of the money');
    }));

  void test('case 6: an order of which no webhook ever came is found by asking the shop, under its own day', () =>
    atCounter({}, async ({ stage, standing, agrees }) => {
      const order = stage.sandbox.world.place(ONE);
      // As after weeks in which nothing reached the service: it stopped listening before the order was placed.
      const before = Date.parse('2026-09-15T14:00:00Z');
      await stage.restart(async ({ databasePath }) => {
        using database = new DatabaseSync(databasePath);
        database.prepare("update settings set value = ? where key like 'swept%:shopify'").run(String(before));
      });
      await until('the order is known', async () => {
        const [record] = await stage.app.store.read.orders({ search: `shopify/${order.id}`, limit: 1 });
        return record !== undefined;
      });
      const { key } = await stage.atRest(order);
      await agrees(order);
      assert.equal(standing(order).numbers.length, 1);
      assert.equal(stage.invoices(order)[0]?.createdOn, '2026-09-15');
      const told = await stage.app.store.read.deliveriesOf(key);
      assert.deepEqual(
        told.map(({ topic }) => topic),
        [FOUND_TOPIC, READ_TOPIC],
      );
      const environment = {
        ...stage.sandbox.environment,
        DATABASE_URL: `sqlite:${stage.config.databasePath}`,
      };
      const { out } = await runCommand(['explain', order.name], { cwd: tmpdir(), environment });
      assert.match(out.replace(/\s+/g, ' '), /Found at the shop.* no message had told it/);
    }));

  void test('case 7: old orders told again beside live ones are booked once each', () =>
    atCounter({}, async ({ stage, sell, standing, agrees }) => {
      const old = [await sell(ONE), await sell(ONE), await sell(ONE)];
      const live = stage.sandbox.world.place(ONE);
      await Promise.all([
        ...old.map((order) => stage.book(order, 'orders/updated')),
        stage.book(live),
        ...old.map((order) => stage.book(order, 'orders/create')),
      ]);
      for (const order of [...old, live]) {
        assert.equal(standing(order).numbers.length, 1);
        await agrees(order);
      }
    }));

  void test('case 7: orders from before the service ran are brought by a backfill, under their own days, beside live ones', () =>
    atCounter({}, async ({ stage, sell, goTo, standing, questions, agrees }) => {
      const { world } = stage.sandbox;
      const known = await sell(ONE);
      const old = Array.from({ length: 8 }, (_, index) => {
        goTo(`2026-09-${16 + index}T15:00:00Z`);
        return world.place(ONE);
      });
      goTo('2026-10-05T15:00:00Z');
      const other = world.place(ONE);
      const environment = {
        ...stage.sandbox.environment,
        DATABASE_URL: `sqlite:${stage.config.databasePath}`,
      };
      const command = async (...args: readonly string[]) =>
        runCommand(['backfill', ...args], { cwd: tmpdir(), environment });
      const days = ['--since', '2026-09-15', '--until', '2026-09-23'];
      const counted = await command(...days, '--dry-run', '--json');
      assert.deepEqual(JSON.parse(counted.out), {
        source: 'shopify',
        since: '2026-09-15',
        until: '2026-09-23',
        found: 9,
        unknown: 8,
        otherInvoices: [],
      });
      const asked = await command(...days);
      assert.equal(asked.code, 0, asked.err);
      assert.match(asked.out.replace(/\s+/g, ' '), /The running server brings the orders of shopify/);
      const live = world.place(ONE);
      await Promise.all([stage.book(live), stage.book(old[3] ?? assert.fail())]);
      await until('the backfill is done', async () => {
        const { out } = await command('--json');
        return JSON.parse(out).state === 'done';
      });
      for (const [index, order] of old.entries()) {
        await stage.atRest(order);
        await agrees(order);
        assert.equal(standing(order).numbers.length, 1);
        assert.equal(stage.invoices(order)[0]?.createdOn, `2026-09-${16 + index}`);
      }
      for (const order of [known, live]) {
        await agrees(order);
        assert.equal(standing(order).numbers.length, 1);
      }
      assert.deepEqual(stage.invoices(other), [], 'other days are not brought');
      assert.deepEqual(await questions(known), []);
      const { out } = await command();
      assert.match(out, /2026-09-15 to 2026-09-23: done\n+Done through 2026-09-23: 9 orders/);
    }));

  void test('case 8: an invoice made by hand for this order and numbered like it is linked when equal, and its money left alone', () =>
    atCounter({}, async ({ stage, change, questions, standing }) => {
      const order = stage.sandbox.world.place(ONE);
      const body = JSON.parse(stage.sandbox.shopify.webhooks.body(order.id));
      const hand = stage.sandbox.freshbooks.byHand();
      const number = `SHOPIFY-${order.name.slice(1)}`;
      hand.addInvoice({
        customerid: hand.addClient({ fname: 'Jane' }),
        create_date: body.processed_at.slice(0, 10),
        invoice_number: number,
        po_number: `SHOPIFY-ORDER-${order.id}`,
        lines: [{ name: 'All of it', qty: 1, unit_cost: { amount: body.total_price, code: 'USD' } }],
      });
      await stage.book(order);
      assert.deepEqual(await questions(order), []);
      assert.deepEqual(standing(order).numbers, [number]);
      assert.equal(standing(order).paid, 0n);
      await change(order, { kind: 'note', note: 'Ring twice' });
      assert.deepEqual(await questions(order), []);
      await change(order, { kind: 'edit', edit: { kind: 'add', item: of(KETTLE) } });
      assert.deepEqual(await questions(order), ['order-changed'], 'what was added is on no invoice');
      assert.deepEqual(standing(order).numbers, [number]);
    }));

  void test('case 9: a number that something else has gets a suffix, and nothing is written over', () =>
    atCounter({}, async ({ stage, standing, agrees }) => {
      const order = stage.sandbox.world.place(ONE);
      const hand = stage.sandbox.freshbooks.byHand();
      const invoice_number = `SHOPIFY-${order.name.slice(1)}`;
      hand.addInvoice({
        customerid: hand.addClient({ fname: 'Another' }),
        create_date: '2026-01-05',
        invoice_number,
        lines: [{ name: 'Workshop', qty: 1, unit_cost: { amount: '12.00', code: 'USD' } }],
      });
      await stage.book(order);
      assert.deepEqual(standing(order).numbers, [`${invoice_number}-2`]);
      await agrees(order);
    }));
});

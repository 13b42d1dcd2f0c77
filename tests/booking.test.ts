import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { SHOPIFY } from '#connections.ts';
import { localDate, parseZone } from '#core/time.ts';
import { askBackfill, readBackfill } from '#pipeline/backfill.ts';
import { releaseOrder } from '#pipeline/release.ts';
import { orderOf } from '#core/settlement.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { message } from './build.ts';
import { openStage } from './stage.ts';
import { expectedBooks } from '#sim/check.ts';
import { standingOf } from '#sim/standing.ts';
import { runCommand } from './e2e/command.ts';
import { until } from './until.ts';
import type { Placed, Stage } from './stage.ts';

/** What becomes of an order when FreshBooks, a person or the network does something of its own. */

type Options = Parameters<typeof openStage>[0];

async function onStage(options: Options, act: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage(options);
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
}

const openHolds = async ({ app }: Stage, order: Placed): Promise<string[]> => {
  const [record] = await app.store.read.orders({ search: `shopify/${order.id}`, limit: 1 });
  const holds = record === undefined ? [] : await app.store.read.holds({ order: record.key, isOpen: true });
  return holds.map((hold) => hold.code);
};
/** As the command line does it: the order is worked on at once instead of at its next turn. */
const retry = async ({ app }: Stage, order: Placed): Promise<void> => {
  const [record] = await app.store.read.orders({ search: `shopify/${order.id}`, limit: 1 });
  assert.ok(record !== undefined);
  await releaseOrder(app.store, record.key, { now: app.clock.now(), account: 'freshbooks' });
};
const told = async ({ app }: Stage): Promise<string> =>
  (await app.store.read.notices()).map((notice) => notice.sentence).join('\n');

test('a refused length switches the account to the short number, once and told', () =>
  onStage({ freshbooks: { numberLengthMax: 10 } }, async (stage) => {
    const orders = [
      stage.sandbox.world.scenario('paid, one line'),
      stage.sandbox.world.scenario('paid, Quebec'),
    ];
    for (const order of orders) {
      assert.equal((await stage.book(order)).state, 'settled');
      assert.deepEqual(
        stage.invoices(order).map((row) => [row.number, row.status]),
        [[`SH${order.name.slice(1)}`, 4]],
      );
    }
    assert.match(await told(stage), /short invoice numbers from now on/);
    const refused = stage.sandbox.freshbooks.calls.filter(
      (call) => call.method === 'POST' && call.status >= 400,
    );
    assert.equal(refused.length, 1, 'only the first order met the refusal');
  }));

test('an invoice of something else under our number stays, and the order gets a suffix', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    const hand = stage.sandbox.freshbooks.byHand();
    const customerid = hand.addClient({ fname: 'Another', email: 'another@example.com' });
    const number = `SHOPIFY-${order.name.slice(1)}`;
    const lines = [{ name: 'Workshop', qty: 1, unit_cost: { amount: '12.00', code: 'USD' } }];
    hand.addInvoice({ customerid, create_date: '2026-01-05', invoice_number: number, lines });
    assert.equal((await stage.book(order)).state, 'settled');
    assert.deepEqual(
      stage.invoices(order).map((row) => [row.number, row.status]),
      [[`${number}-2`, 4]],
    );
    const other = stage.sandbox.freshbooks.account().invoices.find((row) => row.number === number);
    assert.deepEqual([other?.amount, other?.status], ['12.00', 1]);
    assert.match(await told(stage), /suffix -2/);
  }));

test('an invoice made by hand for this order and equal to it is linked, and its money is left alone', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    const body = JSON.parse(stage.sandbox.shopify.webhooks.body(order.id));
    const hand = stage.sandbox.freshbooks.byHand();
    const customerid = hand.addClient({ fname: 'Jane', email: body.email });
    const lines = [{ name: 'All of it', qty: 1, unit_cost: { amount: body.total_price, code: 'USD' } }];
    const po_number = `SHOPIFY-ORDER-${order.id}`;
    const invoice_number = `SHOPIFY-${order.name.slice(1)}`;
    hand.addInvoice({
      customerid,
      create_date: body.processed_at.slice(0, 10),
      invoice_number,
      po_number,
      lines,
    });
    assert.equal((await stage.book(order)).state, 'settled');
    assert.deepEqual(
      stage.invoices(order).map((row) => [row.amount, row.status]),
      [[body.total_price, 1]],
    );
    assert.equal(stage.payments(order).length, 0);
    assert.equal(
      stage.sandbox.freshbooks.account().clients.length,
      1,
      'no client was made for a linked invoice',
    );
    assert.match(await told(stage), /linked, not changed/);
  }));

test('an invoice made by hand for this order that differs is held, and no second one is made', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    const hand = stage.sandbox.freshbooks.byHand();
    const customerid = hand.addClient({ fname: 'Jane' });
    const lines = [{ name: 'Almost', qty: 1, unit_cost: { amount: '1.00', code: 'USD' } }];
    hand.addInvoice({
      customerid,
      create_date: '2026-01-05',
      po_number: `SHOPIFY-ORDER-${order.id}`,
      invoice_number: `SHOPIFY-${order.name.slice(1)}`,
      lines,
    });
    assert.equal((await stage.book(order)).state, 'held');
    assert.deepEqual(await openHolds(stage, order), ['books-invoice-unclear']);
    assert.equal(stage.invoices(order).length, 1);
  }));

test('beyond the plan’s clients an order stands on the shared client with the buyer’s name on the invoice', () =>
  onStage({ accounts: [{ id: 'SiMfb1', clientLimit: 1 }] }, async (stage) => {
    const first = stage.sandbox.world.scenario('paid at the till in cash, no customer');
    const second = stage.sandbox.world.scenario('paid, one line');
    await stage.book(first);
    assert.equal((await stage.book(second)).state, 'settled');
    const { clients } = stage.sandbox.freshbooks.account();
    assert.equal(clients.length, 1);
    const body = JSON.parse(stage.sandbox.shopify.webhooks.body(second.id));
    const [invoice] = stage.invoices(second);
    assert.deepEqual([invoice?.clientId, invoice?.status], [clients[0]?.id, 4]);
    assert.equal(invoice?.texts['lname'], body.billing_address?.last_name ?? body.customer.last_name);
    assert.match(await told(stage), /shared client/);
  }));

test('reminders that cannot be switched off for a client of the owner’s own keep the invoice a draft and ask', () =>
  onStage({ freshbooks: { remindersOnInvoice: 'ignored' } }, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    const { email } = JSON.parse(stage.sandbox.shopify.webhooks.body(order.id));
    stage.sandbox.freshbooks.byHand().addClient({ email });
    assert.equal((await stage.book(order)).state, 'held');
    assert.deepEqual(await openHolds(stage, order), ['books-reminders-on']);
    assert.deepEqual(
      stage.invoices(order).map((row) => row.status),
      [1],
    );
    assert.equal(stage.payments(order).length, 0);
  }));

for (const taxRounding of ['per-tax', 'per-line'] as const) {
  for (const halfRounding of ['half-up', 'half-even'] as const) {
    test(`rounding ${taxRounding} and ${halfRounding} ends equal to the shop, by a visible line where it must`, () =>
      onStage({ freshbooks: { taxRounding, halfRounding } }, async (stage) => {
        for (const kind of ROUNDED) {
          const order = stage.sandbox.world.scenario(kind);
          const { state, snapshot } = await stage.book(order);
          const [invoice] = stage.invoices(order);
          assert.deepEqual([kind, state, invoice?.status], [kind, 'settled', 4]);
          assert.equal(
            BigInt((invoice?.amount ?? '').replace('.', '')),
            orderOf(snapshot)?.total.minor,
            kind,
          );
          const roundings = invoice?.lines.filter((line) => line.name === 'Rounding') ?? [];
          assert.ok(roundings.length <= 1, 'one line, however often it was corrected');
        }
      }));
  }
}

const ROUNDED = [
  'paid, four taxes a line',
  'paid, Quebec',
  'paid, two lines, code discount',
  'paid, fixed code over three equal lines',
  'paid, line and order discount',
  'paid, tax included, two rates',
  'paid, repeat customer, several lines',
  'paid, shipping partly discounted',
] as const;

test('a correction is needed where FreshBooks rounds otherwise, and it is written down', () =>
  onStage({ freshbooks: { taxRounding: 'per-line' } }, async (stage) => {
    const corrected: string[] = [];
    for (const kind of ROUNDED) {
      const record = await stage.book(stage.sandbox.world.scenario(kind));
      const entries = await stage.app.store.read.entriesOf(record.key);
      corrected.push(
        ...entries.filter((entry) => entry.kind === 'lines' && entry.state === 'posted').map(() => kind),
      );
    }
    assert.ok(
      corrected.length > 0,
      'per-line rounding differs from what is expected in at least one of them',
    );
  }));

test('an order deleted in the shop is flagged and its invoice stays', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    await stage.book(order);
    stage.sandbox.world.act(order.id, { kind: 'delete' });
    const record = await stage.tell({ topic: 'orders/delete', body: `{"id":${order.id}}`, order });
    assert.equal(record.state, 'held');
    assert.deepEqual(await openHolds(stage, order), ['order-deleted']);
    assert.deepEqual(
      stage.invoices(order).map((row) => [row.visState, row.status]),
      [[0, 4]],
    );
  }));

test('an order deleted in the shop is flagged as that, also where a message would have the shop asked for it', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    await stage.book(order);
    stage.sandbox.world.act(order.id, { kind: 'delete' });
    await stage.tell({ topic: 'orders/delete', body: `{"id":${order.id}}`, order });
    const record = await stage.tell({
      topic: 'refunds/create',
      body: `{"id":1,"order_id":${order.id}}`,
      order,
    });
    assert.deepEqual([record.state, ...(await openHolds(stage, order))], ['held', 'order-deleted']);
  }));

test('an overheard message that is sent again as a deletion changes nothing, and a person sees it', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('authorized only');
    await stage.book(order);
    const record = await stage.book(order, 'orders/delete');
    assert.deepEqual([record.state, record.isDeleted], ['settled', false]);
    const [message] = await stage.app.store.read.deliveries({ state: 'held', limit: 10 });
    assert.match(
      message?.reason ?? '',
      /^The message came as orders\/delete, and its content is of something/,
    );
    stage.sandbox.world.act(order.id, { kind: 'capture' });
    await stage.book(order, 'orders/paid');
    assert.equal(stage.payments(order).length, 1);
  }));

test('a deletion that the shop does not bear out is not believed', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('authorized only');
    await stage.book(order);
    const record = await stage.tell({ topic: 'orders/delete', body: `{"id":${order.id}}`, order });
    assert.deepEqual([record.state, record.isDeleted, record.reread], ['settled', false, undefined]);
    assert.deepEqual(await openHolds(stage, order), []);
  }));

test('what was sent before an order was deleted and comes after it does not bring it back', () =>
  onStage({}, async (stage) => {
    const { world, shopify } = stage.sandbox;
    const order = world.scenario('authorized only');
    world.act(order.id, { kind: 'capture' });
    const late = shopify.webhooks.body(order.id);
    world.act(order.id, { kind: 'delete' });
    await stage.tell({ topic: 'orders/delete', body: `{"id":${order.id}}`, order });
    const record = await stage.tell({ topic: 'orders/paid', body: late, order });
    assert.deepEqual([record.state, record.isDeleted, record.reread], ['skipped', true, undefined]);
    assert.equal(stage.invoices(order).length, 0);
  }));

test('what was sent before an order was deleted does not bring it back however often it was overheard', () =>
  onStage({ environment: { SHOPIFY_API_KEY: '', SHOPIFY_API_SECRET: '' } }, async (stage) => {
    const { app, sandbox } = stage;
    const order = sandbox.world.scenario('paid, one line');
    const body = sandbox.shopify.webhooks.body(order.id);
    const { key } = await stage.book(order);
    const again = (name: string): Promise<void> =>
      app.store.transact(async (tx) => {
        for (let index = 0; index < 1000; index += 1) {
          const bytes = new TextEncoder().encode(body);
          const told = message({ externalId: `${name}-${index}`, body: bytes });
          const { id } = await tx.acceptDelivery(told, app.clock.now());
          await tx.settleDelivery(id, { state: 'sorted', order: key });
        }
      });
    const isDeleted = async () => (await app.store.read.order(key))?.isDeleted;
    await again('before');
    await stage.tell({ topic: 'orders/delete', body: `{"id":${order.id}}`, order });
    await stage.tell({ topic: 'orders/updated', body, order });
    assert.equal(await isDeleted(), true);
    await again('after');
    await stage.tell({ topic: 'orders/paid', body, order });
    assert.equal(await isDeleted(), true);
  }));

test('an order deleted in the shop of which only a client was made is booked no more', () => {
  const body = '{"response":{"errors":[{"errno":1,"message":"Internal error"}]}}';
  const faults = scriptedFaults([
    { method: 'POST', path: '/invoices/invoices', nth: 1, fault: { kind: 'error-200', body } },
  ]);
  return onStage({ faults }, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    assert.equal((await stage.book(order)).state, 'held');
    assert.equal(stage.invoices(order).length, 0);
    stage.sandbox.world.act(order.id, { kind: 'delete' });
    const record = await stage.tell({ topic: 'orders/delete', body: `{"id":${order.id}}`, order });
    await retry(stage, order);
    assert.deepEqual([record.state, ...(await openHolds(stage, order))], ['skipped']);
    assert.equal(stage.invoices(order).length, 0);
    const entries = await stage.app.store.read.entriesOf(record.key);
    assert.deepEqual(
      entries.filter(({ state }) => state === 'posted').map(({ kind }) => kind),
      ['client'],
    );
  });
});

test('a message that only names an order asks the shop, and what it shows is booked', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    await stage.book(order);
    stage.sandbox.world.act(order.id, {
      kind: 'refund',
      request: { lines: [{ line: 0, quantity: 1 }], restock: 'return' },
    });
    const record = await stage.tell({
      topic: 'refunds/create',
      body: `{"id":1,"order_id":${order.id}}`,
      order,
    });
    assert.equal(record.state, 'settled');
    assert.deepEqual(await openHolds(stage, order), []);
    const { now } = expectedBooks(stage.sandbox.world.order(order.id) ?? order);
    const { net, paid } = standingOf(stage.sandbox, order);
    assert.deepEqual([net, paid], [now.worth, now.kept]);
    assert.ok(stage.sandbox.shopify.calls().some((call) => call.operation !== null));
  }));

test('what is known is booked while the shop cannot be asked for the rest', () =>
  onStage({}, async (stage) => {
    const { world, shopify } = stage.sandbox;
    const order = world.scenario('unpaid, bank transfer');
    shopify.setShop('down');
    const late = new Date(Date.now() + 60_000).toISOString();
    const touch = `{"id":1,"order_id":${order.id},"created_at":"${late}"}`;
    const told = stage.tell({ topic: 'order_transactions/create', body: touch, order });
    const booked = stage.book(order);
    await until('the invoice stands', () => stage.invoices(order)[0]?.status === 2);
    shopify.setShop('open');
    await retry(stage, order);
    assert.deepEqual([(await booked).state, (await told).state], ['settled', 'settled']);
  }));

test('without access to the shop such a message waits for the order’s own and then goes on', () =>
  onStage({ environment: { SHOPIFY_API_KEY: '', SHOPIFY_API_SECRET: '' } }, async (stage) => {
    const order = stage.sandbox.world.scenario('unpaid, bank transfer');
    await stage.book(order);
    const stamp = new Date(Date.now() + 60_000).toISOString();
    const touch = {
      topic: 'order_transactions/create',
      body: `{"id":1,"order_id":${order.id},"created_at":"${stamp}"}`,
      order,
    };
    const waiting = stage.tell(touch);
    const paid = stage.sandbox.world.act(order.id, { kind: 'settle', status: 'success' });
    await stage.tell({
      topic: 'orders/updated',
      body: stage.sandbox.shopify.webhooks
        .body(paid.id)
        .replace(/"updated_at":"[^"]+"/, `"updated_at":"${stamp}"`),
      order,
    });
    await waiting;
    assert.deepEqual([(await stage.atRest(order)).state, stage.payments(order).length], ['settled', 1]);
  }));

// Each waits as long as the vendor may take: they wait together.
void describe('whatever answer is lost,', { concurrency: true }, () => {
  for (const { what, path } of [
    { what: 'client', path: '/users/clients' },
    { what: 'invoice', path: '/invoices/invoices' },
    { what: 'payment', path: '/payments/payments' },
  ]) {
    void test(`the ${what} whose answer is lost is found and not made again`, () => {
      const faults = scriptedFaults([{ method: 'POST', path, nth: 1, fault: { kind: 'commit-then-drop' } }]);
      return onStage({ faults }, async (stage) => {
        const order = stage.sandbox.world.scenario('paid, one line');
        assert.equal((await stage.book(order)).state, 'settled');
        assert.equal(faults.injected.length, 1);
        const { clients } = stage.sandbox.freshbooks.account();
        assert.deepEqual(
          [clients.length, stage.invoices(order).length, stage.payments(order).length],
          [1, 1, 1],
        );
        assert.equal(stage.invoices(order)[0]?.status, 4);
      });
    });
  }
});

test('a token that dies is renewed once, and a refused renewal pauses the account until a person connects', () =>
  onStage({}, async (stage) => {
    const { world, freshbooks } = stage.sandbox;
    await stage.book(world.scenario('paid, one line'));
    freshbooks.revokeGrants();
    const order = world.scenario('paid, Quebec');
    const waiting = stage.book(order);
    const pause = async () => (await stage.app.store.read.pause('freshbooks'))?.reason;
    for (;;) {
      if ((await pause()) !== undefined) break;
      await new Promise(setImmediate);
    }
    assert.equal(stage.invoices(order).length, 0);
    await stage.connect();
    await retry(stage, order);
    assert.equal((await waiting).state, 'settled');
    assert.equal(stage.invoices(order)[0]?.status, 4);
  }));

test('a client that is found gets its empty fields filled and keeps what a person wrote', () =>
  onStage({}, async (stage) => {
    const order = stage.sandbox.world.scenario('paid, one line');
    const body = JSON.parse(stage.sandbox.shopify.webhooks.body(order.id));
    const name = body.billing_address ?? body.customer;
    stage.sandbox.freshbooks.byHand().addClient({
      email: body.email.toUpperCase(),
      fname: name.first_name,
      lname: name.last_name,
      note: 'Ours since 2019',
    });
    await stage.book(order);
    const [client, ...more] = stage.sandbox.freshbooks.account().clients;
    assert.equal(more.length, 0);
    assert.equal(client?.texts['note'], 'Ours since 2019');
    assert.equal(client?.texts['p_city'], body.billing_address.city);
  }));

test('a service that was gone until Shopify took its webhooks away has them sent again when it starts', () =>
  onStage({}, async (stage) => {
    const { shopify } = stage.sandbox;
    await stage.app.shopAdmin.repairWebhooks();
    const count = shopify.subscriptions().length;
    assert.ok(count > 5);
    await stage.restart(async () =>
      shopify.subscriptions().forEach(({ id }) => shopify.dropSubscription(id)),
    );
    await until('they are registered', () => shopify.subscriptions().length === count);
  }));

test('days that are not brought on, as the shop refuses, are a warning of doctor until it answers', () =>
  onStage({}, async (stage) => {
    const { shopify, environment } = stage.sandbox;
    const doctor = async (): Promise<string> => {
      const settings = { ...environment, DATABASE_URL: `sqlite:${stage.config.databasePath}` };
      return (await runCommand(['doctor'], { cwd: tmpdir(), environment: settings })).out.replace(
        /\s+/g,
        ' ',
      );
    };
    await until('the sweep has looked', async () => /ok Shop changes/.test(await doctor()));
    shopify.setShop('frozen');
    const day = localDate(stage.app.clock.now(), parseZone('UTC'));
    const { outcome } = await askBackfill(stage.app.store, SHOPIFY, {
      now: stage.app.clock.now(),
      since: day,
      until: day,
    });
    assert.equal(outcome, 'asked');
    await until('it has failed', async () =>
      /warning Shop changes The orders of \S+ to \S+ have not been brought on for/.test(await doctor()),
    );
    await stage.restart(async () => shopify.setShop('open'));
    await until('it goes on', async () => /ok Shop changes/.test(await doctor()));
    await until(
      'it is done',
      async () => (await readBackfill(stage.app.store.read, SHOPIFY))?.state === 'done',
    );
  }));

test('a shop that cannot be asked what changed is a problem to doctor, until it answers', () =>
  onStage({}, async (stage) => {
    const { shopify, environment } = stage.sandbox;
    const doctor = async (): Promise<string> => {
      const settings = { ...environment, DATABASE_URL: `sqlite:${stage.config.databasePath}` };
      const { out } = await runCommand(['doctor'], { cwd: tmpdir(), environment: settings });
      return out;
    };
    await stage.restart(async () => shopify.setShop('frozen'));
    await until('the sweep has failed', async () =>
      /problem +Shop changes +Could not be asked what changed for .*refused/.test(await doctor()),
    );
    await stage.restart(async () => shopify.setShop('open'));
    await until('it has ended', async () =>
      /ok +Shop changes +Asked .* ago what changed without a message/.test(await doctor()),
    );
  }));

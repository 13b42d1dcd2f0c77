import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { after, localDate, parseLocalDate, parseZone } from '#core/time.ts';
import { orderOf } from '#core/settlement.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import { eraseFinished, eraseMessage, eraseOrder } from '#pipeline/redaction.ts';
import { startRetention } from '#pipeline/retention.ts';
import { decideOrder, putAside, releaseDelivery, releaseOrder } from '#pipeline/release.ts';
import { outputJson } from '#operator/json.ts';
import { readStory, storyJson } from '#operator/order-story.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { SHOP, message } from '#tests/build.ts';
import { hurriedClock, testClock } from '#tests/clock.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed, Stage } from '#tests/stage.ts';
import { until } from '#tests/until.ts';

/** Contact data is taken out of the database, and the books are proven and followed as before. */

const onStage = async (
  act: (stage: Stage) => Promise<void>,
  options: Parameters<typeof openStage>[0] = {},
): Promise<void> => {
  const stage = await openStage(options);
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
};

const WITHOUT_API = { environment: { SHOPIFY_API_KEY: '', SHOPIFY_API_SECRET: '' } };

interface Contact {
  readonly email: string;
  readonly phone: string;
  readonly street: string;
}

/** An order whose buyer has contact data that stands nowhere else. */
function bought(stage: Stage, name: string): { order: Placed; body: string; contact: Contact } {
  const order = stage.sandbox.world.scenario('paid, one line');
  const contact = {
    email: `${name}.planted@example.com`,
    phone: `+1555000${createHash('sha256').update(name).digest().readUInt32BE()}`,
    street: `${name} Planted Street 17`,
  };
  const body = JSON.parse(stage.sandbox.shopify.webhooks.body(order.id));
  const address = { ...body.billing_address, address1: contact.street, phone: contact.phone };
  const changed = {
    ...body,
    email: contact.email,
    phone: contact.phone,
    customer: { ...body.customer, id: Number(order.id) + 9, email: contact.email },
    billing_address: address,
    shipping_address: address,
  };
  return { order, body: JSON.stringify(changed), contact };
}

const tell = (stage: Stage, { order, body }: { order: Placed; body: string }): Promise<OrderRecord> =>
  stage.tell({ topic: 'orders/create', body, order });

/** The files of the database that hold any of these, as they lie on the disk. */
function filesWith({ app }: Stage, { email, phone, street }: Contact): string[] {
  const folder = dirname(app.config.databasePath);
  return readdirSync(folder).filter((name) => {
    const bytes = readFileSync(join(folder, name));
    return [email, phone, street].some((text) => bytes.includes(text));
  });
}

/** How many rows bear the hash by which the orders of one buyer find one client. */
function namedBy(databasePath: string, email: string): number {
  using file = new DatabaseSync(databasePath, { readOnly: true });
  const named = file.prepare(
    'select text from (select customer_id as text from clients union all select key from leases) where instr(text, ?) > 0',
  );
  return named.all(createHash('sha256').update(email).digest('hex')).length;
}

/** What `explain --json` tells of the order. */
async function told({ app }: Stage, key: OrderRecord['key']): Promise<Record<string, unknown>> {
  const { read } = app.store;
  const record = await read.order(key);
  assert(record !== undefined);
  const story = await readStory(read, record, app.sourceOf);
  return JSON.parse(outputJson(storyJson(story, app.preview)));
}

/** A message that is no order's, once it is held. */
async function held(stage: Stage, topic: string, content: unknown): Promise<string> {
  const { shopify } = stage.app;
  assert(shopify !== undefined);
  const known = new Set((await stage.app.store.read.deliveries({ state: 'held', limit: 100 })).map(idOf));
  const order = stage.sandbox.world.orders()[0];
  assert(order !== undefined);
  await stage.tell({ topic, body: JSON.stringify(content), order });
  const found = await until('the message is held', async () =>
    (await stage.app.store.read.deliveries({ state: 'held', limit: 100 })).find(({ id }) => !known.has(id)),
  );
  return found.id;
}

const idOf = ({ id }: { readonly id: string }): string => id;

void describe('a redacted order', () => {
  void test('keeps no write that was refused, which until then is told without contact data', () => {
    const faults = scriptedFaults();
    return onStage(
      async (stage) => {
        const kim = bought(stage, 'kim');
        const message = `${kim.contact.email} of ${kim.contact.street} is refused`;
        const answer = JSON.stringify({ response: { errors: [{ errno: 1001, field: 'lines', message }] } });
        const refusal = { kind: 'status', status: 422, body: answer } as const;
        faults.add({ method: 'POST', path: '/invoices/invoices', fault: refusal });
        const { key, state } = await tell(stage, kim);
        assert.equal(state, 'held');
        const holds = async (): Promise<unknown> => (await told(stage, key))['holds'];
        const before = JSON.stringify(await holds());
        assert.match(before, /"request":"POST \/accounting\/account\/[^"]*\/invoices\/invoices\\n\{/);
        assert.match(before, /"answer":"422\\n.*is refused/);
        assert.doesNotMatch(before, new RegExp(`${kim.contact.email}|${kim.contact.street}`));
        await eraseOrder(stage.app.eraser, key);
        assert.match(JSON.stringify(await holds()), /"request":null,"answer":null/);
      },
      { faults },
    );
  });
  void test('has none either where FreshBooks spelled it in a way of its own', () => {
    const faults = scriptedFaults();
    return onStage(
      async (stage) => {
        const kim = bought(stage, 'kim');
        const told = JSON.parse(kim.body);
        const address = { ...told.billing_address, last_name: 'O’Planted-Weiß', address1: 'Plantedweg 17' };
        const named = { ...told, billing_address: address, shipping_address: address };
        const message = 'O&#39;PLANTED-WEISS of Plantedw... (17), Mr. Planted: no';
        const answer = JSON.stringify({ response: { errors: [{ errno: 1001, field: 'lines', message }] } });
        const refusal = { kind: 'status', status: 422, body: answer } as const;
        faults.add({ method: 'POST', path: '/invoices/invoices', fault: refusal });
        const { key, reason } = await tell(stage, { ...kim, body: JSON.stringify(named) });
        assert.match(reason ?? '', /1001, lines, … of Plantedw\.\.\. \(17\), Mr\. Planted: no$/);
        await eraseOrder(stage.app.eraser, key);
        await stage.app.store.scrub('rewritten');
        const planted = { email: 'Plantedw', phone: 'Mr. Planted', street: 'PLANTED' };
        assert.deepEqual(filesWith(stage, planted), []);
        const [hold] = await stage.app.store.read.holds({ order: key, isOpen: true });
        assert.deepEqual(hold?.facts.slice(0, 4), [
          { name: 'Status', value: '422' },
          { name: 'errno', value: '1001' },
          { name: 'Field', value: 'lines' },
          { name: 'Message', value: '…' },
        ]);
      },
      { faults },
    );
  });
  void test('has none also of what was refused since, however often it is redacted', () => {
    const faults = scriptedFaults();
    return onStage(
      async (stage) => {
        const kim = bought(stage, 'kim');
        const message = `Kim of ${kim.contact.street} cannot pay`;
        const answer = JSON.stringify({ response: { errors: [{ errno: 1001, field: 'lines', message }] } });
        const refusal = { kind: 'status', status: 422, body: answer } as const;
        faults.add({ method: 'POST', path: '/payments/payments', times: Infinity, fault: refusal });
        const { key } = await tell(stage, kim);
        await eraseOrder(stage.app.eraser, key);
        await releaseOrder(stage.app.store, key, { now: stage.app.clock.now(), account: 'freshbooks' });
        await stage.atRest(kim.order);
        const [since] = await stage.app.store.read.holds({ order: key, isOpen: true });
        assert.equal(since?.code, 'books-refused');
        assert.equal(since.exchange, undefined);
        // As one was kept before this program knew that it must not be.
        const exchange = { request: `PUT of ${message}`, answer: message };
        const detail = `Creating the payment: FreshBooks refused (status 422): 1001, lines, ${message}`;
        const facts = [
          { name: 'errno', value: '1001' },
          { name: 'Message', value: message },
        ];
        await stage.app.store.transact(async (tx) => {
          const record = await tx.order(key);
          assert(record !== undefined);
          await tx.putOrder({ ...record, reason: detail });
          await tx.openHold({ ...since, step: 'payment-2', detail, facts, exchange });
        });
        const erased = await eraseOrder(stage.app.eraser, key);
        assert(erased.outcome === 'erased' && erased.messages === 0 && erased.texts > 0);
        await stage.app.store.scrub('rewritten');
        assert.deepEqual(filesWith(stage, kim.contact), []);
        const holds = await stage.app.store.read.holds({ order: key, isOpen: true });
        const old = holds.find(({ step }) => step === 'payment-2');
        assert.equal(old?.detail, 'Creating the payment: FreshBooks refused (status 422): …');
        assert.deepEqual(old.facts, [
          { name: 'errno', value: '1001' },
          { name: 'Message', value: '…' },
        ]);
        assert.deepEqual(await eraseOrder(stage.app.eraser, key), {
          ...NONE,
          outcome: 'erased',
          orders: [key],
        });
      },
      { faults },
    );
  });
  void test('has no contact data anywhere on the disk, and is proven as before', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      const { key } = await tell(stage, jane);
      await stage.app.store.transact((tx) =>
        tx.tell({
          key: 'planted',
          sentence: `Told of ${jane.contact.email}`,
          order: key,
          at: stage.app.clock.now(),
        }),
      );
      const before = await told(stage, key);
      assert.notDeepEqual(filesWith(stage, jane.contact), []);

      const erased = await eraseOrder(stage.app.eraser, key);
      assert.deepEqual(erased, { ...NONE, outcome: 'erased', messages: 1, texts: 1, orders: [key] });
      assert.equal(await stage.app.store.scrub('rewritten'), true);
      assert.deepEqual(filesWith(stage, jane.contact), []);

      const { deliveries: _before, notices: _noticed, ...kept } = before;
      const { deliveries, notices, ...rest } = await told(stage, key);
      assert.deepEqual(rest, kept, 'figures, entries and proof are the same');
      const [delivery] = deliveries as {
        bodySha256: string;
        redactedAt: string;
        bytes: null;
        isNewest: true;
      }[];
      assert.equal(delivery?.bodySha256, createHash('sha256').update(jane.body).digest('hex'));
      assert.deepEqual([delivery.bytes, delivery.isNewest], [null, true]);
      assert.match(delivery.redactedAt, /^20/);
      assert.match(JSON.stringify(notices), /Told of …/);
    }));

  void test('has none however many messages told of it', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      const { key } = await tell(stage, jane);
      const { store, clock, eraser } = stage.app;
      const count = 1100;
      await store.transact(async (tx) => {
        for (let index = 0; index < count; index += 1) {
          const body = new TextEncoder().encode(jane.body);
          const { id } = await tx.acceptDelivery(
            message({ externalId: `again-${index}`, body }),
            clock.now(),
          );
          await tx.settleDelivery(id, { state: 'sorted', order: key });
        }
      });
      const erased = await eraseOrder(eraser, key);
      assert.deepEqual(erased, { ...NONE, outcome: 'erased', messages: count + 1, orders: [key] });
      await store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane.contact), []);
    }));

  void test('is not made a new order by the same message, and settles again when it is retried', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      const { key } = await tell(stage, jane);
      await eraseOrder(stage.app.eraser, key);
      const { clock, store } = stage.app;
      await releaseOrder(store, key, { now: clock.now(), account: 'freshbooks' });
      assert.equal((await stage.atRest(jane.order)).state, 'settled');
      assert.equal(stage.invoices(jane.order).length, 1);
      assert.equal(stage.sandbox.freshbooks.account().clients.length, 1);
    }));

  void test('is changed in the books by the next message of the shop', () =>
    onStage(async (stage) => {
      const order = stage.sandbox.world.scenario('paid, two lines, code discount');
      const { key } = await stage.book(order);
      await eraseOrder(stage.app.eraser, key);
      const request = { lines: [{ line: 0, quantity: 1 }], restock: 'return' } as const;
      const changed = stage.sandbox.world.act(order.id, { kind: 'refund', request });
      const { state, snapshot } = await stage.book(changed, 'orders/updated');
      assert.equal(state, 'settled');
      const [invoice] = stage.invoices(order);
      assert.equal(BigInt((invoice?.amount ?? '').replace('.', '')), orderOf(snapshot)?.currentTotal.minor);
    }));

  void test('and the next order of the same person is booked on the client that stands', () =>
    onStage(async (stage) => {
      const first = bought(stage, 'jane');
      const second = bought(stage, 'jane');
      const { key } = await tell(stage, first);
      await eraseOrder(stage.app.eraser, key);
      const email = createHash('sha256').update(first.contact.email).digest('hex');
      const folder = dirname(stage.app.config.databasePath);
      await stage.app.store.scrub('rewritten');
      for (const name of readdirSync(folder)) {
        assert.equal(
          readFileSync(join(folder, name)).includes(email),
          false,
          'not even a hash of the address',
        );
      }
      assert.equal((await tell(stage, second)).state, 'settled');
      assert.equal(stage.sandbox.freshbooks.account().clients.length, 1);
    }));
});

void describe('an order that was redacted before it was booked', () => {
  /** Held, because its day is closed. */
  async function heldOrder(stage: Stage) {
    const [route] = await stage.app.routeRules();
    assert(route !== undefined);
    const today = localDate(stage.app.clock.now(), parseZone('Z'));
    const rules = { ...route.rules, closedThrough: parseLocalDate(today) };
    await stage.app.importRules([{ ...route, rules }]);
    const jane = bought(stage, 'jane');
    const { key, state } = await tell(stage, jane);
    assert.equal(state, 'held');
    await eraseOrder(stage.app.eraser, key);
    return { ...jane, key };
  }
  const open = async (stage: Stage, { key, order }: { key: OrderRecord['key']; order: Placed }) => {
    const { store, clock } = stage.app;
    await decideOrder(store, key, { decision: 'open-day', now: clock.now() });
    return stage.atRest(order);
  };
  const questions = async ({ app }: Stage, key: OrderRecord['key']): Promise<string[]> =>
    (await app.store.read.holds({ order: key, isOpen: true })).map(({ code }) => code);

  void test('is asked for again, and what the shop shows now is booked', () =>
    onStage(async (stage) => {
      const jane = await heldOrder(stage);
      assert.equal((await open(stage, jane)).state, 'settled');
      const [invoice] = stage.invoices(jane.order);
      assert.notEqual(invoice?.texts['lname'], '');
      await stage.app.store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane.contact), [], 'the shop knows no planted address');
    }));

  void test('can be answered for also where the number of its buyer’s flat is that of a month', () =>
    onStage(async (stage) => {
      const [route] = await stage.app.routeRules();
      assert(route !== undefined);
      const closedThrough = parseLocalDate(localDate(stage.app.clock.now(), parseZone('Z')));
      await stage.app.importRules([{ ...route, rules: { ...route.rules, closedThrough } }]);
      const jane = bought(stage, 'jane');
      const told = JSON.parse(jane.body);
      const [year = '', month = ''] = closedThrough.split('-');
      const flat = { ...told.billing_address, address2: month, zip: year };
      const body = JSON.stringify({ ...told, billing_address: flat });
      const { key, state } = await tell(stage, { ...jane, body });
      assert.equal(state, 'held');
      await eraseOrder(stage.app.eraser, key);
      const now = stage.app.clock.now();
      const decided = await decideOrder(stage.app.store, key, { decision: 'already-booked', now });
      assert.deepEqual(decided, { outcome: 'decided', closedHolds: 1 });
    }));

  void test('is held where the shop cannot be asked, and goes on with its next message', () =>
    onStage(async (stage) => {
      const jane = await heldOrder(stage);
      assert.equal((await open(stage, jane)).state, 'held');
      assert.deepEqual(await questions(stage, jane.key), ['order-buyer-redacted']);
      assert.equal(stage.invoices(jane.order).length, 0);
      assert.equal(stage.sandbox.freshbooks.account().clients.length, 0);
      const again = JSON.stringify({ ...JSON.parse(jane.body), updated_at: new Date(Date.now() + 60_000) });
      assert.equal((await tell(stage, { ...jane, body: again })).state, 'settled');
      assert.deepEqual(await questions(stage, jane.key), []);
      assert.equal(stage.sandbox.freshbooks.account().clients[0]?.texts['email'], jane.contact.email);
    }, WITHOUT_API));
});

void describe('a shop’s request', () => {
  void test('customers/redact blanks the orders that it names and itself, and is answered', () =>
    onStage(async (stage) => {
      const jane = [bought(stage, 'jane'), bought(stage, 'jane')] as const;
      const john = bought(stage, 'john');
      for (const each of [...jane, john]) {
        await tell(stage, each);
      }
      const named = jane.map(({ order }) => Number(order.id));
      const { email, phone } = jane[0].contact;
      const id = await held(stage, 'customers/redact', {
        customer: { id: 1, email, phone },
        orders_to_redact: [...named, 4711],
      });
      const erased = await eraseMessage(stage.app.eraser, id);
      assert.deepEqual({ ...erased, orders: [] }, { ...NONE, outcome: 'erased', messages: 3 });
      await stage.app.store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane[0].contact), []);
      assert.notDeepEqual(filesWith(stage, john.contact), []);
      const answered = await stage.app.store.read.delivery(id);
      assert.equal(answered?.state, 'ignored');
      assert.match(answered.reason ?? '', new RegExp(`Orders: ${named.join(', ')}, 4711$`));
      assert.deepEqual(await stage.app.store.read.holds({ delivery: id, isOpen: true }), []);
      const again = await eraseMessage(stage.app.eraser, id);
      assert.deepEqual(again, { ...NONE, outcome: 'erased' });
    }));

  void test('customers/redact blanks what is no order’s and names the customer', () =>
    onStage(async (stage) => {
      const [jane, john] = [bought(stage, 'jane'), bought(stage, 'john')];
      await tell(stage, jane);
      const customer = { id: 207119551, email: jane.contact.email, phone: jane.contact.phone };
      const address = { address1: jane.contact.street };
      const told = [
        ['customers/update', { ...customer, default_address: address }],
        ['customers/update', { id: customer.id, default_address: address }],
        ['carts/update', { token: 'a', email: jane.contact.email.toUpperCase(), shipping_address: address }],
        ['customers/update', { id: 2071195510, email: john.contact.email }],
      ] as const;
      for (const [topic, content] of told) {
        await stage.tell({ topic, body: JSON.stringify(content), order: jane.order });
      }
      const id = await held(stage, 'customers/redact', {
        customer,
        orders_to_redact: [Number(jane.order.id)],
      });
      const erased = await eraseMessage(stage.app.eraser, id);
      assert.deepEqual({ ...erased, orders: [] }, { ...NONE, outcome: 'erased', messages: 5 });
      await stage.app.store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane.contact), []);
      assert.notDeepEqual(filesWith(stage, john.contact), []);
    }));

  void test('customers/redact of a customer whose phone is a blank blanks nothing of others', () =>
    onStage(async (stage) => {
      const [jane, john] = [bought(stage, 'jane'), bought(stage, 'john')];
      await tell(stage, jane);
      const other = { id: 2071195510, email: john.contact.email, note: '' };
      await stage.tell({ topic: 'customers/update', body: JSON.stringify(other), order: jane.order });
      const customer = { id: 207119551, email: jane.contact.email, phone: ' ' };
      const id = await held(stage, 'customers/redact', {
        customer,
        orders_to_redact: [Number(jane.order.id)],
      });
      const erased = await eraseMessage(stage.app.eraser, id);
      assert.deepEqual({ ...erased, orders: [] }, { ...NONE, outcome: 'erased', messages: 2 });
      assert.notDeepEqual(filesWith(stage, john.contact), []);
    }));

  void test('customers/redact drops the hash of an address that no message shows any more', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      await tell(stage, jane);
      const { eraser, clock, config } = stage.app;
      await eraseFinished(eraser, { before: after(clock.now(), 1), because: 'retention' });
      assert.ok(namedBy(config.databasePath, jane.contact.email) > 0);
      const customer = { id: 1, email: ` ${jane.contact.email.toUpperCase()}` };
      const id = await held(stage, 'customers/redact', {
        customer,
        orders_to_redact: [Number(jane.order.id)],
      });
      await eraseMessage(eraser, id);
      assert.equal(namedBy(config.databasePath, jane.contact.email), 0);
    }));

  void test('shop/redact drops the hashes of addresses that no message shows any more', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      await tell(stage, jane);
      const { eraser, clock, config } = stage.app;
      await eraseFinished(eraser, { before: after(clock.now(), 1), because: 'retention' });
      assert.ok(namedBy(config.databasePath, jane.contact.email) > 0);
      const domain = stage.sandbox.world.shop.domain;
      const id = await held(stage, 'shop/redact', { shop_id: 1, shop_domain: domain });
      await eraseMessage(eraser, id);
      assert.equal(namedBy(config.databasePath, jane.contact.email), 0);
    }));

  void test('shop/redact leaves nothing that quotes what could not be read, and that waits no longer', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      await tell(stage, jane);
      const unread = await held(stage, 'orders/create', {
        ...JSON.parse(jane.body),
        currency: jane.contact.street,
      });
      const { read } = stage.app.store;
      assert.match((await read.delivery(unread))?.reason ?? '', /Planted Street/);
      const id = await held(stage, 'shop/redact', {
        shop_id: 1,
        shop_domain: stage.sandbox.world.shop.domain,
      });
      await eraseMessage(stage.app.eraser, id);
      await stage.app.store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane.contact), []);
      assert.deepEqual(await read.deliveries({ state: 'held', limit: 10 }), []);
      assert.deepEqual(await read.holds({ delivery: unread, isOpen: true }), []);
    }));

  void test('shop/redact blanks all that the shop ever sent', () =>
    onStage(async (stage) => {
      const all = [bought(stage, 'jane'), bought(stage, 'john'), bought(stage, 'jim')];
      for (const each of all) {
        await tell(stage, each);
      }
      const id = await held(stage, 'shop/redact', {
        shop_id: 1,
        shop_domain: stage.sandbox.world.shop.domain,
      });
      const erased = await eraseMessage(stage.app.eraser, id);
      assert(erased.outcome === 'erased');
      assert.equal(erased.messages, all.length + 1);
      await stage.app.store.scrub('rewritten');
      assert.deepEqual(
        all.flatMap(({ contact }) => filesWith(stage, contact)),
        [],
      );
      assert.deepEqual(await stage.app.store.read.deliveries({ state: 'held', limit: 10 }), []);
    }));

  void test('customers/data_request stays a person’s, and is blanked once it was seen to', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      await tell(stage, jane);
      const id = await held(stage, 'customers/data_request', {
        customer: { email: 'asks.planted@example.com' },
        orders_requested: [Number(jane.order.id)],
      });
      assert.equal(await putAside(stage.app.store, id, stage.app.clock.now()), true);
      await stage.app.store.scrub('rewritten');
      const contact = { email: 'asks.planted@example.com', phone: '☎', street: '☎' };
      assert.deepEqual(filesWith(stage, contact), []);
      assert.notDeepEqual(filesWith(stage, jane.contact), [], 'the order’s own messages stay');
    }));
});

void describe('a message that could not be read', () => {
  void test('leaves nothing that quotes it, waits no longer and is not read again', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      await tell(stage, jane);
      const id = await held(stage, 'orders/create', {
        ...JSON.parse(jane.body),
        currency: jane.contact.email,
      });
      const { store, clock, eraser } = stage.app;
      assert.match((await store.read.delivery(id))?.reason ?? '', /currency/);
      await releaseDelivery(store, id, clock.now());
      await until('it is held again', async () => (await store.read.delivery(id))?.state === 'held');
      await eraseOrder(eraser, (await stage.atRest(jane.order)).key);
      await eraseMessage(eraser, id);
      await store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane.contact), []);
      assert.equal((await store.read.delivery(id))?.state, 'ignored');
      assert.equal(await releaseDelivery(store, id, clock.now()), false);
    }));
});

void describe('messages that name an order and are not known as its own', () => {
  /** What the shop tells under a topic, stored and sorted; the order is one that is booked. */
  async function stray(stage: Stage, order: Placed, { topic, body }: { topic: string; body: string }) {
    await stage.tell({ topic, body, order });
    const { read } = stage.app.store;
    return until('it is sorted', async () => {
      const all = await Promise.all(
        (['ignored', 'held'] as const).map((state) => read.deliveries({ state, limit: 100 })),
      );
      return all
        .flat()
        .find((delivery) => delivery.topic === topic && Buffer.from(delivery.body).equals(Buffer.from(body)));
    });
  }

  void test('are blanked with it, whether they are booked, can be read, or neither', () =>
    onStage(async (stage) => {
      const [jane, john] = [bought(stage, 'jane'), bought(stage, 'john')];
      const { key } = await tell(stage, jane);
      const fulfilled = { id: 1, order_id: Number(jane.order.id), email: jane.contact.email };
      const topic = 'fulfillments/create';
      await stray(stage, jane.order, { topic, body: JSON.stringify(fulfilled) });
      const cut = jane.body.slice(0, -5);
      const { id } = await stray(stage, jane.order, { topic: 'orders/updated', body: cut });
      const other = { ...fulfilled, order_id: Number(john.order.id), email: john.contact.email };
      await stray(stage, jane.order, { topic, body: JSON.stringify(other) });

      const erased = await eraseOrder(stage.app.eraser, key);
      assert.deepEqual(erased, { ...NONE, outcome: 'erased', messages: 3, orders: [key], unreadable: [id] });
      await stage.app.store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane.contact), []);
      assert.notDeepEqual(filesWith(stage, john.contact), []);
      assert.equal((await stage.app.store.read.delivery(id))?.state, 'ignored');
    }));

  void test('are blanked by a request for an order that was never known', () =>
    onStage(async (stage) => {
      const [john, jane] = [bought(stage, 'john'), bought(stage, 'jane')];
      await tell(stage, john);
      const body = JSON.stringify({ order_id: Number(jane.order.id), email: jane.contact.email });
      await stray(stage, john.order, { topic: 'fulfillments/create', body });
      const id = await held(stage, 'customers/redact', { orders_to_redact: [Number(jane.order.id)] });
      const erased = await eraseMessage(stage.app.eraser, id);
      assert.deepEqual(erased, { ...NONE, outcome: 'erased', messages: 2 });
      await stage.app.store.scrub('rewritten');
      assert.deepEqual(filesWith(stage, jane.contact), []);
    }));

  void test('leave requests and disputes that name it to a person', () =>
    onStage(async (stage) => {
      const jane = bought(stage, 'jane');
      const { key } = await tell(stage, jane);
      const order = Number(jane.order.id);
      const ids = [
        await held(stage, 'customers/data_request', { orders_requested: [order] }),
        await held(stage, 'disputes/create', { id: 1, order_id: order, type: 'chargeback', status: 'lost' }),
      ];
      await eraseOrder(stage.app.eraser, key);
      for (const id of ids) {
        const { state, redactedAt } = (await stage.app.store.read.delivery(id)) ?? {};
        assert.deepEqual([state, redactedAt], ['held', undefined]);
      }
    }));

  void test('and are not read yet are named, and nothing is blanked', async () => {
    const clock = hurriedClock();
    const { store } = await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock,
      seal: createSeal('key'),
    });
    const source = createShopifySource({ connection: SHOP, shopDomain: 'a.myshopify.com', secrets: ['s'] });
    const eraser = { store, clock, sources: new Map([[SHOP, source]]), account: connectionId('freshbooks') };
    const accept = (externalId: string, topic: string, content: unknown): Promise<string> =>
      store.transact(async (tx) => {
        const body = new TextEncoder().encode(JSON.stringify(content));
        return (await tx.acceptDelivery(message({ externalId, topic, body }), clock.now())).id;
      });
    const named = await accept('a', 'orders/updated', { id: 4711 });
    await accept('b', 'orders/updated', { id: 47110 });
    const key = orderKey(SHOP, '4711');
    assert.deepEqual(await eraseOrder(eraser, key), { outcome: 'not-read-yet', id: named });
    await store.transact((tx) => tx.settleDelivery(named, { state: 'held', reason: 'It could not be read' }));
    const request = await accept('c', 'shop/redact', { shop_id: 1, shop_domain: 'a.myshopify.com' });
    await store.transact((tx) => tx.settleDelivery(request, { state: 'held', reason: 'A request' }));
    const { outcome } = await eraseMessage(eraser, request);
    assert.equal(outcome, 'not-read-yet', 'one of the shop’s is not read yet');
    assert.equal((await store.read.delivery(request))?.state, 'held');
    await store.close();
  });
});

void describe('retention', () => {
  void test('blanks what came before and is finished, and nothing that is still needed', () =>
    onStage(async (stage) => {
      const { clock, eraser, store } = stage.app;
      const old = await tell(stage, bought(stage, 'jane'));
      const before = after(clock.now(), 1000);
      const waiting = bought(stage, 'jim');
      const heldRecord = await stage.tell({
        topic: 'orders/create',
        body: waiting.body.replace(/"total_price":"[\d.]+"/, '"total_price":"1.00"'),
        order: waiting.order,
      });
      const first = await eraseFinished(eraser, { before, because: 'retention' });
      assert.deepEqual(first, { ...NONE, messages: 1, orders: [old.key] });
      assert.deepEqual(await eraseFinished(eraser, { before, because: 'retention' }), NONE);
      const [kept] = await store.read.deliveriesOf(heldRecord.key);
      assert.equal(kept?.redactedAt, undefined);
    }));

  void test('sweeps when the server starts and every hour after it, and stops with it', () =>
    onStage(async (stage) => {
      const clock = testClock(Date.now() + 40 * DAY_MS);
      const events: string[] = [];
      const { key } = await tell(stage, bought(stage, 'jane'));
      const redactedAt = async (id = key) => (await stage.app.store.read.deliveriesOf(id))[0]?.redactedAt;
      const eraser = { ...stage.app.eraser, clock };
      const retention = startRetention(eraser, { days: 30, emit: ({ name }) => events.push(name) });
      await until('it waits for the next hour', () => clock.sleeping() === 1);
      assert.equal(await redactedAt(), clock.now());
      assert.deepEqual(events, ['contact data redacted']);
      const second = await tell(stage, bought(stage, 'john'));
      await clock.advance(3_599_000);
      assert.equal(await redactedAt(second.key), undefined);
      await clock.advance(1000);
      await until('the second is blanked', () => redactedAt(second.key));
      await until('it waits again', () => clock.sleeping() === 1);
      await retention.stop();
      assert.equal(clock.sleeping(), 0);
    }));

  void test('leaves nothing in the log of writes once nobody else reads the database, however it came to stay there', () =>
    onStage(async (stage) => {
      const clock = testClock(Date.now() + 40 * DAY_MS);
      const jane = bought(stage, 'jane');
      await tell(stage, jane);
      const eraser = { ...stage.app.eraser, clock };
      const events: string[] = [];
      const options = { days: 30, emit: ({ name }: { readonly name: string }) => void events.push(name) };
      const reader = new DatabaseSync(stage.app.config.databasePath, { readOnly: true });
      reader.exec('begin');
      reader.prepare('select count(*) from deliveries').get();
      const first = startRetention(eraser, options);
      await until('it waits for the next hour', () => clock.sleeping() === 1);
      assert.deepEqual(events, ['contact data redacted', 'scrub put off']);
      assert.notDeepEqual(filesWith(stage, jane.contact), []);
      await clock.advance(3_600_000);
      await until('it waits again', () => clock.sleeping() === 1);
      assert.deepEqual(events.slice(2), ['scrub put off']);
      await first.stop();
      reader.close();
      // Another run of the server, to which nothing is left to blank.
      const second = startRetention(eraser, options);
      await until('it waits for its next hour', () => clock.sleeping() === 1);
      assert.deepEqual(filesWith(stage, jane.contact), []);
      assert.equal(events.length, 3);
      await second.stop();
    }));
});

const DAY_MS = 86_400_000;
const NONE = { messages: 0, texts: 0, orders: [], unreadable: [] };

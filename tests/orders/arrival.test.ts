import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionId, orderKey } from '#core/ids.ts';
import { toJson } from '#core/json.ts';
import type { Order } from '#core/order.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import { orderOf } from '#core/settlement.ts';
import { createRecentBuyers } from '#pipeline/recent-buyers.ts';
import type { Machine } from '#pipeline/machine.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import type { Authentic, Source } from '#pipeline/source.ts';
import { sortDelivery, withDatedCash } from '#pipeline/sorter.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { toJson as bodyText } from '#sim/shopify/json.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { TOPICS, toldBy } from '#sim/shopify/topics.ts';
import { between, seededRandom } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { bodyOf } from '#tests/contract/shopify-bodies.ts';
import { testClock } from '#tests/clock.ts';
import { lifeOf } from '#tests/orders/life.ts';
import type { Life } from '#tests/orders/life.ts';

/** Every message of an order's life, in any order and some of them twice, through the real store. */

/** Chosen anew in every process, and printed: `FC_SEED=… node --test FILE` draws the same lives again. */
const SEED = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff));
const LIVES = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 400 : 8;
const ARRIVALS = 4;
const CONNECTION = connectionId('shopify');

void describe('messages in any order of arrival, some of them twice', () => {
  for (const canRead of [false, true]) {
    const access = canRead ? 'with access to the shop' : 'without access to the shop';

    void test(`end in the newest state of their order, ${access}`, async (context) => {
      context.diagnostic(`FC_SEED=${SEED}`);
      for (let number = 1; number <= LIVES; number += 1) {
        const life = lifeOf(SEED, number, { updatedAt: 'always later' });
        const told = toldIn(life, { isDeleted: number % 7 === 0 });
        const expected = newestOf(life, { isDeleted: number % 7 === 0, canRead });
        for (const arrival of arrivalsOf(told, seededRandom(SEED + number))) {
          const record = await arrived(life, arrival, { canRead });
          assert.deepEqual(stateOf(record), expected, `life ${number} of seed ${SEED}`);
        }
      }
    });

    void test(`of one second end in one state or in a question, ${access}`, async (context) => {
      context.diagnostic(`FC_SEED=${SEED}`);
      for (let number = 1; number <= LIVES; number += 1) {
        const life = lifeOf(SEED, number, { updatedAt: 'whole seconds' });
        const told = toldIn(life, { isDeleted: false });
        const states = new Set<string>();
        for (const arrival of arrivalsOf(told, seededRandom(SEED + number))) {
          const record = await arrived(life, arrival, { canRead });
          if (record.reread?.isBlocking !== true) {
            states.add(figuresOf(record));
          }
        }
        assert.ok(states.size <= 1, `life ${number} of seed ${SEED}: ${[...states].join('\n')}`);
      }
    });
  }

  void test('a newer state ends the question which of two older ones was true', async () => {
    const life = lifeOf(1, 1);
    const first = { updated_at: '2026-11-20T10:00:00-05:00', financial_status: 'pending' };
    const bodies = [
      bodyOf({ lines: [{ price: 1000 }], as: first }),
      bodyOf({ lines: [{ price: 900 }], as: first }),
      bodyOf({
        lines: [{ price: 900 }],
        as: { updated_at: '2026-11-20T10:00:01-05:00', financial_status: 'refunded' },
      }),
    ];
    const messages = bodies.map((body, index) => messageOf(index, 'orders/updated', JSON.stringify(body)));
    const id = String(bodies[0]?.['id']);
    const two = await arrived(life, messages.slice(0, 2), { canRead: false, id });
    assert.equal(two.reread?.isBlocking, true);
    const three = await arrived(life, messages, { canRead: false, id });
    assert.equal(three.reread?.isBlocking, false);
  });
});

/** Every message that Shopify would have sent, oldest first. */
function toldIn({ world, order }: Life, { isDeleted }: { isDeleted: boolean }): Authentic[] {
  if (isDeleted) {
    world.act(order.id, { kind: 'delete' });
  }
  return world.changes().map((change, index) => {
    const { topic, body } = toldBy(change, { shop: world.shop, switches: DEFAULT_SWITCHES });
    return messageOf(index, TOPICS[topic] ?? topic, bodyText(body));
  });
}

function messageOf(index: number, topic: string, body: string): Authentic {
  return {
    connection: CONNECTION,
    externalId: `message-${index}`,
    topic,
    headers: {},
    body: new TextEncoder().encode(body),
  };
}

/** As it happened, backwards, and shuffled; the shuffled ones with messages twice, under another id as Shopify repeats them. */
function arrivalsOf(told: readonly Authentic[], random: Random): Authentic[][] {
  const shuffled = Array.from({ length: ARRIVALS - 2 }, () => {
    const twice = told.filter(() => random() < 0.5).map((message) => again(message, random));
    return mixed([...told, ...twice], random);
  });
  return [[...told], told.toReversed(), ...shuffled];
}

function again(message: Authentic, random: Random): Authentic {
  return random() < 0.5 ? message : { ...message, externalId: `${message.externalId}-again` };
}

function mixed<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(between(random, 0, left.length - 1), 1));
}

async function arrived(
  life: Life,
  messages: readonly Authentic[],
  { canRead, id = life.order.id.toString() }: { canRead: boolean; id?: string },
): Promise<OrderRecord> {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const machine = machineOf({ ...sourceOf(life), canRead }, { store, clock });
  for (const message of messages) {
    const accepted = await store.transact((tx) => tx.acceptDelivery(message, clock.now()));
    await sortDelivery(machine, accepted.id);
  }
  const record = await store.read.order(orderKey(CONNECTION, id));
  await store.close();
  assert.ok(record !== undefined);
  return record;
}

function sourceOf({ world, side }: Life): Source {
  const shopDomain = world.shop.domain;
  return createShopifySource({ connection: CONNECTION, shopDomain, secrets: [], currencySide: side });
}

function machineOf(source: Source, { store, clock }: Pick<Machine, 'store' | 'clock'>): Machine {
  const uncalled = (): Promise<never> => Promise.reject(new Error('Sorting calls no books'));
  const books = {
    connection: connectionId('freshbooks'),
    find: uncalled,
    apply: uncalled,
    fits: () => true,
    spareAt: async () => undefined,
    fillClient: uncalled,
  };
  return {
    store,
    clock,
    queue: { wake: () => undefined },
    random: () => 0,
    emit: () => undefined,
    routes: new Map([
      [CONNECTION, { source, books, rules: async () => ({ version: 'rules-1', rules: DEFAULT_RULES }) }],
    ]),
    buyers: createRecentBuyers(),
    holder: 'test',
    unknownWaitMs: 0,
  };
}

/** What the messages lead to, without how the question is worded, and without what is known only of the order in which they came. */
interface State {
  readonly snapshot: string;
  readonly stamp: number | undefined;
  readonly isAsked: boolean;
  readonly isDeleted: boolean;
}

function stateOf({ snapshot, stamp, reread, isDeleted }: OrderRecord): State {
  return { snapshot: toJson(shownIn(snapshot) ?? null), stamp, isAsked: reread !== undefined, isDeleted };
}

function shownIn(snapshot: OrderRecord['snapshot']): Omit<Order, 'additions'> | undefined {
  const order = orderOf(snapshot);
  if (order === undefined) {
    return undefined;
  }
  const { additions: _known, ...shown } = order;
  return shown;
}

/** What is booked of a state: how its cash is split or why it is unclear is no difference of figures. */
function figuresOf({ snapshot }: OrderRecord): string {
  const shown = shownIn(snapshot);
  if (shown === undefined) {
    return 'none';
  }
  const { cash, ...rest } = shown;
  return toJson({ ...rest, cash: cash.state === 'known' ? cash.received : cash.state });
}

/** From the world's own last state, by one reading of its body. */
function newestOf(life: Life, { isDeleted, canRead }: { isDeleted: boolean; canRead: boolean }): State {
  const { order, world } = life;
  const { body } = toldBy({ kind: 'updated', order }, { shop: world.shop, switches: DEFAULT_SWITCHES });
  const text = new TextEncoder().encode(bodyText(body));
  const sorted = sourceOf(life).sort({ topic: 'orders/updated', body: text });
  if (sorted.kind !== 'order') {
    return { snapshot: 'null', stamp: undefined, isAsked: true, isDeleted };
  }
  const shown = sorted.snapshot.order;
  const snapshot = canRead ? withDatedCash(shown) : shown;
  return {
    snapshot: toJson(snapshot),
    stamp: order.updatedAt,
    isAsked: snapshot.cash.state === 'reread' || (isDeleted && canRead),
    isDeleted,
  };
}

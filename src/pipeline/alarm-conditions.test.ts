import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { orderKey, referenceOf } from '#core/ids.ts';
import { fold } from '#core/ledger.ts';
import { plan } from '#core/plan.ts';
import type { Step } from '#core/document.ts';
import { DAY, HOUR, MINUTE, SECOND, after, instant, parseLocalDate } from '#core/time.ts';
import { SHOP, entry, hold, message, order, record, terms } from '#tests/build.ts';
import { silentSource } from '#tests/silent-source.ts';
import { askBackfill, startBackfill, stopBackfill } from './backfill.ts';
import { createInbox } from './inbox.ts';
import type { Swept } from './source.ts';
import { startSweep } from './sweep.ts';
import type { OrderRecord, Store } from './ports.ts';
import { openWorld } from '#tests/one-order.ts';
import { conditionsNow } from './alarm-conditions.ts';
import { keyOf, inWorld, putOrder, titles } from '#tests/alarm-world.ts';
import type { World } from '#tests/alarm-world.ts';

/** What a person is told of, each cause from its beginning to its end. */

void describe('an account that is paused', () => {
  void test('until a person acts is told of with its cause, and told to go on', () =>
    inWorld(async (world) => {
      const { store } = world;
      await store.transact((tx) =>
        tx.setPause({ account: 'freshbooks', reason: 'refused', code: 'token-refused' }),
      );
      await world.pass(MINUTE);
      const [first] = world.channel.taken;
      assert.equal(first?.title, 'Booking into freshbooks is paused');
      assert.match(first?.text ?? '', /Access to the account was refused, and renewing it too/);
      await store.transact((tx) => tx.clearPause('freshbooks'));
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Booking into freshbooks goes on']);
    }));

  void test('for a moment, because it was asked for patience, is no alarm', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      await store.transact((tx) =>
        tx.setPause({ account: 'freshbooks', reason: 'Too many', until: after(clock.now(), HOUR) }),
      );
      await world.pass(10 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
    }));
});

void describe('an outage', () => {
  void test('of a shop that thirty orders meet is one alarm, after the configured time, and over when they are booked', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      const failing = (id: number) =>
        putOrder(store, id, {
          state: 'waiting',
          attempts: 3,
          firstFailedAt: clock.now(),
          failedCode: 'request-unreachable',
        });
      for (let id = 1; id <= 30; id += 1) {
        await failing(id);
      }
      await world.pass(10 * MINUTE - SECOND);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel), ['Booking fails: 30 orders of shopify, the longest #1']);
      assert.match(world.channel.taken[0]?.text ?? '', /The other side cannot be reached/);
      await failing(31);
      await world.pass(2 * MINUTE);
      assert.equal(world.channel.taken.length, 1, 'further ones are the same alarm');
      for (let id = 1; id <= 31; id += 1) {
        await putOrder(store, id, { state: 'settled' });
      }
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Booking works again: orders of shopify']);
    }));

  void test('that pauses the account is one alarm, which its orders do not add to, until one gets through', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      const since = clock.now();
      await store.transact((tx) =>
        tx.setPause({
          account: 'freshbooks',
          until: after(since, MINUTE),
          reason: 'GET api.freshbooks.com/…: answered 503',
          code: 'request-server-error',
          outage: { since, probes: 3 },
        }),
      );
      for (let id = 1; id <= 5; id += 1) {
        const failed = { attempts: 1, firstFailedAt: since };
        await putOrder(store, id, { state: 'waiting', waitsFor: 'freshbooks', ...failed });
      }
      await world.pass(10 * MINUTE - SECOND);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(HOUR);
      assert.deepEqual(titles(world.channel), ['Booking waits: freshbooks is down']);
      assert.match(world.channel.taken[0]?.text ?? '', /The other side reports an error of its own/);
      await world.restart();
      await store.transact((tx) => tx.clearPause('freshbooks'));
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Booking into freshbooks goes on']);
    }));

  void test('of a single order names it', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      await putOrder(store, 5, { state: 'waiting', attempts: 3, firstFailedAt: clock.now() });
      await world.pass(11 * MINUTE);
      assert.deepEqual(titles(world.channel), ['Booking fails: order #5 of shopify']);
    }));
});

void describe('the queue', () => {
  const due = (store: Store, id: number, dueAt: OrderRecord['dueAt']): Promise<void> =>
    store.transact((tx) =>
      tx.putOrder(record({ key: keyOf(id), name: `#${id}`, dueAt: dueAt ?? instant(0) })),
    );

  void test('whose oldest has waited too long is told of, and when it moves again', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      await due(store, 1, clock.now());
      const { id } = await store.transact((tx) => tx.acceptDelivery(message(), clock.now()));
      await world.pass(10 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), ['Work is not taken up: 2 orders and messages']);
      await putOrder(store, 1, { state: 'settled' });
      await store.transact((tx) => tx.settleDelivery(id, { state: 'ignored' }));
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Work is taken up again']);
    }));

  void test('that a start finds old, because nothing ran, is given a minute', () =>
    inWorld(async (world) => {
      await due(world.store, 1, instant(world.clock.now() - DAY));
      await world.restart();
      await world.pass(50 * SECOND);
      await putOrder(world.store, 1, { state: 'settled' });
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
    }));

  void test('that stays deep without a break is told of, and one that is deep for a moment is not', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      // Each is taken up in good time; there are always as many.
      const fill = (count: number): Promise<void> =>
        store.transact(async (tx) => {
          for (let id = 1; id <= count; id += 1) {
            await tx.putOrder(record({ key: keyOf(id), dueAt: clock.now() }));
          }
        });
      await fill(501);
      await world.pass(8 * MINUTE);
      await putOrder(store, 1, { state: 'settled' });
      await world.pass(10 * SECOND);
      await fill(501);
      await world.pass(8 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
      await fill(501);
      await world.pass(3 * MINUTE);
      assert.deepEqual(titles(world.channel), ['Work piles up: 501 orders and messages']);
    }));
});

void describe('a queue of a seller', () => {
  void test('that cannot be read is told of after the configured time, over restarts, and when it is read again', () =>
    inWorld(async (world) => {
      world.hear('queue not read');
      await world.pass(6 * MINUTE);
      await world.restart();
      world.hear('queue not read', 3);
      await world.pass(3 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), ['Messages cannot be fetched: shopify']);
      await world.restart();
      world.hear('queue read');
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Messages are fetched again: shopify']);
    }));

  void test('that is read again in time is no alarm', () =>
    inWorld(async (world) => {
      for (let turn = 0; turn < 4; turn += 1) {
        world.hear('queue not read', 2);
        await world.pass(8 * MINUTE);
        world.hear('queue read again');
        await world.pass(MINUTE);
      }
      assert.deepEqual(titles(world.channel), []);
    }));
});

void describe('a shop that cannot be asked what changed', () => {
  const never = (): never => assert.fail('not asked here');
  const silent: Swept = {
    ...silentSource(SHOP),
    overlapMs: HOUR,
  };
  /** The sweep of a shop that answers as it is told to. */
  const sweeping = ({ store, clock }: World, answer: { isDown: boolean }) => {
    const emit = (): void => undefined;
    return startSweep({
      source: {
        ...silent,
        async changed() {
          if (answer.isDown) {
            throw new Failure('scope-missing', { detail: 'planted words of the shop' });
          }
          return { changes: [] };
        },
      },
      store,
      inbox: createInbox({ store, queue: { wake: never }, clock, emit }),
      clock,
      emit,
    });
  };

  void test('is told of after the configured time, over restarts, and when it answers again', () =>
    inWorld(async (world) => {
      const answer = { isDown: true };
      const sweep = sweeping(world, answer);
      await world.pass(6 * MINUTE);
      await world.restart();
      await world.pass(3 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), ['Cannot be asked what changed: shopify']);
      answer.isDown = false;
      await world.pass(6 * MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Can be asked again what changed: shopify']);
      await sweep.stop();
    }));

  void test('for the orders of days that have passed is told of, and no more once these are stopped', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      const [since, until] = [parseLocalDate('2026-10-01'), parseLocalDate('2026-10-31')];
      await askBackfill(store, SHOP, { now: clock.now(), since, until });
      const emit = (): void => undefined;
      const backfill = startBackfill({
        source: {
          ...silent,
          async placed() {
            throw new Failure('request-refused', { detail: 'planted words of the shop' });
          },
        },
        store,
        inbox: createInbox({ store, queue: { wake: never }, clock, emit }),
        clock,
        emit,
        account: 'freshbooks',
        lookMs: MINUTE,
      });
      await world.pass(9 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), ['Cannot be asked what changed: shopify']);
      await stopBackfill(store, SHOP);
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Can be asked again what changed: shopify']);
      await backfill.stop();
    }));

  void test('for one round of several is no alarm', () =>
    inWorld(async (world) => {
      const answer = { isDown: true };
      const sweep = sweeping(world, answer);
      for (let turn = 0; turn < 4; turn += 1) {
        await world.pass(5 * MINUTE);
        answer.isDown = !answer.isDown;
      }
      assert.deepEqual(titles(world.channel), []);
      await sweep.stop();
    }));
});

void describe('messages without a valid signature', () => {
  void test('five in a row are told of with the connection, and that valid ones come again', () =>
    inWorld(async (world) => {
      world.hear('delivery refused', 4);
      await world.pass(10 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
      world.hear('delivery refused');
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel), ['Messages are refused: 5 in a row for shopify']);
      assert.match(world.channel.taken[0]?.text ?? '', /SHOPIFY_API_SECRET/);
      world.hear('delivery accepted');
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Messages are refused no more: shopify']);
    }));

  void test('and none at all for a week after them are not told as if valid ones came', () =>
    inWorld(async (world) => {
      world.hear('delivery refused', 5);
      await world.pass(MINUTE);
      await world.restart(8 * DAY);
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Messages are refused no more: shopify']);
    }));

  void test('among valid ones are none in a row', () =>
    inWorld(async (world) => {
      for (let turn = 0; turn < 20; turn += 1) {
        world.hear('delivery refused', 2);
        world.hear(turn % 2 === 0 ? 'delivery accepted' : 'delivery repeated');
        world.hear('delivery refused', 2);
        await world.pass(10 * SECOND);
      }
      assert.deepEqual(titles(world.channel), []);
    }));

  void test('count on after a restart, and an alarm about them is not over because of it', () =>
    inWorld(async (world) => {
      world.hear('delivery refused', 3);
      await world.pass(10 * SECOND);
      await world.restart();
      world.hear('delivery refused', 2);
      await world.pass(MINUTE);
      await world.restart(HOUR);
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel), ['Messages are refused: 5 in a row for shopify']);
    }));

  void test('a few now and a few days ago are no row', () =>
    inWorld(async (world) => {
      world.hear('delivery refused', 4);
      await world.pass(10 * SECOND);
      await world.restart(2 * DAY);
      world.hear('delivery refused', 4);
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel), []);
    }));

  void test('however many come, one row is kept of them, and nothing of what they say', () =>
    inWorld(async (world) => {
      world.hear('delivery refused', 100_000);
      await world.pass(MINUTE);
      assert.match(titles(world.channel)[0] ?? '', /^Messages are refused: 100000 in a row for shopify$/);
    }));
});

void describe('a paid order', () => {
  const invoiceOf = (steps: readonly Step[]): Step => {
    const found = steps.find(({ kind }) => kind === 'invoice');
    assert(found !== undefined);
    return found;
  };

  /** An order on its way whose invoice stands and whose payment does not. */
  async function openInvoice({ store, clock }: World, parts: Partial<OrderRecord> = {}): Promise<void> {
    const shown = order({ key: keyOf(1) });
    const planned = plan(shown, fold([]), terms());
    assert(planned.outcome === 'work');
    await putOrder(store, 1, { state: 'waiting', snapshot: shown, ...parts });
    const { id: _id, ...rest } = entry(invoiceOf(planned.steps), { order: keyOf(1) });
    await store.transact((tx) =>
      tx.addEntry({ ...rest, reference: referenceOf(keyOf(1), 'invoice', 1), settledAt: clock.now() }),
    );
  }

  void test('whose invoice stays open for ten minutes is told of, and when it is paid', () =>
    inWorld(async (world) => {
      await openInvoice(world);
      await world.pass(9 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), ['1 paid order has an open invoice: #1']);
      await putOrder(world.store, 1, { state: 'settled' });
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Over for 1 order: #1']);
    }));

  void test('on which a question waits is told of by the question alone', () =>
    inWorld(async (world) => {
      await openInvoice(world);
      await world.store.transact((tx) =>
        tx.openHold(hold({ order: keyOf(1), code: 'books-payment-unclear', openedAt: world.clock.now() })),
      );
      await world.pass(12 * MINUTE);
      assert.deepEqual(titles(world.channel), ['1 order waits for a person: #1']);
    }));

  void test('that is not paid yet is no alarm, however long its invoice is open', () =>
    inWorld(async (world) => {
      const { total } = order();
      const cash = { state: 'known' as const, received: { ...total, minor: total.minor - 1n }, tenders: [] };
      await openInvoice(world, { snapshot: order({ key: keyOf(1), cash }) });
      await world.pass(12 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
    }));
});

test('more questions than a person answers one by one are counted, and a new cause among them is told of', async () => {
  const { store, clock } = await openWorld();
  const look = async () => {
    const terms = { now: clock.now(), queueMs: 0, connections: [], channels: [] };
    return conditionsNow(store.read, terms);
  };
  await store.transact(async (tx) => {
    for (let id = 1; id <= 5000; id += 1) {
      await tx.openHold(hold({ order: orderKey(SHOP, String(id)), code: 'books-refused' }));
    }
  });
  const named = await look();
  assert.deepEqual([named.conditions.length, named.isCut('held')], [5000, false]);
  assert.deepEqual(new Set(named.conditions.map(({ kind }) => kind)), new Set(['held']));

  await store.transact(async (tx) => {
    await tx.openHold(hold({ order: orderKey(SHOP, '5001'), code: 'order-overpaid' }));
    const { order: _order, ...rest } = hold({ delivery: '7', code: 'delivery-not-json' });
    await tx.openHold({ ...rest, step: 'delivery' });
  });
  const counted = await look();
  assert.deepEqual(
    counted.conditions.map(({ kind, key, subject }) => [kind, key, subject]),
    [
      ['questions', 'questions:orders:books-refused', '5000 orders'],
      ['questions', 'questions:messages:delivery-not-json', '1 message'],
      ['questions', 'questions:orders:order-overpaid', '1 order'],
    ],
  );
  assert.deepEqual(
    [counted.isCut('held'), counted.isCut('message'), counted.isCut('questions')],
    [true, true, false],
  );
  await store.close();
});

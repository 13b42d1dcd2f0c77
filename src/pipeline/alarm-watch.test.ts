import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import type { AlarmMessage } from '#core/alarm-message.ts';
import { orderKey, referenceOf } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { fold } from '#core/ledger.ts';
import { plan } from '#core/plan.ts';
import type { Step } from '#core/document.ts';
import { DAY, HOUR, MINUTE, SECOND, after, instant } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { SHOP, entry, hold, message, order, record, terms } from '#tests/build.ts';
import { testClock, turns } from '#tests/clock.ts';
import { createAlarmWatch } from './alarm-watch.ts';
import type { AlarmTerms, AlarmWatch } from './alarm-watch.ts';
import { channelState, tellTest } from './alarm-teller.ts';
import { createInbox } from './inbox.ts';
import { startSweep } from './sweep.ts';
import type { AlarmChannel, OrderRecord, PipelineEvent, Store } from './ports.ts';

/** The watch on a store that is real, with a moved clock and channels that are lists. */

const TERMS: AlarmTerms = { queueMs: 10 * MINUTE, repeatMs: 24 * HOUR, groupMs: 30 * SECOND };
const keyOf = (id: number | string): OrderKey => orderKey(SHOP, String(id));

interface List extends AlarmChannel {
  readonly taken: AlarmMessage[];
  readonly tries: () => number;
  /** What it throws from now on; nothing mends it. */
  readonly breakWith: (failure?: Failure) => void;
}

function listChannel(name: string): List {
  const taken: AlarmMessage[] = [];
  let failure: Failure | undefined;
  let tries = 0;
  return {
    name,
    taken,
    tries: () => tries,
    breakWith: (next) => void (failure = next),
    async send(message) {
      tries += 1;
      if (failure !== undefined) {
        throw failure;
      }
      taken.push(message);
    },
  };
}

interface World {
  readonly store: Store;
  readonly clock: ReturnType<typeof testClock>;
  readonly channel: List;
  readonly other: List;
  readonly events: PipelineEvent[];
  readonly hear: (name: string, count?: number) => void;
  /** Looks as often as the watch does within this time. */
  readonly pass: (ms: number) => Promise<void>;
  /** The process ends, time passes, and the next one starts. */
  readonly restart: (afterMs?: number) => Promise<void>;
}

async function inWorld(
  body: (world: World) => Promise<void>,
  { terms = {}, channels = 1 }: { terms?: Partial<AlarmTerms>; channels?: number } = {},
): Promise<void> {
  const clock = testClock();
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock,
    seal: createSeal('key'),
  });
  const [channel, other] = [listChannel('slack'), listChannel('mail-1')];
  const events: PipelineEvent[] = [];
  const open = (): AlarmWatch => {
    const watch = createAlarmWatch({
      store,
      clock,
      emit: (event) => events.push(event),
      place: 'acme.myshopify.com',
      channels: [channel, other].slice(0, channels),
      connections: [SHOP],
      terms: { ...TERMS, ...terms },
    });
    watch.start();
    return watch;
  };
  let watch = open();
  await turns();
  try {
    await body({
      store,
      clock,
      channel,
      other,
      events,
      hear(name, count = 1) {
        for (let index = 0; index < count; index += 1) {
          watch.hear({ name, level: 'warn', fields: { connection: SHOP } });
        }
      },
      pass: (ms) => clock.advance(ms),
      async restart(afterMs = 0) {
        await watch.stop();
        await clock.advance(afterMs);
        watch = open();
        await turns();
      },
    });
  } finally {
    await watch.stop();
    assert.equal(clock.sleeping(), 0, 'nothing waits on the clock after the stop');
    await store.close();
  }
}

const putOrder = (store: Store, id: number | string, parts: Partial<OrderRecord> = {}): Promise<void> => {
  const { dueAt: _due, ...rest } = record({ key: keyOf(id), name: `#${id}`, state: 'held', ...parts });
  return store.transact((tx) => tx.putOrder(rest));
};

async function holdOrder(
  { store, clock }: World,
  id: number | string,
  code: FailureCode = 'books-refused',
  parts: Partial<Parameters<typeof hold>[0]> = {},
): Promise<void> {
  await putOrder(store, id);
  await store.transact((tx) =>
    tx.openHold(hold({ order: keyOf(id), code, openedAt: clock.now(), ...parts })),
  );
}

const closeHolds = ({ store, clock }: World, id: number | string): Promise<void> =>
  store.transact(async (tx) => {
    for (const open of await tx.holds({ order: keyOf(id), isOpen: true })) {
      await tx.closeHold(open.id, { at: clock.now(), because: 'Released by hand' });
    }
  });

const titles = ({ taken }: List): string[] => taken.map(({ title }) => title);

void describe('an order that is held', () => {
  void test('is told of once, with its name, the cause and what to do', () =>
    inWorld(async (world) => {
      await holdOrder(world, 1001);
      await world.pass(25 * SECOND);
      assert.deepEqual(titles(world.channel), []);
      await world.pass(10 * SECOND);
      assert.deepEqual(titles(world.channel), ['1 order waits for a person: #1001']);
      const [first] = world.channel.taken;
      assert.match(first?.text ?? '', /FreshBooks refused the request\. It is not sent again by itself/);
      assert.match(first?.text ?? '', /counterfoil explain '#1001'.*counterfoil retry '#1001'/);
      assert.equal(first?.place, 'acme.myshopify.com');
      await world.pass(2 * MINUTE);
      assert.equal(world.channel.taken.length, 1);
    }));

  void test('is told to be over when its hold is closed, and then no more', () =>
    inWorld(async (world) => {
      await holdOrder(world, 1001);
      await world.pass(MINUTE);
      await closeHolds(world, 1001);
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Over for 1 order: #1001']);
      await world.pass(2 * MINUTE);
      await world.restart(2 * DAY);
      await world.pass(2 * MINUTE);
      assert.equal(world.channel.taken.length, 2);
    }));

  void test('and freed within moments is told to nobody', () =>
    inWorld(async (world) => {
      await holdOrder(world, 1001);
      await world.pass(10 * SECOND);
      await closeHolds(world, 1001);
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), []);
    }));

  void test('is told again once a day while it is so, by whichever process runs then', () =>
    inWorld(async (world) => {
      await holdOrder(world, 1001);
      await world.pass(MINUTE);
      await world.restart(23 * HOUR);
      await world.pass(MINUTE);
      assert.equal(world.channel.taken.length, 1);
      await world.restart(HOUR);
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel).slice(1), ['Still: 1 order waits for a person: #1001']);
      await world.restart(24 * HOUR);
      await world.pass(MINUTE);
      assert.equal(world.channel.taken.length, 3);
    }));

  void test('before the process ended is told of by the next one, and once', () =>
    inWorld(async (world) => {
      await holdOrder(world, 1001);
      await world.pass(10 * SECOND);
      await world.restart(HOUR);
      await world.pass(2 * MINUTE);
      await world.restart();
      await world.pass(2 * MINUTE);
      assert.deepEqual(titles(world.channel), ['1 order waits for a person: #1001']);
    }));

  void test('is told by its cause: with another cause it is another alarm', () =>
    inWorld(async (world) => {
      await holdOrder(world, 1001, 'books-refused');
      await world.pass(MINUTE);
      await closeHolds(world, 1001);
      await holdOrder(world, 1001, 'order-overpaid');
      await world.pass(MINUTE);
      const [, second] = world.channel.taken;
      assert.deepEqual(
        [second?.raised.map(({ code }) => code), second?.over.map(({ code }) => code)],
        [['order-overpaid'], ['books-refused']],
      );
    }));

  void test('with a name that a shell or a chat would read as more is named by its key in commands', () =>
    inWorld(async (world) => {
      await putOrder(world.store, 7, { name: "#7'; rm -rf ~;\n\u202Eecho" });
      await world.store.transact((tx) =>
        tx.openHold(hold({ order: keyOf(7), code: 'books-refused', openedAt: world.clock.now() })),
      );
      await world.pass(MINUTE);
      const [group] = world.channel.taken[0]?.raised ?? [];
      assert.deepEqual(group?.subjects, ["#7'; rm -rf ~; echo"]);
      assert.match(
        group?.remedy ?? '',
        /^counterfoil explain shopify\/7 tells why; then counterfoil retry shopify\/7,/,
      );
    }));
});

void describe('many at once', () => {
  void test('are one message: each cause a paragraph, so many names, and the count of the rest', () =>
    inWorld(async (world) => {
      for (let id = 1; id <= 25; id += 1) {
        await holdOrder(world, id, id <= 20 ? 'books-refused' : 'order-overpaid');
      }
      await world.pass(MINUTE);
      assert.equal(world.channel.taken.length, 1);
      const [message] = world.channel.taken;
      assert.deepEqual(
        message?.raised.map(({ code, count, subjects }) => [code, count, subjects.length]),
        [
          ['books-refused', 20, 10],
          ['order-overpaid', 5, 5],
        ],
      );
    }));

  void test('that come one after the other are a message every ten minutes', () =>
    inWorld(async (world) => {
      for (let id = 1; id <= 40; id += 1) {
        await holdOrder(world, id);
        await world.pass(30 * SECOND);
      }
      await world.pass(10 * MINUTE);
      const told = world.channel.taken.flatMap(({ raised }) => raised.map(({ count }) => count));
      assert.equal(
        told.reduce((sum, count) => sum + count, 0),
        40,
        'each is told of once',
      );
      assert.ok(told.length <= 4, `${told.length} messages in half an hour`);
    }));

  void test('thousands begin over several looks, and none is lost', () =>
    inWorld(async (world) => {
      const { store, clock } = world;
      await store.transact(async (tx) => {
        for (let id = 1; id <= 1200; id += 1) {
          const { dueAt: _due, ...rest } = record({ key: keyOf(id), name: `#${id}`, state: 'held' });
          await tx.putOrder(rest);
          await tx.openHold(hold({ order: keyOf(id), code: 'books-refused', openedAt: clock.now() }));
        }
      });
      await world.pass(MINUTE);
      assert.deepEqual(
        world.channel.taken.flatMap(({ raised }) => raised.map(({ count }) => count)),
        [1200],
      );
    }));
});

void describe('a message that is held', () => {
  void test('is told of by its number and its cause', () =>
    inWorld(async (world) => {
      const { order: _order, ...rest } = hold({
        delivery: '12',
        connection: SHOP,
        openedAt: world.clock.now(),
      });
      await world.store.transact((tx) =>
        tx.openHold({ ...rest, step: 'delivery', code: 'delivery-compliance' }),
      );
      await world.pass(MINUTE);
      assert.deepEqual(titles(world.channel), ['1 message waits for a person: delivery:12']);
      assert.match(world.channel.taken[0]?.text ?? '', /Answer it within 30 days/);
    }));
});

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
  /** The sweep of a shop that answers as it is told to. */
  const sweeping = ({ store, clock }: World, answer: { isDown: boolean }) => {
    const never = (): never => assert.fail('not asked here');
    const emit = (): void => undefined;
    return startSweep({
      source: {
        connection: SHOP,
        canRead: true,
        readNeeds: '',
        overlapMs: HOUR,
        firstMs: 0,
        refusalUnread: never,
        verify: never,
        sort: never,
        read: never,
        spareAt: () => undefined,
        placed: never,
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
      assert.deepEqual(titles(world.channel).slice(1), ['Messages are taken in again: shopify']);
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

void describe('a channel that fails', () => {
  const refused = new Failure('alarm-refused', { detail: 'Sending an alarm by slack: answered 403' });

  void test('is logged, kept, told of through the others, and tried ever later', () =>
    inWorld(
      async (world) => {
        const { channel, other, store, events } = world;
        channel.breakWith(refused);
        await holdOrder(world, 1001);
        await world.pass(10 * MINUTE);
        assert.deepEqual(titles(other), ['1 order waits for a person: #1001', 'Alarms do not arrive: slack']);
        assert.equal(channel.tries(), 5, 'after 30 s, 1, 2 and 4 minutes');
        const logged = events.filter(({ name }) => name === 'alarm channel failed');
        assert.deepEqual(logged[0], {
          name: 'alarm channel failed',
          level: 'error',
          fields: { channel: 'slack', code: 'alarm-refused', detail: refused.message, attempts: 1 },
        });
        const { failing } = await channelState(store.read, 'slack');
        assert.deepEqual(
          [failing?.attempts, failing?.code, failing?.problem],
          [5, 'alarm-refused', refused.message],
        );
      },
      { channels: 2 },
    ));

  void test('is told what is still so once it works, and the others that it does', () =>
    inWorld(
      async (world) => {
        const { channel, other } = world;
        channel.breakWith(refused);
        await holdOrder(world, 1001);
        await holdOrder(world, 1002);
        await world.pass(5 * MINUTE);
        await closeHolds(world, 1001);
        channel.breakWith();
        await world.pass(12 * MINUTE);
        assert.deepEqual(titles(channel), ['1 order waits for a person: #1002']);
        assert.deepEqual(titles(other).slice(2), ['Over for 1 order: #1001', 'Alarms arrive again: slack']);
      },
      { channels: 2 },
    ));

  void test('does not keep another from being told, and is not forgotten by a restart', () =>
    inWorld(
      async (world) => {
        world.channel.breakWith(refused);
        await holdOrder(world, 1001);
        await world.pass(2 * MINUTE);
        const before = world.channel.tries();
        await world.restart();
        assert.equal(world.channel.tries(), before, 'it is not tried before its time');
        assert.deepEqual(titles(world.other).slice(0, 1), ['1 order waits for a person: #1001']);
      },
      { channels: 2 },
    ));

  void test('and is alone is tried as long as there is something to tell, and loses nothing', () =>
    inWorld(async (world) => {
      world.channel.breakWith(refused);
      await holdOrder(world, 1001);
      await world.pass(10 * MINUTE);
      world.channel.breakWith();
      await world.pass(7 * MINUTE);
      assert.deepEqual(titles(world.channel), ['1 order waits for a person: #1001']);
    }));

  void test('is mended by a test that it takes', () =>
    inWorld(async (world) => {
      const { channel, store, clock } = world;
      const teller = { store, clock, emit: () => undefined, place: '' };
      channel.breakWith(refused);
      assert.equal(await tellTest(teller, channel), false);
      assert.equal((await channelState(store.read, 'slack')).failing?.attempts, 1);
      channel.breakWith();
      assert.equal(await tellTest(teller, channel), true);
      assert.deepEqual(await channelState(store.read, 'slack'), { sentAt: clock.now() });
      assert.deepEqual(
        channel.taken.map(({ isTest, raised }) => [isTest, raised.length]),
        [[true, 0]],
      );
    }));
});

void describe('the watch', () => {
  void test('goes on when the database fails, says so, and tells what came meanwhile', async () => {
    const clock = testClock();
    const { store } = await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock,
      seal: createSeal('key'),
    });
    let isBroken = true;
    const failing: Store = {
      ...store,
      read: {
        ...store.read,
        async openQuestions(limit) {
          if (isBroken) {
            throw new Failure('database-failed', { detail: 'The disk is gone' });
          }
          return store.read.openQuestions(limit);
        },
      },
    };
    const events: PipelineEvent[] = [];
    const channel = listChannel('slack');
    const emit = (event: PipelineEvent): void => void events.push(event);
    const parts = { store: failing, clock, emit, place: '', channels: [channel], connections: [SHOP] };
    const watch = createAlarmWatch({ ...parts, terms: TERMS });
    watch.start();
    await store.transact((tx) =>
      tx.setPause({ account: 'freshbooks', reason: 'refused', code: 'token-refused' }),
    );
    await clock.advance(MINUTE);
    assert.deepEqual(channel.taken, []);
    assert.deepEqual(events[0], {
      name: 'alarm watch failed',
      level: 'error',
      fields: { code: 'database-failed', detail: 'The disk is gone' },
    });
    isBroken = false;
    await clock.advance(MINUTE);
    assert.deepEqual(titles(channel), ['Booking into freshbooks is paused']);
    await watch.stop();
    await store.close();
  });

  void test('that stops ends the message under way, and tells it no second time', async () => {
    const clock = testClock();
    const { store } = await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock,
      seal: createSeal('key'),
    });
    await store.transact((tx) => tx.setPause({ account: 'freshbooks', reason: 'refused' }));
    let sent = 0;
    let finish = (): void => undefined;
    const channel: AlarmChannel = {
      name: 'slack',
      send: () =>
        new Promise((resolve) => {
          sent += 1;
          finish = resolve;
        }),
    };
    const parts = { store, clock, emit: () => undefined, place: '', channels: [channel], connections: [] };
    const watch = createAlarmWatch({ ...parts, terms: TERMS });
    watch.start();
    await clock.advance(MINUTE);
    let isStopped = false;
    const stopped = watch.stop().then(() => (isStopped = true));
    await turns();
    assert.deepEqual([sent, isStopped], [1, false]);
    finish();
    await stopped;
    const next = createAlarmWatch({ ...parts, terms: TERMS });
    next.start();
    await clock.advance(HOUR);
    await next.stop();
    await next.stop();
    assert.equal(sent, 1);
    await store.close();
  });

  void test('whose database fails after a message was taken sends it once, writes it down later, and waits for a slow channel meanwhile', async () => {
    const clock = testClock();
    const { store } = await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock,
      seal: createSeal('key'),
    });
    await store.transact((tx) => tx.setPause({ account: 'freshbooks', reason: 'refused' }));
    const quick = listChannel('slack');
    let slowTries = 0;
    let finish = (): void => undefined;
    const slow: AlarmChannel = {
      name: 'mail-1',
      send: () =>
        new Promise((resolve) => {
          slowTries += 1;
          finish = resolve;
        }),
    };
    let isBroken = true;
    const failing: Store = {
      ...store,
      transact(work) {
        if (isBroken && quick.taken.length === 1) {
          return Promise.reject(new Failure('database-busy', { detail: 'It is locked' }));
        }
        return store.transact(work);
      },
    };
    const parts = { clock, emit: () => undefined, place: '', channels: [quick, slow], connections: [] };
    const watch = createAlarmWatch({ ...parts, store: failing, terms: TERMS });
    watch.start();
    await clock.advance(2 * MINUTE);
    assert.deepEqual([quick.taken.length, slowTries], [1, 1]);
    isBroken = false;
    finish();
    await clock.advance(MINUTE);
    assert.deepEqual([quick.taken.length, slowTries], [1, 1]);
    const told = (await store.read.alarms({ overAfter: clock.now() })).flatMap(({ tellings }) => tellings);
    assert.deepEqual(told.map(({ channel }) => channel).toSorted(), ['mail-1', 'slack']);
    await watch.stop();
    await store.close();
  });

  void test('without any channel keeps what is raised, for the command line to show', () =>
    inWorld(
      async (world) => {
        await holdOrder(world, 1001);
        await world.pass(MINUTE);
        const alarms = await world.store.read.alarms({ overAfter: world.clock.now() });
        assert.deepEqual(
          alarms.map(({ subject, tellings }) => [subject, tellings]),
          [['#1001', []]],
        );
      },
      { channels: 0 },
    ));

  void test('forgets what has been over for a month', () =>
    inWorld(async (world) => {
      await holdOrder(world, 1001);
      await world.pass(MINUTE);
      await closeHolds(world, 1001);
      await world.pass(MINUTE);
      const kept = async () => (await world.store.read.alarms({ overAfter: instant(0) })).length;
      await world.restart(29 * DAY);
      assert.equal(await kept(), 1);
      await world.restart(2 * DAY);
      assert.equal(await kept(), 0);
    }));

  void test('tells nothing of what stands beside the cause: no secret, no address, nothing of a buyer', () =>
    inWorld(async (world) => {
      const { store } = world;
      const planted = 'planted-secret ann@example.com https://api.example.com/?token=planted-token';
      await holdOrder(world, 1001, 'books-refused', {
        detail: planted,
        facts: [{ name: planted, value: planted }],
      });
      await store.transact(async (tx) => {
        await tx.setPause({ account: 'freshbooks', reason: planted, code: 'token-refused' });
        await tx.putSecret('freshbooks', planted);
      });
      await putOrder(store, 2, { state: 'waiting', firstFailedAt: instant(0), reason: planted });
      await store.transact((tx) =>
        tx.acceptDelivery(message({ body: new TextEncoder().encode(planted) }), instant(0)),
      );
      world.hear('delivery refused', 9);
      await world.pass(3 * MINUTE);
      const kinds = world.channel.taken.flatMap(({ raised }) => raised.map(({ kind }) => kind));
      assert.deepEqual(kinds.toSorted(), ['failing', 'held', 'paused', 'queue-old', 'refused']);
      assert.doesNotMatch(JSON.stringify([world.channel.taken, world.events]), /planted|@|https?:/);
    }));
});

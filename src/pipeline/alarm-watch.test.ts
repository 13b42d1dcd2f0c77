import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { DAY, HOUR, MINUTE, SECOND, instant } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { SHOP, hold, message, record } from '#tests/build.ts';
import { testClock, turns } from '#tests/clock.ts';
import { createAlarmWatch } from './alarm-watch.ts';
import { startClockWatch } from './clock-watch.ts';
import { channelState, tellTest } from './alarm-teller.ts';
import type { AlarmChannel, PipelineEvent, Store } from './ports.ts';
import {
  TERMS,
  keyOf,
  listChannel,
  inWorld,
  putOrder,
  holdOrder,
  closeHolds,
  titles,
} from '#tests/alarm-world.ts';

/** The watch itself: who is told what and when, on a store that is real. */

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

void describe('a clock that was six hours ahead and is right again', () => {
  void test('leaves no channel silent that failed meanwhile, nor any alarm untold', () =>
    inWorld(async (world) => {
      const { store, clock, channel } = world;
      channel.breakWith(new Failure('alarm-refused', { detail: 'No answer' }));
      await holdOrder(world, 1001);
      await world.pass(10 * MINUTE);
      channel.breakWith();
      const watch = startClockWatch({ store, clock, emit: () => undefined, leaseMs: 5 * MINUTE });
      await world.pass(SECOND);
      clock.setBack(6 * HOUR);
      await world.pass(10 * MINUTE);
      await holdOrder(world, 1002);
      await world.pass(11 * MINUTE);
      assert.deepEqual(titles(channel), [
        '1 order waits for a person: #1001',
        '1 order waits for a person: #1002',
      ]);
      await watch.stop();
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

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { connectionId } from '#core/ids.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { Inbox } from '#pipeline/inbox.ts';
import type { Delivery, PipelineEvent } from '#pipeline/ports.ts';
import { createEmbeddedQueue } from '#queue/embedded.ts';
import { createPoller } from '#sources/amazon/poller.ts';
import type { Pace, Poller } from '#sources/amazon/poller.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { until } from '#tests/until.ts';
import { NOTIFICATION, orderChange } from './notifications.ts';
import { openQueue } from './queue.ts';
import type { QueueCall, TestQueue } from './queue.ts';

/** The poller between a real queue over sockets and a real database. */
interface World {
  readonly queue: TestQueue;
  readonly database: DatabaseSync;
  readonly clock: TestClock;
  readonly poller: Poller;
  readonly events: readonly PipelineEvent[];
  readonly stored: () => Promise<readonly Delivery[]>;
  /** Holds every store back until it is called. */
  readonly holdStores: () => () => void;
}

const AMAZON = connectionId('amazon');
/** Larger than what is left of a page, so that a full database has no room for it. */
const BODY = JSON.stringify(orderChange({ Note: 'x'.repeat(20_000) }));
/** The least in which the queue counts, for what only time brings about. */
const QUICK: Pace = { visibilityS: 1, prolongS: 0.3 };

function poll(name: string, body: (world: World) => Promise<void>, pace?: Pace): void {
  void test(name, async () => {
    const queue = await openQueue();
    const clock = testClock();
    const database = openSqlite(':memory:');
    const { store } = await openStore({ dialect: sqliteDialect(database), clock, seal: createSeal('key') });
    const events: PipelineEvent[] = [];
    const inbox = createInbox({
      store,
      clock,
      emit: (event) => events.push(event),
      // Not started, so that what is stored stays as it was stored.
      queue: createEmbeddedQueue({
        read: store.read,
        clock,
        places: 1,
        pollMs: SECOND,
        onPollFailure: () => assert.fail(),
      }),
    });
    let gate = Promise.withResolvers<void>();
    gate.resolve();
    const accept: Inbox['accept'] = async (message) => {
      await gate.promise;
      return inbox.accept(message);
    };
    const poller = createPoller({
      connection: AMAZON,
      queue: queue.access,
      accept,
      clock,
      emit: (event) => events.push(event),
      ...(pace === undefined ? {} : { pace }),
    });
    try {
      await body({
        queue,
        database,
        clock,
        poller,
        events,
        stored: () => store.read.deliveries({ state: 'accepted', limit: 100 }),
        holdStores() {
          gate = Promise.withResolvers();
          return gate.resolve;
        },
      });
    } finally {
      gate.resolve();
      await poller.stop();
      await queue.close();
      await store.close();
    }
    assert.doesNotMatch(JSON.stringify(events), /planted|AKIA/, 'no event holds a key');
  });
}

const named = (id: string): string => JSON.stringify(orderChange({}, id));
const idsOf = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ externalId }) => externalId).toSorted();
const called = ({ queue }: World, action: string): readonly QueueCall[] =>
  queue.calls.filter((call) => call.action === action);
const told = ({ events }: World, name: string): readonly PipelineEvent[] =>
  events.filter((event) => event.name === name);
const emptied = ({ queue }: World): Promise<unknown> =>
  until('the queue is empty', async () => {
    const { ready, taken } = await queue.counts();
    return ready + taken === 0;
  });
/** Every page that the database has is full, as on a full disk; or as many as it likes again. */
const fill = ({ database }: World): void => database.exec('pragma max_page_count = 1');
const free = ({ database }: World): void => database.exec('pragma max_page_count = 4294967294');

void describe('a message of the queue', () => {
  poll('is durable before it is deleted', async (world) => {
    const { queue, poller, stored, holdStores } = world;
    let atDelete: readonly string[] | undefined;
    queue.at(async ({ action }) => {
      if (action === 'DeleteMessage') {
        atDelete ??= idsOf(await stored());
      }
      return undefined;
    });
    const release = holdStores();
    await queue.send(BODY);
    poller.start();
    await until('it is taken', async () => (await queue.counts()).taken === 1);
    release();
    await emptied(world);
    assert.deepEqual(atDelete, [NOTIFICATION.id]);
    const [delivery, ...others] = await stored();
    assert(delivery !== undefined && others.length === 0);
    assert.equal(new TextDecoder().decode(delivery.body), BODY);
    assert.equal(delivery.topic, 'ORDER_CHANGE');
    assert.deepEqual(delivery.headers, { 'x-counterfoil-way': 'queue' });
  });

  poll('is asked for in tens, by a long poll, with a minute to store it', async (world) => {
    const { queue, poller, stored } = world;
    const ids = Array.from({ length: 25 }, (_, index) => `n-${String(index).padStart(2, '0')}`);
    await queue.send(...ids.map(named));
    poller.start();
    await emptied(world);
    assert.deepEqual(idsOf(await stored()), ids);
    const { body } = called(world, 'ReceiveMessage')[0] ?? assert.fail('It was never asked');
    assert.equal(body['MaxNumberOfMessages'], 10);
    assert.equal(body['WaitTimeSeconds'], 20);
    assert.equal(body['VisibilityTimeout'], 60);
  });

  poll('that Amazon delivers twice is one delivery', async (world) => {
    const { queue, poller, stored } = world;
    await queue.send(BODY, BODY, BODY);
    poller.start();
    await emptied(world);
    assert.deepEqual(idsOf(await stored()), [NOTIFICATION.id]);
    assert.equal(told(world, 'delivery repeated').length, 2);
  });

  poll('that cannot be read is stored under the queue’s name of it, and then deleted', async (world) => {
    const { queue, poller, stored } = world;
    await queue.send('not JSON', '{}');
    poller.start();
    await emptied(world);
    const deliveries = await stored();
    assert.deepEqual(
      deliveries.map(({ topic }) => topic),
      ['amazon/unreadable', 'amazon/unreadable'],
    );
    for (const { externalId } of deliveries) {
      assert.match(externalId, /^[0-9a-f-]{36}$/);
    }
  });

  poll('that is larger than any queue’s is left where it is, and told', async (world) => {
    const { queue, poller, stored } = world;
    const Body = 'x'.repeat(1024 * 1024 + 1);
    const MD5OfBody = createHash('md5').update(Body).digest('hex');
    let handedOut = 0;
    queue.at(async ({ action }) => {
      if (action !== 'ReceiveMessage' || handedOut > 0) {
        return undefined;
      }
      handedOut += 1;
      return { status: 200, json: { Messages: [{ MessageId: 'm-1', ReceiptHandle: 'r', Body, MD5OfBody }] } };
    });
    poller.start();
    await until('it is asked again', () => called(world, 'ReceiveMessage').length === 2);
    assert.deepEqual(told(world, 'delivery too large')[0]?.fields, {
      connection: 'amazon',
      queueId: 'm-1',
      bytesMax: 1024 * 1024,
    });
    assert.deepEqual([await stored(), called(world, 'DeleteMessage')], [[], []]);
  });
});

void describe('a message that cannot be stored', () => {
  poll('is held back, and stored as soon as it can be, received once', async (world) => {
    const { queue, poller, stored, clock } = world;
    fill(world);
    await queue.send(BODY);
    poller.start();
    await until('the store failed', () => told(world, 'delivery not stored').length === 1);
    await until('it is waited for', () => clock.sleeping() === 1);
    assert.deepEqual(await queue.counts(), { ready: 0, taken: 1 });
    free(world);
    await clock.advance(SECOND);
    await emptied(world);
    assert.deepEqual(idsOf(await stored()), [NOTIFICATION.id]);
    assert.equal(told(world, 'delivery comes again').length, 0);
  });

  poll('for five minutes is given back, comes again, and is told', async (world) => {
    const { queue, poller, stored, clock } = world;
    fill(world);
    await queue.send(BODY);
    poller.start();
    await until('it is given back', async () => {
      await clock.advance(10 * SECOND);
      return told(world, 'delivery not stored').some(({ fields }) => fields['isGivenBack'] === true);
    });
    assert.equal(called(world, 'DeleteMessage').length, 0);
    free(world);
    await until('it comes again', async () => {
      await clock.advance(MINUTE);
      return told(world, 'delivery comes again').length > 0;
    });
    await emptied(world);
    assert.deepEqual(idsOf(await stored()), [NOTIFICATION.id]);
    assert.equal(told(world, 'delivery comes again')[0]?.fields['receives'], 2);
  });

  poll(
    'for longer than it is kept from others is kept from them all the while',
    async (world) => {
      const { queue, poller, stored, holdStores } = world;
      const release = holdStores();
      await queue.send(BODY);
      poller.start();
      await until(
        'it was prolonged beyond its time',
        () => called(world, 'ChangeMessageVisibility').length >= 6,
      );
      assert.deepEqual(await queue.receive(), []);
      release();
      await emptied(world);
      assert.deepEqual(idsOf(await stored()), [NOTIFICATION.id]);
    },
    QUICK,
  );

  poll(
    'away because its deletion was lost is known when it comes again',
    async (world) => {
      const { queue, poller, stored } = world;
      let isDown = true;
      queue.at(async ({ action }) =>
        isDown && action === 'DeleteMessage'
          ? { status: 500, json: { __type: 'InternalFailure' } }
          : undefined,
      );
      await queue.send(BODY);
      poller.start();
      await until('the deletion failed', () => told(world, 'queue message not settled').length > 0);
      isDown = false;
      await emptied(world);
      assert.deepEqual(idsOf(await stored()), [NOTIFICATION.id]);
      assert(told(world, 'delivery repeated').length > 0);
    },
    QUICK,
  );
});

void describe('a stop', () => {
  poll('ends a long poll at once', async (world) => {
    const { poller } = world;
    poller.start();
    await until('it is asking', () => called(world, 'ReceiveMessage').length === 1);
    const started = performance.now();
    await poller.stop();
    assert(performance.now() - started < 5000, 'a long poll takes twenty seconds');
    assert.equal(told(world, 'queue not read').length, 0);
  });

  poll('in the middle lets what is being stored finish, and asks for no more', async (world) => {
    const { queue, poller, stored, holdStores } = world;
    const release = holdStores();
    await queue.send(BODY, named('n-2'));
    poller.start();
    await until('both are taken', async () => (await queue.counts()).taken === 2);
    let isStopped = false;
    const stopping = poller.stop().then(() => (isStopped = true));
    await queue.send(named('n-3'));
    assert.equal(isStopped, false);
    release();
    await stopping;
    assert.deepEqual(idsOf(await stored()), [NOTIFICATION.id, 'n-2'].toSorted());
    assert.deepEqual(await queue.counts(), { ready: 1, taken: 0 });
  });

  poll('waits ten seconds for a store that does not end, and its message comes again', async (world) => {
    const { queue, poller, clock, stored, holdStores } = world;
    holdStores();
    await queue.send(BODY);
    poller.start();
    await until('it is taken', async () => (await queue.counts()).taken === 1);
    const stopping = poller.stop();
    await until('the stop waits', () => clock.sleeping() === 1);
    await clock.advance(10 * SECOND);
    await stopping;
    assert.deepEqual(await stored(), []);
    assert.equal(called(world, 'DeleteMessage').length, 0);
  });

  poll('gives back what cannot be stored now', async (world) => {
    const { queue, poller, clock } = world;
    fill(world);
    await queue.send(BODY);
    poller.start();
    await until('it is waited for', () => clock.sleeping() === 1);
    await poller.stop();
    assert.deepEqual(await queue.counts(), { ready: 1, taken: 0 });
  });

  poll('ends the wait after a fault, and may come twice', async (world) => {
    const { queue, poller, clock } = world;
    await queue.remove();
    poller.start();
    await until('it waits', () => clock.sleeping() === 1);
    await poller.stop();
    await poller.stop();
    assert.equal(called(world, 'ReceiveMessage').length, 1);
  });
});

void describe('a queue', () => {
  poll(
    'that is gone is told with what to do, asked less and less often, and read again when it is back',
    async (world) => {
      const { queue, poller, clock, stored } = world;
      await queue.remove();
      poller.start();
      const waits: number[] = [];
      for (let count = 1; count <= 8; count += 1) {
        await until('the fault is told', () => told(world, 'queue not read').length === count);
        await until('it is waited for', () => clock.sleeping() === 1);
        const { fields } = told(world, 'queue not read').at(-1) ?? assert.fail();
        waits.push(Number(fields['waitS']));
        assert.match(String(fields['what']), /no such queue: compare AMAZON_SQS_QUEUE_URL/);
        if (count < 8) {
          // No longer, so that the next wait has not begun to run.
          await clock.advance((waits.at(-1) ?? 0) * SECOND);
        }
      }
      assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
      await queue.create();
      await queue.send(BODY);
      await clock.advance(MINUTE);
      await emptied(world);
      assert.deepEqual(idsOf(await stored()), [NOTIFICATION.id]);
      assert.deepEqual(told(world, 'queue read again')[0]?.fields, { connection: 'amazon', faults: 8 });
    },
  );

  const refusals: readonly (readonly [type: string, what: RegExp])[] = [
    ['AccessDeniedException', /allow sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility/],
    ['ExpiredTokenException', /credentials have expired: renew/],
    ['UnrecognizedClientException', /does not know the credentials: check AWS_ACCESS_KEY_ID/],
    ['KmsAccessDenied', /encrypted with a key .* allow kms:Decrypt/],
  ];
  for (const [type, what] of refusals) {
    poll(`that answers ${type} is told with what to do, and asked again later`, async (world) => {
      const { queue, poller, clock, stored } = world;
      let isRefused = true;
      // AWS's texts may quote the key.
      queue.at(async () =>
        isRefused
          ? { status: 403, json: { __type: `com.amazon.coral#${type}`, message: 'AKIAOURS planted' } }
          : undefined,
      );
      await queue.send(BODY);
      poller.start();
      await until('it waits', () => clock.sleeping() === 1);
      const [{ fields } = assert.fail()] = told(world, 'queue not read');
      assert.equal(fields['code'], type);
      assert.match(String(fields['what']), what);
      isRefused = false;
      await clock.advance(SECOND);
      await emptied(world);
      assert.equal((await stored()).length, 1);
    });
  }

  poll('that cannot be reached does not end the program', async (world) => {
    const { queue, poller, clock } = world;
    await queue.close();
    poller.start();
    await until('it waits', () => clock.sleeping() === 1);
    const [{ fields } = assert.fail()] = told(world, 'queue not read');
    assert.equal(fields['code'], 'ECONNREFUSED');
    assert.match(String(fields['what']), /cannot be reached/);
  });
});

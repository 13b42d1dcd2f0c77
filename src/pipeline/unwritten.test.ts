import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { TERMS, listChannel, titles } from '#tests/alarm-world.ts';
import { testClock } from '#tests/clock.ts';
import { createAlarmWatch } from './alarm-watch.ts';
import type { AlarmWatch } from './alarm-watch.ts';
import type { PipelineEvent, Store } from './ports.ts';

/** What a person is told where the database itself keeps no alarm. */

interface Scene {
  readonly clock: ReturnType<typeof testClock>;
  readonly channel: ReturnType<typeof listChannel>;
  readonly events: readonly PipelineEvent[];
  readonly watch: AlarmWatch;
  /** From now on nothing is written; or all is again. */
  readonly refuse: (code?: FailureCode) => void;
}

/** A watch on a database that can be read, and written as long as the test lets it. */
async function inScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = testClock();
  const { store } = await openStore({
    dialect: sqliteDialect(openSqlite(':memory:')),
    clock,
    seal: createSeal('key'),
  });
  let refusal: FailureCode | undefined;
  const failing: Store = {
    ...store,
    transact: (work) =>
      refusal === undefined
        ? store.transact(work)
        : Promise.reject(new Failure(refusal, { detail: 'planted words of the disk' })),
  };
  const channel = listChannel('slack');
  const events: PipelineEvent[] = [];
  const watch = createAlarmWatch({
    store: failing,
    clock,
    emit: (event) => void events.push(event),
    place: 'acme.myshopify.com',
    channels: [channel],
    connections: [],
    terms: TERMS,
  });
  watch.start();
  try {
    await body({ clock, channel, events, watch, refuse: (code) => void (refusal = code) });
  } finally {
    await watch.stop();
    assert.equal(clock.sleeping(), 0, 'nothing waits on the clock after the stop');
    await store.close();
  }
}

void describe('a database that takes nothing', () => {
  void test('is told of after the configured time, once, and when it takes again', () =>
    inScene(async ({ clock, channel, refuse }) => {
      refuse('database-busy');
      await clock.advance(9 * MINUTE);
      assert.deepEqual(titles(channel), []);
      await clock.advance(3 * MINUTE);
      assert.deepEqual(titles(channel), ['Nothing can be stored: the database']);
      assert.match(channel.taken[0]?.text ?? '', /Another process is writing to the database/);
      assert.doesNotMatch(channel.taken[0]?.text ?? '', /planted/);
      await clock.advance(5 * HOUR);
      assert.equal(channel.taken.length, 1);
      refuse();
      await clock.advance(7 * MINUTE);
      assert.deepEqual(titles(channel).slice(1), ['It is stored again what comes: the database']);
    }));

  void test('for some minutes is no alarm', () =>
    inScene(async ({ clock, channel, refuse }) => {
      refuse('database-busy');
      await clock.advance(8 * MINUTE);
      refuse();
      await clock.advance(HOUR);
      assert.deepEqual(titles(channel), []);
    }));

  void test('is told of and over as soon where the clock is set back meanwhile', () =>
    inScene(async ({ clock, channel, refuse }) => {
      refuse('database-full');
      await clock.advance(5 * MINUTE);
      clock.setBack(10 * HOUR);
      await clock.advance(13 * MINUTE);
      assert.deepEqual(titles(channel), ['Nothing can be stored: the database']);
      clock.setBack(10 * HOUR);
      await clock.advance(HOUR);
      assert.equal(channel.taken.length, 1, 'it is not told to be over while it is not');
      clock.setBack(10 * HOUR);
      refuse();
      await clock.advance(8 * MINUTE);
      assert.deepEqual(titles(channel).slice(1), ['It is stored again what comes: the database']);
    }));

  void test('is told of once the channel works', () =>
    inScene(async ({ clock, channel, events, refuse }) => {
      channel.breakWith(new Failure('request-server-error', { detail: 'The chat is down' }));
      refuse('database-busy');
      await clock.advance(HOUR);
      const tries = channel.tries();
      assert.ok(tries > 1 && tries < 10, `${tries} tries`);
      assert.ok(events.some(({ name }) => name === 'alarm channel failed'));
      channel.breakWith();
      await clock.advance(16 * MINUTE);
      assert.deepEqual(titles(channel), ['Nothing can be stored: the database']);
      refuse();
      await clock.advance(MINUTE);
    }));

  void test('but what is small is told of by what failed', () =>
    inScene(async ({ clock, channel, watch }) => {
      for (let minute = 0; minute < 12; minute += 1) {
        watch.hear({
          name: 'request failed',
          level: 'error',
          fields: { path: '/webhooks/shopify', code: 'database-full', detail: 'planted' },
        });
        await clock.advance(MINUTE);
      }
      assert.deepEqual(titles(channel), ['Nothing can be stored: the database']);
      const [{ text } = { text: '' }] = channel.taken;
      assert.match(text, /disk that holds the database is full/);
      assert.doesNotMatch(text, /planted/);
      await clock.advance(6 * MINUTE + 30 * SECOND);
      assert.equal(channel.taken.length, 2);
    }));
});

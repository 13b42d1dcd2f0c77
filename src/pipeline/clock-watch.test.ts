import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { Clock } from '#core/time.ts';
import { DAY, HOUR, MINUTE, SECOND, after } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { ORDER, record } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';
import { followClock, startClockWatch } from './clock-watch.ts';
import type { PipelineEvent, Store } from './ports.ts';

/** A database on the disk that is opened anew by each life of the program, and a clock that goes on between them. */
async function inLives(
  body: (parts: {
    readonly clock: ReturnType<typeof testClock>;
    readonly events: PipelineEvent[];
    /** The database, without following the clock. */
    readonly open: () => Promise<Store>;
    /** As it was opened last. */
    readonly database: () => DatabaseSync;
    /** One life: it follows the clock from its start, and watches it until the work ends. */
    readonly life: (work: (store: Store) => Promise<void>) => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-clock-'));
  const clock = testClock();
  const events: PipelineEvent[] = [];
  let handle: DatabaseSync | undefined;
  const open = async (): Promise<Store> => {
    handle = openSqlite(join(folder, 'counterfoil.db'));
    const dialect = sqliteDialect(handle);
    return (await openStore({ dialect, clock, seal: createSeal('key') })).store;
  };
  try {
    await body({
      clock,
      events,
      open,
      database: () => handle ?? assert.fail('it is open'),
      async life(work) {
        const store = await open();
        const parts = {
          store,
          clock,
          emit: (event: PipelineEvent) => void events.push(event),
          leaseMs: 5 * MINUTE,
        };
        await followClock(parts);
        const watch = startClockWatch(parts);
        await work(store);
        await watch.stop();
        assert.equal(clock.sleeping(), 0, 'nothing waits on the clock after the stop');
        await store.close();
      },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An order that is to wait so long from now. */
async function put(store: Store, clock: Clock, ms: number): Promise<void> {
  const now = clock.now();
  const waiting = record({ state: 'waiting', dueAt: after(now, ms), updatedAt: now });
  await store.transact((tx) => tx.putOrder(waiting));
}
const dueAt = async (store: Store) => (await store.read.order(ORDER))?.dueAt;
const steps = (events: readonly PipelineEvent[]) =>
  events.filter(({ name }) => name === 'clock set back').map(({ fields }) => fields['seconds']);

describe('a clock that is set back', () => {
  test('by 30 days while the program runs makes no order wait longer, within seconds', () =>
    inLives(async ({ clock, events, life }) => {
      await life(async (store) => {
        await clock.advance(10 * SECOND);
        await put(store, clock, HOUR);
        clock.setBack(30 * DAY);
        const now = clock.now();
        await clock.advance(5 * SECOND);
        const due = (await dueAt(store)) ?? assert.fail('it waits');
        assert.ok(
          due >= now && due <= after(now, HOUR + 5 * SECOND),
          'by as much as passed until it was seen',
        );
      });
      assert.deepEqual(steps(events), [(30 * DAY) / SECOND - 5]);
    }));

  test('while the program was off is seen at its start, by what the clock showed before', () =>
    inLives(async ({ clock, events, life }) => {
      await life(async (store) => {
        await put(store, clock, HOUR);
        await clock.advance(10 * MINUTE);
      });
      clock.setBack(2 * HOUR);
      await life(async (store) => {
        assert.equal(await dueAt(store), after(clock.now(), 50 * MINUTE));
      });
      assert.deepEqual(steps(events), [(2 * HOUR) / SECOND]);
    }));

  test('is seen by an order that a command made due, or a version that did not watch, while nothing watched', () =>
    inLives(async ({ clock, life, open }) => {
      const store = await open();
      await put(store, clock, HOUR);
      await store.close();
      clock.setBack(2 * HOUR);
      await life(async (next) => {
        assert.equal(await dueAt(next), after(clock.now(), HOUR));
      });
    }));

  test('and one that goes on, or stands still over a restart, moves nothing', () =>
    inLives(async ({ clock, events, life }) => {
      const due = after(clock.now(), 3 * DAY);
      await life(async (store) => {
        await put(store, clock, 3 * DAY);
        await clock.advance(HOUR);
      });
      await life(async () => undefined);
      await clock.advance(DAY);
      await life(async (store) => {
        await clock.advance(10 * MINUTE);
        assert.equal(await dueAt(store), due, 'what a settlement waits for stays as Amazon named it');
      });
      assert.deepEqual(events, []);
    }));

  test('is followed once the database can be written again', () =>
    inLives(async ({ clock, events, life, database }) => {
      await life(async (store) => {
        await clock.advance(10 * SECOND);
        await put(store, clock, HOUR);
        database().exec('pragma query_only = on');
        clock.setBack(DAY);
        await clock.advance(5 * SECOND);
        database().exec('pragma query_only = off');
        const now = clock.now();
        await clock.advance(5 * SECOND);
        const due = (await dueAt(store)) ?? assert.fail('it waits');
        assert.ok(due <= after(now, HOUR + 10 * SECOND));
      });
      assert.deepEqual(
        events.map(({ name }) => name),
        ['clock watch failed', 'clock set back'],
      );
    }));
});

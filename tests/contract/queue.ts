import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE, SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Queue, Reader, WakeKey } from '#pipeline/ports.ts';
import { testClock, turns } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';

/** What every implementation of the port `Queue` promises. */
export interface QueueHarness {
  readonly name: string;
  readonly make: (parts: QueueParts) => Queue;
}

export interface QueueParts {
  /** What the store says is due. */
  readonly read: Pick<Reader, 'dueKeys'>;
  readonly clock: TestClock;
  readonly places: number;
  readonly onPollFailure: (thrown: unknown) => void;
}

/** Long enough for any implementation to have looked at what is due. */
const POLLED_WITHIN_MS = 10 * SECOND;
const A: WakeKey = 'delivery:1';
const B: WakeKey = 'delivery:2';
const C: WakeKey = 'delivery:3';

/** Runs that a test ends one by one. */
interface Runs {
  readonly run: (key: WakeKey, signal: AbortSignal) => Promise<void>;
  /** Every run that was started, in order. */
  readonly started: WakeKey[];
  readonly inFlight: () => readonly WakeKey[];
  readonly signals: AbortSignal[];
  /** Ends the oldest run of this key. */
  readonly end: (key: WakeKey) => Promise<void>;
}

function createRuns(): Runs {
  const open: { readonly key: WakeKey; readonly end: () => void }[] = [];
  const started: WakeKey[] = [];
  const signals: AbortSignal[] = [];
  return {
    started,
    signals,
    inFlight: () => open.map((run) => run.key),
    run(key, signal) {
      started.push(key);
      signals.push(signal);
      return new Promise((resolve) => open.push({ key, end: resolve }));
    },
    async end(key) {
      const index = open.findIndex((run) => run.key === key);
      assert.ok(index >= 0, `${key} is running`);
      const [run] = open.splice(index, 1);
      run?.end();
      await turns();
    },
  };
}

interface World extends Runs {
  readonly queue: Queue;
  readonly clock: TestClock;
  readonly failures: unknown[];
  /** The store, as far as a queue sees it. */
  readonly due: Map<WakeKey, Instant>;
  /** Makes the store fail until it is told otherwise. */
  readonly breakStore: (isBroken: { readonly now: boolean }) => void;
}

function createWorld(harness: QueueHarness, places: number): World {
  const clock = testClock();
  const due = new Map<WakeKey, Instant>();
  const failures: unknown[] = [];
  let isBroken = false;
  const queue = harness.make({
    clock,
    places,
    onPollFailure: (thrown) => failures.push(thrown),
    read: {
      async dueKeys(now, limit) {
        if (isBroken) {
          throw new Error('The disk is gone');
        }
        const ready = [...due].filter(([, at]) => at <= now).map(([key]) => key);
        return ready.slice(0, limit);
      },
    },
  });
  const runs = createRuns();
  return {
    ...runs,
    queue,
    clock,
    failures,
    due,
    breakStore: ({ now }) => void (isBroken = now),
  };
}

export function queueContract(harness: QueueHarness): void {
  const promise = (name: string, body: (world: World) => Promise<void>, places = 4): void => {
    void test(name, async () => {
      const world = createWorld(harness, places);
      try {
        await body(world);
      } finally {
        const stopped = world.queue.stop();
        for (const key of world.inFlight()) {
          await world.end(key);
        }
        await stopped;
      }
    });
  };
  void describe(`queue contract: ${harness.name}`, () => {
    void describe('waking', () => waking(promise));
    void describe('polling', () => polling(promise));
    void describe('places', () => places(promise));
    void describe('stopping', () => stopping(promise));
  });
}

type Promises = (name: string, body: (world: World) => Promise<void>, places?: number) => void;

function waking(promise: Promises): void {
  promise('a wake causes one run', async ({ queue, run, started, end }) => {
    queue.start(run);
    queue.wake(A);
    await turns();
    assert.deepEqual(started, [A]);
    await end(A);
    assert.deepEqual(started, [A]);
  });

  promise(
    'a wake during a run causes exactly one more, after it',
    async ({ queue, run, started, end, inFlight }) => {
      queue.start(run);
      queue.wake(A);
      await turns();
      queue.wake(A);
      queue.wake(A);
      queue.wake(A);
      await turns();
      assert.deepEqual(inFlight(), [A], 'one key never runs twice at once');
      await end(A);
      assert.deepEqual([started.length, inFlight()], [2, [A]]);
      await end(A);
      assert.deepEqual([started.length, inFlight()], [2, []]);
    },
  );

  promise('several wakes of a key that waits cause one run', async ({ queue, run, started, end }) => {
    queue.wake(A);
    queue.wake(A);
    queue.wake(B);
    queue.wake(A);
    queue.start(run);
    await turns();
    assert.deepEqual(started.toSorted(), [A, B]);
    await end(A);
    await end(B);
    assert.equal(started.length, 2);
  });

  promise(
    'a run that wakes its own key, at once or later, is followed and not joined',
    async ({ queue, clock }) => {
      const seen: string[] = [];
      let atOnce = 0;
      let most = 0;
      queue.start(async (key) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        seen.push(key);
        if (seen.length === 1) {
          queue.wake(key);
        }
        await turns();
        if (seen.length === 2) {
          queue.wake(key);
        }
        await turns();
        atOnce -= 1;
      });
      queue.wake(A);
      for (let turn = 0; turn < 20; turn += 1) {
        await turns();
      }
      await clock.advance(0);
      assert.deepEqual([seen, most], [[A, A, A], 1]);
    },
  );

  promise('keys do not wait for each other', async ({ queue, run, started, end }) => {
    queue.start(run);
    queue.wake(A);
    queue.wake(B);
    await turns();
    assert.deepEqual(started, [A, B]);
    await end(B);
    queue.wake(C);
    await turns();
    assert.deepEqual(started, [A, B, C]);
  });
}

function polling(promise: Promises): void {
  promise(
    'what is due in the store is found without any wake',
    async ({ queue, run, started, due, clock, end }) => {
      queue.start(run);
      await turns();
      due.set(A, clock.now());
      await clock.advance(POLLED_WITHIN_MS);
      assert.deepEqual(started, [A]);
      due.delete(A);
      await end(A);
      await clock.advance(POLLED_WITHIN_MS);
      assert.deepEqual(started, [A]);
    },
  );

  promise('what was due before the start is found at once', async ({ queue, run, started, due, clock }) => {
    due.set(A, clock.now());
    queue.start(run);
    await turns();
    assert.deepEqual(started, [A]);
  });

  promise(
    'what the database calls urgent passes what was found due before it',
    async ({ queue, run, started, due, clock, end }) => {
      [A, B].forEach((key) => due.set(key, clock.now()));
      queue.start(run);
      await clock.advance(POLLED_WITHIN_MS);
      assert.deepEqual(started, [A]);
      // As the database lists it: the urgent one before the other.
      due.clear();
      [C, B].forEach((key) => due.set(key, clock.now()));
      await clock.advance(POLLED_WITHIN_MS);
      await end(A);
      assert.deepEqual(started, [A, C]);
      due.delete(C);
    },
    1,
  );
  promise('what is due later is not run early', async ({ queue, run, started, due, clock }) => {
    due.set(A, after(clock.now(), MINUTE));
    queue.start(run);
    await clock.advance(MINUTE - 1);
    assert.deepEqual(started, []);
    await clock.advance(POLLED_WITHIN_MS);
    assert.deepEqual(started, [A]);
  });

  promise('what stays due is run again when its run has ended, never beside it', async (world) => {
    const { queue, run, started, inFlight, due, clock, end } = world;
    due.set(A, clock.now());
    queue.start(run);
    await clock.advance(3 * POLLED_WITHIN_MS);
    assert.deepEqual([started, inFlight()], [[A], [A]]);
    await end(A);
    await clock.advance(POLLED_WITHIN_MS);
    assert.deepEqual([started, inFlight()], [[A, A], [A]]);
  });

  promise('a store that fails is reported, and looked at again until it answers', async (world) => {
    const { queue, run, started, failures, due, clock, breakStore } = world;
    breakStore({ now: true });
    due.set(A, clock.now());
    queue.start(run);
    await clock.advance(POLLED_WITHIN_MS);
    assert.ok(failures.length > 0);
    assert.ok(failures.every((thrown) => thrown instanceof Error && thrown.message === 'The disk is gone'));
    assert.deepEqual(started, []);
    breakStore({ now: false });
    await clock.advance(POLLED_WITHIN_MS);
    assert.deepEqual(started, [A]);
  });

  promise('a wake is heard while the store fails', async ({ queue, run, started, breakStore }) => {
    breakStore({ now: true });
    queue.start(run);
    queue.wake(A);
    await turns();
    assert.deepEqual(started, [A]);
  });
}

function places(promise: Promises): void {
  promise(
    'no more run at once than there are places, and each place that is freed is taken',
    async ({ queue, run, started, inFlight, end }) => {
      const keys = Array.from({ length: 7 }, (_, index): WakeKey => `delivery:${index}`);
      queue.start(run);
      keys.forEach((key) => queue.wake(key));
      await turns();
      assert.equal(inFlight().length, 2);
      for (const key of keys) {
        assert.ok(inFlight().length <= 2);
        await end(key);
      }
      assert.deepEqual(started, keys, 'who came first runs first');
    },
    2,
  );

  promise(
    'a key that is woken again and again does not keep others waiting',
    async ({ queue, run, started, end }) => {
      queue.start(run);
      queue.wake(A);
      queue.wake(B);
      await turns();
      queue.wake(A);
      await end(A);
      assert.deepEqual(started, [A, B]);
      await end(B);
      assert.deepEqual(started, [A, B, A]);
    },
    1,
  );
}

function stopping(promise: Promises): void {
  promise('stopping signals the runs under way, waits for them and starts none', async (world) => {
    const { queue, run, started, signals, end, due, clock } = world;
    queue.start(run);
    queue.wake(A);
    queue.wake(B);
    await turns();
    queue.wake(A);
    due.set(C, clock.now());
    let isStopped = false;
    const stopping = queue.stop().then(() => (isStopped = true));
    await turns();
    assert.deepEqual(
      signals.map((signal) => signal.aborted),
      [true, true],
    );
    await end(A);
    await clock.advance(POLLED_WITHIN_MS);
    assert.equal(isStopped, false, 'it waits for the last');
    await end(B);
    await stopping;
    queue.wake(C);
    await clock.advance(POLLED_WITHIN_MS);
    assert.deepEqual(started, [A, B]);
  });

  promise(
    'a run that was only waiting for a place is not started by a stop',
    async ({ queue, run, started, end }) => {
      queue.start(run);
      queue.wake(A);
      queue.wake(B);
      await turns();
      const stopping = queue.stop();
      await end(A);
      await stopping;
      assert.deepEqual(started, [A]);
    },
    1,
  );

  promise('stopping is harmless when repeated', async ({ queue, run, end }) => {
    queue.start(run);
    queue.wake(A);
    await turns();
    const both = Promise.all([queue.stop(), queue.stop()]);
    await end(A);
    await both;
    await queue.stop();
  });

  promise('stopping before the start is harmless, and nothing starts after it', async (world) => {
    const { queue, run, started, due, clock } = world;
    await queue.stop();
    due.set(B, clock.now());
    queue.start(run);
    queue.wake(A);
    await clock.advance(POLLED_WITHIN_MS);
    assert.deepEqual(started, []);
  });

  promise('after a stop nothing waits on the clock', async ({ queue, run, clock }) => {
    queue.start(run);
    await turns();
    await queue.stop();
    assert.equal(clock.sleeping(), 0);
  });
}

import { randomUUID } from 'node:crypto';
import type { ConnectionId } from '#core/ids.ts';
import type { Rules } from '#core/rules.ts';
import type { Outside } from '#outside.ts';
import { startBackfill } from '#pipeline/backfill.ts';
import { followClock, startClockWatch } from '#pipeline/clock-watch.ts';
import { currentRules, keepRules } from '#pipeline/current-rules.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { Inbox } from '#pipeline/inbox.ts';
import { LEASE_MS } from '#pipeline/ledger-writer.ts';
import type { Machine, Route } from '#pipeline/machine.ts';
import type { Books, Queue, Store } from '#pipeline/ports.ts';
import { createRecentBuyers } from '#pipeline/recent-buyers.ts';
import type { Swept } from '#pipeline/source.ts';
import { startSweep } from '#pipeline/sweep.ts';
import { run } from '#pipeline/worker.ts';
import { createEmbeddedQueue } from '#queue/embedded.ts';

/** Takes messages in, looks for what none told, and works on all of it, without any server: one at a time for a database. */
export interface Pipeline {
  readonly inbox: Inbox;
  /** Begins to work, until it is stopped. */
  start(): void;
  /** Starts nothing more and ends what is under way at its next step. */
  stop(): Promise<void>;
}

/** Of what the pipeline is made: a part of the composition root. */
export interface PipelineParts {
  readonly store: Store;
  readonly books: Books;
  readonly sources: readonly Swept[];
  /** The rules of a source's orders while none are imported. */
  readonly defaultsOf: (source: ConnectionId) => Rules;
  readonly unknownWaitMs: number;
}

/** How soon it sees by itself, in milliseconds, what no commit of its own tells. */
export interface Looks {
  /** For what became due, or was made due by another process. */
  readonly dueMs: number;
  /** For days that a person asks to be brought. */
  readonly askedMs: number;
}

/** Soon enough that a command seems to be carried out at once. */
const LOOKS: Looks = { dueMs: 250, askedMs: 5_000 };

/** Each order has at most two calls in flight, and FreshBooks allows ten a second; more places only wait for each other. */
const PLACES = 8;

/** The holders of order leases are dead: this is the only server. */
export async function openPipeline(parts: PipelineParts, outside: Outside, looks = LOOKS): Promise<Pipeline> {
  const { store, books, sources } = parts;
  const { clock, emit } = outside;
  const following = { store, clock, emit, leaseMs: Math.max(LEASE_MS, parts.unknownWaitMs) };
  await followClock(following);
  await store.transact((tx) => tx.voidOrderLeases(clock.now()));
  const queue = createEmbeddedQueue({
    read: store.read,
    clock,
    places: PLACES,
    pollMs: looks.dueMs,
    onPollFailure: (thrown) =>
      emit({
        name: 'poll failed',
        level: 'error',
        fields: { detail: thrown instanceof Error ? thrown.message : String(thrown) },
      }),
  });
  const machine = await createMachine(parts, { outside, queue });
  const inbox = createInbox({ store, queue, clock, emit });
  let looking: readonly { stop(): Promise<void> }[] = [];
  return {
    inbox,
    start() {
      queue.start((key, signal) => run(machine, key, signal));
      looking = [
        startClockWatch(following),
        ...sources
          .filter(({ canRead }) => canRead)
          .flatMap((source) => [
            startSweep({ source, store, inbox, clock, emit }),
            startBackfill({
              source,
              store,
              inbox,
              clock,
              emit,
              account: books.connection,
              lookMs: looks.askedMs,
            }),
          ]),
      ];
    },
    async stop() {
      await Promise.all([queue.stop(), ...looking.map((each) => each.stop())]);
    },
  };
}

async function createMachine(
  { defaultsOf, store, books, sources, unknownWaitMs }: PipelineParts,
  { outside, queue }: { outside: Outside; queue: Queue },
): Promise<Machine> {
  const routes = new Map<ConnectionId, Route>();
  for (const source of sources) {
    const { connection } = source;
    const defaults = defaultsOf(connection);
    await store.transact((tx) => keepRules(tx, defaults));
    routes.set(connection, { source, books, rules: () => currentRules(store.read, connection, defaults) });
  }
  return {
    store,
    queue,
    clock: outside.clock,
    random: outside.random,
    emit: outside.emit,
    routes,
    buyers: createRecentBuyers(),
    holder: randomUUID(),
    unknownWaitMs,
  };
}

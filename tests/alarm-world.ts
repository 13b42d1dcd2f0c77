import assert from 'node:assert/strict';
import type { Failure, FailureCode } from '#core/failure.ts';
import type { AlarmMessage } from '#core/alarm-message.ts';
import { orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { SHOP, hold, record } from './build.ts';
import { testClock, turns } from './clock.ts';
import { createAlarmWatch } from '#pipeline/alarm-watch.ts';
import type { AlarmTerms, AlarmWatch } from '#pipeline/alarm-watch.ts';
import type { AlarmChannel, OrderRecord, PipelineEvent, Store } from '#pipeline/ports.ts';

/** The watch for alarms on a store that is real, with a moved clock and channels that are lists. */

export const TERMS: AlarmTerms = { queueMs: 10 * MINUTE, repeatMs: 24 * HOUR, groupMs: 30 * SECOND };
export const keyOf = (id: number | string): OrderKey => orderKey(SHOP, String(id));

interface List extends AlarmChannel {
  readonly taken: AlarmMessage[];
  readonly tries: () => number;
  /** What it throws from now on; nothing mends it. */
  readonly breakWith: (failure?: Failure) => void;
}

export function listChannel(name: string): List {
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

export interface World {
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

export async function inWorld(
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

export const putOrder = (
  store: Store,
  id: number | string,
  parts: Partial<OrderRecord> = {},
): Promise<void> => {
  const { dueAt: _due, ...rest } = record({ key: keyOf(id), name: `#${id}`, state: 'held', ...parts });
  return store.transact((tx) => tx.putOrder(rest));
};

export async function holdOrder(
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

export const closeHolds = ({ store, clock }: World, id: number | string): Promise<void> =>
  store.transact(async (tx) => {
    for (const open of await tx.holds({ order: keyOf(id), isOpen: true })) {
      await tx.closeHold(open.id, { at: clock.now(), because: 'Released by hand' });
    }
  });

export const titles = ({ taken }: List): string[] => taken.map(({ title }) => title);

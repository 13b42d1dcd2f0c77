import { alarmChanges, isRaised, withWords } from '#core/alarm.ts';
import type { Alarm, AlarmChanges } from '#core/alarm.ts';
import { asFailure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { DAY, SECOND, after, instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { conditionsNow } from './alarm-conditions.ts';
import { channelState, tell } from './alarm-teller.ts';
import type { Teller } from './alarm-teller.ts';
import type { AlarmChannel, PipelineEvent } from './ports.ts';
import { createRefusalTally } from './refusals.ts';
import { createUnreadQueues } from './unread-queue.ts';
import { createUnwrittenWatch } from './unwritten.ts';

/**
 * Watches for what a person must be told. Every few seconds it computes what holds now from the store, keeps what began and
 * what ended, and tells each channel what it has not been told. It only ever reads what booking wrote, and whatever goes
 * wrong here ends here: alarms neither delay nor break booking.
 */
export interface AlarmWatch {
  /** Takes note of an event; at once and without any work. */
  hear(event: PipelineEvent): void;
  start(): void;
  /** Looks no more; a message under way is ended first, which its channel bounds. Harmless when repeated. */
  stop(): Promise<void>;
}

export interface AlarmWatchOptions extends Teller {
  readonly channels: readonly AlarmChannel[];
  readonly connections: readonly ConnectionId[];
  readonly terms: AlarmTerms;
}

export interface AlarmTerms {
  /** How long work may wait before it is told. */
  readonly queueMs: number;
  /** How soon what is still so is told again; 0 never. */
  readonly repeatMs: number;
  /** How long what is new waits for more. */
  readonly groupMs: number;
}

/** Soon enough for a person, and a few cheap reads. */
const LOOK_EVERY_MS = 5 * SECOND;
/** So many alarms begin or end in one transaction; the rest does at the next look, so that booking never waits long. */
const CHANGES_MAX = 500;
/** What is over longer than this is told to no channel any more: it was down, and this is history. */
const OVER_TOLD_WITHIN_MS = DAY;
/** As long as `counterfoil alarms` shows it. */
export const ALARMS_KEPT_MS = 30 * DAY;

export function createAlarmWatch(options: AlarmWatchOptions): AlarmWatch {
  const { store, clock, emit } = options;
  const tally = createRefusalTally(clock);
  const queues = createUnreadQueues(clock);
  const unwritten = createUnwrittenWatch(options);
  const stopping = new AbortController();
  const teller: Teller = { ...options, taken: new Map() };
  let watching: Promise<void> | undefined;
  let forgetAt: Instant | undefined;

  const look = async (): Promise<void> => {
    const now = clock.now();
    await tally.keep(store);
    await queues.keep(store);
    const alarms = await standing(options, now);
    // Each to its end, whatever becomes of the others: a look that began beside a message under way would send it again.
    const told = await Promise.allSettled(
      options.channels.map((channel) => tell(teller, channel, { ...options.terms, alarms, now })),
    );
    const failed = told.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
    if (forgetAt === undefined || now >= forgetAt) {
      await store.transact((tx) => tx.forgetAlarms(instant(now - ALARMS_KEPT_MS)));
      forgetAt = after(now, DAY);
    }
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await look();
      } catch (thrown) {
        const { code, message } = asFailure(thrown, 'Cannot look for alarms');
        const event = {
          name: 'alarm watch failed',
          level: 'error',
          fields: { code, detail: message },
        } as const;
        emit(event);
        unwritten.hear(event);
      }
      await unwritten.look();
      await clock.sleep(after(clock.now(), LOOK_EVERY_MS), stopping.signal);
    }
  };
  return {
    hear(event) {
      tally.hear(event);
      queues.hear(event);
      unwritten.hear(event);
    },
    start() {
      watching ??= watch();
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

/** The alarms as they are kept from now on, each that holds in the words of now. */
async function standing(options: AlarmWatchOptions, now: Instant): Promise<readonly Alarm[]> {
  const { store, channels, connections, terms } = options;
  const known = await store.read.alarms({ overAfter: instant(now - OVER_TOLD_WITHIN_MS) });
  const states = await Promise.all(
    channels.map(async ({ name }) => ({ name, state: await channelState(store.read, name) })),
  );
  const looking = { now, queueMs: terms.queueMs, connections, channels: states };
  const { conditions, isCut } = await conditionsNow(store.read, looking);
  const changes = await keep(options, alarmChanges(known, conditions, { now, isCut }));
  const changed = new Map(changes.put.map((alarm) => [alarm.key, alarm]));
  const gone = new Set(changes.dropped);
  const kept = [...known.filter(({ key }) => !changed.has(key) && !gone.has(key)), ...changes.put];
  const words = new Map(conditions.map((condition) => [condition.key, condition]));
  return kept.map((alarm) => {
    const condition = words.get(alarm.key);
    return condition === undefined || !isRaised(alarm) ? alarm : withWords(alarm, condition);
  });
}

/** Writes them, the first so many, and answers with what was written. */
async function keep({ store, emit }: AlarmWatchOptions, all: AlarmChanges): Promise<AlarmChanges> {
  const changes = { put: all.put.slice(0, CHANGES_MAX), dropped: all.dropped.slice(0, CHANGES_MAX) };
  if (changes.put.length + changes.dropped.length === 0) {
    return changes;
  }
  await store.transact(async (tx) => {
    for (const alarm of changes.put) {
      await tx.putAlarm(alarm);
    }
    for (const key of changes.dropped) {
      await tx.dropAlarm(key);
    }
  });
  for (const { kind, code, subject, overAt, raisedAt } of changes.put) {
    if (raisedAt !== undefined) {
      const fields = { kind, subject, ...(code === undefined ? {} : { code }) };
      emit(
        overAt === undefined
          ? { name: 'alarm raised', level: 'warn', fields }
          : { name: 'alarm over', level: 'info', fields },
      );
    }
  }
  return changes;
}

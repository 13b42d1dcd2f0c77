import { alarmChanges, tidingsFor } from '#core/alarm.ts';
import type { Alarm, ChannelState, Condition, TellingTerms, Tidings } from '#core/alarm.ts';
import { asFailure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { MINUTE, after, setBackMs } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { wordsOf } from './alarm-conditions.ts';
import { emitFailed, failedBy, messageFor } from './alarm-teller.ts';
import type { Teller } from './alarm-teller.ts';
import type { AlarmChannel, PipelineEvent } from './ports.ts';

/**
 * Whether the database takes what comes. Where it does not nothing is booked and no alarm can be kept, so this one is watched, told
 * and told to be over from memory alone. By a small write a minute, and by what others could not write: on a disk that is full the
 * small one may still find room.
 */
export interface UnwrittenWatch {
  hear(event: PipelineEvent): void;
  /** Looks, and tells each channel what it has not been told. Never rejects. */
  look(): Promise<void>;
}

export interface UnwrittenOptions extends Teller {
  readonly channels: readonly AlarmChannel[];
  readonly terms: Pick<TellingTerms, 'groupMs' | 'repeatMs'> & { readonly queueMs: number };
}

interface Trouble {
  readonly since: Instant;
  readonly lastAt: Instant;
  readonly code: FailureCode;
}

/** All that it remembers; plain values, whose numbers are moments but for small counts. */
interface Memory {
  readonly trouble?: Trouble;
  readonly alarms: readonly Alarm[];
  readonly wroteAt?: Instant;
  /** How channels fail, by name. */
  readonly failing: Readonly<Record<string, ChannelState>>;
}

const WRITE_EVERY_MS = MINUTE;
/** Others try again within minutes: after as long without any failure it is over. */
const CALM_MS = 5 * MINUTE;
const WROTE_SETTING = 'alarm-watch-wrote';
const CODES: readonly unknown[] = [
  'database-busy',
  'database-failed',
  'database-full',
  'database-damaged',
] satisfies FailureCode[];

export function createUnwrittenWatch(options: UnwrittenOptions): UnwrittenWatch {
  const { store, clock, channels, terms } = options;
  let memory: Memory = { alarms: [], failing: {} };
  let seenAt = clock.now();

  const follow = (): Instant => {
    const now = clock.now();
    const ms = setBackMs(seenAt, now);
    memory = ms === 0 ? memory : movedBack(memory, { now, ms });
    seenAt = now;
    return now;
  };
  const note = (code: FailureCode): void => {
    const now = follow();
    memory = { ...memory, trouble: { since: memory.trouble?.since ?? now, lastAt: now, code } };
  };
  const write = async (now: Instant): Promise<void> => {
    const { wroteAt: before, ...rest } = memory;
    if (before !== undefined && now < after(before, WRITE_EVERY_MS)) {
      return;
    }
    memory = rest;
    try {
      await store.transact((tx) => tx.putSetting(WROTE_SETTING, String(now)));
      memory = { ...memory, wroteAt: now };
    } catch (thrown) {
      note(asFailure(thrown, 'Cannot write').code);
    }
  };
  const tell = async (channel: AlarmChannel, now: Instant): Promise<void> => {
    const { name } = channel;
    const before = memory.failing[name] ?? {};
    if (before.failing !== undefined && before.failing.retryAt > now) {
      return;
    }
    const tidings = tidingsFor(memory.alarms, { ...terms, channel: name, now });
    if (tidings === undefined) {
      return;
    }
    const failed = await send(options, channel, { tidings, now, before });
    const { [name]: _works, ...others } = memory.failing;
    memory =
      failed === undefined
        ? {
            ...memory,
            failing: others,
            alarms: memory.alarms.map((alarm) => toldOnce(alarm, { tidings, channel: name, now })),
          }
        : { ...memory, failing: { ...others, [name]: failed } };
  };
  return {
    hear({ level, fields: { code } }) {
      if (level !== 'info' && CODES.includes(code)) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is one of the list
        note(code as FailureCode);
      }
    },
    async look() {
      const now = follow();
      await write(now);
      memory = seenNow(memory, { now, queueMs: terms.queueMs });
      await Promise.all(channels.map((channel) => tell(channel, now)));
    },
  };
}

/** With what holds now. */
function seenNow(
  { trouble, alarms, ...rest }: Memory,
  { now, queueMs }: { readonly now: Instant; readonly queueMs: number },
): Memory {
  const isOver = rest.wroteAt !== undefined && trouble !== undefined && now >= after(trouble.lastAt, CALM_MS);
  const standing = trouble === undefined || isOver ? {} : { trouble };
  const conditions = standing.trouble === undefined ? [] : conditionOf(standing.trouble, queueMs);
  const { put } = alarmChanges(alarms, conditions, { now, isCut: () => false });
  return { ...rest, ...standing, alarms: put.length > 0 ? put : alarms };
}

/** Follows a clock that was set back, as all does that is stored: what is later than now was written by the clock of before. */
function movedBack(memory: Memory, { now, ms }: { readonly now: Instant; readonly ms: number }): Memory {
  const moved: unknown = JSON.parse(JSON.stringify(memory), (_key, field: unknown) =>
    typeof field === 'number' && field > now ? field - ms : field,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same with other numbers
  return moved as Memory;
}

function conditionOf({ since, lastAt, code }: Trouble, queueMs: number): Condition[] {
  const named = { key: 'unwritten', subject: 'the database' };
  return after(since, queueMs) <= lastAt
    ? [{ ...wordsOf('unwritten', code), ...named, sinceAt: since, patienceMs: 0 }]
    : [];
}

/** How the channel fails from now on; nothing when it took the message. */
async function send(
  { clock, emit, place }: UnwrittenOptions,
  channel: AlarmChannel,
  {
    tidings,
    now,
    before,
  }: { readonly tidings: Tidings; readonly now: Instant; readonly before: ChannelState },
): Promise<ChannelState | undefined> {
  try {
    await channel.send(messageFor(channel, tidings, { at: now, place }));
    return undefined;
  } catch (thrown) {
    const failed = failedBy(thrown, channel, { before, now: clock.now() });
    emitFailed(emit, channel, failed);
    return failed;
  }
}

function toldOnce(
  alarm: Alarm,
  { tidings, channel, now }: { readonly tidings: Tidings; readonly channel: string; readonly now: Instant },
): Alarm {
  const before = alarm.tellings.find((telling) => telling.channel === channel);
  const isOver = tidings.over.some(({ key }) => key === alarm.key);
  const telling = isOver
    ? { channel, toldAt: before?.toldAt ?? now, overToldAt: now }
    : { channel, toldAt: now };
  return {
    ...alarm,
    tellings: [...alarm.tellings.filter((one) => one.channel !== channel), telling],
  };
}

import { asFailure } from '#core/failure.ts';
import { MINUTE, SECOND, after, instant, setBackMs } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { Emit, Reader, Store, Writer } from './ports.ts';

/**
 * Notices that the clock was set back: what waits for a moment of the wrong time would wait for as much longer, hours or days, with
 * nobody told. So what is waited for is moved back with the clock, once, when it is seen: at the start, by what the clock showed
 * when it was looked at last, and within seconds while the program runs.
 *
 * A clock that goes ahead needs nothing: what waits is due earlier than it should be, and waits anew where it must.
 */
export interface ClockWatch {
  /** Harmless when repeated. */
  stop(): Promise<void>;
}

export interface ClockWatchParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly emit: Emit;
  /** No lease is taken for longer. */
  readonly leaseMs: number;
}

/** A few of these later an order that waits is taken up again; longer, and the way back would be known less exactly. */
const LOOK_EVERY_MS = 5 * SECOND;
/** One small write a minute: by so much a wait over a restart may end later than it should. */
const KEEP_EVERY_MS = MINUTE;
/** The setting that holds what the clock showed last. */
const SEEN_SETTING = 'clock-seen-at';

/** What was moved back at the start is so when the promise resolves. Throws a Failure `database-…`. */
export async function followClock(parts: ClockWatchParts): Promise<void> {
  await keep(parts, parts.clock.now(), seenBefore);
}

/** Follows the clock from now on, until it is stopped. */
export function startClockWatch(parts: ClockWatchParts): ClockWatch {
  const { clock, emit } = parts;
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    let seenAt = clock.now();
    let keptAt = seenAt;
    while (!stopping.signal.aborted) {
      await clock.sleep(after(clock.now(), LOOK_EVERY_MS), stopping.signal);
      const now = clock.now();
      if (now < seenAt || now >= after(keptAt, KEEP_EVERY_MS)) {
        const before = seenAt;
        try {
          await keep(parts, now, async () => before);
          keptAt = now;
        } catch (thrown) {
          // It still shows what it showed before: the next look moves back what this one could not.
          const { code, message } = asFailure(thrown, 'Cannot keep what the clock shows');
          emit({ name: 'clock watch failed', level: 'error', fields: { code, detail: message } });
          continue;
        }
      }
      seenAt = now;
    }
  };
  const watching = watch();
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

async function keep(
  { store, emit, leaseMs }: ClockWatchParts,
  now: Instant,
  seen: (tx: Writer) => Promise<Instant>,
): Promise<void> {
  const ms = await store.transact(async (tx) => {
    const backMs = setBackMs(await seen(tx), now);
    if (backMs > 0) {
      await tx.moveBack({ now, ms: backMs, leaseMs });
    }
    await tx.putSetting(SEEN_SETTING, String(now));
    return backMs;
  });
  if (ms > 0) {
    const fields = { seconds: Math.round(ms / SECOND) };
    emit({ name: 'clock set back', level: 'warn', fields });
  }
}

/** By an earlier life of the program, or by a command that made an order due while nothing ran. */
async function seenBefore(read: Pick<Reader, 'setting' | 'dueWrittenAt'>): Promise<Instant> {
  const [kept, written] = [await read.setting(SEEN_SETTING), await read.dueWrittenAt()];
  return instant(Math.max(Number(kept ?? 0), written ?? 0));
}

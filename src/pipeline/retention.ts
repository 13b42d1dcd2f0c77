import { asFailure } from '#core/failure.ts';
import { DAY, HOUR, after } from '#core/time.ts';
import { eraseFinished } from './redaction.ts';
import type { Eraser } from './redaction.ts';
import type { Emit } from './ports.ts';

/** Blanks messages by themselves once they are old and needed no more, while the server runs. */
export interface Retention {
  /** Ends at its next batch. */
  stop(): Promise<void>;
}

/** A day more or less does not matter, so an hour is soon enough, also after a failure. */
const EVERY_MS = HOUR;

export function startRetention(
  eraser: Eraser,
  { days, emit }: { readonly days: number; readonly emit: Emit },
): Retention {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    // What a run before this one blanked may lie in the log of writes still.
    let isScrubbed = false;
    while (!signal.aborted) {
      isScrubbed = await sweep(eraser, { days, emit, signal, isScrubbed });
      await eraser.clock.sleep(after(eraser.clock.now(), EVERY_MS), signal);
    }
  };
  const ended = loop();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

interface Sweep {
  readonly days: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Whether all that was blanked before has left the disk. */
  readonly isScrubbed: boolean;
}

/** Tells whether all that was blanked has left the disk. Whoever else reads the database keeps it there, and it is tried again. */
async function sweep(eraser: Eraser, { days, emit, signal, isScrubbed }: Sweep): Promise<boolean> {
  const before = after(eraser.clock.now(), -days * DAY);
  try {
    const { messages, orders } = await eraseFinished(eraser, { before, because: 'retention', signal });
    if (messages > 0) {
      emit({
        name: 'contact data redacted',
        level: 'info',
        fields: { messages, orders: orders.length, days },
      });
    }
    const isDone = (isScrubbed && messages === 0) || (await eraser.store.scrub('in place'));
    if (!isDone) {
      const why = 'Another program reads the database, so what was blanked stays in the log of writes';
      emit({ name: 'scrub put off', level: 'warn', fields: { why } });
    }
    return isDone;
  } catch (thrown) {
    const { code, message } = asFailure(thrown, 'Cannot blank what is older than the retention');
    emit({ name: 'retention failed', level: 'error', fields: { code, detail: message } });
    return false;
  }
}

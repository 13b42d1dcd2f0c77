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
    while (!signal.aborted) {
      await sweep(eraser, { days, emit, signal });
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

async function sweep(
  eraser: Eraser,
  { days, emit, signal }: { readonly days: number; readonly emit: Emit; readonly signal: AbortSignal },
): Promise<void> {
  const before = after(eraser.clock.now(), -days * DAY);
  try {
    const { messages, orders } = await eraseFinished(eraser, { before, because: 'retention', signal });
    if (messages > 0) {
      await eraser.store.scrub('in place');
      emit({
        name: 'contact data redacted',
        level: 'info',
        fields: { messages, orders: orders.length, days },
      });
    }
  } catch (thrown) {
    const { code, message } = asFailure(thrown, 'Cannot blank what is older than the retention');
    emit({ name: 'retention failed', level: 'error', fields: { code, detail: message } });
  }
}

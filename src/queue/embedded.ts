import { after } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Queue, Reader, WakeKey } from '#pipeline/ports.ts';

/**
 * The queue inside one process. The database says what is due; this only decides when to look: at a nudge from a commit of
 * this process, and by polling, for what became due by itself or was made due by another process (a command line beside
 * the server).
 *
 *   idle    → queued   by a wake or a poll
 *   queued  → running  when a place is free
 *   running → idle     when the run ends
 *   running → again    by a wake; → queued when the run ends
 *
 * A poll never asks for a key that is running: the run reads the database itself, and what it leaves due is seen next time.
 */
export interface EmbeddedQueueOptions {
  readonly read: Pick<Reader, 'dueKeys'>;
  readonly clock: Clock;
  /** Runs at once. Each holds one order and at most two calls, so this bounds the calls in flight as well. */
  readonly places: number;
  readonly pollMs: number;
  /** The database could not be asked; the next poll tries again. */
  readonly onPollFailure: (thrown: unknown) => void;
}

/** As many keys as a poll brings at once; the rest is still there at the next. */
const POLL_KEYS_MAX = 200;

export function createEmbeddedQueue(options: EmbeddedQueueOptions): Queue {
  const { clock, places, pollMs } = options;
  const queued = new Set<WakeKey>();
  const running = new Map<WakeKey, Promise<void>>();
  const again = new Set<WakeKey>();
  const stopping = new AbortController();
  let run: ((key: WakeKey, signal: AbortSignal) => Promise<void>) | undefined;
  let polling: Promise<void> | undefined;

  const fillPlaces = (): void => {
    for (const key of queued) {
      if (run === undefined || stopping.signal.aborted || running.size >= places) {
        return;
      }
      queued.delete(key);
      // Its place is taken before it begins: what it does at once may wake this very key.
      running.set(key, Promise.resolve());
      running.set(
        key,
        run(key, stopping.signal).finally(() => ended(key)),
      );
    }
  };
  const ended = (key: WakeKey): void => {
    running.delete(key);
    if (again.delete(key)) {
      queued.add(key);
    }
    fillPlaces();
  };
  /** In the order of the database, which knows what is urgent: who was woken before them waits behind. */
  const putFirst = (due: readonly WakeKey[]): void => {
    const others = [...queued];
    queued.clear();
    // One that stands already keeps its place.
    [...due, ...others].forEach((key) => queued.add(key));
  };
  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const due = await options.read.dueKeys(clock.now(), POLL_KEYS_MAX);
        putFirst(due.filter((key) => !running.has(key)));
        fillPlaces();
      } catch (thrown) {
        options.onPollFailure(thrown);
      }
      await clock.sleep(after(clock.now(), pollMs), stopping.signal);
    }
  };

  return {
    wake(key) {
      (running.has(key) ? again : queued).add(key);
      fillPlaces();
    },
    start(work) {
      run = work;
      polling ??= poll();
    },
    async stop() {
      stopping.abort();
      await polling;
      await Promise.all(running.values());
    },
  };
}

import { once } from 'node:events';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { Broken, examined } from '#tests/chaos/tally.ts';
import type { Report } from '#tests/chaos/simulate.ts';

/**
 * A thread for runs: as many of them as there are cores, and away from the test runner, which follows every promise of its own
 * thread and so takes a third of a run's time.
 */
export interface Thread {
  /** One run at a time. Rejects with a sentence that says how to see a broken run again. */
  examine(seed: number): Promise<Report>;
  end(): Promise<void>;
}

type Answer =
  | { readonly outcome: 'right'; readonly report: Report }
  | { readonly outcome: 'broken'; readonly message: string };

export function startThread(): Thread {
  const worker = new Worker(new URL(import.meta.url));
  return {
    async examine(seed) {
      const answered = once(worker, 'message') as Promise<[Answer]>;
      worker.postMessage(seed);
      const [answer] = await answered;
      if (answer.outcome === 'broken') {
        throw new Error(answer.message);
      }
      return answer.report;
    },
    async end() {
      await worker.terminate();
    },
  };
}

if (!isMainThread && parentPort !== null) {
  work(parentPort);
}

function work(port: NonNullable<typeof parentPort>): void {
  const answer = async (seed: number): Promise<void> => {
    port.postMessage(await answerOf(seed));
  };
  port.on('message', (seed: number) => void answer(seed));
}

async function answerOf(seed: number): Promise<Answer> {
  try {
    return { outcome: 'right', report: await examined(seed) };
  } catch (thrown) {
    return { outcome: 'broken', message: thrown instanceof Broken ? thrown.message : String(thrown) };
  }
}

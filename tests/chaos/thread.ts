import { once } from 'node:events';
import { availableParallelism } from 'node:os';
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
  let worker: Worker | undefined;
  return {
    async examine(seed) {
      worker ??= new Worker(new URL(import.meta.url));
      worker.postMessage(seed);
      let broken: Error;
      try {
        const [answer] = (await once(worker, 'message')) as [Answer];
        if (answer.outcome === 'right') {
          return answer.report;
        }
        broken = new Error(answer.message);
      } catch (thrown) {
        broken = new Broken(seed, thrown);
      }
      // It may be dead, of an error that nobody caught: the next run gets another.
      await worker.terminate();
      worker = undefined;
      throw broken;
    },
    async end() {
      await worker?.terminate();
    },
  };
}

/**
 * Examines seed after seed on as many threads as there are cores. Answers with what is said of the runs that are broken; they
 * end the rest where the first one says enough.
 */
export async function examineAll(
  seeds: readonly number[],
  { hear = () => undefined, hearBroken = () => undefined, isOneEnough = false }: Examining = {},
): Promise<readonly string[]> {
  const broken: string[] = [];
  const left = [...seeds];
  const employ = async (): Promise<void> => {
    const thread = startThread();
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      try {
        hear(await thread.examine(seed));
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        broken.push(message);
        hearBroken(message);
        left.length = isOneEnough ? 0 : left.length;
      }
    }
    await thread.end();
  };
  const cores = Math.min(availableParallelism(), seeds.length);
  await Promise.all(Array.from({ length: cores }, employ));
  return broken;
}

interface Examining {
  readonly hear?: (report: Report) => void;
  readonly hearBroken?: (message: string) => void;
  readonly isOneEnough?: boolean;
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

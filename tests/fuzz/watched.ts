import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** One target's inputs, in a thread that is ended when an input hangs or the memory grows. */

export interface Asked {
  readonly target: string;
  readonly runs: number;
  readonly seed: number;
}

export type Answer =
  /** With what the inputs came to, and how often. */
  | { readonly outcome: 'held'; readonly seen: readonly (readonly [what: string, count: number])[] }
  | { readonly outcome: 'broken'; readonly message: string };

export interface Shared {
  /** The module whose table has the targets. */
  readonly table: string;
  /** How many inputs were begun. */
  readonly beats: Int32Array<SharedArrayBuffer>;
}

/**
 * Of the processor, for one input or for loading what a target needs: inputs take milliseconds. By the clock it may take longer
 * where others want the processor, or the input waits for what never comes.
 */
const INPUT_MS_MAX = 10_000;
const WAIT_PER_INPUT_MS = 12;
const LOOKS = 10;
/** All of the program with its simulators takes a third. Inputs are small, so who needs more holds on to them. */
const HEAP_MB_MAX = 512;

export interface Watched {
  /** Whether all inputs held; a message of what did not hold, took too long or too much. */
  run(asked: Asked): Promise<Answer>;
  close(): Promise<void>;
}

export interface Limits {
  readonly table?: string;
  readonly inputMsMax?: number;
  readonly heapMbMax?: number;
}

export function watched(limits: Limits = {}): Watched {
  const { table = './targets.ts', inputMsMax = INPUT_MS_MAX, heapMbMax = HEAP_MB_MAX } = limits;
  const beats = new Int32Array(new SharedArrayBuffer(4));
  let worker: Worker | undefined;
  const started = async (): Promise<Worker> => {
    const thread = new Worker(new URL('./fuzz-child.ts', import.meta.url), {
      workerData: { beats, table } satisfies Shared,
      resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
    });
    // It has loaded the program.
    await once(thread, 'message');
    return thread;
  };
  const end = async (): Promise<void> => {
    await worker?.terminate();
    worker = undefined;
  };
  return {
    close: end,
    async run(asked) {
      worker ??= await started();
      const before = Atomics.load(beats, 0);
      const done = new AbortController();
      worker.postMessage(asked);
      const answer = await Promise.race([answered(worker), hung(beats, inputMsMax, done.signal)]);
      done.abort();
      if (answer === 'hung' || answer === 'dead') {
        // The first was the target itself.
        const input = Atomics.load(beats, 0) - before - 1;
        await end();
        const what =
          answer === 'hung'
            ? `took more than ${inputMsMax} ms`
            : `took more than ${heapMbMax} MB, or ended the thread`;
        return { outcome: 'broken', message: `Input ${input} of seed ${asked.seed} ${what}` };
      }
      return answer;
    },
  };
}

async function answered(worker: Worker): Promise<Answer | 'dead'> {
  try {
    const [answer] = (await once(worker, 'message')) as [Answer];
    return answer;
  } catch {
    return 'dead';
  }
}

/** Resolves when an input has taken too long; looks as long as it is not aborted. */
async function hung(beats: Shared['beats'], inputMsMax: number, signal: AbortSignal): Promise<'hung'> {
  let since = momentOf(beats);
  while (!signal.aborted) {
    // Nobody wakes it: it is a wait that is ended by its time.
    await Atomics.waitAsync(beats, 0, Atomics.load(beats, 0), inputMsMax / LOOKS).value;
    const now = momentOf(beats);
    if (now.beat !== since.beat) {
      since = now;
    } else if (now.cpuMs - since.cpuMs > inputMsMax || now.ms - since.ms > inputMsMax * WAIT_PER_INPUT_MS) {
      return 'hung';
    }
  }
  return new Promise(() => undefined);
}

function momentOf(beats: Shared['beats']): { beat: number; cpuMs: number; ms: number } {
  const { user, system } = process.cpuUsage();
  return { beat: Atomics.load(beats, 0), cpuMs: (user + system) / 1000, ms: performance.now() };
}

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Disagreement, emptyTally, merge, tallyOf } from '#tests/orders/tally.ts';
import type { Range, Tally } from '#tests/orders/tally.ts';

/**
 * `npm run agree -- --orders 200000 --seed 7 [--source amazon]`: as many random lives as wanted, on all cores; ends with
 * 1 at the first life in which the books would differ from the shop.
 */

/** Lives in one piece of work: small enough that no core waits for the last piece, large against handing it over. */
const PIECE = 500;

type Answer =
  | { readonly outcome: 'agree'; readonly tally: Tally }
  | { readonly outcome: 'differ'; readonly message: string };

if (isMainThread) {
  await main();
} else {
  work();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '20000' },
      source: { type: 'string', default: 'shopify' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '1' },
    },
  });
  const whole = (name: keyof typeof values): number => {
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new RangeError(`--${name} must be a whole number, not "${values[name]}"`);
    }
    return number;
  };
  const { source } = values;
  if (source !== 'shopify' && source !== 'amazon') {
    throw new RangeError(`--source must be shopify or amazon, not "${source}"`);
  }
  const range: Range = { source, seed: whole('seed'), from: whole('from'), orders: whole('orders') };
  console.log(`seed ${range.seed}, orders ${range.from} to ${range.from + range.orders - 1}`);
  const began = performance.now();
  const pieces = piecesOf(range);
  const tally = emptyTally();
  const cores = Math.min(availableParallelism(), pieces.length);
  const differences = await Promise.all(Array.from({ length: cores }, () => employ(pieces, tally)));
  const [first] = differences.flatMap((message) => message ?? []);
  if (first === undefined) {
    show(tally, (performance.now() - began) / 1000);
  } else {
    console.error(first);
    process.exitCode = 1;
  }
}

function piecesOf({ source, seed, from, orders }: Range): Range[] {
  return Array.from({ length: Math.ceil(orders / PIECE) }, (_, index) => ({
    source,
    seed,
    from: from + index * PIECE,
    orders: Math.min(PIECE, orders - index * PIECE),
  }));
}

/** One core takes pieces until none is left, or until one differs: then the others find none left. */
function employ(pieces: Range[], tally: Tally): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'work' });
    const next = (): void => {
      const piece = pieces.shift();
      if (piece === undefined) {
        void worker.terminate();
        resolve(undefined);
      } else {
        worker.postMessage(piece);
      }
    };
    worker.on('error', reject);
    worker.on('message', (answer: Answer) => {
      if (answer.outcome === 'differ') {
        pieces.length = 0;
        void worker.terminate();
        resolve(answer.message);
      } else {
        merge(tally, answer.tally);
        next();
      }
    });
    next();
  });
}

function work(): void {
  if (workerData !== 'work' || parentPort === null) {
    throw new Error('started by itself alone');
  }
  const port = parentPort;
  port.on('message', (range: Range) => {
    port.postMessage(answerOf(range));
  });
}

function answerOf(range: Range): Answer {
  try {
    return { outcome: 'agree', tally: tallyOf(range) };
  } catch (thrown) {
    if (thrown instanceof Disagreement) {
      return { outcome: 'differ', message: thrown.message };
    }
    throw thrown;
  }
}

function show(tally: Tally, seconds: number): void {
  const perSecond = Math.round(tally.lives / seconds);
  console.log(`${tally.lives} orders in ${seconds.toFixed(1)} s (${perSecond}/s), 0 disagreements`);
  console.log(`events: ${tally.events}, steps posted: ${tally.steps}`);
  table('at the end', tally.outcomes);
  table('asked of a person at some time, each proven true', tally.holds);
  table('skipped', tally.skips);
  table('lives with a step of a kind', tally.kinds);
  table('largest rounding line in minor units', tally.roundingMax);
}

function table(title: string, counts: ReadonlyMap<string, number | bigint>): void {
  console.log(`${title}:`);
  for (const [key, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${String(count).padStart(8)}  ${key}`);
  }
}

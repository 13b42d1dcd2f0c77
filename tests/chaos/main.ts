import { parseArgs } from 'node:util';
import { examineAll } from '#tests/chaos/thread.ts';
import { RUN_ORDERS, count, emptyTally } from '#tests/chaos/tally.ts';
import type { Tally } from '#tests/chaos/tally.ts';

/** `npm run chaos -- --orders 1000000 --seed 1`: runs under trouble on all cores; ends with 1 when one of them is broken. */

/** How often a long run says how far it is. */
const TELL_EVERY_MS = 60_000;

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '1000' },
      runs: { type: 'string' },
      // Seeds below a hundred have no Amazon seller.
      seed: { type: 'string', default: '1000' },
    },
  });
  const whole = (name: keyof typeof values, text = values[name]): number => {
    const number = Number(text);
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new RangeError(`--${name} must be a whole number, not "${text ?? ''}"`);
    }
    return number;
  };
  const seed = whole('seed');
  const runs = values.runs === undefined ? Math.ceil(whole('orders') / RUN_ORDERS) : whole('runs');
  console.log(`seeds ${seed} to ${seed + runs - 1}, ${RUN_ORDERS} orders each`);
  const began = performance.now();
  const tally = emptyTally();
  const telling = setInterval(() => {
    console.log(`${tally.orders} orders after ${Math.round((performance.now() - began) / 1000)} s`);
  }, TELL_EVERY_MS);
  const conclude = (): void => show(tally, (performance.now() - began) / 1000);
  // A run of hours may be ended early, and still tells what it has seen.
  process.once('SIGINT', () => {
    conclude();
    process.exit(process.exitCode ?? 0);
  });
  await examineAll(
    Array.from({ length: runs }, (_, index) => seed + index),
    {
      hear: (report) => count(tally, report),
      hearBroken(message) {
        console.error(message);
        process.exitCode = 1;
      },
    },
  );
  clearInterval(telling);
  conclude();
}

function show(tally: Tally, seconds: number): void {
  const hours = Math.round(tally.virtualMs / 3_600_000);
  console.log(
    `${tally.orders} orders, ${tally.amazonOrders} of them on Amazon, in ${seconds.toFixed(0)} s (${(tally.orders / seconds).toFixed(1)}/s), ${tally.runs} runs of ${hours} simulated hours in all`,
  );
  console.log(
    `events ${tally.events}, settlements of Amazon ${tally.settlements}, messages taken ${tally.deliveries}, calls answered ${tally.calls}`,
  );
  table('trouble', tally.trouble);
  table('orders that end in a question', tally.questions);
}

function table(title: string, counts: ReadonlyMap<string, number>): void {
  console.log(`${title}:`);
  for (const [key, times] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${String(times).padStart(8)}  ${key}`);
  }
}

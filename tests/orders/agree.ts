import { parseArgs } from 'node:util';
import { Disagreement, tallyOf } from '#tests/orders/tally.ts';
import type { Tally } from '#tests/orders/tally.ts';

/** `npm run agree -- --orders 200000 --seed 7`: as many orders as wanted; ends with 1 at the first that differs. */
const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '1' },
  },
});

const range = { seed: whole('seed'), from: whole('from'), orders: whole('orders') };
const began = performance.now();
console.log(`seed ${range.seed}, orders ${range.from} to ${range.from + range.orders - 1}`);
try {
  show(tallyOf(range), (performance.now() - began) / 1000);
} catch (thrown) {
  if (!(thrown instanceof Disagreement)) {
    throw thrown;
  }
  console.error(thrown.message);
  process.exitCode = 1;
}

function whole(name: keyof typeof values): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`--${name} must be a whole number, not "${values[name]}"`);
  }
  return number;
}

function show(tally: Tally, seconds: number): void {
  const perSecond = Math.round(tally.orders / seconds);
  console.log(`${tally.orders} orders in ${seconds.toFixed(1)} s (${perSecond}/s), 0 disagreements`);
  console.log(`steps planned: ${tally.steps}`);
  table('outcome', tally.outcomes);
  table('money received', tally.cash);
  table('held beside', tally.holds);
  table('would differ if FreshBooks had', tally.doubts);
  table('largest rounding line in minor units', tally.roundingMax);
}

function table(title: string, counts: ReadonlyMap<string, number | bigint>): void {
  console.log(`${title}:`);
  for (const [key, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${String(count).padStart(8)}  ${key}`);
  }
}

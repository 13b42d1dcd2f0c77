import { examine } from '#tests/orders/agreement.ts';
import type { Verdict } from '#tests/orders/agreement.ts';

/** What became of many orders, counted. */
export interface Tally {
  orders: number;
  /** By outcome; "skipped", "refused" and "asked" by reason as well. */
  readonly outcomes: Map<string, number>;
  readonly holds: Map<string, number>;
  readonly cash: Map<string, number>;
  readonly doubts: Map<string, number>;
  /** Largest rounding line by currency, in minor units. */
  readonly roundingMax: Map<string, bigint>;
  steps: number;
}

/** An order on which the program and the simulators do not agree, and how to see it again. */
export class Disagreement extends Error {
  constructor({ seed, number }: { seed: number; number: number }, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    const again = `npm run agree -- --seed ${seed} --from ${number} --orders 1`;
    super(`Order ${number} of seed ${seed}: ${what}\n${again}`, { cause });
  }
}

export interface Range {
  readonly seed: number;
  readonly from: number;
  readonly orders: number;
}

/** Throws a Disagreement at the first order that differs. */
export function tallyOf({ seed, from, orders }: Range): Tally {
  const tally: Tally = {
    orders: 0,
    outcomes: new Map(),
    holds: new Map(),
    cash: new Map(),
    doubts: new Map(),
    roundingMax: new Map(),
    steps: 0,
  };
  for (let number = from; number < from + orders; number += 1) {
    count(tally, examined(seed, number));
  }
  return tally;
}

function examined(seed: number, number: number): Verdict {
  try {
    return examine(seed, number);
  } catch (cause) {
    throw new Disagreement({ seed, number }, cause);
  }
}

function count(tally: Tally, verdict: Verdict): void {
  tally.orders += 1;
  tally.steps += verdict.steps;
  const { outcome, reason, currency, rounding } = verdict;
  add(tally.outcomes, reason === '' ? outcome : `${outcome}: ${reason}`);
  add(tally.cash, verdict.cash);
  for (const code of verdict.holds) {
    add(tally.holds, code);
  }
  for (const doubt of verdict.dependsOn) {
    add(tally.doubts, doubt);
  }
  if (outcome === 'rounding-line' && rounding > (tally.roundingMax.get(currency) ?? 0n)) {
    tally.roundingMax.set(currency, rounding);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

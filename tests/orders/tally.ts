import { examineAmazon } from '#tests/amazon/agreement.ts';
import { examine } from '#tests/orders/agreement.ts';
import type { Verdict } from '#tests/orders/agreement.ts';

/** What became of many lives, counted. */
export interface Tally {
  lives: number;
  events: number;
  steps: number;
  /** At the end of each life. */
  readonly outcomes: Map<string, number>;
  /** Lives in which a question was asked, by its code, each proven true where it was asked. */
  readonly holds: Map<string, number>;
  readonly skips: Map<string, number>;
  /** Lives in which a kind of step was taken. */
  readonly kinds: Map<string, number>;
  /** Largest rounding line by currency, in minor units. */
  readonly roundingMax: Map<string, bigint>;
}

/** A life on which the program and the simulators do not agree, and how to see it again. */
export class Disagreement extends Error {
  constructor(
    { source, seed, number }: { readonly source: Selling; readonly seed: number; readonly number: number },
    cause: unknown,
  ) {
    const what = cause instanceof Error ? cause.message : String(cause);
    const again = `npm run agree -- --source ${source} --seed ${seed} --from ${number} --orders 1`;
    super(`Order ${number} of seed ${seed}: ${what}\n${again}`, { cause });
  }
}

export type Selling = 'shopify' | 'amazon';

export interface Range {
  readonly source: Selling;
  readonly seed: number;
  readonly from: number;
  readonly orders: number;
}

/** Throws a Disagreement at the first life that differs. */
export function tallyOf({ source, seed, from, orders }: Range): Tally {
  const tally = emptyTally();
  for (let number = from; number < from + orders; number += 1) {
    count(tally, examined(source, seed, number));
  }
  return tally;
}

export function emptyTally(): Tally {
  return {
    lives: 0,
    events: 0,
    steps: 0,
    outcomes: new Map(),
    holds: new Map(),
    skips: new Map(),
    kinds: new Map(),
    roundingMax: new Map(),
  };
}

export function merge(into: Tally, { lives, events, steps, ...counts }: Tally): void {
  into.lives += lives;
  into.events += events;
  into.steps += steps;
  for (const name of ['outcomes', 'holds', 'skips', 'kinds'] as const) {
    counts[name].forEach((times, key) => {
      add(into[name], key, times);
    });
  }
  counts.roundingMax.forEach((amount, currency) => {
    raise(into.roundingMax, currency, amount);
  });
}

function examined(source: Selling, seed: number, number: number): Verdict {
  try {
    return source === 'amazon' ? examineAmazon(seed, number) : examine(seed, number);
  } catch (cause) {
    throw new Disagreement({ source, seed, number }, cause);
  }
}

function count(tally: Tally, verdict: Verdict): void {
  tally.lives += 1;
  tally.events += verdict.events;
  tally.steps += verdict.steps;
  add(tally.outcomes, verdict.outcome, 1);
  const lists = [
    [tally.holds, verdict.holds],
    [tally.skips, verdict.reasons],
    [tally.kinds, verdict.kinds],
  ] as const;
  for (const [counts, keys] of lists) {
    for (const key of keys) {
      add(counts, key, 1);
    }
  }
  raise(tally.roundingMax, verdict.currency, verdict.rounding);
}

function add(counts: Map<string, number>, key: string, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

function raise(largest: Map<string, bigint>, key: string, amount: bigint): void {
  if (amount > (largest.get(key) ?? 0n)) {
    largest.set(key, amount);
  }
}

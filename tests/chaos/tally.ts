import { simulate } from '#tests/chaos/simulate.ts';
import type { Report } from '#tests/chaos/simulate.ts';

/** Orders of one run: enough to meet each other, few enough that a failing run can be read. */
export const RUN_ORDERS = 10;

/** What became of many runs, counted. */
export interface Tally {
  runs: number;
  orders: number;
  amazonOrders: number;
  settlements: number;
  events: number;
  deliveries: number;
  calls: number;
  virtualMs: number;
  readonly trouble: Map<string, number>;
  readonly questions: Map<string, number>;
}

/** A run whose books are not right at its end, and how to see it again. */
export class Broken extends Error {
  constructor(seed: number, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(`Run ${seed}: ${what}\nnpm run chaos -- --seed ${seed} --runs 1`, { cause });
  }
}

export async function examined(seed: number): Promise<Report> {
  try {
    return await simulate({ seed, orders: RUN_ORDERS });
  } catch (cause) {
    throw new Broken(seed, cause);
  }
}

export function emptyTally(): Tally {
  return {
    runs: 0,
    orders: 0,
    amazonOrders: 0,
    settlements: 0,
    events: 0,
    deliveries: 0,
    calls: 0,
    virtualMs: 0,
    trouble: new Map(),
    questions: new Map(),
  };
}

export function count(tally: Tally, report: Report): void {
  tally.runs += 1;
  for (const name of [
    'orders',
    'amazonOrders',
    'settlements',
    'events',
    'deliveries',
    'calls',
    'virtualMs',
  ] as const) {
    tally[name] += report[name];
  }
  for (const name of ['trouble', 'questions'] as const) {
    report[name].forEach((times, key) => {
      tally[name].set(key, (tally[name].get(key) ?? 0) + times);
    });
  }
}

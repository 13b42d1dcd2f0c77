import type { BalanceEntry } from '#sim/amazon/ledger.ts';
import type { AmazonSwitches } from '#sim/amazon/switches.ts';
import type { AmazonWorld } from '#sim/amazon/world.ts';
import { between, pick } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';

/**
 * What Amazon does with a seller's balance beside his orders: it takes fees for its services, gives money for lost goods, and pays
 * him out. What it keeps of a payout is booked once nothing can come to it any more, days later: for those the machine is off.
 */
export interface Move {
  readonly at: number;
  readonly what: 'takes a fee' | 'gives money back' | 'pays out';
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const FEE_CENTS_MAX = 6_000;
const SERVICES = ['Subscription', 'StorageFee'] as const;
/** The newest of them get what comes late. */
const LATE_MAX = 2;

export function movesOf(random: Random, withinMs: number): readonly Move[] {
  const draw = (what: Move['what'], most: number): Move[] =>
    Array.from({ length: between(random, 0, most) }, () => ({ at: between(random, 0, withinMs), what }));
  return [...draw('takes a fee', 3), ...draw('gives money back', 1), ...draw('pays out', 2)];
}

/** A fee or its like is of a store that he sells in. */
export function move({ what }: Pick<Move, 'what'>, world: AmazonWorld, random: Random): void {
  if (what === 'pays out') {
    world.settle();
    return;
  }
  const order = world.orders().at(-1);
  if (order !== undefined) {
    const cents = BigInt(between(random, 1, FEE_CENTS_MAX));
    world.post(
      what === 'takes a fee'
        ? serviceFee(order.marketplace, random)
        : { type: 'Adjustment', marketplace: order.marketplace, name: 'WAREHOUSE_LOST', cents },
    );
  }
}

function serviceFee(marketplace: BalanceEntry['marketplace'], random: Random): BalanceEntry {
  const cents = -BigInt(between(random, 1, FEE_CENTS_MAX));
  return { type: 'ServiceFee', marketplace, name: pick(random, SERVICES), cents };
}

/** Fees that come to payouts which were made already, and may be booked. */
export function moveLate(world: AmazonWorld, random: Random): void {
  const paidOut = world.transactions().filter(({ group }) => group !== null);
  const newest = new Map(paidOut.map(({ group, marketplace }) => [group?.id ?? '', marketplace]));
  const first = Math.max(0, newest.size - between(random, 0, LATE_MAX));
  for (const [groupId, marketplace] of [...newest].slice(first)) {
    world.post({ ...serviceFee(marketplace, random), groupId });
  }
}

/** Until nothing can come to a payout any more, by what the program can tell of it. */
export function quietMs({ payouts }: Pick<AmazonSwitches, 'payouts'>): number {
  return (payouts === 'listed' ? 3 : 15) * DAY_MS + HOUR_MS;
}

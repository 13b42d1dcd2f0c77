import { Failure } from '#core/failure.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { splitOrderKey } from '#core/ids.ts';
import type { VersionedRules } from '#core/rules.ts';
import { DAY, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { Money } from '#core/money.ts';
import type { Buyer } from '#core/order.ts';
import { isSettlement } from '#core/settlement.ts';
import type { Bookable } from '#core/settlement.ts';
import type { RecentBuyers } from './recent-buyers.ts';
import type { Books, Emit, Lease, OrderRecord, Queue, Store } from './ports.ts';
import type { Source } from './source.ts';

/** Orders of which messages come, and one that a person asks for, are worked on before all others. */
export const LIVE_PRIORITY = 0;
/** What was found without a message, after days that may be thousands, and what a person asks for many at once. */
export const LATER_PRIORITY = 10;

/** A source, the books it is booked into and the rules for it. */
export interface Route {
  readonly source: Source;
  readonly books: Books;
  /** What new orders are booked with from now on; asked for at each run, because a person may change them meanwhile. */
  rules(): Promise<VersionedRules>;
}

/** Everything the pipeline works with, handed in whole: its parts share it. */
export interface Machine {
  readonly store: Store;
  readonly queue: Pick<Queue, 'wake'>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly emit: Emit;
  readonly routes: ReadonlyMap<ConnectionId, Route>;
  readonly buyers: RecentBuyers;
  /** Names this process in leases. */
  readonly holder: string;
  /**
   * How long a write whose outcome is unknown may still arrive at the books: longer than their own time-out, before it is
   * looked for (UNKNOWN_WAIT_SECONDS).
   */
  readonly unknownWaitMs: number;
}

export function routeOf(machine: Machine, order: OrderKey): Route {
  const { connection } = splitOrderKey(order);
  const route = machine.routes.get(connection);
  if (route === undefined) {
    throw new Failure('config-invalid', {
      detail: `Order "${order}" belongs to connection "${connection}", which is not configured`,
    });
  }
  return route;
}

/** What one run shares among its parts. */
export interface Run {
  readonly machine: Machine;
  readonly route: Route;
  /** The route's when the run began: a change meanwhile is for the next run. */
  readonly current: VersionedRules;
  /** When the database was put back to an earlier state; absent if it never was. */
  readonly restoredAt?: Instant;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** Invoice numbers looked for in this run, and what was found to stand as this database knows it. */
  readonly looked: Set<string>;
  /** What invoices have outstanding, as read in this run, by their ids in the books. */
  readonly outstanding: Map<string, { readonly amount: Money; readonly at: Instant }>;
}

/** By how much the clocks of shop and service may differ at most. */
const CLOCKS_APART_MS = DAY;

/**
 * Whether the order may have been booked by what this database forgot when it was restored. A settlement bears the day of its last
 * transaction, which may have come since.
 */
export function mayStandAlready(
  { restoredAt }: Pick<Run, 'restoredAt'>,
  { order }: Pick<Subject, 'order'>,
): boolean {
  return (
    restoredAt !== undefined && (isSettlement(order) || order.placedAt <= after(restoredAt, CLOCKS_APART_MS))
  );
}

/** What an order's run works with. */
export interface Subject {
  readonly record: OrderRecord;
  readonly order: Bookable;
  /** Absent once the message that shows it was redacted: then nothing is written that needs it. */
  readonly buyer?: Buyer;
}

/** The setting that holds the latest day on which an account has refused a write because its period is locked. */
export function lockedSetting(account: string): string {
  return `locked-through:${account}`;
}

/** The setting that holds an order's place in the count of those that were numbered by it. */
export function counterSetting(order: OrderKey): string {
  return `counter:${order}`;
}

/** The setting that says that an account has refused long invoice numbers. */
export function compactSetting(account: string): string {
  return `compact-numbers:${account}`;
}

/** The setting that says that an account has refused lines below nothing. */
export function negativeLinesSetting(account: string): string {
  return `negative-lines:${account}`;
}

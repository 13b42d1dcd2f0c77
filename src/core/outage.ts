import type { FailureCode } from './failure.ts';
import type { OrderKey } from './ids.ts';
import type { Instant } from './time.ts';

/**
 * When an account is down, and not an order at fault. Only orders that fail one after the other tell the two apart: what one
 * order brings about, it brings about alone.
 *
 *   well → suspected   an order failed as in an outage
 *   suspected → down   that happened to several different orders, and none got through meanwhile
 *   suspected → well   an order got through
 *   down → well        an order that tries got through
 */
export interface Suspicion {
  /** When the first of them failed. */
  readonly since: Instant;
  /** Different orders that have failed since the last one that got through. */
  readonly orders: readonly OrderKey[];
}

/** Nothing came back that says anything about the order. */
const CODES: readonly FailureCode[] = [
  'request-unreachable',
  'request-unanswered',
  'request-answer-unreadable',
  'request-server-error',
];

/**
 * One may be at fault itself, and two by chance at the same time. Three by mistake cost a pause of five seconds; fewer in a real
 * outage need none, since each waits by its own schedule.
 */
const ORDERS_DOWN = 3;

/** Whether a failure of the other side is one that an outage brings. */
export function isOutage(code: FailureCode): boolean {
  return CODES.includes(code);
}

export function suspicionAfter(
  before: Suspicion | undefined,
  { order, now }: { readonly order: OrderKey; readonly now: Instant },
): Suspicion {
  const { since, orders } = before ?? { since: now, orders: [] };
  return { since, orders: orders.includes(order) ? orders : [...orders, order] };
}

export function isDown({ orders }: Suspicion): boolean {
  return orders.length >= ORDERS_DOWN;
}

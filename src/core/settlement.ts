import { settlementIn } from './ids.ts';
import type { ConnectionId, OrderKey } from './ids.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Order } from './order.ts';
import type { Instant, Zone } from './time.ts';

/**
 * The canonical settlement: what a channel put together into one payout, by what each amount is. It is a subject of its own
 * beside the orders, whose sales and refunds are booked with them: of a settlement only the fees are booked. No contact data.
 */
export interface Settlement {
  readonly kind: 'settlement';
  readonly key: OrderKey;
  readonly connection: ConnectionId;
  readonly source: 'amazon';
  /** The channel as a person knows it. */
  readonly shop: string;
  readonly vendorId: string;
  /** As the channel's own reports call it ("settlement 12345678901"). */
  readonly name: string;
  /** For a search by number. */
  readonly number: string;
  /** Of its last transaction: decides the expense's date. */
  readonly placedAt: Instant;
  readonly updatedAt: Instant;
  /** Of the store; a rule may name another. */
  readonly zone: Zone;
  /** Of its amounts; where they are of several, nothing is booked. */
  readonly currency: string;
  /** Summed by what they are, signed as the seller's balance sees them: what he pays is negative. */
  readonly amounts: readonly SettledAmount[];
  readonly transactionCount: number;
  /** Why it is not booked, as far as it is not booked. */
  readonly waitsBecause?: string;
}

export interface SettledAmount {
  readonly what: SettledKind;
  /** In the channel's words ("Commission"). */
  readonly name: string;
  readonly amount: Money;
}

/**
 * `buyers`: sales and refunds, which stand with their orders. `withheld`: of their tax, what the channel pays to the state.
 * `reserve` and `transfer` move money of the seller's between places. `reimbursement`: other income. `elsewhere`: all of a store
 * that is not booked, by the store's name. `unknown`: a person looks.
 */
export type SettledKind =
  | 'fee'
  | 'buyers'
  | 'withheld'
  | 'reserve'
  | 'transfer'
  | 'reimbursement'
  | 'elsewhere'
  | 'unknown';

/** What the books are brought to agree with. */
export type Bookable = Order | Settlement;

export function isSettlement(shown: Bookable): shown is Settlement {
  return shown.kind === 'settlement';
}

/** In the middle of a sentence: "order #1001", "settlement 12345678901", which is named so itself. */
export function calledOf({ key, name }: { readonly key: OrderKey; readonly name: string }): string {
  return settlementIn(key) === undefined ? `order ${name}` : name;
}

/** The order; nothing for a settlement. */
export function orderOf(shown: Bookable | undefined): Order | undefined {
  return shown === undefined || isSettlement(shown) ? undefined : shown;
}

/** What the channel kept as fees, less what it gave back of them: positive where it took more. In the settlement's currency. */
export function feesOf({ amounts, currency }: Settlement): Money {
  const fees = amounts.filter(({ what, amount }) => what === 'fee' && amount.currency === currency);
  return money.negate(
    money.sum(
      fees.map(({ amount }) => amount),
      currency,
    ),
  );
}

import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { zonedText } from '#sim/shopify/clock-text.ts';
import { DELETED, sumOf } from '#sim/standing.ts';
import type { Fee } from './fees.ts';
import type { Transaction } from './ledger.ts';

/** What the books must hold about a payout: the oracle, from the seller's balance alone. */
export interface ExpectedSettlement {
  readonly groupId: string;
  readonly settlementId: string;
  readonly currency: string;
  /** What Amazon kept, less what it gave back: fees on orders and for its services. Negative where it gave back more. */
  readonly fees: bigint;
  /** For lost goods: other income, in no expense. */
  readonly reimbursed: bigint;
  /** The last transaction's, in its marketplace's zone, `YYYY-MM-DD`. */
  readonly on: string;
}

/** In the order in which they were paid out; of the stores of these countries alone, where they are named. */
export function expectedSettlements(
  transactions: readonly Transaction[],
  countries?: readonly string[],
): readonly ExpectedSettlement[] {
  const grouped = Map.groupBy(
    transactions.filter(({ group }) => group !== null),
    ({ group }) => group?.id ?? '',
  );
  return [...grouped].flatMap(([groupId, members]) => {
    const last = members.reduce((a, b) => (b.postedAt >= a.postedAt ? b : a));
    const booked = members.filter(({ marketplace }) => countries?.includes(marketplace.country) ?? true);
    return [
      {
        groupId,
        settlementId: last.group?.settlementId ?? '',
        currency: last.marketplace.currency,
        fees: -sum(booked.flatMap(feesOf)),
        reimbursed: sum(
          booked
            .filter(({ type }) => type === 'Adjustment')
            .flatMap(({ beside }) => beside.filter((one) => !isPostage(one)).map(amountOf)),
        ),
        on: zonedText(last.postedAt, last.marketplace.timeZone).slice(0, 10),
      },
    ];
  });
}

/** The expenses that stand for a payout in the simulated account, oldest first: what they come to, and of which days they are. */
export function standingFees(
  freshbooks: FreshBooksSim,
  { settlementId }: Pick<ExpectedSettlement, 'settlementId'>,
): { readonly fees: bigint; readonly on: readonly string[] } {
  const expenses = freshbooks
    .account()
    .expenses.filter(
      ({ vendor, visState }) => visState !== DELETED && vendor === `Amazon settlement ${settlementId}`,
    );
  return { fees: sumOf(expenses), on: expenses.map(({ date }) => date) };
}

/** A tip beside a shipment is the buyer's, money for lost goods and payouts are no fees; labels that Amazon sells are one. */
function feesOf({ type, items, beside }: Transaction): readonly bigint[] {
  const services = beside.filter((one) => type === 'ServiceFee' || isPostage(one)).map(amountOf);
  return [...items.flatMap(({ fees }) => fees.map(amountOf)), ...services];
}

function isPostage({ name }: Fee): boolean {
  return /^Postage(Billing|Refund)_/.test(name);
}

function amountOf({ amount }: { readonly amount: bigint }): bigint {
  return amount;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

import type { ExpectedBooks } from './check.ts';
import type { FreshBooksSim } from './freshbooks/freshbooks.ts';
import { standingOf } from './standing.ts';
import { decimal } from './world/money.ts';

/** What the books should hold of an order beside what the account does hold. Amounts are decimal text in its currency. */
export interface Inspected<Id = bigint> {
  readonly id: Id;
  readonly name: string;
  readonly expected: {
    /** What invoices, less credit notes and refund expenses, should come to now. */
    readonly worth: string;
    /** Of the money that stayed, what these invoices can hold. */
    readonly paid: string;
    /** By the default rules it stands in no invoice: a test, or nothing was charged. */
    readonly isSkipped: boolean;
  };
  readonly stands: {
    readonly worth: string;
    readonly paid: string;
    readonly isDraft: boolean;
    readonly invoices: number;
  };
}

export function inspected<Id extends bigint | string>(
  { orderId, name, currency, skipped, now }: ExpectedBooks<Id, string>,
  freshbooks: FreshBooksSim,
): Inspected<Id> {
  const text = (minor: bigint): string => decimal(minor, currency);
  const standing = standingOf({ freshbooks }, { id: orderId, name });
  const { net, paid, invoiced, credited, spent, isDraft, numbers } = standing;
  const kept = now.kept + credited + spent;
  return {
    id: orderId,
    name,
    expected: {
      worth: text(skipped === null ? now.worth : 0n),
      paid: text(kept < invoiced ? kept : invoiced),
      isSkipped: skipped !== null,
    },
    stands: { worth: text(net), paid: text(paid), isDraft, invoices: numbers.length },
  };
}

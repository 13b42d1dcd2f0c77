import type { FailureCode } from '#core/failure.ts';
import { CLOSED_DAY, isClosed } from '#core/period.ts';
import type { Period } from '#core/period.ts';
import type { Rules } from '#core/rules.ts';
import type { LocalDate } from '#core/time.ts';
import type { Reader } from '#pipeline/ports.ts';
import { counted } from './output.ts';

/** What a merchant should know of rules that are right and yet have a price. */

/** For `doctor`, `preview` and `config`. */
export function warningsOf(
  rules: Pick<Rules, 'taxLines' | 'refundCategory' | 'channelFees' | 'feeCategory'>,
): string[] {
  return [
    ...ownLinesWarnings(rules),
    ...(rules.refundCategory === undefined
      ? [
          'No expense category is chosen for refunds (refund_category): a refund that cannot be taken off its invoice any more is held',
        ]
      : []),
    ...(rules.channelFees === 'per_settlement' && rules.feeCategory === undefined
      ? ['No expense category is chosen for fees (fee_category): the fees of every settlement are held']
      : []),
  ];
}

export function ownLinesWarnings({ taxLines }: Pick<Rules, 'taxLines'>): string[] {
  const named = Object.keys(taxLines).filter((key) => taxLines[key] === 'own_lines');
  const countries = named.map((key) => (key === 'default' ? 'every other country' : key)).sort();
  return countries.length === 0
    ? []
    : [
        `Taxes stand as lines of their own on invoices of ${countries.join(', ')} (tax_lines): FreshBooks books an untaxed line as sales, so they count as income and its Sales Tax Summary stays empty for these orders. The journal worksheet lists them`,
      ];
}

/** Days still to come are allowed, and a year mistyped is one: until then nothing is booked. */
export function dayWarnings(
  { booksStart, closedThrough }: Pick<Rules, 'booksStart' | 'closedThrough'>,
  today: LocalDate,
): string[] {
  return [
    ...(booksStart !== undefined && booksStart > today
      ? [`books_start is ${booksStart}, which is still to come: until then every order is held`]
      : []),
    ...(closedThrough !== undefined && closedThrough >= today
      ? [`closed_through is ${closedThrough}, which is not over yet: until then every order is held`]
      : []),
  ];
}

/** Each route closes its own days, and a month that is reported has all that was sold in it, wherever. */
export function closingWarnings(
  routes: readonly { readonly from: string; readonly rules: Period }[],
): readonly string[] {
  return routes.flatMap(({ from, rules: { closedThrough: day } }) => {
    const open = routes.filter(({ rules }) => day !== undefined && !isClosed(day, rules));
    return open.length === 0
      ? []
      : [
          `Days through ${day} are closed for orders from ${from} and not for those from ${open.map((other) => other.from).join(', ')} (closed_through): both are booked into one account, so set it in both routes`,
        ];
  });
}

/** Questions that a change of a rule may have answered. */
const ANSWERED_BY: Readonly<Record<string, readonly FailureCode[]>> = {
  books_start: ['period-closed', 'books-period-locked'],
  closed_through: ['period-closed', 'books-period-locked'],
  refund_category: ['refund-category-missing', 'books-category-unknown'],
  fee_category: ['fee-category-missing', 'books-category-unknown'],
};

/** What waits for one of these rules is not planned anew by the change itself. */
export async function waitingText(
  read: Pick<Reader, 'holds'>,
  changed: readonly string[],
): Promise<string | undefined> {
  const codes = changed.flatMap((rule) => ANSWERED_BY[rule] ?? []);
  const open = codes.length === 0 ? [] : await read.holds({ isOpen: true });
  const isOfDays = codes.includes('period-closed');
  const answered = open.filter(
    ({ code, facts }) => codes.includes(code) || (isOfDays && facts.some(({ name }) => name === CLOSED_DAY)),
  );
  const orders = new Set(answered.map(({ order }) => order));
  return orders.size === 0
    ? undefined
    : `Held for want of it until now: ${counted(orders.size, 'order')}. Have them planned anew by counterfoil retry --all-held`;
}

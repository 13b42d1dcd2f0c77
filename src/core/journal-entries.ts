import type { TaxTreatment } from './document.ts';
import { showTax } from './invoice-document.ts';
import type { JournalRow } from './journal-rows.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';

/** The entries that put the books right for a month: debit and credit of one amount, always positive. */
export interface JournalEntry {
  readonly debit: string;
  readonly credit: string;
  readonly amount: Money;
  readonly what: Purpose;
}

type Purpose = (typeof PURPOSES)[number];

/** In this order they are listed. */
const PURPOSES = [
  'Gift cards sold',
  'Gift cards returned',
  'Gift cards used',
  'Refunds onto gift cards',
  'Tips',
  'Duties',
  'Additional fees',
  'Cash rounding',
  'Taxes as lines',
  'Refunds as expenses',
  'Tax within refunds',
  'Rounding of taxes',
] as const;

/**
 * What accounts are called here: those of the books by their own names, others by what they are for. An accountant has his
 * own chart (docs/journal.md).
 */
const SALES = 'Sales';
const GIFT_CARDS = 'Gift cards (liability)';
/** Where FreshBooks lets payments and expenses land until they are matched with the bank (bookkeeping, section 6). */
const LANDED = 'Petty Cash';
const CLIENT_CREDITS = 'Client credits';
const UNNAMED_TAX = 'Sales tax, not told which';

const salesTax = (tax: TaxTreatment | undefined): string =>
  tax === undefined ? UNNAMED_TAX : `Sales tax: ${showTax(tax)}`;

/** One entry for each pair of accounts and what it is about; nothing where the month's sum is zero. */
export function entriesOf(rows: readonly JournalRow[], zero: Money): JournalEntry[] {
  const sums = new Map<string, JournalEntry>();
  for (const entry of rows.flatMap(entriesOfRow)) {
    const key = [entry.debit, entry.credit, entry.what].join('\n');
    const amount = money.add(sums.get(key)?.amount ?? zero, entry.amount);
    sums.set(key, { ...entry, amount });
  }
  return [...sums.values()]
    .filter(({ amount }) => !money.isZero(amount))
    .map(positive)
    .sort((a, b) => PURPOSES.indexOf(a.what) - PURPOSES.indexOf(b.what));
}

function positive({ debit, credit, amount, what }: JournalEntry): JournalEntry {
  return money.isNegative(amount)
    ? { debit: credit, credit: debit, amount: money.negate(amount), what }
    : { debit, credit, amount, what };
}

function entriesOfRow(row: JournalRow): JournalEntry[] {
  const { amount } = row;
  switch (row.account) {
    case 'gift-cards':
      return [giftCardEntry(row)];
    case 'tips':
      return [{ debit: SALES, credit: 'Tips', amount, what: 'Tips' }];
    case 'duties':
      return [{ debit: SALES, credit: 'Duties', amount, what: 'Duties' }];
    case 'fees':
      return [{ debit: SALES, credit: 'Additional fees', amount, what: 'Additional fees' }];
    case 'cash-rounding':
      return [{ debit: SALES, credit: 'Cash rounding', amount, what: 'Cash rounding' }];
    case 'tax-lines':
      return [{ debit: SALES, credit: salesTax(row.tax), amount, what: 'Taxes as lines' }];
    case 'expenses':
      return expenseEntries(row);
    case 'taxes': {
      const less = money.subtract(row.charged, amount);
      return [{ debit: SALES, credit: salesTax(row.tax), amount: less, what: 'Rounding of taxes' }];
    }
    // In sales already; figures to tie out with; nothing to be moved.
    case 'refund-lines':
    case 'credit-notes':
    case 'rounding':
    case 'payments':
    case 'remarks':
      return [];
  }
}

function giftCardEntry({
  event,
  amount,
}: Extract<JournalRow, { readonly account: 'gift-cards' }>): JournalEntry {
  switch (event) {
    case 'sold':
    case 'discounted':
      return { debit: SALES, credit: GIFT_CARDS, amount, what: 'Gift cards sold' };
    case 'returned':
      return { debit: SALES, credit: GIFT_CARDS, amount, what: 'Gift cards returned' };
    case 'used':
      return { debit: LANDED, credit: GIFT_CARDS, amount, what: 'Gift cards used' };
    case 'refilled-by-expense':
      return { debit: LANDED, credit: GIFT_CARDS, amount, what: 'Refunds onto gift cards' };
    case 'refilled-by-credit-note':
      return { debit: CLIENT_CREDITS, credit: GIFT_CARDS, amount, what: 'Refunds onto gift cards' };
  }
}

/** The books take a refund for a cost, and the tax within it for tax paid on a purchase. */
function expenseEntries(row: Extract<JournalRow, { readonly account: 'expenses' }>): JournalEntry[] {
  const taxes = row.taxes.map((tax): JournalEntry => ({
    debit: salesTax(tax),
    credit: `Tax on expenses: ${showTax(tax)}`,
    amount: tax.amount,
    what: 'Tax within refunds',
  }));
  const tax = money.sum(
    row.taxes.map(({ amount }) => amount),
    row.amount.currency,
  );
  const debit = SALES;
  const credit = `Expenses: ${row.category}`;
  return [{ debit, credit, amount: money.subtract(row.amount, tax), what: 'Refunds as expenses' }, ...taxes];
}

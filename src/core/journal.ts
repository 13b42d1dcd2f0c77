import type { PaymentMethod, TaxTotal, TaxTreatment } from './document.ts';
import { entriesOf } from './journal-entries.ts';
import type { JournalEntry } from './journal-entries.ts';
import { isOfBalance } from './journal-rows.ts';
import type { GiftCardEvent, JournalRow, MovedAccount, RemarkKind } from './journal-rows.ts';
import { showTax } from './invoice-document.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { monthOf } from './time.ts';
import type { LocalDate, Month } from './time.ts';

/**
 * The journal worksheet of a month: what the books' invoice lines cannot express, because every line is booked as sales, with
 * the entries that put it right. One sheet for each currency; currencies are never summed up together.
 */
export interface Worksheet {
  readonly month: Month;
  readonly sheets: readonly Sheet[];
}

export interface Sheet {
  readonly currency: string;
  readonly giftCards: GiftCards;
  /** Tips, duties, fees and cash rounding, those that there are. */
  readonly moved: readonly (Account & { readonly account: MovedAccount })[];
  /** Taxes that stand as lines of their own. */
  readonly taxLines: readonly (Account & { readonly tax: TaxTreatment })[];
  readonly refunds: Refunds;
  readonly taxes: readonly TaxDifference[];
  readonly rounding: Account & { readonly limit: Money; readonly isAlarm: boolean };
  readonly payments: readonly PaymentTotal[];
  readonly entries: readonly JournalEntry[];
  /** What the reader must know beside the figures; of payments by gift cards in `giftCards`. */
  readonly remarks: readonly Remark[];
}

export interface Remark extends Listed {
  readonly why: Exclude<RemarkKind, 'gift-card-part'>;
}

export interface Listed {
  readonly on: LocalDate;
  readonly order: string;
  readonly invoice: string;
  readonly amount: Money;
}

export interface Balanced extends Listed {
  /** After this row. */
  readonly balance: Money;
}

export interface Account {
  readonly rows: readonly Balanced[];
  readonly total: Money;
}

export interface GiftCards {
  /** Of all months before. */
  readonly opening: Money;
  readonly rows: readonly (Balanced & { readonly event: GiftCardEvent })[];
  readonly closing: Money;
  /** Payments of this month and of those before of which a gift card's part is not told: the balances lack it. */
  readonly untold: readonly Listed[];
  readonly untoldBeforeCount: number;
}

export interface Refunds {
  /** Amounts without lines on invoices: in sales already, without tax. */
  readonly lines: { readonly rows: readonly Listed[]; readonly total: Money };
  readonly expenses: {
    readonly rows: readonly ListedExpense[];
    readonly total: Money;
    readonly taxes: readonly TaxTotal[];
    /** What of the total is tax. */
    readonly taxTotal: Money;
  };
  readonly creditNotes: { readonly rows: readonly Listed[]; readonly total: Money };
}

export interface ListedExpense extends Listed {
  readonly category: string;
  readonly taxes: readonly TaxTotal[];
  /** What of the amount is tax. */
  readonly taxTotal: Money;
}

export interface TaxDifference {
  /** Absent for what the books computed otherwise and it is not told of which tax. */
  readonly tax?: TaxTreatment;
  readonly computed: Money;
  readonly charged: Money;
  /** Computed less charged. */
  readonly difference: Money;
}

export interface PaymentTotal {
  readonly gateway: string;
  readonly method: PaymentMethod;
  readonly count: number;
  readonly total: Money;
}

/**
 * Minor units. Cents of rounding go up and down and even out over a month; more than this is a rule of somebody's that goes
 * one way (bookkeeping, "rounding limit").
 */
const ROUNDING_MINOR_MAX = 100n;

const MOVED: readonly MovedAccount[] = ['tips', 'duties', 'fees', 'cash-rounding'];

/** From the rows of all orders (`rowsOf`), in any order. */
export function worksheetOf(month: Month, rows: readonly JournalRow[]): Worksheet {
  const byCurrency = Map.groupBy(rows.toSorted(byDay), (row) => row.amount.currency);
  const sheets = [...byCurrency]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, own]) => sheetOf(month, currency, own));
  return { month, sheets };
}

function byDay(a: JournalRow, b: JournalRow): number {
  return a.on === b.on ? a.order.localeCompare(b.order, 'en', { numeric: true }) : a.on < b.on ? -1 : 1;
}

function sheetOf(month: Month, currency: string, rows: readonly JournalRow[]): Sheet {
  const before = rows.filter((row) => monthOf(row.on) !== month && isOfBalance(row));
  const own = rows.filter((row) => monthOf(row.on) === month);
  const zero = money.zero(currency);
  const rounding = accountOf(of(own, 'rounding'), currency);
  const isAlarm = money.absolute(rounding.total).minor > ROUNDING_MINOR_MAX;
  return {
    currency,
    giftCards: giftCardsOf(before, own, currency),
    moved: MOVED.flatMap((account) => {
      const found = own.filter((row) => row.account === account);
      return found.length === 0 ? [] : [{ account, ...accountOf(found, currency) }];
    }),
    taxLines: grouped(of(own, 'tax-lines'), ({ tax }) => showTax(tax)).map(([{ tax }, found]) => ({
      tax,
      ...accountOf(found, currency),
    })),
    refunds: refundsOf(own, currency),
    taxes: taxesOf(own, currency),
    rounding: { ...rounding, limit: money.money(ROUNDING_MINOR_MAX, currency), isAlarm },
    payments: grouped(of(own, 'payments'), ({ gateway, method }) => `${gateway} ${method}`).map(
      ([{ gateway, method }, found]) => ({
        gateway,
        method,
        count: found.length,
        total: totalOf(found, currency),
      }),
    ),
    entries: entriesOf(own, zero),
    remarks: of(own, 'remarks').flatMap(({ why, ...row }) =>
      why === 'gift-card-part' ? [] : [{ ...listed(row), why }],
    ),
  };
}

function giftCardsOf(before: readonly JournalRow[], own: readonly JournalRow[], currency: string): GiftCards {
  const opening = totalOf(of(before, 'gift-cards'), currency);
  const rows = of(own, 'gift-cards');
  const balances = balancesOf(rows, opening);
  const isUntold = (row: Extract<JournalRow, { account: 'remarks' }>): boolean =>
    row.why === 'gift-card-part';
  return {
    opening,
    rows: rows.map((row, index) => ({
      ...listed(row),
      event: row.event,
      balance: balances[index] ?? opening,
    })),
    closing: balances.at(-1) ?? opening,
    untold: of(own, 'remarks').filter(isUntold).map(listed),
    untoldBeforeCount: of(before, 'remarks').filter(isUntold).length,
  };
}

function refundsOf(rows: readonly JournalRow[], currency: string): Refunds {
  const [lines, expenses, notes] = [of(rows, 'refund-lines'), of(rows, 'expenses'), of(rows, 'credit-notes')];
  const taxes = expenses.flatMap((row) => row.taxes);
  return {
    lines: { rows: lines.map(listed), total: totalOf(lines, currency) },
    expenses: {
      rows: expenses.map((row) => ({
        ...listed(row),
        category: row.category,
        taxes: row.taxes,
        taxTotal: totalOf(row.taxes, currency),
      })),
      total: totalOf(expenses, currency),
      taxes: grouped(taxes, showTax).map(([{ name, ratePpm }, found]) => ({
        name,
        ratePpm,
        amount: totalOf(found, currency),
      })),
      taxTotal: totalOf(taxes, currency),
    },
    creditNotes: { rows: notes.map(listed), total: totalOf(notes, currency) },
  };
}

/** By name; what is not told of which comes last. */
function taxesOf(rows: readonly JournalRow[], currency: string): TaxDifference[] {
  const taxes = of(rows, 'taxes');
  const unnamed = taxes.filter(({ tax }) => tax === undefined);
  const named = taxes.flatMap((row) => (row.tax === undefined ? [] : [{ ...row, tax: row.tax }]));
  return [
    ...grouped(named, ({ tax }) => showTax(tax)).map(([{ tax }, found]) => ({
      tax,
      ...differenceOf(found, currency),
    })),
    ...(unnamed.length === 0 ? [] : [differenceOf(unnamed, currency)]),
  ];
}

function differenceOf(
  rows: readonly Extract<JournalRow, { readonly account: 'taxes' }>[],
  currency: string,
): Omit<TaxDifference, 'tax'> {
  const computed = totalOf(rows, currency);
  const charged = money.sum(
    rows.map((row) => row.charged),
    currency,
  );
  return { computed, charged, difference: money.subtract(computed, charged) };
}

/** The rows of one account, by their own type. */
function of<Name extends JournalRow['account']>(
  rows: readonly JournalRow[],
  account: Name,
): Extract<JournalRow, { readonly account: Name }>[] {
  return rows.filter(
    (row): row is Extract<JournalRow, { readonly account: Name }> => row.account === account,
  );
}

/** Groups in the order of their names, each with its first member to name it by. */
function grouped<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): (readonly [Row, readonly Row[]])[] {
  return [...Map.groupBy(rows, nameOf)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, found]) => (found[0] === undefined ? [] : [[found[0], found] as const]));
}

function accountOf(rows: readonly JournalRow[], currency: string): Account {
  const zero = money.zero(currency);
  const balances = balancesOf(rows, zero);
  return {
    rows: rows.map((row, index) => ({ ...listed(row), balance: balances[index] ?? zero })),
    total: balances.at(-1) ?? zero,
  };
}

function balancesOf(rows: readonly Listed[], opening: Money): Money[] {
  let balance = opening;
  return rows.map(({ amount }) => {
    balance = money.add(balance, amount);
    return balance;
  });
}

function totalOf(rows: readonly { readonly amount: Money }[], currency: string): Money {
  return money.sum(
    rows.map(({ amount }) => amount),
    currency,
  );
}

function listed({ on, order, invoice, amount }: Listed): Listed {
  return { on, order, invoice, amount };
}

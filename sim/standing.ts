import type { FreshBooksSim } from './freshbooks/freshbooks.ts';
import { exponentOf } from './world/money.ts';

/** What stands for an order in the simulated account, read from its rows; in minor units. */
export interface Standing {
  /** Of invoices that were not deleted. */
  readonly invoiced: bigint;
  readonly credited: bigint;
  /** Expenses for its refunds. */
  readonly spent: bigint;
  /** What a bookkeeper counts: invoices less credit notes and refund expenses. */
  readonly net: bigint;
  readonly paid: bigint;
  readonly numbers: readonly string[];
  readonly isDraft: boolean;
}

export function standingOf(
  { freshbooks }: { readonly freshbooks: FreshBooksSim },
  order: { readonly id: bigint | string; readonly name: string },
): Standing {
  const account = freshbooks.account();
  const invoices = account.invoices.filter((row) => row.visState !== DELETED && isAbout(row, order));
  const ids = invoices.map(({ id }) => id);
  const payments = account.payments.filter((row) => ids.includes(row.invoiceId) && row.visState !== DELETED);
  const isOf = ({ notes, visState }: { readonly notes: string; readonly visState: number }): boolean =>
    visState !== DELETED && new RegExp(`order ${order.name}(?!\\d)`).test(notes);
  const credits = account.creditNotes.filter(isOf);
  const expenses = account.expenses.filter(isOf);
  const [invoiced, credited, spent] = [invoices, credits, expenses].map(sumOf);
  return {
    invoiced: invoiced ?? 0n,
    credited: credited ?? 0n,
    spent: spent ?? 0n,
    net: (invoiced ?? 0n) - (credited ?? 0n) - (spent ?? 0n),
    paid: sumOf(payments),
    numbers: invoices.map(({ number }) => number),
    isDraft: invoices.some(({ status }) => status === 1),
  };
}

/** FreshBooks' `vis_state` of what was deleted. */
export const DELETED = 1;

/** Amazon's ids are text and long enough to be found wherever they stand; the compact number leaves only the PO number. */
function isAbout(
  { number, poNumber }: { readonly number: string; readonly poNumber: string | null },
  { id }: { readonly id: bigint | string },
): boolean {
  if (typeof id === 'bigint') return poNumber === `SHOPIFY-ORDER-${id}`;
  return number.includes(id) || poNumber?.includes(id) === true;
}

interface Amount {
  readonly amount: string;
  readonly currency: string;
}

/** In minor units of their one currency. */
export function sumOf(rows: readonly Amount[]): bigint {
  return rows.reduce((sum, row) => sum + minorOf(row), 0n);
}

/** FreshBooks may write two decimals whatever the currency has. */
function minorOf({ amount, currency }: Amount): bigint {
  const exponent = exponentOf(currency);
  const [whole = '', fraction = ''] = amount.split('.');
  if (/[1-9]/.test(fraction.slice(exponent))) throw new Error(`No ${currency} can be ${amount}`);
  return BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
}

/** Whether this is what the order is worth, which is one figure but where something was added that is not paid yet. */
export function isWorth(
  { worth, evened }: { readonly worth: bigint; readonly evened: bigint },
  net: bigint,
): boolean {
  return net >= worth && net <= worth + evened;
}

/**
 * Between what the payments may be, of invoices that show what the order is worth; `beside` is what credit notes and expenses
 * took of them. Usually one figure: what the merchant keeps, and no more than is invoiced. Where the tax that the channel
 * remits takes all that came in, what of it is beside is a matter of whose tax is counted first; where it is on what was added and
 * not paid yet, it may be left out already or not.
 */
export function payable(
  { now, sold }: Kept,
  { invoiced, beside }: { readonly invoiced: bigint; readonly beside: bigint },
): { readonly least: bigint; readonly most: bigint; readonly isTold: boolean } {
  const kept = now.kept + beside;
  const asInvoiced = (figure: bigint): bigint =>
    figure <= 0n || invoiced <= 0n ? 0n : figure < invoiced ? figure : invoiced;
  const isTold = now.kept !== 0n || sold.channelTax === 0n;
  return { least: isTold ? asInvoiced(kept) : 0n, most: asInvoiced(kept + now.taxUnpaid), isTold };
}

interface Kept {
  readonly now: { readonly kept: bigint; readonly taxUnpaid: bigint };
  readonly sold: { readonly channelTax: bigint };
}

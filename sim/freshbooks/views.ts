// What tests, the demo and the chaos suite see when they look into an account's books directly: plain values, amounts as
// decimal text. Deleted rows are included; `visState` tells.

import { formatDecimal, formatMinor, trimDecimal } from './arithmetic.ts';
import { dueOn, outstandingMinor, paidMinor, paymentStatus, v3Status, type View } from './invoice-state.ts';
import { lineMinor } from './lines.ts';
import {
  exponentOf,
  type Client,
  type CreditNote,
  type Expense,
  type Invoice,
  type Line,
  type OtherIncome,
  type Payment,
  type VisState,
} from './state.ts';

interface ClientView {
  readonly id: number;
  readonly visState: VisState;
  readonly currency: string;
  /** Text fields by their wire name: `fname`, `email`, `p_street`. */
  readonly texts: Readonly<Record<string, string | null>>;
  /** Flags by their wire name: `allow_late_fees`. */
  readonly flags: Readonly<Record<string, boolean>>;
}

interface LineView {
  readonly lineId: number;
  readonly name: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitCost: string;
  readonly amount: string;
  readonly taxes: readonly { readonly name: string; readonly percent: string }[];
}

interface InvoiceView {
  readonly id: number;
  readonly number: string;
  readonly poNumber: string | null;
  readonly clientId: number;
  readonly createdOn: string;
  readonly dueOn: string;
  readonly fulfilledOn: string | null;
  readonly currency: string;
  readonly amount: string;
  readonly paid: string;
  readonly outstanding: string;
  /** 0 disputed, 1 draft, 2 sent, 3 viewed, 4 paid. */
  readonly status: number;
  readonly v3Status: string;
  readonly paymentStatus: string;
  readonly visState: VisState;
  readonly texts: Readonly<Record<string, string | null>>;
  readonly lines: readonly LineView[];
  readonly hasReminders: boolean;
  readonly hasLateFee: boolean;
  readonly gateways: readonly string[];
}

interface PaymentView {
  readonly id: number;
  readonly invoiceId: number;
  readonly clientId: number;
  readonly amount: string;
  readonly currency: string;
  readonly date: string;
  readonly type: string;
  readonly note: string;
  readonly creditId: number | null;
  readonly overpaymentId: number | null;
  readonly sendClientNotification: boolean | null;
  readonly visState: VisState;
}

interface CreditNoteView {
  readonly id: number;
  readonly number: string;
  readonly clientId: number;
  readonly createdOn: string;
  readonly creditType: string;
  readonly amount: string;
  readonly currency: string;
  readonly notes: string;
  readonly visState: VisState;
}

interface ExpenseView {
  readonly id: number;
  readonly categoryId: number;
  readonly category: string;
  readonly amount: string;
  readonly currency: string;
  readonly date: string;
  readonly vendor: string | null;
  readonly notes: string;
  readonly taxes: readonly { readonly name: string; readonly amount: string | null }[];
  readonly visState: VisState;
}

interface OtherIncomeView {
  readonly id: number;
  readonly amount: string;
  readonly currency: string;
  readonly date: string;
  readonly source: string;
  readonly note: string;
  readonly visState: VisState;
}

/** An account's books at the moment of asking. */
export interface AccountView {
  readonly id: string;
  readonly lockedThrough: string | null;
  readonly clients: readonly ClientView[];
  readonly invoices: readonly InvoiceView[];
  readonly payments: readonly PaymentView[];
  readonly creditNotes: readonly CreditNoteView[];
  readonly expenses: readonly ExpenseView[];
  readonly otherIncomes: readonly OtherIncomeView[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  readonly taxes: readonly { readonly id: number; readonly name: string; readonly percent: string }[];
}

export function accountView(view: View): AccountView {
  const { account } = view;
  return {
    id: account.id,
    lockedThrough: account.lockedThrough,
    clients: [...account.clients.values()].map(clientView),
    invoices: [...account.invoices.values()].map((invoice) => invoiceView(view, invoice)),
    payments: [...account.payments.values()].map((payment) => paymentView(view, payment)),
    creditNotes: [...account.creditNotes.values()].map((credit) => creditNoteView(view, credit)),
    expenses: [...account.expenses.values()].map((expense) => expenseView(view, expense)),
    otherIncomes: [...account.otherIncomes.values()].map((income) => incomeView(view, income)),
    categories: [...account.categories.values()].map(({ id, name }) => ({ id, name })),
    taxes: [...account.taxes.values()].map(({ id, name, percent }) => ({
      id,
      name,
      percent: formatDecimal(trimDecimal(percent)),
    })),
  };
}

function clientView(client: Client): ClientView {
  const { id, visState, currency, texts, flags } = client;
  return { id, visState, currency, texts: { ...texts }, flags: { ...flags } };
}

function invoiceView(view: View, invoice: Invoice): InvoiceView {
  const amount = amountsIn(view, invoice.currency);
  return {
    id: invoice.id,
    number: invoice.number,
    poNumber: invoice.texts['po_number'] ?? null,
    clientId: invoice.customerId,
    createdOn: invoice.createdOn,
    dueOn: dueOn(invoice),
    fulfilledOn: invoice.fulfilledOn,
    currency: invoice.currency,
    amount: amount(invoice.totals.total),
    paid: amount(paidMinor(view.account, invoice)),
    outstanding: amount(outstandingMinor(view.account, invoice)),
    status: invoice.status,
    v3Status: v3Status(view, invoice),
    paymentStatus: paymentStatus(view.account, invoice),
    visState: invoice.visState,
    texts: { ...invoice.texts },
    lines: invoice.lines.map((line) => lineView(view, line, invoice.currency)),
    hasReminders: invoice.reminders.some((reminder) => reminder.enabled),
    hasLateFee: invoice.lateFee?.enabled ?? false,
    gateways: invoice.gateways,
  };
}

function lineView(view: View, line: Line, currency: string): LineView {
  const exponent = exponentOf(currency, view.state.switches);
  return {
    lineId: line.lineId,
    name: line.name,
    description: line.description,
    quantity: formatDecimal(trimDecimal(line.quantity)),
    unitCost: formatDecimal(line.unitCost),
    amount: formatMinor(lineMinor(line, { exponent, half: view.state.switches.halfRounding }), exponent),
    taxes: line.taxes.map(({ name, percent }) => ({ name, percent: formatDecimal(trimDecimal(percent)) })),
  };
}

function paymentView(view: View, payment: Payment): PaymentView {
  const { minor, updatedAt: _updatedAt, ...rest } = payment;
  return { ...rest, amount: amountsIn(view, payment.currency)(minor) };
}

function creditNoteView(view: View, credit: CreditNote): CreditNoteView {
  const { id, number, clientId, createdOn, creditType, currency, visState } = credit;
  const amount = amountsIn(view, currency)(credit.totals.total);
  return {
    id,
    number,
    clientId,
    createdOn,
    creditType,
    currency,
    visState,
    amount,
    notes: credit.texts['notes'] ?? '',
  };
}

function expenseView(view: View, expense: Expense): ExpenseView {
  const { id, categoryId, currency, date, vendor, notes, visState } = expense;
  const amount = amountsIn(view, currency);
  const taxes = expense.taxes.flatMap(({ name, minor }) =>
    name === null ? [] : [{ name, amount: minor === null ? null : amount(minor) }],
  );
  const category = view.account.categories.get(categoryId)?.name ?? '';
  return {
    id,
    categoryId,
    category,
    currency,
    date,
    vendor,
    notes,
    visState,
    taxes,
    amount: amount(expense.minor),
  };
}

function incomeView(view: View, income: OtherIncome): OtherIncomeView {
  const { id, currency, date, source, note, visState } = income;
  return { id, currency, date, source, note, visState, amount: amountsIn(view, currency)(income.minor) };
}

function amountsIn(view: View, currency: string): (minor: bigint) => string {
  return (minor) => formatMinor(minor, exponentOf(currency, view.state.switches));
}

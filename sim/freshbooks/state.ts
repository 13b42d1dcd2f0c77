// What the simulator remembers. Accounts hold their books; the outbox holds every e-mail a buyer would have received.
// Everything is mutable and lives in memory only; requests change it synchronously, one at a time.

import type { Decimal, LineInput, Totals } from './arithmetic.ts';
import type { Json } from './json.ts';
import type { Switches } from './switches.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** 0 active, 1 deleted, 2 archived. */
export type VisState = 0 | 1 | 2;

/** 0 disputed, 1 draft, 2 sent, 3 viewed, 4 paid. Partially paid invoices keep 2 or 3 (page section 3). */
export type InvoiceStatus = 0 | 1 | 2 | 3 | 4;

/** An e-mail that FreshBooks would have sent to a buyer. `to` is empty when no address is known. */
export interface Email {
  readonly at: number;
  readonly kind: 'invoice' | 'payment-notice' | 'reminder' | 'late-fee-notice';
  readonly accountId: string;
  readonly invoiceId: number;
  readonly to: readonly string[];
  readonly subject: string;
}

/** A reminder: `delay` is in days after the due date, negative for before it. */
export interface Reminder {
  readonly position: number;
  readonly delay: number;
  readonly enabled: boolean;
  readonly subject: string | null;
  readonly body: string | null;
}

/** A late fee, `days` after the due date; with `repeat` again every so many days. */
export interface LateFee {
  readonly enabled: boolean;
  readonly days: number;
  readonly type: 'percent' | 'amount';
  readonly value: string;
  readonly repeat: boolean;
}

export interface Client {
  readonly id: number;
  readonly uuid: string;
  readonly username: string;
  readonly signupAt: number;
  updatedAt: number;
  visState: VisState;
  currency: string;
  /** Plain text fields by their wire name. */
  readonly texts: Record<string, string | null>;
  readonly flags: Record<string, boolean>;
  contacts: readonly { readonly [key: string]: Json }[];
  /** Null: the account's own apply. */
  reminders: readonly Reminder[] | null;
  lateFee: LateFee | null;
}

export interface Line extends LineInput {
  readonly lineId: number;
  readonly type: 0 | 1;
  readonly name: string;
  readonly description: string;
  readonly taxName1: string | null;
  readonly taxAmount1: Decimal;
  readonly taxName2: string | null;
  readonly taxAmount2: Decimal;
  readonly expenseId: number;
  readonly updatedAt: number;
}

export interface Invoice {
  readonly id: number;
  readonly uuid: string;
  number: string;
  customerId: number;
  createdOn: string;
  dueOffsetDays: number;
  currency: string;
  readonly texts: Record<string, string | null>;
  readonly flags: Record<string, boolean>;
  discountPercent: Decimal;
  lines: readonly Line[];
  totals: Totals;
  status: InvoiceStatus;
  fulfilledOn: string | null;
  reminders: readonly Reminder[];
  lateFee: LateFee | null;
  gateways: readonly string[];
  /** Positions of reminders already sent, and how often the late fee was added. */
  readonly remindersSent: Set<number>;
  lateFeeCount: number;
  readonly createdAt: number;
  updatedAt: number;
  version: string;
  visState: VisState;
}

export interface Payment {
  readonly id: number;
  readonly invoiceId: number;
  readonly clientId: number;
  minor: bigint;
  readonly currency: string;
  date: string;
  type: string;
  note: string;
  readonly creditId: number | null;
  overpaymentId: number | null;
  readonly sendClientNotification: boolean | null;
  updatedAt: number;
  visState: VisState;
}

export interface CreditNote {
  readonly id: number;
  number: string;
  readonly clientId: number;
  createdOn: string;
  readonly currency: string;
  readonly creditType: 'goodwill' | 'prepayment' | 'overpayment';
  readonly texts: Record<string, string | null>;
  lines: readonly Line[];
  totals: Totals;
  updatedAt: number;
  visState: VisState;
  /** The payment's `overpaymentid`, for credits that an overpayment made. */
  readonly overpaymentId: number | null;
}

export interface ExpenseTax {
  readonly name: string | null;
  readonly percent: Decimal | null;
  readonly minor: bigint | null;
}

export interface Expense {
  readonly id: number;
  staffId: number;
  categoryId: number;
  clientId: number;
  projectId: number;
  minor: bigint;
  currency: string;
  date: string;
  vendor: string | null;
  notes: string;
  markupPercent: string;
  taxes: readonly [ExpenseTax, ExpenseTax];
  readonly isDuplicate: boolean;
  updatedAt: number;
  version: string;
  visState: VisState;
}

export interface Category {
  readonly id: number;
  readonly name: string;
  readonly parentId: number | null;
  readonly isCostOfGoods: boolean;
  readonly createdAt: number;
}

export interface Tax {
  readonly id: number;
  name: string;
  percent: Decimal;
  number: string | null;
  isCompound: boolean;
  updatedAt: number;
}

export interface OtherIncome {
  readonly id: number;
  minor: bigint;
  currency: string;
  categoryName: string;
  date: string;
  note: string;
  paymentType: string | null;
  source: string;
  taxes: readonly { readonly name: string; readonly amount: string }[];
  readonly createdAt: number;
  updatedAt: number;
  visState: VisState;
}

export interface Callback {
  readonly id: number;
  readonly event: string;
  readonly uri: string;
  readonly verifier: string;
  isVerified: boolean;
  updatedAt: number;
}

/** Something that happened and that callbacks may be told of. */
export interface AccountEvent {
  readonly name: string;
  readonly objectId: number;
  /** Set only for `callback.verify`: the callback it goes to. */
  readonly callbackId?: number;
}

/** What the owner has set for new invoices in the account's settings. */
export interface InvoiceDefaults {
  readonly dueOffsetDays: number;
  readonly reminders: readonly Reminder[];
  readonly lateFee: LateFee | null;
  readonly gateways: readonly string[];
}

export type Role = 'owner' | 'admin' | 'manager' | 'employee' | 'contractor' | 'client';

export interface Account {
  readonly id: string;
  readonly businessId: number;
  readonly businessUuid: string;
  readonly membershipId: number;
  readonly name: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly role: Role;
  /** The id is missing from business_memberships and stands only in roles[] (page section 1). */
  readonly isIdOnlyInRoles: boolean;
  clientLimit: number | null;
  defaults: InvoiceDefaults;
  /** The financial lock date: nothing on or before it may change. */
  lockedThrough: string | null;
  readonly openedAt: number;
  readonly clients: Map<number, Client>;
  readonly invoices: Map<number, Invoice>;
  readonly payments: Map<number, Payment>;
  readonly creditNotes: Map<number, CreditNote>;
  readonly expenses: Map<number, Expense>;
  readonly categories: Map<number, Category>;
  readonly otherIncomes: Map<number, OtherIncome>;
  readonly taxes: Map<number, Tax>;
  readonly callbacks: Map<number, Callback>;
  /** Events not yet turned into deliveries, oldest first. */
  events: AccountEvent[];
}

/** Everything there is, handed to every resource. */
export interface State {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly switches: Switches;
  readonly accounts: Map<string, Account>;
  readonly outbox: Email[];
  readonly counters: Map<string, number>;
}

/** FreshBooks' ids of one kind ascend by two in the recordings (a cluster's auto-increment). */
const ID_STEP = 2;

const firstIds: Readonly<Record<string, number>> = {
  client: 567_521,
  invoice: 453_877,
  payment: 312_041,
  credit: 30_789,
  expense: 2_420_479,
  category: 13_151_881,
  tax: 7_841,
  income: 2_853,
  callback: 2_001,
};

/** The next id of a kind, unique over all accounts. */
export function nextId(state: State, kind: string): number {
  const id = state.counters.get(kind) ?? firstIds[kind] ?? 1;
  state.counters.set(kind, id + ID_STEP);
  return id;
}

/** So many hexadecimal digits of chance. */
export function randomHex(state: Pick<State, 'random'>, length: number): string {
  let digits = '';
  while (digits.length < length) digits += Math.floor(state.random() * 16).toString(16);
  return digits;
}

export function randomUuid(state: Pick<State, 'random'>): string {
  const hex = randomHex(state, 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Decimals of amounts in a currency, as the switch has it. */
export function exponentOf(currency: string, switches: Switches): number {
  if (switches.zeroDecimalCurrencies === 'two-decimals') return 2;
  return ['JPY', 'KRW', 'VND', 'CLP', 'ISK', 'XAF', 'XOF', 'PYG', 'UGX'].includes(currency) ? 0 : 2;
}

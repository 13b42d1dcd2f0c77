// Opening an account: one business with its books, settings and the role our person has in it.

import { openCategories } from './expenses.ts';
import { randomHex, randomUuid, type Account, type InvoiceDefaults, type Role, type State } from './state.ts';

export interface AccountOptions {
  /** At most six characters, like `ZyQ04o`; drawn by chance when left out. */
  readonly id?: string;
  readonly name?: string;
  readonly currency?: string;
  readonly timeZone?: string;
  readonly role?: Role;
  readonly isIdOnlyInRoles?: boolean;
  /** Active and archived clients the plan allows; null or left out for no limit. */
  readonly clientLimit?: number | null;
  readonly defaults?: Partial<InvoiceDefaults>;
  readonly lockedThrough?: string | null;
}

/** What a new account's settings do to buyers unless an invoice switches it off: three reminders and a late fee, with
 * the delays of the 2019 capture, and card payments by link. */
const chasingDefaults: InvoiceDefaults = {
  dueOffsetDays: 0,
  reminders: [-7, 0, 7].map((delay, index) => ({
    position: index + 1,
    delay,
    enabled: true,
    subject: null,
    body: null,
  })),
  lateFee: { enabled: true, days: 30, type: 'percent', value: '2', repeat: false },
  gateways: ['stripe'],
};

export function openAccount(state: State, options: AccountOptions): Account {
  const businessId = 14_719_708 + state.accounts.size * 10;
  const account: Account = {
    id: options.id ?? `S${randomHex(state, 5)}`,
    businessId,
    businessUuid: randomUuid(state),
    membershipId: 40_513_149 + state.accounts.size * 10,
    name: options.name ?? 'Simulated Shop Co',
    currency: options.currency ?? 'USD',
    timeZone: options.timeZone ?? 'America/New_York',
    role: options.role ?? 'owner',
    isIdOnlyInRoles: options.isIdOnlyInRoles ?? false,
    clientLimit: options.clientLimit ?? null,
    defaults: { ...chasingDefaults, ...options.defaults },
    lockedThrough: options.lockedThrough ?? null,
    openedAt: state.clock.now(),
    clients: new Map(),
    invoices: new Map(),
    payments: new Map(),
    creditNotes: new Map(),
    expenses: new Map(),
    categories: new Map(),
    otherIncomes: new Map(),
    taxes: new Map(),
    callbacks: new Map(),
    events: [],
  };
  openCategories(state, account);
  state.accounts.set(account.id, account);
  return account;
}

// Expenses and their categories (docs/vendors/freshbooks.md section 5).

import { add, formatDecimal, parseDecimal, trimDecimal, ZERO, type Decimal } from './arithmetic.ts';
import { minorField, moneyJson } from './amounts.ts';
import { easternTime } from './calendar.ts';
import { date, integer, percent, text, type Fields } from './fields.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { refuseIfLocked, touch } from './invoice-state.ts';
import { invalidValue, notFound } from './refusal.ts';
import {
  bodyFields,
  idFilters,
  listPage,
  need,
  rangeFilters,
  updatedFilters,
  visStateField,
  type Call,
  type Resource,
} from './resource.ts';
import {
  exponentOf,
  nextId,
  type Account,
  type Category,
  type Expense,
  type ExpenseTax,
  type State,
} from './state.ts';

export const expenses: Resource = {
  scope: 'expenses',
  list: (call) =>
    listPage<Expense>(call, {
      key: 'expenses',
      rows: call.account.expenses.values(),
      id: (expense) => expense.id,
      visState: (expense) => expense.visState,
      filters: {
        ...idFilters('expenseid', (expense) => expense.id),
        ...idFilters('categoryid', (expense) => expense.categoryId),
        ...idFilters('clientid', (expense) => expense.clientId),
        ...rangeFilters<Expense>('date', (expense) => expense.date, call.state.switches),
        ...updatedFilters<Expense>(call.state.switches),
        amount_min: (expense, [value = '']) => compareAmount(call.state, expense, value) >= 0,
        amount_max: (expense, [value = '']) => compareAmount(call.state, expense, value) <= 0,
        vendor: (expense, [value = '']) => expense.vendor === value,
      },
      sorts: {},
      render: (expense) => expenseJson(call, expense),
    }),
  get: (call, id) => ({ expense: expenseJson(call, findExpense(call.account, id)) }),
  create: (call) => ({ expense: expenseJson(call, createExpense(call)) }),
  update: (call, id) => {
    const expense = findExpense(call.account, id);
    updateExpense(call, expense);
    return { expense: expenseJson(call, expense) };
  },
};

export const categories: Resource = {
  scope: 'expenses',
  list: (call) =>
    listPage<Category>(call, {
      key: 'categories',
      rows: call.account.categories.values(),
      id: (category) => category.id,
      visState: () => 0,
      filters: idFilters('categoryid', (category: Category) => category.id),
      sorts: {},
      render: (category) => categoryJson(category),
    }),
  get: (call, id) => {
    const category = call.account.categories.get(id);
    if (category === undefined)
      throw notFound({ object: 'category', field: 'categoryid', title: 'Category' }, String(id));
    return { category: categoryJson(category) };
  },
};

/** The categories a new account starts with; more than one page of the default size, as in a real one. */
const startingCategories: readonly (readonly [name: string, parent: string | null])[] = [
  ['Operating Expenses', null],
  ['Business Insurance', 'Operating Expenses'],
  ['Bank Fees', 'Operating Expenses'],
  ['Online Services', 'Operating Expenses'],
  ['Commissions', 'Operating Expenses'],
  ['Reference Materials', 'Operating Expenses'],
  ['Advertising', null],
  ['Car & Truck Expenses', null],
  ['Contractors', null],
  ['Employee Benefits', null],
  ['Accident Insurance', 'Employee Benefits'],
  ['Professional Services', null],
  ['Accounting', 'Professional Services'],
  ['Legal Fees', 'Professional Services'],
  ['Office Expenses & Postage', null],
  ['Software', 'Office Expenses & Postage'],
  ['Shipping & Couriers', 'Office Expenses & Postage'],
  ['Other Expenses', null],
  ['Supplies', null],
  ['Travel', null],
  ['Airfare', 'Travel'],
  ['Utilities', null],
  ['Cost of Goods Sold', null],
  ['Cost of Billed Expenses', 'Cost of Goods Sold'],
  ['Cost of Shipping & Handling', 'Cost of Goods Sold'],
];

export function openCategories(state: State, account: Account): void {
  const ids = new Map<string, number>();
  for (const [name, parent] of startingCategories) {
    const id = nextId(state, 'category');
    ids.set(name, id);
    const isCostOfGoods = name === 'Cost of Goods Sold' || parent === 'Cost of Goods Sold';
    account.categories.set(id, {
      id,
      name,
      parentId: parent === null ? null : (ids.get(parent) ?? null),
      isCostOfGoods,
      createdAt: account.openedAt,
    });
  }
}

function findExpense(account: Account, id: number): Expense {
  const expense = account.expenses.get(id);
  if (expense === undefined)
    throw notFound({ object: 'expense', field: 'expenseid', title: 'Expense' }, String(id));
  return expense;
}

function createExpense(call: Call): Expense {
  const { account, state } = call;
  const fields = bodyFields(call, 'expense');
  const staffId = need(integer(fields, 'staffid'), fields, 'staffid');
  const categoryId = categoryField(call, fields);
  need(categoryId, fields, 'categoryid');
  const currency = currencyOf(fields) ?? account.currency;
  const minor = need(minorField(fields, 'amount', currency), fields, 'amount');
  const spentOn = need(date(fields, 'date'), fields, 'date');
  refuseIfLocked(call, { object: 'expense', field: 'date' }, spentOn);
  const twin = [...account.expenses.values()].find(
    (other) => other.visState === 0 && other.date === spentOn && other.minor === minor,
  );
  const expense: Expense = {
    id: nextId(state, 'expense'),
    staffId,
    categoryId: categoryId ?? 0,
    clientId: integer(fields, 'clientid') ?? 0,
    projectId: integer(fields, 'projectid') ?? 0,
    minor,
    currency,
    date: spentOn,
    vendor: text(fields, 'vendor') ?? null,
    notes: text(fields, 'notes') ?? '',
    markupPercent: text(fields, 'markup_percent') ?? '0',
    taxes: settledTaxes(fields, minor ?? 0n, [taxField(fields, currency, 1), taxField(fields, currency, 2)]),
    isDuplicate: twin !== undefined,
    updatedAt: 0,
    version: '',
    visState: 0,
  };
  touch(state, expense);
  account.expenses.set(expense.id, expense);
  account.events.push({ name: 'expense.create', objectId: expense.id });
  return expense;
}

function updateExpense(call: Call, expense: Expense): void {
  const fields = bodyFields(call, 'expense');
  const place = { object: 'expense', field: 'date' };
  const spentOn = date(fields, 'date') ?? expense.date;
  refuseIfLocked(call, place, expense.date);
  refuseIfLocked(call, place, spentOn);
  const currency = currencyOf(fields) ?? expense.currency;
  const changes = {
    date: spentOn,
    currency,
    minor: minorField(fields, 'amount', currency) ?? expense.minor,
    staffId: integer(fields, 'staffid') ?? expense.staffId,
    categoryId: categoryField(call, fields) ?? expense.categoryId,
    clientId: integer(fields, 'clientid') ?? expense.clientId,
    projectId: integer(fields, 'projectid') ?? expense.projectId,
    vendor: Object.hasOwn(fields.values, 'vendor') ? (text(fields, 'vendor') ?? null) : expense.vendor,
    notes: text(fields, 'notes') ?? expense.notes,
    markupPercent: text(fields, 'markup_percent') ?? expense.markupPercent,
    taxes: [mergedTax(fields, expense, 1), mergedTax(fields, expense, 2)] as const,
    visState: visStateField(integer(fields, 'vis_state')) ?? expense.visState,
  };
  Object.assign(expense, changes);
  touch(call.state, expense);
  call.account.events.push({
    name: expense.visState === 1 ? 'expense.delete' : 'expense.update',
    objectId: expense.id,
  });
}

function categoryField(call: Call, fields: Fields): number | undefined {
  const id = integer(fields, 'categoryid');
  if (id !== undefined && !call.account.categories.has(id))
    throw invalidValue({ object: 'expense', field: 'categoryid' }, String(id));
  return id;
}

function currencyOf(fields: Fields): string | undefined {
  const amount = fields.values['amount'];
  const code = isObject(amount) ? amount['code'] : undefined;
  return typeof code === 'string' ? code : undefined;
}

function taxField(fields: Fields, currency: string, position: 1 | 2): ExpenseTax {
  return {
    name: text(fields, `taxName${position}`) ?? null,
    percent: percent(fields, `taxPercent${position}`) ?? null,
    minor: minorField(fields, `taxAmount${position}`, currency) ?? null,
  };
}

/** By a switch the amounts are computed from the percentages within what was spent, whatever amounts were sent. */
function settledTaxes(
  fields: Fields,
  spent: bigint,
  taxes: readonly [ExpenseTax, ExpenseTax],
): readonly [ExpenseTax, ExpenseTax] {
  if (fields.switches.expenseTaxAmount === 'as-sent') return taxes;
  const [first, second] = taxes;
  const all = add(first.percent ?? ZERO, second.percent ?? ZERO);
  return [shareOf(spent, first, all), shareOf(spent, second, all)];
}

/** A tax's part of an amount that all taxes are within: amount x rate / (100 + all rates), half up. */
function shareOf(spent: bigint, tax: ExpenseTax, all: Decimal): ExpenseTax {
  if (tax.percent === null) return tax;
  const scale = Math.max(tax.percent.scale, all.scale);
  const units = ({ units, scale: own }: Decimal): bigint => units * 10n ** BigInt(scale - own);
  const divisor = 100n * 10n ** BigInt(scale) + units(all);
  return { ...tax, minor: (spent * units(tax.percent) * 2n + divisor) / (2n * divisor) };
}

function mergedTax(fields: Fields, expense: Expense, position: 1 | 2): ExpenseTax {
  const written = taxField(fields, currencyOf(fields) ?? expense.currency, position);
  const before = expense.taxes[position - 1];
  return {
    name: written.name ?? before?.name ?? null,
    percent: written.percent ?? before?.percent ?? null,
    minor: written.minor ?? before?.minor ?? null,
  };
}

/** Negative when the expense is below the value, positive when above; what is no amount counts as zero. */
function compareAmount(state: State, expense: Expense, value: string): number {
  const scale = exponentOf(expense.currency, state.switches);
  const asked = parseDecimal(value) ?? ZERO;
  const { units } = add({ units: expense.minor, scale }, { units: -asked.units, scale: asked.scale });
  return units < 0n ? -1 : Number(units > 0n);
}

function expenseJson(call: Call, expense: Expense): JsonObject {
  const money = (minor: bigint): JsonObject => moneyJson(minor, expense.currency, call.state.switches);
  const taxJson = (tax: ExpenseTax, position: 1 | 2): Record<string, Json> => ({
    [`taxName${position}`]: tax.name,
    [`taxPercent${position}`]: tax.percent === null ? null : formatDecimal(trimDecimal(tax.percent)),
    [`taxAmount${position}`]: tax.minor === null ? null : money(tax.minor),
  });
  return {
    ...expenseConstants,
    ...taxJson(expense.taxes[0], 1),
    ...taxJson(expense.taxes[1], 2),
    accounting_systemid: call.account.id,
    amount: money(expense.minor),
    categoryid: expense.categoryId,
    clientid: expense.clientId,
    date: expense.date,
    expenseid: expense.id,
    id: expense.id,
    isduplicate: expense.isDuplicate,
    markup_percent: expense.markupPercent,
    notes: expense.notes,
    projectid: expense.projectId,
    staffid: expense.staffId,
    updated: easternTime(expense.updatedAt),
    vendor: expense.vendor,
    version: `${easternTime(expense.updatedAt)}.${String(expense.updatedAt % 1000).padStart(3, '0')}${expense.version}`,
    vis_state: expense.visState,
  };
}

/** Keys that nothing in the simulator changes. */
const expenseConstants: JsonObject = {
  account_name: '',
  accountid: null,
  background_jobid: null,
  bank_name: '',
  bill_matches: [],
  billable: false,
  compounded_tax: false,
  converse_projectid: null,
  ext_accountid: null,
  ext_invoiceid: 0,
  ext_systemid: 0,
  from_bulk_import: false,
  has_receipt: false,
  include_receipt: false,
  invoiceid: null,
  is_cogs: false,
  modern_projectid: null,
  potential_bill_payment: false,
  profileid: null,
  status: 0,
  transactionid: null,
};

function categoryJson(category: Category): JsonObject {
  return {
    category: category.name,
    categoryid: category.id,
    created_at: easternTime(category.createdAt),
    id: category.id,
    is_cogs: category.isCostOfGoods,
    is_editable: false,
    parentid: category.parentId,
    transaction_posted: false,
    updated_at: easternTime(category.createdAt),
    vis_state: 0,
  };
}

// Other income (docs/vendors/freshbooks.md section 5). The list's key is singular, and so is the body's.

import { minorField, moneyJson } from './amounts.ts';
import { easternTime } from './calendar.ts';
import { date, integer, objects, text, type Fields } from './fields.ts';
import { isObject, type JsonObject } from './json.ts';
import { refuseIfLocked } from './invoice-state.ts';
import { paymentType } from './payments.ts';
import { invalidValue, notFound } from './refusal.ts';
import {
  bodyFields,
  idFilters,
  listPage,
  need,
  visStateField,
  type Call,
  type Resource,
} from './resource.ts';
import { nextId, type Account, type OtherIncome } from './state.ts';

export const otherIncomes: Resource = {
  scope: 'other_income',
  list: (call) =>
    listPage<OtherIncome>(call, {
      key: 'other_income',
      rows: call.account.otherIncomes.values(),
      id: (income) => income.id,
      visState: (income) => income.visState,
      filters: {
        ...idFilters('incomeid', (income) => income.id),
        category_name: (income, [value = '']) => income.categoryName === value,
      },
      sorts: {},
      render: (income) => incomeJson(call, income),
    }),
  get: (call, id) => ({ other_income: incomeJson(call, findIncome(call.account, id)) }),
  create: (call) => ({ other_income: incomeJson(call, createIncome(call)) }),
  update: (call, id) => ({
    other_income: incomeJson(call, updateIncome(call, findIncome(call.account, id))),
  }),
};

const categoryNames = ['advertising', 'in_person_sales', 'online_sales', 'rentals', 'other'];

function findIncome(account: Account, id: number): OtherIncome {
  const income = account.otherIncomes.get(id);
  if (income === undefined)
    throw notFound({ object: 'other_income', field: 'incomeid', title: 'Other income' }, String(id));
  return income;
}

function createIncome(call: Call): OtherIncome {
  const fields = bodyFields(call, 'other_income');
  const source = need(text(fields, 'source'), fields, 'source');
  const categoryName = need(categoryField(fields), fields, 'category_name');
  const { currency, minor, receivedOn } = amountAndDate(call, fields);
  const now = call.state.clock.now();
  const income: OtherIncome = {
    id: nextId(call.state, 'income'),
    minor,
    currency,
    categoryName,
    date: receivedOn,
    note: text(fields, 'note') ?? '',
    paymentType: typeField(fields) ?? null,
    source,
    taxes: taxesField(fields) ?? [],
    createdAt: now,
    updatedAt: now,
    visState: 0,
  };
  call.account.otherIncomes.set(income.id, income);
  call.account.events.push({ name: 'other_income.create', objectId: income.id });
  return income;
}

/** Unlike elsewhere a PUT needs amount and date [LIVE], except that vis_state alone deletes (assumed). */
function updateIncome(call: Call, income: OtherIncome): OtherIncome {
  const fields = bodyFields(call, 'other_income');
  const place = { object: 'other_income', field: 'date' };
  refuseIfLocked(call, place, income.date);
  const visState = visStateField(integer(fields, 'vis_state'));
  const isDeletion = visState === 1 && Object.keys(fields.values).length === 1;
  const changed = isDeletion
    ? { currency: income.currency, minor: income.minor, receivedOn: income.date }
    : amountAndDate(call, fields);
  Object.assign(income, {
    currency: changed.currency,
    minor: changed.minor,
    date: changed.receivedOn,
    categoryName: categoryField(fields) ?? income.categoryName,
    note: text(fields, 'note') ?? income.note,
    paymentType: typeField(fields) ?? income.paymentType,
    source: text(fields, 'source') ?? income.source,
    taxes: taxesField(fields) ?? income.taxes,
    updatedAt: call.state.clock.now(),
    visState: visState ?? income.visState,
  });
  call.account.events.push({
    name: visState === 1 ? 'other_income.delete' : 'other_income.update',
    objectId: income.id,
  });
  return income;
}

function amountAndDate(
  call: Call,
  fields: Fields,
): { readonly currency: string; readonly minor: bigint; readonly receivedOn: string } {
  const amount = fields.values['amount'];
  const code = isObject(amount) ? amount['code'] : undefined;
  const currency = typeof code === 'string' ? code : call.account.currency;
  const minor = need(minorField(fields, 'amount', currency), fields, 'amount');
  const receivedOn = need(date(fields, 'date'), fields, 'date');
  refuseIfLocked(call, { object: 'other_income', field: 'date' }, receivedOn);
  return { currency, minor, receivedOn };
}

function categoryField(fields: Fields): string | undefined {
  const name = text(fields, 'category_name') ?? undefined;
  if (name !== undefined && !categoryNames.includes(name))
    throw invalidValue({ object: 'other_income', field: 'category_name' }, name);
  return name;
}

function typeField(fields: Fields): string | undefined {
  const written = text(fields, 'payment_type') ?? undefined;
  if (written === undefined) return undefined;
  const type = paymentType(written);
  if (type === undefined) throw invalidValue({ object: 'other_income', field: 'payment_type' }, written);
  return type;
}

function taxesField(fields: Fields): OtherIncome['taxes'] | undefined {
  return objects(fields, 'taxes')?.map((values) => {
    const inner: Fields = { ...fields, values };
    return { name: text(inner, 'name') ?? '', amount: text(inner, 'amount') ?? '0' };
  });
}

function incomeJson(call: Call, income: OtherIncome): JsonObject {
  return {
    amount: moneyJson(income.minor, income.currency, call.state.switches),
    category_name: income.categoryName,
    created_at: easternTime(income.createdAt),
    date: income.date,
    incomeid: income.id,
    note: income.note,
    payment_type: income.paymentType,
    source: income.source,
    sourceid: null,
    taxes: income.taxes,
    updated_at: easternTime(income.updatedAt),
    userid: null,
    vis_state: income.visState,
  };
}

// Taxes (docs/vendors/freshbooks.md section 5). DELETE is real here and answers an empty response.

import { formatDecimal, trimDecimal } from './arithmetic.ts';
import { easternTime } from './calendar.ts';
import { flag, percent, text, type Fields } from './fields.ts';
import type { JsonObject } from './json.ts';
import { notFound, refused } from './refusal.ts';
import { bodyFields, listPage, need, type Call, type Resource } from './resource.ts';
import { nextId, type Account, type Tax } from './state.ts';

export const taxes: Resource = {
  scope: 'taxes',
  list: (call) =>
    listPage<Tax>(call, {
      key: 'taxes',
      rows: call.account.taxes.values(),
      id: (tax) => tax.id,
      visState: () => 0,
      filters: {},
      sorts: {},
      render: (tax) => taxJson(call.account, tax),
    }),
  get: (call, id) => ({ tax: taxJson(call.account, findTax(call.account, id)) }),
  create: (call) => ({ tax: taxJson(call.account, createTax(call)) }),
  update: (call, id) => ({ tax: taxJson(call.account, updateTax(call, findTax(call.account, id))) }),
  remove: (call, id) => {
    findTax(call.account, id);
    call.account.taxes.delete(id);
    call.account.events.push({ name: 'tax.delete', objectId: id });
  },
};

function findTax(account: Account, id: number): Tax {
  const tax = account.taxes.get(id);
  if (tax === undefined) throw notFound({ object: 'tax', field: 'taxid', title: 'Tax' }, String(id));
  return tax;
}

function createTax(call: Call): Tax {
  const fields = bodyFields(call, 'tax');
  const name = need(text(fields, 'name'), fields, 'name');
  const rate = need(percent(fields, 'amount'), fields, 'amount');
  refuseDuplicate(call.account, fields, undefined);
  const tax: Tax = {
    id: nextId(call.state, 'tax'),
    name,
    percent: rate,
    number: text(fields, 'number') ?? null,
    isCompound: flag(fields, 'compound') ?? false,
    updatedAt: call.state.clock.now(),
  };
  call.account.taxes.set(tax.id, tax);
  call.account.events.push({ name: 'tax.create', objectId: tax.id });
  return tax;
}

function updateTax(call: Call, tax: Tax): Tax {
  const fields = bodyFields(call, 'tax');
  const changes = {
    name: text(fields, 'name') ?? tax.name,
    percent: percent(fields, 'amount') ?? tax.percent,
    number: Object.hasOwn(fields.values, 'number') ? (text(fields, 'number') ?? null) : tax.number,
    isCompound: flag(fields, 'compound') ?? tax.isCompound,
    updatedAt: call.state.clock.now(),
  };
  refuseDuplicate(call.account, fields, tax);
  Object.assign(tax, changes);
  call.account.events.push({ name: 'tax.update', objectId: tax.id });
  return tax;
}

/** Errno 1026 for a second tax of the same name and percentage; which keys count is assumed. */
function refuseDuplicate(account: Account, fields: Fields, self: Tax | undefined): void {
  const name = text(fields, 'name') ?? self?.name;
  const rate = percent(fields, 'amount') ?? self?.percent;
  if (rate === undefined) return;
  const key = formatDecimal(trimDecimal(rate));
  const twin = [...account.taxes.values()].find(
    (tax) => tax !== self && tax.name === name && formatDecimal(trimDecimal(tax.percent)) === key,
  );
  if (twin === undefined) return;
  throw refused(422, {
    errno: 1026,
    message: 'Duplicate tax.',
    field: 'name',
    object: 'tax',
    value: twin.name,
  });
}

function taxJson(account: Account, tax: Tax): JsonObject {
  return {
    accounting_systemid: account.id,
    amount: formatDecimal(trimDecimal(tax.percent)),
    compound: tax.isCompound,
    id: tax.id,
    name: tax.name,
    number: tax.number,
    taxid: tax.id,
    updated: easternTime(tax.updatedAt),
  };
}

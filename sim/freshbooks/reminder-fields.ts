// Late reminders and late fees on the wire, on clients and on invoices. Keys as in the 2019 capture with all includes
// (docs/vendors/freshbooks.md section 3); that they can be written at all is assumed.

import { formatDecimal } from './arithmetic.ts';
import { easternTime } from './calendar.ts';
import { decimal, flag, integer, objects, text, type Fields } from './fields.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { LateFee, Reminder } from './state.ts';

/** The reminders a client wrote; an empty list or null switches them all off. */
export function remindersField(fields: Fields, name: string): readonly Reminder[] | undefined {
  return objects(fields, name)?.map((values, index) => {
    const inner: Fields = { ...fields, values };
    return {
      position: integer(inner, 'position') ?? index + 1,
      delay: integer(inner, 'delay') ?? 0,
      enabled: flag(inner, 'enabled') ?? true,
      subject: text(inner, 'subject') ?? null,
      body: text(inner, 'body') ?? null,
    };
  });
}

/** The late fee a client wrote; null switches it off. */
export function lateFeeField(fields: Fields, name: string): LateFee | null | undefined {
  const values = fields.values[name];
  if (values === undefined || values === null) return values;
  const inner: Fields = { ...fields, values: isObject(values) ? values : {} };
  const value = decimal(inner, 'value');
  return {
    enabled: flag(inner, 'enabled') ?? true,
    days: integer(inner, 'days') ?? 0,
    type: text(inner, 'type') === 'amount' ? 'amount' : 'percent',
    value: value === undefined ? '0' : formatDecimal(value),
    repeat: flag(inner, 'repeat') ?? false,
  };
}

/** What an include adds on an invoice: whose it is and since when. */
export interface Owner {
  readonly id: number;
  readonly createdAt: number;
}

export function reminderJson(reminder: Reminder, owner?: Owner): JsonObject {
  const { body, delay, enabled, position, subject } = reminder;
  return { body, delay, enabled, position, subject, updated_at: null, ...ownerJson(owner) };
}

export function lateFeeJson(fee: LateFee | null, owner?: Owner): Json {
  if (fee === null) return null;
  const noTaxes = {
    compounded_tax: false,
    first_tax_name: null,
    first_tax_percent: '0',
    second_tax_name: null,
    second_tax_percent: '0',
  };
  const { days, enabled, repeat, type, value } = fee;
  return { ...noTaxes, days, enabled, repeat, type, value, updated_at: null, ...ownerJson(owner) };
}

function ownerJson(owner: Owner | undefined): JsonObject {
  return owner === undefined ? {} : { invoiceid: owner.id, created_at: easternTime(owner.createdAt) };
}

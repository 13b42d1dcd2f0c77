// Reading what a client wrote: the fields of one JSON object, each checked as FreshBooks checks it. A reader answers
// undefined when the field was not sent, so that a partial PUT changes only what it names. Unknown fields are never
// looked at, as at the real API.

import { parseDecimal, type Decimal } from './arithmetic.ts';
import { isDate } from './calendar.ts';
import { isList, isObject, type Json, type JsonObject } from './json.ts';
import { invalidValue, refused, required } from './refusal.ts';
import type { Switches } from './switches.ts';

/** The fields of one object of a request body. `object` is the name that errors give it. */
export interface Fields {
  readonly object: string;
  readonly values: JsonObject;
  readonly switches: Switches;
}

export interface WrittenMoney {
  readonly amount: Decimal;
  /** May be left out (page section 4). */
  readonly code: string | undefined;
}

const BEYOND_BASIC_PLANE = /[\u{10000}-\u{10FFFF}]/u;

/** The text of a request or response body, or errno 1005 as the Python server words it. */
export function parseBody(text: string): JsonObject {
  try {
    const value: Json = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Answered below: what JSON.parse says about it is not what Python would say.
  }
  throw refused(400, {
    errno: 1005,
    message: 'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)',
  });
}

/** A text field. Numbers become their digits; null stays null. */
export function text(fields: Fields, name: string): string | null | undefined {
  const value = fields.values[name];
  if (value === undefined || value === null) return value;
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') {
    const message = `The field '${name}' must be a string.`;
    throw refused(422, { errno: 1006, message, field: name, object: fields.object });
  }
  return checkedText(fields, { name, value });
}

export function flag(fields: Fields, name: string): boolean | undefined {
  const value = fields.values[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  const message = `The field '${name}' must be a boolean.`;
  throw refused(422, { errno: 1031, message, field: name, object: fields.object, value: written(value) });
}

/** A whole number, sent as a number or as digits. */
export function integer(fields: Fields, name: string): number | undefined {
  const value = fields.values[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw notANumber(fields, name);
}

/** 422 with errno 1015, quoted live for `status`. */
export function notANumber(fields: Fields, name: string): Error {
  const value = written(fields.values[name] ?? null);
  return refused(422, {
    errno: 1015,
    message: `The field '${name}' must be a number.`,
    field: name,
    object: fields.object,
    value,
  });
}

/** A calendar date, `YYYY-MM-DD`. */
export function date(fields: Fields, name: string): string | undefined {
  const value = text(fields, name);
  if (value === undefined || value === null || value === '') return undefined;
  if (isDate(value)) return value;
  const message = `The field '${name}' must be a date in the format YYYY-MM-DD.`;
  throw refused(422, { errno: 1033, message, field: name, object: fields.object, value });
}

/** A decimal, sent as a number or as text. */
export function decimal(fields: Fields, name: string): Decimal | undefined {
  const value = fields.values[name];
  if (value === undefined || value === null || value === '') return undefined;
  return decimalValue(fields, { name, value });
}

/** A percentage with at most three decimals, or errno 1018. */
export function percent(fields: Fields, name: string): Decimal | undefined {
  const value = decimal(fields, name);
  if (value === undefined || value.scale <= 3 || value.units % 10n ** BigInt(value.scale - 3) === 0n)
    return value;
  const message = `The field '${name}' must be a percentage with at most three decimals.`;
  throw refused(422, {
    errno: 1018,
    message,
    field: name,
    object: fields.object,
    value: written(fields.values[name] ?? null),
  });
}

/** Money as `{amount, code}`, or as a bare amount. */
export function money(fields: Fields, name: string): WrittenMoney | undefined {
  const value = fields.values[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) return { amount: decimalValue(fields, { name, value }), code: undefined };
  const inner: Fields = { ...fields, values: value };
  const amount = decimal(inner, 'amount');
  if (amount === undefined) throw required(fields.object, name);
  return { amount, code: text(inner, 'code') ?? undefined };
}

/** A list of objects; null counts as empty. */
export function objects(fields: Fields, name: string): readonly JsonObject[] | undefined {
  const value = fields.values[name];
  if (value === undefined) return undefined;
  if (value === null) return [];
  if (isList(value) && value.every(isObject)) return value;
  throw refused(422, {
    errno: 1035,
    message: `The field '${name}' must be a list.`,
    field: name,
    object: fields.object,
  });
}

function checkedText(fields: Fields, entry: { readonly name: string; readonly value: string }): string {
  const { name, value } = entry;
  const { object, switches } = fields;
  const lengthMax = switches.textLengthsMax[name];
  if (lengthMax !== undefined && Array.from(value).length > lengthMax) {
    const message = `The field '${name}' must be at most ${lengthMax} characters long.`;
    throw refused(422, { errno: 1017, message, field: name, object, value });
  }
  if (!BEYOND_BASIC_PLANE.test(value)) return value;
  switch (switches.emoji) {
    case 'kept':
      return value;
    case 'stripped':
      return value.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, '');
    case 'refused':
      throw refused(422, {
        errno: 1036,
        message: `The field '${name}' has characters out of range.`,
        field: name,
        object,
        value,
      });
  }
}

function decimalValue(fields: Fields, entry: { readonly name: string; readonly value: Json }): Decimal {
  const { name, value } = entry;
  const parsed =
    typeof value === 'number' || typeof value === 'string' ? parseDecimal(String(value)) : undefined;
  if (parsed === undefined) throw invalidValue({ object: fields.object, field: name }, written(value));
  return parsed;
}

function written(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

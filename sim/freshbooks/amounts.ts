// Money between the wire and the books: `{amount: "12.34", code: "USD"}` on one side, minor units on the other.

import { formatDecimal, formatMinor, toMinor, trimDecimal } from './arithmetic.ts';
import { money, type Fields } from './fields.ts';
import type { JsonObject } from './json.ts';
import { invalidValue } from './refusal.ts';
import { exponentOf } from './state.ts';
import type { Switches } from './switches.ts';

export function moneyJson(minor: bigint, currency: string, switches: Switches): JsonObject {
  return { amount: formatMinor(minor, exponentOf(currency, switches)), code: currency };
}

/** The amount of a money field in minor units; its code must be the one expected, or missing. More decimals than the
 * currency has are refused (assumed). */
export function minorField(fields: Fields, name: string, currency: string): bigint | undefined {
  const value = money(fields, name);
  if (value === undefined) return undefined;
  if (value.code !== undefined && value.code !== currency)
    throw invalidValue({ object: fields.object, field: name }, value.code);
  const exponent = exponentOf(currency, fields.switches);
  if (trimDecimal(value.amount).scale > exponent) {
    throw invalidValue({ object: fields.object, field: name }, formatDecimal(value.amount));
  }
  return toMinor(value.amount, { exponent, half: 'half-up' });
}

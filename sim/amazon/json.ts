/** JSON as Amazon writes it: money of Orders is text, money of Finances a number with as many digits as it has. */
export type Json =
  | string
  | number
  | boolean
  | null
  | ExactNumber
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A number by its digits, so that no floating point comes between the ledger and the wire. */
export class ExactNumber {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

/** Keys without a value are left out. */
export function toJson(value: Json): string {
  if (value instanceof ExactNumber) return value.digits;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map((entry) => toJson(entry)).join(',')}]`;
  const pairs = Object.entries(value).flatMap(([key, entry]) =>
    entry === undefined ? [] : [`${JSON.stringify(key)}:${toJson(entry)}`],
  );
  return `{${pairs.join(',')}}`;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

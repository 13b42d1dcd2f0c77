/** JSON as Shopify writes it: ids are numbers, and some are larger than a JavaScript number can hold. */
export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

declare global {
  interface JSON {
    /** Text that is written as it stands (ECMAScript 2026). */
    rawJSON(text: string): object;
  }
}

/** `JSON.stringify` with big integers as plain digits. Keys without a value are left out. */
export function toJson(value: Json): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'bigint' ? JSON.rawJSON(field.toString()) : field,
  );
}

/**
 * JSON as this program needs it. Numbers of vendors are kept as the digits they wrote, because order ids pass 2^53 and
 * amounts must not become floats; money that we store ourselves comes back as bigint.
 */

/** Parsed JSON in which every number is the string of its own digits. */
export type Lossless = null | boolean | string | readonly Lossless[] | { readonly [key: string]: Lossless };

interface ReviverContext {
  readonly source?: string;
}

/** Parses a vendor's JSON. Throws a SyntaxError as JSON.parse does. */
export function parseLossless(text: string): Lossless {
  const reviver = (_key: string, value: unknown, context?: ReviverContext): unknown =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse returns exactly this shape under the reviver
  return JSON.parse(text, reviver) as Lossless;
}

/** Writes a value of ours; only the field `minor` (of Money) may be a bigint. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? String(field) : field));
}

/** Reads what `toJson` wrote: a string under the key `minor` is the bigint it was. The caller names the type it stored. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what it stored, as with JSON.parse
export function fromJson<T>(text: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- reads back what this program wrote under the same type
  return JSON.parse(text, (key, field: unknown) =>
    key === 'minor' && typeof field === 'string' ? BigInt(field) : field,
  ) as T;
}

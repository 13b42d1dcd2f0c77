import { invariant } from './invariant.ts';

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
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse returns exactly this shape under the reviver
    return JSON.parse(text, reviver) as Lossless;
  } catch (cause) {
    // The reviver goes down the tree by recursion, and the stack is what bounds it.
    throw cause instanceof RangeError ? new SyntaxError('JSON is nested too deeply', { cause }) : cause;
  }
}

/** Writes a value of ours; only the field `minor` (of Money) may be a bigint. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (key, field: unknown) => {
    if (typeof field !== 'bigint') {
      return field;
    }
    invariant(key === 'minor', `bigint under "${key}" is an amount's minor units`);
    return String(field);
  });
}

/** Reads what `toJson` wrote: the minor units of an amount are the bigint they were. The caller names the type it stored. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what it stored, as with JSON.parse
export function fromJson<T>(text: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- reads back what this program wrote under the same type
  return JSON.parse(text, (_key, field: unknown) =>
    isStoredMoney(field) ? { ...field, minor: BigInt(field.minor) } : field,
  ) as T;
}

function isStoredMoney(field: unknown): field is { readonly minor: string; readonly currency: string } {
  return (
    typeof field === 'object' &&
    field !== null &&
    'minor' in field &&
    typeof field.minor === 'string' &&
    'currency' in field
  );
}

import type { Lossless } from './json.ts';

/** Reading of vendors’ JSON field by field: what is not there is nothing, and every number is its digits. */

/** The value at a path of keys ("extensions.cost.requestedQueryCost"), or nothing. */
export function fieldOf(value: Lossless | undefined, path: string): Lossless | undefined {
  return path
    .split('.')
    .reduce<Lossless | undefined>(
      (inner, key) => (isRecord(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
      value,
    );
}

/** Empty when it is not there or no text. */
export function textOf(value: Lossless | undefined, path: string): string {
  const found = fieldOf(value, path);
  return typeof found === 'string' ? found : '';
}

/** Empty when it is not there or no list. */
export function listOf(value: Lossless | undefined, path: string): readonly Lossless[] {
  const found = fieldOf(value, path);
  return isList(found) ? found : [];
}

export function isTrue(value: Lossless | undefined, path: string): boolean {
  return fieldOf(value, path) === true;
}

function isList(value: Lossless | undefined): value is readonly Lossless[] {
  return Array.isArray(value);
}

function isRecord(value: Lossless | undefined): value is { readonly [key: string]: Lossless } {
  return typeof value === 'object' && value !== null && !isList(value);
}

import type { Lossless } from '#core/json.ts';

/** Looking into parsed JSON whose shape is not known yet. Numbers are strings already (core/json.ts). */

export type JsonObject = { readonly [key: string]: Lossless };

export function isObject(value: Lossless | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text or number; empty when it is absent, null or anything else. */
export function textIn(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}

/** A list; empty when it is absent or anything else. */
export function listIn(object: JsonObject, key: string): readonly Lossless[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}

export function objectIn(object: JsonObject, key: string): JsonObject | undefined {
  const value = object[key];
  return isObject(value) ? value : undefined;
}

import { fromJson, toJson } from '#core/json.ts';

/**
 * Orders and intents as they were read and written last, by their JSON. Each step of an order reads and writes them several times
 * over, and to parse one costs ten times what it takes to find it here. They are frozen: whoever has one shares it.
 */

/** Of all texts together, in characters: some hundred orders, or one of the largest. */
const CHARACTERS_MAX = 1_000_000;

const values = new Map<string, unknown>();
const texts = new WeakMap<object, string>();
let characters = 0;

/** As `fromJson` reads it. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names what it stored, as with fromJson
export function readRecent<T extends object>(text: string): T {
  const known = values.get(text);
  if (known !== undefined) {
    // The oldest goes first; this one is young again.
    values.delete(text);
    values.set(text, known);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed of this very text
    return known as T;
  }
  const value = frozen(fromJson<T>(text));
  remember(text, value);
  return value;
}

/** As `toJson` writes it: of what was read here and cannot have changed, without writing it again. */
export function writeRecent(value: object): string {
  return texts.get(value) ?? toJson(value);
}

function remember(text: string, value: object): void {
  texts.set(value, text);
  values.set(text, value);
  characters += text.length;
  for (const oldest of values.keys()) {
    if (characters <= CHARACTERS_MAX) {
      return;
    }
    values.delete(oldest);
    characters -= oldest.length;
  }
}

function frozen<T extends object>(value: T): T {
  for (const field of Object.values(value) as readonly unknown[]) {
    if (typeof field === 'object' && field !== null) {
      frozen(field);
    }
  }
  return Object.freeze(value);
}

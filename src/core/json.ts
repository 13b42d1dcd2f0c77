import { invariant } from './invariant.ts';

/**
 * JSON as this program needs it. Numbers of vendors are kept as the digits they wrote, because order ids pass 2^53 and
 * amounts must not become floats; money that we store ourselves comes back as bigint.
 */

/** Parsed JSON in which every number is the string of its own digits. */
export type Lossless = null | boolean | string | readonly Lossless[] | { readonly [key: string]: Lossless };

/** Deeper than any message of a shop by far, and far from where going down it by recursion would exhaust the stack. */
const DEPTH_MAX = 1_000;

/** Parses a vendor's JSON. Throws a SyntaxError as JSON.parse does. */
export function parseLossless(text: string): Lossless {
  // Twice and without a reviver, which takes three times as long: what the first takes, only has its numbers put in quotes.
  JSON.parse(text);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON without numbers is exactly this shape
  return JSON.parse(withQuotedNumbers(text)) as Lossless;
}

const QUOTE = code('"');
const BACKSLASH = code('\\');
const MINUS = code('-');
const OPENING = [code('['), code('{')];
const CLOSING = [code(']'), code('}')];

/** Of JSON that is known to be well formed, so that outside strings a digit or a minus begins a number. */
function withQuotedNumbers(json: string): string {
  const parts: string[] = [];
  let taken = 0;
  let depth = 0;
  for (let place = 0; place < json.length; place += 1) {
    const sign = json.charCodeAt(place);
    if (sign === QUOTE) {
      place = endOfString(json, place);
    } else if (sign === MINUS || isDigit(sign)) {
      const end = endOfNumber(json, place);
      parts.push(json.slice(taken, place), '"', json.slice(place, end), '"');
      taken = end;
      place = end - 1;
    } else if (OPENING.includes(sign)) {
      depth += 1;
      if (depth > DEPTH_MAX) {
        throw new SyntaxError('JSON is nested too deeply');
      }
    } else if (CLOSING.includes(sign)) {
      depth -= 1;
    }
  }
  parts.push(json.slice(taken));
  return parts.join('');
}

/** Where the quote is that closes the string which opens here. */
function endOfString(json: string, opening: number): number {
  for (let end = json.indexOf('"', opening + 1); ; end = json.indexOf('"', end + 1)) {
    let escapes = 0;
    while (json.charCodeAt(end - 1 - escapes) === BACKSLASH) {
      escapes += 1;
    }
    if (escapes % 2 === 0) {
      return end;
    }
  }
}

function endOfNumber(json: string, start: number): number {
  let end = start + 1;
  while (end < json.length && (isDigit(json.charCodeAt(end)) || '.eE+-'.includes(json.charAt(end)))) {
    end += 1;
  }
  return end;
}

function isDigit(sign: number): boolean {
  return sign >= 0x30 && sign <= 0x39;
}

function code(sign: string): number {
  return sign.charCodeAt(0);
}

/** Control characters beyond ASCII and marks that turn the direction of what follows: JSON may hold them as they are. */
const HARMFUL = /[\u007F-\u009F\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/** The same JSON, of which no text does anything to a terminal that shows it. */
export function harmlessJson(json: string): string {
  return json.replace(HARMFUL, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
  const stored: unknown = JSON.parse(text);
  restoreMoney(stored);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- reads back what this program wrote under the same type
  return stored as T;
}

/** In what was just parsed and nobody else holds: going through it is several times as fast as a reviver. */
function restoreMoney(stored: unknown): void {
  if (typeof stored !== 'object' || stored === null) {
    return;
  }
  if ('minor' in stored && typeof stored.minor === 'string' && 'currency' in stored) {
    stored.minor = BigInt(stored.minor);
    return;
  }
  Object.values(stored).forEach(restoreMoney);
}

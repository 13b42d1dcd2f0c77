import { z } from 'zod';
import { redactorOf } from '#core/contacts.ts';
import { exponentOf } from '#core/currency.ts';
import { Failure } from '#core/failure.ts';
import { parseLossless } from '#core/json.ts';
import type { Lossless } from '#core/json.ts';
import { parseTimestamp } from '#core/time.ts';
import type { Stamp } from '#core/time.ts';
import type { Authentic } from '#pipeline/source.ts';

/**
 * Reading of vendors' bodies: each reader takes one value, or throws a SyntaxError that says what is wrong with it, and the
 * shapes put readers together. Input comes from `parseLossless`, so every number is its digits. No field of a buyer is ever
 * quoted.
 */

/** Lists within an order: tens in life, so this only bounds a hostile body. */
export const LIST_MAX = 1000;
/** Shops' own titles end at 255 characters. Longer text is cut, because it names something and decides nothing. */
const TEXT_MAX = 500;
/** Of a wrong value, this much is shown. */
const QUOTE_MAX = 40;
const DECIMAL = /^-?\d{1,18}(\.\d{1,18})?$/;

/** A message's JSON. Throws a Failure `delivery-empty` or `delivery-not-json`. */
export function jsonIn({ topic, body }: Pick<Authentic, 'topic' | 'body'>): Lossless {
  if (body.byteLength === 0) {
    throw new Failure('delivery-empty', { detail: `The message of ${topic} has no content` });
  }
  try {
    return parseLossless(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    // The parser's own words quote the text, which may be a buyer's name.
    const problem = cause instanceof TypeError ? 'UTF-8' : 'JSON';
    throw new Failure('delivery-not-json', {
      detail: `The message of ${topic} (${body.byteLength} bytes) is not ${problem}`,
    });
  }
}

/** `Order 820982911946154508: line_items.0.quantity: "abc" is not a whole number`. */
export function malformed(orderId: string, path: string, problem: string): Failure {
  return new Failure('delivery-malformed', {
    detail: `Order ${orderId}: ${path === '' ? '' : `${path}: `}${problem}`,
  });
}

export function readDecimal(value: unknown): string {
  const text = required(value);
  if (typeof text !== 'string' || !DECIMAL.test(text)) {
    throw new SyntaxError(`${quote(text)} is not an amount`);
  }
  return text;
}

export function readCount(value: unknown): number {
  const text = required(value);
  if (typeof text === 'string' && /^-\d+$/.test(text)) {
    throw new SyntaxError(`${quote(text)} is negative`);
  }
  // Nine digits stay far below 2^53, also when multiplied by nothing but an amount in bigint.
  if (typeof text !== 'string' || !/^\d{1,9}$/.test(text)) {
    throw new SyntaxError(`${quote(text)} is not a whole number`);
  }
  return Number(text);
}

export function readCurrency(value: unknown): string {
  const text = required(value);
  if (typeof text !== 'string' || exponentOf(text) === undefined) {
    throw new SyntaxError(`${quote(text)} is not a known currency`);
  }
  return text;
}

export function readStamp(value: unknown): Stamp {
  const text = required(value);
  if (typeof text !== 'string' || text.length > QUOTE_MAX) {
    throw new SyntaxError(`${quote(text)} is not a timestamp`);
  }
  return parseTimestamp(text);
}

export function readFlag(value: unknown): boolean {
  if (typeof value !== 'boolean') {
    throw new SyntaxError(`${quote(value)} is neither true nor false`);
  }
  return value;
}

/** Never quoted: names and addresses are read by it. */
export function readText(value: unknown): string {
  if (typeof value !== 'string') {
    throw new SyntaxError('is not text');
  }
  // Neither half characters nor control characters: PostgreSQL and FreshBooks refuse some of them.
  const text = value
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}

export function required(value: unknown): unknown {
  if (value === undefined || value === null) {
    throw new SyntaxError('is missing');
  }
  return value;
}

const withoutAddresses = redactorOf([]);

/** What stands where a figure should: no field of the buyer is ever quoted, and no e-mail address wherever it stands. */
export function quote(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(withoutAddresses(value, QUOTE_MAX));
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
    default:
      return String(value);
  }
}

/** One value by its reader; what the reader throws is the issue. */
export type Field<T> = z.ZodPipe<z.ZodOptional<z.ZodUnknown>, z.ZodTransform<T>>;

export function field<T>(read: (value: unknown) => T): Field<T> {
  return z
    .unknown()
    .optional()
    .transform((value, context): T => {
      try {
        return read(value);
      } catch (thrown) {
        if (!(thrown instanceof SyntaxError)) {
          throw thrown;
        }
        context.issues.push({ code: 'custom', message: thrown.message, input: value });
        return z.NEVER;
      }
    });
}

/** Absent and null are the same to Shopify. */
export function maybe<T>(read: (value: unknown) => T): Field<T | undefined> {
  return field((value) => (value === undefined || value === null ? undefined : read(value)));
}

export function orElse<T>(read: (value: unknown) => T, otherwise: T): Field<T> {
  return field((value) => (value === undefined || value === null ? otherwise : read(value)));
}

export function object<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return z.object(shape, {
    error: (issue) => (issue.input === undefined || issue.input === null ? 'is missing' : 'is not an object'),
  });
}

export function list<Item extends z.ZodType>(item: Item): z.ZodType<z.output<Item>[]> {
  return z
    .array(item, { error: 'is not a list' })
    .max(LIST_MAX, { error: `has more than ${LIST_MAX} entries` })
    .nullish()
    .transform((items) => items ?? []);
}

// ── Contact data ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Text that cannot be an address is none: a client is looked up and made by it. RFC 5321 ends them at 254 characters. */
export function emailOf(text: string | undefined): string {
  return text !== undefined && text.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(text) ? text : '';
}

const COUNTRY_NAMES = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/** "Canada" of "CA"; empty for what is no country. */
export function countryName(code: string): string {
  return /^[A-Za-z]{2}$/.test(code) ? (COUNTRY_NAMES.of(code.toUpperCase()) ?? '') : '';
}

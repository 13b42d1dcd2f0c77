import { exponentOf } from './currency.ts';
import { invariant } from './invariant.ts';

/** An exact amount: `minor` counts the currency's smallest unit (cents of USD, yen of JPY, fils of KWD). */
export interface Money {
  readonly minor: bigint;
  readonly currency: string;
}

/** How a fraction of a minor unit is decided. Half-up goes away from zero, as tax offices and vendors mean it. */
export type Rounding = 'half-up' | 'half-even' | 'up' | 'down';

/** Whole millionths: the unit of rates (9.975 % = 99750). */
export const PPM = 1_000_000n;

export function money(minor: bigint, currency: string): Money {
  invariant(exponentOf(currency) !== undefined, `currency "${currency}" is known`);
  return { minor, currency };
}

export function zero(currency: string): Money {
  return money(0n, currency);
}

/**
 * Reads a decimal string such as "10.0", "-5.85" or "500". Digits beyond the currency's decimals must be zeros: "500.00"
 * is 500 JPY, "10.005" USD is refused. Throws a SyntaxError that quotes the text; currencies unknown to ISO 4217 too.
 */
export function parse(text: string, currency: string): Money {
  const exponent = exponentOf(currency);
  if (exponent === undefined) {
    throw new SyntaxError(`Unknown currency "${currency}"`);
  }
  const match = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/.exec(text);
  if (match === null) {
    throw new SyntaxError(`Cannot parse amount "${text}"`);
  }
  const [, sign, whole = '', fraction = ''] = match;
  if (/[1-9]/.test(fraction.slice(exponent))) {
    throw new SyntaxError(`Amount "${text}" has more decimals than ${currency} has`);
  }
  const minor = BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
  return { minor: sign === '-' ? -minor : minor, currency };
}

/** The amount as a decimal string with all the currency's decimals: "-5.85", "500", "1.250". */
export function format(amount: Money): string {
  const exponent = exponentOf(amount.currency) ?? 0;
  const digits = (amount.minor < 0n ? -amount.minor : amount.minor).toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const sign = amount.minor < 0n ? '-' : '';
  return exponent === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-exponent)}`;
}

/** The amount as a person reads it: "1234.50 USD". */
export function show(amount: Money): string {
  return `${format(amount)} ${amount.currency}`;
}

export function add(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return { minor: a.minor + b.minor, currency: a.currency };
}

export function subtract(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return { minor: a.minor - b.minor, currency: a.currency };
}

export function negate(a: Money): Money {
  return { minor: -a.minor, currency: a.currency };
}

export function multiply(a: Money, times: number): Money {
  invariant(Number.isSafeInteger(times), `multiplier ${times} is a whole number`);
  return { minor: a.minor * BigInt(times), currency: a.currency };
}

/** The sum of amounts that all have this currency; zero for none. */
export function sum(amounts: readonly Money[], currency: string): Money {
  return amounts.reduce(add, zero(currency));
}

export function equal(a: Money, b: Money): boolean {
  return a.currency === b.currency && a.minor === b.minor;
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compare(a: Money, b: Money): number {
  assertSameCurrency(a, b);
  return a.minor < b.minor ? -1 : Number(a.minor > b.minor);
}

export function isZero(a: Money): boolean {
  return a.minor === 0n;
}

export function isNegative(a: Money): boolean {
  return a.minor < 0n;
}

export function minimum(a: Money, b: Money): Money {
  return compare(a, b) <= 0 ? a : b;
}

export function maximum(a: Money, b: Money): Money {
  return compare(a, b) >= 0 ? a : b;
}

/** The amount, or nothing where it is negative. */
export function atLeastZero(a: Money): Money {
  return a.minor < 0n ? zero(a.currency) : a;
}

export function absolute(a: Money): Money {
  return a.minor < 0n ? negate(a) : a;
}

/** `amount` times a rate in millionths, rounded as named. */
export function atRate(amount: Money, ratePpm: number, rounding: Rounding): Money {
  return { minor: divide(amount.minor * BigInt(ratePpm), PPM, rounding), currency: amount.currency };
}

/** The part of a gross amount that is left when a tax of this rate (millionths) is taken out of it. */
export function withoutRate(gross: Money, ratePpm: number, rounding: Rounding): Money {
  return { minor: divide(gross.minor * PPM, PPM + BigInt(ratePpm), rounding), currency: gross.currency };
}

/** One of `parts` equal shares when the amount divides without remainder, else nothing. */
export function divideExactly(amount: Money, parts: number): Money | undefined {
  const divisor = BigInt(parts);
  return divisor !== 0n && amount.minor % divisor === 0n
    ? { minor: amount.minor / divisor, currency: amount.currency }
    : undefined;
}

/**
 * Splits an amount by weights so that the parts sum to the whole: each part is rounded down and the minor units left over go
 * one each to the parts with the largest remainders, earlier first. Weights are not negative and not all zero.
 */
export function allocate(amount: Money, weights: readonly bigint[]): Money[] {
  const whole = weights.reduce((a, b) => a + b, 0n);
  invariant(whole > 0n && weights.every((weight) => weight >= 0n), 'allocation weights are positive');
  const sign = amount.minor < 0n ? -1n : 1n;
  const size = amount.minor * sign;
  const parts = weights.map((weight) => (size * weight) / whole);
  const order = weights
    .map((weight, index) => ({ index, remainder: (size * weight) % whole }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1));
  const left = Number(size - parts.reduce((a, b) => a + b, 0n));
  for (const { index } of order.slice(0, left)) {
    parts[index] = (parts[index] ?? 0n) + 1n;
  }
  return parts.map((minor) => ({ minor: minor * sign, currency: amount.currency }));
}

function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const negative = numerator < 0n;
  const size = negative ? -numerator : numerator;
  const quotient = size / denominator;
  const twice = (size % denominator) * 2n;
  const rounded = quotient + (roundsAway({ quotient, twice, denominator }, rounding) ? 1n : 0n);
  return negative ? -rounded : rounded;
}

function roundsAway(
  { quotient, twice, denominator }: { quotient: bigint; twice: bigint; denominator: bigint },
  rounding: Rounding,
): boolean {
  switch (rounding) {
    case 'half-up':
      return twice >= denominator;
    case 'half-even':
      return twice > denominator || (twice === denominator && quotient % 2n === 1n);
    case 'up':
      return twice > 0n;
    case 'down':
      return false;
  }
}

function assertSameCurrency(a: Money, b: Money): void {
  invariant(a.currency === b.currency, `${show(a)} and ${show(b)} have one currency`);
}

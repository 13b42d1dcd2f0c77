/**
 * Amounts of the world: whole minor units, once in the shop's and once in the buyer's currency. The two sides of an
 * order each add up by themselves and are not tied line by line by one rate (vendors/shopify.md 4.2, Currency).
 */
export interface Bag {
  readonly shop: bigint;
  readonly presentment: bigint;
}

export type Side = keyof Bag;

export const ZERO: Bag = { shop: 0n, presentment: 0n };

/** Builds a bag by doing the same computation on either side. */
export function bagOf(compute: (side: Side) => bigint): Bag {
  return { shop: compute('shop'), presentment: compute('presentment') };
}

export function plus(left: Bag, right: Bag): Bag {
  return bagOf((side) => left[side] + right[side]);
}

export function minus(left: Bag, right: Bag): Bag {
  return bagOf((side) => left[side] - right[side]);
}

export function times(bag: Bag, quantity: number): Bag {
  return bagOf((side) => bag[side] * BigInt(quantity));
}

export function sumOf(bags: Iterable<Bag>): Bag {
  let total = ZERO;
  for (const bag of bags) total = plus(total, bag);
  return total;
}

export function isZero(bag: Bag): boolean {
  return bag.shop === 0n && bag.presentment === 0n;
}

/** `amount × numerator ÷ denominator`, half away from zero. Amounts here are never negative but the rule holds. */
export function scaleHalfUp(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  const doubled = amount * numerator * 2n;
  return doubled < 0n
    ? -((-doubled + denominator) / (denominator * 2n))
    : (doubled + denominator) / (denominator * 2n);
}

/** Digits after the point (ISO 4217). Shopify sells in more; these are the ones the world uses. */
const EXPONENTS: Readonly<Record<string, number>> = { JPY: 0, KRW: 0, KWD: 3, BHD: 3 };

export function exponentOf(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/** Minor units of each currency that are worth 10 000 US dollars: one fixed table, so that a seed means one world. */
const WORTH: Readonly<Record<string, bigint>> = {
  USD: 1_000_000n,
  EUR: 921_340n,
  GBP: 787_210n,
  CAD: 1_361_900n,
  AUD: 1_523_170n,
  INR: 83_412_500n,
  JPY: 1_498_300n,
  KWD: 3_074_570n,
};

/** Converts at the world's fixed rate, half up. */
export function convert(minor: bigint, from: string, to: string): bigint {
  if (from === to) return minor;
  const [source, target] = [WORTH[from], WORTH[to]];
  if (source === undefined || target === undefined) throw new Error(`No rate from "${from}" to "${to}"`);
  return scaleHalfUp(minor, target, source);
}

/** A decimal string with all digits of the currency: `10.00`, `500`, `1.250`, as REST and webhooks write amounts. */
export function decimal(minor: bigint, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0');
  const sign = minor < 0n ? '-' : '';
  if (exponent === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** GraphQL's form: no trailing zeros but one digit after the point at least, `10.0`, `500.0` (vendors/shopify.md 11). */
export function graphDecimal(minor: bigint, currency: string): string {
  const text = decimal(minor, currency);
  if (!text.includes('.')) return `${text}.0`;
  return text.replace(/0+$/, '').replace(/\.$/, '.0');
}

/**
 * Splits `total` by weights: everyone gets the floor of his share, then the units left over go out one at a time from
 * the first (10.00 over three equal lines is 3.34, 3.33, 3.33 in Shopify's own sample order). A weight of 0 gets nothing.
 */
export function splitByWeight(total: bigint, weights: readonly bigint[]): bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole === 0n) return weights.map(() => 0n);
  const parts = weights.map((weight) => (total * weight) / whole);
  const caps = weights.map((weight) => weight > 0n);
  handOut(total - parts.reduce((sum, part) => sum + part, 0n), parts, caps);
  return parts;
}

/** Gives `left` units away one at a time, going round from the first of those that may have one. */
export function handOut(left: bigint, parts: bigint[], takes: readonly boolean[]): void {
  const takers = takes.flatMap((may, index) => (may ? [index] : []));
  if (takers.length === 0 && left !== 0n) throw new Error(`Nobody takes the ${left} units left over`);
  for (let given = 0n, turn = 0; given < left; given += 1n, turn += 1) {
    const index = takers[turn % takers.length] ?? 0;
    parts[index] = (parts[index] ?? 0n) + 1n;
  }
}

/** What a till without coins below five puts on an amount, or takes off it (negative); it never gives nothing. */
export function tillRounding(amount: Bag): Bag {
  return bagOf((side) => {
    const rounded = ((amount[side] + 2n) / 5n) * 5n;
    return rounded === 0n ? 0n : rounded - amount[side];
  });
}

// FreshBooks' arithmetic on invoices, in exact decimals: line amounts, the percent discount, percent taxes, the total.
// Read from docs/vendors/freshbooks.md section 3 "Totals, tax, rounding": subtotal is the sum of the line amounts, the
// discount is a rounded percentage of it, each tax is rounded by itself on the discounted base. No floats anywhere.

/** A decimal number: `units` divided by ten to the power of `scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

export type HalfRounding = 'half-up' | 'half-even';

/** Which amounts a tax is rounded on: once for each tax name over all lines, or on every line. */
export type TaxRounding = 'per-tax' | 'per-line';

export interface Rounding {
  readonly tax: TaxRounding;
  readonly half: HalfRounding;
  /** Decimals of the currency's amounts. */
  readonly exponent: number;
}

interface TaxInput {
  readonly name: string;
  readonly percent: Decimal;
}

export interface LineInput {
  readonly quantity: Decimal;
  readonly unitCost: Decimal;
  /** At most two: FreshBooks has taxName1 and taxName2 only. */
  readonly taxes: readonly TaxInput[];
  /** The second tax is levied on the first one too. */
  readonly isCompounded: boolean;
}

interface TaxTotal {
  readonly name: string;
  readonly percent: Decimal;
  readonly minor: bigint;
}

/** All in minor units of the currency. `discount` is what is taken off, positive for a positive subtotal. */
export interface Totals {
  readonly lineMinors: readonly bigint[];
  readonly subtotal: bigint;
  readonly discount: bigint;
  readonly taxes: readonly TaxTotal[];
  readonly total: bigint;
}

export const ZERO: Decimal = { units: 0n, scale: 0 };
const HUNDRED = 2;
/** Longest decimal text that is read: more digits than any amount needs, few enough to bound the work. */
const TEXT_LENGTH_MAX = 40;

/** The decimal written in `text`, or undefined when it is not a plain decimal (no exponent, no separators). */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim());
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = parts;
  if (whole === '' && fraction === '') return undefined;
  const units = BigInt(whole + fraction);
  return { units: sign === '-' ? -units : units, scale: fraction.length };
}

/** The decimal with all its digits. */
export function formatDecimal(value: Decimal): string {
  const sign = value.units < 0n ? '-' : '';
  const digits = (value.units < 0n ? -value.units : value.units).toString().padStart(value.scale + 1, '0');
  if (value.scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -value.scale)}.${digits.slice(-value.scale)}`;
}

/** The same number without zeros at the end: 9.9750 becomes 9.975 and 4.00 becomes 4. */
export function trimDecimal(value: Decimal): Decimal {
  let { units, scale } = value;
  while (scale > 0 && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  return { units, scale };
}

export function formatMinor(minor: bigint, exponent: number): string {
  return formatDecimal({ units: minor, scale: exponent });
}

export function add(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return { units: unitsAt(left, scale) + unitsAt(right, scale), scale };
}

export function multiply(left: Decimal, right: Decimal): Decimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

/** `percent` of `base`, exact. */
export function percentOf(base: Decimal, percent: Decimal): Decimal {
  const product = multiply(base, percent);
  return { units: product.units, scale: product.scale + HUNDRED };
}

/** The value in minor units, rounded half away from zero or half to even. */
export function toMinor(
  value: Decimal,
  rounding: { readonly exponent: number; readonly half: HalfRounding },
): bigint {
  if (value.scale <= rounding.exponent) return unitsAt(value, rounding.exponent);
  const divisor = 10n ** BigInt(value.scale - rounding.exponent);
  const isNegative = value.units < 0n;
  const magnitude = isNegative ? -value.units : value.units;
  const quotient = magnitude / divisor;
  const twice = (magnitude % divisor) * 2n;
  const isTie = twice === divisor;
  const isUp = isTie ? rounding.half === 'half-up' || quotient % 2n === 1n : twice > divisor;
  const rounded = isUp ? quotient + 1n : quotient;
  return isNegative ? -rounded : rounded;
}

/** The totals of an invoice or credit note. */
export function totalsOf(lines: readonly LineInput[], discountPercent: Decimal, rounding: Rounding): Totals {
  const lineMinors = lines.map((line) => toMinor(multiply(line.quantity, line.unitCost), rounding));
  const subtotal = sum(lineMinors);
  const discount = toMinor(
    percentOf({ units: subtotal, scale: rounding.exponent }, discountPercent),
    rounding,
  );
  const taxes = taxTotals({ lines, lineMinors, discountPercent }, rounding);
  const total = subtotal - discount + sum(taxes.map((tax) => tax.minor));
  return { lineMinors, subtotal, discount, taxes, total };
}

interface TaxableLines {
  readonly lines: readonly LineInput[];
  readonly lineMinors: readonly bigint[];
  readonly discountPercent: Decimal;
}

/** Every tax once, in order of first appearance. A tax is its name and percentage together. */
function taxTotals(taxable: TaxableLines, rounding: Rounding): readonly TaxTotal[] {
  const byTax = new Map<string, { readonly tax: TaxInput; exact: Decimal; rounded: bigint }>();
  for (const [index, line] of taxable.lines.entries()) {
    const amount = { units: taxable.lineMinors[index] ?? 0n, scale: rounding.exponent };
    for (const { tax, exact } of lineTaxes(line, discounted(amount, taxable.discountPercent))) {
      const key = `${tax.name}\n${formatDecimal(trimDecimal(tax.percent))}`;
      const entry = byTax.get(key) ?? { tax, exact: ZERO, rounded: 0n };
      entry.exact = add(entry.exact, exact);
      entry.rounded += toMinor(exact, rounding);
      byTax.set(key, entry);
    }
  }
  return [...byTax.values()].map(({ tax, exact, rounded }) => ({
    name: tax.name,
    percent: tax.percent,
    minor: rounding.tax === 'per-line' ? rounded : toMinor(exact, rounding),
  }));
}

function lineTaxes(
  line: LineInput,
  base: Decimal,
): readonly { readonly tax: TaxInput; readonly exact: Decimal }[] {
  const taxes: { tax: TaxInput; exact: Decimal }[] = [];
  let levied = base;
  for (const tax of line.taxes) {
    const exact = percentOf(line.isCompounded ? levied : base, tax.percent);
    levied = add(levied, exact);
    taxes.push({ tax, exact });
  }
  return taxes;
}

function discounted(amount: Decimal, discountPercent: Decimal): Decimal {
  const off = percentOf(amount, discountPercent);
  return add(amount, { units: -off.units, scale: off.scale });
}

function unitsAt(value: Decimal, scale: number): bigint {
  return value.units * 10n ** BigInt(scale - value.scale);
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

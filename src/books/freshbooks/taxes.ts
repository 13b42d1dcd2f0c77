import type { TaxTotal } from '#core/document.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { shortened, singleLine } from './text.ts';

/**
 * Taxes as FreshBooks takes them: by name and percentage, two on a line or expense at most, with three decimals at most
 * (docs/vendors/freshbooks.md, section 3).
 */
export interface LaidTax {
  readonly name: string;
  /** "9.975": at most three decimals. */
  readonly percent: string;
}

/** With what was charged of it. */
export interface ChargedTax extends LaidTax {
  readonly charged: Money;
}

export const TAXES_A_LINE_MAX = 2;
/** Two jurisdictions written out fit; what is folded stands whole in the description. */
const TAX_NAME_LENGTH_MAX = 100;

/** More than two taxes become two whose rates and amounts sum to all: the first jurisdiction and the rest. */
export function fold(charged: readonly TaxTotal[]): {
  readonly taxes: readonly ChargedTax[];
  /** What they were, for a reader; empty when nothing was folded or cut. */
  readonly split: string;
} {
  const merged = mergeNames(charged);
  const [first, ...rest] = merged;
  const [second] = rest;
  if (first === undefined || second === undefined || merged.length <= TAXES_A_LINE_MAX) {
    const taxes = merged.map(laidTax);
    return { taxes, split: isCut(merged, taxes) ? splitOf(merged) : '' };
  }
  const together = {
    name: rest.map((tax) => tax.name).join(' + '),
    ratePpm: rest.reduce((sum, tax) => sum + tax.ratePpm, 0),
    amount: money.sum(
      rest.map((tax) => tax.amount),
      second.amount.currency,
    ),
  };
  return { taxes: [laidTax(first), laidTax(together)], split: splitOf(merged) };
}

/**
 * Taxes of a whole expense of that amount, taxes included: rates of different lines, so none is added to another, and those of one
 * name are told apart by their rate. More than two become the first and the rest, at the percentage that the rest makes of the net.
 */
export function foldTotals(charged: readonly TaxTotal[], amount: Money): ReturnType<typeof fold> {
  const named = charged.map((tax) => ({ ...tax, name: singleLine(tax.name) || 'Tax' }));
  const totals = named.map((tax) =>
    named.some(({ name, ratePpm }) => name === tax.name && ratePpm !== tax.ratePpm)
      ? { ...tax, name: `${tax.name} ${percentOf(tax.ratePpm)} %` }
      : tax,
  );
  const folded = fold(totals);
  const [first, rest] = folded.taxes;
  const net = money.subtract(
    amount,
    money.sum(
      totals.map((tax) => tax.amount),
      amount.currency,
    ),
  );
  if (first === undefined || rest === undefined || totals.length <= TAXES_A_LINE_MAX || net.minor <= 0n) {
    return folded;
  }
  const ratePpm = Number((rest.charged.minor * 1_000_000n + net.minor / 2n) / net.minor);
  return { ...folded, taxes: [first, { ...rest, percent: percentOf(inThreeDecimals(ratePpm)) }] };
}

/** A tax named twice on a line would be refused as a duplicate (errno 1019), so its rates are one. */
function mergeNames(charged: readonly TaxTotal[]): TaxTotal[] {
  const merged = new Map<string, TaxTotal>();
  for (const tax of charged) {
    const name = singleLine(tax.name) || 'Tax';
    const before = merged.get(name);
    merged.set(
      name,
      before === undefined
        ? { ...tax, name }
        : {
            name,
            ratePpm: before.ratePpm + tax.ratePpm,
            amount: money.add(before.amount, tax.amount),
          },
    );
  }
  return [...merged.values()];
}

function isCut(charged: readonly TaxTotal[], taxes: readonly LaidTax[]): boolean {
  return charged.some((tax, index) => tax.name !== taxes[index]?.name);
}

function splitOf(charged: readonly TaxTotal[]): string {
  return `Taxes: ${charged.map((tax) => `${tax.name} ${percentOf(tax.ratePpm)} %`).join(', ')}`;
}

function laidTax({ name, ratePpm, amount }: TaxTotal): ChargedTax {
  return {
    name: shortened(name, TAX_NAME_LENGTH_MAX),
    percent: percentOf(inThreeDecimals(ratePpm)),
    charged: amount,
  };
}

/** Rates are described, not charged, so a fourth decimal may go: what it was worth shows as rounding. */
function inThreeDecimals(ratePpm: number): number {
  return Math.round(ratePpm / 10) * 10;
}

/** Millionths as a percentage without zeros at the end: 99750 → "9.975", 50000 → "5". */
export function percentOf(ratePpm: number): string {
  const digits = String(ratePpm).padStart(5, '0');
  const whole = digits.slice(0, -4);
  const fraction = digits.slice(-4).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

export function ppmOf(percent: string): number {
  const [whole = '0', fraction = ''] = percent.split('.');
  return Number(whole + fraction.padEnd(4, '0'));
}

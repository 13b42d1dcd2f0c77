import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';

/**
 * Amazon tells how much tax was charged and not at which rate (docs/vendors/amazon.md 4.1), and the books want both. The rate
 * only describes: the amount decides, and what rounding leaves stands on the invoice as a line.
 */

/**
 * Rates of value added tax by country, the standard one first, in millionths. Only to name a rate that the amounts show
 * themselves; one that is missing or old is named by its figure all the same.
 */
const STATUTORY: Readonly<Record<string, readonly number[]>> = Object.fromEntries(
  [
    'AE 5',
    'AT 20 13 10',
    'AU 10',
    'BE 21 12 6',
    'BG 20 9',
    'CA 13 15 5 14 12',
    'CH 8.1 2.6',
    'CY 19 9 5',
    'CZ 21 12',
    'DE 19 7',
    'DK 25',
    'EE 24 22 13 9',
    'EG 14',
    'ES 21 10 4',
    'FI 25.5 14 13.5 10',
    'FR 20 10 5.5 2.1',
    'GB 20 5',
    'GR 24 13 6',
    'HR 25 13 5',
    'HU 27 18 5',
    'IE 23 13.5 9 4.8',
    'IN 18 5 12 28 40 3',
    'IT 22 10 5 4',
    'JP 10 8',
    'LT 21 12 9 5',
    'LU 17 14 8 3',
    'LV 21 12 5',
    'MT 18 7 5',
    'MX 16',
    'NL 21 9',
    'NO 25 15',
    'PL 23 8 5',
    'PT 23 13 6',
    'RO 21 19 11 9 5',
    'SA 15',
    'SE 25 12 6',
    'SG 9',
    'SI 22 9.5 5',
    'SK 23 19 5',
    'TR 20 10 1',
    'ZA 15',
  ].map((row) => {
    const [country = '', ...percents] = row.split(' ');
    return [country, percents.map((percent) => Math.round(Number(percent) * 10_000))];
  }),
);

/** From whole percents to what FreshBooks keeps of a rate: three decimals. */
const STEPS_PPM = [10_000, 5_000, 1_000, 500, 100, 10] as const;

const NAMES: Readonly<Record<string, string>> = {
  AU: 'GST',
  BR: 'Tax',
  CA: 'GST/HST',
  IN: 'GST',
  JP: 'Consumption tax',
  SG: 'GST',
  US: 'Sales tax',
};

/** What a tax of this country is called where the source does not say. */
export function taxNameIn(country: string): string {
  return Object.hasOwn(NAMES, country) ? (NAMES[country] ?? 'VAT') : 'VAT';
}

/**
 * The rate in millionths by which this tax was charged on this net amount: one of the country's own where it explains the tax
 * to the smallest unit, else the roundest that does.
 */
export function rateOf(net: Money, tax: Money, country: string): number {
  return money.isZero(tax) || money.isZero(net) ? 0 : (ownRateOf(net, tax, country) ?? roundest(net, tax));
}

/**
 * The country's own rate that gives this tax, the standard one first; where none gives it to the unit, one that is off by no
 * more than one unit, as sums of rounded amounts are.
 */
export function ownRateOf(net: Money, tax: Money, country: string): number | undefined {
  const known = Object.hasOwn(STATUTORY, country) ? (STATUTORY[country] ?? []) : [];
  const within = (units: bigint) => (ratePpm: number) => {
    const off = money.subtract(money.atRate(net, ratePpm, 'half-up'), tax);
    return money.absolute(off).minor <= units;
  };
  return known.find(within(0n)) ?? known.find(within(1n));
}

function roundest(net: Money, tax: Money): number {
  const exact = Number((tax.minor * money.PPM) / net.minor);
  for (const step of STEPS_PPM) {
    const ratePpm = Math.max(0, Math.round(exact / step) * step);
    if (money.equal(money.atRate(net, ratePpm, 'half-up'), tax)) {
      return ratePpm;
    }
  }
  return Math.max(0, exact);
}

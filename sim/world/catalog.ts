import type { TaxRule } from './pricing.ts';
import type { TaxClass } from './order.ts';

/** What the shop sells. Prices are US cents; the world converts them to the shop's currency once. */
export interface Product {
  readonly sku: string | null;
  readonly title: string;
  readonly variantTitle: string | null;
  readonly vendor: string | null;
  readonly cents: bigint;
  readonly taxClass: TaxClass;
  readonly requiresShipping: boolean;
}

const HALF_KILOBYTE_TITLE = 'A very long product title that somebody pasted from a supplier sheet. '
  .repeat(8)
  .slice(0, 500);

export const PRODUCTS: readonly Product[] = [
  product('BREW-01', 'Pour-over kettle', { variantTitle: 'Copper', cents: 7_900n }),
  product('BREW-02', 'Filter papers, 100 pieces', { cents: 649n }),
  product('BREAD-07', 'Rye sourdough loaf', { cents: 575n, taxClass: 'reduced' }),
  product('BOOK-03', 'The small roastery: a handbook', { cents: 2_450n, taxClass: 'reduced' }),
  product('TEE-S', 'T-shirt "Crème brûlée" 🍮', { variantTitle: 'S / Écru', cents: 1_999n }),
  product('TEE-XL', 'T-shirt "Crème brûlée" 🍮', { variantTitle: 'XL / Écru', cents: 2_199n }),
  product('RTL-01', 'كوب قهوة مع ملعقة', { cents: 1_333n }),
  product('CJK-01', '手挽きコーヒーミル', { variantTitle: '黒', cents: 12_999n }),
  product('DL-9', 'Brewing course, download', { cents: 4_500n, requiresShipping: false }),
  product('MED-1', 'Blood glucose strips', { cents: 1_825n, taxClass: 'exempt' }),
  product(null, 'Sample sachet', { cents: 1n }),
  product('LONG-500', HALF_KILOBYTE_TITLE, { cents: 3_299n }),
  product('HTML-1', '<b>"Quotes" & \'apostrophes\'</b> \\ back\tslash', { vendor: null, cents: 1_050n }),
  product('MACH-1', 'Espresso machine', { variantTitle: '230 V', cents: 249_900n }),
];

function product(sku: string | null, title: string, rest: Partial<Product> & { cents: bigint }): Product {
  return {
    sku,
    title,
    variantTitle: null,
    vendor: 'Counterfoil Roasters',
    taxClass: 'standard',
    requiresShipping: true,
    ...rest,
  };
}

export interface Person {
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly company: string | null;
  readonly address2: string | null;
}

/** Buyers of every kind: with and without company, phone and second address line, in several scripts, 500 letters long. */
export const PEOPLE: readonly Person[] = [
  person('Ada', 'Okafor', { phone: '+12025550114', company: 'Okafor & Daughters LLC', address2: 'Suite 4' }),
  person('Bjørn', 'Þorsteinsson', { address2: '2. hæð' }),
  person('Chloé', 'Lefèvre-Dubois', { phone: '+33155501234' }),
  person('美咲', '佐藤', { company: '株式会社 喫茶月' }),
  person('נועה', 'בן־דוד', {}),
  person('محمد', 'الأحمد', { phone: '+96522255501' }),
  person('Zoë 🦊', "O'Brien", {}),
  person(null, 'Mononym', {}),
  person('N'.repeat(250), 'L'.repeat(249), { company: 'C'.repeat(255) }),
  person('Grace', 'Lindqvist', { company: 'Lindqvist AB', phone: '+46855501234', address2: 'Box 12' }),
  person('Dev', 'Patel', { phone: '+919855550123' }),
  person('Robert"); DROP TABLE', 'Tables', {}),
];

function person(firstName: string | null, lastName: string, rest: Partial<Person>): Person {
  return { firstName, lastName, email: null, phone: null, company: null, address2: null, ...rest };
}

/** A place that orders go to and the taxes that apply there. */
export interface Destination {
  readonly city: string;
  readonly street: string;
  readonly zip: string;
  readonly province: string | null;
  readonly provinceCode: string | null;
  readonly country: string;
  readonly countryCode: string;
  readonly rates: Readonly<Record<TaxClass, readonly TaxRule[]>>;
  readonly shippingRates: readonly TaxRule[];
}

export type DestinationCode = keyof typeof DESTINATIONS;

const rule = (title: string, ratePpm: bigint): TaxRule => ({ title, ratePpm });

function rates(standard: readonly TaxRule[], reduced: readonly TaxRule[]): Destination['rates'] {
  return { standard, reduced, exempt: [] };
}

const LOS_ANGELES = [
  rule('California State Tax', 60_000n),
  rule('Los Angeles County Tax', 2_500n),
  rule('Los Angeles City Tax', 10_000n),
  rule('Los Angeles Co Local Tax Sl', 22_500n),
];
const NEW_YORK = [
  rule('New York State Tax', 40_000n),
  rule('New York City Tax', 45_000n),
  rule('Metropolitan Commuter Transportation District', 3_750n),
];
const QUEBEC = [rule('GST', 50_000n), rule('QST', 99_750n)];
const KARNATAKA = [rule('CGST', 90_000n), rule('SGST', 90_000n)];

/** Rates are those of 2026 as shops show them; nothing depends on their being right, only on their being of every shape. */
export const DESTINATIONS = {
  'US-CA': place(['Los Angeles', '1 Example Street', '90012', 'California', 'CA', 'United States', 'US'], {
    rates: rates(LOS_ANGELES, LOS_ANGELES),
    shippingRates: [],
  }),
  'US-NY': place(['New York', '20 Sample Avenue', '10013', 'New York', 'NY', 'United States', 'US'], {
    rates: rates(NEW_YORK, [rule('New York State Tax', 0n)]),
    shippingRates: NEW_YORK,
  }),
  'US-OR': place(['Portland', '3 Untaxed Road', '97201', 'Oregon', 'OR', 'United States', 'US'], {
    rates: rates([], []),
    shippingRates: [],
  }),
  'CA-QC': place(['Montréal', '400 rue de l’Exemple', 'H2Y 1C6', 'Quebec', 'QC', 'Canada', 'CA'], {
    rates: rates(QUEBEC, QUEBEC),
    shippingRates: QUEBEC,
  }),
  'CA-ON': place(['Toronto', '55 Sample Street', 'M5V 2T6', 'Ontario', 'ON', 'Canada', 'CA'], {
    rates: rates([rule('HST', 130_000n)], [rule('GST', 50_000n)]),
    shippingRates: [rule('HST', 130_000n)],
  }),
  GB: place(['London', '221 Example Street', 'NW1 6XE', 'England', 'ENG', 'United Kingdom', 'GB'], {
    rates: rates([rule('GB VAT', 200_000n)], [rule('GB VAT', 0n)]),
    shippingRates: [rule('GB VAT', 200_000n)],
  }),
  DE: place(['Köln', 'Musterstraße 12', '50667', null, null, 'Germany', 'DE'], {
    rates: rates([rule('DE MwSt', 190_000n)], [rule('DE MwSt', 70_000n)]),
    shippingRates: [rule('DE MwSt', 190_000n)],
  }),
  FR: place(['Paris', '8 rue de l’Échantillon', '75011', null, null, 'France', 'FR'], {
    rates: rates([rule('FR TVA', 200_000n)], [rule('FR TVA', 55_000n)]),
    shippingRates: [rule('FR TVA', 200_000n)],
  }),
  AU: place(['Melbourne', '9 Sample Lane', '3000', 'Victoria', 'VIC', 'Australia', 'AU'], {
    rates: rates([rule('GST', 100_000n)], []),
    shippingRates: [rule('GST', 100_000n)],
  }),
  IN: place(['Bengaluru', '4th Cross, Example Layout', '560001', 'Karnataka', 'KA', 'India', 'IN'], {
    rates: rates(KARNATAKA, [rule('CGST', 25_000n), rule('SGST', 25_000n)]),
    shippingRates: KARNATAKA,
  }),
  JP: place(['渋谷区', '見本町 1-2-3', '150-0002', '東京都', 'JP-13', 'Japan', 'JP'], {
    rates: rates([rule('CT', 100_000n)], [rule('CT', 80_000n)]),
    shippingRates: [rule('CT', 100_000n)],
  }),
  KW: place(['Kuwait City', 'Sample Block 5', '13001', null, null, 'Kuwait', 'KW'], {
    rates: rates([], []),
    shippingRates: [],
  }),
} as const satisfies Readonly<Record<string, Destination>>;

type Where = readonly [string, string, string, string | null, string | null, string, string];

function place(where: Where, taxes: Pick<Destination, 'rates' | 'shippingRates'>): Destination {
  const [city, street, zip, province, provinceCode, country, countryCode] = where;
  return { city, street, zip, province, provinceCode, country, countryCode, ...taxes };
}

export const DESTINATION_CODES: readonly DestinationCode[] = [
  'US-CA',
  'US-NY',
  'US-OR',
  'CA-QC',
  'CA-ON',
  'GB',
  'DE',
  'FR',
  'AU',
  'IN',
  'JP',
  'KW',
];

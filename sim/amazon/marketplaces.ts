export type Region = 'na' | 'eu' | 'fe';

/** A shop of Amazon's (vendors/amazon.md 1.5); rates, price levels and addresses are the world's own. */
export interface Marketplace {
  readonly id: string;
  /** As in addresses: the United Kingdom is GB. */
  readonly country: string;
  readonly name: string;
  readonly region: Region;
  readonly currency: string;
  /** Whether the shown prices contain the tax. */
  readonly prices: 'exclusive' | 'inclusive';
  /** Where its days begin. */
  readonly timeZone: string;
  /** The usual tax in millionths. */
  readonly ratePpm: bigint;
  /** Minor units that a dollar's worth of goods costs there. */
  readonly perDollar: bigint;
  readonly city: string;
  readonly state: string;
  readonly postalCode: string;
  /** First three digits of its order ids. */
  readonly idPrefix: string;
}

type Row = readonly [
  id: string,
  country: string,
  name: string,
  currency: string,
  timeZone: string,
  percent: number,
  perDollar: bigint,
  address: string,
  idPrefix: string,
];

const NORTH_AMERICA: readonly Row[] = [
  ['ATVPDKIKX0DER', 'US', 'Amazon.com', 'USD', 'America/Los_Angeles', 8.875, 100n, 'Boise|ID|83702', '113'],
  ['A2EUQ1WTGCTBG2', 'CA', 'Amazon.ca', 'CAD', 'America/Los_Angeles', 13, 137n, 'Halifax|NS|B3H 1A1', '701'],
  [
    'A1AM78C64UM0Y8',
    'MX',
    'Amazon.com.mx',
    'MXN',
    'America/Los_Angeles',
    16,
    1_853n,
    'Puebla|PUE|72000',
    '702',
  ],
  [
    'A2Q3Y263D00KWC',
    'BR',
    'Amazon.com.br',
    'BRL',
    'America/Sao_Paulo',
    18,
    557n,
    'Recife|PE|50030-230',
    '703',
  ],
];

const EUROPE: readonly Row[] = [
  ['A1F83G8C2ARO7P', 'GB', 'Amazon.co.uk', 'GBP', 'Europe/London', 20, 79n, 'Leeds|England|LS1 4AP', '204'],
  ['A1PA6795UKMFR9', 'DE', 'Amazon.de', 'EUR', 'Europe/Berlin', 19, 93n, 'Bremen|Bremen|28195', '305'],
  ['A13V1IB3VIYZZH', 'FR', 'Amazon.fr', 'EUR', 'Europe/Paris', 20, 94n, 'Nantes|Loire|44000', '406'],
  ['APJ6JRA9NG5V4', 'IT', 'Amazon.it', 'EUR', 'Europe/Rome', 22, 95n, 'Torino|TO|10121', '407'],
  ['A1RKKUPIHCS9HS', 'ES', 'Amazon.es', 'EUR', 'Europe/Madrid', 21, 94n, 'Bilbao|Bizkaia|48001', '408'],
  ['A1805IZSGTT6HS', 'NL', 'Amazon.nl', 'EUR', 'Europe/Amsterdam', 21, 96n, 'Utrecht|UT|3511 AD', '409'],
  ['AMEN7PMS3EDWL', 'BE', 'Amazon.com.be', 'EUR', 'Europe/Brussels', 21, 96n, 'Gent|VOV|9000', '410'],
  ['A28R8C7NBKEWEA', 'IE', 'Amazon.ie', 'EUR', 'Europe/Dublin', 23, 97n, 'Cork|CO|T12 RX8A', '411'],
  ['A2NODRKZP88ZB9', 'SE', 'Amazon.se', 'SEK', 'Europe/Stockholm', 25, 1_043n, 'Malmö|Skåne|211 20', '412'],
  ['A1C3SOZRARQ6R3', 'PL', 'Amazon.pl', 'PLN', 'Europe/Warsaw', 23, 397n, 'Gdynia|PM|81-301', '413'],
  ['A33AVAJ2PDY3EV', 'TR', 'Amazon.com.tr', 'TRY', 'Europe/Istanbul', 20, 3_411n, 'Bursa|Bursa|16010', '414'],
  ['ARBP9OOSHTCHU', 'EG', 'Amazon.eg', 'EGP', 'Africa/Cairo', 14, 4_907n, 'Giza|Giza|12511', '415'],
  ['A17E79C6D8DWNP', 'SA', 'Amazon.sa', 'SAR', 'Asia/Riyadh', 15, 375n, 'Abha|Asir|62521', '416'],
  ['A2VIGQ35RCS4UG', 'AE', 'Amazon.ae', 'AED', 'Asia/Dubai', 5, 367n, 'Ajman|AJ|00000', '417'],
  ['AE08WJ6YKNBMC', 'ZA', 'Amazon.co.za', 'ZAR', 'Africa/Johannesburg', 15, 1_809n, 'Durban|KZN|4001', '418'],
  ['A21TJRUUN4KGV', 'IN', 'Amazon.in', 'INR', 'Asia/Kolkata', 18, 8_341n, 'Kochi|KL|682001', '419'],
];

const FAR_EAST: readonly Row[] = [
  ['A1VC38T7YXB528', 'JP', 'Amazon.co.jp', 'JPY', 'Asia/Tokyo', 10, 149n, '神戸市|兵庫県|650-0021', '251'],
  ['A39IBJ37TRP1C6', 'AU', 'Amazon.com.au', 'AUD', 'Australia/Sydney', 10, 153n, 'Hobart|TAS|7000', '252'],
  ['A19VAU5U5O7RUS', 'SG', 'Amazon.sg', 'SGD', 'Asia/Singapore', 9, 134n, 'Singapore|SG|018956', '253'],
];

/** Only these two show prices without tax. */
const EXCLUSIVE: readonly string[] = ['US', 'CA'];

/** All that there are in the table of the vendor page. */
export const MARKETPLACES: readonly Marketplace[] = [
  ...NORTH_AMERICA.map((row) => marketplace(row, 'na')),
  ...EUROPE.map((row) => marketplace(row, 'eu')),
  ...FAR_EAST.map((row) => marketplace(row, 'fe')),
];

function marketplace(row: Row, region: Region): Marketplace {
  const [id, country, name, currency, timeZone, percent, perDollar, address, idPrefix] = row;
  const [city = '', state = '', postalCode = ''] = address.split('|');
  return {
    id,
    country,
    name,
    region,
    currency,
    prices: EXCLUSIVE.includes(country) ? 'exclusive' : 'inclusive',
    timeZone,
    ratePpm: BigInt(Math.round(percent * 10_000)),
    perDollar,
    city,
    state,
    postalCode,
    idPrefix,
  };
}

/** By its id or by its country. */
export function marketplaceOf(idOrCountry: string): Marketplace {
  const found = MARKETPLACES.find((entry) => entry.id === idOrCountry || entry.country === idOrCountry);
  if (found === undefined) throw new Error(`Amazon has no marketplace "${idOrCountry}"`);
  return found;
}

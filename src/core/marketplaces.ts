import { parseZone } from './time.ts';
import type { Zone } from './time.ts';

/** Where an SP-API host and its application live: North America, Europe with the Middle East, India and Africa, the Far East. */
export type AmazonRegion = 'na' | 'eu' | 'fe';

/** One of Amazon's stores. */
export interface Marketplace {
  /** Amazon's own id, such as A1PA6795UKMFR9. */
  readonly id: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly region: AmazonRegion;
  /** ISO 4217. */
  readonly currency: string;
  /** Whether the prices that buyers see hold the tax; what an order itself says wins. */
  readonly pricesIncludeTax: boolean;
  /** Where its days begin: the zone of invoice dates. */
  readonly timeZone: Zone;
  /** As buyers know it: "Amazon.de". */
  readonly channelName: string;
}

/**
 * Amazon's stores (docs/vendors/amazon.md 1.5). Ids and countries are Amazon's own pages, currencies a published table of
 * them. That prices hold the tax was seen in orders of US, DE, ES and JP and is inferred for the others from consumer-price
 * law; zones are inferred everywhere, because Amazon names its days in UTC or in the store's zone without saying which that is.
 */
export const MARKETPLACES: readonly Marketplace[] = [
  'ATVPDKIKX0DER US na USD excluded America/Los_Angeles Amazon.com',
  'A2EUQ1WTGCTBG2 CA na CAD excluded America/Los_Angeles Amazon.ca',
  'A1AM78C64UM0Y8 MX na MXN included America/Los_Angeles Amazon.com.mx',
  'A2Q3Y263D00KWC BR na BRL included America/Sao_Paulo Amazon.com.br',
  'A1F83G8C2ARO7P GB eu GBP included Europe/London Amazon.co.uk',
  'A1PA6795UKMFR9 DE eu EUR included Europe/Berlin Amazon.de',
  'A13V1IB3VIYZZH FR eu EUR included Europe/Paris Amazon.fr',
  'APJ6JRA9NG5V4 IT eu EUR included Europe/Rome Amazon.it',
  'A1RKKUPIHCS9HS ES eu EUR included Europe/Madrid Amazon.es',
  'A1805IZSGTT6HS NL eu EUR included Europe/Amsterdam Amazon.nl',
  'AMEN7PMS3EDWL BE eu EUR included Europe/Brussels Amazon.com.be',
  'A28R8C7NBKEWEA IE eu EUR included Europe/Dublin Amazon.ie',
  'A2NODRKZP88ZB9 SE eu SEK included Europe/Stockholm Amazon.se',
  'A1C3SOZRARQ6R3 PL eu PLN included Europe/Warsaw Amazon.pl',
  'A33AVAJ2PDY3EV TR eu TRY included Europe/Istanbul Amazon.com.tr',
  'ARBP9OOSHTCHU EG eu EGP included Africa/Cairo Amazon.eg',
  'A17E79C6D8DWNP SA eu SAR included Asia/Riyadh Amazon.sa',
  'A2VIGQ35RCS4UG AE eu AED included Asia/Dubai Amazon.ae',
  'AE08WJ6YKNBMC ZA eu ZAR included Africa/Johannesburg Amazon.co.za',
  'A21TJRUUN4KGV IN eu INR included Asia/Kolkata Amazon.in',
  'A1VC38T7YXB528 JP fe JPY included Asia/Tokyo Amazon.co.jp',
  'A39IBJ37TRP1C6 AU fe AUD included Australia/Sydney Amazon.com.au',
  'A19VAU5U5O7RUS SG fe SGD included Asia/Singapore Amazon.sg',
].map(marketplaceOf);

/** By Amazon's id; nothing for a store that is not in the table, such as those of orders from outside Amazon. */
export function marketplaceById(id: string): Marketplace | undefined {
  return MARKETPLACES.find((marketplace) => marketplace.id === id);
}

/** By country, in any case; Amazon itself writes UK for GB. */
export function marketplaceByCountry(code: string): Marketplace | undefined {
  const country = code.toUpperCase() === 'UK' ? 'GB' : code.toUpperCase();
  return MARKETPLACES.find((marketplace) => marketplace.country === country);
}

function marketplaceOf(row: string): Marketplace {
  const [id = '', country = '', region, currency = '', tax, zone = '', channelName = ''] = row.split(' ');
  return {
    id,
    country,
    region: region === 'na' || region === 'eu' ? region : 'fe',
    currency,
    pricesIncludeTax: tax === 'included',
    timeZone: parseZone(zone),
    channelName,
  };
}

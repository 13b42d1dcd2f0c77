import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exponentOf } from './currency.ts';

/** ISO 4217 list one, read again: the currencies that do not have two decimals. Every other code has two. */
const OTHER_DECIMALS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    [
      'BIF',
      'CLP',
      'DJF',
      'GNF',
      'ISK',
      'JPY',
      'KMF',
      'KRW',
      'PYG',
      'RWF',
      'UGX',
      'UYI',
      'VND',
      'VUV',
      'XAF',
      'XOF',
      'XPF',
    ].map((code) => [code, 0]),
  ),
  ...Object.fromEntries(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'].map((code) => [code, 3])),
  CLF: 4,
  UYW: 4,
};
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
const CODES = LETTERS.flatMap((a) => LETTERS.flatMap((b) => LETTERS.map((c) => a + b + c)));
const known = CODES.filter((code) => exponentOf(code) !== undefined);

test('every code has the decimals of ISO 4217', () => {
  for (const code of known) {
    assert.equal(exponentOf(code), OTHER_DECIMALS[code] ?? 2, code);
  }
  for (const code of Object.keys(OTHER_DECIMALS)) {
    assert.ok(known.includes(code), code);
  }
});

test('every currency that a shop can charge is known', () => {
  // Presentment currencies of Shopify that ISO 4217 still lists.
  const charged =
    'AED AFN ALL AMD ARS AUD AWG AZN BAM BBD BDT BIF BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CVE ' +
    'CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ' +
    'ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR ' +
    'MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK ' +
    'SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF ' +
    'XCD XOF XPF YER ZAR ZMW BHD';
  assert.deepEqual(
    charged.split(' ').filter((code) => exponentOf(code) === undefined),
    [],
  );
});

test('codes that are no currency of an order are unknown', () => {
  for (const code of ['XXX', 'XTS', 'XAU', 'XDR', 'usd', 'US', '', 'constructor', '__proto__']) {
    assert.equal(exponentOf(code), undefined, code);
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exponentOf } from './currency.ts';
import { MARKETPLACES, marketplaceByCountry, marketplaceById } from './marketplaces.ts';

void describe('marketplaces', () => {
  void test('each id, country and channel name stands once, with a currency that ISO 4217 lists', () => {
    for (const field of ['id', 'country', 'channelName'] as const) {
      assert.equal(new Set(MARKETPLACES.map((each) => each[field])).size, MARKETPLACES.length, field);
    }
    for (const { id, country, currency, channelName } of MARKETPLACES) {
      assert.match(id, /^A[A-Z0-9]{12,13}$/);
      assert.match(country, /^[A-Z]{2}$/);
      assert.match(channelName, /^Amazon(\.[a-z]{2,3}){1,2}$/);
      assert.notEqual(exponentOf(currency), undefined, currency);
    }
  });

  void test('regions hold the stores that Amazon’s endpoint page puts there', () => {
    const countriesOf = (region: string): string =>
      MARKETPLACES.filter((each) => each.region === region)
        .map(({ country }) => country)
        .join(' ');
    assert.equal(countriesOf('na'), 'US CA MX BR');
    assert.equal(countriesOf('eu'), 'GB DE FR IT ES NL BE IE SE PL TR EG SA AE ZA IN');
    assert.equal(countriesOf('fe'), 'JP AU SG');
  });

  void test('prices hold no tax in the United States and Canada alone', () => {
    const without = MARKETPLACES.filter((each) => !each.pricesIncludeTax).map(({ country }) => country);
    assert.deepEqual(without, ['US', 'CA']);
  });

  void test('a store is found by its id and by its country, which Amazon writes UK', () => {
    assert.equal(marketplaceById('A1PA6795UKMFR9')?.channelName, 'Amazon.de');
    assert.equal(marketplaceById('a1pa6795ukmfr9'), undefined);
    assert.equal(marketplaceByCountry('uk')?.currency, 'GBP');
    assert.equal(marketplaceByCountry('GB'), marketplaceByCountry('UK'));
    assert.equal(marketplaceByCountry('XX'), undefined);
  });
});

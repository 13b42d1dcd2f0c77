import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from '#core/money.ts';
import { rateOf, taxNameIn } from './tax-rates.ts';

/** In percent. */
function rate(net: string, tax: string, [country, currency]: readonly [string, string]): number {
  return rateOf(parse(net, currency), parse(tax, currency), country) / 10_000;
}

const DE = ['DE', 'EUR'] as const;
const US = ['US', 'USD'] as const;
const JP = ['JP', 'JPY'] as const;

describe('the rate of a tax', () => {
  test('is the country’s own where it explains the amount, though a rounder one does too', () => {
    assert.equal(rate('21.84', '4.15', DE), 19);
    assert.equal(rate('10.00', '0.70', DE), 7);
    // 12 % gives it as well.
    assert.equal(rate('4.16', '0.50', ['CA', 'CAD']), 12);
    assert.equal(rate('9.00', '0.50', ['FR', 'EUR']), 5.5);
    assert.equal(rate('100.00', '8.10', ['CH', 'CHF']), 8.1);
  });

  test('is the country’s own where the amount is off by one unit, as a sum of rounded ones is', () => {
    assert.equal(rate('100.00', '19.01', DE), 19);
    assert.equal(rate('100.00', '18.99', DE), 19);
    assert.equal(rate('100.00', '19.02', DE), 19.02);
  });

  test('is the one of two that gives the amount to the unit, the standard one where both do', () => {
    assert.equal(rate('0.10', '0.01', DE), 7);
    assert.equal(rate('50', '4', JP), 8);
    assert.equal(rate('50', '5', JP), 10);
    assert.equal(rate('0.03', '0.01', DE), 19);
    assert.equal(rate('5', '0', JP), 0);
    assert.equal(rate('6', '1', JP), 10);
  });

  test('is the roundest that gives the amount where the country has no rates of its own', () => {
    assert.equal(rate('94.07', '5.64', US), 6);
    assert.equal(rate('115.85', '8.11', US), 7);
    assert.equal(rate('100.00', '8.88', US), 8.88);
    assert.equal(rate('1000.00', '88.75', US), 8.875);
    assert.equal(rate('10.00', '0.85', US), 8.5);
    assert.equal(rate('12345678.90', '1023457.00', US), 8.29);
    assert.equal(rate('3.00', '7.00', US), 233.3);
  });

  test('is nothing where there is no tax, no price, or one less than nothing', () => {
    assert.equal(rate('10.00', '0.00', DE), 0);
    assert.equal(rate('0.00', '0.19', DE), 0);
    assert.equal(rate('10.00', '-1.90', US), 0);
    assert.equal(rate('-10.00', '1.90', US), 0);
  });

  test('of yen is by whole yen', () => {
    assert.equal(rate('1704', '136', JP), 8);
    assert.equal(rate('1673', '167', JP), 10);
  });

  test('of a country that is none is found by its amounts', () => {
    assert.equal(rate('10.00', '1.90', ['constructor', 'EUR']), 19);
  });
});

test('a tax is called as its country does', () => {
  assert.deepEqual(['US', 'CA', 'JP', 'AU', 'DE', 'toString'].map(taxNameIn), [
    'Sales tax',
    'GST/HST',
    'Consumption tax',
    'GST',
    'VAT',
    'VAT',
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as money from '#core/money.ts';
import { foldTotals } from './taxes.ts';

/** Taxes of a whole expense: no rate may be one that nobody charged where the two of FreshBooks do. */

function told(amount: string, ...taxes: readonly (readonly [string, number, string])[]): string[] {
  const folded = foldTotals(
    taxes.map(([name, percent, charged]) => ({
      name,
      ratePpm: percent * 10_000,
      amount: money.parse(charged, 'EUR'),
    })),
    money.parse(amount, 'EUR'),
  );
  return folded.taxes.map(({ name, percent, charged }) => `${name}: ${percent} %, ${money.format(charged)}`);
}

test('two rates of one name are two taxes, told apart by their rate', () => {
  // 119.00 at 19 % and 107.00 at 7 %, both within the price.
  assert.deepEqual(told('226.00', ['MwSt', 19, '19.00'], ['MwSt', 7, '7.00']), [
    'MwSt 19 %: 19 %, 19.00',
    'MwSt 7 %: 7 %, 7.00',
  ]);
});

test('one rate, and two of two names, are as they are', () => {
  assert.deepEqual(told('119.00', ['MwSt', 19, '19.00']), ['MwSt: 19 %, 19.00']);
  assert.deepEqual(told('112.00', ['GST', 5, '5.00'], ['PST', 7, '7.00']), [
    'GST: 5 %, 5.00',
    'PST: 7 %, 7.00',
  ]);
});

test('of more than two the rest is one, at the percentage that it makes of the net', () => {
  // All of one hundred.
  assert.deepEqual(told('107.00', ['State', 4, '4.00'], ['County', 2, '2.00'], ['City', 1, '1.00']), [
    'State: 4 %, 4.00',
    'County + City: 3 %, 3.00',
  ]);
  // A hundred each, on lines of their own: 25.00 of 300.00, and not the 25 % that their rates sum to.
  assert.deepEqual(told('335.00', ['A', 10, '10.00'], ['B', 20, '20.00'], ['C', 5, '5.00']), [
    'A: 10 %, 10.00',
    'B + C: 8.333 %, 25.00',
  ]);
});

test('taxes that are more than what is paid back keep their rates', () => {
  assert.deepEqual(told('15.00', ['A', 20, '20.00'], ['B', 5, '5.00'], ['C', 1, '1.00']), [
    'A: 20 %, 20.00',
    'B + C: 6 %, 6.00',
  ]);
});

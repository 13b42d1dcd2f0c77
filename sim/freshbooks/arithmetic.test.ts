import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatDecimal,
  formatMinor,
  parseDecimal,
  toMinor,
  totalsOf,
  trimDecimal,
  ZERO,
  type Decimal,
  type LineInput,
  type Rounding,
} from './arithmetic.ts';
import { seeded } from './caller.ts';

const perTax: Rounding = { tax: 'per-tax', half: 'half-up', exponent: 2 };
const perLine: Rounding = { ...perTax, tax: 'per-line' };

function decimal(text: string): Decimal {
  const value = parseDecimal(text);
  assert.ok(value, `"${text}" is a decimal`);
  return value;
}

function lineOf(quantity: string, cost: string, ...taxes: readonly (readonly [string, string])[]): LineInput {
  const read = taxes.map(([name, percent]) => ({ name, percent: decimal(percent) }));
  return { quantity: decimal(quantity), unitCost: decimal(cost), taxes: read, isCompounded: false };
}

const quebec = [
  ['TPS', '5'],
  ['TVQ', '9.975'],
] as const;
const text = (minor: bigint): string => formatMinor(minor, 2);

test('recorded invoice ZS 129371 comes to 30.74', () => {
  const totals = totalsOf([lineOf('3', '9.90', ...quebec)], decimal('10'), perTax);
  assert.equal(text(totals.subtotal), '29.70');
  assert.equal(text(totals.discount), '2.97');
  assert.deepEqual(
    totals.taxes.map((tax) => text(tax.minor)),
    ['1.34', '2.67'],
  );
  assert.equal(text(totals.total), '30.74');
});

test('recorded invoice JAVA 987654 comes to 41.94', () => {
  const totals = totalsOf([lineOf('4', '5.00', ['HST1', '13']), lineOf('6', '4.00')], decimal('10'), perTax);
  assert.deepEqual(totals.lineMinors.map(text), ['20.00', '24.00']);
  assert.equal(text(totals.discount), '4.40');
  assert.equal(text(totals.total), '41.94');
});

test('recorded report ZS 68901804 comes to 550.73 under both tax roundings', () => {
  const lines = [lineOf('1', '555.55', ...quebec), lineOf('1', '7.98', ...quebec)];
  for (const rounding of [perTax, perLine]) {
    const totals = totalsOf(lines, decimal('15'), rounding);
    assert.equal(text(totals.discount), '84.53');
    assert.deepEqual(
      totals.taxes.map((tax) => text(tax.minor)),
      ['23.95', '47.78'],
    );
    assert.equal(text(totals.total), '550.73');
  }
});

test('three equal lines differ by a cent between the two tax roundings', () => {
  const lines = [1, 2, 3].map(() => lineOf('1', '9.90', ...quebec));
  assert.equal(text(totalsOf(lines, decimal('10'), perTax).total), '30.74');
  assert.equal(text(totalsOf(lines, decimal('10'), perLine).total), '30.75');
});

test('a tax is its name and percentage together', () => {
  const totals = totalsOf(
    [
      lineOf('1', '1.00', ['VAT', '5']),
      lineOf('1', '1.00', ['VAT', '5.000']),
      lineOf('1', '1.00', ['VAT', '7']),
    ],
    ZERO,
    perTax,
  );
  assert.deepEqual(
    totals.taxes.map((tax) => text(tax.minor)),
    ['0.10', '0.07'],
  );
});

test('a compounded second tax is levied on the first', () => {
  const plain = lineOf('1', '100.00', ['A', '10'], ['B', '10']);
  assert.equal(text(totalsOf([plain], ZERO, perTax).total), '120.00');
  assert.equal(text(totalsOf([{ ...plain, isCompounded: true }], ZERO, perTax).total), '121.00');
});

test('negative lines take their tax with them', () => {
  const totals = totalsOf([lineOf('1', '10.00', ['T', '8']), lineOf('1', '-2.50', ['T', '8'])], ZERO, perTax);
  assert.equal(text(totals.total), '8.10');
});

test('halves go up or to even, by their magnitude', () => {
  const round = (value: string, half: 'half-up' | 'half-even') =>
    text(toMinor(decimal(value), { exponent: 2, half }));
  assert.deepEqual(
    ['0.125', '0.135', '-0.125', '0.1251', '0.1249'].map((value) => round(value, 'half-up')),
    ['0.13', '0.14', '-0.13', '0.13', '0.12'],
  );
  assert.deepEqual(
    ['0.125', '0.135', '-0.125', '0.1251', '0.1249'].map((value) => round(value, 'half-even')),
    ['0.12', '0.14', '-0.12', '0.13', '0.12'],
  );
});

test('decimals are read exactly and everything else is refused', () => {
  assert.equal(formatDecimal(decimal('-0.050')), '-0.050');
  assert.equal(formatDecimal(trimDecimal(decimal('9.9750'))), '9.975');
  assert.equal(formatDecimal(decimal('.5')), '0.5');
  for (const wrong of ['', '.', '-', '1,5', '1e3', '0x1', ' ', '--1', '1.2.3', 'NaN', '9'.repeat(41)]) {
    assert.equal(parseDecimal(wrong), undefined, wrong);
  }
});

test('the parts of random invoices always sum to the total', () => {
  const seed = 20260629;
  const random = seeded(seed);
  const int = (max: number) => Math.floor(random() * max);
  for (let round = 0; round < 500; round += 1) {
    const lines = Array.from({ length: 1 + int(6) }, () =>
      lineOf(
        String(1 + int(9)),
        `${int(200)}.${String(int(100)).padStart(2, '0')}`,
        ['A', `${int(20)}.${int(1000)}`],
        ['B', '5'],
      ),
    );
    for (const tax of ['per-tax', 'per-line'] as const) {
      const totals = totalsOf(lines, decimal(String(int(100))), { ...perTax, tax });
      const taxSum = totals.taxes.reduce((sum, entry) => sum + entry.minor, 0n);
      assert.equal(
        totals.lineMinors.reduce((sum, minor) => sum + minor, 0n),
        totals.subtotal,
        `seed ${seed} round ${round}`,
      );
      assert.equal(totals.subtotal - totals.discount + taxSum, totals.total, `seed ${seed} round ${round}`);
      const aggregate = totalsOf(lines, ZERO, perTax).total - totalsOf(lines, ZERO, perLine).total;
      assert.ok(
        aggregate <= 12n && aggregate >= -12n,
        `seed ${seed} round ${round}: modes differ by at most a cent a rounded amount`,
      );
    }
  }
});

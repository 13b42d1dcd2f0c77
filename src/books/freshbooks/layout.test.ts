import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvoiceDocument, TaxTreatment } from '#core/document.ts';
import * as money from '#core/money.ts';
import { document, line } from '#tests/contract/books-tasks.ts';
import { layOut, previewOf } from './layout.ts';
import type { Layout } from './layout.ts';
import { percentOf } from './taxes.ts';
import type { LaidTax } from './taxes.ts';

const GST = { name: 'GST', ratePpm: 50_000 };
const QST = { name: 'QST', ratePpm: 99_750 };

function cad(text: string): money.Money {
  return money.parse(text, 'CAD');
}

function named(taxes: readonly LaidTax[] | undefined): LaidTax[] {
  return (taxes ?? []).map(({ name, percent }) => ({ name, percent }));
}

function charged(tax: TaxTreatment, amount: string) {
  return { ...tax, amount: cad(amount) };
}

function laidOut(parts: InvoiceDocument): Layout {
  const result = layOut(parts);
  assert.ok(result.outcome === 'laid-out', result.outcome === 'refused' ? result.detail : '');
  return result.layout;
}

void test('5 % and 9.975 % on 26.73 make 30.74, as FreshBooks once did', () => {
  const off = cad('-2.97');
  const layout = laidOut(
    document({
      lines: [
        line({ taxes: [GST, QST] }),
        line({ kind: 'discount', quantity: 1, unitPrice: off, net: off, taxes: [GST, QST] }),
      ],
      taxes: [charged(GST, '1.34'), charged(QST, '2.67')],
    }),
  );
  assert.equal(layout.rung, 'native');
  assert.equal(money.show(layout.expectedTotal), '30.74 CAD');
  assert.deepEqual(named(layout.lines[0]?.taxes), [
    { name: 'GST', percent: '5' },
    { name: 'QST', percent: '9.975' },
  ]);
  assert.equal(money.format(layout.lines[1]?.unitCost ?? off), '-2.97');
});

void test('a cent that the shop rounded otherwise stands on a visible line without tax', () => {
  const layout = laidOut(document({ lines: [line({ taxes: [QST] })], taxes: [charged(QST, '2.97')] }));
  assert.equal(layout.rung, 'rounding-line');
  assert.match(layout.why, /computes 32\.66 CAD where 32\.67 CAD was charged.*0\.01 CAD/);
  assert.equal(money.show(layout.expectedTotal), '32.67 CAD');
  const last = layout.lines.at(-1);
  assert.deepEqual(
    [last?.name, last?.quantity, money.format(last?.unitCost ?? cad('0')), last?.taxes],
    ['Rounding', 1, '0.01', []],
  );
});

void test('a rounding line may be negative', () => {
  const layout = laidOut(document({ lines: [line({ taxes: [QST] })], taxes: [charged(QST, '2.94')] }));
  assert.equal(money.format(layout.lines.at(-1)?.amount ?? cad('0')), '-0.02');
});

void test('a difference above the limit is refused with both totals, the difference and the limit', () => {
  const result = layOut(document({ lines: [line({ taxes: [QST] })], taxes: [charged(QST, '2.93')] }));
  assert.ok(result.outcome === 'refused');
  assert.equal(result.code, 'order-rounding-too-large');
  assert.deepEqual(
    result.facts.map((fact) => fact.value),
    ['32.63 CAD', '32.66 CAD', '-0.03 CAD', '2.96 of QST 9.975 % where 2.93 was charged', '0.02 CAD'],
  );
});

void test('an amount of tax without a rate is never guessed, and the way out is told', () => {
  const tax = { name: 'VAT', ratePpm: 0 };
  const result = layOut(document({ lines: [line({ taxes: [tax] })], taxes: [charged(tax, '5.64')] }));
  assert.ok(result.outcome === 'refused');
  assert.match(result.detail, /"VAT" is charged without a rate.*By the rule tax_lines: own_lines/);
});

void test('a tax of 0 % stays on its line', () => {
  const zero = { name: 'Exempt', ratePpm: 0 };
  const layout = laidOut(document({ lines: [line({ taxes: [zero] })], taxes: [charged(zero, '0.00')] }));
  assert.deepEqual(named(layout.lines[0]?.taxes), [{ name: 'Exempt', percent: '0' }]);
});

void test('four taxes become the first and the rest, whose rates sum to all, with the split written out', () => {
  const taxes = [
    { name: 'State', ratePpm: 40_000 },
    { name: 'County', ratePpm: 8_750 },
    { name: 'City', ratePpm: 45_000 },
    { name: 'Transit', ratePpm: 3_750 },
  ];
  const lines = [line({ quantity: 1, unitPrice: cad('100.00'), description: 'Blue', taxes })];
  const amounts = ['4.00', '0.88', '4.50', '0.38'];
  const layout = laidOut(
    document({ lines, taxes: taxes.map((tax, index) => charged(tax, amounts[index] ?? '')) }),
  );
  assert.deepEqual(named(layout.lines[0]?.taxes), [
    { name: 'State', percent: '4' },
    { name: 'County + City + Transit', percent: '5.75' },
  ]);
  assert.equal(
    layout.lines[0]?.description,
    'Blue\nTaxes: State 4 %, County 0.875 %, City 4.5 %, Transit 0.375 %',
  );
  assert.equal(layout.rung, 'rounding-line');
  assert.equal(money.show(layout.expectedTotal), '109.76 CAD');
});

void test('one tax named twice on a line is one, because FreshBooks refuses the second', () => {
  const taxes = [
    { name: 'VAT', ratePpm: 100_000 },
    { name: 'VAT ', ratePpm: 50_000 },
  ];
  const lines = [line({ quantity: 1, unitPrice: cad('10.00'), taxes })];
  const layout = laidOut(document({ lines, total: cad('11.50') }));
  assert.deepEqual(named(layout.lines[0]?.taxes), [{ name: 'VAT', percent: '15' }]);
});

void test('equal names with unlike rates are two taxes, each rounded by itself', () => {
  const lines = [
    line({ quantity: 1, unitPrice: cad('0.50'), taxes: [{ name: 'VAT', ratePpm: 190_000 }] }),
    line({ quantity: 1, unitPrice: cad('0.50'), taxes: [{ name: 'VAT', ratePpm: 70_000 }] }),
  ];
  // 0.095 → 0.10 and 0.035 → 0.04.
  assert.equal(money.show(laidOut(document({ lines, total: cad('1.14') })).expectedTotal), '1.14 CAD');
  assert.equal(laidOut(document({ lines, total: cad('1.14') })).rung, 'native');
});

void test('a price that includes tax and does not divide stands in one piece', () => {
  const vat = { name: 'VAT', ratePpm: 190_000 };
  const net = cad('25.21');
  const lines = [line({ quantity: 3, unitPrice: cad('8.40'), net, taxes: [vat] })];
  const layout = laidOut(document({ lines, taxes: [charged(vat, '4.79')] }));
  const [only] = layout.lines;
  assert.deepEqual([only?.quantity, money.format(only?.unitCost ?? net)], [1, '25.21']);
  assert.equal(money.show(layout.expectedTotal), '30.00 CAD');
});

void test('a rate with a fourth decimal loses it, and what it was worth shows as rounding', () => {
  const tax = { name: 'Odd', ratePpm: 66_666 };
  const lines = [line({ quantity: 1, unitPrice: cad('2000.00'), taxes: [tax] })];
  const layout = laidOut(document({ lines, taxes: [charged(tax, '133.33')] }));
  assert.deepEqual(named(layout.lines[0]?.taxes), [{ name: 'Odd', percent: '6.667' }]);
  assert.equal(money.format(layout.lines.at(-1)?.amount ?? cad('0')), '-0.01');
});

void test('long names end in "…" on a whole character, and stand whole in the description', () => {
  const name = `${'👩🏽‍🚀'.repeat(100)} end`;
  const [laid] = laidOut(document({ lines: [line({ name })] })).lines;
  assert.ok(laid);
  assert.ok(laid.name.endsWith('🚀…'));
  assert.ok(Array.from(laid.name).length <= 250);
  assert.ok(laid.description.startsWith(name));
});

void test('a long tax name is shortened and stands whole in the description', () => {
  const tax = { name: 'Tax of the '.repeat(20).trim(), ratePpm: 0 };
  const [laid] = laidOut(document({ lines: [line({ taxes: [tax] })] })).lines;
  assert.ok(laid);
  assert.ok(laid.taxes[0]?.name.endsWith('…'));
  assert.match(laid.description, new RegExp(tax.name));
});

void test('a line without a name has one', () => {
  assert.equal(laidOut(document({ lines: [line({ name: ' \n' })] })).lines[0]?.name, 'item');
});

void test('percentages are written without zeros at the end', () => {
  assert.deepEqual([0, 1, 10, 99_750, 50_000, 1_000_000, 2_000_010].map(percentOf), [
    '0',
    '0.0001',
    '0.001',
    '9.975',
    '5',
    '100',
    '200.001',
  ]);
});

void test('a preview shows lines, taxes, total and the reason, also of a refusal', () => {
  const good = previewOf(document({ lines: [line({ taxes: [QST] })], taxes: [charged(QST, '2.96')] }));
  assert.deepEqual(good.lines[0], {
    name: 'Maple cup (CUP-1)',
    description: '',
    quantity: '3',
    unitCost: '9.90',
    amount: '29.70',
    taxes: 'QST 9.975 %',
  });
  assert.deepEqual(
    [good.taxes, good.total, good.rung],
    [[{ name: 'QST 9.975 %', amount: '2.96' }], '32.66 CAD', 'native'],
  );
  const bad = previewOf(document({ lines: [line({ taxes: [QST] })], taxes: [charged(QST, '9.00')] }));
  assert.deepEqual(
    [bad.rung, bad.total, bad.taxes],
    ['refused', '38.70 CAD', [{ name: 'QST 9.975 %', amount: '9.00' }]],
  );
  assert.match(bad.why, /charged 38\.70 CAD and FreshBooks would compute 32\.66 CAD/);
});

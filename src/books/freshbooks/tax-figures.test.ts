import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaxTotal } from '#core/document.ts';
import * as money from '#core/money.ts';
import { document, line } from '#tests/contract/books-tasks.ts';
import { taxFiguresOf } from './tax-figures.ts';

const cad = (text: string): money.Money => money.parse(text, 'CAD');
const GST = { name: 'GST', ratePpm: 50_000 };
const QST = { name: 'QST', ratePpm: 99_750 };

/** 29.70 under these taxes, charged so. */
function charged(...taxes: readonly TaxTotal[]) {
  return document({ lines: [line({ taxes })], taxes });
}

test('each tax has what FreshBooks computes and what was charged, and the rounding line makes it up', () => {
  const found = taxFiguresOf(charged({ ...GST, amount: cad('1.49') }, { ...QST, amount: cad('2.97') }));
  assert.deepEqual(found, {
    taxes: [
      { ...GST, computed: cad('1.49'), charged: cad('1.49') },
      { ...QST, computed: cad('2.96'), charged: cad('2.97') },
    ],
    unnamed: cad('0'),
    rounding: cad('0.01'),
  });
});

test('a correction of one tax is that tax’s', () => {
  const found = taxFiguresOf(charged({ ...QST, amount: cad('2.96') }), cad('-0.01'));
  assert.deepEqual(found, {
    taxes: [{ ...QST, computed: cad('2.97'), charged: cad('2.96') }],
    unnamed: cad('0'),
    rounding: cad('-0.01'),
  });
});

test('a correction of several taxes is nobody’s by name', () => {
  const found = taxFiguresOf(
    charged({ ...GST, amount: cad('1.49') }, { ...QST, amount: cad('2.96') }),
    cad('-0.01'),
  );
  assert.deepEqual(
    [found?.taxes.map(({ computed }) => computed), found?.unnamed, found?.rounding],
    [[cad('1.49'), cad('2.96')], cad('0.01'), cad('-0.01')],
  );
});

test('cents that even out between taxes are told of each, without a rounding line', () => {
  const found = taxFiguresOf(charged({ ...GST, amount: cad('1.48') }, { ...QST, amount: cad('2.97') }));
  assert.deepEqual(
    [found?.taxes.map(({ computed, charged }) => money.subtract(computed, charged)), found?.rounding],
    [[cad('0.01'), cad('-0.01')], cad('0')],
  );
});

test('a document without taxes has none, and one that cannot be laid out tells nothing', () => {
  const none = { taxes: [], unnamed: cad('0'), rounding: cad('0') };
  assert.deepEqual(taxFiguresOf(document()), none);
  assert.equal(taxFiguresOf(charged({ ...QST, amount: cad('1.00') })), undefined);
});

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as money from '#core/money.ts';
import { GOLDEN_ORDERS } from './orders.ts';
import { pageOf } from './page.ts';

/** `GOLDEN_UPDATE=1 node --test tests/golden/golden.test.ts` writes the pages anew: read the difference before it is kept. */
const IS_UPDATED = process.env['GOLDEN_UPDATE'] === '1';
const FOLDER = import.meta.dirname;

void describe('golden orders', () => {
  for (const golden of GOLDEN_ORDERS) {
    const path = join(FOLDER, `${golden.file}.md`);

    void test(`${golden.title}: booked as the page says`, () => {
      const { text } = pageOf(golden);
      if (IS_UPDATED) {
        writeFileSync(path, text);
      }
      assert.equal(text, readFileSync(path, 'utf8'));
    });

    void test(`${golden.title}: the invoice is what the control calculation says`, () => {
      const { document, layout } = pageOf(golden);
      const rounding = layout.rung === 'rounding-line' ? layout.lines.at(-1)?.amount : undefined;
      const taxes = layout.taxes.map((tax) => tax.amount);
      assert.deepEqual(
        {
          total: money.format(layout.expectedTotal),
          tax: money.format(money.sum(taxes, document.currency)),
          rounding: money.format(rounding ?? money.zero(document.currency)),
        },
        { total: golden.control.total, tax: golden.control.tax, rounding: golden.control.rounding },
      );
    });
  }

  void test('every page belongs to an order', () => {
    const pages = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));
    assert.deepEqual(pages.toSorted(), GOLDEN_ORDERS.map(({ file }) => `${file}.md`).toSorted());
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { InvoiceDocument } from '#core/document.ts';
import * as money from '#core/money.ts';
import { document, line } from '#tests/contract/books-tasks.ts';
import { layOut } from './layout.ts';
import type { LaidLine } from './layout.ts';

const taxes = fc.array(
  fc.record({
    name: fc.oneof(
      fc.constantFrom('GST', 'QST', 'County', 'City', ''),
      fc.string({ unit: 'binary', maxLength: 300 }),
    ),
    ratePpm: fc.integer({ min: 0, max: 400_000 }),
  }),
  { maxLength: 5 },
);

const lines = fc.array(
  fc.record({
    name: fc.string({ unit: 'binary', maxLength: 600 }),
    quantity: fc.integer({ min: 1, max: 1000 }),
    unit: fc.bigInt({ min: -1_000_000n, max: 100_000_000n }),
    odd: fc.bigInt({ min: 0n, max: 2n }),
    taxes,
  }),
  { minLength: 1, maxLength: 8 },
);

const documents: fc.Arbitrary<InvoiceDocument> = fc
  .record({
    lines,
    currency: fc.constantFrom('USD', 'JPY', 'KWD'),
    tax: fc.bigInt({ min: -5n, max: 1_000_000n }),
    limit: fc.bigInt({ min: 0n, max: 10n }),
    isNear: fc.boolean(),
  })
  .map(({ lines, currency, tax, limit, isNear }) => {
    const drawn = lines.map(({ unit, odd, ...rest }, index) => {
      const unitPrice = money.money(unit, currency);
      const net = money.add(money.multiply(unitPrice, rest.quantity), money.money(odd, currency));
      return line({ key: `item:${index}`, ...rest, unitPrice, net });
    });
    const nets = money.sum(
      drawn.map((part) => part.net),
      currency,
    );
    const base = document({ currency, lines: drawn, total: money.add(nets, money.money(tax, currency)) });
    const wide = layOut({ ...base, roundingLimit: money.money(10n ** 15n, currency) });
    assert.ok(wide.outcome === 'laid-out');
    const computed = money.sum(
      [...wide.layout.taxes, ...drawn.map((part) => ({ amount: part.net }))].map((part) => part.amount),
      currency,
    );
    return {
      ...base,
      total: isNear ? money.add(computed, money.money(tax % 12n, currency)) : base.total,
      roundingLimit: money.money(limit, currency),
    };
  });

function sumOf(parts: readonly { readonly amount: money.Money }[], currency: string): money.Money {
  return money.sum(
    parts.map((part) => part.amount),
    currency,
  );
}

function ratesOf({ taxes }: LaidLine): number {
  return taxes.reduce((sum, tax) => sum + Math.round(Number(tax.percent) * 10_000), 0);
}

void test('what is laid out arrives at the charged total within the limit, and all else is refused', () => {
  fc.assert(
    fc.property(documents, (drawn) => {
      const result = layOut(drawn);
      if (result.outcome === 'refused') {
        const limit = result.facts.find((fact) => fact.name === 'Allowed for rounding');
        assert.equal(limit?.value, money.show(drawn.roundingLimit));
        return;
      }
      const { layout } = result;
      assert.equal(money.show(layout.expectedTotal), money.show(drawn.total));
      const total = money.add(sumOf(layout.lines, drawn.currency), sumOf(layout.taxes, drawn.currency));
      assert.equal(money.show(total), money.show(drawn.total));
      const extra = layout.lines.slice(drawn.lines.length);
      assert.equal(extra.length, layout.rung === 'rounding-line' ? 1 : 0);
      for (const { amount } of extra) {
        assert.ok(money.compare(money.absolute(amount), drawn.roundingLimit) <= 0);
        assert.ok(!money.isZero(amount));
      }
    }),
    { numRuns: 500 },
  );
});

void test('every line fits FreshBooks: quantity times unit cost, two taxes with all rates, text that is whole', () => {
  fc.assert(
    fc.property(documents, (drawn) => {
      const result = layOut({ ...drawn, roundingLimit: money.money(10n ** 15n, drawn.currency) });
      assert.ok(result.outcome === 'laid-out');
      for (const [index, laid] of result.layout.lines.entries()) {
        assert.ok(money.equal(money.multiply(laid.unitCost, laid.quantity), laid.amount));
        assert.ok(laid.taxes.length <= 2);
        assert.ok(laid.name !== '' && Array.from(laid.name).length <= 250);
        assert.ok(
          [laid.name, laid.description, ...laid.taxes.map((tax) => tax.name)].every((text) =>
            text.isWellFormed(),
          ),
        );
        assert.ok(laid.taxes.every((tax) => tax.name !== '' && /^\d+(\.\d{1,3})?$/.test(tax.percent)));
        const asked = drawn.lines[index]?.taxes.reduce((sum, tax) => sum + tax.ratePpm, 0) ?? 0;
        // Half a thousandth of a percent a tax.
        assert.ok(Math.abs(ratesOf(laid) - asked) <= 10, `${ratesOf(laid)} ${asked}`);
      }
    }),
    { numRuns: 300 },
  );
});

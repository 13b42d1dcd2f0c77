import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { order, refund, returned, rules } from '#tests/build.ts';
import { orders } from '#tests/draw.ts';
import { law } from '#tests/law.ts';
import * as money from './money.ts';
import { discountOf, grossOf, taxOf, totalByLines } from './order.ts';
import type { Order } from './order.ts';
import { linesWithout } from './sale.ts';
import { withUntoldTax } from './untold-tax.ts';

const RATES = ['19', '5.5', '25', '0.1', '8'] as const;

/** Without any tax, each line going back in parts that sum to it, or to less. */
const untold: fc.Arbitrary<{ readonly shown: Order; readonly rate: string }> = fc
  .tuple(
    orders,
    fc.constantFrom(...RATES),
    fc.array(fc.bigInt({ min: 1n, max: 9n }), { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([drawn, rate, weights, isWhole]) => {
    const { currency } = drawn;
    const lines = drawn.lines
      .map((line) => ({ ...line, taxes: [] }))
      // A discount of more than the price is no sale of such a source.
      .filter((line) => money.compare(grossOf(line), discountOf(line)) >= 0);
    const parts = weights.map((_, part) =>
      lines.flatMap((line) => {
        const paid = money.subtract(grossOf(line), discountOf(line));
        const amount = money.allocate(paid, isWhole ? weights : [...weights, 1n])[part] ?? paid;
        return money.isZero(amount) ? [] : [returned(line.key, 0, amount)];
      }),
    );
    const refunds = parts.map((returns, part) => refund(money.zero(currency), { id: String(part), returns }));
    const base = { currency, pricesIncludeTax: false, lines };
    const total = totalByLines(base);
    return { shown: order({ ...base, total, refunds, country: 'DE', untoldTax: 'merchant' }), rate };
  });

law(
  'a tax that is taken out of prices changes nothing that was paid, and no part that goes back takes more tax than there is',
  fc.property(untold, ({ shown, rate }) => {
    const told = withUntoldTax(shown, rules({ untoldTax: { DE: rate } }));
    assert(told !== undefined && told.untoldTax === undefined && told.pricesIncludeTax);
    assert.deepEqual(totalByLines(told), shown.total);
    for (const line of linesWithout(told, told.refunds)) {
      assert(!money.isNegative(taxOf(line)), `${line.key}: ${money.show(taxOf(line))}`);
    }
  }),
);

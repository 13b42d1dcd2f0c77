import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectedBooks } from '#sim/check.ts';
import type { ExpectedBooks } from '#sim/check.ts';
import { compare, examine } from '#tests/orders/agreement.ts';
import { lifeOf } from '#tests/orders/life.ts';
import type { Life } from '#tests/orders/life.ts';
import { Disagreement, tallyOf } from '#tests/orders/tally.ts';

/** Chosen anew in every process, and printed: `FC_SEED=… node --test FILE` draws the same orders again. */
const SEED = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff));
/** Ten seconds of one core; `npm run agree` takes any number. */
const ORDERS = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 20_000 : 3_000;

void describe('the program and the simulators', () => {
  void test(`agree to the minor unit on ${ORDERS} random orders`, (context) => {
    context.diagnostic(`FC_SEED=${SEED}`);
    const { outcomes, orders } = tallyOf({ seed: SEED, from: 1, orders: ORDERS });
    assert.equal(orders, ORDERS);
    const counted = (outcome: string): number =>
      [...outcomes].reduce((sum, [key, count]) => sum + (key.startsWith(outcome) ? count : 0), 0);
    context.diagnostic(`native ${counted('native')}, refused ${counted('refused')}, of ${orders}`);
    // Of every kind enough, or the orders show nothing; refusals are rare, and each is proven true where it is met.
    for (const outcome of ['native', 'rounding-line', 'skipped']) {
      assert.ok(counted(outcome) > ORDERS / 50, `${outcome}: ${counted(outcome)}`);
    }
    assert.ok(counted('refused') < ORDERS / 50, `refused: ${counted('refused')}`);
  });

  void test('refuse no order with tax on top that was booked as it was sold', () => {
    const { outcomes } = tallyOf({ seed: 1, from: 1, orders: 500 });
    assert.equal(outcomes.get('refused: tax on top'), undefined);
  });
});

/** What a slip of one minor unit would look like, on the oracle's side: each must be seen. */
const SLIPS: Readonly<Record<string, (expected: ExpectedBooks) => ExpectedBooks>> = {
  'the total that was sold': withSold((sold) => ({ total: sold.total + 1n })),
  'the total of the invoice': withSold((sold) => ({ invoiceTotal: sold.invoiceTotal + 1n })),
  goods: withSold((sold) => ({ goods: sold.goods - 1n })),
  tips: withSold((sold) => ({ tip: sold.tip + 1n })),
  duties: withSold((sold) => ({ duties: sold.duties + 1n })),
  fees: withSold((sold) => ({ fees: sold.fees + 1n })),
  'tax that the channel remits': withSold((sold) => ({ channelTax: sold.channelTax + 1n })),
  'a tax': withSold((sold) => ({ taxes: sold.taxes.map((tax) => ({ ...tax, amount: tax.amount + 1n })) })),
  'the rate of a tax': withSold((sold) => ({ taxes: sold.taxes.map((tax) => ({ ...tax, rate: '1.234' })) })),
  'the total as it is now': (books) => ({
    ...books,
    current: { ...books.current, total: books.current.total + 1n },
  }),
  'money received': (books) => ({ ...books, received: books.received + 1n }),
  'money refunded': (books) => ({ ...books, refunded: books.refunded + 1n }),
  'cash rounding': (books) => ({ ...books, rounding: books.rounding - 1n }),
  'a reason to skip it': (books) => ({ ...books, skipped: 'test' }),
};

function withSold(
  change: (sold: ExpectedBooks['sold']) => Partial<ExpectedBooks['sold']>,
): (expected: ExpectedBooks) => ExpectedBooks {
  return (expected) => ({ ...expected, sold: { ...expected.sold, ...change(expected.sold) } });
}

void describe('the comparison', () => {
  for (const [name, slip] of Object.entries(SLIPS)) {
    void test(`sees a slip in ${name}`, () => {
      const { life, expected } = paidWithTax();
      assert.doesNotThrow(() => compare(life, expected));
      assert.throws(() => compare(life, slip(expected)), { name: 'AssertionError' });
    });
  }

  void test('says with which command a disagreement is seen again', () => {
    const shown = new Disagreement({ seed: 7, number: 12 }, new Error('tips'));
    assert.match(shown.message, /^Order 12 of seed 7: tips\nnpm run agree -- --seed 7 --from 12 --orders 1$/);
  });

  void test('draws the same order again for the same seed and number', () => {
    assert.deepEqual(lifeOf(7, 12).order, lifeOf(7, 12).order);
    assert.notDeepEqual(lifeOf(7, 12).order.lines, lifeOf(8, 12).order.lines);
  });
});

/** The first order that is booked and paid and bears a tax of the merchant's. */
function paidWithTax(): { life: Life; expected: ExpectedBooks } {
  for (let number = 1; number < 1000; number += 1) {
    const { outcome, cash } = examine(1, number);
    const life = lifeOf(1, number);
    const expected = expectedBooks(life.order, life.side);
    const isTaxed = expected.sold.taxes.some((tax) => !tax.isChannelLiable && tax.amount > 0n);
    if (outcome === 'native' && cash === 'known' && expected.received > 0n && isTaxed) {
      return { life, expected };
    }
  }
  return assert.fail('no such order among a thousand');
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expectedAmazonBooks } from '#sim/amazon/check.ts';
import type { ExpectedAmazonBooks } from '#sim/amazon/check.ts';
import { amazonLifeOf, walk } from '#tests/amazon/agreement.ts';
import type { Life } from '#tests/amazon/agreement.ts';
import { tallyOf } from '#tests/orders/tally.ts';

/** Chosen anew in every process, and printed: `FC_SEED=… node --test FILE` draws the same lives again. */
const SEED = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff));
/** Some seconds of one core; `npm run agree -- --source amazon` takes any number. */
const LIVES = 300;

void describe('the program and the simulators, of Amazon', () => {
  void test(`agree to the minor unit after every event of ${LIVES} random lives`, (context) => {
    context.diagnostic(`FC_SEED=${SEED}`);
    const { outcomes, holds, kinds, lives } = tallyOf({
      source: 'amazon',
      seed: SEED,
      from: 1,
      orders: LIVES,
    });
    assert.equal(lives, LIVES);
    const shown = [...outcomes, ...holds].map(([key, times]) => `${key} ${times}`);
    context.diagnostic(`${shown.join(', ')}, of ${lives}`);
    for (const kind of ['invoice', 'sent', 'payment', 'payment-change', 'lines', 'void', 'expense']) {
      assert.ok((kinds.get(kind) ?? 0) > 0, kind);
    }
  });
});

/** What a slip of one minor unit, or of a day, would look like on the oracle's side: each must be seen. */
const SLIPS: Readonly<Record<string, (expected: ExpectedAmazonBooks) => ExpectedAmazonBooks>> = {
  'the total': (books) => ({ ...books, sold: { ...books.sold, total: books.sold.total + 1n } }),
  'what it is worth now': (books) => ({ ...books, now: { ...books.now, worth: books.now.worth - 1n } }),
  'what was kept': (books) => ({ ...books, now: { ...books.now, kept: books.now.kept + 1n } }),
  'the day of the invoice': (books) => ({ ...books, invoicedOn: '2026-01-01' }),
  'the day of the payment': (books) => ({ ...books, paidOn: '2026-01-01' }),
  'a tax': (books) => ({
    ...books,
    now: { ...books.now, taxes: books.now.taxes.map((tax) => ({ ...tax, amount: tax.amount + 1n })) },
  }),
  'why it is skipped': (books) => ({ ...books, skipped: 'replacement' }),
};

void describe('the comparison, of Amazon', () => {
  for (const [name, slip] of Object.entries(SLIPS)) {
    void test(`sees a slip in ${name}`, () => {
      const life = bookedWithTax();
      assert.doesNotThrow(() => walk(life));
      assert.throws(() => walk(life, (order) => slip(expectedAmazonBooks(order))), {
        name: 'AssertionError',
      });
    });
  }
});

/** A life that ends booked, with tax of the seller's own and nothing asked. */
function bookedWithTax(): Life {
  for (let number = 1; number < 5_000; number += 1) {
    const life = amazonLifeOf(3, number);
    const last = life.states.at(-1);
    const expected = last === undefined ? undefined : expectedAmazonBooks(last.order);
    const isBooked = expected !== undefined && expected.skipped === null && expected.now.taxes.length > 0;
    if (isBooked && expected.refunds.length === 0 && walk(life).outcome === 'equal') {
      return life;
    }
  }
  return assert.fail('no such life among the first of this seed');
}

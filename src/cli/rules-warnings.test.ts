import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLocalDate } from '#core/time.ts';
import { closingWarnings, dayWarnings, warningsOf } from './rules-warnings.ts';

const CHOSEN = { refundCategory: 'Other Expenses', channelFees: 'none' } as const;
const day = parseLocalDate;

test('taxes as percentages need no warning, whatever is named', () => {
  assert.deepEqual(warningsOf({ ...CHOSEN, taxLines: {} }), []);
  assert.deepEqual(warningsOf({ ...CHOSEN, taxLines: { CA: 'percentages', default: 'percentages' } }), []);
});

test('taxes as own lines are warned of once, with the countries and what FreshBooks makes of them', () => {
  const warnings = warningsOf({
    ...CHOSEN,
    taxLines: { default: 'own_lines', CA: 'own_lines', US: 'percentages', BR: 'own_lines' },
  });
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    /^Taxes stand as lines of their own on invoices of BR, CA, every other country /,
  );
  assert.match(warnings[0] ?? '', /untaxed line as sales, .* Sales Tax Summary stays empty/);
});

test('refunds without a category are warned of', () => {
  assert.match(
    warningsOf({ taxLines: {}, channelFees: 'none' })[0] ?? '',
    /^No expense category is chosen for refunds /,
  );
});

test('fees without a category are warned of where they are booked', () => {
  const rules = { ...CHOSEN, taxLines: {}, channelFees: 'per_settlement' } as const;
  assert.match(warningsOf(rules)[0] ?? '', /^No expense category is chosen for fees /);
  assert.deepEqual(warningsOf({ ...rules, feeCategory: 'Commissions' }), []);
});

test('days still to come are warned of: a first day after today, and a closed day that is not over', () => {
  const warned = (booksStart: string, closedThrough: string): number =>
    dayWarnings({ booksStart: day(booksStart), closedThrough: day(closedThrough) }, day('2026-11-26')).length;
  assert.equal(warned('2026-11-26', '2026-11-25'), 0);
  assert.equal(warned('2026-11-27', '2026-11-25'), 1);
  assert.equal(warned('2026-11-26', '2026-11-26'), 1);
  assert.equal(warned('2027-01-01', '2027-01-01'), 2);
  assert.deepEqual(dayWarnings({}, day('2026-11-26')), []);
});

test('days that one route closes and another leaves open are warned of, for both are booked into one account', () => {
  const route = (from: string, rules: { booksStart?: string; closedThrough?: string }) => ({
    from,
    rules: {
      ...(rules.booksStart === undefined ? {} : { booksStart: day(rules.booksStart) }),
      ...(rules.closedThrough === undefined ? {} : { closedThrough: day(rules.closedThrough) }),
    },
  });
  const shop = route('shopify', { booksStart: '2026-01-01', closedThrough: '2026-10-31' });
  const warned = (amazon: { booksStart?: string; closedThrough?: string }): readonly string[] =>
    closingWarnings([shop, route('amazon', amazon)]);
  assert.deepEqual(closingWarnings([shop]), []);
  assert.deepEqual(warned({ closedThrough: '2026-10-31' }), []);
  assert.deepEqual(warned({ booksStart: '2026-11-01' }), [], 'it begins later');
  for (const open of [{}, { booksStart: '2026-01-01' }, { closedThrough: '2026-09-30' }]) {
    assert.deepEqual(warned(open), [
      'Days through 2026-10-31 are closed for orders from shopify and not for those from amazon (closed_through): both are booked into one account, so set it in both routes',
    ]);
  }
  assert.equal(warned({ closedThrough: '2026-11-30' }).length, 1, 'the other way round');
});

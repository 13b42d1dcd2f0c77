import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warningsOf } from './rules-warnings.ts';

test('taxes as percentages need no warning, whatever is named', () => {
  assert.deepEqual(warningsOf({ taxLines: {} }), []);
  assert.deepEqual(warningsOf({ taxLines: { CA: 'percentages', default: 'percentages' } }), []);
});

test('taxes as own lines are warned of once, with the countries and what FreshBooks makes of them', () => {
  const warnings = warningsOf({
    taxLines: { default: 'own_lines', CA: 'own_lines', US: 'percentages', BR: 'own_lines' },
  });
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    /^Taxes stand as lines of their own on invoices of BR, CA, every other country /,
  );
  assert.match(warnings[0] ?? '', /untaxed line as sales, .* Sales Tax Summary stays empty/);
});

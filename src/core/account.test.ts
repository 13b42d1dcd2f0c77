import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order } from '#tests/build.ts';
import { withAdditions } from './account.ts';
import * as money from './money.ts';
import type { Order } from './order.ts';

/** What is known of when lines came. Of money by it: `life-edits.test.ts`, `settling.test.ts`. */

const CUP = line({ unitPrice: money.parse('20.00', 'USD') });
const PLATE = line({ key: 'item:2', unitPrice: money.parse('5.00', 'USD') });
const BOWL = line({ key: 'item:3', unitPrice: money.parse('3.00', 'USD') });
const [MONDAY, TUESDAY, FRIDAY] = ['2026-11-16', '2026-11-17', '2026-11-20'].map((day) =>
  at(`${day}T10:00:00Z`),
) as [Order['updatedAt'], Order['updatedAt'], Order['updatedAt']];
const state = (updatedAt: Order['updatedAt'], ...lines: Order['lines']): Order => order({ lines, updatedAt });

describe('a line that an earlier state did not hold', () => {
  test('came after that state, and stays so', () => {
    const first = withAdditions(state(MONDAY, CUP), undefined);
    assert.equal(first.additions, undefined);
    const second = withAdditions(state(TUESDAY, CUP, PLATE), first);
    assert.deepEqual(second.additions, [{ line: 'item:2', after: MONDAY }]);
    const third = withAdditions(state(FRIDAY, CUP, PLATE, BOWL), second);
    assert.deepEqual(third.additions, [
      { line: 'item:2', after: MONDAY },
      { line: 'item:3', after: TUESDAY },
    ]);
  });

  test('may have been there all along, where that state did not show all or is not to be relied on', () => {
    const now = state(TUESDAY, CUP, PLATE);
    const cut = { ...state(MONDAY, CUP), total: money.parse('25.00', 'USD') };
    const doubted = {
      ...state(MONDAY, CUP),
      doubt: { ask: 'shop', why: 'Lines are missing', facts: [] } as const,
    };
    for (const before of [cut, doubted]) {
      assert.equal(withAdditions(now, before).additions, undefined);
      const known = withAdditions(before, state(MONDAY, BOWL));
      assert.deepEqual(withAdditions(now, known).additions, [{ line: 'item:1', after: MONDAY }]);
    }
  });
});

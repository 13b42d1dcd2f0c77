import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, line, order } from '#tests/build.ts';
import { withAdditions } from './account.ts';
import * as money from './money.ts';
import type { Order } from './order.ts';

/** What is known of when lines came. Of money by it: `life-additions.test.ts`, `settling.test.ts`. */

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

  test('is known for ever, whatever a state between leaves out or cannot tell', () => {
    const second = withAdditions(state(TUESDAY, CUP, PLATE), state(MONDAY, CUP));
    const doubt = { ask: 'shop', why: 'Its refunds do not add up', facts: [] } as const;
    const cut = { ...state(TUESDAY, CUP), total: money.parse('25.00', 'USD') };
    for (const unsure of [{ ...state(TUESDAY, CUP, PLATE), doubt }, cut]) {
      const third = withAdditions(unsure, second);
      const fourth = withAdditions(state(FRIDAY, CUP, PLATE), third);
      assert.deepEqual(fourth.additions, [{ line: 'item:2', after: MONDAY }]);
    }
  });

  test('that is gone again came later, when it comes again', () => {
    const second = withAdditions(state(TUESDAY, CUP, PLATE), state(MONDAY, CUP));
    const third = withAdditions(state(TUESDAY, CUP), second);
    assert.equal(third.additions, undefined);
    const fourth = withAdditions(state(FRIDAY, CUP, PLATE), third);
    assert.deepEqual(fourth.additions, [{ line: 'item:2', after: TUESDAY }]);
  });

  test('is one of which there is more now, as it was', () => {
    const two = { ...CUP, quantity: 2 };
    const [tip, more] = ['3', '4'].map((amount) =>
      line({ key: 'tip', kind: 'tip', unitPrice: money.parse(amount, 'USD') }),
    );
    assert(tip !== undefined && more !== undefined);
    const second = withAdditions(state(TUESDAY, two, tip), state(MONDAY, CUP, tip));
    assert.deepEqual(second.additions, [{ line: 'item:1', after: MONDAY, was: CUP }]);
    const third = withAdditions(state(FRIDAY, two, more), second);
    assert.deepEqual(third.additions, [
      ...(second.additions ?? []),
      { line: 'tip', after: TUESDAY, was: tip },
    ]);
  });

  test('is told by no state in another currency', () => {
    const euros = order({ lines: [line({ unitPrice: money.parse('18.00', 'EUR') })], updatedAt: MONDAY });
    assert.equal(withAdditions(state(TUESDAY, CUP, PLATE), euros).additions, undefined);
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

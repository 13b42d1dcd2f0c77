import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { createPace } from './pace.ts';

void describe('the pace of calls', () => {
  void test('lets a first call pass though the clock ticks while it is weighed', () => {
    let ms = Date.UTC(2026, 10, 20);
    const ticking: Clock = {
      now: () => instant((ms += 1)),
      sleep: () => Promise.resolve(),
    };
    const pace = createPace(ticking);
    pace.take(['searchOrders'], 'somebody');
    assert.doesNotThrow(() => pace.take(['getOrder', 'listTransactions'], 'somebody'));
  });
});

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { orders } from '#tests/draw.ts';
import { law } from '#tests/law.ts';
import * as money from './money.ts';
import { discountOf, grossOf, netOf, taxOf, totalByLines } from './order.ts';

law(
  'a line’s price less its discounts is its net, with the tax within or without',
  fc.property(orders, (order) => {
    for (const line of order.lines) {
      const paid = money.subtract(grossOf(line), discountOf(line));
      assert.deepEqual(money.add(netOf(line, true), taxOf(line)), paid);
      assert.deepEqual(netOf(line, false), paid);
    }
  }),
);

law(
  'the total does not depend on the order of the lines',
  fc.property(orders, (order) => {
    assert.deepEqual(totalByLines({ ...order, lines: order.lines.toReversed() }), order.total);
  }),
);

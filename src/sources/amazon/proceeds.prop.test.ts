import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf, taxOf, totalByLines } from '#core/order.ts';
import type { OrderLine } from '#core/order.ts';
import { drawnOrders } from '#tests/amazon/draw-orders.ts';
import type { DrawnCharge, DrawnOrder } from '#tests/amazon/draw-orders.ts';
import { readOf } from '#tests/amazon/order-json.ts';
import { law } from '#tests/law.ts';
import { pricedOf } from './proceeds.ts';
import type { Priced } from './proceeds.ts';

function priced({ json, store }: DrawnOrder): Priced {
  const found = pricedOf(readOf(json).order, store);
  assert(found !== undefined);
  return found;
}

function charges({ items }: DrawnOrder): readonly DrawnCharge[] {
  return items.flatMap((item) => item.charges);
}

function sumOver<T>(things: readonly T[], amountOf: (thing: T) => bigint): bigint {
  return things.reduce((sum, thing) => sum + amountOf(thing), 0n);
}

law(
  'an Amazon order whose figures add up by any reading sums to its total by its lines',
  fc.property(drawnOrders, (drawn) => {
    const found = priced(drawn);
    assert.deepEqual(totalByLines(found), found.grandTotal);
  }),
);

law(
  'its lines hold what was charged and taken off, each once, and nothing else',
  fc.property(drawnOrders, (drawn) => {
    const { lines } = priced(drawn);
    const minor = (amountOf: (line: OrderLine) => Money) => (line: OrderLine) => amountOf(line).minor;
    assert.equal(sumOver(lines, minor(grossOf)), sumOver(charges(drawn), ({ amount }) => amount) + drawn.tip);
    assert.equal(
      sumOver(lines, minor(discountOf)),
      sumOver(charges(drawn), ({ discount }) => discount),
    );
    if (drawn.tax === 'added') {
      assert.equal(
        sumOver(lines, minor(taxOf)),
        sumOver(charges(drawn), ({ tax }) => tax),
      );
    }
    assert.equal(new Set(lines.map(({ key }) => key)).size, lines.length, 'each line has its own key');
  }),
);

law(
  'every charge of an item is found again on its line',
  fc.property(drawnOrders, (drawn) => {
    const { lines, chargedFor } = priced(drawn);
    const places = {
      ITEM: 'ITEM',
      SHIPPING: 'SHIPPING',
      GIFT_WRAP: 'GIFT_WRAP',
      COD_FEE: 'COD_FEE',
      INSTALLATION: 'OTHER',
    } as const;
    for (const item of drawn.items) {
      for (const { place } of item.charges) {
        const key = chargedFor(item.id, places[place])?.key;
        assert(
          lines.some((line) => line.key === key),
          `${item.id} ${place}`,
        );
      }
    }
  }),
);

law(
  'the same order read twice, its items in any order, has the same lines under the same keys',
  fc.property(drawnOrders, (drawn) => {
    const { orderItems } = drawn.json;
    assert(Array.isArray(orderItems));
    const turned = { ...drawn, json: { ...drawn.json, orderItems: orderItems.toReversed() } };
    const byKey = (found: Priced): readonly OrderLine[] =>
      found.lines.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    assert.deepEqual(byKey(priced(turned)), byKey(priced(drawn)));
  }),
);

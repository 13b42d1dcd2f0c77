import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equal, show } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import { AMAZON, openAmazon } from '#tests/contract/source-amazon.ts';
import type { AmazonWorldOptions } from '#tests/contract/source-amazon.ts';
import { orderKey } from '#core/ids.ts';
import { sourceContract } from '#tests/contract/source.ts';

sourceContract({ name: 'Amazon in North America, in process', open: () => openAmazon() });
sourceContract({
  name: 'Amazon in Europe, over a socket',
  open: () => openAmazon({ region: 'eu', wire: 'socket' }),
});
sourceContract({
  name: 'Amazon in the Far East, with buyers',
  open: () => openAmazon({ region: 'fe', isBuyerKept: true, app: { role: 'shipping' } }),
});

/** What nobody could verify without a live seller. */
const DOUBTS: readonly (readonly [name: string, switches: NonNullable<AmazonWorldOptions['switches']>])[] = [
  ['with negative discounts', { discountSign: 'negative' }],
  ['with the tax on discounts taken off', { discountTax: 'taken off' }],
  ['with the tax on discounts only said', { discountTax: 'only said' }],
  ['without breakdowns of the order', { orderBreakdowns: 'absent' }],
  ['with breakdowns of nothing', { zeroBreakdowns: 'listed' }],
  ['with prices of pending orders', { pendingProceeds: 'present' }],
  ['with cancelled orders as placed', { cancelledProceeds: 'as placed' }],
  ['with cancelled orders for nothing', { cancelledProceeds: 'zero', cancelledQuantity: 'zero' }],
  ['with statuses of no model', { unknownStatus: 'sometimes' }],
  ['with channels by the name of the store', { channelName: 'marketplace name' }],
  ['with withheld tax by its old names', { withheldTax: 'v0 names' }],
  ['with withheld tax by one name', { withheldTax: 'one name' }],
  ['with nulls in Finances', { financesNulls: 'nulls' }],
  ['with Finances as in the example', { financesShape: 'model example' }],
  ['with groups of Finances by sign', { financesGroups: 'by sign' }],
  ['with what promotions save of taxes among the rebates', { rebates: 'with tax' }],
  ['with releases as transactions of their own', { release: 'another' }],
  ['with Finances two days late', { financesLag: 'last 48 hours' }],
  ['with empty pages of Finances', { emptyPages: 'between' }],
];

describe('Amazon, every kind of order adds up however it is told', () => {
  for (const [name, switches] of DOUBTS) {
    test(name, async () => {
      for (const region of ['na', 'eu'] as const) {
        const { source, orders, world, remarks } = await openAmazon({ region, switches });
        assert(orders.length > 5);
        for (const { key, name: scenario } of orders) {
          const sorted = source.sort(await source.read(key));
          assert(sorted.kind === 'order');
          const { order } = sorted.snapshot;
          const placed = world.order(order.vendorId);
          assert(placed !== undefined);
          // A tip stands only in what is told of the order itself: without that the sums differ, and a person is asked.
          const isTipTold = placed.tip === null || switches.orderBreakdowns !== 'absent';
          const sums = `${scenario}: ${show(totalByLines(order))}, ${show(order.total)}`;
          assert.equal(equal(totalByLines(order), order.total), isTipTold, sums);
          const isPaidBack = placed.refunds.length > 0 && switches.financesLag === undefined;
          const isTold = placed.status !== 'CANCELLED' || switches.cancelledProceeds === 'as placed';
          assert.equal(order.refunds.length > 0, isPaidBack && isTold, scenario);
        }
        assert.deepEqual(remarks, []);
      }
    });
  }

  test('in random sellers, whatever becomes of the orders', async () => {
    const { source, world, clock } = await openAmazon({ scenarios: 'none' });
    let read = 0;
    for (let count = 0; count < 120; count += 1) {
      let placed = world.placeRandom();
      for (let acts = 0; acts < count % 5; acts += 1) {
        placed = world.actRandom(placed.id);
      }
      await clock.advance(180_000);
      if (placed.marketplace.region === 'na') {
        const sorted = source.sort(await source.read(orderKey(AMAZON, placed.id)));
        assert(sorted.kind === 'order');
        const { order } = sorted.snapshot;
        assert(equal(totalByLines(order), order.total), placed.id);
        read += 1;
      }
    }
    assert(read > 10, `${read} of the region`);
  });
});

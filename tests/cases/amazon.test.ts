import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BalanceEntry } from '#sim/amazon/ledger.ts';
import { MARKETPLACES } from '#sim/amazon/marketplaces.ts';
import { selling } from '#tests/amazon/selling.ts';

/** Cases 38 and 39 of docs/bookkeeping.md: what is Amazon's alone. */

const DAY_MS = 86_400_000;

function cents(amount: string): bigint {
  return BigInt(amount.replace('.', ''));
}

/** Of the seller's balance beside his orders. */
function unitedStates(type: BalanceEntry['type'], name: string, amount: bigint): BalanceEntry {
  const marketplace = MARKETPLACES.find(({ country }) => country === 'US');
  assert(marketplace !== undefined);
  return { type, marketplace, name, cents: amount };
}

void describe('cases of Amazon', () => {
  void test('case 38: an order is booked when it is shipped, at the price of all its pieces, and a cancelled one never', () =>
    selling({ region: 'na' }, async ({ place, scenario, act, expected, invoices, standing }) => {
      const pending = await place({ items: [{ product: 0, quantity: 3, cents: 1_111n }], status: 'PENDING' });
      assert.equal(pending.state, 'skipped');
      assert.match(pending.reason ?? '', /Waits to be booked/);
      const unshipped = await act(pending, { kind: 'confirm' });
      assert.equal(unshipped.state, 'skipped');
      assert.deepEqual(invoices(unshipped), []);

      const shipped = await act(unshipped, { kind: 'ship' }, DAY_MS);
      assert.equal(shipped.state, 'settled');
      const { now, lines, invoicedOn } = expected(shipped);
      const [invoice] = invoices(shipped);
      assert.equal(cents(invoice?.amount ?? ''), now.worth);
      assert.equal(invoice?.createdOn, invoicedOn, 'the day it was shipped, at the store');
      const [goods] = invoice?.lines ?? [];
      assert.equal(cents(goods?.amount ?? ''), lines[0]?.amount);
      assert.deepEqual([standing(shipped).invoiced, standing(shipped).paid], [now.worth, now.worth]);

      for (const kind of ['cancelled while pending', 'cancelled before shipping'] as const) {
        const cancelled = await scenario(kind);
        assert.equal(cancelled.state, 'skipped');
        assert.deepEqual(invoices(cancelled), []);
      }
    }));

  void test('case 39: tax that Amazon collects is on no invoice, its fees and reserves move the clearing alone, and refunds come from its ledger', () =>
    selling({ region: 'na' }, async ({ place, act, expected, standing, invoices, notes }) => {
      const order = await place({ items: [{ product: 0, shippingCents: 690n }] });
      const { sold } = expected(order);
      assert(sold.channelTax > 0n, 'Amazon collects the tax there');
      assert.equal(order.state, 'settled');
      assert.equal(standing(order).invoiced, sold.total - sold.channelTax);
      assert.equal(standing(order).paid, sold.total - sold.channelTax, 'whatever Amazon keeps of it for now');
      assert.deepEqual(
        invoices(order).flatMap(({ lines }) => lines.flatMap(({ taxes }) => taxes)),
        [],
      );
      assert.equal(notes(order).length, 1);

      const refunded = await act(order, { kind: 'refund', request: { of: 'shipping' } });
      const { now } = expected(refunded);
      assert(now.worth < sold.invoiceTotal);
      assert.equal(refunded.state, 'settled');
      assert.deepEqual([standing(refunded).net, standing(refunded).paid], [now.worth, now.kept]);
    }));

  void test('case 39: its fees are one expense for each settlement by rule, and neither money for lost goods nor the payout is in it', () =>
    selling({ region: 'na' }, async (seller) => {
      const { ruleBy, place, act, post, payOut, wait, standing, expectedSettlements, feeExpenses } = seller;
      await ruleBy('channel_fees: per_settlement', 'fee_category: Supplies');
      const order = await place({ items: [{ product: 0, shippingCents: 690n }], fulfilledBy: 'AMAZON' });
      const refunded = await act(order, { kind: 'refund', request: { of: 'shipping' } });
      const before = standing(refunded);
      post(unitedStates('ServiceFee', 'Subscription', -3_999n));
      post(unitedStates('Adjustment', 'WAREHOUSE_LOST', 1_500n));
      await payOut();
      const [settlement] = await wait(4 * DAY_MS);
      const [expected] = expectedSettlements();
      assert(expected !== undefined && expected.reimbursed === 1_500n && expected.fees > 3_999n);
      assert.equal(settlement?.state, 'settled');
      assert.deepEqual(
        feeExpenses().map(({ amount, date }) => [cents(amount), date]),
        [[expected.fees, expected.on]],
      );
      assert.deepEqual(standing(refunded), before, 'the order stands as it stood');
    }));
});

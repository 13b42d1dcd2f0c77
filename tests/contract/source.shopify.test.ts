import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equal } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import { assertSameSnapshot, sourceContract } from '#tests/contract/source.ts';
import type { ShownOrder } from '#tests/contract/source.ts';
import { openShopify, shownOrder } from '#tests/contract/source-shopify.ts';
import type { ShopifyWorld, ShopifyWorldOptions } from '#tests/contract/source-shopify.ts';

sourceContract({ name: 'Shopify, in process', open: () => openShopify() });
sourceContract({ name: 'Shopify, over a socket', open: () => openShopify({ wire: 'socket' }) });

/** What nobody could verify without a live shop, and both sides of the currency. */
const DOUBTS: readonly (readonly [name: string, options: ShopifyWorldOptions])[] = [
  ['in the buyer’s currency', { currencySide: 'presentment' }],
  ['with tips inside the total of the lines', { switches: { tip: 'line inside total' } }],
  ['with tips without a line', { switches: { tip: 'no line' } }],
  ['with refunded lines shown net', { switches: { refundLineSubtotal: 'net' } }],
  ['with refunded shipping shown twice', { switches: { refundedShipping: 'both' } }],
  [
    'with amount-only refunds that lower the total',
    { switches: { amountOnlyRefundLowersCurrentTotal: true } },
  ],
  ['with buyers withheld', { switches: { protectedData: 'denied' } }],
];

describe('Shopify, every kind of order reads as it is sent', () => {
  for (const [name, options] of DOUBTS) {
    test(name, async () => {
      const shop = await openShopify(options);
      for (const order of shop.orders) {
        await assertReadsAsSent(shop, order);
      }
    });
  }

  test('in random shops, whatever becomes of the orders', async () => {
    const shop = await openShopify({ scenarios: 'none' });
    for (let count = 0; count < 40; count += 1) {
      const { id } = shop.world.placeRandom();
      for (let acts = 0; acts < count % 4 && shop.world.order(id) !== undefined; acts += 1) {
        shop.world.actRandom(id);
      }
      if (shop.world.order(id) !== undefined) {
        await assertReadsAsSent(shop, shownOrder(shop, id));
      }
    }
  });

  test('an order of a merchant of record is asked about in both', async () => {
    const shop = await openShopify({ scenarios: 'none' });
    const { id } = shop.world.place({
      items: [{ kind: 'product', index: 0, quantity: 1 }],
      isSoldForMerchant: true,
      payment: { kind: 'paid', gateway: 'shopify_payments' },
    });
    const { key, message } = shownOrder(shop, id);
    const verdict = await shop.source.verify(message);
    assert.ok(verdict.proof === 'authentic');
    for (const shown of [verdict.message, await shop.source.read(key)]) {
      const sorted = shop.source.sort(shown);
      assert.equal(
        sorted.kind === 'order' ? sorted.snapshot.order.doubt?.code : sorted.kind,
        'order-tax-withheld',
      );
    }
  });

  test('an edit that does not raise the total is left to the sums check, alike in both', async () => {
    const shop = await openShopify({ scenarios: 'none', switches: { editRaisesTotalPrice: false } });
    const { id } = shop.world.scenario('edited, line added after payment');
    await assertReadsAsSent(shop, shownOrder(shop, id), { addsUp: false });
  });
});

async function assertReadsAsSent(
  { source }: ShopifyWorld,
  { name, key, message }: ShownOrder,
  { addsUp } = { addsUp: true },
): Promise<void> {
  const verdict = await source.verify(message);
  assert(verdict.proof === 'authentic');
  const sent = source.sort(verdict.message);
  const read = source.sort(await source.read(key));
  assert(sent.kind === 'order' && read.kind === 'order');
  assertSameSnapshot({ sent: sent.snapshot, read: read.snapshot }, name);
  const { order } = read.snapshot;
  assert.equal(equal(totalByLines(order), order.total), addsUp, name);
}

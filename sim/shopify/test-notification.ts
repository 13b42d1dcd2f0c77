import type { World } from '#sim/world.ts';
import type { Clock } from '#sim/world/random.ts';
import { orderBody } from './body.ts';
import type { JsonObject } from './line-body.ts';
import type { Bag } from '#sim/world/money.ts';
import type { Line } from '#sim/world/order.ts';
import type { Switches } from './switches.ts';

const TEST_ORDER_ID = 820_982_911_946_154_508n;

/** Discounted by 20.00 without allocations, voided, cancelled, unconfirmed: it must be refused (vendors/shopify.md 4.1, 7). */
export function testNotificationBody(
  { world, clock }: { world: World; clock: Clock },
  switches: Switches,
): JsonObject {
  const { shop } = world;
  const now = clock.now() - (clock.now() % 1_000);
  const price = { shop: 16_900n, presentment: 16_900n };
  const body = orderBody(
    {
      id: TEST_ORDER_ID,
      orderNumber: 1234,
      name: '#9999',
      createdAt: now,
      processedAt: now,
      updatedAt: now,
      cancelled: { at: now, reason: 'customer' },
      closedAt: null,
      currency: shop.currency,
      presentmentCurrency: shop.currency,
      taxesIncluded: false,
      taxExempt: false,
      isTest: true,
      isConfirmed: false,
      isEdited: false,
      sourceName: 'web',
      customer: null,
      email: 'jon@example.com',
      phone: null,
      billingAddress: null,
      shippingAddress: null,
      note: null,
      tags: ['tag1', 'tag2'],
      poNumber: null,
      merchantOfRecordAppId: null,
      discounts: [],
      lines: [testLine(price)],
      shipping: [],
      tip: { shop: 0n, presentment: 0n },
      fees: [],
      transactions: [],
      refunds: [],
      originalTotal: price,
      statedStatus: null,
      isAuthorizationExpired: false,
      paymentTerms: null,
      fulfillment: 'unfulfilled',
    },
    { shop, switches },
  );
  const bag = bagIn(shop.currency);
  return {
    ...body,
    total_discounts: '20.00',
    total_discounts_set: bag('20.00'),
    total_price: '159.00',
    total_price_set: bag('159.00'),
    subtotal_price: '159.00',
    subtotal_price_set: bag('159.00'),
  };
}

function bagIn(currency: string): (amount: string) => JsonObject {
  return (amount) => {
    const money = { amount, currency_code: currency };
    return { shop_money: money, presentment_money: money };
  };
}

function testLine(price: Bag): Line {
  return {
    id: 866_550_311_766_439_020n,
    kind: 'product',
    productId: 8_142_655_586_607n,
    variantId: 48_539_281_359_172n,
    title: 'Test item',
    variantTitle: null,
    sku: 'TEST',
    vendor: null,
    price,
    quantity: 1,
    taxClass: 'standard',
    requiresShipping: true,
    properties: [],
    allocations: [],
    taxes: [],
    duties: [],
  };
}

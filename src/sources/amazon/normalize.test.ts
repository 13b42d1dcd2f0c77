import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { show } from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { localDate, showInstant } from '#core/time.ts';
import {
  AMAZON,
  ORDER_ID,
  STORES,
  itemJson,
  normalized,
  orderJson,
  snapshotOf,
  transactionJson,
} from '#tests/amazon/order-json.ts';
import type { Store } from '#tests/amazon/order-json.ts';

const ITEM = itemJson({ ITEM: '10.00' });
const SHIPPED = orderJson([ITEM], { total: '10.00' });

const withFields = (fields: object, json: object = SHIPPED): Order => normalized({ ...json, ...fields });
const inStatus = (fulfillmentStatus: string, json: object = SHIPPED): Order =>
  withFields({ fulfillment: { fulfillmentStatus } }, json);
type Json = ReturnType<typeof transactionJson>;
const shipment = (at: string, id = 's'): ReturnType<typeof transactionJson> =>
  transactionJson(['Shipment', '10.00'], [], { id, at, whole: { ProductCharges: '10.00' } });
const refund = transactionJson(['Refund', '-10.00'], [{ amounts: { ProductCharges: '-10.00' } }], {
  id: 'r',
});

describe('an Amazon order', () => {
  test('is known by its id, and by its store', () => {
    const { key, connection, source, vendorId, name, number, shop, channel, currency, country } =
      normalized(SHIPPED);
    assert.deepEqual(
      { key, connection, source, vendorId, name, number, shop, channel, currency, country },
      {
        key: `amazon/${ORDER_ID}`,
        connection: AMAZON,
        source: 'amazon',
        vendorId: ORDER_ID,
        name: ORDER_ID,
        number: ORDER_ID,
        shop: 'Amazon.com',
        channel: 'Amazon.com',
        currency: 'USD',
        country: 'US',
      },
    );
  });

  test('is delivered to the country of its recipient, else to that of its store', () => {
    const to = (countryCode: string): string | undefined =>
      withFields({ recipient: { deliveryAddress: { countryCode } } }).country;
    assert.equal(to('ch'), 'CH');
    assert.equal(to(''), 'US');
    assert.equal(to('Suisse'), 'US');
  });

  test('of a store that is not known is refused, and of another channel taken as that', () => {
    const at = (salesChannel: object): Order => withFields({ salesChannel });
    for (const channelName of ['AMAZON', 'Amazon.co.nz']) {
      assert.throws(
        () => at({ channelName, marketplaceId: 'A0NEW' }),
        (thrown) =>
          thrown instanceof Failure &&
          /salesChannel.marketplaceId: "A0NEW" is not a known marketplace/.test(thrown.message),
      );
    }
    const other = at({ channelName: 'NON_AMAZON', marketplaceName: 'My own shop' });
    assert.deepEqual(
      [other.sourceName, other.shop, other.zone, other.currency],
      ['NON_AMAZON', 'My own shop', at({ channelName: 'NON_AMAZON' }).zone, 'USD'],
    );
    assert.equal(at({ channelName: 'NON_AMAZON' }).shop, 'NON_AMAZON');
  });

  test('of Amazon is sourced there, whether the channel is its name or the store’s', () => {
    const sourced = (channelName: string): string =>
      withFields({ salesChannel: { channelName, marketplaceId: STORES.DE.id } }).sourceName;
    assert.deepEqual(['AMAZON', 'Amazon.de', 'NON_AMAZON'].map(sourced), ['AMAZON', 'AMAZON', 'NON_AMAZON']);
  });

  test('has its programs as tags, and what it stands for', () => {
    const associatedOrders = [
      { orderId: 'x', associationType: 'REPLACEMENT_ORIGINAL_ID' },
      { orderId: 'y', associationType: 'EXCHANGE_ORIGINAL_ID' },
      { orderId: 'z', associationType: 'SOMETHING_ELSE' },
    ];
    assert.deepEqual(
      withFields({ associatedOrders, programs: ['PRIME', 'INVOICE_BY_AMAZON', 'PRIME'] }).tags,
      ['PRIME', 'INVOICE_BY_AMAZON', 'REPLACEMENT', 'EXCHANGE'],
    );
    assert.deepEqual(normalized(SHIPPED).tags, []);
  });

  test('carries a company’s own order number', () => {
    assert.equal(withFields({ buyer: { buyerPurchaseOrderNumber: 'PO-4711' } }).buyerReference, 'PO-4711');
    assert.equal('buyerReference' in normalized(SHIPPED), false);
  });
});

describe('the day of an Amazon order', () => {
  const day = (order: Order): string => localDate(order.placedAt, order.zone);

  test('is that of its last package, else of its shipment in Finances, else of its last change', () => {
    const packages = [
      { shipTime: '2026-11-19T20:00:00Z' },
      { shipTime: null },
      { shipTime: '2026-11-21T20:00:00Z' },
      { shipTime: '2026-11-20T20:00:00Z' },
    ];
    const at = (order: Order): string => showInstant(order.placedAt);
    const transactions = [shipment('2026-11-22T20:00:00Z', 'b'), shipment('2026-11-19T20:00:00Z', 'a')];
    assert.equal(at(normalized({ ...SHIPPED, packages }, transactions)), '2026-11-21T20:00:00.000Z');
    assert.equal(at(normalized(SHIPPED, transactions)), '2026-11-22T20:00:00.000Z');
    assert.equal(at(normalized(SHIPPED, [])), '2026-11-20T10:00:00.000Z');
    const near = [
      [SHIPPED, []],
      [SHIPPED, undefined],
      [{ ...SHIPPED, packages }, undefined],
      [SHIPPED, transactions],
    ] as const;
    assert.deepEqual(
      near.map(([json, ledger]) => normalized(json, ledger).datedBy !== undefined),
      [true, true, false, false],
    );
    assert.equal(
      at(inStatus('UNSHIPPED', { ...SHIPPED, packages })),
      '2026-11-18T10:00:00.000Z',
      'until then when it was placed',
    );
  });

  test('waits for the ledger to show all that was shipped: what it shows before is of an earlier shipment', () => {
    const packages = [{ shipTime: '2026-11-28T20:00:00Z' }, { shipTime: '2026-12-02T20:00:00Z' }];
    const orderItems = [itemJson({ ITEM: '20.00' }, { quantity: 2, fulfilled: 2 })];
    const sold = {
      ...orderJson(orderItems, { total: '20.00' }),
      orderItems,
      lastUpdatedTime: '2026-12-02T21:00:00Z',
    };
    const sent = (id: string, at: string): ReturnType<typeof transactionJson> =>
      transactionJson(['Shipment', '10.00'], [{ amounts: { ProductCharges: '10.00' } }], { id, at });
    const [first, second] = [sent('a', '2026-11-28T22:00:00Z'), sent('b', '2026-12-02T22:00:00Z')];
    const days = (json: Json, transactions: readonly Json[]): readonly (string | undefined)[] => {
      const { placedAt, cash, datedBy } = normalized(json, transactions);
      assert(cash.state === 'known');
      return [showInstant(placedAt), ...cash.tenders.map(({ at }) => showInstant(at)), datedBy && 'near'];
    };
    const [last, changed] = ['2026-12-02T22:00:00.000Z', '2026-12-02T21:00:00.000Z'];
    assert.deepEqual(days(sold, [first]), [changed, changed, 'near']);
    assert.deepEqual(days(sold, [first, second]), [last, last, undefined]);
    const handed = '2026-12-02T20:00:00.000Z';
    assert.deepEqual(days({ ...sold, packages }, [first]), [handed, handed, undefined]);
    assert.deepEqual(days({ ...sold, packages }, [first, second]), [handed, last, undefined]);

    const gift = itemJson({ ITEM: '0.00' }, { id: '2', fulfilled: 1 });
    const withGift = { ...sold, orderItems: [...sold.orderItems, gift] };
    assert.deepEqual(days(withGift, [first, second]), [last, last, undefined], 'the ledger shows no gifts');

    const part = { ...sold, fulfillment: { fulfillmentStatus: 'PARTIALLY_SHIPPED' } };
    assert.equal(days(part, [first, second])[0], '2026-11-28T22:00:00.000Z', 'of the first of them');
  });

  test('is by the clock of its store', () => {
    const shipped = '2026-12-31T23:30:00Z';
    const days = (['US', 'GB', 'DE', 'JP'] as const).map((store: Store) => {
      const { currency } = STORES[store];
      const amount = currency === 'JPY' ? '10' : '10.00';
      const json = orderJson([itemJson({ ITEM: amount }, { currency })], { store, total: amount });
      return day(withFields({ packages: [{ shipTime: shipped }] }, json));
    });
    assert.deepEqual(days, ['2026-12-31', '2026-12-31', '2027-01-01', '2027-01-01']);
  });

  test('of its payment is the shipment’s in Finances, else its own', () => {
    const packages = [{ shipTime: '2026-11-19T20:00:00Z' }];
    const paid = (order: Order): readonly unknown[] => {
      assert(order.cash.state === 'known');
      return order.cash.tenders.map(({ gateway, amount, at, transactionId }) => [
        gateway,
        show(amount),
        showInstant(at),
        transactionId,
      ]);
    };
    const gateway = `amazon:${ORDER_ID} clearing`;
    assert.deepEqual(paid(normalized({ ...SHIPPED, packages }, [shipment('2026-11-22T20:00:00Z')])), [
      [gateway, '10.00 USD', '2026-11-22T20:00:00.000Z', 's'],
    ]);
    assert.deepEqual(paid(normalized({ ...SHIPPED, packages })), [
      [gateway, '10.00 USD', '2026-11-19T20:00:00.000Z', undefined],
    ]);
    assert.deepEqual(paid(inStatus('PARTIALLY_SHIPPED')), []);
    assert.deepEqual(paid(normalized(orderJson([itemJson({})], { total: '0.00' }))), []);
  });

  test('is not moved by a deferred payout', () => {
    const deferred = { ...shipment('2026-11-21T20:00:00Z'), transactionStatus: 'DEFERRED' };
    const released = { ...shipment('2026-12-21T20:00:00Z'), transactionStatus: 'DEFERRED_RELEASED' };
    assert.equal(day(normalized(SHIPPED, [deferred])), '2026-11-21');
    assert.equal(day(normalized(SHIPPED, [deferred, released])), '2026-11-21');
  });
});

describe('the state of an Amazon order', () => {
  const pending = (order: Order): string | undefined => order.pendingBecause;

  test('is fulfilled when all of it is shipped', () => {
    assert.deepEqual(
      ['UNSHIPPED', 'PARTIALLY_SHIPPED', 'SHIPPED', 'CANCELLED'].map(
        (status) => inStatus(status).isFulfilled,
      ),
      [false, false, true, false],
    );
  });

  test('in which its prices do not hold waits, whether it shows them or not', () => {
    for (const json of [SHIPPED, orderJson([ITEM])]) {
      assert.equal(pending(inStatus('PENDING', json)), 'Amazon says that it is "PENDING"');
      assert.equal(
        pending(inStatus('PENDING_AVAILABILITY', json)),
        'Amazon says that it is "PENDING_AVAILABILITY"',
      );
      assert.equal(pending(inStatus('UNFULFILLABLE', json)), 'Amazon says that it is "UNFULFILLABLE"');
      assert.equal(
        pending(inStatus('INVOICE_UNCONFIRMED', json)),
        'Amazon says that it is "INVOICE_UNCONFIRMED"',
      );
      assert.equal(pending(inStatus('', json)), 'Amazon says that it is in no state');
      assert.equal(pending(withFields({ fulfillment: null }, json)), 'Amazon says that it is in no state');
    }
  });

  test('waits for its amounts before it is shipped, and asks for them afterwards', () => {
    const bare = orderJson([ITEM]);
    const doubt = (order: Order): string | undefined => order.doubt?.code;
    assert.equal(pending(inStatus('UNSHIPPED', bare)), 'Amazon shows no amounts of it yet');
    assert.equal(pending(inStatus('PARTIALLY_SHIPPED', bare)), 'Amazon shows no amounts of it yet');
    assert.equal(pending(inStatus('UNSHIPPED')), undefined);
    assert.equal(pending(normalized(bare)), undefined);
    assert.deepEqual(
      ['UNSHIPPED', 'SHIPPED', 'CANCELLED', 'CANCELED'].map((status) => doubt(inStatus(status, bare))),
      [undefined, 'order-amounts-missing', undefined, undefined],
    );
    const cancelled = { ...bare, fulfillment: { fulfillmentStatus: 'CANCELLED' } };
    assert.equal(doubt(normalized(cancelled, [shipment('2026-11-19T20:00:00Z')])), 'order-amounts-missing');
    assert.equal(doubt(normalized(cancelled, [])), undefined, 'Nothing was ever sent');
  });

  test('is cancelled in either spelling, and then nobody has paid', () => {
    for (const status of ['CANCELLED', 'CANCELED']) {
      const order = inStatus(status);
      assert.equal(showInstant(order.cancelledAt ?? order.placedAt), '2026-11-20T10:00:00.000Z');
      assert(order.cash.state === 'known');
      assert.equal(show(order.cash.received), '0.00 USD');
    }
  });

  test('cancelled after it was shipped was paid, and paid back as Finances tell', () => {
    const cancelled = { ...SHIPPED, fulfillment: { fulfillmentStatus: 'CANCELLED' } };
    const order = normalized(cancelled, [shipment('2026-11-19T20:00:00Z'), refund]);
    assert(order.cash.state === 'known');
    assert.equal(show(order.cash.received), '10.00 USD');
    assert.equal(showInstant(order.placedAt), '2026-11-19T20:00:00.000Z');
    assert.equal(order.refunds.length, 1);
    assert.equal(show(order.currentTotal), '0.00 USD');
    const shorn = { ...cancelled, proceeds: { grandTotal: { amount: '0.00', currencyCode: 'USD' } } };
    assert.equal(
      normalized(shorn, [shipment('2026-11-19T20:00:00Z'), refund]).doubt?.code,
      'order-amounts-missing',
    );
    const kept = normalized(cancelled, [shipment('2026-11-19T20:00:00Z')]);
    assert.match(kept.doubt?.why ?? '', /it was shipped and not all of it went back/);
  });
});

describe('a tax that Amazon does not tell', () => {
  const untold = (
    store: Store,
    shown: Parameters<typeof itemJson>[0],
    parts: Parameters<typeof itemJson>[1] = {},
  ): unknown => {
    const { currency } = STORES[store];
    return normalized(
      orderJson([itemJson(shown, { currency, ...parts })], {
        store,
        total: shown['ITEM'] === '0' ? '0' : '100',
      }),
    ).untoldTax;
  };

  test('is in the price of a store whose prices hold it, the merchant’s or the channel’s', () => {
    assert.equal(untold('DE', { ITEM: '100' }), 'merchant');
    assert.equal(untold('JP', { ITEM: '100' }), 'merchant');
    assert.equal(untold('DE', { ITEM: '100' }, { isFacilitated: true }), 'channel');
    assert.equal(untold('US', { ITEM: '100' }), undefined);
    assert.equal(untold('DE', { ITEM: '84.03', TAX: ['15.97', { ITEM: '15.97' }] }), undefined);
    assert.equal(untold('DE', { ITEM: '0' }), undefined);
  });

  test('is not asked of an order that shows no amounts', () => {
    assert.equal(normalized(orderJson([ITEM], { store: 'DE' })).untoldTax, undefined);
  });
});

describe('the buyer', () => {
  const buyer = {
    buyerName: 'Jane van Roe',
    buyerEmail: 'abc@marketplace.amazon.com',
    buyerCompanyName: 'Roe Ltd',
  };
  const deliveryAddress = {
    name: 'Warehouse',
    companyName: 'Dock 4',
    addressLine1: '1 Main St',
    addressLine2: 'Floor 2',
    addressLine3: 'Left',
    city: 'Boise',
    stateOrRegion: 'ID',
    postalCode: '83702',
    countryCode: 'US',
    phone: '+1 208 555 0100',
  };

  test('is as much as Amazon shows', () => {
    assert.deepEqual(snapshotOf({ ...SHIPPED, buyer, recipient: { deliveryAddress } }).buyer, {
      firstName: 'Jane van',
      lastName: 'Roe',
      company: 'Roe Ltd',
      email: 'abc@marketplace.amazon.com',
      phone: '+1 208 555 0100',
      address: {
        street: '1 Main St',
        street2: 'Floor 2, Left',
        city: 'Boise',
        province: 'ID',
        postalCode: '83702',
        country: 'United States',
      },
    });
    assert.equal(withFields({ buyer }).buyer.hasEmail, true);
  });

  test('is who it is sent to where he is not told, and nobody where neither is', () => {
    const found = snapshotOf({ ...SHIPPED, buyer: null, recipient: { deliveryAddress } }).buyer;
    assert.deepEqual([found.firstName, found.lastName, found.company], ['', 'Warehouse', 'Dock 4']);
    const nobody = snapshotOf(SHIPPED);
    assert.deepEqual([nobody.buyer.lastName, nobody.buyer.email, nobody.buyer.address.country], ['', '', '']);
    assert.deepEqual(nobody.order.buyer, { hasEmail: false });
  });

  test('with what is no e-mail address has none', () => {
    assert.equal(withFields({ buyer: { buyerEmail: 'not told' } }).buyer.hasEmail, false);
  });

  test('stands nowhere in the order', () => {
    const { order } = snapshotOf({ ...SHIPPED, buyer, recipient: { deliveryAddress } });
    const text = JSON.stringify(order, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    for (const secret of ['Roe', 'marketplace.amazon', 'Main St', 'Dock', '83702', '555']) {
      assert(!text.includes(secret), secret);
    }
  });
});

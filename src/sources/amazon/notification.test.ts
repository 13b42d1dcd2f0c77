import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { parseTimestamp } from '#core/time.ts';
import { NOTIFICATION, bytes, orderChange, transactionUpdate } from '#tests/amazon/notifications.ts';
import {
  ORDER_CHANGE,
  TRANSACTION_UPDATE,
  UNREADABLE_TOPIC,
  accepted,
  messageOf,
  parseNotification,
} from './notification.ts';

const at = (text: string) => parseTimestamp(text).at;

function failureOf(body: Uint8Array): Failure {
  try {
    parseNotification(body);
  } catch (thrown) {
    assert(thrown instanceof Failure, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: 'It was read' });
}

void describe('a notification', () => {
  void test('of a changed order names message, application, seller, order, store and moments', () => {
    assert.deepEqual(parseNotification(bytes(orderChange())), {
      notificationId: NOTIFICATION.id,
      type: ORDER_CHANGE,
      applicationId: NOTIFICATION.applicationId,
      subscriptionId: '00000000-0000-4000-8000-0000000000aa',
      eventTime: at('2026-11-20T09:59:58.431Z'),
      sellerId: NOTIFICATION.sellerId,
      orderId: NOTIFICATION.orderId,
      marketplaceId: NOTIFICATION.marketplaceId,
      changedAt: at('2026-11-20T09:59:57.000Z'),
    });
  });

  void test('of a transaction names the order among its identifiers, where there is one', () => {
    const read = (name: string, value: string) =>
      parseNotification(
        bytes(
          transactionUpdate([
            { name: 'ShipmentId', value: '1' },
            { name, value },
          ]),
        ),
      );
    const found = read('OrderId', NOTIFICATION.orderId);
    assert.equal(found.type, TRANSACTION_UPDATE);
    assert.equal(found.orderId, NOTIFICATION.orderId);
    assert.equal(found.sellerId, NOTIFICATION.sellerId);
    assert.equal(found.changedAt, at('2026-11-20T08:00:00.000Z'));
    assert.equal(read('ORDER_ID', NOTIFICATION.orderId).orderId, NOTIFICATION.orderId);
    assert.equal(read('OrderId', '8129762527551').orderId, undefined);
  });

  void test('of another type is read as far as its envelope', () => {
    const { type, sellerId, orderId } = parseNotification(
      bytes({
        ...orderChange(),
        NotificationType: 'ANY_OFFER_CHANGED',
        Payload: { AnyOfferChangedNotification: 7 },
      }),
    );
    assert.deepEqual(
      { type, sellerId, orderId },
      { type: 'ANY_OFFER_CHANGED', sellerId: undefined, orderId: undefined },
    );
  });

  void test('with unknown statuses, absent or odd moments, and fields of tomorrow is read all the same', () => {
    for (const changes of [
      { OrderChangeTrigger: null },
      { OrderChangeTrigger: { TimeOfOrderChange: null, ChangeReason: 'Whatever comes' } },
      { OrderChangeTrigger: { TimeOfOrderChange: 'yesterday' } },
      { OrderChangeType: 'TeleportChange', FieldOfTomorrow: [1.5] },
      { Summary: { MarketplaceId: NOTIFICATION.marketplaceId, OrderStatus: 'UpComing' } },
      { Summary: null },
    ]) {
      assert.equal(parseNotification(bytes(orderChange(changes))).orderId, NOTIFICATION.orderId);
    }
  });

  void test('that is no JSON says so, and quotes nothing of it', () => {
    assert.equal(failureOf(new Uint8Array()).code, 'delivery-empty');
    const { code, message } = failureOf(new TextEncoder().encode('{"buyer": planted'));
    assert.deepEqual([code, /planted/.test(message)], ['delivery-not-json', false]);
    assert.match(failureOf(new Uint8Array([0xff])).message, /UTF-8/);
  });

  void test('with a wrong or missing id is refused, naming where', () => {
    const metadata = (changes: object) => ({
      ...orderChange(),
      NotificationMetadata: { ...orderChange().NotificationMetadata, ...changes },
    });
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [null, /Notification: is missing/],
      [[], /Notification: is not an object/],
      [{}, /NotificationType: is missing/],
      [
        { ...orderChange(), NotificationType: 'counterfoil/read' },
        /NotificationType: "counterfoil\/read" is no/,
      ],
      [{ ...orderChange(), NotificationMetadata: undefined }, /NotificationMetadata: is missing/],
      [metadata({ NotificationId: 'a b' }), /NotificationMetadata\.NotificationId: "a b" is no such id/],
      [metadata({ ApplicationId: 'two words' }), /NotificationMetadata\.ApplicationId: "two words" is no/],
      [{ ...orderChange(), Payload: {} }, /Payload\.OrderChangeNotification: is missing/],
      [orderChange({ AmazonOrderId: '114-94' }), /OrderChangeNotification\.AmazonOrderId: "114-94" is no/],
      [orderChange({ AmazonOrderId: `${NOTIFICATION.orderId}\n` }), /AmazonOrderId/],
      [orderChange({ SellerId: null }), /OrderChangeNotification\.SellerId: is missing/],
      [orderChange({ Summary: { MarketplaceId: 'a store' } }), /Summary\.MarketplaceId: "a store" is no/],
    ];
    for (const [body, detail] of cases) {
      const failure = failureOf(bytes(body));
      assert.equal(failure.code, 'delivery-malformed');
      assert.match(failure.message, detail);
    }
  });
});

void describe('whose notification it is', () => {
  const TERMS = {
    sellerId: NOTIFICATION.sellerId,
    applicationId: NOTIFICATION.applicationId,
    marketplaces: [{ id: 'A1F83G8C2ARO7P' }, { id: NOTIFICATION.marketplaceId }],
  };
  const whyNot = (changes: object, terms: Parameters<typeof accepted>[1] = TERMS): string => {
    const acceptance = accepted({ ...parseNotification(bytes(orderChange())), ...changes }, terms);
    return acceptance.of === 'ours' ? 'ours' : acceptance.why;
  };

  void test('is told by application, seller and store', () => {
    assert.equal(whyNot({}), 'ours');
    assert.match(
      whyNot({ applicationId: 'amzn1.sp.solution.other' }),
      /application "amzn1\.sp\.solution\.other"/,
    );
    assert.match(
      whyNot({ sellerId: 'AOTHERSELLER1' }),
      /seller "AOTHERSELLER1", and this is A3EXAMPLESELLER/,
    );
    assert.match(
      whyNot({ marketplaceId: 'A2Q3Y263D00KWC' }),
      /store A2Q3Y263D00KWC, which SP_API_MARKETPLACE_IDS/,
    );
  });

  void test('any application’s is taken where none is configured', () => {
    const { applicationId: _, ...terms } = TERMS;
    assert.equal(whyNot({ applicationId: 'amzn1.sp.solution.other' }, terms), 'ours');
  });
});

void describe('a notification as it is stored', () => {
  const TERMS = { connection: connectionId('amazon'), way: 'queue' };

  void test('is named by Amazon, keeps its bytes and says which way it came', () => {
    const body = bytes(orderChange());
    assert.deepEqual(messageOf(body, { ...TERMS, otherwiseId: 'the queue’s id' }), {
      connection: 'amazon',
      externalId: NOTIFICATION.id,
      topic: 'ORDER_CHANGE',
      headers: { 'x-counterfoil-way': 'queue' },
      body,
    });
  });

  void test('that cannot be read is named by the queue, else by its content', () => {
    const body = new TextEncoder().encode('not JSON');
    const { externalId, topic } = messageOf(body, { ...TERMS, otherwiseId: 'the queue’s id' });
    assert.deepEqual([externalId, topic], ['the queue’s id', UNREADABLE_TOPIC]);
    // printf 'not JSON' | sha256sum
    assert.equal(
      messageOf(body, TERMS).externalId,
      '62b8125a6f6d924ec53345b5fcd58ca3ed3f5e7d51e2e146e5f1346508acce69',
    );
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callerOf, json, stage } from './caller.ts';
import type { DeliveryOptions, QueueMessage } from './queue.ts';

const QUEUE = 'arn:aws:sqs:eu-west-1:210987654321:orders';
const V1 = '/notifications/v1';
const OF_ORDERS = `${V1}/subscriptions/ORDER_CHANGE`;

interface Told {
  readonly NotificationType: string;
  readonly Payload: {
    readonly OrderChangeNotification: {
      readonly AmazonOrderId: string;
      readonly OrderChangeType: string;
      readonly Summary: { readonly OrderStatus: string; readonly MarketplaceId: string };
    };
    readonly TransactionUpdateNotification: {
      readonly TransactionType: string;
      readonly TotalAmount: { readonly CurrencyAmount: number };
    };
  };
  readonly NotificationMetadata: { readonly SubscriptionId: string; readonly NotificationId: string };
}

function told({ body }: QueueMessage): Told {
  return JSON.parse(body) as Told;
}

/** `Shipped`, `Shipment`: the gist of each message. */
function gist(messages: readonly QueueMessage[]): string[] {
  return messages
    .map(told)
    .map(({ Payload, NotificationType }) =>
      NotificationType === 'ORDER_CHANGE'
        ? Payload.OrderChangeNotification.Summary.OrderStatus
        : Payload.TransactionUpdateNotification.TransactionType,
    );
}

function queued(
  delivery: DeliveryOptions = {},
  seed = 7,
): ReturnType<typeof stage> & { readonly arrived: QueueMessage[] } {
  const arrived: QueueMessage[] = [];
  const sink = async (message: QueueMessage): Promise<void> => void arrived.push(message);
  return { ...stage({}, { delivery: { sink, ...delivery }, seed }), arrived };
}

void describe('Notifications v1', () => {
  const subscription = (destinationId: string, more: object = {}): object => ({
    payloadVersion: '1.0',
    destinationId,
    processingDirective: {
      eventFilter: { eventFilterType: 'ORDER_CHANGE', orderChangeTypes: ['OrderStatusChange'], ...more },
    },
  });

  void test('a destination without a seller, a subscription with one, and both can be read and removed', async () => {
    const { sim, advance } = stage();
    const caller = callerOf(sim);
    const resourceSpecification = { sqs: { arn: QUEUE } };
    const made = await json(
      caller.grantless(`${V1}/destinations`, {
        method: 'POST',
        body: { name: 'Orders', resourceSpecification },
      }),
    );
    const { destinationId } = made.payload;
    assert.deepEqual(made.payload, { destinationId, resource: { sqs: { arn: QUEUE } }, name: 'Orders' });
    const created = await json(
      caller.seller(OF_ORDERS, { method: 'POST', body: subscription(destinationId) }),
    );
    const { subscriptionId } = created.payload;
    assert.deepEqual(
      created.payload.processingDirective,
      Object(subscription(destinationId)).processingDirective,
    );
    const again = await caller.seller(OF_ORDERS, { method: 'POST', body: subscription(destinationId) });
    assert.equal(again.status, 409);
    advance(10_000);
    assert.equal((await json(caller.seller(OF_ORDERS))).payload.subscriptionId, subscriptionId);
    assert.equal(
      (await json(caller.seller(`${V1}/subscriptions?notificationTypes=ORDER_CHANGE`))).payload.subscriptions
        .length,
      1,
    );
    assert.equal(
      (await json(caller.grantless(`${OF_ORDERS}/${subscriptionId}`))).payload.destinationId,
      destinationId,
    );
    assert.equal(
      (await caller.grantless(`${V1}/destinations/${destinationId}`, { method: 'DELETE' })).status,
      409,
    );
    assert.deepEqual(
      await json(caller.grantless(`${OF_ORDERS}/${subscriptionId}`, { method: 'DELETE' })),
      {},
    );
    assert.equal((await caller.seller(OF_ORDERS)).status, 404);
    assert.deepEqual(
      await json(caller.grantless(`${V1}/destinations/${destinationId}`, { method: 'DELETE' })),
      {},
    );
    assert.deepEqual((await json(caller.grantless(`${V1}/destinations`))).payload, []);
    assert.equal((await caller.grantless(`${V1}/destinations/${destinationId}`)).status, 404);
  });

  void test('each operation refuses the other kind of token', async () => {
    const { sim } = stage();
    const caller = callerOf(sim);
    assert.equal((await caller.seller(`${V1}/destinations`)).status, 403);
    assert.equal((await caller.grantless(OF_ORDERS)).status, 403);
  });

  void test('a FIFO queue, an unknown change, an expression beside a filter and another type are refused', async () => {
    const { sim, advance } = stage();
    const caller = callerOf(sim);
    const fifo = { name: 'Orders', resourceSpecification: { sqs: { arn: `${QUEUE}.fifo` } } };
    assert.equal((await caller.grantless(`${V1}/destinations`, { method: 'POST', body: fifo })).status, 400);
    const unknown = subscription('x', { orderChangeTypes: ['PriceChange'] });
    assert.equal((await caller.seller(OF_ORDERS, { method: 'POST', body: unknown })).status, 400);
    const both = {
      ...subscription('x'),
      processingDirective: { eventFilter: { eventFilterType: 'ORDER_CHANGE' }, filterExpression: 'true' },
    };
    assert.equal((await caller.seller(OF_ORDERS, { method: 'POST', body: both })).status, 400);
    advance(10_000);
    assert.equal((await caller.seller(OF_ORDERS, { method: 'POST', body: subscription('x') })).status, 404);
    assert.equal(
      (await caller.seller(`${V1}/subscriptions/FEED_DONE`, { method: 'POST', body: subscription('x') }))
        .status,
      400,
    );
  });

  void test('a test message comes from the sandbox alone, and never without a scenario', async () => {
    const { sim, arrived } = queued();
    sim.notifications.subscribe(QUEUE);
    const [{ destinationId } = { destinationId: '' }] = (
      await json(callerOf(sim).grantless(`${V1}/destinations`))
    ).payload;
    const path = `${OF_ORDERS}/testNotification`;
    const body = (testScenario: string): object => ({
      destinationId,
      testNotification: { payloadVersion: '1.0', testScenario },
    });
    assert.equal((await callerOf(sim).grantless(path, { method: 'POST', body: body('any') })).status, 403);
    const sandbox = callerOf(sim, { isSandbox: true });
    assert.equal((await sandbox.grantless(path, { method: 'POST', body: body('') })).status, 400);
    assert.equal((await sandbox.grantless(path, { method: 'POST', body: body('any') })).status, 200);
    await sim.notifications.deliverDue();
    const [message] = arrived;
    assert.ok(message !== undefined);
    assert.equal(sim.world.order(told(message).Payload.OrderChangeNotification.AmazonOrderId), undefined);
  });
});

void describe('the queue', () => {
  void test('hears of statuses, requests, tips and transactions; of prices and refunds only through the last', async () => {
    const { sim, arrived } = queued();
    sim.notifications.subscribe(QUEUE);
    sim.world.scenario('priced and taxed anew before shipping');
    await sim.notifications.deliverDue();
    assert.deepEqual(gist(arrived), ['Unshipped', 'Shipped', 'Shipment']);
    arrived.length = 0;
    sim.world.scenario('cancelled before shipping');
    sim.world.scenario('tip known after shipping');
    const { id } = sim.world.scenario('refunded in full');
    await sim.notifications.deliverDue();
    assert.deepEqual(gist(arrived), [
      'Unshipped',
      'Unshipped',
      'Canceled',
      'Unshipped',
      'Shipped',
      'Shipment',
      'Shipped',
      'DeliveryTip',
      'Unshipped',
      'Shipped',
      'Shipment',
      'Refund',
    ]);
    const types = arrived.map((message) => told(message).Payload.OrderChangeNotification?.OrderChangeType);
    assert.ok(types.includes('BuyerRequestedChange') && types.includes('DeliveryTipChange'));
    const refund = told(arrived.at(-1) ?? assert.fail());
    assert.equal(refund.Payload.TransactionUpdateNotification.TotalAmount.CurrencyAmount, -93.55);
    assert.ok(arrived.at(-1)?.body.includes(id));
  });

  void test('says nothing of a new order by a switch, and keeps to marketplaces by another', async () => {
    const { sim, arrived, advance } = queued();
    const caller = callerOf(sim);
    const body = { name: 'Orders', resourceSpecification: { sqs: { arn: QUEUE } } };
    const { destinationId } = (await json(caller.grantless(`${V1}/destinations`, { method: 'POST', body })))
      .payload;
    advance(1_000);
    const eventFilter = { eventFilterType: 'ORDER_CHANGE', marketplaceIds: ['A2EUQ1WTGCTBG2'] };
    const wish = { payloadVersion: '1.0', destinationId, processingDirective: { eventFilter } };
    await caller.seller(OF_ORDERS, { method: 'POST', body: wish });
    sim.world.place({ items: [{ product: 0 }] });
    sim.set({ creation: 'not told' });
    sim.world.place({ items: [{ product: 0 }] });
    sim.set({ creation: 'told', marketplaceFilter: 'honoured' });
    sim.world.place({ items: [{ product: 0 }] });
    sim.world.place({ in: 'CA', items: [{ product: 0 }] });
    await sim.notifications.deliverDue();
    const marketplaces = arrived.map(
      (message) => told(message).Payload.OrderChangeNotification.Summary.MarketplaceId,
    );
    assert.deepEqual(marketplaces, ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']);
  });

  void test('brings a message twice under one id, a state twice under two, late, or never: by chance and seed', async () => {
    for (const seed of [1, 2, 3]) {
      const { sim, arrived, advance } = queued(
        { duplicatePpm: 200_000, repeatPpm: 200_000, disorderPpm: 300_000, lossPpm: 100_000 },
        seed,
      );
      sim.notifications.subscribe(QUEUE);
      for (let count = 0; count < 40; count += 1) {
        sim.world.scenario('shipped in parts');
        advance(1_000);
        await sim.notifications.deliverDue();
      }
      advance(600_000);
      await sim.notifications.deliverDue();
      assert.equal(sim.notifications.nextDueAt(), null);
      const ids = arrived.map(({ notificationId }) => notificationId);
      const orders = arrived.map(({ body }) => /\d{3}-\d{7}-\d{7}/.exec(body)?.[0] ?? '');
      assert.ok(new Set(ids).size < ids.length, `seed ${seed}: nothing came twice`);
      assert.notDeepEqual(
        orders,
        orders.toSorted((left, right) => orders.indexOf(left) - orders.indexOf(right)),
        `seed ${seed}: nothing came late`,
      );
      assert.ok(sim.notifications.lost().length > 0, `seed ${seed}: nothing was lost`);
      assert.ok(sim.notifications.lost().every(({ notificationId }) => !ids.includes(notificationId)));
    }
  });

  void test('tries again when the queue cannot be reached, the same body under the same id', async () => {
    const bodies: string[] = [];
    const sink = async ({ body }: QueueMessage): Promise<void> => {
      bodies.push(body);
      if (bodies.length < 3) throw new Error('No such queue');
    };
    const { sim, now, advance } = stage({}, { delivery: { sink } });
    sim.notifications.subscribe(QUEUE);
    sim.world.place({ items: [{ product: 0 }] });
    await sim.notifications.deliverDue();
    for (let step = 0; step < 2; step += 1) {
      advance((sim.notifications.nextDueAt() ?? assert.fail()) - now());
      await sim.notifications.deliverDue();
    }
    assert.deepEqual([bodies.length, new Set(bodies).size, sim.notifications.pending().length], [3, 1, 0]);
  });
});

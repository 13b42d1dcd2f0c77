import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSeller } from '#tests/amazon/seller.ts';
import { createNotifications } from './notifications.ts';
import type { Notifications } from './notifications.ts';

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:orders';

function open(options: Parameters<typeof openSeller>[0] = {}): ReturnType<typeof openSeller> & {
  readonly notifications: Notifications;
} {
  const seller = openSeller(options);
  return { ...seller, notifications: createNotifications(seller.api, seller.waiting) };
}

void describe('Amazon’s notifications', () => {
  void test('a queue is named once, found again and deleted', async () => {
    const { notifications } = open();
    const made = await notifications.createDestination('counterfoil', QUEUE);
    assert.deepEqual({ ...made, id: '' }, { id: '', name: 'counterfoil', queueArn: QUEUE });
    assert.deepEqual(await notifications.destinations(), [made]);
    assert.deepEqual(await notifications.destination(made.id), made);
    await notifications.deleteDestination(made.id);
    assert.equal(await notifications.destination(made.id), undefined);
    await assert.rejects(notifications.createDestination('counterfoil', `${QUEUE}.fifo`), {
      code: 'request-refused',
      message: new RegExp(`^Naming the queue ${QUEUE}\\.fifo to Amazon: Amazon answered 400`),
    });
  });

  void test('orders are subscribed with the filter of changes, transactions without any', async () => {
    const { notifications } = open();
    const { id } = await notifications.createDestination('counterfoil', QUEUE);
    assert.equal(await notifications.subscription('ORDER_CHANGE'), undefined);
    const orders = await notifications.createSubscription('ORDER_CHANGE', id);
    const money = await notifications.createSubscription('TRANSACTION_UPDATE', id);
    assert.deepEqual(orders, {
      id: orders.id,
      type: 'ORDER_CHANGE',
      payloadVersion: '1.0',
      destinationId: id,
      changeTypes: ['OrderStatusChange', 'BuyerRequestedChange'],
      marketplaceIds: [],
      expression: '',
    });
    assert.deepEqual(money.changeTypes, []);
    assert.deepEqual(await notifications.subscription('ORDER_CHANGE'), orders);
    assert.deepEqual(await notifications.subscriptionById('ORDER_CHANGE', orders.id), orders);
    assert.deepEqual(await notifications.subscriptions('TRANSACTION_UPDATE'), [money]);
    await notifications.deleteSubscription('ORDER_CHANGE', orders.id);
    assert.equal(await notifications.subscriptionById('ORDER_CHANGE', orders.id), undefined);
  });

  void test('one that somebody made meanwhile (409) is found instead of doubled', async () => {
    const { notifications, sim } = open();
    const { id } = await notifications.createDestination('counterfoil', QUEUE);
    const first = await notifications.createSubscription('ORDER_CHANGE', id);
    assert.deepEqual(await notifications.createSubscription('ORDER_CHANGE', id), first);
    assert.deepEqual(
      sim
        .calls()
        .slice(-2)
        .map(({ operation, status }) => [operation, status]),
      [
        ['createSubscription', 409],
        ['getSubscription', 200],
      ],
    );
  });

  void test('what is refused and does not stand is told', async () => {
    const { notifications } = open();
    await assert.rejects(notifications.createSubscription('ORDER_CHANGE', 'unknown'), {
      code: 'request-not-found',
      message: /^Subscribing to ORDER_CHANGE: Amazon answered 404: Destination not found/,
    });
  });

  void test('the wait for Amazon’s pace is kept to', async () => {
    const { notifications, sim, clock } = open();
    const startedAt = clock.now();
    for (let call = 0; call < 8; call += 1) {
      await notifications.destinations();
    }
    assert.equal(
      clock.now() - startedAt,
      4_000,
      'four at once, one being kept in hand, and then one a second',
    );
    assert.ok(sim.calls().every(({ status }) => status === 200));
  });

  void test('a refusal for pace is waited out, and given up when it lasts', async () => {
    let refusals = 2;
    const { notifications, sim, clock } = open({
      between: (transport) => async (request) => {
        if (new URL(request.url).pathname.startsWith('/auth') || refusals === 0) {
          return transport(request);
        }
        refusals -= 1;
        return new Response('{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota"}]}', {
          status: 429,
        });
      },
    });
    const startedAt = clock.now();
    assert.deepEqual(await notifications.destinations(), []);
    assert.equal(clock.now() - startedAt, 3_000, 'a second and then two');
    assert.equal(sim.calls().filter(({ operation }) => operation === 'getDestinations').length, 1);
    refusals = 50;
    await assert.rejects(notifications.destinations(), { code: 'request-rate-limited' });
    assert.equal(refusals, 46, 'asked now and after 1, 2 and 4 seconds, and no longer');
  });

  void test('pages of subscriptions are followed, and a list without end is refused', async () => {
    const paged = (last: number) =>
      open({
        between: (transport) => async (request) => {
          const url = new URL(request.url);
          if (url.pathname !== '/notifications/v1/subscriptions') {
            return transport(request);
          }
          const page = Number(url.searchParams.get('nextToken') ?? 0);
          assert.equal(url.searchParams.get('notificationTypes'), 'ORDER_CHANGE');
          const subscriptions = [{ subscriptionId: `s${page}`, payloadVersion: '1.0', destinationId: 'd' }];
          const nextToken = page < last ? { nextToken: String(page + 1) } : {};
          return Response.json({ payload: { subscriptions, ...nextToken } });
        },
      }).notifications.subscriptions('ORDER_CHANGE');
    assert.deepEqual(
      (await paged(2)).map(({ id }) => id),
      ['s0', 's1', 's2'],
    );
    await assert.rejects(paged(Infinity), { code: 'request-refused', message: /more than 5 pages/ });
  });

  void test('an answer without an id is not taken for one', async () => {
    const { notifications } = open({
      between: (transport) => async (request) =>
        request.url.endsWith('/destinations') ? Response.json({ payload: {} }) : transport(request),
    });
    await assert.rejects(notifications.createDestination('counterfoil', QUEUE), {
      code: 'request-answer-unreadable',
      effect: 'unknown',
    });
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSeller, withoutRole } from '#tests/amazon/seller.ts';
import { createNotifications } from './notifications.ts';
import type { Notifications, Subscription } from './notifications.ts';
import { judge, planSubscriptions, sendTest, subscribe, unsubscribe } from './subscriptions.ts';
import type { Changed, SubscriptionPlan } from './subscriptions.ts';

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:orders';
const OTHER = 'arn:aws:sqs:eu-west-1:111122223333:of-another-program';

function open(options: Parameters<typeof openSeller>[0] = {}): ReturnType<typeof openSeller> & {
  readonly notifications: Notifications;
} {
  const seller = openSeller(options);
  return { ...seller, notifications: createNotifications(seller.api, seller.waiting) };
}

const statesOf = ({ states }: SubscriptionPlan): readonly string[] =>
  states.map(({ type, state }) => `${type} ${state}`);
const doneIn = ({ changes }: Changed): readonly string[] => changes.map(({ did, what }) => `${did} ${what}`);

void describe('subscribing', () => {
  void test('makes the destination and both subscriptions once, however often it is asked', async () => {
    const { notifications } = open();
    assert.deepEqual(statesOf(await planSubscriptions(notifications, QUEUE)), [
      'ORDER_CHANGE missing',
      'TRANSACTION_UPDATE missing',
    ]);
    const first = await subscribe(notifications, QUEUE, { isReplacing: false });
    assert.deepEqual(doneIn(first), [
      'created destination',
      'created ORDER_CHANGE',
      'created TRANSACTION_UPDATE',
    ]);
    assert.deepEqual(statesOf(first.plan), ['ORDER_CHANGE ok', 'TRANSACTION_UPDATE ok']);
    const second = await subscribe(notifications, QUEUE, { isReplacing: true });
    assert.deepEqual(doneIn(second), []);
    assert.deepEqual(second.plan, await planSubscriptions(notifications, QUEUE));
    assert.deepEqual(second.plan, first.plan);
    assert.equal(first.plan.destination?.queueArn, QUEUE);
  });

  void test('what goes to another queue is shown, and replaced only when that is said', async () => {
    const { notifications } = open();
    await subscribe(notifications, OTHER, { isReplacing: false });
    const shown = await subscribe(notifications, QUEUE, { isReplacing: false });
    assert.deepEqual(doneIn(shown), []);
    assert.deepEqual(
      shown.plan.states.map(({ state, why, queueArn }) => [state, why, queueArn]),
      Array.from({ length: 2 }, () => ['elsewhere', `it goes to ${OTHER}`, OTHER]),
    );
    const replaced = await subscribe(notifications, QUEUE, { isReplacing: true });
    assert.deepEqual(doneIn(replaced), [
      'created destination',
      'deleted ORDER_CHANGE',
      'created ORDER_CHANGE',
      'deleted TRANSACTION_UPDATE',
      'created TRANSACTION_UPDATE',
    ]);
    assert.deepEqual(statesOf(replaced.plan), ['ORDER_CHANGE ok', 'TRANSACTION_UPDATE ok']);
  });

  void test('without the role for transactions orders are subscribed all the same', async () => {
    for (const method of ['GET', 'POST']) {
      const { notifications } = open({
        between: withoutRole(
          (request) => request.method === method && request.url.endsWith('TRANSACTION_UPDATE'),
        ),
      });
      const { plan, changes } = await subscribe(notifications, QUEUE, { isReplacing: false });
      assert.deepEqual(statesOf(plan), ['ORDER_CHANGE ok', 'TRANSACTION_UPDATE withheld']);
      assert.match(plan.states[1]?.why ?? '', /nothing tells of refunds.*Finance and Accounting/);
      assert.equal(changes.at(-1)?.what, 'ORDER_CHANGE');
    }
  });

  void test('one that a queue’s end left behind is replaced too', async () => {
    const { notifications } = open({
      between: (transport) => async (request) => {
        const answer = await transport(request);
        // Amazon's list forgets the destination of another program.
        return request.url.endsWith('/destinations') && request.method === 'GET'
          ? Response.json({ payload: [] })
          : answer;
      },
    });
    await subscribe(notifications, QUEUE, { isReplacing: false });
    assert.deepEqual(statesOf(await planSubscriptions(notifications, QUEUE)), [
      'ORDER_CHANGE ok',
      'TRANSACTION_UPDATE ok',
    ]);
  });
});

void describe('unsubscribing', () => {
  void test('deletes what goes to this queue, and leaves others’ and the destination', async () => {
    const { notifications } = open();
    await subscribe(notifications, QUEUE, { isReplacing: false });
    assert.deepEqual(doneIn(await unsubscribe(notifications, OTHER, { isDestinationToo: true })), []);
    const gone = await unsubscribe(notifications, QUEUE, { isDestinationToo: false });
    assert.deepEqual(doneIn(gone), ['deleted ORDER_CHANGE', 'deleted TRANSACTION_UPDATE']);
    assert.deepEqual(gone.plan, await planSubscriptions(notifications, QUEUE));
    assert.equal((await notifications.destinations()).length, 1);
    const whole = await unsubscribe(notifications, QUEUE, { isDestinationToo: true });
    assert.deepEqual(doneIn(whole), ['deleted destination']);
    assert.deepEqual(await notifications.destinations(), []);
  });
});

void describe('a subscription that stands', () => {
  const subscription: Subscription = {
    id: 's',
    type: 'ORDER_CHANGE',
    payloadVersion: '1.0',
    destinationId: 'd',
    changeTypes: [],
    marketplaceIds: [],
    expression: '',
  };
  const destination = { id: 'd', name: 'x', queueArn: QUEUE };
  const stateOf = (changes: Partial<Subscription>): string => {
    const { state, why } = judge({ ...subscription, ...changes }, { destination, queueArn: QUEUE });
    return `${state} ${why}`.trim();
  };

  void test('is right while it tells every change of status, whatever else it tells', () => {
    assert.equal(stateOf({}), 'ok');
    assert.equal(stateOf({ changeTypes: ['DeliveryTipChange', 'OrderStatusChange'] }), 'ok');
    assert.equal(stateOf({ marketplaceIds: ['A1PA6795UKMFR9'] }), 'ok');
    assert.equal(stateOf({ type: 'TRANSACTION_UPDATE', changeTypes: ['BuyerRequestedChange'] }), 'ok');
  });

  void test('is cut when a filter keeps changes of status back', () => {
    assert.equal(
      stateOf({ changeTypes: ['BuyerRequestedChange'] }),
      'cut it tells BuyerRequestedChange, and not OrderStatusChange',
    );
    assert.equal(stateOf({ expression: 'false' }), 'cut an expression keeps messages back');
  });

  void test('says where else it goes', () => {
    const why = (to: typeof destination | undefined): string =>
      judge(subscription, { destination: to, queueArn: QUEUE }).why;
    assert.equal(why(undefined), 'it goes to a destination that is gone');
    assert.equal(why({ ...destination, queueArn: '' }), 'it goes to no queue');
  });
});

void describe('a test message', () => {
  void test('is put into the queue by Amazon’s sandbox', async () => {
    const { notifications, sim, sandboxApi, waiting } = open();
    const { id } = await notifications.createDestination('counterfoil', QUEUE);
    const sandbox = createNotifications(sandboxApi, waiting);
    await sendTest(sandbox, { destinationId: id, scenario: 'any' });
    assert.deepEqual(
      sim.notifications.pending().map(({ queueArn }) => queueArn),
      [QUEUE],
    );
    await assert.rejects(sendTest(sandbox, { destinationId: id, scenario: '' }), {
      code: 'request-refused',
      message: /Amazon refuses an empty or unknown scenario like that.*\(none was given\)/,
    });
  });
});

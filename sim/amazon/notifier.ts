import { uuid } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';
import type { Transaction } from './ledger.ts';
import { changeTypeOf, orderChangeBody, transactionUpdateBody } from './notification-body.ts';
import type { Envelope } from './notification-body.ts';
import type { AmazonSubscription, Destination, NotificationsState } from './notifications-state.ts';
import type { AmazonOrder, OrderEvent } from './order.ts';
import { placeAmazonOrder } from './place.ts';
import { createQueue } from './queue.ts';
import type { DeliveryOptions, Queue } from './queue.ts';
import type { AmazonSwitches } from './switches.ts';
import type { AmazonWorld } from './world.ts';

export interface Notifier {
  readonly queue: Queue;
  /** Puts a test message into a queue: of an order that does not exist. */
  test(destination: Destination): void;
  /** The body that would tell of an order as it stands now, whether or not anybody subscribed. */
  body(order: AmazonOrder): string;
}

interface Outside {
  readonly clock: Clock;
  readonly random: Random;
  readonly world: AmazonWorld;
  readonly state: NotificationsState;
  readonly switches: () => AmazonSwitches;
  readonly applicationId: () => string;
}

/** Tells the subscribed queues what happens in the world. */
export function createNotifier(outside: Outside, options: DeliveryOptions): Notifier {
  const { clock, random, world, state } = outside;
  const queue = createQueue({ clock, random, nextId: () => uuid(random) }, options);
  const envelope = (subscriptionId: string, notificationId: string): Envelope => ({
    applicationId: outside.applicationId(),
    subscriptionId,
    sellerId: world.sellerId,
    notificationId,
    publishedAt: clock.now(),
  });
  const send = (subscription: AmazonSubscription, write: (envelope: Envelope) => string): void => {
    const destination = state.destinations().find(({ id }) => id === subscription.destinationId);
    if (destination === undefined) return;
    queue.put(destination.arn, (id) => write(envelope(subscription.id, id)));
  };
  world.subscribe({
    order: (event) => tellOrder(event, { ...outside, send }),
    transaction: (transaction) => tellTransaction(transaction, { ...outside, send }),
  });
  const changed = (order: AmazonOrder) => (wrap: Envelope) =>
    orderChangeBody(order, { type: 'OrderStatusChange', switches: outside.switches() }, wrap);
  return {
    queue,
    body: (order) => changed(order)(envelope('by-hand', uuid(random))),
    test: (destination) => {
      const example = placeAmazonOrder({ items: [{ product: 0 }] }, { now: clock.now(), random });
      queue.put(destination.arn, (id) => changed({ ...example, id: NO_ORDER })(envelope('test', id)));
    },
  };
}

const NO_ORDER = '999-9999999-9999999';

type Telling = Outside & {
  readonly send: (subscription: AmazonSubscription, write: (envelope: Envelope) => string) => void;
};

function tellOrder({ order, kind }: OrderEvent, { state, switches, send }: Telling): void {
  const type = changeTypeOf(kind, switches());
  if (type === null) return;
  for (const subscription of state.subscriptions()) {
    const { marketplaceIds, changeTypes, region } = subscription;
    const isHonoured = switches().marketplaceFilter === 'honoured' && marketplaceIds.length > 0;
    const isWanted =
      subscription.type === 'ORDER_CHANGE' &&
      region === order.marketplace.region &&
      (changeTypes.length === 0 || changeTypes.includes(type)) &&
      (!isHonoured || marketplaceIds.includes(order.marketplace.id));
    if (isWanted) send(subscription, (wrap) => orderChangeBody(order, { type, switches: switches() }, wrap));
  }
}

function tellTransaction(transaction: Transaction, { state, send }: Telling): void {
  for (const subscription of state.subscriptions()) {
    const isWanted =
      subscription.type === 'TRANSACTION_UPDATE' && subscription.region === transaction.marketplace.region;
    if (isWanted) send(subscription, (wrap) => transactionUpdateBody(transaction, wrap));
  }
}

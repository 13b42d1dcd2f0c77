import type { ConnectionId } from '#core/ids.ts';
import { orderKey, settlementIn } from '#core/ids.ts';
import { fieldOf } from '#core/json-fields.ts';
import type { Lossless } from '#core/json.ts';
import { instant } from '#core/time.ts';
import { FOUND_TOPIC, READ_TOPIC } from '#pipeline/source.ts';
import type { Authentic, Snapshot, Sorted } from '#pipeline/source.ts';
import { jsonIn } from '#sources/fields.ts';
import { foundIn } from './changes.ts';
import { normalize } from './normalize.ts';
import type { SellerIdentity } from './normalize.ts';
import {
  ORDER_CHANGE,
  TRANSACTION_UPDATE,
  UNREADABLE_TOPIC,
  accepted,
  parseNotification,
} from './notification.ts';
import type { Notification, NotificationTerms } from './notification.ts';
import { parseReadOrder, parseSettlement } from './payload.ts';
import { settlementOf } from './settlement.ts';

interface Selling {
  readonly connection: ConnectionId;
  readonly terms: NotificationTerms;
}

/**
 * Reads a stored message by its topic. Notifications show no amounts and come late and out of order, so each of them only says
 * that the order must be asked for. Throws a Failure `delivery-…` when it cannot be read.
 */
export function sortMessage(
  message: Pick<Authentic, 'topic' | 'body'>,
  { connection, terms }: Selling,
): Sorted {
  switch (message.topic) {
    case READ_TOPIC:
      return readBy(jsonIn(message), connection);
    case ORDER_CHANGE:
    case TRANSACTION_UPDATE:
    case UNREADABLE_TOPIC:
      return touchBy(parseNotification(message.body), { connection, terms });
    case FOUND_TOPIC: {
      const { order, at } = foundIn(jsonIn(message), connection);
      const why =
        settlementIn(order) === undefined
          ? 'It changed at Amazon, and no message had told it'
          : 'Amazon’s ledger names it';
      return { kind: 'touch', order, why, ...(at === undefined ? {} : { at }) };
    }
    default:
      return ignored(`Topic ${JSON.stringify(message.topic)} is not booked`);
  }
}

function readBy(body: Lossless, connection: ConnectionId): Sorted {
  const settlement = fieldOf(body, 'settlement');
  return settlement === undefined
    ? { kind: 'order', snapshot: normalize(parseReadOrder(body), { connection }) }
    : { kind: 'settlement', settlement: settlementOf(parseSettlement(settlement), connection) };
}

/**
 * An order from a file: the answer of getOrder, beside it under "transactions" those of the order where there are any. Throws
 * a Failure `delivery-…`.
 */
export function orderInFile(body: Uint8Array, seller: SellerIdentity): Snapshot {
  const json = jsonIn({ topic: 'the file', body });
  return normalize(parseReadOrder(fieldOf(json, 'orderId') === undefined ? json : { order: json }), seller);
}

function touchBy(notification: Notification, { connection, terms }: Selling): Sorted {
  const acceptance = accepted(notification, terms);
  if (acceptance.of === 'others') {
    return ignored(acceptance.why);
  }
  const { orderId, type } = notification;
  if (orderId === undefined) {
    return ignored(`It names no order (${type})`);
  }
  const order = orderKey(connection, orderId);
  if (type === TRANSACTION_UPDATE) {
    // What Amazon's ledger tells moves no time of the order, so no state of it shows that it was seen.
    return { kind: 'touch', order, why: 'Amazon’s ledger tells something new (TRANSACTION_UPDATE)' };
  }
  const moments = [notification.changedAt, notification.eventTime].filter((moment) => moment !== undefined);
  return {
    kind: 'touch',
    order,
    why: 'Amazon says that it changed (ORDER_CHANGE)',
    ...(moments.length === 0 ? {} : { at: instant(Math.max(...moments)) }),
  };
}

function ignored(detail: string): Sorted {
  return { kind: 'ignored', code: 'delivery-topic-unknown', detail };
}

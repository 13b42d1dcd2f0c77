import { READ_TOPIC } from '#pipeline/ports.ts';
import type { Authentic, Sorted } from '#pipeline/ports.ts';
import { jsonIn } from '#sources/fields.ts';
import { normalize } from './normalize.ts';
import type { SellerIdentity } from './normalize.ts';
import { parseReadOrder } from './payload.ts';

/** Reads a stored message by its topic. Throws a Failure `delivery-…` when it cannot be read. */
export function sortMessage(message: Pick<Authentic, 'topic' | 'body'>, seller: SellerIdentity): Sorted {
  if (message.topic === READ_TOPIC) {
    return { kind: 'order', snapshot: normalize(parseReadOrder(jsonIn(message)), seller) };
  }
  return {
    kind: 'ignored',
    code: 'delivery-topic-unknown',
    detail: `Topic ${JSON.stringify(message.topic)} is not booked`,
  };
}

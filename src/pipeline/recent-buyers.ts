import type { Buyer } from '#core/order.ts';

/**
 * Who bought, by the message that shows it: an order is worked on right after a message of it was read, and reading one is most
 * of what such a run takes. In memory alone, since contact data is stored nowhere but in messages; whether a message was
 * redacted is asked of the database first.
 */
export interface RecentBuyers {
  of(deliveryId: string): Buyer | undefined;
  remember(deliveryId: string, buyer: Buyer): void;
}

/** A burst of messages; a buyer is some hundred bytes. */
const BUYERS_MAX = 200;

export function createRecentBuyers(): RecentBuyers {
  const buyers = new Map<string, Buyer>();
  return {
    of: (deliveryId) => buyers.get(deliveryId),
    remember(deliveryId, buyer) {
      buyers.delete(deliveryId);
      buyers.set(deliveryId, buyer);
      const [oldest] = buyers.keys();
      if (buyers.size > BUYERS_MAX && oldest !== undefined) {
        buyers.delete(oldest);
      }
    },
  };
}

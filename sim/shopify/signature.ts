import { createHmac } from 'node:crypto';

/** `X-Shopify-Hmac-Sha256`: base64 of HMAC-SHA256 over the raw body with the app's client secret (vendors/shopify.md 2). */
export function sign(body: string | Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('base64');
}

export interface SignedDelivery {
  /** As the header names it: `orders/create`. */
  readonly topic: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly secret: string;
  readonly shopDomain: string;
  readonly webhookId: string;
  readonly url?: string;
  readonly apiVersion?: string;
  readonly eventId?: string;
  /** RFC 3339. */
  readonly triggeredAt?: string;
  /** The subscription's own name, where it has one. */
  readonly name?: string;
  /** Instead of the right signature: any other text, or null for no header at all. */
  readonly signature?: string | null;
}

/** A webhook request as Shopify sends it, or as somebody does who pretends to be Shopify. */
export function signedDelivery(delivery: SignedDelivery): Request {
  const signature =
    delivery.signature === undefined ? sign(delivery.body, delivery.secret) : delivery.signature;
  const headers = new Headers({
    'content-type': 'application/json',
    'user-agent': 'Shopify-Captain-Hook',
    'x-shopify-topic': delivery.topic,
    'x-shopify-shop-domain': delivery.shopDomain,
    'x-shopify-api-version': delivery.apiVersion ?? '2026-10',
    'x-shopify-webhook-id': delivery.webhookId,
    'x-shopify-event-id': delivery.eventId ?? delivery.webhookId,
    'x-shopify-triggered-at': delivery.triggeredAt ?? '2026-11-20T14:30:00.000000000Z',
  });
  if (delivery.name !== undefined) headers.set('x-shopify-name', delivery.name);
  if (signature !== null) headers.set('x-shopify-hmac-sha256', signature);
  const url = delivery.url ?? 'http://localhost:3000/webhooks/shopify';
  return new Request(url, { method: 'POST', headers, body: delivery.body });
}

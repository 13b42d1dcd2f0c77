import { createHmac, randomUUID } from 'node:crypto';

/** A webhook as Shopify signs it, every part of which a test can make wrong. */
export interface Webhook {
  readonly origin: string;
  readonly body: string | Uint8Array;
  readonly secret: string;
  readonly shopDomain: string;
  readonly topic?: string;
  readonly webhookId?: string;
  readonly path?: string;
  /** Instead of the right signature; null sends none. */
  readonly signature?: string | null;
}

export function send(webhook: Webhook): Promise<Response> {
  const { origin, body, secret, shopDomain, topic = 'orders/create', path = '/webhooks/shopify' } = webhook;
  const signature =
    webhook.signature === undefined
      ? createHmac('sha256', secret).update(body).digest('base64')
      : webhook.signature;
  return fetch(new URL(path, origin), {
    method: 'POST',
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers: {
      'content-type': 'application/json',
      'x-shopify-topic': topic,
      'x-shopify-shop-domain': shopDomain,
      'x-shopify-api-version': '2026-10',
      'x-shopify-webhook-id': webhook.webhookId ?? randomUUID(),
      'x-shopify-triggered-at': new Date().toISOString(),
      ...(signature === null ? {} : { 'x-shopify-hmac-sha256': signature }),
    },
  });
}

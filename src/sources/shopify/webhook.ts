import { createHash, createHmac } from 'node:crypto';
import type { ConnectionId } from '#core/ids.ts';
import { isSameProof } from '#net/same-proof.ts';
import { FOUND_TOPIC, READ_TOPIC } from '#pipeline/source.ts';
import type { Incoming, Verdict } from '#pipeline/source.ts';

/**
 * Proof that a webhook comes from the shop (docs/vendors/shopify.md 2). The signature covers the raw body alone, so topic,
 * shop and id are hints: the body is still checked for what it must be.
 */
export interface WebhookTerms {
  readonly connection: ConnectionId;
  /** `example.myshopify.com`. */
  readonly shopDomain: string;
  /** Any of them may have signed: app secret, the store's own for notifications, and an old one for an hour after rotation. */
  readonly secrets: readonly string[];
}

const SIGNATURE_HEADER = 'x-shopify-hmac-sha256';
/** What is kept of a message's headers: what tells something later, never the signature. */
const KEPT_HEADERS = [
  'x-shopify-topic',
  'x-shopify-shop-domain',
  'x-shopify-api-version',
  'x-shopify-webhook-id',
  'x-shopify-event-id',
  'x-shopify-triggered-at',
];
/** Shopify's ids are UUIDs; a longer one is not trusted as a key. */
const WEBHOOK_ID = /^[\w-]{1,100}$/;
const HEADER_MAX = 200;
/** Base64 of the 32 bytes of an HMAC-SHA256. */
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

export function verify(incoming: Incoming, terms: WebhookTerms): Verdict {
  const why =
    refusalUnread(incoming, terms) ??
    (isSigned(incoming.body, headerOf(incoming, SIGNATURE_HEADER), terms)
      ? undefined
      : 'The signature does not fit the body with any configured secret');
  if (why !== undefined) {
    return { proof: 'refused', why };
  }
  // The signature does not cover it.
  const topic = headerOf(incoming, 'x-shopify-topic').slice(0, HEADER_MAX);
  const webhookId = headerOf(incoming, 'x-shopify-webhook-id');
  return {
    proof: 'authentic',
    message: {
      connection: terms.connection,
      externalId: WEBHOOK_ID.test(webhookId) ? webhookId : hashOf(topic, incoming.body),
      topic,
      headers: keptHeaders(incoming),
      body: incoming.body,
    },
  };
}

/** Why no body could make a message with these headers authentic; nothing when the body decides. */
export function refusalUnread(incoming: Pick<Incoming, 'headers'>, terms: WebhookTerms): string | undefined {
  if (terms.secrets.every((secret) => secret === '')) {
    return 'No secret is configured to verify webhooks with: set SHOPIFY_WEBHOOK_SECRET or SHOPIFY_API_SECRET';
  }
  const signature = headerOf(incoming, SIGNATURE_HEADER);
  if (!SIGNATURE.test(signature)) {
    return `The header X-Shopify-Hmac-Sha256 is ${signature === '' ? 'missing' : 'no signature'}`;
  }
  const domain = headerOf(incoming, 'x-shopify-shop-domain');
  if (domain.toLowerCase() !== terms.shopDomain.toLowerCase()) {
    return domain === ''
      ? 'The header X-Shopify-Shop-Domain is missing'
      : `The message is from the shop "${domain.slice(0, HEADER_MAX)}", and this connection is ${terms.shopDomain}`;
  }
  const topic = headerOf(incoming, 'x-shopify-topic');
  return topic === READ_TOPIC || topic === FOUND_TOPIC
    ? `The topic "${topic}" is for our own readings`
    : undefined;
}

/** The value of `X-Shopify-Hmac-Sha256` for a body: what Shopify sends, and what a test notification of ours carries. */
export function sign(body: Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('base64');
}

/** Names a message that came without an id by its content, so that it is stored once all the same. */
export function hashOf(topic: string, body: Uint8Array): string {
  return createHash('sha256').update(topic).update('\n').update(body).digest('hex');
}

/** Every secret is tried whatever the others said, so that the time tells nothing about which one fits. */
function isSigned(body: Uint8Array, signature: string, { secrets }: WebhookTerms): boolean {
  return secrets
    .filter((secret) => secret !== '')
    .map((secret) => isSameProof(signature, sign(body, secret)))
    .includes(true);
}

function keptHeaders(incoming: Incoming): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.map((name) => [name, headerOf(incoming, name).slice(0, HEADER_MAX)]).filter(
      ([, value]) => value !== '',
    ),
  );
}

function headerOf(incoming: Pick<Incoming, 'headers'>, name: string): string {
  return incoming.headers[name]?.trim() ?? '';
}

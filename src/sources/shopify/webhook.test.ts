import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Incoming } from '#pipeline/source.ts';
import { SHOP } from '#tests/contract/shopify-bodies.ts';
import { sign, verify } from './webhook.ts';

const BODY = new TextEncoder().encode('{"id":820982911946154508}');
const TERMS = { ...SHOP, secrets: ['new secret', 'old secret'] };

function incoming(headers: Incoming['headers'] = {}, body: Uint8Array = BODY): Incoming {
  return {
    headers: {
      'x-shopify-topic': 'orders/create',
      'x-shopify-shop-domain': 'example.myshopify.com',
      'x-shopify-hmac-sha256': sign(BODY, 'new secret'),
      'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      'x-shopify-api-version': '2026-10',
      ...headers,
    },
    body,
  };
}

function whyNot(message: Incoming, terms: Parameters<typeof verify>[1] = TERMS): string {
  const verdict = verify(message, terms);
  return verdict.proof === 'refused' ? verdict.why : 'authentic';
}

test('a signature by any configured secret proves the message', () => {
  assert.equal(whyNot(incoming()), 'authentic');
  assert.equal(whyNot(incoming({ 'x-shopify-hmac-sha256': sign(BODY, 'old secret') })), 'authentic');
});

test('the signature is Shopify’s: base64 of HMAC-SHA256', () => {
  // Computed with: printf '{"a":1}' | openssl dgst -sha256 -hmac hush -binary | base64
  assert.equal(
    sign(new TextEncoder().encode('{"a":1}'), 'hush'),
    '3+Yq/TpwjqJ7IXuMq8EfED7b+y0XbokqOKLUdagDxMI=',
  );
});

test('everything that is not signed is refused', () => {
  const wrong = /signature does not fit/;
  const signature = sign(BODY, 'new secret');
  assert.match(whyNot(incoming({ 'x-shopify-hmac-sha256': sign(BODY, 'third secret') })), wrong);
  assert.match(whyNot(incoming({}, new TextEncoder().encode('{"id":820982911946154509}'))), wrong);
  const none = /is no signature/;
  assert.match(whyNot(incoming({ 'x-shopify-hmac-sha256': signature.slice(0, 20) })), none);
  assert.match(whyNot(incoming({ 'x-shopify-hmac-sha256': `${signature}AAAA` })), none);
  assert.match(whyNot(incoming({ 'x-shopify-hmac-sha256': '💥 not base64' })), none);
  assert.match(whyNot(incoming({ 'x-shopify-hmac-sha256': undefined })), /Hmac-Sha256 is missing/);
});

test('another shop’s message is refused by the name of its shop', () => {
  assert.match(
    whyNot(incoming({ 'x-shopify-shop-domain': 'other.myshopify.com' })),
    /"other\.myshopify\.com"/,
  );
  assert.match(whyNot(incoming({ 'x-shopify-shop-domain': undefined })), /Shop-Domain is missing/);
  assert.equal(whyNot(incoming({ 'x-shopify-shop-domain': 'Example.MyShopify.com' })), 'authentic');
});

test('without a secret every message is refused and the setting is named', () => {
  for (const secrets of [[], ['']]) {
    const forged = incoming({ 'x-shopify-hmac-sha256': sign(BODY, '') });
    assert.match(whyNot(forged, { ...TERMS, secrets }), /SHOPIFY_WEBHOOK_SECRET/);
  }
});

test('nobody else may use the topic of our own readings', () => {
  assert.match(whyNot(incoming({ 'x-shopify-topic': 'counterfoil/read' })), /our own readings/);
});

test('a message is named by Shopify’s id, else by its topic and content', () => {
  const idOf = (message: Incoming): string => {
    const verdict = verify(message, TERMS);
    assert(verdict.proof === 'authentic');
    return verdict.message.externalId;
  };
  assert.equal(idOf(incoming()), 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043');
  const nameless = { 'x-shopify-webhook-id': undefined };
  assert.match(idOf(incoming(nameless)), /^[0-9a-f]{64}$/);
  assert.equal(idOf(incoming(nameless)), idOf(incoming({ 'x-shopify-webhook-id': 'x'.repeat(200) })));
  assert.notEqual(
    idOf(incoming(nameless)),
    idOf(incoming({ ...nameless, 'x-shopify-topic': 'orders/paid' })),
  );
});

test('headers that tell something later are kept, the signature never', () => {
  const verdict = verify(incoming({ cookie: 'secret', 'x-shopify-event-id': 'e'.repeat(5000) }), TERMS);
  assert(verdict.proof === 'authentic');
  assert.deepEqual(verdict.message.headers, {
    'x-shopify-topic': 'orders/create',
    'x-shopify-shop-domain': 'example.myshopify.com',
    'x-shopify-api-version': '2026-10',
    'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
    'x-shopify-event-id': 'e'.repeat(200),
  });
  assert.equal(verdict.message.body, BODY);
});

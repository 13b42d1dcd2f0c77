import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionId } from '#core/ids.ts';
import type { Incoming, Verdict } from '#pipeline/source.ts';
import { makeCertificate } from '#tests/amazon/certificate.ts';
import { NOTIFICATION, bytes, orderChange } from '#tests/amazon/notifications.ts';
import { CERTIFICATE_URL, TOPIC, snsHost, snsIncoming } from '#tests/amazon/sns-messages.ts';
import { testClock } from '#tests/clock.ts';
import { createProof, sign } from './proof.ts';
import type { ProofTerms } from './proof.ts';

const CERTIFICATE = makeCertificate();
const BODY = bytes(orderChange());
const [NEW, OLD] = ['planted-secret-of-this-year', 'planted-secret-of-last-year'];
const KEY = 'planted-key-of-the-forwarder';
const NOW_S = testClock().now() / 1000;

function proofWith(terms: Partial<ProofTerms> = {}) {
  const { transport } = snsHost({ [CERTIFICATE_URL]: CERTIFICATE.pem });
  const clock = testClock();
  const connection = connectionId('amazon');
  return createProof({
    connection,
    secrets: [NEW, OLD],
    topic: TOPIC,
    apiKeys: [KEY],
    transport,
    clock,
    ...terms,
  });
}

function signed(headers: Incoming['headers'] = {}, seconds = String(NOW_S)): Incoming {
  return {
    headers: {
      'x-counterfoil-timestamp': seconds,
      'x-counterfoil-signature': sign(BODY, seconds, NEW),
      ...headers,
    },
    body: BODY,
  };
}

const signature = (value: string): Incoming => signed({ 'x-counterfoil-signature': value });

async function whyNot(message: Incoming, terms: Partial<ProofTerms> = {}): Promise<string> {
  const verdict = await proofWith(terms).verify(message);
  assert.doesNotMatch(JSON.stringify(verdict), /planted/);
  return whyIn(verdict);
}

function whyIn(verdict: Verdict): string {
  if (verdict.proof === 'refused') {
    assert.equal(verdict.title, 'Unauthorized Webhook Origin');
    return verdict.why;
  }
  return verdict.proof;
}

void describe('a signed notification', () => {
  void test('is proven by any configured secret over the seconds, a dot and the body', async () => {
    assert.equal(await whyNot(signed()), 'authentic');
    assert.equal(await whyNot(signature(sign(BODY, String(NOW_S), OLD))), 'authentic');
    assert.equal(await whyNot(signature(sign(BODY, String(NOW_S), NEW).toUpperCase())), 'authentic');
    // Computed with: printf '1795168800.{"a":1}' | openssl dgst -sha256 -hmac hush
    assert.equal(
      sign(new TextEncoder().encode('{"a":1}'), '1795168800', 'hush'),
      '8b215c1e6331ee8f1e91364eaf6efd4ee85ad259cf5f98a11ba65c3231451bf0',
    );
  });

  void test('is stored as it came, under Amazon’s name of it, without any proof', async () => {
    const verdict = await proofWith().verify(signed({ 'x-api-key': KEY, cookie: 'x' }));
    assert(verdict.proof === 'authentic');
    assert.deepEqual(verdict.message, {
      connection: 'amazon',
      externalId: NOTIFICATION.id,
      topic: 'ORDER_CHANGE',
      headers: { 'x-counterfoil-way': 'signed' },
      body: BODY,
    });
  });

  void test('that is no notification is authentic all the same, named by its content', async () => {
    const body = new TextEncoder().encode('{}');
    const headers = { ...signed().headers, 'x-counterfoil-signature': sign(body, String(NOW_S), NEW) };
    const verdicts = [
      await proofWith().verify({ headers, body }),
      await proofWith().verify({ headers, body }),
    ];
    assert.deepEqual(verdicts[0], verdicts[1]);
    assert(verdicts[0]?.proof === 'authentic');
    assert.match(verdicts[0].message.externalId, /^[0-9a-f]{64}$/);
  });

  void test('with another signature, body or time is refused', async () => {
    const wrong = /signature does not fit/;
    const right = sign(BODY, String(NOW_S), NEW);
    assert.match(await whyNot(signature(sign(BODY, String(NOW_S), 'another secret of 20'))), wrong);
    assert.match(await whyNot({ ...signed(), body: bytes(orderChange({ SellerId: 'AOTHER' })) }), wrong);
    assert.match(await whyNot({ ...signed(), body: new Uint8Array() }), wrong);
    assert.match(await whyNot(signed({ 'x-counterfoil-timestamp': String(NOW_S - 1) })), wrong);
    assert.match(await whyNot(signed({ 'x-counterfoil-timestamp': `0${NOW_S}` })), wrong);
    for (const text of [right.slice(0, 20), `${right}00`, `sha256=${right}`, '☠ %00']) {
      assert.match(await whyNot(signature(text)), wrong, text);
    }
  });

  void test('is taken for five minutes either way, and not as a recording', async () => {
    const of = (seconds: number) => whyNot(signed({}, String(seconds)));
    assert.equal(await of(NOW_S - 300), 'authentic');
    assert.equal(await of(NOW_S + 300), 'authentic');
    assert.match(await of(NOW_S - 301), /signed 301 s ago, and 300 s are allowed: compare the clocks/);
    assert.match(await of(NOW_S + 301), /signed 301 s in the future/);
  });

  void test('with half its headers or a time that is none is refused by name', async () => {
    assert.match(await whyNot(signed({ 'x-counterfoil-timestamp': undefined })), /Timestamp is missing/);
    assert.match(await whyNot(signed({ 'x-counterfoil-signature': undefined })), /Signature is missing/);
    for (const seconds of ['2026-11-20T10:00:00Z', `${NOW_S}.5`, '-1', `${NOW_S}000`]) {
      assert.match(await whyNot(signed({}, seconds)), /which are no whole seconds since 1970/, seconds);
    }
  });
});

void describe('a notification with a key', () => {
  const keyed = (key: string): Incoming => ({ headers: { 'x-api-key': key }, body: BODY });

  void test('is taken where one is configured, and says which way it came', async () => {
    const verdict = await proofWith().verify(keyed(KEY));
    assert(verdict.proof === 'authentic');
    assert.deepEqual(verdict.message.headers, { 'x-counterfoil-way': 'api-key' });
  });

  void test('that is wrong, or where none is configured, is refused', async () => {
    for (const key of ['', KEY.slice(0, -1), `${KEY}x`, NEW]) {
      assert.match(await whyNot(keyed(key)), /none of the configured keys/, key);
    }
    assert.match(await whyNot(keyed(KEY), { apiKeys: [] }), /AMAZON_API_KEY is not set/);
  });

  void test('and a wrong signature is refused: the key makes none good', async () => {
    const message = signature(sign(BODY, String(NOW_S), 'another secret of 20'));
    const both = { ...message, headers: { ...message.headers, 'x-api-key': KEY } };
    assert.match(await whyNot(both), /signature does not fit/);
  });
});

void describe('a notification through SNS', () => {
  const message = { key: CERTIFICATE.privateKey, message: JSON.stringify(orderChange()) };

  void test('is proven by the topic’s signature', async () => {
    assert.equal(await whyNot(snsIncoming(message)), 'authentic');
    assert.match(await whyNot(snsIncoming({ ...message, forged: { Message: '{}' } })), /does not fit/);
  });

  void test('of another topic, or delivered raw, is refused before it is read', async () => {
    const other = snsIncoming(message, { 'x-amz-sns-topic-arn': `${TOPIC.arn}2` });
    assert.match(await whyNot(other), /forward2", and AMAZON_SNS_TOPIC_ARN is/);
    const raw = snsIncoming(message, { 'x-amz-sns-rawdelivery': 'true' });
    assert.match(await whyNot(raw), /switch raw message delivery off/);
    const { topic: _, ...terms } = { topic: TOPIC, secrets: [NEW] };
    const proof = createProof({
      ...terms,
      connection: connectionId('amazon'),
      apiKeys: [],
      transport: snsHost({}).transport,
      clock: testClock(),
    });
    assert.match(whyIn(await proof.verify(snsIncoming(message))), /AMAZON_SNS_TOPIC_ARN is not set/);
  });
});

void describe('a message without proof', () => {
  void test('is refused, naming what it could carry', async () => {
    assert.match(await whyNot({ headers: {}, body: BODY }), /no header X-Counterfoil-Signature/);
    assert.match(await whyNot({ headers: { authorization: `Bearer ${KEY}` }, body: BODY }), /no proof/);
  });

  void test('is refused where nothing is configured, naming the settings', async () => {
    const proof = createProof({
      connection: connectionId('amazon'),
      secrets: [],
      apiKeys: [],
      transport: snsHost({}).transport,
      clock: testClock(),
    });
    const empty = signature(sign(BODY, String(NOW_S), ''));
    assert.match(whyIn(await proof.verify(empty)), /set AMAZON_WEBHOOK_SECRET, AMAZON_SNS_TOPIC_ARN or/);
    assert.match(proof.refusalUnread(empty.headers)?.why ?? '', /No proof is configured/);
  });

  void test('what headers alone refuse is told without the body; what a body could prove is not', () => {
    const proof = proofWith();
    assert.match(proof.refusalUnread({})?.why ?? '', /no proof/);
    assert.match(proof.refusalUnread({ 'x-api-key': 'wrong' })?.why ?? '', /none of the configured keys/);
    assert.match(proof.refusalUnread(signed({}, String(NOW_S - 301)).headers)?.why ?? '', /301 s ago/);
    assert.equal(proof.refusalUnread(signature('☠').headers), undefined);
    assert.equal(proof.refusalUnread(snsIncoming({ key: CERTIFICATE.privateKey }).headers), undefined);
  });
});

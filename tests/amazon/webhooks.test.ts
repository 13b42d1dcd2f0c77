import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { SECOND } from '#core/time.ts';
import { createServer } from '#http/server.ts';
import { createInbox } from '#pipeline/inbox.ts';
import type { Delivery, PipelineEvent } from '#pipeline/ports.ts';
import type { Incoming, Source } from '#pipeline/source.ts';
import { createEmbeddedQueue } from '#queue/embedded.ts';
import { createProof, sign } from '#sources/amazon/proof.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { makeCertificate } from './certificate.ts';
import { NOTIFICATION, bytes, orderChange } from './notifications.ts';
import { CERTIFICATE_URL, SUBSCRIBE_URL, TOPIC, snsHost, snsIncoming } from './sns-messages.ts';
import type { SnsHost } from './sns-messages.ts';

/** The server on a socket, between a forwarder and a real database. */
interface World {
  readonly clock: TestClock;
  readonly events: readonly PipelineEvent[];
  readonly stored: () => Promise<readonly Delivery[]>;
  readonly post: (
    message: Incoming,
    path?: string,
  ) => Promise<{ readonly status: number; readonly title: unknown }>;
  readonly sns: SnsHost;
  /** Whether certificates can be had. */
  readonly setDown: (isDown: boolean) => void;
}

const SECRET = 'planted-secret-of-the-forwarder';
const KEY = 'planted-key-of-the-forwarder';
const BODY = bytes(orderChange());
const CERTIFICATE = makeCertificate();

function posted(name: string, body: (world: World) => Promise<void>): void {
  void test(name, async () => {
    const clock = testClock();
    const { store } = await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock,
      seal: createSeal('key'),
    });
    const events: PipelineEvent[] = [];
    const emit = (event: PipelineEvent): void => void events.push(event);
    const inbox = createInbox({
      store,
      clock,
      emit,
      // Not started, so that what is stored stays as it was stored.
      queue: createEmbeddedQueue({
        read: store.read,
        clock,
        places: 1,
        pollMs: SECOND,
        onPollFailure: () => assert.fail(),
      }),
    });
    let isDown = false;
    const sns = snsHost({
      [CERTIFICATE_URL]: () => new Response(CERTIFICATE.pem, { status: isDown ? 503 : 200 }),
      [new URL(SUBSCRIBE_URL).href]: '<ConfirmSubscriptionResponse/>',
    });
    const server = createServer({
      inbox,
      clock,
      sources: new Map([['amazon', [sourceOf(clock, sns)]]]),
      emit,
      checkReady: async () => undefined,
      finishConsent: async () => '',
    });
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      await body({
        clock,
        events,
        sns,
        setDown(next) {
          isDown = next;
        },
        stored: () => store.read.deliveries({ state: 'accepted', limit: 100 }),
        async post({ headers, body: content }, path = '/webhooks/amazon') {
          const response = await fetch(`http://127.0.0.1:${port}${path}`, {
            method: 'POST',
            headers: Object.fromEntries(
              Object.entries(headers).flatMap(([name, value]) =>
                value === undefined ? [] : [[name, value]],
              ),
            ),
            body: Buffer.from(content),
          });
          const answer: unknown = await response.json();
          return { status: response.status, title: Reflect.get(Object(answer), 'title') };
        },
      });
    } finally {
      await server.close();
      await store.close();
    }
    assert.doesNotMatch(JSON.stringify(events), /planted/, 'no event holds a secret');
  });
}

/** A seller of whom only the way in is known: what the server asks of a source is its proof. */
function sourceOf(clock: TestClock, { transport }: SnsHost): Source {
  const connection = connectionId('amazon');
  const unread = new Failure('order-needs-reread', { detail: 'Nothing is read here' });
  return {
    ...createProof({ connection, secrets: [SECRET], apiKeys: [KEY], topic: TOPIC, clock, transport }),
    connection,
    spareAt: () => undefined,
    canRead: false,
    readNeeds: 'SP_API_CLIENT_ID',
    sort() {
      throw unread;
    },
    read: () => Promise.reject(unread),
  };
}

function signed({ now }: Pick<TestClock, 'now'>, body: Uint8Array = BODY, agoS = 0): Incoming {
  const seconds = String(now() / SECOND - agoS);
  return {
    headers: {
      'content-type': 'application/json',
      'x-counterfoil-timestamp': seconds,
      'x-counterfoil-signature': sign(body, seconds, SECRET),
    },
    body,
  };
}

const REFUSED = { status: 401, title: 'Unauthorized Webhook Origin' };
const whys = ({ events }: World): readonly unknown[] =>
  events.flatMap(({ name, fields }) => (name === 'delivery refused' ? [fields['why']] : []));
const notification = { key: CERTIFICATE.privateKey, message: JSON.stringify(orderChange()) };

void describe('POST /webhooks/amazon', () => {
  posted('answers 200 to a signed notification once it is stored as it came', async (world) => {
    const { post, clock, stored } = world;
    assert.equal((await post(signed(clock))).status, 200);
    const [delivery, ...others] = await stored();
    assert(delivery !== undefined && others.length === 0);
    assert.equal(delivery.connection, 'amazon');
    assert.equal(delivery.externalId, NOTIFICATION.id);
    assert.equal(delivery.topic, 'ORDER_CHANGE');
    assert.deepEqual(new Uint8Array(delivery.body), BODY);
  });

  posted('is the connection’s own address too, and no other’s', async (world) => {
    const { post, clock } = world;
    assert.equal((await post(signed(clock), '/webhooks/amazon/amazon')).status, 200);
    assert.equal((await post(signed(clock), '/webhooks/amazon/elsewhere')).status, 401);
  });

  posted(
    'answers 401 to every message without proof, tells its sender nothing, and stores none',
    async (world) => {
      const { post, clock, stored } = world;
      const { headers } = signed(clock);
      const refused: readonly (readonly [message: Incoming, why: RegExp])[] = [
        [{ headers: {}, body: BODY }, /no proof/],
        [{ headers: {}, body: new Uint8Array() }, /no proof/],
        [{ headers: { ...headers, 'x-counterfoil-signature': '0'.repeat(64) }, body: BODY }, /does not fit/],
        [{ headers, body: bytes(orderChange({ SellerId: 'AOTHERSELLER' })) }, /does not fit/],
        [signed(clock, BODY, 301), /signed 301 s ago/],
        [{ headers: { 'x-api-key': 'planted? no' }, body: BODY }, /none of the configured keys/],
        [snsIncoming({ ...notification, forged: { Message: '{}' } }), /signature of SNS does not fit/],
        [snsIncoming(notification, { 'x-amz-sns-topic-arn': `${TOPIC.arn}2` }), /of the topic/],
      ];
      for (const [message] of refused) {
        assert.deepEqual(await post(message), REFUSED);
      }
      const told = whys(world);
      assert.equal(told.length, refused.length);
      for (const [index, [, why]] of refused.entries()) {
        assert.match(String(told[index]), why);
      }
      assert.deepEqual(await stored(), []);
    },
  );

  posted(
    'takes a recording within its five minutes for the message that it is, and later for none',
    async (world) => {
      const { post, clock, stored } = world;
      const recording = signed(clock);
      assert.equal((await post(recording)).status, 200);
      assert.equal((await post(recording)).status, 200);
      await clock.advance(300 * SECOND);
      assert.equal((await post(recording)).status, 200);
      assert.equal((await stored()).length, 1);
      await clock.advance(SECOND);
      assert.deepEqual(await post(recording), REFUSED);
    },
  );

  posted('keeps one delivery of what comes by several ways', async (world) => {
    const { post, clock, stored } = world;
    assert.equal((await post(signed(clock, BODY, 1))).status, 200);
    assert.equal((await post({ headers: { 'x-api-key': KEY }, body: BODY })).status, 200);
    assert.equal((await post(snsIncoming(notification))).status, 200);
    assert.equal((await stored()).length, 1);
  });

  posted('keeps what is authentic and no notification, so that a person sees it', async (world) => {
    const { post, clock, stored } = world;
    for (const body of ['', 'not JSON', '{}']) {
      assert.equal((await post(signed(clock, new TextEncoder().encode(body)))).status, 200);
    }
    const topics = (await stored()).map(({ topic }) => topic);
    assert.deepEqual(topics, Array(3).fill('amazon/unreadable'));
  });

  posted('confirms the subscription of its topic, says so and stores nothing', async (world) => {
    const { post, stored, events, sns } = world;
    const message = { key: CERTIFICATE.privateKey, type: 'SubscriptionConfirmation' } as const;
    assert.equal((await post(snsIncoming(message))).status, 200);
    assert.equal(sns.asked.at(-1), new URL(SUBSCRIBE_URL).href);
    assert.match(JSON.stringify(events), /"webhook answered".*is confirmed/);
    assert.deepEqual(await stored(), []);
  });

  posted('has a message come again whose certificate cannot be had now', async (world) => {
    const { post, stored, setDown } = world;
    setDown(true);
    assert.equal((await post(snsIncoming(notification))).status, 503);
    assert.deepEqual(await stored(), []);
    setDown(false);
    assert.equal((await post(snsIncoming(notification))).status, 200);
    assert.equal((await stored()).length, 1);
  });
});

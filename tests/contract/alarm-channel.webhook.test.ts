import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { describe, test } from 'node:test';
import { createSignedWebhookChannel } from '#alarms/signed-webhook.ts';
import { SECOND } from '#core/time.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { AWKWARD, alarmChannelContract } from '#tests/contract/alarm-channel.ts';
import { startPostReceiver } from '#tests/contract/post-receiver.ts';
import type { Post, PostReceiver } from '#tests/contract/post-receiver.ts';

const SECRET = 'planted-signing-secret';

function channelTo({ origin }: PostReceiver, clock: TestClock = testClock()) {
  const url = `${origin}/hooks/planted-path?key=planted-query`;
  return createSignedWebhookChannel({ transport: fetch, clock }, { url, secret: SECRET });
}

/** As docs/alarms.md tells a receiver to do it. */
function isGenuine({ headers, body }: Post, secret: string): boolean {
  const timestamp = String(headers['x-counterfoil-timestamp']);
  const expected = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest();
  const given = Buffer.from(String(headers['x-counterfoil-signature']), 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

alarmChannelContract({
  name: 'signed webhook',
  async open() {
    const receiver = await startPostReceiver();
    return {
      ...receiver,
      channel: (clock) => channelTo(receiver, clock),
      taken: () => receiver.posts().map(({ body }) => ({ text: JSON.parse(body).text })),
      secrets: [SECRET, 'planted-path', 'planted-query'],
    };
  },
});

void describe('a message to a program', () => {
  async function withReceiver(body: (receiver: PostReceiver) => Promise<void>): Promise<void> {
    const receiver = await startPostReceiver();
    try {
      await body(receiver);
    } finally {
      await receiver.close();
    }
  }

  void test('is signed over its moment and its bytes, with the secret and no other', () =>
    withReceiver(async (receiver) => {
      const clock = testClock();
      await channelTo(receiver, clock).send(AWKWARD);
      const [post] = receiver.posts();
      assert(post !== undefined);
      assert.match(String(post.headers['x-counterfoil-signature']), /^[0-9a-f]{64}$/);
      assert.equal(post.headers['x-counterfoil-timestamp'], String(clock.now() / SECOND));
      assert.ok(isGenuine(post, SECRET));
      assert.ok(!isGenuine(post, `${SECRET}x`));
      assert.ok(!isGenuine({ ...post, body: `${post.body} ` }, SECRET));
      const moved = { ...post.headers, 'x-counterfoil-timestamp': String(clock.now() / SECOND + 1) };
      assert.ok(!isGenuine({ ...post, headers: moved }, SECRET));
    }));

  void test('bears the moment of its attempt, and keeps its id when it is sent again', () =>
    withReceiver(async (receiver) => {
      const clock = testClock();
      const channel = channelTo(receiver, clock);
      await channel.send(AWKWARD);
      await clock.advance(90 * SECOND);
      await channel.send(AWKWARD);
      const [first, second] = receiver.posts();
      const stampOf = (post: Post | undefined) => Number(post?.headers['x-counterfoil-timestamp']);
      assert.equal(stampOf(second) - stampOf(first), 90);
      assert.equal(first?.body, second?.body);
      assert.equal(JSON.parse(first?.body ?? '').id, AWKWARD.id);
    }));

  void test('tells everything by fields', () =>
    withReceiver(async (receiver) => {
      await channelTo(receiver).send({ ...AWKWARD, title: 'Title', text: 'Text' });
      assert.deepEqual(JSON.parse(receiver.posts()[0]?.body ?? ''), {
        id: AWKWARD.id,
        at: '2026-11-20T10:00:00.000Z',
        place: 'acme.myshopify.com',
        title: 'Title',
        text: 'Text',
        isTest: false,
        raised: AWKWARD.raised.map((group) => ({ ...group, sinceAt: '2026-11-10T17:00:00.000Z' })),
        again: [],
        over: [],
        unlistedCount: 0,
      });
    }));
});

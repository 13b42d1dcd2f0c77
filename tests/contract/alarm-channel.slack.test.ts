import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSlackChannel } from '#alarms/slack.ts';
import { Failure } from '#core/failure.ts';
import { MINUTE } from '#core/time.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { AWKWARD, alarmChannelContract } from '#tests/contract/alarm-channel.ts';
import { startPostReceiver } from '#tests/contract/post-receiver.ts';
import type { PostReceiver } from '#tests/contract/post-receiver.ts';

const PATH = '/services/T0PLANTED/B0PLANTED/planted-slack-secret';
const textOf = (body: string): string => (JSON.parse(body) as { text: string }).text;
const plain = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

function channelTo({ origin }: PostReceiver, clock: TestClock = testClock()) {
  return createSlackChannel({ transport: fetch, clock }, `${origin}${PATH}?token=planted-query`);
}

alarmChannelContract({
  name: 'slack',
  async open() {
    const receiver = await startPostReceiver();
    return {
      ...receiver,
      channel: (clock) => channelTo(receiver, clock),
      taken: () => receiver.posts().map(({ body }) => ({ text: plain(textOf(body)) })),
      secrets: ['planted-slack-secret', 'T0PLANTED', 'planted-query'],
    };
  },
});

void describe('a message to a chat', () => {
  async function withReceiver(body: (receiver: PostReceiver) => Promise<void>): Promise<void> {
    const receiver = await startPostReceiver();
    try {
      await body(receiver);
    } finally {
      await receiver.close();
    }
  }

  void test('is JSON with a text, led by which installation speaks', () =>
    withReceiver(async (receiver) => {
      await channelTo(receiver).send(AWKWARD);
      const [post] = receiver.posts();
      assert.equal(post?.headers['content-type'], 'application/json; charset=utf-8');
      assert.deepEqual(Object.keys(JSON.parse(post?.body ?? '')), ['text']);
      assert.match(textOf(post?.body ?? ''), /^\*Counterfoil acme\.myshopify\.com\*\n\n1 order waits/);
    }));

  void test('is cut where Discord would refuse it, and says where the rest is', () =>
    withReceiver(async (receiver) => {
      await channelTo(receiver).send({ ...AWKWARD, text: '<'.repeat(1_000) });
      const text = textOf(receiver.posts()[0]?.body ?? '');
      assert.ok(text.length <= 2_000);
      assert.match(text, /&lt;… The rest: counterfoil alarms$/);
      await channelTo(receiver).send({ ...AWKWARD, text: 'x'.repeat(1_900) });
      assert.match(textOf(receiver.posts()[1]?.body ?? ''), /x$/);
      for (const before of ['', 'x']) {
        await channelTo(receiver).send({ ...AWKWARD, text: before + '🍮'.repeat(1_000) });
        const { body = '' } = receiver.posts().at(-1) ?? {};
        assert.match(textOf(body), /🍮… The rest/u, 'no sign is cut in two');
      }
    }));

  void test('calls nobody, whatever an order is named', () =>
    withReceiver(async (receiver) => {
      await channelTo(receiver).send({ ...AWKWARD, text: '@here #1 <!channel> <@U1> <https://x|y> &lt;' });
      const text = textOf(receiver.posts()[0]?.body ?? '');
      // Mattermost, Rocket.Chat and Discord call whoever stands right behind the sign.
      const named = /@\u200bhere #1 &lt;!channel&gt; &lt;@\u200bU1&gt; &lt;https:\/\/x\|y&gt; &amp;lt;$/;
      assert.match(text, named);
      assert.ok(!/[<>]/.test(text));
    }));

  void test('that is refused says why in the receiver’s own word, and leaves out anything longer', () =>
    withReceiver(async (receiver) => {
      receiver.answer(404, 'no_service');
      const told = await channelTo(receiver).send(AWKWARD).catch(String);
      assert.match(String(told), /127\.0\.0\.1:\d+ answered 404 \(no_service\)$/);
      receiver.answer(400, 'Unknown address https://hooks.example.com/planted');
      assert.match(String(await channelTo(receiver).send(AWKWARD).catch(String)), /answered 400$/);
    }));

  void test('that comes too fast is sent again when the receiver says', () =>
    withReceiver(async (receiver) => {
      receiver.answer(429, '', { 'retry-after': '120' });
      const clock = testClock();
      const thrown = await channelTo(receiver, clock)
        .send(AWKWARD)
        .catch((thrown: unknown) => thrown);
      assert(thrown instanceof Failure);
      assert.deepEqual(
        [thrown.code, (thrown.retryAt ?? 0) - clock.now()],
        ['request-rate-limited', 2 * MINUTE],
      );
    }));

  void test('follows no redirection, which could lead anywhere', () =>
    withReceiver(async (receiver) => {
      receiver.answer(307, '', { location: `${receiver.origin}/elsewhere` });
      await assert.rejects(channelTo(receiver).send(AWKWARD), { code: 'request-answer-unreadable' });
    }));
});

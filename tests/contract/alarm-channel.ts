import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, test } from 'node:test';
import type { AlarmMessage } from '#core/alarm-message.ts';
import { messageOf } from '#core/alarm-message.ts';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import type { AlarmChannel } from '#pipeline/ports.ts';
import { alarm, at } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';
import { until } from '#tests/until.ts';

/** What every implementation of the port `AlarmChannel` promises, over a real socket. */
export interface ChannelHarness {
  readonly name: string;
  /** A receiver of its kind on a socket of this machine. */
  readonly open: () => Promise<Receiver>;
}

export interface Receiver {
  readonly channel: (clock: TestClock) => AlarmChannel;
  /** What it took, as a person or a program finds it. */
  readonly taken: () => readonly Taken[];
  readonly behave: (behaviour: Behaviour) => void;
  /** How many have called. */
  readonly callCount: () => number;
  /** What must never stand in a failure. */
  readonly secrets: readonly string[];
  /** Stops listening and lets go of every connection. */
  readonly close: () => Promise<void>;
}

export interface Taken {
  /** Contains the message's text, decoded. */
  readonly text: string;
}

export type Behaviour =
  | 'take'
  /** Says no. */
  | 'refuse'
  /** Takes the connection and says nothing. */
  | 'hang'
  /** Answers without end. */
  | 'flood'
  /** Closes the connection in the middle. */
  | 'cut';

/** A message with all that breaks formats: other scripts, dots at the start of lines, markup, quotes, long lines. */
export const AWKWARD: AlarmMessage = {
  ...messageOf(
    {
      raised: [
        alarm({
          subject: '#1001 <!channel> “Ü日本 🎟”',
          sentence: `.\n..hidden\n.\nQUIT ${'long '.repeat(300)}`,
          remedy: `counterfoil explain '#1001' & "more" \\n`,
        }),
      ],
      again: [],
      over: [],
    },
    { at: at('2026-11-20T10:00:00Z'), place: 'acme.myshopify.com' },
  ),
  id: '0123456789abcdef0123456789abcdef',
};

/** The longest that any channel may take for one message. */
const TIME_LIMIT_MS = MINUTE;
const PROMPT_MS = 5 * SECOND;

export function alarmChannelContract(harness: ChannelHarness): void {
  const promise = (name: string, body: (world: World) => Promise<void>): void => {
    void test(name, async () => {
      const clock = testClock();
      const receiver = await harness.open();
      try {
        await body({ receiver, clock, channel: receiver.channel(clock) });
        assert.equal(clock.sleeping(), 0, 'nothing waits on the clock afterwards');
      } finally {
        await receiver.close();
      }
    });
  };
  void describe(`alarm channel contract: ${harness.name}`, () => {
    taking(promise);
    failing(promise);
  });
}

interface World {
  readonly receiver: Receiver;
  readonly clock: TestClock;
  readonly channel: AlarmChannel;
}

type Promises = (name: string, body: (world: World) => Promise<void>) => void;

function taking(promise: Promises): void {
  promise('a message arrives whole', async ({ receiver, channel }) => {
    await channel.send(AWKWARD);
    const [first, ...more] = receiver.taken();
    assert.deepEqual(more, []);
    assert.equal(words(first?.text ?? ''), words(AWKWARD.text));
  });

  promise('messages after each other all arrive, in their order', async ({ receiver, channel }) => {
    for (const word of ['first', 'second', 'third']) {
      await channel.send({ ...AWKWARD, id: word, text: `The ${word} one` });
    }
    assert.deepEqual(
      receiver.taken().map(({ text }) =>
        text
          .trim()
          .slice(-20)
          .replace(/^.*The /s, ''),
      ),
      ['first one', 'second one', 'third one'],
    );
  });

  promise('its name says nothing of where it leads', async ({ receiver, channel }) => {
    assert.match(channel.name, /^[a-z]+(-\d+)?$/);
    assert.ok(receiver.secrets.every((secret) => !channel.name.includes(secret)));
  });
}

function failing(promise: Promises): void {
  promise('a receiver that refuses is a failure, and the next message is tried anew', async (world) => {
    const { receiver, channel } = world;
    receiver.behave('refuse');
    await fails(world, 'alarm-refused');
    assert.deepEqual(receiver.taken(), []);
    receiver.behave('take');
    await channel.send(AWKWARD);
    assert.equal(receiver.taken().length, 1);
  });

  promise('a receiver that cannot be reached is a failure', async (world) => {
    await world.receiver.close();
    await fails(world, 'request-unreachable');
  });

  promise('a receiver that says nothing is left after a while, and not before', async (world) => {
    const { receiver, channel, clock } = world;
    receiver.behave('hang');
    let outcome: unknown;
    const sending = channel.send(AWKWARD).catch((thrown: unknown) => {
      outcome = thrown;
    });
    await until('it is connected', () => receiver.callCount() > 0);
    await clock.advance(SECOND);
    assert.equal(outcome, undefined);
    await clock.advance(TIME_LIMIT_MS);
    // By this clock, and not by a timer of whatever library sends.
    await until('it is left', () => outcome !== undefined, PROMPT_MS);
    await sending;
    expectFailure(outcome, world, 'request-unanswered');
  });

  promise('a receiver that answers without end is a failure', async (world) => {
    world.receiver.behave('flood');
    await fails(world, 'request-answer-unreadable');
  });

  promise('a connection that is cut is a failure', async (world) => {
    world.receiver.behave('cut');
    await fails(world, 'request-unanswered');
  });

  promise('what was asked for while a receiver fails is not held up by it', async (world) => {
    const { receiver, channel, clock } = world;
    receiver.behave('hang');
    const hanging = channel.send(AWKWARD).catch(() => 'failed');
    await until('it is connected', () => receiver.callCount() > 0);
    receiver.behave('take');
    await channel.send(AWKWARD);
    assert.equal(receiver.taken().length, 1);
    await clock.advance(TIME_LIMIT_MS);
    assert.equal(await hanging, 'failed');
  });
}

async function fails(world: World, code: FailureCode): Promise<void> {
  const outcome = await world.channel.send(AWKWARD).catch((thrown: unknown) => thrown);
  expectFailure(outcome, world, code);
}

/** With all that hangs on it: a log may print the cause of the cause. */
export function expectFailure(
  thrown: unknown,
  {
    receiver,
    channel,
  }: { readonly receiver: Pick<Receiver, 'secrets'>; readonly channel: Pick<AlarmChannel, 'name'> },
  code: FailureCode,
): void {
  assert(thrown instanceof Failure, inspect(thrown));
  assert.equal(thrown.code, code, thrown.message);
  assert.ok(thrown.message.includes(channel.name), thrown.message);
  const shown = inspect(thrown, { depth: 20, showHidden: true });
  for (const secret of receiver.secrets) {
    assert.ok(!shown.includes(secret), `"${secret}" stands in the failure: ${shown}`);
  }
}

/** Mail may fold a line where it was a space; nothing else may change. */
function words(text: string): string {
  const found = text.indexOf('1 order waits');
  return text.slice(Math.max(0, found)).replaceAll(/\s+/g, ' ').trim();
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { createMailChannel } from '#alarms/mail.ts';
import { createSignedWebhookChannel } from '#alarms/signed-webhook.ts';
import { createSlackChannel } from '#alarms/slack.ts';
import type { Clock } from '#core/time.ts';
import type { AlarmChannel } from '#pipeline/ports.ts';
import { AWKWARD } from '#tests/contract/alarm-channel.ts';
import { NOW } from '#tests/contract/books-freshbooks.ts';
import { spoiling, spoiltAnswers } from './answers.ts';
import { outcomeOf, patientClock, see } from './target.ts';
import type { Opened } from './target.ts';

/** What the receivers of alarms answer. */

const SECRETS = ['planted-path', 'planted-secret', 'planted-password', 'planted-owner@example.com'];
const OTHER_ANSWERS = ['ok', 'no_service', 'invalid_payload: planted-path', 'planted-secret'];

async function assertSent(channel: AlarmChannel): Promise<void> {
  const outcome = await outcomeOf(() => channel.send(AWKWARD));
  see('failure' in outcome ? outcome.failure.code : 'taken');
  const text = 'failure' in outcome ? outcome.failure.message : '';
  assert.ok(
    SECRETS.every((secret) => !text.includes(secret)),
    text,
  );
}

export async function openPosts(): Promise<Opened> {
  const property = fc.asyncProperty(
    spoiltAnswers(1, OTHER_ANSWERS),
    fc.boolean(),
    async (answer, isSlack) => {
      const wire = spoiling(async () => new Response('ok'));
      wire.spoil(answer);
      const posting = { transport: wire.transport, clock: patientClock(NOW) };
      const url = 'https://hooks.example.com/services/planted-path';
      await assertSent(
        isSlack
          ? createSlackChannel(posting, url)
          : createSignedWebhookChannel(posting, { url, secret: 'planted-secret' }),
      );
    },
  );
  return { property };
}

/** What a mail server says, reply by reply, whatever it is told; then it hangs up. */
const RIGHT = [
  '220 ready\r\n',
  '250-mail\r\n250 AUTH PLAIN LOGIN\r\n',
  '235 in\r\n',
  '250 ok\r\n',
  '250 ok\r\n',
  '354 go\r\n',
  '250 taken\r\n',
  '221 bye\r\n',
];
const reply = fc.oneof(
  fc.constantFrom(
    '421 closing\r\n',
    '454 later\r\n',
    '500\r\n',
    '535 5.7.8 planted-password refused\r\n',
    '550 planted-owner@example.com is unknown\r\n',
    '250\r\n',
    '250-\r\n'.repeat(2000),
    '999 what\r\n',
    '2\r\n',
    '\r\n',
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '334 VXNlcm5hbWU6\r\n',
    '334 \u0000\r\n',
    `250 ${'x'.repeat(100_000)}\r\n`,
    '250 ok',
    '250 ok\n250 ok\n250 ok\n',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .tuple(fc.integer({ min: 100, max: 599 }), fc.string({ maxLength: 20 }))
    .map(([code, text]) => `${code} ${text}\r\n`),
);

export async function openMails(): Promise<Opened> {
  let replies: readonly string[] = [];
  let hungUp = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    const left = [...replies];
    // What is no whole reply is waited on by both sides, so the next one follows at once.
    const say = (): void => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        socket.write(next);
        if (left.length > 0 && /^\d{3} [^\n]*\r\n$/.test(next)) {
          return;
        }
      }
      socket.end();
      hungUp.resolve();
    };
    socket.on('error', () => undefined).on('data', say);
    say();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const login = { user: 'planted-user', password: 'planted-password' };
  const addresses = { from: 'books@example.com', to: 'planted-owner@example.com' };
  const property = fc.asyncProperty(
    fc.nat(RIGHT.length),
    fc.array(reply, { maxLength: 3 }),
    async (count, wrong) => {
      replies = [...RIGHT.slice(0, count), ...wrong];
      hungUp = Promise.withResolvers();
      // Time passes once the server has said all; who then still waits is late.
      const patient = patientClock(NOW);
      const clock: Clock = {
        ...patient,
        sleep: (until, signal) => hungUp.promise.then(() => patient.sleep(until, signal)),
      };
      const mail = { host: '127.0.0.1', port, tls: 'none', login } as const;
      await assertSent(createMailChannel({ name: 'mail-1', clock }, { server: mail, addresses }));
    },
  );
  return { property, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMailChannel } from '#alarms/mail.ts';
import type { MailServer } from '#alarms/mail.ts';
import { testClock } from '#tests/clock.ts';
import { AWKWARD, alarmChannelContract, expectFailure } from '#tests/contract/alarm-channel.ts';
import { startSmtpServer } from '#tests/contract/smtp-server.ts';
import type { SmtpServer } from '#tests/contract/smtp-server.ts';

const LOGIN = { user: 'planted-user@example.com', password: 'planted-password /ß' };
const ADDRESSES = { from: 'books@example.com', to: 'planted-owner@example.com' };
const SECRETS = [
  LOGIN.user,
  LOGIN.password,
  ADDRESSES.to,
  Buffer.from(LOGIN.password).toString('base64'),
  Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString('base64'),
];

function channelTo({ port }: SmtpServer, parts: Partial<MailServer> = {}, clock = testClock()) {
  const server: MailServer = { host: '127.0.0.1', port, tls: 'none', login: LOGIN, ...parts };
  return createMailChannel({ name: 'mail-1', clock }, { server, addresses: ADDRESSES });
}

alarmChannelContract({
  name: 'mail',
  async open() {
    const server = await startSmtpServer({ login: LOGIN });
    return {
      channel: (clock) => channelTo(server, {}, clock),
      taken: () => server.mails(),
      behave: server.behave,
      callCount: server.callCount,
      secrets: SECRETS,
      close: server.close,
    };
  },
});

void describe('a mail of an alarm', () => {
  async function withServer(
    body: (server: SmtpServer) => Promise<void>,
    terms: Parameters<typeof startSmtpServer>[0] = { login: LOGIN },
  ): Promise<void> {
    const server = await startSmtpServer(terms);
    try {
      await body(server);
    } finally {
      await server.close();
    }
  }

  void test('has its sender, its one recipient, its subject, its moment and an id of its own', () =>
    withServer(async (server) => {
      await channelTo(server).send({ ...AWKWARD, title: '1 order waits for a person: #1001' });
      const [mail] = server.mails();
      assert.deepEqual([mail?.from, mail?.to], [ADDRESSES.from, [ADDRESSES.to]]);
      const header = (name: string) => mail?.headers.get(name);
      assert.equal(header('subject'), 'Counterfoil acme.myshopify.com: 1 order waits for a person: #1001');
      assert.equal(header('message-id'), `<${AWKWARD.id}@example.com>`);
      assert.equal(header('auto-submitted'), 'auto-generated');
      assert.equal(Date.parse(header('date') ?? ''), AWKWARD.at);
    }));

  void test('whose title holds line breaks gets no further header and no further recipient', () =>
    withServer(async (server) => {
      await channelTo(server).send({ ...AWKWARD, title: 'Held\r\nBcc: thief@example.com\r\n\r\nHello' });
      const [mail, ...more] = server.mails();
      assert.deepEqual(more, []);
      assert.deepEqual(mail?.to, [ADDRESSES.to]);
      assert.equal(mail?.headers.has('bcc'), false);
      assert.match(mail?.headers.get('subject') ?? '', /Held.*Bcc: thief@example\.com/);
    }));

  void test('is sent without a login where none is set', () =>
    withServer(async (server) => {
      const addresses = ADDRESSES;
      const host = { host: '127.0.0.1', port: server.port, tls: 'none' as const };
      await createMailChannel({ name: 'mail-2', clock: testClock() }, { server: host, addresses }).send(
        AWKWARD,
      );
      assert.equal(server.mails().length, 1);
      assert.ok(!server.lines().some((line) => line.startsWith('AUTH')));
    }, {}));

  void test('with a wrong login is refused, and the server’s words, which repeat it, are left out', () =>
    withServer(async (server) => {
      const channel = channelTo(server, { login: { ...LOGIN, password: 'planted-wrong' } });
      const thrown = await channel.send(AWKWARD).catch((thrown: unknown) => thrown);
      const receiver = { secrets: [...SECRETS, 'planted-wrong'] };
      expectFailure(thrown, { receiver, channel }, 'alarm-refused');
      assert.match(String(thrown), /refuses the login \(535\)/);
      assert.deepEqual(server.mails(), []);
    }));

  void test('goes nowhere, and no login either, while a server elsewhere offers no TLS', () =>
    withServer(async (server) => {
      for (const tls of ['required', 'implicit'] as const) {
        const channel = channelTo(server, { tls });
        const thrown = await channel.send(AWKWARD).catch((thrown: unknown) => thrown);
        assert.match(String(thrown), /^Failure: Sending an alarm by mail-1: the server 127\.0\.0\.1:\d+ /);
      }
      assert.deepEqual(server.mails(), []);
      assert.ok(!server.lines().some((line) => /^(AUTH|MAIL)/.test(line)), server.lines().join('\n'));
    }));
});

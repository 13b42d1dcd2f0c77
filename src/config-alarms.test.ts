import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from './config.ts';
import { Failure } from '#core/failure.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';

const MAIL = {
  ALARM_EMAIL_TO: 'owner@example.com',
  ALARM_EMAIL_FROM: 'books@example.com',
  SMTP_URL: 'smtp://planted-user:planted-password@mail.example.com:587',
};
const SECRET = 'planted-signing-secret';
const read = (environment: Readonly<Record<string, string>>) => readConfig(environment).alarms;

function refused(environment: Readonly<Record<string, string>>, detail: RegExp): void {
  assert.throws(
    () => read(environment),
    (thrown) => {
      assert(thrown instanceof Failure, String(thrown));
      assert.equal(thrown.code, 'config-invalid');
      assert.match(thrown.message, detail);
      assert.doesNotMatch(thrown.message, /planted/);
      return true;
    },
  );
}

void describe('the settings of alarms', () => {
  void test('may all be absent: then nobody is told, and the times have their defaults', () => {
    assert.deepEqual(read({}), {
      channels: {},
      terms: { queueMs: 10 * MINUTE, repeatMs: 24 * HOUR, groupMs: 30 * SECOND },
    });
  });

  void test('set the times, in their bounds', () => {
    const { terms } = read({ ALARM_QUEUE_MINUTES: '1', ALARM_REPEAT_HOURS: '0', ALARM_GROUP_SECONDS: '600' });
    assert.deepEqual(terms, { queueMs: MINUTE, repeatMs: 0, groupMs: 10 * MINUTE });
    refused({ ALARM_QUEUE_MINUTES: '0' }, /^ALARM_QUEUE_MINUTES: "0" is not a whole number from 1 to 1440$/);
    refused(
      { ALARM_REPEAT_HOURS: '1.5' },
      /^ALARM_REPEAT_HOURS: "1\.5" is not a whole number from 0 to 720$/,
    );
    refused({ ALARM_GROUP_SECONDS: '-1' }, /^ALARM_GROUP_SECONDS: "-1" is not/);
  });

  void test('name each address of the mail, the server and its login', () => {
    const { channels } = read({ ...MAIL, ALARM_EMAIL_TO: ' owner@example.com , keeper@example.com,' });
    assert.deepEqual(channels.mail, {
      from: 'books@example.com',
      to: ['owner@example.com', 'keeper@example.com'],
      server: {
        host: 'mail.example.com',
        port: 587,
        tls: 'required',
        login: { user: 'planted-user', password: 'planted-password' },
      },
    });
  });

  void test('take the mail server with or without port and login, and decode what is coded', () => {
    const server = (url: string) => read({ ...MAIL, SMTP_URL: url }).channels.mail?.server;
    const host = 'mail.example.com';
    assert.deepEqual(server('smtp://mail.example.com'), { host, port: 587, tls: 'required' });
    assert.deepEqual(server('smtps://mail.example.com/'), { host, port: 465, tls: 'implicit' });
    assert.deepEqual(server('smtp://localhost:25'), { host: 'localhost', port: 25, tls: 'none' });
    assert.deepEqual(server('smtp://[::1]:25'), { host: '::1', port: 25, tls: 'none' });
    assert.deepEqual(server('smtps://a%40b.example:p%2F%25%3A%23@mail.example.com')?.login, {
      user: 'a@b.example',
      password: 'p/%:#',
    });
  });

  void test('say what else the mail needs', () => {
    const { SMTP_URL: _url, ...noServer } = MAIL;
    const { ALARM_EMAIL_FROM: _from, ...noSender } = MAIL;
    refused(noServer, /^ALARM_EMAIL_TO: needs SMTP_URL too, such as smtp:/);
    refused(noSender, /^ALARM_EMAIL_TO: needs ALARM_EMAIL_FROM too/);
    refused(
      { ALARM_EMAIL_FROM: 'books@example.com' },
      /^ALARM_EMAIL_FROM: mails nobody: set ALARM_EMAIL_TO too/,
    );
    assert.equal(
      read({ SMTP_URL: MAIL.SMTP_URL }).channels.mail,
      undefined,
      'the name is used by others too',
    );
  });

  void test('refuse what is no address, and what would be more than one', () => {
    for (const address of [
      'owner',
      'Owner <owner@example.com>',
      'a@b@c',
      'a@b.example;c@d.example',
      'a@-b',
    ]) {
      refused({ ...MAIL, ALARM_EMAIL_TO: address }, /^ALARM_EMAIL_TO: ".*" is not a mail address/);
    }
    refused({ ...MAIL, ALARM_EMAIL_FROM: 'a@b.example\nBcc: c@d.example' }, /^ALARM_EMAIL_FROM: /);
    const many = Array.from({ length: 11 }, (_, index) => `a${index}@example.com`).join(',');
    refused({ ...MAIL, ALARM_EMAIL_TO: many }, /^ALARM_EMAIL_TO: has 11 addresses, and 10 are allowed/);
  });

  void test('refuse a mail server’s address with anything beside it, without quoting it', () => {
    const bad = [
      'mail.example.com',
      'https://planted@mail.example.com',
      'smtp://',
      'smtp://planted:planted/secret@mail.example.com',
      'smtp://planted:planted#secret@mail.example.com',
      'smtp://mail.example.com?planted=1',
      'smtp://planted:100%@mail.example.com',
    ];
    for (const url of bad) {
      refused({ ...MAIL, SMTP_URL: url }, /^SMTP_URL: /);
    }
  });

  void test('take the addresses of webhooks as they are, over https or on this machine', () => {
    const urls = [
      'https://hooks.slack.com/services/planted',
      'https://hooks.example.com/planted/?token=planted',
      'http://127.0.0.1:8080/hook',
      'http://localhost/hook',
      'http://[::1]:8080/hook',
    ];
    for (const url of urls) {
      const { channels } = read({
        ALARM_SLACK_URL: url,
        ALARM_WEBHOOK_URL: url,
        ALARM_WEBHOOK_SECRET: SECRET,
      });
      assert.deepEqual(channels, { slack: { url }, webhook: { url, secret: SECRET } });
    }
  });

  void test('refuse http to anywhere else and what cannot be sent to, without quoting it', () => {
    for (const name of ['ALARM_SLACK_URL', 'ALARM_WEBHOOK_URL']) {
      const settings = (url: string) => ({
        ALARM_WEBHOOK_SECRET: SECRET,
        ALARM_WEBHOOK_URL: 'https://a.example',
        [name]: url,
      });
      refused(
        settings('http://hooks.example.com/planted'),
        new RegExp(`^${name}: is http, which everybody .*use https`),
      );
      refused(settings('http://127.0.0.1.planted.example/'), new RegExp(`^${name}: is http`));
      refused(settings('planted'), new RegExp(`^${name}: is not an https address$`));
      refused(settings('ftp://planted.example'), new RegExp(`^${name}: is not an https address$`));
      refused(
        settings('https://planted:planted@hooks.example.com'),
        new RegExp(`^${name}: has a user or password`),
      );
    }
  });

  void test('refuse an unsigned webhook, a secret without one, and a secret that can be guessed', () => {
    refused(
      { ALARM_WEBHOOK_URL: 'https://a.example' },
      /^ALARM_WEBHOOK_URL: needs ALARM_WEBHOOK_SECRET too, such as/,
    );
    refused(
      { ALARM_WEBHOOK_SECRET: SECRET },
      /^ALARM_WEBHOOK_SECRET: signs nothing: set ALARM_WEBHOOK_URL too/,
    );
    const short = { ALARM_WEBHOOK_URL: 'https://a.example', ALARM_WEBHOOK_SECRET: 'planted' };
    refused(short, /^ALARM_WEBHOOK_SECRET: is shorter than 16 signs/);
  });
});

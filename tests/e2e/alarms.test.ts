import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPostReceiver } from '#tests/contract/post-receiver.ts';
import type { PostReceiver } from '#tests/contract/post-receiver.ts';
import { startSmtpServer } from '#tests/contract/smtp-server.ts';
import type { SmtpServer } from '#tests/contract/smtp-server.ts';
import { startService } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import type { Ended } from './cli-process.ts';
import { runCommand } from './command.ts';

/** Alarms as an operator meets them: the real processes, their text and their exit codes. */

const SHOP = { SHOPIFY_SHOP_DOMAIN: 'acme.myshopify.com', SHOPIFY_WEBHOOK_SECRET: 'planted-shop-secret' };

describe('counterfoil alarms', () => {
  let folder: string;
  let mail: SmtpServer;
  let chat: PostReceiver;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-alarms-'));
    mail = await startSmtpServer();
    chat = await startPostReceiver();
  });

  after(async () => {
    await Promise.all([mail.close(), chat.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  const environment = (): Record<string, string> => ({
    ...SHOP,
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    ALARM_EMAIL_TO: 'owner@merchant.test, keeper@merchant.test',
    ALARM_EMAIL_FROM: 'books@merchant.test',
    SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    ALARM_SLACK_URL: `${chat.origin}/services/planted-chat-secret`,
    ALARM_GROUP_SECONDS: '0',
  });
  const run = async (args: readonly string[], without: readonly string[] = []): Promise<Ended> => {
    const kept = Object.entries(environment()).filter(([name]) => !without.includes(name));
    const ended = await runCommand(args, { cwd: folder, environment: Object.fromEntries(kept) });
    assert.doesNotMatch(ended.out + ended.err, /planted|@merchant/);
    return ended;
  };
  const CHANNELS = ['ALARM_EMAIL_TO', 'ALARM_EMAIL_FROM', 'ALARM_SLACK_URL'];
  const doctorOf = async (without: readonly string[] = []) => {
    const { checks } = JSON.parse((await run(['doctor', '--json'], without)).out);
    return checks.find(({ name }: { name: string }) => name === 'Alarms');
  };

  test('without a channel says that nobody is told, and so do its test and doctor', async () => {
    const { code, out } = await run(['alarms'], CHANNELS);
    assert.equal(code, 0);
    assert.match(
      out,
      /^No alarm is raised\n\nNo channel is configured, so nobody is told: set ALARM_EMAIL_TO,/,
    );
    const tested = await run(['alarms', 'test'], CHANNELS);
    assert.deepEqual([tested.code, tested.out], [1, '']);
    assert.match(tested.err, /^No channel is configured/);
    const check = await doctorOf(CHANNELS);
    assert.deepEqual([check.state, check.text], ['warning', '0 alarms raised, and nobody is told']);
  });

  test('test sends through every channel and says what each did', async () => {
    const { code, out } = await run(['alarms', 'test']);
    assert.equal(code, 0);
    assert.match(out, /^mail-1: taken\nmail-2: taken\nslack: taken\nLook whether the test arrived/);
    const mails = mail.mails().map(({ to, headers }) => `${to[0]}: ${headers.get('subject')}`);
    assert.deepEqual(
      mails.toSorted(),
      ['keeper', 'owner'].map(
        (who) => `${who}@merchant.test: Counterfoil acme.myshopify.com: Test: alarms arrive here`,
      ),
    );
    assert.match(JSON.parse(chat.posts()[0]?.body ?? '').text, /Nothing is wrong/);
    assert.deepEqual((await doctorOf()).state, 'ok');
  });

  test('a channel that fails is shown by its test, by the list and by doctor as a problem', async () => {
    chat.behave('refuse');
    const tested = await run(['alarms', 'test']);
    assert.equal(tested.code, 1);
    assert.match(
      tested.out,
      /^slack: failed\. Sending an alarm by slack: 127\.0\.0\.1:\d+ answered 403 \(no_service\)$/m,
    );
    const check = await doctorOf();
    assert.equal(check.state, 'problem');
    assert.match(check.text, /^0 alarms raised\. slack has failed for .*: Sending an alarm by slack/);
    assert.match(check.whatToDo, /counterfoil alarms test/);
    assert.match((await run(['alarms'])).out, /^Channel slack has failed for .*, 1 attempt: Sending/m);
    const { channels } = JSON.parse((await run(['alarms', '--json'])).out);
    assert.deepEqual(
      channels.map(({ name, failing }: { name: string; failing: { code: string } | null }) => [
        name,
        failing?.code,
      ]),
      [
        ['mail-1', undefined],
        ['mail-2', undefined],
        ['slack', 'alarm-refused'],
      ],
    );
    chat.behave('take');
    assert.equal((await run(['alarms', 'test'])).code, 0);
    assert.equal((await doctorOf()).state, 'ok');
  });

  test('shows what a running service raised, who was told of it, and that it is over', async () => {
    const service = await startService(environment());
    try {
      const [secret, shopDomain] = [SHOP.SHOPIFY_WEBHOOK_SECRET, SHOP.SHOPIFY_SHOP_DOMAIN];
      await send({ origin: service.origin, body: '{"id":', secret, shopDomain });
      const isTold = (): boolean =>
        mail.mails().filter(({ text }) => text.includes('1 message waits for a person: delivery:1'))
          .length === 2;
      await until('both addresses are told', isTold);
      const listed = async () => JSON.parse((await run(['alarms', '--json'])).out);
      const { raised } = await until('the telling is kept', async () => {
        const shown = await listed();
        return shown.raised[0]?.told.length === 3 && shown;
      });
      assert.deepEqual(
        [raised.length, raised[0].kind, raised[0].code, raised[0].subject],
        [1, 'message', 'delivery-not-json', 'delivery:1'],
      );
      const { out } = await run(['alarms']);
      assert.match(
        out,
        /^1 message waits for a person: delivery:1 .* mail-1 .* ago, mail-2 .* ago, slack .* ago$/m,
      );
      assert.match(out, /an authentic message that is not JSON.*counterfoil decide delivery:1 keep/s);

      await run(['decide', 'delivery:1', 'keep']);
      await until('it is told to be over', () =>
        chat.posts().some(({ body }) => body.includes('Over for 1 message')),
      );
      const after = await until('that telling is kept', async () => {
        const shown = await listed();
        return (
          shown.over[0]?.told.every(({ overToldAt }: { overToldAt: string | null }) => overToldAt !== null) &&
          shown
        );
      });
      assert.deepEqual([after.raised, after.over[0].subject], [[], 'delivery:1']);
    } finally {
      await service.stop();
    }
  });
});

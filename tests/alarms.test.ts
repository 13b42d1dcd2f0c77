import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { releaseOrder } from '#pipeline/release.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { startPostReceiver } from '#tests/contract/post-receiver.ts';
import { startSmtpServer } from '#tests/contract/smtp-server.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed, Stage } from '#tests/stage.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';

/** The service between simulators, with a mail server, a chat and a program that listens: what a person is told, and when. */

const LOGIN = { user: 'planted-mail-user', password: 'planted-mail-password' };
const WEBHOOK_SECRET = 'planted-webhook-secret';
/** Alarms are looked for every five seconds. */
const TOLD_WITHIN_MS = 40_000;

interface Told {
  /** The texts that came by each channel, in their order. */
  readonly mails: () => readonly string[];
  readonly chats: () => readonly string[];
  readonly posts: () => readonly string[];
  /** All that went over the wires but the logins, which are for the mail server alone. */
  readonly everything: () => string;
}

async function onStage(
  options: Parameters<typeof openStage>[0],
  act: (stage: Stage, told: Told) => Promise<void>,
): Promise<void> {
  const [mail, chat, program] = await Promise.all([
    startSmtpServer({ login: LOGIN }),
    startPostReceiver(),
    startPostReceiver(),
  ]);
  const stage = await openStage({
    ...options,
    environment: {
      ALARM_EMAIL_TO: 'owner@merchant.test',
      ALARM_EMAIL_FROM: 'books@merchant.test',
      SMTP_URL: `smtp://${LOGIN.user}:${LOGIN.password}@127.0.0.1:${mail.port}`,
      ALARM_SLACK_URL: `${chat.origin}/services/planted-chat-secret`,
      ALARM_WEBHOOK_URL: `${program.origin}/hook`,
      ALARM_WEBHOOK_SECRET: WEBHOOK_SECRET,
      ALARM_GROUP_SECONDS: '0',
    },
  });
  try {
    await act(stage, {
      mails: () => mail.mails().map(({ headers, text }) => `${headers.get('subject')}\n${text}`),
      chats: () => chat.posts().map(({ body }) => JSON.parse(body).text),
      posts: () => program.posts().map(({ body }) => JSON.parse(body).text),
      everything: () =>
        [
          ...mail.mails().map(({ headers, text }) => JSON.stringify([...headers]) + text),
          ...[...chat.posts(), ...program.posts()].map(({ headers, body }) => JSON.stringify(headers) + body),
        ].join('\n'),
    });
  } finally {
    await stage.close();
    await Promise.all([mail.close(), chat.close(), program.close()]);
  }
}

/** Waits until every channel has told what matches, and gives it as the mail had it. */
async function toldOf({ mails, chats, posts }: Told, pattern: RegExp): Promise<string> {
  const found = (texts: readonly string[]) => texts.find((text) => pattern.test(text));
  await until(
    `all channels tell ${String(pattern)}`,
    () => [mails(), chats(), posts()].every((texts) => found(texts) !== undefined),
    TOLD_WITHIN_MS,
  );
  return found(mails()) ?? '';
}

const retry = async ({ app }: Stage, order: Placed): Promise<void> => {
  const [record] = await app.store.read.orders({ search: `shopify/${order.id}`, limit: 1 });
  assert.ok(record !== undefined);
  await releaseOrder(app.store, record.key, { now: app.clock.now(), account: 'freshbooks' });
};

// Most of each is waiting: they wait together.
void describe('an alarm', { concurrency: true }, () => {
  void test('an order that is held is told by mail, chat and webhook, and told to be over once it is retried', () => {
    const words = 'planted-words for ann.planted@example.com';
    const body = JSON.stringify({
      response: {
        errors: [{ errno: 1012, field: 'lines', message: words, object: 'invoice', value: words }],
      },
    });
    const fault = { kind: 'status', status: 422, body, contentType: 'application/json' } as const;
    const faults = scriptedFaults([{ method: 'POST', path: '/invoices/invoices', nth: 1, fault }]);
    return onStage({ faults }, async (stage, told) => {
      const { sandbox } = stage;
      const order = sandbox.world.scenario('paid, one line');
      assert.equal((await stage.book(order)).state, 'held');
      const text = await toldOf(told, new RegExp(`1 order waits for a person: ${order.name}`));
      assert.match(
        text,
        new RegExp(`^Counterfoil ${sandbox.world.shop.domain.replaceAll('.', '\\.')}: 1 order waits`),
      );
      assert.match(text, /FreshBooks refused the request\. It is not sent again by itself/);
      assert.match(
        text,
        new RegExp(`counterfoil explain '${order.name}'.*counterfoil retry '${order.name}'`),
      );

      await retry(stage, order);
      assert.equal((await stage.atRest(order)).state, 'settled');
      await toldOf(told, new RegExp(`Over for 1 order: ${order.name}`));
      assert.deepEqual([told.mails().length, told.chats().length, told.posts().length], [2, 2, 2]);

      const shown = JSON.parse(sandbox.shopify.webhooks.body(order.id));
      const secrets = Object.entries(sandbox.environment).filter(([name]) => /SECRET|TOKEN|KEY/.test(name));
      const forbidden = [
        'planted',
        'whsec_stage',
        ...secrets.map(([, value]) => value),
        shown.email,
        shown.customer.last_name,
        shown.billing_address.address1,
      ];
      for (const text of forbidden) {
        assert.ok(String(text).length > 2, `${String(text)} is something to look for`);
        assert.ok(!told.everything().includes(String(text)), `"${String(text)}" was told`);
      }
    });
  });

  void test('access that is refused and messages that are forged are told with their connection, and when they are over', () =>
    onStage({}, async (stage, told) => {
      const { world, freshbooks } = stage.sandbox;
      await stage.book(world.scenario('paid, one line'));
      freshbooks.revokeGrants();
      const order = world.scenario('paid, Quebec');
      const waiting = stage.book(order);
      const paused = await toldOf(told, /Booking into freshbooks is paused/);
      assert.match(paused, /Access to the account was refused.*Connect it again: counterfoil connect/);
      assert.match(paused, /What to do: counterfoil doctor tells what is missing/);

      for (let count = 0; count < 5; count += 1) {
        const forged = { origin: stage.origin, shopDomain: world.shop.domain, secret: 'forged', body: '{}' };
        assert.equal((await send(forged)).status, 401);
      }
      const refused = await toldOf(told, /Messages are refused: 5 in a row for shopify/);
      assert.match(
        refused,
        /What to do: Compare the secrets.*SHOPIFY_API_SECRET and SHOPIFY_WEBHOOK_SECRET of a shop/,
      );

      await stage.connect();
      await retry(stage, order);
      assert.equal((await waiting).state, 'settled');
      await toldOf(told, /Booking into freshbooks goes on/);
      assert.equal((await stage.book(world.scenario('paid, one line'))).state, 'settled');
      await toldOf(told, /Messages are refused no more: shopify/);
    }));
});

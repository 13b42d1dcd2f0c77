import assert from 'node:assert/strict';
import {
  SQSClient,
  CreateQueueCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { openQueue } from '#tests/amazon/queue.ts';
import type { TestQueue } from '#tests/amazon/queue.ts';
import { openAmazonCommands } from './amazon-commands.ts';
import type { AmazonCommands } from './amazon-commands.ts';

/** What doctor says of an Amazon seller, before a simulated Amazon and a queue of this machine. */

let commands: AmazonCommands;
let queue: TestQueue;
let aws: SQSClient;
let settings: Record<string, string>;

interface Check {
  readonly name: string;
  readonly state: string;
  readonly text: string;
  readonly whatToDo?: string;
}

/** The checks by their names, each as "state text → what to do". */
async function doctor(more: Readonly<Record<string, string>> = {}): Promise<ReadonlyMap<string, string>> {
  const { checks } = await commands.json<{ checks: Check[] }>(['doctor'], { ...settings, ...more });
  return new Map(
    checks.map(({ name, state, text, whatToDo }) => [
      name,
      `${state} ${text}${whatToDo === undefined ? '' : ` → ${whatToDo}`}`,
    ]),
  );
}

async function give(attributes: Readonly<Record<string, string>>): Promise<void> {
  await aws.send(new SetQueueAttributesCommand({ QueueUrl: queue.access.url, Attributes: attributes }));
}

async function policy(): Promise<string> {
  return (await commands.json<{ Policy: string }>(['amazon', 'queue-policy'], settings)).Policy;
}

before(async () => {
  commands = await openAmazonCommands();
  queue = await openQueue();
  const { url, region, endpoint = '', credentials } = queue.access;
  aws = new SQSClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'AKIATESTS', secretAccessKey: 'any' },
  });
  settings = {
    AMAZON_SQS_QUEUE_URL: url,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_SQS: endpoint,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey ?? '',
    // Nobody is there: this is not about FreshBooks.
    FRESHBOOKS_API_URL: 'http://127.0.0.1:9',
  };
});

beforeEach(() => {
  commands.renew();
  queue.at(() => undefined);
});

after(async () => {
  aws.destroy();
  await Promise.all([commands.close(), queue.close()]);
});

describe('doctor', () => {
  test('of a seller with everything to do says what', async () => {
    const checks = await doctor({ SP_API_REGION: 'eu', SP_API_MARKETPLACE_IDS: '' });
    assert.equal(checks.has('Shop'), false, 'who sells at Amazon alone is not asked for a shop');
    assert.equal(checks.has('Booking rules'), false, 'nor for the rules of one');
    assert.equal(
      checks.get('Amazon rules'),
      'ok Orders are booked when fulfilled, dates are of each store’s zone, tax that Amazon does not tell is asked for',
    );
    assert.match(checks.get('Amazon refunds') ?? '', /^warning None is chosen/);
    assert.match(checks.get('Amazon fees') ?? '', /^ok Not booked \(channel_fees\)/);
    assert.match(checks.get('Amazon seller') ?? '', /^ok A2COUNTERFOIL1 in eu: 16 stores; messages of any/);
    assert.match(
      checks.get('Amazon access') ?? '',
      /^ok Amazon answers; orders and transactions can be read$/,
    );
    assert.match(
      checks.get('Amazon queue') ?? '',
      /^problem The policy of \S+ does not allow Amazon sqs:SendMessage and sqs:GetQueueAttributes → counterfoil amazon queue-policy/,
    );
    assert.match(checks.get('Dead letters') ?? '', /^warning None: a message that cannot be stored/);
    assert.match(
      checks.get('Amazon messages') ?? '',
      /^problem ORDER_CHANGE missing: nothing tells of orders\. TRANSACTION_UPDATE missing: .* → Run counterfoil amazon subscribe$/,
    );
    assert.match(
      checks.get('Amazon expiry') ?? '',
      /^ok Set SP_API_AUTHORIZED_ON and SP_API_SECRET_ROTATED_ON/,
    );
  });

  test('of one who did it all finds nothing, and counts what lies dead', async () => {
    await give({ Policy: await policy() });
    const { QueueUrl } = await aws.send(new CreateQueueCommand({ QueueName: 'dead' }));
    const target = 'arn:aws:sqs:us-east-1:000000000000:dead';
    await give({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount: 10 }) });
    assert.equal((await commands.run(['amazon', 'subscribe'], settings)).code, 0);
    const today = new Date(performance.timeOrigin + performance.now()).toISOString().slice(0, 10);
    const dates = { SP_API_AUTHORIZED_ON: today, SP_API_SECRET_ROTATED_ON: today };
    const well = await doctor(dates);
    assert.match(
      well.get('Amazon queue') ?? '',
      /^ok \S+ can be read, Amazon may deliver, 0 messages waiting$/,
    );
    assert.match(well.get('Dead letters') ?? '', /^ok arn:\S+:dead, after 10 receives: empty$/);
    assert.equal(well.get('Amazon messages'), 'ok ORDER_CHANGE and TRANSACTION_UPDATE come to this queue');
    assert.match(well.get('Amazon expiry') ?? '', /^ok The seller’s authorization of \S+ ends in 364 days/);
    await aws.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    await queue.send('{}');
    const later = await doctor(dates);
    assert.match(later.get('Dead letters') ?? '', /^warning 1 message in \S+:dead: they could not be stored/);
    assert.match(later.get('Amazon queue') ?? '', /1 message waiting$/);
    await queue.receive();
  });

  test('warns of an open queue, of one that only looks right, and of one that may not be looked at', async () => {
    const safe = await policy();
    await give({ Policy: safe.replace('"arn:aws:iam::437568002678:root"', '"*"') });
    assert.match((await doctor()).get('Amazon queue') ?? '', /^problem \S+ takes messages of anybody/);
    await give({ Policy: safe.replace('"Effect"', '"Condition": { "Bool": {} }, "Effect"') });
    assert.match(
      (await doctor()).get('Amazon queue') ?? '',
      /^warning .* under conditions, which only AWS can weigh/,
    );
    queue.at(async ({ action }) =>
      action === 'GetQueueAttributes'
        ? {
            status: 403,
            json: { __type: 'com.amazon.coral.service#AccessDeniedException', message: 'planted' },
          }
        : undefined,
    );
    const hidden = await doctor();
    assert.match(
      hidden.get('Amazon queue') ?? '',
      /^problem The credentials may not look at the queue: allow them sqs:GetQueueAttributes/,
    );
    assert.match(hidden.get('Dead letters') ?? '', /^warning Cannot be looked at while the queue cannot/);
    assert.doesNotMatch([...hidden.values()].join(), /planted/);
  });

  test('says which subscription goes elsewhere', async () => {
    commands.sim().notifications.subscribe('arn:aws:sqs:us-east-1:111122223333:of-another-program');
    assert.match(
      (await doctor()).get('Amazon messages') ?? '',
      /^problem ORDER_CHANGE elsewhere: it goes to \S+of-another-program\. .*subscribe --replace takes them over$/,
    );
  });

  test('explains a refused seller, and names what the settings lack', async () => {
    const refused = await doctor({ SP_API_REFRESH_TOKEN: 'Atzr|planted' });
    assert.match(
      refused.get('Amazon access') ?? '',
      /^problem Login with Amazon refused .*authorization is gone/,
    );
    const bare = await doctor({
      SP_API_CLIENT_ID: '',
      SP_API_CLIENT_SECRET: '',
      SP_API_REFRESH_TOKEN: '',
      AMAZON_SQS_QUEUE_URL: '',
      SP_API_MARKETPLACE: 'DE',
      RETENTION_DAY: '30',
    });
    assert.match(bare.get('Amazon seller') ?? '', /^problem .* no credentials: messages come, and nothing/);
    assert.match(bare.get('Amazon access') ?? '', /^warning Cannot be asked without credentials/);
    assert.match(bare.get('Amazon queue') ?? '', /^problem Neither a queue nor a forwarder/);
    assert.equal(bare.has('Dead letters'), false);
    assert.match(bare.get('Configuration') ?? '', /perhaps mistyped: SP_API_MARKETPLACE, RETENTION_DAY$/);
  });

  test('of a forwarder says how it proves itself, and that a key alone is weaker', async () => {
    const none = { AMAZON_SQS_QUEUE_URL: '' };
    const signing = await doctor({ ...none, AMAZON_WEBHOOK_SECRET: 'planted secret 0123456789' });
    assert.match(signing.get('Amazon queue') ?? '', /^ok None: your own forwarder posts/);
    assert.match(signing.get('Amazon forwarder') ?? '', /^ok .* signed with 1 secret$/);
    assert.match(
      signing.get('Amazon messages') ?? '',
      /^ok The queue before your forwarder is not known here/,
    );
    const keyed = await doctor({ ...none, AMAZON_API_KEY: 'planted key 0123456789' });
    assert.match(
      keyed.get('Amazon forwarder') ?? '',
      /^warning .* with 1 API key\. An API key proves who sends/,
    );
    assert.doesNotMatch([...signing.values(), ...keyed.values()].join(), /planted/);
  });

  test('warns thirty days before a secret or an authorization ends', async () => {
    const ago = (days: number): string =>
      new Date(performance.timeOrigin + performance.now() - days * 86_400_000).toISOString().slice(0, 10);
    const said = async (authorized: number, rotated: number): Promise<string> => {
      const dates = { SP_API_AUTHORIZED_ON: ago(authorized), SP_API_SECRET_ROTATED_ON: ago(rotated) };
      return (await doctor(dates)).get('Amazon expiry') ?? '';
    };
    assert.match(await said(330, 100), /^ok .* ends in 34 days\. The client secret of \S+ ends in 79 days$/);
    assert.match(await said(300, 155), /^warning .*client secret of \S+ ends in 24 days → /);
    assert.match(
      await said(366, 10),
      /^problem The seller’s authorization of \S+ has ended, after 365 days\. /,
    );
  });
});

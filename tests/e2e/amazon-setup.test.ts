import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import type { AmazonSim } from '#sim/amazon/amazon.ts';
import { listen } from '#sim/socket.ts';
import { openAmazonCommands } from './amazon-commands.ts';
import type { AmazonCommands } from './amazon-commands.ts';

/** Setting up Amazon by command, against the simulated Amazon over sockets. */

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:orders';

let commands: AmazonCommands;

const run: AmazonCommands['run'] = (args, settings) => commands.run(args, settings);
const json = <T>(...args: string[]): Promise<T> => commands.json<T>(args);
const sim = (): AmazonSim => commands.sim();

interface Shown {
  readonly changes: readonly { readonly did: string; readonly what: string }[];
  readonly states: readonly { readonly type: string; readonly state: string; readonly queueArn: string }[];
  readonly further: readonly unknown[];
}

before(async () => {
  commands = await openAmazonCommands();
});

beforeEach(() => commands.renew());

after(() => commands.close());

describe('without anybody being asked', () => {
  test('the stores are listed, with those that are booked', async () => {
    const { code, out } = await run(['amazon', 'marketplaces']);
    assert.equal(code, 0);
    assert.match(out, /^Amazon\.de +DE +eu +EUR +A1PA6795UKMFR9 +Europe\/Berlin +yes$/m);
    assert.match(out, /^Amazon\.com +US +na +USD +ATVPDKIKX0DER +America\/Los_Angeles$/m);
    const without = await run(['amazon', 'marketplaces'], { AMAZON_SELLER_ID: '', ...unset(/^SP_API|SQS/) });
    assert.match(without.out, /No seller is configured: set AMAZON_SELLER_ID/);
  });

  test('the queue’s policy is printed, for a person and as AWS’s command takes it', async () => {
    const { code, out } = await run(['amazon', 'queue-policy']);
    assert.equal(code, 0);
    const policy = JSON.parse(out.slice(0, out.indexOf('\n}\n') + 2)) as {
      Statement: { Resource: string }[];
    };
    assert.equal(policy.Statement[0]?.Resource, QUEUE);
    assert.match(out, /standard one.*FIFO.*kms:GenerateDataKey/s);
    const other = 'arn:aws:sqs:us-east-1:111122223333:of-another-name';
    const attributes = await json<{ Policy: string }>('amazon', 'queue-policy', '--queue-arn', other);
    assert.deepEqual(Object.keys(attributes), ['Policy']);
    assert.equal(JSON.parse(attributes.Policy).Statement[0].Resource, other);
    assert.equal(sim().calls().length, 0);
  });

  test('a queue that is none is refused before anything is asked', async () => {
    const fifo = await run(['amazon', 'subscribe', '--queue-arn', `${QUEUE}.fifo`]);
    assert.deepEqual([fifo.code, sim().calls().length], [1, 0]);
    assert.match(fifo.err, /FIFO queue, into which Amazon puts nothing/);
    const none = await run(['amazon', 'subscribe'], { AMAZON_SQS_QUEUE_URL: '' });
    assert.match(none.err, /^Which queue\? Set AMAZON_SQS_QUEUE_URL, or name it: --queue-arn/);
  });

  test('what is not configured is named', async () => {
    const { code, err } = await run(['connect', 'amazon'], { AMAZON_SELLER_ID: '', ...unset(/^SP_API|SQS/) });
    assert.equal(code, 1);
    assert.match(err, /^To ask Amazon, set AMAZON_SELLER_ID, SP_API_REGION, SP_API_CLIENT_ID/);
    const wrong = await run(['amazon', 'mend']);
    assert.equal(wrong.code, 2);
  });
});

describe('connect amazon', () => {
  test('proves each right by one call and says what comes next', async () => {
    const { code, out, err } = await run(['connect', 'amazon']);
    assert.equal(code, 0, err);
    assert.match(out, /^Amazon answers: seller A2COUNTERFOIL1, region eu$/m);
    assert.match(out, /^Stores +Amazon\.de, Amazon\.fr$/m);
    assert.match(out, /^Orders +can be read$/m);
    assert.match(out, /^Transactions +can be read, so refunds are booked$/m);
    assert.match(out, /^Notifications +can be set up$/m);
    assert.match(
      out,
      /^Next: counterfoil amazon queue-policy, give that to the queue, then counterfoil amazon subscribe$/m,
    );
    assert.deepEqual(
      sim()
        .calls()
        .map(({ operation, status }) => `${operation} ${status}`),
      ['token 200', 'searchOrders 200', 'listTransactions 200', 'token 200', 'getDestinations 200'],
    );
  });

  test('explains what Amazon refuses, and shows no secret', async () => {
    const secret = DEFAULT_AMAZON_APP.clientSecret;
    const refusals = [
      [{ SP_API_CLIENT_SECRET: 'planted-wrong-secret' }, /do not belong together, or the secret is older/],
      [{ SP_API_REFRESH_TOKEN: 'Atzr|planted' }, /the seller’s authorization is gone: it was withdrawn/],
      [{ SP_API_REFRESH_TOKEN: sim().login.refreshToken('na') }, /no access to this seller in this region/],
    ] as const;
    for (const [settings, expected] of refusals) {
      const { code, out, err } = await run(['connect', 'amazon'], settings);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, expected);
      for (const hidden of [secret, 'planted', 'Atzr', 'Atza']) {
        assert.ok(!err.includes(hidden), hidden);
      }
    }
  });

  test('says where a right is lacking, and that nothing can be booked without that for orders', async () => {
    const refuse = await listen((request) =>
      new URL(request.url).pathname.startsWith('/finances')
        ? Promise.resolve(Response.json(DENIED, { status: 403 }))
        : sim().at({ region: 'eu', isSandbox: false })(request),
    );
    try {
      const some = await run(['connect', 'amazon'], { SP_API_URL: refuse.origin });
      assert.equal(some.code, 0);
      assert.match(
        some.out,
        /^Transactions +withheld\. Amazon shows this app no transactions, so refunds are not booked/m,
      );
      assert.match(some.out, /^Sales can be booked, refunds cannot/m);
    } finally {
      await refuse.close();
    }
    const nothing = await listen(() => Promise.resolve(Response.json(DENIED, { status: 403 })));
    try {
      const none = await run(['connect', 'amazon'], { SP_API_URL: nothing.origin });
      assert.equal(none.code, 1);
      assert.match(none.out, /^Nothing can be booked: give the application the role Finance and Accounting/m);
    } finally {
      await nothing.close();
    }
  });
});

describe('subscribing by command', () => {
  test('is done once, listed, and undone', async () => {
    const none = await run(['amazon', 'subscriptions']);
    assert.match(none.out, /^ORDER_CHANGE +missing$/m);
    assert.match(none.out, /which Amazon does not know yet/);
    const first = await run(['amazon', 'subscribe']);
    assert.equal(first.code, 0, first.err);
    assert.match(
      first.out,
      /^destination created: \S+\nORDER_CHANGE created: \S+\nTRANSACTION_UPDATE created: /,
    );
    assert.match(first.out, /^Amazon tells this queue\. Next: counterfoil serve$/m);
    assert.match((await run(['amazon', 'subscribe'])).out, /^Nothing was to be changed$/m);
    const listed = await json<Shown>('amazon', 'subscriptions');
    assert.deepEqual(
      listed.states.map(({ type, state, queueArn }) => [type, state, queueArn]),
      [
        ['ORDER_CHANGE', 'ok', QUEUE],
        ['TRANSACTION_UPDATE', 'ok', QUEUE],
      ],
    );
    assert.deepEqual(listed.further, []);
    const gone = await json<Shown>('amazon', 'unsubscribe', '--destination');
    assert.deepEqual(
      gone.changes.map(({ did, what }) => `${did} ${what}`),
      ['deleted ORDER_CHANGE', 'deleted TRANSACTION_UPDATE', 'deleted destination'],
    );
    const { rows } = await json<{ rows: { action: string; subject: string }[] }>('audit');
    assert.deepEqual(
      rows.map(({ action, subject }) => `${subject} ${action}`),
      ['amazon webhooks changed', 'amazon webhooks changed'],
    );
  });

  test('takes over what goes to another queue only when it is told to', async () => {
    sim().notifications.subscribe('arn:aws:sqs:eu-west-1:111122223333:of-another-program');
    const kept = await run(['amazon', 'subscribe']);
    assert.equal(kept.code, 1);
    assert.match(kept.out, /^ORDER_CHANGE +elsewhere .*of-another-program$/m);
    assert.match(kept.out, /may serve another program of yours.*counterfoil amazon subscribe --replace/s);
    assert.match((await run(['amazon', 'unsubscribe'])).out, /^ORDER_CHANGE is left alone: it goes to /m);
    const taken = await json<Shown>('amazon', 'subscribe', '--replace');
    assert.deepEqual(
      taken.states.map(({ state, queueArn }) => [state, queueArn]),
      [
        ['ok', QUEUE],
        ['ok', QUEUE],
      ],
    );
  });

  test('a test message comes from the sandbox alone', async () => {
    const { destination } = await json<{ destination: { id: string } }>('amazon', 'subscribe');
    const send = (scenario: string, url: string) =>
      run(['amazon', 'test-notification', '--destination', destination.id, '--scenario', scenario], {
        SP_API_URL: url,
      });
    const sent = await send('any', commands.sandboxUrl);
    assert.equal(sent.code, 0, sent.err);
    assert.deepEqual(
      sim()
        .notifications.pending()
        .map(({ queueArn }) => queueArn),
      [QUEUE],
    );
    const empty = await send('', commands.sandboxUrl);
    assert.match(empty.err, /Amazon refuses an empty or unknown scenario like that/);
    const elsewhere = await send('any', 'https://sellingpartnerapi-eu.amazon.com');
    assert.match(elsewhere.err, /^SP_API_URL: Amazon sends test messages from its sandbox only/);
  });
});

/** As recorded for a call that no role allows. */
const DENIED = {
  errors: [{ code: 'Unauthorized', message: 'Access to requested resource is denied.', details: '' }],
};

function unset(names: RegExp): Record<string, string> {
  return Object.fromEntries(
    Object.keys(commands.environment)
      .filter((name) => names.test(name))
      .map((name) => [name, '']),
  );
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from './config.ts';
import { Failure } from '#core/failure.ts';

type Environment = Readonly<Record<string, string>>;

const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders';
const SELLER: Environment = { AMAZON_SELLER_ID: 'A3EXAMPLESELLER', SP_API_REGION: 'eu' };
const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:sp-api-forward';
const read = (environment: Environment) => readConfig(environment).amazon;

function refused(environment: Environment, detail: RegExp): void {
  assert.throws(
    () => read({ ...SELLER, ...environment }),
    (thrown) => {
      assert(thrown instanceof Failure, String(thrown));
      assert.equal(thrown.code, 'config-invalid');
      assert.match(thrown.message, detail);
      assert.doesNotMatch(thrown.message, /planted/);
      return true;
    },
  );
}

void describe('the settings of an Amazon seller', () => {
  void test('may all be absent, and AWS’s own names alone are those of other programs', () => {
    assert.equal(read({}), undefined);
    assert.equal(read({ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE' }), undefined);
  });

  void test('without a seller the others are refused, because nothing would be booked', () => {
    for (const name of ['SP_API_REFRESH_TOKEN', 'AMAZON_SQS_QUEUE_URL', 'AMAZON_WEBHOOK_SECRET']) {
      refused({ AMAZON_SELLER_ID: '', [name]: 'planted' }, new RegExp(`^${name}: needs AMAZON_SELLER_ID`));
    }
  });

  void test('a seller and a region are enough: then every store of it, and Amazon’s own origins', () => {
    const amazon = read({ ...SELLER, SP_API_REGION: 'FE' });
    assert.deepEqual(
      { ...amazon, marketplaces: amazon?.marketplaces.map(({ country }) => country) },
      {
        sellerId: 'A3EXAMPLESELLER',
        region: 'fe',
        marketplaces: ['JP', 'AU', 'SG'],
        apiUrl: 'https://sellingpartnerapi-fe.amazon.com',
        lwaUrl: 'https://api.amazon.com',
        webhook: { secrets: [], apiKeys: [] },
      },
    );
  });

  void test('stores are ids or countries, once each, and the region follows from them', () => {
    const amazon = read({
      AMAZON_SELLER_ID: 'A3EXAMPLESELLER',
      SP_API_MARKETPLACE_IDS: 'A1PA6795UKMFR9, uk,DE,, GB',
    });
    assert.deepEqual(
      amazon?.marketplaces.map(({ channelName }) => channelName),
      ['Amazon.de', 'Amazon.co.uk'],
    );
    assert.equal(amazon?.apiUrl, 'https://sellingpartnerapi-eu.amazon.com');
  });

  void test('wrong ones are named with what they hold and what is allowed', () => {
    refused({ AMAZON_SELLER_ID: 'me@example.com' }, /^AMAZON_SELLER_ID: "me@example\.com" is not a seller/);
    refused({ SP_API_REGION: 'europe' }, /^SP_API_REGION: "europe" is none of na, eu, fe$/);
    refused({ SP_API_REGION: '' }, /^SP_API_REGION: is needed, one of na, eu, fe, or SP_API_MARKETPLACE_IDS/);
    refused({ SP_API_MARKETPLACE_IDS: 'DE, Mars' }, /^SP_API_MARKETPLACE_IDS: "Mars" is no store.* US CA MX/);
    refused(
      { SP_API_MARKETPLACE_IDS: 'DE,US' },
      /^SP_API_MARKETPLACE_IDS: Amazon\.com \(ATVPDKIKX0DER\) is of the region na, and this seller’s is eu/,
    );
    refused({ SP_API_APPLICATION_ID: 'two words' }, /^SP_API_APPLICATION_ID: "two words" is not/);
    refused({ SP_API_URL: 'ftp://example.com' }, /^SP_API_URL: .* is not an http or https address$/);
    refused({ LWA_URL: 'https://u:planted@example.com' }, /^LWA_URL: an address with a name or a password/);
  });

  void test('days of authorization and secret are calendar days', () => {
    const amazon = read({
      ...SELLER,
      SP_API_AUTHORIZED_ON: '2026-02-28',
      SP_API_SECRET_ROTATED_ON: ' 2026-11-01 ',
    });
    assert.deepEqual([amazon?.authorizedOn, amazon?.secretRotatedOn], ['2026-02-28', '2026-11-01']);
    refused({ SP_API_AUTHORIZED_ON: '2026-02-30' }, /^SP_API_AUTHORIZED_ON: "2026-02-30" is not a date as/);
    refused({ SP_API_SECRET_ROTATED_ON: '1.11.26' }, /^SP_API_SECRET_ROTATED_ON: "1\.11\.26" is not a date/);
  });

  void test('access is client id, client secret and refresh token, all or none', () => {
    const all = {
      SP_API_CLIENT_ID: 'amzn1.application-oa2-client.1',
      SP_API_CLIENT_SECRET: 'planted secret',
      SP_API_REFRESH_TOKEN: 'Atzr|planted',
    };
    assert.deepEqual(read({ ...SELLER, ...all })?.access, {
      clientId: 'amzn1.application-oa2-client.1',
      clientSecret: 'planted secret',
      refreshToken: 'Atzr|planted',
    });
    for (const name of Object.keys(all)) {
      refused({ ...all, [name]: '' }, new RegExp(`^${name}: is missing`));
    }
  });

  void test('a queue’s region is the one in its address, else AWS_REGION', () => {
    const queue = (environment: Environment) => read({ ...SELLER, ...environment })?.queue;
    assert.deepEqual(queue({ AMAZON_SQS_QUEUE_URL: QUEUE, AWS_REGION: 'us-west-2' }), {
      url: QUEUE,
      region: 'eu-west-1',
    });
    const elsewhere = 'http://127.0.0.1:4566/000000000000/orders';
    assert.deepEqual(
      queue({
        AMAZON_SQS_QUEUE_URL: elsewhere,
        AWS_REGION: 'us-gov-west-1',
        AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:4566/',
      }),
      { url: elsewhere, region: 'us-gov-west-1', endpoint: 'http://127.0.0.1:4566' },
    );
    refused({ AMAZON_SQS_QUEUE_URL: elsewhere }, /^AWS_REGION: is needed/);
    refused(
      { AMAZON_SQS_QUEUE_URL: elsewhere, AWS_REGION: 'Dublin' },
      /^AWS_REGION: "Dublin" is not a region/,
    );
    refused({ AMAZON_SQS_QUEUE_URL: `${QUEUE}.fifo` }, /^AMAZON_SQS_QUEUE_URL: .* is a FIFO queue/);
    refused({ AMAZON_SQS_QUEUE_URL: 'arn:aws:sqs:x' }, /^AMAZON_SQS_QUEUE_URL: .* is not an http/);
    refused(
      { AMAZON_SQS_QUEUE_URL: 'https://example.com/orders' },
      /^AMAZON_SQS_QUEUE_URL: .* is not a queue’s/,
    );
  });

  void test('keys of AWS belong together, and without any AWS’s usual places are asked', () => {
    const queue = { AMAZON_SQS_QUEUE_URL: QUEUE };
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'planted key' };
    assert.equal(read({ ...SELLER, ...queue })?.queue?.credentials, undefined);
    assert.deepEqual(
      read({ ...SELLER, ...queue, ...keys, AWS_SESSION_TOKEN: 'planted' })?.queue?.credentials,
      {
        accessKeyId: 'AKIAEXAMPLE',
        secretAccessKey: 'planted key',
        sessionToken: 'planted',
      },
    );
    refused({ ...queue, ...keys, AWS_ACCESS_KEY_ID: '' }, /^AWS_ACCESS_KEY_ID: is missing/);
    refused({ ...queue, ...keys, AWS_SECRET_ACCESS_KEY: '' }, /^AWS_SECRET_ACCESS_KEY: is missing/);
    refused({ ...queue, AWS_SESSION_TOKEN: 'planted' }, /^AWS_ACCESS_KEY_ID: is missing/);
  });

  void test('a forwarder proves itself by secrets, keys, or a topic whose origin is AWS’s own', () => {
    const [first, second] = ['planted-secret-of-this-year', 'planted-secret-of-last-year'];
    const webhook = read({
      ...SELLER,
      AMAZON_WEBHOOK_SECRET: `${first}, ${second}`,
      AMAZON_API_KEY: first,
      AMAZON_SNS_TOPIC_ARN: TOPIC,
    })?.webhook;
    assert.deepEqual(webhook, {
      secrets: [first, second],
      apiKeys: [first],
      topic: { arn: TOPIC, origin: 'https://sns.eu-central-1.amazonaws.com' },
    });
    for (const name of ['AMAZON_WEBHOOK_SECRET', 'AMAZON_API_KEY']) {
      refused(
        { [name]: `${first},planted-short` },
        new RegExp(`^${name}: has a value shorter than 16 signs`),
      );
      refused({ [name]: Array(11).fill(first).join() }, new RegExp(`^${name}: has 11 values, and 10 are`));
    }
    for (const arn of [`${TOPIC}.fifo`, 'sp-api-forward', TOPIC.replace('eu-central-1', 'evil.example/x')]) {
      refused({ AMAZON_SNS_TOPIC_ARN: arn }, /^AMAZON_SNS_TOPIC_ARN: .* is not a standard topic/);
    }
  });
});

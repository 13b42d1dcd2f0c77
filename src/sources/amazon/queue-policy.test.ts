import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkedQueueArn, judgePolicy, queueArnOf, queuePolicy } from './queue-policy.ts';

const ARN = 'arn:aws:sqs:eu-west-1:111122223333:orders';
const AMAZON = 'arn:aws:iam::437568002678:root';
const NEEDED = ['sqs:SendMessage', 'sqs:GetQueueAttributes'];

function policyOf(...statements: readonly Readonly<Record<string, unknown>>[]): string {
  const whole = statements.map((statement) => ({
    Effect: 'Allow',
    Principal: { AWS: AMAZON },
    Action: NEEDED,
    Resource: ARN,
    ...statement,
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement: whole });
}

void describe('a queue’s ARN', () => {
  void test('follows from its address, wherever that is', () => {
    const region = 'eu-west-1';
    assert.equal(queueArnOf({ url: 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders', region }), ARN);
    assert.equal(queueArnOf({ url: 'http://127.0.0.1:4566/111122223333/orders', region }), ARN);
  });

  void test('is that of a standard queue', () => {
    assert.equal(checkedQueueArn(ARN), ARN);
    assert.throws(() => checkedQueueArn(`${ARN}.fifo`), { code: 'config-invalid', message: /FIFO queue/ });
    for (const wrong of ['', 'orders', 'arn:aws:sns:eu-west-1:111122223333:orders', `${ARN}/x`]) {
      assert.throws(() => checkedQueueArn(wrong), { code: 'config-invalid', message: /is not a queue/ });
    }
  });
});

void describe('a queue’s policy', () => {
  void test('as it is printed lets Amazon deliver and nobody else', () => {
    assert.deepEqual(judgePolicy(queuePolicy(ARN), ARN), {
      missing: [],
      denied: [],
      isConditional: false,
      isOpenToAll: false,
    });
  });

  void test('that is absent, no JSON, of another queue or account lets it do nothing', () => {
    const cases = [
      '',
      'not json',
      '{}',
      policyOf({ Resource: 'arn:aws:sqs:eu-west-1:111122223333:other' }),
      policyOf({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } }),
      policyOf({ Principal: { AWS: 'arn:aws:iam::4375680026789:root' } }),
      queuePolicy(ARN) + ' '.repeat(64 * 1024),
    ];
    for (const text of cases) {
      assert.deepEqual(judgePolicy(text, ARN).missing, NEEDED, text.slice(0, 200));
    }
  });

  void test('names the action that is missing or denied', () => {
    assert.deepEqual(judgePolicy(policyOf({ Action: 'SQS:SendMessage' }), ARN).missing, [
      'sqs:GetQueueAttributes',
    ]);
    const denying = policyOf({}, { Effect: 'Deny', Principal: '*', Action: 'sqs:Send*' });
    assert.deepEqual(judgePolicy(denying, ARN).denied, ['sqs:SendMessage']);
    const onlyUnencrypted = policyOf(
      {},
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': false } },
      },
    );
    assert.deepEqual(judgePolicy(onlyUnencrypted, ARN).denied, []);
  });

  void test('may be written in AWS’s shorter ways', () => {
    const one = JSON.parse(
      policyOf({ Principal: { AWS: '437568002678' }, Action: 'sqs:*', Resource: '*' }),
    ) as {
      Statement: unknown[];
    };
    for (const Statement of [one.Statement, one.Statement[0]]) {
      assert.deepEqual(judgePolicy(JSON.stringify({ Statement }), ARN).missing, []);
    }
    assert.equal(
      judgePolicy(policyOf({ Resource: 'arn:aws:sqs:*:111122223333:ord*' }), ARN).missing.length,
      0,
    );
    assert.equal(
      judgePolicy(policyOf({ Resource: 'arn:aws:sqs:*:1111222233330:ord*' }), ARN).missing.length,
      2,
    );
  });

  void test('that anybody may write by is told, because messages bear no signature', () => {
    for (const Principal of ['*', { AWS: '*' }, { AWS: [AMAZON, '*'] }]) {
      assert.equal(judgePolicy(policyOf({ Principal }), ARN).isOpenToAll, true);
    }
    const Condition = { StringEquals: { 'aws:SourceAccount': '111122223333' } };
    const limited = judgePolicy(policyOf({ Principal: '*', Condition }), ARN);
    assert.deepEqual([limited.isOpenToAll, limited.isConditional], [false, true]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queueFault } from './queue-fault.ts';

function named(name: string, cause?: unknown): Error {
  return Object.assign(new Error('AKIAEXAMPLE planted', { cause }), { name });
}

test('the first cause that has a meaning is told, however deep it is wrapped', () => {
  const { code, what } = queueFault(named('SQSError', named('Error', named('CredentialsProviderError'))));
  assert.equal(code, 'CredentialsProviderError');
  assert.match(what, /no AWS credentials: set AWS_ACCESS_KEY_ID/);
});

test('names of today and of older answers mean the same', () => {
  for (const name of ['AWS.SimpleQueueService.NonExistentQueue', 'QueueDoesNotExist']) {
    assert.match(queueFault(named(name)).what, /no such queue/, name);
  }
  for (const name of ['KMS.AccessDeniedException', 'KmsAccessDenied']) {
    assert.match(queueFault(named(name)).what, /kms:Decrypt/, name);
  }
  assert.match(queueFault(Object.assign(new Error(''), { code: 'RequestThrottled' })).what, /patience/);
});

test('what has no meaning here is told by its innermost code, and no text of it', () => {
  const refused = Object.assign(new Error('connect 10.0.0.1'), { code: 'ECONNREFUSED' });
  const several = new AggregateError([refused]);
  assert.deepEqual(queueFault(named('SQSError', named('Error', several))), {
    code: 'ECONNREFUSED',
    what: 'The queue cannot be reached, or AWS has a fault of its own',
  });
  for (const thrown of [named('A sentence with planted'), named('Error'), 'planted', undefined]) {
    assert.equal(queueFault(thrown).code, 'unknown');
  }
});

test('causes that go round in a circle end', () => {
  const error = named('Error');
  error.cause = error;
  assert.equal(queueFault(error).code, 'unknown');
});

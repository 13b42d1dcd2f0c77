import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from './failure.ts';
import type { FailureCode } from './failure.ts';
import { connectionId, orderKey } from './ids.ts';
import { isDown, isOutage, suspicionAfter } from './outage.ts';
import type { Suspicion } from './outage.ts';
import { SECOND, after, instant } from './time.ts';

const NOW = instant(Date.UTC(2026, 10, 20, 10));

function afterFailuresOf(...ids: readonly string[]): Suspicion | undefined {
  let suspicion: Suspicion | undefined;
  for (const [index, id] of ids.entries()) {
    const order = orderKey(connectionId('shopify'), id);
    suspicion = suspicionAfter(suspicion, { order, now: after(NOW, index * SECOND) });
  }
  return suspicion;
}

const isDownAfter = (...ids: readonly string[]): boolean => {
  const suspicion = afterFailuresOf(...ids);
  return suspicion !== undefined && isDown(suspicion);
};

test('one order that fails, however often, does not make an account down, and three different ones do', () => {
  assert.equal(isDownAfter('1', '1', '1', '1', '1', '1'), false);
  assert.equal(isDownAfter('1', '2', '1', '2', '1'), false);
  assert.equal(isDownAfter('1', '2', '1', '3'), true);
});

test('an outage began when the first of them failed', () => {
  assert.equal(afterFailuresOf('1', '1', '2', '3')?.since, NOW);
});

test('an outage shows in what never came back or says that the other side is at fault, and in nothing else', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the catalogue
  const codes = Object.keys(CATALOGUE) as FailureCode[];
  assert.deepEqual(codes.filter(isOutage), [
    'request-unreachable',
    'request-unanswered',
    'request-answer-unreadable',
    'request-server-error',
  ]);
});

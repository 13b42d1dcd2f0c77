import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PipelineEvent } from '#pipeline/ports.ts';
import { testClock } from '#tests/clock.ts';
import { createTell } from './tell.ts';

const TERMS = {
  refusalsMax: 2,
  refusalEveryMs: 1000,
  addressesMax: 5,
  refusalsOfAllMax: 4,
  refusalOfAllEveryMs: 1000,
};
const EVENT = { name: 'delivery refused', level: 'warn', fields: { why: 'forged' } } as const;

test('who has more addresses than are remembered fills no log either, and is counted', async () => {
  const events: PipelineEvent[] = [];
  const clock = testClock();
  const tell = createTell({ emit: (event) => void events.push(event), clock }, TERMS);
  const from = (remoteAddress: string) => tell({ raw: { socket: { remoteAddress } } }, EVENT);
  const waits = Array.from({ length: 50 }, (_, index) => from(`2001:db8:0:${index}::1`));
  assert.equal(events.length, TERMS.refusalsOfAllMax);
  assert.deepEqual(new Set(waits.slice(TERMS.refusalsOfAllMax)), new Set([1]));
  await clock.advance(1000);
  assert.equal(from('192.0.2.1'), undefined);
  assert.deepEqual(events.at(-1)?.fields, { why: 'forged', unlogged: 46 });
});

import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { usedBytes } from '#tests/memory.ts';
import { createBodies } from './bodies.ts';
import { HTTP_LIMITS } from './limits.ts';

const PIECES = 100_000;

void test('a body that comes byte by byte takes what it is counted with', async () => {
  const bodies = createBodies({ ...HTTP_LIMITS, bodyPiecesMax: PIECES });
  const request = new IncomingMessage(new Socket());
  const reading = bodies.read(request);
  await setImmediate();
  const before = usedBytes();
  for (let count = 0; count < PIECES; count += 1) {
    // As Node's parser hands over each chunk: memory of its own.
    request.push(Buffer.alloc(1, 'x'));
  }
  const taken = usedBytes() - before;
  request.push(null);
  const body = await reading;
  assert.ok(taken < 10 * PIECES, `${PIECES} bytes took ${taken}`);
  assert.equal(body.toString(), 'x'.repeat(PIECES));
});

void test('a body of pieces of any size is whole', async () => {
  const bodies = createBodies(HTTP_LIMITS);
  const request = new IncomingMessage(new Socket());
  const reading = bodies.read(request);
  const pieces = [1, 16_383, 16_384, 16_385, 70_000, 3].map((size, index) =>
    Buffer.alloc(size, String(index)),
  );
  pieces.forEach((piece) => request.push(piece));
  request.push(null);
  assert.deepEqual(await reading, Buffer.concat(pieces));
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCli } from './cli-process.ts';

test('a demo that is interrupted ends at once and leaves no folder behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-interrupted-'));
  try {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const demo = startCli(['demo'], { cwd: folder, environment: { TMPDIR: folder } });
      await demo.seen(/^#1001 /m);
      assert.equal((await readdir(folder)).length, 1);
      demo.child.kill(signal);
      await demo.ended();
      assert.equal(demo.child.signalCode, signal);
      assert.deepEqual(await readdir(folder), []);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

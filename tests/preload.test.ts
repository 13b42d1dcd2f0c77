import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

/** What `npm test` loads before each file makes it faster and lets nothing through. */

const PRELOAD = join(import.meta.dirname, 'preload.js');

void describe('under the preload of npm test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-preload-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const statusOf = (body: string): number | null => {
    const file = join(folder, 'drawn.test.mjs');
    writeFileSync(file, `import { test } from 'node:test';\ntest('drawn', async () => {\n${body}\n});\n`);
    // The runner tells its own files by this variable, and would take the inner one for part of this.
    const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
    return spawnSync(process.execPath, ['--import', PRELOAD, '--test', file], { env, stdio: 'ignore' })
      .status;
  };

  void test('a file without a fault passes', () => {
    assert.equal(statusOf('await null;'), 0);
  });

  void test('a rejection that nobody awaits fails its file', () => {
    const rejection = "await null; void Promise.reject(new Error('nobody awaits this'));";
    assert.equal(statusOf(`${rejection} await new Promise(setImmediate);`), 1);
  });

  void test('an error that nobody catches fails its file', () => {
    const thrown = "await null; setImmediate(() => { throw new Error('nobody catches this'); });";
    assert.equal(
      statusOf(`${thrown} await new Promise((done) => setImmediate(() => setImmediate(done)));`),
      1,
    );
  });
});

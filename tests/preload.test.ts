import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

/** What `npm test` loads before each file makes it faster and lets nothing through. */

const PRELOAD = join(import.meta.dirname, 'preload.js');
/** Quick tests share a process, the others have one each. */
const ISOLATIONS = ['--test-isolation=none', '--test-isolation=process'];

void describe('under the preload of npm test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-preload-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const statusesOf = (body: string): (number | null)[] => {
    const file = join(folder, 'drawn.test.mjs');
    writeFileSync(file, `import { test } from 'node:test';\ntest('drawn', async () => {\n${body}\n});\n`);
    // The runner tells its own files by this variable, and would take the inner one for part of this.
    const { NODE_TEST_CONTEXT: _outer, ...env } = process.env;
    return ISOLATIONS.map(
      (isolation) =>
        spawnSync(process.execPath, ['--import', PRELOAD, '--test', isolation, file], {
          env,
          stdio: 'ignore',
        }).status,
    );
  };

  void test('a file without a fault passes', () => {
    assert.deepEqual(statusesOf('await null;'), [0, 0]);
  });

  void test('a rejection that nobody awaits fails its file', () => {
    const rejection = "await null; void Promise.reject(new Error('nobody awaits this'));";
    assert.deepEqual(statusesOf(`${rejection} await new Promise(setImmediate);`), [1, 1]);
  });

  void test('an error that nobody catches fails its file', () => {
    const thrown = "await null; setImmediate(() => { throw new Error('nobody catches this'); });";
    assert.deepEqual(
      statusesOf(`${thrown} await new Promise((done) => setImmediate(() => setImmediate(done)));`),
      [1, 1],
    );
  });
});

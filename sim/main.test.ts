import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

test('the sandbox whose port is taken says so in a sentence and ends with 1', async () => {
  // Where another program has it already, that one is as good.
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.once('error', () => resolve()).listen(4002, '127.0.0.1', resolve);
  });
  try {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    assert.match(
      said,
      /^The sandbox listens on the ports 4001 and 4002, and another program has 400[12], .*: stop that one first\n$/,
    );
    assert.equal(code, 1);
  } finally {
    other.close();
  }
});

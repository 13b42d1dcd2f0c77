import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findServer } from '#app.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import { until } from '#tests/until.ts';

/** The server as the README has it started: behind npm, which a supervisor asks to stop. */

test('a server that npm started stops softly when npm is asked to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-npm-'));
  const settings = {
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
    LOG_LEVEL: 'silent',
  };
  const child = spawn('npm', ['start'], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: { ...process.env, npm_config_update_notifier: 'false', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, so that nothing of it outlives a test that fails.
    detached: true,
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const exited = once(child, 'exit');
  try {
    await until('it listens', () => out.includes('Counterfoil listens on'));
    child.kill('SIGTERM');
    await exited;
    assert.match(out, /Stopping; what is in flight is finished first/);
    const { clock } = systemOutside(() => undefined);
    assert.equal(findServer(readConfig(settings), clock), undefined, 'none is left behind');
  } finally {
    endGroup(child.pid);
    await rm(folder, { recursive: true, force: true });
  }
});

function endGroup(pid: number | undefined): void {
  try {
    process.kill(-(pid ?? 0), 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

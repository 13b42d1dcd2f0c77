import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findServer } from '#app.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import { until } from '#tests/until.ts';

/** The program as the README has it started: from a checkout, the server behind npm, which a supervisor asks to stop. */

const ROOT = join(import.meta.dirname, '..', '..');

test('a server that npm started stops softly when npm is asked to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-npm-'));
  const settings = {
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
    LOG_LEVEL: 'silent',
  };
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
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
    assert.match(out, /counterfoil\.db, version \d+, new and empty: if your orders are in another/);
    assert.match(out, /Stopping; what is in flight is finished first/);
    const { clock } = systemOutside(() => undefined);
    assert.equal(findServer(readConfig(settings), clock), undefined, 'none is left behind');
  } finally {
    endGroup(child.pid);
    await rm(folder, { recursive: true, force: true });
  }
});

test('a checkout without its packages says to run npm ci, without a stack', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-bare-'));
  try {
    for (const part of ['bin', 'src', 'package.json']) {
      await cp(join(ROOT, part), join(folder, part), { recursive: true });
    }
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const script of ['start', 'demo']) {
      assert.match(scripts[script] ?? '', /node bin\/counterfoil\.js /, script);
    }
    const child = spawn(process.execPath, ['bin/counterfoil.js', 'orders'], { cwd: folder });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = await once(child, 'close');
    assert.equal(err, 'counterfoil lacks a package that it needs: run "npm ci" in the checkout first.\n');
    assert.equal(code, 1);
  } finally {
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

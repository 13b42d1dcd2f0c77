import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCli } from '#tests/e2e/cli-process.ts';
import { startService } from '#tests/service.ts';

/** What is stored is its owner's alone, whatever the process's umask; where it is not, the doctor says so. */

void describe('the data folder', () => {
  let folder: string;
  let umask: number;
  const data = (): string => join(folder, 'data');
  const environment = (): Record<string, string> => ({
    DATABASE_URL: `sqlite:${join(data(), 'counterfoil.db')}`,
  });
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
  const finding = async (): Promise<{ state: string; text: string }> => {
    const { out } = await runCli(['doctor', '--json'], { cwd: folder, environment: environment() });
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string; text: string }[] };
    const found = checks.find(({ name }) => name === 'Data folder');
    assert.ok(found !== undefined);
    return found;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-private-'));
    // Whoever it starts inherits that nothing is taken away.
    umask = process.umask(0);
  });

  after(async () => {
    process.umask(umask);
    await rm(folder, { recursive: true, force: true });
  });

  void test('is made for its owner alone, with every file in it, while the server runs', async () => {
    const service = await startService(environment());
    const names = await readdir(data());
    const modes = await Promise.all(names.map(async (name) => [name, await modeOf(join(data(), name))]));
    await service.stop();
    assert.ok(
      ['counterfoil.db', 'counterfoil.db-wal', 'counterfoil.db.lock', 'counterfoil.key'].every((name) =>
        names.includes(name),
      ),
      names.join(),
    );
    assert.deepEqual(
      modes.filter(([, mode]) => mode !== 0o600),
      [],
    );
    assert.equal(await modeOf(data()), 0o700);
  });

  void test('is named by the doctor where others can read it, and only there; so are the settings', async () => {
    const settings = join(folder, '.env');
    await writeFile(settings, 'SHOPIFY_API_SECRET=planted\n', { mode: 0o600 });
    assert.equal((await finding()).state, 'ok');
    await chmod(settings, 0o644);
    const told = await finding();
    assert.equal(told.state, 'warning');
    assert.match(told.text, /could read "\.env" \(0644\)$/);
    await chmod(data(), 0o755);
    await chmod(join(data(), 'counterfoil.db'), 0o640);
    const { state, text } = await finding();
    assert.equal(state, 'warning');
    assert.match(text, /data" \(0755\), .*counterfoil\.db" \(0640\), .*"\.env" \(0644\)$/);
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import { openSandbox } from '#sim/main.ts';
import { until } from '#tests/until.ts';

test('a service that is stopped while it still asks for its account says nothing of it afterwards', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-stop-'));
  const sandbox = await openSandbox({ seed: 1 });
  const names: string[] = [];
  const outside = systemOutside(({ name }) => names.push(name));
  const asked = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  let answers = 0;
  const database = `sqlite:${join(folder, 'counterfoil.db')}`;
  const app = await openApp(readConfig({ ...sandbox.environment, DATABASE_URL: database, PORT: '0' }), {
    ...outside,
    async transport(request) {
      asked.resolve();
      await stopped.promise;
      const answer = await outside.transport(request);
      answers += 1;
      return answer;
    },
  });
  try {
    const serving = await app.serve();
    await asked.promise;
    await serving.stop();
    await app.close();
    stopped.resolve();
    await until('it is answered', () => answers > 0);
    // What follows from the answer follows within these turns, as it does without the guard.
    for (let turn = 0; turn < 50; turn += 1) {
      await new Promise(setImmediate);
    }
    assert.deepEqual(
      names.filter((name) => name === 'books not ready'),
      [],
    );
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
});

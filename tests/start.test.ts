import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

/** What stands between a command line and its first word: a module that is loaded there is waited for by everybody. */

const ROOT = join(import.meta.dirname, '..');

/** The modules and packages that are loaded with this one, whatever it is asked for. */
function loadedWith(path: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (!loaded.has(path)) {
    loaded.add(path);
    const text = readFileSync(join(ROOT, path), 'utf8');
    for (const [, name = ''] of text.matchAll(/^(?:import|export) (?!type )[^;']*?from '([^']+)';$/gm)) {
      if (name.startsWith('#')) {
        loadedWith(join('src', name.slice(1)), loaded);
      } else if (name.startsWith('.')) {
        loadedWith(join(dirname(path), name), loaded);
      } else {
        loaded.add(name);
      }
    }
  }
  return loaded;
}

test('help and wrong use load no package but the one that reads command lines, and nothing of app.ts', () => {
  const loaded = [...loadedWith('src/main.ts')];
  assert.deepEqual(
    loaded.filter((name) => !name.startsWith('node:') && !name.startsWith('src/')),
    ['commander'],
  );
  assert.ok(loaded.includes('src/cli/commands.ts'));
  assert.ok(!loaded.includes('src/app.ts'));
});

test('a command loads neither the server nor the ways of alarms before they are needed', () => {
  const loaded = [...loadedWith('src/app.ts')];
  assert.ok(loaded.includes('src/storage/store.ts') && loaded.includes('kysely'));
  assert.deepEqual(
    loaded.filter((name) => /^(fastify|nodemailer|pino|yaml)$|^src\/(http|alarms)\//.test(name)),
    [],
  );
});

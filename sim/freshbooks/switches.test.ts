import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { bench } from './caller.ts';
import { defaultSwitches } from './switches.ts';

const here = new URL('.', import.meta.url);
const names = Object.keys(defaultSwitches);

test('every switch is on the page about differences', async () => {
  const page = await readFile(new URL('../../docs/sim-differences.md', here), 'utf8');
  assert.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test('every switch is turned by some test', async () => {
  const files = (await readdir(here)).filter(
    (file) => file.endsWith('.test.ts') && file !== 'switches.test.ts',
  );
  const tests = (await Promise.all(files.map((file) => readFile(new URL(file, here), 'utf8')))).join('\n');
  assert.deepEqual(
    names.filter((name) => !new RegExp(String.raw`\b${name}\b`).test(tests)),
    [],
  );
});

test('a simulator shows the switches it runs under', () => {
  const { sim } = bench({ switches: { pkce: 'ignored' } });
  assert.deepEqual(sim.switches, { ...defaultSwitches, pkce: 'ignored' });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DEFAULT_AMAZON_SWITCHES } from './switches.ts';

test('docs/sim-differences.md names every switch of Amazon, with its default first', () => {
  const page = readFileSync(new URL('../../docs/sim-differences.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('\n## Amazon\n');
  for (const [name, first] of Object.entries(DEFAULT_AMAZON_SWITCHES)) {
    assert.ok(section.includes(`\`${name}\`: ${first}, `), `${name}: ${first}`);
  }
});

test('every switch of Amazon is turned by some test', () => {
  const here = new URL('.', import.meta.url);
  const files = readdirSync(here).filter((file) => file.endsWith('.test.ts') && file !== 'switches.test.ts');
  const tests = files.map((file) => readFileSync(new URL(file, here), 'utf8')).join('\n');
  const missed = Object.keys(DEFAULT_AMAZON_SWITCHES).filter((name) => !tests.includes(`${name}:`));
  assert.deepEqual(missed, []);
});

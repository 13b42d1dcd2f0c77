import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

/** Every installed package, of the program and for development, under a licence that anybody may use this program with. */

const ROOT = join(import.meta.dirname, '..');
/** Permissive ones alone: what they ask for is to be named. */
const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
]);

interface Installed {
  readonly folder: string;
  readonly name: string;
  readonly licence: string;
}

function packagesIn(modules: string): Installed[] {
  if (!existsSync(modules)) {
    return [];
  }
  const names = readdirSync(modules, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((each) => `${name}/${each}`) : [name],
    );
  return names.flatMap((name) => {
    const folder = join(modules, name);
    const described = join(folder, 'package.json');
    const own = existsSync(described) ? [{ folder, name, licence: licenceIn(described) }] : [];
    return [...own, ...packagesIn(join(folder, 'node_modules'))];
  });
}

function licenceIn(path: string): string {
  const { license } = JSON.parse(readFileSync(path, 'utf8')) as { license?: unknown };
  return typeof license === 'string' ? license : JSON.stringify(license ?? 'none');
}

void describe('licences', () => {
  const installed = packagesIn(join(ROOT, 'node_modules'));

  void test('every installed package has one of the list', () => {
    const faults = installed.filter(({ licence }) => !ALLOWED.has(licence));
    assert.deepEqual(
      faults.map(({ name, licence }) => `${name}: ${licence}`),
      [],
    );
  });

  void test('none of the packages of the program is left out', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: true; optional?: true; license?: string }>;
    };
    const seen = new Set(installed.map(({ folder }) => folder));
    const needed = Object.entries(lock.packages).filter(
      ([path, { optional }]) => path !== '' && optional !== true,
    );
    assert.ok(needed.length > 50);
    assert.deepEqual(
      needed.map(([path]) => path).filter((path) => !seen.has(join(ROOT, path))),
      [],
    );
    // What another system would install is told by the lock file alone.
    const others = Object.entries(lock.packages).filter(
      ([path, { license }]) => path !== '' && !ALLOWED.has(license ?? 'none'),
    );
    assert.deepEqual(
      others.map(([path, { license }]) => `${path}: ${license ?? 'none'}`),
      [],
    );
  });

  void test('the program’s own is Apache-2.0', () => {
    assert.equal(licenceIn(join(ROOT, 'package.json')), 'Apache-2.0');
    assert.match(readFileSync(join(ROOT, 'LICENSE'), 'utf8'), /Apache License\s+Version 2\.0/);
  });
});

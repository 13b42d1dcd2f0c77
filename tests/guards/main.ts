import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUARDS } from '#tests/guards/guards.ts';
import type { Guard } from '#tests/guards/guards.ts';

/** Takes each guard out of a copy of the program and runs its test, which must fail; ends with 1 if one passes without. */

const ROOT = join(import.meta.dirname, '..', '..');
const COPIED = ['src', 'sim', 'tests', 'docs', 'package.json', 'README.md'] as const;
/** Many times what any of the tests takes. One that does not come to an end shows nothing, unless that is how it fails. */
const TIMEOUT_MS = 600_000;
const ENDLESS_MS = 60_000;

const pattern = process.argv[2] ?? '';
let isWithout = false;
for (const guard of GUARDS.filter(({ what }) => what.includes(pattern))) {
  const began = performance.now();
  const fails = failsWithout(guard);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `${fails ? 'fails without it' : 'PASSES WITHOUT IT'}  ${guard.what} (${guard.test}, ${seconds} s)`,
  );
  isWithout ||= !fails;
}
process.exitCode = isWithout ? 1 : 0;

function failsWithout({ file, from, to, test, named, isEndless = false }: Guard): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'counterfoil-guard-'));
  try {
    for (const path of COPIED) {
      cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const text = readFileSync(join(copy, file), 'utf8');
    if (text.split(from).length !== 2) {
      throw new Error(`The guard does not stand once in ${file}: ${from}`);
    }
    writeFileSync(
      join(copy, file),
      text.replace(from, () => to),
    );
    const names = named === undefined ? [] : ['--test-name-pattern', named];
    const ends = isEndless ? ['--test-timeout', String(ENDLESS_MS), '--test-force-exit'] : [];
    const { status, error } = spawnSync(process.execPath, ['--test', ...ends, ...names, test], {
      cwd: copy,
      timeout: TIMEOUT_MS,
      stdio: 'ignore',
    });
    if (error !== undefined) {
      throw new Error(`${test} shows nothing without the guard in ${file}`, { cause: error });
    }
    return status !== 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

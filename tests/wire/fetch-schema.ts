import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SCHEMA_FILE, SCHEMA_FOLDER, SCHEMA_PACKAGE } from './schema-place.ts';

// `npm run schema`: takes the one file that the wire test needs out of Shopify's own package (ISC), without installing the
// package and its dependencies (369 MB). Prints one line.

const folder = mkdtempSync(join(tmpdir(), 'counterfoil-schema-'));
try {
  const printed = execFileSync('npm', ['pack', SCHEMA_PACKAGE, '--silent', '--pack-destination', folder], {
    cwd: folder,
    encoding: 'utf8',
  });
  const archive = printed.trim().split('\n').at(-1) ?? '';
  const inside = `package/dist/data/${SCHEMA_FILE}`;
  execFileSync('tar', ['-xzf', join(folder, archive), '-C', folder, inside]);
  mkdirSync(SCHEMA_FOLDER, { recursive: true });
  const target = join(fileURLToPath(SCHEMA_FOLDER), SCHEMA_FILE);
  copyFileSync(join(folder, inside), target);
  console.log(
    `Shopify schema ${SCHEMA_FILE} from ${SCHEMA_PACKAGE}: ${statSync(target).size} bytes in ${target}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { writeForOwner } from './backup.ts';
import { unfinishedName } from './database-file.ts';
import { replaceKeys } from './key-file.ts';

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-private-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
};

const WRITERS = {
  'the key of a backup': {
    write: (path: string) => writeForOwner(path, 'planted-key'),
    nameBefore: unfinishedName,
  },
  'the key file': {
    write: (path: string) => replaceKeys(path, { current: 'planted-key', older: [] }),
    nameBefore: (path: string) => `${path}.next`,
  },
};

for (const [what, { write, nameBefore }] of Object.entries(WRITERS)) {
  void describe(`${what}, where somebody was at the name before`, () => {
    void test('is no file of his', (t) => {
      const folder = folderOf(t);
      const path = join(folder, 'some.key');
      writeFileSync(nameBefore(path), 'his own', { mode: 0o644 });
      write(path);
      assert.equal(readFileSync(path, 'utf8'), 'planted-key\n');
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(folder), ['some.key']);
    });

    void test('does not follow a link of his', (t) => {
      const folder = folderOf(t);
      const path = join(folder, 'some.key');
      const his = join(folder, 'his.txt');
      writeFileSync(his, 'his own', { mode: 0o644 });
      symlinkSync(his, nameBefore(path));
      write(path);
      assert.equal(readFileSync(path, 'utf8'), 'planted-key\n');
      assert.equal(readFileSync(his, 'utf8'), 'his own');
    });
  });
}

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { assertWhole } from './database-file.ts';
import { openSqlite } from './sqlite.ts';

test('pages that cannot be read are a failure of the disk, and not of the program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-pages-'));
  try {
    const path = join(folder, 'books.db');
    const database = openSqlite(path);
    database.exec('create table numbers (number integer)');
    database.close();
    assertWhole(path);
    // SQLite reads none of them where it cannot open its log.
    rmSync(`${path}-wal`, { force: true });
    mkdirSync(`${path}-wal`);
    assert.throws(
      () => assertWhole(path),
      (thrown) =>
        thrown instanceof Failure && thrown.code === 'database-failed' && thrown.message.includes(path),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

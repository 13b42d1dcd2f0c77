import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { isCommitTorn } from '#tests/crash/wal.ts';

test('a commit is torn where some of its pages are in the log and not the last', () => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-wal-'));
  try {
    const path = join(folder, 'a.db');
    using database = new DatabaseSync(path);
    database.exec('pragma journal_mode = wal');
    const sizes = [0, 1, 2].map((round) => {
      // Some forty pages, so that there is something to tear.
      database.exec(`create table t${round} (x); insert into t${round} values (randomblob(160000))`);
      return readFileSync(`${path}-wal`).byteLength;
    });
    const log = readFileSync(`${path}-wal`);
    const frame = 24 + log.readUInt32BE(8);
    const isTornAt = (bytes: number): boolean => {
      writeFileSync(join(folder, 'b.db-wal'), log.subarray(0, bytes));
      return isCommitTorn(join(folder, 'b.db'));
    };
    const [, second = 0, third = 0] = sizes;
    assert.deepEqual([isTornAt(second), isTornAt(third)], [false, false], 'at the end of a commit');
    assert.deepEqual(
      [isTornAt(third - 1), isTornAt(third - frame), isTornAt(second + 5 * frame)],
      [true, true, true],
      'within one',
    );
    assert.equal(isTornAt(second + frame - 1), false, 'a page that is not whole is none');
    assert.equal(isTornAt(0), false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

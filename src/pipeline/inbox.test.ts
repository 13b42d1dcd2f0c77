import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { createLog } from '#telemetry/log.ts';
import { message } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';
import { createInbox } from './inbox.ts';

void test('a message that comes over and over is one line of the log, and each time acknowledged', async () => {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const lines: string[] = [];
  const emit = createLog('info', { write: (line) => void lines.push(line) });
  const inbox = createInbox({ store, queue: { wake: () => undefined }, clock, emit });
  const ids = new Set<string>();
  for (let count = 0; count < 100; count += 1) {
    ids.add((await inbox.accept(message({ externalId: 'overheard' }))).id);
  }
  assert.equal(ids.size, 1);
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['delivery accepted'],
  );
  await store.close();
});

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Failure } from '#core/failure.ts';
import { backUp } from '#storage/backup.ts';
import { restore } from '#storage/restore.ts';
import { instant } from '#core/time.ts';
import { KEY, openAt } from '#tests/backup/books.ts';
import { message } from '#tests/build.ts';
import { hurriedClock } from '#tests/clock.ts';

/** A process of its own that makes or restores a backup, for the tests of what happens when it dies. */
const [action, databasePath = '', file = '', dies = ''] = process.argv.slice(2);

// Dies in place of the rename that puts a file under its name.
if (dies === 'dies') {
  Reflect.set(fs, 'renameSync', () => process.kill(process.pid, 'SIGKILL'));
  syncBuiltinESMExports();
}

try {
  if (action === 'backup') {
    await backUp({ databasePath, file, isOverwriting: true });
  } else if (action === 'die-with-log') {
    // What it has committed is in the log alone, since only closing writes it into the database.
    const store = await openAt(databasePath);
    await store.transact((tx) => tx.acceptDelivery(message({ externalId: 'in the log' }), instant(0)));
    process.kill(process.pid, 'SIGKILL');
  } else {
    await restore({
      databasePath,
      file,
      clock: hurriedClock(),
      key: { path: `${databasePath}.key`, configured: KEY },
      access: { secrets: [], settings: [], identity: 'identity:freshbooks' },
    });
  }
} catch (thrown) {
  const text = thrown instanceof Failure ? `${thrown.code}: ${thrown.message}` : String(thrown);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

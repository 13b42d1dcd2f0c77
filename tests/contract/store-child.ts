import { setImmediate } from 'node:timers/promises';
import { instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { takeServeLock } from '#storage/serve-lock.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { message } from '#tests/build.ts';
import { hurriedClock } from '#tests/clock.ts';

/** Another process on the same database, for the tests of what only processes can show. */
const [action, path = ''] = process.argv.slice(2);
const clock: Clock = hurriedClock();

async function open() {
  const database = openSqlite(path);
  return (await openStore({ dialect: sqliteDialect(database), clock, seal: createSeal('key') })).store;
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('Still alive');
}

switch (action) {
  case 'open': {
    await (await open()).close();
    break;
  }
  case 'die-after-commit': {
    const store = await open();
    await store.transact((tx) => tx.acceptDelivery(message(), instant(0)));
    die();
  }
  case 'die-before-commit': {
    const store = await open();
    await store.transact(async (tx) => {
      await tx.acceptDelivery(message(), instant(0));
      die();
    });
    break;
  }
  case 'count': {
    const store = await open();
    for (let count = 0; count < 25; count += 1) {
      await store.transact(async (tx) =>
        tx.putSetting('count', String(Number((await tx.setting('count')) ?? '0') + 1)),
      );
    }
    await store.close();
    break;
  }
  case 'serve': {
    takeServeLock(path, clock.now());
    // Nothing refers to it any more: it is held all the same.
    await setImmediate();
    globalThis.gc?.();
    await setImmediate();
    process.stdout.write('serving\n');
    // Stays until it is killed: a pipe that never closes.
    process.stdin.resume();
    break;
  }
  default:
    throw new Error(`Unknown action "${String(action)}"`);
}

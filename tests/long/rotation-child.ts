import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceKeys, rotateKeyFile } from '#storage/key-file.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { hurriedClock } from '#tests/clock.ts';

/** A process that changes the key and dies at a named moment, for the test of what it leaves. */
const [moment = '', folder = ''] = process.argv.slice(2);

function dieAt(name: string): void {
  if (moment === name) {
    process.kill(process.pid, 'SIGKILL');
  }
}

let writes = 0;

await rotateKeyFile(
  join(folder, 'counterfoil.key'),
  async (keys) => {
    const database = openSqlite(join(folder, 'counterfoil.db'));
    const exec = database.exec.bind(database);
    database.exec = (text) => {
      if (text === 'commit') {
        dieAt('before the commit');
      }
      exec(text);
      if (text === 'commit') {
        dieAt('after the commit');
      }
    };
    const seal = createSeal(keys.current, keys.older);
    const opened = await openStore({ dialect: sqliteDialect(database), clock: hurriedClock(), seal });
    await opened.sealAnew();
    await opened.store.close();
  },
  (path, keys) => {
    writes += 1;
    dieAt(`before write ${writes}`);
    if (moment === `within write ${writes}`) {
      writeFileSync(`${path}.next`, keys.current.slice(0, 7));
      dieAt(moment);
    }
    replaceKeys(path, keys);
    dieAt(`after write ${writes}`);
  },
);

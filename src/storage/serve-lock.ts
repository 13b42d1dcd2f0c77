import { existsSync, realpathSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from '#core/failure.ts';
import { showInstant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { makePrivate } from './private-files.ts';
import { translated } from './sqlite.ts';

/**
 * One server at a time on one SQLite file. The lock is a transaction on a file beside the database, held for the server's
 * life, so the system frees it whatever ends the process. In WAL mode it can be read while it is held, which tells who runs.
 */
export interface ServeLock {
  release(): void;
}

/** Kept here, because a handle that nothing refers to is closed by the garbage collector, and its lock is free with it. */
const held = new Map<DatabaseSync, string>();

/** Throws `already-running` naming the process that serves, or `database-failed` when the lock itself cannot be written. */
export function takeServeLock(databasePath: string, now: Instant): ServeLock {
  const doing = `Cannot lock "${databasePath}.lock"`;
  makePrivate(`${databasePath}.lock`);
  const lock = translated(doing, () => new DatabaseSync(`${databasePath}.lock`));
  try {
    translated(doing, () => claim(lock, now));
    held.set(lock, realpathSync(`${databasePath}.lock`));
    return {
      release() {
        held.delete(lock);
        lock.close();
      },
    };
  } catch (cause) {
    if (!(cause instanceof Failure && cause.code === 'database-busy')) {
      lock.close();
      throw cause;
    }
    const who = describeServer(lock);
    lock.close();
    throw new Failure('already-running', {
      detail: `${who} already serves the database "${databasePath}"`,
      cause,
    });
  }
}

/** Throws `already-running` while another process serves the database. Asks by taking its lock for a moment. */
export function assertUnserved(databasePath: string, now: Instant): void {
  const path = `${databasePath}.lock`;
  if (existsSync(path) && ![...held.values()].includes(realpathSync(path))) {
    takeServeLock(databasePath, now).release();
  }
}

function claim(lock: DatabaseSync, now: Instant): void {
  // Somebody who only asks who serves holds it for a moment.
  lock.exec('pragma busy_timeout = 500');
  lock.exec('pragma journal_mode = wal');
  lock.exec('begin exclusive');
  lock.exec('create table if not exists server (pid integer not null, started_at text not null)');
  lock.exec('delete from server');
  lock.prepare('insert into server (pid, started_at) values (?, ?)').run(process.pid, showInstant(now));
  lock.exec('commit');
  lock.exec('begin exclusive');
}

function describeServer(lock: DatabaseSync): string {
  try {
    const row = lock.prepare('select pid, started_at from server').get();
    return row === undefined
      ? 'Another process'
      : `Process ${String(row['pid'])}, started ${String(row['started_at'])},`;
  } catch {
    // It has only just begun and not written its name yet; that it is there is certain.
    return 'Another process';
  }
}

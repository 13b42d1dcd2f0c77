import { DatabaseSync } from 'node:sqlite';
import { Failure } from '#core/failure.ts';
import { showInstant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { translated } from './sqlite.ts';

/**
 * One server at a time on one SQLite file. The lock is a transaction on a file beside the database, held for the server's
 * life, so the system frees it whatever ends the process. In WAL mode it can be read while it is held, which tells who runs.
 */
export interface ServeLock {
  release(): void;
}

/** What is locked, kept from being collected: a handle that nobody refers to would be closed, and its lock gone. */
const locked = new Set<DatabaseSync>();

/** Throws `already-running` naming the process that serves, or `database-failed` when the lock itself cannot be written. */
export function takeServeLock(databasePath: string, now: Instant): ServeLock {
  const doing = `Cannot lock "${databasePath}.lock"`;
  const lock = translated(doing, () => new DatabaseSync(`${databasePath}.lock`));
  try {
    translated(doing, () => claim(lock, now));
    locked.add(lock);
    return {
      release() {
        locked.delete(lock);
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

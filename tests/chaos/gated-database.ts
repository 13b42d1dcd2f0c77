import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { DiskError } from '#tests/chaos/generation.ts';

/** A handle on the one database that works only while its program lives, and whose commits may fail as a disk's do. */
export interface Gate {
  /** Throws where the program dies, or is dead. */
  readonly enter: () => void;
  readonly diskError: () => DiskError | undefined;
}

export function gatedDatabase(database: DatabaseSync, gate: Gate): DatabaseSync {
  const handle: unknown = {
    get isTransaction() {
      return database.isTransaction;
    },
    exec(text: string) {
      if (text === 'commit') {
        commit(database, gate);
      } else {
        gate.enter();
        database.exec(text);
      }
    },
    prepare: (text: string) => gatedStatement(statementOf(database, text), gate),
    // The database outlives the program that closes it.
    close: () => undefined,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of the handle that the dialect uses
  return handle as DatabaseSync;
}

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** Prepared once for all lives of the program, of which a run has some twenty. */
export function statementOf(database: DatabaseSync, text: string): StatementSync {
  const known = statements.get(database) ?? new Map<string, StatementSync>();
  statements.set(database, known);
  const statement = known.get(text) ?? database.prepare(text);
  known.set(text, statement);
  return statement;
}

/** A crash may come before it is durable or after; so may an error, and then the program believes what is not so. */
function commit(database: DatabaseSync, gate: Gate): void {
  gate.enter();
  const error = gate.diskError();
  if (error === undefined || error.isAfter) {
    database.exec('commit');
  }
  if (error !== undefined) {
    throw sqliteError(error.errcode);
  }
  gate.enter();
}

function sqliteError(errcode: number): Error {
  const words: Readonly<Record<number, string>> = {
    5: 'database is locked',
    8: 'attempt to write a readonly database',
    10: 'disk I/O error',
    13: 'database or disk is full',
  };
  return Object.assign(new Error(words[errcode] ?? 'SQL logic error'), { code: 'ERR_SQLITE_ERROR', errcode });
}

function gatedStatement(statement: StatementSync, { enter }: Gate): StatementSync {
  const gated: unknown = {
    setReadBigInts: (isBigInt: boolean) => statement.setReadBigInts(isBigInt),
    columns: () => statement.columns(),
    all: (...parameters: SQLInputValue[]) => {
      enter();
      return statement.all(...parameters);
    },
    run: (...parameters: SQLInputValue[]) => {
      enter();
      return statement.run(...parameters);
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of the statement that the dialect uses
  return gated as StatementSync;
}

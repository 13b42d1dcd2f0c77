import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Failure } from '#core/failure.ts';
import { DAY, SECOND, after, showInstant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { RESTORED_SETTING, SWEPT_FROM_SETTING } from '#pipeline/ports.ts';
import { appendAudit } from './audit.ts';
import { keyFileOf, sealedIn, writeForOwner } from './backup.ts';
import {
  companionsOf,
  copyDatabase,
  fileFailure,
  openToRead,
  putInPlace,
  removeDatabase,
  removeUnfinished,
  sha256OfFile,
  syncPath,
  unfinishedName,
} from './database-file.ts';
import type { Contents } from './database-file.ts';
import { eraseAgain } from './erased-since.ts';
import { migrate } from './migrate.ts';
import type { Migrated } from './migrate.ts';
import { keysInFile, readKeys } from './key-file.ts';
import { createSeal, opens } from './seal.ts';
import type { Seal } from './seal.ts';
import { lockedSecrets, openersAmong, opensAll, sealedRows } from './secrets.ts';
import type { Sealed } from './secrets.ts';
import { takeServeLock } from './serve-lock.ts';
import { sqliteDialect, translated } from './sqlite.ts';
import type { Tables } from './tables.ts';

/**
 * Puts a backup in the place of the database. All that can go wrong goes wrong on a copy beside it; then one rename, so at
 * every moment the name leads to a whole database: the one before or the one after. The one before is kept beside it.
 */
export interface RestoreOptions {
  readonly databasePath: string;
  readonly file: string;
  readonly clock: Clock;
  readonly key: KeyPlaces;
  readonly access: AccessNames;
  /** Who restores, for the audit log. */
  readonly actor?: string;
}

export interface KeyPlaces {
  /** Set by the operator; then that of the backup is not put in its place. */
  readonly configured?: string;
  /** The one so far, set beside it: it opens and seals nothing. */
  readonly old?: string;
  /** Where the key is when none is set. */
  readonly path: string;
}

/**
 * What renews itself and is spent by use, so the backup's is worth nothing: it is taken over from the database that stood
 * there, if that one is connected to the same account.
 */
export interface AccessNames {
  readonly secrets: readonly string[];
  readonly settings: readonly string[];
  /** The setting that names the account. */
  readonly identity: string;
}

export interface RestoreReport {
  /** Of the backup, before its schema was brought up to date. */
  readonly contents: Contents;
  /** Of the file, as the backup told it. */
  readonly sha256: string;
  readonly migrated: Migrated;
  /** Where the database is that stood there; absent when none did. */
  readonly keptAs?: string;
  /** Where the key is that was replaced by the backup's. */
  readonly keyKeptAs?: string;
  /** Whether the access is the newest there was, and not the backup's. */
  readonly isAccessTakenOver: boolean;
  /** Whether what is sealed in it opens with the key in use. */
  readonly isOpened: boolean;
  /** Names of what was sealed in it with a key that is not here, and so was dropped for the newest access to be of use. */
  readonly forgotten: readonly string[];
  /** How many messages were blanked in it because they had been since. */
  readonly blankedCount: number;
  /** What of the database that stood there could not be read, because it is damaged: so it is as it was in the backup. */
  readonly unread: readonly ('access' | 'redactions')[];
}

/** How long other commands on the database are waited for: longer than any takes that waits for nobody. */
const OTHERS_WAIT_MS = 10 * SECOND;
const OTHERS_PAUSE_MS = 50;

/**
 * Throws `already-running`, `backup-unusable`, `database-newer`, `copy-failed`, or what keeps the database that stands there from
 * being read: `database-busy`, `database-failed`, `database-full`. Then nothing was changed.
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { databasePath, file, clock } = options;
  assertUsable(options);
  mkdirSync(dirname(databasePath), { recursive: true, mode: 0o700 });
  const lock = takeServeLock(databasePath, clock.now());
  const unfinished = unfinishedName(databasePath);
  try {
    removeUnfinished(databasePath);
    removeUnfinished(options.key.path);
    const contents = await copiedBackup(file, unfinished);
    const copy = { unfinished, contents, sha256: await sha256OfFile(file) };
    const key = chosenKey(options, sealedIn(unfinished));
    const { isAccessTakenOver, ...done } = await prepared(copy, options, key);
    const kept = await swap(unfinished, options, key);
    const isOpened = key.isOpening || isAccessTakenOver;
    return { contents, sha256: copy.sha256, ...done, isAccessTakenOver, isOpened, ...kept };
  } catch (thrown) {
    throw fileFailure(thrown, `Cannot put "${file}" in place of "${databasePath}"`);
  } finally {
    try {
      removeDatabase(unfinished);
    } finally {
      lock.release();
    }
  }
}

function assertUsable({ databasePath, file }: RestoreOptions): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true) {
    // A pipe would be waited for, for ever.
    const detail = found === undefined ? `There is no file "${file}"` : `"${file}" is no file`;
    throw new Failure('backup-unusable', { detail });
  }
  if (existsSync(databasePath) && realpathSync(databasePath) === realpathSync(file)) {
    throw new Failure('backup-unusable', { detail: `"${file}" is the database itself` });
  }
}

/** A copy of a file that is damaged or cannot be read is no fault of the database here. */
async function copiedBackup(file: string, unfinished: string): Promise<Contents> {
  try {
    return await copyDatabase(file, unfinished);
  } catch (thrown) {
    if (thrown instanceof Failure && ['database-damaged', 'database-failed'].includes(thrown.code)) {
      const detail = thrown.message.includes(`"${file}"`) ? thrown.message : `"${file}": ${thrown.message}`;
      throw new Failure('backup-unusable', { detail, cause: thrown });
    }
    throw thrown;
  }
}

// ── The key ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Chosen {
  readonly text: string | undefined;
  /** What opens the database that stands there, or what of the backup the first does not, beside it. */
  readonly others: readonly string[];
  /** Those of the backup that are to be put where the program looks for them; none where it goes on with its own. */
  readonly put: readonly string[];
  readonly isOpening: boolean;
}

/** Those in use if they open the backup, else what was kept with the backup if that does. */
function chosenKey({ key, file }: RestoreOptions, sealed: readonly Sealed[]): Chosen {
  const inFile = keysInFile(key.path);
  const present = key.configured ?? inFile[0];
  const old = key.old === undefined ? [] : [key.old];
  const beside = (text: string | undefined): string[] =>
    [...inFile, ...old].filter((other) => other !== text);
  const others = beside(present);
  const isOpenedWith = (openers: readonly string[]): boolean =>
    sealed.length === 0 || (present !== undefined && opensAll(createSeal(present, openers), sealed));
  const own: Chosen = { text: present, others, put: [], isOpening: isOpenedWith(others) };
  // A second key in a file is there for a moment only, and is dropped once the backup's is in its place.
  const isLasting = present !== undefined && isOpenedWith(old);
  if (isLasting || key.configured !== undefined || !existsSync(keyFileOf(file))) {
    return own;
  }
  const { current, older } = readKeys(keyFileOf(file));
  const openers = openersAmong([current, ...older], sealed);
  const [first = current, ...rest] = openers.length > 0 ? openers : [current, ...older];
  const isKept = opensAll(createSeal(first, rest), sealed);
  return isKept || present === undefined
    ? {
        text: first,
        others: [...new Set([...rest, ...beside(first)])],
        put: [first, ...rest],
        isOpening: isKept,
      }
    : own;
}

interface PutKey {
  /** Where the key is that stood there. */
  readonly keptAs?: string;
  /** Once the backup stands: nothing needs the key so far any more. */
  end(): void;
}

/** Beside the one so far, which opens the database that stands there until the backup does. */
function putKey({ put }: Chosen, path: string, keptAs: string): PutKey {
  if (put.length === 0) {
    return { end: () => undefined };
  }
  const isReplacing = existsSync(path);
  if (isReplacing) {
    copyFileSync(path, keptAs, constants.COPYFILE_EXCL);
  }
  const standing = keysInFile(path).filter((other) => !put.includes(other));
  writeForOwner(path, [...standing, ...put].join('\n'));
  return { ...(isReplacing ? { keptAs } : {}), end: () => writeForOwner(path, put.join('\n')) };
}

// ── The copy that takes the place ───────────────────────────────────────────────────────────────────────────────────

interface Copy extends Pick<RestoreReport, 'contents' | 'sha256'> {
  readonly unfinished: string;
}

/** Up to date, without what was redacted since, with the newest access, and with the word that it was restored. */
async function prepared(
  copy: Copy,
  options: RestoreOptions,
  { text, others }: Chosen,
): Promise<Pick<RestoreReport, 'migrated' | 'isAccessTakenOver' | 'forgotten' | 'blankedCount' | 'unread'>> {
  const { unfinished } = copy;
  const { file, clock, access } = options;
  const now = clock.now();
  const seal = text === undefined ? undefined : createSeal(text, others);
  const database = translated(`Cannot open "${unfinished}"`, () => new DatabaseSync(unfinished));
  const db = new Kysely<Tables>({ dialect: sqliteDialect(database) });
  try {
    database.exec('pragma secure_delete = on');
    const migrated = await migrate(db, now);
    const nothing = { isAccessTakenOver: false, forgotten: [] };
    const takenOver = await fromPresent(options, nothing, (present) =>
      seal === undefined ? nothing : takeOver(database, { present, access, seal }),
    );
    const blanked = await fromPresent(options, 0, (present) => eraseAgain(database, present, now));
    // Who logged out or was ended since the backup stays so.
    database.exec('delete from sessions');
    const putSetting = database.prepare(
      'insert into settings (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
    );
    putSetting.run(RESTORED_SETTING, String(now));
    sweepFromNewest(database);
    database
      .prepare('insert into notices (key, sentence, order_key, at) values (?, ?, null, ?)')
      .run(
        `restored:${now}`,
        `The database was restored from "${file}": what was sold or changed since is asked for by itself where shop or seller can be asked, else booked when it is told again`,
        now,
      );
    if (seal !== undefined) {
      await putIntoAudit(db, { copy, options, seal });
    }
    const unread = [
      ...(takenOver.isDamaged ? (['access'] as const) : []),
      ...(blanked.isDamaged ? (['redactions'] as const) : []),
    ];
    return { migrated, ...takenOver.value, blankedCount: blanked.value, unread };
  } finally {
    await db.destroy();
    syncPath(unfinished);
  }
}

/**
 * What was done since the backup is in the log that is set aside, and this row says so. None where the sealed end of the log does not
 * open with the key that is here: sealed anew, it would not open with the right one either.
 */
async function putIntoAudit(
  db: Kysely<Tables>,
  { copy, options, seal }: { readonly copy: Copy; readonly options: RestoreOptions; readonly seal: Seal },
): Promise<void> {
  if ((await lockedSecrets(db, seal)).length > 0) {
    return;
  }
  const {
    contents: { rows, newestAt },
    sha256,
  } = copy;
  const details = {
    file: sha256,
    messages: rows['deliveries'] ?? 0,
    ...(newestAt === undefined ? {} : { newestAt: showInstant(newestAt) }),
  };
  const { clock, actor = 'unknown' } = options;
  await db.transaction().execute(async (tx) => {
    const event = { action: 'backup restored', subject: 'counterfoil', details } as const;
    await appendAudit(tx, event, { seal, actor, now: clock.now() });
  });
}

/** A message that was lost may be as much older than the newest that came. */
const UNTOLD_MS = DAY;

/** A source that was not asked yet when the backup was made would else be asked from now on, and not for what changed since. */
function sweepFromNewest(database: DatabaseSync): void {
  const heard = database
    .prepare(
      `select connection, max(min(received_at), max(received_at) - ?) as since from deliveries
       where not exists (select 1 from settings where key in ('swept:' || connection, ? || connection))
       group by connection`,
    )
    .all(UNTOLD_MS, SWEPT_FROM_SETTING);
  const putSetting = database.prepare('insert into settings (key, value) values (?, ?)');
  for (const { connection, since } of heard) {
    putSetting.run(SWEPT_FROM_SETTING + String(connection), String(since));
  }
}

interface Taken<T> {
  readonly value: T;
  readonly isDamaged: boolean;
}

/**
 * From the database that stands there, if one does: a damaged one, the very reason to restore, gives nothing. One that cannot be
 * read now is no reason to bring back who was to be forgotten, so what else is wrong with it is thrown.
 */
async function fromPresent<T>(
  { databasePath, clock }: RestoreOptions,
  nothing: T,
  take: (present: DatabaseSync) => T,
): Promise<Taken<T>> {
  if (!existsSync(databasePath)) {
    return { value: nothing, isDamaged: false };
  }
  try {
    using present = await onceFree(clock, () => openAsItStands(databasePath));
    return { value: take(present), isDamaged: false };
  } catch (thrown) {
    if (!(thrown instanceof Failure && thrown.code.startsWith('database-'))) {
      throw thrown;
    }
    if (thrown.code === 'database-damaged') {
      return { value: nothing, isDamaged: true };
    }
    const whatToDo =
      thrown.code === 'database-busy'
        ? 'end what uses it first'
        : `mend that, or move "${databasePath}" away to restore without them`;
    throw new Failure(thrown.code, {
      detail: `${thrown.message}. Access and redactions that are newer than the backup are read there: ${whatToDo}`,
      cause: thrown,
    });
  }
}

/** Read as of now until it is closed, so that no other command can come between any more. */
function openAsItStands(path: string): DatabaseSync {
  const database = openToRead(path);
  try {
    translated(`Cannot read "${path}"`, () => {
      database.exec('begin');
      database.prepare('select count(*) from sqlite_master').get();
    });
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** Tokens that were renewed since the backup have spent those in it. */
function takeOver(
  into: DatabaseSync,
  { present, access, seal }: { present: DatabaseSync; access: AccessNames; seal: Seal },
): Pick<RestoreReport, 'isAccessTakenOver' | 'forgotten'> {
  const setting = (database: DatabaseSync, name: string): string | undefined => {
    const row = translated('Cannot read the settings', () =>
      database.prepare('select value from settings where key = ?').get(name),
    );
    return row === undefined ? undefined : String(row['value']);
  };
  const isOpen = (row: Sealed): boolean => opens(seal, row.key, row.sealed);
  const secrets = sealedRows(present).filter((row) => access.secrets.includes(row.key) && isOpen(row));
  const isSame = setting(present, access.identity) === setting(into, access.identity);
  // All of it before anything is written: a page of it may be damaged.
  const settings = access.settings.map((name) => ({ name, value: setting(present, name) }));
  if (secrets.length === 0 || !isSame) {
    return { isAccessTakenOver: false, forgotten: [] };
  }
  for (const row of secrets) {
    into
      .prepare(
        'insert into secrets (key, sealed) values (?, ?) on conflict (key) do update set sealed = excluded.sealed',
      )
      .run(row.key, seal.seal(row.key, seal.open(row.key, row.sealed)));
  }
  // Sealed with a key that was replaced since: it would keep the service from starting, and nothing here opens it.
  const forgotten = sealedRows(into).flatMap((row) => (isOpen(row) ? [] : [row.key]));
  for (const name of forgotten) {
    into.prepare('delete from secrets where key = ?').run(name);
  }
  for (const { name, value } of settings) {
    into.prepare('delete from settings where key = ?').run(name);
    if (value !== undefined) {
      into.prepare('insert into settings (key, value) values (?, ?)').run(name, value);
    }
  }
  return { isAccessTakenOver: true, forgotten };
}

/** Answers with where the database is that stood there, and its key if that was replaced. */
async function swap(
  unfinished: string,
  { databasePath, key: { path: keyPath }, clock }: RestoreOptions,
  key: Chosen,
): Promise<Pick<RestoreReport, 'keptAs' | 'keyKeptAs'>> {
  const stamp = `before-restore-${showInstant(clock.now()).replaceAll(':', '-')}`;
  const keptAs = freeName(`${databasePath}.${stamp}`);
  const isStanding = existsSync(databasePath);
  // Copied before SQLite looks at them: beside a database that it cannot read it throws them away.
  keepLogs(databasePath, keptAs);
  const alone = isStanding
    ? await holdAlone(databasePath, clock).catch((thrown: unknown) => {
        dropLogs(keptAs);
        throw thrown;
      })
    : undefined;
  try {
    if (alone !== undefined) {
      dropLogs(keptAs);
    }
    if (isStanding) {
      // A second name first, then the rename: there is no moment without a database.
      linkOrCopy(databasePath, keptAs);
    }
    // SQLite would apply a log that is left over to whatever stands under the name that it belongs to.
    dropLogs(databasePath);
    const putting = putKey(key, keyPath, freeName(`${keyPath}.${stamp}`));
    syncPath(dirname(databasePath));
    putInPlace(unfinished, databasePath);
    putting.end();
    const { keptAs: keyKeptAs } = putting;
    return { ...(isStanding ? { keptAs } : {}), ...(keyKeptAs === undefined ? {} : { keyKeptAs }) };
  } finally {
    alone?.close();
  }
}

/** Two restores within one moment are two. */
function freeName(name: string): string {
  let free = name;
  for (let count = 2; existsSync(free); count += 1) {
    free = `${name}-${count}`;
  }
  return free;
}

/** What of a database stands beside it and in no other place. */
const LOGS = ['-wal', '-journal'] as const;

function keepLogs(databasePath: string, keptAs: string): void {
  for (const ending of LOGS.filter((each) => existsSync(databasePath + each))) {
    copyFileSync(databasePath + ending, keptAs + ending);
    syncPath(keptAs + ending);
  }
}

function dropLogs(databasePath: string): void {
  companionsOf(databasePath).forEach((companion) => rmSync(companion, { force: true }));
}

/**
 * The only user of the database from here on, with everything in its one file; nothing when it is too damaged for that.
 * Throws `database-busy` when another process does not let go of it.
 */
function holdAlone(path: string, clock: Clock): Promise<DatabaseSync | undefined> {
  return onceFree(clock, () => {
    const database = new DatabaseSync(path);
    try {
      translated('Another command uses the database', () => {
        const mode = database.prepare('pragma journal_mode = delete').get()?.['journal_mode'];
        database.exec('begin exclusive');
        if (mode !== 'delete') {
          throw new Failure('database-busy', { detail: `Another command uses the database "${path}"` });
        }
      });
      return database;
    } catch (thrown) {
      database.close();
      if (thrown instanceof Failure && ['database-damaged', 'database-failed'].includes(thrown.code)) {
        return undefined;
      }
      throw thrown;
    }
  });
}

/** Tries again while other commands use the database. Throws `database-busy` when they do not let go of it. */
async function onceFree<T>(clock: Clock, attempt: () => T): Promise<T> {
  const until = after(clock.now(), OTHERS_WAIT_MS);
  for (;;) {
    try {
      return attempt();
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.code === 'database-busy') || clock.now() >= until) {
        throw thrown;
      }
      await clock.sleep(after(clock.now(), OTHERS_PAUSE_MS));
    }
  }
}

/** Disks that know no second name for a file get a second file. */
function linkOrCopy(path: string, other: string): void {
  try {
    linkSync(path, other);
  } catch {
    copyFileSync(path, other, constants.COPYFILE_EXCL);
    syncPath(other);
  }
}

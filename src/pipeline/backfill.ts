import { Failure, asFailure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { fromJson, toJson } from '#core/json.ts';
import { MINUTE, SECOND, addDays, after } from '#core/time.ts';
import type { Clock, Instant, LocalDate, Zone } from '#core/time.ts';
import type { Inbox } from './inbox.ts';
import type { Emit, Reader, Store, Writer } from './ports.ts';
import type { Changes, PlacedOn, Swept } from './source.ts';
import { patiently, takeIn } from './sweep.ts';

/**
 * Brings the orders of days that have passed, because a person asked for them: of the time before the service ran. They are taken
 * in like what a sweep finds, some days at a time, and never more than the books keep up with; whatever is known already is
 * passed over. What was asked and how far it is stands in the database, so that it goes on after a stop.
 */
export interface Backfill {
  /** Another one of the same days is another one. */
  readonly askedAt: Instant;
  readonly since: LocalDate;
  readonly until: LocalDate;
  /** Of the rules; else the source's days. */
  readonly zone?: Zone;
  readonly state: 'running' | 'done' | 'stopped';
  /** Everything of the days before it is taken in. */
  readonly next: LocalDate;
  /** Orders of those days, known before or not. */
  readonly found: number;
  /** Why it does not go on now: after so many pages of its list no further one comes. */
  readonly failing?: { readonly since: Instant; readonly code: FailureCode; readonly pages?: number };
}

export interface BackfillParts {
  readonly source: Swept;
  readonly store: Store;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Where it is booked: while that is paused, nothing is taken in. */
  readonly account: string;
  /** How soon what a person asked is seen. */
  readonly lookMs: number;
}

/** Of a list at once: few enough to be walked again after a stop, and so many that years are some hundred lists. */
const DAYS_AT_ONCE = 7;
/** Of what is under way while more is taken in: enough for every place to have work for a minute. */
const UNDER_WAY_MAX = 100;
const ROOM_LOOK_MS = SECOND;
const RETRY_MS = MINUTE;
/** A page is a hundred orders; a week of more does not come to an end. */
const PAGES_MAX = 1_000;

/** Works on what is asked until it is stopped; what it is storing then is stored, and it waits for no answer. */
export function startBackfill(parts: BackfillParts): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const pauseMs = await step(parts, signal);
      await parts.clock.sleep(after(parts.clock.now(), pauseMs), signal);
    }
  };
  const ended = loop();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** The next days of what is asked. Answers with how long to wait before the next look. */
async function step(parts: BackfillParts, signal: AbortSignal): Promise<number> {
  const { source, store, clock, emit } = parts;
  let backfill: Backfill | undefined;
  const came = { pages: 0 };
  try {
    backfill = await readBackfill(store.read, source.connection);
    if (backfill?.state !== 'running') {
      return parts.lookMs;
    }
    await walk(parts, backfill, { came, signal });
    return 0;
  } catch (thrown) {
    const { code, message } = asFailure(thrown, 'Cannot bring the orders of days that have passed');
    emit({
      name: 'backfill failed',
      level: 'warn',
      fields: { connection: source.connection, code, detail: message },
    });
    const { pages } = came;
    const since = clock.now();
    // A database that keeps nothing does not keep this either: the next round says it again.
    await goOn(parts, backfill, ({ failing: before, ...rest }) => {
      const earlier = { since: before?.since ?? since, pages: Math.max(before?.pages ?? 0, pages) };
      return { ...rest, failing: { ...earlier, code } };
    }).catch(() => undefined);
    return RETRY_MS;
  }
}

async function walk(
  parts: BackfillParts,
  backfill: Backfill,
  { came, signal }: { readonly came: { pages: number }; readonly signal: AbortSignal },
): Promise<void> {
  const { source, emit } = parts;
  const { since, until } = daysOf(backfill);
  let found = 0;
  let token: string | undefined;
  while (came.pages < PAGES_MAX) {
    const listed = await patiently(
      { clock: parts.clock, signal },
      () => source.placed(askedFor(backfill, token)),
      (failing) =>
        goOn(parts, backfill, (current) => ({
          ...current,
          failing: current.failing ?? { ...failing, pages: came.pages },
        })),
    );
    if (listed === undefined) {
      return;
    }
    await dropFailing(parts, backfill, came.pages);
    came.pages += 1;
    for (const change of listed.changes) {
      if (!(await hasRoom(parts, backfill, signal))) {
        return;
      }
      await takeIn(parts, change);
      found += 1;
    }
    token = listed.next;
    if (token === undefined) {
      const isLast = until === backfill.until;
      await goOn(parts, backfill, (current) => {
        const { failing: _, ...rest } = current;
        return {
          ...rest,
          next: addDays(until, 1),
          found: rest.found + found,
          state: isLast ? 'done' : 'running',
        };
      });
      emit({
        name: 'backfill went on',
        level: 'info',
        fields: { connection: source.connection, since, until, orders: found },
      });
      return;
    }
  }
  throw new Failure('request-refused', {
    detail: `The orders of ${since} to ${until} have more than ${PAGES_MAX} pages`,
  });
}

/** The page that did not come has come. One that is behind others is asked for only after those, which come every time. */
async function dropFailing(parts: BackfillParts, backfill: Backfill, pages: number): Promise<void> {
  const { failing } = (await readBackfill(parts.store.read, parts.source.connection)) ?? {};
  if (failing !== undefined && (failing.pages ?? 0) <= pages) {
    await goOn(parts, backfill, (current) => {
      const { failing: _, ...rest } = current;
      return rest;
    });
  }
}

/** The days of the next list. */
function daysOf({ next, until }: Backfill): { readonly since: LocalDate; readonly until: LocalDate } {
  const last = addDays(next, DAYS_AT_ONCE - 1);
  return { since: next, until: last < until ? last : until };
}

function askedFor(backfill: Backfill, token: string | undefined): PlacedOn {
  const { zone } = backfill;
  return {
    ...daysOf(backfill),
    ...(zone === undefined ? {} : { zone }),
    ...(token === undefined ? {} : { token }),
  };
}

/** Waits until little enough is under way; answers whether it is still to go on then. */
async function hasRoom(
  { store, clock, source, account }: BackfillParts,
  backfill: Backfill,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    const now = clock.now();
    const current = await readBackfill(store.read, source.connection);
    if (!isSame(current, backfill)) {
      return false;
    }
    const pause = await store.read.pause(account);
    // What has run out still stands until the next order gets through, which may be one of these.
    const isPaused = pause !== undefined && (pause.until === undefined || pause.until > now);
    if (!isPaused && !(await store.read.isBusy(UNDER_WAY_MAX))) {
      return true;
    }
    await clock.sleep(after(now, ROOM_LOOK_MS), signal);
  }
  return false;
}

/** Unless a person has stopped it meanwhile, or asked for other days. */
async function goOn(
  { store, source }: BackfillParts,
  backfill: Backfill | undefined,
  change: (current: Backfill) => Backfill,
): Promise<void> {
  await store.transact(async (tx) => {
    const current = await readBackfill(tx, source.connection);
    if (current !== undefined && isSame(current, backfill)) {
      await put(tx, source.connection, change(current));
    }
  });
}

function isSame(current: Backfill | undefined, backfill: Backfill | undefined): boolean {
  return current?.state === 'running' && current.askedAt === backfill?.askedAt;
}

/** What was asked last, and how far it is. */
export async function readBackfill(
  read: Pick<Reader, 'setting'>,
  connection: ConnectionId,
): Promise<Backfill | undefined> {
  const stored = await read.setting(settingOf(connection));
  return stored === undefined ? undefined : fromJson<Backfill>(stored);
}

/** Has it done by whoever serves the database. One that is under way stays, and is answered. */
export async function askBackfill(
  store: Pick<Store, 'transact'>,
  connection: ConnectionId,
  {
    now,
    ...days
  }: { readonly now: Instant; readonly since: LocalDate; readonly until: LocalDate; readonly zone?: Zone },
): Promise<{ readonly outcome: 'asked' } | { readonly outcome: 'under way'; readonly backfill: Backfill }> {
  return store.transact(async (tx) => {
    const current = await readBackfill(tx, connection);
    if (current?.state === 'running') {
      return { outcome: 'under way', backfill: current } as const;
    }
    await put(tx, connection, {
      ...days,
      askedAt: now,
      state: 'running',
      next: days.since,
      found: 0,
    });
    const { since, until } = days;
    await tx.audited({ action: 'backfill asked', subject: connection, details: { since, until } });
    return { outcome: 'asked' } as const;
  });
}

/** What is taken in stays. Answers with what was stopped; nothing when none was under way. */
export async function stopBackfill(
  store: Pick<Store, 'transact'>,
  connection: ConnectionId,
): Promise<Backfill | undefined> {
  return store.transact(async (tx) => {
    const current = await readBackfill(tx, connection);
    if (current?.state !== 'running') {
      return undefined;
    }
    const { failing: _, ...rest } = current;
    const stopped: Backfill = { ...rest, state: 'stopped' };
    await put(tx, connection, stopped);
    const { since, until, next } = current;
    await tx.audited({ action: 'backfill stopped', subject: connection, details: { since, until, next } });
    return stopped;
  });
}

/** How many orders these days have, and how many of them are not known: what a backfill would bring. Throws a Failure. */
export async function countPlaced(
  { source, store, clock }: Pick<BackfillParts, 'source' | 'clock'> & { readonly store: Pick<Store, 'read'> },
  days: PlacedOn,
): Promise<{ readonly found: number; readonly unknown: number }> {
  const never = new AbortController().signal;
  let [found, unknown] = [0, 0];
  let token: string | undefined;
  do {
    const asked = token === undefined ? days : { ...days, token };
    const listed: Changes | undefined = await patiently({ clock, signal: never }, () => source.placed(asked));
    for (const { order } of listed?.changes ?? []) {
      found += 1;
      unknown += (await store.read.order(order))?.snapshot === undefined ? 1 : 0;
    }
    token = listed?.next;
  } while (token !== undefined);
  return { found, unknown };
}

async function put(tx: Writer, connection: ConnectionId, backfill: Backfill): Promise<void> {
  await tx.putSetting(settingOf(connection), toJson(backfill));
}

function settingOf(connection: ConnectionId): string {
  return `backfill:${connection}`;
}

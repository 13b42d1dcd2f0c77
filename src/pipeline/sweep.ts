import { Failure, asFailure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { fromJson, toJson } from '#core/json.ts';
import { DAY, MINUTE, after, instant } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { Inbox } from './inbox.ts';
import { SWEPT_FROM_SETTING } from './ports.ts';
import type { Emit, Reader, Store } from './ports.ts';
import type { Change, ChangedSince, Swept } from './source.ts';

/**
 * Looks for what no message told: asks a source again and again what changed, and takes every change that is not known yet into
 * the inbox like a message. A place is remembered only once all before it is stored, so that nothing is passed over.
 */
export interface Sweep {
  /** Ends once what it is storing is stored, and waits for no answer. */
  stop(): Promise<void>;
}

export interface SweepParts {
  readonly source: Swept;
  readonly store: Store;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A refund that no message told stands in the books this much later. */
const EVERY_MS = 5 * MINUTE;
/** A message of what changed less than this ago may still be on its way: the next round looks at it again. */
const GRACE_MS = 2 * MINUTE;
/** A page is a hundred changes; more than these mean that the source does not come to an end. */
const PAGES_MAX = 1_000;
/** A source that dates no change for longer is not asked all over again at every round. */
const QUIET_MAX_MS = 30 * DAY;
/** A source that asks for patience says until when; one that fails is asked again with the next round. */
const PATIENCE_MS = MINUTE;
/** One that asks for it longer than any turn of ours takes is told of like one that fails. */
const PATIENCE_TOLD_MS = 5 * MINUTE;
/** Changes that were taken in by this process, so that each is stored once and not looked for again at every round. */
const KNOWN_MAX = 50_000;

export function startSweep(parts: SweepParts): Sweep {
  const stopping = new AbortController();
  const { signal } = stopping;
  const known = new Set<string>();
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await round(parts, known, signal);
      await parts.clock.sleep(after(parts.clock.now(), EVERY_MS), signal);
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

/** One walk over all that changed since the last one that came to its end. */
async function round(parts: SweepParts, known: Set<string>, signal: AbortSignal): Promise<void> {
  const { source, store, clock, emit } = parts;
  const began = clock.now();
  try {
    const from = await placeOf(parts, began);
    const walked = await walk(parts, { from, until: after(began, -GRACE_MS), known, signal });
    if (walked === undefined) {
      return;
    }
    const { found, newest } = walked;
    await store.transact(async (tx) => {
      await tx.putSetting(placeSetting(source), String(began));
      if (newest !== undefined) {
        await tx.putSetting(newestSetting(source), String(newest));
      }
      await tx.dropSetting(failingSetting(source));
    });
    if (found > 0) {
      emit({
        name: 'changes found',
        level: 'info',
        fields: { connection: source.connection, changes: found },
      });
    }
  } catch (thrown) {
    const { code, message } = asFailure(thrown, 'Cannot ask what changed');
    emit({
      name: 'sweep failed',
      level: 'warn',
      fields: { connection: source.connection, code, detail: message },
    });
    // A database that keeps nothing does not keep this either: the next round says it again.
    await keepFailing(parts, { since: began, code }).catch(() => undefined);
  }
}

/** The page has come, and no round before had failed. */
async function dropFailing({ store, source }: SweepParts, since: Instant): Promise<void> {
  if ((await readSwept(store.read, source)).failing?.since === since) {
    await store.transact((tx) => tx.dropSetting(failingSetting(source)));
  }
}

async function keepFailing({ store, source }: SweepParts, failing: Failing): Promise<void> {
  const { failing: known } = await readSwept(store.read, source);
  const since = known?.since ?? failing.since;
  await store.transact((tx) => tx.putSetting(failingSetting(source), toJson({ ...failing, since })));
}

export interface Failing {
  /** The first of the rounds without an end, one after the other; or when a page was asked for that still does not come. */
  readonly since: Instant;
  readonly code: FailureCode;
}

/** How far a source was asked, for a person. */
export interface SweptSoFar {
  /** Everything until shortly before it is known; absent before the first round has ended. */
  readonly upTo?: Instant;
  readonly failing?: Failing;
}

export async function readSwept(
  read: Pick<Reader, 'setting'>,
  source: Pick<Swept, 'connection'>,
): Promise<SweptSoFar> {
  const [place, failing] = await Promise.all([
    read.setting(placeSetting(source)),
    read.setting(failingSetting(source)),
  ]);
  return {
    ...(place === undefined ? {} : { upTo: instant(Number(place)) }),
    ...(failing === undefined ? {} : { failing: fromJson<Failing>(failing) }),
  };
}

/**
 * From before the newest change that was seen, by the source's clock: ours may have been ahead of it, and a walk from a moment that is
 * still to come sees nothing. So no moment of ours is ever kept as one of a change. Never from before the first walk began to look;
 * that moment is written down before anything is asked, so that a source which fails for days begins where it began.
 */
async function placeOf({ source, store }: SweepParts, began: Instant): Promise<From> {
  const [place, known, seen] = await Promise.all([
    store.read.setting(placeSetting(source)),
    store.read.setting(firstSetting(source)),
    store.read.setting(newestSetting(source)),
  ]);
  const first = Number(known ?? after(began, -source.firstMs));
  if (place === undefined && known === undefined) {
    await store.transact((tx) => tx.putSetting(firstSetting(source), String(first)));
  }
  if (place === undefined) {
    return { since: instant(first), newest: instant(first) };
  }
  // A clock that was ahead may have put the place into the future.
  const last = Math.min(Number(place), began);
  const newest = instant(Math.min(Math.max(Number(seen ?? known ?? last), last - QUIET_MAX_MS), last));
  const since = newest - source.overlapMs;
  return { since: instant(known === undefined ? since : Math.max(first, since)), newest };
}

type From = Pick<ChangedSince, 'since' | 'newest'>;

interface Walking {
  readonly from: From;
  /** What changed later is left to the next round. */
  readonly until: Instant;
  readonly known: Set<string>;
  readonly signal: AbortSignal;
}

interface Walked {
  /** How many changes were new. */
  readonly found: number;
  /** When the newest of all happened, by the source's clock; absent when there was none that tells. */
  readonly newest: Instant | undefined;
}

/** Nothing when it was stopped before the end. */
async function walk(parts: SweepParts, { from, until, known, signal }: Walking): Promise<Walked | undefined> {
  const { source } = parts;
  let found = 0;
  let newest: Instant | undefined;
  let token: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const asked = parts.clock.now();
    const page = await patiently(
      { clock: parts.clock, signal },
      () => source.changed({ ...from, ...(token === undefined ? {} : { token }) }),
      (failing) => keepFailing(parts, failing),
    );
    if (page === undefined || signal.aborted) {
      return undefined;
    }
    await dropFailing(parts, asked);
    for (const change of page.changes.filter(({ at }) => at === undefined || at <= until)) {
      newest = later(newest, change.at);
      if (!known.has(change.message.externalId)) {
        found += (await takeIn(parts, change)) ? 1 : 0;
        remember(known, change);
      }
    }
    if (page.next === undefined) {
      return { found, newest };
    }
    token = page.next;
  }
  throw new Failure('request-refused', {
    detail: `What changed at ${source.connection} has more than ${PAGES_MAX} pages`,
  });
}

/**
 * The answer, however long the source asks for patience, of which `hear` is told once it lasts; nothing when it was stopped before.
 * Throws a Failure.
 */
export async function patiently<T>(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  ask: () => Promise<T>,
  hear: (failing: Failing) => Promise<void> = async () => undefined,
): Promise<T | undefined> {
  const since = clock.now();
  while (!signal.aborted) {
    try {
      return await orStopped(ask(), signal);
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.code === 'request-rate-limited')) {
        throw thrown;
      }
      if (clock.now() >= after(since, PATIENCE_TOLD_MS)) {
        await hear({ since, code: thrown.code });
      }
      await clock.sleep(thrown.retryAt ?? after(clock.now(), PATIENCE_MS), signal);
    }
  }
  return undefined;
}

/** What was asked changes nothing, so who stops need not hear of it. */
async function orStopped<T>(asking: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let stop = (): void => undefined;
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
  });
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([asking, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Stores what a source lists like a message, unless what came already shows it; tells whether it was new. */
export async function takeIn(
  { store, inbox, source }: Pick<SweepParts, 'store' | 'inbox' | 'source'>,
  { order, at, message, within }: Change,
): Promise<boolean> {
  const accept = async (found: Change['message']): Promise<boolean> =>
    (await inbox.accept({ ...found, connection: source.connection })).isNew;
  const { stamp, snapshot } = (at === undefined ? undefined : await store.read.order(order)) ?? {};
  if (at === undefined || stamp === undefined || stamp < at) {
    return accept(message);
  }
  const isOther = stamp === at && snapshot !== undefined && within?.isShownBy(snapshot) === false;
  return isOther && accept(within.message);
}

function later(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

function remember(known: Set<string>, { message }: Change): void {
  known.add(message.externalId);
  const [oldest] = known;
  if (known.size > KNOWN_MAX && oldest !== undefined) {
    known.delete(oldest);
  }
}

function placeSetting({ connection }: Pick<Swept, 'connection'>): string {
  return `swept:${connection}`;
}

function newestSetting({ connection }: Pick<Swept, 'connection'>): string {
  return `swept-newest:${connection}`;
}

function firstSetting({ connection }: Pick<Swept, 'connection'>): string {
  return `${SWEPT_FROM_SETTING}${connection}`;
}

function failingSetting({ connection }: Pick<Swept, 'connection'>): string {
  return `sweep-failing:${connection}`;
}

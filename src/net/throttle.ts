import { Failure } from '#core/failure.ts';
import { HOUR, MINUTE, SECOND, after, instant, setBackMs } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';

/**
 * Paces the calls to one account ahead of time, so that the limit is not found out by being refused. The other side tells
 * after each call what is left of the current window (docs/vendors/freshbooks.md, section 7). Per class of calls:
 *
 *   open     → calls are left, counting those under way as spent
 *   spent    → none are left until the window ends
 *   blocked  → a 429 came: nothing goes out until the moment it named
 *
 * A clock that is set back lengthens none of them: each ends as much earlier.
 */
export interface Throttle<Class extends string> {
  /**
   * Makes the call when there is room for it, after at most two seconds; else throws `request-rate-limited` with the
   * moment when there will be. What the call returns or throws is passed on and learnt from.
   */
  pace<T extends { readonly headers: Headers }>(kind: Class, call: () => Promise<T>): Promise<T>;
  /**
   * Says that so many calls will follow, before work is begun that would have to be begun anew without them. Waits and throws
   * as `pace` does; then they are spoken for until they are made or the window ends.
   */
  announce(kind: Class, count: number): Promise<void>;
  /**
   * For work of so many calls that can wait: when to come, so that what cannot wait finds room all the time; nothing when there is
   * room for both now. Who is sent away gets a moment of his own, one after the other.
   */
  spareAt(kind: Class, count: number): Instant | undefined;
}

export interface ThrottleOptions<Class extends string> {
  /** For the failure's text. */
  readonly account: string;
  /** Calls a minute of each class until the other side says otherwise. */
  readonly limits: Readonly<Record<Class, number>>;
  readonly clock: Clock;
}

interface Window {
  limit: number;
  remaining: number;
  /** The other side's own name of the window: its end by its own clock. */
  name: number;
  endsAt: Instant;
  blockedUntil: Instant;
  inFlight: number;
  /** Calls that are announced and not made yet. */
  announced: number;
  /** The moment of whoever is sent away next. */
  nextSpareAt: Instant;
  /** What the clock showed when it was looked at last. */
  seenAt: Instant;
}

/** A worker that waits longer than this had better do something else. */
const WAIT_MAX_MS = 2 * SECOND;
/** Rounds of waiting within that time: more means that others take every place that comes free. */
const ROUNDS_MAX = 5;
const WINDOW_MS = MINUTE;
/** Much further ahead than any window ends, because without a date in the answer our clock counts, which may be wrong. */
const RESET_AHEAD_MAX_MS = HOUR;
/** A tenth, at most ten, is left to other programs and other processes of ours, whose calls under way we cannot count. */
const RESERVE_MAX = 10;
/**
 * Of a whole window, and of what is left of it as much less: a shop that sells thirty orders a minute finds room at once, and hardly
 * a call is left over when the window ends.
 */
const URGENT_SHARE = 0.25;
/** Nobody is sent away for longer: there may be room for him earlier than it looks now. */
const SPARE_WAIT_MAX_MS = 2 * MINUTE;

export function createThrottle<Class extends string>(options: ThrottleOptions<Class>): Throttle<Class> {
  const windows = new Map<Class, Window>();
  const windowOf = (kind: Class): Window => {
    const window = windows.get(kind) ?? newWindow(options.limits[kind], options.clock.now());
    windows.set(kind, window);
    return window;
  };
  return {
    async pace(kind, call) {
      const window = windowOf(kind);
      await enter(window, options, {
        count: 1,
        take: () => {
          window.inFlight += 1;
          window.announced = Math.max(0, window.announced - 1);
        },
      });
      try {
        const answer = await call();
        const now = options.clock.now();
        follow(window, now);
        learn(window, answer.headers, now);
        return answer;
      } catch (thrown) {
        if (thrown instanceof Failure && thrown.code === 'request-rate-limited') {
          follow(window, options.clock.now());
          window.blockedUntil = thrown.retryAt ?? window.blockedUntil;
        }
        throw thrown;
      } finally {
        window.inFlight -= 1;
      }
    },
    async announce(kind, count) {
      const window = windowOf(kind);
      await enter(window, options, {
        count,
        isAhead: true,
        take: () => {
          window.announced += count;
        },
      });
    },
    spareAt(kind, count) {
      const now = options.clock.now();
      const window = windowOf(kind);
      const from = spareFrom(window, now, count);
      if (from === undefined) {
        return undefined;
      }
      const latest = after(now, SPARE_WAIT_MAX_MS);
      const at = instant(Math.min(Math.max(from, window.nextSpareAt), latest));
      window.nextSpareAt = after(at, Math.ceil((WINDOW_MS * count) / window.limit));
      return at;
    },
  };
}

function newWindow(limit: number, now: Instant): Window {
  return {
    limit,
    remaining: limit,
    name: 0,
    endsAt: after(now, WINDOW_MS),
    blockedUntil: now,
    inFlight: 0,
    announced: 0,
    nextSpareAt: now,
    seenAt: now,
  };
}

/** To be called before anything is compared with the clock, or kept by it. */
function follow(window: Window, now: Instant): void {
  const backMs = setBackMs(window.seenAt, now);
  window.endsAt = after(window.endsAt, -backMs);
  window.blockedUntil = after(window.blockedUntil, -backMs);
  window.nextSpareAt = after(window.nextSpareAt, -backMs);
  window.seenAt = now;
}

interface Entrance {
  readonly count: number;
  /** Calls that others have announced are not there to be announced again; who makes a call takes what there is. */
  readonly isAhead?: boolean;
  /** In the same breath as the room is seen, or two callers would take the last place. */
  readonly take: () => void;
}

async function enter(
  window: Window,
  { account, clock }: Pick<ThrottleOptions<string>, 'account' | 'clock'>,
  entrance: Entrance,
): Promise<void> {
  const deadline = after(clock.now(), WAIT_MAX_MS);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const roomAt = roomFrom(window, clock.now(), entrance);
    if (roomAt === undefined) {
      entrance.take();
      return;
    }
    if (roomAt > deadline) {
      break;
    }
    await clock.sleep(roomAt);
  }
  throw new Failure('request-rate-limited', {
    detail: `The calls that ${account} allows in a minute are used up`,
    effect: 'none',
    retryAt: roomFrom(window, clock.now(), entrance) ?? after(clock.now(), SECOND),
  });
}

/** When there is room; nothing when there is now. */
function roomFrom(window: Window, now: Instant, { count, isAhead = false }: Entrance): Instant | undefined {
  follow(window, now);
  if (window.blockedUntil > now) {
    return window.blockedUntil;
  }
  renew(window, now);
  const reserve = reserveOf(window);
  const spoken = window.inFlight + (isAhead ? window.announced : 0);
  // A limit smaller than what is asked for is all that there ever is.
  const wanted = Math.min(count, window.limit - reserve);
  return window.remaining - spoken - wanted >= reserve ? undefined : window.endsAt;
}

/** When so many calls are left beside what is kept for urgent work; nothing when they are now. */
function spareFrom(window: Window, now: Instant, count: number): Instant | undefined {
  follow(window, now);
  if (window.blockedUntil > now) {
    return window.blockedUntil;
  }
  renew(window, now);
  const { limit, remaining, inFlight, announced, endsAt } = window;
  const reserve = reserveOf(window);
  // A limit smaller than what is asked for and kept is all that there ever is.
  const wanted = Math.min(count, Math.max(0, limit - reserve - Math.ceil(limit * URGENT_SHARE)));
  const spare = Math.max(0, remaining - inFlight - announced - reserve - wanted);
  // As many calls are kept as are spare when this much of the window is left.
  const leftMs = Math.floor((spare * WINDOW_MS) / (limit * URGENT_SHARE));
  const from = after(endsAt, -Math.min(leftMs, WINDOW_MS));
  return from <= now ? undefined : from;
}

function renew(window: Window, now: Instant): void {
  if (window.endsAt <= now) {
    window.remaining = window.limit;
    window.announced = 0;
    window.endsAt = after(now, WINDOW_MS);
  }
}

function reserveOf({ limit }: Window): number {
  return Math.min(RESERVE_MAX, Math.floor(limit / 10));
}

function learn(window: Window, headers: Headers, now: Instant): void {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
    countOf(headers, `x-ratelimit-${name}`),
  );
  if (
    limit === undefined ||
    limit === 0 ||
    remaining === undefined ||
    reset === undefined ||
    // Once believed, it would make every later answer look late.
    reset * SECOND > theirNow(headers, now) + RESET_AHEAD_MAX_MS
  ) {
    // It does not tell: our own count goes on.
    window.remaining = Math.max(0, window.remaining - 1);
    return;
  }
  if (reset < window.name) {
    // The answer of a call that began in an earlier window arrived late; or an earlier one named a window that is none, and then only
    // our own count tells when it is over.
    window.remaining = Math.max(0, window.remaining - 1);
    return;
  }
  const isSameWindow = reset === window.name;
  window.limit = limit;
  // Answers of one window may overtake each other: the least is the newest.
  window.remaining = isSameWindow ? Math.min(window.remaining, remaining) : remaining;
  window.name = reset;
  window.endsAt = isSameWindow ? window.endsAt : endOf(headers, reset, now);
}

/** By the seconds that are left, or by the other side's clock, so that a wrong clock of ours does no harm. */
function endOf(headers: Headers, reset: number, now: Instant): Instant {
  const secondsLeft = countOf(headers, 'retry-after');
  const waitMs = secondsLeft === undefined ? reset * SECOND - theirNow(headers, now) : secondsLeft * SECOND;
  return instant(now + Math.min(Math.max(Math.ceil(waitMs), 0), WINDOW_MS));
}

function theirNow(headers: Headers, now: Instant): number {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? now : date;
}

function countOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)?.trim() ?? '';
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

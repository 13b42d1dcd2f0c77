import { connectionId } from '#core/ids.ts';
import { DAY, after, instant } from '#core/time.ts';
import type { Clock, Instant, StopSignal } from '#core/time.ts';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import { refresh } from '#books/freshbooks/oauth.ts';
import type { ApiOptions } from '#books/freshbooks/api.ts';
import { createTokens } from '#net/token.ts';
import type { StoredToken, Tokens } from '#net/token.ts';
import { scriptedFaults } from '#sim/faults.ts';
import type { ScriptedFaults } from '#sim/faults.ts';
import { createFreshBooks } from '#sim/freshbooks/freshbooks.ts';
import type { FreshBooksOptions, FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { listen } from '#sim/socket.ts';
import { seededRandom } from '#sim/world/random.ts';
import type { BooksWorld } from '#tests/contract/books.ts';

/** The FreshBooks adapter before the simulator, in process or over a socket, under a clock that the test moves. */
export interface FreshBooksWorld extends BooksWorld {
  readonly sim: FreshBooksSim;
  readonly faults: ScriptedFaults;
  readonly clock: MovedClock;
  readonly tokens: Tokens;
  /** As the store holds it. */
  readonly stored: () => StoredToken | undefined;
  readonly options: ApiOptions;
}

export interface WorldOptions extends Pick<FreshBooksOptions, 'switches' | 'accounts'> {
  readonly wire?: 'in process' | 'socket';
  /** Seeded into the store instead of what a consent gives. */
  readonly token?: Partial<StoredToken> | 'none';
}

export const NOW = instant(Date.parse('2026-11-20T12:00:00Z'));

export async function openFreshBooks(options: WorldOptions = {}): Promise<FreshBooksWorld> {
  const clock = movedClock(NOW);
  const faults = scriptedFaults();
  const sim = createFreshBooks({
    clock,
    random: seededRandom(7),
    faults,
    ...(options.switches === undefined ? {} : { switches: options.switches }),
    ...(options.accounts === undefined ? {} : { accounts: options.accounts }),
  });
  const listener = options.wire === 'socket' ? await listen(sim.handle) : undefined;
  const wire = {
    apiUrl: listener?.origin ?? 'https://api.freshbooks.test',
    transport: listener === undefined ? sim.handle : (request: Request) => fetch(request),
    clock,
    version: '0.0.0',
  };
  let stored = options.token === 'none' ? undefined : { ...grantedBy(sim), ...options.token };
  const [app] = sim.apps;
  const tokens = createTokens({
    connection: 'freshbooks',
    clock,
    load: () => Promise.resolve(stored),
    save: (token) => {
      stored = token;
      return Promise.resolve(token);
    },
    refresh: (refreshToken) =>
      refresh(
        {
          ...wire,
          clientId: app?.clientId ?? '',
          clientSecret: app?.clientSecret ?? '',
          redirectUri: app?.redirectUris[0] ?? '',
        },
        refreshToken,
      ),
    exclusively: (work) => work(),
  });
  const api: ApiOptions = {
    connection: connectionId('freshbooks'),
    accountId: sim.account().id,
    tokens,
    ...wire,
  };
  return {
    books: createFreshBooksBooks(api),
    sim,
    faults,
    clock,
    tokens,
    options: api,
    stored: () => stored,
    loseAnswer: (method) => faults.add({ method, fault: { kind: 'commit-then-drop' } }),
    loseRequest: (method) => faults.add({ method, fault: { kind: 'drop-before' } }),
    counts: () => {
      const { clients, invoices, payments } = sim.account();
      return { clients: clients.length, invoices: invoices.length, payments: payments.length };
    },
    mailsAfterHalfAYear: () => {
      for (let day = 0; day < 180; day += 1) {
        clock.advance(DAY);
        sim.tick();
      }
      return sim.outbox.length;
    },
    close: async () => {
      await listener?.close();
    },
  };
}

function grantedBy(sim: FreshBooksSim): StoredToken {
  const granted = sim.grant();
  return {
    accessToken: granted.access_token,
    refreshToken: granted.refresh_token,
    expiresAt: instant((granted.created_at + granted.expires_in) * 1000),
    scopes: granted.scope.split(' '),
  };
}

/** A clock that stands still until it is moved; who sleeps on it wakes when it passes the moment. */
export interface MovedClock extends Clock {
  advance(ms: number): void;
  /** Resolves once somebody sleeps until the moment or later. */
  sleeper(until: Instant): Promise<void>;
}

export function movedClock(start: Instant): MovedClock {
  let now = start;
  const sleeping = new Set<{ readonly until: Instant; readonly wake: () => void }>();
  const awaited = new Set<{ readonly until: Instant; readonly seen: () => void }>();
  return {
    now: () => now,
    sleep: (until: Instant, signal?: StopSignal) =>
      new Promise((resolve) => {
        if (until <= now || signal?.aborted === true) {
          resolve();
          return;
        }
        const entry = {
          until,
          wake: () => {
            sleeping.delete(entry);
            resolve();
          },
        };
        sleeping.add(entry);
        signal?.addEventListener('abort', entry.wake);
        for (const waiter of awaited) {
          if (until >= waiter.until) {
            awaited.delete(waiter);
            waiter.seen();
          }
        }
      }),
    advance: (ms) => {
      now = after(now, ms);
      for (const entry of sleeping) {
        if (entry.until <= now) {
          entry.wake();
        }
      }
    },
    sleeper: (until) =>
      new Promise((resolve) => {
        if ([...sleeping].some((entry) => entry.until >= until)) {
          resolve();
          return;
        }
        awaited.add({ until, seen: resolve });
      }),
  };
}

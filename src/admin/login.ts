import { createHash, createHmac, randomBytes } from 'node:crypto';
import { PASSWORD_CHARACTERS_MAX } from '#core/admin-password.ts';
import { HOUR, MINUTE, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { isSameProof } from '#net/same-proof.ts';
import type { AdminSession, Store } from '#pipeline/ports.ts';
import { createKeptPassword } from './kept-password.ts';
import type { KeptPassword, PasswordState } from './kept-password.ts';
import { createLine } from './one-at-a-time.ts';
import { HASH_COST, fitsPassword } from './password.ts';
import type { HashCost } from './password.ts';

/**
 * Who may use the API: whoever knows the one admin password, for the length of a session.
 *
 *   open   → its cookie's id was given out by a login, and neither time is over
 *   ended  → it was not used for too long, or is too old; it is forgotten when that is seen
 *   none   → logged out, of a password that was changed, forgotten, or never given out
 *
 * The database holds a hash of each id, so that a copy of it opens no session, and under a name of the key, so that no row that
 * somebody puts into it opens one.
 */
export interface Login {
  /** Whether there is a password, without looking whether a changed setting ends the sessions so far. */
  state(): Promise<PasswordState>;
  /** `isKnown`: by a browser in which the right password was entered before. */
  logIn(password: string, by: { readonly isKnown: boolean }): Promise<LoggedIn>;
  /** What the id of a cookie is worth now. An open session lives on by it. */
  session(id: string): Promise<SessionState>;
  logOut(session: OpenSession): Promise<void>;
  /** From now on this is the password, and every session ends. Tells how many there were. */
  setPassword(password: string): Promise<number>;
  /** The name of the browser that the token was given to; nothing when it was not given out under this password. */
  knownAs(token: string): Promise<string | undefined>;
}

export type LoggedIn =
  | { readonly outcome: 'open'; readonly id: string; readonly session: OpenSession; readonly known: string }
  | { readonly outcome: 'refused' }
  /** Too many are being looked at. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'no-password' };

export type SessionState =
  | ({ readonly state: 'open' } & OpenSession)
  | { readonly state: 'ended'; readonly why: 'unused' | 'old' }
  | { readonly state: 'none' };

export interface OpenSession extends AdminSession {
  /** For the audit log: nothing can be opened by it. */
  readonly actor: string;
  /** When it ends if nothing is asked until then. */
  readonly idleEndsAt: Instant;
  /** What each change must carry beside the cookie, and no other site can know. */
  readonly csrfToken: string;
}

/** A working day: whoever finds the browser open next morning is not logged in. */
const SESSION_MS = 12 * HOUR;
/** A meeting or a meal: longer away, and the browser may be in other hands. */
const IDLE_MS = HOUR;
/** How exactly its last use is kept: a write for each request would be paid for by the webhooks. */
const SEEN_EVERY_MS = MINUTE;
/** One person and his browsers; the oldest ends when there is one more. */
const SESSIONS_MAX = 20;
/** Each of them is three quarters of a second of one core, so the last of them waits as long as a person does. */
const WAITING_MAX = 4;
/** A browser that is known has a limit of its own and waits where strangers are turned away. */
const KNOWN_WAITING_MAX = 12;
/** However many are refused, the log of what was done gains a row each hour. */
const REFUSED_TOLD_EVERY_MS = HOUR;
const RANDOM_BYTES = 32;

export interface LoginOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** COUNTERFOIL_ADMIN_PASSWORD, which wins over a stored one. */
  readonly configured?: string | undefined;
  readonly cost?: HashCost;
}

export function createLogin({ store, clock, configured, cost = HASH_COST }: LoginOptions): Login {
  const line = createLine();
  const password = createKeptPassword({ store, clock, configured, cost, line });
  const refusals = createRefusals({ store, clock });
  return {
    state: () => password.state(),
    setPassword: (text) => password.set(text),
    async logIn(text, { isKnown }) {
      const kept = await password.inForce();
      if (kept === undefined) {
        return { outcome: 'no-password' };
      }
      const isTooLong = text.length > PASSWORD_CHARACTERS_MAX * 2;
      const fitting = line.pass(isKnown ? KNOWN_WAITING_MAX : WAITING_MAX, async () =>
        isTooLong ? false : fitsPassword(text, kept.hash),
      );
      if (fitting === undefined) {
        return { outcome: 'busy' };
      }
      const opened = (await fitting) ? await open({ store, clock, kept }, refusals) : undefined;
      if (opened === undefined) {
        await refusals.count();
        return { outcome: 'refused' };
      }
      return opened;
    },
    async session(id) {
      return (await password.inForce()) === undefined ? { state: 'none' } : sessionOf(id, { store, clock });
    },
    async logOut({ id, actor }) {
      await store.transact(async (tx) => {
        await tx.dropSession(id);
        await tx.audited({ action: 'admin logged out', subject: 'counterfoil', actor });
      });
    },
    async knownAs(token) {
      const kept = await password.inForce();
      const [name = '', proof = ''] = token.split('.', 2);
      return kept !== undefined && isSameProof(proof, proofOf(kept, name)) ? name : undefined;
    },
  };
}

/** Nothing when the password was changed while it was looked at. */
async function open(
  { store, clock, kept }: Pick<LoginOptions, 'store' | 'clock'> & { readonly kept: KeptPassword },
  refusals: Refusals,
): Promise<LoggedIn | undefined> {
  const id = randomBytes(RANDOM_BYTES).toString('base64url');
  const now = clock.now();
  const stored = { id: hashOf(id), openedAt: now, seenAt: now, endsAt: after(now, SESSION_MS) };
  const session = openSession(id, stored);
  const isOpen = await store.transact(async (tx) => {
    if ((await tx.secret(kept.key)) !== kept.text) {
      return false;
    }
    await tx.forgetSessions({ endsUntil: now, seenUntil: after(now, -IDLE_MS), most: SESSIONS_MAX - 1 });
    await tx.putSession(stored);
    const refused = refusals.take();
    const details = refused === 0 ? {} : { refusedBefore: refused };
    await tx.audited({ action: 'admin logged in', subject: 'counterfoil', actor: session.actor, details });
    return true;
  });
  const name = randomBytes(RANDOM_BYTES).toString('base64url');
  return isOpen ? { outcome: 'open', id, session, known: `${name}.${proofOf(kept, name)}` } : undefined;
}

async function sessionOf(
  id: string,
  { store, clock }: Pick<LoginOptions, 'store' | 'clock'>,
): Promise<SessionState> {
  const read = await store.read.session(hashOf(id));
  const now = clock.now();
  // One of a later moment waits until what is stored has followed a clock that was set back.
  if (read === undefined || read.openedAt > now) {
    return { state: 'none' };
  }
  const latest = after(read.openedAt, SESSION_MS);
  const stored = read.endsAt > latest ? { ...read, endsAt: latest } : read;
  const isOld = now >= stored.endsAt;
  if (isOld || now >= after(stored.seenAt, IDLE_MS)) {
    await store.transact((tx) => tx.dropSession(stored.id));
    return { state: 'ended', why: isOld ? 'old' : 'unused' };
  }
  if (now < after(stored.seenAt, SEEN_EVERY_MS)) {
    return { state: 'open', ...openSession(id, stored) };
  }
  const seen = { ...stored, seenAt: now };
  const isStill = await store.transact(async (tx) => {
    // Another request may have ended it meanwhile.
    const still = await tx.session(stored.id);
    await (still === undefined ? undefined : tx.putSession(seen));
    return still !== undefined;
  });
  return isStill ? { state: 'open', ...openSession(id, seen) } : { state: 'none' };
}

function openSession(id: string, stored: AdminSession): OpenSession {
  return {
    ...stored,
    actor: `admin session ${stored.id.slice(0, 8)}`,
    idleEndsAt: after(stored.seenAt, IDLE_MS),
    csrfToken: hashOf(`counterfoil csrf ${id}`),
  };
}

/** Whether a change carries the token of its session, without the time telling how much of it is right. */
export function isTokenOf({ csrfToken }: OpenSession, token: string): boolean {
  return isSameProof(token, csrfToken);
}

/** The ids are random, so that a hash without salt and work is as good as theirs are. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** By what is stored of the password, so that with another one nobody is known. */
function proofOf({ text }: KeptPassword, name: string): string {
  return createHmac('sha256', text).update(`counterfoil known ${name}`).digest('base64url');
}

/** Refused logins in the audit log: a number from time to time, so that nobody can fill the database with them. */
interface Refusals {
  count(): Promise<void>;
  /** Those that were not told yet, which are told now. */
  take(): number;
}

function createRefusals({ store, clock }: Pick<LoginOptions, 'store' | 'clock'>): Refusals {
  let count = 0;
  let toldAt: Instant | undefined;
  const take = (): number => {
    const taken = count;
    count = 0;
    return taken;
  };
  return {
    take,
    async count() {
      const now = clock.now();
      count += 1;
      if (toldAt === undefined || now >= after(toldAt, REFUSED_TOLD_EVERY_MS)) {
        toldAt = now;
        const details = { count: take() };
        await store.transact((tx) =>
          tx.audited({ action: 'admin logins refused', subject: 'counterfoil', details }),
        );
      }
    },
  };
}

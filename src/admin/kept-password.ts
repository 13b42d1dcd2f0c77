import { showInstant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';
import type { Line } from './one-at-a-time.ts';
import { fitsPassword, hashPassword } from './password.ts';
import type { HashCost } from './password.ts';

/**
 * The one admin password: of the settings, else as a command set it. Stored is a hash of either, sealed. Of a setting too: a
 * start with another one is told by it, and ends the sessions of the one before.
 */
export interface Passwords {
  state(): Promise<PasswordState>;
  /** Nothing while there is none. */
  inForce(): Promise<KeptPassword | undefined>;
  /** Tells how many sessions ended by it. */
  set(password: string): Promise<number>;
}

export interface KeptPassword {
  readonly hash: string;
  /** As it is stored, and the name of the secret that it is. */
  readonly text: string;
  readonly key: string;
}

export type PasswordState =
  | { readonly from: 'nowhere' }
  | { readonly from: 'setting' }
  /** In UTC. */
  | { readonly from: 'command'; readonly setAt: string };

const KEY = 'admin-password';

interface PasswordsOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly configured: string | undefined;
  readonly cost: HashCost;
  readonly line: Line;
}

interface Stored {
  readonly from: 'setting' | 'command';
  readonly setAt: string;
  readonly hash: string;
}

export function createKeptPassword(options: PasswordsOptions): Passwords {
  const { store, configured, line } = options;
  /** What is stored, once it was seen to be of the setting. */
  let proven: string | undefined;
  let proving: Promise<KeptPassword> | undefined;
  const prove = async (password: string): Promise<KeptPassword> => {
    const text = await store.read.secret(KEY);
    const stored = text === undefined ? undefined : storedOf(text);
    const isSame = stored?.from === 'setting' && (await fitsPassword(password, stored.hash));
    proven = isSame ? text : (await keep(password, 'setting', options)).text;
    return keptOf(proven ?? '');
  };
  return {
    async state() {
      if (configured !== undefined) {
        return { from: 'setting' };
      }
      const text = await store.read.secret(KEY);
      const stored = text === undefined ? undefined : storedOf(text);
      return stored?.from === 'command' ? { from: 'command', setAt: stored.setAt } : { from: 'nowhere' };
    },
    async inForce() {
      const text = await store.read.secret(KEY);
      if (configured === undefined) {
        // One of a setting that was taken away is none.
        return text !== undefined && storedOf(text).from === 'command' ? keptOf(text) : undefined;
      }
      if (text !== undefined && text === proven) {
        return keptOf(text);
      }
      proving ??= (line.pass(Infinity, () => prove(configured)) ?? prove(configured)).finally(
        () => (proving = undefined),
      );
      return proving;
    },
    set: async (password) => (await keep(password, 'command', options)).endedSessions,
  };
}

async function keep(
  password: string,
  from: Stored['from'],
  { store, clock, cost }: PasswordsOptions,
): Promise<{ readonly text: string; readonly endedSessions: number }> {
  const stored: Stored = { from, setAt: showInstant(clock.now()), hash: await hashPassword(password, cost) };
  const text = JSON.stringify(stored);
  const endedSessions = await store.transact(async (tx) => {
    await tx.putSecret(KEY, text);
    const count = await tx.forgetSessions({ most: 0 });
    const details = { from, endedSessions: count };
    await tx.audited({ action: 'admin password set', subject: 'counterfoil', details });
    return count;
  });
  return { text, endedSessions };
}

function keptOf(text: string): KeptPassword {
  return { hash: storedOf(text).hash, text, key: KEY };
}

function storedOf(text: string): Stored {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sealed, so it is as it was written here
  return JSON.parse(text) as Stored;
}

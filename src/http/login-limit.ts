import type { Clock } from '#core/time.ts';
import { createRefusalLimit } from './refusal-limit.ts';

/**
 * How often a password may be tried: by an address, and by all together, because who guesses has many. Who fails too often
 * waits, also with the right one, since nothing is looked at. So that nobody can keep the owner out by failing for him, a
 * browser in which the right password was entered before has a limit of its own, and that of all does not bind it.
 */
export interface LoginLimit {
  /** Counts a try; the seconds to wait when it is one too many. */
  count(by: Trier): number | undefined;
  /** It was the right one. */
  forgive(by: Trier): void;
}

export interface Trier {
  readonly address: string;
  /** The name of the browser, when it is known. */
  readonly known: string | undefined;
}

export interface LoginTerms {
  /** Of one address or known browser, at once. */
  readonly loginsMax: number;
  /** After how long one more is allowed. */
  readonly loginEveryMs: number;
  readonly loginsOfAllMax: number;
  readonly loginOfAllEveryMs: number;
  readonly addressesMax: number;
}

export function createLoginLimit(terms: LoginTerms, clock: Pick<Clock, 'now'>): LoginLimit {
  const { addressesMax } = terms;
  const own = { refusalsMax: terms.loginsMax, refusalEveryMs: terms.loginEveryMs, addressesMax };
  // Apart, or who has many addresses would have the tries of a known browser forgotten, which that of all does not bind.
  const [ofAddresses, ofBrowsers] = [createRefusalLimit(own, clock), createRefusalLimit(own, clock)];
  const all = createRefusalLimit(
    { refusalsMax: terms.loginsOfAllMax, refusalEveryMs: terms.loginOfAllEveryMs, addressesMax: 1 },
    clock,
  );
  return {
    count({ address, known }) {
      const tried = known === undefined ? ofAddresses.count(address) : ofBrowsers.count(known);
      if (tried.isOver || known !== undefined) {
        return tried.isOver ? tried.retryAfterS : undefined;
      }
      const shared = all.count('all');
      return shared.isOver ? shared.retryAfterS : undefined;
    },
    forgive: ({ address, known }) =>
      known === undefined ? ofAddresses.forget(address) : ofBrowsers.forget(known),
  };
}

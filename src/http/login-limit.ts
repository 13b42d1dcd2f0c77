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
  const each = createRefusalLimit(
    { refusalsMax: terms.loginsMax, refusalEveryMs: terms.loginEveryMs, addressesMax },
    clock,
  );
  const all = createRefusalLimit(
    { refusalsMax: terms.loginsOfAllMax, refusalEveryMs: terms.loginOfAllEveryMs, addressesMax: 1 },
    clock,
  );
  const nameOf = ({ address, known }: Trier): string => (known === undefined ? address : `known-${known}`);
  return {
    count(by) {
      const own = each.count(nameOf(by));
      if (own.isOver || by.known !== undefined) {
        return own.isOver ? own.retryAfterS : undefined;
      }
      const shared = all.count('all');
      return shared.isOver ? shared.retryAfterS : undefined;
    },
    forgive: (by) => each.forget(nameOf(by)),
  };
}

import { Failure } from '#core/failure.ts';
import { after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { RETRY_AFTER_MAX_MS } from './request.ts';

/**
 * Calls to one place that are not made while it asks for patience (429): who would call is told the moment that it named to the first
 * who asked. A clock that is set back ends it.
 */
export type Patience = <T>(call: () => Promise<T>) => Promise<T>;

/** `who` is asked, for the failure's text. */
export function createPatience(clock: Clock, who: string): Patience {
  let until: Instant | undefined;
  return async (call) => {
    const now = clock.now();
    if (until !== undefined && until > now && until <= after(now, RETRY_AFTER_MAX_MS)) {
      throw new Failure('request-rate-limited', { detail: `${who} asks for patience`, retryAt: until });
    }
    try {
      return await call();
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.code === 'request-rate-limited') {
        until = thrown.retryAt;
      }
      throw thrown;
    }
  };
}

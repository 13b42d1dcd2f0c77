import { Failure } from '#core/failure.ts';
import type { Transport } from './request.ts';

/**
 * The only way out: requests go to the origins of the settings and to no other. Whatever an answer, a message or a stored value
 * says, it cannot make this program call a host of its choice, inside the merchant's network or out. A redirect would be one,
 * so a request that follows them is refused as well.
 */
export function onlyTo(origins: readonly string[], transport: Transport): Transport {
  const allowed = new Set(origins.map((text) => new URL(text).origin));
  return async (request) => {
    const { origin, host } = new URL(request.url);
    if (!allowed.has(origin)) {
      throw new Failure('request-not-allowed', {
        detail: `A request to "${host}" was not sent: the settings name ${[...allowed].join(', ') || 'no host'}`,
      });
    }
    if (request.redirect !== 'manual') {
      throw new Failure('request-not-allowed', {
        detail: `A request to "${host}" was not sent: it would follow redirects to anywhere`,
      });
    }
    return transport(request);
  };
}

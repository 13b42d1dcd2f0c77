import { createHmac } from 'node:crypto';
import type { Clock } from '#sim/world/random.ts';
import type { Sink } from './queue.ts';

/**
 * The seller's own forwarder, as one would write it in a cloud function: it takes a message from the queue and posts it, signed
 * with the secret that both sides share. Anything but 200 means that the message goes back into the queue.
 */
export function forwarderTo(
  target: () => string,
  { secret, clock }: { readonly secret: string; readonly clock: Clock },
): Sink {
  return async ({ body }) => {
    const seconds = String(Math.floor(clock.now() / 1000));
    const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    const headers = {
      'content-type': 'application/json',
      'x-counterfoil-timestamp': seconds,
      'x-counterfoil-signature': signature,
    };
    // oxlint-disable-next-line no-restricted-globals -- the way to the service
    const response = await fetch(new URL('/webhooks/amazon', target()), { method: 'POST', headers, body });
    await response.body?.cancel();
    if (response.status !== 200) throw new Error(`The service answered ${response.status}`);
  };
}

import { createHmac } from 'node:crypto';
import type { Clock } from '#sim/world/random.ts';
import type { Sink } from './queue.ts';

/**
 * The seller's own forwarder, as one would write it in a cloud function: it takes a message from the queue and posts it, signed
 * with the secret that both sides share. Anything but 200 means that the message goes back into the queue.
 */
export function forwarderTo(
  target: () => string,
  signing: { readonly secret: string; readonly clock: Clock },
): Sink {
  return async ({ body }) => {
    // oxlint-disable-next-line no-restricted-globals -- the way to the service
    const response = await fetch(forwarded(body, { ...signing, origin: target() }));
    await response.body?.cancel();
    if (response.status !== 200) throw new Error(`The service answered ${response.status}`);
  };
}

export interface Forwarding {
  readonly origin: string;
  readonly secret: string;
  readonly clock: Clock;
}

/** One message on its way to the service. */
export function forwarded(body: string, { origin, secret, clock }: Forwarding): Request {
  const seconds = String(Math.floor(clock.now() / 1000));
  const headers = {
    'content-type': 'application/json',
    'x-counterfoil-timestamp': seconds,
    'x-counterfoil-signature': createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'),
  };
  return new Request(new URL('/webhooks/amazon', origin), { method: 'POST', headers, body });
}

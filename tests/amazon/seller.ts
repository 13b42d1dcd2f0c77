import { createSellingPartnerApi } from '#sources/amazon/api.ts';
import type { SellingPartnerApi } from '#sources/amazon/api.ts';
import type { Transport } from '#net/request.ts';
import { createAmazon, DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import type { AmazonSim } from '#sim/amazon/amazon.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';
import type { Clock } from '#core/time.ts';
import { testClock } from '#tests/clock.ts';
import type { TestClock } from '#tests/clock.ts';

/** A simulated European seller and the program's way to Amazon for him, under a clock that the test moves. */
export interface TestSeller {
  readonly sim: AmazonSim;
  readonly api: SellingPartnerApi;
  /** The same at Amazon's sandbox. */
  readonly sandboxApi: SellingPartnerApi;
  readonly clock: TestClock;
  /** The same clock for who waits for Amazon's pace: a wait moves it on, and nothing else does. */
  readonly waiting: Clock;
}

export interface TestSellerOptions {
  /** Stands between the program and the simulator. */
  readonly between?: (transport: Transport) => Transport;
}

const SEED = 7;

export function openSeller(options: TestSellerOptions = {}): TestSeller {
  const clock = testClock();
  const sim = createAmazon({ world: createAmazonWorld({ seed: SEED, clock }), clock });
  const direct: Transport = (request) => sim.handle(request);
  const transport = options.between?.(direct) ?? direct;
  const credentials = {
    clientId: DEFAULT_AMAZON_APP.clientId,
    clientSecret: DEFAULT_AMAZON_APP.clientSecret,
    refreshToken: sim.login.refreshToken('eu'),
  };
  const apiAt = (host: string): SellingPartnerApi =>
    createSellingPartnerApi({
      apiUrl: `https://${host}`,
      lwaUrl: 'https://api.amazon.com',
      credentials,
      transport,
      clock,
      version: '0.0.0',
    });
  const waiting: Clock = {
    now: () => clock.now(),
    sleep: (moment) => clock.advance(Math.max(0, moment - clock.now())),
  };
  return {
    sim,
    api: apiAt('sellingpartnerapi-eu.amazon.com'),
    sandboxApi: apiAt('sandbox.sellingpartnerapi-eu.amazon.com'),
    clock,
    waiting,
  };
}

/** Refuses what fits with the answer that Amazon gives without a role (samples of errors, recorded). */
export function withoutRole(isRefused: (request: Request) => boolean): (transport: Transport) => Transport {
  const body = {
    errors: [{ code: 'Unauthorized', message: 'Access to requested resource is denied.', details: '' }],
  };
  return (transport) => async (request) =>
    isRefused(request) ? Response.json(body, { status: 403 }) : await transport(request);
}

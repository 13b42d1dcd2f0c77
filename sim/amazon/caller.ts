import { createAmazon, DEFAULT_AMAZON_APP } from './amazon.ts';
import type { AmazonOptions, AmazonSim } from './amazon.ts';
import { NOTIFICATIONS_SCOPE } from './lwa.ts';
import type { Region } from './marketplaces.ts';
import type { AmazonSwitches } from './switches.ts';
import { DATASETS } from './view.ts';
import { createAmazonWorld } from './world.ts';

/** An app that calls the simulator as the documentation says, for tests that are not about the product. */
export interface AmazonCaller {
  /** A call with the seller's token of the region. */
  seller(path: string, init?: { method?: string; body?: unknown }): Promise<Response>;
  /** A call with the token without a seller. */
  grantless(path: string, init?: { method?: string; body?: unknown }): Promise<Response>;
  /** The answer of Login with Amazon. */
  token(form: Readonly<Record<string, string>>): Promise<Response>;
}

export function callerOf(
  sim: AmazonSim,
  { region = 'na', isSandbox = false }: { region?: Region; isSandbox?: boolean } = {},
): AmazonCaller {
  const host = `https://${isSandbox ? 'sandbox.' : ''}sellingpartnerapi-${region}.amazon.com`;
  const { clientId, clientSecret } = DEFAULT_AMAZON_APP;
  const token = (form: Readonly<Record<string, string>>): Promise<Response> =>
    sim.handle(
      new Request('https://api.amazon.com/auth/o2/token', {
        method: 'POST',
        body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form }),
      }),
    );
  const tokens = new Map<string, string>();
  const tokenFor = async (form: Readonly<Record<string, string>>): Promise<string> => {
    const key = form['grant_type'] ?? '';
    const known = tokens.get(key);
    if (known !== undefined) return known;
    const granted: unknown = await (await token(form)).json();
    const made =
      granted !== null && typeof granted === 'object' && 'access_token' in granted
        ? String(granted.access_token)
        : '';
    tokens.set(key, made);
    return made;
  };
  const call = async (
    form: Readonly<Record<string, string>>,
    path: string,
    { method = 'GET', body }: { method?: string; body?: unknown } = {},
  ): Promise<Response> => {
    const headers = { 'x-amz-access-token': await tokenFor(form), 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return sim.handle(new Request(new URL(path, host), { method, headers, ...sent }));
  };
  const refresh = (): Readonly<Record<string, string>> => ({
    grant_type: 'refresh_token',
    refresh_token: sim.login.refreshToken(region),
  });
  return {
    seller: (path, init) => call(refresh(), path, init),
    grantless: (path, init) =>
      call({ grant_type: 'client_credentials', scope: NOTIFICATIONS_SCOPE }, path, init),
    token,
  };
}

interface Stage {
  readonly sim: AmazonSim;
  readonly now: () => number;
  readonly advance: (ms: number) => void;
}

const START = Date.UTC(2026, 10, 20, 14, 30);

/** A seller, his app and a clock that stands until it is moved. */
export function stage(
  switches: Partial<AmazonSwitches> = {},
  options: Partial<Omit<AmazonOptions, 'world' | 'clock' | 'switches'>> & { seed?: number } = {},
): Stage {
  let now = START;
  const clock = { now: () => now };
  const world = createAmazonWorld({ seed: options.seed ?? 7, clock });
  return {
    sim: createAmazon({ ...options, world, clock, switches }),
    now: clock.now,
    advance: (ms) => {
      now += ms;
    },
  };
}

/** A body as any reader sees it, who takes it apart by his own words. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests read what no type of ours describes
export async function json(response: Response | Promise<Response>): Promise<any> {
  return (await response).json();
}

/** getOrder with every dataset, or with those that are named. */
export function orderPath(id: string, included: string = DATASETS.join(',')): string {
  return `/orders/2026-01-01/orders/${id}${included === '' ? '' : `?includedData=${included}`}`;
}

import { defaultRulesOf } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { DEFAULT_AMAZON_APP, createAmazon } from '#sim/amazon/amazon.ts';
import type { AmazonMood, AmazonSim } from '#sim/amazon/amazon.ts';
import { randomAmazonRecipe } from '#sim/amazon/chance.ts';
import { forwarded } from '#sim/amazon/forwarder.ts';
import { MARKETPLACES } from '#sim/amazon/marketplaces.ts';
import type { Region } from '#sim/amazon/marketplaces.ts';
import type { AmazonOrder } from '#sim/amazon/order.ts';
import type { AmazonSwitches } from '#sim/amazon/switches.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';
import type { AmazonWorld } from '#sim/amazon/world.ts';
import { between, pick, seededRandom } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';
import { switchesOf } from '#tests/amazon/agreement.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';
import { movesOf } from '#tests/chaos/payouts.ts';
import type { Move } from '#tests/chaos/payouts.ts';

/**
 * An Amazon seller beside the shop, in a share of the runs. All of it is drawn from a source of its own, so that the shop and its
 * trouble stay what the seed makes of them.
 */
export interface Seller {
  readonly world: AmazonWorld;
  readonly amazon: AmazonSim;
  readonly switches: AmazonSwitches;
  readonly rules: Rules;
  /** The program's settings of him. */
  readonly settings: Readonly<Record<string, string>>;
  readonly random: Random;
  /** What becomes of his balance beside his orders, where his fees are booked. */
  readonly moves: readonly Move[] | undefined;
  /** Longest invoice number that the account takes. */
  readonly numberLengthMax: number | null;
  readonly place: () => AmazonOrder;
  /** Notifications that the program answered with 200, by their ids. */
  readonly taken: Map<string, string>;
  /** As his forwarder sends it. */
  readonly forward: (body: string) => Request;
}

const SHARE = 0.5;
const STREAM = 0xa3a2;
/** Of the sellers' runs. From a source of its own: the others stay what they were before there were fees. */
const FEES_SHARE = 0.3;
const FEES_STREAM = 0xfee5;
const SECRET = 'secret-of-the-forwarder';
const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:notifications';

export function isSelling(seed: number): boolean {
  return drawnFor(seed, STREAM, SHARE) !== undefined;
}

export interface SellerTerms {
  readonly seed: number;
  /** In which his orders are placed and changed. */
  readonly withinMs: number;
  readonly clock: Clock;
  /** Origin of Amazon and of Login with Amazon. */
  readonly origin: string;
  readonly publicUrl: string;
  /** The way to the program. */
  readonly send: (request: Request) => Promise<Response>;
}

export function openSeller({ seed, withinMs, clock, origin, publicUrl, send }: SellerTerms): Seller {
  const random = seededRandom(seed ^ (STREAM << 8));
  const own = Math.floor(random() * 0x7fff_ffff);
  const ofFees = seededRandom(seed ^ FEES_STREAM);
  const isSettling = ofFees() < FEES_SHARE;
  const switches: AmazonSwitches = {
    ...switchesOf(own),
    creation: pick(random, ['told', 'not told']),
    emptyPages: pick(random, ['none', 'between']),
    rateHeader: pick(random, ['present', 'absent']),
    ...(isSettling
      ? {
          payouts: pick(ofFees, ['listed', 'listed', 'not listed']),
          financesLag: pick(ofFees, ['none', 'none', 'last 48 hours']),
        }
      : {}),
  };
  const region = pick<Region>(random, ['na', 'eu', 'fe']);
  const stores = MARKETPLACES.filter((marketplace) => marketplace.region === region);
  const world = createAmazonWorld({ seed: own, clock });
  const taken = new Map<string, string>();
  const forward = (body: string): Request => forwarded(body, { origin: publicUrl, secret: SECRET, clock });
  const amazon = createAmazon({
    world,
    clock,
    random: seededRandom(own + 1),
    switches,
    delivery: {
      duplicatePpm: 80_000,
      repeatPpm: 40_000,
      disorderPpm: 150_000,
      lossPpm: pick(random, [0, 50_000, 300_000]),
      async sink({ body, notificationId }) {
        const { status } = await send(forward(body));
        if (status !== 200) {
          throw new Error(`The program answered ${status}`);
        }
        taken.set(notificationId, body);
      },
    },
  });
  amazon.notifications.subscribe(QUEUE);
  return {
    world,
    amazon,
    switches,
    rules: {
      ...rulesOf(random),
      ...(isSettling ? ({ channelFees: 'per_settlement', feeCategory: 'Commissions' } as const) : {}),
    },
    settings: settingsOf(amazon, { region, origin }),
    random,
    moves: isSettling ? movesOf(ofFees, withinMs) : undefined,
    numberLengthMax: pick(random, [null, null, 10]),
    place: () => world.place({ ...randomAmazonRecipe(random), in: pick(random, stores).country }),
    taken,
    forward,
  };
}

function rulesOf(random: Random): Rules {
  return {
    ...defaultRulesOf('amazon'),
    refunds: pick(random, ['adjust', 'adjust', 'expense']),
    ...(random() < 0.2 ? {} : { refundCategory: 'Supplies' }),
    untoldTax: pick<Rules['untoldTax']>(random, [{}, { default: 'none' }, { default: '20' }]),
  };
}

function settingsOf(
  { world, login }: AmazonSim,
  { region, origin }: { readonly region: Region; readonly origin: string },
): Seller['settings'] {
  return {
    AMAZON_SELLER_ID: world.sellerId,
    SP_API_REGION: region,
    SP_API_CLIENT_ID: DEFAULT_AMAZON_APP.clientId,
    SP_API_CLIENT_SECRET: DEFAULT_AMAZON_APP.clientSecret,
    SP_API_REFRESH_TOKEN: login.refreshToken(region),
    SP_API_APPLICATION_ID: DEFAULT_AMAZON_APP.applicationId,
    SP_API_URL: origin,
    LWA_URL: origin,
    AMAZON_WEBHOOK_SECRET: SECRET,
  };
}

/** What goes wrong at Amazon itself, beside single calls: when its tokens end before their time, and when it is down, for how long. */
export interface Spell {
  readonly at: number;
  readonly what: 'tokens end' | Exclude<AmazonMood, 'well'> | 'well';
}

const DOWN_MS_MAX = 10 * 60_000;

export function spellsOf(random: Random, withinMs: number): readonly Spell[] {
  const expiries = Array.from({ length: between(random, 0, 2) }, (): Spell => ({
    at: between(random, 0, withinMs),
    what: 'tokens end',
  }));
  const downs = Array.from({ length: between(random, 0, 1) }, (): Spell[] => {
    const at = between(random, 0, withinMs);
    const what = pick(random, ['internal failure', 'unavailable', 'gateway timeout'] as const);
    return [
      { at, what },
      { at: at + between(random, 1_000, DOWN_MS_MAX), what: 'well' },
    ];
  });
  return [...expiries, ...downs.flat()];
}

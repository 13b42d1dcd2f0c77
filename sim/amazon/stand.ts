import { withFaults } from '#sim/faults.ts';
import type { FaultPlan } from '#sim/faults.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { inspected } from '#sim/inspect.ts';
import type { Inspected } from '#sim/inspect.ts';
import { listen } from '#sim/socket.ts';
import { decimal } from '#sim/world/money.ts';
import { seededRandom } from '#sim/world/random.ts';
import type { Clock } from '#sim/world/random.ts';
import { createAmazon } from './amazon.ts';
import type { AmazonOptions, AmazonSim } from './amazon.ts';
import { expectedAmazonBooks } from './check.ts';
import { expectedSettlements, standingFees } from './settlements.ts';
import { createAmazonWorld } from './world.ts';
import type { AmazonWorld, AmazonWorldOptions } from './world.ts';

/** A seller on local sockets. */
export interface AmazonStand {
  readonly world: AmazonWorld;
  readonly amazon: AmazonSim;
  /** In place of every region's host, and of Login with Amazon: the token says which region is meant. */
  readonly origin: string;
  readonly sandboxOrigin: string;
  /** Every order with what the books should hold and what the account does hold, oldest first. */
  inspect(freshbooks: FreshBooksSim): readonly Inspected<string>[];
  /** Every payout with what the books should hold of its fees and what the account does hold, in the order in which they were made. */
  inspectSettlements(freshbooks: FreshBooksSim): readonly InspectedSettlement[];
  /** Has the seller's way of messages bring what Amazon would tell of an order as it stands now. */
  tell(orderId: string): Promise<void>;
  close(): Promise<void>;
}

/** Amounts are decimal text in its currency. */
export interface InspectedSettlement {
  readonly groupId: string;
  readonly settlementId: string;
  readonly currency: string;
  /** Negative where Amazon gave back more than it took. */
  readonly fees: string;
  readonly stands: string;
}

export interface AmazonStandOptions extends Pick<AmazonOptions, 'app' | 'switches' | 'delivery'> {
  readonly world?: Pick<AmazonWorldOptions, 'sellerId' | 'vat'>;
  readonly faults?: FaultPlan;
  readonly latencyMs?: number;
  readonly ports?: { readonly api: number; readonly sandbox: number };
}

export async function openAmazon(
  outside: { readonly seed: number; readonly clock: Clock },
  { faults, latencyMs, ports, world: seller, ...options }: AmazonStandOptions = {},
): Promise<AmazonStand> {
  const world = createAmazonWorld({ ...seller, ...outside });
  const amazon = createAmazon({
    ...options,
    world,
    clock: outside.clock,
    random: seededRandom(outside.seed),
  });
  const latency = latencyMs === undefined ? {} : { latencyMs };
  const handle = (request: Request): Promise<Response> => amazon.handle(request);
  const api = await listen(faults === undefined ? handle : withFaults(handle, faults), {
    ...latency,
    port: ports?.api ?? 0,
  });
  const sandbox = await listen(amazon.at({ region: null, isSandbox: true }), {
    ...latency,
    port: ports?.sandbox ?? 0,
  });
  return {
    world,
    amazon,
    origin: api.origin,
    sandboxOrigin: sandbox.origin,
    tell: async (orderId) => {
      const message = { queueArn: '', body: amazon.notifications.body(orderId), notificationId: '' };
      await options.delivery?.sink?.(message);
    },
    inspect: (freshbooks) => world.orders().map((order) => inspected(expectedAmazonBooks(order), freshbooks)),
    inspectSettlements: (freshbooks) =>
      expectedSettlements(world.transactions()).map((expected) => ({
        groupId: expected.groupId,
        settlementId: expected.settlementId,
        currency: expected.currency,
        fees: decimal(expected.fees, expected.currency),
        stands: decimal(standingFees(freshbooks, expected).fees, expected.currency),
      })),
    close: async () => {
      await api.close();
      await sandbox.close();
    },
  };
}

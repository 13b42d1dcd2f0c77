import { Failure } from '#core/failure.ts';
import { listOf } from '#core/json-fields.ts';
import type { AmazonRegion, Marketplace } from '#core/marketplaces.ts';
import { DAY, HOUR, after, showInstant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { SellingPartnerApi } from './api.ts';
import { SUBSCRIBED_TYPES, createNotifications } from './notifications.ts';
import type { Notifications, Subscription, TestMessage } from './notifications.ts';
import { checkedQueueArn, queueArnOf, queuePolicy } from './queue-policy.ts';
import type { QueueAccess } from './poller.ts';
import type { QueueState } from './queue-state.ts';
import { FINANCES_WITHHELD } from './read.ts';
import { planSubscriptions, sendTest, subscribe, unsubscribe } from './subscriptions.ts';
import type { Changed, SubscriptionPlan } from './subscriptions.ts';

/** What the command line asks of Amazon beside orders. */
export interface AmazonAdmin {
  /** What the credentials allow. Throws a Failure when they are refused altogether. */
  preflight(): Promise<AmazonPreflight>;
  /** The ARN that was given, or else that of the configured queue. Throws `config-invalid` without either. */
  queueArn(given: string | undefined): string;
  /** The access policy by which Amazon may deliver into the queue, as JSON. */
  queuePolicy(queueArn: string): string;
  /** What is subscribed against what should be. */
  planSubscriptions(queueArn: string): Promise<SubscriptionPlan>;
  /** All that stand of both types, also those of other payload versions. */
  listSubscriptions(): Promise<readonly Subscription[]>;
  subscribe(queueArn: string, options: { readonly isReplacing: boolean }): Promise<Changed>;
  unsubscribe(queueArn: string, options: { readonly isDestinationToo: boolean }): Promise<Changed>;
  /** What AWS shows of the configured queue; nothing without one. */
  queueState(): Promise<QueueState | undefined>;
  /**
   * Has Amazon's sandbox put a message into the queue of a destination, which the sandbox itself does not list: it answers such
   * questions with samples. Throws `config-invalid` at any other host.
   */
  sendTest(test: TestMessage): Promise<void>;
}

export interface AmazonPreflight {
  readonly sellerId: string;
  readonly region: AmazonRegion;
  readonly stores: readonly Marketplace[];
  /** Reading orders of all these stores. */
  readonly orders: Leave;
  /** Reading transactions, which alone tell of refunds. */
  readonly transactions: Leave;
  /** Setting up notifications. */
  readonly notifications: Leave;
}

/** Whether Amazon allows something, and in words why not. */
export type Leave = { readonly is: 'given' } | { readonly is: 'withheld'; readonly why: string };

interface Seller {
  readonly sellerId: string;
  readonly region: AmazonRegion;
  readonly marketplaces: readonly Marketplace[];
  readonly apiUrl: string;
  readonly queue?: QueueAccess;
}

export interface AmazonAdminOptions {
  /** Absent while none is configured. */
  readonly seller: Seller | undefined;
  /** Absent without credentials. */
  readonly api: SellingPartnerApi | undefined;
  readonly clock: Clock;
}

export function createAmazonAdmin(options: AmazonAdminOptions): AmazonAdmin {
  const { seller, clock } = options;
  const needNotifications = (): Notifications => createNotifications(needed(options).api, clock);
  return {
    preflight: () => preflight(options),
    queueArn(given) {
      if (given !== undefined) {
        return checkedQueueArn(given);
      }
      if (seller?.queue === undefined) {
        throw new Failure('config-invalid', {
          detail:
            'Which queue? Set AMAZON_SQS_QUEUE_URL, or name it: --queue-arn arn:aws:sqs:REGION:ACCOUNT:NAME',
        });
      }
      return checkedQueueArn(queueArnOf(seller.queue));
    },
    queuePolicy,
    planSubscriptions: async (queueArn) => planSubscriptions(needNotifications(), queueArn),
    listSubscriptions: async () => listSubscriptions(needNotifications()),
    subscribe: async (queueArn, how) => subscribe(needNotifications(), queueArn, how),
    unsubscribe: async (queueArn, how) => unsubscribe(needNotifications(), queueArn, how),
    async queueState() {
      if (seller?.queue === undefined) {
        return undefined;
      }
      // AWS's client takes long to load, and most commands have no use for it.
      const { readQueueState } = await import('./queue-state.ts');
      return readQueueState(seller.queue, clock);
    },
    async sendTest(message) {
      assertSandbox(needed(options).seller.apiUrl);
      await sendTest(needNotifications(), message);
    },
  };
}

function needed({ seller, api }: Pick<AmazonAdminOptions, 'seller' | 'api'>): {
  readonly seller: Seller;
  readonly api: SellingPartnerApi;
} {
  if (seller === undefined || api === undefined) {
    const credentials = 'SP_API_CLIENT_ID, SP_API_CLIENT_SECRET and SP_API_REFRESH_TOKEN';
    const names = seller === undefined ? `AMAZON_SELLER_ID, SP_API_REGION, ${credentials}` : credentials;
    throw new Failure('config-invalid', { detail: `To ask Amazon, set ${names}` });
  }
  return { seller, api };
}

/** One cheap call for each leave. The seller's comes first: when it is refused, nothing else would tell more. */
async function preflight(options: AmazonAdminOptions): Promise<AmazonPreflight> {
  const { clock } = options;
  const { seller, api } = needed(options);
  const { sellerId, region, marketplaces } = seller;
  return {
    sellerId,
    region,
    stores: marketplaces,
    orders: await leave(() => readOneOrder(api, { marketplaces, clock })),
    transactions: await leave(() => readTransactions(api, clock), FINANCES_WITHHELD),
    notifications: await leave(() => createNotifications(api, clock).destinations()),
  };
}

/** `why`: instead of Amazon's own words. */
async function leave(work: () => Promise<unknown>, why?: string): Promise<Leave> {
  try {
    await work();
    return { is: 'given' };
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'scope-missing') {
      return { is: 'withheld', why: why ?? thrown.message };
    }
    throw thrown;
  }
}

/** The smallest question that needs the role for orders, and that Amazon refuses for stores of another region. */
async function readOneOrder(
  api: SellingPartnerApi,
  { marketplaces, clock }: { readonly marketplaces: readonly Marketplace[]; readonly clock: Clock },
): Promise<void> {
  const query = new URLSearchParams({
    createdAfter: showInstant(after(clock.now(), -DAY)),
    marketplaceIds: marketplaces.map(({ id }) => id).join(','),
    maxResultsPerPage: '1',
  });
  const doing = 'Asking Amazon for one order';
  api.pace.take(['searchOrders'], 'setting up');
  const answer = await api.call({
    operation: 'searchOrders',
    method: 'GET',
    path: `/orders/2026-01-01/orders?${query.toString()}`,
    doing,
  });
  if (listOf(answer, 'orders').length > 1) {
    throw new Failure('request-answer-unreadable', { detail: `${doing}: the answer has several` });
  }
}

async function readTransactions(api: SellingPartnerApi, clock: Clock): Promise<void> {
  const query = new URLSearchParams({ postedAfter: showInstant(after(clock.now(), -HOUR)) });
  api.pace.take(['listTransactions'], 'setting up');
  await api.call({
    operation: 'listTransactions',
    method: 'GET',
    path: `/finances/2024-06-19/transactions?${query.toString()}`,
    doing: 'Asking Amazon for the transactions of an hour',
  });
}

async function listSubscriptions(notifications: Notifications): Promise<readonly Subscription[]> {
  const found: Subscription[] = [];
  for (const type of SUBSCRIBED_TYPES) {
    found.push(...(await notifications.subscriptions(type)));
  }
  return found;
}

/** A simulator on this machine is one as well. */
function assertSandbox(apiUrl: string): void {
  const { hostname } = new URL(apiUrl);
  if (!hostname.startsWith('sandbox.') && !/^(127\.\d+\.\d+\.\d+|localhost)$/.test(hostname)) {
    throw new Failure('config-invalid', {
      detail: `SP_API_URL: Amazon sends test messages from its sandbox only, and this is ${apiUrl}: set it to ${apiUrl.replace('://', '://sandbox.')} for this command`,
    });
  }
}

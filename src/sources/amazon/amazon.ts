import { Failure } from '#core/failure.ts';
import { settlementIn } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import { orderOf } from '#core/settlement.ts';
import type { Swept } from '#pipeline/source.ts';
import type { SellingPartnerApi } from './api.ts';
import type { NotificationTerms } from './notification.ts';
import { createProof } from './proof.ts';
import type { ProofTerms } from './proof.ts';
import { FIRST_MS, OVERLAP_MS, changesOf, placedIn } from './changes.ts';
import { READ_OPERATIONS, readOrder } from './read.ts';
import { createSettlementReader } from './settlement.ts';
import { sortMessage } from './sort.ts';

export interface AmazonOptions {
  readonly connection: ConnectionId;
  readonly proof: Omit<ProofTerms, 'connection'>;
  /** Whose notifications are taken. */
  readonly terms: NotificationTerms;
  /** Absent without credentials: notifications show no amounts, so then nothing can be booked. */
  readonly api?: SellingPartnerApi;
  /** Whether names and addresses are kept of an order that is read. */
  readonly isBuyerKept: () => Promise<boolean>;
  readonly remark: (sentence: string) => void;
}

const READ_NEEDS = 'SP_API_CLIENT_ID, SP_API_CLIENT_SECRET and SP_API_REFRESH_TOKEN';

/** An Amazon seller as a source of orders: notifications that only name them, and orders that are asked for. */
export function createAmazonSource(options: AmazonOptions): Swept {
  const { connection, terms, api, remark } = options;
  const proof = createProof({ ...options.proof, connection });
  const { clock } = options.proof;
  const stores = terms.marketplaces;
  const settlements = api === undefined ? undefined : createSettlementReader({ api, clock, remark, stores });
  const listing = api === undefined ? undefined : { api, clock, connection, marketplaces: stores, remark };
  return {
    connection,
    canRead: api !== undefined,
    readNeeds: READ_NEEDS,
    overlapMs: OVERLAP_MS,
    firstMs: FIRST_MS,
    refusalUnread: (headers) => proof.refusalUnread(headers),
    verify: (incoming) => proof.verify(incoming),
    sort: (message) => sortMessage(message, { connection, terms }),
    changed: async (page) => (listing === undefined ? { changes: [] } : await changesOf(listing, page)),
    placed: async (days) => (listing === undefined ? { changes: [] } : await placedIn(listing, days)),
    spareAt: () => api?.pace.spareAt(READ_OPERATIONS),
    async read(order, shown) {
      if (api === undefined || settlements === undefined) {
        throw new Failure('order-needs-reread', {
          detail: `Amazon cannot be asked for order ${order}: set ${READ_NEEDS}`,
        });
      }
      const groupId = settlementIn(order);
      if (groupId !== undefined) {
        return await settlements.read(order, groupId);
      }
      return await readOrder(
        { api, isBuyerKept: await options.isBuyerKept(), remark, stores },
        order,
        orderOf(shown),
      );
    },
  };
}

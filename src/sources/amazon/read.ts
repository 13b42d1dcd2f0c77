import { createHash } from 'node:crypto';
import { Failure } from '#core/failure.ts';
import { splitOrderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { fieldOf, listOf, textOf } from '#core/json-fields.ts';
import type { Lossless } from '#core/json.ts';
import type { Order } from '#core/order.ts';
import { READ_TOPIC } from '#pipeline/source.ts';
import type { Authentic } from '#pipeline/source.ts';
import type { SellingPartnerApi } from './api.ts';
import { keptOfOrder, keptOfTransaction } from './kept.ts';
import { otherStores } from './stores.ts';
import type { Stores } from './stores.ts';

export type Reading = Pick<Authentic, 'externalId' | 'topic' | 'headers' | 'body'>;

export interface ReadTerms {
  readonly api: SellingPartnerApi;
  /** Whether names and addresses are kept: only where a client is made for each buyer. */
  readonly isBuyerKept: boolean;
  /** Said once for `doctor`: what was noticed and stopped nothing. */
  readonly remark: (sentence: string) => void;
  /** The stores that are booked. */
  readonly stores: Stores;
}

/** As much as is ever read of; the buyer's data come by the app's roles, and are dropped before anything is stored. */
const INCLUDED = 'BUYER,RECIPIENT,PROCEEDS,PROMOTION,FULFILLMENT,PACKAGES,TAX';
/** An order has one transaction for each shipment and refund: more pages mean that the filter was not understood. */
const PAGES_MAX = 20;

export const FINANCES_WITHHELD =
  'Amazon shows this app no transactions, so refunds are not booked: ask for the role Finance and Accounting and authorize the app again';

const LEDGER_NEEDED =
  'Amazon shows this app no transactions, and they told of refunds before, so what is booked stays as it is: ask for the role Finance and Accounting, authorize the app again, then retry';

/** What an order is read by. */
export const READ_OPERATIONS = ['getOrder', 'listTransactions'] as const;

/**
 * Reads an order's newest state, and what Amazon's ledger tells of it once it can tell anything: refunds stand only there
 * (docs/vendors/amazon.md 6). Both calls are taken before the first is made, so that none is made in vain. Without leave to see
 * the ledger an order is read without it, unless that would take back what it told before.
 */
export async function readOrder(terms: ReadTerms, order: OrderKey, known?: Order): Promise<Reading> {
  const { api, isBuyerKept, stores } = terms;
  const { vendorId } = splitOrderKey(order);
  const doing = `Reading order ${vendorId}`;
  api.pace.take(READ_OPERATIONS, order);
  let isUnspent = true;
  try {
    const answer = await api.call({
      operation: 'getOrder',
      method: 'GET',
      path: `/orders/2026-01-01/orders/${encodeURIComponent(vendorId)}?includedData=${INCLUDED}`,
      doing,
    });
    const shown = fieldOf(answer, 'order');
    if (textOf(shown, 'orderId') !== vendorId) {
      throw new Failure('request-answer-unreadable', {
        detail: `${doing}: the answer is not about this order`,
      });
    }
    const status = textOf(shown, 'fulfillment.fulfillmentStatus');
    const isInLedger = IN_LEDGER.has(status);
    // Asked is spent, whatever comes of it.
    isUnspent = !isInLedger;
    const transactions = isInLedger
      ? await readTransactions(terms, { order, vendorId, doing, isNeeded: isNeeded(status, known) })
      : undefined;
    const others = otherStores([textOf(shown, 'salesChannel.marketplaceId')], stores);
    const body = {
      order: keptOfOrder(shown ?? null, isBuyerKept),
      ...(transactions === undefined ? {} : { transactions }),
      ...(others.length === 0 ? {} : { otherStores: others }),
    };
    return readingOf(body);
  } finally {
    if (isUnspent) {
      api.pace.giveBack('listTransactions');
    }
  }
}

/** Before it is shipped an order moves no money. */
const IN_LEDGER = new Set(['SHIPPED', 'PARTIALLY_SHIPPED', 'CANCELLED', 'CANCELED', 'UNFULFILLABLE']);

const CANCELLED = new Set(['CANCELLED', 'CANCELED']);

/**
 * Refunds that were told, or a question about them, cannot be told to be none; nor can a sale that was shipped be taken back
 * as one that never was.
 */
function isNeeded(status: string, known: Order | undefined): boolean {
  return (
    known !== undefined &&
    (known.refunds.length > 0 ||
      known.doubt !== undefined ||
      (CANCELLED.has(status) && known.isPartlyFulfilled === true))
  );
}

/** An answer as a message that is stored. */
export function readingOf(value: Lossless): Reading {
  const text = JSON.stringify(value);
  // Named by its content: the same state read twice is one message.
  const sha256 = createHash('sha256').update(READ_TOPIC).update('\n').update(text).digest('hex');
  return {
    externalId: `read:${sha256}`,
    topic: READ_TOPIC,
    headers: {},
    body: new TextEncoder().encode(text),
  };
}

interface Listing {
  readonly order: OrderKey;
  readonly vendorId: string;
  readonly doing: string;
  /** Without them the order cannot be shown as it stands. */
  readonly isNeeded: boolean;
}

/** All transactions of the order; nothing where the app has no leave to see them and they are not needed. */
async function readTransactions(
  { api, remark }: ReadTerms,
  { order, vendorId, doing, isNeeded }: Listing,
): Promise<readonly Lossless[] | undefined> {
  const transactions: Lossless[] = [];
  let token = '';
  for (let page = 0; page < PAGES_MAX; page += 1) {
    if (page > 0) {
      api.pace.take(['listTransactions'], order);
    }
    const query = new URLSearchParams({
      relatedIdentifierName: 'ORDER_ID',
      relatedIdentifierValue: vendorId,
      ...(token === '' ? {} : { nextToken: token }),
    });
    let answer: Lossless;
    try {
      answer = await api.call({
        operation: 'listTransactions',
        method: 'GET',
        path: `/finances/2024-06-19/transactions?${query.toString()}`,
        doing: `${doing}: its transactions`,
      });
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.code === 'scope-missing') {
        remark(FINANCES_WITHHELD);
        if (!isNeeded) {
          return undefined;
        }
        throw new Failure('scope-missing', {
          detail: `${doing}: ${LEDGER_NEEDED}`,
          cause: thrown,
        });
      }
      throw thrown;
    }
    // An unknown filter is passed over in silence by some of Amazon's interfaces: only what names the order is its own.
    transactions.push(
      ...transactionsIn(answer, `${doing}: its transactions`)
        .filter((transaction) => isOf(transaction, vendorId))
        .map(keptOfTransaction),
    );
    token = textOf(answer, 'payload.nextToken');
    // A page may be empty and another follow.
    if (token === '') {
      return transactions;
    }
  }
  throw new Failure('request-refused', {
    detail: `${doing}: it has more than ${PAGES_MAX} pages of transactions, so it cannot be shown whole`,
  });
}

/** All of a page. What has no payload lists nothing, and must not be taken for an empty ledger: refunds would be undone. */
export function transactionsIn(answer: Lossless, doing: string): readonly Lossless[] {
  const payload = fieldOf(answer, 'payload');
  const isPayload = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  const transactions = fieldOf(answer, 'payload.transactions') ?? [];
  if (!isPayload || !Array.isArray(transactions)) {
    throw new Failure('request-answer-unreadable', { detail: `${doing}: the answer lists no transactions` });
  }
  return listOf(answer, 'payload.transactions');
}

function isOf(transaction: Lossless, vendorId: string): boolean {
  return listOf(transaction, 'relatedIdentifiers').some(
    (identifier) =>
      textOf(identifier, 'relatedIdentifierName') === 'ORDER_ID' &&
      textOf(identifier, 'relatedIdentifierValue') === vendorId,
  );
}

import { Failure } from '#core/failure.ts';
import { settlementKey } from '#core/ids.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { listOf, textOf } from '#core/json-fields.ts';
import type { Lossless } from '#core/json.ts';
import { marketplaceById } from '#core/marketplaces.ts';
import * as money from '#core/money.ts';
import type { SettledAmount, Settlement } from '#core/settlement.ts';
import { DAY, HOUR, SECOND, after, instant, localDate, parseZone, showInstant } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { SellingPartnerApi } from './api.ts';
import { keptOfTransaction } from './kept.ts';
import { parseTransaction } from './payload.ts';
import type { SettlementPayload, TransactionPayload } from './payload.ts';
import { FINANCES_WITHHELD, readingOf, transactionsIn } from './read.ts';
import type { Reading } from './read.ts';
import { isDeferred, kindOf, placedAmounts } from './settled-amounts.ts';
import { isBooked, otherStores, storeOf, waitingForStore } from './stores.ts';
import type { Stores } from './stores.ts';
import { eventsOf, identifier, lettersOf } from './transactions.ts';
import type { Event } from './transactions.ts';

/**
 * Reads a settlement: all transactions of one FINANCIAL_EVENT_GROUP_ID, summed by what they are, once nothing can come to them any
 * more (docs/vendors/amazon.md 6). A page costs one call of the two that orders share, so a long one is read in turns with them, and
 * what was read is kept between the turns.
 */
export interface SettlementReader {
  /**
   * Throws `settlement-open` with the moment to ask again while Amazon may add to it, `request-rate-limited` where its turn is
   * still to come, `settlement-unclear` where it is too long to be read whole.
   */
  read(key: OrderKey, groupId: string): Promise<Reading>;
}

interface ReaderTerms {
  readonly api: SellingPartnerApi;
  readonly clock: Clock;
  readonly remark: (sentence: string) => void;
  /** The stores that are booked. */
  readonly stores: Stores;
}

/** Finances may keep transactions of two days back, so a payout that is told is whole a day after that. */
const QUIET_MS = 3 * DAY;
/** Without a payout nothing says that it ended. A period of Amazon's lasts two weeks, so in a day more it is over. */
const PERIOD_MS = 15 * DAY;
/** What a seller of five thousand orders a week has in two. More is an accountant's, by the settlement report. */
const TRANSACTIONS_MAX = 10_000;
/** Pages may be empty; twice what full ones of a hundred would be. */
const PAGES_MAX = 200;
/** Read at the same time, each of some megabytes at most: Amazon has one for each currency. */
const READ_AT_ONCE = 8;
/** After this a reading begins anew: what it began with may have changed. */
const READING_KEPT_MS = HOUR;
const TURN_MS = 30 * SECOND;
/** Settlements that are known to be paid out and open; without a place one is only asked for once too often. */
const OPEN_MAX = 1_000;

interface Progress {
  readonly began: Instant;
  readonly transactions: TransactionPayload[];
  token: string;
  pages: number;
}

export function createSettlementReader({ api, clock, remark, stores }: ReaderTerms): SettlementReader {
  const readings = new Map<string, Progress>();
  const openUntil = new Map<string, Instant>();
  const progressOf = (groupId: string): Progress => {
    const now = clock.now();
    for (const [other, { began }] of readings) {
      // A clock that was set back tells no age: such a one begins anew as well.
      if (after(began, READING_KEPT_MS) <= now || began > now) {
        readings.delete(other);
      }
    }
    const known = readings.get(groupId);
    if (known === undefined && readings.size >= READ_AT_ONCE) {
      throw new Failure('request-rate-limited', {
        detail: `${READ_AT_ONCE} other settlements are being read`,
        retryAt: after(now, TURN_MS),
      });
    }
    const progress = known ?? { began: now, transactions: [], token: '', pages: 0 };
    readings.set(groupId, progress);
    return progress;
  };
  return {
    async read(key, groupId) {
      const until = openUntil.get(groupId);
      if (until !== undefined && until > clock.now()) {
        // It is whole: whatever was told since moves that moment later, never sooner.
        throw open(groupId, until);
      }
      const progress = progressOf(groupId);
      try {
        await readOn({ api, remark }, progress, { key, groupId });
      } catch (thrown) {
        if (!(thrown instanceof Failure && thrown.remedy === 'retry')) {
          readings.delete(groupId);
        }
        throw thrown;
      }
      readings.delete(groupId);
      const events = eventsOf(progress.transactions);
      const closing = closingOf(events);
      if (closing === undefined) {
        throw unclear(groupId, 'Amazon lists no transactions of it any more');
      }
      openUntil.delete(groupId);
      if (closing.at > clock.now()) {
        if (closing.isWhole && openUntil.size < OPEN_MAX) {
          openUntil.set(groupId, closing.at);
        }
        throw open(groupId, closing.at);
      }
      return readingOf({
        settlement: bodyOf(groupId, {
          listed: progress.transactions,
          own: eventsOf(paidOutHere(progress.transactions)),
          stores,
        }),
      });
    },
  };
}

function open(groupId: string, until: Instant): Failure {
  return new Failure('settlement-open', {
    detail: `Amazon may add to settlement ${groupId}: it is read again on ${localDate(until, UTC)}`,
    retryAt: until,
  });
}

const UTC = parseZone('Z');

function unclear(groupId: string, why: string): Failure {
  return new Failure('settlement-unclear', { detail: `Settlement ${groupId}: ${why}` });
}

/** From where it was left to the last page. */
async function readOn(
  { api, remark }: Pick<ReaderTerms, 'api' | 'remark'>,
  progress: Progress,
  { key, groupId }: { readonly key: OrderKey; readonly groupId: string },
): Promise<void> {
  const doing = `Reading settlement ${groupId}`;
  do {
    api.pace.take(['listTransactions'], key);
    const query = new URLSearchParams({
      relatedIdentifierName: 'FINANCIAL_EVENT_GROUP_ID',
      relatedIdentifierValue: groupId,
      ...(progress.token === '' ? {} : { nextToken: progress.token }),
    });
    const answer = await listed({ api, remark }, query, doing);
    // As with orders: a filter that is passed over in silence must not bring in what is of others.
    const own = transactionsIn(answer, doing).filter((transaction) => isOf(transaction, groupId));
    progress.transactions.push(...own.map((one) => parseTransaction(keptOfTransaction(one))));
    progress.token = textOf(answer, 'payload.nextToken');
    progress.pages += 1;
    if (progress.transactions.length > TRANSACTIONS_MAX || progress.pages > PAGES_MAX) {
      throw unclear(
        groupId,
        `it has more than ${TRANSACTIONS_MAX} transactions, or ${PAGES_MAX} pages of them`,
      );
    }
  } while (progress.token !== '');
}

async function listed(
  { api, remark }: Pick<ReaderTerms, 'api' | 'remark'>,
  query: URLSearchParams,
  doing: string,
): Promise<Lossless> {
  try {
    return await api.call({
      operation: 'listTransactions',
      method: 'GET',
      path: `/finances/2024-06-19/transactions?${query.toString()}`,
      doing,
    });
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'scope-missing') {
      remark(FINANCES_WITHHELD);
    }
    throw thrown;
  }
}

function isOf(transaction: Lossless, groupId: string): boolean {
  return groupsIn(transaction).includes(groupId);
}

/** The payout itself, which ends a settlement. */
export function isPayout(transactionType: string): boolean {
  return lettersOf(transactionType) === 'transfer';
}

/** The settlements that a transaction names. */
export function groupsIn(transaction: Lossless): readonly string[] {
  return listOf(transaction, 'relatedIdentifiers')
    .filter((one) => textOf(one, 'relatedIdentifierName') === 'FINANCIAL_EVENT_GROUP_ID')
    .map((one) => textOf(one, 'relatedIdentifierValue'))
    .filter((value) => value !== '');
}

/**
 * From when on nothing can come to it any more, and whether it is whole: paid out, with nothing kept back. Nothing where there are no
 * transactions.
 */
function closingOf(
  events: readonly Event[],
): { readonly at: Instant; readonly isWhole: boolean } | undefined {
  const last = lastOf(events);
  if (last === undefined) {
    return undefined;
  }
  const isPaidOut = events.some(({ transaction }) => isPayout(transaction.transactionType));
  const isWhole = isPaidOut && !events.some(({ transaction }) => isDeferred(transaction));
  return { at: after(last, isWhole ? QUIET_MS : PERIOD_MS), isWhole };
}

function lastOf(events: readonly Event[]): Instant | undefined {
  return events.length === 0 ? undefined : instant(Math.max(...events.map(({ at }) => at)));
}

/**
 * Without what was deferred and is released elsewhere: the settlement that its release names pays it out, and here it would be
 * counted a second time. Where the release stands here as well both are one event.
 */
function paidOutHere(transactions: readonly TransactionPayload[]): readonly TransactionPayload[] {
  const ids = new Set(transactions.map(({ transactionId }) => transactionId));
  return transactions.filter((transaction) => {
    const release = identifier(transaction, 'RELEASE_TRANSACTION_ID');
    return release === undefined || ids.has(release);
  });
}

/** What is stored: sums by Amazon's own words, some hundred of them whatever the number of transactions. */
function bodyOf(
  groupId: string,
  {
    listed,
    own,
    stores,
  }: {
    readonly listed: readonly TransactionPayload[];
    readonly own: readonly Event[];
    readonly stores: Stores;
  },
): Lossless {
  const transactions = own.map(({ transaction }) => transaction);
  const listedUpTo = instant(Math.max(...listed.map(({ postedDate }) => postedDate.at)));
  const settlementIds = new Set(transactions.flatMap((each) => identifier(each, 'SETTLEMENT_ID') ?? []));
  const [settlementId = ''] = settlementIds.size === 1 ? settlementIds : [];
  const named = transactions.flatMap((each) => storeOf(each) ?? []);
  const store = named.findLast((each) => isBooked(each, stores)) ?? named.at(-1);
  return {
    groupId,
    settlementId,
    marketplaceId: store?.id ?? '',
    otherStores: otherStores([...new Set(named.map(({ id }) => id))], stores),
    lastAt: showInstant(lastOf(own) ?? listedUpTo),
    // It never goes back, so that a later answer is never taken for one that was late.
    listedUpTo: showInstant(listedUpTo),
    transactionCount: String(own.length),
    amounts: placedAmounts(own, stores).map(({ path, isOfOrder, amount }) => ({
      path,
      isOfOrder,
      sum: { amount: money.format(amount), currencyCode: amount.currency },
    })),
  };
}

/** A stored settlement to the canonical one. Pure. */
export function settlementOf(body: SettlementPayload, connection: ConnectionId): Settlement {
  const {
    groupId,
    settlementId,
    marketplaceId,
    otherStores: others,
    lastAt,
    listedUpTo,
    amounts,
    transactionCount,
  } = body;
  const key = settlementKey(connection, groupId);
  if (key === undefined) {
    throw new Failure('delivery-malformed', { detail: 'The settlement has no id that can be one' });
  }
  const number = settlementId === '' ? groupId : settlementId;
  return {
    kind: 'settlement',
    key,
    connection,
    source: 'amazon',
    // A payout may be of several stores.
    shop: 'Amazon',
    vendorId: groupId,
    name: `settlement ${number}`,
    number,
    placedAt: lastAt.at,
    updatedAt: listedUpTo?.at ?? lastAt.at,
    zone: marketplaceById(marketplaceId)?.timeZone ?? UTC,
    currency: amounts[0]?.sum.currency ?? marketplaceById(marketplaceId)?.currency ?? 'USD',
    amounts: summed(
      amounts.map(({ path, isOfOrder, sum: amount }) => ({ ...kindOf({ path, isOfOrder }), amount })),
    ),
    transactionCount,
    ...waitingForStore(others),
  };
}

/** Of one kind and name one, in the order in which they first appear. */
function summed(amounts: readonly SettledAmount[]): readonly SettledAmount[] {
  const sums = new Map<string, SettledAmount>();
  for (const one of amounts) {
    const key = JSON.stringify([one.what, one.name, one.amount.currency]);
    const known = sums.get(key);
    sums.set(key, known === undefined ? one : { ...known, amount: money.add(known.amount, one.amount) });
  }
  return [...sums.values()];
}

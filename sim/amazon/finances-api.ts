import type { Transaction } from './ledger.ts';
import type { Call, Operation } from './operation.ts';
import { answer, invalidInput } from './refusal.ts';
import { transactionBodies } from './transaction-body.ts';

const SETTLING_MS = 120_000;
const DAY_MS = 86_400_000;
/** A longer time gets an empty answer. */
const SPAN_MS_MAX = 180 * DAY_MS;
const LATE_MS = 2 * DAY_MS;
/** As many as one answer holds; Amazon says no number. */
const PAGE_SIZE = 100;
const UNITED_STATES = 'ATVPDKIKX0DER';

interface Query {
  readonly after: number;
  readonly before: number;
  readonly wanted: (transaction: Transaction) => boolean;
}

interface Page extends Query {
  readonly from: number;
  /** The pages of a long list come with an empty one between. */
  readonly isEmpty: boolean;
}

/** Finances 2024-06-19: the transactions (vendors/amazon.md 6). */
export function financesApi(): readonly Operation[] {
  const pages = new Map<string, Page>();
  return [
    {
      name: 'listTransactions',
      method: 'GET',
      path: '/finances/2024-06-19/transactions',
      plan: { rate: 0.5, burst: 10 },
      access: 'seller',
      answer: (call) => {
        const page = pageOf(call, pages);
        return page instanceof Response ? page : answerPage(call, page, pages);
      },
    },
  ];
}

function pageOf(call: Call, pages: ReadonlyMap<string, Page>): Page | Response {
  const token = call.query.get('nextToken');
  if (token !== null) return pages.get(token) ?? invalidInput('Invalid nextToken');
  const query = queryOf(call);
  return query instanceof Response ? query : { ...query, from: 0, isEmpty: false };
}

function queryOf(call: Call): Query | Response {
  const { query, clock, region, switches } = call;
  const name = query.get('relatedIdentifierName');
  const value = query.get('relatedIdentifierValue');
  const text = query.get('postedAfter');
  if (name !== null && name !== 'ORDER_ID' && name !== 'FINANCIAL_EVENT_GROUP_ID') return invalidInput();
  if ((name === null) !== (value === null)) return invalidInput();
  if (text === null && name === null)
    return invalidInput('Start date cannot be null', 'Start date cannot be null');
  const latest = clock.now() - SETTLING_MS;
  const after = text === null ? -Infinity : Date.parse(text);
  const until = query.get('postedBefore');
  const before = until === null ? latest : Date.parse(until);
  if (Number.isNaN(after) || Number.isNaN(before) || after > latest || before > latest || before < after) {
    return invalidInput();
  }
  const marketplaceId = query.get('marketplaceId');
  const status = query.get('transactionStatus');
  const isTooLong = text !== null && before - after > SPAN_MS_MAX;
  const shownBefore = switches.financesLag === 'none' ? before : Math.min(before, clock.now() - LATE_MS);
  return {
    after,
    before: shownBefore,
    wanted: (transaction) =>
      !isTooLong &&
      (switches.payouts === 'listed' || transaction.type !== 'Transfer') &&
      (region === null || transaction.marketplace.region === region) &&
      (marketplaceId === null || isOfMarketplace(transaction, marketplaceId)) &&
      (status === null || transaction.status === status) &&
      (name === null || isRelated(transaction, name, value)),
  };
}

/** Amazon's own note: own shipments in the United States are not found by their marketplace. */
function isOfMarketplace({ marketplace, order }: Transaction, id: string): boolean {
  const isHidden = id === UNITED_STATES && order?.fulfilledBy === 'MERCHANT';
  return marketplace.id === id && !isHidden;
}

function isRelated({ order, group }: Transaction, name: string, value: string | null): boolean {
  return (name === 'ORDER_ID' ? order?.id : group?.id) === value;
}

function answerPage(call: Call, page: Page, pages: Map<string, Page>): Response {
  const { world, switches } = call;
  const found = world
    .transactions()
    .filter((entry) => entry.postedAt >= page.after && entry.postedAt < page.before && page.wanted(entry));
  const shown = page.isEmpty ? [] : found.slice(page.from, page.from + PAGE_SIZE);
  const next = page.from + shown.length;
  const hasMore = found.length > next || page.isEmpty;
  const isGap = hasMore && !page.isEmpty && switches.emptyPages === 'between';
  let nextToken: string | undefined;
  if (hasMore) {
    nextToken = btoa(`transactions ${pages.size + 1}`);
    pages.set(nextToken, { ...page, from: next, isEmpty: isGap });
  }
  const view = { switches, sellerId: world.sellerId };
  const payload = { transactions: shown.flatMap((entry) => transactionBodies(entry, view)), nextToken };
  return answer({ payload }, { rate: call.rate });
}

import { Failure } from '#core/failure.ts';
import { splitOrderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import type { Lossless } from '#core/json.ts';
import type { Authentic } from '#pipeline/source.ts';
import { fieldOf, isTrue, listOf, textOf } from '#core/json-fields.ts';
import type { ShopifyApi } from './api.ts';
import { API_VERSION } from './documents.ts';
import type { DocumentName } from './documents.ts';
import { restBody } from './merge.ts';
import type { OrderParts, RefundParts } from './merge.ts';
import { hashOf } from './webhook.ts';
import { READ_TOPIC } from '#pipeline/source.ts';

type Reading = Pick<Authentic, 'externalId' | 'topic' | 'headers' | 'body'>;

/** An order that changes three times within its own reading is left alone for a while. */
const TRIES_MAX = 3;
/** 1000 lines, the limit of a body, and as many transactions of one refund. */
const PAGES_MAX = 20;
/** As many as the header asks for of each plain list. */
const LISTED_MAX = 100;

/**
 * Asks for an order's newest state, which takes several calls: header, pages of lines, refunds. All of them must show the
 * same `updatedAt`, or the parts belong to different states and it begins anew.
 */
export async function readOrder(api: ShopifyApi, order: OrderKey): Promise<Reading> {
  const { vendorId } = splitOrderKey(order);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const parts = await readParts(api, vendorId);
    if (parts !== 'changed') {
      const body = new TextEncoder().encode(JSON.stringify(restBody(parts)));
      // Named by its content: the same state read twice is one message.
      return {
        externalId: `read:${hashOf(READ_TOPIC, body)}`,
        topic: READ_TOPIC,
        headers: { 'x-shopify-api-version': API_VERSION },
        body,
      };
    }
  }
  throw new Failure('order-changing', {
    detail: `Reading order ${vendorId}: it changed ${TRIES_MAX} times meanwhile`,
  });
}

async function readParts(api: ShopifyApi, vendorId: string): Promise<OrderParts | 'changed'> {
  const id = `gid://shopify/Order/${vendorId}`;
  const doing = `Reading order ${vendorId}`;
  const data = await api.ask({ document: 'order-header', variables: { id }, doing });
  const order = fieldOf(data, 'order') ?? null;
  if (order === null) {
    throw new Failure('request-not-found', {
      detail: `${doing}: ${api.shopDomain} does not show it. It was deleted, or it is older than 60 days and the app has no scope read_all_orders`,
    });
  }
  assertWhole(order, doing);
  const paging: Paging = { api, doing, updatedAt: textOf(order, 'updatedAt') };
  const lines = await readPages(paging, {
    document: 'order-lines',
    id,
    connection: 'order.lineItems',
    stamp: 'order.updatedAt',
  });
  if (lines === 'changed') {
    return 'changed';
  }
  const refunds = await readRefunds(paging, order);
  return refunds === 'changed'
    ? 'changed'
    : { order, lines: lines.nodes, refunds, timeZone: textOf(data, 'shop.ianaTimezone') };
}

interface Paging {
  readonly api: ShopifyApi;
  readonly doing: string;
  /** What every further answer must show as well. */
  readonly updatedAt: string;
}

async function readRefunds(paging: Paging, order: Lossless): Promise<RefundParts[] | 'changed'> {
  const listedRefunds = listOf(order, 'refunds');
  const ledger = listedRefunds.length > 0 && hasFees(order) ? await readLedger(paging, order) : [];
  if (ledger === 'changed') {
    return 'changed';
  }
  const refunds: RefundParts[] = [];
  for (const listed of listedRefunds) {
    const pages = await readPages(paging, {
      document: 'refund',
      id: textOf(listed, 'id'),
      connection: 'refund.transactions',
      stamp: 'refund.order.updatedAt',
    });
    const lines = await readPages(paging, {
      document: 'refund-lines',
      id: textOf(listed, 'id'),
      connection: 'refund.refundLineItems',
      stamp: 'refund.order.updatedAt',
    });
    if (pages === 'changed' || lines === 'changed') {
      return 'changed';
    }
    const refund = fieldOf(pages.first, 'refund') ?? null;
    assertShown(refund, ['refundShippingLines', 'orderAdjustments'], paging.doing);
    const agreed = ledger.filter((agreement) => textOf(agreement, 'refund.id') === textOf(listed, 'id'));
    refunds.push({
      refund,
      lines: lines.nodes,
      transactions: pages.nodes,
      fees: agreed
        .flatMap((agreement) => listOf(agreement, 'sales.nodes'))
        .filter((sale) => textOf(sale, 'lineType') === 'ADDITIONAL_FEE'),
    });
  }
  return refunds;
}

function hasFees(order: Lossless): boolean {
  return /[1-9]/.test(textOf(order, 'originalTotalAdditionalFeesSet.shopMoney.amount'));
}

/** What every refund took back, by the shop's own account of it. */
async function readLedger(paging: Paging, order: Lossless): Promise<readonly Lossless[] | 'changed'> {
  const pages = await readPages(paging, {
    document: 'agreements',
    id: textOf(order, 'id'),
    connection: 'order.agreements',
    stamp: 'order.updatedAt',
  });
  if (pages === 'changed') {
    return 'changed';
  }
  pages.nodes.forEach((agreement) => assertShown(agreement, ['sales'], paging.doing));
  return pages.nodes;
}

/** A list that was cut would make another refund of it. */
function assertShown(value: Lossless, connections: readonly string[], doing: string): void {
  for (const connection of connections) {
    if (isTrue(value, `${connection}.pageInfo.hasNextPage`)) {
      throw cut(doing, `more ${connection} than are asked for`);
    }
  }
}

interface Paged {
  readonly document: DocumentName;
  readonly id: string;
  /** Where its pages are. */
  readonly connection: string;
  /** Where it says the state that it shows. */
  readonly stamp: string;
}

interface Pages {
  readonly first: Lossless;
  readonly nodes: readonly Lossless[];
}

async function readPages({ api, doing, updatedAt }: Paging, paged: Paged): Promise<Pages | 'changed'> {
  const { document, id, connection, stamp } = paged;
  const answers: Lossless[] = [];
  let after: string | null = null;
  while (answers.length < PAGES_MAX) {
    const data: Lossless = await api.ask({ document, variables: { id, after }, doing });
    if (textOf(data, stamp) !== updatedAt) {
      return 'changed';
    }
    answers.push(data);
    if (!isTrue(data, `${connection}.pageInfo.hasNextPage`)) {
      const nodes = answers.flatMap((answer) => listOf(answer, `${connection}.nodes`));
      return { first: answers[0] ?? null, nodes };
    }
    after = textOf(data, `${connection}.pageInfo.endCursor`);
  }
  throw cut(doing, `more than ${PAGES_MAX} pages of ${connection}`);
}

/** A list that was cut would make a smaller order of it. */
function assertWhole(order: Lossless, doing: string): void {
  assertShown(order, ['discountApplications', 'shippingLines'], doing);
  const transactions = listOf(order, 'transactions').length;
  const count = textOf(order, 'transactionsCount.count');
  if (count === '' ? transactions >= LISTED_MAX : Number(count) > transactions) {
    throw cut(doing, `${count === '' ? LISTED_MAX : count} transactions, more than are asked for`);
  }
  if (listOf(order, 'refunds').length >= LISTED_MAX) {
    throw cut(doing, `${LISTED_MAX} refunds or more`);
  }
}

function cut(doing: string, what: string): Failure {
  return new Failure('request-refused', {
    detail: `${doing}: it has ${what}, so it cannot be shown whole`,
  });
}

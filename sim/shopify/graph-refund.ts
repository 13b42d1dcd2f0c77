import { sumOf, ZERO } from '#sim/world/money.ts';
import type {
  Adjustment,
  Duty,
  Refund,
  RefundLine,
  RefundShipping,
  Transaction,
  WorldOrder,
} from '#sim/world/order.ts';
import { utcText } from './clock-text.ts';
import type { GraphContext } from './graph-context.ts';
import { bag, kit, within } from './graph-money.ts';
import type { Within } from './graph-money.ts';
import { DutyType, gid, LineItemType, ShippingLineType, TransactionType } from './graph-parts.ts';
import { refundLineSubtotal, refundShippingSubtotal } from './refund-body.ts';
import { objectType } from './graph-type.ts';
import type { GraphType } from './graph-type.ts';

type Type<Item> = GraphType<Within<Item>, GraphContext>;

const RefundLineType: Type<RefundLine> = objectType('RefundLineItem', {
  id: kit.leaf(({ item }) => gid('RefundLineItem', item.id)),
  quantity: kit.leaf(({ item }) => item.quantity),
  restockType: kit.leaf(({ item }) => item.restock.toUpperCase()),
  restocked: kit.leaf(({ item }) => item.restock !== 'no_restock'),
  lineItem: kit.node(
    () => LineItemType,
    ({ order, item }) => {
      const line = order.lines.find((entry) => entry.id === item.lineId);
      return line === undefined ? null : within(order, line);
    },
    { isRequired: true },
  ),
  priceSet: bag(({ order, item }) => {
    const line = order.lines.find((entry) => entry.id === item.lineId);
    return within(order, line?.price ?? ZERO);
  }),
  subtotalSet: bag(({ order, item }, { switches }) =>
    within(order, refundLineSubtotal(order, item, switches)),
  ),
  totalTaxSet: bag(({ order, item }) => within(order, item.tax)),
});

const RefundShippingType: Type<RefundShipping> = objectType('RefundShippingLine', {
  id: kit.leaf(({ item }) => gid('RefundShippingLine', item.id)),
  shippingLine: kit.node(
    () => ShippingLineType,
    ({ order, item }) => {
      const line = order.shipping.find((entry) => entry.id === item.shippingLineId);
      return line === undefined ? null : within(order, line);
    },
    { isRequired: true },
  ),
  subtotalAmountSet: bag(({ order, item }, { switches }) =>
    within(order, refundShippingSubtotal(order, item, switches)),
  ),
  taxAmountSet: bag(({ order, item }) => within(order, item.tax)),
});

const AdjustmentType: Type<Adjustment> = objectType('OrderAdjustment', {
  id: kit.leaf(({ item }) => gid('OrderAdjustment', item.id)),
  reason: kit.leaf(({ item }) => item.reason.toUpperCase()),
  amountSet: bag(({ order, item }) => within(order, item.amount)),
  taxAmountSet: bag(({ order }) => within(order, ZERO)),
});

/** A duty that went back with a refund: the whole of it, the world never refunds a part. */
const RefundDutyType: Type<Duty> = objectType('RefundDuty', {
  amountSet: bag(({ order, item }) => within(order, item.amount)),
  originalDuty: kit.node(
    () => DutyType,
    (source) => source,
  ),
});

const ExchangedLine: GraphType<never, GraphContext> = objectType('ExchangeLineItem', {
  id: kit.leaf(() => null),
  quantity: kit.leaf(() => null),
  processedQuantity: kit.leaf(() => null),
  lineItems: kit.list(
    () => LineItemType,
    () => [],
  ),
});

function refundTransactions({ order, item }: Within<Refund>): Transaction[] {
  return order.transactions.filter((entry) => item.transactionIds.includes(entry.id));
}

/** `totalRefundedSet`: what was really paid back, 0 while it is pending. */
function paidBack(source: Within<Refund>): ReturnType<typeof sumOf> {
  return sumOf(
    refundTransactions(source)
      .filter((entry) => entry.status === 'success')
      .map((entry) => entry.amount),
  );
}

export interface RefundTypes {
  readonly RefundType: Type<Refund>;
  readonly ReturnType: GraphType<never, GraphContext>;
}

/** Refunds name their order and orders their refunds, so the order's type is handed in. */
export function refundTypes(order: () => GraphType<WorldOrder, GraphContext>): RefundTypes {
  // The world has no returns of their own; the type is there so that documents may ask for them.
  const ReturnType: GraphType<never, GraphContext> = objectType('Return', {
    id: kit.leaf(() => null),
    name: kit.leaf(() => null),
    status: kit.leaf(() => null),
    exchangeLineItems: kit.connection(
      () => ExchangedLine,
      () => [],
      { args: ['includeRemovedItems'] },
    ),
    refunds: kit.connection(
      (): Type<Refund> => RefundType,
      () => [],
    ),
  });

  const RefundType: Type<Refund> = objectType('Refund', {
    id: kit.leaf(({ item }) => gid('Refund', item.id)),
    legacyResourceId: kit.leaf(({ item }) => `${item.id}`),
    createdAt: kit.leaf(({ item }) => utcText(item.createdAt)),
    processedAt: kit.leaf(({ item }) => utcText(item.createdAt)),
    updatedAt: kit.leaf(({ item }) => utcText(item.updatedAt)),
    note: kit.leaf(({ item }) => item.note),
    order: kit.node(order, (source) => source.order, { isRequired: true }),
    return: kit.node(
      () => ReturnType,
      () => null,
      { scope: 'read_returns' },
    ),
    totalRefundedSet: bag((source) => within(source.order, paidBack(source))),
    refundLineItems: kit.connection(
      () => RefundLineType,
      ({ order, item }) => item.lines.map((entry) => within(order, entry)),
    ),
    refundShippingLines: kit.connection(
      () => RefundShippingType,
      ({ order, item }) => item.shipping.map((entry) => within(order, entry)),
    ),
    // Refunded shipping never stands here, whatever REST shows (vendors/shopify.md 11).
    orderAdjustments: kit.connection(
      () => AdjustmentType,
      ({ order, item }) => item.adjustments.map((entry) => within(order, entry)),
    ),
    duties: kit.list(
      () => RefundDutyType,
      ({ order, item }) =>
        item.duties.shop === 0n
          ? []
          : order.lines.flatMap((line) => line.duties).map((entry) => within(order, entry)),
    ),
    transactions: kit.connection(
      () => TransactionType,
      (source) => refundTransactions(source).map((entry) => within(source.order, entry)),
    ),
  });

  return { RefundType, ReturnType };
}

import { ExactNumber, toJson } from './json.ts';
import type { Json } from './json.ts';
import { totalOf } from './ledger.ts';
import type { Transaction } from './ledger.ts';
import type { AmazonOrder, FulfillmentStatus, OrderEvent } from './order.ts';
import type { AmazonSwitches } from './switches.ts';
import { exactAmount, timeText } from './wire-text.ts';

/** What every notification is wrapped in (vendors/amazon.md 3). */
export interface Envelope {
  readonly applicationId: string;
  readonly subscriptionId: string;
  readonly sellerId: string;
  readonly notificationId: string;
  readonly publishedAt: number;
}

export type ChangeType = 'OrderStatusChange' | 'BuyerRequestedChange' | 'DeliveryTipChange';

/** By which change an event is told; null where none tells it. */
export function changeTypeOf(kind: OrderEvent['kind'], { creation }: AmazonSwitches): ChangeType | null {
  switch (kind) {
    case 'created':
      return creation === 'told' ? 'OrderStatusChange' : null;
    case 'status':
      return 'OrderStatusChange';
    case 'buyer request':
      return 'BuyerRequestedChange';
    case 'tip':
      return 'DeliveryTipChange';
    case 'silent':
    case 'money':
      return null;
  }
}

const REASONS: Readonly<Record<ChangeType, string>> = {
  OrderStatusChange: 'Order Status Change',
  BuyerRequestedChange: 'Buyer Requested Cancel',
  DeliveryTipChange: 'Delivery Tip Change',
};

/** Other words than getOrder's, and one l in Canceled. */
const STATUSES: Readonly<Record<FulfillmentStatus, string>> = {
  PENDING_AVAILABILITY: 'PendingAvailability',
  PENDING: 'Pending',
  UNSHIPPED: 'Unshipped',
  PARTIALLY_SHIPPED: 'PartiallyShipped',
  SHIPPED: 'Shipped',
  CANCELLED: 'Canceled',
  UNFULFILLABLE: 'Unfulfillable',
};

/** ORDER_CHANGE: ids and a status, neither money nor a buyer. */
export function orderChangeBody(
  order: AmazonOrder,
  change: { readonly type: ChangeType; readonly switches: AmazonSwitches },
  envelope: Envelope,
): string {
  const { type, switches } = change;
  const isStrange = switches.unknownStatus === 'sometimes' && order.status === 'PENDING_AVAILABILITY';
  const shipped = order.items.reduce((sum, item) => sum + item.shipped, 0);
  const left = order.items.reduce((sum, item) => sum + item.ordered - item.cancelled - item.shipped, 0);
  const summary = {
    MarketplaceId: order.marketplace.id,
    OrderStatus: isStrange ? 'UpComing' : STATUSES[order.status],
    PurchaseDate: timeText(order.createdAt),
    DestinationPostalCode: null,
    FulfillmentType: order.fulfilledBy === 'AMAZON' ? 'AFN' : 'MFN',
    OrderType: 'StandardOrder',
    NumberOfItemsShipped: shipped,
    NumberOfItemsUnshipped: order.status === 'CANCELLED' ? 0 : left,
    OrderPrograms: programsOf(order),
    ShippingPrograms: [],
    OrderItems: order.items.map((item) => ({
      OrderItemId: item.id,
      SellerSKU: item.sku,
      SupplySourceId: null,
      OrderItemStatus: item.shipped > 0 ? 'Shipped' : 'Unshipped',
      Quantity: item.ordered - item.cancelled,
      QuantityShipped: item.shipped,
      IsBuyerRequestedCancel: item.cancelRequest !== null,
    })),
  };
  const notification = {
    NotificationLevel: 'OrderLevel',
    SellerId: envelope.sellerId,
    AmazonOrderId: order.id,
    OrderChangeType: type,
    OrderChangeTrigger: { TimeOfOrderChange: timeText(order.updatedAt), ChangeReason: REASONS[type] },
    Summary: summary,
  };
  return wrapped(
    'ORDER_CHANGE',
    { at: order.updatedAt, payload: { OrderChangeNotification: notification } },
    envelope,
  );
}

function programsOf({ programs, associated }: AmazonOrder): readonly string[] {
  return [
    ...(programs.includes('AMAZON_BUSINESS') ? ['Business'] : []),
    ...(programs.includes('PRIME') ? ['Prime'] : []),
    ...(programs.includes('INVOICE_BY_AMAZON') ? ['IBA'] : []),
    ...(associated.length > 0 ? ['Replacement'] : []),
  ];
}

/** TRANSACTION_UPDATE: that something moved and how much, without the tree. */
export function transactionUpdateBody(transaction: Transaction, envelope: Envelope): string {
  const { marketplace, order } = transaction;
  const notification = {
    SellingPartnerMetadata: {
      SellingPartnerId: envelope.sellerId,
      MarketplaceId: marketplace.id,
      AccountType: 'Standard Orders',
    },
    RelatedIdentifiers:
      order === null ? [] : [{ RelatedIdentifierName: 'OrderId', RelatedIdentifierValue: order.id }],
    TransactionType: transaction.type,
    PostedDate: timeText(transaction.postedAt),
    TotalAmount: {
      CurrencyAmount: new ExactNumber(exactAmount(totalOf(transaction), marketplace.currency)),
      CurrencyCode: marketplace.currency,
    },
  };
  const payload = { TransactionUpdateNotification: notification };
  return wrapped('TRANSACTION_UPDATE', { at: transaction.postedAt, payload }, envelope);
}

function wrapped(
  type: string,
  { at, payload }: { readonly at: number; readonly payload: Json },
  envelope: Envelope,
): string {
  return toJson({
    NotificationVersion: '1.0',
    NotificationType: type,
    PayloadVersion: '1.0',
    EventTime: timeText(at),
    Payload: payload,
    NotificationMetadata: {
      ApplicationId: envelope.applicationId,
      SubscriptionId: envelope.subscriptionId,
      PublishTime: timeText(envelope.publishedAt),
      NotificationId: envelope.notificationId,
    },
  });
}

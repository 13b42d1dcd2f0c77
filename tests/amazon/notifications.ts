/** Notifications as Amazon's own schema has them, every part of which a test can change. */

export const NOTIFICATION = {
  id: 'b48047b4-7cd1-4c4d-ad02-313af39a7d69',
  applicationId: 'amzn1.sp.solution.00000000-0000-4000-8000-000000000001',
  sellerId: 'A3EXAMPLESELLER',
  orderId: '111-2093847-6650917',
  marketplaceId: 'ATVPDKIKX0DER',
} as const;

export function bytes(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json));
}

/** `changes` are of the notification within the payload. */
export function orderChange(
  changes: object = {},
  notificationId: string = NOTIFICATION.id,
): ReturnType<typeof envelope> {
  const told = {
    NotificationLevel: 'OrderLevel',
    SellerId: NOTIFICATION.sellerId,
    AmazonOrderId: NOTIFICATION.orderId,
    OrderChangeType: 'OrderStatusChange',
    OrderChangeTrigger: {
      TimeOfOrderChange: '2026-11-20T09:59:57.000Z',
      ChangeReason: 'Order Status Change',
    },
    Summary: {
      MarketplaceId: NOTIFICATION.marketplaceId,
      OrderStatus: 'Shipped',
      PurchaseDate: '2026-11-18T14:03:11.000Z',
      DestinationPostalCode: '62701-0001',
      FulfillmentType: 'MFN',
      OrderType: 'StandardOrder',
      OrderItems: [
        { OrderItemId: '60333444555661', SellerSKU: 'SOCK-3PK-M', SupplySourceId: null, Quantity: 3 },
      ],
    },
    ...changes,
  };
  return envelope('ORDER_CHANGE', { OrderChangeNotification: told }, notificationId);
}

export function transactionUpdate(
  identifiers: readonly { readonly name: string; readonly value: string }[],
): ReturnType<typeof envelope> {
  const told = {
    SellingPartnerMetadata: {
      SellingPartnerId: NOTIFICATION.sellerId,
      MarketplaceId: NOTIFICATION.marketplaceId,
      AccountType: 'PAYABLE',
    },
    RelatedIdentifiers: identifiers.map(({ name, value }) => ({
      RelatedIdentifierName: name,
      RelatedIdentifierValue: value,
    })),
    TransactionType: 'Shipment',
    PostedDate: '2026-11-20T08:00:00.000Z',
    TotalAmount: { CurrencyAmount: 10, CurrencyCode: 'USD' },
  };
  return envelope('TRANSACTION_UPDATE', { TransactionUpdateNotification: told }, NOTIFICATION.id);
}

function envelope(type: string, payload: object, notificationId: string) {
  return {
    NotificationVersion: '1.0',
    NotificationType: type,
    PayloadVersion: '1.0',
    EventTime: '2026-11-20T09:59:58.431Z',
    Payload: payload,
    NotificationMetadata: {
      ApplicationId: NOTIFICATION.applicationId,
      SubscriptionId: '00000000-0000-4000-8000-0000000000aa',
      PublishTime: '2026-11-20T09:59:58.431Z',
      NotificationId: notificationId,
    },
  };
}

import { addressOf, isPayable, recipientOf } from './recipient.ts';
import { proceedsOf } from './proceeds.ts';
import type { Json } from './json.ts';
import type { AmazonItem, AmazonOrder } from './order.ts';
import type { AmazonSwitches } from './switches.ts';
import type { OrderView } from './view.ts';
import { money, timeText } from './wire-text.ts';

/** An order as getOrder and searchOrders show it. */
export function orderBody(order: AmazonOrder, view: OrderView): { readonly [key: string]: Json | undefined } {
  const { included, switches } = view;
  const { marketplace } = order;
  const channelName =
    order.channel === 'AMAZON' && switches.channelName === 'marketplace name'
      ? marketplace.name
      : order.channel;
  const proceeds = included.has('PROCEEDS') ? proceedsOf(order, switches) : null;
  return {
    orderId: order.id,
    createdTime: timeText(order.createdAt),
    lastUpdatedTime: timeText(order.updatedAt),
    programs: [...order.programs],
    ...(order.associated.length === 0
      ? {}
      : {
          associatedOrders: order.associated.map(({ orderId, type }) => ({ orderId, associationType: type })),
        }),
    salesChannel: { channelName, marketplaceId: marketplace.id, marketplaceName: marketplace.name },
    buyer: included.has('BUYER') ? buyerBody(order, view) : undefined,
    recipient: included.has('RECIPIENT') ? recipientOf(order, view) : undefined,
    proceeds: proceeds?.order,
    fulfillment: included.has('FULFILLMENT') ? fulfillmentBody(order, switches) : undefined,
    orderItems: order.items.map((item, index) => ({
      ...itemBody(order, item, view),
      ...(proceeds === null ? {} : { proceeds: proceeds.items[index] }),
    })),
    packages: included.has('PACKAGES') ? packagesOf(order) : undefined,
  };
}

function buyerBody(order: AmazonOrder, { role }: OrderView): Json {
  const { name, email, company, purchaseOrder } = order.buyer;
  const isOwnShipping = role === 'shipping' && order.fulfilledBy === 'MERCHANT' && isPayable(order);
  return {
    buyerName: role === 'tax invoicing' ? name : undefined,
    buyerEmail: isOwnShipping ? email : undefined,
    buyerCompanyName: company ?? undefined,
    buyerPurchaseOrderNumber: purchaseOrder ?? undefined,
  };
}

function fulfillmentBody(order: AmazonOrder, switches: AmazonSwitches): Json {
  const isUnconfirmed = switches.unknownStatus === 'sometimes' && order.status === 'UNSHIPPED';
  return {
    fulfillmentStatus: isUnconfirmed ? 'INVOICE_UNCONFIRMED' : order.status,
    fulfilledBy: order.fulfilledBy,
    fulfillmentServiceLevel: 'STANDARD',
    shipByWindow: {
      earliestDateTime: timeText(order.createdAt),
      latestDateTime: timeText(order.createdAt + 2 * DAY_MS),
    },
  };
}

const DAY_MS = 86_400_000;

function itemBody(
  order: AmazonOrder,
  item: AmazonItem,
  { included, switches }: OrderView,
): { readonly [key: string]: Json | undefined } {
  const { currency } = order.marketplace;
  const quantity = quantityOf(order, item, switches);
  const waiting = order.status === 'CANCELLED' ? 0 : item.ordered - item.cancelled - item.shipped;
  const points = item.points > 0 && included.has('EXPENSE');
  const hasPrice = order.status !== 'PENDING' || switches.pendingProceeds === 'present';
  return {
    orderItemId: item.id,
    quantityOrdered: quantity,
    product: {
      asin: item.asin,
      title: item.title,
      sellerSku: item.sku,
      condition: { conditionType: 'NEW', conditionSubtype: 'NEW', conditionNote: '' },
      ...(hasPrice ? { price: { unitPrice: money(item.terms.unit, currency) } } : {}),
    },
    expense: points
      ? {
          pointsCost: {
            pointsGranted: {
              pointsNumber: item.points,
              pointsMonetaryValue: money(BigInt(item.points), currency),
            },
          },
        }
      : undefined,
    promotion:
      included.has('PROMOTION') && item.promotionIds.length > 0
        ? { breakdowns: item.promotionIds.map((promotionId) => ({ promotionId })) }
        : undefined,
    cancellation: included.has('CANCELLATION') ? cancellationOf(item) : undefined,
    fulfillment: included.has('FULFILLMENT')
      ? { quantityFulfilled: item.shipped, quantityUnfulfilled: waiting }
      : undefined,
    tax: included.has('TAX') ? taxOf(item, switches) : undefined,
  };
}

function quantityOf(order: AmazonOrder, item: AmazonItem, switches: AmazonSwitches): number {
  if (switches.cancelledQuantity === 'kept') return item.ordered;
  return order.status === 'CANCELLED' ? 0 : item.ordered - item.cancelled;
}

function cancellationOf(item: AmazonItem): Json | undefined {
  const request = item.cancelRequest;
  if (request === null && item.cancelledBy === null) return undefined;
  return {
    cancellationRequest: request === null ? undefined : { requester: 'BUYER', cancelReason: request },
    cancellationExecution:
      item.cancelledBy === null
        ? undefined
        : { cancelledBy: item.cancelledBy, cancelReason: request ?? 'Out of stock' },
  };
}

function taxOf({ collection, scheme }: AmazonItem, { deemedReseller }: AmazonSwitches): Json | undefined {
  const isHidden = scheme !== null && deemedReseller === 'not told';
  if (collection === 'seller' || isHidden) return undefined;
  return {
    taxCalculationBreakdowns: scheme === null ? undefined : [{ reportingScheme: scheme }],
    taxCollections:
      scheme === null || deemedReseller === 'told twice'
        ? [{ model: 'MARKETPLACE_FACILITATOR', responsibleParty: 'Amazon Services, Inc.' }]
        : undefined,
  };
}

/** Only what the merchant ships himself has packages (5.2, dates). */
function packagesOf(order: AmazonOrder): Json | undefined {
  if (order.fulfilledBy === 'AMAZON' || order.shipments.length === 0) return undefined;
  return order.shipments.map(({ id, at, lines }) => ({
    packageReferenceId: id,
    createdTime: timeText(at),
    packageStatus: { status: 'SHIPPED' },
    carrier: 'Parcel Post',
    shipTime: timeText(at),
    shippingService: 'Ground',
    trackingNumber: `TRACK${id}`,
    shipFromAddress: addressOf(order.marketplace, 'Counterfoil warehouse'),
    packageItems: lines.map(({ itemId, quantity }) => ({ orderItemId: itemId, quantity })),
  }));
}

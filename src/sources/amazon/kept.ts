import type { Lossless } from '#core/json.ts';

/**
 * What is stored of Amazon's answers: the fields that `payload.ts` reads and nothing else. Amazon's policy gives contact data
 * thirty days (docs/vendors/amazon.md 1.3), so what is not needed is never stored at all.
 */
type Kept = true | { readonly [key: string]: Kept };

const AMOUNT = { amount: true, currencyCode: true } as const;
const PROCEEDS = {
  breakdowns: {
    type: true,
    subtotal: AMOUNT,
    detailedBreakdowns: { subtype: true, value: AMOUNT },
  },
} as const;
const ADDRESS_OF_NOBODY = { countryCode: true } as const;
const ADDRESS = {
  ...ADDRESS_OF_NOBODY,
  name: true,
  companyName: true,
  addressLine1: true,
  addressLine2: true,
  addressLine3: true,
  city: true,
  stateOrRegion: true,
  postalCode: true,
  phone: true,
} as const;

const ORDER = {
  orderId: true,
  createdTime: true,
  lastUpdatedTime: true,
  programs: true,
  associatedOrders: { associationType: true },
  salesChannel: { channelName: true, marketplaceId: true, marketplaceName: true },
  buyer: { buyerPurchaseOrderNumber: true },
  recipient: { deliveryAddress: ADDRESS_OF_NOBODY },
  proceeds: { grandTotal: AMOUNT, ...PROCEEDS },
  fulfillment: { fulfillmentStatus: true, fulfilledBy: true },
  orderItems: {
    orderItemId: true,
    quantityOrdered: true,
    fulfillment: { quantityFulfilled: true },
    product: { asin: true, title: true, sellerSku: true },
    proceeds: { proceedsTotal: AMOUNT, ...PROCEEDS },
    tax: { taxCollections: { model: true }, taxCalculationBreakdowns: { reportingScheme: true } },
  },
  packages: { shipTime: true },
} as const;

const ORDER_WITH_BUYER = {
  ...ORDER,
  buyer: { ...ORDER.buyer, buyerName: true, buyerEmail: true, buyerCompanyName: true },
  recipient: { deliveryAddress: ADDRESS },
} as const;

const TRANSACTION = {
  transactionId: true,
  transactionType: true,
  transactionStatus: true,
  postedDate: true,
  totalAmount: { currencyAmount: true, currencyCode: true },
  description: true,
  marketplaceDetails: { marketplaceId: true },
  relatedIdentifiers: true,
  breakdowns: true,
  items: {
    description: true,
    totalAmount: { currencyAmount: true, currencyCode: true },
    relatedIdentifiers: true,
    breakdowns: true,
    contexts: { asin: true, sku: true, quantityShipped: true },
  },
} as const;

export function keptOfOrder(order: Lossless, isBuyerKept: boolean): Lossless {
  return keptOf(order, isBuyerKept ? ORDER_WITH_BUYER : ORDER);
}

export function keptOfTransaction(transaction: Lossless): Lossless {
  return keptOf(transaction, TRANSACTION);
}

function keptOf(value: Lossless, kept: Kept): Lossless {
  if (kept === true || value === null) {
    return value;
  }
  if (typeof value !== 'object') {
    // Text where an object should be may be anybody's name; that it is none is all that is kept of it.
    return false;
  }
  if (isList(value)) {
    return value.map((item) => keptOf(item, kept));
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, field]) => {
      const inner = Object.hasOwn(kept, key) ? kept[key] : undefined;
      return inner === undefined ? [] : [[key, keptOf(field, inner)]];
    }),
  );
}

function isList(value: Lossless): value is readonly Lossless[] {
  return Array.isArray(value);
}

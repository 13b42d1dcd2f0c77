import type { Json } from './json.ts';
import { marketplaceOf } from './marketplaces.ts';

/** What the orders of the sandbox are put together from. */
export type Body = { readonly [key: string]: Json | undefined };

export const days = (from: string, to: string): Json => ({
  earliestDateTime: `2025-06-${from}T00:00:00Z`,
  latestDateTime: `2025-06-${to}T23:59:59Z`,
});

export const alias = (aliasId: string): Json => [{ aliasId, aliasType: 'SELLER_ORDER_ID' }];

export function channel(country: string): Json {
  const { id, name } = marketplaceOf(country);
  return { channelName: 'AMAZON', marketplaceId: id, marketplaceName: name };
}

export function buyer(country: string, buyerName: string): Body {
  return { buyerName, buyerEmail: `relay@marketplace.${marketplaceOf(country).name.toLowerCase()}` };
}

export const paid = (country: string, amount: string): Json => ({
  amount,
  currencyCode: marketplaceOf(country).currency,
});

export interface Sold {
  readonly orderItemId: string;
  readonly quantityOrdered?: number;
  readonly country: string;
  readonly title: string;
  readonly unit: string;
  readonly parts: readonly (readonly [type: string, amount: string])[];
  readonly total: string;
  readonly shipped?: boolean;
  /** Beside the name of a condition. */
  readonly note?: boolean;
}

export function item(
  sold: Sold,
  more: { product?: Body; fulfillment?: Body; beside?: Body; price?: Body } = {},
): Body {
  const { country, quantityOrdered = 1, shipped = false, note = true } = sold;
  const condition = { conditionType: 'NEW', conditionSubtype: 'NEW' };
  return {
    orderItemId: sold.orderItemId,
    quantityOrdered,
    product: {
      asin: `B0${sold.orderItemId.slice(-8)}`,
      title: sold.title,
      sellerSku: `SKU-${sold.orderItemId.slice(-4)}`,
      condition: note ? { ...condition, conditionNote: '' } : condition,
      price: { unitPrice: paid(country, sold.unit), ...more.price },
      ...more.product,
    },
    proceeds: {
      proceedsTotal: paid(country, sold.total),
      breakdowns: sold.parts.map(([type, amount]) => ({ type, subtotal: paid(country, amount) })),
    },
    fulfillment: {
      quantityFulfilled: shipped ? quantityOrdered : 0,
      quantityUnfulfilled: shipped ? 0 : quantityOrdered,
      ...more.fulfillment,
    },
    ...more.beside,
  };
}

export const shipping = (status: string, by: string, more: Body = {}): Json => ({
  fulfillmentStatus: status,
  fulfilledBy: by,
  fulfillmentServiceLevel: 'STANDARD',
  ...more,
});

export const BOTH_WINDOWS: Body = { shipByWindow: days('03', '04'), deliverByWindow: days('06', '09') };
export const EMPTY_LINES: Body = { addressLine3: '', districtOrCounty: '', municipality: '' };
export const PROMOTED: Body = { promotion: { breakdowns: [{ promotionId: 'JUNE-SALE' }] } };

export const times = { createdTime: '2025-06-02T08:00:00Z', lastUpdatedTime: '2025-06-02T09:30:00Z' };

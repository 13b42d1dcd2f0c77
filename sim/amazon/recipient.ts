import type { Json } from './json.ts';
import type { Marketplace } from './marketplaces.ts';
import type { AmazonOrder } from './order.ts';
import type { OrderView } from './view.ts';

/** City, state and country are no personal data; the rest needs a role and is told of own shipments alone (1.3). */
export function recipientOf(order: AmazonOrder, { role }: OrderView): Json | undefined {
  if (!isPayable(order)) return undefined;
  const { city, state, country, postalCode } = order.marketplace;
  const isTold = role === 'shipping' && order.fulfilledBy === 'MERCHANT';
  if (!isTold) return { deliveryAddress: { city, stateOrRegion: state, countryCode: country } };
  return {
    deliveryAddress: {
      name: order.buyer.name,
      ...(order.buyer.company === null ? {} : { companyName: order.buyer.company }),
      addressLine1: '12 Harbour Street',
      city,
      stateOrRegion: state,
      postalCode,
      countryCode: country,
      phone: '+1 208 555 0142',
      addressType: order.buyer.company === null ? 'RESIDENTIAL' : 'COMMERCIAL',
    },
  };
}

/** Paid for, so that its goods may go out: before that Amazon tells nobody where to. */
export function isPayable({ status }: AmazonOrder): boolean {
  return status === 'UNSHIPPED' || status === 'PARTIALLY_SHIPPED' || status === 'SHIPPED';
}

export function addressOf(marketplace: Marketplace, name: string): Json {
  return {
    name,
    addressLine1: '1 Dock Road',
    city: marketplace.city,
    stateOrRegion: marketplace.state,
    postalCode: marketplace.postalCode,
    countryCode: marketplace.country,
  };
}

import type { Address, Buyer } from '#core/order.ts';
import { countryName, emailOf } from '#sources/fields.ts';
import type { AddressPayload, OrderPayload } from './payload.ts';

/** Who bought, from whichever part of the body tells it; every part may be missing. */
export function buyerOf(order: OrderPayload): Buyer {
  const { customer } = order;
  const billing = order.billing_address ?? undefined;
  const shipping = order.shipping_address ?? undefined;
  const home = customer?.default_address ?? undefined;
  const named = [billing, customer ?? undefined, shipping].find((party) => nameOf(party) !== '');
  return {
    ...(customer?.id === undefined ? {} : { customerId: customer.id }),
    firstName: named?.first_name ?? '',
    lastName: named?.last_name ?? '',
    company: first([billing?.company, shipping?.company, home?.company]),
    email: first([order.email, order.contact_email, customer?.email].map(emailOf)),
    phone: first([order.phone, billing?.phone, customer?.phone, shipping?.phone, home?.phone]),
    address: addressOf([billing, shipping, home].find(hasContent)),
  };
}

function nameOf(party: { readonly first_name: string; readonly last_name: string } | undefined): string {
  return party === undefined ? '' : party.first_name + party.last_name;
}

function hasContent(address: AddressPayload | undefined): address is AddressPayload {
  return (
    address !== undefined &&
    [address.address1, address.city, address.zip, address.country].some((part) => part !== '')
  );
}

function addressOf(address: AddressPayload | undefined): Address {
  return {
    street: address?.address1 ?? '',
    street2: address?.address2 ?? '',
    city: address?.city ?? '',
    province: first([address?.province, address?.province_code]),
    postalCode: address?.zip ?? '',
    country: first([address?.country, countryName(address?.country_code ?? '')]),
  };
}

function first(texts: readonly (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== '') ?? '';
}

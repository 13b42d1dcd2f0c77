import type { Address, Buyer } from '#core/order.ts';
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

/** Text that cannot be an address is none: a client is looked up and made by it. RFC 5321 ends them at 254 characters. */
function emailOf(text: string | undefined): string {
  return text !== undefined && text.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(text) ? text : '';
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

const COUNTRY_NAMES = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

function countryName(code: string): string {
  return /^[A-Za-z]{2}$/.test(code) ? (COUNTRY_NAMES.of(code.toUpperCase()) ?? '') : '';
}

function first(texts: readonly (string | undefined)[]): string {
  return texts.find((text) => text !== undefined && text !== '') ?? '';
}

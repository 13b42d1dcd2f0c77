/** Names of things across the program. All are strings: vendors' ids pass 2^53. */

/** A configured shop, seller or account: "shopify", "amazon", "freshbooks" when the environment makes it. */
export type ConnectionId = string & { readonly __brand: 'ConnectionId' };

/**
 * One order of one connection, for ever: `<connection>/<vendor's id>`. A settlement is a subject like an order:
 * `<connection>/settlement:<vendor's id>`, which no order's id can be.
 */
export type OrderKey = string & { readonly __brand: 'OrderKey' };

/** What we write into the books to find our own work again: `<order key>/<kind>-<slot>`. */
export type Reference = string & { readonly __brand: 'Reference' };

const CONNECTION = /^[a-z0-9][a-z0-9-]{0,39}$/;
/** Shopify's ids are digits, Amazon's digits and hyphens; the bound keeps a hostile body from naming a novel. */
const VENDOR_ID = /^[A-Za-z0-9-]{1,64}$/;

export function connectionId(text: string): ConnectionId {
  if (!CONNECTION.test(text)) {
    throw new SyntaxError(`Connection name "${text}" must be lower-case letters, digits and hyphens`);
  }
  return text as ConnectionId; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

export function orderKey(connection: ConnectionId, vendorId: string): OrderKey {
  if (!VENDOR_ID.test(vendorId)) {
    throw new SyntaxError(`Order id "${vendorId.slice(0, 80)}" is not an id`);
  }
  return `${connection}/${vendorId}` as OrderKey; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

const SETTLEMENT = 'settlement:';
/** Amazon's are some forty letters of base64. */
const SETTLEMENT_ID = /^[\w=+.-]{1,100}$/;

/** Nothing where the id is none: it stands in keys and references. */
export function settlementKey(connection: ConnectionId, vendorId: string): OrderKey | undefined {
  return SETTLEMENT_ID.test(vendorId)
    ? (`${connection}/${SETTLEMENT}${vendorId}` as OrderKey) // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
    : undefined;
}

/** The vendor's id of a settlement; nothing for an order. */
export function settlementIn(key: OrderKey): string | undefined {
  const { vendorId } = splitOrderKey(key);
  return vendorId.startsWith(SETTLEMENT) ? vendorId.slice(SETTLEMENT.length) : undefined;
}

/** The two parts of an order's key. */
export function splitOrderKey(key: OrderKey): {
  readonly connection: ConnectionId;
  readonly vendorId: string;
} {
  const slash = key.indexOf('/');
  if (slash === -1) {
    throw new SyntaxError(`Order key "${key.slice(0, 80)}" has no connection`);
  }
  return { connection: connectionId(key.slice(0, slash)), vendorId: key.slice(slash + 1) };
}

/** Deterministic, so that a crash between writing and calling cannot make a second name for one thing. */
export function referenceOf(order: OrderKey, kind: string, slot: number): Reference {
  return `${order}/${kind}-${slot}` as Reference; // oxlint-disable-line typescript/no-unsafe-type-assertion -- the brand is made here
}

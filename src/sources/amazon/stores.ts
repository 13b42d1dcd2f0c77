import { marketplaceById } from '#core/marketplaces.ts';
import type { Marketplace } from '#core/marketplaces.ts';
import type { TransactionPayload } from './payload.ts';

/**
 * Amazon's ledger tells of all stores of a region, and no list of orders and no message of those that are not booked: so what is
 * read by it is asked once more of which store it is. That is stored with the answer, so that one that is read after a store was
 * added is another answer.
 */

/** The stores that are booked. */
export type Stores = readonly { readonly id: string }[];

export function isBooked({ id }: { readonly id: string }, stores: Stores): boolean {
  return stores.some((store) => store.id === id);
}

/** Nothing where it names none, or none that is known. */
export function storeOf({ marketplaceDetails }: TransactionPayload): Marketplace | undefined {
  return marketplaceById(marketplaceDetails?.marketplaceId ?? '');
}

/** By name, when all stores that are known of it are others than these; nothing where one of them is booked, or none is known. */
export function otherStores(ids: readonly string[], stores: Stores): readonly string[] {
  const known = ids.flatMap((id) => marketplaceById(id) ?? []);
  return known.some((store) => isBooked(store, stores)) ? [] : known.map(({ channelName }) => channelName);
}

/** Why what is of these other stores is not booked. */
export function waitingForStore(others: readonly string[]): { readonly waitsBecause?: string } {
  return others.length === 0
    ? {}
    : { waitsBecause: `it is of ${others.join(', ')}, which SP_API_MARKETPLACE_IDS does not name` };
}

import { scaleHalfUp } from '#sim/world/money.ts';
import { CHARGES, DISCOUNTED } from './order.ts';
import type { AmazonItem, AmazonOrder, Charge, Discounted, Parts, Taxed, Terms } from './order.ts';

const NOTHING: Taxed = { net: 0n, tax: 0n };
const MILLION = 1_000_000n;

/** The parts of nothing. */
export const NO_PARTS: Parts = partsBy(() => NOTHING);

/**
 * What the first `count` units of an item cost. Every figure is a share of the figure of all units as placed, so that what
 * ships, what is cancelled and what goes back add up to the whole at any time.
 */
export function partsAt(
  item: AmazonItem,
  prices: AmazonOrder['marketplace']['prices'],
  count: number,
): Parts {
  const { terms, ordered } = item;
  const share = (amount: bigint, ratePpm: bigint): Taxed => {
    const whole = taxed(amount, { terms, prices, ratePpm });
    const upTo = (part: bigint): bigint => scaleHalfUp(part, BigInt(count), BigInt(ordered));
    return { net: upTo(whole.net), tax: upTo(whole.tax) };
  };
  const amounts: Record<Charge, bigint> = {
    item: terms.unit * BigInt(ordered),
    shipping: terms.shipping,
    giftWrap: terms.giftWrap,
    cod: terms.cod,
    other: terms.other,
  };
  const off: Record<Discounted, bigint> = { item: terms.itemDiscount, shipping: terms.shippingDiscount };
  return partsBy((key) => {
    if ('discount' in key) return share(off[key.discount], terms.ratePpm);
    // Deposits and fees of the state bear no sales tax.
    return share(amounts[key.charge], key.charge === 'other' ? 0n : terms.ratePpm);
  });
}

/** The units that were not cancelled. */
export function partsOf(order: AmazonOrder, item: AmazonItem): Parts {
  return partsAt(item, order.marketplace.prices, item.ordered - item.cancelled);
}

function taxed(
  amount: bigint,
  { terms, prices, ratePpm }: { terms: Terms; prices: 'exclusive' | 'inclusive'; ratePpm: bigint },
): Taxed {
  if (terms.tax === 'untold') return { net: amount, tax: 0n };
  if (prices === 'exclusive') return { net: amount, tax: scaleHalfUp(amount, ratePpm, MILLION) };
  const tax = scaleHalfUp(amount, ratePpm, MILLION + ratePpm);
  return { net: amount - tax, tax };
}

type Key = { readonly charge: Charge } | { readonly discount: Discounted };

/** Parts, figure by figure. */
export function partsBy(compute: (key: Key) => Taxed): Parts {
  return {
    charges: {
      item: compute({ charge: 'item' }),
      shipping: compute({ charge: 'shipping' }),
      giftWrap: compute({ charge: 'giftWrap' }),
      cod: compute({ charge: 'cod' }),
      other: compute({ charge: 'other' }),
    },
    discounts: { item: compute({ discount: 'item' }), shipping: compute({ discount: 'shipping' }) },
  };
}

export function partOf(parts: Parts, key: Key): Taxed {
  return 'charge' in key ? parts.charges[key.charge] : parts.discounts[key.discount];
}

export function minusParts(left: Parts, right: Parts): Parts {
  return partsBy((key) => {
    const [from, off] = [partOf(left, key), partOf(right, key)];
    return { net: from.net - off.net, tax: from.tax - off.tax };
  });
}

/** Charges less discounts, each without and with their tax. */
export function worthOf(parts: Parts): Taxed {
  const charges = CHARGES.map((charge) => parts.charges[charge]);
  const discounts = DISCOUNTED.map((discount) => parts.discounts[discount]);
  const total = (list: readonly Taxed[], key: keyof Taxed): bigint =>
    list.reduce((sum, entry) => sum + entry[key], 0n);
  return {
    net: total(charges, 'net') - total(discounts, 'net'),
    tax: total(charges, 'tax') - total(discounts, 'tax'),
  };
}

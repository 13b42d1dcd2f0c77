import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { malformed } from '#sources/fields.ts';
import type { ItemPayload, OrderPayload, ProceedsPayload } from './payload.ts';
import { ownRateOf } from './tax-rates.ts';

/**
 * What an item was charged by place, and the ways in which Amazon's figures of taxes may be meant (docs/vendors/amazon.md 5.1,
 * caveats 1 to 4).
 */

/** How the taxes of an order are read. */
export interface Reading {
  /** Beside the prices, or a part of them. */
  readonly tax: 'added' | 'within';
  /** Whether the sum of taxes already is without the tax on discounts, or that is still to be taken off. */
  readonly discountTax: 'counted' | 'to take off';
}

export const READINGS: readonly [Reading, ...Reading[]] = [
  { tax: 'added', discountTax: 'counted' },
  { tax: 'added', discountTax: 'to take off' },
  { tax: 'within', discountTax: 'counted' },
  { tax: 'within', discountTax: 'to take off' },
];

/** What something was charged for. */
export type Place = 'ITEM' | 'SHIPPING' | 'GIFT_WRAP' | 'COD_FEE' | 'DELIVERY_TIP' | 'OTHER';

/** One item with what was charged for it, by place. */
export interface Share {
  readonly item: ItemPayload;
  readonly charges: ReadonlyMap<Place, Money>;
  /** Positive, whatever sign Amazon gives them. */
  readonly discounts: ReadonlyMap<Place, Money>;
  /** By place, as they are told. */
  readonly taxes: ReadonlyMap<Place, Money>;
  /** By how much the sum of taxes is more, or less, than what is told by place. */
  readonly taxRest: Money;
  /** On discounts; positive. */
  readonly discountTax: Money;
  readonly total?: Money;
  readonly isFacilitated: boolean;
}

const PLACES: Readonly<Record<string, Place>> = {
  ITEM: 'ITEM',
  SHIPPING: 'SHIPPING',
  GIFT_WRAP: 'GIFT_WRAP',
  COD_FEE: 'COD_FEE',
  DELIVERY_TIP: 'DELIVERY_TIP',
};

function placeOf(type: string): Place {
  // Own names only: "constructor" is no place.
  return Object.hasOwn(PLACES, type) ? (PLACES[type] ?? 'OTHER') : 'OTHER';
}

export function shareOf(order: OrderPayload, item: ItemPayload, currency: string): Share {
  const proceeds = item.proceeds ?? { breakdowns: [] };
  const path = `proceeds of item ${item.orderItemId}`;
  for (const amount of amountsIn(proceeds)) {
    if (amount.currency !== currency) {
      throw malformed(order.orderId, path, `is in ${amount.currency}, and the order is in ${currency}`);
    }
  }
  const [charges, discounts, taxes] = [
    new Map<Place, Money>(),
    new Map<Place, Money>(),
    new Map<Place, Money>(),
  ];
  let discountTax = money.zero(currency);
  let taxRest = money.zero(currency);
  for (const { type, subtotal, detailedBreakdowns: details } of proceeds.breakdowns) {
    switch (type) {
      case 'DISCOUNT':
        spread(discounts, money.absolute(subtotal), {
          details: details.map(({ subtype, value }) => ({
            place: placeOf(subtype),
            value: money.absolute(value),
          })),
        });
        break;
      case 'TAX': {
        const onDiscounts = details.filter(({ subtype }) => subtype === 'DISCOUNT');
        discountTax = money.sum(
          [discountTax, ...onDiscounts.map(({ value }) => money.absolute(value))],
          currency,
        );
        for (const { subtype, value } of details.filter(({ subtype }) => subtype !== 'DISCOUNT')) {
          put(taxes, placeOf(subtype), value);
        }
        taxRest = money.add(taxRest, subtotal);
        break;
      }
      default:
        put(charges, placeOf(type), subtotal);
    }
  }
  const total = proceeds.proceedsTotal ?? undefined;
  return {
    item,
    charges,
    discounts,
    taxes,
    taxRest: money.subtract(taxRest, money.sum([...taxes.values()], currency)),
    discountTax,
    ...(total === undefined ? {} : { total }),
    isFacilitated: isFacilitated(item),
  };
}

/** The one stop shops by which Amazon declares what it owes as the deemed reseller (docs/vendors/amazon.md 9). */
const SCHEMES: readonly string[] = ['IOSS', 'UOSS'];

/** Whether Amazon says of an item that it collects and remits the tax itself. */
export function isFacilitated({ tax }: ItemPayload): boolean {
  const { taxCollections = [], taxCalculationBreakdowns = [] } = tax ?? {};
  return (
    taxCollections.some(({ model }) => model === 'MARKETPLACE_FACILITATOR') ||
    taxCalculationBreakdowns.some(({ reportingScheme }) => SCHEMES.includes(reportingScheme))
  );
}

function amountsIn({ grandTotal, proceedsTotal, breakdowns }: Partial<ProceedsPayload>): Money[] {
  const parts = (breakdowns ?? []).flatMap(({ subtotal, detailedBreakdowns }) => [
    subtotal,
    ...detailedBreakdowns.map(({ value }) => value),
  ]);
  return [grandTotal, proceedsTotal, ...parts].filter((amount) => amount !== undefined && amount !== null);
}

/** The details by their places, and what they leave of the whole on the item: the whole is what was charged. */
function spread(
  into: Map<Place, Money>,
  whole: Money,
  { details }: { readonly details: readonly { readonly place: Place; readonly value: Money }[] },
): void {
  for (const { place, value } of details) {
    put(into, place, value);
  }
  const told = money.sum(
    details.map(({ value }) => value),
    whole.currency,
  );
  put(into, 'ITEM', money.subtract(whole, told));
}

function put(into: Map<Place, Money>, place: Place, amount: Money): void {
  const sum = money.add(into.get(place) ?? money.zero(amount.currency), amount);
  into.set(place, sum);
  if (money.isZero(sum)) {
    into.delete(place);
  }
}

/**
 * The taxes by place under a reading. Amazon tells the tax on discounts in one sum, or only takes it off the sum of all: it comes
 * off each place by the tax that its own discount saved, and what no discount explains off the item's first, then off what else
 * there is. What the sum holds beyond the places is the item's.
 */
function taxesBy({ discountTax: way }: Reading, share: Share): ReadonlyMap<Place, Money> {
  const { taxes, taxRest, discountTax } = share;
  const off = way === 'counted' ? money.negate(taxRest) : money.subtract(discountTax, taxRest);
  if (money.isZero(off)) {
    return taxes;
  }
  const left = new Map(taxes);
  let open = off;
  const takeOff = (place: Place, wanted: Money): void => {
    const held = money.atLeastZero(left.get(place) ?? money.zero(open.currency));
    const part = money.minimum(money.minimum(wanted, open), held);
    put(left, place, money.negate(part));
    open = money.subtract(open, part);
  };
  if (!money.isNegative(off)) {
    for (const [place, saved] of savedBy(share, off)) {
      takeOff(place, saved);
    }
    for (const place of ['ITEM', ...taxes.keys()] as const) {
      takeOff(place, open);
    }
  }
  put(left, 'ITEM', money.negate(open));
  return left;
}

function savedBy({ charges, discounts, taxes }: Share, amount: Money): readonly (readonly [Place, Money])[] {
  const places = [...discounts.keys()];
  const weights = places.map((place) => {
    const [charge, tax] = [charges.get(place)?.minor ?? 0n, taxes.get(place)?.minor ?? 0n];
    const discount = discounts.get(place)?.minor ?? 0n;
    return charge > 0n && tax > 0n && discount > 0n ? (discount * tax * money.PPM) / charge : 0n;
  });
  if (weights.every((weight) => weight === 0n)) {
    return [];
  }
  const parts = money.allocate(amount, weights);
  return places.map((place, index) => [place, parts[index] ?? money.zero(amount.currency)]);
}

export function worthBy(reading: Reading, share: Share): Money {
  const { currency } = share.discountTax;
  return money.subtract(
    money.sum(
      [...share.charges.values(), ...(reading.tax === 'added' ? taxesBy(reading, share).values() : [])],
      currency,
    ),
    money.sum([...share.discounts.values()], currency),
  );
}

/** What was charged in one place: before discounts, which are positive; with its tax where prices hold it. */
export interface Sold {
  readonly place: Place;
  readonly gross: Money;
  readonly discount: Money;
  readonly tax: Money;
}

/** What was charged for an item, place by place, with its tax under a reading. */
export function soldIn(reading: Reading, share: Share): readonly Sold[] {
  const none = money.zero(share.discountTax.currency);
  const taxes = taxesBy(reading, share);
  const places = new Set([...share.charges.keys(), ...share.discounts.keys(), ...taxes.keys()]);
  return [...places].map((place) => ({
    place,
    gross: share.charges.get(place) ?? none,
    discount: share.discounts.get(place) ?? none,
    tax: taxes.get(place) ?? none,
  }));
}

export function netOf({ tax: way }: Reading, { gross, discount, tax }: Sold): Money {
  const paid = money.subtract(gross, discount);
  return way === 'within' ? money.subtract(paid, tax) : paid;
}

export function isByOwnRate(reading: Reading, sold: Sold, country: string): boolean {
  return money.isZero(sold.tax) || ownRateOf(netOf(reading, sold), sold.tax, country) !== undefined;
}

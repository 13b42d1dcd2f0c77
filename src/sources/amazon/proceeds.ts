import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import type { Discount, OrderLine, Tax } from '#core/order.ts';
import { malformed } from '#sources/fields.ts';
import type { ItemPayload, OrderPayload, ProceedsPayload } from './payload.ts';
import { rateOf, taxNameIn } from './tax-rates.ts';

/**
 * From the proceeds of an order's items to its lines (docs/vendors/amazon.md 5.1, 5.2). Amounts are taken as Amazon charged
 * them. What its documentation leaves open is decided by its own totals: the first reading that gives every total that the order
 * shows is taken, and an order that no reading explains is held with its figures.
 */
export interface Priced {
  readonly currency: string;
  /** The order's own total, the control of all. */
  readonly grandTotal: Money;
  readonly lines: readonly OrderLine[];
  readonly pricesIncludeTax: boolean;
  /** The line on which an item's charges of a place stand. */
  readonly keyOf: (orderItemId: string, place: Place) => string | undefined;
  /** What was charged there for one item. */
  readonly soldOf: (orderItemId: string, place: Place) => Sold;
  /** Whether any tax stands in it. */
  readonly showsTax: boolean;
  /** Whether Amazon says of any item that it collects and remits the tax itself. */
  readonly isFacilitated: boolean;
}

/** How the taxes of an order are read. */
interface Reading {
  /** Beside the prices, or a part of them. */
  readonly tax: 'added' | 'within';
  /** Whether the sum of taxes already is without the tax on discounts, or that is still to be taken off. */
  readonly discountTax: 'counted' | 'to take off';
}

const READINGS: readonly [Reading, ...Reading[]] = [
  { tax: 'added', discountTax: 'counted' },
  { tax: 'added', discountTax: 'to take off' },
  { tax: 'within', discountTax: 'counted' },
  { tax: 'within', discountTax: 'to take off' },
];

/** Nothing where Amazon shows no amounts, as of an order that is pending. */
export function pricedOf(order: OrderPayload, country: string): Priced | undefined {
  const grandTotal = order.proceeds?.grandTotal ?? undefined;
  const items = order.orderItems.filter((item) => item.proceeds !== undefined && item.proceeds !== null);
  if (grandTotal === undefined || (items.length === 0 && !money.isZero(grandTotal))) {
    return undefined;
  }
  const { currency } = grandTotal;
  assertDistinct(order);
  const shares = items.map((item) => shareOf(order, item, currency));
  const tip = tipOf(order, shares, currency);
  const read = (reading: Reading) => linesBy(reading, { shares, tip, country, currency });
  const fitting = READINGS.filter((reading) =>
    shares.every((share) => share.total === undefined || money.equal(worthBy(reading, share), share.total)),
  );
  const isWhole = (reading: Reading): boolean =>
    money.equal(totalByLines({ ...read(reading), ...basisOf(reading, currency) }), grandTotal);
  // Where even the items' own readings miss the total, the nearest to the figures is shown to a person.
  const reading = fitting.find(isWhole) ?? fitting[0] ?? READINGS.find(isWhole) ?? READINGS[0];
  const { lines, keys } = read(reading);
  return {
    grandTotal,
    lines,
    keyOf: (orderItemId, place) => keys.get(placeKey(orderItemId, place)),
    soldOf: (orderItemId, place) => {
      const share = shares.find(({ item }) => item.orderItemId === orderItemId);
      return soldBy(
        share === undefined ? undefined : { share, taxes: taxesBy(reading, share) },
        place,
        currency,
      );
    },
    ...basisOf(reading, currency),
    showsTax: shares.some(({ taxes }) => taxes.size > 0),
    isFacilitated: shares.some((share) => share.isFacilitated),
  };
}

function assertDistinct({ orderId, orderItems }: OrderPayload): void {
  const ids = orderItems.map((item) => item.orderItemId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw malformed(orderId, 'orderItems', `item "${twice}" stands twice`);
  }
}

function basisOf({ tax }: Reading, currency: string): Pick<Priced, 'currency' | 'pricesIncludeTax'> {
  return { currency, pricesIncludeTax: tax === 'within' };
}

/** What was charged in one place: before discounts, which are positive, and with or without its tax as prices have it. */
export interface Sold {
  readonly place: Place;
  readonly gross: Money;
  readonly discount: Money;
  readonly tax: Money;
}

/** What something was charged for. */
export type Place = 'ITEM' | 'SHIPPING' | 'GIFT_WRAP' | 'COD_FEE' | 'DELIVERY_TIP' | 'OTHER';

/** One item with what was charged for it, by place. */
interface Share {
  readonly item: ItemPayload;
  readonly charges: ReadonlyMap<Place, Money>;
  /** Positive, whatever sign Amazon gives them. */
  readonly discounts: ReadonlyMap<Place, Money>;
  /** By place; what is not told by place is the item's. */
  readonly taxes: ReadonlyMap<Place, Money>;
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
  return PLACES[type] ?? 'OTHER';
}

function shareOf(order: OrderPayload, item: ItemPayload, currency: string): Share {
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
        spread(taxes, subtotal, {
          details: details
            .filter(({ subtype }) => subtype !== 'DISCOUNT')
            .map(({ subtype, value }) => ({ place: placeOf(subtype), value })),
        });
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
    discountTax,
    ...(total === undefined ? {} : { total }),
    isFacilitated: item.tax?.taxCollections.some(({ model }) => model === 'MARKETPLACE_FACILITATOR') ?? false,
  };
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

/** The taxes by place under a reading: the tax on discounts comes off the item's first, then off what else there is. */
function taxesBy({ discountTax: way }: Reading, { taxes, discountTax }: Share): ReadonlyMap<Place, Money> {
  if (way === 'counted') {
    return taxes;
  }
  const left = new Map(taxes);
  let open = discountTax;
  for (const place of ['ITEM', ...taxes.keys()] as const) {
    const part = money.minimum(open, money.atLeastZero(left.get(place) ?? money.zero(open.currency)));
    put(left, place, money.negate(part));
    open = money.subtract(open, part);
  }
  put(left, 'ITEM', money.negate(open));
  return left;
}

function worthBy(reading: Reading, share: Share): Money {
  const { currency } = share.discountTax;
  return money.subtract(
    money.sum(
      [...share.charges.values(), ...(reading.tax === 'added' ? taxesBy(reading, share).values() : [])],
      currency,
    ),
    money.sum([...share.discounts.values()], currency),
  );
}

interface Charged {
  readonly shares: readonly Share[];
  readonly tip: Money;
  readonly country: string;
  readonly currency: string;
}

/** A line for each item, and one for all shipping (gift wrap, …) that is taxed alike. */
function linesBy(
  reading: Reading,
  { shares, tip, country, currency }: Charged,
): { readonly lines: readonly OrderLine[]; readonly keys: ReadonlyMap<string, string> } {
  const keys = new Map<string, string>();
  const items: OrderLine[] = [];
  const beside = new Map<string, OrderLine>();
  for (const share of shares) {
    const taxes = taxesBy(reading, share);
    for (const place of new Set([...share.charges.keys(), ...share.discounts.keys(), ...taxes.keys()])) {
      const sold = soldBy({ share, taxes }, place, currency);
      const own = taxesOn(sold, { isWithin: reading.tax === 'within', country, share });
      if (place === 'ITEM') {
        const line = itemLine(share.item, sold, own);
        keys.set(placeKey(share.item.orderItemId, place), line.key);
        items.push(line);
      } else {
        const line = besideLine(sold, own);
        keys.set(placeKey(share.item.orderItemId, place), line.key);
        const known = beside.get(line.key);
        beside.set(line.key, known === undefined ? line : joined(known, line));
      }
    }
  }
  if (!money.isZero(tip)) {
    const none = money.zero(currency);
    const line = besideLine({ place: 'DELIVERY_TIP', gross: tip, discount: none, tax: none }, []);
    const known = beside.get(line.key);
    beside.set(line.key, known === undefined ? line : joined(known, line));
  }
  const lines = [...items, ...beside.values()];
  return { lines, keys };
}

function placeKey(orderItemId: string, place: Place): string {
  return `${orderItemId} ${place}`;
}

function soldBy(
  of: { readonly share: Share; readonly taxes: ReadonlyMap<Place, Money> } | undefined,
  place: Place,
  currency: string,
): Sold {
  const none = money.zero(currency);
  return {
    place,
    gross: of?.share.charges.get(place) ?? none,
    discount: of?.share.discounts.get(place) ?? none,
    tax: of?.taxes.get(place) ?? none,
  };
}

function taxesOn(
  { gross, discount, tax }: Sold,
  {
    isWithin,
    country,
    share,
  }: { readonly isWithin: boolean; readonly country: string; readonly share: Share },
): Tax[] {
  if (money.isZero(tax)) {
    return [];
  }
  const paid = money.subtract(gross, discount);
  const net = isWithin ? money.subtract(paid, tax) : paid;
  const name = taxNameIn(country);
  return share.isFacilitated
    ? [{ name, ratePpm: 0, amount: tax, remittedBy: 'channel' }]
    : [{ name, ratePpm: rateOf(net, tax, country), amount: tax, remittedBy: 'merchant' }];
}

const PROMOTION = 'Amazon promotion';

function discountsOf({ discount }: Sold): Discount[] {
  return money.isZero(discount) ? [] : [{ label: PROMOTION, amount: discount }];
}

/** The unit price where the amount divides; else one piece that says how many it holds. */
function itemLine(item: ItemPayload, sold: Sold, taxes: readonly Tax[]): OrderLine {
  const { asin, sellerSku, title } = item.product;
  const quantity = Math.max(1, item.quantityOrdered);
  const unitPrice = money.divideExactly(sold.gross, quantity);
  const variant = [unitPrice === undefined ? `${quantity} pieces` : '', asin === '' ? '' : `ASIN ${asin}`]
    .filter(Boolean)
    .join(', ');
  return {
    key: `item:${item.orderItemId}`,
    kind: 'item',
    title: title || sellerSku || asin || `Item ${item.orderItemId}`,
    ...(variant === '' ? {} : { variant }),
    ...(sellerSku === '' ? {} : { sku: sellerSku }),
    quantity: unitPrice === undefined ? 1 : quantity,
    unitPrice: unitPrice ?? sold.gross,
    discounts: discountsOf(sold),
    taxes,
  };
}

const TITLES: Readonly<Record<Exclude<Place, 'ITEM'>, Pick<OrderLine, 'kind' | 'title'>>> = {
  SHIPPING: { kind: 'shipping', title: 'Shipping' },
  GIFT_WRAP: { kind: 'fee', title: 'Gift wrap' },
  COD_FEE: { kind: 'fee', title: 'Cash on delivery' },
  DELIVERY_TIP: { kind: 'tip', title: 'Delivery tip' },
  OTHER: { kind: 'fee', title: 'Other charges' },
};

/** The key tells how it is taxed, so that what is taxed otherwise is another line in every reading of the order. */
function besideLine(sold: Sold, taxes: readonly Tax[]): OrderLine {
  const place = sold.place === 'ITEM' ? 'OTHER' : sold.place;
  const [tax] = taxes;
  const treatment = tax === undefined ? '' : tax.remittedBy === 'channel' ? '@channel' : `@${tax.ratePpm}`;
  return {
    key: `${place.toLowerCase().replaceAll('_', '-')}${treatment}`,
    ...TITLES[place],
    quantity: 1,
    unitPrice: sold.gross,
    discounts: discountsOf(sold),
    taxes,
  };
}

function joined(a: OrderLine, b: OrderLine): OrderLine {
  const { currency } = a.unitPrice;
  const discount = money.sum(
    [...a.discounts, ...b.discounts].map(({ amount }) => amount),
    currency,
  );
  return {
    ...a,
    unitPrice: money.add(a.unitPrice, b.unitPrice),
    discounts: money.isZero(discount) ? [] : [{ label: PROMOTION, amount: discount }],
    taxes: a.taxes.map((tax, index) => ({
      ...tax,
      amount: money.add(tax.amount, b.taxes[index]?.amount ?? money.zero(currency)),
    })),
  };
}

/** A tip is the order's and stands at no item (docs/vendors/amazon.md 5.1, caveat 6); where it does, it is not taken twice. */
function tipOf({ orderId, proceeds }: OrderPayload, shares: readonly Share[], currency: string): Money {
  const told = (proceeds?.breakdowns ?? []).filter(({ type }) => type === 'DELIVERY_TIP');
  const foreign = told.find(({ subtotal }) => subtotal.currency !== currency);
  if (foreign !== undefined) {
    throw malformed(
      orderId,
      'proceeds',
      `holds ${money.show(foreign.subtotal)}, and the order is in ${currency}`,
    );
  }
  const whole = money.sum(
    told.map(({ subtotal }) => subtotal),
    currency,
  );
  const atItems = shares.flatMap(({ charges }) => charges.get('DELIVERY_TIP') ?? []);
  return money.atLeastZero(money.subtract(whole, money.sum(atItems, currency)));
}

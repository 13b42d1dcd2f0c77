import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import type { Discount, OrderLine, Tax } from '#core/order.ts';
import { malformed } from '#sources/fields.ts';
import { READINGS, isByOwnRate, netOf, shareOf, soldIn, worthBy } from './charges.ts';
import type { Place, Reading, Share, Sold } from './charges.ts';
import type { ItemPayload, OrderPayload } from './payload.ts';
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
  /** What an item was charged in a place, and the line on which it stands. */
  readonly chargedFor: (orderItemId: string, place: Place) => Standing | undefined;
  /** Whether any tax stands in it. */
  readonly showsTax: boolean;
  /** Whether Amazon says of any item that it collects and remits the tax itself. */
  readonly isFacilitated: boolean;
}

export interface Standing extends Sold {
  /** Of the line; of shipping and the like it is that of other items too. */
  readonly key: string;
  /** After discounts, without tax. */
  readonly net: Money;
}

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
  const isByOwnRates = (reading: Reading): boolean =>
    shares.every((share) => soldIn(reading, share).every((sold) => isByOwnRate(reading, sold, country)));
  const whole = fitting.filter(isWhole);
  // Only where prices hold the tax do two readings fit: no total says whether the tax on discounts is counted in it. Where none
  // does, the nearest to the figures is shown to a person.
  const reading = whole.find(isByOwnRates) ?? whole[0] ?? fitting[0] ?? READINGS[0];
  const { lines, standing } = read(reading);
  return {
    grandTotal,
    lines,
    chargedFor: (orderItemId, place) => standing.get(placeKey(orderItemId, place)),
    ...basisOf(reading, currency),
    showsTax: shares.some(({ taxes, taxRest }) => taxes.size > 0 || !money.isZero(taxRest)),
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
): { readonly lines: readonly OrderLine[]; readonly standing: ReadonlyMap<string, Standing> } {
  const standing = new Map<string, Standing>();
  const items: OrderLine[] = [];
  const beside = new Map<string, OrderLine>();
  for (const share of shares) {
    for (const sold of soldIn(reading, share)) {
      const own = taxesOn(sold, { reading, country, share });
      const line = sold.place === 'ITEM' ? itemLine(share.item, sold, own) : besideLine(sold, own);
      standing.set(placeKey(share.item.orderItemId, sold.place), {
        ...sold,
        key: line.key,
        net: netOf(reading, sold),
      });
      if (sold.place === 'ITEM') {
        items.push(line);
      } else {
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
  return { lines, standing };
}

function placeKey(orderItemId: string, place: Place): string {
  return `${orderItemId} ${place}`;
}

function taxesOn(
  sold: Sold,
  { reading, country, share }: { readonly reading: Reading; readonly country: string; readonly share: Share },
): Tax[] {
  const { tax } = sold;
  if (money.isZero(tax)) {
    return [];
  }
  const name = taxNameIn(country);
  return share.isFacilitated
    ? [{ name, ratePpm: 0, amount: tax, remittedBy: 'channel' }]
    : [{ name, ratePpm: rateOf(netOf(reading, sold), tax, country), amount: tax, remittedBy: 'merchant' }];
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

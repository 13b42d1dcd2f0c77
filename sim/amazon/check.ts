import type { ExpectedBooks, ExpectedTax, Figures } from '#sim/check.ts';
import { zonedText } from '#sim/shopify/clock-text.ts';
import type { AmazonItem, AmazonOrder, Charge, Parts } from './order.ts';
import { partsOf, worthOf } from './pricing.ts';

/** Why an order of Amazon's stands in no invoice, by the default rules. */
export type AmazonSkip =
  /** Not everything that is to ship has shipped: it waits. */
  | 'not shipped'
  | 'cancelled'
  | 'unfulfillable'
  | 'replacement'
  /** Nothing is left to charge for, as with Vine. */
  | 'zero total'
  /** Sold elsewhere, only shipped by Amazon. */
  | 'not of Amazon'
  /** Amazon bought it and sells it on: the buyer's seller is Amazon. */
  | 'invoiced by Amazon';

/**
 * The oracle for Amazon, in the form of the shop's: what the books must hold about an order, from the world alone, line by
 * line. Goods, shipping and fees are here without the taxes that Amazon tells of; a tax has no name and no rate there.
 */
export interface ExpectedAmazonBooks extends ExpectedBooks<string, AmazonSkip> {
  readonly marketplaceId: string;
  readonly lines: readonly ExpectedAmazonLine[];
  /** In the marketplace's zone, `YYYY-MM-DD`: of the last shipment; null while nothing was shipped. */
  readonly invoicedOn: string | null;
  /** Of the last Shipment transaction, which is posted at the shipment's own time here. */
  readonly paidOn: string | null;
  /** The prices hold a tax of which Amazon says nothing: a person chooses once, before any such order is booked. */
  readonly isTaxUntold: boolean;
  /** By the day it went back, the merchant's own part of it; a late cancellation is one too. */
  readonly refunds: readonly { readonly on: string; readonly amount: bigint; readonly ownTax: bigint }[];
}

export interface ExpectedAmazonLine {
  /** `item:<order item id>`, `shipping:…`, `gift wrap:…`, `cash on delivery:…`, `other:…`, `tip`. */
  readonly key: string;
  readonly title: string;
  readonly quantity: number;
  /** After discounts, without the taxes that Amazon tells of. */
  readonly amount: bigint;
  readonly ownTax: bigint;
  readonly channelTax: bigint;
}

/** `finances: 'unread'` expects what can be known without them: no refund, but for an order that is cancelled. */
export function expectedAmazonBooks(
  order: AmazonOrder,
  { finances = 'read' }: { readonly finances?: 'read' | 'unread' } = {},
): ExpectedAmazonBooks {
  const lines = linesOf(order);
  const sold = figuresOf(lines);
  const isOver = order.status === 'CANCELLED';
  const known = finances === 'read' ? order.refunds : [];
  const refunds = known.map(({ at, lines: moved }) => {
    const parts = moved.map((line) => ({ item: itemOf(order, line.itemId), parts: line.parts }));
    return { on: dayOf(order, at), amount: sum(parts.map(ownWorth)), ownTax: sum(parts.map(ownTaxOf)) };
  });
  const current = known.reduce((left, refund) => lessRefund(left, order, refund.lines), sold);
  const wasShipped = order.status === 'SHIPPED' || (isOver && order.shipments.length > 0);
  const received = wasShipped ? sold.invoiceTotal : 0n;
  const refunded = isOver ? received : sum(refunds.map(({ amount }) => amount));
  const last = order.shipments.at(-1);
  const shippedOn = last === undefined ? null : dayOf(order, last.at);
  return {
    orderId: order.id,
    name: order.id,
    currency: order.marketplace.currency,
    skipped: skipOf(order, sold),
    sold,
    current,
    received,
    refunded,
    paid: received - refunded,
    owed: 0n,
    rounding: 0n,
    roundedBack: 0n,
    now: {
      worth: isOver ? 0n : sold.invoiceTotal - refunded,
      evened: 0n,
      kept: received - refunded,
      lessened: 0n,
      taxUnpaid: 0n,
      isGone: isOver,
      taxes: current.taxes.filter((tax) => !tax.isChannelLiable),
      storeCredit: 0n,
    },
    marketplaceId: order.marketplace.id,
    lines,
    invoicedOn: shippedOn,
    paidOn: shippedOn,
    isTaxUntold: sold.total !== 0n && order.items.some(({ terms }) => terms.tax === 'untold'),
    refunds,
  };
}

function skipOf(order: AmazonOrder, sold: Figures): AmazonSkip | null {
  if (order.channel === 'NON_AMAZON') return 'not of Amazon';
  if (order.programs.includes('INVOICE_BY_AMAZON')) return 'invoiced by Amazon';
  if (order.associated.some(({ type }) => type === 'REPLACEMENT_ORIGINAL_ID')) return 'replacement';
  if (order.status === 'CANCELLED') return 'cancelled';
  if (order.status === 'UNFULFILLABLE') return 'unfulfillable';
  if (order.status !== 'SHIPPED') return 'not shipped';
  return sold.total === 0n ? 'zero total' : null;
}

const KEYS: Readonly<Record<Charge, string>> = {
  item: 'item',
  shipping: 'shipping',
  giftWrap: 'gift wrap',
  cod: 'cash on delivery',
  other: 'other',
};

function linesOf(order: AmazonOrder): readonly ExpectedAmazonLine[] {
  const lines = order.items.flatMap((item) => {
    const { charges, discounts } = partsOf(order, item);
    const quantity = item.ordered - item.cancelled;
    const isAmazons = item.collection === 'facilitator';
    const line = (charge: Charge): ExpectedAmazonLine => {
      const off = charge === 'item' || charge === 'shipping' ? discounts[charge] : NOTHING;
      const tax = charges[charge].tax - off.tax;
      return {
        key: `${KEYS[charge]}:${item.id}`,
        title: item.title,
        quantity: charge === 'item' ? quantity : 1,
        amount: charges[charge].net - off.net,
        ownTax: isAmazons ? 0n : tax,
        channelTax: isAmazons ? tax : 0n,
      };
    };
    return [line('item'), line('shipping'), line('giftWrap'), line('cod'), line('other')];
  });
  const tip = order.tip?.amount ?? 0n;
  const all = [...lines, { key: 'tip', title: 'Tip', quantity: 1, amount: tip, ownTax: 0n, channelTax: 0n }];
  // A discount may take all of a charge but a cent of its tax.
  return all.filter(({ key, quantity, amount, ownTax, channelTax }) =>
    key.startsWith('item:') ? quantity > 0 : amount !== 0n || ownTax !== 0n || channelTax !== 0n,
  );
}

const NOTHING = { net: 0n, tax: 0n };

function figuresOf(lines: readonly ExpectedAmazonLine[]): Figures {
  const of = (...kinds: readonly string[]): bigint =>
    sum(lines.filter(({ key }) => kinds.includes(key.split(':')[0] ?? '')).map(({ amount }) => amount));
  return figures({
    goods: of('item'),
    shipping: of('shipping'),
    tip: of('tip'),
    fees: of('gift wrap', 'cash on delivery', 'other'),
    ownTax: sum(lines.map(({ ownTax }) => ownTax)),
    channelTax: sum(lines.map(({ channelTax }) => channelTax)),
  });
}

interface Amounts extends Pick<Figures, 'goods' | 'shipping' | 'tip' | 'fees' | 'channelTax'> {
  readonly ownTax: bigint;
}

function figures({ ownTax, ...rest }: Amounts): Figures {
  const invoiceTotal = rest.goods + rest.shipping + rest.tip + rest.fees + ownTax;
  const tax = (isChannelLiable: boolean, amount: bigint): ExpectedTax[] =>
    amount === 0n ? [] : [{ name: '', rate: '', isChannelLiable, amount }];
  return {
    ...rest,
    total: invoiceTotal + rest.channelTax,
    invoiceTotal,
    duties: 0n,
    taxes: [...tax(false, ownTax), ...tax(true, rest.channelTax)],
  };
}

function lessRefund(
  left: Figures,
  order: AmazonOrder,
  moved: AmazonOrder['refunds'][number]['lines'],
): Figures {
  const lines = moved.map((line) => ({ item: itemOf(order, line.itemId), parts: line.parts }));
  const net = (take: (parts: Parts) => bigint): bigint => sum(lines.map(({ parts }) => take(parts)));
  const ownTax = sum(left.taxes.filter((tax) => !tax.isChannelLiable).map(({ amount }) => amount));
  const wholeTax = sum(lines.map(({ parts }) => worthOf(parts).tax));
  const goneOwn = sum(lines.map(ownTaxOf));
  return figures({
    goods: left.goods - net(({ charges, discounts }) => charges.item.net - discounts.item.net),
    shipping: left.shipping - net(({ charges, discounts }) => charges.shipping.net - discounts.shipping.net),
    tip: left.tip,
    fees: left.fees - net(({ charges }) => charges.giftWrap.net + charges.cod.net + charges.other.net),
    ownTax: ownTax - goneOwn,
    channelTax: left.channelTax - (wholeTax - goneOwn),
  });
}

interface Part {
  readonly item: AmazonItem;
  readonly parts: Parts;
}

function ownTaxOf({ item, parts }: Part): bigint {
  return item.collection === 'facilitator' ? 0n : worthOf(parts).tax;
}

function ownWorth(part: Part): bigint {
  return worthOf(part.parts).net + ownTaxOf(part);
}

function itemOf(order: AmazonOrder, id: string): AmazonItem {
  const found = order.items.find((item) => item.id === id);
  if (found === undefined) throw new Error(`Order ${order.id} has no item ${id}`);
  return found;
}

function dayOf({ marketplace }: AmazonOrder, at: number): string {
  return zonedText(at, marketplace.timeZone).slice(0, 10);
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

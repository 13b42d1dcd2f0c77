import { scaleHalfUp } from '#sim/world/money.ts';
import type {
  AmazonItem,
  AmazonOrder,
  AmazonRefund,
  Canceller,
  FulfillmentStatus,
  Moved,
  OrderEvent,
  Parts,
} from './order.ts';
import { digits } from './place.ts';
import type { AmazonMoment } from './place.ts';
import { minusParts, NO_PARTS, partOf, partsAt, partsBy, worthOf } from './pricing.ts';

/** Units of items by their index in the order. */
export type Units = readonly { readonly item: number; readonly quantity: number }[];

/** What can happen to an order once it was placed. */
export type AmazonLifeEvent =
  /** A preorder's goods arrive: it is pending like any other. */
  | { readonly kind: 'available' }
  /** The payment was verified: the order can ship. */
  | { readonly kind: 'confirm' }
  /** Everything left, or some units. */
  | { readonly kind: 'ship'; readonly units?: Units }
  | { readonly kind: 'request cancel'; readonly reason: string }
  /** Everything that was not shipped, or some units of it; of a shipped order all of it, and the money goes back. */
  | { readonly kind: 'cancel'; readonly by: Canceller; readonly units?: Units }
  /** The goods of an item cost so many percent of before, while nothing was shipped. */
  | { readonly kind: 'reprice'; readonly item: number; readonly percent: number }
  /** Another address, another tax, while nothing was shipped. */
  | { readonly kind: 'retax'; readonly ratePpm: bigint }
  | { readonly kind: 'tip'; readonly amount: bigint; readonly status: 'PENDING' | 'FINALIZED' }
  | { readonly kind: 'unfulfillable' }
  /** Tracking or a seller's note: its time moves and nothing else. */
  | { readonly kind: 'touch' }
  | { readonly kind: 'refund'; readonly request: RefundRequest };

export type RefundRequest =
  | { readonly of: 'everything' }
  /** With the shipping and the discounts that belong to these units. */
  | { readonly of: 'units'; readonly units: Units }
  | { readonly of: 'shipping' }
  /** A share of what is left of an item's price, with the tax on it. */
  | { readonly of: 'amount'; readonly item: number; readonly percent: number };

export interface AmazonOutcome {
  readonly order: AmazonOrder;
  readonly told: OrderEvent['kind'];
}

/** Lets one thing happen. Throws where Amazon would not offer it. */
export function happenAt(order: AmazonOrder, event: AmazonLifeEvent, moment: AmazonMoment): AmazonOutcome {
  switch (event.kind) {
    case 'available':
      return moved(order, { from: ['PENDING_AVAILABILITY'], to: 'PENDING' });
    case 'confirm':
      return moved(order, { from: ['PENDING'], to: 'UNSHIPPED' });
    case 'unfulfillable':
      return moved(order, { from: ['UNSHIPPED', 'PENDING'], to: 'UNFULFILLABLE' });
    case 'ship':
      return ship(order, event.units, moment);
    case 'request cancel':
      return requestCancel(order, event.reason, moment);
    case 'cancel':
      return order.status === 'SHIPPED' ? cancelLate(order, event.by, moment) : cancel(order, event, moment);
    case 'reprice':
      return changeTerms(order, (item, index) =>
        index === event.item
          ? { ...item.terms, unit: scaleHalfUp(item.terms.unit, BigInt(event.percent), 100n) }
          : item.terms,
      );
    case 'retax':
      return changeTerms(order, (item) => ({ ...item.terms, ratePpm: event.ratePpm }));
    case 'tip':
      return { order: { ...order, tip: { amount: event.amount, status: event.status } }, told: 'tip' };
    case 'touch':
      return { order, told: 'silent' };
    case 'refund':
      return refund(order, event.request, moment);
  }
}

function moved(
  order: AmazonOrder,
  { from, to }: { from: readonly FulfillmentStatus[]; to: FulfillmentStatus },
): AmazonOutcome {
  if (!from.includes(order.status)) throw new Error(`Order ${order.id} is ${order.status}, not ${from[0]}`);
  return { order: { ...order, status: to }, told: 'status' };
}

/** Units that wait to be shipped. */
export function waitingUnits(order: AmazonOrder): Units {
  return order.items
    .map(({ ordered, cancelled, shipped }, item) => ({ item, quantity: ordered - cancelled - shipped }))
    .filter(({ quantity }) => quantity > 0);
}

function countIn(units: Units, index: number): number {
  return units.reduce((sum, entry) => sum + (entry.item === index ? entry.quantity : 0), 0);
}

function assertWaiting(order: AmazonOrder, units: Units): void {
  const waiting = waitingUnits(order);
  const isTooMuch = units.some(({ item }) => countIn(units, item) > countIn(waiting, item));
  if (isTooMuch || units.length === 0) throw new Error(`Order ${order.id} has not that many units waiting`);
}

function ship(order: AmazonOrder, wanted: Units | undefined, { now, random }: AmazonMoment): AmazonOutcome {
  if (order.status !== 'UNSHIPPED' && order.status !== 'PARTIALLY_SHIPPED') {
    throw new Error(`Order ${order.id} is ${order.status} and cannot ship`);
  }
  const units = wanted ?? waitingUnits(order);
  assertWaiting(order, units);
  const { prices } = order.marketplace;
  const lines = order.items.flatMap((item, index): Moved[] => {
    const quantity = countIn(units, index);
    if (quantity === 0) return [];
    const before = partsAt(item, prices, item.shipped);
    const parts = minusParts(partsAt(item, prices, item.shipped + quantity), before);
    return [{ itemId: item.id, quantity, parts }];
  });
  const items = order.items.map((item, index) => ({
    ...item,
    shipped: item.shipped + countIn(units, index),
  }));
  const shipped = {
    ...order,
    items,
    shipments: [...order.shipments, { id: `D${digits(random, 9)}`, at: now, lines }],
  };
  return { order: { ...shipped, status: statusAfter(shipped) }, told: 'status' };
}

/** By its units: nothing waits any more, or something does. */
function statusAfter(order: AmazonOrder): FulfillmentStatus {
  const isAnyShipped = order.items.some(({ shipped }) => shipped > 0);
  if (waitingUnits(order).length > 0) return isAnyShipped ? 'PARTIALLY_SHIPPED' : order.status;
  return isAnyShipped ? 'SHIPPED' : 'CANCELLED';
}

function requestCancel(order: AmazonOrder, reason: string, { now }: AmazonMoment): AmazonOutcome {
  const items = order.items.map((item) => ({ ...item, cancelRequest: reason }));
  return { order: { ...order, items, cancelRequestedAt: now }, told: 'buyer request' };
}

function cancel(
  order: AmazonOrder,
  { by, units: wanted }: { by: Canceller; units?: Units },
  { now }: AmazonMoment,
): AmazonOutcome {
  if (order.status === 'CANCELLED') throw new Error(`Order ${order.id} is cancelled already`);
  const units = wanted ?? waitingUnits(order);
  assertWaiting(order, units);
  const items = order.items.map((item, index): AmazonItem => {
    const count = countIn(units, index);
    return count === 0 ? item : { ...item, cancelled: item.cancelled + count, cancelledBy: by };
  });
  const after = { ...order, items };
  const status = statusAfter(after);
  const cancelledAt = status === 'CANCELLED' ? now : null;
  return { order: { ...after, status, cancelledAt }, told: status === order.status ? 'silent' : 'status' };
}

/** A shipped order that is cancelled all the same: what was left of its money goes back. */
function cancelLate(order: AmazonOrder, by: Canceller, moment: AmazonMoment): AmazonOutcome {
  const hasMoney = leftOf(order).some(({ parts }) => !isNothing(parts));
  const paidBack = hasMoney ? refund(order, { of: 'everything' }, moment).order : order;
  const items = paidBack.items.map((item) => ({ ...item, cancelledBy: by }));
  return {
    order: { ...paidBack, items, status: 'CANCELLED', cancelledAt: moment.now },
    told: 'status',
  };
}

function changeTerms(
  order: AmazonOrder,
  change: (item: AmazonItem, index: number) => AmazonItem['terms'],
): AmazonOutcome {
  if (order.items.some(({ shipped }) => shipped > 0)) {
    throw new Error(`Order ${order.id} has shipped: its prices stand`);
  }
  const items = order.items.map((item, index) => {
    const terms = change(item, index);
    const price = terms.unit * BigInt(item.ordered);
    const itemDiscount = terms.itemDiscount > price ? price : terms.itemDiscount;
    return { ...item, terms: { ...terms, itemDiscount } };
  });
  return { order: { ...order, items }, told: 'silent' };
}

/** Of what was shipped, what did not go back yet, item by item. */
export function leftOf(order: AmazonOrder): readonly { readonly item: AmazonItem; readonly parts: Parts }[] {
  return order.items.map((item) => {
    const gone = order.refunds.flatMap(({ lines }) => lines.filter(({ itemId }) => itemId === item.id));
    const shipped = partsAt(item, order.marketplace.prices, item.shipped);
    return { item, parts: gone.reduce((left, line) => minusParts(left, line.parts), shipped) };
  });
}

/** Units of an item that were shipped and did not come back. */
export function unitsLeft(order: AmazonOrder, item: AmazonItem): number {
  const lines = order.refunds.flatMap((refund) => refund.lines).filter(({ itemId }) => itemId === item.id);
  return item.shipped - lines.reduce((sum, { quantity }) => sum + quantity, 0);
}

function refund(order: AmazonOrder, request: RefundRequest, { now, random }: AmazonMoment): AmazonOutcome {
  const lines = leftOf(order).flatMap(({ item, parts }, index): Moved[] => {
    const line = refundLine({ order, item, index, left: parts }, request);
    return line === null || isNothing(line.parts) ? [] : [line];
  });
  if (lines.length === 0) throw new Error(`Nothing of order ${order.id} is left to refund that way`);
  const entry: AmazonRefund = { id: `R${digits(random, 9)}`, at: now, lines };
  return { order: { ...order, refunds: [...order.refunds, entry] }, told: 'money' };
}

interface Refunded {
  readonly order: AmazonOrder;
  readonly item: AmazonItem;
  readonly index: number;
  readonly left: Parts;
}

function refundLine({ order, item, index, left }: Refunded, request: RefundRequest): Moved | null {
  const open = unitsLeft(order, item);
  switch (request.of) {
    case 'everything':
      return { itemId: item.id, quantity: open, parts: left };
    case 'units': {
      const quantity = countIn(request.units, index);
      if (quantity > open) throw new Error(`Order ${order.id} has not that many units to refund`);
      if (quantity === 0) return null;
      return { itemId: item.id, quantity, parts: quantity === open ? left : shareOf(left, quantity, open) };
    }
    case 'shipping': {
      const [charge, discount] = [left.charges.shipping, left.discounts.shipping];
      const parts = partsBy((key) => {
        if ('charge' in key) return key.charge === 'shipping' ? charge : NO_PARTS.charges.item;
        return key.discount === 'shipping' ? discount : NO_PARTS.charges.item;
      });
      return { itemId: item.id, quantity: 0, parts };
    }
    case 'amount': {
      if (index !== request.item) return null;
      const [price, off] = [left.charges.item, left.discounts.item];
      const part = (amount: bigint): bigint => (amount * BigInt(request.percent)) / 100n;
      const amount = { net: part(price.net - off.net), tax: part(price.tax - off.tax) };
      const isItem = (key: object): boolean => 'charge' in key && key.charge === 'item';
      return {
        itemId: item.id,
        quantity: 0,
        parts: partsBy((key) => (isItem(key) ? amount : NO_PARTS.charges.item)),
      };
    }
  }
}

/** Rounded down, so that a part never exceeds the whole. */
function shareOf(parts: Parts, quantity: number, whole: number): Parts {
  const share = (amount: bigint): bigint => (amount * BigInt(quantity)) / BigInt(whole);
  return partsBy((key) => {
    const { net, tax } = partOf(parts, key);
    return { net: share(net), tax: share(tax) };
  });
}

function isNothing(parts: Parts): boolean {
  const { net, tax } = worthOf(parts);
  return net === 0n && tax === 0n;
}

import { orderKey } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import { marketplaceById } from '#core/marketplaces.ts';
import type { Marketplace } from '#core/marketplaces.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Buyer, Cash, Doubt, Order } from '#core/order.ts';
import { worthOf } from '#core/sale.ts';
import { instant, parseZone } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Snapshot } from '#pipeline/source.ts';
import { countryName, emailOf, malformed } from '#sources/fields.ts';
import type { AddressPayload, OrderPayload, ReadOrder } from './payload.ts';
import { pricedOf } from './proceeds.ts';
import type { Priced } from './proceeds.ts';
import { refundsOf } from './refunds.ts';
import type { Refunded } from './refunds.ts';
import { waitingForStore } from './stores.ts';
import { eventsOf, isShipment, shippedAt, showsAllShipped } from './transactions.ts';
import type { Event, Shipped } from './transactions.ts';
import { withheldUnsaid } from './withheld.ts';

export interface SellerIdentity {
  readonly connection: ConnectionId;
}

/**
 * An order as Amazon shows it, with what its ledger tells, to the canonical order. Pure. Nothing is repaired: what does not add
 * up stays so, and `plan` compares the lines with the total.
 */
export function normalize(read: ReadOrder, seller: SellerIdentity): Snapshot {
  const { order: body, transactions = [] } = read;
  const marketplace = marketplaceOf(body);
  const country = countryOf(body, marketplace);
  const priced = pricedOf(body, country);
  const events = eventsOf(transactions);
  const status = body.fulfillment?.fulfillmentStatus ?? '';
  const shipment = shippedAt(events);
  const { shippedOn, lastShipment, ...dates } = datesOf(body, status, events);
  const gateway = `amazon:${body.orderId} clearing`;
  const currency = priced?.currency ?? marketplace.currency;
  const total = priced?.grandTotal ?? money.zero(currency);
  // A cancelled order that was shipped shows what is left of it, which is nothing, and its refunds would have no lines.
  const isShorn = isCancelled(status) && money.isZero(total) && shipment !== undefined;
  const { refunds, doubt } =
    priced === undefined || isShorn
      ? unpriced(body, { status, events })
      : (withheldUnsaid(body, events, currency) ??
        overOnlyWhenRefunded(refundsOf({ order: body, priced, gateway }, events), {
          isOver: isCancelled(status) && shipment !== undefined,
          total,
        }));
  const basis = { currency, pricesIncludeTax: priced?.pricesIncludeTax ?? false };
  const buyer = buyerOf(body);
  const reference = body.buyer?.buyerPurchaseOrderNumber ?? '';
  const order: Order = {
    key: orderKey(seller.connection, body.orderId),
    connection: seller.connection,
    source: 'amazon',
    shop: marketplace.channelName,
    channel: marketplace.channelName,
    vendorId: body.orderId,
    name: body.orderId,
    number: body.orderId,
    ...dates,
    updatedAt: body.lastUpdatedTime.at,
    zone: marketplace.timeZone,
    currency,
    pricesIncludeTax: basis.pricesIncludeTax,
    isTest: false,
    isFulfilled: status === 'SHIPPED',
    isPartlyFulfilled: status === 'SHIPPED' || status === PARTLY_SHIPPED,
    tags: tagsOf(body),
    sourceName: sourceNameOf(body),
    country,
    ...(isCancelled(status) ? { cancelledAt: body.lastUpdatedTime.at } : {}),
    isVoided: false,
    lines: priced?.lines ?? [],
    total,
    currentTotal: money.subtract(
      total,
      money.sum(
        refunds.map((refund) => worthOf(refund, basis)),
        currency,
      ),
    ),
    cash: cashOf({
      total,
      gateway,
      at: shippedOn === undefined ? undefined : (lastShipment?.at ?? shippedOn),
      shipment: lastShipment,
    }),
    refunds,
    ...doubtIn(read, doubt),
    ...waitingFor(read, status, priced),
    ...untoldTax(priced, marketplace),
    buyer: { hasEmail: buyer.email !== '' },
    ...(reference === '' ? {} : { buyerReference: reference }),
  };
  return { order, buyer };
}

function marketplaceOf({ orderId, salesChannel, proceeds }: OrderPayload): Marketplace {
  const { marketplaceId, marketplaceName, channelName } = salesChannel;
  const known = marketplaceById(marketplaceId);
  if (known !== undefined) {
    return known;
  }
  // Orders of other channels that Amazon only sends are none of its sales: they need a name, and are skipped by rule.
  if (isAmazonsOwn(channelName)) {
    throw malformed(
      orderId,
      'salesChannel.marketplaceId',
      `"${marketplaceId.slice(0, 40)}" is not a known marketplace`,
    );
  }
  return {
    id: marketplaceId,
    country: 'US',
    region: 'na',
    currency: proceeds?.grandTotal?.currency ?? 'USD',
    pricesIncludeTax: false,
    timeZone: UTC,
    channelName: marketplaceName === '' ? channelName : marketplaceName,
  };
}

const UTC = parseZone('Z');

/** "AMAZON", or the store's own name as older answers have it. */
function isAmazonsOwn(channelName: string): boolean {
  return /^amazon/i.test(channelName);
}

function sourceNameOf({ salesChannel: { channelName } }: OrderPayload): string {
  return isAmazonsOwn(channelName) ? 'AMAZON' : channelName;
}

function countryOf({ recipient }: OrderPayload, marketplace: Marketplace): string {
  const code = recipient?.deliveryAddress?.countryCode.toUpperCase() ?? '';
  return /^[A-Z]{2}$/.test(code) ? code : marketplace.country;
}

/** Amazon's programs, and what an order is to another one: by these the rules skip orders. */
function tagsOf({ programs, associatedOrders }: OrderPayload): readonly string[] {
  const kinds = associatedOrders.flatMap(({ associationType: type }) =>
    type === 'REPLACEMENT_ORIGINAL_ID'
      ? ['REPLACEMENT']
      : type === 'EXCHANGE_ORIGINAL_ID'
        ? ['EXCHANGE']
        : [],
  );
  return [...new Set([...programs, ...kinds])];
}

const PARTLY_SHIPPED = 'PARTIALLY_SHIPPED';

interface Dates {
  /** When the last of it was shipped, of an order of which all was. */
  readonly shippedOn: Instant | undefined;
  /** When it was sold: as it was shipped, or where the rules book it with the first shipment, by that. */
  readonly placedAt: Instant;
  readonly datedBy?: string;
  /** As the ledger shows it: before it shows all that was shipped it tells nothing of the last. */
  readonly lastShipment: Shipped | undefined;
}

const LAST_CHANGE = 'Amazon’s last change of it: no package and no shipment in its ledger tells the day';

/** By its packages; where none is told by Amazon's ledger, or by the moment from which it is known. */
function datesOf(body: OrderPayload, status: string, events: readonly Event[]): Dates {
  const times = shipTimes(body);
  const shipment = shippedAt(events);
  const lastShipment = showsAllShipped(body.orderItems, events) ? shipment : undefined;
  const dated = (told: Instant | undefined): Pick<Dates, 'placedAt' | 'datedBy'> =>
    told === undefined ? { placedAt: body.lastUpdatedTime.at, datedBy: LAST_CHANGE } : { placedAt: told };
  if (status === 'SHIPPED' || (isCancelled(status) && shipment !== undefined)) {
    const last = dated(times.length === 0 ? lastShipment?.at : instant(Math.max(...times)));
    return { shippedOn: last.placedAt, lastShipment, ...last };
  }
  const first = times.length === 0 ? events.find(isShipment)?.at : instant(Math.min(...times));
  return {
    shippedOn: undefined,
    lastShipment,
    ...(status === PARTLY_SHIPPED ? dated(first) : { placedAt: body.createdTime.at }),
  };
}

function shipTimes({ packages }: OrderPayload): readonly Instant[] {
  return packages.flatMap(({ shipTime }) => (shipTime === undefined ? [] : [shipTime.at]));
}

/**
 * Amazon has the buyer's money once the order is shipped: one payment into the clearing of what Amazon owes, whatever it keeps
 * of it until it pays out (docs/bookkeeping.md, "Payments").
 */
function cashOf({
  total,
  gateway,
  at,
  shipment,
}: {
  readonly total: Order['total'];
  readonly gateway: string;
  readonly at: Instant | undefined;
  readonly shipment: { readonly id: string } | undefined;
}): Cash {
  const isPaid = at !== undefined && !money.isZero(total);
  return {
    state: 'known',
    received: isPaid ? total : money.zero(total.currency),
    tenders: isPaid
      ? [
          {
            gateway,
            amount: total,
            at,
            ...(shipment === undefined || shipment.id === '' ? {} : { transactionId: shipment.id }),
          },
        ]
      : [],
  };
}

/** A cancelled order that Amazon's ledger shows as shipped is over once all of it went back; before that its figures contradict. */
function overOnlyWhenRefunded(
  refunded: Refunded,
  { isOver, total }: { readonly isOver: boolean; readonly total: Money },
): Refunded {
  const back = money.sum(
    refunded.refunds.flatMap(({ payouts }) => payouts.map(({ amount }) => amount)),
    total.currency,
  );
  return !isOver || refunded.doubt !== undefined || money.equal(back, total)
    ? refunded
    : {
        refunds: [],
        doubt: {
          ask: 'person',
          why: 'Amazon says that it is cancelled, and its ledger that it was shipped and not all of it went back',
          facts: [
            { name: 'Total', value: money.show(total) },
            { name: 'Went back', value: money.show(back) },
          ],
        },
      };
}

/** Without amounts there is nothing to book, which is as it should be before an order is shipped, and wrong afterwards. */
function unpriced(
  body: OrderPayload,
  { status, events }: { readonly status: string; readonly events: readonly Event[] },
): { readonly refunds: []; readonly doubt?: Doubt } {
  return status !== 'SHIPPED' && shippedAt(events) === undefined
    ? { refunds: [] }
    : {
        refunds: [],
        doubt: {
          ask: 'person',
          code: 'order-amounts-missing',
          why: 'Amazon says that it was shipped and shows no amounts',
          facts: [
            { name: 'Status', value: status === '' ? 'none' : status },
            { name: 'Items', value: String(body.orderItems.length) },
          ],
        },
      };
}

/** What the order or its ledger shows by now, or that its store is booked by now, no message tells. */
function doubtIn(
  { otherStores = [] }: ReadOrder,
  doubt: Doubt | undefined,
): Pick<Order, 'doubt' | 'isReadByRetry'> {
  return {
    ...(doubt === undefined ? {} : { doubt }),
    ...(doubt === undefined && otherStores.length === 0 ? {} : { isReadByRetry: true }),
  };
}

/** Before these two an order has no price that holds (docs/vendors/amazon.md 5.1, caveat 7). */
const PRICED_STATUSES = new Set(['UNSHIPPED', 'PARTIALLY_SHIPPED', 'SHIPPED', 'CANCELLED', 'CANCELED']);

/** With two l, and with one as notifications write it. */
function isCancelled(status: string): boolean {
  return status === 'CANCELLED' || status === 'CANCELED';
}

function waitingFor(
  { otherStores = [] }: ReadOrder,
  status: string,
  priced: Priced | undefined,
): Pick<Order, 'pendingBecause' | 'waitsBecause'> {
  const ofOtherStore = waitingForStore(otherStores);
  if (!PRICED_STATUSES.has(status)) {
    return {
      ...ofOtherStore,
      pendingBecause: `Amazon says that it is ${status === '' ? 'in no state' : `"${status}"`}`,
    };
  }
  return priced === undefined && status !== 'SHIPPED' && !isCancelled(status)
    ? { ...ofOtherStore, pendingBecause: 'Amazon shows no amounts of it yet' }
    : ofOtherStore;
}

/** In stores whose prices hold the tax, an order without any tax is one of a seller for whom Amazon computes none, or free of it. */
function untoldTax(priced: Priced | undefined, { pricesIncludeTax }: Marketplace): Pick<Order, 'untoldTax'> {
  return priced === undefined || priced.showsTax || !pricesIncludeTax || money.isZero(priced.grandTotal)
    ? {}
    : { untoldTax: priced.isFacilitated ? 'channel' : 'merchant' };
}

/** Whoever Amazon shows, by the app's roles: often nobody. */
function buyerOf({ buyer, recipient }: OrderPayload): Buyer {
  const to = recipient?.deliveryAddress ?? undefined;
  const name = buyer?.buyerName || to?.name || '';
  const [, first = '', last = name] = /^(.*\S)\s+(\S+)$/.exec(name) ?? [];
  return {
    firstName: first,
    lastName: last,
    company: buyer?.buyerCompanyName || to?.companyName || '',
    email: emailOf(buyer?.buyerEmail),
    phone: to?.phone ?? '',
    address: addressOf(to),
  };
}

function addressOf(to: AddressPayload | undefined): Buyer['address'] {
  return {
    street: to?.addressLine1 ?? '',
    street2: [to?.addressLine2 ?? '', to?.addressLine3 ?? ''].filter(Boolean).join(', '),
    city: to?.city ?? '',
    province: to?.stateOrRegion ?? '',
    postalCode: to?.postalCode ?? '',
    country: countryName(to?.countryCode ?? ''),
  };
}

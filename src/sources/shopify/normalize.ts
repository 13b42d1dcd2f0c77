import { Failure } from '#core/failure.ts';
import { orderKey } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import { add, equal, isZero, show, subtract, sum } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import type { Cash, Doubt, Order, OrderLine, Refund } from '#core/order.ts';
import { worthOf } from '#core/sale.ts';
import { zoneOfStamps } from '#core/time.ts';
import type { Stamp } from '#core/time.ts';
import type { Snapshot } from '#pipeline/source.ts';
import { amountsOf } from './amounts.ts';
import type { Amounts, CurrencySide } from './amounts.ts';
import { buyerOf } from './buyer.ts';
import { cashOf } from './cash.ts';
import type { Sale } from './cash.ts';
import { cashRoundingOf, linesOf, withoutUnmarkedTip } from './lines.ts';
import { malformed } from '#sources/fields.ts';
import { atOrderRates, openByRates } from './rates.ts';
import { refundsOf } from './refunds.ts';
import type { RefundContext } from './returns.ts';
import type { OrderPayload } from './payload.ts';

export interface ShopIdentity {
  readonly connection: ConnectionId;
  /** `example.myshopify.com`. */
  readonly shopDomain: string;
  readonly currencySide: CurrencySide;
}

/** As messages say it, and as the Admin API does. */
const PARTLY_FULFILLED = new Set(['partial', 'partially_fulfilled', 'fulfilled']);

/**
 * An order as Shopify shows it, to the canonical order. Pure. Nothing is repaired: what does not add up stays so, and `plan`
 * compares the lines with the total. Throws a Failure `delivery-malformed` for what cannot be read on one currency side.
 */
export function normalize(shown: OrderPayload, shop: ShopIdentity): Snapshot {
  const { body, open } = shop.currencySide === 'shop' ? ratesEvened(shown) : { body: shown };
  const context = contextOf(body, shop.currencySide);
  const { sale, lines } = context;
  const total = add(sale.total, sale.rounding);
  const buyer = buyerOf(body);
  const { refunds, doubt = withheldFrom(context) } = refundsOf(context);
  const cash: Cash =
    open === undefined
      ? cashOf(body, sale)
      : {
          state: 'unclear',
          why: `The buyer’s account is even in his currency, and ${show(open)} open in the shop’s, at whose rates Shopify converted`,
        };
  const country = countryOf(body);
  const order: Order = {
    key: orderKey(shop.connection, body.id),
    connection: shop.connection,
    source: 'shopify',
    shop: shop.shopDomain,
    vendorId: body.id,
    ...namesOf(body),
    placedAt: sale.placedAt,
    updatedAt: body.updated_at.at,
    zone: zoneOfStamps(placedStamp(body), stampsOf(body)),
    currency: sale.amounts.currency,
    pricesIncludeTax: body.taxes_included,
    isTest: body.test,
    ...(isWaiting(body, cash) ? { waitsBecause: WAITS } : {}),
    // The rest, a null in webhooks among it, is not yet, in part, or taken back.
    isFulfilled: body.fulfillment_status === 'fulfilled',
    isPartlyFulfilled: PARTLY_FULFILLED.has(body.fulfillment_status),
    tags: body.tags,
    sourceName: body.source_name,
    ...(body.cancelled_at === undefined ? {} : { cancelledAt: body.cancelled_at.at }),
    ...(body.cancel_reason === '' ? {} : { cancelReason: body.cancel_reason }),
    lines,
    // Cash rounding is charged by the drawer, not by the order: a line of its own, so that invoice and cash agree.
    total: (shop.currencySide === 'shop' ? disputed(body, sale, lines) : undefined) ?? total,
    currentTotal: add(
      doubt === undefined ? leftOf(sale, refunds, body) : (sale.shownCurrentTotal ?? sale.total),
      sale.rounding,
    ),
    cash,
    refunds,
    ...(doubt === undefined ? {} : { doubt }),
    isVoided: isVoided(body, cash),
    ...(country === undefined ? {} : { country }),
    buyer: {
      ...(buyer.customerId === undefined ? {} : { customerId: buyer.customerId }),
      hasEmail: buyer.email !== '',
    },
  };
  return { order, buyer };
}

/**
 * Shopify's `confirmed` tells whether inventory is reserved, which an oversold or pre-ordered article may never be: it holds back
 * only what nobody has paid or sent.
 */
function isWaiting(body: OrderPayload, cash: Cash): boolean {
  const isUnpaid = cash.state === 'known' && isZero(cash.received);
  return !body.confirmed && !body.test && isUnpaid && !PARTLY_FULFILLED.has(body.fulfillment_status);
}

const WAITS = 'the shop has reserved nothing for it, and it is neither paid nor fulfilled';

/** Each bears the offset that the shop had then. */
function stampsOf(body: OrderPayload): readonly Stamp[] {
  const transactions = [
    ...(body.transactions ?? []),
    ...body.refunds.flatMap((refund) => refund.transactions),
  ];
  const stamps = [body, ...body.refunds, ...transactions].flatMap((each) => [
    each.created_at,
    each.processed_at,
  ]);
  return [...stamps, body.updated_at, body.cancelled_at].flatMap((stamp) => stamp ?? []);
}

/**
 * Another company is the seller before the law and remits taxes and duties: whether their lines say so is not documented, and what the
 * merchant gets of the order neither (docs/vendors/shopify.md 10).
 */
function withheldFrom({ order, lines, sale }: RefundContext): Doubt | undefined {
  const { merchant_of_record_app_id: app } = order;
  const { currency } = sale.amounts;
  const taxes = lines.flatMap((line) => line.taxes.filter(({ remittedBy }) => remittedBy === 'merchant'));
  const duties = lines.filter(({ kind }) => kind === 'duty').map(({ unitPrice }) => unitPrice);
  const tax = sum(
    taxes.map(({ amount }) => amount),
    currency,
  );
  const duty = sum(duties, currency);
  return app === undefined || (isZero(tax) && isZero(duty))
    ? undefined
    : {
        ask: 'person',
        code: 'order-tax-withheld',
        why: `A merchant of record (Shopify’s app ${app}) sells it in its own name and remits taxes and duties`,
        facts: [
          { name: 'Taxes that are not marked as remitted by the channel', value: show(tax) },
          { name: 'Duties', value: show(duty) },
        ],
      };
}

function contextOf(body: OrderPayload, side: CurrencySide): RefundContext {
  const sale = saleOf(body, side);
  const total = add(sale.total, sale.rounding);
  const lines = linesWithin(total, body, sale.amounts);
  return { order: body, sale, lines, currentTotal: sale.shownCurrentTotal };
}

/**
 * Shipping that an edit removed went back by a refund entry, as removed goods do, where the total holds it still; whether it always
 * does is not documented (docs/vendors/shopify.md 4.3).
 */
function linesWithin(total: Money, order: OrderPayload, amounts: Amounts): readonly OrderLine[] {
  const read = (isRemovedCounted: boolean): readonly OrderLine[] =>
    withoutUnmarkedTip(linesOf(order, amounts, isRemovedCounted), { order, total });
  const isAll = (lines: readonly OrderLine[]): boolean =>
    equal(totalByLines({ lines, currency: amounts.currency, pricesIncludeTax: order.taxes_included }), total);
  const left = read(false);
  if (isAll(left) || !order.shipping_lines.some((line) => line.is_removed)) {
    return left;
  }
  const all = read(true);
  return isAll(all) ? all : left;
}

/** As it is where the buyer's side cannot be read, as of messages. */
function ratesEvened(shown: OrderPayload): {
  readonly body: OrderPayload;
  readonly open?: Money | undefined;
} {
  if (amountsOf(shown, 'shop').hasOneCurrency) {
    return { body: shown };
  }
  try {
    const sides = { shop: contextOf(shown, 'shop'), buyer: contextOf(shown, 'presentment') };
    const body = atOrderRates(shown, sides);
    return { body, open: openByRates(body, sides) };
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'delivery-malformed') {
      return { body: shown };
    }
    throw thrown;
  }
}

function saleOf(body: OrderPayload, side: CurrencySide): Sale {
  const amounts = amountsOf(body, side);
  const total = amounts.read({ set: body.total_price_set, path: 'total_price' }) ?? plainTotal(body, amounts);
  if (total === undefined) {
    throw malformed(body.id, 'total_price', `is missing in ${amounts.currency}`);
  }
  const shownCurrentTotal = amounts.read({
    set: body.current_total_price_set,
    plain: body.current_total_price,
    path: 'current_total_price',
  });
  return {
    amounts,
    placedAt: placedStamp(body).at,
    total,
    currentTotal: shownCurrentTotal ?? total,
    ...(shownCurrentTotal === undefined ? {} : { shownCurrentTotal }),
    rounding: cashRoundingOf(body, amounts),
  };
}

/** What refunds left of the total: without doubt about them it is what the body shows, where it shows it. */
function leftOf(sale: Sale, refunds: readonly Refund[], body: OrderPayload): Money {
  const basis = { currency: sale.amounts.currency, pricesIncludeTax: body.taxes_included };
  const returned = refunds.map((refund) => worthOf(refund, basis));
  return refunds.length === 0
    ? (sale.shownCurrentTotal ?? sale.total)
    : subtract(sale.total, sum(returned, basis.currency));
}

/** What was authorized is gone, so the order is not owed any more unless it is paid in another way. */
function isVoided({ financial_status: status }: OrderPayload, cash: Cash): boolean {
  return (status === 'voided' || status === 'expired') && cash.state === 'known' && isZero(cash.received);
}

function countryOf({ shipping_address: to, billing_address: billed }: OrderPayload): string | undefined {
  const codes = [to?.country_code, billed?.country_code].map((code) => code?.toUpperCase() ?? '');
  return codes.find((code) => /^[A-Z]{2}$/.test(code));
}

/** The total as Shopify writes it beside its set; in the shop's currency. */
function plainTotal({ total_price: plain }: OrderPayload, amounts: Amounts): Money | undefined {
  return plain === undefined ? undefined : amounts.read({ plain, path: 'total_price' });
}

/** Where the two totals of a body differ, the one that the lines contradict: such an order must not add up. */
function disputed(body: OrderPayload, sale: Sale, lines: readonly OrderLine[]): Money | undefined {
  const { amounts, total, rounding } = sale;
  const plain = plainTotal(body, amounts);
  const claimed = plain === undefined ? undefined : add(plain, rounding);
  const byLines = totalByLines({ lines, currency: amounts.currency, pricesIncludeTax: body.taxes_included });
  return equal(byLines, add(total, rounding)) ? claimed : undefined;
}

function placedStamp(body: OrderPayload): NonNullable<OrderPayload['processed_at']> {
  const stamp = body.processed_at ?? body.created_at;
  if (stamp === undefined) {
    throw malformed(body.id, 'processed_at', 'is missing, and created_at too');
  }
  return stamp;
}

function namesOf(body: OrderPayload): Pick<Order, 'name' | 'number'> {
  const number = body.order_number ?? /\d+/.exec(body.name)?.[0];
  if (number === undefined) {
    throw malformed(body.id, 'order_number', 'is missing, and the name shows no number');
  }
  return { name: body.name === '' ? `#${number}` : body.name, number };
}

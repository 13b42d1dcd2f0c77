import type { Lossless } from '#core/json.ts';
import { MINUTE, parseTimestamp } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { fieldOf, isTrue, listOf, textOf } from '#core/json-fields.ts';

/** What was read of one order by GraphQL: its header, all pages of its lines, and its refunds with all their transactions. */
export interface OrderParts {
  readonly order: Lossless;
  readonly lines: readonly Lossless[];
  readonly refunds: readonly RefundParts[];
  /** The shop's own, as IANA names it; empty when it is not told. */
  readonly timeZone: string;
}

export interface RefundParts {
  readonly refund: Lossless;
  readonly lines: readonly Lossless[];
  readonly transactions: readonly Lossless[];
  /** Additional fees that went back, as sales of the shop's ledger. */
  readonly fees: readonly Lossless[];
}

type Body = { readonly [key: string]: Lossless };
type Write = (value: Lossless) => Body;

/**
 * Writes what GraphQL told in the shape of a webhook's body, so that both are read by the same `parseOrder` and `normalize`.
 * Names change and nothing else: no amount is computed here.
 */
export function restBody({ order, lines, refunds, timeZone }: OrderParts): Body {
  const at = stampsIn(timeZone);
  return {
    id: idOf(order, 'id'),
    ...copied(order, { name: 'name', order_number: 'number', test: 'test', confirmed: 'confirmed' }),
    created_at: at(order, 'createdAt'),
    processed_at: at(order, 'processedAt'),
    updated_at: at(order, 'updatedAt'),
    cancelled_at: at(order, 'cancelledAt'),
    cancel_reason: lowerOf(order, 'cancelReason'),
    financial_status: lowerOf(order, 'displayFinancialStatus'),
    fulfillment_status: lowerOf(order, 'displayFulfillmentStatus'),
    merchant_of_record_app_id: idOf(order, 'merchantOfRecordApp.id') || null,
    source_name: textOf(order, 'sourceName'),
    tags: listOf(order, 'tags')
      .filter((tag) => typeof tag === 'string')
      .join(', '),
    ...copied(order, {
      payment_gateway_names: 'paymentGatewayNames',
      currency: 'currencyCode',
      presentment_currency: 'presentmentCurrencyCode',
      taxes_included: 'taxesIncluded',
      duties_included: 'dutiesIncluded',
    }),
    ...totalsOf(order),
    tax_lines: listOf(order, 'taxLines').map(taxBody),
    line_items: lines.map(lineBody),
    shipping_lines: listOf(order, 'shippingLines.nodes').map(shippingBody),
    discount_applications: applicationsOf(order),
    transactions: listOf(order, 'transactions').map(transactionIn(at)),
    refunds: refunds.map(refundIn(at)),
    ...contactOf(order),
  };
}

/** The digits at the end of `gid://shopify/Order/123`; other text is left as it is, and then refused by its reader. */
function idOf(value: Lossless, path: string): string {
  const text = textOf(value, path);
  return /^gid:\/\/shopify\/\w+\/(\d+)$/.exec(text)?.[1] ?? text;
}

function totalsOf(order: Lossless): Body {
  return {
    total_price_set: bagOf(order, 'totalPriceSet'),
    current_total_price_set: bagOf(order, 'currentTotalPriceSet'),
    total_outstanding_set: bagOf(order, 'totalOutstandingSet'),
    total_tip_received_set: bagOf(order, 'totalTipReceivedSet'),
    original_total_duties_set: bagOf(order, 'originalTotalDutiesSet'),
    original_total_additional_fees_set: bagOf(order, 'originalTotalAdditionalFeesSet'),
    total_cash_rounding_payment_adjustment_set: bagOf(order, 'totalCashRoundingAdjustment.paymentSet'),
    total_cash_rounding_refund_adjustment_set: bagOf(order, 'totalCashRoundingAdjustment.refundSet'),
  };
}

function lineBody(line: Lossless): Body {
  return {
    id: idOf(line, 'id'),
    ...copied(line, {
      title: 'title',
      name: 'name',
      variant_title: 'variantTitle',
      sku: 'sku',
      quantity: 'quantity',
      gift_card: 'isGiftCard',
      requires_shipping: 'requiresShipping',
    }),
    price_set: bagOf(line, 'originalUnitPriceSet'),
    discount_allocations: listOf(line, 'discountAllocations').map(allocationBody),
    tax_lines: listOf(line, 'taxLines').map(taxBody),
    duties: listOf(line, 'duties').map((duty) => ({
      id: idOf(duty, 'id'),
      shop_money: sideOf(duty, 'price.shopMoney'),
      presentment_money: sideOf(duty, 'price.presentmentMoney'),
      tax_lines: listOf(duty, 'taxLines').map(taxBody),
    })),
  };
}

function shippingBody(line: Lossless): Body {
  return {
    id: idOf(line, 'id') === '' ? null : idOf(line, 'id'),
    ...copied(line, { title: 'title' }),
    is_removed: isTrue(line, 'isRemoved'),
    price_set: bagOf(line, 'originalPriceSet'),
    discount_allocations: listOf(line, 'discountAllocations').map(allocationBody),
    tax_lines: listOf(line, 'taxLines').map(taxBody),
  };
}

function allocationBody(allocation: Lossless): Body {
  return {
    amount_set: bagOf(allocation, 'allocatedAmountSet'),
    ...copied(allocation, { discount_application_index: 'discountApplication.index' }),
  };
}

function taxBody(tax: Lossless): Body {
  return {
    ...copied(tax, { title: 'title', rate: 'rate', channel_liable: 'channelLiable' }),
    price_set: bagOf(tax, 'priceSet'),
  };
}

const APPLICATION_TYPES: Readonly<Record<string, string>> = {
  DiscountCodeApplication: 'discount_code',
  ManualDiscountApplication: 'manual',
  AutomaticDiscountApplication: 'automatic',
  ScriptDiscountApplication: 'script',
};

/** In REST an application's index is its place in the list; GraphQL says it and may list them in another order. */
function applicationsOf(order: Lossless): Body[] {
  const nodes = listOf(order, 'discountApplications.nodes');
  return nodes.map((_, index) => {
    const node = nodes.find((candidate) => textOf(candidate, 'index') === String(index)) ?? null;
    return {
      type: APPLICATION_TYPES[textOf(node, '__typename')] ?? '',
      ...copied(node, { code: 'code', title: 'title', description: 'description' }),
    };
  });
}

function transactionIn(at: Stamps): Write {
  return (transaction) => ({
    id: idOf(transaction, 'id'),
    kind: lowerOf(transaction, 'kind'),
    status: lowerOf(transaction, 'status'),
    ...copied(transaction, { gateway: 'gateway', test: 'test' }),
    amount_set: bagOf(transaction, 'amountSet'),
    amount_rounding_set: bagOf(transaction, 'amountRoundingSet'),
    processed_at: at(transaction, 'processedAt'),
    created_at: at(transaction, 'createdAt'),
  });
}

function refundIn(at: Stamps): (parts: RefundParts) => Body {
  return ({ refund, lines, transactions, fees }) => ({
    id: idOf(refund, 'id'),
    created_at: at(refund, 'createdAt'),
    processed_at: at(refund, 'processedAt'),
    refund_line_items: lines.map((line) => ({
      line_item_id: idOf(line, 'lineItem.id'),
      ...copied(line, { quantity: 'quantity' }),
      subtotal_set: bagOf(line, 'subtotalSet'),
      total_tax_set: bagOf(line, 'totalTaxSet'),
    })),
    refund_shipping_lines: listOf(refund, 'refundShippingLines.nodes').map((part) => ({
      shipping_line_id: idOf(part, 'shippingLine.id') === '' ? null : idOf(part, 'shippingLine.id'),
      subtotal_amount_set: bagOf(part, 'subtotalAmountSet'),
      tax_amount_set: bagOf(part, 'taxAmountSet'),
    })),
    order_adjustments: listOf(refund, 'orderAdjustments.nodes').map((entry) => ({
      kind: 'refund_discrepancy',
      amount_set: bagOf(entry, 'amountSet'),
      tax_amount_set: bagOf(entry, 'taxAmountSet'),
    })),
    duty_returns: listOf(refund, 'duties').map((duty) => bagOf(duty, 'amountSet')),
    fee_sales: fees.map((sale) => ({
      total_set: bagOf(sale, 'totalAmount'),
      tax_set: bagOf(sale, 'totalTaxAmount'),
    })),
    transactions: transactions.map(transactionIn(at)),
  });
}

function contactOf(order: Lossless): Body {
  const customer = fieldOf(order, 'customer');
  return {
    ...copied(order, { email: 'email', phone: 'phone' }),
    customer: isNone(customer)
      ? null
      : {
          id: idOf(customer, 'id'),
          ...copied(customer, {
            first_name: 'firstName',
            last_name: 'lastName',
            email: 'defaultEmailAddress.emailAddress',
            phone: 'defaultPhoneNumber.phoneNumber',
          }),
          default_address: addressOf(customer, 'defaultAddress'),
        },
    billing_address: addressOf(order, 'billingAddress'),
    shipping_address: addressOf(order, 'shippingAddress'),
  };
}

function addressOf(value: Lossless, path: string): Lossless {
  const address = fieldOf(value, path);
  return isNone(address)
    ? null
    : copied(address, {
        first_name: 'firstName',
        last_name: 'lastName',
        company: 'company',
        phone: 'phone',
        address1: 'address1',
        address2: 'address2',
        city: 'city',
        province: 'province',
        province_code: 'provinceCode',
        zip: 'zip',
        country: 'country',
        country_code: 'countryCodeV2',
      });
}

function bagOf(value: Lossless, path: string): Lossless {
  const bag = fieldOf(value, path);
  return isNone(bag)
    ? null
    : { shop_money: sideOf(bag, 'shopMoney'), presentment_money: sideOf(bag, 'presentmentMoney') };
}

function sideOf(value: Lossless, path: string): Lossless {
  const side = fieldOf(value, path);
  return isNone(side) ? null : copied(side, { amount: 'amount', currency_code: 'currencyCode' });
}

/** Fields under their REST names; what is not there is null, as in REST. */
function copied(value: Lossless, names: Readonly<Record<string, string>>): Body {
  return Object.fromEntries(
    Object.entries(names).map(([rest, graph]): [string, Lossless] => [rest, fieldOf(value, graph) ?? null]),
  );
}

function lowerOf(value: Lossless, path: string): Lossless {
  const text = textOf(value, path);
  return text === '' ? null : text.toLowerCase();
}

function isNone(value: Lossless | undefined): value is null | undefined {
  return value === undefined || value === null;
}

type Stamps = (value: Lossless, path: string) => Lossless;

/**
 * GraphQL writes UTC where webhooks write the shop's own offset, which decides the date of an invoice: so the moment is
 * written again as the shop's clock showed it.
 */
function stampsIn(timeZone: string): Stamps {
  const offsets = offsetFormat(timeZone);
  return (value, path) => {
    const text = textOf(value, path);
    return text === '' ? null : offsets === undefined ? text : zoned(text, offsets);
  };
}

/** More than one shop ever has; names of zones come from outside. */
const ZONES_MAX = 20;
const offsetFormats = new Map<string, Intl.DateTimeFormat | undefined>();

/** Making a formatter costs a hundred times its use, so that of the shop is kept; a shop has one zone, seldom another. */
function offsetFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  if (!offsetFormats.has(timeZone)) {
    if (offsetFormats.size >= ZONES_MAX) {
      offsetFormats.clear();
    }
    offsetFormats.set(timeZone, newOffsetFormat(timeZone));
  }
  return offsetFormats.get(timeZone);
}

function newOffsetFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return timeZone === ''
      ? undefined
      : new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      // A zone this platform does not know: UTC stays, and a rule may name the zone.
      return undefined;
    }
    throw thrown;
  }
}

function zoned(text: string, offsets: Intl.DateTimeFormat): string {
  const at = momentIn(text);
  if (at === undefined) {
    return text;
  }
  const name = offsets.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const [, sign = '+', hours = '00', minutes = '00'] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  const minutesEast = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const local = new Date(at + minutesEast * MINUTE).toISOString().replace(/\.\d+Z$/, '');
  return `${local}${sign}${hours}:${minutes}`;
}

/** What is no moment of a shop stays as it is, and is refused by the name of its field where the body is read. */
function momentIn(text: string): Instant | undefined {
  try {
    return parseTimestamp(text).at;
  } catch {
    return undefined;
  }
}

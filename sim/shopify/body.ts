import { decimal, minus, plus, sumOf, ZERO } from '#sim/world/money.ts';
import type { Bag } from '#sim/world/money.ts';
import type { Address, Customer, Discount, ShippingLine, WorldOrder } from '#sim/world/order.ts';
import { discountOf, figuresOf, roundedOf } from '#sim/world/totals.ts';
import type { Figures } from '#sim/world/totals.ts';
import type { Shop } from '#sim/world/place.ts';
import { zonedText } from './clock-text.ts';
import type { Json } from './json.ts';
import { allocationBody, gatewaysOf, lineBody, moneySet, taxBody } from './line-body.ts';
import type { BodyContext, JsonObject } from './line-body.ts';
import { refundBody } from './refund-body.ts';
import type { Switches } from './switches.ts';

/**
 * The order as webhooks and the REST Admin API of 2026-10 show it: every key of a real `orders/create` body, plain fields
 * in the shop's currency, `*_set` in both (vendors/shopify.md 4).
 */
export function orderBody(order: WorldOrder, context: BodyContext): JsonObject {
  const body = {
    ...identity(order, context),
    ...amounts(order, context),
    ...buyer(order, context),
    ...parts(order, context),
  };
  if (context.switches.protectedData === 'granted') return body;
  return Object.fromEntries(Object.entries(body).filter(([key]) => !PROTECTED_KEYS.has(key)));
}

/** Keys that a body lacks altogether when the app may not see buyers (public sample 32 has neither e-mail nor phone). */
const PROTECTED_KEYS: ReadonlySet<string> = new Set([
  'contact_email',
  'email',
  'phone',
  'customer',
  'billing_address',
  'shipping_address',
]);

/** REST's own running number starts at 1 where the order's name starts at 1001. */
const NUMBER_OFFSET = 1000;

function identity(order: WorldOrder, { shop }: BodyContext): JsonObject {
  const text = (at: number | null): string | null => (at === null ? null : zonedText(at, shop.timeZone));
  return {
    id: order.id,
    admin_graphql_api_id: `gid://shopify/Order/${order.id}`,
    app_id: 580_111,
    browser_ip: null,
    buyer_accepts_marketing: false,
    cancel_reason: order.cancelled?.reason ?? null,
    cancelled_at: text(order.cancelled?.at ?? null),
    cart_token: null,
    checkout_id: null,
    checkout_token: null,
    client_details: null,
    closed_at: text(order.closedAt),
    company: null,
    confirmation_number: `C${order.id % 1_000_000_000n}`,
    confirmed: order.isConfirmed,
    created_at: text(order.createdAt),
    currency: order.currency,
    customer_locale: 'en',
    device_id: null,
    discount_codes: discountCodes(order),
    duties_included: false,
    estimated_taxes: false,
    financial_status: figuresOf(order).status,
    fulfillment_status: order.fulfillment === 'unfulfilled' ? null : order.fulfillment,
    landing_site: null,
    landing_site_ref: null,
    location_id: null,
    merchant_business_entity_id: `${shop.id}`,
    merchant_of_record_app_id: order.merchantOfRecordAppId,
    name: order.name,
    note: order.note,
    note_attributes: [],
    number: order.orderNumber - NUMBER_OFFSET,
    order_number: order.orderNumber,
    order_status_url: `https://${shop.domain}/${shop.id}/orders/token/authenticate?key=key`,
    payment_gateway_names: gatewaysOf(order),
    po_number: order.poNumber,
    presentment_currency: order.presentmentCurrency,
    processed_at: text(order.processedAt),
    reference: null,
    referring_site: null,
    source_identifier: null,
    source_name: order.sourceName,
    source_url: null,
    tags: order.tags.join(', '),
    tax_exempt: order.taxExempt,
    taxes_included: order.taxesIncluded,
    test: order.isTest,
    token: `token${order.id}`,
    updated_at: text(order.updatedAt),
    user_id: null,
  };
}

function amounts(order: WorldOrder, { switches }: BodyContext): JsonObject {
  const figures = shownFigures(order, switches);
  const set = (bag: Bag): Json => moneySet(bag, order);
  const both = (key: string, bag: Bag): JsonObject => ({
    [key]: decimal(bag.shop, order.currency),
    [`${key}_set`]: set(bag),
  });
  const hasDuties = order.lines.some((line) => line.duties.length > 0);
  const hasFees = order.fees.length > 0;
  return {
    ...both('current_subtotal_price', figures.current.subtotal),
    ...both('current_total_discounts', figures.current.discounts),
    ...both('current_total_price', figures.current.total),
    ...both('current_total_tax', figures.current.tax),
    current_shipping_price_set: set(figures.current.shipping),
    current_total_additional_fees_set: hasFees ? set(figures.current.fees) : null,
    current_total_duties_set: hasDuties ? set(figures.current.duties) : null,
    original_total_additional_fees_set: hasFees ? set(figures.fees) : null,
    original_total_duties_set: hasDuties ? set(figures.duties) : null,
    ...both('subtotal_price', figures.subtotal),
    tax_lines: figures.taxes.map((tax) => taxBody(tax, order)),
    total_cash_rounding_payment_adjustment_set: set(roundedOf(order, ['sale', 'capture'])),
    total_cash_rounding_refund_adjustment_set: set(roundedOf(order, ['refund'])),
    ...both('total_discounts', figures.discounts),
    ...both('total_line_items_price', figures.lines),
    total_outstanding: decimal(figures.outstanding.shop, order.currency),
    ...both('total_price', figures.total),
    total_shipping_price_set: set(figures.shipping),
    ...both('total_tax', figures.tax),
    total_tip_received: decimal(order.tip.shop, order.currency),
    total_weight: 0,
  };
}

/** The figures with the doubts of `switches.ts` applied. */
export function shownFigures(order: WorldOrder, switches: Switches): Figures {
  const figures = figuresOf(order);
  const amountOnly = order.refunds
    .filter((refund) => refund.lines.length === 0 && refund.shipping.length === 0)
    .flatMap((refund) => refund.adjustments.map((entry) => entry.amount));
  const lowered = switches.amountOnlyRefundLowersCurrentTotal ? sumOf(amountOnly) : ZERO;
  return {
    ...figures,
    lines: switches.tip === 'line inside total' ? plus(figures.lines, order.tip) : figures.lines,
    total: switches.editRaisesTotalPrice || !order.isEdited ? figures.total : order.originalTotal,
    current: { ...figures.current, total: plus(figures.current.total, lowered) },
  };
}

/** What each code took off; automatic and manual discounts are not in this list (vendors/shopify.md 4.2). */
function discountCodes(order: WorldOrder): Json {
  return order.discounts.flatMap((discount, index) => {
    if (discount.type !== 'discount_code') return [];
    const all = [...order.lines, ...order.shipping].flatMap((line) => line.allocations);
    const amount = sumOf(all.filter((entry) => entry.discount === index).map((entry) => entry.amount));
    const kind = discount.value.kind === 'percentage' ? 'percentage' : 'fixed_amount';
    const type = discount.target === 'shipping_line' ? 'shipping' : kind;
    return [{ code: discount.label, amount: decimal(amount.shop, order.currency), type }];
  });
}

function discountBody(discount: Discount, order: WorldOrder): JsonObject {
  const { value, label } = discount;
  const name =
    discount.type === 'discount_code'
      ? { code: label }
      : discount.type === 'manual'
        ? { title: label, description: label }
        : { title: label };
  return {
    target_type: discount.target,
    type: discount.type,
    value:
      value.kind === 'percentage'
        ? `${Number(value.hundredths) / 100}${value.hundredths % 100n === 0n ? '.0' : ''}`
        : decimal(value.amount.shop, order.currency),
    value_type: value.kind === 'percentage' ? 'percentage' : 'fixed_amount',
    allocation_method: discount.allocation,
    target_selection: discount.selection,
    ...name,
  };
}

function buyer(order: WorldOrder, { shop }: BodyContext): JsonObject {
  return {
    contact_email: order.email,
    email: order.email ?? '',
    phone: order.phone,
    billing_address: order.billingAddress === null ? null : addressBody(order.billingAddress),
    customer: order.customer === null ? null : customerBody(order.customer, order, shop),
    shipping_address: order.shippingAddress === null ? null : addressBody(order.shippingAddress),
  };
}

function addressBody(address: Address): JsonObject {
  return {
    first_name: address.firstName,
    address1: address.address1,
    phone: address.phone,
    city: address.city,
    zip: address.zip,
    province: address.province,
    country: address.country,
    last_name: address.lastName,
    address2: address.address2,
    company: address.company,
    latitude: null,
    longitude: null,
    name: fullName(address),
    country_code: address.countryCode,
    province_code: address.provinceCode,
  };
}

export function fullName(who: {
  readonly firstName: string | null;
  readonly lastName: string | null;
}): string {
  return [who.firstName, who.lastName].filter((part) => part !== null).join(' ');
}

function customerBody(customer: Customer, order: WorldOrder, shop: Shop): JsonObject {
  const address = customer.defaultAddress;
  return {
    id: customer.id,
    email: customer.email,
    created_at: zonedText(customer.createdAt, shop.timeZone),
    updated_at: zonedText(order.updatedAt, shop.timeZone),
    first_name: customer.firstName,
    last_name: customer.lastName,
    state: 'disabled',
    note: null,
    verified_email: true,
    multipass_identifier: null,
    tax_exempt: customer.taxExempt,
    phone: customer.phone,
    email_marketing_consent: null,
    sms_marketing_consent: null,
    tags: '',
    currency: order.currency,
    tax_exemptions: [],
    admin_graphql_api_id: `gid://shopify/Customer/${customer.id}`,
    default_address:
      address === null
        ? undefined
        : {
            ...addressBody(address),
            latitude: undefined,
            longitude: undefined,
            id: address.id,
            customer_id: customer.id,
            country_name: address.country,
            default: true,
          },
  };
}

function parts(order: WorldOrder, context: BodyContext): JsonObject {
  const { shop, switches } = context;
  const shown = order.lines.filter((line) => line.kind !== 'tip' || switches.tip !== 'no line');
  const terms = order.paymentTerms;
  return {
    discount_applications: order.discounts.map((discount) => discountBody(discount, order)),
    fulfillments: [],
    line_items: shown.map((line) => lineBody(line, order)),
    payment_terms:
      terms === null
        ? null
        : {
            id: terms.id,
            created_at: zonedText(terms.issuedAt, shop.timeZone),
            due_in_days: terms.dueInDays,
            payment_schedules: [],
            payment_terms_name: `Net ${terms.dueInDays}`,
            payment_terms_type: 'net',
            updated_at: zonedText(terms.issuedAt, shop.timeZone),
          },
    refunds: order.refunds.map((refund) => refundBody(order, refund, context)),
    shipping_lines: order.shipping.map((line) => shippingBody(line, order)),
    returns: [],
  };
}

function shippingBody(line: ShippingLine, order: WorldOrder): JsonObject {
  const discounted = minus(line.price, discountOf(line));
  return {
    id: line.id,
    carrier_identifier: null,
    code: line.code,
    current_discounted_price_set: moneySet(currentShipping(line, order), order),
    discounted_price: decimal(discounted.shop, order.currency),
    discounted_price_set: moneySet(discounted, order),
    is_removed: line.isRemoved,
    phone: null,
    price: decimal(line.price.shop, order.currency),
    price_set: moneySet(line.price, order),
    requested_fulfillment_service_id: null,
    source: line.source,
    title: line.title,
    tax_lines: line.taxes.map((tax) => taxBody(tax, order)),
    discount_allocations: line.allocations.map((allocation) => allocationBody(allocation, order)),
  };
}

/** What a shipping line is worth after its discounts and after what was refunded of it. */
export function currentShipping(line: ShippingLine, order: WorldOrder): Bag {
  if (line.isRemoved) return ZERO;
  const back = order.refunds
    .flatMap((refund) => refund.shipping)
    .filter((entry) => entry.shippingLineId === line.id);
  return minus(minus(line.price, discountOf(line)), sumOf(back.map((entry) => entry.amount)));
}

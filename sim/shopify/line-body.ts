import { decimal, ZERO } from '#sim/world/money.ts';
import type { Bag } from '#sim/world/money.ts';
import type { Allocation, Line, TaxLine, WorldOrder } from '#sim/world/order.ts';
import type { Shop } from '#sim/world/place.ts';
import { currentQuantity } from '#sim/world/totals.ts';
import type { Json } from './json.ts';
import type { Switches } from './switches.ts';

export type JsonObject = { readonly [key: string]: Json | undefined };

export interface BodyContext {
  readonly shop: Shop;
  readonly switches: Switches;
}

export function moneySet(bag: Bag, order: Pick<WorldOrder, 'currency' | 'presentmentCurrency'>): Json {
  return {
    shop_money: { amount: decimal(bag.shop, order.currency), currency_code: order.currency },
    presentment_money: {
      amount: decimal(bag.presentment, order.presentmentCurrency),
      currency_code: order.presentmentCurrency,
    },
  };
}

/** A rate in millionths as the JSON number Shopify writes, 0.09975. */
export function rateNumber(ratePpm: bigint): number {
  return Number(ratePpm) / 1_000_000;
}

export function taxBody(tax: TaxLine, order: WorldOrder): JsonObject {
  return {
    price: decimal(tax.amount.shop, order.currency),
    rate: rateNumber(tax.ratePpm),
    title: tax.title,
    price_set: moneySet(tax.amount, order),
    channel_liable: tax.channelLiable,
  };
}

export function allocationBody(allocation: Allocation, order: WorldOrder): JsonObject {
  return {
    amount: decimal(allocation.amount.shop, order.currency),
    amount_set: moneySet(allocation.amount, order),
    discount_application_index: allocation.discount,
  };
}

export function lineBody(line: Line, order: WorldOrder): JsonObject {
  const left = currentQuantity(order, line);
  return {
    id: line.id,
    admin_graphql_api_id: `gid://shopify/LineItem/${line.id}`,
    attributed_staffs: [],
    current_quantity: left,
    fulfillable_quantity: order.fulfillment === 'fulfilled' || line.kind === 'tip' ? 0 : left,
    fulfillment_service: line.kind === 'gift_card' ? 'gift_card' : 'manual',
    fulfillment_status: order.fulfillment === 'fulfilled' ? 'fulfilled' : null,
    gift_card: line.kind === 'gift_card',
    grams: 0,
    name: lineName(line),
    price: decimal(line.price.shop, order.currency),
    price_set: moneySet(line.price, order),
    product_exists: line.productId !== null,
    product_id: line.productId,
    properties: line.properties.map(({ name, value }) => ({ name, value })),
    quantity: line.quantity,
    requires_shipping: line.requiresShipping,
    sales_line_item_group_id: null,
    sku: line.sku,
    taxable: line.taxClass !== 'exempt',
    title: line.title,
    total_discount: decimal(0n, order.currency),
    total_discount_set: moneySet(ZERO, order),
    variant_id: line.variantId,
    variant_inventory_management: line.kind === 'product' ? 'shopify' : null,
    variant_title: line.variantTitle,
    vendor: line.vendor,
    tax_lines: line.taxes.map((tax) => taxBody(tax, order)),
    duties: line.duties.map((duty) => dutyBody(duty, order)),
    discount_allocations: line.allocations.map((allocation) => allocationBody(allocation, order)),
    ...(line.kind === 'tip'
      ? { tip_payment_gateway: gatewaysOf(order)[0] ?? null, tip_payment_method: null }
      : {}),
  };
}

/** Duties carry their money directly, without a `price_set` (vendors/shopify.md 4.2). */
function dutyBody(duty: Line['duties'][number], order: WorldOrder): JsonObject {
  return {
    id: `${duty.id}`,
    harmonized_system_code: duty.harmonizedSystemCode,
    country_code_of_origin: duty.countryCodeOfOrigin,
    shop_money: { amount: decimal(duty.amount.shop, order.currency), currency_code: order.currency },
    presentment_money: {
      amount: decimal(duty.amount.presentment, order.presentmentCurrency),
      currency_code: order.presentmentCurrency,
    },
    tax_lines: [],
    admin_graphql_api_id: `gid://shopify/Duty/${duty.id}`,
  };
}

export function lineName(line: Line): string {
  return line.variantTitle === null ? line.title : `${line.title} - ${line.variantTitle}`;
}

export function gatewaysOf(order: WorldOrder): string[] {
  return [
    ...new Set(order.transactions.filter((entry) => entry.kind !== 'refund').map((entry) => entry.gateway)),
  ];
}

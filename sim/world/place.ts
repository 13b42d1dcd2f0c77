import { DESTINATIONS, PEOPLE, PRODUCTS } from './catalog.ts';
import type { Destination } from './catalog.ts';
import { bagOf, convert, ZERO } from './money.ts';
import type { Bag } from './money.ts';
import type { Address, Customer, Discount, Duty, ShippingLine, TaxClass, WorldOrder } from './order.ts';
import { priceBasket } from './pricing.ts';
import type { Deal, TaxRule, UnpricedLine, UnpricedShipping } from './pricing.ts';
import type { DealRecipe, Item, Recipe } from './recipe.ts';
import { figuresOf } from './totals.ts';

export interface Shop {
  readonly id: bigint;
  readonly name: string;
  /** The permanent name.myshopify.com. */
  readonly domain: string;
  readonly currency: string;
  readonly presentmentCurrencies: readonly string[];
  readonly taxesIncluded: boolean;
  readonly timeZone: string;
  readonly namePrefix: string;
  /** A state's fee on deliveries, which Shopify tells as a tax of 0 % with an amount (vendors/shopify.md 4). In US cents. */
  readonly deliveryFee?: { readonly title: string; readonly cents: bigint };
}

/** Everything that placing or changing an order takes from outside: ids and the moment. */
export interface Moment {
  readonly now: number;
  nextId(): bigint;
}

/** What prices and taxes depend on. */
export interface Basis {
  readonly shop: Shop;
  readonly recipe: Recipe;
}

export interface Placement extends Basis {
  readonly orderNumber: number;
  readonly customer: Customer | null;
  readonly email: string | null;
  readonly person: number;
}

/** Writes the order of a recipe: priced, discounted and taxed, but with no money on it yet. */
export function placeOrder(placement: Placement, moment: Moment): WorldOrder {
  const { shop, recipe } = placement;
  const destination = DESTINATIONS[recipe.to ?? 'US-CA'];
  const taxesIncluded = recipe.taxesIncluded ?? shop.taxesIncluded;
  const basket = {
    taxesIncluded,
    lines: recipe.items.map((item) => lineOf(placement, item, moment)),
    shipping: (recipe.shipping ?? []).map((line) => shippingOf(placement, line, moment)),
    deals: (recipe.deals ?? []).map((deal) => dealOf(placement, deal)),
  };
  const priced = priceBasket(basket);
  const at = moment.now;
  const tip = money(placement, recipe.tipCents ?? 0n);
  const address = addressOf(placement, destination, moment);
  const draft: WorldOrder = {
    id: moment.nextId(),
    orderNumber: placement.orderNumber,
    name: `${shop.namePrefix}${placement.orderNumber}`,
    createdAt: at,
    processedAt: at,
    updatedAt: at,
    cancelled: null,
    closedAt: null,
    currency: shop.currency,
    presentmentCurrency: recipe.presentmentCurrency ?? shop.currency,
    taxesIncluded,
    taxExempt: recipe.taxExempt ?? false,
    isTest: recipe.isTest ?? false,
    isConfirmed: !(recipe.isUnconfirmed ?? false),
    isEdited: false,
    sourceName: recipe.sourceName ?? 'web',
    customer: placement.customer,
    email: placement.email,
    phone: null,
    billingAddress: placement.customer === null && placement.email === null ? null : address,
    shippingAddress: needsShipping(basket.lines, recipe) ? address : null,
    note: recipe.note ?? null,
    tags: [],
    poNumber: null,
    merchantOfRecordAppId: recipe.isSoldForMerchant === true ? MANAGED_MARKETS : null,
    discounts: priced.discounts,
    lines: tip.shop > 0n ? [...priced.lines, tipLine(tip, moment)] : priced.lines,
    shipping: priced.shipping.map((line, at) => (at === 0 ? withDeliveryFee(line, placement) : line)),
    tip,
    fees: feesOf(placement, moment),
    transactions: [],
    refunds: [],
    originalTotal: ZERO,
    statedStatus: null,
    isAuthorizationExpired: false,
    paymentTerms:
      recipe.dueInDays === undefined
        ? null
        : { id: moment.nextId(), dueInDays: recipe.dueInDays, issuedAt: at },
    fulfillment: 'unfulfilled',
  };
  return { ...draft, originalTotal: figuresOf(draft).total };
}

function needsShipping(lines: readonly UnpricedLine[], recipe: Recipe): boolean {
  return recipe.sourceName !== 'pos' && lines.some((line) => line.requiresShipping);
}

/** US cents to both currencies of the order. */
function money(placement: Basis, cents: bigint): Bag {
  const { shop, recipe } = placement;
  const amount = convert(cents, 'USD', shop.currency);
  const buyer = recipe.presentmentCurrency ?? shop.currency;
  return { shop: amount, presentment: convert(amount, shop.currency, buyer) };
}

/** The taxes on a class of goods at the order's destination. */
export function rulesFor(
  recipe: Pick<Recipe, 'to' | 'taxExempt' | 'isChannelLiable'>,
  taxClass: TaxClass,
): readonly TaxRule[] {
  return liable(recipe, DESTINATIONS[recipe.to ?? 'US-CA'].rates[taxClass]);
}

export function shippingRulesFor(
  recipe: Pick<Recipe, 'to' | 'taxExempt' | 'isChannelLiable'>,
): readonly TaxRule[] {
  return liable(recipe, DESTINATIONS[recipe.to ?? 'US-CA'].shippingRates);
}

function liable(
  recipe: Pick<Recipe, 'taxExempt' | 'isChannelLiable'>,
  rules: readonly TaxRule[],
): readonly TaxRule[] {
  if (recipe.taxExempt === true) return [];
  return recipe.isChannelLiable === true ? rules.map((rule) => ({ ...rule, channelLiable: true })) : rules;
}

/** Products keep their ids whatever the order: a thousand times their place in the catalog on top of a round number. */
/** As help.shopify.com names it. */
const MANAGED_MARKETS = 2_745_565_185n;
const FIRST_PRODUCT_ID = 8_142_655_000_000n;
const FIRST_VARIANT_ID = 44_590_000_000_000n;

export function lineOf(placement: Basis, item: Item, moment: Moment): UnpricedLine {
  const price = (cents: bigint): Bag => money(placement, cents);
  const base = { id: moment.nextId(), properties: [], quantity: item.quantity, duties: [] };
  const none = { productId: null, variantId: null, variantTitle: null, sku: null, vendor: null };
  switch (item.kind) {
    case 'product': {
      const found = PRODUCTS[item.index % PRODUCTS.length];
      if (found === undefined) throw new Error(`No product ${item.index} in the catalog`);
      const { cents, ...product } = found;
      const offset = BigInt(item.index % PRODUCTS.length) * 1_000n;
      return {
        ...base,
        ...product,
        kind: 'product',
        productId: FIRST_PRODUCT_ID + offset,
        variantId: FIRST_VARIANT_ID + offset,
        price: price(cents),
        duties: dutiesOf(placement, item, moment),
        rules: rulesFor(placement.recipe, product.taxClass),
      };
    }
    case 'custom': {
      const rules = rulesFor(placement.recipe, 'standard');
      const { title, cents } = item;
      return {
        ...base,
        ...none,
        kind: 'custom',
        title,
        price: price(cents),
        taxClass: 'standard',
        requiresShipping: true,
        rules,
      };
    }
    case 'gift card': {
      const title = 'Gift Card';
      const ids = { productId: FIRST_PRODUCT_ID - 1n, variantId: FIRST_VARIANT_ID - 1n };
      return {
        ...base,
        ...none,
        ...ids,
        kind: 'gift_card',
        title,
        price: price(item.cents),
        taxClass: 'exempt',
        requiresShipping: false,
        rules: [],
      };
    }
  }
}

/** Duties stand on the first product line only; one is enough to be seen. */
function dutiesOf(placement: Basis, item: Item, moment: Moment): readonly Duty[] {
  const { recipe } = placement;
  if (recipe.dutyCents === undefined || recipe.items[0] !== item) return [];
  const amount = money(placement, recipe.dutyCents);
  return [{ id: moment.nextId(), harmonizedSystemCode: '090121', countryCodeOfOrigin: 'ET', amount }];
}

function tipLine(tip: Bag, moment: Moment): WorldOrder['lines'][number] {
  return {
    id: moment.nextId(),
    kind: 'tip',
    productId: null,
    variantId: null,
    title: 'Tip',
    variantTitle: null,
    sku: null,
    vendor: null,
    price: tip,
    quantity: 1,
    taxClass: 'exempt',
    requiresShipping: false,
    properties: [],
    allocations: [],
    taxes: [],
    duties: [],
  };
}

function shippingOf(
  placement: Placement,
  line: { title: string; cents: bigint },
  moment: Moment,
): UnpricedShipping {
  return {
    id: moment.nextId(),
    title: line.title,
    code: line.title,
    source: 'shopify',
    price: money(placement, line.cents),
    isRemoved: false,
    rules: shippingRulesFor(placement.recipe),
  };
}

function dealOf(placement: Placement, deal: DealRecipe): Deal {
  const isLine = typeof deal.on === 'object';
  const discount: Discount = {
    type: deal.type,
    target: deal.on === 'shipping' ? 'shipping_line' : 'line_item',
    allocation: deal.on === 'order' ? 'across' : 'each',
    selection: isLine ? (deal.type === 'manual' ? 'explicit' : 'entitled') : 'all',
    label: deal.label,
    value:
      deal.hundredths === undefined
        ? { kind: 'fixed', amount: money(placement, deal.cents ?? 0n) }
        : { kind: 'percentage', hundredths: deal.hundredths },
  };
  return { discount, lines: typeof deal.on === 'object' ? [deal.on.line] : 'all' };
}

/** On the shipping, also where that is free. */
function withDeliveryFee(line: ShippingLine, placement: Basis): ShippingLine {
  const { deliveryFee } = placement.shop;
  if (deliveryFee === undefined) return line;
  const { title, cents } = deliveryFee;
  const fee = { title, ratePpm: 0n, channelLiable: false, amount: money(placement, cents) };
  return { ...line, taxes: [...line.taxes, fee] };
}

function feesOf(placement: Placement, moment: Moment): WorldOrder['fees'] {
  const { feeCents } = placement.recipe;
  if (feeCents === undefined) return [];
  return [{ id: moment.nextId(), name: 'Import fee', amount: money(placement, feeCents) }];
}

export function addressOf(who: Pick<Placement, 'person'>, destination: Destination, moment: Moment): Address {
  const person = PEOPLE[who.person % PEOPLE.length];
  return {
    id: moment.nextId(),
    firstName: person?.firstName ?? null,
    lastName: person?.lastName ?? null,
    company: person?.company ?? null,
    address1: destination.street,
    address2: person?.address2 ?? null,
    city: destination.city,
    province: destination.province,
    provinceCode: destination.provinceCode,
    country: destination.country,
    countryCode: destination.countryCode,
    zip: destination.zip,
    phone: person?.phone ?? null,
  };
}

/** A share in percent; both sides floor, so a part never exceeds the whole. */
export function percentOf(amount: Bag, percent: number): Bag {
  return bagOf((side) => (amount[side] * BigInt(percent)) / 100n);
}

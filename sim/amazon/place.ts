import { PEOPLE, PRODUCTS } from '#sim/world/catalog.ts';
import { scaleHalfUp } from '#sim/world/money.ts';
import { between } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { marketplaceOf } from './marketplaces.ts';
import type { Marketplace } from './marketplaces.ts';
import type { AmazonBuyer, AmazonItem, AmazonOrder } from './order.ts';
import type { AmazonItemRecipe, AmazonRecipe } from './recipe.ts';

/** What placing and changing take from outside. */
export interface AmazonMoment {
  readonly now: number;
  readonly random: Random;
}

const HUNDREDTHS = 10_000n;

export function placeAmazonOrder(recipe: AmazonRecipe, { now, random }: AmazonMoment): AmazonOrder {
  const marketplace = marketplaceOf(recipe.in ?? 'US');
  const id = `${marketplace.idPrefix}-${digits(random, 7)}-${digits(random, 7)}`;
  const tip = recipe.tipCents ?? 0n;
  return {
    id,
    marketplace,
    channel: recipe.channel ?? 'AMAZON',
    createdAt: now,
    updatedAt: now,
    status: recipe.status ?? 'UNSHIPPED',
    fulfilledBy: recipe.fulfilledBy ?? 'MERCHANT',
    programs: recipe.programs ?? [],
    associated: recipe.instead === undefined ? [] : [recipe.instead],
    buyer: buyerOf(recipe, { marketplace, random }),
    items: recipe.items.map((item) => itemOf(item, recipe, { marketplace, random })),
    tip: tip === 0n ? null : { amount: priceIn(marketplace, tip), status: 'PENDING' },
    shipments: [],
    refunds: [],
    cancelledAt: null,
    cancelRequestedAt: null,
  };
}

function itemOf(
  item: AmazonItemRecipe,
  recipe: AmazonRecipe,
  { marketplace, random }: { marketplace: Marketplace; random: Random },
): AmazonItem {
  const product = PRODUCTS[item.product % PRODUCTS.length];
  const ordered = item.quantity ?? 1;
  const unit = priceIn(marketplace, item.cents ?? product?.cents ?? 1n);
  const shipping = priceIn(marketplace, item.shippingCents ?? 0n);
  const itemDiscount = scaleHalfUp(unit * BigInt(ordered), item.discount ?? 0n, HUNDREDTHS);
  const shippingDiscount = scaleHalfUp(shipping, item.shippingDiscount ?? 0n, HUNDREDTHS);
  const isInclusive = marketplace.prices === 'inclusive';
  return {
    id: digits(random, 14),
    asin: `B0${digits(random, 8)}`,
    sku: product?.sku ?? `NO-SKU-${item.product}`,
    title: product?.title ?? 'Unnamed',
    ordered,
    cancelled: 0,
    shipped: 0,
    terms: {
      unit,
      shipping,
      giftWrap: priceIn(marketplace, item.giftWrapCents ?? 0n),
      cod: priceIn(marketplace, item.codCents ?? 0n),
      other: priceIn(marketplace, item.otherCents ?? 0n),
      itemDiscount,
      shippingDiscount,
      ratePpm: item.ratePpm ?? marketplace.ratePpm,
      tax: isInclusive && recipe.isTaxUntold === true ? 'untold' : 'reported',
    },
    collection: collectionOf(item, marketplace),
    scheme: item.scheme ?? null,
    points: item.points ?? 0,
    promotionIds: itemDiscount + shippingDiscount > 0n ? [`SEASON-${digits(random, 4)}`] : [],
    cancelRequest: null,
    cancelledBy: null,
  };
}

/** By either one stop shop Amazon is the seller in the law's eyes, whatever else is agreed (vendors/amazon.md 9). */
function collectionOf({ collection, scheme }: AmazonItemRecipe, { country }: Marketplace): Collection {
  if (scheme !== undefined) return 'facilitator';
  return collection ?? (country === 'US' ? 'facilitator' : 'seller');
}

type Collection = AmazonItem['collection'];

function buyerOf(
  recipe: AmazonRecipe,
  { marketplace, random }: { marketplace: Marketplace; random: Random },
): AmazonBuyer {
  const person = PEOPLE[between(random, 0, PEOPLE.length - 1)];
  const domain = marketplace.name.toLowerCase();
  return {
    name: [person?.firstName, person?.lastName].filter((part) => part !== null).join(' '),
    email: `${digits(random, 12)}@marketplace.${domain}`,
    company: recipe.company ?? null,
    purchaseOrder: recipe.purchaseOrder ?? null,
  };
}

/** US cents at the marketplace's price level. */
export function priceIn(marketplace: Marketplace, cents: bigint): bigint {
  return scaleHalfUp(cents, marketplace.perDollar, 100n);
}

export function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => Math.floor(random() * 10)).join('');
}

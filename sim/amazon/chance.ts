import { PRODUCTS } from '#sim/world/catalog.ts';
import { between, chance, pick } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { leftOf, unitsLeft, waitingUnits } from './life.ts';
import type { AmazonLifeEvent } from './life.ts';
import { MARKETPLACES } from './marketplaces.ts';
import type { AmazonOrder } from './order.ts';
import { worthOf } from './pricing.ts';
import type { AmazonItemRecipe, AmazonRecipe } from './recipe.ts';

const HALF = 500_000;
const SOMETIMES = 200_000;
const SELDOM = 60_000;

const PROGRAMS = ['PRIME', 'IN_STORE_PICK_UP', 'INVOICE_BY_AMAZON', 'DELIVERY_BY_AMAZON'];

/** An order that some buyer might place. */
export function randomAmazonRecipe(random: Random): AmazonRecipe {
  const country = pick(random, MARKETPLACES).country;
  const isBusiness = chance(random, SOMETIMES);
  const wanted = Array.from({ length: between(random, 1, 5) }, () => randomItem(random, country));
  // Vine gives all of an order away by a promotion.
  const items = chance(random, SELDOM) ? wanted.map(givenAway) : wanted;
  return {
    in: country,
    items,
    fulfilledBy: pick(random, ['AMAZON', 'MERCHANT']),
    status: chance(random, HALF) ? 'UNSHIPPED' : pick(random, ['PENDING', 'PENDING', 'PENDING_AVAILABILITY']),
    programs: [
      ...(isBusiness ? ['AMAZON_BUSINESS'] : []),
      ...(chance(random, SELDOM) ? [pick(random, PROGRAMS)] : []),
    ],
    isTaxUntold: chance(random, SOMETIMES),
    ...(isBusiness ? { company: 'Lindqvist AB', purchaseOrder: `PO-${between(random, 1, 9_999)}` } : {}),
    ...(chance(random, SELDOM) ? { tipCents: BigInt(between(random, 1, 900)) } : {}),
    ...(chance(random, SELDOM) ? { channel: 'NON_AMAZON' as const } : {}),
    ...(chance(random, SELDOM)
      ? { instead: { orderId: '113-0000000-0000001', type: 'REPLACEMENT_ORIGINAL_ID' as const } }
      : {}),
  };
}

function randomItem(random: Random, country: string): AmazonItemRecipe {
  const often = (ppm: number, low: number, high: number): bigint =>
    chance(random, ppm) ? BigInt(between(random, low, high)) : 0n;
  return {
    product: between(random, 0, PRODUCTS.length - 1),
    quantity: chance(random, HALF) ? 1 : between(random, 2, 12),
    shippingCents: often(HALF, 1, 2_500),
    giftWrapCents: often(SELDOM, 1, 600),
    codCents: often(SELDOM, 1, 400),
    otherCents: often(SELDOM, 1, 100),
    discount: chance(random, SELDOM) ? 10_000n : often(SOMETIMES, 1, 9_999),
    shippingDiscount: often(SOMETIMES, 1, 10_000),
    ...(chance(random, SOMETIMES) ? { collection: pick(random, ['facilitator', 'seller'] as const) } : {}),
    ...(chance(random, SELDOM) ? { scheme: pick(random, ['IOSS', 'UOSS'] as const) } : {}),
    ...(chance(random, SELDOM) ? { ratePpm: BigInt(pick(random, [0, 55_000, 70_000, 99_750])) } : {}),
    ...(country === 'JP' ? { points: between(random, 0, 300) } : {}),
  };
}

function givenAway({ product, quantity = 1 }: AmazonItemRecipe): AmazonItemRecipe {
  return { product, quantity, discount: 10_000n };
}

/** Something that can happen to the order as it stands. */
export function randomAmazonEvent(random: Random, order: AmazonOrder): AmazonLifeEvent {
  const possible: AmazonLifeEvent[] = [{ kind: 'touch' }];
  const waiting = waitingUnits(order);
  const some = waiting.length === 0 ? null : pick(random, waiting);
  const part = some === null ? [] : [{ item: some.item, quantity: between(random, 1, some.quantity) }];
  switch (order.status) {
    case 'PENDING_AVAILABILITY':
      possible.push({ kind: 'available' }, { kind: 'cancel', by: 'BUYER' });
      break;
    case 'PENDING':
      possible.push({ kind: 'confirm' }, { kind: 'confirm' }, { kind: 'cancel', by: 'AMAZON' });
      break;
    case 'UNSHIPPED':
      possible.push(
        { kind: 'ship' },
        { kind: 'ship' },
        { kind: 'ship', units: part },
        { kind: 'request cancel', reason: 'Bought by mistake' },
        { kind: 'cancel', by: 'MERCHANT' },
        { kind: 'cancel', by: 'BUYER', units: part },
        { kind: 'reprice', item: 0, percent: between(random, 50, 120) },
        { kind: 'retax', ratePpm: BigInt(between(random, 0, 250_000)) },
        { kind: 'tip', amount: BigInt(between(random, 1, 900)), status: 'FINALIZED' },
      );
      if (order.fulfilledBy === 'AMAZON') possible.push({ kind: 'unfulfillable' });
      break;
    case 'PARTIALLY_SHIPPED':
      possible.push(
        { kind: 'ship' },
        { kind: 'ship', units: part },
        { kind: 'cancel', by: 'MERCHANT' },
        { kind: 'cancel', by: 'BUYER', units: part },
        ...refundsOf(random, order),
      );
      break;
    case 'SHIPPED':
      possible.push(...refundsOf(random, order));
      if (chance(random, SOMETIMES)) possible.push({ kind: 'cancel', by: 'AMAZON' });
      break;
    case 'CANCELLED':
    case 'UNFULFILLABLE':
      break;
  }
  return pick(random, possible);
}

function refundsOf(random: Random, order: AmazonOrder): AmazonLifeEvent[] {
  const left = leftOf(order);
  const hasMoney = left.some(({ parts }) => worthOf(parts).net > 0n);
  if (!hasMoney) return [];
  const events: AmazonLifeEvent[] = [{ kind: 'refund', request: { of: 'everything' } }];
  if (left.some(({ parts }) => parts.charges.shipping.net > parts.discounts.shipping.net)) {
    events.push({ kind: 'refund', request: { of: 'shipping' } });
  }
  for (const [item, { item: sold, parts }] of left.entries()) {
    const open = unitsLeft(order, sold);
    const units = [{ item, quantity: between(random, 1, Math.max(1, open)) }];
    if (open > 0 && worthOf(parts).net > BigInt(open)) {
      events.push({ kind: 'refund', request: { of: 'units', units } });
    }
    if (parts.charges.item.net - parts.discounts.item.net >= 100n) {
      events.push({ kind: 'refund', request: { of: 'amount', item, percent: between(random, 1, 100) } });
    }
  }
  return events;
}

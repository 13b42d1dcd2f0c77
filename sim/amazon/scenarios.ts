import type { AmazonLifeEvent } from './life.ts';
import type { AmazonItemRecipe, AmazonRecipe } from './recipe.ts';

/** An order of one kind and what becomes of it. */
export interface AmazonScenario {
  readonly recipe: AmazonRecipe;
  readonly life: readonly AmazonLifeEvent[];
}

const one: readonly AmazonItemRecipe[] = [{ product: 0, shippingCents: 690n }];
const two: readonly AmazonItemRecipe[] = [
  { product: 0, shippingCents: 690n },
  { product: 1, quantity: 3 },
];

const SHIP: AmazonLifeEvent = { kind: 'ship' };
const CONFIRM: AmazonLifeEvent = { kind: 'confirm' };
const ONE_UNIT = [{ item: 1, quantity: 1 }];

const TAXES = {
  'US, Amazon remits the tax': { recipe: { items: two }, life: [SHIP] },
  'US, no tax at all': { recipe: { items: [{ product: 0, ratePpm: 0n }] }, life: [SHIP] },
  'US, the seller remits the tax': {
    recipe: { items: [{ product: 0, collection: 'seller' }] },
    life: [SHIP],
  },
  'Canada, the seller remits the tax': { recipe: { in: 'CA', items: two }, life: [SHIP] },
  'one item of either kind': {
    recipe: { in: 'CA', items: [{ product: 0 }, { product: 1, collection: 'facilitator' }] },
    life: [SHIP],
  },
  'Germany, tax told': { recipe: { in: 'DE', items: two }, life: [SHIP] },
  'Germany, tax untold': { recipe: { in: 'DE', items: two, isTaxUntold: true }, life: [SHIP] },
  'Britain, Amazon remits the tax': {
    recipe: { in: 'GB', items: [{ product: 0, collection: 'facilitator' }] },
    life: [SHIP],
  },
  'import one stop shop': {
    recipe: { in: 'FR', items: [{ product: 1, collection: 'facilitator', scheme: 'IOSS' }] },
    life: [SHIP],
  },
  'import one stop shop, tax untold': {
    recipe: {
      in: 'TR',
      items: [{ product: 1, collection: 'facilitator', scheme: 'IOSS' }],
      isTaxUntold: true,
    },
    life: [SHIP],
  },
  'union one stop shop': { recipe: { in: 'IT', items: [{ product: 0, scheme: 'UOSS' }] }, life: [SHIP] },
  'Japan, points and cash on delivery': {
    recipe: { in: 'JP', items: [{ product: 0, points: 79, codCents: 220n }] },
    life: [SHIP],
  },
} satisfies Readonly<Record<string, AmazonScenario>>;

const KINDS = {
  'discounts on goods and shipping': {
    recipe: { items: [{ ...one[0], product: 0, discount: 1_500n, shippingDiscount: 10_000n }] },
    life: [SHIP],
  },
  'discounts, the seller remits the tax': {
    recipe: {
      in: 'DE',
      items: [{ product: 0, quantity: 3, shippingCents: 490n, discount: 1_250n, shippingDiscount: 5_000n }],
    },
    life: [SHIP],
  },
  'gift wrap, deposit and tip': {
    recipe: { items: [{ product: 1, giftWrapCents: 399n, otherCents: 10n }], tipCents: 500n },
    life: [SHIP],
  },
  'business with a purchase order': {
    recipe: { items: two, programs: ['AMAZON_BUSINESS'], company: 'Lindqvist AB', purchaseOrder: 'PO-4711' },
    life: [SHIP],
  },
  'shipped by Amazon': { recipe: { items: two, fulfilledBy: 'AMAZON', programs: ['PRIME'] }, life: [SHIP] },
  'shipped in parts': { recipe: { items: two }, life: [{ kind: 'ship', units: ONE_UNIT }, SHIP] },
  'only a part shipped': { recipe: { items: two }, life: [{ kind: 'ship', units: ONE_UNIT }] },
  'free of charge': { recipe: { items: [{ product: 0, discount: 10_000n }] }, life: [SHIP] },
  'a replacement': {
    recipe: {
      items: [{ product: 0, cents: 0n }],
      instead: { orderId: '113-0000000-0000001', type: 'REPLACEMENT_ORIGINAL_ID' },
    },
    life: [SHIP],
  },
  'an exchange': {
    recipe: {
      items: [{ product: 0 }],
      instead: { orderId: '113-0000000-0000002', type: 'EXCHANGE_ORIGINAL_ID' },
    },
    life: [SHIP],
  },
  'from another channel': {
    recipe: { items: one, channel: 'NON_AMAZON', fulfilledBy: 'AMAZON' },
    life: [SHIP],
  },
  'invoiced by Amazon': {
    recipe: { in: 'DE', items: one, programs: ['AMAZON_BUSINESS', 'INVOICE_BY_AMAZON'] },
    life: [SHIP],
  },
} satisfies Readonly<Record<string, AmazonScenario>>;

const LIVES = {
  pending: { recipe: { items: one, status: 'PENDING' }, life: [] },
  'pending, then shipped': { recipe: { items: one, status: 'PENDING' }, life: [CONFIRM, SHIP] },
  'ordered before there is any': {
    recipe: { items: one, status: 'PENDING_AVAILABILITY' },
    life: [{ kind: 'available' }, CONFIRM, SHIP],
  },
  'cancelled while pending': {
    recipe: { items: one, status: 'PENDING' },
    life: [{ kind: 'cancel', by: 'AMAZON' }],
  },
  'cancelled before shipping': {
    recipe: { items: two },
    life: [
      { kind: 'request cancel', reason: 'Bought by mistake' },
      { kind: 'cancel', by: 'MERCHANT' },
    ],
  },
  'asked to be cancelled, shipped all the same': {
    recipe: { items: one },
    life: [{ kind: 'request cancel', reason: 'Too slow' }, SHIP],
  },
  'a unit cancelled, the rest shipped': {
    recipe: { items: two },
    life: [{ kind: 'cancel', by: 'BUYER', units: ONE_UNIT }, SHIP],
  },
  'a part shipped, the rest cancelled': {
    recipe: { items: two },
    life: [
      { kind: 'ship', units: ONE_UNIT },
      { kind: 'cancel', by: 'MERCHANT' },
    ],
  },
  'cancelled after shipping': { recipe: { items: two }, life: [SHIP, { kind: 'cancel', by: 'AMAZON' }] },
  unfulfillable: { recipe: { items: one, fulfilledBy: 'AMAZON' }, life: [{ kind: 'unfulfillable' }] },
  'priced and taxed anew before shipping': {
    recipe: { items: two },
    life: [{ kind: 'reprice', item: 0, percent: 80 }, { kind: 'retax', ratePpm: 60_000n }, SHIP],
  },
  'tip known after shipping': {
    recipe: { items: one },
    life: [SHIP, { kind: 'tip', amount: 450n, status: 'FINALIZED' }],
  },
} satisfies Readonly<Record<string, AmazonScenario>>;

const REFUNDS = {
  'refunded in full': {
    recipe: { items: two },
    life: [SHIP, { kind: 'refund', request: { of: 'everything' } }],
  },
  'an item refunded': {
    recipe: { in: 'CA', items: two },
    life: [SHIP, { kind: 'refund', request: { of: 'units', units: [{ item: 1, quantity: 3 }] } }],
  },
  'shipping refunded': {
    recipe: { in: 'DE', items: two },
    life: [SHIP, { kind: 'refund', request: { of: 'shipping' } }],
  },
  'an amount refunded with its tax': {
    recipe: { in: 'GB', items: two },
    life: [SHIP, { kind: 'refund', request: { of: 'amount', item: 0, percent: 25 } }],
  },
  'refunded in several steps': {
    recipe: { in: 'DE', items: [{ product: 0, quantity: 3, shippingCents: 490n, discount: 1_250n }] },
    life: [
      SHIP,
      { kind: 'refund', request: { of: 'units', units: [{ item: 0, quantity: 1 }] } },
      { kind: 'refund', request: { of: 'amount', item: 0, percent: 10 } },
      { kind: 'refund', request: { of: 'shipping' } },
      { kind: 'refund', request: { of: 'everything' } },
    ],
  },
  'refunded in India, where Amazon keeps tax at source': {
    recipe: { in: 'IN', items: two },
    life: [SHIP, { kind: 'refund', request: { of: 'everything' } }],
  },
  'refunded, the price held an untold tax': {
    recipe: { in: 'ES', items: two, isTaxUntold: true },
    life: [SHIP, { kind: 'refund', request: { of: 'everything' } }],
  },
} satisfies Readonly<Record<string, AmazonScenario>>;

const NAMED = { ...TAXES, ...KINDS, ...LIVES, ...REFUNDS };

export type AmazonScenarioName = keyof typeof NAMED;

export const AMAZON_SCENARIOS: Readonly<Record<AmazonScenarioName, AmazonScenario>> = NAMED;

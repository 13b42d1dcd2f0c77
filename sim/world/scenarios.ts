import { percentOf } from './place.ts';
import type { LifeEvent } from './life.ts';
import type { WorldOrder } from './order.ts';
import type { Item, Recipe } from './recipe.ts';
import { figuresOf } from './totals.ts';

/** An order of one kind and what becomes of it; a step may depend on how the order stands. */
export interface Scenario {
  readonly recipe: Recipe;
  readonly life?: readonly ((order: WorldOrder) => LifeEvent)[];
}

const CARD = { kind: 'paid', gateway: 'shopify_payments' } as const;
const POST = [{ title: 'Standard', cents: 690n }] as const;

/** Places in the catalog (`PRODUCTS`) by what a scenario needs of them. */
const KETTLE = 0;
const PAPERS = 1;
const BREAD = 2;
const SHIRT = 4;
const RTL = 6;
const CJK = 7;
const DOWNLOAD = 8;
const LONG = 11;
const MARKUP = 12;

const of = (index: number, quantity = 1): Item => ({ kind: 'product', index, quantity });
const one = [of(KETTLE)] as const;
const two = [of(KETTLE), of(PAPERS, 3)] as const;

function firstUnits(quantity: number): (order: WorldOrder) => LifeEvent {
  return () => ({ kind: 'refund', request: { lines: [{ line: 0, quantity }], restock: 'return' } });
}

function refundOf(percent: number): (order: WorldOrder) => LifeEvent {
  return (order) => ({ kind: 'refund', request: { amount: percentOf(figuresOf(order).received, percent) } });
}

const BOUGHT = {
  'paid, one line': { recipe: { items: one, payment: CARD, shipping: POST } },
  'paid, repeat customer, several lines': {
    recipe: {
      items: [of(SHIRT, 2), of(PAPERS, 7), of(BREAD, 3)],
      customer: { kind: 'repeat' },
      payment: CARD,
      shipping: POST,
    },
  },
  'paid, two lines, code discount': {
    recipe: {
      items: two,
      payment: CARD,
      shipping: POST,
      deals: [{ type: 'discount_code', label: 'TENOFF', on: 'order', hundredths: 1_000n }],
    },
  },
  'paid, fixed code over three equal lines': {
    recipe: {
      items: [of(SHIRT), of(SHIRT), of(SHIRT)],
      payment: CARD,
      deals: [{ type: 'discount_code', label: 'TEN', on: 'order', cents: 1_000n }],
    },
  },
  'paid, line and order discount': {
    recipe: {
      items: two,
      payment: CARD,
      deals: [
        { type: 'manual', label: 'Scratched lid', on: { line: 0 }, cents: 333n },
        { type: 'automatic', label: 'Spring 7 %', on: 'order', hundredths: 700n },
      ],
    },
  },
  'paid, free shipping by code': {
    recipe: {
      items: one,
      to: 'US-NY',
      payment: CARD,
      shipping: POST,
      deals: [{ type: 'discount_code', label: 'SHIPFREE', on: 'shipping', hundredths: 10_000n }],
    },
  },
  'paid, shipping partly discounted': {
    recipe: {
      items: one,
      to: 'CA-QC',
      payment: CARD,
      shipping: [{ title: 'Express', cents: 1_490n }],
      deals: [{ type: 'automatic', label: 'Half the post', on: 'shipping', hundredths: 3_333n }],
    },
  },
  'paid, four taxes a line': { recipe: { items: two, to: 'US-CA', payment: CARD, shipping: POST } },
  'paid, Quebec': { recipe: { items: two, to: 'CA-QC', payment: CARD, shipping: POST } },
  'paid, tax included, two rates': {
    recipe: {
      items: [of(KETTLE), of(BREAD, 2)],
      to: 'DE',
      taxesIncluded: true,
      payment: CARD,
      shipping: POST,
    },
  },
  'paid, tax exempt buyer': { recipe: { items: two, to: 'US-NY', taxExempt: true, payment: CARD } },
  'paid, tax remitted by the channel': {
    recipe: { items: two, to: 'US-NY', isChannelLiable: true, payment: CARD },
  },
  'paid, with a tip': { recipe: { items: [of(BREAD, 2)], tipCents: 250n, payment: CARD } },
  'paid, duties and import fee': {
    recipe: { items: one, to: 'GB', dutyCents: 480n, feeCents: 125n, payment: CARD, shipping: POST },
  },
  'paid, gift card sold': {
    recipe: { items: [{ kind: 'gift card', cents: 5_000n, quantity: 1 }, of(PAPERS)], payment: CARD },
  },
  'paid, gift card used': {
    recipe: { items: two, payment: { kind: 'gift card and card', giftPercent: 30 } },
  },
  'paid, custom item': {
    recipe: {
      items: [{ kind: 'custom', title: 'Engraving, two words', cents: 1_275n, quantity: 2 }, of(SHIRT)],
      payment: CARD,
    },
  },
  'paid, buyer pays in yen': {
    recipe: { items: two, to: 'JP', presentmentCurrency: 'JPY', payment: CARD, shipping: POST },
  },
  'paid, buyer pays in dinar': {
    recipe: { items: two, to: 'KW', presentmentCurrency: 'KWD', payment: CARD, shipping: POST },
  },
  'paid, buyer pays in euro': {
    recipe: { items: two, to: 'FR', presentmentCurrency: 'EUR', payment: CARD, shipping: POST },
  },
  'paid at the till in cash, no customer': {
    recipe: {
      items: [of(BREAD, 3)],
      sourceName: 'pos',
      customer: { kind: 'guest', email: null },
      payment: { kind: 'rounded cash' },
    },
  },
  'paid, guest with an address only': {
    recipe: { items: one, customer: { kind: 'guest', email: 'guest@example.org' }, payment: CARD },
  },
  'paid, every script and 500 letters': {
    recipe: {
      items: [of(RTL), of(CJK), of(LONG, 2), of(MARKUP)],
      customer: { kind: 'new', person: 8 },
      payment: CARD,
    },
  },
  'paid draft order': {
    recipe: {
      items: [of(DOWNLOAD)],
      sourceName: 'shopify_draft_order',
      payment: { kind: 'paid', gateway: 'manual' },
    },
  },
  'free order': {
    recipe: {
      items: [of(PAPERS)],
      deals: [{ type: 'discount_code', label: 'ONTHEHOUSE', on: 'order', hundredths: 10_000n }],
      payment: { kind: 'open' },
    },
  },
  'test order': { recipe: { items: one, isTest: true, payment: { kind: 'paid', gateway: 'bogus' } } },
  'stated paid, money outstanding': { recipe: { items: one, payment: { kind: 'stated paid' } } },
} as const satisfies Readonly<Record<string, Scenario>>;

const OWED = {
  'unpaid, bank transfer': { recipe: { items: two, payment: { kind: 'pending', gateway: 'Bank Deposit' } } },
  'unpaid, net terms': { recipe: { items: two, payment: { kind: 'open' }, dueInDays: 30 } },
  'paid in two parts': {
    recipe: { items: two, payment: { kind: 'part', gateway: 'manual', percent: 40 } },
    life: [() => ({ kind: 'pay', gateway: 'manual' })],
  },
  'partly paid': { recipe: { items: two, payment: { kind: 'part', gateway: 'manual', percent: 25 } } },
  'pending transfer arrives': {
    recipe: { items: one, payment: { kind: 'pending', gateway: 'Bank Deposit' } },
    life: [() => ({ kind: 'settle', status: 'success' })],
  },
  'authorized only': {
    recipe: { items: two, payment: { kind: 'authorized', gateway: 'shopify_payments' }, shipping: POST },
  },
  'authorized, captured in two shipments': {
    recipe: { items: two, payment: { kind: 'authorized', gateway: 'shopify_payments' } },
    life: [() => ({ kind: 'capture', percent: 60 }), () => ({ kind: 'capture' })],
  },
  'authorized, expired': {
    recipe: { items: one, payment: { kind: 'authorized', gateway: 'shopify_payments' } },
    life: [() => ({ kind: 'expire' })],
  },
  'cancelled before payment': {
    recipe: { items: two, payment: { kind: 'authorized', gateway: 'shopify_payments' }, shipping: POST },
    life: [() => ({ kind: 'cancel', request: { reason: 'customer', money: 'refund' } })],
  },
} as const satisfies Readonly<Record<string, Scenario>>;

const CHANGED = {
  'cancelled after payment, refunded': {
    recipe: { items: two, to: 'US-NY', payment: CARD, shipping: POST },
    life: [() => ({ kind: 'cancel', request: { reason: 'inventory', money: 'refund' } })],
  },
  'refunded in full': {
    recipe: { items: two, to: 'US-NY', payment: CARD, shipping: POST },
    life: [
      () => ({ kind: 'refund', request: { lines: 'all', shipping: true, extras: true, restock: 'return' } }),
    ],
  },
  'refunded, one unit of three': {
    recipe: { items: [of(SHIRT, 3), of(PAPERS)], payment: CARD },
    life: [firstUnits(1)],
  },
  'refunded unit by unit': {
    recipe: {
      items: [of(SHIRT, 3)],
      payment: CARD,
      deals: [{ type: 'discount_code', label: 'TEN', on: 'order', cents: 1_000n }],
    },
    life: [firstUnits(1), firstUnits(1), firstUnits(1)],
  },
  'refunded, tax included, one of two': {
    recipe: { items: [of(SHIRT, 2)], to: 'DE', taxesIncluded: true, payment: CARD, shipping: POST },
    life: [firstUnits(1)],
  },
  'refunded shipping only': {
    recipe: { items: one, to: 'US-NY', payment: CARD, shipping: POST },
    life: [() => ({ kind: 'refund', request: { shipping: true } })],
  },
  'refunded amount only': { recipe: { items: two, payment: CARD }, life: [refundOf(5)] },
  'refund pending': {
    recipe: { items: one, payment: CARD },
    life: [() => ({ kind: 'refund', request: { lines: 'all', status: 'pending' } })],
  },
  'refund pending, then paid out': {
    recipe: { items: one, payment: CARD },
    life: [
      () => ({ kind: 'refund', request: { lines: 'all', status: 'pending' } }),
      () => ({ kind: 'settle', status: 'success' }),
    ],
  },
  'refund pending, then failed': {
    recipe: { items: one, payment: CARD },
    life: [
      () => ({ kind: 'refund', request: { lines: 'all', status: 'pending' } }),
      () => ({ kind: 'settle', status: 'failure' }),
    ],
  },
  'refunded to store credit': {
    recipe: { items: one, payment: CARD },
    life: [() => ({ kind: 'refund', request: { lines: 'all', to: 'shopify_store_credit' } })],
  },
  'edited, line added after payment': {
    recipe: { items: one, to: 'US-NY', payment: CARD },
    life: [() => ({ kind: 'edit', edit: { kind: 'add', item: of(PAPERS, 2) } })],
  },
  'edited, line removed before payment': {
    recipe: { items: two, to: 'US-NY', payment: { kind: 'open' } },
    life: [() => ({ kind: 'edit', edit: { kind: 'remove', line: 1, quantity: 2 } })],
  },
  'edited, price lowered': {
    recipe: { items: two, to: 'US-NY', payment: { kind: 'open' } },
    life: [
      (order) => ({
        kind: 'edit',
        edit: {
          kind: 'reprice',
          line: 0,
          off: percentOf(order.lines[0]?.price ?? { shop: 0n, presentment: 0n }, 12),
        },
      }),
    ],
  },
  'exchanged, pays the difference': {
    recipe: { items: [of(SHIRT)], to: 'US-NY', payment: CARD },
    life: [
      () => ({ kind: 'edit', edit: { kind: 'remove', line: 0, quantity: 1 } }),
      () => ({ kind: 'edit', edit: { kind: 'add', item: of(SHIRT + 1) } }),
      () => ({ kind: 'pay', gateway: 'shopify_payments' }),
    ],
  },
  'address changed, other tax': {
    recipe: { items: two, to: 'US-OR', payment: { kind: 'open' }, shipping: POST },
    life: [() => ({ kind: 'address', to: 'US-NY' })],
  },
  deleted: {
    recipe: { items: one, isTest: false, payment: { kind: 'open' } },
    life: [() => ({ kind: 'delete' })],
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof BOUGHT | keyof typeof OWED | keyof typeof CHANGED;

/** Every kind of order by name: the demo shows them, tests pick from them. */
export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = { ...BOUGHT, ...OWED, ...CHANGED };

export const SCENARIO_NAMES: readonly ScenarioName[] = [...names(BOUGHT), ...names(OWED), ...names(CHANGED)];

function names<Name extends string>(table: Readonly<Record<Name, Scenario>>): Name[] {
  const found: Name[] = [];
  for (const name in table) found.push(name);
  return found;
}

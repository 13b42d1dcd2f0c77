import { DESTINATION_CODES, PRODUCTS } from './catalog.ts';
import { openLines } from './edits.ts';
import { refundable } from './life.ts';
import type { LifeEvent } from './life.ts';
import type { WorldOrder } from './order.ts';
import { percentOf } from './place.ts';
import type { Shop } from './place.ts';
import { between, chance, pick } from './random.ts';
import type { Random } from './random.ts';
import type { CustomerChoice, DealRecipe, Item, PaymentRecipe, Recipe } from './recipe.ts';
import { figuresOf } from './totals.ts';

const HALF = 500_000;
const SOMETIMES = 200_000;
const SELDOM = 60_000;

/** An order that some buyer might place. */
export function randomRecipe(random: Random, shop: Shop): Recipe {
  const items = Array.from({ length: between(random, 1, 6) }, () => randomItem(random));
  return {
    items,
    to: pick(random, DESTINATION_CODES),
    customer: randomCustomer(random),
    deals: randomDeals(random, items.length),
    shipping: chance(random, HALF) ? [{ title: 'Standard', cents: BigInt(between(random, 0, 2_500)) }] : [],
    payment: randomPayment(random),
    taxesIncluded: chance(random, SELDOM) ? !shop.taxesIncluded : shop.taxesIncluded,
    ...(chance(random, SOMETIMES) ? { presentmentCurrency: pick(random, shop.presentmentCurrencies) } : {}),
    ...(chance(random, SOMETIMES) ? { tipCents: BigInt(between(random, 1, 900)) } : {}),
    ...(chance(random, SELDOM) ? { dutyCents: BigInt(between(random, 1, 900)) } : {}),
    ...(chance(random, SELDOM) ? { feeCents: BigInt(between(random, 1, 300)) } : {}),
    ...(chance(random, SELDOM) ? { taxExempt: true } : {}),
    ...(chance(random, SELDOM) ? { isChannelLiable: true } : {}),
    ...(chance(random, SELDOM) ? { isTest: true } : {}),
    ...(chance(random, SELDOM)
      ? { sourceName: pick(random, ['pos', 'shopify_draft_order', '376951341057']) }
      : {}),
    ...(chance(random, SELDOM) ? { dueInDays: pick(random, [7, 15, 30]) } : {}),
  };
}

function randomItem(random: Random): Item {
  const quantity = chance(random, HALF) ? 1 : between(random, 2, 12);
  if (chance(random, SELDOM))
    return { kind: 'gift card', cents: BigInt(between(random, 5, 100)) * 100n, quantity: 1 };
  if (chance(random, SELDOM)) {
    return { kind: 'custom', title: 'Custom work', cents: BigInt(between(random, 1, 9_999)), quantity };
  }
  return { kind: 'product', index: between(random, 0, PRODUCTS.length - 1), quantity };
}

function randomCustomer(random: Random): CustomerChoice {
  if (chance(random, SOMETIMES)) return { kind: 'repeat' };
  if (chance(random, SELDOM))
    return { kind: 'guest', email: chance(random, HALF) ? 'guest@example.org' : null };
  return { kind: 'new' };
}

function randomDeals(random: Random, lineCount: number): DealRecipe[] {
  const deals: DealRecipe[] = [];
  if (chance(random, SOMETIMES)) {
    deals.push({
      type: 'automatic',
      label: 'Season',
      on: { line: between(random, 0, lineCount - 1) },
      ...randomValue(random),
    });
  }
  if (chance(random, SOMETIMES))
    deals.push({ type: 'discount_code', label: 'CODE', on: 'order', ...randomValue(random) });
  if (chance(random, SELDOM))
    deals.push({ type: 'manual', label: 'Goodwill', on: 'order', ...randomValue(random) });
  if (chance(random, SELDOM))
    deals.push({ type: 'discount_code', label: 'SHIP', on: 'shipping', ...randomValue(random) });
  return deals;
}

function randomValue(random: Random): Pick<DealRecipe, 'hundredths' | 'cents'> {
  return chance(random, HALF)
    ? { hundredths: BigInt(between(random, 1, 10_000)) }
    : { cents: BigInt(between(random, 1, 4_000)) };
}

function randomPayment(random: Random): PaymentRecipe {
  if (chance(random, HALF))
    return { kind: 'paid', gateway: pick(random, ['shopify_payments', 'paypal', 'manual']) };
  return pick<PaymentRecipe>(random, [
    { kind: 'authorized', gateway: 'shopify_payments' },
    { kind: 'pending', gateway: 'Bank Deposit' },
    { kind: 'open' },
    { kind: 'part', gateway: 'manual', percent: between(random, 1, 99) },
    { kind: 'gift card and card', giftPercent: between(random, 1, 99) },
    { kind: 'rounded cash' },
    { kind: 'stated paid' },
  ]);
}

/** Something that can happen to the order as it stands. `raises`: edits may put more units on a line and take shipping off, too. */
export function randomEvent(
  random: Random,
  order: WorldOrder,
  { raises = false }: { readonly raises?: boolean } = {},
): LifeEvent | null {
  const figures = figuresOf(order);
  const lines = openLines(order);
  const line = lines.length === 0 ? null : pick(random, lines);
  const possible: LifeEvent[] = [{ kind: 'note', note: `note ${between(random, 1, 999)}` }];
  if (order.cancelled !== null) return pick(random, possible);
  const hasPending = order.transactions.some((entry) => entry.status === 'pending');
  if (hasPending) possible.push({ kind: 'settle', status: 'success' }, { kind: 'settle', status: 'failure' });
  if (figures.capturable.shop > 0n && !order.isAuthorizationExpired) {
    possible.push(
      { kind: 'capture' },
      { kind: 'capture', percent: between(random, 1, 99) },
      { kind: 'void' },
      { kind: 'expire' },
    );
  } else if (figures.outstanding.shop > 0n && figures.outstanding.presentment > 0n && !hasPending) {
    possible.push(
      { kind: 'pay', gateway: 'manual' },
      { kind: 'pay', gateway: 'manual', percent: between(random, 1, 99) },
    );
  }
  possible.push({ kind: 'edit', edit: { kind: 'add', item: randomItem(random) } });
  if (line !== null) {
    possible.push(...lineEvents(random, order, line));
    if (raises) possible.push(...raisesOf(random, line));
  }
  if (raises && hasShippingLeft(order)) possible.push({ kind: 'edit', edit: { kind: 'remove shipping' } });
  if (order.fulfillment === 'unfulfilled') {
    possible.push({ kind: 'fulfill' });
    if (order.refunds.length === 0) possible.push({ kind: 'address', to: pick(random, DESTINATION_CODES) });
  }
  if (!hasPending) {
    possible.push({
      kind: 'cancel',
      request: { reason: 'customer', money: chance(random, HALF) ? 'refund' : 'keep' },
    });
    possible.push(...refundEvents(random, order));
  }
  return pick(random, possible);
}

function hasShippingLeft(order: WorldOrder): boolean {
  const gone = order.refunds.flatMap((entry) => entry.shipping.map((part) => part.shippingLineId));
  return order.shipping.some((line) => !line.isRemoved && !gone.includes(line.id) && line.price.shop > 0n);
}

function lineEvents(
  random: Random,
  order: WorldOrder,
  open: ReturnType<typeof openLines>[number],
): LifeEvent[] {
  const { index, line } = open;
  const events: LifeEvent[] = [
    { kind: 'edit', edit: { kind: 'remove', line: index, quantity: between(random, 1, open.quantity) } },
  ];
  if (open.quantity === line.quantity && order.refunds.length === 0) {
    const off = percentOf(line.price, between(random, 1, 90));
    events.push({ kind: 'edit', edit: { kind: 'reprice', line: index, off } });
  }
  return events;
}

function raisesOf(random: Random, open: ReturnType<typeof openLines>[number]): LifeEvent[] {
  const { index, line } = open;
  const quantity = between(random, 1, 6);
  return line.kind !== 'gift_card' && line.duties.length === 0
    ? [{ kind: 'edit', edit: { kind: 'raise', line: index, quantity } }]
    : [];
}

function refundEvents(random: Random, order: WorldOrder): LifeEvent[] {
  const left = refundable(order);
  if (left.shop <= 0n || left.presentment <= 0n) return [];
  const status = chance(random, SOMETIMES) ? 'pending' : 'success';
  const restock = pick(random, ['no_restock', 'return', 'cancel'] as const);
  const events: LifeEvent[] = [
    { kind: 'refund', request: { lines: 'all', shipping: true, extras: true, restock, status } },
    { kind: 'refund', request: { amount: percentOf(left, between(random, 1, 100)), status } },
    { kind: 'refund', request: { shipping: true, status } },
  ];
  for (const { index, quantity } of openLines(order)) {
    const lines = [{ line: index, quantity: between(random, 1, quantity) }];
    events.push({
      kind: 'refund',
      request: { lines, restock, status, to: pick(random, ['original', 'shopify_store_credit']) },
    });
  }
  return events;
}

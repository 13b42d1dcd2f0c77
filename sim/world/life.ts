import type { DestinationCode } from './catalog.ts';
import { changeAddress, edit, fulfill } from './edits.ts';
import type { EditRequest } from './edits.ts';
import { minus, tillRounding } from './money.ts';
import type { Bag } from './money.ts';
import type { Change, WorldOrder } from './order.ts';
import { authorize, capture, expireAuthorization, pay, settle, voidAuthorization } from './payments.ts';
import type { Outcome } from './payments.ts';
import { percentOf } from './place.ts';
import type { Basis, Moment } from './place.ts';
import type { PaymentRecipe } from './recipe.ts';
import { cancel, refund } from './refunds.ts';
import type { CancelRequest, RefundRequest } from './refunds.ts';
import { figuresOf } from './totals.ts';

/** What can happen to an order once it was placed. */
export type LifeEvent =
  /** Of what is outstanding: everything, or so many percent. */
  | { readonly kind: 'pay'; readonly gateway: string; readonly percent?: number }
  | { readonly kind: 'authorize'; readonly gateway: string }
  /** Of the whole authorization: everything left, or so many percent of the total. */
  | { readonly kind: 'capture'; readonly percent?: number }
  | { readonly kind: 'void' }
  | { readonly kind: 'expire' }
  /** The oldest pending transaction comes to its end. */
  | { readonly kind: 'settle'; readonly status: 'success' | 'failure' }
  | { readonly kind: 'edit'; readonly edit: EditRequest }
  | { readonly kind: 'refund'; readonly request: RefundRequest }
  | { readonly kind: 'cancel'; readonly request: CancelRequest }
  | { readonly kind: 'address'; readonly to: DestinationCode }
  | { readonly kind: 'fulfill' }
  /** A note or tag: `updated_at` moves, no figure does. */
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'delete' };

/** Lets one thing happen. Throws where the real shop would not offer it (capturing what is not authorized). */
export function happen(
  order: WorldOrder,
  event: LifeEvent,
  outside: { basis: Basis; moment: Moment },
): Outcome {
  const { basis, moment } = outside;
  switch (event.kind) {
    case 'pay': {
      const amount = percentOf(figuresOf(order).outstanding, event.percent ?? 100);
      return pay(order, { gateway: event.gateway, amount }, moment);
    }
    case 'authorize':
      return authorize(order, event.gateway, moment);
    case 'capture': {
      const part = event.percent === undefined ? 'rest' : percentOf(figuresOf(order).total, event.percent);
      return capture(order, part, moment);
    }
    case 'void':
      return voidAuthorization(order, moment);
    case 'expire':
      return expireAuthorization(order);
    case 'settle': {
      const pending = order.transactions.find((entry) => entry.status === 'pending');
      if (pending === undefined) throw new Error(`Nothing is pending on ${order.name}`);
      return settle(order, { transactionId: pending.id, status: event.status }, moment);
    }
    case 'edit':
      return edit(order, event.edit, outside);
    case 'refund':
      return refund(order, event.request, moment);
    case 'cancel':
      return cancel(order, event.request, moment);
    case 'address':
      return changeAddress(order, event.to, basis);
    case 'fulfill':
      return fulfill(order, moment.now);
    case 'note': {
      const after = { ...order, note: event.note };
      return { order: after, changes: [{ kind: 'updated', order: after }] };
    }
    case 'delete':
      return { order, changes: [{ kind: 'deleted', order }] };
  }
}

/** The money of a new order, as its recipe says. */
export function payRecipe(order: WorldOrder, recipe: PaymentRecipe, moment: Moment): Outcome {
  const { total } = figuresOf(order);
  const nothing: Outcome = { order, changes: [] };
  if (total.shop === 0n) return nothing;
  switch (recipe.kind) {
    case 'paid':
      return pay(order, { gateway: recipe.gateway }, moment);
    case 'authorized':
      return authorize(order, recipe.gateway, moment);
    case 'pending':
      return pay(order, { gateway: recipe.gateway, status: 'pending' }, moment);
    case 'open':
      return nothing;
    case 'part':
      return pay(order, { gateway: recipe.gateway, amount: percentOf(total, recipe.percent) }, moment);
    case 'gift card and card': {
      const gift = percentOf(total, recipe.giftPercent);
      const first = pay(order, { gateway: 'gift_card', amount: gift }, moment);
      const second = pay(first.order, { gateway: 'shopify_payments' }, moment);
      return { order: second.order, changes: [...first.changes, ...second.changes] };
    }
    case 'rounded cash': {
      return pay(order, { gateway: 'cash', rounding: tillRounding(total), amount: total }, moment);
    }
    case 'stated paid':
      return { order: { ...order, statedStatus: 'paid' }, changes: [] };
  }
}

/** The same order in every change, and `orders/updated` once and last. */
export function stamped(outcome: Outcome, updatedAt: number): Outcome {
  const order = { ...outcome.order, updatedAt };
  const told = outcome.changes
    .filter((change) => change.kind !== 'updated')
    .map((change): Change => ({ ...change, order }));
  const hasUpdate = outcome.changes.some((change) => change.kind === 'updated');
  return { order, changes: hasUpdate ? [...told, { kind: 'updated', order }] : told };
}

/** What is left to refund, on both sides. */
export function refundable(order: WorldOrder): Bag {
  const figures = figuresOf(order);
  return minus(figures.received, figures.refunded);
}

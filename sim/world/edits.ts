import { DESTINATIONS } from './catalog.ts';
import type { DestinationCode } from './catalog.ts';
import { bagOf, minus, times } from './money.ts';
import type { Bag } from './money.ts';
import type { Discount, Edit, Line, WorldOrder } from './order.ts';
import type { Outcome } from './payments.ts';
import { lineOf, rulesFor, shippingRulesFor } from './place.ts';
import type { Basis, Moment } from './place.ts';
import { orderTaxes, standaloneTaxes } from './pricing.ts';
import type { TaxRule } from './pricing.ts';
import type { Item } from './recipe.ts';
import { removal } from './refunds.ts';
import { currentQuantity, discountOf, refundedQuantity } from './totals.ts';

export type EditRequest =
  | { readonly kind: 'add'; readonly item: Item }
  | { readonly kind: 'remove'; readonly line: number; readonly quantity: number }
  /** All shipping that is left. */
  | { readonly kind: 'remove shipping' }
  /** More units of a line; they have no part in the discounts of the others. */
  | { readonly kind: 'raise'; readonly line: number; readonly quantity: number }
  /** The merchant lowers a line's price: Shopify keeps the price and adds a discount to the line. */
  | { readonly kind: 'reprice'; readonly line: number; readonly off: Bag };

/** Changes the goods of an order after it was placed. Added units are ordinary lines, removed ones a refund entry without money. */
export function edit(
  order: WorldOrder,
  request: EditRequest,
  outside: { basis: Basis; moment: Moment },
): Outcome {
  const { basis, moment } = outside;
  const none = { id: moment.nextId(), at: moment.now, added: [], removed: [] };
  switch (request.kind) {
    case 'add': {
      const { rules, ...bare } = lineOf(basis, request.item, moment);
      const taxes = standaloneTaxes(times(bare.price, bare.quantity), rules, order.taxesIncluded);
      const line: Line = { ...bare, allocations: [], taxes };
      const added = [{ lineId: line.id, delta: line.quantity }];
      return edited({ ...order, lines: [...order.lines, line] }, { ...none, added });
    }
    case 'remove': {
      const { line, quantity } = request;
      const taken = removal(order, { lines: [{ line, quantity }], restock: 'cancel' }, moment);
      const removed = taken.refund.lines.map((entry) => ({ lineId: entry.lineId, delta: -entry.quantity }));
      return edited(taken.order, { ...none, removed });
    }
    case 'remove shipping': {
      const taken = removal(order, { lines: [], shipping: true, restock: 'cancel' }, moment);
      const gone = taken.refund.shipping.map((entry) => entry.shippingLineId);
      const shipping = order.shipping.map((line) =>
        gone.includes(line.id) ? { ...line, isRemoved: true } : line,
      );
      return edited({ ...taken.order, shipping }, none);
    }
    case 'raise': {
      const line = lineAt(order, request.line);
      const added = [{ lineId: line.id, delta: request.quantity }];
      return edited(raise(order, line, { ...request, id: none.id }), { ...none, added });
    }
    case 'reprice':
      return edited(reprice(order, request), none);
  }
}

function edited(order: WorldOrder, entry: Edit): Outcome {
  const after = { ...order, isEdited: true };
  return {
    order: after,
    changes: [
      { kind: 'edited', order: after, edit: entry },
      { kind: 'updated', order: after },
    ],
  };
}

function lineAt(order: WorldOrder, index: number): Line {
  const line = order.lines[index];
  if (line === undefined) throw new Error(`Order ${order.name} has no line ${index}`);
  return line;
}

/** Their tax is computed for themselves: what was charged for the others stays as it was. */
function raise(
  order: WorldOrder,
  line: Line,
  { id, quantity }: { id: bigint; quantity: number },
): WorldOrder {
  const more = standaloneTaxes(times(line.price, quantity), rulesOf(line), order.taxesIncluded);
  const raised: Line = {
    ...line,
    quantity: line.quantity + quantity,
    taxes: line.taxes.map((tax, index) => ({
      ...tax,
      amount: bagOf((side) => tax.amount[side] + (more[index]?.amount[side] ?? 0n)),
    })),
    raises: [...(line.raises ?? []), { id, was: line }],
  };
  return { ...order, lines: order.lines.map((entry) => (entry === line ? raised : entry)) };
}

function rulesOf(line: Line): TaxRule[] {
  return line.taxes.map(({ title, ratePpm, channelLiable }) => ({ title, ratePpm, channelLiable }));
}

function reprice(order: WorldOrder, request: { line: number; off: Bag }): WorldOrder {
  const line = lineAt(order, request.line);
  if (refundedQuantity(order, line.id) > 0)
    throw new Error(`Line ${line.id} was refunded and keeps its price`);
  const left = minus(times(line.price, line.quantity), discountOf(line));
  const amount = bagOf((side) => (request.off[side] < left[side] ? request.off[side] : left[side]));
  const discount: Discount = {
    type: 'manual',
    target: 'line_item',
    allocation: 'across',
    selection: 'explicit',
    label: 'Price adjusted',
    value: { kind: 'fixed', amount },
  };
  const allocations = [...line.allocations, { discount: order.discounts.length, amount }];
  const taxes = standaloneTaxes(minus(left, amount), rulesOf(line), order.taxesIncluded);
  const lines = order.lines.map((entry) => (entry === line ? { ...line, allocations, taxes } : entry));
  return { ...order, lines, discounts: [...order.discounts, discount] };
}

/**
 * The goods go elsewhere, and since 2026-10 an unfulfilled order's taxes are computed anew for the new address
 * (vendors/shopify.md 0): tax and total move without any edit.
 */
export function changeAddress(order: WorldOrder, to: DestinationCode, basis: Basis): Outcome {
  if (order.fulfillment !== 'unfulfilled' || order.refunds.length > 0) {
    throw new Error(`Order ${order.name} is under way and keeps its taxes`);
  }
  const place = DESTINATIONS[to];
  const recipe = { ...basis.recipe, to };
  const shippingRules = shippingRulesFor(recipe);
  const moved =
    order.shippingAddress === null
      ? null
      : {
          ...order.shippingAddress,
          address1: place.street,
          city: place.city,
          province: place.province,
          provinceCode: place.provinceCode,
          country: place.country,
          countryCode: place.countryCode,
          zip: place.zip,
        };
  const after: WorldOrder = {
    ...order,
    shippingAddress: moved,
    lines: retaxed(order, (line) =>
      line.kind === 'tip' || line.kind === 'gift_card' ? [] : rulesFor(recipe, line.taxClass),
    ),
    shipping: order.shipping.map((line) => ({
      ...line,
      taxes: standaloneTaxes(minus(line.price, discountOf(line)), shippingRules, order.taxesIncluded),
    })),
  };
  return { order: after, changes: [{ kind: 'updated', order: after }] };
}

function retaxed(order: WorldOrder, rulesFor: (line: Line) => readonly TaxRule[]): Line[] {
  const rows = order.lines.map((line) => ({
    base: minus(times(line.price, line.quantity), discountOf(line)),
    quantity: line.quantity,
    rules: rulesFor(line),
  }));
  const taxes = orderTaxes(rows, order.taxesIncluded);
  return order.lines.map((line, index) => ({ ...line, taxes: taxes[index] ?? [] }));
}

/** Everything leaves the warehouse; nothing about the money changes. */
export function fulfill(order: WorldOrder, at: number): Outcome {
  const after: WorldOrder = { ...order, fulfillment: 'fulfilled', closedAt: at };
  return {
    order: after,
    changes: [
      { kind: 'fulfilled', order: after },
      { kind: 'updated', order: after },
    ],
  };
}

/** Lines that still have units, with their indexes: what an edit or a refund may still touch. */
export function openLines(order: WorldOrder): { index: number; quantity: number; line: Line }[] {
  return order.lines
    .map((line, index) => ({ index, line, quantity: currentQuantity(order, line) }))
    .filter((entry) => entry.quantity > 0 && entry.line.kind !== 'tip');
}

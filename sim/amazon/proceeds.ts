import type { Json } from './json.ts';
import { CHARGES, DISCOUNTED } from './order.ts';
import type { AmazonItem, AmazonOrder, Charge, Parts } from './order.ts';
import { minusParts, partsAt, partsOf, worthOf } from './pricing.ts';
import type { AmazonSwitches } from './switches.ts';
import { money } from './wire-text.ts';

/** Proceeds of an order and, by their index, of its items. */
export interface Proceeds {
  readonly order: Json;
  readonly items: readonly Json[];
}

type Type = 'ITEM' | 'SHIPPING' | 'GIFT_WRAP' | 'COD_FEE' | 'OTHER' | 'TAX' | 'DISCOUNT';

const TYPES: Readonly<Record<Charge, Type>> = {
  item: 'ITEM',
  shipping: 'SHIPPING',
  giftWrap: 'GIFT_WRAP',
  cod: 'COD_FEE',
  other: 'OTHER',
};

interface Breakdown {
  readonly type: Type;
  readonly subtotal: bigint;
  readonly details: readonly { readonly subtype: Type; readonly value: bigint }[];
}

/** The figures of an order as Orders v2026-01-01 shows them (vendors/amazon.md 5.1); null where it shows no money. */
export function proceedsOf(order: AmazonOrder, switches: AmazonSwitches): Proceeds | null {
  const isPending = order.status === 'PENDING' || order.status === 'PENDING_AVAILABILITY';
  if (isPending && switches.pendingProceeds === 'absent') return null;
  if (order.status === 'CANCELLED' && switches.cancelledProceeds === 'absent') return null;
  const { currency } = order.marketplace;
  const items = order.items.map((item) => shownParts(order, item, switches));
  const breakdowns = items.map((parts) => breakdownsOf(parts, switches));
  const totals = items.map((parts) => {
    const { net, tax } = worthOf(parts);
    return net + tax;
  });
  const tip = order.status === 'CANCELLED' ? 0n : (order.tip?.amount ?? 0n);
  const text = (shown: readonly Breakdown[]): Json[] => shown.map((entry) => breakdownText(entry, currency));
  const whole = [
    ...summed(breakdowns).map(({ type, subtotal }) => ({ type, subtotal: money(subtotal, currency) })),
    ...(tip === 0n
      ? []
      : [{ type: 'DELIVERY_TIP', status: order.tip?.status, subtotal: money(tip, currency) }]),
  ];
  return {
    order: {
      grandTotal: money(
        totals.reduce((sum, total) => sum + total, tip),
        currency,
      ),
      ...(switches.orderBreakdowns === 'present' ? { breakdowns: whole } : {}),
    },
    items: breakdowns.map((shown, index) => ({
      proceedsTotal: money(totals[index] ?? 0n, currency),
      breakdowns: text(shown),
    })),
  };
}

function shownParts(order: AmazonOrder, item: AmazonItem, switches: AmazonSwitches): Parts {
  if (order.status !== 'CANCELLED') return partsOf(order, item);
  const whole = partsAt(item, order.marketplace.prices, item.ordered);
  return switches.cancelledProceeds === 'zero' ? minusParts(whole, whole) : whole;
}

function breakdownsOf(parts: Parts, switches: AmazonSwitches): readonly Breakdown[] {
  const sign = switches.discountSign === 'negative' ? -1n : 1n;
  const isSeen = ({ value }: { readonly value: bigint }): boolean =>
    value !== 0n || switches.zeroBreakdowns === 'listed';
  const discounts = DISCOUNTED.map((key) => ({
    subtype: TYPES[key],
    value: sign * parts.discounts[key].net,
  }));
  const all: Breakdown[] = [
    ...CHARGES.map((key) => ({ type: TYPES[key], subtotal: parts.charges[key].net, details: [] })),
    { ...taxBreakdown(parts, switches) },
    { type: 'DISCOUNT', subtotal: total(discounts), details: discounts },
  ];
  return all
    .filter(
      ({ subtotal, details }) => isSeen({ value: subtotal }) || details.some(({ value }) => value !== 0n),
    )
    .map((entry) => ({ ...entry, details: entry.details.filter(isSeen) }));
}

function taxBreakdown(parts: Parts, { discountSign, discountTax }: AmazonSwitches): Breakdown {
  const off = DISCOUNTED.reduce((sum, key) => sum + parts.discounts[key].tax, 0n);
  const isNet = discountTax === 'only said';
  const details = CHARGES.map((key) => {
    const less = isNet && (key === 'item' || key === 'shipping') ? parts.discounts[key].tax : 0n;
    return { subtype: TYPES[key], value: parts.charges[key].tax - less };
  });
  const charged = total(details);
  return {
    type: 'TAX',
    subtotal: discountTax === 'taken off' ? charged - off : charged,
    details: [...details, { subtype: 'DISCOUNT', value: discountSign === 'negative' ? -off : off }],
  };
}

function total(values: readonly { readonly value: bigint }[]): bigint {
  return values.reduce((sum, { value }) => sum + value, 0n);
}

/** By category, in the order in which they first appear. */
function summed(items: readonly (readonly Breakdown[])[]): readonly Pick<Breakdown, 'type' | 'subtotal'>[] {
  const sums = new Map<Type, bigint>();
  for (const { type, subtotal } of items.flat()) sums.set(type, (sums.get(type) ?? 0n) + subtotal);
  return Array.from(sums, ([type, subtotal]) => ({ type, subtotal }));
}

function breakdownText({ type, subtotal, details }: Breakdown, currency: string): Json {
  return {
    type,
    subtotal: money(subtotal, currency),
    ...(details.length === 0
      ? {}
      : {
          detailedBreakdowns: details.map(({ subtype, value }) => ({
            subtype,
            value: money(value, currency),
          })),
        }),
  };
}

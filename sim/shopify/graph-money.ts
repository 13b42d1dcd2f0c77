import { graphDecimal } from '#sim/world/money.ts';
import type { Bag, Side } from '#sim/world/money.ts';
import type { Allocation, TaxLine, WorldOrder } from '#sim/world/order.ts';
import { rateNumber } from './line-body.ts';
import type { GraphContext } from './graph-context.ts';
import { fieldKit, objectType } from './graph-type.ts';
import type { Field, GraphType } from './graph-type.ts';

export const kit = fieldKit<GraphContext>();

/** Anything that belongs to an order, with that order. */
export interface Within<Item> {
  readonly order: WorldOrder;
  readonly item: Item;
}

export function within<Item>(order: WorldOrder, item: Item): Within<Item> {
  return { order, item };
}

interface Amount {
  readonly minor: bigint;
  readonly currency: string;
}

export const MoneyV2: GraphType<Amount, GraphContext> = objectType('MoneyV2', {
  amount: kit.leaf(({ minor, currency }) => graphDecimal(minor, currency)),
  currencyCode: kit.leaf(({ currency }) => currency),
});

export const MoneyBag: GraphType<Within<Bag>, GraphContext> = objectType('MoneyBag', {
  shopMoney: kit.node(
    () => MoneyV2,
    (source) => amountOf(source, 'shop'),
  ),
  presentmentMoney: kit.node(
    () => MoneyV2,
    (source) => amountOf(source, 'presentment'),
  ),
});

export function amountOf({ order, item }: Within<Bag>, side: Side): Amount {
  return { minor: item[side], currency: side === 'shop' ? order.currency : order.presentmentCurrency };
}

/** A `…Set` field. */
export function bag<Source>(
  read: (source: Source, context: GraphContext) => Within<Bag> | null,
): Field<Source, GraphContext> {
  return kit.node(
    () => MoneyBag,
    (source: Source, _, context) => read(source, context),
  );
}

export const TaxLineType: GraphType<Within<TaxLine>, GraphContext> = objectType('TaxLine', {
  title: kit.leaf(({ item }) => item.title),
  rate: kit.leaf(({ item }) => rateNumber(item.ratePpm)),
  ratePercentage: kit.leaf(({ item }) => Number(item.ratePpm) / 10_000),
  channelLiable: kit.leaf(({ item }) => item.channelLiable),
  source: kit.leaf(() => 'Shopify'),
  priceSet: bag(({ order, item }) => within(order, item.amount)),
});

interface IndexedDiscount {
  readonly index: number;
}

/** A discount application as an allocation refers to it. */
export type DiscountReader = GraphType<Within<IndexedDiscount>, GraphContext>;

export function allocationType(discount: () => DiscountReader): GraphType<Within<Allocation>, GraphContext> {
  return objectType('DiscountAllocation', {
    allocatedAmountSet: bag(({ order, item }) => within(order, item.amount)),
    discountApplication: kit.node(discount, ({ order, item }) => within(order, { index: item.discount }), {
      isRequired: true,
    }),
  });
}
